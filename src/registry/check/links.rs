//! Compares the links of a repository with the index.

use std::collections::HashSet;

use super::Difference;
use super::blobs::is_ignored;
use super::bytes::Content;
use crate::index::{AuditedRepository, Link};
use crate::oci::{Algorithm, Digest, Repository, Tag};
use crate::registry::survey::{CHUNK, Place, parse_link};
use crate::registry::{Registry, RegistryError, layout};
use crate::store::StoreError;

/// The links in a directory.
#[derive(Default)]
struct Links {
    /// Each digest with the content of its link file, if that can be read.
    found: Vec<(Digest, Option<Digest>)>,
    strays: Vec<Difference>,
}

/// The file of a link.
fn key_of(name: &Repository, link: &Link) -> String {
    match link {
        Link::Layer(digest) => layout::layer(name, digest),
        Link::Revision(digest) => layout::revision(name, digest),
        Link::Tag(tag) => layout::tag_current(name, tag),
    }
}

impl Registry {
    /// The differences between the links of a repository and the index.
    pub(super) async fn links_of(
        &self,
        name: &Repository,
    ) -> Result<Vec<Difference>, RegistryError> {
        let known = self.index.audited_repository(name).await?;
        let mut differences = Vec::new();
        self.layers_of(name, &known, &mut differences).await?;
        self.revisions_of(name, &known, &mut differences).await?;
        self.tags_of(name, &known, &mut differences).await?;
        for difference in &mut differences {
            if let Some(blocked) = self.blocked(difference) {
                *difference = blocked;
            } else if let Difference::LinkDangling(name, link) = &*difference
                && let Some(unreadable) = self.unreadable_link(name, link).await?
            {
                *difference = unreadable;
            }
        }
        Ok(differences)
    }

    /// The cause of a difference at a link if a change of that link waits until it can be written.
    pub(super) fn blocked(&self, difference: &Difference) -> Option<Difference> {
        let (Difference::LinkMissing(name, link)
        | Difference::LinkWrong(name, link)
        | Difference::LinkUnknown(name, link)
        | Difference::LinkDangling(name, link)) = difference
        else {
            return None;
        };
        let key = key_of(name, link);
        Some(match &*self.journal.obstruction(&key)? {
            StoreError::Foreign {
                directory,
                owner,
                user,
                ..
            } => Difference::PlaceForeign {
                key,
                directory: directory.clone(),
                owner: *owner,
                user: *user,
            },
            error => Difference::PlaceBlocked(key, error.to_string()),
        })
    }

    /// Whether the file of a link that seems to point to nothing can't be read.
    async fn unreadable_link(
        &self,
        name: &Repository,
        link: &Link,
    ) -> Result<Option<Difference>, RegistryError> {
        let key = key_of(name, link);
        let reason = self.read_again(&key).await?.err();
        Ok(reason.map(|reason| Difference::PlaceUnreadable(key, reason)))
    }

    /// The differences of a repository; if it can't be read, that is the only one.
    pub(super) async fn readable_links_of(
        &self,
        name: &Repository,
    ) -> Result<Vec<Difference>, RegistryError> {
        match self.links_of(name).await {
            Err(RegistryError::Store(error)) => {
                let key = layout::repository(name.as_str());
                Ok(vec![Difference::PlaceUnreadable(key, error.to_string())])
            }
            links => links,
        }
    }

    async fn layers_of(
        &self,
        name: &Repository,
        known: &AuditedRepository,
        differences: &mut Vec<Difference>,
    ) -> Result<(), RegistryError> {
        let directory = format!("{}/_layers", layout::repository(name.as_str()));
        let links = self.links_below(&directory).await?;
        differences.extend(links.strays);
        let mut there = HashSet::new();
        for (digest, target) in links.found {
            let canonical = match digest.algorithm() {
                Algorithm::Sha256 => known.blobs.get(&digest).copied(),
                Algorithm::Sha512 => known.aliases.get(&digest).copied(),
            };
            there.insert(digest);
            let link = Link::Layer(digest);
            if canonical.is_some() {
                if target != canonical {
                    differences.push(Difference::LinkWrong(name.clone(), link));
                }
                continue;
            }
            differences.push(self.unknown_link(name, link, target).await?);
        }
        let missing = known.blobs.iter().filter(|digest| !there.contains(*digest));
        differences.extend(
            sorted(missing)
                .map(|digest| Difference::LinkMissing(name.clone(), Link::Layer(digest))),
        );
        Ok(())
    }

    async fn revisions_of(
        &self,
        name: &Repository,
        known: &AuditedRepository,
        differences: &mut Vec<Difference>,
    ) -> Result<(), RegistryError> {
        let directory = format!("{}/_manifests/revisions", layout::repository(name.as_str()));
        let links = self.links_below(&directory).await?;
        differences.extend(links.strays);
        let mut there = HashSet::new();
        for (digest, target) in links.found {
            there.insert(digest);
            let link = Link::Revision(digest);
            match known.manifests.get(&digest) {
                Some(canonical) if target == Some(*canonical) => {}
                Some(_) => differences.push(Difference::LinkWrong(name.clone(), link)),
                None => differences.push(self.unknown_link(name, link, target).await?),
            }
        }
        let missing = known
            .manifests
            .keys()
            .filter(|digest| !there.contains(*digest));
        differences.extend(
            sorted(missing)
                .map(|digest| Difference::LinkMissing(name.clone(), Link::Revision(digest))),
        );
        Ok(())
    }

    async fn tags_of(
        &self,
        name: &Repository,
        known: &AuditedRepository,
        differences: &mut Vec<Difference>,
    ) -> Result<(), RegistryError> {
        let above = format!("{}/_manifests", layout::repository(name.as_str()));
        for entry in self.list_one(&above).await? {
            let fits = entry.directory && matches!(entry.name.as_str(), "revisions" | "tags");
            if !fits && !is_ignored(&entry.name) {
                differences.push(Difference::Stray(format!("{above}/{}", entry.name)));
            }
        }
        // Also includes unknown manifests, which are reindexed first.
        let coming: HashSet<Digest> = differences
            .iter()
            .filter_map(|difference| match difference {
                Difference::LinkUnknown(_, Link::Revision(digest)) => Some(*digest),
                _ => None,
            })
            .collect();
        // Their tags come back with them.
        let damaged: HashSet<Digest> = differences
            .iter()
            .filter_map(|difference| match difference {
                Difference::ManifestDamaged { manifest, .. } => Some(*manifest),
                _ => None,
            })
            .collect();
        let directory = format!("{above}/tags");
        let mut tags: Vec<Tag> = Vec::new();
        for entry in self.list_one(&directory).await? {
            match entry.name.parse() {
                Ok(tag) if entry.directory => tags.push(tag),
                _ if is_ignored(&entry.name) => {}
                _ => differences.push(Difference::Stray(format!("{directory}/{}", entry.name))),
            }
        }
        tags.sort();
        for tags in tags.chunks(CHUNK) {
            let keys: Vec<String> = tags
                .iter()
                .map(|tag| layout::tag_current(name, tag))
                .collect();
            for (tag, link) in tags.iter().zip(self.store.get(&keys).await?) {
                let target = link.as_deref().and_then(parse_link);
                let link = Link::Tag(tag.clone());
                match (known.tags.get(tag), target) {
                    (Some(digest), Some(target)) if *digest == target => {}
                    (Some(_), _) => differences.push(Difference::LinkWrong(name.clone(), link)),
                    (None, Some(target))
                        if known.manifests.contains_key(&target) || coming.contains(&target) =>
                    {
                        differences.push(Difference::LinkUnknown(name.clone(), link));
                    }
                    (None, Some(target)) if damaged.contains(&target) => {}
                    (None, _) => differences.push(Difference::LinkDangling(name.clone(), link)),
                }
            }
        }
        let there: HashSet<&Tag> = tags.iter().collect();
        let mut missing: Vec<&Tag> = known.tags.keys().collect();
        missing.retain(|tag| !there.contains(tag));
        missing.sort();
        differences.extend(
            missing
                .into_iter()
                .map(|tag| Difference::LinkMissing(name.clone(), Link::Tag(tag.clone()))),
        );
        Ok(())
    }

    /// Whether the bytes of a blob do not match its digest, or did not when it was quarantined.
    async fn is_damaged(&self, canonical: &Digest) -> Result<bool, RegistryError> {
        let known = self.index.audited_blob(canonical).await?;
        Ok(known.is_some_and(|blob| blob.quarantined)
            || self.content(canonical).await? == Content::Wrong)
    }

    /// The difference for a link that is not in the index.
    async fn unknown_link(
        &self,
        name: &Repository,
        link: Link,
        target: Option<Digest>,
    ) -> Result<Difference, RegistryError> {
        let Some(canonical) = target.filter(|target| target.algorithm() == Algorithm::Sha256)
        else {
            return Ok(Difference::LinkDangling(name.clone(), link));
        };
        let leads = if let Some(blob) = self.index.audited_blob(&canonical).await? {
            !blob.quarantined
        } else {
            let place = self.stat_each(&[layout::blob(&canonical)]).await;
            !matches!(place[..], [Place::Absent])
        };
        if let Link::Revision(manifest) = link
            && self.is_damaged(&canonical).await?
        {
            return Ok(Difference::ManifestDamaged {
                repository: name.clone(),
                manifest,
            });
        }
        Ok(if leads {
            Difference::LinkUnknown(name.clone(), link)
        } else {
            Difference::LinkDangling(name.clone(), link)
        })
    }

    /// The links below a directory, of all algorithms.
    async fn links_below(&self, directory: &str) -> Result<Links, RegistryError> {
        let mut links = Links::default();
        for entry in self.list_one(directory).await? {
            let below = format!("{directory}/{}", entry.name);
            let algorithm = match entry.name.as_str() {
                "sha256" => Algorithm::Sha256,
                "sha512" => Algorithm::Sha512,
                name if is_ignored(name) => continue,
                _ => {
                    links.strays.push(Difference::Stray(below));
                    continue;
                }
            };
            let mut digests = Vec::new();
            for entry in self.list_one(&below).await? {
                match Digest::from_hex(algorithm, &entry.name) {
                    Ok(digest) if entry.directory => digests.push(digest),
                    _ if is_ignored(&entry.name) => {}
                    _ => links
                        .strays
                        .push(Difference::Stray(format!("{below}/{}", entry.name))),
                }
            }
            digests.sort_by_cached_key(Digest::hex);
            for digests in digests.chunks(CHUNK) {
                self.read_links(&below, digests, &mut links).await?;
            }
        }
        Ok(links)
    }

    /// Reads links. A directory without a link is left over from a removal, and ignored.
    async fn read_links(
        &self,
        directory: &str,
        digests: &[Digest],
        links: &mut Links,
    ) -> Result<(), RegistryError> {
        let of = |digest: &Digest| format!("{directory}/{}", digest.hex());
        let directories: Vec<String> = digests.iter().map(of).collect();
        let mut linked = Vec::new();
        for ((digest, directory), entries) in digests
            .iter()
            .zip(&directories)
            .zip(self.store.list(&directories).await?)
        {
            for entry in entries {
                match entry.name.as_str() {
                    "link" if !entry.directory => {
                        linked.push((*digest, format!("{directory}/link")));
                    }
                    name if is_ignored(name) => {}
                    name => {
                        let key = format!("{directory}/{name}");
                        links.strays.push(Difference::Stray(key));
                    }
                }
            }
        }
        let keys: Vec<String> = linked.iter().map(|(_, key)| key.clone()).collect();
        for ((digest, _), link) in linked.iter().zip(self.store.get(&keys).await?) {
            links
                .found
                .push((*digest, link.as_deref().and_then(parse_link)));
        }
        Ok(())
    }

    /// Strays between the directories of repositories. Directories whose names begin with an
    /// underscore belong to other programs.
    pub(super) async fn strays_above(
        &self,
        names: &[Repository],
    ) -> Result<Vec<Difference>, RegistryError> {
        let mut directories: HashSet<&str> = HashSet::from([""]);
        for name in names {
            let name = name.as_str();
            directories.insert(name);
            directories.extend(name.match_indices('/').map(|(at, _)| &name[..at]));
        }
        let mut directories: Vec<&str> = directories.into_iter().collect();
        directories.sort_unstable();
        let mut strays = Vec::new();
        for parents in directories.chunks(CHUNK) {
            let key = |parent: &&str| match *parent {
                "" => layout::REPOSITORIES.to_owned(),
                parent => layout::repository(parent),
            };
            let keys: Vec<String> = parents.iter().map(key).collect();
            for (key, entries) in keys.iter().zip(self.store.list(&keys).await?) {
                let mut others: Vec<String> = entries
                    .into_iter()
                    .filter(|entry| {
                        let name = entry.name.as_str();
                        let component = name.starts_with('_') || Repository::is_component(name);
                        !(is_ignored(name) || entry.directory && component)
                    })
                    .map(|entry| format!("{key}/{}", entry.name))
                    .collect();
                others.sort();
                strays.extend(others.into_iter().map(Difference::Stray));
            }
        }
        Ok(strays)
    }
}

fn sorted<'a>(digests: impl Iterator<Item = &'a Digest>) -> impl Iterator<Item = Digest> {
    let mut digests: Vec<Digest> = digests.copied().collect();
    digests.sort_by_cached_key(Digest::hex);
    digests.into_iter()
}
