//! The retention rules as sentences, and what each would delete now.

use http::Method;
use maud::{Markup, html};
use parking_lot::Mutex;

use super::collection::PATH;
use super::frame::Frame;
use super::source::{RepositoryQuery, RepositorySort};
use super::{Fault, Pages, Request, format, reasons, refusals, rule_form};
use crate::admin::{
    Decision, Entry, Failure, ListedRule, Operation, PruneEntry, PruneReport, RetentionRules,
};
use crate::oci::{Action, Reference, RetentionRule, Visibility};

/// Maximum number of listed deletions of a rule.
const SHOWN: usize = 50;
/// Maximum number of repositories times rules for which all effects are shown at once.
const QUICK: u64 = 2000;

/// A rule as a sentence.
pub(super) fn sentence(frame: &Frame<'_>, rule: &RetentionRule) -> String {
    let text = frame.upkeep;
    let period = |age| format::period(frame.language, age);
    let list = |patterns: &[String]| patterns.join(text.or);
    let mut conditions = Vec::new();
    if !rule.matching.is_empty() {
        conditions.push(text.rule_matching.replace("{}", &list(&rule.matching)));
    }
    if let Some(age) = rule.older_than {
        conditions.push(text.rule_older.replace("{}", &period(age)));
    }
    if let Some(age) = rule.not_pulled_for {
        conditions.push(text.rule_unpulled.replace("{}", &period(age)));
    }
    if let Some(count) = rule.keep_last {
        let count = format::number(count.into());
        conditions.push(text.rule_beyond.replace("{}", &count));
    }
    if !rule.exclude.is_empty() {
        conditions.push(text.rule_except.replace("{}", &list(&rule.exclude)));
    }
    let (comma, stop) = match frame.language {
        super::text::Language::English => (", ", ". "),
        super::text::Language::Chinese => ("，", "。"),
    };
    let all = if rule.all {
        text.rule_all
    } else {
        text.rule_not_all
    };
    let place = text.rule_in.replace("{}", &list(&rule.repositories));
    format!("{place} {}{stop}{all}", conditions.join(comma))
}

/// What a rule would delete now.
pub(super) struct Effect {
    report: PruneReport,
    /// The first of the deletions.
    entries: Vec<PruneEntry>,
}

/// Evaluates a rule without deleting anything.
pub(super) async fn effect(
    pages: &Pages,
    request: &Request,
    rule: &RetentionRule,
) -> Result<Result<Effect, Failure>, Fault> {
    let entries = Mutex::new(Vec::new());
    let listener = |entry: Entry| {
        let is_deletion = match &entry {
            Entry::Prune(PruneEntry::Tag { decision, .. }) => {
                matches!(**decision, Decision::Delete(..))
            }
            Entry::Prune(PruneEntry::Manifest { .. }) => true,
            _ => false,
        };
        if let Entry::Prune(entry) = entry
            && is_deletion
        {
            let mut entries = entries.lock();
            if entries.len() < SHOWN {
                entries.push(entry);
            }
        }
    };
    let operation = Operation::Prune {
        rule: rule.clone(),
        dry_run: true,
        lenient: true,
    };
    let done = pages
        .execute(request, &Action::Inspect, operation, &listener)
        .await?;
    let report = done.and_then(PruneReport::try_from);
    Ok(report.map(|report| Effect {
        report,
        entries: entries.into_inner(),
    }))
}

/// The rules, with the form for another; the effect of a rule is shown if reading it is quick, or if
/// the query asks for it.
pub(super) async fn rules(
    pages: &Pages,
    request: &Request,
    frame: &Frame<'_>,
    listed: &RetentionRules,
) -> Result<Markup, Fault> {
    let text = frame.upkeep;
    let asked: Option<usize> = request.fields().text("rule").parse().ok();
    let all_effects = effects_are_quick(pages, request, listed.rules.len()).await?;
    let mut items = Vec::new();
    for (number, listed) in listed.rules.iter().enumerate() {
        let shown = match &listed.rule {
            Some(rule) if all_effects || asked == Some(number) => {
                Some(effect(pages, request, rule).await?)
            }
            _ => None,
        };
        items.push(html! {
            li id=(format!("rule-{number}")) {
                @match (&listed.rule, &shown) {
                    (None, _) => p class="notice bad" { (text.rule_unreadable) },
                    (Some(rule), shown) => {
                        p { (sentence(frame, rule)) }
                        @match shown {
                            Some(Ok(effect)) => (effect_text(frame, effect)),
                            Some(Err(failure)) => p class="notice bad" { (refusals::refusal(frame.account, failure)) },
                            None => p { a href=(frame.links.path(&format!("{PATH}?rule={number}#rule-{number}"))) {
                                (text.show_effect)
                            } },
                        }
                    },
                }
                (origin(pages, frame, listed))
            }
        });
    }
    let place = if listed.applies {
        text.rules_scheduled
    } else {
        text.rules_unscheduled
    };
    let form = rule_form::form(pages, request, frame, listed.applies).await?;
    Ok(html! {
        @if items.is_empty() { p { (text.no_rules) } }
        @else { p class="dim" { (place) } ul class="rules" { @for item in items { (item) } } }
        (form)
    })
}

/// Whether the effects of this many rules are shown without being asked for.
async fn effects_are_quick(pages: &Pages, request: &Request, rules: usize) -> Result<bool, Fault> {
    if rules == 0 || request.method != Method::GET {
        return Ok(false);
    }
    let all = RepositoryQuery {
        term: String::new(),
        namespace: None,
        sort: RepositorySort::Name,
        skip: 0,
        limit: 1,
    };
    let everything = Visibility::Everything;
    let found = pages
        .source(request)
        .repositories(&everything, &all)
        .await?;
    let (repositories, is_exact) = found.total;
    Ok(is_exact && repositories.saturating_mul(rules as u64) <= QUICK)
}

/// Where a rule comes from; for a saved one, the button that removes it.
fn origin(pages: &Pages, frame: &Frame<'_>, listed: &ListedRule) -> Markup {
    let text = frame.upkeep;
    let (Some(id), Some(at)) = (listed.id, listed.saved_at) else {
        let file = match &pages.settings.upkeep.file {
            Some(file) => file.display().to_string(),
            None => text.the_configuration.to_owned(),
        };
        return html! { p class="dim" { (text.rule_configured.replace("{}", &file)) } };
    };
    let number = id.to_string();
    let by = listed.saved_by.as_deref().unwrap_or_default();
    html! {
        form class="actions" method="post" action=(frame.links.path(PATH)) {
            (frame.form_token())
            input type="hidden" name="id" value=(number);
            span class="dim" {
                (text.rule_saved_by.replacen("{}", &number, 1).replacen("{}", by, 1))
                (format::age(frame.language, at, frame.now))
            }
            @if !pages.settings.browse_only {
                button type="submit" name="do" value="remove-rule"
                    aria-label=(format!("{} {number}", text.remove_rule)) { (text.remove_rule) }
            }
        }
    }
}

/// The effect of a rule, in words and as a list.
pub(super) fn effect_text(frame: &Frame<'_>, effect: &Effect) -> Markup {
    let text = frame.upkeep;
    let Effect { report, entries } = effect;
    let deletes = report.tags > 0 || report.manifests > 0;
    let count = text
        .rule_effect
        .replacen("{}", &format::number(report.repositories), 1)
        .replacen("{}", &format::number(report.tags), 1)
        .replacen("{}", &format::number(report.manifests), 1);
    let names = report.emptied.iter().take(SHOWN).map(ToString::to_string);
    let more = (report.tags + report.manifests).saturating_sub(entries.len() as u64);
    html! {
        p { @if deletes { (count) } @else { (text.rule_nothing) } }
        @if !report.emptied.is_empty() {
            p { (text.rule_emptied.replace("{}", &names.collect::<Vec<_>>().join(", "))) }
        }
        @if !report.unmatched.is_empty() {
            p { (text.rule_unmatched.replace("{}", &report.unmatched.join(", "))) }
        }
        @if !entries.is_empty() {
            details {
                summary { (text.show_effect_list) }
                div class="scroll" { table class="list" {
                    thead { tr {
                        th scope="col" { (frame.text.what) }
                        th scope="col" { (text.why) }
                    } }
                    tbody { @for entry in entries { (row(frame, entry)) } }
                } }
                @if entries.len() == SHOWN && more > 0 {
                    p { (frame.account.and_more.replace("{}", &format::number(more))) }
                }
            }
        }
    }
}

fn row(frame: &Frame<'_>, entry: &PruneEntry) -> Markup {
    let text = frame.upkeep;
    let (reference, why) = match entry {
        PruneEntry::Tag {
            repository,
            tag,
            decision,
            ..
        } => {
            let why = match &**decision {
                Decision::Delete(reasons, holder) => {
                    reasons::deleted(frame, reasons, holder.as_ref())
                }
                Decision::Keep(_) => String::new(),
            };
            ((repository, Reference::Tag(tag.clone())), why)
        }
        PruneEntry::Manifest { repository, digest } => (
            (repository, Reference::Digest(*digest)),
            text.untagged_manifest.to_owned(),
        ),
    };
    let (name, reference) = reference;
    html! {
        tr {
            th scope="row" { a href=(frame.links.image(name, &reference)) {
                @match &reference {
                    Reference::Tag(tag) => { (name) ":" (tag) },
                    Reference::Digest(digest) => { (name) "@" (super::tags::short(digest)) },
                }
            } }
            td data-label=(text.why) { (why) }
        }
    }
}
