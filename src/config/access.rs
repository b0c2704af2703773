//! The sections `auth`, `regctl.access` and `regctl.accounts`: how callers sign in, and the rights
//! of accounts in an htpasswd file.
//!
//! Only one kind of sign-in can be configured. An unsupported setting is an error here, never a
//! warning, because ignoring it would leave the registry open.

use std::path::PathBuf;

use super::error::ConfigError;
use super::section::{Field, Section, Warnings, refused, unsupported};
use super::values::{self, BadValue};
use crate::oci::{AccountName, Grant, NamePattern, Rights};

/// How callers sign in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum AccessSettings {
    /// No sign-in; everybody may do everything.
    #[default]
    Open,
    /// The accounts of an htpasswd file.
    Htpasswd {
        /// The file.
        path: PathBuf,
        /// The realm.
        realm: String,
        /// Rights by name, `anonymous` or `users`; `None` if every account may do everything.
        rules: Option<Vec<(String, Grant)>>,
    },
    /// regctl's own accounts.
    Accounts {
        /// The administrator to create if there is no account yet.
        first_admin: Option<FirstAdmin>,
        /// Whether new repositories are public.
        new_public: bool,
    },
    /// Tokens of an external server.
    TokenServer(TokenServerSettings),
}

/// The administrator to create if there is no account yet, with a file or variable for the
/// password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstAdmin {
    /// Its name.
    pub name: AccountName,
    /// A file with the password.
    pub password_file: Option<PathBuf>,
}

/// An external token server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenServerSettings {
    /// Its address.
    pub realm: String,
    /// The name of this registry at the server.
    pub service: String,
    /// Who issues its tokens.
    pub issuer: String,
    /// Certificates of its keys, PEM.
    pub certificates: Option<PathBuf>,
    /// Its keys, as a JSON web key set.
    pub key_set: Option<PathBuf>,
    /// The accepted algorithms; empty for all safe ones.
    pub algorithms: Vec<String>,
}

/// Reads `auth`.
pub(super) fn auth_settings(
    top: &mut Section,
    warnings: &mut Warnings,
) -> Result<AccessSettings, ConfigError> {
    let Some(mut field) = top.take("auth") else {
        return Ok(AccessSettings::Open);
    };
    field.node.expand_choice();
    let mut settings = AccessSettings::Open;
    for (name, method) in Section::of(field.path, field.node)?.rest() {
        let is_second = settings != AccessSettings::Open;
        settings = match name.to_ascii_lowercase().as_str() {
            "none" => settings,
            _ if is_second => {
                return Err(refused(
                    method,
                    "is a second kind of sign-in",
                    "keep one of them",
                ));
            }
            "htpasswd" => htpasswd(method, warnings)?,
            "token" => token_server(method, warnings)?,
            _ => {
                return Err(unsupported(
                    method,
                    "selects a sign-in that regctl does not support, and without which everybody \
                     could pull and push",
                    "use htpasswd or token, or accounts of regctl's own: regctl.accounts.enabled",
                ));
            }
        };
    }
    Ok(settings)
}

fn required<T>(section: &Section, key: &str, value: Option<T>) -> Result<T, ConfigError> {
    value.ok_or_else(|| ConfigError::Value {
        place: section.place().clone(),
        key: section.path_of(key),
        reason: "is missing".to_owned(),
        hint: "the sign-in can't be checked without it".to_owned(),
    })
}

fn htpasswd(method: Field, warnings: &mut Warnings) -> Result<AccessSettings, ConfigError> {
    let mut section = Section::of(method.path, method.node)?;
    let path = section.text("path")?;
    let realm = section.text("realm")?;
    let path = PathBuf::from(required(&section, "path", path)?);
    section.finish(warnings);
    Ok(AccessSettings::Htpasswd {
        path,
        realm: realm.unwrap_or_else(|| "registry".to_owned()),
        rules: None,
    })
}

fn token_server(method: Field, warnings: &mut Warnings) -> Result<AccessSettings, ConfigError> {
    let mut section = Section::of(method.path, method.node)?;
    let realm = section.value("realm", values::checked_address)?;
    let service = section.text("service")?;
    let issuer = section.text("issuer")?;
    let certificates = section.text("rootcertbundle")?.map(PathBuf::from);
    let key_set = section.text("jwks")?.map(PathBuf::from);
    let mut algorithms = Vec::new();
    for item in section.list("signingalgorithms")? {
        algorithms.push(item.read(|text| Ok(text.to_owned()))?);
    }
    section.ignore(
        "autoredirect",
        "is not done: clients are sent to the realm as it is written",
        warnings,
    );
    let settings = TokenServerSettings {
        realm: required(&section, "realm", realm)?,
        service: required(&section, "service", service)?,
        issuer: required(&section, "issuer", issuer)?,
        certificates,
        key_set,
        algorithms,
    };
    if settings.certificates.is_none() && settings.key_set.is_none() {
        required(&section, "rootcertbundle", None::<()>)?;
    }
    section.finish(warnings);
    Ok(AccessSettings::TokenServer(settings))
}

/// Parses `regctl.accounts` and `regctl.access`, with the sign-in of `auth`. `flag` enables
/// regctl's own accounts.
pub(super) fn own_access(
    own: &mut Section,
    auth: AccessSettings,
    flag: Option<bool>,
    warnings: &mut Warnings,
) -> Result<AccessSettings, ConfigError> {
    // An empty section grants nothing.
    let rules = own.take_written("access").map(rules).transpose()?;
    let mut section = own.section("accounts")?;
    let place = section.place().clone();
    let enabled = section.value("enabled", values::boolean)?;
    let enabled = enabled.unwrap_or(false) || flag == Some(true);
    let [name, file, public] = [
        "first-admin",
        "first-admin-password-file",
        "new-repositories",
    ]
    .map(|key| section.take(key));
    section.finish(warnings);
    // A command beside the server does not know its flags.
    let is_off = !enabled && flag.is_some();
    if is_off && let Some(field) = [&name, &file, &public].into_iter().flatten().next() {
        return Err(not_enabled(field.clone()));
    }
    let name = name.map(|field| field.read(account_name)).transpose()?;
    let file = file.map(|field| field.read(|text| Ok(text.to_owned())));
    let file = file.transpose()?;
    let public = public.map(|field| field.read(visibility)).transpose()?;
    let first_admin = name.map(|name| FirstAdmin {
        name,
        password_file: file.map(PathBuf::from),
    });
    match (auth, enabled, rules) {
        (AccessSettings::Open, true, None) => Ok(AccessSettings::Accounts {
            first_admin,
            new_public: public.unwrap_or(false),
        }),
        (AccessSettings::Open, true, Some(_)) => Err(ConfigError::Value {
            place,
            key: "regctl.access".to_owned(),
            reason: "is for an htpasswd file, and accounts of regctl's own are enabled".to_owned(),
            hint: "give rights with regctl grant, and remove regctl.access".to_owned(),
        }),
        (_, true, _) => Err(ConfigError::Value {
            place,
            key: "regctl.accounts.enabled".to_owned(),
            reason: "is a second kind of sign-in beside auth".to_owned(),
            hint:
                "keep one of them; regctl user import takes over the accounts of an htpasswd file"
                    .to_owned(),
        }),
        (AccessSettings::Htpasswd { path, realm, .. }, false, rules) => {
            Ok(AccessSettings::Htpasswd { path, realm, rules })
        }
        (auth, false, Some(_)) => Err(ConfigError::Value {
            place,
            key: "regctl.access".to_owned(),
            reason: match auth {
                AccessSettings::Open => "grants rights, but there is no sign-in",
                _ => "grants rights, but those of auth.token are in its tokens",
            }
            .to_owned(),
            hint: "it is for auth.htpasswd; without a sign-in everybody may do everything"
                .to_owned(),
        }),
        (auth, false, None) => Ok(auth),
    }
}

/// The error for a key that requires regctl's own accounts.
pub(super) fn not_enabled(field: Field) -> ConfigError {
    let reason = "requires regctl's own accounts, which are not enabled";
    refused(field, reason, "write regctl.accounts.enabled: true")
}

/// Whether it is public.
fn visibility(text: &str) -> Result<bool, BadValue> {
    match text {
        "public" => Ok(true),
        "private" => Ok(false),
        _ => Err(BadValue::not(
            text,
            "public or private",
            "write private, or public for repositories that everybody may pull from",
        )),
    }
}

fn account_name(text: &str) -> Result<AccountName, BadValue> {
    text.parse().map_err(|_| BadValue {
        reason: format!("is {text:?}, which is not the name of an account"),
        hint: "write letters, digits, '.', '_' and '-'",
    })
}

/// Parses `regctl.access`: for each name a map from patterns to rights.
fn rules(field: Field) -> Result<Vec<(String, Grant)>, ConfigError> {
    let mut rules = Vec::new();
    for (grantee, patterns) in Section::of(field.path, field.node)?.rest() {
        if grantee.parse::<AccountName>().is_err() {
            let hint = "write anonymous, users, or the name of an account";
            return Err(refused(patterns, "does not name an account", hint));
        }
        for (pattern, rights) in Section::of(patterns.path, patterns.node)?.rest() {
            let Ok(pattern) = pattern.parse::<NamePattern>() else {
                let hint = "write *, NAMESPACE/* or the name of a repository";
                return Err(refused(rights, "is not a pattern of repositories", hint));
            };
            let mut words = Vec::new();
            for item in rights.items()? {
                words.push(item.read(|text| {
                    text.parse().map_err(|_| {
                        BadValue::not(text, "a list of rights", "write pull, push, delete")
                    })
                })?);
            }
            let rights = words.into_iter().fold(Rights::NONE, Rights::union);
            rules.push((grantee.clone(), Grant { pattern, rights }));
        }
    }
    Ok(rules)
}
