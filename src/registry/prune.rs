//! Going by a retention rule: plans for all repositories that it is about, and their execution.
//!
//! A rule that would leave a repository without any tag takes nothing from anywhere, unless it may.
//! What goes, goes into the trash, bundled so that a restore brings back an image as a whole.

use std::collections::{HashMap, HashSet};

use super::{Registry, RegistryError, RetentionPlan, Rule, Verdict};
use crate::clock::Millis;
use crate::index::{Bundle, HeldTag, Holdings};
use crate::oci::{Digest, Repository};

/// Tags that go in one transaction at most: others get their turn between two.
const BATCH: usize = 16;

/// What a prune tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pruned {
    /// A tag stays or goes.
    Tag(Repository, Box<(HeldTag, Verdict)>),
    /// A manifest goes that has no tag.
    Manifest(Repository, Digest),
}

/// How a prune ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PruneReport {
    /// Repositories that the rule is about.
    pub repositories: u64,
    /// Tags that went, or would.
    pub tags: u64,
    /// Manifests that went, or would.
    pub manifests: u64,
    /// Tags that stay.
    pub kept: u64,
    /// Repositories that would be left without a tag, which the rule may not do: nothing went.
    pub emptied: Vec<Repository>,
    /// Until when what went can be restored, if it can.
    pub until: Option<Millis>,
}

/// What is to happen in one repository.
struct Planned {
    name: Repository,
    holdings: Holdings,
    plan: RetentionPlan,
}

impl Registry {
    /// Deletes tags by a rule, and the manifests that nothing holds then; `told` learns of each tag
    /// and of each manifest that goes. With `dry_run` nothing goes. A rule that would empty a
    /// repository does nothing; with `strictly` off, only nothing there.
    pub async fn prune(
        &self,
        rule: &Rule,
        dry_run: bool,
        strictly: bool,
        told: &(dyn Fn(Pruned) + Send + Sync),
    ) -> Result<PruneReport, RegistryError> {
        let mut report = PruneReport::default();
        let mut planned = Vec::new();
        // Those that are still being counted count, too.
        self.keep_pulls().await?;
        let now = self.clock.now();
        for name in self.index.all_repositories().await? {
            if !rule.concerns(&name) {
                continue;
            }
            let holdings = self.index.holdings(&name).await?;
            if holdings.tags.is_empty() {
                continue;
            }
            report.repositories += 1;
            let plan = rule.plan(&holdings, now);
            if plan.takes_everything && !rule.may_take_everything() {
                report.emptied.push(name.clone());
                if !strictly {
                    continue;
                }
            }
            planned.push(Planned {
                name,
                holdings,
                plan,
            });
        }
        let refused = strictly && !report.emptied.is_empty();
        for planned in planned {
            tell(&planned, &mut report, told);
            if !dry_run && !refused {
                self.discard_planned(&planned).await?;
            }
        }
        let keep = self.rules.trash;
        report.until = (keep > 0).then(|| now.saturating_add(keep));
        Ok(report)
    }

    async fn discard_planned(&self, planned: &Planned) -> Result<(), RegistryError> {
        // Children that two indexes share go with the second.
        let mut left: Vec<Digest> = Vec::new();
        let mut bundles = bundles(&planned.holdings, &planned.plan).into_iter();
        loop {
            let next = bundles.next();
            let is_last = next.is_none();
            let mut bundle = next.unwrap_or_default();
            bundle.manifests.append(&mut left);
            if bundle == Bundle::default() {
                return Ok(());
            }
            let wanted = bundle.manifests.clone();
            let gone = self
                .index
                .discard_bundle(planned.name.clone(), bundle, self.discard())
                .await?;
            if is_last && gone.manifests.is_empty() {
                // Something holds them since.
                return Ok(());
            }
            let gone: HashSet<Digest> = gone.manifests.into_iter().collect();
            left = wanted;
            left.retain(|digest| !gone.contains(digest));
        }
    }
}

fn tell(planned: &Planned, report: &mut PruneReport, told: &(dyn Fn(Pruned) + Send + Sync)) {
    let name = &planned.name;
    let mut tagged = HashSet::new();
    for (tag, verdict) in &planned.plan.tags {
        match verdict {
            Verdict::Stays(_) => report.kept += 1,
            Verdict::Goes(..) => {
                report.tags += 1;
                tagged.insert(tag.digest);
            }
        }
        let judged = Box::new((tag.clone(), verdict.clone()));
        told(Pruned::Tag(name.clone(), judged));
    }
    for digest in &planned.plan.manifests {
        report.manifests += 1;
        if !tagged.contains(digest) {
            told(Pruned::Manifest(name.clone(), *digest));
        }
    }
}

/// What goes, by what comes back together: each manifest that has a tag with all that it brings
/// along; tags whose manifests stay by themselves.
fn bundles(holdings: &Holdings, plan: &RetentionPlan) -> Vec<Bundle> {
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
    for tag in plan.going() {
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
    // Roots first: what another one brings along goes with it.
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
            bundle.manifests.push(digest);
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
