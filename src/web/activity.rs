//! Activity: who did what, when, from where. Administrators see all events, other accounts their
//! own.

mod csv;

use http::StatusCode;
use maud::{Markup, html};
use serde_json::Value;

use super::chart::Bars;
use super::frame::Frame;
use super::url::query;
use super::{Answer, Fault, Pages, Request, format, html as answer, retention, tags};
use crate::clock::{Clock, Millis};
use crate::oci::{AccountName, Action, Grant, Reference};
use crate::registry::{Event, EventFilter, Registry};

/// Rows of a page.
const ROWS: usize = 100;
/// Maximum number of rows of a CSV file.
const CSV_ROWS: usize = 10_000;
/// Default number of days.
const DAYS: i64 = 30;
/// Maximum number of bars of the chart; for a longer period each bar covers several days.
const BARS: i64 = 92;
/// The actions of the filter, as in [`Event::action`].
const ACTIONS: [&str; 34] = [
    "push-manifest",
    "set-tag",
    "push-blob",
    "mount-blob",
    "delete-tag",
    "delete-manifest",
    "delete-repository",
    "delete-blob",
    "restore",
    "empty-trash",
    "collect",
    "quarantine",
    "sign-in",
    "sign-out",
    "refuse-sign-in",
    "refuse",
    "create-account",
    "set-password",
    "disable-account",
    "enable-account",
    "set-admin",
    "remove-account",
    "add-to-group",
    "remove-from-group",
    "remove-group",
    "create-token",
    "revoke-token",
    "grant",
    "revoke",
    "set-visibility",
    "describe",
    "star",
    "save-rule",
    "remove-rule",
];
/// Milliseconds of a day.
const DAY: Millis = 24 * 60 * 60 * 1000;

/// What is asked for.
struct Asked {
    account: String,
    repository: String,
    action: String,
    address: String,
    days: i64,
    filter: EventFilter,
}

impl Asked {
    /// Parses the filter of the page. `own` is the only account that a caller without the admin
    /// right may see.
    fn read(request: &Request, own: Option<&AccountName>, now: Millis) -> Result<Self, Fault> {
        let fields = request.fields();
        let text =
            |name: &str, length| -> String { fields.text(name).chars().take(length).collect() };
        let account = own.map_or_else(|| text("account", 140), ToString::to_string);
        let (action, address) = (text("action", 40), text("address", 64));
        let repository = text("repository", 255);
        let days = fields.text("days").parse().unwrap_or(DAYS).clamp(1, 3650);
        let chosen = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Ok(Self {
            filter: EventFilter {
                account: chosen(&account),
                repository: match repository.as_str() {
                    "" => None,
                    text => Some(text.parse().map_err(|_| Fault::NotFound)?),
                },
                action: chosen(&action),
                address: chosen(&address),
                // Whole days, so that the chart shows what the list does.
                since: Some((now / DAY - days + 1) * DAY),
                until: None,
            },
            account,
            repository,
            action,
            address,
            days,
        })
    }
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
    let now = Clock::system().now();
    let mut asked = Asked::read(request, (!is_admin).then_some(own), now)?;
    if !is_admin {
        // What an earlier account of this name did is not shown.
        let account = registry.index().stored_account(own).await;
        let account = account.map_err(|error| Fault::failed(&error))?;
        asked.filter.since = asked
            .filter
            .since
            .max(account.map(|account| account.created_at));
    }
    if fields.text("format") == "csv" {
        let events = registry.events(&asked.filter, None, CSV_ROWS).await?;
        return Ok(csv::file(&events));
    }
    let before = fields.text("before").parse().ok();
    let events = registry.events(&asked.filter, before, ROWS).await?;
    let counts = counts(&registry, &asked, now).await?;
    let frame = Frame::new(pages, request);
    let text = frame.account;
    let content = html! {
        h1 { (text.activity) }
        (filters(&frame, &asked, is_admin))
        section { (Bars {
            label: text.by_day,
            name: &|place| counts.label(place),
            numbers: &counts.numbers,
            width: 10,
            written: format::number,
        }.markup()) }
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
        ("action", asked.action.as_str()),
        ("address", asked.address.as_str()),
        ("days", days.as_str()),
    ];
    all.extend(more);
    frame.links.path(&format!("/activity{}", query(&all)))
}

/// The numbers of the chart.
struct Counts {
    /// The first day, in days since 1970.
    first: i64,
    /// Number of days that a number covers.
    step: i64,
    /// Events in each period; today is in the last.
    numbers: Vec<Option<u64>>,
}

impl Counts {
    /// The label of a number: `2026-11-01`, or the first and the last day.
    fn label(&self, place: usize) -> String {
        let day = |day: i64| format::date(day * DAY);
        let first = self.first + i64::try_from(place).unwrap_or(0) * self.step;
        match self.step {
            1 => day(first),
            step => format!("{} – {}", day(first), day(first + step - 1)),
        }
    }
}

/// Number of events in the requested days.
async fn counts(registry: &Registry, asked: &Asked, now: Millis) -> Result<Counts, Fault> {
    let step = (asked.days + BARS - 1) / BARS;
    let bars = (asked.days + step - 1) / step;
    let first = now / DAY - bars * step + 1;
    let found = registry.index().events_by_day(&asked.filter, first).await;
    let found = found.map_err(|error| Fault::failed(&error))?;
    let mut numbers = vec![Some(0); usize::try_from(bars).unwrap_or(0)];
    for (day, count) in found {
        let place = usize::try_from((day - first) / step).ok();
        if let Some(kept) = place.and_then(|place| numbers.get_mut(place)) {
            *kept = kept.map(|before| before + count);
        }
    }
    Ok(Counts {
        first,
        step,
        numbers,
    })
}

fn filters(frame: &Frame<'_>, asked: &Asked, is_admin: bool) -> Markup {
    let text = frame.account;
    html! {
        form class="filters" action=(frame.links.path("/activity")) {
            @if is_admin {
                label { (text.account)
                    input name="account" value=(asked.account) maxlength="140"
                        autocomplete="off" spellcheck="false"; }
            }
            label { (frame.text.repository)
                input name="repository" value=(asked.repository) maxlength="255"
                    autocomplete="off" spellcheck="false"; }
            label { (text.action)
                select name="action" {
                    option value="" { (frame.text.all) }
                    @for action in ACTIONS {
                        option value=(action) selected[action == asked.action] { (action) }
                    }
                } }
            label { (text.address)
                input name="address" value=(asked.address) maxlength="64"
                    autocomplete="off" spellcheck="false"; }
            label { (text.last_days)
                input name="days" type="number" min="1" max="3650" value=(asked.days); }
            p { button type="submit" { (frame.text.apply) }
                a href=(link(frame, asked, &[("format", "csv")])) { "CSV" } }
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
            // A blob has no page.
            (Some(name), None, Some(digest)) if event.action.ends_with("-blob") => {
                a href=(frame.links.repository(name)) { (name) } "@" (tags::short(digest))
            },
            (Some(name), None, Some(digest)) => {
                a href=(frame.links.digest(name, digest)) { (name) "@" (tags::short(digest)) }
            },
            (Some(name), None, None) => a href=(frame.links.repository(name)) { (name) },
            _ => {
                @match event.detail.as_ref().map(|detail| facts(frame, detail)) {
                    Some(facts) if !facts.is_empty() => (facts),
                    _ => "–",
                }
            },
        }
    }
}

/// The details of an event that is about no repository: accounts, groups, grants, rules.
fn facts(frame: &Frame<'_>, detail: &Value) -> String {
    let rule = detail.get("rule").cloned();
    if let Some(Ok(rule)) = rule.map(serde_json::from_value) {
        return retention::sentence(frame, &rule);
    }
    let facts = detail.as_object().into_iter().flatten();
    let facts = facts.filter_map(|(name, value)| {
        let value = match value.as_i64() {
            Some(at) if name == "expiresAt" => format::date(at),
            _ => plain(value)?,
        };
        Some(format!("{name}: {value}"))
    });
    facts.collect::<Vec<_>>().join(", ")
}

/// A value as it is written elsewhere; `None` for one that says nothing.
fn plain(value: &Value) -> Option<String> {
    if let Ok(grant) = serde_json::from_value::<Grant>(value.clone()) {
        return Some(grant.to_string());
    }
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Array(values) => {
            let values: Vec<_> = values.iter().filter_map(plain).collect();
            Some(values.join(" "))
        }
        other => Some(other.to_string()),
    }
}
