//! The paths below `/v2`: a pure parser that reads from the right.
//!
//! A repository name may have any number of components, and components may be called `blobs`,
//! `manifests`, `tags` or `uploads`; so the end of a path decides what it is. Each segment is
//! percent-decoded once, after the split: an encoded slash is no separator, and no name has one.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::oci::{Digest, ErrorCode, Reference, Repository};

/// What a path below `/v2` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route {
    /// `/v2/`
    Base,
    /// `/v2/_catalog`
    Catalog,
    /// `/v2/_regctl/catalog`: the catalog with what is known of each repository.
    CatalogRecords,
    /// `/v2/<name>/tags/list`
    Tags(Repository),
    /// `/v2/<name>/_regctl/tags`: the tags with what is known of each.
    TagRecords(Repository),
    /// `/v2/<name>/_regctl/repository`: all of a repository.
    Repository(Repository),
    /// `/v2/<name>/manifests/<reference>`; a reference that is malformed comes as its text.
    Manifest(Repository, Result<Reference, String>),
    /// `/v2/<name>/blobs/<digest>`
    Blob(Repository, Digest),
    /// `/v2/<name>/blobs/uploads/`
    Uploads(Repository),
    /// `/v2/<name>/blobs/uploads/<id>`
    Upload(Repository, String),
    /// `/v2/<name>/referrers/<digest>`
    Referrers(Repository, Digest),
}

/// Why a path names nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RouteError {
    /// It has the form of no endpoint.
    Unknown,
    /// It has the form of one, with a part that is malformed.
    Malformed(ErrorCode, String),
}

impl Route {
    /// Reads the path of a request, still percent-encoded, without its query.
    pub(super) fn parse(path: &str) -> Result<Self, RouteError> {
        let rest = match path.strip_prefix("/v2") {
            Some("" | "/") => return Ok(Self::Base),
            Some(rest) => rest.strip_prefix('/').ok_or(RouteError::Unknown)?,
            None => return Err(RouteError::Unknown),
        };
        let segments = rest
            .split('/')
            .map(|segment| percent_decode_str(segment).decode_utf8())
            .collect::<Result<Vec<Cow<'_, str>>, _>>()
            .map_err(|_| name_invalid("the path is not UTF-8"))?;
        let segments: Vec<&str> = segments.iter().map(AsRef::as_ref).collect();
        if segments.iter().any(|segment| segment.contains('/')) {
            return Err(name_invalid("an encoded slash is no separator"));
        }
        match segments[..] {
            ["_catalog"] => Ok(Self::Catalog),
            ["_regctl", "catalog"] => Ok(Self::CatalogRecords),
            [ref name @ .., "tags", "list"] => Ok(Self::Tags(repository(name)?)),
            [ref name @ .., "_regctl", "tags"] => Ok(Self::TagRecords(repository(name)?)),
            [ref name @ .., "_regctl", "repository"] => Ok(Self::Repository(repository(name)?)),
            [ref name @ .., "manifests", reference] => Ok(Self::Manifest(
                repository(name)?,
                manifest_reference(reference)?,
            )),
            [ref name @ .., "blobs", "uploads", ""] | [ref name @ .., "blobs", "uploads"] => {
                Ok(Self::Uploads(repository(name)?))
            }
            [ref name @ .., "blobs", "uploads", id] => {
                Ok(Self::Upload(repository(name)?, id.to_owned()))
            }
            [ref name @ .., "blobs", text] => Ok(Self::Blob(repository(name)?, digest(text)?)),
            [ref name @ .., "referrers", text] => {
                Ok(Self::Referrers(repository(name)?, digest(text)?))
            }
            _ => Err(RouteError::Unknown),
        }
    }

    /// The name that registry:2 gives its handler, for the metrics.
    pub(super) fn handler(&self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::Catalog | Self::CatalogRecords => "catalog",
            Self::Tags(_) | Self::TagRecords(_) => "tags",
            Self::Repository(_) => "repository",
            Self::Manifest(..) => "manifest",
            Self::Blob(..) => "blob",
            Self::Uploads(_) => "blob_upload",
            Self::Upload(..) => "blob_upload_chunk",
            Self::Referrers(..) => "referrers",
        }
    }
}

fn name_invalid(reason: impl std::fmt::Display) -> RouteError {
    RouteError::Malformed(ErrorCode::NameInvalid, reason.to_string())
}

fn repository(components: &[&str]) -> Result<Repository, RouteError> {
    let name = components.join("/");
    name.parse()
        .map_err(|error: crate::oci::NameError| name_invalid(error))
}

fn digest(text: &str) -> Result<Digest, RouteError> {
    text.parse()
        .map_err(|error| RouteError::Malformed(ErrorCode::DigestInvalid, format!("{error}")))
}

/// A malformed digest is an error whatever is asked; with a malformed tag it depends: there is
/// nothing under it to get, and none may be put.
fn manifest_reference(text: &str) -> Result<Result<Reference, String>, RouteError> {
    if text.contains(':') {
        return Ok(Ok(Reference::Digest(digest(text)?)));
    }
    Ok(text.parse().map_err(|error| format!("{error}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn name(text: &str) -> Repository {
        text.parse().unwrap()
    }

    #[test]
    fn names_may_hold_the_words_of_the_api() {
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
    fn path_tricks_name_nothing() {
        for path in [
            "/v2/../etc/passwd/manifests/x",
            "/v2/a/%2e%2e/manifests/x",
            "/v2/a//b/manifests/x",
            "/v2/a%2fb/manifests/x",
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
            "/v2/a/tags/list/",
            "/v3/",
            "/v2/_catalog/",
        ] {
            assert!(
                Route::parse(path).is_err(),
                "{path} is {:?}",
                Route::parse(path)
            );
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
}
