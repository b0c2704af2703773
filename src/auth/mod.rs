//! Callers and their rights: authentication, and one decision for each action.
//!
//! A request is signed in ([`Policy::identify`]) and its action decided ([`decide`]) once, before
//! it reaches the registry. It gets a [`Permit`](crate::oci::Permit), with which the registry acts
//! for the caller. Only this room interprets passwords, htpasswd files and tokens. It does not
//! depend on HTTP: `http` writes challenges and refusals.

mod accounts;
mod certificate;
mod claims;
mod credentials;
mod decide;
mod directory;
mod htpasswd;
mod identity;
mod issuer;
mod local;
mod oidc;
mod outside;
mod password;
mod personal;
mod policy;
mod remembered;
mod scope;
mod sessions;
mod throttle;
mod token;
mod trail;
mod workload;

pub use accounts::{Accounts, Verified};
pub use claims::Claims as TokenClaims;
pub use credentials::{Credentials, Secret};
pub use decide::{Denied, decide, permitted, scopes};
pub use htpasswd::{Htpasswd, parse as parse_htpasswd};
pub use identity::Identity;
pub use issuer::{Discovery, Documents, Issuer, KeySource, Pending, TokenRefused};
pub use local::{decide_local, permit_task};
pub use oidc::{Exchange, Oidc, OidcError, OidcSettings, SignedIn};
pub use outside::{OutsideError, OutsideSettings, TokenServer};
pub use password::{Busy, Hasher, is_known_hash};
pub use personal::FreshToken;
pub use policy::{Challenge, Policy, SignInError};
pub use scope::{Access, CATALOG, Scope};
pub use sessions::{FreshSession, form_token, is_form_token, random_secret};
pub use throttle::Throttle;
pub use token::{Issued, LIFETIME, TokenError, TokenService};
pub use trail::Trail;
pub use workload::{USER as WORKLOAD, WorkloadRule, Workloads};

// The records that `admin` reports.
pub use crate::index::{
    AccountRecord, AccountRefusal, GrantRecord, Grantee, GroupRecord, GroupRefusal, IndexError,
    NewAccount, NewToken, SessionRecord, TokenRecord,
};
