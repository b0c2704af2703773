//! Activity: who did what, when, from where. Administrators see everything; everybody else what they
//! did themselves.

use bytes::Bytes;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};
use maud::{Markup, html};

use super::frame::Frame;
use super::url::query;
use super::{Answer, Fault, Pages, Request, format, html as answer, tags};
use crate::clock::{Clock, Millis};
use crate::oci::{Action, Reference};
use crate::registry::{Event, EventFilter, Registry};

/// Rows of a page.
const ROWS: usize = 100;
/// Rows of a CSV file.
const CSV_ROWS: usize = 10_000;
/// Days of the chart.
const DAYS: i64 = 30;
/// Milliseconds of a day.
const DAY: Millis = 24 * 60 * 60 * 1000;

/// What is asked for.
struct Asked {
    account: String,
    repository: String,
    days: i64,
    filter: EventFilter,
}

/// Answers `/activity`.
pub(super) async fn page(pages: &Pages, request: &Request) -> Result<Answer, Fault> {
    let own = request.visitor.account().ok_or(Fault::NotFound)?;
    let is_admin = request.visitor.is_admin();
    let action = if is_admin {
        Action::Inspect
    } else {
        Action::Ping
    };
    let registry = pages.acting(request, &action).await?;
    let fields = request.fields();
    let account: String = fields.text("account").chars().take(140).collect();
    let account = if is_admin { account } else { own.to_string() };
    let repository: String = fields.text("repository").chars().take(255).collect();
    let days = fields.text("days").parse().unwrap_or(DAYS).clamp(1, 3650);
    let now = Clock::system().now();
    let asked = Asked {
        filter: EventFilter {
            account: (!account.is_empty()).then(|| account.clone()),
            repository: match repository.as_str() {
                "" => None,
                text => Some(text.parse().map_err(|_| Fault::NotFound)?),
            },
            since: Some(now - days * DAY),
            until: None,
        },
        account,
        repository,
        days,
    };
    if fields.text("format") == "csv" {
        let events = registry.events(&asked.filter, None, CSV_ROWS).await?;
        return Ok(csv(&events));
    }
    let before = fields.text("before").parse().ok();
    let events = registry.events(&asked.filter, before, ROWS).await?;
    let counts = counts(&registry, &asked.filter, now).await?;
    let frame = Frame::new(pages, request);
    let text = frame.account;
    let content = html! {
        h1 { (text.activity) }
        (filters(&frame, &asked, is_admin))
        (chart(&frame, &counts))
        @if events.is_empty() { p class="nothing" { (frame.text.nothing_here) } }
        @else { (table(&frame, &events)) }
        @if events.len() == ROWS {
            @if let Some(last) = events.last() {
                nav class="paging" aria-label=(frame.text.pages) {
                    a rel="next" href=(link(&frame, &asked, &[("before", &last.id.to_string())])) {
                        (frame.text.next) " →"
                    }
                }
            }
        }
    };
    let crumbs = [(text.activity.to_owned(), None)];
    Ok(answer(
        StatusCode::OK,
        frame.page(text.activity, &crumbs, "", &content),
    ))
}

fn link(frame: &Frame<'_>, asked: &Asked, more: &[(&str, &str)]) -> String {
    let days = asked.days.to_string();
    let mut all = vec![
        ("account", asked.account.as_str()),
        ("repository", asked.repository.as_str()),
        ("days", days.as_str()),
    ];
    all.extend(more);
    frame.links.path(&format!("/activity{}", query(&all)))
}

/// Events of each of the last days, today last, with the number of the first day.
async fn counts(
    registry: &Registry,
    filter: &EventFilter,
    now: Millis,
) -> Result<(i64, Vec<u64>), Fault> {
    let first = now / DAY - DAYS + 1;
    let found = registry.index().events_by_day(filter, first).await;
    let found = found.map_err(|error| Fault::failed(&error))?;
    let mut counts = vec![0; usize::try_from(DAYS).unwrap_or(0)];
    for (day, count) in found {
        let place = usize::try_from(day - first).ok();
        if let Some(kept) = place.and_then(|place| counts.get_mut(place)) {
            *kept = count;
        }
    }
    Ok((first, counts))
}

fn filters(frame: &Frame<'_>, asked: &Asked, is_admin: bool) -> Markup {
    let text = frame.account;
    html! {
        form class="filter" action=(frame.links.path("/activity")) {
            @if is_admin {
                label for="account" { (text.account) }
                input id="account" name="account" value=(asked.account) maxlength="140"
                    autocomplete="off" spellcheck="false";
            }
            label for="repository" { (frame.text.repository) }
            input id="repository" name="repository" value=(asked.repository) maxlength="255"
                autocomplete="off" spellcheck="false";
            label { (text.last_days) " "
                input name="days" type="number" min="1" max="3650" value=(asked.days); }
            button type="submit" { (frame.text.apply) }
            a href=(link(frame, asked, &[("format", "csv")])) { "CSV" }
        }
    }
}

/// A bar for each day, and the numbers behind it.
fn chart(frame: &Frame<'_>, (first, counts): &(i64, Vec<u64>)) -> Markup {
    const HEIGHT: u64 = 60;
    const WIDTH: usize = 10;
    let text = frame.account;
    let most = counts.iter().copied().max().unwrap_or(0).max(1);
    let day = |place: usize| {
        let at = (first + i64::try_from(place).unwrap_or(0)) * DAY;
        format::exact(at).chars().take(10).collect::<String>()
    };
    html! {
        section {
            svg class="bars" role="img" width=(counts.len() * WIDTH) height=(HEIGHT)
                viewBox=(format!("0 0 {} {HEIGHT}", counts.len() * WIDTH)) aria-label=(text.by_day) {
                @for (place, count) in counts.iter().enumerate() {
                    @let height = (count * HEIGHT).div_ceil(most);
                    @if height > 0 {
                        rect x=(place * WIDTH) y=(HEIGHT - height) width=(WIDTH - 2) height=(height) {
                            title { (day(place)) ": " (count) }
                        }
                    }
                }
            }
            details { summary { (text.by_day) }
                table class="list pairs" {
                    tbody { @for (place, count) in counts.iter().enumerate().rev() {
                        tr { th scope="row" { (day(place)) } td class="number" { (format::number(*count)) } }
                    } }
                }
            }
        }
    }
}

fn table(frame: &Frame<'_>, events: &[Event]) -> Markup {
    let text = frame.account;
    html! {
        div class="scroll" { table class="list" {
            thead { tr {
                th scope="col" { (text.action) }
                th scope="col" { (frame.text.what) }
                th scope="col" { (text.grantee) }
                th scope="col" { (text.when) }
                th scope="col" { (text.address) }
                th scope="col" { (text.program) }
            } }
            tbody { @for event in events { tr {
                th scope="row" { (event.action) }
                td data-label=(frame.text.what) { (subject(frame, event)) }
                td data-label=(text.grantee) { (event.actor) }
                td data-label=(text.when) { (format::age(frame.language, event.at, frame.now)) }
                td data-label=(text.address) { (event.address.as_deref().unwrap_or("–")) }
                td data-label=(text.program) {
                    (event.agent.as_deref().unwrap_or("–").chars().take(60).collect::<String>())
                }
            } } }
        } }
    }
}

fn subject(frame: &Frame<'_>, event: &Event) -> Markup {
    html! {
        @match (&event.repository, &event.tag, &event.digest) {
            (Some(name), Some(tag), _) => {
                a href=(frame.links.image(name, &Reference::Tag(tag.clone()))) { (name) ":" (tag) }
            },
            (Some(name), None, Some(digest)) => {
                a href=(frame.links.digest(name, digest)) { (name) "@" (tags::short(digest)) }
            },
            (Some(name), None, None) => a href=(frame.links.repository(name)) { (name) },
            _ => "–",
        }
    }
}

/// A cell of CSV (RFC 4180). What a spreadsheet would take for a formula is marked as text.
fn cell(text: &str) -> String {
    let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        "'"
    } else {
        ""
    };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

fn csv(events: &[Event]) -> Answer {
    let mut text = String::from(
        "time,action,actor,account,address,repository,tag,digest,size,agent,request\r\n",
    );
    for event in events {
        let cells = [
            format::exact(event.at),
            event.action.clone(),
            event.actor.clone(),
            event.account.clone(),
            event.address.clone().unwrap_or_default(),
            event
                .repository
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            event
                .tag
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            event
                .digest
                .map(|digest| digest.to_string())
                .unwrap_or_default(),
            event.size.map(|size| size.to_string()).unwrap_or_default(),
            event.agent.clone().unwrap_or_default(),
            event.request.clone(),
        ];
        text.push_str(&cells.map(|text| cell(&text)).join(","));
        text.push_str("\r\n");
    }
    let mut answer = Response::new(Bytes::from(text));
    let headers = answer.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/csv; charset=utf-8"),
    );
    headers.insert(
        CONTENT_DISPOSITION,
        HeaderValue::from_static("attachment; filename=\"activity.csv\""),
    );
    answer
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn a_cell_is_no_formula() {
        assert_eq!(cell("=cmd()"), "\"'=cmd()\"");
        assert_eq!(cell("a \"b\", c"), "\"a \"\"b\"\", c\"");
    }
}
