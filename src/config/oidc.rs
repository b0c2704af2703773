//! The section `regctl.oidc`: sign-in of people in the pages by an OpenID provider.

use std::path::PathBuf;

use super::access::AccessSettings;
use super::error::ConfigError;
use super::section::{Section, Warnings, refused};
use super::workloads::issuer;

/// A provider by which people sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OidcProviderSettings {
    /// Its address, as its tokens have it.
    pub issuer: String,
    /// The name of this registry there.
    pub client: String,
    /// A file with what this registry proves itself by there.
    pub secret_file: Option<PathBuf>,
    /// What is asked for besides `openid`.
    pub scopes: Vec<String>,
    /// The claim that has the name of the account.
    pub name_claim: String,
    /// The claim that has the groups; `None` leaves groups as they are.
    pub groups_claim: Option<String>,
    /// The authorities that its certificate is checked against, PEM; `None`: the system's.
    pub authorities: Option<PathBuf>,
}

/// Reads the section. It is for accounts of regctl's own: whoever signs in gets one.
pub(super) fn oidc(
    own: &mut Section,
    access: &AccessSettings,
    warnings: &mut Warnings,
) -> Result<Option<OidcProviderSettings>, ConfigError> {
    let Some(field) = own.take("oidc") else {
        return Ok(None);
    };
    if !matches!(access, AccessSettings::Accounts { .. }) {
        let reason = "is for accounts of regctl's own, and they are not enabled";
        return Err(refused(
            field,
            reason,
            "write regctl.accounts.enabled: true",
        ));
    }
    let place = field.node.place.clone();
    let mut section = Section::of(field.path, field.node)?;
    let address = section.value("issuer", issuer)?;
    let client = section.text("client-id")?;
    let secret_file = section.text("client-secret-file")?.map(PathBuf::from);
    let mut scopes = Vec::new();
    for item in section.list("scopes")? {
        scopes.push(item.read(|text| Ok(text.to_owned()))?);
    }
    if scopes.is_empty() {
        scopes = ["profile", "email"].map(str::to_owned).to_vec();
    }
    let name_claim = section.text("name-claim")?;
    let groups_claim = section.text("groups-claim")?;
    let authorities = section.text("ca")?.map(PathBuf::from);
    let missing = |key: &str| ConfigError::Value {
        place: place.clone(),
        key: section.path_of(key),
        reason: "is missing".to_owned(),
        hint: "write what the provider names when this registry is registered there".to_owned(),
    };
    let settings = OidcProviderSettings {
        issuer: address.ok_or_else(|| missing("issuer"))?,
        client: client.ok_or_else(|| missing("client-id"))?,
        secret_file,
        scopes,
        name_claim: name_claim.unwrap_or_else(|| "preferred_username".to_owned()),
        groups_claim,
        authorities,
    };
    section.finish(warnings);
    Ok(Some(settings))
}
