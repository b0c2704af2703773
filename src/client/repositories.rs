//! Operations on whole repositories.

use reqwest::Method;

use super::auth::Scope;
use super::{Call, Client, Error, Subject};
use crate::oci::Repository;

impl Client {
    /// Deletes a repository with all content. Returns false if the registry can't, unlike a regctl
    /// server.
    pub async fn delete_repository(&self, repository: &Repository) -> Result<bool, Error> {
        let path = format!("v2/{repository}/_regctl/repository");
        let answer = self
            .call(Call::new(Method::DELETE, &path, Scope::Delete(repository)))
            .await?;
        let known = || {
            let text = String::from_utf8_lossy(&answer.body);
            text.contains("NAME_UNKNOWN")
        };
        match answer.status.as_u16() {
            200..=299 => Ok(true),
            // The answer to an earlier attempt was lost, but it succeeded.
            404 if known() && answer.tries > 1 => Ok(true),
            404 if known() => Err(self.refusal(&answer, Subject::Repository(repository))),
            400 | 404 | 405 => Ok(false),
            _ => Err(self.refusal(&answer, Subject::Repository(repository))),
        }
    }
}
