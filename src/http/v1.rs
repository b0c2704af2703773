//! The search of the first registry API: `/v1/search`, `/v1/_ping` and `/`.
//!
//! docker requests `/v1/search` and accepts only 200. podman and skopeo request it without
//! credentials and accept any 200; otherwise they read `/v2/_catalog` with credentials and filter
//! it themselves. So they get 404 if there may be repositories that only signed-in users see.

use std::sync::Arc;

use http::header::{HeaderName, HeaderValue, USER_AGENT};
use http::{HeaderMap, Method, Request, StatusCode};
use serde_json::{Value, json};

use super::Shared;
use super::body::Incoming;
use super::challenge::SignInRequest;
use super::paging::Query;
use super::respond::{Answer, Refusal, json, with_body};
use crate::auth::Denied;
use crate::oci::{Action, Context, ErrorCode, Visibility};
use crate::registry::SearchPage;

const STANDALONE: HeaderName = HeaderName::from_static("x-docker-registry-standalone");
const DOCKER_TOKEN: HeaderName = HeaderName::from_static("x-docker-token");
/// Default number of results of a page.
const PAGE: usize = 25;
/// Maximum number of results of a page.
const LARGEST: usize = 100;

/// Whether a path is of this API whatever the client accepts; `/` is also a page.
pub(super) fn owns(path: &str) -> bool {
    matches!(path, "/v1/search" | "/v1/_ping")
}

/// Whether a request is for one of these paths.
pub(super) fn wanted<B>(request: &Request<B>, path: &str) -> bool {
    matches!(*request.method(), Method::GET | Method::HEAD)
        && (matches!(path, "" | "/") || owns(path))
}

/// Answers a request for one of them.
pub(super) async fn answer(
    app: &Arc<Shared>,
    request: Request<Incoming>,
    path: &str,
    context: &mut Arc<Context>,
    tls: bool,
) -> Result<Answer, Refusal> {
    if path == "/v1/_ping" {
        let mut answer = with_body(StatusCode::OK, "true");
        // Otherwise docker sends an empty name and password over https.
        let no = HeaderValue::from_static("false");
        answer.headers_mut().insert(STANDALONE, no);
        return Ok(answer);
    }
    let query = Query::parse(request.uri().query());
    let term = if path == "/v1/search" {
        query.get("q").unwrap_or_default()
    } else {
        ""
    };
    let number = |name: &str, default: usize| match query.get(name) {
        None | Some("") => Ok(default),
        Some(text) => text.parse::<usize>().map_err(|_| {
            let message = format!("{name} is {text:?}, which is not a number");
            Refusal::bad(ErrorCode::PaginationNumberInvalid, message)
        }),
    };
    let limit = number("n", PAGE)?.clamp(1, LARGEST);
    let page = number("page", 1)?.clamp(1, usize::MAX / LARGEST);
    let asked = SignInRequest {
        app,
        headers: request.headers(),
        tls,
    };
    let action = Action::ListCatalog;
    let identity = asked.sign_in(context, &action).await?;
    app.rates.admit_account(context)?;
    let is_partial = app.guard()?.visibility(&identity) != Visibility::Everything;
    if identity.is_anonymous() && is_partial && filters_itself(request.headers()) {
        return Err(Refusal::new(
            StatusCode::NOT_FOUND,
            ErrorCode::Unsupported,
            "sign in, and read /v2/_catalog",
        ));
    }
    let found = match app.guard()?.admit(context, &identity, &action).await {
        Ok((registry, _)) => registry.search(term, (page - 1) * limit, limit).await?,
        // A caller without any visible repository finds nothing.
        Err(Denied::SignIn) => SearchPage::default(),
        Err(denied) => return Err(asked.denied(denied, &action)),
    };
    Ok(json(StatusCode::OK, &body(term, page, limit, &found)))
}

fn body(term: &str, page: usize, limit: usize, found: &SearchPage) -> Value {
    let results: Vec<Value> = found
        .found
        .iter()
        .map(|one| {
            json!({
                "name": one.name,
                "description": one.summary,
                "star_count": one.stars,
                "is_official": false,
                "is_automated": false,
                "is_trusted": false,
            })
        })
        .collect();
    json!({
        "query": term,
        "num_results": found.total,
        "num_pages": found.total.div_ceil(limit as u64),
        "page": page,
        "page_size": limit,
        "results": results,
    })
}

/// Whether a client searches the catalog itself if there is no search: clients that use the
/// containers libraries.
fn filters_itself(headers: &HeaderMap) -> bool {
    let agent = headers
        .get(USER_AGENT)
        .and_then(|agent| agent.to_str().ok());
    let agent = agent.unwrap_or_default().to_ascii_lowercase();
    !headers.contains_key(DOCKER_TOKEN)
        && ["containers/", "libpod", "podman", "buildah", "skopeo"]
            .iter()
            .any(|name| agent.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_of_the_containers_libraries_are_known() {
        let headers = |agent: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(USER_AGENT, HeaderValue::from_static(agent));
            headers
        };
        for agent in [
            "containers/5.16.0 (github.com/containers/image)",
            "Buildah/1.28",
            "skopeo/1.9",
            "libpod/4.3.1",
        ] {
            assert!(filters_itself(&headers(agent)), "{agent}");
        }
        assert!(!filters_itself(&headers("docker/20.10 go/go1.19")));
        let mut docker = headers("podman");
        docker.insert(DOCKER_TOKEN, HeaderValue::from_static("true"));
        assert!(!filters_itself(&docker));
        assert!(!filters_itself(&HeaderMap::new()));
    }

    #[test]
    fn pages_are_counted() {
        let found = SearchPage {
            found: Vec::new(),
            total: 51,
        };
        let body = body("x", 3, 25, &found);
        assert_eq!((&body["num_pages"], &body["page"]), (&json!(3), &json!(3)));
        assert_eq!(body["results"], json!([]));
    }
}
