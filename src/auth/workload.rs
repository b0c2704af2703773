//! Workloads: CI jobs and services of a cluster, which sign in with the ID token of their platform.
//!
//! A rule lists the claims that a token of an issuer must have, and the rights that it then gives.
//! A workload has no account; its rights are those of the matching rules alone.

use std::collections::HashMap;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::Identity;
use super::claims::{Claims, shown, text, unverified};
use super::credentials::Secret;
use super::issuer::{Issuer, TokenRefused};
use super::token::By;
use crate::oci::{AccountName, Caller, Context, Grant};

/// The user name for clients that must send one with a workload's token.
pub const USER: &str = "workload";
/// Maximum length of a recorded subject, in characters.
const SUBJECT: usize = 256;

/// The conditions on a token, and the rights that it gives.
pub struct WorkloadRule {
    /// The name of the workload in logs and events.
    pub name: AccountName,
    /// Who makes the token.
    pub issuer: Arc<Issuer>,
    /// The required audience of the token.
    pub audience: String,
    /// Claims and the patterns for their values; `*` matches any text.
    pub claims: Vec<(String, String)>,
    /// The rights of the workload.
    pub grants: Vec<Grant>,
}

/// What the matching rules give a token.
struct Matching {
    /// The name of the first.
    name: AccountName,
    /// The subject of the token.
    subject: String,
    /// The marks of all, separated by spaces.
    rules: String,
    /// The grants of all.
    grants: Vec<Grant>,
}

impl Matching {
    fn add(&mut self, rule: &WorkloadRule) {
        self.grants.extend(rule.grants.iter().cloned());
        if !self.rules.is_empty() {
            self.rules.push(' ');
        }
        self.rules.push_str(&rule.mark());
    }

    fn identity(self, open: Arc<[Grant]>) -> Identity {
        let caller = Caller::Workload {
            name: self.name,
            subject: self.subject.as_str().into(),
        };
        Identity {
            caller,
            grants: self.grants.iter().chain(open.iter()).cloned().collect(),
            by: By::Workload {
                subject: self.subject,
                rules: self.rules,
            },
            ..Identity::anonymous(open)
        }
    }
}

impl WorkloadRule {
    /// Why it does not match a token: this claim differs.
    fn mismatch(&self, (claim, pattern): &(String, String), claims: &Claims) -> String {
        let found = claims
            .get(claim)
            .map_or_else(|| "missing".to_owned(), shown);
        format!(
            "no rule of regctl.workloads matches {:?}; the nearest, {}, requires {claim} {pattern:?}, \
             which is {found}",
            subject(claims),
            self.name
        )
    }

    /// What identifies its conditions in a token, across restarts: a rule with other conditions has
    /// another mark.
    fn mark(&self) -> String {
        let conditions = json!([self.issuer.name(), self.audience, self.claims]);
        let digest = digest(&SHA256, conditions.to_string().as_bytes());
        URL_SAFE_NO_PAD.encode(digest.as_ref().get(..12).unwrap_or_default())
    }
}

/// The workloads that may sign in.
#[derive(Default)]
pub struct Workloads(Vec<WorkloadRule>);

impl Workloads {
    /// By these rules.
    pub fn new(rules: Vec<WorkloadRule>) -> Self {
        Self(rules)
    }

    /// Whether a user name and a password look like a workload's, by the unverified claims.
    pub(super) fn are_meant(&self, user: &str, token: &Secret) -> bool {
        !self.0.is_empty() && is_workload(user, token)
    }

    /// Whether a rule has this name.
    pub(super) fn has_name(&self, name: &AccountName) -> bool {
        self.0.iter().any(|rule| rule.name == *name)
    }

    /// Signs in a workload by its token; `None` if it is refused, with the reason in the log.
    pub(super) async fn identify(
        &self,
        token: &Secret,
        open: Arc<[Grant]>,
        context: &Context,
    ) -> Option<Identity> {
        match self.matching(token).await {
            Ok(matching) => {
                let (workload, subject) = (matching.name.as_str(), matching.subject.as_str());
                let request = &*context.request;
                tracing::info!(workload, subject, request, "a workload signed in");
                Some(matching.identity(open))
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

    /// The result of the rules that a token matches.
    async fn matching(&self, token: &Secret) -> Result<Matching, TokenRefused> {
        let issuer = issuer_of(token.reveal()).ok_or(TokenRefused::Malformed)?;
        // A token is verified once for each audience in the rules of its issuer.
        let mut verified: HashMap<&str, Result<Claims, TokenRefused>> = HashMap::new();
        let mut found: Option<Matching> = None;
        // The rule with the most matching claims, by their number, and how it differs.
        let mut nearest: Option<(usize, String)> = None;
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
            if let Some(differs) = rule.claims.iter().find(|claim| !holds(claim)) {
                let held = rule.claims.iter().filter(|claim| holds(claim)).count();
                if nearest.as_ref().is_none_or(|(most, _)| held > *most) {
                    nearest = Some((held, rule.mismatch(differs, claims)));
                }
                continue;
            }
            // A token signs in under one name; rules with another name do not apply.
            let found = found.get_or_insert_with(|| Matching {
                name: rule.name.clone(),
                subject: subject(claims),
                rules: String::new(),
                grants: Vec::new(),
            });
            if found.name == rule.name {
                found.add(rule);
            }
        }
        if let Some(found) = found {
            return Ok(found);
        }
        if let Some((_, reason)) = nearest {
            return Err(TokenRefused::Invalid(reason));
        }
        let refused = verified.into_values().find_map(Result::err);
        let issuer = shown(&Value::String(issuer));
        Err(refused.unwrap_or(TokenRefused::UnknownIssuer(issuer)))
    }

    /// The identity of a workload that signed in before and matched these rules, with the current
    /// rights of those that still exist; `None` if none does.
    pub(super) fn again(
        &self,
        name: AccountName,
        subject: &str,
        marks: &str,
        open: Arc<[Grant]>,
    ) -> Option<Identity> {
        let mut found = Matching {
            name,
            subject: subject.to_owned(),
            rules: String::new(),
            grants: Vec::new(),
        };
        for rule in &self.0 {
            let mark = rule.mark();
            if rule.name == found.name && marks.split(' ').any(|other| other == mark) {
                found.add(rule);
            }
        }
        (!found.rules.is_empty()).then(|| found.identity(open))
    }
}

/// Whether a user name and a password look like those of a workload.
pub(super) fn is_workload(user: &str, password: &Secret) -> bool {
    user == USER && issuer_of(password.reveal()).is_some()
}

/// The issuer that a token names, before it is verified.
fn issuer_of(token: &str) -> Option<String> {
    let claims = unverified(token)?;
    text(&claims, "iss").map(str::to_owned)
}

/// The subject of a token, shortened for a line of the log.
fn subject(claims: &Claims) -> String {
    let subject = text(claims, "sub").unwrap_or_default();
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

/// Whether a text matches a pattern in which `*` matches any text.
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
