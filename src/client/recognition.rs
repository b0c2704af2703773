//! Checks whether a server is a registry.
//!
//! Used only after an unexpected answer: a web server answers 404 to everything, and a wrong port
//! would be reported as a missing tag; another one answers 200 to everything, and nothing would be
//! reported. One or two additional requests decide, once for a client.

use reqwest::header::CONTENT_TYPE;
use reqwest::{Method, StatusCode};

use super::request::{Answer, Request};
use super::{Client, Error, words};

/// Why a server with pages at every path is no registry.
pub(super) const PAGE: &str = "/v2/ is an HTML page";
/// A manifest that no registry has: nothing is known to have this digest.
const IMPOSSIBLE: &str = "/v2/no/such/manifests/sha256:\
    0000000000000000000000000000000000000000000000000000000000000000";
/// The usual remedy if a server is no registry.
pub(super) const NAME_ONE: &str = "name the host and the port of one, HOST[:PORT]";

impl Client {
    /// Checks that an answer comes from a registry if it looks otherwise: an HTML page, an answer
    /// without content, or an error in a form outside of the specification.
    pub(super) async fn check_is_registry(&self, answer: &Answer) -> Result<(), Error> {
        let refused = matches!(answer.status.as_u16(), 400 | 404 | 405 | 501);
        let strange = if answer.status.is_success() {
            is_page(answer) || answer.status == StatusCode::NO_CONTENT
        } else {
            refused && !words::is_of_a_registry(&answer.body)
        };
        if strange {
            Box::pin(self.must_be_registry(answer)).await?;
        }
        Ok(())
    }

    /// The error for a server that is no registry, after an answer that is not a registry's usual one.
    pub(super) async fn must_be_registry(&self, answer: &Answer) -> Result<(), Error> {
        if is_marked(answer) {
            return Ok(());
        }
        let reason = self
            .known_registry
            .get_or_try_init(|| Box::pin(self.examine()));
        match reason.await? {
            None => Ok(()),
            Some(reason) => Err(Error::NoRegistry {
                registry: self.name.clone(),
                reason: (*reason).to_owned(),
                hint: NAME_ONE,
            }),
        }
    }

    /// Why the server is no registry; `None` if it may be one.
    async fn examine(&self) -> Result<Option<&'static str>, Error> {
        let base = self.endpoint.base(&self.transport).await?;
        let get = async |path: &str| {
            let mut url = base.clone();
            url.set_path(path);
            self.transport.fetch(&Request::new(Method::GET, url)).await
        };
        let root = get("/v2/").await?;
        if is_marked(&root) {
            return Ok(None);
        }
        if root.status == StatusCode::NOT_FOUND && !words::is_of_a_registry(&root.body) {
            return Ok(Some("/v2/ does not exist (404)"));
        }
        if !root.status.is_success() {
            return Ok(None);
        }
        if is_page(&root) {
            return Ok(Some(PAGE));
        }
        let impossible = get(IMPOSSIBLE).await?;
        let exists = impossible.status.is_success();
        Ok(exists.then_some("it has whatever it is asked for, even what can't exist"))
    }
}

/// Whether an answer has the header of a registry.
fn is_marked(answer: &Answer) -> bool {
    answer
        .headers
        .contains_key("docker-distribution-api-version")
}

/// Whether an answer is an HTML page.
pub(super) fn is_page(answer: &Answer) -> bool {
    let media_type = answer.headers.get(CONTENT_TYPE);
    media_type.is_some_and(|media_type| media_type.as_bytes().starts_with(b"text/html"))
}

/// Whether a refusal is about space or a quota, where signing in does not help.
pub(super) fn is_about_quota(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body).to_lowercase();
    ["quota", "exceed", "storage limit"]
        .iter()
        .any(|word| text.contains(word))
}

/// Whether an https server reports that it was contacted over http.
pub(super) fn mentions_https(body: &[u8]) -> bool {
    String::from_utf8_lossy(body)
        .to_lowercase()
        .contains("https")
}
