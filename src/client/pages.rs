//! The pages of a listing, in order, completely.
//!
//! Finds the next page: by its `Link` or, in a listing without any, after a full page by the last
//! entry.
//! Invariant: a listing ends where the registry says so; a page that can't be parsed, that repeats
//! an earlier one, or that exceeds the limits is an error.

use std::collections::HashSet;

use reqwest::Method;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use url::Url;

use super::auth::Scope;
use super::request::Answer;
use super::{Call, Client, Error, Subject, link, words};

/// Number of entries requested at once.
const PAGE: usize = 1000;
/// Maximum size of a page in bytes: registries without paging send everything at once.
const PAGE_LIMIT: usize = 64 * 1024 * 1024;
/// Maximum number of empty pages in a row.
const EMPTY_PAGES: usize = 100;
/// Maximum number of pages of a listing.
const PAGES: usize = 100_000;
/// Maximum number of entries of a listing.
const ENTRIES: usize = 10_000_000;
/// The path of the list of repositories.
pub(super) const CATALOG: &str = "v2/_catalog";

/// A page as received: all listings have their entries under one of two names, and some registries
/// write `null` for an empty list.
#[derive(Deserialize)]
struct Page<T> {
    #[serde(alias = "tags")]
    repositories: Option<Vec<T>>,
}

/// A page whose entries are not read.
#[derive(Deserialize)]
struct Named {
    #[serde(rename = "repositories", alias = "tags", alias = "errors")]
    _entries: IgnoredAny,
}

/// An iterator over the pages of a listing.
pub(super) struct Pages<'a> {
    pub(super) client: &'a Client,
    scope: Scope<'a>,
    pub(super) subject: Subject<'a>,
    /// Path and query of the next page; `None` after the last.
    next: Option<String>,
    /// The requested number of entries; `None` if the registry decided.
    asked: Option<usize>,
    /// Whether a page had a link: then one without is the last, even if it is full.
    linked: bool,
    /// The last entry of the previous page, if this page was requested by it alone.
    after: Option<String>,
    seen: HashSet<String>,
    bounds: Bounds,
}

impl<'a> Pages<'a> {
    pub(super) fn new(
        client: &'a Client,
        scope: Scope<'a>,
        path: &str,
        subject: Subject<'a>,
    ) -> Self {
        Self {
            client,
            scope,
            subject,
            next: Some(format!("{path}?n={PAGE}")),
            asked: None,
            linked: false,
            after: None,
            seen: HashSet::new(),
            bounds: Bounds::default(),
        }
    }

    /// The answer for the next page, with any status; `None` after the last.
    pub(super) async fn answer(&mut self) -> Result<Option<Answer>, Error> {
        let Some(mut path) = self.next.take() else {
            return Ok(None);
        };
        let mut answer = self.get(&path).await?;
        let first = format!("?n={PAGE}");
        if matches!(answer.status.as_u16(), 400 | 416 | 422)
            && let Some(bare) = path.strip_suffix(&first)
        {
            // The limit of the registry is smaller; it chooses.
            path = bare.to_owned();
            answer = self.get(&path).await?;
        }
        self.asked = page_size(&path);
        if answer.status.is_success() {
            // All listings have their entries under a name, even if there are none.
            if serde_json::from_slice::<Named>(&answer.body).is_err() {
                Box::pin(self.client.must_be_registry(&answer)).await?;
            }
            self.next = self.link(&answer, &path)?;
            self.linked |= self.next.is_some();
        }
        self.seen.insert(path);
        Ok(Some(answer))
    }

    /// Whether the registry has rejected the credential for the listing.
    pub(super) fn is_rejected(&self) -> bool {
        self.client.auth.is_rejected(&self.scope)
    }

    async fn get(&self, path: &str) -> Result<Answer, Error> {
        let call = Call {
            accept: Some("application/json"),
            limit: PAGE_LIMIT,
            ..Call::new(Method::GET, path, self.scope)
        };
        self.client.call(call).await
    }

    fn link(&self, answer: &Answer, path: &str) -> Result<Option<String>, Error> {
        let base = self.client.endpoint.decided().join(&format!("/{path}"));
        let next = base
            .map_err(|_| link::LinkError::Address)
            .and_then(|page: Url| link::next(&answer.headers, &page))
            .map_err(|error| self.client.malformed(self.subject, error))?;
        match next {
            Some(next) if next == path || self.seen.contains(&next) => {
                Err(self.client.malformed(self.subject, "its pages form a loop"))
            }
            next => Ok(next),
        }
    }

    pub(super) fn entries<T: DeserializeOwned>(
        &mut self,
        answer: &Answer,
    ) -> Result<Vec<T>, Error> {
        let page: Page<T> = serde_json::from_slice(&answer.body).map_err(|error| {
            let reason = format!("it is not the JSON of a list ({error})");
            self.client.malformed(self.subject, reason)
        })?;
        // An error with a status of success.
        let words = words::words(&answer.body);
        if page.repositories.is_none() && !words.is_empty() {
            return Err(self.client.malformed(self.subject, words));
        }
        let entries = page.repositories.unwrap_or_default();
        let counted = self.bounds.count(entries.len());
        counted.map_err(|reason| self.client.malformed(self.subject, reason))?;
        Ok(entries)
    }

    /// Names as received. A full page is followed by another request if no page had a link, because
    /// some registries page without links.
    pub(super) fn texts(&mut self, answer: &Answer) -> Result<Vec<String>, Error> {
        let texts: Vec<String> = self.entries(answer)?;
        if let Some(after) = self.after.take()
            && texts.contains(&after)
        {
            // The registry repeated the page: it does not page at all.
            self.next = None;
            return Ok(Vec::new());
        }
        if self.next.is_none()
            && !self.linked
            && self.asked.is_some_and(|asked| texts.len() == asked)
            && let Some(last) = texts.last()
        {
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            query.append_pair("n", &PAGE.to_string());
            query.append_pair("last", last);
            let query = query.finish();
            let path = self.subject_path();
            self.next = Some(format!("{path}?{query}"));
            self.after = Some(last.clone());
        }
        Ok(texts)
    }

    fn subject_path(&self) -> String {
        match self.subject {
            Subject::Repository(repository) => format!("v2/{repository}/tags/list"),
            _ => CATALOG.to_owned(),
        }
    }
}

/// The number of entries in the query of a page.
fn page_size(path: &str) -> Option<usize> {
    let (_, query) = path.split_once('?')?;
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs
        .find(|(name, _)| name == "n")
        .and_then(|(_, value)| value.parse().ok())
}

/// Limits that end an endless listing.
#[derive(Default)]
struct Bounds {
    pages: usize,
    entries: usize,
    /// Empty pages in a row.
    empty: usize,
}

impl Bounds {
    fn count(&mut self, entries: usize) -> Result<(), String> {
        self.pages += 1;
        self.entries += entries;
        self.empty = if entries == 0 { self.empty + 1 } else { 0 };
        if self.empty > EMPTY_PAGES {
            return Err(format!("more than {EMPTY_PAGES} pages in a row are empty"));
        }
        if self.pages > PAGES {
            return Err(format!("it has more than {PAGES} pages"));
        }
        if self.entries > ENTRIES {
            return Err(format!("it has more than {ENTRIES} entries"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_all_kinds() {
        let read = |text: &str| {
            let page: Page<String> = serde_json::from_str(text).ok()?;
            Some(page.repositories.unwrap_or_default().len())
        };
        assert_eq!(read(r#"{"repositories":["a","b/c"]}"#), Some(2));
        assert_eq!(read(r#"{"name":"a","tags":["a","NOT OK"]}"#), Some(2));
        assert_eq!(read(r#"{"name":"a","tags":null}"#), Some(0));
        assert_eq!(read(r#"{"repositories":"a"}"#), None);
        assert_eq!(read(r#"{"repositories":[1]}"#), None);
    }

    #[test]
    fn page_sizes() {
        assert_eq!(page_size("v2/a/tags/list?n=7"), Some(7));
        assert_eq!(page_size("v2/a/tags/list?last=n%3D3&n=7"), Some(7));
        for path in [
            "v2/a/tags/list",
            "v2/a/tags/list?n=x",
            "v2/n=3/tags/list?last=a",
        ] {
            assert_eq!(page_size(path), None, "{path}");
        }
    }

    #[test]
    fn a_listing_without_end_ends() {
        let rounds = |entries: usize| {
            let mut bounds = Bounds::default();
            (0..200_000).position(|_| bounds.count(entries).is_err())
        };
        assert_eq!(rounds(0), Some(EMPTY_PAGES));
        assert_eq!(rounds(1), Some(PAGES));
        assert_eq!(rounds(1000), Some(ENTRIES / 1000));
        let mut bounds = Bounds::default();
        let counted = (0..500).all(|round| bounds.count(round % 2).is_ok());
        assert!(counted, "empty pages between others are fine");
    }
}
