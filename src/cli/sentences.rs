//! Texts about the entries and failures of an operation on a root.
//!
//! Pure: entries and failures in, text out.

mod difference;
mod unused;

use super::administration::timestamp;
use super::figures;
use crate::admin::{
    CollectEntry, Decision, DeleteReasons, Entry, Failure, Hold, Holder, KeepReason,
    ManifestDeleteReason, ManifestKeepReason, PruneEntry, Reason,
};
use crate::clock::Millis;
use crate::config::period_in_words;
use crate::oci::{Digest, Repository};

pub(super) use difference::{difference, remedy};
pub(super) use unused::accounts_unused;

/// An object that is deleted or kept.
pub(super) struct Line {
    pub(super) kind: &'static str,
    pub(super) name: String,
    /// The repository, if the name does not contain it.
    repository: Option<Repository>,
    pub(super) deleted: bool,
    pub(super) bytes: Option<u64>,
    /// When the hold ends.
    pub(super) until: Option<Millis>,
    pub(super) reason: String,
}

impl Line {
    /// The line for an entry of a deleted or kept object; `None` for other entries.
    pub(super) fn of(entry: &Entry) -> Option<Self> {
        match entry {
            Entry::Collect(entry) => Some(collected(entry)),
            Entry::Prune(entry) => Some(pruned(entry)),
            Entry::Check(_) | Entry::Event(_) | Entry::AccountsUnused(_) => None,
        }
    }

    fn new(kind: &'static str, name: String, deleted: bool, reason: &str) -> Self {
        Self {
            kind,
            name,
            repository: None,
            deleted,
            bytes: None,
            until: None,
            reason: reason.to_owned(),
        }
    }

    fn of_size(self, repository: Option<&Repository>, bytes: u64) -> Self {
        Self {
            repository: repository.cloned(),
            bytes: Some(bytes),
            ..self
        }
    }

    /// The action.
    pub(super) fn action(&self) -> &'static str {
        if self.deleted { "delete" } else { "keep" }
    }

    /// `delete blob sha256:… of team/app: 2.0 KiB, no manifest refers to it`.
    pub(super) fn sentence(&self) -> String {
        let Self { kind, name, .. } = self;
        let mut text = match *kind {
            // The form of a tag's name identifies it.
            "tag" => format!("{} {name}", self.action()),
            _ => format!("{} {kind} {name}", self.action()),
        };
        if let Some(repository) = &self.repository {
            text.push_str(" of ");
            text.push_str(repository.as_str());
        }
        if let Some(until) = self.until {
            text.push_str(" until ");
            text.push_str(&date(until));
        }
        text.push_str(": ");
        if let Some(bytes) = self.bytes {
            text.push_str(&figures::size(bytes));
            text.push_str(", ");
        }
        text.push_str(&self.reason);
        text
    }
}

fn collected(entry: &CollectEntry) -> Line {
    match entry {
        CollectEntry::Blob {
            digest,
            repository,
            bytes,
        } => Line::new("blob", digest.to_string(), true, "no manifest refers to it")
            .of_size(repository.as_ref(), *bytes),
        CollectEntry::Manifest {
            repository,
            digest,
            why,
        } => {
            let reason = match why {
                ManifestDeleteReason::Untagged => "no tag or index refers to it",
                ManifestDeleteReason::Orphaned => "its subject is deleted",
            };
            Line::new("manifest", format!("{repository}@{digest}"), true, reason)
        }
        CollectEntry::Repository { repository } => {
            Line::new("repository", repository.to_string(), true, "it is empty")
        }
        CollectEntry::Upload {
            repository,
            id,
            bytes,
            moved_at,
        } => {
            let reason = format!("no data received since {}", date(*moved_at));
            Line::new("upload", id.clone(), true, &reason).of_size(Some(repository), *bytes)
        }
        CollectEntry::TemporaryFile { key, bytes } => {
            Line::new("file", key.clone(), true, "left behind by a crash").of_size(None, *bytes)
        }
        CollectEntry::HeldBlob {
            digest,
            repository,
            bytes,
            by,
            until,
        } => Line {
            until: *until,
            ..Line::new("blob", digest.to_string(), false, hold(*by))
                .of_size(repository.as_ref(), *bytes)
        },
        CollectEntry::HeldManifest {
            repository,
            digest,
            by,
            until,
        } => Line {
            until: Some(*until),
            ..Line::new(
                "manifest",
                format!("{repository}@{digest}"),
                false,
                hold(*by),
            )
        },
        CollectEntry::KeptManifest {
            repository,
            digest,
            why,
        } => {
            let reason = match why {
                ManifestKeepReason::Unreadable => "it can't be read, so its references are unknown",
                ManifestKeepReason::BesideUnreadable => {
                    "an unreadable manifest of its repository may refer to it"
                }
                ManifestKeepReason::UnknownType => "its media type is unknown",
                ManifestKeepReason::Sparse => "it is an index with missing manifests",
            };
            Line::new("manifest", format!("{repository}@{digest}"), false, reason)
        }
    }
}

fn hold(by: Hold) -> &'static str {
    match by {
        Hold::Lease => "leased: a client relies on it",
        Hold::Trash => "in the trash: it can be restored",
        Hold::Unreadable => "an unreadable manifest of its repository may refer to it",
        Hold::Age => "pushed too recently",
        Hold::Pull => "pulled recently",
        Hold::Manifest => "a manifest that is kept refers to it",
    }
}

fn pruned(entry: &PruneEntry) -> Line {
    match entry {
        PruneEntry::Tag {
            repository,
            tag,
            digest,
            decision,
        } => {
            let name = format!("{repository}:{tag}");
            match &**decision {
                Decision::Keep(reason) => Line::new("tag", name, false, &kept(reason)),
                Decision::Delete(reasons, holder) => {
                    let reason = deleted(reasons, digest, holder.as_ref());
                    Line::new("tag", name, true, &reason)
                }
            }
        }
        PruneEntry::Manifest { repository, digest } => Line::new(
            "manifest",
            format!("{repository}@{digest}"),
            true,
            "nothing else refers to it",
        ),
    }
}

fn kept(reason: &KeepReason) -> String {
    match reason {
        KeepReason::NoMatch => "the rule does not apply to this name".to_owned(),
        KeepReason::Excluded(pattern) => format!("excluded by {pattern}"),
        KeepReason::AmongLast(1) => "the last one pushed".to_owned(),
        KeepReason::AmongLast(count) => format!("among the last {count}"),
        KeepReason::PushedAhead(at) => format!("pushed {}, which is in the future", date(*at)),
        KeepReason::PushedAt(at, age) => {
            format!("pushed {}, within {}", date(*at), period_in_words(*age))
        }
        KeepReason::PulledAt(at, age) => {
            format!("pulled {}, within {}", date(*at), period_in_words(*age))
        }
        KeepReason::Subject(digest) => format!("attached to {digest}, which is kept"),
        KeepReason::Unreadable => {
            "an unreadable manifest of the repository may refer to its manifest".to_owned()
        }
    }
}

fn deleted(why: &DeleteReasons, digest: &Digest, holder: Option<&Holder>) -> String {
    let mut reasons = Vec::new();
    if let Some(subject) = &why.subject {
        reasons.push(format!("attached to {subject}, which is not kept"));
    }
    if let Some((at, age)) = why.pushed_at {
        reasons.push(format!(
            "pushed {}, before {}",
            date(at),
            period_in_words(age)
        ));
    }
    match why.pulled_at {
        Some((Some(at), age)) => {
            reasons.push(format!(
                "pulled {}, before {}",
                date(at),
                period_in_words(age)
            ));
        }
        Some((None, age)) => {
            reasons.push(format!("no pull recorded in {}", period_in_words(age)));
        }
        None => {}
    }
    match why.beyond_last {
        Some(1) => reasons.push("not the last one pushed".to_owned()),
        Some(count) => reasons.push(format!("not among the last {count}")),
        None => {}
    }
    if reasons.is_empty() {
        reasons.push("the rule applies to this name".to_owned());
    }
    let reasons = reasons.join(", ");
    match holder {
        None => reasons,
        Some(holder) => {
            let by = match holder {
                Holder::Tag(tag) => format!("the tag {tag}"),
                Holder::Index(index) => format!("the index {index}"),
                Holder::Subject(subject) => format!("{subject}, which it refers to"),
            };
            format!("{reasons}; {digest} is kept, referred to by {by}")
        }
    }
}

/// Why an operation was refused, with a hint.
pub(super) fn failure(failure: &Failure) -> String {
    let message = &failure.message;
    let hint = match &failure.reason {
        Reason::CollectionRuns { since } => {
            return format!(
                "another collection has been running since {}; hint: regctl gc --status shows its progress",
                date(*since)
            );
        }
        Reason::NotInTrash { .. } => "regctl trash lists what can be restored",
        Reason::NothingBelow { .. } => "regctl catalog lists the repositories",
        Reason::TagMoved { .. } => "restore the manifest by its digest, or delete the tag first",
        Reason::RestoreIncomplete { .. } => "push the image again",
        Reason::InvalidPattern => "quote a pattern like 'team/*' or 'v1.*'",
        Reason::NoSuchRule => "regctl retention list shows their numbers",
        Reason::TooManyRules => "remove one: regctl retention list shows their numbers",
        Reason::LayoutUnread => {
            "regctl check lists all such paths: make them readable, or remove them, and restart"
        }
        Reason::ClientsActive => {
            "a client that has gone away counts for a minute; try again when nothing is pushed or pulled"
        }
        Reason::Full => "free space on the device, and try again",
        Reason::QuotaUsed => "raise the quota of the user that serves it, or delete something",
        Reason::DeviceReadOnly => "mount it writable; see dmesg",
        Reason::DeviceFailing => "copy the data off the device; see dmesg and smartctl",
        Reason::NotPermitted => "use sudo",
        Reason::LastAdministrator => {
            "make another first: regctl user promote NAME, or regctl user add NAME --admin; on the \
             registry's host this needs no account"
        }
        Reason::Stopped | Reason::PasswordChanged => "run it again",
        Reason::RuleExists
        | Reason::InvalidRule
        | Reason::ReadOnlyRoot
        | Reason::UnknownOperation { .. }
        | Reason::MalformedRequest
        | Reason::NoSuchName { .. }
        | Reason::NameTaken { .. }
        | Reason::NameReserved { .. }
        | Reason::RobotGranted { .. }
        | Reason::InvalidPassword
        | Reason::Unknown => {
            return message.clone();
        }
    };
    format!("{message}; hint: {hint}")
}

/// A time within a sentence.
pub(super) fn date(time: Millis) -> String {
    figures::date(timestamp(time))
}
