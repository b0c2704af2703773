//! Tokens of another server.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{EncodingKey, Header, get_current_timestamp};
use serde_json::{Value, json};

use super::*;

fn settings() -> OutsideSettings {
    OutsideSettings {
        realm: "https://auth.example.com/token".into(),
        service: "registry.example.com".into(),
        issuer: "auth".into(),
        certificates: Vec::new(),
        key_set: None,
        algorithms: Vec::new(),
    }
}

fn key() -> EncodingKey {
    let random = SystemRandom::new();
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random);
    EncodingKey::from_ec_der(document.unwrap().as_ref())
}

fn claims(changes: &Value) -> Value {
    let now = get_current_timestamp();
    let mut claims = json!({
        "iss": "auth", "sub": "alice", "aud": "registry.example.com", "exp": now + 60, "nbf": now,
        "access": [{"type": "repository", "name": "a/b", "actions": ["pull"]}],
    });
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}

fn token(key: &EncodingKey, header: &Header, changes: &Value) -> Credentials {
    let token = jsonwebtoken::encode(header, &claims(changes), key).unwrap();
    Credentials::Bearer(Secret::new(token))
}

fn es256() -> Header {
    Header::new(Algorithm::ES256)
}

#[test]
fn a_key_set_names_its_keys() {
    let signing = key();
    let mut jwk = Jwk::from_encoding_key(&signing, Algorithm::ES256).unwrap();
    jwk.common.key_id = Some("one".into());
    let set = json!({"keys": [jwk]}).to_string();
    let server = TokenServer::new(&OutsideSettings {
        key_set: Some(set),
        ..settings()
    });
    let server = server.unwrap();
    let thumbprint = jwk.thumbprint(ThumbprintHash::SHA256).unwrap();
    let named = |kid: &str| Header {
        kid: Some(kid.into()),
        ..es256()
    };
    for kid in ["one", thumbprint.as_str()] {
        let identity = server
            .identify(&token(&signing, &named(kid), &json!({})))
            .unwrap();
        assert_eq!(identity.caller().actor(), "alice");
        let rights = identity.rights_on(&"a/b".parse().unwrap());
        assert_eq!(rights.to_string(), "pull");
    }
    let now = get_current_timestamp();
    let refused = |credentials: Credentials| assert!(server.identify(&credentials).is_err());
    refused(token(&signing, &named("two"), &json!({})));
    refused(token(&signing, &es256(), &json!({})));
    refused(token(&key(), &named("one"), &json!({})));
    let hmac = Header {
        kid: Some("one".into()),
        ..Header::new(Algorithm::HS256)
    };
    let secret = EncodingKey::from_secret(jwk_point(&jwk).as_bytes());
    refused(token(&secret, &hmac, &json!({})));
    for changes in [
        json!({"aud": "other"}),
        json!({"iss": "other"}),
        json!({"exp": now - 120}),
        json!({"nbf": now + 120}),
    ] {
        refused(token(&signing, &named("one"), &changes));
    }
}

fn jwk_point(jwk: &Jwk) -> String {
    serde_json::to_value(jwk).unwrap()["x"].to_string()
}

#[test]
fn a_certificate_of_the_bundle_is_named_or_sent() {
    let pair = rcgen::KeyPair::generate().unwrap();
    let parameters = rcgen::CertificateParams::new(vec!["auth.example.com".into()]).unwrap();
    let certificate = parameters.self_signed(&pair).unwrap();
    let signing = EncodingKey::from_ec_der(&pair.serialize_der());
    let server = TokenServer::new(&OutsideSettings {
        certificates: vec![certificate.der().to_vec()],
        ..settings()
    });
    let server = server.unwrap();
    let info = rcgen::PublicKeyData::subject_public_key_info(&pair);
    let named = Header {
        kid: Some(certificate::libtrust_id(&info)),
        ..es256()
    };
    assert!(
        server
            .identify(&token(&signing, &named, &json!({})))
            .is_ok()
    );
    let sent = |der: &[u8]| Header {
        x5c: Some(vec![STANDARD.encode(der)]),
        ..es256()
    };
    let header = sent(certificate.der());
    assert!(
        server
            .identify(&token(&signing, &header, &json!({})))
            .is_ok()
    );
    // A self-made certificate proves nothing.
    let other = rcgen::KeyPair::generate().unwrap();
    let parameters = rcgen::CertificateParams::new(vec!["auth.example.com".into()]).unwrap();
    let forged = parameters.self_signed(&other).unwrap();
    let key = EncodingKey::from_ec_der(&other.serialize_der());
    assert!(
        server
            .identify(&token(&key, &sent(forged.der()), &json!({})))
            .is_err()
    );
}

#[test]
fn settings_that_accept_anything_are_refused() {
    assert!(matches!(
        TokenServer::new(&settings()),
        Err(OutsideError::NoKey)
    ));
    let jwk = Jwk::from_encoding_key(&key(), Algorithm::ES256).unwrap();
    let with = |set: Value, algorithms: &[&str]| {
        TokenServer::new(&OutsideSettings {
            key_set: Some(set.to_string()),
            algorithms: algorithms.iter().map(ToString::to_string).collect(),
            ..settings()
        })
    };
    for algorithm in ["HS256", "none", "ES999"] {
        let refused = with(json!({"keys": [jwk]}), &[algorithm]);
        assert!(
            matches!(refused, Err(OutsideError::Algorithm(_))),
            "{algorithm}"
        );
    }
    let shared = json!({"keys": [{"kty": "oct", "k": "c2VjcmV0"}]});
    assert!(matches!(with(shared, &[]), Err(OutsideError::KeySet(_))));
    assert!(with(json!({"keys": [jwk]}), &["ES256"]).is_ok());
}
