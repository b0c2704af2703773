//! Evaluates a retention rule for one repository: the tags and manifests to delete, and the
//! reasons.
//!
//! Pure: the contents of a repository in, a plan out. A tag is deleted if it meets every condition
//! of the rule. A manifest is deleted only if no retained tag, index or subject holds it. Tags by
//! which clients attach something to another manifest (`sha256-<hex>`, with or without a suffix)
//! follow that manifest.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use serde::{Deserialize, Serialize};

use crate::clock::Millis;
use crate::index::{Holdings, RepositoryTag};
use crate::oci::{Digest, Repository, RetentionRule, RuleError, Tag};

/// A retention rule with its patterns compiled.
#[derive(Debug, Clone)]
pub struct Rule {
    pub(super) written: RetentionRule,
    pub(super) repositories: GlobSet,
    pub(super) matching: GlobSet,
    pub(super) exclude: GlobSet,
}

/// Why a rule can't be applied.
#[derive(Debug, Clone, thiserror::Error)]
pub enum InvalidRule {
    /// The rule is invalid, apart from its wildcards.
    #[error(transparent)]
    Rule(#[from] RuleError),
    /// The wildcards of a pattern are malformed.
    #[error(transparent)]
    Wildcards(#[from] globset::Error),
}

/// Why a tag is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeepReason {
    /// The rule does not apply to tags of this name.
    NoMatch,
    /// The rule excludes tags of this name; the pattern.
    Excluded(String),
    /// It is among this many most recently pushed tags.
    AmongLast(u32),
    /// It was pushed at this time, which is in the future: the clock was wrong then. It does not
    /// count among the last, so that it displaces no other tag.
    PushedAhead(Millis),
    /// It was pushed at this time; the minimum age in milliseconds.
    PushedAt(Millis, Millis),
    /// It was pulled at this time; the minimum time without pulls in milliseconds.
    PulledAt(Millis, Millis),
    /// Its name attaches it to a manifest that is kept.
    Subject(Digest),
    /// A manifest of the repository could not be parsed, so that its references are unknown.
    Unreadable,
}

/// Why a tag is deleted. Conditions that the rule does not have are absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DeleteReasons {
    /// It is not among this many most recently pushed tags.
    pub beyond_last: Option<u32>,
    /// The time of its push; the minimum age in milliseconds.
    pub pushed_at: Option<(Millis, Millis)>,
    /// The time of its last pull, if any; the minimum time without pulls in milliseconds.
    pub pulled_at: Option<(Option<Millis>, Millis)>,
    /// Its name attaches it to a manifest that is deleted or absent.
    pub subject: Option<Digest>,
}

/// What holds a manifest whose tag is deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Holder {
    /// Another tag.
    Tag(Tag),
    /// An index that is kept.
    Index(Digest),
    /// Its subject.
    Subject(Digest),
}

/// The decision about a tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// The tag is kept.
    Keep(KeepReason),
    /// The tag is deleted; if something holds its manifest, that is kept.
    Delete(DeleteReasons, Option<Holder>),
}

/// The plan for one repository.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RetentionPlan {
    /// Its tags, the last pushed first.
    pub tags: Vec<(RepositoryTag, Decision)>,
    /// The manifests that are deleted, with and without a tag.
    pub manifests: Vec<Digest>,
    /// Whether every tag is deleted.
    pub deletes_every_tag: bool,
}

impl RetentionPlan {
    /// Whether nothing is deleted.
    pub fn is_empty(&self) -> bool {
        self.deleted().next().is_none()
    }

    /// The tags that are deleted.
    pub fn deleted(&self) -> impl Iterator<Item = &RepositoryTag> {
        self.tags
            .iter()
            .filter_map(|(tag, decision)| match decision {
                Decision::Delete(..) => Some(tag),
                Decision::Keep(_) => None,
            })
    }
}

impl Rule {
    /// Checks a rule and compiles its patterns.
    pub fn new(rule: RetentionRule) -> Result<Self, InvalidRule> {
        rule.check()?;
        let set = |patterns: &[String], separator: bool| {
            let mut set = GlobSetBuilder::new();
            for pattern in patterns {
                let mut glob = GlobBuilder::new(pattern);
                set.add(glob.literal_separator(separator).build()?);
            }
            set.build()
        };
        Ok(Self {
            repositories: set(&rule.repositories, true)?,
            matching: set(&rule.matching, false)?,
            exclude: set(&rule.exclude, false)?,
            written: rule,
        })
    }

    /// Whether it may delete all tags of a repository.
    pub fn may_delete_every_tag(&self) -> bool {
        self.written.all
    }

    /// Whether the rule applies to a repository.
    pub fn applies_to(&self, repository: &Repository) -> bool {
        self.repositories.is_match(repository.as_str())
    }

    /// Evaluates the rule for a repository.
    pub fn plan(&self, holdings: &Holdings, now: Millis) -> RetentionPlan {
        let mut tags = holdings.tags.clone();
        tags.sort_by_key(|tag| (Reverse(tag.updated_at), tag.name.clone()));
        let there: HashSet<Digest> = holdings.manifests.iter().map(|one| one.digest).collect();
        let mut seen = 0;
        let mut decisions: Vec<(RepositoryTag, Option<Decision>)> = Vec::with_capacity(tags.len());
        for tag in tags {
            let attached = subject_of(&tag.name);
            let decision = match attached {
                // Decided below, once it is known whether its subject is retained.
                Some(subject) if there.contains(&subject) => None,
                _ => Some(self.decide(&tag, attached, holdings.readable, now, &mut seen)),
            };
            decisions.push((tag, decision));
        }
        let mut graph = Graph::of(holdings);
        let is_kept = |decision: &Option<Decision>| matches!(decision, Some(Decision::Keep(_)));
        for (tag, _) in decisions.iter().filter(|(_, decision)| is_kept(decision)) {
            graph.keep(tag.digest, Some(Holder::Tag(tag.name.clone())));
        }
        graph.keep_unattached();
        // Attachments can have attachments, in any order: repeat until nothing changes.
        loop {
            let mut changed = false;
            for (tag, decision) in decisions
                .iter_mut()
                .filter(|(_, decision)| decision.is_none())
            {
                if let Some(subject) = subject_of(&tag.name).filter(|one| graph.is_kept(one)) {
                    *decision = Some(Decision::Keep(KeepReason::Subject(subject)));
                    graph.keep(tag.digest, Some(Holder::Tag(tag.name.clone())));
                    changed = true;
                }
            }
            if !changed {
                break;
            }
        }
        let tags: Vec<(RepositoryTag, Decision)> = decisions
            .into_iter()
            .map(|(tag, decision)| {
                let decision = match decision {
                    Some(Decision::Keep(why)) => Decision::Keep(why),
                    Some(Decision::Delete(why, _)) => {
                        Decision::Delete(why, graph.holder(&tag.digest))
                    }
                    None => {
                        let why = DeleteReasons {
                            subject: subject_of(&tag.name),
                            ..DeleteReasons::default()
                        };
                        Decision::Delete(why, graph.holder(&tag.digest))
                    }
                };
                (tag, decision)
            })
            .collect();
        let is_kept =
            |(_, decision): &(RepositoryTag, Decision)| matches!(decision, Decision::Keep(_));
        RetentionPlan {
            deletes_every_tag: !tags.is_empty() && !tags.iter().any(is_kept),
            manifests: graph.deleted(),
            tags,
        }
    }

    /// Decides about one tag without its attachments; `seen` counts the tags that `keep_last`
    /// counts.
    fn decide(
        &self,
        tag: &RepositoryTag,
        attached: Option<Digest>,
        readable: bool,
        now: Millis,
        seen: &mut u32,
    ) -> Decision {
        let name = tag.name.as_str();
        if !self.matching.is_empty() && !self.matching.is_match(name) {
            return Decision::Keep(KeepReason::NoMatch);
        }
        if let Some(first) = self.exclude.matches(name).first() {
            let pattern = self.written.exclude.get(*first).cloned();
            return Decision::Keep(KeepReason::Excluded(pattern.unwrap_or_default()));
        }
        let mut why = DeleteReasons {
            subject: attached,
            ..DeleteReasons::default()
        };
        if let Some(limit) = self.written.keep_last
            && attached.is_none()
        {
            if tag.updated_at > now {
                return Decision::Keep(KeepReason::PushedAhead(tag.updated_at));
            }
            *seen += 1;
            if *seen <= limit {
                return Decision::Keep(KeepReason::AmongLast(limit));
            }
            why.beyond_last = Some(limit);
        }
        if let Some(age) = self.written.older_than {
            if tag.updated_at > now.saturating_sub(age) {
                return Decision::Keep(KeepReason::PushedAt(tag.updated_at, age));
            }
            why.pushed_at = Some((tag.updated_at, age));
        }
        if let Some(age) = self.written.not_pulled_for {
            // A tag that was never pulled counts as pulled when it was pushed.
            let used = tag
                .pulled_at
                .map_or(tag.updated_at, |at| at.max(tag.updated_at));
            if used > now.saturating_sub(age) {
                return Decision::Keep(match tag.pulled_at {
                    Some(at) if at >= tag.updated_at => KeepReason::PulledAt(at, age),
                    _ => KeepReason::PushedAt(tag.updated_at, age),
                });
            }
            why.pulled_at = Some((tag.pulled_at, age));
        }
        if !readable {
            return Decision::Keep(KeepReason::Unreadable);
        }
        Decision::Delete(why, None)
    }
}

/// The subject of a tag by its name (OCI distribution specification, "Referrers Tag Schema", and
/// cosign's suffixes).
pub(super) fn subject_of(tag: &Tag) -> Option<Digest> {
    let rest = tag.as_str().strip_prefix("sha256-")?;
    let (hex, suffix) = rest.split_at_checked(64)?;
    if !(suffix.is_empty() || suffix.starts_with('.')) {
        return None;
    }
    format!("sha256:{hex}").parse().ok()
}

/// The manifests of a repository, what each holds, and which are retained.
struct Graph<'a> {
    /// The manifests that a manifest holds: the children of an index, and its referrers.
    holds: HashMap<Digest, Vec<(Digest, Holder)>>,
    /// Manifests with a tag, a parent index or a present subject.
    held: HashSet<Digest>,
    kept: HashMap<Digest, Option<Holder>>,
    holdings: &'a Holdings,
}

impl<'a> Graph<'a> {
    fn of(holdings: &'a Holdings) -> Self {
        let there: HashSet<Digest> = holdings.manifests.iter().map(|one| one.digest).collect();
        let mut holds: HashMap<Digest, Vec<(Digest, Holder)>> = HashMap::new();
        let mut held: HashSet<Digest> = holdings.tags.iter().map(|tag| tag.digest).collect();
        for (index, child) in &holdings.children {
            if there.contains(child) {
                held.insert(*child);
                let entry = holds.entry(*index).or_default();
                entry.push((*child, Holder::Index(*index)));
            }
        }
        for manifest in &holdings.manifests {
            if let Some(subject) = manifest.subject.filter(|one| there.contains(one)) {
                held.insert(manifest.digest);
                let entry = holds.entry(subject).or_default();
                entry.push((manifest.digest, Holder::Subject(subject)));
            }
        }
        Self {
            holds,
            held,
            kept: HashMap::new(),
            holdings,
        }
    }

    /// Retains a manifest and everything that it holds.
    fn keep(&mut self, digest: Digest, holder: Option<Holder>) {
        let mut next = vec![(digest, holder)];
        while let Some((digest, holder)) = next.pop() {
            if self.kept.contains_key(&digest) {
                continue;
            }
            self.kept.insert(digest, holder);
            let held = self.holds.get(&digest).into_iter().flatten();
            next.extend(held.map(|(held, by)| (*held, Some(by.clone()))));
        }
    }

    /// Manifests without tag, parent or subject are left alone; `gc --untagged` is for them.
    fn keep_unattached(&mut self) {
        let manifests = self.holdings.manifests.iter();
        let alone: Vec<Digest> = manifests
            .map(|manifest| manifest.digest)
            .filter(|digest| !self.held.contains(digest))
            .collect();
        for digest in alone {
            self.keep(digest, None);
        }
    }

    fn is_kept(&self, digest: &Digest) -> bool {
        self.kept.contains_key(digest)
    }

    /// What holds a retained manifest.
    fn holder(&self, digest: &Digest) -> Option<Holder> {
        self.kept.get(digest).cloned().flatten()
    }

    fn deleted(&self) -> Vec<Digest> {
        let manifests = self.holdings.manifests.iter().map(|one| one.digest);
        manifests.filter(|digest| !self.is_kept(digest)).collect()
    }
}
