//! The session of a person whom the provider has signed in, and the record of a refusal.

use super::{Oidc, OidcError, SignedIn};
use crate::auth::issuer::TokenRefused;
use crate::auth::{FreshSession, Policy, SignInError};
use crate::index::{IgnoredGroup, OutsideRefusal};
use crate::oci::{AccountName, Context};

impl Policy {
    /// The provider, if one is configured.
    pub fn oidc(&self) -> Option<&Oidc> {
        match self {
            Self::Accounts(accounts) => accounts.oidc.as_deref(),
            Self::Open | Self::TokenServer(_) => None,
        }
    }

    /// Starts a session for a person whom the provider has signed in.
    pub async fn start_outside_session(
        &self,
        signed_in: SignedIn,
        context: &Context,
    ) -> Result<FreshSession, OidcError> {
        let Self::Accounts(accounts) = self else {
            return Err(SignInError::Wrong.into());
        };
        let mut person = signed_in.person.clone();
        let (name, mut unnamed) = (person.name.clone(), signed_in.unnamed.clone());
        if let Some(name) = &name
            && accounts.workloads.has_name(name)
        {
            // Otherwise two callers had one name in logs.
            person.name = None;
            unnamed = Some(format!("{name} is the name of a rule of regctl.workloads"));
        }
        let now = accounts.clock.now();
        let account = accounts.index.outside_account(person, context.clone(), now);
        let account = account.await.map_err(SignInError::from)?;
        let account = account.map_err(|refusal| match (refusal, name) {
            (OutsideRefusal::Disabled(name), _) => OidcError::Disabled(name),
            (OutsideRefusal::Reserved, Some(name)) => OidcError::NameReserved(name),
            (OutsideRefusal::Taken, Some(name)) => OidcError::NameTaken(name),
            _ => OidcError::Name(unnamed.unwrap_or_default()),
        })?;
        let refused = account.ignored.iter().map(|(group, reason)| match reason {
            IgnoredGroup::Reserved => format!("{group:?} (a reserved word)"),
            IgnoredGroup::Taken => format!("{group:?} (the name of an account or robot)"),
        });
        let refused: Vec<_> = refused.collect();
        signed_in.report(&account.name, &refused, &context.request);
        let session = self.start_session(&account.name, context).await?;
        accounts.note_use(&account.name, None).await;
        let identity = accounts.account(account.name).await?;
        accounts.trail.signed_in(&identity, context);
        Ok(session)
    }

    /// Records a refused sign-in through the provider. A provider that can't be reached refuses
    /// nobody.
    pub fn note_outside_refusal(&self, error: &OidcError, context: &Context) {
        let account: Option<&AccountName> = match error {
            OidcError::Disabled(name) | OidcError::NameTaken(name) => Some(name),
            OidcError::Provider(_)
            | OidcError::Refused { .. }
            | OidcError::Token(TokenRefused::Keys(..))
            | OidcError::SignIn(SignInError::Busy | SignInError::Index(_)) => return,
            _ => None,
        };
        if let Some(trail) = self.trail() {
            trail.refused_sign_in(account, context);
        }
    }
}
