//! The paths below `/v2`, and the action of a method on each: a pure parser that reads from the
//! right.
//!
//! A repository name may have any number of components, and components may be called `blobs`,
//! `manifests`, `tags` or `uploads`; so the end of a path decides what it is. As registry:2 does, a
//! path is percent-decoded once, before it is split, and may end in a slash.

use http::Method;
use percent_encoding::percent_decode_str;

use super::paging::Query;
use crate::oci::{Action, Digest, ErrorCode, Reference, Repository};

/// The object that a path below `/v2` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route {
    /// `/v2/`
    Base,
    /// `/v2/_catalog`
    Catalog,
    /// `/v2/_regctl/catalog`: the catalog with details of each repository.
    CatalogRecords,
    /// `/v2/<name>/tags/list`
    Tags(Repository),
    /// `/v2/<name>/_regctl/tags`: the tags with details of each.
    TagRecords(Repository),
    /// `/v2/<name>/_regctl/repository`: a whole repository.
    Repository(Repository),
    /// `/v2/<name>/_regctl/star`: the caller's star of a repository.
    Star(Repository),
    /// `/v2/<name>/manifests/<reference>`; a malformed reference is kept as text.
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

/// Why a request matches no endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RouteError {
    /// There is no such endpoint.
    Unknown,
    /// A part of the path is malformed.
    Malformed(ErrorCode, String),
    /// It names a manifest by a malformed tag, which cannot exist.
    NoSuchManifest(String),
    /// The endpoint does not support the method; the text lists the supported ones.
    Method(&'static str),
}

impl Route {
    /// Parses the path of a request, still percent-encoded, without its query.
    pub(super) fn parse(path: &str) -> Result<Self, RouteError> {
        let rest = match path.strip_prefix("/v2") {
            Some("" | "/") => return Ok(Self::Base),
            Some(rest) => rest.strip_prefix('/').ok_or(RouteError::Unknown)?,
            None => return Err(RouteError::Unknown),
        };
        let rest = percent_decode_str(rest)
            .decode_utf8()
            .map_err(|_| name_invalid("the path is not UTF-8"))?;
        let mut segments: Vec<&str> = rest.split('/').collect();
        if segments.len() > 1 && segments.last() == Some(&"") {
            segments.pop();
        }
        match segments[..] {
            ["_catalog"] => Ok(Self::Catalog),
            ["_regctl", "catalog"] => Ok(Self::CatalogRecords),
            [ref name @ .., "tags", "list"] => Ok(Self::Tags(repository(name)?)),
            [ref name @ .., "_regctl", "tags"] => Ok(Self::TagRecords(repository(name)?)),
            [ref name @ .., "_regctl", "star"] => Ok(Self::Star(repository(name)?)),
            [ref name @ .., "_regctl", "repository"] => Ok(Self::Repository(repository(name)?)),
            [ref name @ .., "manifests", reference] => Ok(Self::Manifest(
                repository(name)?,
                manifest_reference(reference)?,
            )),
            [ref name @ .., "blobs", "uploads"] => Ok(Self::Uploads(repository(name)?)),
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

    /// The action of a request with this method and query.
    pub(super) fn action(&self, method: &Method, query: &Query) -> Result<Action, RouteError> {
        let is_read = matches!(*method, Method::GET | Method::HEAD);
        Ok(match self {
            Self::Base if is_read => Action::Ping,
            Self::Catalog | Self::CatalogRecords if is_read => Action::ListCatalog,
            Self::Tags(name) | Self::TagRecords(name) if is_read => Action::ListTags(name.clone()),
            Self::Repository(name) if method == Method::DELETE => {
                Action::DeleteRepository(name.clone())
            }
            Self::Star(name) if matches!(*method, Method::PUT | Method::DELETE) => {
                Action::Star(name.clone())
            }
            Self::Referrers(name, digest) if is_read => {
                Action::ListReferrers(name.clone(), *digest)
            }
            Self::Manifest(name, reference) => match (method, reference) {
                (&Method::PUT, Err(message)) => {
                    return Err(RouteError::Malformed(
                        ErrorCode::TagInvalid,
                        message.clone(),
                    ));
                }
                (&Method::PUT, Ok(reference)) => {
                    Action::PushManifest(name.clone(), reference.clone())
                }
                (&Method::GET | &Method::HEAD | &Method::DELETE, Err(message)) => {
                    return Err(RouteError::NoSuchManifest(message.clone()));
                }
                (&Method::GET | &Method::HEAD, Ok(reference)) => {
                    Action::PullManifest(name.clone(), reference.clone())
                }
                (&Method::DELETE, Ok(Reference::Tag(tag))) => {
                    Action::DeleteTag(name.clone(), tag.clone())
                }
                (&Method::DELETE, Ok(Reference::Digest(digest))) => {
                    Action::DeleteManifest(name.clone(), *digest)
                }
                _ => return Err(RouteError::Method(self.methods())),
            },
            Self::Blob(name, digest) if is_read => Action::PullBlob(name.clone(), *digest),
            Self::Blob(name, digest) if method == Method::DELETE => {
                Action::DeleteBlob(name.clone(), *digest)
            }
            Self::Uploads(name) if method == Method::POST => upload(name, query)?,
            Self::Upload(name, _)
                if is_read || matches!(*method, Method::PATCH | Method::PUT | Method::DELETE) =>
            {
                Action::PushBlob(name.clone())
            }
            _ => return Err(RouteError::Method(self.methods())),
        })
    }

    /// The methods of the endpoint, for `Allow`.
    pub(super) fn methods(&self) -> &'static str {
        match self {
            Self::Base
            | Self::Catalog
            | Self::CatalogRecords
            | Self::Tags(_)
            | Self::TagRecords(_)
            | Self::Referrers(..) => "GET, HEAD",
            Self::Repository(_) => "DELETE",
            Self::Star(_) => "PUT, DELETE",
            Self::Manifest(..) => "GET, HEAD, PUT, DELETE",
            Self::Blob(..) => "GET, HEAD, DELETE",
            Self::Uploads(_) => "POST",
            Self::Upload(..) => "GET, HEAD, PATCH, PUT, DELETE",
        }
    }

    /// The name that registry:2 gives its handler, for the metrics.
    pub(super) fn handler(&self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::Catalog | Self::CatalogRecords => "catalog",
            Self::Tags(_) | Self::TagRecords(_) => "tags",
            Self::Repository(_) => "repository",
            Self::Star(_) => "star",
            Self::Manifest(..) => "manifest",
            Self::Blob(..) => "blob",
            Self::Uploads(_) => "blob_upload",
            Self::Upload(..) => "blob_upload_chunk",
            Self::Referrers(..) => "referrers",
        }
    }
}

/// The action of a POST to `/v2/<name>/blobs/uploads/`: a mount if the query names a blob to mount.
fn upload(name: &Repository, query: &Query) -> Result<Action, RouteError> {
    let Some(text) = query.get("mount") else {
        return Ok(Action::PushBlob(name.clone()));
    };
    let digest = digest(text)?;
    let from = match query.get("from").map(str::parse) {
        Some(Ok(from)) => Some(from),
        // A malformed name cannot exist: an upload session instead.
        Some(Err(_)) => return Ok(Action::PushBlob(name.clone())),
        None => None,
    };
    Ok(Action::MountBlob {
        into: name.clone(),
        from,
        digest,
    })
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

/// A malformed digest is always an error. A malformed tag is an error for PUT; for other methods it
/// is a tag that does not exist.
fn manifest_reference(text: &str) -> Result<Result<Reference, String>, RouteError> {
    if text.contains(':') {
        return Ok(Ok(Reference::Digest(digest(text)?)));
    }
    Ok(text.parse().map_err(|error| format!("{error}")))
}

#[cfg(test)]
mod tests;
