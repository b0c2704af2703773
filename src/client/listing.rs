//! Lists of repositories and tags, page by page, to the end.
//!
//! Owns the two listings of the specification and the two that only regctl's own server answers
//! (`_regctl`, which says with each name what a person wants to see beside it). A listing ends, or
//! fails: a page that was there before, or too many empty ones, are an error.

use std::collections::HashSet;
use std::str::FromStr;

use jiff::Timestamp;
use reqwest::Method;
use reqwest::header::LINK;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use super::auth::Scope;
use super::request::Answer;
use super::{Call, Class, Client, Error, Event, Subject, link};
use crate::oci::{Digest, MediaType, Repository, Tag};

/// How many entries are asked for at once.
const PAGE: usize = 1000;
/// The largest page that is read, in bytes: registries that do not page send all of it at once.
const PAGE_LIMIT: usize = 64 * 1024 * 1024;
/// How many pages without an entry may follow each other.
const EMPTY_PAGES: usize = 1000;

/// What a regctl server tells of a repository.
#[derive(Debug, Clone, Deserialize)]
pub struct RepositorySummary {
    /// Its name.
    pub name: Repository,
    /// How many tags it has.
    pub tags: u64,
    /// How many manifests it has.
    pub manifests: u64,
    /// Bytes of its distinct blobs and manifests.
    pub size: u64,
    /// When it was last pushed to.
    pub pushed: Option<Timestamp>,
}

/// What a regctl server tells of a tag.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TagSummary {
    /// The tag.
    pub tag: Tag,
    /// What it points at.
    pub digest: Digest,
    /// The media type of that manifest.
    pub media_type: MediaType,
    /// Bytes of the manifest and of all that it references.
    pub size: u64,
    /// `os/architecture[/variant]` of the image, or of each image of an index.
    #[serde(default)]
    pub platforms: Vec<String>,
    /// When the image was made, as its configuration says.
    pub created: Option<Timestamp>,
    /// When the tag was last pushed.
    pub pushed: Option<Timestamp>,
}

/// A page as it comes: all listings have their entries under one of two names, and some
/// registries write `null` for none.
#[derive(Deserialize)]
struct Page<T> {
    #[serde(alias = "tags")]
    repositories: Option<Vec<T>>,
}

/// A name in a listing of the specification. One that is against the rules is kept apart, so that
/// it does not hide the others.
#[derive(Deserialize)]
#[serde(from = "String", bound = "T: FromStr")]
enum Name<T: FromStr> {
    Good(T),
    Bad,
}

impl<T: FromStr> From<String> for Name<T> {
    fn from(text: String) -> Self {
        text.parse().map_or(Self::Bad, Self::Good)
    }
}

/// A walk through the pages of one listing.
struct Pages<'a> {
    client: &'a Client,
    scope: Scope<'a>,
    subject: Subject<'a>,
    next: Option<String>,
    seen: HashSet<String>,
    empty: usize,
}

impl<'a> Pages<'a> {
    fn new(client: &'a Client, scope: Scope<'a>, path: &str, subject: Subject<'a>) -> Self {
        Self {
            client,
            scope,
            subject,
            next: Some(format!("{path}?n={PAGE}")),
            seen: HashSet::new(),
            empty: 0,
        }
    }

    /// The answer for the next page, whatever it is; `None` after the last.
    async fn answer(&mut self) -> Result<Option<Answer>, Error> {
        let Some(path) = self.next.take() else {
            return Ok(None);
        };
        let call = Call {
            accept: Some("application/json"),
            limit: PAGE_LIMIT,
            ..Call::new(Method::GET, &path, self.scope)
        };
        let answer = self.client.call(call).await?;
        if answer.status.is_success() {
            self.next = self.link(&answer, &path)?;
        }
        self.seen.insert(path);
        Ok(Some(answer))
    }

    fn link(&self, answer: &Answer, path: &str) -> Result<Option<String>, Error> {
        let Some(header) = answer.headers.get(LINK).and_then(|link| link.to_str().ok()) else {
            return Ok(None);
        };
        let base = self.client.endpoint.decided().join(&format!("/{path}"));
        let next = base
            .map_err(|_| link::LinkError::Form)
            .and_then(|page: Url| link::next(header, &page))
            .map_err(|error| self.client.malformed(self.subject, error))?;
        match next {
            Some(next) if next == path || self.seen.contains(&next) => Err(self.client.malformed(
                self.subject,
                "its pages lead back to one that was there before",
            )),
            next => Ok(next),
        }
    }

    fn entries<T: DeserializeOwned>(&mut self, answer: &Answer) -> Result<Vec<T>, Error> {
        let page: Page<T> = serde_json::from_slice(&answer.body)
            .map_err(|error| self.client.malformed(self.subject, error))?;
        let entries = page.repositories.unwrap_or_default();
        self.empty = if entries.is_empty() {
            self.empty + 1
        } else {
            0
        };
        if self.empty > EMPTY_PAGES {
            return Err(self
                .client
                .malformed(self.subject, "its pages go on without an entry"));
        }
        Ok(entries)
    }
}

/// A listing under way; [`Listing::page`] hands out what comes.
pub struct Listing<'a, T> {
    pages: Pages<'a>,
    read: fn(&mut Pages<'a>, &Answer) -> Result<Vec<T>, Error>,
    first: Option<Vec<T>>,
}

impl<'a, T> Listing<'a, T> {
    /// The entries of the next page; `None` after the last.
    pub async fn page(&mut self) -> Result<Option<Vec<T>>, Error> {
        if let Some(first) = self.first.take() {
            return Ok(Some(first));
        }
        let Some(answer) = self.pages.answer().await? else {
            return Ok(None);
        };
        if !answer.status.is_success() {
            return Err(self.pages.client.refusal(&answer, self.pages.subject));
        }
        (self.read)(&mut self.pages, &answer).map(Some)
    }

    /// The entries of all pages.
    pub async fn all(mut self) -> Result<Vec<T>, Error> {
        let mut entries = Vec::new();
        while let Some(page) = self.page().await? {
            entries.extend(page);
        }
        Ok(entries)
    }

    /// Fetches the first page of a listing that only some registries have; `None` from the others,
    /// however they say so: many statuses, a challenge for a scope that nobody has, a page of their
    /// own for people. What is really wrong comes out again in the listing that all have.
    async fn begin(mut self) -> Result<Option<Listing<'a, T>>, Error> {
        let answer = match self.pages.answer().await {
            Ok(Some(answer)) if answer.status.is_success() => answer,
            Err(error) if error.class() == Class::Unavailable => return Err(error),
            _ => return Ok(None),
        };
        let Ok(first) = (self.read)(&mut self.pages, &answer) else {
            return Ok(None);
        };
        self.first = Some(first);
        Ok(Some(self))
    }
}

/// The names of a page, without those that are against the rules.
fn names<T: FromStr>(pages: &mut Pages<'_>, answer: &Answer) -> Result<Vec<T>, Error> {
    let entries: Vec<Name<T>> = pages.entries(answer)?;
    let all = entries.len();
    let good: Vec<T> = entries
        .into_iter()
        .filter_map(|name| match name {
            Name::Good(name) => Some(name),
            Name::Bad => None,
        })
        .collect();
    if good.len() < all {
        pages.client.transport.tell(Event::Warning(&format!(
            "{} of the names in {} are against the rules of names and are left out",
            all - good.len(),
            pages.subject
        )));
    }
    Ok(good)
}

impl Client {
    /// All repositories that may be seen.
    pub fn catalog(&self) -> Listing<'_, Repository> {
        Listing {
            pages: Pages::new(self, Scope::Catalog, "v2/_catalog", Subject::Catalog),
            read: names,
            first: None,
        }
    }

    /// The tags of a repository.
    pub fn tags<'a>(&'a self, repository: &'a Repository) -> Listing<'a, Tag> {
        let path = format!("v2/{repository}/tags/list");
        Listing {
            pages: Pages::new(
                self,
                Scope::Pull(repository),
                &path,
                Subject::Repository(repository),
            ),
            read: names,
            first: None,
        }
    }

    /// All repositories with what a regctl server tells of them; `None` from any other registry.
    pub async fn catalog_summaries(&self) -> Result<Option<Listing<'_, RepositorySummary>>, Error> {
        let listing = Listing {
            pages: Pages::new(self, Scope::Catalog, "v2/_regctl/catalog", Subject::Catalog),
            read: Pages::entries,
            first: None,
        };
        listing.begin().await
    }

    /// The tags of a repository with what a regctl server tells of them; `None` from any other
    /// registry.
    pub async fn tag_summaries<'a>(
        &'a self,
        repository: &'a Repository,
    ) -> Result<Option<Listing<'a, TagSummary>>, Error> {
        let path = format!("v2/{repository}/_regctl/tags");
        let listing = Listing {
            pages: Pages::new(
                self,
                Scope::Pull(repository),
                &path,
                Subject::Repository(repository),
            ),
            read: Pages::entries,
            first: None,
        };
        listing.begin().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_all_kinds() {
        let read = |text: &str| {
            let page: Page<Name<Repository>> = serde_json::from_str(text).ok()?;
            let names = page.repositories.unwrap_or_default();
            let good = |name: &Name<Repository>| matches!(name, Name::Good(_));
            Some((names.iter().filter(|name| good(name)).count(), names.len()))
        };
        assert_eq!(read(r#"{"repositories":["a","b/c"]}"#), Some((2, 2)));
        assert_eq!(read(r#"{"name":"a","tags":["a","NOT OK"]}"#), Some((1, 2)));
        assert_eq!(read(r#"{"name":"a","tags":null}"#), Some((0, 0)));
        assert_eq!(read(r#"{"repositories":"a"}"#), None);
        assert_eq!(read(r#"{"repositories":[1]}"#), None);
    }

    #[test]
    fn a_summary_as_it_is_sent() {
        let text = format!(
            r#"{{"tag":"1","digest":"sha256:{}","mediaType":"x/y","size":3,"platforms":["linux/amd64"],
               "created":null,"pushed":"2026-11-21T02:00:00Z","later":1}}"#,
            "0".repeat(64)
        );
        let summary: TagSummary = serde_json::from_str(&text).unwrap();
        assert_eq!(summary.created, None);
        assert_eq!(summary.pushed.unwrap().to_string(), "2026-11-21T02:00:00Z");
    }
}
