//! Manifests: GET, HEAD, PUT with tags, DELETE of a tag or a manifest.

use http::StatusCode;
use http::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderName, HeaderValue, LOCATION,
};

use super::super::body::{self, ReadError};
use super::super::respond::{Answer, Refusal, empty, set, with_body};
use super::super::route::RouteError;
use super::uploads::run_to_end;
use super::{CONTENT_DIGEST, Call, IMMUTABLE, deleted, has_already};
use crate::oci::{Action, ErrorCode, MANIFEST_LIMIT, MediaType, Reference, Repository, Tag};
use crate::registry::{Incoming, RegistryError};

const OCI_SUBJECT: HeaderName = HeaderName::from_static("oci-subject");
const OCI_TAG: HeaderName = HeaderName::from_static("oci-tag");
/// Maximum number of tags of a push by digest.
const TAGS_AT_ONCE: usize = 100;

/// `GET` and `HEAD /v2/<name>/manifests/<reference>`
pub(in super::super) async fn get(
    call: &Call,
    name: &Repository,
    reference: Reference,
) -> Result<Answer, Refusal> {
    let manifest = call.registry.manifest(name, &reference).await?;
    let digest = manifest.digest.to_string();
    let mut answer = if has_already(call, &digest) {
        empty(StatusCode::NOT_MODIFIED)
    } else if call.method == http::Method::HEAD {
        let mut answer = empty(StatusCode::OK);
        answer
            .headers_mut()
            .insert(CONTENT_LENGTH, manifest.bytes.len().into());
        answer
    } else {
        with_body(StatusCode::OK, manifest.bytes.clone())
    };
    set(&mut answer, ETAG, format!("\"{digest}\""));
    set(&mut answer, CONTENT_DIGEST, digest);
    set(&mut answer, CONTENT_TYPE, manifest.media_type.as_str());
    if matches!(reference, Reference::Digest(_)) {
        answer
            .headers_mut()
            .insert(CACHE_CONTROL, HeaderValue::from_static(IMMUTABLE));
    }
    Ok(answer)
}

/// `PUT /v2/<name>/manifests/<reference>`
pub(in super::super) async fn put(
    call: Call,
    name: Repository,
    reference: Reference,
) -> Result<Answer, Refusal> {
    let tags = tags_of(&call, &reference)?;
    let media_type = match call.headers.get(CONTENT_TYPE) {
        Some(text) => {
            let text = text.to_str().unwrap_or_default();
            let media_type = MediaType::new(text);
            if !media_type.is_well_formed() {
                return Err(Refusal::bad(
                    ErrorCode::ManifestInvalid,
                    format!("Content-Type is not a media type: {text:?}"),
                ));
            }
            // Default types of HTTP clients do not describe the content.
            Some(media_type).filter(|media_type| {
                !matches!(
                    media_type.as_str(),
                    "application/octet-stream"
                        | "application/json"
                        | "application/x-www-form-urlencoded"
                )
            })
        }
        None => None,
    };
    let location = call.location(&format!("/v2/{name}/manifests/"));
    let announced = call
        .header(&CONTENT_LENGTH)
        .and_then(|text| text.parse::<u64>().ok());
    if announced.is_some_and(|length| length > MANIFEST_LIMIT as u64) {
        return Err(RegistryError::ManifestTooLarge.into());
    }
    let Call {
        app,
        registry,
        body,
        ..
    } = call;
    // What the manifest names was promised to its client before.
    let _relying = registry.relying();
    let slot = app.memory_for_body(&body, announced).await?;
    let bytes = body::whole(body, MANIFEST_LIMIT, &slot)
        .await
        .map_err(|error| match error {
            ReadError::TooLarge => RegistryError::ManifestTooLarge.into(),
            ReadError::Body(error) => RegistryError::from(error).into(),
            ReadError::Revoked => Refusal::busy(
                "the manifest arrived too slowly, and its memory was given to another request",
            ),
        })?;
    slot.protect();
    let incoming = Incoming {
        repository: name,
        reference: reference.clone(),
        tags: tags.clone(),
        media_type,
        bytes,
    };
    let put = run_to_end(async move {
        let put = registry.put_manifest(incoming).await;
        drop(slot);
        put
    })
    .await?;
    let mut answer = empty(StatusCode::CREATED);
    set(&mut answer, LOCATION, format!("{location}{}", put.digest));
    set(&mut answer, CONTENT_DIGEST, put.digest.to_string());
    if let Some(subject) = put.subject {
        set(&mut answer, OCI_SUBJECT, subject.to_string());
    }
    for tag in tags {
        if let Ok(value) = HeaderValue::from_str(tag.as_str()) {
            answer.headers_mut().append(OCI_TAG, value);
        }
    }
    Ok(answer)
}

/// The tags that a push by digest sets (`?tag=`).
fn tags_of(call: &Call, reference: &Reference) -> Result<Vec<Tag>, Refusal> {
    let mut tags: Vec<Tag> = Vec::new();
    for text in call.query.all("tag") {
        let tag = text
            .parse()
            .map_err(|error| Refusal::bad(ErrorCode::TagInvalid, error))?;
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    if tags.len() > TAGS_AT_ONCE {
        return Err(Refusal::new(
            StatusCode::URI_TOO_LONG,
            ErrorCode::TagInvalid,
            format!("one push can set at most {TAGS_AT_ONCE} tags"),
        ));
    }
    if !tags.is_empty() && matches!(reference, Reference::Tag(_)) {
        return Err(Refusal::bad(
            ErrorCode::TagInvalid,
            "?tag= requires a push by digest",
        ));
    }
    Ok(tags)
}

/// `DELETE /v2/<name>/manifests/<reference>`: by tag, deletes only the tag; by digest, the manifest
/// and the tags that point at it.
pub(in super::super) async fn delete(
    call: &Call,
    name: &Repository,
    action: &Action,
) -> Result<Answer, Refusal> {
    match action {
        Action::DeleteTag(_, tag) => call.registry.delete_tag(name, tag).await?,
        Action::DeleteManifest(_, digest) => {
            drop(call.registry.delete_manifest(name, digest).await?);
        }
        _ => return Err(RouteError::Unknown.into()),
    }
    Ok(deleted(call))
}
