//! The pages for browsers: which requests they answer, and with which input.

use std::sync::Arc;

use http::header::{ACCEPT, ACCEPT_LANGUAGE, COOKIE, HeaderName, ORIGIN};
use http::{Method, Request};

use super::answer_body::Body;
use super::body::Incoming;
use super::respond::{Answer, Refusal};
use super::{Shared, body};
use crate::oci::{Context, ErrorCode, Visibility};
use crate::web::{self, Pages};

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Maximum size of a form in bytes.
const FORM_LIMIT: usize = 64 * 1024;

/// Whether a request is for the pages: one of their paths, or any other path outside of the API
/// that a browser opens.
pub(super) fn wanted<B>(request: &Request<B>, path: &str) -> bool {
    if Pages::owns(path) {
        return true;
    }
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    is_read && !matches!(path, "/livez" | "/readyz") && accepts_html(request)
}

/// Whether a client accepts HTML by name, as browsers do and registry clients do not.
fn accepts_html<B>(request: &Request<B>) -> bool {
    let accepted = request.headers().get_all(ACCEPT).iter();
    accepted
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|entry| {
            let media_type = entry.split(';').next().unwrap_or_default().trim();
            media_type.eq_ignore_ascii_case("text/html")
        })
}

/// Answers a request with a page.
pub(super) async fn answer(
    app: &Shared,
    pages: &Pages,
    request: Request<Incoming>,
    context: &mut Arc<Context>,
    path: &str,
    tls: bool,
) -> Result<Answer, Refusal> {
    let (head, body) = request.into_parts();
    let form = if head.method == Method::POST {
        let slot = app.memory_for_body(&body, Some(FORM_LIMIT as u64)).await?;
        let form = body::whole(body, FORM_LIMIT, &slot).await;
        let bytes = form.map_err(|_| {
            Refusal::bad(
                ErrorCode::SizeInvalid,
                "the form is too large or incomplete",
            )
        })?;
        String::from_utf8_lossy(&bytes).into_owned()
    } else {
        String::new()
    };
    let text = |name: &HeaderName| {
        let value = head.headers.get(name)?.to_str().ok()?;
        Some(value.to_owned())
    };
    let request = web::Request {
        method: head.method.clone(),
        path: if path.is_empty() { "/" } else { path }.to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        form,
        origin: app
            .locations
            .origin(&head.headers, head.uri.authority(), tls),
        cookies: text(&COOKIE).unwrap_or_default(),
        languages: text(&ACCEPT_LANGUAGE).unwrap_or_default(),
        fetch_site: text(&FETCH_SITE),
        from_origin: text(&ORIGIN),
        context: Arc::clone(context),
        // The pages identify the visitor by a cookie, never by `Authorization`.
        visitor: web::Visitor::default(),
        visibility: Visibility::nothing(),
    };
    let (mut head, body) = pages.answer(request).await.into_parts();
    if let Some(signed_in) = head.extensions.remove() {
        *context = signed_in;
    }
    Ok(Answer::from_parts(head, Body::from(body)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: Method, accept: &str) -> Request<()> {
        let builder = Request::builder().method(method).header(ACCEPT, accept);
        builder.body(()).unwrap()
    }

    #[test]
    fn browsers_see_pages_and_tools_do_not() {
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        for path in ["/", "/team/app:1", "/home"] {
            assert!(wanted(&request(Method::GET, browser), path), "{path}");
            for tool in ["*/*", "application/json", ""] {
                assert!(!wanted(&request(Method::GET, tool), path), "{path} {tool}");
            }
        }
        assert!(wanted(&request(Method::GET, "*/*"), "/r/team/app"));
        assert!(!wanted(&request(Method::GET, browser), "/readyz"));
        assert!(!wanted(&request(Method::PUT, browser), "/"));
    }
}
