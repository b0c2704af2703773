//! The configuration files of docker-registry-frontend's script, for programs that read them.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response};
use serde_json::json;

use super::{Answer, Pages, Request};

/// One of the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LegacyFile {
    /// `/registry-host.json`
    Host,
    /// `/app-mode.json`
    Mode,
    /// `/app-version.json`
    Version,
}

/// Answers a file.
pub(super) fn answer(pages: &Pages, request: &Request, file: LegacyFile) -> Answer {
    let value = match file {
        LegacyFile::Host => {
            let (host, port) = match pages.registry(request).rsplit_once(':') {
                Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => {
                    (host, port)
                }
                _ if request.origin.starts_with("https://") => (pages.registry(request), "443"),
                _ => (pages.registry(request), "80"),
            };
            json!({"host": host, "port": port})
        }
        LegacyFile::Mode => json!({
            "browseOnly": pages.settings.browse_only,
            "defaultRepositoriesPerPage": pages.settings.repositories_per_page,
            "defaultTagsPerPage": pages.settings.tags_per_page,
        }),
        LegacyFile::Version => json!({
            "git": {"sha1": "", "ref": concat!("regctl-", env!("CARGO_PKG_VERSION"))},
        }),
    };
    let mut answer = Response::new(Bytes::from(value.to_string()));
    answer.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/json; charset=utf-8"),
    );
    answer
}
