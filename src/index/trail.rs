//! The audit line of an event in the log, written once its transaction is committed.

use serde_json::Value;

use super::events::NewEvent;
use crate::oci::{Context, Digest, Repository, Tag};

/// Actions that occur many times for each image: their lines have the level debug.
const FREQUENT: [&str; 2] = ["push-blob", "mount-blob"];

/// A line of the log.
pub(super) struct Line {
    action: &'static str,
    actor: String,
    account: String,
    address: Option<std::net::IpAddr>,
    request: String,
    repository: Option<Repository>,
    tag: Option<Tag>,
    digest: Option<Digest>,
    detail: Option<Value>,
}

impl Line {
    /// The line of an event of a caller.
    pub(super) fn of(context: &Context, account: &str, event: &NewEvent) -> Self {
        Self {
            action: event.action,
            actor: context.caller.actor(),
            account: account.to_owned(),
            address: context.address,
            request: context.request.to_string(),
            repository: event.repository.clone(),
            tag: event.tag.clone(),
            digest: event.digest,
            detail: event.detail.clone(),
        }
    }

    pub(super) fn write(self) {
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(
                    action = self.action,
                    actor = self.actor,
                    account = (self.account != self.actor).then_some(&self.account),
                    address = self.address.map(tracing::field::display),
                    request = (!self.request.is_empty()).then_some(&self.request),
                    repository = self.repository.as_ref().map(Repository::as_str),
                    tag = self.tag.as_ref().map(Tag::as_str),
                    digest = self.digest.map(tracing::field::display),
                    detail = self.detail.map(tracing::field::display),
                    "audit"
                )
            };
        }
        if FREQUENT.contains(&self.action) {
            line!(debug);
        } else if self.action.starts_with("refuse") {
            line!(warn);
        } else {
            line!(info);
        }
    }
}
