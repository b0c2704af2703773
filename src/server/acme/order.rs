//! One order at an ACME directory (RFC 8555, section 7.4): account, authorizations, certificate.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use instant_acme::{
    Account, AccountCredentials, AuthorizationHandle, AuthorizationStatus, ChallengeType, Error,
    Identifier, NewAccount, NewOrder, OrderStatus, Problem, RetryPolicy,
};
use rcgen::{CertificateParams, CustomExtension, DistinguishedName, KeyPair};
use serde::{Deserialize, Serialize};

use super::transport::Transport;
use super::{read_json, write};
use crate::config::AcmeSettings;
use crate::http::AcmeChallenges;

/// How often the authority is asked whether the order is ready.
const POLLING: RetryPolicy = RetryPolicy::new()
    .initial_delay(Duration::from_millis(500))
    .backoff(1.5)
    .timeout(Duration::from_mins(2));

/// An order for the names of the settings.
pub(super) struct Order<'a> {
    pub(super) settings: &'a AcmeSettings,
    /// The directory of the account.
    pub(super) directory: &'a Path,
    pub(super) transport: &'a Transport,
    pub(super) challenges: &'a AcmeChallenges,
}

/// The stored account.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// The ACME directory of the account.
    directory: String,
    credentials: AccountCredentials,
    /// The contacts that the authority has; `None` if that was not recorded.
    #[serde(default)]
    contacts: Option<Vec<String>>,
}

impl Order<'_> {
    /// Obtains a certificate: its chain and its key, PEM.
    pub(super) async fn obtain(&self) -> anyhow::Result<String> {
        let account = self.account().await?;
        let obtained = self.order(&account).await;
        let problem = obtained
            .as_ref()
            .err()
            .and_then(|error| error.downcast_ref());
        if let Some(Error::Api(problem)) = problem
            && is(problem, "accountDoesNotExist")
        {
            // The next attempt creates another account.
            std::fs::remove_file(self.account_file()).context("remove the account's file")?;
        }
        obtained
    }

    fn account_file(&self) -> PathBuf {
        self.directory.join("acme-account.json")
    }

    /// The stored account, or a new one.
    async fn account(&self) -> anyhow::Result<Account> {
        let builder = Account::builder_with_http(Box::new(self.transport.clone()));
        let kept: Option<Kept> = read_json(&self.account_file());
        let contact = self.settings.email.as_deref();
        let contact = contact.map(|email| format!("mailto:{email}"));
        let contact: Vec<&str> = contact.as_deref().into_iter().collect();
        if let Some(kept) = kept.filter(|kept| kept.directory == self.settings.directory) {
            let is_current = kept.contacts.is_some_and(|known| known == contact);
            let account = builder.from_credentials(kept.credentials).await?;
            if !is_current {
                self.change_contact(&account, &contact).await?;
            }
            return Ok(account);
        }
        let new = NewAccount {
            contact: &contact,
            terms_of_service_agreed: true,
            only_return_existing: false,
        };
        let directory = self.settings.directory.clone();
        let created = builder.create(&new, directory.clone(), None).await;
        let (account, credentials) = created.context("make an account")?;
        let kept = Kept {
            directory,
            credentials,
            contacts: Some(contact.iter().map(ToString::to_string).collect()),
        };
        self.keep_account(&kept)?;
        Ok(account)
    }

    fn keep_account(&self, kept: &Kept) -> anyhow::Result<()> {
        let text = serde_json::to_vec_pretty(kept)?;
        Ok(write(&self.account_file(), &text, 0o600)?)
    }

    /// Tells the authority another contact of the account. A certificate is issued even if that fails.
    async fn change_contact(&self, account: &Account, contact: &[&str]) -> anyhow::Result<()> {
        if let Err(error) = account.update_contacts(contact).await {
            tracing::warn!("the contact of the ACME account could not be changed: {error}");
            return Ok(());
        }
        // The credentials in memory belong to the account now.
        if let Some(kept) = read_json::<Kept>(&self.account_file()) {
            let contacts = contact.iter().map(ToString::to_string).collect();
            self.keep_account(&Kept {
                contacts: Some(contacts),
                ..kept
            })?;
        }
        Ok(())
    }

    async fn order(&self, account: &Account) -> anyhow::Result<String> {
        let hosts = &self.settings.hosts;
        let identifiers: Vec<_> = hosts.iter().cloned().map(Identifier::Dns).collect();
        let mut order = account.new_order(&NewOrder::new(&identifiers)).await?;
        let mut authorizations = order.authorizations();
        while let Some(authorization) = authorizations.next().await {
            self.answer(authorization?).await?;
        }
        match order.poll_ready(&POLLING).await {
            Ok(OrderStatus::Ready) => {}
            outcome => {
                // The error of a challenge has more details than that of the order.
                let mut authorizations = order.authorizations();
                while let Some(Ok(mut authorization)) = authorizations.next().await {
                    let state = authorization.refresh().await?;
                    let failed = state.challenges.iter().find_map(|one| one.error.as_ref());
                    if let Some(problem) = failed {
                        return Err(Invalid {
                            name: state.identifier().to_string(),
                            reason: description(problem),
                        }
                        .into());
                    }
                }
                outcome?;
                bail!("the authority refused the order and gave no reason");
            }
        }
        let mut params = CertificateParams::new(hosts.clone())?;
        params.distinguished_name = DistinguishedName::new();
        let key = KeyPair::generate()?;
        order
            .finalize_csr(params.serialize_request(&key)?.der())
            .await?;
        let chain = order.poll_certificate(&POLLING).await?;
        Ok(format!("{}\n{}", chain.trim_end(), key.serialize_pem()))
    }

    /// Sets the answer to the challenge of an authorization, and tells the authority that it is
    /// ready.
    async fn answer(&self, mut authorization: AuthorizationHandle<'_>) -> anyhow::Result<()> {
        match authorization.status {
            AuthorizationStatus::Valid => return Ok(()),
            AuthorizationStatus::Pending => {}
            status => bail!(
                "the authorization of {} is {status:?}",
                authorization.identifier()
            ),
        }
        let Identifier::Dns(host) = authorization.identifier().identifier.clone() else {
            bail!("the authority asks for an authorization that is not for a host name");
        };
        let offers = |kind: &ChallengeType| {
            let mut offered = authorization.challenges.iter();
            offered.any(|challenge| challenge.r#type == *kind)
        };
        let by_http = self.settings.http.is_some() && offers(&ChallengeType::Http01);
        let kind = if by_http {
            ChallengeType::Http01
        } else {
            ChallengeType::TlsAlpn01
        };
        let none = || anyhow!("the authority offers no challenge for {host} that can be answered");
        let mut challenge = authorization.challenge(kind).ok_or_else(none)?;
        let proof = challenge.key_authorization();
        if by_http {
            self.challenges.add(&challenge.token, proof.as_str());
        } else {
            let mut params = CertificateParams::new(vec![host.clone()])?;
            let extension = CustomExtension::new_acme_identifier(proof.digest().as_ref());
            params.custom_extensions = vec![extension];
            let key = KeyPair::generate()?;
            let certificate = params.self_signed(&key)?.der().clone();
            let key =
                tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer::from(key.serialize_der());
            self.challenges.show(&host, certificate, key.into())?;
        }
        challenge.set_ready().await.with_context(|| host.clone())
    }
}

/// The authority found a challenge not to be answered.
#[derive(Debug, thiserror::Error)]
#[error("{name}: {reason}")]
pub(super) struct Invalid {
    name: String,
    reason: String,
}

/// Whether a problem is of this kind (RFC 8555, section 6.7).
pub(super) fn is(problem: &Problem, kind: &str) -> bool {
    let kind = format!("urn:ietf:params:acme:error:{kind}");
    problem.r#type.as_deref() == Some(kind.as_str())
}

fn description(problem: &Problem) -> String {
    let detail = problem.detail.clone();
    detail.unwrap_or_else(|| problem.to_string())
}
