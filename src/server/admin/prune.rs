//! Retention: rules as words into rules that judge, and what they come to in sentences.

use super::lines;
use super::operate::{Administration, Told, failure};
use super::words::{Event, Failure, FailureKind, Line, PruneRule, Pruned, Thing};
use crate::clock::Millis;
use crate::config::RetentionRule;
use crate::registry::{self, Rule, RuleTerms, Verdict};

impl Administration {
    /// Goes by a rule that somebody typed.
    pub(super) async fn prune(
        &self,
        rule: PruneRule,
        dry_run: bool,
        told: Told<'_>,
    ) -> Result<Pruned, Failure> {
        self.go_by(rule, dry_run, true, told).await
    }

    /// Goes by a rule of the configuration: repositories that it would empty are left as they are.
    pub(in crate::server) async fn retain(
        &self,
        rule: &RetentionRule,
        told: Told<'_>,
    ) -> Result<Pruned, Failure> {
        let age =
            |age: std::time::Duration| Millis::try_from(age.as_millis()).unwrap_or(Millis::MAX);
        let rule = PruneRule {
            repositories: rule.repositories.clone(),
            keep_last: rule.keep_last,
            older_than: rule.older_than.map(age),
            matching: rule.matching.clone(),
            exclude: rule.exclude.clone(),
            not_pulled_for: rule.not_pulled_for.map(age),
            all: rule.all,
        };
        self.go_by(rule, false, false, told).await
    }

    async fn go_by(
        &self,
        rule: PruneRule,
        dry_run: bool,
        strictly: bool,
        told: Told<'_>,
    ) -> Result<Pruned, Failure> {
        let rule = Rule::new(RuleTerms {
            repositories: rule.repositories,
            keep_last: rule
                .keep_last
                .map(|count| usize::try_from(count).unwrap_or(usize::MAX)),
            older_than: rule.older_than,
            matching: rule.matching,
            exclude: rule.exclude,
            not_pulled_for: rule.not_pulled_for,
            all: rule.all,
        });
        let rule = rule.map_err(|error| {
            let hint = "quote a pattern like 'team/*' or 'v1.*'";
            Failure::new(FailureKind::Usage, format!("{error}; hint: {hint}"))
        })?;
        let tell = |pruned| told(line(pruned));
        let report = self.registry.prune(&rule, dry_run, strictly, &tell).await;
        let report = report.map_err(|error| failure(&error))?;
        Ok(Pruned {
            repositories: report.repositories,
            tags: report.tags,
            manifests: report.manifests,
            kept: report.kept,
            emptied: report.emptied,
            until: report.until,
        })
    }
}

fn line(pruned: registry::Pruned) -> Event {
    let line = |thing, name, repository, why| Line {
        thing,
        name,
        repository: Some(repository),
        bytes: None,
        until: None,
        why,
    };
    match pruned {
        registry::Pruned::Tag(repository, judged) => {
            let (tag, verdict) = *judged;
            let name = format!("{repository}:{}", tag.name);
            match verdict {
                Verdict::Stays(why) => {
                    Event::Stays(line(Thing::Tag, name, repository, lines::keeps(&why)))
                }
                Verdict::Goes(why, holder) => {
                    let why = lines::goes(&why, &tag.digest, holder.as_ref());
                    Event::Goes(line(Thing::Tag, name, repository, why))
                }
            }
        }
        registry::Pruned::Manifest(repository, digest) => {
            let name = format!("{repository}@{digest}");
            let why = "nothing holds it any more".to_owned();
            Event::Goes(line(Thing::Manifest, name, repository, why))
        }
    }
}
