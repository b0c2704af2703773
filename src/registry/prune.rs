//! Applies a retention rule: plans every matching repository, and executes the plans.
//!
//! A rule that would delete every tag of a repository deletes nothing, unless `all` permits it.
//! Deletions are moved to the trash in bundles, so that a restore restores complete images.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::promised::Promised;
use super::{Decision, Listener, Registry, RegistryError, RetentionPlan, Rule};
use crate::clock::Millis;
use crate::index::{Bundle, Bundled, Holdings, NotSaved, SavedRule};
use crate::oci::{Digest, Repository, RetentionRule, Tag};

/// Maximum number of tags deleted in one transaction, so that other writers get their turn.
const BATCH: usize = 16;

/// The decision about a tag, or about a manifest without a tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum PruneEntry {
    /// A tag is kept or deleted.
    Tag {
        /// The repository.
        repository: Repository,
        /// The tag.
        tag: Tag,
        /// The manifest that it points at.
        digest: Digest,
        /// The decision.
        decision: Box<Decision>,
    },
    /// A manifest without a tag is deleted.
    Manifest {
        /// The repository.
        repository: Repository,
        /// The manifest.
        digest: Digest,
    },
}

/// The result of a prune.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PruneReport {
    /// Number of repositories that the rule applies to.
    pub repositories: u64,
    /// Number of deleted tags; in a dry run, of planned ones.
    pub tags: u64,
    /// Number of deleted manifests; in a dry run, of planned ones.
    pub manifests: u64,
    /// Number of kept tags, also of those that were moved since the plan.
    pub kept: u64,
    /// Repositories that would have lost every tag, which the rule does not permit: nothing was
    /// deleted.
    pub emptied: Vec<Repository>,
    /// The time until which the deletions can be restored; `None` if they can't be.
    pub until: Option<Millis>,
    /// Patterns of the rule that match no repository or no tag.
    pub unmatched: Vec<String>,
}

/// The plan for one repository.
struct Planned {
    name: Repository,
    holdings: Holdings,
    plan: RetentionPlan,
    promised: Promised,
}

impl Registry {
    /// Deletes tags by a rule, and the manifests that nothing holds afterwards; `listener` receives
    /// the decision about each tag that is kept and each tag and manifest that was deleted. With `dry_run` nothing is deleted. If
    /// the rule would empty a repository, it deletes nothing at all if `strictly`, otherwise
    /// nothing in that repository.
    pub async fn prune(
        &self,
        rule: &Rule,
        dry_run: bool,
        strictly: bool,
        listener: &dyn Listener<PruneEntry>,
    ) -> Result<PruneReport, RegistryError> {
        let mut report = PruneReport::default();
        let mut planned = Vec::new();
        let mut unmatched = rule.unmatched();
        // Include pulls that are not saved yet.
        self.save_pulls().await?;
        let now = self.clock.now();
        let since = now.saturating_sub(self.rules.lease);
        for name in self.index.all_repositories().await? {
            if !rule.applies_to(&name) {
                continue;
            }
            unmatched.matched_repository(&name);
            let holdings = self.index.holdings(&name).await?;
            if holdings.tags.is_empty() {
                continue;
            }
            for tag in &holdings.tags {
                unmatched.matched_tag(&tag.name);
            }
            report.repositories += 1;
            let mut plan = rule.plan(&holdings, now);
            if plan.deletes_every_tag && !rule.may_delete_every_tag() {
                report.emptied.push(name.clone());
                if !strictly {
                    continue;
                }
            }
            let promised = Promised::of(&holdings, &plan, since);
            promised.spare(&holdings, &mut plan);
            planned.push(Planned {
                name,
                holdings,
                plan,
                promised,
            });
        }
        report.unmatched = unmatched.patterns();
        let refused = strictly && !report.emptied.is_empty();
        for planned in planned {
            if dry_run || refused {
                planned.describe(None, &mut report, listener).await;
                continue;
            }
            let mut gone = Bundled::default();
            let done = self.discard_planned(&planned, &mut gone).await;
            // After an error, what was deleted before it.
            planned.describe(Some(&gone), &mut report, listener).await;
            done?;
        }
        let keep = self.rules.trash;
        report.until = (keep > 0).then(|| now.saturating_add(keep));
        Ok(report)
    }

    /// The saved retention rules, in the order in which they were saved.
    pub async fn saved_rules(&self) -> Result<Vec<SavedRule>, RegistryError> {
        Ok(self.index.saved_rules().await?)
    }

    /// Saves a retention rule. Returns its number.
    pub async fn save_rule(
        &self,
        rule: RetentionRule,
    ) -> Result<Result<i64, NotSaved>, RegistryError> {
        Ok(self.index.save_rule(rule, self.clock.now()).await?)
    }

    /// Removes a saved retention rule. Returns false if there is none with this number.
    pub async fn remove_rule(&self, id: i64) -> Result<bool, RegistryError> {
        Ok(self.index.remove_rule(id, self.clock.now()).await?)
    }

    /// Deletes what is planned, and adds it to `gone`.
    async fn discard_planned(
        &self,
        planned: &Planned,
        gone: &mut Bundled,
    ) -> Result<(), RegistryError> {
        // A child of two indexes is deleted with the second.
        let mut left: Vec<(Digest, Millis)> = Vec::new();
        let mut bundles = planned.bundles().into_iter();
        loop {
            let next = bundles.next();
            let is_last = next.is_none();
            let mut bundle = next.unwrap_or_default();
            bundle.manifests.append(&mut left);
            if bundle == Bundle::default() {
                return Ok(());
            }
            left.clone_from(&bundle.manifests);
            let name = planned.name.clone();
            let discard = self.discard().await;
            let some = self.index.discard_bundle(name, bundle, discard);
            let some = some.await?;
            if is_last && some.manifests.is_empty() {
                // Another tag or manifest holds them now.
                return Ok(());
            }
            let deleted: HashSet<&Digest> = some.manifests.iter().collect();
            left.retain(|(digest, _)| !deleted.contains(digest));
            gone.tags.extend(some.tags);
            gone.manifests.extend(some.manifests);
        }
    }
}

impl Planned {
    /// Counts and reports the decisions: those about `gone`, or in a dry run all.
    async fn describe(
        &self,
        gone: Option<&Bundled>,
        report: &mut PruneReport,
        listener: &dyn Listener<PruneEntry>,
    ) {
        let tags: Option<HashSet<&Tag>> = gone.map(|gone| gone.tags.iter().collect());
        let deleted = gone.map_or(&self.plan.manifests, |gone| &gone.manifests);
        let deleted: HashSet<&Digest> = deleted.iter().collect();
        let mut tagged = HashSet::new();
        for (tag, decision) in &self.plan.tags {
            match decision {
                Decision::Keep(_) => report.kept += 1,
                Decision::Delete(..)
                    if tags.as_ref().is_some_and(|all| !all.contains(&tag.name)) =>
                {
                    report.kept += 1;
                    continue;
                }
                Decision::Delete(..) => {
                    report.tags += 1;
                    tagged.insert(tag.digest);
                }
            }
            let entry = PruneEntry::Tag {
                repository: self.name.clone(),
                tag: tag.name.clone(),
                digest: tag.digest,
                decision: Box::new(decision.clone()),
            };
            listener.receive(entry).await;
        }
        let planned = self.plan.manifests.iter();
        for digest in planned.filter(|digest| deleted.contains(digest)) {
            report.manifests += 1;
            if !tagged.contains(digest) {
                let (repository, digest) = (self.name.clone(), *digest);
                let entry = PruneEntry::Manifest { repository, digest };
                listener.receive(entry).await;
            }
        }
    }

    /// Groups deletions into units of a restore: each tagged manifest with its children and
    /// referrers; tags of retained manifests individually.
    fn bundles(&self) -> Vec<Bundle> {
        let Self { holdings, plan, .. } = self;
        let gone: HashSet<Digest> = plan.manifests.iter().copied().collect();
        let mut brings: HashMap<Digest, Vec<Digest>> = HashMap::new();
        for (index, child) in &holdings.children {
            brings.entry(*index).or_default().push(*child);
        }
        for manifest in &holdings.manifests {
            if let Some(subject) = manifest.subject {
                brings.entry(subject).or_default().push(manifest.digest);
            }
        }
        let mut of: HashMap<Digest, Bundle> = HashMap::new();
        let (mut order, mut alone) = (Vec::new(), Vec::new());
        for tag in plan.deleted() {
            if !gone.contains(&tag.digest) {
                alone.push((tag.name.clone(), tag.digest));
                continue;
            }
            let bundle = of.entry(tag.digest).or_insert_with(|| {
                order.push(tag.digest);
                Bundle::default()
            });
            bundle.tags.push((tag.name.clone(), tag.digest));
        }
        // Roots first: children and referrers belong to the bundle of their root.
        let going = brings.iter().filter(|(by, _)| gone.contains(*by));
        let brought: HashSet<Digest> = going.flat_map(|(_, these)| these).copied().collect();
        let (inner, outer): (Vec<Digest>, Vec<Digest>) =
            order.iter().partition(|digest| brought.contains(*digest));
        let mut bundles: Vec<Bundle> = alone
            .chunks(BATCH)
            .map(|tags| Bundle {
                tags: tags.to_vec(),
                manifests: Vec::new(),
            })
            .collect();
        let mut taken = HashSet::new();
        for root in outer.into_iter().chain(inner) {
            if !taken.insert(root) {
                continue;
            }
            let mut bundle = Bundle::default();
            let mut next = vec![root];
            while let Some(digest) = next.pop() {
                bundle
                    .manifests
                    .push((digest, self.promised.limit(&digest)));
                if let Some(own) = of.get_mut(&digest) {
                    bundle.tags.append(&mut own.tags);
                }
                let below = brings.get(&digest).into_iter().flatten();
                next.extend(below.filter(|other| gone.contains(*other) && taken.insert(**other)));
            }
            bundles.push(bundle);
        }
        bundles
    }
}
