//! Referrers: `GET /v2/<name>/referrers/<digest>`, always an index.

use http::header::{CONTENT_TYPE, HeaderName, LINK};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::super::paging;
use super::super::respond::{Answer, Refusal, page, set};
use super::Call;
use crate::oci::{Digest, ErrorCode, MediaType, Repository};

const FILTERS_APPLIED: HeaderName = HeaderName::from_static("oci-filters-applied");
/// Maximum number of descriptors of a page. With typical annotations they take some hundred KiB.
const LIMIT: usize = 1000;

/// Maximum bytes of descriptors of a page: clients refuse answers of 4 MiB and more.
const PAGE_BYTES: usize = 3 * 1024 * 1024;

/// A page of referrers, as an image index.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Index<'a> {
    schema_version: u8,
    media_type: &'a str,
    manifests: &'a [Box<RawValue>],
}

/// The descriptors that fit into a page; at least one.
fn page_of(descriptors: &[impl Serialize]) -> Vec<Box<RawValue>> {
    let mut page: Vec<Box<RawValue>> = Vec::new();
    let mut bytes = 0;
    for descriptor in descriptors {
        let Ok(text) = to_raw_value(descriptor) else {
            continue;
        };
        bytes += text.get().len();
        if bytes > PAGE_BYTES && !page.is_empty() {
            break;
        }
        page.push(text);
    }
    page
}

/// Lists the manifests that name `digest` as their subject.
pub(in super::super) async fn list(
    call: &Call,
    name: &Repository,
    digest: &Digest,
) -> Result<Answer, Refusal> {
    let limit = call.query.count()?.unwrap_or(LIMIT).min(LIMIT);
    let artifact_type = call
        .query
        .get("artifactType")
        .filter(|text| !text.is_empty());
    let last = match call.query.get("last").filter(|text| !text.is_empty()) {
        Some(text) => Some(
            text.parse::<Digest>()
                .map_err(|error| Refusal::bad(ErrorCode::DigestInvalid, error))?,
        ),
        None => None,
    };
    let registry = &call.registry;
    let found = registry
        .referrers(name, digest, artifact_type, last.as_ref(), limit)
        .await?;
    let manifests = page_of(&found.manifests);
    let mut answer = page(&Index {
        schema_version: 2,
        media_type: MediaType::OCI_INDEX.as_str(),
        manifests: &manifests,
    });
    set(&mut answer, CONTENT_TYPE, MediaType::OCI_INDEX.as_str());
    if artifact_type.is_some() {
        set(&mut answer, FILTERS_APPLIED, "artifactType");
    }
    let more = found.more || manifests.len() < found.manifests.len();
    if let Some(last) = found.manifests[..manifests.len()].last().filter(|_| more) {
        let (last, limit) = (last.digest.to_string(), limit.to_string());
        let mut pairs = vec![("last", last.as_str()), ("n", limit.as_str())];
        pairs.extend(artifact_type.map(|wanted| ("artifactType", wanted)));
        let path = call.path(&format!("/v2/{name}/referrers/{digest}"));
        set(&mut answer, LINK, paging::next(&path, &pairs));
    }
    Ok(answer)
}
