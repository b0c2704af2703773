//! Redirects: where they lead, and which are followed.
//!
//! Invariant: a redirect never leaves https. A server that leads from the paths of a registry to a
//! page of its own, and gets no further, is none.

use reqwest::header::HeaderValue;
use reqwest::{Method, StatusCode};
use url::Url;

use super::Error;
use super::failure::{Failed, malformed};
use super::recognition::NAME_ONE;
use super::request::Request;
use super::words::plain;

/// The way from the address of a request to the one that answers it.
pub(super) struct Way {
    /// The address reached.
    pub(super) url: Url,
    /// Whether it led to another origin.
    pub(super) elsewhere: bool,
    /// Where it led from the paths of a registry to others of the same server.
    outside: Option<String>,
}

impl Way {
    pub(super) fn new(url: Url) -> Self {
        Self {
            url,
            elsewhere: false,
            outside: None,
        }
    }

    /// Follows a redirect of `registry`, if it may be followed.
    pub(super) fn follow(
        &mut self,
        request: &Request<'_>,
        status: StatusCode,
        target: &HeaderValue,
        registry: &str,
    ) -> Result<(), Failed> {
        let next = target
            .to_str()
            .ok()
            .and_then(|target| self.url.join(target).ok())
            .filter(|next| matches!(next.scheme(), "http" | "https"));
        let Some(next) = next else {
            return Err(malformed(&self.url, "a redirect to an invalid address"));
        };
        let same = next.origin() == self.url.origin();
        let is_registrys = |url: &Url| {
            ["/v1/", "/v2/"]
                .iter()
                .any(|api| url.path().starts_with(api))
        };
        if same && !self.elsewhere && is_registrys(&self.url) && !is_registrys(&next) {
            self.outside = Some(next.path().to_owned());
        }
        if !may_be_followed(request, status) {
            return Err(self.failed("a redirect of a request that changes things", registry));
        }
        if self.url.scheme() == "https" && next.scheme() == "http" {
            return Err(malformed(&self.url, "a redirect from https to http"));
        }
        self.elsewhere |= !same;
        self.url = next;
        Ok(())
    }

    /// The error for a way without an end.
    pub(super) fn endless(&self, registry: &str) -> Failed {
        self.failed("too many redirects", registry)
    }

    fn failed(&self, reason: &str, registry: &str) -> Failed {
        match &self.outside {
            Some(path) => Failed::Final(Error::NoRegistry {
                registry: registry.to_owned(),
                reason: format!("it redirects to {}", plain(path)),
                hint: NAME_ONE,
            }),
            None => malformed(&self.url, reason),
        }
    }
}

/// Whether a request may follow a redirect: one that only reads, or one whose method and body a
/// redirect of this status keeps. A form contains a secret and is never redirected.
fn may_be_followed(request: &Request<'_>, status: StatusCode) -> bool {
    let reads = request.method == Method::GET || request.method == Method::HEAD;
    reads || (request.form.is_none() && matches!(status.as_u16(), 307 | 308))
}

pub(super) fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(start: &str, targets: &[&str]) -> String {
        let url = Url::parse(start).unwrap();
        let request = Request::new(Method::GET, url.clone());
        let mut way = Way::new(url);
        let followed = targets.iter().try_for_each(|target| {
            let target = HeaderValue::from_str(target).unwrap();
            way.follow(&request, StatusCode::FOUND, &target, "reg")
        });
        let failed = followed.err().unwrap_or_else(|| way.endless("reg"));
        failed.into_error("host").to_string()
    }

    #[test]
    fn a_way_to_a_page_for_signing_in_is_not_a_registrys() {
        let said = end("http://a/v2/x/tags/list", &["/login", "/login"]);
        assert!(
            said.contains("reg is not a registry: it redirects to /login"),
            "{said}"
        );
        for targets in [
            &["/v2/y/tags/list"][..],
            &["http://b/storage", "http://b/storage"],
        ] {
            let said = end("http://a/v2/x/tags/list", targets);
            assert!(said.contains("too many redirects"), "{said}");
        }
        let said = end("https://a/v2/", &["http://a/v2/"]);
        assert!(said.contains("from https to http"), "{said}");
    }
}
