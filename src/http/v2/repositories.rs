//! `DELETE /v2/<name>/_regctl/repository`: a repository with all that is in it.

use http::StatusCode;

use super::Call;
use crate::http::respond::{Answer, Refusal, empty};
use crate::oci::Repository;

/// Deletes it: nobody finds it from now on.
pub(in super::super) async fn delete(call: &Call, name: &Repository) -> Result<Answer, Refusal> {
    call.registry.delete_repository(name).await?;
    Ok(empty(StatusCode::ACCEPTED))
}
