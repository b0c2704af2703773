//! Administration of a regctl server over its API: sends an operation, receives lines.
//!
//! This module does not interpret the lines.

use std::time::Duration;

use bytes::Bytes;
use reqwest::{Method, StatusCode};

use super::auth::Scope;
use super::{Call, Client, Error, Subject};

/// Where the API is.
const PATH: &str = "api/v1/operations";
/// Timeout of an operation: a check reads all blobs.
const TIMEOUT: Duration = Duration::from_hours(7 * 24);
/// Maximum length of a line of an answer, in bytes.
const LINE: usize = 16 * 1024 * 1024;

impl Client {
    /// Sends an operation in JSON; `line` receives the lines of the answer while it runs. If the
    /// server refuses the operation with a reason, that is a line, too.
    pub async fn administer(
        &self,
        operation: Vec<u8>,
        line: &mut (dyn FnMut(&str) + Send),
    ) -> Result<(), Error> {
        let mut call = Call::new(Method::POST, PATH, Scope::Catalog);
        call.body = Some(("application/json", Bytes::from(operation)));
        call.open = true;
        call.timeout = Some(TIMEOUT);
        call.retried = false;
        let answer = self.call(call).await?;
        if !answer.status.is_success() {
            if let Some(failure) = failure(&answer.body) {
                line(&failure);
                return Ok(());
            }
            if matches!(
                answer.status,
                StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED
            ) {
                return Err(Error::Unsupported {
                    registry: self.registry().to_owned(),
                    what: "administration over the network".to_owned(),
                    words: super::words::words(&answer.body),
                    hint: "use a regctl server; on its host, name the data with --root DIR"
                        .to_owned(),
                });
            }
            return Err(self.refusal(&answer, Subject::Administration));
        }
        let Some(mut rest) = answer.rest else {
            return Ok(());
        };
        let mut buffer: Vec<u8> = Vec::new();
        loop {
            let chunk = rest.chunk().await.map_err(|error| {
                self.malformed(
                    Subject::Administration,
                    format!("the connection was lost: {error}; the operation continues"),
                )
            })?;
            let Some(chunk) = chunk else { break };
            buffer.extend_from_slice(&chunk);
            while let Some(end) = buffer.iter().position(|byte| *byte == b'\n') {
                let rest = buffer.split_off(end + 1);
                line(String::from_utf8_lossy(&buffer[..end]).as_ref());
                buffer = rest;
            }
            if buffer.len() > LINE {
                return Err(self.malformed(Subject::Administration, "a line is too long"));
            }
        }
        Ok(())
    }
}

/// The line of a failure in the body of an error.
fn failure(body: &[u8]) -> Option<String> {
    let body: serde_json::Value = serde_json::from_slice(body).ok()?;
    let detail = body.get("errors")?.get(0)?.get("detail")?;
    detail.get("failure")?;
    Some(detail.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_the_detail_of_an_error() {
        let body = br#"{"errors":[{"code":"DENIED","detail":{"failure":{"kind":"usage"}}}]}"#;
        assert_eq!(failure(body).unwrap(), r#"{"failure":{"kind":"usage"}}"#);
        for other in [&b"{}"[..], b"<html>", br#"{"errors":[{"code":"DENIED"}]}"#] {
            assert_eq!(failure(other), None);
        }
    }
}
