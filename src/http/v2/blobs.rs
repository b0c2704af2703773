//! Blobs: HEAD, GET with ranges, DELETE.

use http::StatusCode;
use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderValue,
    IF_RANGE, RANGE,
};

use super::super::answer_body::Body;
use super::super::respond::{Answer, Refusal, empty, new, set};
use super::{CONTENT_DIGEST, Call, IMMUTABLE, has_already};
use crate::oci::{Digest, ErrorCode, Repository, parse_byte_range};

/// Sets the headers of answers about a blob.
fn describe(answer: &mut Answer, digest: &str) {
    set(answer, ETAG, format!("\"{digest}\""));
    set(answer, CONTENT_DIGEST, digest);
    let headers = answer.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(IMMUTABLE));
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/octet-stream"),
    );
}

/// `HEAD /v2/<name>/blobs/<digest>`
pub(in super::super) async fn head(
    call: &Call,
    name: &Repository,
    digest: &Digest,
) -> Result<Answer, Refusal> {
    let blob = call.registry.lease_blob(name, digest).await?;
    let text = digest.to_string();
    let mut answer = if has_already(call, &text) {
        empty(StatusCode::NOT_MODIFIED)
    } else {
        let mut answer = new(StatusCode::OK, Body::empty());
        answer
            .headers_mut()
            .insert(CONTENT_LENGTH, blob.size().into());
        answer
    };
    describe(&mut answer, &text);
    Ok(answer)
}

/// `GET /v2/<name>/blobs/<digest>`
pub(in super::super) async fn get(
    call: &Call,
    name: &Repository,
    digest: &Digest,
) -> Result<Answer, Refusal> {
    let registry = &call.registry;
    let blob = registry.blob(name, digest).await?;
    let text = digest.to_string();
    if has_already(call, &text) {
        let mut answer = empty(StatusCode::NOT_MODIFIED);
        describe(&mut answer, &text);
        return Ok(answer);
    }
    let size = blob.size();
    // The content of a digest never changes, so no other ETag can match.
    let same = call
        .header(&IF_RANGE)
        .is_none_or(|tag| tag.trim_matches('"') == text);
    let range = match call.header(&RANGE).filter(|_| same) {
        Some(header) => parse_byte_range(header, size).map_err(|error| {
            Refusal::new(
                StatusCode::RANGE_NOT_SATISFIABLE,
                ErrorCode::RangeInvalid,
                error.to_string(),
            )
            .with(CONTENT_RANGE, format!("bytes */{size}"))
        })?,
        None => None,
    };
    let window = range.map(|range| (range.start, range.end + 1));
    let body = registry.read_blob(&blob, window).await?;
    let length = body.length();
    let mut answer = new(StatusCode::OK, Body::from_stream(body));
    answer.headers_mut().insert(CONTENT_LENGTH, length.into());
    if let Some(range) = range {
        *answer.status_mut() = StatusCode::PARTIAL_CONTENT;
        set(
            &mut answer,
            CONTENT_RANGE,
            format!("bytes {}-{}/{size}", range.start, range.end),
        );
    }
    describe(&mut answer, &text);
    Ok(answer)
}

/// `DELETE /v2/<name>/blobs/<digest>`
pub(in super::super) async fn delete(
    call: &Call,
    name: &Repository,
    digest: &Digest,
) -> Result<Answer, Refusal> {
    call.registry.delete_blob(name, digest).await?;
    let mut answer = empty(StatusCode::ACCEPTED);
    set(&mut answer, CONTENT_DIGEST, digest.to_string());
    Ok(answer)
}
