//! The page of a repository: how to pull from it, its numbers, and its newest tags.

use http::StatusCode;
use maud::{Markup, html};

use super::frame::Frame;
use super::pull::{self, Kind};
use super::source::{RepositoryDetails, TagQuery, TagSort};
use super::{Answer, Fault, Pages, Request, format, html as answer, readme, settings, tags};
use crate::oci::{Action, MediaType, Reference, Repository};

/// Maximum number of listed tags.
const TAGS: usize = 10;

/// Answers `/r/NAME`.
pub(super) async fn page(
    pages: &Pages,
    request: &Request,
    name: &Repository,
) -> Result<Answer, Fault> {
    let frame = Frame::new(pages, request);
    let source = pages.source(request);
    let details = source.repository(&request.visibility, name).await?;
    let asked = TagQuery {
        filter: String::new(),
        sort: source.tag_sorts().first().copied().unwrap_or(TagSort::Name),
        skip: 0,
        limit: TAGS,
    };
    let listing = source.tags(&request.visibility, name, &asked).await?;
    let commands = match listing.rows.first() {
        Some(newest) => {
            let reference = Reference::Tag(newest.name.clone());
            let media_type = newest.media_type.clone().unwrap_or(MediaType::OCI_MANIFEST);
            let kind = Kind::of(&media_type, newest.artifact_type.as_deref());
            pull::commands(kind, pages.registry(request), name, &reference)
        }
        None => Vec::new(),
    };
    let text = frame.text;
    let may_delete = pages
        .may(request, &Action::DeleteRepository(name.clone()))
        .await;
    let may_describe = pages.may(request, &Action::Describe(name.clone())).await;
    let stars = settings::stars(pages, request, name).await;
    let about = source.readme(&request.visibility, name).await?;
    let content = html! {
        h1 { (name) @if details.item.public == Some(false) { " " span class="mark" { (text.private) } } }
        @if !commands.is_empty() {
            section aria-label=(text.pull_command) {
                @for (tool, command) in &commands { (frame.command(tool, command)) }
            }
        }
        div class="actions" {
            @if let Some(stars) = stars { (settings::star_button(&frame, name, stars)) }
            @if may_describe {
                a href=(frame.links.path(&format!("/r/{name}/-/settings"))) { (frame.account.settings) }
            }
        }
        (figures(&frame, &details))
        @if let Some(about) = &about {
            section class="readme" aria-labelledby="about" {
                h2 class="hidden" id="about" { (frame.account.description) }
                (readme::render(about))
            }
        }
        section {
            h2 { a href=(frame.links.tags(name)) { (text.tags) }
                " " span class="count" { (format::count(listing.total)) } }
            (tags::table(&frame, name, &listing, false))
            @if listing.total.0 > TAGS as u64 {
                p { a href=(frame.links.tags(name)) { (text.all) " " (text.tags) " →" } }
            }
            @if may_delete {
                p class="actions" {
                    a href=(frame.links.path(&format!("/r/{name}/-/delete?repository=1"))) {
                        (frame.account.delete_repository)
                    }
                    a href=(frame.links.path(&format!("/r/{name}/-/trash"))) { (frame.account.trash) }
                }
            }
        }
    };
    let page = frame.page(name.as_str(), &frame.crumbs(name, false), "", &content);
    Ok(answer(StatusCode::OK, page))
}

fn figures(frame: &Frame<'_>, details: &RepositoryDetails) -> Markup {
    let text = frame.text;
    let item = &details.item;
    html! {
        dl class="figures" {
            @if let Some(at) = item.pushed_at {
                div { dt { (text.last_push) } dd { (format::age(frame.language, at, frame.now)) } }
            }
            @if let Some(size) = item.size {
                div { dt { (text.total_size) } dd { (format::bytes(size)) } }
            }
            @if let Some(unique) = details.unique {
                div { dt { (text.unique_size) } dd { (format::bytes(unique)) } }
            }
            @if let Some(pulls) = item.pulls {
                div { dt { (text.pulls) } dd { (format::number(pulls)) } }
            }
            @if !details.daily_pulls.is_empty() {
                div {
                    dt { (text.pulls_30) }
                    dd {
                        (format::number(details.daily_pulls.iter().sum()))
                        " " (bars(text.bars, &details.daily_pulls))
                    }
                }
            }
        }
    }
}

/// A small chart: a bar for each number.
fn bars(label: &str, numbers: &[u64]) -> Markup {
    const HEIGHT: u64 = 24;
    const WIDTH: usize = 4;
    let most = numbers.iter().copied().max().unwrap_or(0).max(1);
    let described = numbers
        .iter()
        .map(u64::to_string)
        .collect::<Vec<_>>()
        .join(", ");
    html! {
        svg class="bars" role="img" width=(numbers.len() * WIDTH) height=(HEIGHT)
            aria-label=(format!("{label}: {described}")) {
            @for (place, number) in numbers.iter().enumerate() {
                @let height = (number * HEIGHT).div_ceil(most);
                @if height > 0 {
                    rect x=(place * WIDTH) y=(HEIGHT - height) width=(WIDTH - 1) height=(height) {}
                }
            }
        }
    }
}
