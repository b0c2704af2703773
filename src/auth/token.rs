//! The token service: short-lived tokens with a subject and scopes.
//!
//! A token is a JWT signed with ES256. Its key is found by `kid` among our own, its algorithm is
//! fixed, and `iss`, `aud`, `exp` and `nbf` are verified. Keys are stored in the index and change
//! every week; an old key verifies until the last of its tokens has expired. A verified token is
//! cached until it expires, so that only its first use costs a signature check.

use std::sync::Arc;

use arc_swap::ArcSwap;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use jsonwebtoken::jwk::{Jwk, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};

use super::credentials::Secret;
use super::scope::{Access, Scope};
use crate::clock::Millis;
use crate::index::{Index, IndexError, SigningKeyRecord};

/// Lifetime of a token, in seconds.
pub const LIFETIME: u64 = 300;
/// How long a key signs tokens.
const KEY_AGE: Millis = 7 * 24 * 3_600_000;
/// How long a key verifies tokens after that: longer than the lifetime of a token.
const KEY_REST: Millis = 24 * 3_600_000;
/// Maximum number of cached verified tokens.
const VERIFIED: usize = 10_000;
/// Maximum length of a token, in bytes.
const TOKEN_LIMIT: usize = 16 * 1024;

/// Why the token service can't work.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The index failed.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// A key could not be created, read or used.
    #[error("a signing key: {0}")]
    Key(String),
}

/// The claims of a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Claims {
    pub(super) iss: String,
    /// The account or robot; empty for anonymous.
    pub(super) sub: String,
    pub(super) aud: String,
    pub(super) exp: u64,
    pub(super) nbf: u64,
    pub(super) iat: u64,
    pub(super) jti: String,
    pub(super) access: Vec<Access>,
    /// The id of the personal token for which it was issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) token: Option<String>,
    /// The subject of the workload's token for which it was issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) workload: Option<String>,
    /// The rules that this workload matched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) rules: Option<String>,
    /// When the account was created for which it was issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) account: Option<Millis>,
}

/// What a token was issued for, and is valid for only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum By {
    /// No credentials.
    Nobody,
    /// The account that was created at this time, and no later one of this name.
    Account(Millis),
    /// The personal token with this id.
    Token(String),
    /// A workload.
    Workload {
        /// The subject of its token.
        subject: String,
        /// The marks of the rules that its token matched.
        rules: String,
    },
}

/// A verified token.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Verified {
    pub(super) subject: String,
    pub(super) by: By,
    pub(super) scopes: Arc<[Scope]>,
    expires: u64,
}

struct Key {
    id: String,
    created_at: Millis,
    signing: EncodingKey,
    verifying: DecodingKey,
}

/// Issues and verifies tokens.
pub struct TokenService {
    index: Index,
    /// The name of this registry: issuer and audience.
    name: String,
    keys: ArcSwap<Vec<Key>>,
    verified: Cache<[u8; 32], Arc<Verified>>,
}

/// An issued token.
#[derive(Debug, Clone)]
pub struct Issued {
    /// The token.
    pub token: Secret,
    /// The time of issue, in milliseconds since 1970.
    pub at: Millis,
}

fn seconds(now: Millis) -> u64 {
    u64::try_from(now / 1000).unwrap_or_default()
}

fn make_key(now: Millis) -> Result<SigningKeyRecord, TokenError> {
    let random = SystemRandom::new();
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random)
        .map_err(|error| TokenError::Key(error.to_string()))?;
    let mut record = SigningKeyRecord {
        id: String::new(),
        private_key: document.as_ref().to_vec(),
        created_at: now,
    };
    record.id = jwk(&EncodingKey::from_ec_der(&record.private_key))?.1;
    Ok(record)
}

/// The public key of a private key, and its thumbprint (RFC 7638).
fn jwk(key: &EncodingKey) -> Result<(Jwk, String), TokenError> {
    let failed = |error: jsonwebtoken::errors::Error| TokenError::Key(error.to_string());
    let jwk = Jwk::from_encoding_key(key, Algorithm::ES256).map_err(failed)?;
    let thumbprint = jwk.thumbprint(ThumbprintHash::SHA256).map_err(failed)?;
    Ok((jwk, thumbprint))
}

fn read_key(record: SigningKeyRecord) -> Result<Key, TokenError> {
    let signing = EncodingKey::from_ec_der(&record.private_key);
    let (jwk, _) = jwk(&signing)?;
    let verifying = DecodingKey::from_jwk(&jwk);
    Ok(Key {
        id: record.id,
        created_at: record.created_at,
        signing,
        verifying: verifying.map_err(|error| TokenError::Key(error.to_string()))?,
    })
}

impl TokenService {
    /// The service of a registry with this name, with the keys of its index.
    pub async fn open(index: Index, name: String, now: Millis) -> Result<Self, TokenError> {
        let service = Self {
            index,
            name,
            keys: ArcSwap::default(),
            verified: Cache::new(VERIFIED),
        };
        service.load().await?;
        service.rotate(now).await?;
        Ok(service)
    }

    /// The name of this registry in challenges.
    pub fn name(&self) -> &str {
        &self.name
    }

    async fn load(&self) -> Result<(), TokenError> {
        let records = self.index.signing_keys().await?;
        let keys: Result<Vec<Key>, _> = records.into_iter().map(read_key).collect();
        self.keys.store(Arc::new(keys?));
        Ok(())
    }

    /// Creates a new key if there is none or the newest is a week old.
    async fn rotate(&self, now: Millis) -> Result<(), TokenError> {
        let newest = self.keys.load().first().map(|key| key.created_at);
        if newest.is_some_and(|at| now - at < KEY_AGE) {
            return Ok(());
        }
        let oldest = now - KEY_AGE - KEY_REST;
        self.index
            .rotate_signing_key(make_key(now)?, oldest)
            .await?;
        self.load().await
    }

    /// Issues a token.
    pub(super) async fn issue(
        &self,
        subject: &str,
        by: By,
        scopes: &[Scope],
        now: Millis,
    ) -> Result<Issued, TokenError> {
        self.rotate(now).await?;
        let keys = self.keys.load();
        let key = keys
            .first()
            .ok_or_else(|| TokenError::Key("there is none".to_owned()))?;
        let at = seconds(now);
        let mut claims = Claims {
            iss: self.name.clone(),
            sub: subject.to_owned(),
            aud: self.name.clone(),
            exp: at + LIFETIME,
            nbf: at,
            iat: at,
            jti: uuid::Uuid::new_v4().to_string(),
            access: scopes.iter().map(Access::of).collect(),
            token: None,
            workload: None,
            rules: None,
            account: None,
        };
        match by {
            By::Nobody => {}
            By::Account(created_at) => claims.account = Some(created_at),
            By::Token(id) => claims.token = Some(id),
            By::Workload { subject, rules } => {
                claims.workload = Some(subject);
                claims.rules = Some(rules);
            }
        }
        let header = Header {
            kid: Some(key.id.clone()),
            ..Header::new(Algorithm::ES256)
        };
        let token = jsonwebtoken::encode(&header, &claims, &key.signing)
            .map_err(|error| TokenError::Key(error.to_string()))?;
        Ok(Issued {
            token: Secret::new(token),
            at: now,
        })
    }

    /// The claims of a token of this service; `None` if it is not valid or has expired.
    pub(super) fn verify(&self, token: &Secret, now: Millis) -> Option<Arc<Verified>> {
        let text = token.reveal();
        if text.len() > TOKEN_LIMIT {
            return None;
        }
        let mut mark = [0; 32];
        mark.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
        let verified = if let Some(verified) = self.verified.get(&mark) {
            verified
        } else {
            let verified = Arc::new(self.decode(text)?);
            self.verified.insert(mark, Arc::clone(&verified));
            verified
        };
        (seconds(now) < verified.expires).then_some(verified)
    }

    fn decode(&self, text: &str) -> Option<Verified> {
        let id = jsonwebtoken::decode_header(text).ok()?.kid?;
        let keys = self.keys.load();
        let key = keys.iter().find(|key| key.id == id)?;
        let mut validation = Validation::new(Algorithm::ES256);
        validation.set_issuer(&[&self.name]);
        validation.set_audience(&[&self.name]);
        validation.set_required_spec_claims(&["exp", "nbf", "aud", "iss", "sub"]);
        validation.validate_nbf = true;
        validation.leeway = 0;
        let claims = jsonwebtoken::decode::<Claims>(text, &key.verifying, &validation)
            .ok()?
            .claims;
        Some(Verified {
            subject: claims.sub,
            by: match (claims.token, claims.workload, claims.account) {
                (Some(id), ..) => By::Token(id),
                (None, Some(subject), _) => By::Workload {
                    subject,
                    rules: claims.rules.unwrap_or_default(),
                },
                (None, None, Some(created_at)) => By::Account(created_at),
                (None, None, None) => By::Nobody,
            },
            scopes: claims.access.iter().filter_map(Access::scope).collect(),
            expires: claims.exp,
        })
    }
}

#[cfg(test)]
#[path = "token/tests.rs"]
mod tests;
