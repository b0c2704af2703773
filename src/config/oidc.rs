//! The section `regctl.oidc`: sign-in of people on the pages through an OpenID provider.

use std::path::PathBuf;

use super::access::{AccessSettings, not_enabled};
use super::error::ConfigError;
use super::section::{Section, Warnings};
use super::workloads::issuer;

/// A provider through which people sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OidcProviderSettings {
    /// Its address, as in its tokens.
    pub issuer: String,
    /// The id of this registry at the provider.
    pub client: String,
    /// A file with the secret of this registry at the provider.
    pub secret_file: Option<PathBuf>,
    /// The scopes to request in addition to `openid`.
    pub scopes: Vec<String>,
    /// The claim with the name of the account.
    pub name_claim: String,
    /// The claim with the groups; `None` does not change groups.
    pub groups_claim: Option<String>,
    /// The authorities that verify its certificate, PEM; `None`: the system's.
    pub authorities: Option<PathBuf>,
}

/// Parses the section. It requires regctl's own accounts: a person who signs in gets one.
pub(super) fn oidc(
    own: &mut Section,
    access: &AccessSettings,
    warnings: &mut Warnings,
) -> Result<Option<OidcProviderSettings>, ConfigError> {
    let Some(field) = own.take("oidc") else {
        return Ok(None);
    };
    if !matches!(access, AccessSettings::Accounts { .. }) {
        return Err(not_enabled(field));
    }
    let place = field.node.place.clone();
    let mut section = Section::of(field.path, field.node)?;
    let address = section.value("issuer", issuer)?;
    let client = section.text("client-id")?;
    let secret_file = section.text("client-secret-file")?.map(PathBuf::from);
    let scopes = match section.written_list("scopes")? {
        Some(items) => items
            .into_iter()
            .map(|item| item.read(|text| Ok(text.to_owned())))
            .collect::<Result<_, _>>()?,
        None => ["profile", "email"].map(str::to_owned).to_vec(),
    };
    let name_claim = section.text("name-claim")?;
    let groups_claim = section.text("groups-claim")?;
    let authorities = section.text("ca")?.map(PathBuf::from);
    let missing = |key: &str| ConfigError::Value {
        place: place.clone(),
        key: section.path_of(key),
        reason: "is missing".to_owned(),
        hint: "write the id that the provider gave to this registry".to_owned(),
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
