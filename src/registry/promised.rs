//! Which manifests of a retention plan belong to a push that may still be under way.
//!
//! Clients push the children of an index by their digests, and its tag at last. A manifest that was
//! pushed after everything that held it was set is one of a new push: its answer is a promise for the
//! time of a lease. A referrer makes no promise without its subject.

use std::collections::{HashMap, HashSet};

use super::RetentionPlan;
use crate::clock::Millis;
use crate::index::Holdings;
use crate::oci::Digest;

/// For each planned manifest the latest time of a push that the deletion does not wait for.
pub(super) struct Promised {
    limits: HashMap<Digest, Millis>,
}

impl Promised {
    /// Decides by the planned deletions; a push at `since` or before promises nothing any more.
    pub(super) fn of(holdings: &Holdings, plan: &RetentionPlan, since: Millis) -> Self {
        let mut limits: HashMap<Digest, Millis> = HashMap::new();
        let planned: HashSet<Digest> = plan.manifests.iter().copied().collect();
        let manifests = holdings.manifests.iter();
        let pushed: HashMap<Digest, Millis> = manifests
            .map(|manifest| (manifest.digest, manifest.pushed_at))
            .collect();
        let mut children: HashMap<Digest, Vec<Digest>> = HashMap::new();
        let mut settled: Vec<(Millis, Digest)> = Vec::new();
        for (index, child) in &holdings.children {
            if planned.contains(index) && planned.contains(child) {
                children.entry(*index).or_default().push(*child);
                settled.extend(pushed.get(index).map(|at| (*at, *child)));
            }
        }
        settled.extend(plan.deleted().map(|tag| (tag.updated_at, tag.digest)));
        // The latest is popped first: the first time that reaches a manifest is the last one.
        settled.sort_unstable();
        while let Some((at, digest)) = settled.pop() {
            if planned.contains(&digest) && !limits.contains_key(&digest) {
                limits.insert(digest, at);
                let below = children.get(&digest).into_iter().flatten();
                settled.extend(below.map(|child| (at, *child)));
            }
        }
        for digest in &plan.manifests {
            let limit = limits.entry(*digest).or_insert(since);
            *limit = (*limit).max(since);
        }
        for manifest in &holdings.manifests {
            if manifest.subject.is_some_and(|one| planned.contains(&one)) {
                limits.insert(manifest.digest, Millis::MAX);
            }
        }
        Self { limits }
    }

    /// The time for a manifest.
    pub(super) fn limit(&self, digest: &Digest) -> Millis {
        self.limits.get(digest).copied().unwrap_or(Millis::MIN)
    }

    /// Removes the promised manifests from the plan, with everything that they hold.
    pub(super) fn spare(&self, holdings: &Holdings, plan: &mut RetentionPlan) {
        let mut holds: HashMap<Digest, Vec<Digest>> = HashMap::new();
        for (index, child) in &holdings.children {
            holds.entry(*index).or_default().push(*child);
        }
        let mut next = Vec::new();
        for manifest in &holdings.manifests {
            if let Some(subject) = manifest.subject {
                holds.entry(subject).or_default().push(manifest.digest);
            }
            let limit = self.limits.get(&manifest.digest);
            if limit.is_some_and(|limit| manifest.pushed_at > *limit) {
                next.push(manifest.digest);
            }
        }
        let mut spared = HashSet::new();
        while let Some(digest) = next.pop() {
            if spared.insert(digest) {
                next.extend(holds.get(&digest).into_iter().flatten());
            }
        }
        plan.manifests.retain(|digest| !spared.contains(digest));
    }
}
