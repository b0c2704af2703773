//! Fallback tags of referrers: the destination's list is extended, never replaced.
//!
//! A registry without the referrers endpoint keeps the list of a manifest's referrers under a tag
//! (OCI distribution specification, "Referrers Tag Schema"). Both sides may have entries of their
//! own.

use serde_json::{Map, Value};

use super::{Copied, Copy, Moved, Place};
use crate::client::{Class, Error};
use crate::oci::{Digest, ManifestKind, MediaType, Reference, Tag};

impl Copy {
    /// Adds the entries of the source's list to the one that the destination has under the tag, if
    /// both are lists.
    pub(super) async fn list(&self, source: &Digest, tag: &Tag) -> Result<Copied, Error> {
        let reference = Reference::Tag(tag.clone());
        let ours = self.get(source).await?;
        let view = self.view(&ours)?;
        let Place { client, repository } = &self.destination;
        let is_list = view.kind == ManifestKind::Index;
        let mut moved = if is_list {
            self.children(&view, 0).await?
        } else {
            Moved::default()
        };
        // Read after the entries were copied, so that little time is left for other writers.
        let mut alone = self.lists.lock().await;
        let mut read = client.manifest(repository, &reference).await;
        let is_denied = matches!(&read, Err(error) if error.class() == Class::Denied);
        if is_denied && !self.options.dry_run {
            // Some registries deny access to a repository that does not exist yet. With a manifest
            // it does, and a list that may still not be read is not replaced.
            drop(alone);
            let by_digest = Reference::Digest(ours.digest);
            moved = moved.and(self.manifest(&ours, &by_digest, 0).await?);
            alone = self.lists.lock().await;
            read = client.manifest(repository, &reference).await;
        }
        let theirs = match read {
            Ok(theirs) => entries(&theirs.bytes).is_some().then_some(theirs),
            Err(error) if error.class() == Class::NotFound => None,
            Err(error) if error.class() == Class::Denied && self.options.dry_run => None,
            Err(error) => return Err(error),
        };
        let (mut digest, new) = match theirs {
            None if is_list => (ours.digest, Some((view.media_type, ours.bytes))),
            None => {
                // It is an ordinary image, and the list of its referrers takes the lock.
                drop(alone);
                moved = moved.and(self.manifest(&ours, &reference, 0).await?);
                (ours.digest, None)
            }
            Some(theirs) if is_list => {
                let merged = merged(&theirs.bytes, &ours.bytes);
                let media_type = || {
                    let view = theirs.view();
                    view.map_or(MediaType::OCI_INDEX, |view| view.media_type)
                };
                let new = merged.map(|bytes| (media_type(), bytes));
                (theirs.digest, new)
            }
            Some(theirs) => {
                self.warn(&format!(
                    "{repository}:{tag} lists referrers, and the source's tag does not; it is kept"
                ));
                (theirs.digest, None)
            }
        };
        if let Some((media_type, bytes)) = new {
            if !self.options.dry_run {
                let put = client.put_manifest(repository, &reference, &media_type, bytes.into());
                digest = put.await?;
            }
            moved.manifests += 1;
        }
        Ok(Copied {
            digest,
            skipped: moved.manifests == 0,
            moved,
        })
    }
}

/// The entries of an index; `None` for other manifests.
fn entries(bytes: &[u8]) -> Option<(Map<String, Value>, Vec<Value>)> {
    let mut index: Map<String, Value> = serde_json::from_slice(bytes).ok()?;
    match index.remove("manifests")? {
        Value::Array(entries) => Some((index, entries)),
        _ => None,
    }
}

/// The first index with the entries of the second that it lacks; `None` if it lacks none. Fields that
/// this program does not know are kept.
fn merged(first: &[u8], second: &[u8]) -> Option<Vec<u8>> {
    let (mut index, mut all) = entries(first)?;
    let (_, others) = entries(second)?;
    let before = all.len();
    for entry in others {
        if !all
            .iter()
            .any(|known| known.get("digest") == entry.get("digest"))
        {
            all.push(entry);
        }
    }
    if all.len() == before {
        return None;
    }
    index.insert("manifests".to_owned(), Value::Array(all));
    serde_json::to_vec(&index).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lists_are_merged_by_digest() {
        let index = |digests: &[&str], extra: &str| {
            let entries: Vec<Value> = digests
                .iter()
                .map(|digest| json!({"digest": digest, "by": extra}))
                .collect();
            json!({"schemaVersion": 2, "manifests": entries, "annotations": {"by": extra}})
                .to_string()
        };
        let both = merged(
            index(&["a", "b"], "x").as_bytes(),
            index(&["b", "c"], "y").as_bytes(),
        );
        let both: Value = serde_json::from_slice(&both.unwrap()).unwrap();
        assert_eq!(both["annotations"], json!({"by": "x"}));
        let by = |digest: &str, by: &str| json!({"digest": digest, "by": by});
        assert_eq!(
            both["manifests"],
            json!([by("a", "x"), by("b", "x"), by("c", "y")])
        );
        let same = merged(
            index(&["a", "b"], "x").as_bytes(),
            index(&["b"], "y").as_bytes(),
        );
        assert_eq!(same, None);
        assert_eq!(
            merged(br#"{"layers": []}"#, index(&["b"], "y").as_bytes()),
            None
        );
    }
}
