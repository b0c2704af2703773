//! The claims of a token, and why a token is refused, in words.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::get_current_timestamp;
use serde_json::{Map, Value};

/// Maximum length of a value in a message, in characters.
const SHOWN: usize = 200;

/// The claims of a token.
pub type Claims = Map<String, Value>;

/// A claim that is a text.
pub(super) fn text<'a>(claims: &'a Claims, name: &str) -> Option<&'a str> {
    claims.get(name).and_then(Value::as_str)
}

/// The claims of a signed token, which has three parts, before it is verified.
pub(super) fn unverified(token: &str) -> Option<Claims> {
    let mut parts = token.split('.');
    let claims = parts.nth(1)?;
    parts.next()?;
    if parts.next().is_some() {
        return None;
    }
    let claims = URL_SAFE_NO_PAD.decode(claims).ok()?;
    serde_json::from_slice(&claims).ok()
}

/// A value of a token for a line of the log: JSON, which has no control characters, shortened.
pub(super) fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

/// Why a token of this issuer is not valid for this audience, with the values that differ. They are
/// not secret.
pub(super) fn reason(error: &Error, token: &str, issuer: &str, audience: &str) -> String {
    let claims = unverified(token).unwrap_or_default();
    let found = |claim: &str| {
        claims
            .get(claim)
            .map_or_else(|| "missing".to_owned(), shown)
    };
    let time = |claim: &str| {
        let seconds = claims.get(claim).and_then(Value::as_f64);
        // A time beyond the range of the clock is shown as its number.
        #[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
        let time = seconds.and_then(|seconds| Timestamp::from_second(seconds as i64).ok());
        time.map_or_else(|| found(claim), |time| time.to_string())
    };
    let now = || {
        let seconds = i64::try_from(get_current_timestamp()).unwrap_or_default();
        Timestamp::from_second(seconds).unwrap_or_default()
    };
    match error.kind() {
        ErrorKind::InvalidAudience => {
            format!(
                "its audience (aud) is {} and not {audience:?}",
                found("aud")
            )
        }
        ErrorKind::InvalidIssuer => {
            format!("its issuer (iss) is {} and not {issuer:?}", found("iss"))
        }
        ErrorKind::ExpiredSignature => {
            format!(
                "it expired at {}, and the time here is {}",
                time("exp"),
                now()
            )
        }
        ErrorKind::ImmatureSignature => format!(
            "it is not valid before {}, and the time here is {}; hint: compare the clocks",
            time("nbf"),
            now()
        ),
        ErrorKind::InvalidSignature => {
            format!("its signature was not made with the key of {issuer}")
        }
        ErrorKind::MissingRequiredClaim(claim) => format!("it has no claim {claim}"),
        ErrorKind::InvalidClaimFormat(claim) => {
            format!("its claim {claim} is malformed: {}", found(claim))
        }
        _ => error.to_string(),
    }
}
