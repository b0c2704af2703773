//! Deletes tags, their images, and repositories: shows the exact list first, then a line for each
//! result.

use std::collections::{BTreeMap, HashMap, HashSet};

use http::{Method, StatusCode};
use maud::{Markup, html};

use super::frame::Frame;
use super::refusals::why;
use super::request::Fields;
use super::restore::{self, undo};
use super::source::{TagQuery, TagSort};
use super::{Answer, Fault, Pages, Request, format, html as answer, tags};
use crate::hash::Hasher;
use crate::oci::{Action, Algorithm, Digest, Reference, Repository, Tag};
use crate::registry::{Removal, Restorable};

/// Maximum number of tags that one form deletes.
const MOST: usize = 100_000;
/// Maximum number of rows of the list.
const SHOWN: usize = 500;

/// What a form deletes.
struct Selection {
    tags: Vec<(Tag, Digest)>,
    /// Other tags of those manifests, which are kept.
    staying: HashMap<Digest, Vec<Tag>>,
    /// What is removed together with the manifests that lose their last tag.
    removal: Removal,
}

impl Selection {
    /// Whether a manifest loses its last tag and nothing else holds it.
    fn loses_all(&self, digest: &Digest) -> bool {
        !self.staying.contains_key(digest) && !self.removal.held.contains(digest)
    }

    /// A hash of the list, to detect changes.
    fn mark(&self) -> String {
        let list: Vec<_> = self
            .tags
            .iter()
            .map(|(tag, digest)| format!("{tag}@{digest}"))
            .collect();
        Hasher::digest(Algorithm::Sha256, list.join("\n").as_bytes()).hex()
    }
}

/// Answers `/r/NAME/-/delete`.
pub(super) async fn page(
    pages: &Pages,
    request: &Request,
    name: &Repository,
) -> Result<Answer, Fault> {
    let is_form = request.method == Method::POST;
    let fields = Fields::parse(if is_form {
        &request.form
    } else {
        &request.query
    });
    if fields.text("repository") == "1" {
        return whole(pages, request, name, is_form).await;
    }
    // Rights first: a caller who may not see the repository learns nothing about its tags.
    let any = Action::DeleteRepository(name.clone());
    pages.acting(request, &any).await?;
    if !pages.may(request, &any).await {
        return Err(Fault::Forbidden);
    }
    let selection = select(pages, request, name, &fields).await?;
    if !is_form || fields.text("list") != selection.mark() {
        return Ok(question(pages, request, name, &fields, &selection, is_form));
    }
    let frame = Frame::new(pages, request);
    let text = frame.account;
    let with_images = fields.text("images") == "1";
    let mut done: Vec<(String, Result<(), String>)> = Vec::new();
    let mut restorable = Vec::new();
    let mut removed: HashSet<Digest> = HashSet::new();
    let mut by_digest: BTreeMap<String, Vec<Tag>> = BTreeMap::new();
    for (tag, digest) in &selection.tags {
        by_digest
            .entry(digest.to_string())
            .or_default()
            .push(tag.clone());
    }
    for (tag, digest) in &selection.tags {
        if with_images && selection.loses_all(digest) {
            if !removed.insert(*digest) {
                continue;
            }
            let action = Action::DeleteManifest(name.clone(), *digest);
            let registry = pages.acting(request, &action).await?;
            let result = registry.delete_manifest(name, digest).await;
            let names = by_digest.remove(&digest.to_string()).unwrap_or_default();
            let names: Vec<_> = names.iter().map(Tag::to_string).collect();
            if result.is_ok() {
                restorable.push(Restorable::Manifest(name.clone(), *digest));
            }
            let label = format!("{} (@{})", names.join(", "), tags::short(digest));
            let result = result.map(drop).map_err(|error| why(text, &error));
            done.push((label, result));
        } else {
            let action = Action::DeleteTag(name.clone(), tag.clone());
            let registry = pages.acting(request, &action).await?;
            let result = registry.delete_tag(name, tag).await;
            if result.is_ok() {
                restorable.push(Restorable::Tag(name.clone(), tag.clone()));
            }
            done.push((tag.to_string(), result.map_err(|error| why(text, &error))));
        }
    }
    let content = html! {
        h1 { (text.deleted) " " span class="dim" { (name) } }
        (restore::lines(&frame, &done, text.deleted))
        (undo(&frame, name, &restorable))
        p { a href=(frame.links.tags(name)) { (frame.text.tags) " →" } }
    };
    Ok(shown(&frame, name, text.deleted, &content))
}

fn shown(frame: &Frame<'_>, name: &Repository, title: &str, content: &Markup) -> Answer {
    let mut crumbs = frame.crumbs(name, true);
    crumbs.push((title.to_owned(), None));
    let title = format!("{title} – {name}");
    answer(StatusCode::OK, frame.page(&title, &crumbs, "", content))
}

async fn select(
    pages: &Pages,
    request: &Request,
    name: &Repository,
    fields: &Fields,
) -> Result<Selection, Fault> {
    let source = pages.source(request);
    let mut tags: Vec<(Tag, Digest)> = Vec::new();
    if fields.text("all") == "1" {
        let query = TagQuery {
            filter: fields.text("filter").chars().take(255).collect(),
            sort: TagSort::Name,
            skip: 0,
            limit: MOST,
        };
        let found = source.tags(&request.visibility, name, &query).await?;
        let rows = found.rows.into_iter();
        tags.extend(rows.filter_map(|row| Some((row.name, row.digest?))));
    } else {
        let mut names: Vec<Tag> = Vec::new();
        for text in fields.all("tag") {
            names.push(text.parse().map_err(|_| Fault::NotFound)?);
        }
        names.sort();
        names.dedup();
        for tag in names {
            let reference = Reference::Tag(tag.clone());
            match source.manifest(&request.visibility, name, &reference).await {
                Ok(document) => tags.push((tag, document.digest)),
                Err(Fault::NotFound) => {}
                Err(fault) => return Err(fault),
            }
        }
    }
    if tags.is_empty() {
        return Err(Fault::NotFound);
    }
    let chosen: HashSet<&Tag> = tags.iter().map(|(tag, _)| tag).collect();
    let digests: HashSet<Digest> = tags.iter().map(|(_, digest)| *digest).collect();
    let mut staying = HashMap::new();
    let mut last = Vec::new();
    for digest in digests {
        let mut others = source.tags_of(&request.visibility, name, &digest).await?;
        others.retain(|tag| !chosen.contains(tag));
        if others.is_empty() {
            last.push(digest);
        } else {
            staying.insert(digest, others);
        }
    }
    let registry = pages
        .acting(request, &Action::ListTags(name.clone()))
        .await?;
    let removal = registry.removal(name, &last).await?;
    Ok(Selection {
        tags,
        staying,
        removal,
    })
}

fn question(
    pages: &Pages,
    request: &Request,
    name: &Repository,
    fields: &Fields,
    selection: &Selection,
    is_changed: bool,
) -> Answer {
    let frame = Frame::new(pages, request);
    let text = frame.account;
    let count = format::number(selection.tags.len() as u64);
    let title = match selection.tags.len() {
        1 => text.delete_one_tag.to_owned(),
        _ => text.delete_tags.replace("{}", &count),
    };
    let losing = selection
        .tags
        .iter()
        .any(|(_, digest)| selection.loses_all(digest));
    let removal = &selection.removal;
    let content = html! {
        h1 { (title) " " span class="dim" { (name) } }
        @if is_changed { p class="notice bad" role="alert" { (text.list_changed) } }
        div class="scroll" { table class="list" {
            thead { tr {
                th scope="col" { (frame.text.tag) }
                th scope="col" { (frame.text.digest) }
                th scope="col" { (text.stays) }
            } }
            tbody { @for (tag, digest) in selection.tags.iter().take(SHOWN) {
                tr {
                    th scope="row" { (tag) }
                    td class="mono" data-label=(frame.text.digest) { (tags::short(digest)) }
                    td data-label=(text.stays) {
                        @if let Some(others) = selection.staying.get(digest) {
                            (others.iter().map(Tag::to_string).collect::<Vec<_>>().join(", "))
                        } @else if removal.held.contains(digest) { (text.held_by_index) }
                        @else { "–" }
                    }
                }
            } }
        } }
        @if selection.tags.len() > SHOWN {
            p { (text.and_more.replace("{}", &format::number((selection.tags.len() - SHOWN) as u64))) }
        }
        dl class="figures" {
            div { dt { (text.children) } dd { (format::number(removal.children.len() as u64)) } }
            div { dt { (text.referrers) } dd { (format::number(removal.referrers.len() as u64)) } }
            @if let Some(bytes) = removal.bytes {
                div { dt { (text.freed) } dd { (format::bytes(bytes)) } }
            }
        }
        form class="fields" method="post" action=(frame.links.path(&format!("/r/{name}/-/delete"))) {
            (frame.form_token())
            input type="hidden" name="list" value=(selection.mark());
            @if fields.text("all") == "1" {
                input type="hidden" name="all" value="1";
                input type="hidden" name="filter" value=(fields.text("filter"));
            } @else {
                @for (tag, _) in &selection.tags { input type="hidden" name="tag" value=(tag); }
            }
            @if losing {
                label { input type="checkbox" name="images" value="1" checked; " " (text.with_images) }
            }
            p class="dim" { (text.undo_detail) }
            button type="submit" class="main" { (text.delete) }
            a href=(frame.links.tags(name)) { (text.cancel) }
        }
    };
    shown(&frame, name, &title, &content)
}

/// Deletes a repository with all its content.
async fn whole(
    pages: &Pages,
    request: &Request,
    name: &Repository,
    is_form: bool,
) -> Result<Answer, Fault> {
    let action = Action::DeleteRepository(name.clone());
    let registry = pages.acting(request, &action).await?;
    if !pages.may(request, &action).await {
        return Err(Fault::Forbidden);
    }
    let details = pages
        .source(request)
        .repository(&request.visibility, name)
        .await?;
    let frame = Frame::new(pages, request);
    let text = frame.account;
    if is_form {
        let result = registry.delete_repository(name).await;
        let restorable = [Restorable::Repository(name.clone())];
        let lines = [(name.to_string(), result.map_err(|error| why(text, &error)))];
        let content = html! {
            h1 { (text.deleted) " " span class="dim" { (name) } }
            (restore::lines(&frame, &lines, text.deleted))
            @if lines[0].1.is_ok() { (undo(&frame, name, &restorable)) }
        };
        return Ok(shown(&frame, name, text.deleted, &content));
    }
    let content = html! {
        h1 { (text.delete_repository) " " span class="dim" { (name) } }
        dl class="figures" {
            @if let Some(tags) = details.item.tags {
                div { dt { (frame.text.tags) } dd { (format::number(tags)) } }
            }
            @if let Some(unique) = details.unique {
                div { dt { (text.freed) } dd { (format::bytes(unique)) } }
            }
        }
        form class="fields" method="post" action=(frame.links.path(&format!("/r/{name}/-/delete"))) {
            (frame.form_token())
            input type="hidden" name="repository" value="1";
            p class="dim" { (text.undo_detail) }
            button type="submit" class="main" { (text.delete) }
            a href=(frame.links.repository(name)) { (text.cancel) }
        }
    };
    Ok(shown(&frame, name, text.delete_repository, &content))
}
