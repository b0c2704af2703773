//! Referrers: `GET /v2/<name>/referrers/<digest>`, always an index.

use http::header::{CONTENT_TYPE, HeaderName, LINK};
use serde_json::json;

use super::super::paging;
use super::super::respond::{Answer, Refusal, page, set};
use super::Call;
use crate::oci::{Digest, ErrorCode, MediaType, Repository};

const FILTERS_APPLIED: HeaderName = HeaderName::from_static("oci-filters-applied");
/// Descriptors in a page at most. With annotations of a usual size they take some hundred KiB.
const LIMIT: usize = 1000;

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
    let mut answer = page(&json!({
        "schemaVersion": 2,
        "mediaType": MediaType::OCI_INDEX,
        "manifests": found.manifests,
    }));
    set(&mut answer, CONTENT_TYPE, MediaType::OCI_INDEX.as_str());
    if artifact_type.is_some() {
        set(&mut answer, FILTERS_APPLIED, "artifactType");
    }
    if let Some(last) = found.manifests.last().filter(|_| found.more) {
        let (last, limit) = (last.digest.to_string(), limit.to_string());
        let mut pairs = vec![("last", last.as_str()), ("n", limit.as_str())];
        pairs.extend(artifact_type.map(|wanted| ("artifactType", wanted)));
        let path = call.path(&format!("/v2/{name}/referrers/{digest}"));
        set(&mut answer, LINK, paging::next(&path, &pairs));
    }
    Ok(answer)
}
