//! Which tags of a repository go by a retention rule, which manifests go with them, and why.
//!
//! Pure: what a repository holds goes in, a plan comes out. A tag goes when everything that the rule
//! gives says so. A manifest goes only when nothing that stays holds it: no tag, no index, no
//! subject; so it is the digest that counts, whatever other names of it go. Tags by which clients
//! attach something to another manifest (`sha256-<hex>`, with or without a suffix) follow that one.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::clock::Millis;
use crate::index::{HeldTag, Holdings};
use crate::oci::{Digest, Repository, Tag};

/// What a retention rule says, as it was written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RuleTerms {
    /// Patterns of repository names.
    pub repositories: Vec<String>,
    /// How many tags stay, those that were pushed last.
    pub keep_last: Option<usize>,
    /// Only tags that were pushed longer ago go.
    pub older_than: Option<Millis>,
    /// Only tags that match one of these go; all, when there are none.
    pub matching: Vec<String>,
    /// Tags that match one of these stay.
    pub exclude: Vec<String>,
    /// Only tags that nobody has pulled for so long go.
    pub not_pulled_for: Option<Millis>,
    /// Whether all tags of a repository may go.
    pub all: bool,
}

/// A retention rule, ready to judge.
#[derive(Debug, Clone)]
pub struct Rule {
    terms: RuleTerms,
    repositories: GlobSet,
    matching: GlobSet,
    exclude: GlobSet,
}

/// Why something stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keeps {
    /// The rule is not about tags of such a name.
    NoMatch,
    /// The rule leaves out tags of such a name: the pattern.
    Excluded(String),
    /// It is among the last so many.
    AmongLast(usize),
    /// It was pushed at this time, and has to be older than so many milliseconds.
    PushedAt(Millis, Millis),
    /// It was pulled at this time, and has to be unused for so many milliseconds.
    PulledAt(Millis, Millis),
    /// It belongs to a manifest that stays.
    Subject(Digest),
    /// A manifest of the repository could not be parsed, so that nobody knows what it holds.
    Unreadable,
}

/// Why something goes. What is not given was not asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Goes {
    /// It is not among the last so many.
    pub beyond_last: Option<usize>,
    /// It was pushed at this time, longer ago than so many milliseconds.
    pub pushed_at: Option<(Millis, Millis)>,
    /// It was last pulled at this time, or never, and not for so many milliseconds.
    pub pulled_at: Option<(Option<Millis>, Millis)>,
    /// It belongs to a manifest that goes or has gone.
    pub subject: Option<Digest>,
}

/// What holds a manifest whose tag goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// Another tag.
    Tag(Tag),
    /// An index that stays.
    Index(Digest),
    /// The manifest that it refers to.
    Subject(Digest),
}

/// What is to happen to a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It stays.
    Stays(Keeps),
    /// It goes; its manifest stays where something holds that.
    Goes(Goes, Option<Holder>),
}

/// What a rule comes to in one repository.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RetentionPlan {
    /// Its tags, the last pushed first.
    pub tags: Vec<(HeldTag, Verdict)>,
    /// The manifests that go, with and without a tag.
    pub manifests: Vec<Digest>,
    /// Whether no tag would be left.
    pub takes_everything: bool,
}

impl RetentionPlan {
    /// Whether nothing goes.
    pub fn is_empty(&self) -> bool {
        self.going().next().is_none()
    }

    /// The tags that go.
    pub fn going(&self) -> impl Iterator<Item = &HeldTag> {
        self.tags.iter().filter_map(|(tag, verdict)| match verdict {
            Verdict::Goes(..) => Some(tag),
            Verdict::Stays(_) => None,
        })
    }
}

impl Rule {
    /// Reads the patterns of a rule.
    pub fn new(terms: RuleTerms) -> Result<Self, globset::Error> {
        let set = |patterns: &[String], separator: bool| {
            let mut set = GlobSetBuilder::new();
            for pattern in patterns {
                let mut glob = GlobBuilder::new(pattern);
                set.add(glob.literal_separator(separator).build()?);
            }
            set.build()
        };
        Ok(Self {
            repositories: set(&terms.repositories, true)?,
            matching: set(&terms.matching, false)?,
            exclude: set(&terms.exclude, false)?,
            terms,
        })
    }

    /// Whether all tags of a repository may go.
    pub fn may_take_everything(&self) -> bool {
        self.terms.all
    }

    /// Whether the rule is about a repository.
    pub fn concerns(&self, repository: &Repository) -> bool {
        self.repositories.is_match(repository.as_str())
    }

    /// Judges a repository.
    pub fn plan(&self, holdings: &Holdings, now: Millis) -> RetentionPlan {
        let mut tags = holdings.tags.clone();
        tags.sort_by_key(|tag| (Reverse(tag.updated_at), tag.name.clone()));
        let there: HashSet<Digest> = holdings.manifests.iter().map(|one| one.digest).collect();
        let mut seen = 0;
        let mut verdicts: Vec<(HeldTag, Option<Verdict>)> = Vec::with_capacity(tags.len());
        for tag in tags {
            let attached = subject_of(&tag.name);
            let verdict = match attached {
                // Decided when it is known whether its subject stays.
                Some(subject) if there.contains(&subject) => None,
                _ => Some(self.judge(&tag, attached, holdings.readable, now, &mut seen)),
            };
            verdicts.push((tag, verdict));
        }
        let mut graph = Graph::of(holdings);
        let staying = |verdict: &Option<Verdict>| matches!(verdict, Some(Verdict::Stays(_)));
        for (tag, _) in verdicts.iter().filter(|(_, verdict)| staying(verdict)) {
            graph.keep(tag.digest, Some(Holder::Tag(tag.name.clone())));
        }
        graph.keep_what_no_tag_leads_to();
        // What is attached to an attachment may come in any order: until nothing changes.
        loop {
            let mut changed = false;
            for (tag, verdict) in verdicts.iter_mut().filter(|(_, verdict)| verdict.is_none()) {
                if let Some(subject) = subject_of(&tag.name).filter(|one| graph.stays(one)) {
                    *verdict = Some(Verdict::Stays(Keeps::Subject(subject)));
                    graph.keep(tag.digest, Some(Holder::Tag(tag.name.clone())));
                    changed = true;
                }
            }
            if !changed {
                break;
            }
        }
        let tags: Vec<(HeldTag, Verdict)> = verdicts
            .into_iter()
            .map(|(tag, verdict)| {
                let verdict = match verdict {
                    Some(Verdict::Stays(why)) => Verdict::Stays(why),
                    Some(Verdict::Goes(why, _)) => Verdict::Goes(why, graph.holder(&tag.digest)),
                    None => {
                        let why = Goes {
                            subject: subject_of(&tag.name),
                            ..Goes::default()
                        };
                        Verdict::Goes(why, graph.holder(&tag.digest))
                    }
                };
                (tag, verdict)
            })
            .collect();
        let stays = |(_, verdict): &(HeldTag, Verdict)| matches!(verdict, Verdict::Stays(_));
        RetentionPlan {
            takes_everything: !tags.is_empty() && !tags.iter().any(stays),
            manifests: graph.gone(),
            tags,
        }
    }

    /// Judges one tag by its own; `seen` counts those that a limit is about.
    fn judge(
        &self,
        tag: &HeldTag,
        attached: Option<Digest>,
        readable: bool,
        now: Millis,
        seen: &mut usize,
    ) -> Verdict {
        let name = tag.name.as_str();
        if !self.matching.is_empty() && !self.matching.is_match(name) {
            return Verdict::Stays(Keeps::NoMatch);
        }
        if let Some(first) = self.exclude.matches(name).first() {
            let pattern = self.terms.exclude.get(*first).cloned();
            return Verdict::Stays(Keeps::Excluded(pattern.unwrap_or_default()));
        }
        let mut why = Goes {
            subject: attached,
            ..Goes::default()
        };
        if let Some(limit) = self.terms.keep_last
            && attached.is_none()
        {
            *seen += 1;
            if *seen <= limit {
                return Verdict::Stays(Keeps::AmongLast(limit));
            }
            why.beyond_last = Some(limit);
        }
        if let Some(age) = self.terms.older_than {
            if tag.updated_at > now.saturating_sub(age) {
                return Verdict::Stays(Keeps::PushedAt(tag.updated_at, age));
            }
            why.pushed_at = Some((tag.updated_at, age));
        }
        if let Some(age) = self.terms.not_pulled_for {
            // One that was never pulled counts from its push.
            let used = tag
                .pulled_at
                .map_or(tag.updated_at, |at| at.max(tag.updated_at));
            if used > now.saturating_sub(age) {
                return Verdict::Stays(match tag.pulled_at {
                    Some(at) if at >= tag.updated_at => Keeps::PulledAt(at, age),
                    _ => Keeps::PushedAt(tag.updated_at, age),
                });
            }
            why.pulled_at = Some((tag.pulled_at, age));
        }
        if !readable {
            return Verdict::Stays(Keeps::Unreadable);
        }
        Verdict::Goes(why, None)
    }
}

/// The manifest that a tag belongs to by its name (OCI distribution specification, "Referrers Tag
/// Schema", and the suffixes of cosign).
pub(super) fn subject_of(tag: &Tag) -> Option<Digest> {
    let rest = tag.as_str().strip_prefix("sha256-")?;
    let (hex, suffix) = rest.split_at_checked(64)?;
    if !(suffix.is_empty() || suffix.starts_with('.')) {
        return None;
    }
    format!("sha256:{hex}").parse().ok()
}

/// What holds what in a repository, and what of it stays.
struct Graph<'a> {
    /// What a manifest holds: the children of an index, and those that refer to it.
    holds: HashMap<Digest, Vec<(Digest, Holder)>>,
    /// What has a tag, an index or a subject that is there.
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

    /// Keeps a manifest and all that it holds.
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

    /// Manifests that were on their own before are none of a rule's business.
    fn keep_what_no_tag_leads_to(&mut self) {
        let manifests = self.holdings.manifests.iter();
        let alone: Vec<Digest> = manifests
            .map(|manifest| manifest.digest)
            .filter(|digest| !self.held.contains(digest))
            .collect();
        for digest in alone {
            self.keep(digest, None);
        }
    }

    fn stays(&self, digest: &Digest) -> bool {
        self.kept.contains_key(digest)
    }

    /// What holds a manifest that stays.
    fn holder(&self, digest: &Digest) -> Option<Holder> {
        self.kept.get(digest).cloned().flatten()
    }

    fn gone(&self) -> Vec<Digest> {
        let manifests = self.holdings.manifests.iter().map(|one| one.digest);
        manifests.filter(|digest| !self.stays(digest)).collect()
    }
}
