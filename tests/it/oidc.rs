//! Sign-in on the pages through an OpenID provider.

use std::sync::{Arc, Mutex};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, get_current_timestamp};
use serde_json::json;
use url::Url;

use crate::support::https::{self, Authority};
use crate::support::{Client, Request, Response, Server};

/// The provider's state of a sign-in: the person, the nonce and the challenge.
type Begun = Arc<Mutex<(String, String, String)>>;

/// A provider that signs in the person whom the test names. Its code is `the-code`.
fn provider(scratch: &std::path::Path) -> (String, Begun) {
    let (listener, address) = https::bind();
    let authority = Authority::new();
    authority.write(&scratch.join("authority.pem"));
    let random = SystemRandom::new();
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random);
    let key = EncodingKey::from_ec_der(document.unwrap().as_ref());
    let (begun, at) = (Begun::default(), address.clone());
    let remembered = Arc::clone(&begun);
    https::serve(listener, &authority, move |_, path, body| {
        let text = match path {
            "/.well-known/openid-configuration" => json!({
                "issuer": at, "jwks_uri": format!("{at}/keys"),
                "authorization_endpoint": format!("{at}/authorize"),
                "token_endpoint": format!("{at}/token"),
            }),
            "/keys" => {
                let mut jwk = Jwk::from_encoding_key(&key, Algorithm::ES256).unwrap();
                jwk.common.key_id = Some("one".into());
                json!({"keys": [jwk]})
            }
            "/token" => {
                let form = url::form_urlencoded::parse(body);
                let form: std::collections::HashMap<_, _> = form.into_owned().collect();
                let (who, nonce, challenge) = remembered.lock().unwrap().clone();
                let verifier = digest(&SHA256, form["code_verifier"].as_bytes());
                if form["code"] != "the-code" || URL_SAFE_NO_PAD.encode(verifier) != challenge {
                    let refusal =
                        r#"{"error": "invalid_grant", "error_description": "the code is unknown"}"#;
                    return (400, Vec::new(), refusal.into());
                }
                let claims = json!({
                    "iss": at, "aud": "regctl", "exp": get_current_timestamp() + 60,
                    "sub": format!("id-of-{who}"), "nonce": nonce,
                    "preferred_username": who, "groups": ["team-a"],
                });
                let header = Header {
                    kid: Some("one".into()),
                    ..Header::new(Algorithm::ES256)
                };
                json!({"id_token": jsonwebtoken::encode(&header, &claims, &key).unwrap()})
            }
            _ => return (404, Vec::new(), String::new()),
        };
        (200, Vec::new(), text.to_string())
    });
    (address, begun)
}

/// The cookies that an answer sets, in the form of a request.
fn cookies(answer: &Response) -> String {
    let set = answer
        .headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("Set-Cookie"));
    let pairs = set.filter_map(|(_, cookie)| cookie.split(';').next());
    let kept: Vec<_> = pairs.filter(|cookie| !cookie.ends_with('=')).collect();
    kept.join("; ")
}

fn text(answer: &Response) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
}

fn get(client: &Client, target: &str, cookies: &str) -> Response {
    let request = Request::new("GET", target)
        .header("Accept", "text/html")
        .header("Cookie", cookies);
    client.send(&request)
}

/// Begins a sign-in. Returns the cookie and the state.
fn begin(client: &Client, begun: &Begun, who: &str) -> (String, String) {
    let answer = get(client, "/sign-in/provider?next=/about", "").expect(303);
    let address = Url::parse(answer.need("Location")).unwrap();
    let sent: std::collections::HashMap<_, _> = address.query_pairs().into_owned().collect();
    assert_eq!(
        sent["redirect_uri"],
        format!("http://{}/sign-in/callback", client.host())
    );
    *begun.lock().unwrap() = (
        who.into(),
        sent["nonce"].clone(),
        sent["code_challenge"].clone(),
    );
    (cookies(&answer), sent["state"].clone())
}

#[test]
fn a_person_signs_in_by_the_provider() {
    let scratch = tempfile::tempdir().unwrap();
    let (address, begun) = provider(scratch.path());
    std::fs::write(scratch.path().join("secret"), "s3cret\n").unwrap();
    let server = Server::regctl_with(&format!(
        "\
version: 0.1
storage: {{filesystem: {{}}}}
regctl:
  accounts: {{enabled: true}}
  oidc:
    issuer: {address}
    client-id: regctl
    client-secret-file: {}
    groups-claim: groups
    ca: {}
",
        scratch.path().join("secret").display(),
        scratch.path().join("authority.pem").display(),
    ));
    let client = server.client();
    let form = text(&get(&client, "/sign-in", "").expect(200));
    assert!(form.contains("/sign-in/provider"), "{form}");

    let (_, state) = begin(&client, &begun, "alice");
    let back = format!("/sign-in/callback?code=the-code&state={state}");
    // Without the cookie, or with that of another browser, the callback is refused.
    assert_eq!(get(&client, &back, "").status, 403);
    let (other, _) = begin(&client, &begun, "mallory");
    assert_eq!(get(&client, &back, &other).status, 403);
    let (cookie, state) = begin(&client, &begun, "alice");
    let back = format!("/sign-in/callback?code=the-code&state={state}");
    let answer = get(&client, &back, &cookie).expect(303);
    assert_eq!(answer.need("Location"), "/about");
    let session = cookies(&answer);
    let page = text(&get(&client, "/about", &session).expect(200));
    assert!(page.contains("alice"), "{page}");

    // If the provider refuses, so does the registry, with the reason in the log.
    let (cookie, state) = begin(&client, &begun, "alice");
    let denied = format!("/sign-in/callback?error=access_denied&state={state}");
    let form = text(&get(&client, &format!("{denied}&error_description=no"), &cookie).expect(403));
    assert!(form.contains("was cancelled. It says: no"), "{form}");
    assert!(form.contains(r#"name="next" value="/about""#), "{form}");
    let refused = format!("/sign-in/callback?error=login_required&state={state}");
    let described = format!("{refused}&error_description=%3Cb%3Ewait");
    let form = text(&get(&client, &described, &cookie).expect(502));
    let said = "It says: &lt;b&gt;wait (login_required)";
    assert!(form.contains(said), "{form}");
    // Nobody can have the page say something by a link.
    let forged = described.replace(&state, "x.L2Fib3V0");
    let form = text(&get(&client, &forged, &cookie).expect(403));
    assert!(form.contains("has begun no sign-in"), "{form}");
    assert!(!form.contains("It says"), "{form}");
    let wrong = format!("/sign-in/callback?code=other&state={state}");
    assert_eq!(get(&client, &wrong, &cookie).status, 502);
    server.log_with("the provider answered access_denied (");
    server.log_with("answered 400 Bad Request: invalid_grant (the code is unknown)");
    assert!(!server.log().contains("s3cret"));

    // A local account of the same name gives no access.
    let administer = |arguments: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_regctl"));
        command.args(arguments).arg("--root").arg(server.root());
        let done = crate::support::attempt(&mut command);
        assert!(done.success, "{}", done.text);
        done.text
    };
    administer(&["group", "add", "team-a", "alice"]);
    let (cookie, state) = begin(&client, &begun, "team-a");
    let back = format!("/sign-in/callback?code=the-code&state={state}");
    assert_eq!(get(&client, &back, &cookie).status, 403);
    server.log_with("the name team-a belongs to");

    let listed = administer(&["user", "list", "-o", "json"]);
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    assert!(listed[0]["usedAt"].is_number(), "{listed}");
    assert!(administer(&["user", "list"]).contains("provider"));
    administer(&["user", "disable", "alice"]);
    let (cookie, state) = begin(&client, &begun, "alice");
    let back = format!("/sign-in/callback?code=the-code&state={state}");
    let form = text(&get(&client, &back, &cookie).expect(403));
    assert!(form.contains("is disabled"), "{form}");
    server.log_with("the account alice is disabled");
    crate::support::eventually("the refusals are recorded", || {
        let refused = administer(&["audit", "-o", "json", "--user", "alice"]);
        refused.contains("refuse-sign-in")
    });
}
