//! Workloads: jobs of a CI system and services of a cluster, which sign in with the ID token that
//! their platform gives them.
//!
//! A rule says which claims a token of an issuer must have, and what it may do then. There is no
//! account behind a workload; its rights are those of the rules that match, and nothing more.

use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::Value;

use super::Identity;
use super::credentials::Secret;
use super::issuer::{Claims, Issuer, TokenRefused};
use crate::oci::{AccountName, Caller, Context, Grant};

/// The name with which a workload signs in where a name must be sent.
pub const USER: &str = "workload";
/// The most characters of a subject that are kept.
const SUBJECT: usize = 256;

/// What a token must say, and what its bearer may do.
pub struct WorkloadRule {
    /// Under which name its bearer is logged.
    pub name: AccountName,
    /// Who makes the token.
    pub issuer: Arc<Issuer>,
    /// For whom the token must be made.
    pub audience: String,
    /// Claims and the patterns that their values match; `*` is any text.
    pub claims: Vec<(String, String)>,
    /// What its bearer may do.
    pub grants: Vec<Grant>,
}

/// The workloads that may sign in.
#[derive(Default)]
pub struct Workloads(Vec<WorkloadRule>);

impl Workloads {
    /// By these rules.
    pub fn new(rules: Vec<WorkloadRule>) -> Self {
        Self(rules)
    }

    /// Whether a text is a token of one of the issuers, by what it says of itself.
    pub(super) fn knows(&self, token: &Secret) -> bool {
        let issuer = issuer_of(token.reveal());
        issuer.is_some_and(|issuer| self.0.iter().any(|rule| rule.issuer.name() == issuer))
    }

    /// Signs in the bearer of a token; `None` is refused, and the log says why.
    pub(super) async fn identify(
        &self,
        token: &Secret,
        open: Arc<[Grant]>,
        context: &Context,
    ) -> Option<Identity> {
        match self.matching(token).await {
            Ok((name, subject, grants)) => {
                let (workload, request) = (name.as_str(), &*context.request);
                tracing::info!(workload, subject, request, "a workload signed in");
                Some(identity(name, subject, &grants, open))
            }
            Err(reason) => {
                let address = context.address.map(tracing::field::display);
                tracing::warn!(
                    address,
                    request = &*context.request,
                    "the token of a workload was refused: {reason}"
                );
                None
            }
        }
    }

    /// What the rules that match give: the name of the first, the token's subject, all grants.
    async fn matching(
        &self,
        token: &Secret,
    ) -> Result<(AccountName, String, Vec<Grant>), TokenRefused> {
        let issuer = issuer_of(token.reveal()).ok_or(TokenRefused::Malformed)?;
        // A token is verified once for each audience that rules of its issuer have.
        let mut verified: HashMap<&str, Result<Claims, TokenRefused>> = HashMap::new();
        let mut found: Option<(AccountName, String, Vec<Grant>)> = None;
        for rule in self.0.iter().filter(|rule| rule.issuer.name() == issuer) {
            let audience = rule.audience.as_str();
            if !verified.contains_key(audience) {
                verified.insert(audience, rule.issuer.verify(token, audience).await);
            }
            let Some(Ok(claims)) = verified.get(audience) else {
                continue;
            };
            let holds = |(name, pattern): &(String, String)| {
                claims
                    .get(name)
                    .is_some_and(|value| matches(value, pattern))
            };
            if !rule.claims.iter().all(holds) {
                continue;
            }
            // One token signs in as one name; rules of another are for other tokens.
            let (name, _, grants) =
                found.get_or_insert_with(|| (rule.name.clone(), subject(claims), Vec::new()));
            if *name == rule.name {
                grants.extend(rule.grants.iter().cloned());
            }
        }
        if let Some(found) = found {
            return Ok(found);
        }
        let mut refused = None;
        for outcome in verified.into_values() {
            match outcome {
                Ok(claims) => {
                    let subject = subject(&claims);
                    let reason = format!("no rule of regctl.workloads matches {subject:?}");
                    return Err(TokenRefused::Invalid(reason));
                }
                Err(error) => refused = Some(error),
            }
        }
        Err(refused.unwrap_or(TokenRefused::Malformed))
    }

    /// Whoever was signed in under this name, with what its rules give now.
    pub(super) fn again(
        &self,
        name: AccountName,
        subject: &str,
        open: Arc<[Grant]>,
    ) -> Option<Identity> {
        let rules = || self.0.iter().filter(|rule| rule.name == name);
        rules().next()?;
        let grants: Vec<Grant> = rules().flat_map(|rule| rule.grants.clone()).collect();
        Some(identity(name, subject.to_owned(), &grants, open))
    }
}

fn identity(name: AccountName, subject: String, grants: &[Grant], open: Arc<[Grant]>) -> Identity {
    let caller = Caller::Token {
        id: subject.into(),
        owner: name,
        scope: grants.into(),
    };
    Identity {
        caller,
        workload: true,
        grants: grants.iter().chain(open.iter()).cloned().collect(),
        ..Identity::anonymous(open)
    }
}

/// Who a token says that it is from, before anything of it is verified.
fn issuer_of(token: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Claims {
        iss: String,
    }
    let mut parts = token.split('.');
    let claims = parts.nth(1)?;
    // A signed token has three parts.
    parts.next()?;
    if parts.next().is_some() {
        return None;
    }
    let claims = URL_SAFE_NO_PAD.decode(claims).ok()?;
    serde_json::from_slice::<Claims>(&claims)
        .ok()
        .map(|claims| claims.iss)
}

/// The subject of a token, fit for one line of a log.
fn subject(claims: &Claims) -> String {
    let subject = claims
        .get("sub")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let plain = |letter: char| if letter.is_control() { '?' } else { letter };
    subject.chars().take(SUBJECT).map(plain).collect()
}

/// Whether the value of a claim, or one of its values, matches a pattern.
fn matches(value: &Value, pattern: &str) -> bool {
    match value {
        Value::String(text) => matches_text(text, pattern),
        Value::Bool(yes) => matches_text(if *yes { "true" } else { "false" }, pattern),
        Value::Number(number) => matches_text(&number.to_string(), pattern),
        Value::Array(values) => values
            .iter()
            .any(|value| !value.is_array() && matches(value, pattern)),
        Value::Null | Value::Object(_) => false,
    }
}

/// Whether a text matches a pattern whose `*` stand for any text.
fn matches_text(text: &str, pattern: &str) -> bool {
    let Some((begin, rest)) = pattern.split_once('*') else {
        return text == pattern;
    };
    let Some(mut text) = text.strip_prefix(begin) else {
        return false;
    };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let end = parts.pop().unwrap_or_default();
    for part in parts {
        match text.find(part) {
            Some(at) => text = &text[at + part.len()..],
            None => return false,
        }
    }
    text.len() >= end.len() && text.ends_with(end)
}

#[cfg(test)]
#[path = "workload/tests.rs"]
mod tests;
