//! ID tokens of an OpenID issuer: its keys, and the claims of its tokens.
//!
//! Keys come from the issuer's discovery document (OpenID Connect Discovery 1.0), or from a key set
//! in the configuration. They are fetched when they are first needed, again every hour, and when a
//! token names an unknown key, but at most twice a minute: tokens with invented keys cause no more
//! requests. A token's algorithm must use a public key and fit its key.

use std::pin::Pin;
use std::sync::Arc;

use arc_swap::ArcSwap;
use jsonwebtoken::jwk::{Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, Validation};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Mutex;

use super::claims::{self, Claims};
use super::credentials::Secret;
use crate::clock::{Clock, Millis};

/// Age at which keys are fetched again.
const FRESH: Millis = 3_600_000;
/// Age up to which keys are used if they can't be fetched again.
const USABLE: Millis = 24 * 3_600_000;
/// Minimum time between two attempts to fetch keys.
const PAUSE: Millis = 30_000;
/// Maximum number of keys of an issuer.
const KEYS: usize = 64;
/// Maximum length of a token, in bytes.
const TOKEN_LIMIT: usize = 16 * 1024;
/// Maximum difference between the clocks of two hosts, in seconds.
const LEEWAY: u64 = 60;

/// A future that a trait object returns.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Fetches documents of issuers. Implementations limit the time and the length.
pub trait Documents: Send + Sync {
    /// The document at an address, or why it can't be fetched.
    fn get<'a>(&'a self, address: &'a str) -> Pending<'a, Result<Vec<u8>, String>>;
}

/// The source of an issuer's keys.
#[derive(Clone)]
pub enum KeySource {
    /// From its discovery document.
    Discovery(Arc<dyn Documents>),
    /// This JSON web key set.
    KeySet(String),
}

/// Why a token is refused. For the log: the client only learns that it was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenRefused {
    /// It is not a token, or its signature has an unsupported form.
    #[error("it is not a token with a public-key signature")]
    Malformed,
    /// It is too long.
    #[error(
        "it has {0} bytes, and at most {TOKEN_LIMIT} are accepted; hint: let its issuer include fewer claims"
    )]
    TooLong(usize),
    /// It requires an extension that is not supported (RFC 7515, section 4.1.11).
    #[error("its header requires extensions (crit) that are not supported")]
    Critical,
    /// No configured issuer made it.
    #[error("it names the issuer {0}, which no rule of regctl.workloads has")]
    UnknownIssuer(String),
    /// Its key is unknown.
    #[error("{0} has no key {1:?}")]
    UnknownKey(String, String),
    /// The keys of its issuer can't be fetched.
    #[error("the keys of {0} can't be fetched: {1}")]
    Keys(String, String),
    /// Its signature or one of its claims is not valid.
    #[error("{0}")]
    Invalid(String),
}

/// The discovery document of an issuer.
#[derive(Debug, Clone, Deserialize)]
pub struct Discovery {
    issuer: String,
    jwks_uri: String,
    /// Where people sign in.
    #[serde(default)]
    pub authorization_endpoint: Option<String>,
    /// The address at which a code is exchanged for tokens.
    #[serde(default)]
    pub token_endpoint: Option<String>,
}

struct Key {
    id: Option<String>,
    public: DecodingKey,
    /// Its algorithm, if the key set names one.
    algorithm: Option<Algorithm>,
}

#[derive(Default)]
struct Keys {
    keys: Vec<Key>,
    fetched_at: Option<Millis>,
}

/// An issuer of ID tokens.
pub struct Issuer {
    name: String,
    source: KeySource,
    keys: ArcSwap<Keys>,
    /// When keys were last requested, and why that failed.
    asked: Mutex<(Option<Millis>, Option<String>)>,
    clock: Clock,
}

impl Issuer {
    /// The issuer with this name: its address as in its tokens. Fails on a malformed key set.
    pub fn new(name: &str, source: KeySource, clock: Clock) -> Result<Self, String> {
        let mut keys = Keys::default();
        if let KeySource::KeySet(text) = &source {
            keys.keys = read_keys(text.as_bytes())?;
        }
        Ok(Self {
            name: name.to_owned(),
            source,
            keys: ArcSwap::from_pointee(keys),
            asked: Mutex::default(),
            clock,
        })
    }

    /// Its address.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Verifies a token of this issuer for this audience. Returns its claims.
    pub async fn verify(&self, token: &Secret, audience: &str) -> Result<Claims, TokenRefused> {
        let text = token.reveal();
        if text.len() > TOKEN_LIMIT {
            return Err(TokenRefused::TooLong(text.len()));
        }
        let header = jsonwebtoken::decode_header(text).map_err(|_| TokenRefused::Malformed)?;
        if header.alg.family() == AlgorithmFamily::Hmac {
            return Err(TokenRefused::Malformed);
        }
        if header.crit.is_some() {
            return Err(TokenRefused::Critical);
        }
        let keys = self.keys_for(header.kid.as_deref()).await?;
        let key = find(&keys, header.kid.as_deref());
        let key = key.ok_or_else(|| self.unknown(header.kid.as_deref()))?;
        let fits = key
            .algorithm
            .is_none_or(|algorithm| algorithm == header.alg);
        if !fits || key.public.family() != header.alg.family() {
            return Err(TokenRefused::Malformed);
        }
        let mut validation = Validation::new(header.alg);
        validation.set_issuer(&[&self.name]);
        validation.set_audience(&[audience]);
        validation.set_required_spec_claims(&["exp", "aud", "iss"]);
        validation.validate_nbf = true;
        validation.leeway = LEEWAY;
        jsonwebtoken::decode::<Claims>(text, &key.public, &validation)
            .map(|data| data.claims)
            .map_err(|error| {
                TokenRefused::Invalid(claims::reason(&error, text, &self.name, audience))
            })
    }

    /// The discovery document of the issuer. The addresses in it are as trusted as its own, so they
    /// must be https, too.
    pub async fn discover(&self) -> Result<Discovery, String> {
        let KeySource::Discovery(documents) = &self.source else {
            return Err("only its key set is configured".into());
        };
        let address = self.name.trim_end_matches('/');
        let address = format!("{address}/.well-known/openid-configuration");
        let text = documents.get(&address).await?;
        let found: Discovery =
            serde_json::from_slice(&text).map_err(|error| format!("{address}: {error}"))?;
        if found.issuer != self.name {
            let other = found.issuer;
            return Err(format!(
                "{address} is of {other:?} and not of {:?}",
                self.name
            ));
        }
        let endpoints = [
            ("jwks_uri", Some(&found.jwks_uri)),
            (
                "authorization_endpoint",
                found.authorization_endpoint.as_ref(),
            ),
            ("token_endpoint", found.token_endpoint.as_ref()),
        ];
        for (key, endpoint) in endpoints {
            let is_secure = |text: &String| {
                url::Url::parse(text).is_ok_and(|parsed| parsed.scheme() == "https")
            };
            if let Some(endpoint) = endpoint.filter(|text| !is_secure(text)) {
                return Err(format!(
                    "{address}: {key} is {endpoint:?}, which is not an https address"
                ));
            }
        }
        Ok(found)
    }

    fn unknown(&self, id: Option<&str>) -> TokenRefused {
        TokenRefused::UnknownKey(self.name.clone(), id.unwrap_or_default().to_owned())
    }

    /// Keys that include this one, fetched if necessary and allowed.
    async fn keys_for(&self, id: Option<&str>) -> Result<Arc<Keys>, TokenRefused> {
        let KeySource::Discovery(documents) = &self.source else {
            return Ok(self.keys.load_full());
        };
        let usable = |keys: &Keys, within: Millis, now: Millis| {
            keys.fetched_at.is_some_and(|at| now - at < within) && find(keys, id).is_some()
        };
        let keys = self.keys.load_full();
        if usable(&keys, FRESH, self.clock.steady()) {
            return Ok(keys);
        }
        let mut asked = self.asked.lock().await;
        let now = self.clock.steady();
        // Another request may have fetched them in the meantime.
        let keys = self.keys.load_full();
        if usable(&keys, FRESH, now) {
            return Ok(keys);
        }
        if asked.0.is_none_or(|at| now - at >= PAUSE) {
            let fetched = self.fetch(&**documents).await;
            // Noted after it: those who waited for this attempt share its outcome, however long it
            // took, and one whose client has left has none.
            asked.0 = Some(self.clock.steady());
            asked.1 = match fetched {
                Ok(keys) => {
                    let fetched_at = Some(now);
                    self.keys.store(Arc::new(Keys { keys, fetched_at }));
                    None
                }
                Err(reason) => {
                    tracing::warn!("the keys of {} can't be fetched: {reason}", self.name);
                    Some(reason)
                }
            };
        }
        let keys = self.keys.load_full();
        match (&asked.1, keys.fetched_at) {
            _ if usable(&keys, USABLE, now) => Ok(keys),
            (Some(reason), _) => Err(TokenRefused::Keys(self.name.clone(), reason.clone())),
            (None, _) => Err(self.unknown(id)),
        }
    }

    async fn fetch(&self, documents: &dyn Documents) -> Result<Vec<Key>, String> {
        let address = self.discover().await?.jwks_uri;
        let text = documents.get(&address).await?;
        read_keys(&text).map_err(|reason| format!("{address}: {reason}"))
    }
}

/// The key with this id; without an id, the only key.
fn find<'a>(keys: &'a Keys, id: Option<&str>) -> Option<&'a Key> {
    match (id, keys.keys.as_slice()) {
        (Some(id), keys) => keys.iter().find(|key| key.id.as_deref() == Some(id)),
        (None, [only]) => Some(only),
        (None, _) => None,
    }
}

/// The public signing keys of a set. Other keys are skipped; a shared secret is never accepted.
fn read_keys(text: &[u8]) -> Result<Vec<Key>, String> {
    #[derive(Deserialize)]
    struct Set {
        keys: Vec<Value>,
    }
    let set: Set = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    let keys: Vec<Key> = set
        .keys
        .into_iter()
        .take(KEYS)
        .filter_map(read_key)
        .collect();
    if keys.is_empty() {
        return Err("it contains no public signing key".into());
    }
    Ok(keys)
}

fn read_key(value: Value) -> Option<Key> {
    let jwk: Jwk = serde_json::from_value(value).ok()?;
    let signs = matches!(
        jwk.common.public_key_use,
        None | Some(PublicKeyUse::Signature)
    );
    let key = DecodingKey::from_jwk(&jwk).ok()?;
    if !signs || key.family() == AlgorithmFamily::Hmac {
        return None;
    }
    let algorithm = match jwk.common.key_algorithm {
        Some(named) => Some(named.to_string().parse().ok()?),
        None => None,
    };
    Some(Key {
        id: jwk.common.key_id,
        public: key,
        algorithm,
    })
}
