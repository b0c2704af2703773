//! Style, script and icon: embedded in the binary, each at a path with a hash of its content, so
//! that browsers may cache it forever.

use std::sync::LazyLock;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response};

use super::{Answer, Fault};
use crate::hash::Hasher;
use crate::oci::Algorithm;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");
const ICON: &str = include_str!("icon.svg");

struct Asset {
    name: String,
    content: &'static str,
    media_type: &'static str,
}

static ASSETS: LazyLock<[Asset; 3]> = LazyLock::new(|| {
    [
        (STYLE, "style", "css", "text/css; charset=utf-8"),
        (SCRIPT, "script", "js", "text/javascript; charset=utf-8"),
        (ICON, "icon", "svg", "image/svg+xml"),
    ]
    .map(|(content, name, extension, media_type)| {
        let hash = Hasher::digest(Algorithm::Sha256, content.as_bytes());
        let short = &hash.hex()[..12];
        Asset {
            name: format!("{name}-{short}.{extension}"),
            content,
            media_type,
        }
    })
});

/// The paths of style, script and icon.
pub(super) fn paths() -> [String; 3] {
    ASSETS
        .each_ref()
        .map(|asset| format!("/assets/{}", asset.name))
}

/// The answer for one of the paths.
pub(super) fn answer(name: &str) -> Result<Answer, Fault> {
    let asset = ASSETS
        .iter()
        .find(|asset| asset.name == name)
        .ok_or(Fault::NotFound)?;
    let mut answer = Response::new(Bytes::from_static(asset.content.as_bytes()));
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(asset.media_type));
    headers.insert(
        CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=31536000, immutable"),
    );
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn style_and_script_stay_small() {
        assert!(STYLE.len() <= 16 * 1024, "{}", STYLE.len());
        assert!(SCRIPT.len() <= 16 * 1024, "{}", SCRIPT.len());
    }

    #[test]
    fn no_asset_loads_from_another_host() {
        for text in [STYLE, SCRIPT] {
            assert!(!text.contains("http://") && !text.contains("https://"));
        }
    }
}
