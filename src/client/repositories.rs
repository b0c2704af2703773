//! Repositories as a whole.

use reqwest::Method;

use super::auth::Scope;
use super::{Call, Client, Error, Subject};
use crate::oci::Repository;

/// Bytes of an answer that says why not.
const ANSWER_LIMIT: usize = 64 * 1024;

impl Client {
    /// Deletes a repository with all that is in it, if the registry can do that, as a regctl server
    /// does; whether it can.
    pub async fn delete_repository(&self, repository: &Repository) -> Result<bool, Error> {
        let path = format!("v2/{repository}/_regctl/repository");
        let call = Call {
            method: Method::DELETE,
            path: &path,
            accept: None,
            scope: Scope::Delete(repository),
            limit: ANSWER_LIMIT,
        };
        let answer = self.call(call).await?;
        let known = || {
            let text = String::from_utf8_lossy(&answer.body);
            text.contains("NAME_UNKNOWN")
        };
        match answer.status.as_u16() {
            200..=299 => Ok(true),
            // The answer to an earlier try was lost, the deed was done.
            404 if known() && answer.tries > 1 => Ok(true),
            404 if known() => Err(self.refusal(&answer, Subject::Repository(repository))),
            400 | 404 | 405 => Ok(false),
            _ => Err(self.refusal(&answer, Subject::Repository(repository))),
        }
    }
}
