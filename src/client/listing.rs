//! Lists repositories and tags, page by page, completely.
//!
//! The two listings of the specification, and the two that only a regctl server has (`_regctl`,
//! with details of each name). `pages` implements the paging. Names and digests must be valid, because
//! deletions rely on complete lists; any other detail that can't be read is unknown, and costs
//! nothing else of its page.

use std::str::FromStr;

use jiff::Timestamp;
use reqwest::Method;
use serde::Deserialize;

use super::auth::Scope;
use super::pages::{CATALOG, Pages};
use super::request::Answer;
use super::{Call, Class, Client, Error, Event, Subject};
use crate::oci::{Digest, MediaType, Repository, Tag, lenient};

/// The details of a repository from a regctl server.
#[derive(Debug, Clone, Deserialize)]
pub struct RepositorySummary {
    /// Its name.
    pub name: Repository,
    /// How many tags it has.
    #[serde(default, deserialize_with = "lenient")]
    pub tags: Option<u64>,
    /// How many manifests it has.
    #[serde(default, deserialize_with = "lenient")]
    pub manifests: Option<u64>,
    /// Bytes of its distinct blobs and manifests.
    #[serde(default, deserialize_with = "lenient")]
    pub size: Option<u64>,
    /// When it was last pushed to.
    #[serde(default, deserialize_with = "lenient")]
    pub pushed: Option<Timestamp>,
}

/// The details of a tag from a regctl server.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TagSummary {
    /// The tag.
    pub tag: Tag,
    /// The manifest that it points at.
    pub digest: Digest,
    /// The media type of that manifest.
    #[serde(default, deserialize_with = "lenient")]
    pub media_type: Option<MediaType>,
    /// Bytes of the manifest and of everything that it references.
    #[serde(default, deserialize_with = "lenient")]
    pub size: Option<u64>,
    /// `os/architecture[/variant]` of the image, or of each image of an index.
    #[serde(default, deserialize_with = "lenient")]
    pub platforms: Option<Vec<String>>,
    /// When the image was created, according to its configuration.
    #[serde(default, deserialize_with = "lenient")]
    pub created: Option<Timestamp>,
    /// When the tag was last pushed.
    #[serde(default, deserialize_with = "lenient")]
    pub pushed: Option<Timestamp>,
}

/// A listing in progress; [`Listing::page`] returns its pages.
pub struct Listing<'a, T> {
    pages: Pages<'a>,
    read: fn(&mut Pages<'a>, &Answer) -> Result<Vec<T>, Error>,
    first: Option<Vec<T>>,
    /// The sign-in of a list of repositories.
    sign_in: Option<ListSignIn>,
}

/// The sign-in of a list that shows anonymous users less, without any challenge.
#[derive(Default)]
pub(super) struct ListSignIn {
    begun: bool,
    /// Whether the pages so far are those of a user.
    is_signed_in: bool,
    /// Why the sign-in before the first page failed.
    refused: Option<Error>,
}

impl ListSignIn {
    /// Signs in before the first page, and before a later one if the token has ended: the rest of the
    /// list would be that of an anonymous user.
    pub(super) async fn before_page(&mut self, client: &Client) -> Result<(), Error> {
        let is_known = || client.auth.known(&Scope::Catalog).is_some();
        if self.begun && (!self.is_signed_in || is_known()) {
            return Ok(());
        }
        let refused = client.sign_in_to_list().await;
        if self.begun {
            return refused.map_or(Ok(()), Err);
        }
        (self.begun, self.is_signed_in) = (true, is_known());
        self.refused = refused;
        Ok(())
    }

    /// Warns of a list that was received although the sign-in failed.
    pub(super) fn warn(&mut self, client: &Client) {
        let is_known = client.auth.known(&Scope::Catalog).is_some();
        if let Some(error) = self.refused.take().filter(|_| !is_known) {
            client.transport.report(Event::Warning(&format!(
                "only public repositories are listed: {error}"
            )));
        }
    }
}

impl<'a, T> Listing<'a, T> {
    /// The entries of the next page; `None` after the last.
    pub async fn page(&mut self) -> Result<Option<Vec<T>>, Error> {
        if let Some(first) = self.first.take() {
            return Ok(Some(first));
        }
        let Some(answer) = self.answer().await? else {
            return Ok(None);
        };
        if !answer.status.is_success() {
            return Err(self.pages.client.refusal(&answer, self.pages.subject));
        }
        self.warn();
        (self.read)(&mut self.pages, &answer).map(Some)
    }

    async fn answer(&mut self) -> Result<Option<Answer>, Error> {
        if let Some(sign_in) = &mut self.sign_in {
            sign_in.before_page(self.pages.client).await?;
        }
        self.pages.answer().await
    }

    fn warn(&mut self) {
        if let Some(sign_in) = &mut self.sign_in {
            sign_in.warn(self.pages.client);
        }
    }

    /// The entries of all pages.
    pub async fn all(mut self) -> Result<Vec<T>, Error> {
        let mut entries = Vec::new();
        while let Some(page) = self.page().await? {
            entries.extend(page);
        }
        Ok(entries)
    }

    /// Fetches the first page of a listing that only some registries have. Other registries give
    /// `None`, in whatever way they refuse: various statuses, a challenge for an impossible scope,
    /// an HTML page. Real errors appear again in the standard listing.
    async fn begin(mut self) -> Result<Option<Listing<'a, T>>, Error> {
        let answer = match self.answer().await {
            Ok(Some(answer)) if answer.status.is_success() => answer,
            Err(error) if error.class() == Class::Unavailable => return Err(error),
            Err(error) if self.pages.is_rejected() => return Err(error),
            _ => return Ok(None),
        };
        let Ok(first) = (self.read)(&mut self.pages, &answer) else {
            return Ok(None);
        };
        self.warn();
        self.first = Some(first);
        Ok(Some(self))
    }
}

/// The names of a page. Invalid names are left out with a warning.
fn names<T: FromStr>(pages: &mut Pages<'_>, answer: &Answer) -> Result<Vec<T>, Error> {
    let texts = pages.texts(answer)?;
    let good: Vec<T> = texts.iter().filter_map(|text| text.parse().ok()).collect();
    if good.len() < texts.len() {
        pages.client.transport.report(Event::Warning(&format!(
            "{} of the names in {} are invalid and are left out",
            texts.len() - good.len(),
            pages.subject
        )));
    }
    Ok(good)
}

impl Client {
    /// All visible repositories.
    pub fn catalog(&self) -> Listing<'_, Repository> {
        Listing {
            pages: Pages::new(self, Scope::Catalog, CATALOG, Subject::Catalog),
            read: names,
            first: None,
            sign_in: Some(ListSignIn::default()),
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
            sign_in: None,
        }
    }

    /// Signs in before repositories are listed: anonymous users get the public repositories without
    /// any challenge. Returns why that failed.
    pub(super) async fn sign_in_to_list(&self) -> Option<Error> {
        let credentials = self.auth.credentials(&self.transport).await;
        if credentials.find(None).is_none() || self.auth.known(&Scope::Catalog).is_some() {
            return None;
        }
        let sign_in = |scope| self.call(Call::new(Method::GET, "v2/", scope));
        match sign_in(Scope::Catalog).await {
            // Some token services refuse the scope and not the user.
            Err(error)
                if error.class() == Class::Denied && !self.auth.is_rejected(&Scope::Catalog) =>
            {
                sign_in(Scope::Unnamed).await.err()
            }
            signed_in => signed_in.err(),
        }
    }

    /// All repositories with the details of a regctl server; `None` from any other registry.
    pub async fn catalog_summaries(&self) -> Result<Option<Listing<'_, RepositorySummary>>, Error> {
        let listing = Listing {
            pages: Pages::new(self, Scope::Catalog, "v2/_regctl/catalog", Subject::Catalog),
            read: Pages::entries,
            first: None,
            sign_in: Some(ListSignIn::default()),
        };
        listing.begin().await
    }

    /// The tags of a repository with the details of a regctl server; `None` from any other
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
            sign_in: None,
        };
        listing.begin().await
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::net::TcpListener;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;
    use crate::client::{Options, Scheme};

    /// A registry with a public and a private repository on each of two pages, whose token service
    /// can be closed. It challenges nobody who asks for the list.
    fn registry(is_closed: Arc<AtomicBool>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let realm = format!("Bearer realm=\"http://{host}/token\"");
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let head: Vec<String> = BufReader::new(&stream)
                    .lines()
                    .map_while(Result::ok)
                    .take_while(|line| !line.is_empty())
                    .collect();
                let line = head.first().map(String::as_str).unwrap_or_default();
                let is_user = head.iter().any(|line| line.ends_with("Bearer t"));
                let page = if line.contains("last=1") { 2 } else { 1 };
                let mut more = String::new();
                let (status, body) = if line.contains("/token") {
                    let status = if is_closed.load(Ordering::Relaxed) {
                        403
                    } else {
                        200
                    };
                    (status, r#"{"token":"t","expires_in":300}"#.to_owned())
                } else if line.contains("_catalog") {
                    if page == 1 {
                        more.push_str("Link: </v2/_catalog?last=1>; rel=\"next\"\r\n");
                    }
                    let private = format!(r#","private/{page}""#);
                    let private = if is_user { &*private } else { "" };
                    (
                        200,
                        format!(r#"{{"repositories":["public/{page}"{private}]}}"#),
                    )
                } else if is_user {
                    (200, "{}".to_owned())
                } else {
                    (401, "{}".to_owned())
                };
                if status == 401 {
                    more = format!("WWW-Authenticate: {realm}\r\n");
                }
                let length = body.len();
                let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {length}");
                let common = "Content-Type: application/json\r\nConnection: close";
                let answer = format!("{head}\r\n{common}\r\n{more}\r\n{body}");
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        host
    }

    #[tokio::test]
    async fn a_list_does_not_become_that_of_an_anonymous_user() {
        let is_closed = Arc::new(AtomicBool::default());
        let options = Options {
            scheme: Scheme::Http,
            insecure: false,
            retries: 0,
            listener: Arc::new(|_| {}),
        };
        let client = Client::new(&registry(Arc::clone(&is_closed)), &options).unwrap();
        let client = client.of_user("user", "secret").await.unwrap();
        let names = |page: Option<Vec<Repository>>| {
            let names = page.unwrap_or_default();
            names.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let mut list = client.catalog();
        let first = names(list.page().await.unwrap());
        assert_eq!(first, ["public/1", "private/1"]);
        client.auth.end_tokens();
        let second = names(list.page().await.unwrap());
        assert_eq!(second, ["public/2", "private/2"]);
        assert!(list.page().await.unwrap().is_none());

        let mut list = client.catalog();
        list.page().await.unwrap();
        client.auth.end_tokens();
        is_closed.store(true, Ordering::Relaxed);
        let refused = list.page().await.unwrap_err();
        assert_eq!(refused.class(), Class::Denied);
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

    #[test]
    fn an_unreadable_detail_costs_nothing_else() {
        let zeros = "0".repeat(64);
        for created in [
            "",
            "garbage",
            "2026-02-30T00:00:00Z",
            "10000-01-01T00:00:00Z",
        ] {
            let text = format!(
                r#"{{"tag":"1","digest":"sha256:{zeros}","size":-1,"platforms":1,"created":"{created}",
                   "pushed":"2026-11-21T02:00:00Z"}}"#
            );
            let summary: TagSummary = serde_json::from_str(&text).unwrap();
            assert_eq!((summary.created, summary.size), (None, None));
            assert!(summary.pushed.is_some(), "{created}");
        }
        let text = r#"{"name":"a","tags":"many","manifests":2,"pushed":""}"#;
        let summary: RepositorySummary = serde_json::from_str(text).unwrap();
        assert_eq!((summary.tags, summary.manifests), (None, Some(2)));
        let text = r#"{"tag":"1","digest":"md9:0"}"#;
        assert!(serde_json::from_str::<TagSummary>(text).is_err());
    }
}
