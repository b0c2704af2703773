//! The effect of a deletion: its manifest, the tags that are kept, and the tags that are deleted
//! with it.

use std::collections::HashMap;

use futures_util::{StreamExt, stream};

use super::context::Place;
use super::figures;
use super::output::Printer;
use crate::client::{Class, Error};
use crate::oci::{Digest, Reference, Repository, Tag};

/// Concurrent requests for tags.
const CONCURRENCY: usize = 8;
/// Maximum number of tags in a line.
const NAMED: usize = 10;

/// The tags of a repository and their manifests.
type Pointers = Vec<(Tag, Digest)>;

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
        match (&self.reference, self.digest, self.tags.is_empty()) {
            (Reference::Tag(_), None, _) => "its manifest can't be read".to_owned(),
            (Reference::Tag(_), Some(digest), true) => format!("{digest} has no other tag"),
            (Reference::Tag(_), Some(digest), false) => {
                format!("{digest} still has {}", named(&self.tags))
            }
            (Reference::Digest(_), _, true) => "it has no tag".to_owned(),
            (Reference::Digest(_), _, false) => format!("with {}", named(&self.tags)),
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
        let pointers = match (self.pointers(&place, printer).await, &reference) {
            (Ok(pointers), _) => pointers,
            // The other tags of a tag's manifest are only a remark.
            (Err(error), Reference::Tag(_)) if is_about_content(&error) => {
                printer.warning(&error.to_string());
                &Vec::new()
            }
            (Err(error), _) => return Err(error),
        };
        let mut tags: Vec<Tag> = pointers
            .iter()
            .filter(|(tag, own)| {
                Some(*own) == digest && !matches!(&reference, Reference::Tag(own) if own == tag)
            })
            .map(|(tag, _)| tag.clone())
            .collect();
        // Not every registry sorts its lists.
        tags.sort();
        Ok(Target {
            place,
            reference,
            digest,
            tags,
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
            pointers.retain(|(tag, digest)| match &target.reference {
                Reference::Tag(own) => own != tag,
                Reference::Digest(own) => own != digest,
            });
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

async fn fetch(place: &Place, printer: Printer) -> Result<Pointers, Error> {
    if let Some(listing) = place.client.tag_summaries(&place.repository).await? {
        let summaries = listing.all().await?;
        return Ok(summaries
            .into_iter()
            .map(|summary| (summary.tag, summary.digest))
            .collect());
    }
    let tags = place.client.tags(&place.repository).all().await?;
    let heads = stream::iter(tags).map(|tag| async move {
        let reference = Reference::Tag(tag.clone());
        let head = place
            .client
            .manifest_head(&place.repository, &reference)
            .await;
        (tag, head)
    });
    let mut pointers = Vec::new();
    let mut heads = heads.buffered(CONCURRENCY);
    while let Some((tag, head)) = heads.next().await {
        match head {
            Ok(head) => pointers.push((tag, head.digest)),
            // The tag was deleted meanwhile.
            Err(error) if error.class() == Class::NotFound => {}
            // It is not known which manifest it points at; a broken tag holds up no other.
            Err(error) if is_about_content(&error) => printer.warning(&error.to_string()),
            Err(error) => return Err(error),
        }
    }
    Ok(pointers)
}

/// Why a manifest with several tags is not deleted without `--force`.
pub(super) fn needs_force(target: &Target) -> Option<String> {
    let several = matches!(target.reference, Reference::Digest(_)) && target.tags.len() > 1;
    several.then(|| {
        format!(
            "{} is not deleted: this would also delete {}: {}; hint: --force deletes them, too",
            target.name(),
            figures::count(target.tags.len(), "tag", "tags"),
            target
                .tags
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(", ")
        )
    })
}
