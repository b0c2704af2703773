//! Tokens of an external token server, as in `auth.token` of a registry:2 configuration.
//!
//! A token's key is found in the key set (`jwks`) or among the certificates (`rootcertbundle`): by
//! its `kid` (the id in the set, the fingerprint of libtrust, or the thumbprint of RFC 7638), or by
//! the certificate in its `x5c` if the bundle contains it. Its algorithm must be configured and fit
//! the key.

use std::collections::HashMap;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use jsonwebtoken::jwk::{JwkSet, ThumbprintHash};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, Validation};
use serde::Deserialize;
use webpki::EndEntityCert;

use super::credentials::Secret;
use super::policy::Challenge;
use super::scope::{Access, Scope};
use super::{Credentials, Identity, SignInError, certificate};
use crate::oci::{Caller, Grant, NamePattern};

/// The settings of `auth.token`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutsideSettings {
    /// The address of the server.
    pub realm: String,
    /// The name of this registry at the server: the audience of its tokens.
    pub service: String,
    /// Who issues the tokens.
    pub issuer: String,
    /// Certificates of the keys, DER.
    pub certificates: Vec<Vec<u8>>,
    /// A JSON web key set.
    pub key_set: Option<String>,
    /// Names of the accepted algorithms; if empty, those of registry:2.
    pub algorithms: Vec<String>,
}

/// Why a token server can't be used.
#[derive(Debug, thiserror::Error)]
pub enum OutsideError {
    /// The key set is not valid.
    #[error("the key set: {0}")]
    KeySet(String),
    /// A certificate contains no usable signing key.
    #[error("certificate {0} of the bundle contains no RSA or EC key")]
    Certificate(usize),
    /// There is no key.
    #[error("there is no key to verify tokens with; hint: name a rootcertbundle or a jwks file")]
    NoKey,
    /// An algorithm is unknown or not accepted.
    #[error("{0:?} is not an accepted signature algorithm for tokens; hint: ES256 or RS256")]
    Algorithm(String),
}

/// Another token server.
pub struct TokenServer {
    realm: String,
    service: String,
    validation: Validation,
    keys: HashMap<String, DecodingKey>,
    /// Keys of certificates, by the SHA-256 of the certificate.
    certificates: HashMap<Vec<u8>, DecodingKey>,
}

#[derive(Deserialize)]
struct Claims {
    #[serde(default)]
    sub: String,
    #[serde(default)]
    access: Vec<Access>,
}

impl TokenServer {
    /// Reads keys and algorithms.
    pub fn new(settings: &OutsideSettings) -> Result<Self, OutsideError> {
        let mut keys = HashMap::new();
        let mut certificates = HashMap::new();
        if let Some(text) = &settings.key_set {
            let failed = |error: &dyn std::fmt::Display| OutsideError::KeySet(error.to_string());
            let set: JwkSet = serde_json::from_str(text).map_err(|error| failed(&error))?;
            for jwk in &set.keys {
                let key = DecodingKey::from_jwk(jwk).map_err(|error| failed(&error))?;
                if key.family() == AlgorithmFamily::Hmac {
                    return Err(failed(&"a shared secret is no public key"));
                }
                if let Ok(thumbprint) = jwk.thumbprint(ThumbprintHash::SHA256) {
                    keys.insert(thumbprint, key.clone());
                }
                if let Some(id) = &jwk.common.key_id {
                    keys.insert(id.clone(), key);
                }
            }
        }
        for (number, der) in (1..).zip(&settings.certificates) {
            let unreadable = || OutsideError::Certificate(number);
            let parsed = der.as_slice().into();
            let parsed = EndEntityCert::try_from(&parsed).map_err(|_| unreadable())?;
            let info = parsed.subject_public_key_info();
            let key = certificate::public_key(&info).ok_or_else(unreadable)?;
            keys.insert(certificate::libtrust_id(&info), key.clone());
            certificates.insert(digest(&SHA256, der).as_ref().to_vec(), key);
        }
        if keys.is_empty() {
            return Err(OutsideError::NoKey);
        }
        Ok(Self {
            realm: settings.realm.clone(),
            service: settings.service.clone(),
            validation: validation(settings)?,
            keys,
            certificates,
        })
    }

    pub(super) fn challenge(&self) -> Challenge {
        Challenge::Tokens {
            realm: self.realm.clone(),
            service: self.service.clone(),
        }
    }

    pub(super) fn identify(&self, credentials: &Credentials) -> Result<Identity, SignInError> {
        let token = match credentials {
            Credentials::None | Credentials::Carried(_) => {
                return Ok(Identity::anonymous(Arc::default()));
            }
            Credentials::Bearer(token) => token,
            // Only the other server checks passwords.
            Credentials::Basic { .. } | Credentials::Malformed => return Err(SignInError::Wrong),
        };
        let claims = self.decode(token).ok_or(SignInError::Token)?;
        let scopes: Arc<[Scope]> = claims.access.iter().filter_map(Access::scope).collect();
        let grants = scopes.iter().filter_map(|scope| match scope {
            Scope::Repository(name, rights) => Some(Grant {
                pattern: NamePattern::One(name.clone()),
                rights: *rights,
            }),
            Scope::Catalog => None,
        });
        // A subject that is not an account name is ignored: rights come from the token alone.
        let caller = match claims.sub.parse() {
            Ok(name) => Caller::Account { name, admin: false },
            Err(_) => Caller::Anonymous,
        };
        Ok(Identity {
            caller,
            grants: grants.collect(),
            presented: Some(Arc::clone(&scopes)),
            ..Identity::anonymous(Arc::default())
        })
    }

    fn decode(&self, token: &Secret) -> Option<Claims> {
        let text = token.reveal();
        let header = jsonwebtoken::decode_header(text).ok()?;
        // It requires an extension (RFC 7515, section 4.1.11), and none is supported.
        if header.crit.is_some() {
            return None;
        }
        let leaf = header
            .x5c_der()
            .ok()?
            .and_then(|chain| chain.into_iter().next());
        let key = match (&header.kid, leaf) {
            (Some(id), _) if self.keys.contains_key(id) => self.keys.get(id)?,
            (_, Some(leaf)) => self.certificates.get(digest(&SHA256, &leaf).as_ref())?,
            _ => return None,
        };
        // A key is valid for one family of algorithms.
        let mut validation = self.validation.clone();
        let fits = |algorithm: &Algorithm| algorithm.family() == key.family();
        validation.algorithms.retain(fits);
        jsonwebtoken::decode::<Claims>(text, key, &validation)
            .ok()
            .map(|data| data.claims)
    }
}

fn validation(settings: &OutsideSettings) -> Result<Validation, OutsideError> {
    let mut algorithms = Vec::new();
    for name in &settings.algorithms {
        let algorithm = name.parse::<Algorithm>().ok();
        let public = algorithm.filter(|one| one.family() != AlgorithmFamily::Hmac);
        algorithms.push(public.ok_or_else(|| OutsideError::Algorithm(name.clone()))?);
    }
    if algorithms.is_empty() {
        algorithms = vec![
            Algorithm::ES256,
            Algorithm::ES384,
            Algorithm::RS256,
            Algorithm::RS384,
            Algorithm::RS512,
            Algorithm::PS256,
            Algorithm::PS384,
            Algorithm::PS512,
            Algorithm::EdDSA,
        ];
    }
    let mut validation = Validation::new(Algorithm::ES256);
    validation.algorithms = algorithms;
    validation.set_issuer(&[&settings.issuer]);
    validation.set_audience(&[&settings.service]);
    validation.set_required_spec_claims(&["exp", "aud", "iss"]);
    validation.validate_nbf = true;
    // The clocks of two hosts differ.
    validation.leeway = 60;
    Ok(validation)
}

#[cfg(test)]
#[path = "outside/tests.rs"]
mod tests;
