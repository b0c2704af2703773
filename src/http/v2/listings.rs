//! Listings: the catalog and the tags, as names and as records with size, digest and dates.

use http::header::LINK;
use serde_json::{Value, json};

use super::super::paging;
use super::super::respond::{Answer, Refusal, page, set};
use super::Call;
use crate::clock::Millis;
use crate::oci::Repository;

/// The requested page.
struct Page<'a> {
    /// Maximum number of entries.
    limit: usize,
    /// The name after which the page begins; empty for the first page.
    last: &'a str,
}

impl<'a> Page<'a> {
    fn of(call: &'a Call, limit: usize, default: usize) -> Result<Self, Refusal> {
        let limit = call.query.count()?.unwrap_or(default).min(limit);
        Ok(Self {
            limit,
            last: call.query.get("last").unwrap_or_default(),
        })
    }

    /// Number of entries to query: one more than the page has, to detect a next page.
    fn wanted(&self) -> usize {
        if self.limit == 0 {
            0
        } else {
            self.limit.saturating_add(1)
        }
    }

    /// The answer, with a `Link` to the next page if there is one.
    fn answer<T>(
        &self,
        call: &Call,
        path: &str,
        mut items: Vec<T>,
        name: impl Fn(&T) -> &str,
        body: impl FnOnce(&[T]) -> Value,
    ) -> Answer {
        let more = items.len() > self.limit;
        items.truncate(self.limit);
        let mut answer = page(&body(&items));
        if let Some(last) = items.last().filter(|_| more) {
            let limit = self.limit.to_string();
            let link = paging::next(&call.path(path), &[("last", name(last)), ("n", &limit)]);
            set(&mut answer, LINK, link);
        }
        answer
    }
}

/// `GET /v2/_catalog`
pub(in super::super) async fn catalog(call: &Call) -> Result<Answer, Refusal> {
    let limit = call.app.limits.catalog;
    let page = Page::of(call, limit, limit)?;
    let names = call.registry.repositories(page.last, page.wanted()).await?;
    Ok(page.answer(
        call,
        "/v2/_catalog",
        names,
        String::as_str,
        |names| json!({ "repositories": names }),
    ))
}

/// `GET /v2/_regctl/catalog`
pub(in super::super) async fn catalog_records(call: &Call) -> Result<Answer, Refusal> {
    let limit = call.app.limits.catalog;
    let page = Page::of(call, limit, limit)?;
    let records = call
        .registry
        .repository_records(page.last, page.wanted())
        .await?;
    Ok(page.answer(
        call,
        "/v2/_regctl/catalog",
        records,
        |record| record.name.as_str(),
        |records| {
            let records: Vec<Value> = records
                .iter()
                .map(|record| {
                    json!({
                        "name": record.name,
                        "tags": record.tags,
                        "manifests": record.manifests,
                        "size": record.size,
                        "pushed": record.pushed_at.map(date),
                    })
                })
                .collect();
            json!({ "repositories": records })
        },
    ))
}

/// `GET /v2/<name>/tags/list`. Without `n` it returns all tags, as registry:2 does.
pub(in super::super) async fn tags(call: &Call, name: &Repository) -> Result<Answer, Refusal> {
    let limit = match call.query.count()? {
        Some(_) => call.app.limits.tags,
        None => usize::MAX - 1,
    };
    let page = Page::of(call, limit, limit)?;
    let tags = call.registry.tags(name, page.last, page.wanted()).await?;
    Ok(page.answer(
        call,
        &format!("/v2/{name}/tags/list"),
        tags,
        String::as_str,
        |tags| json!({ "name": name, "tags": tags }),
    ))
}

/// `GET /v2/<name>/_regctl/tags`
pub(in super::super) async fn tag_records(
    call: &Call,
    name: &Repository,
) -> Result<Answer, Refusal> {
    let limit = call.app.limits.tags;
    let page = Page::of(call, limit, limit)?;
    let records = call
        .registry
        .tag_records(name, page.last, page.wanted())
        .await?;
    let path = format!("/v2/{name}/_regctl/tags");
    Ok(page.answer(
        call,
        &path,
        records,
        |record| record.name.as_str(),
        |records| {
            let records: Vec<Value> = records
                .iter()
                .map(|record| {
                    json!({
                        "tag": record.name,
                        "digest": record.digest,
                        "mediaType": record.media_type,
                        "size": record.size,
                        "platforms": record.platforms,
                        "created": record.created.as_deref().filter(|text| is_date(text)),
                        "pushed": date(record.updated_at),
                    })
                })
                .collect();
            json!({ "name": name, "tags": records })
        },
    ))
}

/// Whether the date of a configuration is one that clients can read.
fn is_date(text: &str) -> bool {
    text.parse::<jiff::Timestamp>().is_ok()
}

/// RFC 3339, UTC, in whole seconds.
fn date(millis: Millis) -> String {
    let time = jiff::Timestamp::from_millisecond(millis).unwrap_or_default();
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
