//! Tokens of the service, and ways to forge one.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::*;
use crate::index::testing;

const HOUR: Millis = 3_600_000;

fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

struct Fixture {
    service: TokenService,
    index: Index,
    _directory: tempfile::TempDir,
}

async fn fixture() -> Fixture {
    let (directory, index) = testing::index().await;
    let service = TokenService::open(index.clone(), "registry".into(), now()).await;
    Fixture {
        service: service.unwrap(),
        index,
        _directory: directory,
    }
}

fn scopes() -> Vec<Scope> {
    Scope::parse_all(["repository:team/app:pull,push"].into_iter())
}

impl Fixture {
    fn accepts(&self, token: &str) -> bool {
        self.service.verify(&Secret::new(token), now()).is_some()
    }

    /// A token with these claims changed, signed with our own key.
    fn signed(&self, changes: &Value) -> String {
        let keys = self.service.keys.load();
        let header = Header {
            kid: Some(keys[0].id.clone()),
            ..Header::new(Algorithm::ES256)
        };
        let claims = changed(changes);
        jsonwebtoken::encode(&header, &claims, &keys[0].signing).unwrap()
    }
}

fn changed(changes: &Value) -> Value {
    let at = seconds(now());
    let mut claims = json!({
        "iss": "registry", "sub": "alice", "aud": "registry", "exp": at + 60, "nbf": at - 1,
        "iat": at, "jti": "x",
        "access": [{"type": "repository", "name": "team/app", "actions": ["pull"]}],
    });
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            value => claims[name] = value.clone(),
        }
    }
    claims
}

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

#[tokio::test]
async fn a_token_has_its_claims_until_it_expires() {
    let fixture = fixture().await;
    let at = now();
    let issued = fixture
        .service
        .issue("alice", By::Token("id".into()), &scopes(), at)
        .await
        .unwrap();
    let verified = fixture.service.verify(&issued.token, at + 1000).unwrap();
    assert_eq!(verified.subject, "alice");
    assert_eq!(verified.by, By::Token("id".into()));
    assert_eq!(verified.scopes.to_vec(), scopes());
    // Cached or not, it expires.
    assert!(
        fixture
            .service
            .verify(&issued.token, at + 299_000)
            .is_some()
    );
    assert!(
        fixture
            .service
            .verify(&issued.token, at + 301_000)
            .is_none()
    );
}

#[tokio::test]
async fn another_audience_expired_and_not_yet_valid() {
    let fixture = fixture().await;
    let at = seconds(now());
    assert!(fixture.accepts(&fixture.signed(&json!({}))));
    for changes in [
        json!({"aud": "other"}),
        json!({"aud": null}),
        json!({"iss": "other"}),
        json!({"iss": null}),
        json!({"sub": null}),
        json!({"exp": at - 1}),
        json!({"exp": null}),
        json!({"exp": "tomorrow"}),
        json!({"nbf": at + 3600}),
        json!({"nbf": null}),
        json!({"access": "all"}),
    ] {
        assert!(!fixture.accepts(&fixture.signed(&changes)), "{changes}");
    }
}

#[tokio::test]
async fn alg_none() {
    let fixture = fixture().await;
    let keys = fixture.service.keys.load();
    let (id, claims) = (&keys[0].id, changed(&json!({})));
    for algorithm in ["none", "None", "NONE", ""] {
        let header = json!({"typ": "JWT", "alg": algorithm, "kid": id});
        for end in ["", "."] {
            let token = format!("{}.{}{end}", encoded(&header), encoded(&claims));
            assert!(!fixture.accepts(&token), "{token}");
        }
    }
}

/// In every encoding of the public key.
#[tokio::test]
async fn hmac_with_our_public_key_as_the_secret() {
    let fixture = fixture().await;
    let keys = fixture.service.keys.load();
    let (id, claims) = (&keys[0].id, changed(&json!({})));
    let (jwk, _) = jwk(&keys[0].signing).unwrap();
    let jwk = serde_json::to_value(&jwk).unwrap();
    let part = |name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap();
    let point = [vec![4], part("x"), part("y")].concat();
    for secret in [
        point.clone(),
        point[1..].to_vec(),
        jwk.to_string().into_bytes(),
    ] {
        for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
            let header = Header {
                kid: Some(id.clone()),
                ..Header::new(algorithm)
            };
            let key = EncodingKey::from_secret(&secret);
            let token = jsonwebtoken::encode(&header, &claims, &key).unwrap();
            assert!(!fixture.accepts(&token), "{algorithm:?}");
        }
    }
}

/// With the id of our key, or with another public key in the header.
#[tokio::test]
async fn a_key_of_somebody_else() {
    let fixture = fixture().await;
    let keys = fixture.service.keys.load();
    let (id, claims) = (&keys[0].id, changed(&json!({})));
    let other = make_key(now()).unwrap();
    let signing = EncodingKey::from_ec_der(&other.private_key);
    let (other_jwk, _) = super::jwk(&signing).unwrap();
    for header in [
        Header {
            kid: Some(id.clone()),
            ..Header::new(Algorithm::ES256)
        },
        Header {
            kid: Some(other.id.clone()),
            ..Header::new(Algorithm::ES256)
        },
        Header {
            kid: None,
            ..Header::new(Algorithm::ES256)
        },
        Header {
            kid: Some(id.clone()),
            jwk: Some(other_jwk),
            ..Header::new(Algorithm::ES256)
        },
    ] {
        let token = jsonwebtoken::encode(&header, &claims, &signing).unwrap();
        assert!(!fixture.accepts(&token));
    }
}

#[tokio::test]
async fn a_changed_token_is_refused() {
    let fixture = fixture().await;
    let token = fixture.signed(&json!({}));
    let parts: Vec<&str> = token.split('.').collect();
    let more = changed(&json!({"sub": "root"}));
    for token in [
        format!("{}.{}.{}", parts[0], encoded(&more), parts[2]),
        format!("{}.{}.{}", parts[0], parts[1], &parts[2][1..]),
        format!("{}.{}", parts[0], parts[1]),
        format!("{token}.{}", parts[2]),
        format!(" {token}"),
        String::new(),
        "x".repeat(100_000),
    ] {
        assert!(!fixture.accepts(&token), "{token}");
    }
}

#[tokio::test]
async fn an_old_key_verifies_until_its_tokens_have_ended() {
    let fixture = fixture().await;
    let token = fixture.signed(&json!({}));
    let first = fixture.service.keys.load()[0].id.clone();
    // A week later another key signs, and the first one still verifies.
    let later = now() + KEY_AGE;
    fixture.service.rotate(later).await.unwrap();
    let keys = fixture.service.keys.load();
    assert_eq!(keys.len(), 2);
    assert_ne!(keys[0].id, first);
    assert!(fixture.accepts(&token));
    // After a restart the service has both keys.
    let again = TokenService::open(fixture.index.clone(), "registry".into(), later + HOUR).await;
    assert!(
        again
            .unwrap()
            .verify(&Secret::new(token.clone()), now())
            .is_some()
    );
    // After another week it is removed, and its tokens are refused.
    let again = TokenService::open(
        fixture.index.clone(),
        "registry".into(),
        later + 2 * KEY_AGE,
    );
    assert!(
        again
            .await
            .unwrap()
            .verify(&Secret::new(token), now())
            .is_none()
    );
}
