//! The tags of a repository: filter and order span the whole list, of which a page is shown.

use std::collections::HashMap;

use http::StatusCode;
use maud::{Markup, html};

use super::explore::{chosen, more, written};
use super::frame::Frame;
use super::source::{Listing, TagItem, TagQuery, TagSort};
use super::url::query;
use super::{Answer, Fault, Pages, Request, format, html as answer};
use crate::oci::{Action, Digest, Reference, Repository, Tag};

const SORTS: [(&str, TagSort); 5] = [
    ("pushed", TagSort::Pushed),
    ("version", TagSort::Version),
    ("name", TagSort::Name),
    ("size", TagSort::Size),
    ("pulled", TagSort::Pulled),
];

/// Answers `/r/NAME/-/tags`.
pub(super) async fn page(
    pages: &Pages,
    request: &Request,
    name: &Repository,
) -> Result<Answer, Fault> {
    let frame = Frame::new(pages, request);
    let fields = request.fields();
    let filter: String = fields.text("filter").chars().take(255).collect();
    let sorts = pages.source(request).tag_sorts();
    let sort = chosen(sorts, &SORTS, fields.text("sort")).unwrap_or(TagSort::Name);
    let sort_name = written(sorts, &SORTS, sort);
    let page = fields.page();
    let rows = fields.rows(pages.settings.tags_per_page);
    let asked = TagQuery {
        filter: filter.clone(),
        sort,
        skip: (page - 1) * rows,
        limit: rows,
    };
    let listing = pages
        .source(request)
        .tags(&request.visibility, name, &asked)
        .await?;
    let may_delete = pages
        .may(request, &Action::DeleteRepository(name.clone()))
        .await;
    let text = frame.text;
    let path = format!("/r/{name}/-/tags");
    let content = html! {
        h1 { (name) " " span class="dim" { (text.tags) }
            " " span class="count" { (format::count(listing.total)) } }
        form class="filter" action=(frame.links.path(&path)) {
            label for="filter" { (text.filter) }
            input id="filter" name="filter" value=(filter) maxlength="255" spellcheck="false"
                autocomplete="off" aria-describedby="filter-hint";
            label { (text.sort) " "
                select name="sort" {
                    @for order in sorts {
                        @let label = match order {
                            TagSort::Pushed => text.last_push,
                            TagSort::Version => text.version,
                            TagSort::Name => text.name,
                            TagSort::Size => text.size,
                            TagSort::Pulled => text.last_pull,
                        };
                        option value=(written(sorts, &SORTS, *order)) selected[*order == sort] { (label) }
                    }
                }
            }
            button type="submit" { (text.apply) }
            p id="filter-hint" class="dim" { (text.filter_hint) }
        }
        @if listing.rows.is_empty() {
            p class="nothing" {
                @if filter.is_empty() { (text.nothing_here) } @else { (text.nothing_matches) }
            }
        } @else {
            @if may_delete {
                form action=(frame.links.path(&format!("/r/{name}/-/delete"))) {
                    p class="actions" {
                        button type="submit" { (frame.account.delete_selected) }
                        a href=(frame.links.path(&format!("/r/{name}/-/delete{}",
                            query(&[("all", "1"), ("filter", &filter)])))) {
                            (frame.account.delete_all.replace("{}", &format::count(listing.total)))
                        }
                        a href=(frame.links.path(&format!("/r/{name}/-/trash"))) { (frame.account.trash) }
                    }
                    (table(&frame, name, &listing, true))
                }
            } @else {
                (table(&frame, name, &listing, false))
            }
        }
        (frame.paging(
            &path,
            &[("filter", &filter), ("sort", sort_name), ("rows", fields.text("rows"))],
            page,
            more(&listing, page, rows),
        ))
    };
    let mut crumbs = frame.crumbs(name, true);
    crumbs.push((text.tags.to_owned(), None));
    let title = format!("{name} – {}", text.tags);
    let page = frame.page(&title, &crumbs, "", &content);
    Ok(answer(StatusCode::OK, page))
}

/// A table of tags, with check boxes or without.
pub(super) fn table(
    frame: &Frame<'_>,
    name: &Repository,
    listing: &Listing<TagItem>,
    has_boxes: bool,
) -> Markup {
    let text = frame.text;
    let mut first: HashMap<Digest, &Tag> = HashMap::new();
    let shown = Cells {
        boxes: has_boxes,
        pushed: listing.rows.iter().any(|row| row.updated_at.is_some()),
        pulled: listing.rows.iter().any(|row| row.pulled_at.is_some()),
    };
    html! {
        @if !listing.rows.is_empty() {
            div class="scroll" { table class="list" {
                thead { tr {
                    th scope="col" { (text.tag) }
                    th scope="col" { (text.digest) }
                    th scope="col" { (text.platforms) }
                    th scope="col" class="number" { (text.size) }
                    th scope="col" { (text.created) }
                    @if shown.pushed { th scope="col" { (text.pushed) } }
                    @if shown.pulled { th scope="col" { (text.last_pull) } }
                } }
                tbody {
                    @for item in &listing.rows {
                        @let twin = item.digest.and_then(|digest| {
                            let known = first.get(&digest).copied();
                            first.entry(digest).or_insert(&item.name);
                            known
                        });
                        (row(frame, name, item, twin, &shown))
                    }
                }
            } }
        }
    }
}

/// The optional cells of a row.
struct Cells {
    boxes: bool,
    pushed: bool,
    pulled: bool,
}

/// A row; `twin` is a tag further up with the same digest.
fn row(
    frame: &Frame<'_>,
    name: &Repository,
    item: &TagItem,
    twin: Option<&Tag>,
    cells: &Cells,
) -> Markup {
    let text = frame.text;
    let language = frame.language;
    html! {
        tr {
            th scope="row" {
                @if cells.boxes {
                    input type="checkbox" name="tag" value=(item.name) aria-label=(item.name); " "
                }
                a href=(frame.links.image(name, &Reference::Tag(item.name.clone()))) { (item.name) }
                @if let Some(twin) = twin {
                    " " span class="mark" title={ (text.same_digest) " " (twin) } { "= " (twin) }
                }
            }
            td data-label=(text.digest) {
                @if let Some(digest) = &item.digest {
                    a class="mono" href=(frame.links.digest(name, digest)) title=(digest) {
                        (short(digest))
                    }
                } @else { "–" }
            }
            td data-label=(text.platforms) { (platforms(&item.platforms)) }
            td class="number" data-label=(text.size) {
                (item.size.map_or_else(|| "–".to_owned(), format::bytes))
            }
            td data-label=(text.created) {
                @match &item.created {
                    Some(date) => (format::age_of(language, date, frame.now)),
                    None => "–",
                }
            }
            @if cells.pushed {
                td data-label=(text.pushed) {
                    @match item.updated_at {
                        Some(at) => (format::age(language, at, frame.now)),
                        None => "–",
                    }
                }
            }
            @if cells.pulled {
                td data-label=(text.last_pull) {
                    @match item.pulled_at {
                        Some(Some(at)) => (format::age(language, at, frame.now)),
                        Some(None) => (text.never),
                        None => "–",
                    }
                }
            }
        }
    }
}

/// The first platforms, and how many more there are.
fn platforms(platforms: &[String]) -> Markup {
    const SHOWN: usize = 3;
    html! {
        @if platforms.is_empty() { "–" }
        @for (place, platform) in platforms.iter().take(SHOWN).enumerate() {
            @if place > 0 { ", " }
            (platform)
        }
        @if platforms.len() > SHOWN {
            " " span class="dim" title=(platforms.join(", ")) { "+" (platforms.len() - SHOWN) }
        }
    }
}

/// The short form of a digest: twelve digits, as in docker.
pub(super) fn short(digest: &Digest) -> String {
    digest.hex().chars().take(12).collect()
}
