//! The section `regctl.workloads`: which ID tokens of CI systems and clusters can sign in, and
//! their rights.

use std::path::PathBuf;

use super::access::{AccessSettings, not_enabled};
use super::error::ConfigError;
use super::section::{Field, Section, Warnings};
use super::values::{self, BadValue};
use crate::oci::{AccountName, Grant};

/// A rule for ID tokens of workloads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkloadSettings {
    /// The name in logs and events.
    pub name: AccountName,
    /// Who makes the tokens.
    pub issuer: String,
    /// The required audience; `None`: this registry's name.
    pub audience: Option<String>,
    /// The authorities that verify the issuer's certificate, PEM; `None`: the system's.
    pub authorities: Option<PathBuf>,
    /// The issuer's keys, a JSON web key set; `None`: they are discovered.
    pub key_set: Option<PathBuf>,
    /// Claims with patterns for their values, at least one.
    pub claims: Vec<(String, String)>,
    /// The rights of the workload, at least one grant.
    pub grants: Vec<Grant>,
}

const HINT: &str = "write issuer, claims and scope, as in {issuer: https://…, claims: {repository: \
                    org/app}, scope: 'team/app:pull,push'}";

/// Parses the section. It requires regctl's own accounts, whose token service issues the tokens.
pub(super) fn workloads(
    own: &mut Section,
    access: &AccessSettings,
    warnings: &mut Warnings,
) -> Result<Vec<WorkloadSettings>, ConfigError> {
    let Some(field) = own.take("workloads") else {
        return Ok(Vec::new());
    };
    if !matches!(access, AccessSettings::Accounts { .. }) {
        return Err(not_enabled(field));
    }
    field
        .items()?
        .into_iter()
        .map(|item| rule(item, warnings))
        .collect()
}

fn rule(item: Field, warnings: &mut Warnings) -> Result<WorkloadSettings, ConfigError> {
    let place = item.node.place.clone();
    let mut section = Section::of(item.path, item.node)?;
    let name = section.value("name", account)?;
    let issuer = section.value("issuer", issuer)?;
    let audience = section.text("audience")?;
    let authorities = section.text("ca")?.map(PathBuf::from);
    let key_set = section.text("jwks")?.map(PathBuf::from);
    let mut claims = Vec::new();
    for (claim, field) in section.section("claims")?.rest() {
        claims.push((claim, field.read(|text| Ok(text.to_owned()))?));
    }
    let mut grants = Vec::new();
    for field in section.list("scope")? {
        grants.push(field.read(grant)?);
    }
    let missing = |key: &str| ConfigError::Value {
        place: place.clone(),
        key: section.path_of(key),
        reason: "is missing".to_owned(),
        hint: HINT.to_owned(),
    };
    if claims.is_empty() {
        // On a public CI system every user gets tokens of the same issuer.
        return Err(missing("claims"));
    }
    if grants.is_empty() {
        return Err(missing("scope"));
    }
    let settings = WorkloadSettings {
        name: match name {
            Some(name) => name,
            None => "workload".parse().map_err(|_| missing("name"))?,
        },
        issuer: issuer.ok_or_else(|| missing("issuer"))?,
        audience,
        authorities,
        key_set,
        claims,
        grants,
    };
    section.finish(warnings);
    Ok(settings)
}

fn account(text: &str) -> Result<AccountName, BadValue> {
    let hint = "write letters, digits, '.', '_' and '-'";
    text.parse()
        .map_err(|_| BadValue::not(text, "a name to log", hint))
}

/// The address of an issuer, as in its tokens. Its keys are trusted, so plain HTTP is refused.
pub(super) fn issuer(text: &str) -> Result<String, BadValue> {
    values::checked_address(text)
        .ok()
        .filter(|text| text.starts_with("https://"))
        .ok_or_else(|| {
            BadValue::not(
                text,
                "the https address of an issuer",
                "write it as in its tokens: https://token.actions.githubusercontent.com",
            )
        })
}

fn grant(text: &str) -> Result<Grant, BadValue> {
    let hint = "write PATTERN:RIGHTS, as in 'team/*:pull,push'";
    text.parse()
        .map_err(|_| BadValue::not(text, "a scope", hint))
}

/// A description of the rules, one line each.
pub(super) fn describe(rules: &[WorkloadSettings], lines: &mut Vec<String>) {
    for rule in rules {
        let claims: Vec<_> = rule
            .claims
            .iter()
            .map(|(claim, pattern)| format!("{claim} {pattern:?}"))
            .collect();
        let grants: Vec<_> = rule.grants.iter().map(ToString::to_string).collect();
        lines.push(format!(
            "Workloads ({}): tokens of {} with {} may {}",
            rule.name,
            rule.issuer,
            claims.join(", "),
            grants.join(" ")
        ));
    }
}
