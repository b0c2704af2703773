//! Valid and invalid tokens of workloads.

use std::sync::atomic::{AtomicUsize, Ordering};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, get_current_timestamp};
use parking_lot::Mutex;
use serde_json::json;

use super::*;
use crate::auth::issuer::{Documents, KeySource, Pending};
use crate::clock::Clock;
use crate::oci::Task;

const ISSUER: &str = "https://ci.example.com";

/// An issuer with documents in memory.
#[derive(Default)]
struct Fake {
    keys: Mutex<Vec<Jwk>>,
    fetched: AtomicUsize,
    is_down: std::sync::atomic::AtomicBool,
}

impl Documents for Fake {
    fn get<'a>(&'a self, address: &'a str) -> Pending<'a, Result<Vec<u8>, String>> {
        Box::pin(async move {
            if self.is_down.load(Ordering::Relaxed) {
                return Err("it is down".into());
            }
            let text = match address.strip_prefix(ISSUER) {
                Some("/.well-known/openid-configuration") => {
                    json!({"issuer": ISSUER, "jwks_uri": format!("{ISSUER}/keys")})
                }
                Some("/keys") => {
                    self.fetched.fetch_add(1, Ordering::Relaxed);
                    json!({"keys": *self.keys.lock()})
                }
                _ => return Err(format!("{address} does not exist")),
            };
            Ok(text.to_string().into_bytes())
        })
    }
}

struct Fixture {
    fake: Arc<Fake>,
    clock: Clock,
    issuer: Arc<Issuer>,
    workloads: Workloads,
    key: EncodingKey,
}

fn key() -> EncodingKey {
    let random = SystemRandom::new();
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random);
    EncodingKey::from_ec_der(document.unwrap().as_ref())
}

fn public(key: &EncodingKey, id: &str) -> Jwk {
    let mut jwk = Jwk::from_encoding_key(key, Algorithm::ES256).unwrap();
    jwk.common.key_id = Some(id.into());
    jwk
}

fn rule(issuer: &Arc<Issuer>, claims: &[(&str, &str)], scope: &str) -> WorkloadRule {
    let owned = |(name, pattern): &(&str, &str)| ((*name).to_owned(), (*pattern).to_owned());
    WorkloadRule {
        name: "ci".parse().unwrap(),
        issuer: Arc::clone(issuer),
        audience: "registry.example.com".into(),
        claims: claims.iter().map(owned).collect(),
        grants: vec![scope.parse().unwrap()],
    }
}

fn fixture() -> Fixture {
    let (fake, clock) = (Arc::new(Fake::default()), Clock::manual(1_000_000));
    let source = KeySource::Discovery(Arc::clone(&fake) as Arc<dyn Documents>);
    let issuer = Arc::new(Issuer::new(ISSUER, source, clock.clone()).unwrap());
    let key = key();
    fake.keys.lock().push(public(&key, "one"));
    let workloads = Workloads::new(vec![
        rule(
            &issuer,
            &[("repository", "org/app"), ("ref", "refs/heads/*")],
            "team/app:pull,push",
        ),
        rule(&issuer, &[("repository", "org/*")], "base/*:pull"),
    ]);
    Fixture {
        fake,
        clock,
        issuer,
        workloads,
        key,
    }
}

fn claims() -> Value {
    let now = get_current_timestamp();
    json!({
        "iss": ISSUER, "sub": "repo:org/app:ref:refs/heads/main", "aud": "registry.example.com",
        "exp": now + 300, "nbf": now, "repository": "org/app", "ref": "refs/heads/main",
    })
}

fn header(id: &str) -> Header {
    Header {
        kid: Some(id.into()),
        ..Header::new(Algorithm::ES256)
    }
}

impl Fixture {
    fn token(&self, changes: &Value) -> Secret {
        let mut claims = claims();
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        signed(&header("one"), &claims, &self.key)
    }

    async fn rights(&self, token: &Secret, repository: &str) -> Option<String> {
        let context = Context::task(Task::Start);
        let identity = self
            .workloads
            .identify(token, Arc::default(), &context)
            .await?;
        Some(identity.rights_on(&repository.parse().unwrap()).to_string())
    }

    async fn refused(&self, token: &Secret) -> String {
        self.workloads
            .matching(token)
            .await
            .err()
            .unwrap()
            .to_string()
    }
}

fn signed(header: &Header, claims: &Value, key: &EncodingKey) -> Secret {
    Secret::new(jsonwebtoken::encode(header, claims, key).unwrap())
}

#[tokio::test]
async fn a_token_has_the_rights_of_all_rules_that_match() {
    let fixture = fixture();
    let token = fixture.token(&json!({}));
    assert!(fixture.workloads.are_meant(USER, &token));
    assert!(!fixture.workloads.are_meant("alice", &token));
    let rights = |repository| fixture.rights(&token, repository);
    assert_eq!(rights("team/app").await.as_deref(), Some("pull,push"));
    assert_eq!(rights("base/os").await.as_deref(), Some("pull"));
    assert_eq!(rights("team/other").await.as_deref(), Some(""));
    let tag = fixture.token(&json!({"ref": "refs/tags/v1"}));
    assert_eq!(fixture.rights(&tag, "team/app").await.as_deref(), Some(""));
    assert_eq!(
        fixture.rights(&tag, "base/os").await.as_deref(),
        Some("pull")
    );
    let context = Context::task(Task::Start);
    let identity = fixture
        .workloads
        .identify(&token, Arc::default(), &context)
        .await;
    let actor = identity.unwrap().caller().actor();
    assert_eq!(actor, "workload:repo:org/app:ref:refs/heads/main@ci");
    // The keys were fetched once for all of these.
    assert_eq!(fixture.fake.fetched.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_workload_that_comes_again_has_the_rights_of_the_rules_that_it_matched() {
    let fixture = fixture();
    let tag = fixture.token(&json!({"ref": "refs/tags/v1"}));
    let matching = fixture.workloads.matching(&tag).await.unwrap();
    // All rules here have the same name; only the second one matched.
    let name = matching.name.clone();
    let again = |marks: &str| {
        let identity = fixture
            .workloads
            .again(name.clone(), "job", marks, Arc::default())?;
        let rights = |repository: &str| identity.rights_on(&repository.parse().unwrap());
        Some(format!("{} {}", rights("base/os"), rights("team/app")))
    };
    assert_eq!(again(&matching.rules).as_deref(), Some("pull "));
    let whole = fixture.workloads.matching(&fixture.token(&json!({}))).await;
    let whole = whole.unwrap().rules;
    assert_eq!(again(&whole).as_deref(), Some("pull pull,push"));
    // A rule that has changed, and a token of an earlier version.
    for marks in ["", "another"] {
        assert_eq!(again(marks), None);
    }
}

#[tokio::test]
async fn tokens_for_others_and_of_others_are_refused() {
    let fixture = fixture();
    let now = get_current_timestamp();
    for (changes, reason) in [
        (
            json!({"aud": "other.example.com"}),
            "its audience (aud) is \"other.example.com\" and not \"registry.example.com\"",
        ),
        (json!({"aud": null}), "it has no claim aud"),
        (json!({"exp": now - 120}), "it expired at 20"),
        (json!({"nbf": now + 120}), "it is not valid before 20"),
        (
            json!({"iss": "https://ci.example.com.evil"}),
            "https://ci.example.com.evil",
        ),
        (
            json!({"repository": "org2/app"}),
            "the nearest, ci, requires repository \"org/app\", which is \"org2/app\"",
        ),
        (json!({"repository": null}), "which is null"),
        (
            json!({"repository": {"org/app": 1}}),
            "no rule of regctl.workloads matches",
        ),
    ] {
        let refusal = fixture.refused(&fixture.token(&changes)).await;
        assert!(refusal.contains(reason), "{changes}: {refusal}");
    }
}

#[tokio::test]
async fn tokens_without_a_valid_signature_are_refused() {
    let fixture = fixture();
    let malformed = "it is not a token with a public-key signature";
    // Another key with the same id.
    let other = signed(&header("one"), &claims(), &key());
    let wrong = "its signature was not made with the key of https://ci.example.com";
    assert_eq!(fixture.refused(&other).await, wrong);
    // A header that requires an extension.
    let critical = Header {
        crit: Some(vec!["exp".into()]),
        ..header("one")
    };
    let text = signed(&critical, &claims(), &fixture.key);
    assert!(fixture.refused(&text).await.contains("(crit)"));
    // No algorithm at all.
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    for signature in ["", "AAAA"] {
        let none = json!({"alg": "none", "typ": "JWT", "kid": "one"});
        let text = format!("{}.{}.{signature}", encode(&none), encode(&claims()));
        assert_eq!(fixture.refused(&Secret::new(text)).await, malformed);
    }
    // The public key used as a shared secret.
    let secret = serde_json::to_vec(&public(&fixture.key, "one")).unwrap();
    let hmac = Header {
        kid: Some("one".into()),
        ..Header::new(Algorithm::HS256)
    };
    let text = signed(&hmac, &claims(), &EncodingKey::from_secret(&secret));
    assert_eq!(fixture.refused(&text).await, malformed);
    // A key of an elliptic curve with the algorithm of RSA, and no key at all.
    let whole = fixture.token(&json!({})).reveal().to_owned();
    let (_, rest) = whole.split_once('.').unwrap();
    let rsa = encode(&json!({"alg": "RS256", "kid": "one"}));
    assert_eq!(
        fixture.refused(&Secret::new(format!("{rsa}.{rest}"))).await,
        malformed
    );
    // Texts that are not tokens, and too long ones.
    for text in [
        "",
        "a.b",
        "a.b.c",
        "a.b.c.d",
        "..",
        whole.trim_end_matches(|c| c != '.'),
    ] {
        assert!(
            fixture
                .workloads
                .matching(&Secret::new(text))
                .await
                .is_err(),
            "{text:?}"
        );
    }
    let long = fixture.token(&json!({"more": "x".repeat(20_000)}));
    assert!(
        fixture
            .refused(&long)
            .await
            .contains("at most 16384 are accepted")
    );
}

#[tokio::test]
async fn new_keys_are_found_and_invented_ones_cause_no_requests() {
    let fixture = fixture();
    assert!(
        fixture
            .workloads
            .matching(&fixture.token(&json!({})))
            .await
            .is_ok()
    );
    let fetched = || fixture.fake.fetched.load(Ordering::Relaxed);
    for number in 0..1000 {
        let invented = signed(&header(&format!("invented-{number}")), &claims(), &key());
        assert!(fixture.refused(&invented).await.contains("has no key"));
    }
    assert_eq!(fetched(), 1);
    // A rotated key is found as soon as the issuer may be asked again.
    let rotated = key();
    *fixture.fake.keys.lock() = vec![public(&rotated, "two")];
    let token = signed(&header("two"), &claims(), &rotated);
    fixture.clock.advance(30_000);
    assert!(fixture.workloads.matching(&token).await.is_ok());
    assert_eq!(fetched(), 2);
    assert!(
        fixture
            .refused(&fixture.token(&json!({})))
            .await
            .contains("has no key")
    );
}

#[tokio::test]
async fn a_temporary_failure_of_an_issuer_does_not_matter() {
    let fixture = fixture();
    fixture.fake.is_down.store(true, Ordering::Relaxed);
    let token = fixture.token(&json!({}));
    let refusal = fixture.refused(&token).await;
    assert_eq!(
        refusal,
        "the keys of https://ci.example.com can't be fetched: it is down"
    );
    fixture.fake.is_down.store(false, Ordering::Relaxed);
    // A clock that is set back delays no attempt.
    fixture.clock.set_by(-3_600_000);
    fixture.clock.advance(30_000);
    assert!(fixture.workloads.matching(&token).await.is_ok());
    fixture.fake.is_down.store(true, Ordering::Relaxed);
    fixture.clock.advance(12 * 3_600_000);
    assert!(fixture.workloads.matching(&token).await.is_ok());
    fixture.clock.advance(13 * 3_600_000);
    assert!(fixture.refused(&token).await.contains("it is down"));
}

#[tokio::test]
async fn a_clock_that_is_set_neither_delays_nor_multiplies_requests_for_keys() {
    for step in [-86_400_000, 86_400_000] {
        let fixture = fixture();
        fixture.clock.set_by(step);
        let token = fixture.token(&json!({}));
        assert!(fixture.workloads.matching(&token).await.is_ok());
        let rotated = key();
        *fixture.fake.keys.lock() = vec![public(&rotated, "two")];
        let token = signed(&header("two"), &claims(), &rotated);
        assert!(fixture.refused(&token).await.contains("has no key"));
        fixture.clock.advance(30_000);
        assert!(fixture.workloads.matching(&token).await.is_ok(), "{step}");
    }
}

#[test]
fn patterns_of_claims() {
    for (text, pattern, expected) in [
        ("refs/heads/main", "refs/heads/main", true),
        ("refs/heads/main2", "refs/heads/main", false),
        ("refs/heads/a/b", "refs/heads/*", true),
        ("refs/tags/v1", "refs/heads/*", false),
        ("abcba", "ab*ba", true),
        ("aba", "ab*ba", false),
        ("org/app", "*/app", true),
        ("x", "*", true),
        ("", "*", true),
        ("a.b.c", "a*b*c", true),
        ("a.c", "a*b*c", false),
    ] {
        assert_eq!(matches_text(text, pattern), expected, "{text} {pattern}");
    }
    assert!(matches(&json!(["a", "b"]), "b"));
    assert!(matches(&json!(true), "true"));
    assert!(matches(&json!(7), "7"));
    assert!(!matches(&json!(null), "*"));
    assert!(!matches(&json!([["b"]]), "b"));
}

#[tokio::test]
async fn a_given_key_set_is_not_fetched() {
    let key = key();
    let set = json!({"keys": [public(&key, "one")]}).to_string();
    let issuer = Issuer::new(ISSUER, KeySource::KeySet(set), Clock::manual(1)).unwrap();
    let token = signed(&header("one"), &claims(), &key);
    assert!(issuer.verify(&token, "registry.example.com").await.is_ok());
    let secret = json!({"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "one"}]}).to_string();
    assert!(Issuer::new(ISSUER, KeySource::KeySet(secret), Clock::manual(1)).is_err());
    let fixture = fixture();
    assert_eq!(fixture.issuer.name(), ISSUER);
}
