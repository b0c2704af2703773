//! Collection and retention, for administrators: what a collection would delete and why, a run with
//! its progress, the last runs, the retention rules with their effect, the trash.
//!
//! A run does not depend on the page. A browser with scripts requests its progress; one without
//! reloads the page until the run has ended.

use std::time::Duration;

use http::{Method, StatusCode};
use maud::{Markup, html};
use parking_lot::Mutex;

use super::frame::Frame;
use super::reasons::{self, Line};
use super::request::Fields;
use super::{
    Answer, Fault, Pages, Request, format, html as answer, moved, refusals, restore, retention,
    rule_form, runs,
};
use crate::admin::{
    self, CollectEntry, CollectOptions, CollectReport, CollectionStatus, Entry, Failure, Operation,
    Reason, Report, RetentionRules, Trash, Trashed,
};
use crate::clock::Millis;
use crate::oci::Action;

pub(super) const PATH: &str = "/collection";
/// Maximum number of listed deletions, and of listed objects that are kept for now.
const SHOWN: usize = 200;
/// Maximum number of listed deletions in the trash.
const TRASH: usize = 50;
/// Milliseconds of a day.
pub(super) const DAY: Millis = 24 * 60 * 60 * 1000;
/// How long a form waits for a run to end or to be refused, before the page shows its progress.
const PATIENCE: Duration = Duration::from_millis(500);

/// The options in a form.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Terms {
    /// Minimum number of days since the push of untagged images; `None`: they are kept.
    untagged: Option<i64>,
    empty_trash: bool,
}

impl Terms {
    /// `None` if the form requests untagged images without a valid number of days, so that none are
    /// deleted by mistake.
    fn of_form(fields: &Fields) -> Option<Self> {
        let untagged = if fields.text("untagged") == "1" {
            let days: u16 = fields.text("days").parse().ok()?;
            Some(i64::from(days))
        } else {
            None
        };
        Some(Self {
            untagged,
            empty_trash: fields.text("empty-trash") == "1",
        })
    }

    /// The options of the scheduled collection.
    fn of_schedule(untagged: Option<Millis>) -> Self {
        Self {
            untagged: untagged.map(|age| age.div_euclid(DAY) + i64::from(age % DAY > 0)),
            empty_trash: false,
        }
    }

    fn operation(&self, dry_run: bool) -> Operation {
        Operation::Collect(CollectOptions {
            dry_run,
            untagged: self.untagged.map(|days| days * DAY),
            empty_trash: self.empty_trash,
            end_leases: false,
        })
    }
}

/// Answers `/collection`.
pub(super) async fn page(pages: &Pages, request: &Request) -> Result<Answer, Fault> {
    let registry = pages.administering(request, &Action::Inspect).await?;
    let query = request.fields();
    if query.text("part") == "progress" {
        let status = registry.collection_status().await?;
        let frame = Frame::new(pages, request);
        return Ok(runs::part(&frame, status.running));
    }
    let mut terms = Terms::of_schedule(pages.settings.upkeep.untagged);
    let mut refusal = None;
    let base = &pages.settings.base;
    let language = request.language();
    let (text, words) = (language.upkeep_text(), language.account_text());
    if request.method == Method::POST {
        let fields = Fields::parse(&request.form);
        match (fields.text("do"), Terms::of_form(&fields)) {
            (rule_form::SAVE | "remove-rule", _) => {
                match rule_form::change(pages, request, &fields).await? {
                    Ok(query) => return Ok(moved(&format!("{base}{PATH}?{query}"))),
                    Err(refused) => refusal = Some(refused),
                }
            }
            ("plan" | "run", None) => {
                refusal = Some((StatusCode::BAD_REQUEST, text.no_days.to_owned()));
            }
            ("plan", Some(asked)) => terms = asked,
            ("run", Some(asked)) => {
                terms = asked;
                match run(pages, request, &terms).await? {
                    Ok(()) => return Ok(moved(&format!("{base}{PATH}?run=1"))),
                    Err(failure) => {
                        let reason = refusals::refusal(words, &failure);
                        let message = text.run_failed.replace("{}", &reason);
                        refusal = Some((StatusCode::CONFLICT, message));
                    }
                }
            }
            _ => return Err(Fault::NotFound),
        }
    }
    // Read again: the status may have changed, if a run was refused.
    let status = registry.collection_status().await?;
    let mut frame = Frame::new(pages, request);
    let content = content(
        pages,
        request,
        &mut frame,
        &status,
        &terms,
        refusal.as_ref().map(|(_, message)| message.as_str()),
    )
    .await?;
    let code = refusal.map_or(StatusCode::OK, |(code, _)| code);
    let title = frame.upkeep.title;
    let crumbs = [(title.to_owned(), None)];
    Ok(answer(code, frame.page(title, &crumbs, "", &content)))
}

/// Begins a collection, which does not depend on this request. Returns a refusal at once.
async fn run(
    pages: &Pages,
    request: &Request,
    terms: &Terms,
) -> Result<Result<(), Failure>, Fault> {
    if pages.settings.browse_only {
        return Err(Fault::Forbidden);
    }
    let begun = pages.begin(request, &Action::Administer, terms.operation(false));
    let mut answers = begun.await?;
    let first = async {
        while let Some(line) = answers.recv().await {
            match line {
                admin::Answer::Failure(failure) => return Err(failure),
                admin::Answer::Report(_) => return Ok(()),
                _ => {}
            }
        }
        Ok(())
    };
    match tokio::time::timeout(PATIENCE, first).await {
        // The page then shows the progress of that run.
        Ok(Err(failure)) if matches!(failure.reason, Reason::CollectionRuns { .. }) => Ok(Ok(())),
        Ok(done) => Ok(done),
        Err(_) => Ok(Ok(())),
    }
}

async fn content(
    pages: &Pages,
    request: &Request,
    frame: &mut Frame<'_>,
    status: &CollectionStatus,
    terms: &Terms,
    refusal: Option<&str>,
) -> Result<Markup, Fault> {
    let query = request.fields();
    let plan = if status.running.is_some() {
        frame.follow = Some(frame.links.path(&format!("{PATH}?run=1")));
        None
    } else {
        Some(plan(pages, request, terms).await?)
    };
    let listed: RetentionRules = read(pages, request, Operation::RetentionRules).await?;
    let rules = retention::rules(pages, request, frame, &listed).await?;
    let trash: Trash = read(pages, request, Operation::Trash).await?;
    let browse_only = pages.settings.browse_only;
    let text = frame.upkeep;
    Ok(html! {
        h1 { (text.title) }
        @if let Some(refusal) = refusal {
            p class="notice bad" role="alert" { (refusal) }
        }
        @if let Some(done) = rule_form::done(frame, &query, &listed) {
            p class="notice" role="status" { (done) }
        }
        @match (&status.running, &plan) {
            (Some(progress), _) => (runs::running(frame, *progress, status.runs.first())),
            (None, plan) => {
                @if query.text("run") == "1" {
                    @if let Some(last) = status.runs.first() { (runs::ended(frame, last)) }
                }
                section {
                    h2 { (text.would_go) }
                    p class="dim" { (pages.settings.upkeep.schedule_text(frame)) }
                    (form(frame, terms, browse_only))
                    @match plan {
                        Some(Ok(plan)) => (planned(frame, plan)),
                        Some(Err(failure)) => p class="notice bad" role="alert" { (refusals::refusal(frame.account, failure)) },
                        None => {},
                    }
                }
            },
        }
        section { h2 { (text.last_runs) } (runs::list(frame, status)) }
        section { h2 { (text.rules) } (rules) }
        section { h2 { (frame.account.trash) } (in_trash(frame, &trash.deletions, browse_only)) }
    })
}

/// The report of an operation that has no entries.
async fn read<R>(pages: &Pages, request: &Request, operation: Operation) -> Result<R, Fault>
where
    R: TryFrom<Report, Error = Failure>,
{
    let done = pages
        .execute(request, &Action::Inspect, operation, &|_: Entry| {})
        .await?;
    let report = done.and_then(R::try_from);
    report.map_err(|failure| Fault::failed(&failure))
}

/// What a collection would delete, with the first deletions and the first objects that are kept for
/// now.
#[derive(Default)]
struct Plan {
    report: CollectReport,
    deleted: Vec<CollectEntry>,
    kept: Vec<CollectEntry>,
}

async fn plan(
    pages: &Pages,
    request: &Request,
    terms: &Terms,
) -> Result<Result<Plan, Failure>, Fault> {
    let entries = Mutex::new((Vec::new(), Vec::new()));
    let listener = |entry: Entry| {
        if let Entry::Collect(entry) = entry {
            let mut entries = entries.lock();
            let list = if reasons::is_deletion(&entry) {
                &mut entries.0
            } else {
                &mut entries.1
            };
            if list.len() < SHOWN {
                list.push(entry);
            }
        }
    };
    let done = pages
        .execute(request, &Action::Inspect, terms.operation(true), &listener)
        .await?;
    let report = done.and_then(|report: Report| CollectReport::try_from(report));
    Ok(report.map(|report| {
        let (deleted, kept) = entries.into_inner();
        Plan {
            report,
            deleted,
            kept,
        }
    }))
}

fn form(frame: &Frame<'_>, terms: &Terms, browse_only: bool) -> Markup {
    let text = frame.upkeep;
    html! {
        form class="terms" method="post" action=(frame.links.path(PATH)) {
            (frame.form_token())
            p {
                label {
                    input type="checkbox" name="untagged" value="1" checked[terms.untagged.is_some()];
                    " " (text.untagged)
                }
                " " input type="number" name="days" min="0" max="65535" aria-label=(text.days)
                    value=(terms.untagged.unwrap_or(0));
            }
            p { label {
                input type="checkbox" name="empty-trash" value="1" checked[terms.empty_trash];
                " " (text.empty_trash)
            } }
            @if browse_only { p class="dim" { (text.browse_only) } }
            @else { p class="dim" { (text.run_detail) } }
            p class="actions" {
                button type="submit" name="do" value="plan" { (text.dry_run) }
                @if !browse_only {
                    button type="submit" name="do" value="run" class="main" { (text.run) }
                }
            }
        }
    }
}

fn planned(frame: &Frame<'_>, plan: &Plan) -> Markup {
    let text = frame.upkeep;
    let report = &plan.report;
    let count = |label: &str, number: u64, bytes: Option<u64>| {
        html! { div { dt { (label) } dd {
            (format::number(number))
            @if let Some(bytes) = bytes.filter(|bytes| *bytes > 0) { " " span class="dim" { (format::bytes(bytes)) } }
        } } }
    };
    let total = report.freed.manifests
        + report.freed.blobs
        + report.repositories
        + report.uploads
        + report.temporary;
    let kept = report.held_manifests + report.held_blobs + report.kept_manifests;
    html! {
        dl class="figures" {
            (count(text.manifests, report.freed.manifests, None))
            (count(text.blob_count, report.freed.blobs, Some(report.freed.bytes)))
            (count(text.uploads, report.uploads, Some(report.upload_bytes)))
            (count(text.files, report.temporary, Some(report.temporary_bytes)))
        }
        @if total == 0 { p class="nothing" { (text.nothing_goes) } }
        @else { (entries(frame, &plan.deleted, total, false)) }
        @if kept > 0 {
            details {
                summary { (text.kept_now.replace("{}", &format::number(kept))) }
                (entries(frame, &plan.kept, kept, true))
            }
        }
    }
}

fn entries(frame: &Frame<'_>, entries: &[CollectEntry], total: u64, has_until: bool) -> Markup {
    let text = frame.upkeep;
    let more = total.saturating_sub(entries.len() as u64);
    html! {
        div class="scroll" { table class="list" {
            thead { tr {
                th scope="col" { (frame.text.what) }
                th scope="col" { (text.why) }
                @if has_until { th scope="col" { (text.until) } }
                th scope="col" class="number" { (frame.text.size) }
            } }
            tbody { @for entry in entries {
                @let Line { kind, name, bytes, why, until } = reasons::line(frame, entry);
                tr {
                    th scope="row" { span class="dim" { (kind) } " " (name) }
                    td data-label=(text.why) { (why) }
                    @if has_until { td data-label=(text.until) {
                        @match until { Some(at) => (format::time(at)), None => "–" }
                    } }
                    td class="number" data-label=(frame.text.size) {
                        (bytes.map_or_else(|| "–".to_owned(), format::bytes))
                    }
                }
            } }
        } }
        @if more > 0 { p { (frame.account.and_more.replace("{}", &format::number(more))) } }
    }
}

fn in_trash(frame: &Frame<'_>, deletions: &[Trashed], browse_only: bool) -> Markup {
    let shown = &deletions[..deletions.len().min(TRASH)];
    let more = (deletions.len() - shown.len()) as u64;
    html! {
        @if deletions.is_empty() { p class="nothing" { (frame.text.nothing_here) } }
        @else {
            p class="dim" { (frame.upkeep.trash_detail) }
            (restore::table(frame, shown, true, !browse_only))
            @if more > 0 { p { (frame.account.and_more.replace("{}", &format::number(more))) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_of_forms() {
        let terms = |form: &str| Terms::of_form(&Fields::parse(form));
        let none = Terms {
            untagged: None,
            empty_trash: false,
        };
        assert_eq!(terms("days=7"), Some(none));
        let untagged = |form: &str| terms(form).and_then(|terms| terms.untagged);
        assert_eq!(untagged("untagged=1&days=7"), Some(7));
        assert_eq!(untagged("untagged=1&days=0"), Some(0));
        for bad in ["", "-1", "99999999999", "x"] {
            assert_eq!(terms(&format!("untagged=1&days={bad}")), None, "{bad}");
        }
        assert!(terms("empty-trash=1").unwrap().empty_trash);
        // Images that the scheduled collection keeps because of their age are kept.
        assert_eq!(Terms::of_schedule(Some(DAY + 1)).untagged, Some(2));
        assert_eq!(Terms::of_schedule(Some(0)).untagged, Some(0));
    }
}
