//! `DELETE /v2/<name>/_regctl/repository`: deletes a repository with its manifests and tags.
//! `PUT` and `DELETE /v2/<name>/_regctl/star`: the caller's star.

use http::{Method, StatusCode};

use super::{Call, deleted};
use crate::http::respond::{Answer, Refusal, json};
use crate::oci::{Caller, ErrorCode, Repository};

/// Deletes the repository. It can be restored while it is in the trash.
pub(in super::super) async fn delete(call: &Call, name: &Repository) -> Result<Answer, Refusal> {
    call.registry.delete_repository(name).await?;
    Ok(deleted(call))
}

/// Adds or removes the star of the signed-in account.
pub(in super::super) async fn star(call: &Call, name: &Repository) -> Result<Answer, Refusal> {
    let account = match &call.registry.context().caller {
        Caller::Account { name, .. } => name.clone(),
        Caller::Token { owner, .. } => owner.clone(),
        Caller::Anonymous | Caller::Uid(_) | Caller::Task(_) => {
            let message = "stars need accounts, and this registry has none";
            return Err(Refusal::bad(ErrorCode::Unsupported, message));
        }
        Caller::Workload { .. } => {
            let message = "stars are of accounts, and a workload has none";
            return Err(Refusal::bad(ErrorCode::Unsupported, message));
        }
    };
    let starred = call.method == Method::PUT;
    let stars = call.registry.star(name, account, starred).await?;
    Ok(json(StatusCode::OK, &serde_json::json!({ "stars": stars })))
}
