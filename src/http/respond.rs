//! Answers: the only place that maps errors of the registry to a status and an OCI body.

use http::header::{
    ALLOW, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, VARY,
};
use http::{HeaderMap, Response, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};

use super::answer_body::Body;
use super::route::RouteError;
use crate::auth::{Denied, SignInError};
use crate::oci::ErrorCode;
use crate::registry::RegistryError;

const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");

/// An answer with its body.
pub(super) type Answer = Response<Body>;

/// An error for a client.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) code: ErrorCode,
    pub(super) message: String,
    pub(super) detail: Value,
    /// Details of further errors with the same code and message.
    more: Vec<Value>,
    /// A header of the answer.
    header: Option<(HeaderName, HeaderValue)>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, code: ErrorCode, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            status,
            code,
            message,
            detail: Value::Null,
            more: Vec::new(),
            header: None,
        }
    }

    pub(super) fn bad(code: ErrorCode, message: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message.to_string())
    }

    /// A refusal because of a temporary limit.
    pub(super) fn busy(message: &str) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            ErrorCode::Unavailable,
            message,
        )
        .with(RETRY_AFTER, "5")
    }

    /// An internal error. The reason is in the log, not in the answer.
    pub(super) fn internal(error: &dyn std::error::Error) -> Self {
        tracing::error!(error = %error, "a request failed");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            ErrorCode::Unknown,
            "internal error; the server's log has the details",
        )
    }

    /// A refusal by the rate limit; the client may continue after `wait`.
    pub(super) fn too_many(wait: std::time::Duration) -> Self {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            ErrorCode::TooManyRequests,
            "too many requests; wait as many seconds as Retry-After has",
        )
        .with(RETRY_AFTER, seconds.to_string())
    }

    pub(super) fn with(mut self, name: HeaderName, value: impl TryInto<HeaderValue>) -> Self {
        self.header = value.try_into().ok().map(|value| (name, value));
        self
    }

    fn with_details(mut self, details: impl IntoIterator<Item = Value>) -> Self {
        let mut details = details.into_iter();
        self.detail = details.next().unwrap_or(Value::Null);
        self.more = details.collect();
        self
    }

    /// The answer in the form of the specification ("Error Codes").
    pub(super) fn answer(self) -> Answer {
        let Self {
            status,
            code,
            message,
            detail,
            more,
            header,
        } = self;
        let errors: Vec<Value> = std::iter::once(detail)
            .chain(more)
            .map(|detail| match detail {
                Value::Null => json!({"code": code.as_str(), "message": message}),
                detail => json!({"code": code.as_str(), "message": message, "detail": detail}),
            })
            .collect();
        let mut answer = json(status, &json!({ "errors": errors }));
        if let Some((name, value)) = header {
            answer.headers_mut().insert(name, value);
        }
        answer
    }
}

impl From<RouteError> for Refusal {
    fn from(error: RouteError) -> Self {
        match error {
            RouteError::Unknown => Self::new(
                StatusCode::NOT_FOUND,
                ErrorCode::Unsupported,
                "there is no such endpoint",
            ),
            RouteError::Malformed(code, message) => Self::bad(code, message),
            RouteError::NoSuchManifest(message) => {
                Self::new(StatusCode::NOT_FOUND, ErrorCode::ManifestUnknown, message)
            }
            RouteError::Method(methods) => Self::new(
                StatusCode::METHOD_NOT_ALLOWED,
                ErrorCode::Unsupported,
                format!("this endpoint supports {methods}"),
            )
            .with(ALLOW, methods),
        }
    }
}

impl From<Denied> for Refusal {
    fn from(denied: Denied) -> Self {
        let (status, code) = match denied {
            Denied::SignIn | Denied::Scope => (StatusCode::UNAUTHORIZED, ErrorCode::Unauthorized),
            Denied::Forbidden => (StatusCode::FORBIDDEN, ErrorCode::Denied),
            Denied::Hidden => (StatusCode::NOT_FOUND, ErrorCode::NameUnknown),
            Denied::Index(error) => return Self::internal(&error),
        };
        Self::new(status, code, denied.to_string())
    }
}

impl From<SignInError> for Refusal {
    fn from(error: SignInError) -> Self {
        let message = error.to_string();
        let too_many = |seconds: i64| {
            let status = StatusCode::TOO_MANY_REQUESTS;
            Self::new(status, ErrorCode::TooManyRequests, message.as_str())
                .with(RETRY_AFTER, seconds.to_string())
        };
        match error {
            SignInError::Wrong | SignInError::Token => {
                Self::new(StatusCode::UNAUTHORIZED, ErrorCode::Unauthorized, message)
            }
            SignInError::Wait(wait) => too_many((wait + 999) / 1000),
            SignInError::Busy => too_many(1),
            SignInError::Index(error) => Self::internal(&error),
        }
    }
}

impl From<RegistryError> for Refusal {
    fn from(error: RegistryError) -> Self {
        use ErrorCode as Code;
        use RegistryError as Error;
        use StatusCode as Status;
        let message = error.to_string();
        let (status, code) = match &error {
            Error::BlobUnknown(_) => (Status::NOT_FOUND, Code::BlobUnknown),
            Error::UploadUnknown => (Status::NOT_FOUND, Code::BlobUploadUnknown),
            Error::UploadBusy => (Status::CONFLICT, Code::BlobUploadInvalid),
            Error::OutOfOrder { .. } => (Status::RANGE_NOT_SATISFIABLE, Code::RangeInvalid),
            Error::ChunkLength { .. } => (Status::BAD_REQUEST, Code::SizeInvalid),
            Error::DigestMismatch { .. } => (Status::BAD_REQUEST, Code::DigestInvalid),
            Error::Interrupted(_) => (Status::BAD_REQUEST, Code::SizeInvalid),
            Error::Stalled => (Status::REQUEST_TIMEOUT, Code::BlobUploadInvalid),
            Error::ManifestUnknown { .. } => (Status::NOT_FOUND, Code::ManifestUnknown),
            Error::ManifestInvalid(_)
            | Error::SchemaOne
            | Error::TypeRefused(_)
            | Error::AddressRefused(_) => (Status::BAD_REQUEST, Code::ManifestInvalid),
            Error::ManifestTooLarge | Error::TooManyDescriptors(_) => {
                (Status::PAYLOAD_TOO_LARGE, Code::ManifestInvalid)
            }
            Error::BlobsMissing(_) | Error::ChildrenMissing(_) => {
                (Status::BAD_REQUEST, Code::ManifestBlobUnknown)
            }
            Error::NameUnknown(_) => (Status::NOT_FOUND, Code::NameUnknown),
            Error::NotInTrash(_) => (Status::NOT_FOUND, Code::ManifestUnknown),
            Error::CollectionRuns { .. }
            | Error::LayoutUnread { .. }
            | Error::ClientsActive
            | Error::TagMoved { .. }
            | Error::RestoreIncomplete { .. } => (Status::CONFLICT, Code::Unsupported),
            Error::DeleteDisabled | Error::ReadOnly => {
                return Self::new(Status::METHOD_NOT_ALLOWED, Code::Unsupported, message)
                    .with(ALLOW, "GET, HEAD");
            }
            Error::Full | Error::QuotaUsed => (Status::INSUFFICIENT_STORAGE, Code::Unavailable),
            Error::FileTooLarge => {
                tracing::error!(
                    %error,
                    "a request failed; hint: raise the limit for file sizes (ulimit -f, LimitFSIZE=), or \
                     use a file system for larger files"
                );
                (Status::INSUFFICIENT_STORAGE, Code::Unavailable)
            }
            Error::DeviceReadOnly => {
                tracing::error!(%error, "a request failed; hint: see dmesg");
                (Status::SERVICE_UNAVAILABLE, Code::Unavailable)
            }
            Error::DeviceFailing(_) => {
                tracing::error!(%error, "a request failed; hint: see dmesg and smartctl");
                return Self::new(
                    Status::INTERNAL_SERVER_ERROR,
                    Code::Unknown,
                    "the registry's device fails; the server's log has the details",
                );
            }
            Error::RootLost { .. }
            | Error::BlobsLost { .. }
            | Error::StorageNotMounted(_)
            | Error::Index(_)
            | Error::Store(_) => {
                return Self::internal(&error);
            }
        };
        let refusal = Self::new(status, code, message);
        match error {
            Error::BlobsMissing(digests) | Error::ChildrenMissing(digests) => {
                refusal.with_details(digests.iter().map(|digest| json!({"digest": digest})))
            }
            Error::BlobUnknown(digest) => refusal.with_details([json!({"digest": digest})]),
            Error::DigestMismatch { expected, actual } => {
                refusal.with_details([json!({"digest": expected, "actual": actual})])
            }
            Error::ManifestUnknown {
                repository,
                reference,
            } => refusal
                .with_details([json!({"name": repository, "reference": reference.to_string()})]),
            Error::NameUnknown(repository) => refusal.with_details([json!({"name": repository})]),
            _ => refusal,
        }
    }
}

/// An answer with a JSON body.
pub(super) fn json(status: StatusCode, value: &impl Serialize) -> Answer {
    let bytes = serde_json::to_vec(value).unwrap_or_default();
    let mut answer = with_body(status, bytes);
    answer.headers_mut().insert(CONTENT_TYPE, JSON);
    answer
}

/// A page of a listing. It ends with a newline, as in registry:2.
pub(super) fn page(value: &impl Serialize) -> Answer {
    let mut bytes = serde_json::to_vec(value).unwrap_or_default();
    bytes.push(b'\n');
    let mut answer = with_body(StatusCode::OK, bytes);
    answer.headers_mut().insert(CONTENT_TYPE, JSON);
    answer
}

/// An answer without headers yet.
pub(super) fn new(status: StatusCode, body: Body) -> Answer {
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    // An answer about content has nine to twelve: the map need not grow under them.
    *answer.headers_mut() = HeaderMap::with_capacity(12);
    answer
}

/// An answer with this body.
pub(super) fn with_body(status: StatusCode, bytes: impl Into<bytes::Bytes>) -> Answer {
    let bytes = bytes.into();
    let length = bytes.len();
    let mut answer = new(status, Body::from(bytes));
    answer.headers_mut().insert(CONTENT_LENGTH, length.into());
    answer
}

/// An answer without a body.
pub(super) fn empty(status: StatusCode) -> Answer {
    let mut answer = new(status, Body::empty());
    if status != StatusCode::NO_CONTENT && status != StatusCode::NOT_MODIFIED {
        answer.headers_mut().insert(CONTENT_LENGTH, 0.into());
    }
    answer
}

/// Sets a header. A text that is not a valid header value is left out.
pub(super) fn set(answer: &mut Answer, name: HeaderName, value: impl TryInto<HeaderValue>) {
    if let Ok(value) = value.try_into() {
        answer.headers_mut().insert(name, value);
    }
}

/// Adds the configured headers to those of an answer. What an answer says about itself is right: such
/// a header stays as it is. Vary is a list, of which the configuration may have more.
pub(super) fn configure(answer: &mut HeaderMap, configured: &[(HeaderName, HeaderValue)]) {
    let are_new: Vec<bool> = configured
        .iter()
        .map(|(name, _)| *name == VARY || !answer.contains_key(name))
        .collect();
    for ((name, value), is_new) in configured.iter().zip(are_new) {
        if is_new {
            answer.append(name.clone(), value.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configured_header_replaces_none_of_the_answer() {
        let map = |pairs: &[(&'static str, &'static str)]| {
            let pairs = pairs.iter().map(|(name, value)| {
                let value = HeaderValue::from_static(value);
                (HeaderName::from_static(name), value)
            });
            pairs.collect::<Vec<_>>()
        };
        let mut answer: HeaderMap = map(&[("content-type", "a/b"), ("vary", "accept")])
            .into_iter()
            .collect();
        let configured = [
            ("content-type", "text/plain"),
            ("vary", "origin"),
            ("x-example", "one"),
            ("x-example", "two"),
        ];
        configure(&mut answer, &map(&configured));
        let list = |name: &str| answer.get_all(name).iter().collect::<Vec<_>>();
        assert_eq!(list("content-type"), ["a/b"]);
        assert_eq!(list("vary"), ["accept", "origin"]);
        assert_eq!(list("x-example"), ["one", "two"]);
    }

    #[test]
    fn a_full_and_a_failing_device_have_different_answers() {
        for (error, status, word) in [
            (RegistryError::Full, 507, "no space left"),
            (RegistryError::QuotaUsed, 507, "quota"),
            (RegistryError::FileTooLarge, 507, "a file of this size"),
            (RegistryError::DeviceReadOnly, 503, "read-only"),
            (
                RegistryError::DeviceFailing("x".into()),
                500,
                "device fails",
            ),
        ] {
            let refusal = Refusal::from(error);
            assert_eq!(refusal.status.as_u16(), status, "{refusal:?}");
            assert!(refusal.message.contains(word), "{refusal:?}");
        }
    }
}
