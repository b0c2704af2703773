//! Search among repositories with `/v1/search` of the first registry API, and stars of a regctl
//! server.

use reqwest::Method;
use serde::Deserialize;

use super::auth::Scope;
use super::listing::ListSignIn;
use super::{Call, Client, Error, Subject};
use crate::oci::Repository;

/// Results in a page.
const PAGE: usize = 100;
/// Maximum size of a page, in bytes.
const LIMIT: usize = 4 * 1024 * 1024;

/// A search result.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct FoundRepository {
    /// Its name, as the registry writes it.
    pub name: String,
    /// Its description.
    #[serde(default, deserialize_with = "text")]
    pub description: String,
    /// How many accounts have starred it.
    #[serde(default)]
    pub star_count: u64,
    /// Whether the registry marks it as official.
    #[serde(default)]
    pub is_official: bool,
}

/// Parses a text; some registries write `null`.
fn text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.unwrap_or_default())
}

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    num_pages: u64,
    results: Option<Vec<FoundRepository>>,
}

impl Client {
    /// The best matches of a term, at most `limit`; `None` if the registry has no search.
    pub async fn search(
        &self,
        term: &str,
        limit: usize,
    ) -> Result<Option<Vec<FoundRepository>>, Error> {
        // Without credentials it finds only public repositories, and sends no challenge.
        let mut sign_in = ListSignIn::default();
        let mut found: Vec<FoundRepository> = Vec::new();
        let term: String = url::form_urlencoded::byte_serialize(term.as_bytes()).collect();
        for number in 1.. {
            let size = PAGE.min(limit.max(1));
            let path = format!("v1/search?q={term}&n={size}&page={number}");
            let mut call = Call::new(Method::GET, &path, Scope::Catalog);
            call.limit = LIMIT;
            sign_in.before_page(self).await?;
            let answer = match self.call(call).await {
                Ok(answer) => answer,
                Err(Error::NoRegistry { .. }) if number == 1 => return Ok(None),
                Err(error) => return Err(error),
            };
            match answer.status.as_u16() {
                200..=299 => {}
                400 | 404 | 405 | 410 if number == 1 => return Ok(None),
                _ => return Err(self.refusal(&answer, Subject::Search)),
            }
            let Ok(page) = serde_json::from_slice::<Page>(&answer.body) else {
                return if number == 1 {
                    Ok(None)
                } else {
                    Err(self.malformed(Subject::Search, "it is not the JSON of a search"))
                };
            };
            if page.results.is_none() {
                self.must_be_registry(&answer).await?;
            }
            let results = page.results.unwrap_or_default();
            let ended = results.is_empty() || number >= page.num_pages;
            found.extend(results);
            if ended || found.len() >= limit {
                break;
            }
        }
        sign_in.warn(self);
        found.truncate(limit);
        Ok(Some(found))
    }

    /// Adds or removes the caller's star of a repository. Returns the number of stars.
    pub async fn star(&self, repository: &Repository, starred: bool) -> Result<u64, Error> {
        #[derive(Deserialize)]
        struct Stars {
            stars: u64,
        }
        let method = if starred { Method::PUT } else { Method::DELETE };
        let path = format!("v2/{repository}/_regctl/star");
        let call = Call::new(method, &path, Scope::Pull(repository));
        let answer = self.call(call).await?;
        let subject = Subject::Repository(repository);
        match answer.status.as_u16() {
            200..=299 => serde_json::from_slice::<Stars>(&answer.body)
                .map(|stars| stars.stars)
                .map_err(|error| self.malformed(subject, error)),
            404 if !String::from_utf8_lossy(&answer.body).contains("NAME_UNKNOWN") => {
                Err(self.no_stars(&answer.body))
            }
            400 | 405 => Err(self.no_stars(&answer.body)),
            _ => Err(self.refusal(&answer, subject)),
        }
    }

    fn no_stars(&self, body: &[u8]) -> Error {
        Error::Unsupported {
            registry: self.registry().to_owned(),
            what: "starring a repository".to_owned(),
            words: super::words::words(body),
            hint: "use a regctl server with accounts".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_other_registries_are_read() {
        let text = r#"{"num_results":2,"results":[
            {"name":"nginx","description":null,"star_count":7,"is_official":true},
            {"name":"a/b"}]}"#;
        let page: Page = serde_json::from_str(text).unwrap();
        let results = page.results.unwrap();
        assert_eq!((results[0].star_count, results[0].is_official), (7, true));
        assert_eq!((&*results[1].description, results[1].star_count), ("", 0));
    }
}
