//! Creates the access policy from the configuration.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail};
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

use super::outgoing::Fetching;
use crate::auth::{
    Accounts, Hasher, Htpasswd, Issuer, KeySource, Oidc, OidcSettings, OutsideSettings, Policy,
    Secret, TokenServer, WorkloadRule, Workloads,
};
use crate::clock::Clock;
use crate::config::{AccessSettings, FirstAdmin, Settings, TokenServerSettings, WorkloadSettings};
use crate::index::{GrantRecord, Grantee, Index, NewAccount};
use crate::registry::Registry;

/// The variable with the password of the first administrator.
const FIRST_PASSWORD: &str = "REGCTL_FIRST_ADMIN_PASSWORD";
/// The key that names a file with it.
const FIRST_PASSWORD_FILE: &str = "regctl.accounts.first-admin-password-file";
/// The default name of a registry in its tokens, without `http.host`.
const SERVICE: &str = "regctl";

/// The configured access policy.
pub(super) async fn policy(settings: &Settings, registry: &Registry) -> anyhow::Result<Policy> {
    let index = registry.index().clone();
    let clock = Clock::system();
    Ok(match &settings.access {
        AccessSettings::Open => Policy::Open,
        AccessSettings::Htpasswd { path, realm, rules } => {
            let file = htpasswd(path, settings)?;
            let rules = rules.as_ref().map(|rules| {
                rules
                    .iter()
                    .map(|(grantee, grant)| {
                        let grantee = grantee.parse::<Grantee>()?;
                        let grant = grant.clone();
                        Ok(GrantRecord { grantee, grant })
                    })
                    .collect::<anyhow::Result<Vec<_>>>()
            });
            let rules = rules.transpose()?;
            let accounts = Accounts::htpasswd(index, file, realm.clone(), rules, clock)?;
            Policy::Accounts(Arc::new(accounts))
        }
        AccessSettings::Accounts {
            first_admin,
            new_public,
        } => {
            registry.set_new_public(*new_public).await?;
            let hasher = Hasher::default();
            first_account(first_admin.as_ref(), settings, &index, &hasher, &clock).await?;
            let workloads = workloads(settings, &clock)?;
            let accounts = Accounts::built_in(index, service(settings), hasher, clock).await?;
            Policy::Accounts(Arc::new(
                accounts
                    .with_workloads(workloads)
                    .with_oidc(oidc(settings)?),
            ))
        }
        AccessSettings::TokenServer(server) => {
            Policy::TokenServer(Arc::new(token_server(server, settings)?))
        }
    })
}

/// Reads the files that [`policy`] reads. The password of the first administrator is not among them:
/// it is needed only while there is no account.
pub(super) fn check(settings: &Settings) -> anyhow::Result<()> {
    match &settings.access {
        AccessSettings::Open | AccessSettings::Accounts { .. } => {}
        AccessSettings::Htpasswd { path, .. } => drop(htpasswd(path, settings)?),
        AccessSettings::TokenServer(server) => drop(token_server(server, settings)?),
    }
    workloads(settings, &Clock::system())?;
    oidc(settings)?;
    Ok(())
}

/// A warning if the file with the password of the first administrator does not exist.
pub(super) fn missing_password(settings: &Settings) -> Option<String> {
    let AccessSettings::Accounts {
        first_admin: Some(first),
        ..
    } = &settings.access
    else {
        return None;
    };
    let path = first
        .password_file
        .as_deref()
        .filter(|path| !path.exists())?;
    Some(format!(
        "{} names {}, which does not exist: a start without any account fails",
        named(FIRST_PASSWORD_FILE, path, settings),
        path.display()
    ))
}

fn htpasswd(path: &Path, settings: &Settings) -> anyhow::Result<Htpasswd> {
    Htpasswd::open(path).map_err(|error| {
        anyhow!(
            "{}: {}: {error}; hint: htpasswd -B makes one",
            named("auth.htpasswd.path", path, settings),
            path.display()
        )
    })
}

/// The key that names a file, with its position.
fn named(key: &str, path: &Path, settings: &Settings) -> String {
    settings.places.naming(path).unwrap_or(key).to_owned()
}

/// A client of issuers, with the authorities of this file instead of the system's.
fn fetching(key: &str, path: Option<&Path>, settings: &Settings) -> anyhow::Result<Fetching> {
    let named = |path| named(key, path, settings);
    Fetching::new(path).with_context(|| path.map_or_else(|| key.to_owned(), named))
}

fn token_server(server: &TokenServerSettings, settings: &Settings) -> anyhow::Result<TokenServer> {
    TokenServer::new(&outside(server, settings)?).context("auth.token")
}

/// The provider for sign-in on the pages, if one is configured.
pub(super) fn oidc(settings: &Settings) -> anyhow::Result<Option<Arc<Oidc>>> {
    let Some(oidc) = &settings.oidc else {
        return Ok(None);
    };
    let fetching = fetching("regctl.oidc.ca", oidc.authorities.as_deref(), settings)?;
    let fetching = Arc::new(fetching);
    let secret = match &oidc.secret_file {
        Some(path) => {
            let text = read("regctl.oidc.client-secret-file", path, settings)?;
            Some(Secret::new(text.trim()))
        }
        None => None,
    };
    let settings = OidcSettings {
        issuer: oidc.issuer.clone(),
        client: oidc.client.clone(),
        secret,
        scopes: oidc.scopes.clone(),
        name_claim: oidc.name_claim.clone(),
        groups_claim: oidc.groups_claim.clone(),
    };
    let oidc = Oidc::new(settings, fetching.clone(), fetching, Clock::system());
    let oidc = oidc.map_err(|reason| anyhow!("regctl.oidc: {reason}"))?;
    Ok(Some(Arc::new(oidc)))
}

/// The workloads that may sign in. Rules of one issuer share its keys.
pub(super) fn workloads(settings: &Settings, clock: &Clock) -> anyhow::Result<Workloads> {
    let mut issuers: Vec<(&WorkloadSettings, Arc<Issuer>)> = Vec::new();
    let mut rules = Vec::new();
    for rule in &settings.workloads {
        let shared = issuers.iter().find(|(other, _)| {
            (&other.issuer, &other.authorities, &other.key_set)
                == (&rule.issuer, &rule.authorities, &rule.key_set)
        });
        let issuer = if let Some((_, issuer)) = shared {
            Arc::clone(issuer)
        } else {
            let source = if let Some(path) = &rule.key_set {
                KeySource::KeySet(read("regctl.workloads.jwks", path, settings)?)
            } else {
                let fetching =
                    fetching("regctl.workloads.ca", rule.authorities.as_deref(), settings);
                KeySource::Discovery(Arc::new(fetching?))
            };
            let issuer = Issuer::new(&rule.issuer, source, clock.clone());
            let failed =
                |reason| anyhow!("regctl.workloads: the keys of {}: {reason}", rule.issuer);
            let issuer = Arc::new(issuer.map_err(failed)?);
            issuers.push((rule, Arc::clone(&issuer)));
            issuer
        };
        rules.push(WorkloadRule {
            name: rule.name.clone(),
            issuer,
            audience: rule.audience.clone().unwrap_or_else(|| service(settings)),
            claims: rule.claims.clone(),
            grants: rule.grants.clone(),
        });
    }
    Ok(Workloads::new(rules))
}

/// The name of this registry in its tokens.
fn service(settings: &Settings) -> String {
    let host = settings.http.host.as_deref();
    let host = host.and_then(|host| host.split("//").nth(1)?.split('/').next());
    host.unwrap_or(SERVICE).to_owned()
}

/// Makes the administrator that the configuration names, when there is no account at all.
async fn first_account(
    first: Option<&FirstAdmin>,
    settings: &Settings,
    index: &Index,
    hasher: &Hasher,
    clock: &Clock,
) -> anyhow::Result<()> {
    if index.count_accounts().await? > 0 {
        return Ok(());
    }
    let Some(first) = first else {
        tracing::warn!(
            "there is no account yet, so nobody can sign in: regctl user add NAME --admin creates one"
        );
        return Ok(());
    };
    let password = match &first.password_file {
        Some(path) => {
            let text = read(FIRST_PASSWORD_FILE, path, settings)?;
            text.lines().next().unwrap_or_default().to_owned()
        }
        None => std::env::var(FIRST_PASSWORD).map_err(|_| {
            anyhow!(
                "regctl.accounts.first-admin needs a password; hint: name a file in \
                 regctl.accounts.first-admin-password-file, or set {FIRST_PASSWORD}"
            )
        })?,
    };
    let Some(password) = hasher.hash(&Secret::new(password)).await? else {
        bail!("the password of regctl.accounts.first-admin is empty or too long");
    };
    let account = NewAccount {
        name: first.name.clone(),
        password: Some(password),
        admin: true,
    };
    index.create_account(account, clock.now()).await?;
    tracing::info!(account = %first.name, "the first administrator was created");
    Ok(())
}

fn outside(server: &TokenServerSettings, settings: &Settings) -> anyhow::Result<OutsideSettings> {
    let mut certificates = Vec::new();
    if let Some(path) = &server.certificates {
        let text = read("auth.token.rootcertbundle", path, settings)?;
        for certificate in CertificateDer::pem_slice_iter(text.as_bytes()) {
            let certificate = certificate.map_err(|_| {
                anyhow!(
                    "{}: {}: a certificate in it (PEM) is damaged or cut short",
                    named("auth.token.rootcertbundle", path, settings),
                    path.display()
                )
            });
            certificates.push(certificate?.to_vec());
        }
    }
    let key_set = match &server.key_set {
        Some(path) => Some(read("auth.token.jwks", path, settings)?),
        None => None,
    };
    Ok(OutsideSettings {
        realm: server.realm.clone(),
        service: server.service.clone(),
        issuer: server.issuer.clone(),
        certificates,
        key_set,
        algorithms: server.algorithms.clone(),
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "files named by the configuration"
)]
fn read(key: &str, path: &Path, settings: &Settings) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(path);
    text.with_context(|| format!("{}: {}", named(key, path, settings), path.display()))
}
