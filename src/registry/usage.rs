//! Disk usage of repositories and tags: in total, and unique to each.
//!
//! A tag counts with everything that its manifest requires or that is attached to it:
//! configuration, layers, the children of an index, referrers. Within one count each blob counts
//! once.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::{CollectEntry, CollectOptions, Registry, RegistryError};
use crate::clock::Millis;
use crate::index::Contents;
use crate::oci::{Repository, Tag};

/// Bytes of a tag or a repository.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Usage {
    /// Everything that it references, each blob once.
    pub total: u64,
    /// The part that no other tag or repository references.
    pub unique: u64,
}

/// Usage of a repository.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RepositoryUsage {
    /// The whole repository.
    pub whole: Usage,
    /// Each tag.
    pub tags: Vec<(Tag, Usage)>,
    /// Manifests without a tag.
    pub untagged: Usage,
    /// Bytes that a collection would free now.
    pub reclaimable: u64,
}

/// Usage of a registry.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct UsageReport {
    /// By repository.
    pub repositories: BTreeMap<Repository, RepositoryUsage>,
    /// Number of blobs.
    pub blobs: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Bytes of the blobs that a repository references.
    pub referenced: u64,
    /// Bytes of all tags, and of the untagged manifests of each repository, each counted as if it
    /// shared no blob.
    pub logical: u64,
    /// By namespace, the first component of a name: all that its repositories reference, and the
    /// part that no other namespace references.
    pub namespaces: BTreeMap<String, Usage>,
    /// Bytes that a collection would free now.
    pub reclaimable: u64,
    /// Bytes that a collection would free now if it deleted untagged manifests as well.
    pub reclaimable_untagged: u64,
    /// Bytes that such a collection would free after leases and the trash have ended.
    pub held: u64,
    /// When the last of them can be freed.
    pub held_until: Option<Millis>,
}

/// What references a blob.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Owner {
    One(usize),
    Several,
}

/// The set of blobs of each owner, counted when all sets are complete.
#[derive(Default)]
struct Ledger {
    owners: HashMap<i64, Owner>,
    usage: Vec<Usage>,
    blobs: Vec<Vec<i64>>,
}

impl Ledger {
    fn add(&mut self, blobs: HashSet<i64>) {
        let owner = self.blobs.len();
        for blob in &blobs {
            let entry = self.owners.entry(*blob).or_insert(Owner::One(owner));
            if *entry != Owner::One(owner) {
                *entry = Owner::Several;
            }
        }
        self.blobs.push(blobs.into_iter().collect());
    }

    fn count(&mut self, sizes: &HashMap<i64, u64>) {
        for (owner, blobs) in self.blobs.iter().enumerate() {
            let mut usage = Usage::default();
            for blob in blobs {
                let size = sizes.get(blob).copied().unwrap_or_default();
                usage.total += size;
                if self.owners.get(blob) == Some(&Owner::One(owner)) {
                    usage.unique += size;
                }
            }
            self.usage.push(usage);
        }
    }

    /// Bytes of all blobs that have an owner.
    fn bytes(&self, sizes: &HashMap<i64, u64>) -> u64 {
        let owned = self.owners.keys();
        owned
            .map(|blob| sizes.get(blob).copied().unwrap_or_default())
            .sum()
    }

    fn usage(&self, owner: usize) -> Usage {
        self.usage.get(owner).copied().unwrap_or_default()
    }
}

impl Registry {
    /// Usage of everything; with `under`, of that repository and those below it, with their tags.
    pub async fn usage(&self, under: Option<&Repository>) -> Result<UsageReport, RegistryError> {
        let contents = self.index.contents().await?;
        let counted = tokio::task::spawn_blocking(move || count(&contents)).await;
        let mut report = counted.map_err(|error| {
            let error = std::io::Error::other(error);
            crate::store::StoreError::new("count", "bytes", error)
        })?;
        let options = CollectOptions {
            dry_run: true,
            ..CollectOptions::default()
        };
        let freed = self.collect(&options, &|_: CollectEntry| {}).await?;
        report.reclaimable = freed.freed.bytes;
        let options = CollectOptions {
            untagged: Some(0),
            ..options
        };
        let all = self.collect(&options, &|_: CollectEntry| {}).await?;
        report.reclaimable_untagged = all.freed.bytes;
        (report.held, report.held_until) = (all.held_bytes, all.held_until);
        report.repositories.retain(|name, usage| {
            usage.reclaimable = freed.by_repository.get(name).map_or(0, |freed| freed.bytes);
            if under.is_none() {
                usage.tags.clear();
            }
            under.is_none_or(|under| is_below(name, under))
        });
        Ok(report)
    }
}

/// The namespace of a repository: the first component of its name.
fn namespace(name: &Repository) -> &str {
    let name = name.as_str();
    name.split_once('/').map_or(name, |(first, _)| first)
}

/// Whether a repository is `under`, or below it.
fn is_below(name: &Repository, under: &Repository) -> bool {
    let rest = name.as_str().strip_prefix(under.as_str());
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn count(contents: &Contents) -> UsageReport {
    let sizes: HashMap<i64, u64> = contents.blobs.iter().copied().collect();
    let mut attached: HashMap<i64, Vec<i64>> = HashMap::new();
    for (manifest, other) in &contents.attached {
        attached.entry(*manifest).or_default().push(*other);
    }
    let mut content: HashMap<i64, Vec<i64>> = HashMap::new();
    let mut members: HashMap<i64, Vec<i64>> = HashMap::new();
    for (manifest, repository, blob) in &contents.manifests {
        content.entry(*manifest).or_default().push(*blob);
        members.entry(*repository).or_default().push(*manifest);
    }
    for (manifest, blob) in &contents.references {
        content.entry(*manifest).or_default().push(*blob);
    }
    let mut tags: HashMap<i64, Vec<(&Tag, i64)>> = HashMap::new();
    for (repository, tag, manifest) in &contents.tags {
        let of = tags.entry(*repository).or_default();
        of.push((tag, *manifest));
    }
    let blobs_of = |manifests: &HashSet<i64>| -> HashSet<i64> {
        let blobs = manifests
            .iter()
            .filter_map(|manifest| content.get(manifest));
        blobs.flatten().copied().collect()
    };

    // In the order in which they are read below: the tags of each repository, then its untagged
    // manifests.
    let (mut by_tag, mut by_repository) = (Ledger::default(), Ledger::default());
    let mut namespaces: BTreeMap<&str, HashSet<i64>> = BTreeMap::new();
    for (id, name) in &contents.repositories {
        let mut reached = HashSet::new();
        for (_, manifest) in tags.get(id).into_iter().flatten() {
            let manifests = closure(*manifest, &attached);
            by_tag.add(blobs_of(&manifests));
            reached.extend(manifests);
        }
        let all: HashSet<i64> = members.get(id).into_iter().flatten().copied().collect();
        by_tag.add(blobs_of(&all.difference(&reached).copied().collect()));
        let blobs = blobs_of(&all);
        if !blobs.is_empty() {
            let namespace = namespaces.entry(namespace(name)).or_default();
            namespace.extend(&blobs);
        }
        by_repository.add(blobs);
    }
    by_tag.count(&sizes);
    by_repository.count(&sizes);
    let (names, sets): (Vec<&str>, Vec<HashSet<i64>>) = namespaces.into_iter().unzip();
    let mut by_namespace = Ledger::default();
    for blobs in sets {
        by_namespace.add(blobs);
    }
    by_namespace.count(&sizes);

    let mut report = UsageReport {
        blobs: contents.blobs.len() as u64,
        bytes: sizes.values().sum(),
        referenced: by_repository.bytes(&sizes),
        logical: by_tag.usage.iter().map(|usage| usage.total).sum(),
        namespaces: names
            .into_iter()
            .map(str::to_owned)
            .zip(by_namespace.usage)
            .collect(),
        ..UsageReport::default()
    };
    let mut next = 0;
    for (number, (id, name)) in contents.repositories.iter().enumerate() {
        let mut usage = RepositoryUsage {
            whole: by_repository.usage(number),
            ..RepositoryUsage::default()
        };
        for (tag, _) in tags.get(id).into_iter().flatten() {
            usage.tags.push(((*tag).clone(), by_tag.usage(next)));
            next += 1;
        }
        usage.untagged = by_tag.usage(next);
        next += 1;
        if members.contains_key(id) {
            report.repositories.insert(name.clone(), usage);
        }
    }
    report
}

/// A manifest with its children and referrers, transitively.
fn closure(manifest: i64, attached: &HashMap<i64, Vec<i64>>) -> HashSet<i64> {
    let mut found = HashSet::from([manifest]);
    let mut next = vec![manifest];
    while let Some(manifest) = next.pop() {
        for other in attached.get(&manifest).into_iter().flatten() {
            if found.insert(*other) {
                next.push(*other);
            }
        }
    }
    found
}
