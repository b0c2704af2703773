//! Accounts and rights on the wire, and attempts to bypass them.

use serde_json::json;

use crate::accounts_support::{Guarded, basic};
use crate::support::{Image, Program, Request, Server, Setup, sha256, texts};

#[test]
fn a_challenge_has_realm_and_scope() {
    let guarded = Guarded::start();
    let host = guarded.server.host();
    let realm = format!("Bearer realm=\"http://{host}/auth/token\",service=\"regctl\"");
    let nobody = guarded.client("");
    let challenge = |request: &Request| {
        let answer = nobody.send(request).refused(401, "UNAUTHORIZED");
        answer.need("WWW-Authenticate").to_owned()
    };
    assert_eq!(challenge(&Request::new("GET", "/v2/")), realm);
    let digest = format!("sha256:{}", "0".repeat(64));
    for (method, target, scope) in [
        ("GET", "/v2/a/b/manifests/1", "repository:a/b:pull"),
        ("HEAD", "/v2/a/b/tags/list", "repository:a/b:pull"),
        ("POST", "/v2/a/b/blobs/uploads/", "repository:a/b:pull,push"),
        ("PUT", "/v2/a/b/manifests/1", "repository:a/b:pull,push"),
        ("DELETE", "/v2/a/b/manifests/1", "repository:a/b:delete"),
        ("GET", "/v2/_catalog", "registry:catalog:*"),
        (
            "POST",
            &format!("/v2/a/b/blobs/uploads/?mount={digest}&from=c"),
            "repository:a/b:pull,push repository:c:pull",
        ),
    ] {
        let shown = if method == "HEAD" {
            let answer = nobody.send(&Request::new(method, target)).expect(401);
            answer.need("WWW-Authenticate").to_owned()
        } else {
            challenge(&Request::new(method, target))
        };
        assert_eq!(
            shown,
            format!("{realm},scope=\"{scope}\""),
            "{method} {target}"
        );
    }
    guarded.server.stop();
}

#[test]
fn pushes_and_pulls_require_rights() {
    let guarded = Guarded::start();
    let image = Image::new(1);
    let digest = guarded.remote("alice", "team/app").push("1", &image);
    assert_eq!(guarded.remote("alice", "team/app").verify("1"), digest);
    guarded.remote("bob", "team/app").verify("1");
    let bob = guarded.remote("bob", "team/app");
    bob.client
        .post(&bob.path("blobs/uploads/"))
        .refused(403, "DENIED");
    bob.put("2", &image.manifest).refused(403, "DENIED");
    bob.delete("1").refused(403, "DENIED");
    // For carol, repositories that she may not see look missing.
    for name in ["team/app", "team/none"] {
        let carol = guarded.remote("carol", name);
        carol.manifest("1").refused(404, "NAME_UNKNOWN");
        carol.manifest_head("1").expect(404);
        carol
            .client
            .get(&carol.path("tags/list"))
            .refused(404, "NAME_UNKNOWN");
        carol
            .client
            .post(&carol.path("blobs/uploads/"))
            .refused(404, "NAME_UNKNOWN");
        carol.blob(&digest).expect(404);
    }
    // The administrator may do everything, including deletes.
    guarded.remote("root", "team/app").delete("1").expect(202);
    guarded.server.stop();
}

#[test]
fn public_repositories_are_pulled_and_found_by_everybody() {
    let guarded = Guarded::start();
    for name in ["team/app", "team/hidden"] {
        guarded.remote("alice", name).push("1", &Image::new(1));
    }
    let nobody = guarded.remote("", "team/app");
    nobody.manifest("1").refused(401, "UNAUTHORIZED");
    guarded
        .ask_token("", &["repository:team/app:pull"])
        .refused(401, "UNAUTHORIZED");
    guarded.administer(&["visibility", "team/app", "public"]);
    nobody.verify("1");
    guarded
        .bearer("", &["repository:team/app:pull"])
        .get("/v2/team/app/tags/list")
        .expect(200);
    guarded.remote("carol", "team/app").verify("1");
    nobody
        .client
        .post("/v2/team/app/blobs/uploads/")
        .refused(401, "UNAUTHORIZED");
    let carol = guarded.client("carol");
    carol
        .post("/v2/team/app/blobs/uploads/")
        .refused(403, "DENIED");
    guarded
        .remote("", "team/hidden")
        .manifest("1")
        .refused(401, "UNAUTHORIZED");
    for (name, listed) in [
        ("", vec!["team/app"]),
        ("carol", vec!["team/app"]),
        ("bob", vec!["team/app"]),
        ("alice", vec!["team/app", "team/hidden"]),
        ("root", vec!["team/app", "team/hidden"]),
    ] {
        let client = guarded.client(name);
        let catalog = client.get("/v2/_catalog").expect(200).json();
        assert_eq!(texts(&catalog["repositories"]), listed, "{name}");
        for target in ["/v1/search?q=team&n=25", "/v1/search?q=", "/"] {
            let found = client.get(target).expect(200).json();
            let results = found["results"].as_array().unwrap();
            let names: Vec<_> = results
                .iter()
                .map(|one| one["name"].as_str().unwrap())
                .collect();
            assert_eq!(names, listed, "{name} {target}");
            assert_eq!(found["num_results"], json!(listed.len()));
        }
    }
    let text = "Serves the shop\n\nwith 3 replicas";
    guarded.administer(&["describe", "team/app", "--text", text]);
    let found = guarded
        .client("")
        .get("/v1/search?q=REPLICAS")
        .expect(200)
        .json();
    assert_eq!(found["results"][0]["description"], "Serves the shop");
    // A signed-in client gets its own listing, without a challenge.
    let host = guarded.server.host();
    let mut login = guarded.regctl.command();
    login.args(["login", "-u", "alice", "--password-stdin", &host]);
    login.write_stdin("alice-secret").assert().success();
    let listed = guarded
        .regctl
        .stdout(&["--registry", &host, "catalog", "-o", "name"]);
    assert_eq!(listed, "team/app\nteam/hidden\n");
    let table = guarded.regctl.stdout(&["--registry", &host, "catalog"]);
    assert!(table.contains("team/hidden"), "{table}");
    guarded.administer(&["visibility", "team/app", "private"]);
    nobody.manifest("1").refused(401, "UNAUTHORIZED");
    guarded.server.stop();
}

#[test]
fn tokens_are_issued_for_requested_and_permitted_scopes() {
    let guarded = Guarded::start();
    let image = Image::new(1);
    guarded.remote("alice", "team/app").push("1", &image);
    let digest = sha256(&image.blobs[0]);
    let answer = guarded
        .ask_token("bob", &["repository:team/app:pull,push"])
        .expect(200);
    assert_eq!(answer.need("Cache-Control"), "no-store");
    let answer = answer.json();
    assert_eq!(answer["token"], answer["access_token"]);
    assert_eq!(answer["expires_in"], json!(300));
    let claims = answer["token"].as_str().unwrap().split('.').nth(1).unwrap();
    let claims = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, claims);
    let claims: serde_json::Value = serde_json::from_slice(&claims.unwrap()).unwrap();
    let access = json!([{"type": "repository", "name": "team/app", "actions": ["pull"]}]);
    assert_eq!(
        (&claims["access"], &claims["sub"]),
        (&access, &json!("bob"))
    );

    let bob = guarded.bearer("bob", &["repository:team/app:pull"]);
    bob.get("/v2/").expect(200);
    bob.get("/v2/team/app/manifests/1").expect(200);
    let other = bob.get("/v2/_catalog").refused(401, "UNAUTHORIZED");
    assert!(
        other
            .need("WWW-Authenticate")
            .ends_with("error=\"insufficient_scope\"")
    );
    bob.get("/v2/team/none/tags/list")
        .refused(404, "NAME_UNKNOWN");
    bob.post("/v2/team/app/blobs/uploads/")
        .refused(403, "DENIED");
    // A form requests the same, and gets no refresh token.
    let form = "grant_type=password&username=bob&password=bob-secret&service=regctl\
                &scope=repository:team/app:pull&client_id=x";
    let post = |form: &str| {
        guarded
            .client("")
            .send(&Request::new("POST", "/auth/token").body(form.as_bytes()))
    };
    assert!(post(form).expect(200).json().get("refresh_token").is_none());
    post(&form.replace("bob-secret", "wrong")).refused(401, "UNAUTHORIZED");
    post("grant_type=refresh_token&refresh_token=x&service=regctl").expect(400);
    post("grant_type=password").refused(401, "UNAUTHORIZED");
    guarded
        .client("")
        .get("/auth/token?service=other")
        .expect(400);
    // A mount needs both repositories in its token, and rights on both.
    let target = format!("/v2/team/copy/blobs/uploads/?mount={digest}&from=team/app");
    let into = "repository:team/copy:pull,push";
    guarded
        .bearer("alice", &[into])
        .post(&target)
        .refused(401, "UNAUTHORIZED");
    let both = [into, "repository:team/app:pull"];
    guarded.bearer("alice", &both).post(&target).expect(201);
    guarded.server.stop();
}

#[test]
fn secrets_are_not_logged_and_guessing_is_slowed_down() {
    let guarded = Guarded::start();
    let created = [
        "token",
        "create",
        "ci",
        "--user",
        "alice",
        "--scope",
        "team/*:pull,push",
    ];
    let token = guarded.administer(&created).trim().to_owned();
    let client = guarded.server.client();
    let with = |name: &str, password: &str| {
        let request = Request::new("GET", "/v2/").header("Authorization", &basic(name, password));
        client.send(&request)
    };
    with("alice", &token).expect(200);
    with("bob", &token).refused(401, "UNAUTHORIZED");
    let bearer = Request::new("GET", "/v2/").header("Authorization", &format!("Bearer {token}"));
    client.send(&bearer).expect(200);
    guarded.administer(&["token", "revoke", "ci", "--user", "alice"]);
    client.send(&bearer).refused(401, "UNAUTHORIZED");
    let mut last = 0;
    for guess in 0..40 {
        last = with("alice", &format!("guess-{guess}"))
            .expect_one_of(&[401, 429])
            .status;
    }
    assert_eq!(last, 429);
    let waiting = with("alice", "guess-41").refused(429, "TOOMANYREQUESTS");
    assert!((1..=60).contains(&waiting.need("Retry-After").parse::<u64>().unwrap()));
    // Sign-ins are written together, a moment later.
    let log = guarded.server.log_with("action=refuse-sign-in");
    let secret = token.rsplit('_').next().unwrap();
    for text in ["guess-", "alice-secret", secret] {
        assert!(!log.contains(text), "{text}");
    }
    guarded.server.stop();
}

#[test]
fn an_htpasswd_file_works_with_rights() {
    let hash = bcrypt::hash("secret", 4).unwrap();
    let setup = Setup::new(Program::Regctl);
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("htpasswd");
    std::fs::write(&file, format!("ada:{hash}\neve:{hash}\n")).unwrap();
    let config = |rest: &str| {
        let path = file.display();
        format!("version: 0.1\nauth:\n  htpasswd: {{realm: ours, path: {path}}}\n{rest}")
    };
    let server = setup.clone().config(&config("")).start();
    let sign = |server: &Server, name: &str| server.client().authorized(&basic(name, "secret"));
    let nobody = server.client();
    let challenge = nobody.get("/v2/").refused(401, "UNAUTHORIZED");
    assert_eq!(challenge.need("WWW-Authenticate"), "Basic realm=\"ours\"");
    sign(&server, "ada").get("/v2/").expect(200);
    crate::support::Remote::new(sign(&server, "ada"), "a/b").push("1", &Image::new(1));
    nobody
        .get("/v2/a/b/manifests/1")
        .refused(401, "UNAUTHORIZED");
    nobody.get("/auth/token").expect(404);
    // The file changes while the server runs.
    std::fs::write(&file, format!("eve:{hash}\n")).unwrap();
    sign(&server, "ada")
        .get("/v2/")
        .refused(401, "UNAUTHORIZED");
    let root = server.root().to_path_buf();
    server.stop();

    let rules = "regctl: {access: {anonymous: {a/*: pull}, users: {'*': pull}, eve: {own/*: 'pull,push'}}}\n";
    let server = setup.root(&root).config(&config(rules)).start();
    server.client().get("/v2/a/b/manifests/1").expect(200);
    let eve = sign(&server, "eve");
    eve.post("/v2/own/x/blobs/uploads/").expect(202);
    eve.post("/v2/a/b/blobs/uploads/").refused(403, "DENIED");
    server
        .client()
        .post("/v2/a/b/blobs/uploads/")
        .refused(401, "UNAUTHORIZED");
    server.stop();
}
