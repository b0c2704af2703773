//! Accounts, groups, tokens, grants and visibility: operations and their results.
//!
//! They change the index whatever the policy of the server is, so that accounts can be created
//! before they are enabled. A report contains a secret only if the operation has just created it.

use std::fmt;

use super::{
    AccountOperation, AccountReport, Administration, Failure, FailureKind, ImportedAccount,
    MINIMUM_LIFETIME, Password, Reason, RightsReport, RobotGrant,
};
use crate::auth::{
    AccountRecord, AccountRefusal, FreshToken, Grantee, GroupRefusal, Hasher, IndexError,
    NewAccount, NewToken, Secret, is_known_hash,
};
use crate::clock::Clock;
use crate::oci::{AccountName, Repository};
use crate::registry::RegistryError;

/// Number of accounts read at once.
const PAGE: usize = 1000;

fn failed(kind: FailureKind, message: impl Into<String>) -> Failure {
    Failure::new(kind, Reason::Unknown, message)
}

fn unknown(what: &str, name: impl fmt::Display) -> Failure {
    let message = format!("there is no {what} {name}");
    let name = name.to_string();
    Failure::new(FailureKind::NotFound, Reason::NoSuchName { name }, message)
}

fn taken(name: &AccountName) -> Failure {
    let message = format!("an account, a group or a robot is called {name} already");
    let name = name.clone();
    Failure::new(FailureKind::Usage, Reason::NameTaken { name }, message)
}

/// Refuses names that have a meaning in grants.
fn must_be_free(name: &AccountName) -> Result<(), Failure> {
    if Grantee::is_reserved(name.as_str()) {
        let message =
            format!("{name} has a meaning in grants and can't be an account; hint: choose another");
        let name = name.clone();
        let reason = Reason::NameReserved { name };
        return Err(Failure::new(FailureKind::Usage, reason, message));
    }
    Ok(())
}

/// The hash of a new password, or the hash that was given instead.
async fn hash(hasher: &Hasher, password: &Password) -> Result<String, Failure> {
    if is_known_hash(password.reveal()) {
        return Ok(password.reveal().to_owned());
    }
    let hash = hasher.hash(&Secret::new(password.reveal())).await;
    let hash = hash.map_err(|busy| failed(FailureKind::Busy, busy.to_string()))?;
    let message = "the password is empty or too long";
    hash.ok_or_else(|| Failure::new(FailureKind::Usage, Reason::InvalidPassword, message))
}

impl Administration {
    /// Why nothing can be granted to a name.
    async fn not_granted(&self, grantee: Grantee) -> Result<Failure, Failure> {
        if let Grantee::Named(name) = &grantee
            && !self.registry().index().tokens(Some(name)).await?.is_empty()
        {
            let message = format!(
                "{name} is a robot, whose rights are the scope of its token; hint: regctl token \
                 create LABEL --robot {name} --scope 'PATTERN:RIGHTS'"
            );
            let name = name.clone();
            let reason = Reason::RobotGranted { name };
            return Ok(Failure::new(FailureKind::Usage, reason, message));
        }
        Ok(unknown("account or group", grantee))
    }

    /// Executes an operation on accounts and rights.
    pub(super) async fn accounts(
        &self,
        operation: AccountOperation,
    ) -> Result<AccountReport, Failure> {
        use AccountOperation as Do;
        let (index, now) = (self.registry().index(), Clock::system().now());
        let hasher = Hasher::default();
        Ok(match operation {
            Do::AddUser {
                name,
                password,
                admin,
            } => {
                must_be_free(&name)?;
                let password = match &password {
                    Some(password) => Some(hash(&hasher, password).await?),
                    None => None,
                };
                let account = NewAccount {
                    name: name.clone(),
                    password,
                    admin,
                };
                if !index.create_account(account, now).await? {
                    return Err(taken(&name));
                }
                AccountReport::Done
            }
            Do::SetPassword {
                name,
                password,
                verified,
            } => {
                let password = hash(&hasher, &password).await?;
                let verified = verified.map(|verified| verified.reveal().to_owned());
                let is_own = verified.is_some();
                let set = index.set_password(name.clone(), verified, password);
                match set.await? {
                    true => {}
                    false if is_own => {
                        let message = format!("the password of {name} was changed meanwhile");
                        let reason = Reason::PasswordChanged;
                        return Err(Failure::new(FailureKind::Usage, reason, message));
                    }
                    false => return Err(unknown("account", name)),
                }
                AccountReport::Done
            }
            Do::SetDisabled { name, disabled } => {
                done(index.set_disabled(name.clone(), disabled).await?, &name)?
            }
            Do::SetAdmin { name, admin } => {
                done(index.set_admin(name.clone(), admin).await?, &name)?
            }
            Do::RemoveUser { name } => done(index.remove_account(name.clone()).await?, &name)?,
            Do::ImportUsers { users } => self.import_users(users, &hasher).await?,
            Do::Users => {
                let mut users: Vec<AccountRecord> = Vec::new();
                loop {
                    let last = users.last().map(|user| user.name.to_string());
                    let page = index.accounts(&last.unwrap_or_default(), PAGE).await?;
                    let more = page.len() == PAGE;
                    users.extend(page);
                    if !more {
                        break AccountReport::Users(users);
                    }
                }
            }
            Do::AddToGroup { group, accounts } => {
                must_be_free(&group)?;
                match index.add_to_group(group.clone(), accounts, now).await? {
                    Ok(()) => AccountReport::Done,
                    Err(GroupRefusal::NameTaken) => return Err(taken(&group)),
                    Err(GroupRefusal::NoAccount(name)) => {
                        return Err(unknown("account", name));
                    }
                }
            }
            Do::RemoveFromGroup { group, accounts } if accounts.is_empty() => {
                if !index.remove_group(group.clone()).await? {
                    return Err(unknown("group", group));
                }
                AccountReport::Done
            }
            Do::RemoveFromGroup { group, accounts } => {
                AccountReport::Changed(index.remove_from_group(group, accounts).await?)
            }
            Do::Groups => AccountReport::Groups(index.groups().await?),
            Do::CreateToken {
                label,
                owner,
                robot,
                scope,
                lifetime,
            } => {
                must_be_free(&owner)?;
                if lifetime.is_some_and(|lifetime| lifetime < MINIMUM_LIFETIME) {
                    let message = "a token has a lifetime of at least a minute; hint: without one it does \
                                   not expire";
                    return Err(failed(FailureKind::Usage, message));
                }
                let fresh = FreshToken::new();
                let no_random = || failed(FailureKind::Error, "the system has no random bytes");
                let fresh = fresh.ok_or_else(no_random)?;
                let token = NewToken {
                    id: fresh.id.clone(),
                    label,
                    owner: owner.clone(),
                    robot,
                    secret: fresh.hash,
                    scope,
                    expires_at: lifetime.map(|lifetime| now.saturating_add(lifetime)),
                };
                if !index.create_token(token, now).await? {
                    let failure = if robot {
                        taken(&owner)
                    } else {
                        unknown("account", owner)
                    };
                    return Err(failure);
                }
                AccountReport::Token {
                    id: fresh.id,
                    token: Password::new(fresh.token.reveal()),
                }
            }
            Do::Tokens { owner } => AccountReport::Tokens(index.tokens(owner.as_ref()).await?),
            Do::RevokeToken { token, owner } => {
                match index.revoke_token(token.clone(), owner).await? {
                    0 => return Err(unknown("token", token)),
                    count => AccountReport::Changed(count),
                }
            }
            Do::Grant { grantee, grant } => {
                if !index.grant(grantee.clone(), grant, now).await? {
                    return Err(self.not_granted(grantee).await?);
                }
                AccountReport::Done
            }
            Do::Revoke { grantee, grant } => {
                let taken = index.revoke(grantee, grant.pattern, grant.rights).await?;
                AccountReport::Revoked(taken)
            }
            Do::Rights { about } => AccountReport::Rights(self.rights(about).await?),
            Do::Describe { repository, text } => {
                if !index.describe(repository.clone(), text, now).await? {
                    return Err(unknown("repository", repository));
                }
                AccountReport::Done
            }
            Do::SetVisibility { repository, public } => {
                if !index.set_public(repository.clone(), public).await? {
                    return Err(unknown("repository", repository));
                }
                AccountReport::Done
            }
        })
    }

    async fn import_users(
        &self,
        users: Vec<ImportedAccount>,
        hasher: &Hasher,
    ) -> Result<AccountReport, Failure> {
        let (index, now) = (self.registry().index(), Clock::system().now());
        let (mut created, mut kept) = (Vec::new(), Vec::new());
        for user in users {
            must_be_free(&user.name)?;
            let password = match &user.password {
                Some(password) => Some(hash(hasher, password).await?),
                None => None,
            };
            let account = NewAccount {
                name: user.name.clone(),
                password,
                admin: user.admin,
            };
            if index.create_account(account, now).await? {
                created.push(user.name.clone());
            } else {
                kept.push(user.name.clone());
                continue;
            }
            for group in user.groups {
                must_be_free(&group)?;
                let joined = index.add_to_group(group.clone(), vec![user.name.clone()], now);
                if joined.await?.is_err() {
                    return Err(taken(&group));
                }
            }
        }
        Ok(AccountReport::Imported { created, kept })
    }

    /// The rights of an account or group if one has the name, otherwise of a repository.
    async fn rights(&self, about: Option<String>) -> Result<RightsReport, Failure> {
        let index = self.registry().index();
        let mut administrators = Vec::new();
        let mut last = String::new();
        loop {
            let page = index.accounts(&last, PAGE).await?;
            let Some(end) = page.last() else { break };
            last = end.name.to_string();
            administrators.extend(page.into_iter().filter(|one| one.admin).map(|one| one.name));
        }
        let now = Clock::system().now();
        let mut robots: Vec<RobotGrant> = Vec::new();
        for token in index.tokens(None).await? {
            if token.robot && token.expires_at.is_none_or(|end| now < end) {
                let grants = token.scope.unwrap_or_default();
                robots.extend(grants.into_iter().map(|grant| RobotGrant {
                    robot: token.owner.clone(),
                    token: token.label.clone(),
                    grant,
                }));
            }
        }
        let Some(about) = about else {
            return Ok(RightsReport {
                grants: index.grants().await?,
                robots,
                administrators,
                public: None,
            });
        };
        if let Ok(name) = about.parse::<AccountName>() {
            if index.stored_account(&name).await?.is_some() {
                administrators.retain(|one| *one == name);
                return Ok(RightsReport {
                    grants: index.grants_for(Some(&name)).await?,
                    administrators,
                    ..RightsReport::default()
                });
            }
            if !index.tokens(Some(&name)).await?.is_empty() {
                robots.retain(|grant| grant.robot == name);
                return Ok(RightsReport {
                    grants: index.grants_for(None).await?,
                    robots,
                    ..RightsReport::default()
                });
            }
            let is_group = index.groups().await?.iter().any(|group| group.name == name);
            if is_group || Grantee::is_reserved(&about) {
                let mut grants = index.grants().await?;
                grants.retain(|record| record.grantee.as_str() == about);
                return Ok(RightsReport {
                    grants,
                    ..RightsReport::default()
                });
            }
        }
        let name = about.parse::<Repository>();
        let none = || unknown("account, group, robot or repository", &about);
        let name = name.map_err(|_| none())?;
        let public = index.is_public(&name).await?;
        // Rights on a repository that does not exist yet can be listed, but a name without a slash
        // is more likely that of an account.
        if public.is_none() && !about.contains('/') {
            return Err(none());
        }
        let mut grants = index.grants().await?;
        grants.retain(|record| record.grant.pattern.matches(&name));
        robots.retain(|robot| robot.grant.pattern.matches(&name));
        Ok(RightsReport {
            grants,
            robots,
            administrators,
            public: Some(public.unwrap_or_default()),
        })
    }
}

fn done(changed: Result<(), AccountRefusal>, name: &AccountName) -> Result<AccountReport, Failure> {
    match changed {
        Ok(()) => Ok(AccountReport::Done),
        Err(AccountRefusal::NoAccount) => Err(unknown("account", name)),
        Err(AccountRefusal::LastAdministrator) => Err(Failure::new(
            FailureKind::Usage,
            Reason::LastAdministrator,
            format!("{name} is the last administrator"),
        )),
    }
}

impl From<IndexError> for Failure {
    fn from(error: IndexError) -> Self {
        RegistryError::from(error).into()
    }
}
