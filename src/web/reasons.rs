//! Texts about what a collection or a retention rule deletes or keeps, and why.
//!
//! Pure: entries in, texts out.

use maud::{Markup, html};

use super::format;
use super::frame::Frame;
use super::tags::short;
use crate::admin::{
    CollectEntry, DeleteReasons, Hold, Holder, ManifestDeleteReason, ManifestKeepReason,
};
use crate::clock::Millis;
use crate::oci::{Digest, Repository};

/// A row of the report of a collection.
pub(super) struct Line {
    pub(super) kind: &'static str,
    pub(super) name: Markup,
    pub(super) bytes: Option<u64>,
    pub(super) why: String,
    /// End of the hold, if known.
    pub(super) until: Option<Millis>,
}

/// Whether an entry is about something that is deleted.
pub(super) fn is_deletion(entry: &CollectEntry) -> bool {
    !matches!(
        entry,
        CollectEntry::HeldBlob { .. }
            | CollectEntry::HeldManifest { .. }
            | CollectEntry::KeptManifest { .. }
    )
}

/// The row of an entry.
pub(super) fn line(frame: &Frame<'_>, entry: &CollectEntry) -> Line {
    let text = frame.upkeep;
    let row = |kind, name, bytes, why: &str| Line {
        kind,
        name,
        bytes,
        why: why.to_owned(),
        until: None,
    };
    match entry {
        CollectEntry::Blob {
            digest,
            repository,
            bytes,
        } => {
            let name = blob(frame, digest, repository.as_ref());
            row(text.blob, name, Some(*bytes), text.no_manifest)
        }
        CollectEntry::Manifest {
            repository,
            digest,
            why,
        } => {
            let why = match why {
                ManifestDeleteReason::Untagged => text.no_tag,
                ManifestDeleteReason::Orphaned => text.orphaned,
            };
            row(
                text.manifest,
                manifest(frame, repository, digest),
                None,
                why,
            )
        }
        CollectEntry::Repository { repository } => {
            let name = html! { (repository) };
            row(text.repository, name, None, text.empty)
        }
        CollectEntry::Upload {
            repository,
            bytes,
            moved_at,
            ..
        } => {
            let why = text.timed_out.replace("{}", &format::date(*moved_at));
            row(text.upload, html! { (repository) }, Some(*bytes), &why)
        }
        CollectEntry::TemporaryFile { key, bytes } => {
            let name = html! { span class="mono break" { (key) } };
            row(text.file, name, Some(*bytes), text.left_behind)
        }
        CollectEntry::HeldBlob {
            digest,
            repository,
            bytes,
            by,
            until,
        } => Line {
            until: *until,
            ..row(
                text.blob,
                blob(frame, digest, repository.as_ref()),
                Some(*bytes),
                hold(frame, *by),
            )
        },
        CollectEntry::HeldManifest {
            repository,
            digest,
            by,
            until,
        } => Line {
            until: Some(*until),
            ..row(
                text.manifest,
                manifest(frame, repository, digest),
                None,
                hold(frame, *by),
            )
        },
        CollectEntry::KeptManifest {
            repository,
            digest,
            why,
        } => {
            let why = match why {
                ManifestKeepReason::Unreadable => text.unreadable,
                ManifestKeepReason::BesideUnreadable => text.beside_unreadable,
                ManifestKeepReason::UnknownType => text.unknown_type,
                ManifestKeepReason::Sparse => text.sparse,
            };
            row(
                text.manifest,
                manifest(frame, repository, digest),
                None,
                why,
            )
        }
    }
}

fn blob(frame: &Frame<'_>, digest: &Digest, repository: Option<&Repository>) -> Markup {
    html! {
        span class="mono" title=(digest) { (short(digest)) }
        @if let Some(repository) = repository {
            " " a href=(frame.links.repository(repository)) { (repository) }
        }
    }
}

fn manifest(frame: &Frame<'_>, repository: &Repository, digest: &Digest) -> Markup {
    html! {
        a class="mono" href=(frame.links.digest(repository, digest)) title=(digest) { (short(digest)) }
        " " a href=(frame.links.repository(repository)) { (repository) }
    }
}

fn hold(frame: &Frame<'_>, by: Hold) -> &'static str {
    let text = frame.upkeep;
    match by {
        Hold::Lease => text.leased,
        Hold::Trash => text.trashed,
        Hold::Unreadable => text.beside_unreadable,
        Hold::Age => text.too_recent,
        Hold::Pull => text.pulled_recently,
        Hold::Manifest => text.referred,
    }
}

/// Why a retention rule deletes a tag, and what holds its manifest.
pub(super) fn deleted(
    frame: &Frame<'_>,
    reasons: &DeleteReasons,
    holder: Option<&Holder>,
) -> String {
    let text = frame.upkeep;
    let mut texts = Vec::new();
    if let Some(subject) = &reasons.subject {
        texts.push(text.attached_gone.replace("{}", &short(subject)));
    }
    if let Some((at, _)) = reasons.pushed_at {
        texts.push(text.pushed_at.replace("{}", &format::date(at)));
    }
    match reasons.pulled_at {
        Some((Some(at), _)) => texts.push(text.pulled_at.replace("{}", &format::date(at))),
        Some((None, age)) => {
            let age = format::period(frame.language, age);
            texts.push(text.never_pulled.replace("{}", &age));
        }
        None => {}
    }
    if let Some(count) = reasons.beyond_last {
        let count = format::number(count.into());
        texts.push(text.beyond.replace("{}", &count));
    }
    if texts.is_empty() {
        texts.push(text.applies.to_owned());
    }
    if let Some(holder) = holder {
        let by = match holder {
            Holder::Tag(tag) => tag.to_string(),
            Holder::Index(digest) | Holder::Subject(digest) => short(digest),
        };
        texts.push(text.manifest_stays.replace("{}", &by));
    }
    texts.join("; ")
}
