//! The runs of collections: the progress of the running one, and the results of the last ones.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use maud::{Markup, html};

use super::collection::PATH;
use super::frame::Frame;
use super::{Answer, format};
use crate::admin::{CollectionRecord, CollectionStatus, Progress};

/// The running collection, with its progress.
pub(super) fn running(
    frame: &Frame<'_>,
    progress: Progress,
    run: Option<&CollectionRecord>,
) -> Markup {
    let text = frame.upkeep;
    let actor = run.filter(|run| run.started_at == progress.since);
    let actor = actor.and_then(|run| run.actor.as_deref());
    html! {
        section {
            h2 { (text.runs) }
            p class="dim" {
                (text.began) ": " (format::time(progress.since))
                @if let Some(actor) = actor { " · " (text.by) ": " (actor) }
            }
            div data-watch=(frame.links.path(&format!("{PATH}?part=progress")))
                data-follow=(frame.links.path(&format!("{PATH}?run=1"))) {
                (progress_text(frame, progress))
            }
        }
    }
}

fn progress_text(frame: &Frame<'_>, progress: Progress) -> Markup {
    let text = frame.upkeep;
    let Progress { freed, left, .. } = progress;
    let done = freed.manifests + freed.blobs;
    let elapsed = format::duration(frame.now - progress.since);
    html! {
        progress aria-label=(text.progress) value=(done) max=((done + left).max(1)) {}
        dl class="figures" {
            div { dt { (text.manifests) } dd { (format::number(freed.manifests)) } }
            div { dt { (text.blob_count) } dd { (format::number(freed.blobs)) } }
            div { dt { (text.freed) } dd { (format::bytes(freed.bytes)) } }
            div { dt { (text.left) } dd { (format::number(left)) } }
            div { dt { (text.took) } dd { (elapsed) } }
        }
    }
}

/// Only the progress, for the script of the page; empty once the collection has ended.
pub(super) fn part(frame: &Frame<'_>, progress: Option<Progress>) -> Answer {
    let Some(progress) = progress else {
        let mut answer = Response::new(Bytes::new());
        *answer.status_mut() = StatusCode::NO_CONTENT;
        return answer;
    };
    let mut answer = Response::new(Bytes::from(progress_text(frame, progress).into_string()));
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    answer.headers_mut().insert(CONTENT_TYPE, html);
    answer
}

/// The result of the last run, for a page that followed it.
pub(super) fn ended(frame: &Frame<'_>, run: &CollectionRecord) -> Markup {
    let text = frame.upkeep;
    let sentence = text
        .ended
        .replacen("{}", &format::number(run.manifests), 1)
        .replacen("{}", &format::number(run.blobs), 1)
        .replacen("{}", &format::bytes(run.bytes), 1);
    html! {
        @match (&run.failure, run.ended_at) {
            (Some(failure), _) => p class="notice bad" role="alert" {
                (text.run_failed.replace("{}", failure))
            },
            (None, Some(_)) => p class="notice" role="status" { (sentence) },
            (None, None) => p class="notice bad" role="alert" { (text.interrupted) },
        }
    }
}

/// The last runs.
pub(super) fn list(frame: &Frame<'_>, status: &CollectionStatus) -> Markup {
    let text = frame.upkeep;
    let running = status.running.map(|running| running.since);
    html! {
        @if status.runs.is_empty() { p class="nothing" { (text.no_runs) } }
        @else { div class="scroll" { table class="list" {
            thead { tr {
                th scope="col" { (text.began) }
                th scope="col" { (text.by) }
                th scope="col" class="number" { (text.took) }
                th scope="col" class="number" { (text.manifests) }
                th scope="col" class="number" { (text.blob_count) }
                th scope="col" class="number" { (text.freed) }
                th scope="col" { (text.result) }
            } }
            tbody { @for run in &status.runs { tr {
                th scope="row" { (format::time(run.started_at)) }
                td data-label=(text.by) { (run.actor.as_deref().unwrap_or("–")) }
                td class="number" data-label=(text.took) {
                    @match run.ended_at {
                        Some(end) => (format::duration(end - run.started_at)),
                        None => "–",
                    }
                }
                td class="number" data-label=(text.manifests) { (format::number(run.manifests)) }
                td class="number" data-label=(text.blob_count) { (format::number(run.blobs)) }
                td class="number" data-label=(text.freed) { (format::bytes(run.bytes)) }
                td data-label=(text.result) {
                    @match (&run.failure, run.ended_at) {
                        (Some(failure), _) => (failure),
                        (None, Some(_)) => (text.done),
                        (None, None) if running == Some(run.started_at) => (text.running),
                        (None, None) => (text.interrupted),
                    }
                }
            } } }
        } } }
    }
}
