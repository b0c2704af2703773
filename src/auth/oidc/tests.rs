//! Sign-in through a provider, and refused sign-ins.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, get_current_timestamp};
use serde_json::{Value, json};

use super::*;
use crate::auth::random_secret;
use crate::index::{EventFilter, IgnoredGroup, OutsidePerson, OutsideRefusal};
use crate::oci::Context;

const PROVIDER: &str = "https://login.example.com";
const REDIRECT: &str = "https://registry.example.com/sign-in/callback";

/// A provider that signs in everybody.
struct Fake {
    key: EncodingKey,
    /// The claims of the next ID token, and the challenge that its verifier must match.
    next: parking_lot::Mutex<(Value, String)>,
    document: parking_lot::Mutex<Value>,
    clock: Clock,
    is_hanging: AtomicBool,
    discovered: AtomicUsize,
}

impl Documents for Fake {
    fn get<'a>(&'a self, address: &'a str) -> Pending<'a, Result<Vec<u8>, String>> {
        let mut jwk = Jwk::from_encoding_key(&self.key, Algorithm::ES256).unwrap();
        jwk.common.key_id = Some("one".into());
        let text = match address.strip_prefix(PROVIDER) {
            Some("/keys") => json!({"keys": [jwk]}),
            Some("/.well-known/openid-configuration") => {
                self.discovered.fetch_add(1, Ordering::Relaxed);
                if self.is_hanging.load(Ordering::Relaxed) {
                    self.clock.advance(PAUSE);
                    return Box::pin(async { Err("timed out".into()) });
                }
                self.document.lock().clone()
            }
            _ => Value::Null,
        };
        Box::pin(async move { Ok(text.to_string().into_bytes()) })
    }
}

/// The discovery document.
fn discovery() -> Value {
    json!({
        "issuer": PROVIDER, "jwks_uri": format!("{PROVIDER}/keys"),
        "authorization_endpoint": format!("{PROVIDER}/authorize?tenant=one"),
        "token_endpoint": format!("{PROVIDER}/token"),
    })
}

impl Exchange for Fake {
    fn post<'a>(
        &'a self,
        _: &'a str,
        form: String,
        authorization: Option<String>,
    ) -> Pending<'a, Result<Vec<u8>, String>> {
        Box::pin(async move {
            let pair = STANDARD.encode("regctl:a%3Ab");
            assert_eq!(authorization, Some(format!("Basic {pair}")));
            let form: HashMap<_, _> = form_urlencoded::parse(form.as_bytes())
                .into_owned()
                .collect();
            assert_eq!(form["redirect_uri"], REDIRECT);
            let (claims, challenge) = self.next.lock().clone();
            let verifier = digest(&SHA256, form["code_verifier"].as_bytes());
            if form["code"] != "code" || URL_SAFE_NO_PAD.encode(verifier) != challenge {
                return Err("invalid_grant".into());
            }
            let header = Header {
                kid: Some("one".into()),
                ..Header::new(Algorithm::ES256)
            };
            let token = jsonwebtoken::encode(&header, &claims, &self.key).unwrap();
            Ok(json!({"id_token": token}).to_string().into_bytes())
        })
    }
}

struct Fixture {
    fake: Arc<Fake>,
    oidc: Oidc,
    secret: Secret,
}

fn fixture() -> Fixture {
    let random = SystemRandom::new();
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random);
    let fake = Arc::new(Fake {
        key: EncodingKey::from_ec_der(document.unwrap().as_ref()),
        next: parking_lot::Mutex::default(),
        document: discovery().into(),
        clock: Clock::manual(1_000_000),
        is_hanging: AtomicBool::default(),
        discovered: AtomicUsize::default(),
    });
    let settings = OidcSettings {
        issuer: PROVIDER.into(),
        client: "regctl".into(),
        secret: Some(Secret::new("a:b")),
        scopes: vec!["profile".into()],
        name_claim: "preferred_username".into(),
        groups_claim: Some("groups".into()),
    };
    let oidc = Oidc::new(settings, fake.clone(), fake.clone(), fake.clock.clone());
    Fixture {
        fake,
        oidc: oidc.unwrap(),
        secret: random_secret().unwrap(),
    }
}

impl Fixture {
    /// Begins a sign-in; returns the parameters that are sent to the provider.
    async fn begin(&self, changes: &Value) -> HashMap<String, String> {
        let address = self.oidc.begin(&self.secret, REDIRECT, "/r/team/app").await;
        let address = Url::parse(&address.unwrap()).unwrap();
        let sent: HashMap<_, _> = address.query_pairs().into_owned().collect();
        let now = get_current_timestamp();
        let mut claims = json!({
            "iss": PROVIDER, "aud": "regctl", "exp": now + 60, "sub": "1234", "nonce": sent["nonce"],
            "preferred_username": "alice", "groups": ["team-a", "not a group", 7],
        });
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        *self.fake.next.lock() = (claims, sent["code_challenge"].clone());
        sent
    }

    async fn refusal(&self, changes: &Value) -> String {
        self.begin(changes).await;
        let finished = self.oidc.finish(&self.secret, REDIRECT, "code");
        finished.await.unwrap_err().to_string()
    }

    async fn signed_in(&self, changes: &Value) -> SignedIn {
        self.begin(changes).await;
        let finished = self.oidc.finish(&self.secret, REDIRECT, "code");
        finished.await.unwrap()
    }
}

#[tokio::test]
async fn a_sign_in_returns_name_and_groups() {
    let fixture = fixture();
    let sent = fixture.begin(&json!({})).await;
    assert_eq!(sent["tenant"], "one");
    assert_eq!(sent["scope"], "openid profile");
    assert_eq!(sent["code_challenge_method"], "S256");
    assert!(
        !sent
            .values()
            .any(|value| value.contains(fixture.secret.reveal()))
    );
    let next = Oidc::next(&fixture.secret, &sent["state"]).unwrap();
    assert_eq!(next, "/r/team/app");
    let signed_in = fixture.signed_in(&json!({})).await;
    let person = &signed_in.person;
    assert_eq!(person.subject, "1234");
    assert_eq!(person.name, Some("alice".parse().unwrap()));
    assert_eq!(person.groups, Some(vec!["team-a".parse().unwrap()]));
    let ignored = ["\"not a group\" (not a group name)", "7 (not a group name)"];
    assert_eq!(signed_in.ignored, ignored);
}

#[tokio::test]
async fn what_is_no_group_is_reported() {
    let fixture = fixture();
    let groups = json!(["/dev", "/dev", "dev", "/a/b", "größe"]);
    let signed_in = fixture.signed_in(&json!({ "groups": groups })).await;
    assert_eq!(signed_in.person.groups, Some(vec!["dev".parse().unwrap()]));
    assert_eq!(signed_in.ignored.len(), 2, "{:?}", signed_in.ignored);
    let signed_in = fixture.signed_in(&json!({"groups": "dev,ops"})).await;
    assert_eq!(signed_in.person.groups, Some(Vec::new()));
    assert_eq!(signed_in.ignored, ["\"dev,ops\" (not a group name)"]);
    let many: Vec<_> = (0..=GROUPS).map(|number| format!("g{number}")).collect();
    let signed_in = fixture.signed_in(&json!({ "groups": many })).await;
    assert_eq!(signed_in.ignored, ["\"g200\" (there are more than 200)"]);
    // Without the claim the groups do not change.
    let signed_in = fixture.signed_in(&json!({"groups": null})).await;
    assert_eq!(signed_in.person.groups, None);
    assert_eq!(signed_in.without_groups.as_deref(), Some("groups"));
}

#[tokio::test]
async fn addresses_of_the_provider_that_are_not_https_are_refused() {
    for key in ["jwks_uri", "authorization_endpoint", "token_endpoint"] {
        let fixture = fixture();
        fixture.fake.document.lock()[key] = "http://login.example.com/other".into();
        let begun = fixture.oidc.begin(&fixture.secret, REDIRECT, "/").await;
        let refusal = begun.unwrap_err().to_string();
        let expected =
            format!("{key} is \"http://login.example.com/other\", which is not an https");
        assert!(refusal.contains(&expected), "{refusal}");
    }
}

#[tokio::test]
async fn sign_ins_that_wait_for_a_hanging_provider_share_one_attempt() {
    // A clock that was set neither delays the next attempt nor allows another at once.
    for step in [0, -86_400_000, 86_400_000] {
        let fixture = fixture();
        fixture.fake.clock.set_by(step);
        fixture.fake.is_hanging.store(true, Ordering::Relaxed);
        for _ in 0..5 {
            let begun = fixture.oidc.begin(&fixture.secret, REDIRECT, "/").await;
            assert!(begun.is_err());
        }
        let discovered = fixture.fake.discovered.load(Ordering::Relaxed);
        assert_eq!(discovered, 1, "{step}");
        fixture.fake.clock.advance(PAUSE);
        fixture.fake.is_hanging.store(false, Ordering::Relaxed);
        fixture.begin(&json!({})).await;
    }
}

#[tokio::test]
async fn a_clock_that_was_set_forward_delays_no_attempt_after_a_failure() {
    let fixture = fixture();
    fixture.fake.is_hanging.store(true, Ordering::Relaxed);
    fixture.fake.clock.set_by(7 * 24 * FRESH);
    let begun = fixture.oidc.begin(&fixture.secret, REDIRECT, "/").await;
    assert!(begun.is_err());
    fixture.fake.clock.advance(PAUSE);
    fixture.fake.is_hanging.store(false, Ordering::Relaxed);
    fixture.begin(&json!({})).await;
}

#[tokio::test]
async fn a_callback_without_a_sign_in_is_refused() {
    let fixture = fixture();
    let sent = fixture.begin(&json!({})).await;
    let other = random_secret().unwrap();
    for (secret, state) in [
        (&other, sent["state"].as_str()),
        (&fixture.secret, ""),
        (&fixture.secret, "x.L3I"),
    ] {
        assert!(Oidc::next(secret, state).is_err(), "{state}");
    }
    for (secret, code) in [(&other, "code"), (&fixture.secret, "other")] {
        let finished = fixture.oidc.finish(secret, REDIRECT, code).await;
        assert!(finished.is_err(), "{code}");
    }
}

#[tokio::test]
async fn an_id_token_of_another_sign_in_or_for_another_client_is_refused() {
    let fixture = fixture();
    for (changes, reason) in [
        (json!({"nonce": "other"}), "it belongs to another sign-in"),
        (json!({"nonce": null}), "it belongs to another sign-in"),
        (
            json!({"aud": "other"}),
            "its audience (aud) is \"other\" and not \"regctl\"",
        ),
        (json!({"azp": "other"}), "another client"),
        (
            json!({"iss": "https://evil.example.com"}),
            "its issuer (iss) is \"https://evil.example.com\" and not",
        ),
        (
            json!({"exp": 1}),
            "it expired at 1970-01-01T00:00:01Z, and the time here is 20",
        ),
        (json!({"sub": 7}), "the claim sub"),
        (json!({"sub": ""}), "the claim sub"),
    ] {
        let refusal = fixture.refusal(&changes).await;
        assert!(refusal.contains(reason), "{changes}: {refusal}");
    }
}

fn context() -> Context {
    Context::task(crate::oci::Task::Start)
}

#[tokio::test]
async fn an_account_belongs_to_one_person_of_the_provider() {
    let (_directory, index) = crate::index::testing::index().await;
    let person = |subject: &str, name: &str, groups: Option<&[&str]>| OutsidePerson {
        issuer: PROVIDER.into(),
        subject: subject.into(),
        name: name.parse().ok(),
        groups: groups.map(|all| all.iter().map(|one| one.parse().unwrap()).collect()),
    };
    let sign_in = async |person| index.outside_account(person, context(), 1).await.unwrap();
    let alice = sign_in(person("1", "alice", Some(&["team-a", "team-b"])))
        .await
        .unwrap();
    assert!(alice.ignored.is_empty());
    let alice = alice.name;
    assert_eq!(alice.as_str(), "alice");
    // With a new name at the provider the account stays the same; its groups follow.
    let renamed = sign_in(person("1", "alicia", Some(&["team-b", "alice"]))).await;
    let renamed = renamed.unwrap();
    assert_eq!(renamed.name, alice);
    let taken = ("alice".parse().unwrap(), IgnoredGroup::Taken);
    assert_eq!(renamed.ignored, [taken]);
    // She needs a name no more; a new person does.
    assert!(sign_in(person("1", "", None)).await.is_ok());
    let unnamed = Err(OutsideRefusal::Unnamed);
    assert_eq!(sign_in(person("9", "", None)).await, unnamed);
    let record = index.accounts("", 10).await.unwrap();
    let groups: Vec<_> = record[0].groups.iter().map(AccountName::as_str).collect();
    assert_eq!((groups, record[0].admin), (vec!["team-b"], false));
    let events = index
        .events(&EventFilter::default(), None, 10)
        .await
        .unwrap();
    let events: Vec<_> = events
        .iter()
        .rev()
        .map(|event| (event.action.as_str(), event.actor.as_str()))
        .collect();
    assert_eq!(
        events,
        [
            ("create-account", "alice"),
            ("add-to-group", "alice"),
            ("add-to-group", "alice"),
            ("remove-from-group", "alice"),
        ]
    );
    // A word that has a meaning in grants is neither an account nor a group.
    let reserved = Err(OutsideRefusal::Reserved);
    assert_eq!(sign_in(person("4", "anonymous", None)).await, reserved);
    let users = sign_in(person("5", "bob", Some(&["users", "team-b"]))).await;
    let reserved = ("users".parse().unwrap(), IgnoredGroup::Reserved);
    assert_eq!(users.unwrap().ignored, [reserved]);
    assert!(
        !index
            .groups()
            .await
            .unwrap()
            .iter()
            .any(|group| group.name.as_str() == "users")
    );
    // Another person does not get her account by its name, nor an account with a password.
    let taken = Err(OutsideRefusal::Taken);
    assert_eq!(sign_in(person("2", "alice", None)).await, taken);
    let local = crate::index::NewAccount {
        name: "root".parse().unwrap(),
        password: Some("x".into()),
        admin: true,
    };
    index.create_account(local, 1).await.unwrap();
    assert_eq!(sign_in(person("3", "root", None)).await, taken);
    assert_eq!(sign_in(person("3", "team-a", None)).await, taken);
    // A disabled account does not change.
    let disabled = index.set_disabled(alice.clone(), true).await.unwrap();
    disabled.unwrap();
    let refused = sign_in(person("1", "alice", Some(&["team-c"]))).await;
    assert_eq!(refused, Err(OutsideRefusal::Disabled(alice.clone())));
    let groups = index.accounts("", 1).await.unwrap().remove(0).groups;
    assert_eq!(groups, ["team-b".parse().unwrap()]);
    // After the account is removed, the next sign-in creates another.
    index.remove_account(alice).await.unwrap().unwrap();
    assert!(sign_in(person("2", "alice", None)).await.is_ok());
}
