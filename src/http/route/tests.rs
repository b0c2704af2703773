//! Paths, and the action of a method on each of them.

use super::*;
use proptest::prelude::*;

fn name(text: &str) -> Repository {
    text.parse().unwrap()
}

#[test]
fn names_may_contain_words_of_the_api() {
    let tag = Ok("latest".parse().unwrap());
    for text in [
        "a",
        "a/b/c",
        "blobs",
        "a/blobs/uploads",
        "tags/list",
        "manifests/manifests",
        "v2",
    ] {
        assert_eq!(
            Route::parse(&format!("/v2/{text}/manifests/latest")),
            Ok(Route::Manifest(name(text), tag.clone()))
        );
        assert_eq!(
            Route::parse(&format!("/v2/{text}/tags/list")),
            Ok(Route::Tags(name(text)))
        );
        assert_eq!(
            Route::parse(&format!("/v2/{text}/blobs/uploads/")),
            Ok(Route::Uploads(name(text)))
        );
    }
    assert_eq!(
        Route::parse("/v2/a/blobs/uploads/an-id"),
        Ok(Route::Upload(name("a"), "an-id".into()))
    );
}

#[test]
fn path_tricks_match_no_route() {
    for path in [
        "/v2/../etc/passwd/manifests/x",
        "/v2/a/%2e%2e/manifests/x",
        "/v2/a//b/manifests/x",
        "/v2/a%00/manifests/x",
        "/v2//manifests/x",
        "/v2/manifests/x",
        "/v2/a/manifests/%2e%2e%2fx%3a",
        "/v2/a/blobs/../x",
        "/v2/A/tags/list",
        "/v2/%ff/tags/list",
        "/v2x",
        "/v2/a",
        "/v2/a/tags",
        "/v3/",
    ] {
        assert!(
            Route::parse(path).is_err(),
            "{path} is {:?}",
            Route::parse(path)
        );
    }
}

#[test]
fn an_encoded_slash_is_a_slash() {
    for path in [
        "/v2/a%2Fb/tags/list",
        "/v2/a%2fb/tags/list",
        "/v2/a/b%2Ftags%2Flist",
    ] {
        assert_eq!(Route::parse(path), Ok(Route::Tags(name("a/b"))), "{path}");
    }
    // It is decoded once.
    assert!(Route::parse("/v2/a%252Fb/tags/list").is_err());
}

#[test]
fn a_path_may_end_in_a_slash() {
    let digest = format!("sha256:{}", "0".repeat(64));
    for path in [
        "/v2".to_owned(),
        "/v2/_catalog".to_owned(),
        "/v2/a/tags/list".to_owned(),
        "/v2/a/manifests/1".to_owned(),
        format!("/v2/a/blobs/{digest}"),
        format!("/v2/a/referrers/{digest}"),
        "/v2/a/blobs/uploads".to_owned(),
        "/v2/a/blobs/uploads/x".to_owned(),
    ] {
        let route = Route::parse(&path);
        assert!(route.is_ok(), "{path}");
        assert_eq!(Route::parse(&format!("{path}/")), route, "{path}");
        assert_ne!(Route::parse(&format!("{path}//")), route, "{path}");
    }
}

#[test]
fn an_encoded_colon_is_a_colon() {
    let digest = format!("sha256%3A{}", "0".repeat(64));
    assert!(matches!(
        Route::parse(&format!("/v2/a/blobs/{digest}")),
        Ok(Route::Blob(..))
    ));
}

fn action(method: &Method, target: &str) -> Result<Action, RouteError> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Route::parse(path)?.action(method, &Query::parse(Some(query)))
}

#[test]
fn a_method_on_a_path_is_an_action() {
    let text = format!("sha256:{}", "0".repeat(64));
    let digest: Digest = text.parse().unwrap();
    let a = name("a");
    let by_tag = Reference::Tag("1".parse().unwrap());
    let by_digest = Reference::Digest(digest);
    for (method, target, expected) in [
        (Method::GET, "/v2/".to_owned(), Action::Ping),
        (Method::HEAD, "/v2/_catalog".to_owned(), Action::ListCatalog),
        (
            Method::GET,
            "/v2/_regctl/catalog?n=1".to_owned(),
            Action::ListCatalog,
        ),
        (
            Method::GET,
            "/v2/a/tags/list".to_owned(),
            Action::ListTags(a.clone()),
        ),
        (
            Method::GET,
            "/v2/a/_regctl/tags".to_owned(),
            Action::ListTags(a.clone()),
        ),
        (
            Method::GET,
            format!("/v2/a/referrers/{text}"),
            Action::ListReferrers(a.clone(), digest),
        ),
        (
            Method::HEAD,
            "/v2/a/manifests/1".to_owned(),
            Action::PullManifest(a.clone(), by_tag.clone()),
        ),
        (
            Method::PUT,
            format!("/v2/a/manifests/{text}?tag=x"),
            Action::PushManifest(a.clone(), by_digest),
        ),
        (
            Method::PUT,
            "/v2/a/manifests/1".to_owned(),
            Action::PushManifest(a.clone(), by_tag),
        ),
        (
            Method::DELETE,
            "/v2/a/manifests/1".to_owned(),
            Action::DeleteTag(a.clone(), "1".parse().unwrap()),
        ),
        (
            Method::DELETE,
            format!("/v2/a/manifests/{text}"),
            Action::DeleteManifest(a.clone(), digest),
        ),
        (
            Method::GET,
            format!("/v2/a/blobs/{text}"),
            Action::PullBlob(a.clone(), digest),
        ),
        (
            Method::DELETE,
            format!("/v2/a/blobs/{text}"),
            Action::DeleteBlob(a.clone(), digest),
        ),
        (
            Method::DELETE,
            "/v2/a/_regctl/repository".to_owned(),
            Action::DeleteRepository(a.clone()),
        ),
        (
            Method::POST,
            "/v2/a/blobs/uploads/".to_owned(),
            Action::PushBlob(a.clone()),
        ),
        (
            Method::PATCH,
            "/v2/a/blobs/uploads/x".to_owned(),
            Action::PushBlob(a.clone()),
        ),
        (
            Method::GET,
            "/v2/a/blobs/uploads/x".to_owned(),
            Action::PushBlob(a.clone()),
        ),
        (
            Method::POST,
            format!("/v2/a/blobs/uploads/?mount={text}&from=b"),
            Action::MountBlob {
                into: a.clone(),
                from: Some(name("b")),
                digest,
            },
        ),
        (
            Method::POST,
            format!("/v2/a/blobs/uploads/?mount={text}"),
            Action::MountBlob {
                into: a.clone(),
                from: None,
                digest,
            },
        ),
        (
            Method::POST,
            format!("/v2/a/blobs/uploads/?mount={text}&from=NOT"),
            Action::PushBlob(a.clone()),
        ),
    ] {
        assert_eq!(action(&method, &target), Ok(expected), "{method} {target}");
    }
}

#[test]
fn invalid_requests_are_refused_before_the_decision() {
    let refused = |method, target: &str| action(&method, target).unwrap_err();
    assert_eq!(
        refused(Method::PUT, "/v2/a/tags/list"),
        RouteError::Method("GET, HEAD")
    );
    assert_eq!(
        refused(Method::POST, "/v2/a/manifests/1"),
        RouteError::Method("GET, HEAD, PUT, DELETE")
    );
    assert!(matches!(
        refused(Method::GET, "/v2/a/manifests/.x"),
        RouteError::NoSuchManifest(_)
    ));
    assert!(matches!(
        refused(Method::PUT, "/v2/a/manifests/.x"),
        RouteError::Malformed(ErrorCode::TagInvalid, _)
    ));
    assert!(matches!(
        refused(Method::POST, "/v2/a/blobs/uploads/?mount=sha256:1"),
        RouteError::Malformed(ErrorCode::DigestInvalid, _)
    ));
}

proptest! {
    #[test]
    fn never_panics(path in "/v2/.{0,100}") {
        let _ = Route::parse(&path);
    }

    #[test]
    fn every_name_and_tag_is_found(
        repository in "[a-z0-9]{1,6}(/(blobs|tags|manifests|uploads|list|[a-z0-9]{1,6})){0,4}",
        tag in "[A-Za-z0-9_][A-Za-z0-9._-]{0,20}",
    ) {
        prop_assert_eq!(
            Route::parse(&format!("/v2/{repository}/manifests/{tag}")),
            Ok(Route::Manifest(name(&repository), Ok(tag.parse().unwrap())))
        );
    }
}
