//! Storage, for administrators: the disk, the stored bytes and the savings by sharing, the largest
//! namespaces and repositories, and the growth.
//!
//! A count reads all relations, so only one runs at a time, and its result is shown until a new
//! count is worth its cost.

use std::cmp::Reverse;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::StatusCode;
use maud::{Markup, html};
use parking_lot::Mutex;
use tokio::sync::mpsc::Receiver;

use super::chart::Bars;
use super::frame::Frame;
use super::treemap::{self, Part};
use super::{Answer, Fault, Pages, Request, format, html as answer};
use crate::admin::{self, Operation, Usage, UsageReport};
use crate::clock::{Clock, Millis};
use crate::oci::{Action, Repository};
use crate::registry::{Device, StoredOnDay};

/// Maximum number of listed namespaces and repositories.
const NAMESPACES: usize = 40;
const REPOSITORIES: usize = 25;
/// Days of the chart.
const DAYS: usize = 90;
/// Milliseconds of a day.
const DAY: Millis = 24 * 60 * 60 * 1000;
/// How long a page waits for a count.
const PATIENCE: Duration = Duration::from_secs(2);
/// A count is reused for this many times its duration, but at least for `FRESH`.
const WORTH: u32 = 20;
const AT_LEAST: Duration = Duration::from_secs(1);

/// The cached result of a count.
struct Counted {
    at: Millis,
    ended: Instant,
    took: Duration,
    usage: UsageReport,
    /// Number of namespaces that are not listed, and their unique bytes.
    others: (usize, u64),
    /// Bytes that several namespaces share.
    shared: u64,
    namespaces: Vec<(String, Usage)>,
    /// Repositories: name, total and unique bytes, reclaimable bytes.
    largest: Vec<(Repository, Usage, u64)>,
}

impl Counted {
    fn new(mut usage: UsageReport, took: Duration) -> Self {
        let mut namespaces: Vec<_> = std::mem::take(&mut usage.namespaces).into_iter().collect();
        namespaces.sort_by_key(|(_, usage)| Reverse(usage.unique));
        let alone: u64 = namespaces.iter().map(|(_, usage)| usage.unique).sum();
        let others = namespaces.split_off(namespaces.len().min(NAMESPACES));
        let mut largest: Vec<_> = std::mem::take(&mut usage.repositories)
            .into_iter()
            .map(|(name, of)| (name, of.whole, of.reclaimable))
            .collect();
        largest.sort_by_key(|(_, whole, _)| Reverse(whole.total));
        largest.truncate(REPOSITORIES);
        Self {
            at: Clock::system().now(),
            ended: Instant::now(),
            took,
            others: (
                others.len(),
                others.iter().map(|(_, usage)| usage.unique).sum(),
            ),
            shared: usage.referenced.saturating_sub(alone),
            usage,
            namespaces,
            largest,
        }
    }

    fn is_fresh(&self) -> bool {
        self.ended.elapsed() < (self.took * WORTH).max(AT_LEAST)
    }
}

/// The last count, and the running one.
#[derive(Default)]
pub(super) struct Counts {
    last: Mutex<Option<Arc<Counted>>>,
    running: tokio::sync::Mutex<Option<(Instant, Receiver<admin::Answer>)>>,
}

impl Counts {
    fn last(&self) -> Option<Arc<Counted>> {
        self.last.lock().clone()
    }

    fn fresh(&self) -> Option<Arc<Counted>> {
        self.last().filter(|counted| counted.is_fresh())
    }

    /// A count, and whether a newer one is running; `None` if there is none yet.
    async fn get(
        &self,
        pages: &Pages,
        request: &Request,
    ) -> Result<(Option<Arc<Counted>>, bool), Fault> {
        if let Some(counted) = self.fresh() {
            return Ok((Some(counted), false));
        }
        // If the request ends early, the next one continues the count.
        match tokio::time::timeout(PATIENCE, self.count(pages, request)).await {
            Ok(counted) => Ok((Some(counted?), false)),
            Err(_) => Ok((self.last(), true)),
        }
    }

    async fn count(&self, pages: &Pages, request: &Request) -> Result<Arc<Counted>, Fault> {
        let mut running = self.running.lock().await;
        if let Some(counted) = self.fresh() {
            return Ok(counted);
        }
        if running.is_none() {
            let operation = Operation::Usage { under: None };
            let answers = pages.begin(request, &Action::Inspect, operation).await?;
            *running = Some((Instant::now(), answers));
        }
        let Some((began, answers)) = running.as_mut() else {
            return Err(Fault::Failed);
        };
        let began = *began;
        let last = loop {
            match answers.recv().await {
                Some(admin::Answer::Report(report)) => break Ok(*report),
                Some(admin::Answer::Failure(failure)) => break Err(Fault::failed(&failure)),
                Some(_) => {}
                None => break Err(Fault::Failed),
            }
        };
        *running = None;
        let usage = UsageReport::try_from(last?).map_err(|failure| Fault::failed(&failure))?;
        let counted = Arc::new(Counted::new(usage, began.elapsed()));
        *self.last.lock() = Some(Arc::clone(&counted));
        Ok(counted)
    }
}

/// Answers `/storage`.
pub(super) async fn page(pages: &Pages, request: &Request) -> Result<Answer, Fault> {
    let registry = pages.administering(request, &Action::Inspect).await?;
    let (counted, is_counting) = pages.counts.get(pages, request).await?;
    let device = registry.device().await?;
    let days = registry.stored_by_day(DAYS).await?;
    let mut frame = Frame::new(pages, request);
    let text = frame.upkeep;
    if is_counting {
        frame.follow = Some(frame.links.path("/storage"));
    }
    let content = html! {
        h1 { (text.storage) }
        @if is_counting {
            p class="notice" role="status" data-follow=(frame.links.path("/storage")) {
                (text.counting)
            }
        }
        @if let Some(counted) = &counted {
            p class="dim" { (text.counted) " " (format::age(frame.language, counted.at, frame.now)) }
        }
        (figures(&frame, counted.as_deref(), device))
        @if let Some(counted) = &counted {
            @if counted.usage.bytes > 0 {
                section { h2 { (text.by_namespace) } (namespaces(&frame, counted)) }
                section { h2 { (text.largest) } (repositories(&frame, counted)) }
            }
        }
        section { h2 { (text.growth) } (growth(&frame, days, counted.as_deref())) }
    };
    let crumbs = [(text.storage.to_owned(), None)];
    Ok(answer(
        StatusCode::OK,
        frame.page(text.storage, &crumbs, "", &content),
    ))
}

fn figures(frame: &Frame<'_>, counted: Option<&Counted>, device: Option<Device>) -> Markup {
    let text = frame.upkeep;
    html! {
        dl class="figures" {
            @if let Some(device) = device {
                div { dt { (text.disk) } dd { (format::bytes(device.total)) } }
                div { dt { (text.free) } dd {
                    (format::bytes(device.free)) " "
                    span class="dim" { (percent(device.free, device.total)) }
                } }
            }
            @if let Some(Counted { usage, .. }) = counted {
                div { dt { (text.stored) } dd {
                    (format::bytes(usage.bytes)) " "
                    span class="dim" { (format::number(usage.blobs)) " " (text.blobs) }
                } }
                div { dt { (text.logical) } dd {
                    (format::bytes(usage.logical)) " " span class="dim" { (text.logical_detail) }
                } }
                div { dt { (text.saved) } dd {
                    (format::bytes(usage.logical.saturating_sub(usage.referenced)))
                } }
                div { dt { a href=(frame.links.path("/collection")) { (text.reclaimable) } } dd {
                    (format::bytes(usage.reclaimable))
                    @if usage.reclaimable_untagged > usage.reclaimable {
                        " " span class="dim" {
                            (text.with_untagged.replace("{}", &format::bytes(usage.reclaimable_untagged)))
                        }
                    }
                } }
                @if usage.held > 0 {
                    div { dt { (text.held) } dd {
                        (format::bytes(usage.held))
                        @if let Some(until) = usage.held_until {
                            " " span class="dim" { (text.until) " " (format::time(until)) }
                        }
                    } }
                }
            }
        }
    }
}

/// A share, in percent.
fn percent(part: u64, whole: u64) -> String {
    let tenths = u128::from(part) * 1000 / u128::from(whole.max(1));
    format!("{}.{} %", tenths / 10, tenths % 10)
}

fn namespaces(frame: &Frame<'_>, counted: &Counted) -> Markup {
    let text = frame.upkeep;
    let usage = &counted.usage;
    let others = text
        .others
        .replace("{}", &format::number(counted.others.0 as u64));
    let rest = [
        (others, counted.others.1),
        (text.shared.to_owned(), counted.shared),
        (
            text.unreferenced.to_owned(),
            usage.bytes.saturating_sub(usage.referenced),
        ),
    ];
    let part = |name: &str, size, is_rest| Part {
        name: name.to_owned(),
        size,
        is_rest,
    };
    let mut parts: Vec<Part> = Vec::new();
    let named = counted.namespaces.iter();
    parts.extend(named.map(|(name, usage)| part(name, usage.unique, false)));
    parts.extend(rest.iter().map(|(name, size)| part(name, *size, true)));
    html! {
        (treemap::markup(text.map_detail, &parts))
        details { summary { (text.map_detail) }
            div class="scroll" { table class="list" {
                thead { tr {
                    th scope="col" { (text.namespace) }
                    th scope="col" class="number" { (frame.text.unique_size) }
                    th scope="col" class="number" { (text.share) }
                    th scope="col" class="number" { (frame.text.total_size) }
                } }
                tbody {
                    @for (name, of) in &counted.namespaces { tr {
                        th scope="row" { a href=(frame.links.path(&format!("/{}",
                            super::url::query(&[("q", name)])))) { (name) } }
                        td class="number" data-label=(frame.text.unique_size) { (format::bytes(of.unique)) }
                        td class="number" data-label=(text.share) { (percent(of.unique, usage.bytes)) }
                        td class="number" data-label=(frame.text.total_size) { (format::bytes(of.total)) }
                    } }
                    @for (name, size) in rest.iter().filter(|(_, size)| *size > 0) { tr {
                        th scope="row" class="dim" { (name) }
                        td class="number" data-label=(frame.text.unique_size) { (format::bytes(*size)) }
                        td class="number" data-label=(text.share) { (percent(*size, usage.bytes)) }
                        td class="number" data-label=(frame.text.total_size) { "–" }
                    } }
                }
            } }
        }
    }
}

fn repositories(frame: &Frame<'_>, counted: &Counted) -> Markup {
    let text = frame.upkeep;
    html! {
        div class="scroll" { table class="list" {
            thead { tr {
                th scope="col" { (frame.text.repository) }
                th scope="col" class="number" { (frame.text.total_size) }
                th scope="col" class="number" { (frame.text.unique_size) }
                th scope="col" class="number" { (text.reclaimable) }
            } }
            tbody { @for (name, whole, reclaimable) in &counted.largest { tr {
                th scope="row" { (frame.name(name)) }
                td class="number" data-label=(frame.text.total_size) { (format::bytes(whole.total)) }
                td class="number" data-label=(frame.text.unique_size) { (format::bytes(whole.unique)) }
                td class="number" data-label=(text.reclaimable) { (format::bytes(*reclaimable)) }
            } } }
        } }
    }
}

/// The chart of the recorded days, and the difference to the first of them. The record of today may
/// be an hour old, so the current count replaces it.
fn growth(frame: &Frame<'_>, mut days: Vec<StoredOnDay>, counted: Option<&Counted>) -> Markup {
    let text = frame.upkeep;
    if let Some(counted) = counted {
        let today = StoredOnDay {
            day: counted.at / DAY,
            bytes: counted.usage.bytes,
            blobs: counted.usage.blobs,
        };
        days.retain(|counted| counted.day != today.day);
        days.push(today);
    }
    let (Some(earliest), Some(latest)) = (days.first(), days.last()) else {
        return html! { p class="nothing" { (text.not_yet) } };
    };
    let today = frame.now / DAY;
    let first = today - i64::try_from(DAYS).unwrap_or(0) + 1;
    let mut numbers = vec![None; DAYS];
    for counted in &days {
        let place = usize::try_from(counted.day - first).ok();
        if let Some(number) = place.and_then(|place| numbers.get_mut(place)) {
            *number = Some(counted.bytes);
        }
    }
    let date = format::date(earliest.day * DAY);
    let change = if latest.bytes >= earliest.bytes {
        format!("+{}", format::bytes(latest.bytes - earliest.bytes))
    } else {
        format!("−{}", format::bytes(earliest.bytes - latest.bytes))
    };
    let chart = Bars {
        label: text.growth_detail,
        name: &|place| format::date((first + i64::try_from(place).unwrap_or(0)) * DAY),
        numbers: &numbers,
        width: 8,
        written: format::bytes,
    };
    html! {
        @if days.len() > 1 {
            p { (text.since_day.replace("{}", &date)) ": " strong { (change) } }
        }
        @if days.len() > 1 { (chart.markup()) }
        p class="dim" { (text.since.replace("{}", &date)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::RepositoryUsage;

    #[test]
    fn a_count_keeps_the_largest_and_adds_up() {
        let mut usage = UsageReport {
            bytes: 1_000_000,
            referenced: 900_000,
            ..UsageReport::default()
        };
        for number in 0..100_u64 {
            let of = Usage {
                total: 2 * number,
                unique: number,
            };
            usage.namespaces.insert(format!("n{number}"), of);
            let name = format!("n{number}/app").parse().unwrap();
            let whole = RepositoryUsage {
                whole: of,
                ..RepositoryUsage::default()
            };
            usage.repositories.insert(name, whole);
        }
        let counted = Counted::new(usage, Duration::ZERO);
        assert_eq!(counted.namespaces.len(), NAMESPACES);
        assert_eq!(counted.namespaces[0].0, "n99");
        assert_eq!(counted.others, (60, (0..60).sum()));
        assert_eq!(counted.shared, 900_000 - (0..100).sum::<u64>());
        assert_eq!(counted.largest.len(), REPOSITORIES);
        assert_eq!(counted.largest[0].0.as_str(), "n99/app");
    }

    #[test]
    fn parts_in_percent() {
        assert_eq!(percent(1, 3), "33.3 %");
        assert_eq!(percent(0, 0), "0.0 %");
        assert_eq!(percent(u64::MAX, u64::MAX), "100.0 %");
    }
}
