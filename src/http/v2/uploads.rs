//! Uploads: POST, PATCH, PUT, GET and DELETE of sessions, and mounts.
//!
//! Everything that stores bytes runs in a separate task, so that a client that disconnects cannot
//! stop it between two steps.

use std::future::Future;
use std::sync::Arc;

use http::StatusCode;
use http::header::{CONTENT_LENGTH, CONTENT_RANGE, HeaderMap, HeaderName, LOCATION, RANGE};

use super::super::body::Incoming;
use super::super::paging::Query;
use super::super::respond::{Answer, Refusal, empty, set};
use super::super::{Shared, body};
use super::{CONTENT_DIGEST, Call};
use crate::oci::{
    Action, Algorithm, ByteRange, Digest, ErrorCode, Repository, parse_content_range,
};
use crate::registry::{IncomingBody, Registry, RegistryError, Upload, UploadedBlob};

const UPLOAD_UUID: HeaderName = HeaderName::from_static("docker-upload-uuid");
const CHUNK_LEAST: HeaderName = HeaderName::from_static("oci-chunk-min-length");

/// Runs `work` to its end, even if the request is dropped.
pub(super) async fn run_to_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, RegistryError>> + Send + 'static,
) -> Result<T, Refusal> {
    match tokio::spawn(work).await {
        Ok(result) => Ok(result?),
        Err(error) => match error.try_into_panic() {
            // Panics of requests are caught and logged in one place.
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(Refusal::new(
                StatusCode::SERVICE_UNAVAILABLE,
                ErrorCode::Unavailable,
                "the server is shutting down",
            )),
        },
    }
}

/// Stores a body, which the task of this connection feeds.
async fn store_body<T, F>(
    body: Incoming,
    store: impl FnOnce(IncomingBody) -> F,
) -> Result<T, Refusal>
where
    T: Send + 'static,
    F: Future<Output = Result<T, RegistryError>> + Send + 'static,
{
    let (body, mut feed) = body::split(body);
    let stored = run_to_end(store(body));
    tokio::pin!(stored);
    tokio::select! {
        biased;
        stored = &mut stored => {
            // Refused early: the rest of the body is read and discarded while the answer is sent.
            tokio::spawn(feed);
            return stored;
        }
        () = &mut feed => {}
    }
    stored.await
}

fn digest_of(text: &str) -> Result<Digest, Refusal> {
    text.parse()
        .map_err(|error| Refusal::bad(ErrorCode::DigestInvalid, error))
}

/// The answer about a session: its location and the received range.
fn session(call: &Location, name: &Repository, upload: &Upload, status: StatusCode) -> Answer {
    let mut answer = empty(status);
    let location = call.of(&format!("/v2/{name}/blobs/uploads/{}", upload.id));
    set(&mut answer, LOCATION, location);
    set(&mut answer, UPLOAD_UUID, upload.id.as_str());
    set(
        &mut answer,
        RANGE,
        format!("0-{}", upload.position.saturating_sub(1)),
    );
    answer
}

/// The answer with the location of a blob that exists now.
fn created(call: &Location, name: &Repository, digest: &Digest) -> Answer {
    let mut answer = empty(StatusCode::CREATED);
    set(
        &mut answer,
        LOCATION,
        call.of(&format!("/v2/{name}/blobs/{digest}")),
    );
    set(&mut answer, CONTENT_DIGEST, digest.to_string());
    answer
}

/// The parts of a call for answers after its body was moved out.
struct Location {
    app: Arc<Shared>,
    headers: HeaderMap,
    tls: bool,
}

impl Location {
    fn of(&self, path: &str) -> String {
        self.app.locations.of(path, &self.headers, self.tls)
    }
}

fn split(call: Call) -> (Location, Query, Incoming, Registry) {
    let Call {
        app,
        registry,
        query,
        headers,
        body,
        tls,
        ..
    } = call;
    (Location { app, headers, tls }, query, body, registry)
}

/// `POST /v2/<name>/blobs/uploads/`: a session, a mount, or a whole blob.
pub(in super::super) async fn start(
    call: Call,
    name: Repository,
    action: Action,
) -> Result<Answer, Refusal> {
    let (location, query, body, registry) = split(call);
    if let Action::MountBlob { from, digest, .. } = &action {
        let mounted = registry.mount_blob(&name, from.as_ref(), digest).await?;
        if mounted.is_some() {
            return Ok(created(&location, &name, digest));
        }
    } else if let (None, Some(text)) = (query.get("mount"), query.get("digest")) {
        let digest = digest_of(text)?;
        let repository = name.clone();
        let arrived: UploadedBlob = store_body(body, |body| async move {
            registry.upload_at_once(&repository, &digest, body).await
        })
        .await?;
        return Ok(created(&location, &name, &arrived.digest));
    }
    let announced = match query.get("digest-algorithm") {
        Some(text) => Some(
            text.parse::<Algorithm>()
                .map_err(|error| Refusal::bad(ErrorCode::DigestInvalid, error))?,
        ),
        None => None,
    };
    let upload = registry.start_upload(&name, announced).await?;
    let mut answer = session(&location, &name, &upload, StatusCode::ACCEPTED);
    set(&mut answer, CHUNK_LEAST, "1");
    Ok(answer)
}

/// `GET /v2/<name>/blobs/uploads/<id>`: the received range.
pub(in super::super) async fn status(
    call: &Call,
    name: &Repository,
    id: &str,
) -> Result<Answer, Refusal> {
    let upload = call.registry.upload(name, id).await?;
    let location = Location {
        app: Arc::clone(&call.app),
        headers: call.headers.clone(),
        tls: call.tls,
    };
    Ok(session(&location, name, &upload, StatusCode::NO_CONTENT))
}

/// The `Content-Range` of a chunk, checked against its `Content-Length`.
fn chunk_range(headers: &HeaderMap) -> Result<Option<ByteRange>, Refusal> {
    let Some(text) = headers.get(CONTENT_RANGE) else {
        return Ok(None);
    };
    let text = text.to_str().unwrap_or_default();
    let range = parse_content_range(text).map_err(|error| {
        Refusal::bad(
            ErrorCode::BlobUploadInvalid,
            format!("Content-Range: {error}"),
        )
    })?;
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok())
        .and_then(|length| length.parse::<u64>().ok());
    match announced {
        Some(length) if length != range.length() => Err(Refusal::bad(
            ErrorCode::SizeInvalid,
            format!(
                "Content-Range announces {} bytes, Content-Length {length}",
                range.length()
            ),
        )),
        _ => Ok(Some(range)),
    }
}

/// `PATCH /v2/<name>/blobs/uploads/<id>`: appends a chunk.
pub(in super::super) async fn append(
    call: Call,
    name: Repository,
    id: String,
) -> Result<Answer, Refusal> {
    let range = chunk_range(&call.headers)?;
    let (location, _, body, registry) = split(call);
    let (repository, upload_id, appending) = (name.clone(), id.clone(), registry.clone());
    let appended = store_body(body, |body| async move {
        appending.append(&repository, &upload_id, range, body).await
    })
    .await;
    match appended {
        Ok(upload) => Ok(session(&location, &name, &upload, StatusCode::ACCEPTED)),
        Err(refusal) if refusal.status == StatusCode::RANGE_NOT_SATISFIABLE => {
            // The answer tells the client where to continue.
            let upload = registry.upload(&name, &id).await?;
            let answer = session(&location, &name, &upload, StatusCode::NO_CONTENT);
            let mut refused = refusal.answer();
            for header in [LOCATION, RANGE, UPLOAD_UUID] {
                if let Some(value) = answer.headers().get(&header) {
                    refused.headers_mut().insert(header, value.clone());
                }
            }
            Ok(refused)
        }
        Err(refusal) => Err(refusal),
    }
}

/// `PUT /v2/<name>/blobs/uploads/<id>?digest=`: appends the last chunk and completes the
/// upload.
pub(in super::super) async fn finish(
    call: Call,
    name: Repository,
    id: String,
) -> Result<Answer, Refusal> {
    let digest = call
        .query
        .get("digest")
        .ok_or_else(|| Refusal::bad(ErrorCode::DigestInvalid, "the closing PUT has no ?digest="))?;
    let digest = digest_of(digest)?;
    // Only the start of an empty range can be checked.
    let range = chunk_range(&call.headers)?;
    let (location, _, body, registry) = split(call);
    let repository = name.clone();
    let arrived = store_body(body, |body| async move {
        registry
            .finish_upload(&repository, &id, &digest, range, body)
            .await
    })
    .await?;
    Ok(created(&location, &name, &arrived.digest))
}

/// `DELETE /v2/<name>/blobs/uploads/<id>`: cancels the upload.
pub(in super::super) async fn cancel(
    call: &Call,
    name: &Repository,
    id: &str,
) -> Result<Answer, Refusal> {
    call.registry.cancel_upload(name, id).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}
