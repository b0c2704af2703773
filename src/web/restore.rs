//! Undo: restores deletions from the trash.

use http::StatusCode;
use maud::{Markup, html};

use super::frame::Frame;
use super::refusals::why;
use super::request::Fields;
use super::{Answer, Fault, Pages, Request, format, html as answer, tags};
use crate::oci::{Action, Reference, Repository};
use crate::registry::{Registry, Restorable, Trashed, TrashedKind};

/// Maximum number of deletions that one form restores; the page of the trash restores the others.
const MOST: usize = 300;

/// The text for a restorable object in a form.
fn written(what: &Restorable) -> String {
    match what {
        Restorable::Tag(_, tag) => tag.to_string(),
        Restorable::Manifest(_, digest) => format!("@{digest}"),
        Restorable::Repository(_) => "/".to_owned(),
    }
}

fn read(name: &Repository, text: &str) -> Option<Restorable> {
    let name = name.clone();
    Some(match text.strip_prefix('@') {
        Some(digest) => Restorable::Manifest(name, digest.parse().ok()?),
        None if text == "/" => Restorable::Repository(name),
        None => Restorable::Tag(name, text.parse().ok()?),
    })
}

/// The registry for callers who may restore in a repository: those with the rights to delete and
/// push.
async fn restoring(pages: &Pages, request: &Request, name: &Repository) -> Result<Registry, Fault> {
    let delete = Action::DeleteRepository(name.clone());
    pages.acting(request, &delete).await?;
    if !pages.may(request, &delete).await {
        return Err(Fault::Forbidden);
    }
    let latest = "latest".parse().map_err(|_| Fault::NotFound)?;
    let push = Action::PushManifest(name.clone(), Reference::Tag(latest));
    pages.acting(request, &push).await
}

/// The button that undoes deletions.
pub(super) fn undo(frame: &Frame<'_>, name: &Repository, what: &[Restorable]) -> Markup {
    let text = frame.account;
    html! {
        @if what.len() > MOST {
            p { a href=(frame.links.path(&format!("/r/{name}/-/trash"))) { (text.trash) } }
        } @else if !what.is_empty() {
            form method="post" action=(frame.links.path(&format!("/r/{name}/-/restore"))) {
                (frame.form_token())
                @for one in what { input type="hidden" name="what" value=(written(one)); }
                button type="submit" { (text.undo) }
            }
        }
    }
}

/// A line for each result.
pub(super) fn lines(
    frame: &Frame<'_>,
    done: &[(String, Result<(), String>)],
    success: &str,
) -> Markup {
    let failed = done.iter().filter(|(_, result)| result.is_err()).count();
    html! {
        @if failed > 0 {
            p class="notice bad" role="alert" {
                (frame.account.partly.replace("{}", &format::number(failed as u64)))
            }
        }
        ul class="plain" role="status" {
            @for (label, result) in done {
                li {
                    @match result {
                        Ok(()) => { span class="mark" { (success) } " " (label) },
                        Err(reason) => { strong { (frame.account.not_done) } " " (label) ": " (reason) },
                    }
                }
            }
        }
    }
}

/// Answers `POST /r/NAME/-/restore`.
pub(super) async fn restore(
    pages: &Pages,
    request: &Request,
    name: &Repository,
) -> Result<Answer, Fault> {
    let registry = restoring(pages, request, name).await?;
    let fields = Fields::parse(&request.form);
    let frame = Frame::new(pages, request);
    let text = frame.account;
    let mut done = Vec::new();
    for written in fields.all("what").take(MOST) {
        let what = read(name, written).ok_or(Fault::NotFound)?;
        let result = registry.restore(&what).await.map(drop);
        done.push((what.to_string(), result.map_err(|error| why(text, &error))));
    }
    let content = html! {
        h1 { (text.restored) " " span class="dim" { (name) } }
        (lines(&frame, &done, text.restored))
        p { a href=(frame.links.tags(name)) { (frame.text.tags) " →" } }
    };
    Ok(shown(&frame, name, text.restored, &content))
}

fn shown(frame: &Frame<'_>, name: &Repository, title: &str, content: &Markup) -> Answer {
    let mut crumbs = frame.crumbs(name, true);
    crumbs.push((title.to_owned(), None));
    let title = format!("{title} – {name}");
    answer(StatusCode::OK, frame.page(&title, &crumbs, "", content))
}

/// Answers `/r/NAME/-/trash`.
pub(super) async fn trash(
    pages: &Pages,
    request: &Request,
    name: &Repository,
) -> Result<Answer, Fault> {
    let registry = restoring(pages, request, name).await?;
    let mut deletions = registry.trash().await?;
    deletions.retain(|deletion| deletion.repository == *name);
    let frame = Frame::new(pages, request);
    let text = frame.account;
    let content = html! {
        h1 { (text.trash) " " span class="dim" { (name) } }
        @if deletions.is_empty() { p class="nothing" { (frame.text.nothing_here) } }
        @else { (table(&frame, &deletions[..deletions.len().min(MOST)], false, true)) }
    };
    Ok(shown(&frame, name, text.trash, &content))
}

/// A table of deletions, with their repositories if there are several, and with buttons to restore
/// them.
pub(super) fn table(
    frame: &Frame<'_>,
    deletions: &[Trashed],
    has_names: bool,
    has_undo: bool,
) -> Markup {
    let text = frame.account;
    html! {
        div class="scroll" { table class="list" {
            thead { tr {
                th scope="col" { (frame.text.what) }
                th scope="col" { (text.deleted) }
                th scope="col" { (text.restorable_until) }
                th scope="col" class="number" { (frame.text.size) }
                @if has_undo { th scope="col" { (text.undo) } }
            } }
            tbody { @for deletion in deletions { tr {
                th scope="row" { (label(frame, deletion, has_names)) }
                td data-label=(text.deleted) {
                    (format::age(frame.language, deletion.deleted_at, frame.now))
                }
                td data-label=(text.restorable_until) { (format::time(deletion.expires_at)) }
                td class="number" data-label=(frame.text.size) { (format::bytes(deletion.bytes)) }
                @if has_undo { td data-label=(text.undo) {
                    @if let Some(what) = restorable(deletion) {
                        (undo(frame, &deletion.repository, std::slice::from_ref(&what)))
                    }
                } }
            } } }
        } }
    }
}

fn restorable(deletion: &Trashed) -> Option<Restorable> {
    let name = deletion.repository.clone();
    Some(match (deletion.kind, deletion.manifests.first()) {
        (TrashedKind::Repository, _) => Restorable::Repository(name),
        (TrashedKind::Manifest, Some(digest)) => Restorable::Manifest(name, *digest),
        // The manifest may live again, without its tags.
        (TrashedKind::Manifest | TrashedKind::Tag, _) => {
            Restorable::Tag(name, deletion.tags.first()?.0.clone())
        }
    })
}

/// The label of a deletion: its tags, otherwise its digest.
fn label(frame: &Frame<'_>, deletion: &Trashed, has_name: bool) -> Markup {
    let tags = deletion.tags.iter().take(10).map(|(tag, digest)| {
        let digest = tags::short(digest);
        format!("{tag} (@{digest})")
    });
    html! {
        @if has_name {
            a href=(frame.links.path(&format!("/r/{}/-/trash", deletion.repository))) {
                (deletion.repository)
            }
            " "
        }
        @if deletion.kind == TrashedKind::Repository { (frame.text.repository) " " }
        (tags.collect::<Vec<_>>().join(", "))
        @if deletion.tags.is_empty() {
            @if let Some(digest) = deletion.manifests.first() { "@" (tags::short(digest)) }
        }
    }
}
