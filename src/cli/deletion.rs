//! The effect of a deletion: its manifest, the tags that are kept, and the tags that are deleted
//! with it.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use futures_util::{StreamExt, stream};

use super::context::Place;
use super::exit::Exit;
use super::figures;
use super::output::Printer;
use crate::client::{Class, Error};
use crate::oci::{Digest, Reference, Repository, Tag};

/// Concurrent requests for tags.
const CONCURRENCY: usize = 8;
/// Maximum number of tags in a line.
const NAMED: usize = 10;

/// The tags of a repository.
#[derive(Default)]
struct Pointers {
    /// Those whose manifest is known.
    known: Vec<(Tag, Digest)>,
    /// Those that can't be read: each may point at any manifest.
    unknown: Vec<Tag>,
}

/// The tags of the repositories of a run: fetched once, and updated after deletions of the run.
#[derive(Default)]
pub(super) struct Known(HashMap<(String, Repository), Pointers>);

/// One thing to delete.
pub(super) struct Target {
    pub(super) place: Place,
    pub(super) reference: Reference,
    /// The digest of the manifest, or of the tag's manifest; `None` if the registry can't read it.
    pub(super) digest: Option<Digest>,
    /// For a tag, the other tags of its manifest; for a manifest, the tags that are deleted with it.
    pub(super) tags: Vec<Tag>,
    /// The tags that can't be read and may be among those.
    pub(super) unknown: Vec<Tag>,
    /// Whether the tags of the repository could be listed.
    pub(super) is_listed: bool,
}

impl Target {
    /// As the user would write it.
    pub(super) fn name(&self) -> String {
        self.place.name(&self.reference)
    }

    /// The line that announces the deletion.
    pub(super) fn planned(&self) -> String {
        format!("delete {}: {}", self.name(), self.consequence())
    }

    /// The line that confirms the deletion.
    pub(super) fn deleted(&self) -> String {
        format!("deleted {}: {}", self.name(), self.consequence())
    }

    fn consequence(&self) -> String {
        let has_none = self.tags.is_empty() && self.unknown.is_empty();
        match (&self.reference, self.digest) {
            (Reference::Tag(_), None) => "its manifest can't be read".to_owned(),
            (Reference::Tag(_), Some(digest)) if !self.is_listed => {
                format!("whether {digest} has other tags is not known")
            }
            (Reference::Tag(_), Some(digest)) if has_none => format!("{digest} has no other tag"),
            (Reference::Tag(_), Some(digest)) => format!("{digest} still has {}", self.all()),
            (Reference::Digest(_), _) if has_none => "it has no tag".to_owned(),
            (Reference::Digest(_), _) => format!("with {}", self.all()),
        }
    }

    /// The tags of a manifest for a report: `None` if it is not known whether there are any.
    pub(super) fn reported(&self) -> Option<Vec<Tag>> {
        let is_known = self.is_listed && self.unknown.is_empty() && self.digest.is_some();
        (is_known || !self.tags.is_empty()).then(|| self.tags.clone())
    }

    /// The tags of a manifest, and those that may be.
    fn all(&self) -> String {
        let perhaps = |tags| format!("perhaps {}, which can't be read", named(tags));
        match (self.tags.as_slice(), self.unknown.as_slice()) {
            (tags, []) => named(tags),
            ([], unknown) => perhaps(unknown),
            (tags, unknown) => format!("{} and {}", named(tags), perhaps(unknown)),
        }
    }
}

/// Tags by name, only the first if there are many.
pub(super) fn named(tags: &[Tag]) -> String {
    let mut names: Vec<String> = tags.iter().take(NAMED).map(ToString::to_string).collect();
    if tags.len() > NAMED {
        names.push(format!("{} more", tags.len() - NAMED));
    }
    format!(
        "{} {}",
        if tags.len() == 1 { "tag" } else { "tags" },
        names.join(", ")
    )
}

impl Known {
    /// Looks up a target. A manifest that the registry can't read can be deleted, and so can a tag
    /// of one.
    pub(super) async fn look_up(
        &mut self,
        place: Place,
        reference: Reference,
        printer: Printer,
    ) -> Result<Target, Error> {
        let head = place.client.manifest_head(&place.repository, &reference);
        let digest = match (head.await, &reference) {
            (Ok(head), _) => Some(head.digest),
            (Err(error), _) if !is_about_content(&error) => return Err(error),
            (Err(error), Reference::Digest(digest)) => {
                printer.warning(&error.to_string());
                Some(*digest)
            }
            (Err(error), Reference::Tag(_)) => {
                printer.warning(&error.to_string());
                None
            }
        };
        let (pointers, is_listed) = match (self.pointers(&place, printer).await, &reference) {
            (Ok(pointers), _) => (pointers, true),
            // The other tags of a tag's manifest are only a remark.
            (Err(error), Reference::Tag(_)) if is_about_one(&error) => {
                printer.warning(&error.to_string());
                (&Pointers::default(), false)
            }
            (Err(error), _) => return Err(error),
        };
        let mut tags: Vec<Tag> = pointers
            .known
            .iter()
            .filter(|(tag, own)| {
                Some(*own) == digest && !matches!(&reference, Reference::Tag(own) if own == tag)
            })
            .map(|(tag, _)| tag.clone())
            .collect();
        // Not every registry sorts its lists.
        tags.sort();
        let mut unknown = pointers.unknown.clone();
        unknown.retain(|tag| !matches!(&reference, Reference::Tag(own) if own == tag));
        Ok(Target {
            place,
            reference,
            digest,
            tags,
            unknown,
            is_listed,
        })
    }

    async fn pointers(&mut self, place: &Place, printer: Printer) -> Result<&Pointers, Error> {
        let key = key(place);
        if !self.0.contains_key(&key) {
            let pointers = fetch(place, printer).await?;
            self.0.insert(key.clone(), pointers);
        }
        Ok(self.0.entry(key).or_default())
    }

    /// Removes a target that is deleted, or will be before the next lookup.
    pub(super) fn forget(&mut self, target: &Target) {
        if let Some(pointers) = self.0.get_mut(&key(&target.place)) {
            pointers
                .known
                .retain(|(tag, digest)| match &target.reference {
                    Reference::Tag(own) => own != tag,
                    Reference::Digest(own) => own != digest,
                });
            if let Reference::Tag(own) = &target.reference {
                pointers.unknown.retain(|tag| tag != own);
            }
        }
    }
}

fn key(place: &Place) -> (String, Repository) {
    (place.client.registry().to_owned(), place.repository.clone())
}

/// Whether the registry can be reached and used, and only fails with this content.
pub(super) fn is_about_content(error: &Error) -> bool {
    matches!(
        error,
        Error::Unavailable { .. }
            | Error::Refused { .. }
            | Error::Malformed { .. }
            | Error::Mismatch { .. }
            | Error::Length { .. }
    )
}

/// Like [`is_about_content`], or access to this content alone may be denied, as for images in which a
/// scanner has found something.
pub(super) fn is_about_one(error: &Error) -> bool {
    is_about_content(error) || matches!(error, Error::Denied { .. })
}

/// Deletes a manifest. Where a registry keeps manifests to which tags point, these tags are deleted
/// first; `deleted` counts them.
pub(super) async fn delete_manifest(
    place: &Place,
    digest: Digest,
    tags: &[Tag],
    deleted: &mut usize,
) -> Result<Option<Duration>, Error> {
    let (client, repository) = (&place.client, &place.repository);
    let manifest = Reference::Digest(digest);
    match client.delete_manifest(repository, &manifest).await {
        Err(error) if error.wants_tags_deleted_first() && !tags.is_empty() => {}
        done => return done,
    }
    for tag in tags {
        let tag = Reference::Tag(tag.clone());
        match client.delete_manifest(repository, &tag).await {
            Ok(_) => *deleted += 1,
            // It was deleted meanwhile.
            Err(error) if error.class() == Class::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    client.delete_manifest(repository, &manifest).await
}

async fn fetch(place: &Place, printer: Printer) -> Result<Pointers, Error> {
    if let Some(listing) = place.client.tag_summaries(&place.repository).await? {
        let summaries = listing.all().await?;
        return Ok(Pointers {
            known: summaries
                .into_iter()
                .map(|summary| (summary.tag, summary.digest))
                .collect(),
            unknown: Vec::new(),
        });
    }
    let tags = place.client.tags(&place.repository).all().await?;
    let mut unknown: HashSet<Tag> = tags.iter().cloned().collect();
    let heads = stream::iter(tags.clone()).map(|tag| async move {
        let reference = Reference::Tag(tag.clone());
        let head = place
            .client
            .manifest_head(&place.repository, &reference)
            .await;
        (tag, head)
    });
    let mut known = Vec::new();
    let mut first: Option<Error> = None;
    let mut heads = heads.buffered(CONCURRENCY);
    while let Some((tag, head)) = heads.next().await {
        match head {
            Ok(head) => {
                unknown.remove(&tag);
                known.push((tag, head.digest));
            }
            // The tag was deleted meanwhile.
            Err(error) if error.class() == Class::NotFound => {
                unknown.remove(&tag);
            }
            // It is not known which manifest it points at; a broken tag holds up no other.
            Err(error) if is_about_one(&error) => {
                let is_limit = error.is_rate_limit();
                first.get_or_insert(error);
                if is_limit {
                    // More requests would only prolong it.
                    break;
                }
            }
            Err(error) => return Err(error),
        }
    }
    if let Some(error) = first {
        printer.warning(&match unknown.len() {
            1 => error.to_string(),
            count => format!("{count} tags can't be read: {error}"),
        });
    }
    let unknown = tags.into_iter().filter(|tag| unknown.contains(tag));
    Ok(Pointers {
        known,
        unknown: unknown.collect(),
    })
}

/// The text and the exit code of a failure after a part was deleted.
pub(super) fn partly(error: Error, deleted: usize, what: &str) -> (String, Exit) {
    match deleted {
        0 => (error.to_string(), Exit::of(&error.into())),
        count => (
            format!("{error}; {count} of its {what} had been deleted before"),
            Exit::Partly,
        ),
    }
}

/// Why a manifest with several tags is not deleted without `--force`.
pub(super) fn needs_force(target: &Target) -> Option<String> {
    let count = target.tags.len();
    let is_manifest = matches!(target.reference, Reference::Digest(_));
    let several = is_manifest && count + target.unknown.len() > 1;
    several.then(|| {
        let names = |tags: &[Tag]| {
            let names = tags.iter().map(ToString::to_string);
            names.collect::<Vec<_>>().join(", ")
        };
        let mut lost = Vec::new();
        if count > 0 {
            let tags = figures::count(count, "tag", "tags");
            lost.push(format!("{tags}: {}", names(&target.tags)));
        }
        if !target.unknown.is_empty() {
            let tags = figures::count(target.unknown.len(), "tag", "tags");
            let unknown = names(&target.unknown);
            lost.push(format!("perhaps {tags} that can't be read: {unknown}"));
        }
        format!(
            "{} is not deleted: this would also delete {}; hint: --force deletes them, too",
            target.name(),
            lost.join(", and ")
        )
    })
}
