//! The addresses of the pages: a pure parser.
//!
//! A component of a repository name is never a single dash, so `/-/` ends a name. Routes of
//! docker-registry-frontend are redirected to their counterparts, and so are pull references that
//! were pasted after the host.

use http::Method;
use percent_encoding::percent_decode_str;

use super::Fault;
use super::frontend::LegacyFile;
use super::url::encoded;
use crate::oci::{Reference, Repository};

/// What an address names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route {
    /// `/`
    Explore,
    /// `/r/NAME`
    Repository(Repository),
    /// `/r/NAME/-/tags`
    Tags(Repository),
    /// `/r/NAME/tags`: the repository with that name if it exists, otherwise the tags of `NAME`.
    TagsOrRepository {
        /// The name without its last component.
        tags: Repository,
        /// The whole name.
        whole: Repository,
    },
    /// `/r/NAME:TAG` and `/r/NAME@DIGEST`
    Image(Repository, Reference),
    /// `/compare?a=…&b=…`
    Compare,
    /// `/about`
    About,
    /// `/assets/NAME`
    Asset(String),
    /// `POST /preferences`
    Preferences,
    /// `/r/NAME/-/delete`
    Delete(Repository),
    /// `POST /r/NAME/-/restore`
    Restore(Repository),
    /// `POST /r/NAME/-/tag`
    Retag(Repository),
    /// `/r/NAME/-/trash`
    Trash(Repository),
    /// `/r/NAME/-/settings`
    Settings(Repository),
    /// `POST /r/NAME/-/star`
    Star(Repository),
    /// `/storage`
    Storage,
    /// `/collection`
    Collection,
    /// `/activity`
    Activity,
    /// `/account`
    Profile,
    /// `/accounts`
    Accounts,
    /// `/sign-in`
    SignIn,
    /// `/sign-in/provider`
    SignInBegin,
    /// `/sign-in/callback`
    SignInCallback,
    /// `POST /sign-out`
    SignOut,
    /// A configuration file of docker-registry-frontend.
    Legacy(LegacyFile),
    /// A redirect to the current address of a page.
    Moved(String),
}

/// Whether a path is a page whatever the client accepts. `/` and pasted references are pages only
/// for clients that accept HTML.
pub(super) fn owns(path: &str) -> bool {
    let first = path
        .strip_prefix('/')
        .and_then(|rest| rest.split('/').next());
    matches!(
        first,
        Some(
            "r" | "about"
                | "assets"
                | "compare"
                | "preferences"
                | "account"
                | "accounts"
                | "activity"
                | "storage"
                | "collection"
                | "sign-in"
                | "sign-out"
                | "registry-host.json"
                | "app-mode.json"
                | "app-version.json"
        )
    )
}

impl Route {
    /// Parses a path, percent-encoded, without base and query.
    pub(super) fn parse(method: &Method, path: &str) -> Result<Self, Fault> {
        let decoded = percent_decode_str(path)
            .decode_utf8()
            .map_err(|_| Fault::NotFound)?;
        let path = decoded.as_ref();
        if let Some(route) = Self::form(path) {
            return if method == Method::POST {
                Ok(route)
            } else {
                Err(Fault::Method("POST"))
            };
        }
        if let Some(route) = Self::page_with_form(path) {
            return if matches!(*method, Method::GET | Method::HEAD | Method::POST) {
                Ok(route)
            } else {
                Err(Fault::Method("GET, HEAD, POST"))
            };
        }
        if method != Method::GET && method != Method::HEAD {
            return Err(Fault::Method("GET, HEAD"));
        }
        match path {
            "/" => return Ok(Self::Explore),
            "/about" => return Ok(Self::About),
            "/storage" => return Ok(Self::Storage),
            "/activity" => return Ok(Self::Activity),
            "/sign-in/provider" => return Ok(Self::SignInBegin),
            "/sign-in/callback" => return Ok(Self::SignInCallback),
            "/compare" => return Ok(Self::Compare),
            "/registry-host.json" => return Ok(Self::Legacy(LegacyFile::Host)),
            "/app-mode.json" => return Ok(Self::Legacy(LegacyFile::Mode)),
            "/app-version.json" => return Ok(Self::Legacy(LegacyFile::Version)),
            _ => {}
        }
        if let Some(name) = path.strip_prefix("/assets/") {
            return Ok(Self::Asset(name.to_owned()));
        }
        if let Some(rest) = path.strip_prefix("/r/") {
            return Self::repository(rest.trim_end_matches('/'));
        }
        legacy(path)
            .or_else(|| pasted(path))
            .map(Self::Moved)
            .ok_or(Fault::NotFound)
    }

    /// Routes that only accept forms.
    fn form(path: &str) -> Option<Self> {
        Some(match path {
            "/preferences" => Self::Preferences,
            "/sign-out" => Self::SignOut,
            _ => match repository_action(path)? {
                (name, "restore") => Self::Restore(name),
                (name, "tag") => Self::Retag(name),
                (name, "star") => Self::Star(name),
                _ => return None,
            },
        })
    }

    /// Routes that show a form and accept it at the same address.
    fn page_with_form(path: &str) -> Option<Self> {
        Some(match path {
            "/sign-in" => Self::SignIn,
            "/account" => Self::Profile,
            "/accounts" => Self::Accounts,
            "/collection" => Self::Collection,
            _ => match repository_action(path)? {
                (name, "delete") => Self::Delete(name),
                (name, "settings") => Self::Settings(name),
                _ => return None,
            },
        })
    }

    fn repository(rest: &str) -> Result<Self, Fault> {
        if let Some(name) = rest.strip_suffix("/-/tags") {
            return Ok(Self::Tags(parsed(name)?));
        }
        if let Some(name) = rest.strip_suffix("/-/trash") {
            return Ok(Self::Trash(parsed(name)?));
        }
        if let Some((name, digest)) = rest.split_once('@') {
            // In `NAME:TAG@DIGEST` the digest takes precedence.
            let name = name.split_once(':').map_or(name, |(name, _)| name);
            let digest = digest.parse().map_err(|_| Fault::NotFound)?;
            return Ok(Self::Image(parsed(name)?, Reference::Digest(digest)));
        }
        if let Some((name, tag)) = rest.split_once(':') {
            let tag = tag.parse().map_err(|_| Fault::NotFound)?;
            return Ok(Self::Image(parsed(name)?, Reference::Tag(tag)));
        }
        match rest.strip_suffix("/tags") {
            Some(name) => Ok(Self::TagsOrRepository {
                tags: parsed(name)?,
                whole: parsed(rest)?,
            }),
            None => Ok(Self::Repository(parsed(rest)?)),
        }
    }
}

/// `/r/NAME/-/ACTION`
fn repository_action(path: &str) -> Option<(Repository, &str)> {
    let (name, action) = path.strip_prefix("/r/")?.rsplit_once("/-/")?;
    Some((name.parse().ok()?, action))
}

fn parsed(name: &str) -> Result<Repository, Fault> {
    name.parse().map_err(|_| Fault::NotFound)
}

/// The counterpart of a route of docker-registry-frontend, versions 1 and 2.
fn legacy(path: &str) -> Option<String> {
    let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
    match segments[..] {
        ["home" | "repositories"] => Some("/".to_owned()),
        ["repositories", ref rest @ ..] => {
            // A page size, or a search term.
            let search = rest
                .first()
                .filter(|text| text.parse::<u32>().is_err() && **text != "all");
            Some(match search {
                Some(term) => format!("/?q={}", encoded(term)),
                None => "/".to_owned(),
            })
        }
        ["repository", ref name @ ..] if !name.is_empty() => repository_path(name),
        // `/tag/NAME/TAG`, with or without the id of the image.
        ["tag", ref name @ .., tag, id] if is_image_id(id) => image_path(name, tag),
        ["tag", ref name @ .., tag] => image_path(name, tag),
        ["image", _, "tag", ref name @ ..] if !name.is_empty() => repository_path(name),
        ["image", ..] => Some("/".to_owned()),
        _ => None,
    }
}

fn is_image_id(text: &str) -> bool {
    let hex = text.strip_prefix("sha256:").unwrap_or(text);
    hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn repository_path(name: &[&str]) -> Option<String> {
    let name: Repository = name.join("/").parse().ok()?;
    Some(format!("/r/{name}"))
}

fn image_path(name: &[&str], tag: &str) -> Option<String> {
    let name: Repository = name.join("/").parse().ok()?;
    let tag: crate::oci::Tag = tag.parse().ok()?;
    Some(format!("/r/{name}:{tag}"))
}

/// A pull reference after the host: `/team/app`, `/team/app:1`, `/team/app@sha256:…`.
fn pasted(path: &str) -> Option<String> {
    let rest = path.strip_prefix('/')?.trim_end_matches('/');
    match Route::repository(rest).ok()? {
        Route::Image(name, Reference::Tag(tag)) => Some(format!("/r/{name}:{tag}")),
        Route::Image(name, Reference::Digest(digest)) => Some(format!("/r/{name}@{digest}")),
        Route::Tags(name) => Some(format!("/r/{name}/-/tags")),
        Route::Repository(name) | Route::TagsOrRepository { whole: name, .. } => {
            Some(format!("/r/{name}"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn route(path: &str) -> Result<Route, Fault> {
        Route::parse(&Method::GET, path)
    }

    fn leads_to(path: &str) -> String {
        match route(path) {
            Ok(Route::Moved(to)) => to,
            other => panic!("{path}: {other:?}"),
        }
    }

    #[test]
    fn names_tags_and_digests() {
        let digest = format!("sha256:{}", "a".repeat(64));
        for (path, expected) in [
            ("/r/a/b", "Repository(a/b)".to_owned()),
            ("/r/a/b/-/tags", "Tags(a/b)".to_owned()),
            ("/r/a/b:1.2", "Image(a/b, Tag(1.2))".to_owned()),
            ("/r/a%2Fb%3A1", "Image(a/b, Tag(1))".to_owned()),
        ] {
            assert_eq!(format!("{:?}", route(path).unwrap()), expected, "{path}");
        }
        let by_digest = route(&format!("/r/a:1@{digest}")).unwrap();
        assert!(matches!(by_digest, Route::Image(_, Reference::Digest(_))));
        for path in [
            "/r/",
            "/r/A",
            "/r/a:",
            "/r/a@sha256:1",
            "/r/../x",
            "/r/%ff",
            "/x:y:z",
        ] {
            assert_eq!(route(path), Err(Fault::NotFound), "{path}");
        }
    }

    #[test]
    fn a_repository_may_be_called_tags() {
        let found = route("/r/team/tags").unwrap();
        let expected = Route::TagsOrRepository {
            tags: "team".parse().unwrap(),
            whole: "team/tags".parse().unwrap(),
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn routes_of_docker_registry_frontend() {
        let id = "f".repeat(64);
        for (old, new) in [
            ("/home", "/"),
            ("/repositories", "/"),
            ("/repositories/20", "/"),
            ("/repositories/20/team/app", "/"),
            ("/repositories/nginx", "/?q=nginx"),
            ("/repository/app", "/r/app"),
            ("/repository/team/app", "/r/team/app"),
            ("/repository/a/b/c/d", "/r/a/b/c/d"),
            ("/tag/team/app/1.0", "/r/team/app:1.0"),
            ("/tag/app/latest", "/r/app:latest"),
            ("/image/abc", "/"),
        ] {
            assert_eq!(leads_to(old), new, "{old}");
        }
        assert_eq!(leads_to(&format!("/tag/a/b/1/{id}")), "/r/a/b:1");
        assert_eq!(leads_to(&format!("/image/{id}/tag/a/b")), "/r/a/b");
    }

    #[test]
    fn a_pasted_reference_is_redirected_to_its_page() {
        assert_eq!(leads_to("/team/app:1"), "/r/team/app:1");
        assert_eq!(leads_to("/team/app"), "/r/team/app");
    }

    #[test]
    fn only_forms_change_anything() {
        assert_eq!(route("/preferences"), Err(Fault::Method("POST")));
        assert_eq!(
            Route::parse(&Method::POST, "/"),
            Err(Fault::Method("GET, HEAD"))
        );
    }

    proptest! {
        #[test]
        fn never_panics(path in "/.*") {
            let _ = route(&path);
        }

        #[test]
        fn redirects_stay_within_the_pages(path in "/.*") {
            if let Ok(Route::Moved(to)) = route(&path) {
                prop_assert!(to.starts_with('/') && !to.starts_with("//"), "{to}");
            }
        }
    }
}
