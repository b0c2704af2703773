//! Sign-in through a provider, and refused sign-ins.

use std::collections::HashMap;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, get_current_timestamp};
use serde_json::json;

use super::*;
use crate::auth::random_secret;
use crate::index::EventFilter;

const PROVIDER: &str = "https://login.example.com";
const REDIRECT: &str = "https://registry.example.com/sign-in/callback";

/// A provider that signs in everybody.
struct Fake {
    key: EncodingKey,
    /// The claims of the next ID token, and the challenge that its verifier must match.
    next: parking_lot::Mutex<(Value, String)>,
}

impl Documents for Fake {
    fn get<'a>(&'a self, address: &'a str) -> Pending<'a, Result<Vec<u8>, String>> {
        let mut jwk = Jwk::from_encoding_key(&self.key, Algorithm::ES256).unwrap();
        jwk.common.key_id = Some("one".into());
        let text = match address.strip_prefix(PROVIDER) {
            Some("/keys") => json!({"keys": [jwk]}),
            Some("/.well-known/openid-configuration") => json!({
                "issuer": PROVIDER, "jwks_uri": format!("{PROVIDER}/keys"),
                "authorization_endpoint": format!("{PROVIDER}/authorize?tenant=one"),
                "token_endpoint": format!("{PROVIDER}/token"),
            }),
            _ => Value::Null,
        };
        Box::pin(async move { Ok(text.to_string().into_bytes()) })
    }
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
    });
    let settings = OidcSettings {
        issuer: PROVIDER.into(),
        client: "regctl".into(),
        secret: Some(Secret::new("a:b")),
        scopes: vec!["profile".into()],
        name_claim: "preferred_username".into(),
        groups_claim: Some("groups".into()),
    };
    let oidc = Oidc::new(
        settings,
        fake.clone(),
        fake.clone(),
        Clock::manual(1_000_000),
    );
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
        let sent = self.begin(changes).await;
        let finished = self
            .oidc
            .finish(&self.secret, REDIRECT, &sent["state"], "code");
        finished.await.unwrap_err().to_string()
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
    let (person, next) = fixture
        .oidc
        .finish(&fixture.secret, REDIRECT, &sent["state"], "code")
        .await
        .unwrap();
    assert_eq!(next, "/r/team/app");
    assert_eq!(
        (person.subject.as_str(), person.name.as_str()),
        ("1234", "alice")
    );
    assert_eq!(person.groups, Some(vec!["team-a".parse().unwrap()]));
}

#[tokio::test]
async fn a_callback_without_a_sign_in_is_refused() {
    let fixture = fixture();
    let sent = fixture.begin(&json!({})).await;
    let other = random_secret().unwrap();
    for (secret, state, code) in [
        (&other, sent["state"].as_str(), "code"),
        (&fixture.secret, "", "code"),
        (&fixture.secret, "x.L3I", "code"),
        (&fixture.secret, sent["state"].as_str(), "other"),
    ] {
        let finished = fixture.oidc.finish(secret, REDIRECT, state, code).await;
        assert!(finished.is_err(), "{state} {code}");
    }
}

#[tokio::test]
async fn an_id_token_of_another_sign_in_or_for_another_client_is_refused() {
    let fixture = fixture();
    for (changes, reason) in [
        (json!({"nonce": "other"}), "it belongs to another sign-in"),
        (json!({"nonce": null}), "it belongs to another sign-in"),
        (json!({"aud": "other"}), "InvalidAudience"),
        (json!({"azp": "other"}), "another client"),
        (json!({"iss": "https://evil.example.com"}), "InvalidIssuer"),
        (json!({"exp": 1}), "ExpiredSignature"),
        (
            json!({"preferred_username": null}),
            "the claim preferred_username",
        ),
        (
            json!({"preferred_username": "a/b"}),
            "the claim preferred_username",
        ),
        (json!({"sub": 7}), "sub"),
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
        name: name.parse().unwrap(),
        groups: groups.map(|all| all.iter().map(|one| one.parse().unwrap()).collect()),
    };
    let sign_in = async |person| index.outside_account(person, context(), 1).await.unwrap();
    let alice = sign_in(person("1", "alice", Some(&["team-a", "team-b"])))
        .await
        .unwrap();
    assert_eq!(alice.as_str(), "alice");
    // With a new name at the provider the account stays the same; its groups follow.
    let renamed = sign_in(person("1", "alicia", Some(&["team-b", "alice"]))).await;
    assert_eq!(renamed, Some(alice.clone()));
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
    assert_eq!(sign_in(person("4", "anonymous", None)).await, None);
    let users = sign_in(person("5", "bob", Some(&["users", "team-b"]))).await;
    assert!(users.is_some());
    assert!(
        !index
            .groups()
            .await
            .unwrap()
            .iter()
            .any(|group| group.name.as_str() == "users")
    );
    // Another person does not get her account by its name, nor an account with a password.
    assert_eq!(sign_in(person("2", "alice", None)).await, None);
    let local = crate::index::NewAccount {
        name: "root".parse().unwrap(),
        password: Some("x".into()),
        admin: true,
    };
    index.create_account(local, 1).await.unwrap();
    assert_eq!(sign_in(person("3", "root", None)).await, None);
    assert_eq!(sign_in(person("3", "team-a", None)).await, None);
    // After the account is removed, the next sign-in creates another.
    index.remove_account(alice).await.unwrap().unwrap();
    assert!(sign_in(person("2", "alice", None)).await.is_some());
}
