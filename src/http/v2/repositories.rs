//! `DELETE /v2/<name>/_regctl/repository`: deletes a repository with its manifests and tags.

use http::StatusCode;

use super::Call;
use crate::http::respond::{Answer, Refusal, empty};
use crate::oci::Repository;

/// Deletes the repository. It can be restored while it is in the trash.
pub(in super::super) async fn delete(call: &Call, name: &Repository) -> Result<Answer, Refusal> {
    call.registry.delete_repository(name).await?;
    Ok(empty(StatusCode::ACCEPTED))
}
