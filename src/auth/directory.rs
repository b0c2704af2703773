//! The rights of accounts, cached from the index.
//!
//! An entry is valid until anything about accounts, tokens, grants and visibility changes, which
//! the index counts. So a revoked right ends with the next request, and a request costs a lookup in
//! a map. If several processes write to one index, entries need a maximum age as well.

use std::sync::Arc;

use quick_cache::sync::Cache;

use crate::clock::{Clock, Millis};
use crate::index::{GrantRecord, Grantee, Index, IndexError, StoredToken};
use crate::oci::{AccountName, Grant, Repository, Rights};

/// Maximum number of entries of each kind.
const ENTRIES: usize = 20_000;
/// How long a public repository is cached as public: another repository may get the name.
const PUBLIC_FOR: Millis = 1_000;

/// The rights of an account that may sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AccountRights {
    pub(super) admin: bool,
    pub(super) grants: Arc<[Grant]>,
    /// When the account was created; 0 for those of a configuration.
    pub(super) created_at: Millis,
}

type Entry<T> = (u64, T);

/// The source of rights.
pub(super) struct Directory {
    index: Index,
    /// Grants of the configuration; they replace those of the index.
    rules: Option<Arc<[GrantRecord]>>,
    clock: Clock,
    accounts: Cache<AccountName, Entry<Option<Arc<AccountRights>>>>,
    tokens: Cache<String, Entry<Option<Arc<StoredToken>>>>,
    anonymous: Cache<(), Entry<Arc<[Grant]>>>,
    any_public: Cache<(), (u64, Millis, bool)>,
    public: Cache<Repository, (u64, Millis)>,
}

impl Directory {
    /// Reads accounts and grants from the index, or grants from the configuration.
    pub(super) fn new(index: Index, rules: Option<Arc<[GrantRecord]>>, clock: Clock) -> Self {
        Self {
            index,
            rules,
            clock,
            accounts: Cache::new(ENTRIES),
            tokens: Cache::new(ENTRIES),
            anonymous: Cache::new(1),
            any_public: Cache::new(1),
            public: Cache::new(ENTRIES),
        }
    }

    /// The rights of an account; `None` if it may not sign in.
    pub(super) async fn account_rights(
        &self,
        name: &AccountName,
    ) -> Result<Option<Arc<AccountRights>>, IndexError> {
        let changes = self.index.access_changes();
        if let Some((at, rights)) = self.accounts.get(name)
            && at == changes
        {
            return Ok(rights);
        }
        let rights = match &self.rules {
            Some(rules) => Some(AccountRights {
                admin: false,
                grants: grants(rules, Some(name)),
                created_at: 0,
            }),
            None => match self.index.stored_account(name).await? {
                Some(account) if !account.disabled => Some(AccountRights {
                    admin: account.admin,
                    grants: all(&self.index.grants_for(Some(name)).await?),
                    created_at: account.created_at,
                }),
                _ => None,
            },
        };
        let rights = rights.map(Arc::new);
        self.accounts
            .insert(name.clone(), (changes, rights.clone()));
        Ok(rights)
    }

    /// The rights of everybody, signed in or not, apart from pulling from public repositories.
    pub(super) async fn anonymous(&self) -> Result<Arc<[Grant]>, IndexError> {
        let changes = self.index.access_changes();
        if let Some((at, grants)) = self.anonymous.get(&())
            && at == changes
        {
            return Ok(grants);
        }
        let grants = match &self.rules {
            Some(rules) => grants(rules, None),
            None => all(&self.index.grants_for(None).await?),
        };
        self.anonymous.insert((), (changes, Arc::clone(&grants)));
        Ok(grants)
    }

    /// A personal token that has not expired.
    pub(super) async fn token(&self, id: &str) -> Result<Option<Arc<StoredToken>>, IndexError> {
        let changes = self.index.access_changes();
        let token = match self.tokens.get(id) {
            Some((at, token)) if at == changes => token,
            _ => {
                let token = self.index.stored_token(id).await?.map(Arc::new);
                self.tokens.insert(id.to_owned(), (changes, token.clone()));
                token
            }
        };
        let now = self.clock.now();
        Ok(token.filter(|token| token.record.expires_at.is_none_or(|end| now < end)))
    }

    /// Whether everybody may pull from a repository.
    pub(super) async fn is_public(&self, name: &Repository) -> Result<bool, IndexError> {
        let (changes, now) = (self.index.access_changes(), self.clock.now());
        if let Some((at, since)) = self.public.get(name)
            && at == changes
            && (0..PUBLIC_FOR).contains(&(now - since))
        {
            return Ok(true);
        }
        let public = self.index.is_public(name).await?.unwrap_or_default();
        if public {
            self.public.insert(name.clone(), (changes, now));
        }
        Ok(public)
    }

    /// Whether there is a public repository.
    pub(super) async fn any_public(&self) -> Result<bool, IndexError> {
        let (changes, now) = (self.index.access_changes(), self.clock.now());
        if let Some((at, since, any)) = self.any_public.get(&())
            && at == changes
            && (0..PUBLIC_FOR).contains(&(now - since))
        {
            return Ok(any);
        }
        let any = self.index.has_public_repository().await?;
        self.any_public.insert((), (changes, now, any));
        Ok(any)
    }
}

fn all(records: &[GrantRecord]) -> Arc<[Grant]> {
    records.iter().map(|record| record.grant.clone()).collect()
}

/// The rules of a configuration that apply to an account, or to everybody.
fn grants(rules: &[GrantRecord], account: Option<&AccountName>) -> Arc<[Grant]> {
    rules
        .iter()
        .filter(|record| match (&record.grantee, account) {
            (Grantee::Anonymous, _) => true,
            (Grantee::Users, account) => account.is_some(),
            (Grantee::Named(name), account) => account == Some(name),
        })
        .map(|record| record.grant.clone())
        .collect()
}

/// The default of registry:2: every account may do everything.
pub(super) fn every_account_everything() -> Arc<[GrantRecord]> {
    Arc::new([GrantRecord {
        grantee: Grantee::Users,
        grant: Grant {
            pattern: crate::oci::NamePattern::All,
            rights: Rights::ALL,
        },
    }])
}
