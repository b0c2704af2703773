//! The first page: the repositories that a caller may see, by search, namespace and order.

use http::StatusCode;
use maud::{Markup, html};

use super::frame::Frame;
use super::source::{Listing, RepositoryItem, RepositoryQuery, RepositorySort};
use super::url::query;
use super::{Answer, Fault, Pages, Request, format, html as answer};
use crate::oci::Repository;

/// Maximum number of namespaces in the filter.
const NAMESPACES: usize = 30;

const SORTS: [(&str, RepositorySort); 5] = [
    ("pushed", RepositorySort::Pushed),
    ("name", RepositorySort::Name),
    ("pulls", RepositorySort::Pulls),
    ("size", RepositorySort::Size),
    ("stars", RepositorySort::Stars),
];

/// Answers `/`.
pub(super) async fn page(pages: &Pages, request: &Request) -> Result<Answer, Fault> {
    let frame = Frame::new(pages, request);
    let fields = request.fields();
    let term: String = fields.text("q").chars().take(255).collect();
    let namespace: Option<Repository> = match fields.text("ns") {
        "" => None,
        text => Some(text.parse().map_err(|_| Fault::NotFound)?),
    };
    let sorts = pages.source(request).repository_sorts();
    let sort = chosen(sorts, &SORTS, fields.text("sort")).unwrap_or(RepositorySort::Name);
    let sort_name = written(sorts, &SORTS, sort);
    let page = fields.page();
    let rows = fields.rows(pages.settings.repositories_per_page);
    let asked = RepositoryQuery {
        term: term.clone(),
        namespace: namespace.clone(),
        sort,
        skip: (page - 1) * rows,
        limit: rows,
    };
    let source = pages.source(request);
    let found = source.repositories(&request.visibility, &asked).await?;
    let namespaces = source
        .namespaces(&request.visibility, namespace.as_ref(), NAMESPACES)
        .await?;
    let text = frame.text;
    let is_empty = found.rows.is_empty() && term.is_empty() && namespace.is_none() && page == 1;
    let below = namespace.as_ref().map_or("", Repository::as_str);
    let content = html! {
        @if is_empty && frame.has_sign_in && !request.visitor.is_signed_in() {
            h1 { (text.repositories) }
            p { (frame.account.sign_in_first) }
            p { a href=(frame.links.path("/sign-in")) { (frame.account.sign_in) } }
            (reaching(&frame))
        } @else if is_empty {
            (empty(&frame))
        } @else {
            div class="with-side" {
                @if !namespaces.is_empty() || namespace.is_some() {
                    (side(&frame, namespace.as_ref(), &namespaces))
                }
                section {
                    h1 {
                        @match &namespace { Some(name) => (name), None => (text.repositories) }
                        " " span class="count" { (format::count(found.total)) }
                    }
                    @if sorts.len() > 1 { (sort_links(&frame, sorts, sort, &term, below)) }
                    (list(&frame, &found))
                    (frame.paging(
                        "/",
                        &[("q", &term), ("ns", below), ("sort", sort_name), ("rows", fields.text("rows"))],
                        page,
                        more(&found, page, rows),
                    ))
                }
            }
        }
    };
    let crumbs = namespace.map_or_else(Vec::new, |name| frame.crumbs(&name, false));
    let page = frame.page(text.explore, &crumbs, &term, &content);
    Ok(answer(StatusCode::OK, page))
}

/// The order in the query, if it is one of `sorts`; otherwise the default.
pub(super) fn chosen<S: Copy + PartialEq>(
    sorts: &[S],
    names: &[(&str, S)],
    asked: &str,
) -> Option<S> {
    let named = names
        .iter()
        .find(|(name, sort)| *name == asked && sorts.contains(sort));
    named.map(|(_, sort)| *sort).or(sorts.first().copied())
}

/// The name of an order in a query; empty for the default.
pub(super) fn written<S: Copy + PartialEq>(
    sorts: &[S],
    names: &[(&'static str, S)],
    sort: S,
) -> &'static str {
    if sorts.first() == Some(&sort) {
        return "";
    }
    let named = names.iter().find(|(_, known)| *known == sort);
    named.map_or("", |(name, _)| name)
}

/// Whether there is a next page.
pub(super) fn more<T>(listing: &Listing<T>, page: usize, rows: usize) -> bool {
    let (count, exact) = listing.total;
    let shown = (page * rows) as u64;
    listing.rows.len() == rows && (shown < count || !exact)
}

fn side(frame: &Frame<'_>, namespace: Option<&Repository>, names: &[String]) -> Markup {
    let text = frame.text;
    html! {
        nav class="side" aria-label=(text.namespaces) {
            h2 { (text.namespaces) }
            ul {
                @if namespace.is_some() { li { a href=(frame.links.home()) { (text.all) } } }
                @for name in names {
                    @let whole = match namespace {
                        Some(above) => format!("{above}/{name}"),
                        None => name.clone(),
                    };
                    li { a href=(frame.links.namespace(&whole)) { (name) "/" } }
                }
            }
        }
    }
}

fn sort_links(
    frame: &Frame<'_>,
    sorts: &[RepositorySort],
    chosen: RepositorySort,
    term: &str,
    below: &str,
) -> Markup {
    let text = frame.text;
    html! {
        p class="sorts" {
            (text.sort) ": "
            @for sort in sorts {
                @let name = written(sorts, &SORTS, *sort);
                @let label = match sort {
                    RepositorySort::Pushed => text.last_push,
                    RepositorySort::Name => text.name,
                    RepositorySort::Pulls => text.pulls,
                    RepositorySort::Size => text.size,
                    RepositorySort::Stars => text.stars,
                };
                @if *sort == chosen {
                    strong aria-current="true" { (label) }
                } @else {
                    a href=(frame.links.path(&format!(
                        "/{}", query(&[("q", term), ("ns", below), ("sort", name)])
                    ))) { (label) }
                }
                " "
            }
        }
    }
}

/// The columns for which the source has data.
#[expect(clippy::struct_excessive_bools, reason = "each is a column of its own")]
struct Columns {
    newest: bool,
    pushed: bool,
    size: bool,
    pulls: bool,
    stars: bool,
}

impl Columns {
    fn of(frame: &Frame<'_>, rows: &[RepositoryItem]) -> Self {
        Self {
            newest: rows.iter().any(|row| row.newest.is_some()),
            pushed: rows.iter().any(|row| row.pushed_at.is_some()),
            size: rows.iter().any(|row| row.size.is_some()),
            pulls: rows.iter().any(|row| row.pulls.is_some()),
            // Without accounts nobody can star anything.
            stars: frame.has_sign_in && rows.iter().any(|row| row.stars.is_some()),
        }
    }
}

fn list(frame: &Frame<'_>, found: &Listing<RepositoryItem>) -> Markup {
    let text = frame.text;
    let columns = Columns::of(frame, &found.rows);
    html! {
        @if found.rows.is_empty() {
            p class="nothing" { (text.nothing_matches) }
        } @else {
            div class="scroll" { table class="list" {
                thead { tr {
                    th scope="col" { (text.repository) }
                    @if columns.newest { th scope="col" { (text.newest_tag) } }
                    @if columns.pushed { th scope="col" { (text.last_push) } }
                    th scope="col" class="number" { (text.tags) }
                    @if columns.size { th scope="col" class="number" { (text.size) } }
                    @if columns.pulls { th scope="col" class="number" { (text.pulls) } }
                    @if columns.stars { th scope="col" class="number" { (text.stars) } }
                } }
                tbody { @for item in &found.rows { (row(frame, &columns, item)) } }
            } }
        }
    }
}

fn row(frame: &Frame<'_>, columns: &Columns, item: &RepositoryItem) -> Markup {
    let text = frame.text;
    let figure = |value: Option<u64>| value.map_or_else(|| "–".to_owned(), format::number);
    html! {
        tr {
            th scope="row" {
                (frame.name(&item.name))
                @if item.public == Some(true) { " " span class="mark" { (text.public) } }
                @if !item.summary.is_empty() { p class="summary" { bdi { (item.summary) } } }
            }
            @if columns.newest { td data-label=(text.newest_tag) {
                @if let Some(tag) = &item.newest {
                    a href=(frame.links.image(&item.name, &crate::oci::Reference::Tag(tag.clone()))) {
                        (tag)
                    }
                } @else { "–" }
            } }
            @if columns.pushed { td data-label=(text.last_push) {
                @if let Some(at) = item.pushed_at { (format::age(frame.language, at, frame.now)) }
                @else { "–" }
            } }
            td class="number" data-label=(text.tags) {
                a href=(frame.links.tags(&item.name)) { (figure(item.tags)) }
            }
            @if columns.size {
                td class="number" data-label=(text.size) {
                    (item.size.map_or_else(|| "–".to_owned(), format::bytes))
                }
            }
            @if columns.pulls {
                td class="number" data-label=(text.pulls) { (figure(item.pulls)) }
            }
            @if columns.stars {
                td class="number" data-label=(text.stars) { (figure(item.stars)) }
            }
        }
    }
}

/// Instructions for an empty registry.
fn empty(frame: &Frame<'_>) -> Markup {
    let text = frame.text;
    let host = frame.registry;
    let name = frame.request.visitor.name();
    let login = name.map(|name| format!("docker login -u {name} {host}"));
    html! {
        section class="empty" {
            h1 { (text.empty_title) }
            p { (text.empty_lead) }
            @if let Some(login) = &login { (frame.command("docker", login)) }
            (frame.command("docker", &format!("docker tag IMAGE {host}/team/app:1")))
            (frame.command("docker", &format!("docker push {host}/team/app:1")))
        }
        (reaching(frame))
    }
}

/// What docker needs to connect to this address: a certificate, or an exception for plain HTTP.
fn reaching(frame: &Frame<'_>) -> Markup {
    let text = frame.text;
    let host = frame.registry;
    let is_plain = frame.request.origin.starts_with("http://");
    html! {
        @if frame.is_own && is_plain && !is_loopback(host) {
            section class="empty" {
                h2 { (text.plain_title) }
                p { (text.plain_detail) }
                p { (text.plain_certificate) }
                (frame.command("regctl", &format!("regctl serve --tls self-signed --host {}", name_of(host))))
                (frame.command("regctl", &format!("regctl trust {host}")))
                p { (text.plain_exception) }
                (frame.command("daemon.json", &format!("{{\"insecure-registries\": [\"{host}\"]}}")))
            }
        }
    }
}

/// The host in `HOST[:PORT]`.
fn name_of(host: &str) -> &str {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    name.trim_start_matches('[').trim_end_matches(']')
}

/// Whether docker uses plain HTTP for a host without being configured to.
pub(super) fn is_loopback(host: &str) -> bool {
    let name = name_of(host);
    name == "localhost"
        || name
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::is_loopback;

    #[test]
    fn loopback_hosts() {
        for host in [
            "localhost",
            "localhost:5000",
            "127.0.0.1:5000",
            "[::1]:5000",
            "127.1.2.3",
        ] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["registry:5000", "10.0.0.1:5000", "localhost.example", ""] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
