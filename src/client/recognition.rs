//! Checks whether a server is a registry.
//!
//! Used only after an unexpected answer: a web server answers 404 to everything, and a wrong port
//! would be reported as a missing tag. One additional request decides, once for a client.

use reqwest::header::CONTENT_TYPE;
use reqwest::{Method, StatusCode};

use super::request::{Answer, Request};
use super::{Client, Error, words};

/// Why a server with pages at every path is no registry.
pub(super) const PAGE: &str = "/v2/ is an HTML page";
/// The usual remedy if a server is no registry.
pub(super) const NAME_ONE: &str = "name the host and the port of one, HOST[:PORT]";

impl Client {
    /// Checks that an answer comes from a registry if it looks otherwise: an HTML page, or an error
    /// in a form outside of the specification.
    pub(super) async fn check_is_registry(&self, answer: &Answer) -> Result<(), Error> {
        let header = |name| answer.headers.get(name)?.to_str().ok();
        let refused = matches!(answer.status.as_u16(), 400 | 404 | 405 | 501);
        let strange = if answer.status.is_success() {
            is_page(answer)
        } else {
            refused && !words::is_of_a_registry(&answer.body)
        };
        if !strange || header("docker-distribution-api-version").is_some() {
            return Ok(());
        }
        let asked = self.known_registry.get_or_try_init(|| async {
            let base = self.endpoint.base(&self.transport).await?;
            let mut url = base.clone();
            url.set_path("/v2/");
            let root = self
                .transport
                .fetch(&Request::new(Method::GET, url))
                .await?;
            let absent = root.status == StatusCode::NOT_FOUND
                && !words::is_of_a_registry(&root.body)
                && !root.headers.contains_key("docker-distribution-api-version");
            Ok::<_, Error>(if absent {
                Some("/v2/ does not exist (404)")
            } else if root.status.is_success() && is_page(&root) {
                Some(PAGE)
            } else {
                None
            })
        });
        match asked.await? {
            None => Ok(()),
            Some(reason) => Err(Error::NoRegistry {
                registry: self.name.clone(),
                reason: (*reason).to_owned(),
                hint: NAME_ONE,
            }),
        }
    }
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
