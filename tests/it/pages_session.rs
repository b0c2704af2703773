//! Sessions of the pages: sign-in and sign-out, their rights, and attempts to steal one.

use crate::accounts_support::{Guarded, basic};
use crate::pages_person::Person;
use crate::support::{Image, Request, Server};

#[test]
fn a_session_shows_repositories_with_the_right_to_pull() {
    let guarded = Guarded::start();
    for name in ["team/app", "team/lib", "secret/plan"] {
        let (digest, bytes) = (Image::new(1), "1");
        guarded.remote("root", name).push(bytes, &digest);
    }
    let mut nobody = Person::new(&guarded.server);
    assert!(
        nobody
            .page("/")
            .contains("Sign in to see your repositories")
    );
    nobody.get("/r/team/app").expect(404);
    let answer = nobody.sign_in("bob", "bob-secret").expect(303);
    assert_eq!(answer.need("location"), "/");
    let cookie = answer.list("set-cookie").join("\n");
    assert!(
        cookie.contains("HttpOnly; SameSite=Lax") && !cookie.contains("Secure"),
        "{cookie}"
    );
    let mut bob = nobody;
    let answer = bob.get("/").expect(200);
    assert_eq!(answer.need("cache-control"), "no-store");
    let html = String::from_utf8(answer.body).unwrap();
    assert!(
        html.contains("/r/team/app\"") && html.contains(">bob</a>"),
        "{html}"
    );
    assert!(
        !html.contains("team/lib") && !html.contains("secret"),
        "{html}"
    );
    // A hidden repository looks like a missing one.
    let hidden = bob.get("/r/secret/plan").expect(404).body;
    let missing = bob.get("/r/secret/none").expect(404).body;
    let text = |body: Vec<u8>| String::from_utf8(body).unwrap().replace("none", "plan");
    assert_eq!(text(hidden), text(missing));
    assert!(
        Person::signed_in(&guarded.server, "root")
            .page("/")
            .contains("secret")
    );

    // Signing out ends the session on the server as well.
    let stolen = bob.cookies.clone();
    bob.get("/sign-out").expect(405);
    bob.submit("/", "/sign-out", &[]).expect(303);
    let ended = guarded.administer(&["audit", "--user", "bob", "-o", "json"]);
    let ended: serde_json::Value = serde_json::from_str(&ended).unwrap();
    let is_sign_out = |event: &serde_json::Value| {
        event["action"] == "sign-out" && event["actor"] == "bob" && event["address"] == "127.0.0.1"
    };
    assert!(ended.as_array().unwrap().iter().any(is_sign_out), "{ended}");
    assert!(bob.session().is_none());
    bob.cookies = stolen;
    bob.get("/r/team/app").expect(404);
    guarded.server.stop();
}

#[test]
fn a_session_ends_with_the_right_and_with_the_account() {
    let guarded = Guarded::start();
    guarded.remote("root", "team/app").push("1", &Image::new(1));
    let mut bob = Person::signed_in(&guarded.server, "bob");
    bob.page("/r/team/app");
    guarded.administer(&["revoke", "bob", "team/app", "pull"]);
    bob.get("/r/team/app").expect(404);
    guarded.administer(&["grant", "bob", "team/app", "pull"]);
    bob.page("/r/team/app");
    // It survives a restart.
    let Guarded { server, regctl } = guarded;
    let guarded = Guarded {
        server: server.restart(),
        regctl,
    };
    let mut moved = Person::new(&guarded.server);
    moved.cookies = bob.cookies;
    moved.page("/r/team/app");
    guarded.administer(&["user", "disable", "bob"]);
    moved.get("/r/team/app").expect(404);
    guarded.server.stop();
}

#[test]
fn wrong_passwords_get_one_answer_and_are_slowed_down() {
    let guarded = Guarded::start();
    let mut person = Person::new(&guarded.server);
    let mut body = |name: &str| {
        let answer = person.sign_in(name, "wrong").expect(403);
        let html = String::from_utf8(answer.body).unwrap();
        assert!(person.session().is_none());
        html.replace(name, "NAME")
    };
    let known = body("bob");
    assert!(known.contains("The name or the password is wrong."));
    assert_eq!(known, body("nobody-1"));
    assert_eq!(known, body("not a name"));
    for _ in 0..7 {
        person.sign_in("bob", "wrong").expect(403);
    }
    let answer = person.sign_in("bob", "bob-secret").expect(429);
    assert!(answer.need("retry-after").parse::<u32>().unwrap() >= 1);
    // A personal token is not accepted as the password: the session would have more rights.
    let token = guarded.administer(&["token", "create", "ci", "--user", "alice"]);
    person.sign_in("alice", token.trim()).expect(403);
    guarded.server.stop();
}

#[test]
fn a_sign_in_always_starts_a_new_session() {
    let guarded = Guarded::start();
    let mut attacker = Person::signed_in(&guarded.server, "carol");
    let planted = attacker.session().unwrap().to_owned();
    // The victim's browser has the attacker's session, and then an invented one.
    let mut victim = Person::new(&guarded.server);
    victim
        .cookies
        .insert("regctl-session".into(), planted.clone());
    let token = victim.form_token("/");
    let fields = [("name", "alice"), ("password", "alice-secret")];
    victim.post("/sign-in", &token, &fields).expect(303);
    assert_ne!(victim.session(), Some(planted.as_str()));
    assert!(attacker.page("/").contains("Sign in to see"));
    let mut other = Person::new(&guarded.server);
    let made_up = "ab".repeat(32);
    other
        .cookies
        .insert("regctl-session".into(), made_up.clone());
    other.sign_in("alice", "alice-secret").expect(303);
    assert_ne!(other.session(), Some(made_up.as_str()));
    guarded.server.stop();
}

#[test]
fn a_form_needs_this_origin_and_its_own_token() {
    let guarded = Guarded::start();
    let mut bob = Person::signed_in(&guarded.server, "bob");
    let token = bob.form_token("/");
    for headers in [
        &[][..],
        &[("Sec-Fetch-Site", "cross-site")],
        &[("Sec-Fetch-Site", "same-site")],
        &[("Origin", "https://evil.example")],
        &[("Origin", "null")],
    ] {
        bob.post_from("/sign-out", &token, &[], headers).expect(403);
    }
    let same = [("Sec-Fetch-Site", "same-origin")];
    let others = Person::signed_in(&guarded.server, "alice").form_token("/");
    for wrong in ["", "0", others.as_str()] {
        bob.post_from("/sign-out", wrong, &[], &same).expect(403);
    }
    let mut nobody = Person::new(&guarded.server);
    nobody
        .post_from(
            "/sign-in",
            "",
            &[("name", "bob"), ("password", "bob-secret")],
            &same,
        )
        .expect(403);
    assert!(bob.page("/").contains(">bob</a>"));
    bob.post_from("/sign-out", &token, &[], &same).expect(303);
    guarded.server.stop();
}

#[test]
fn a_sign_in_redirects_only_within() {
    let guarded = Guarded::start();
    for (next, expected) in [
        ("/r/team/app?x=1", "/r/team/app?x=1"),
        ("https://evil.example/", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
    ] {
        let mut person = Person::new(&guarded.server);
        let fields = [("name", "bob"), ("password", "bob-secret"), ("next", next)];
        let answer = person.submit("/sign-in", "/sign-in", &fields).expect(303);
        assert_eq!(answer.need("location"), expected, "{next}");
        let escaped = next
            .replace('/', "%2F")
            .replace('\\', "%5C")
            .replace('?', "%3F");
        let again = person.get(&format!("/sign-in?next={escaped}")).expect(303);
        assert_eq!(again.need("location"), expected, "{next}");
    }
    guarded.server.stop();
}

#[test]
fn the_api_ignores_cookies_and_the_pages_ignore_basic() {
    let guarded = Guarded::start();
    guarded.remote("root", "team/app").push("1", &Image::new(1));
    let bob = Person::signed_in(&guarded.server, "bob");
    let cookie = format!("regctl-session={}", bob.session().unwrap());
    for target in [
        "/v2/",
        "/v2/team/app/tags/list",
        "/v2/_catalog",
        "/v2/team/app/manifests/1",
    ] {
        let request = Request::new("GET", target).header("Cookie", &cookie);
        guarded.server.client().send(&request).expect(401);
    }
    let search = Request::new("GET", "/v1/search?q=app").header("Cookie", &cookie);
    let answer = guarded.server.client().send(&search);
    assert!(!String::from_utf8_lossy(&answer.body).contains("team/app"));
    let page = Request::new("GET", "/r/team/app")
        .header("Accept", "text/html")
        .header("Authorization", &basic("bob", "bob-secret"));
    guarded.server.client().send(&page).expect(404);
    guarded.server.stop();
}

#[test]
fn over_tls_the_cookie_is_bound_to_the_host() {
    let guarded = Guarded::start();
    let mut person = Person::new(&guarded.server);
    let client = guarded.server.client();
    let proxied = |request: Request| {
        let request = request
            .header("X-Forwarded-Proto", "https")
            .header("Accept", "text/html");
        client.send(&request)
    };
    let form = proxied(Request::new("GET", "/sign-in"));
    let form_cookie = form.list("set-cookie")[0].to_owned();
    assert!(
        form_cookie.starts_with("__Host-regctl-form="),
        "{form_cookie}"
    );
    let secret = form_cookie.split([';', '=']).nth(1).unwrap();
    person
        .cookies
        .insert("regctl-form".into(), secret.to_owned());
    let token = person.form_token("/sign-in");
    let body = format!("form-token={token}&name=bob&password=bob-secret");
    let answer = proxied(
        Request::new("POST", "/sign-in")
            .header("Sec-Fetch-Site", "same-origin")
            .header("Cookie", form_cookie.split(';').next().unwrap())
            .body(body.as_bytes()),
    );
    let answer = answer.expect(303);
    let cookie = answer.list("set-cookie").join("\n");
    assert!(cookie.starts_with("__Host-regctl-session="), "{cookie}");
    assert!(
        cookie.contains("Path=/; HttpOnly; SameSite=Lax; Secure"),
        "{cookie}"
    );
    guarded.server.stop();
}

#[test]
fn an_open_registry_has_no_sign_in_page() {
    let server = Server::regctl();
    let mut person = Person::new(&server);
    assert!(!person.page("/").contains("/sign-in"));
    person.get("/sign-in").expect(404);
    server.stop();
}

#[test]
fn refused_changes_of_accounts_have_their_reason_in_the_language_of_the_page() {
    let guarded = Guarded::start();
    let mut root = Person::signed_in(&guarded.server, "root");
    let origin = root.origin.clone();
    let cases: [(&[(&str, &str)], &str); 9] = [
        (&[("do", "remove"), ("id", "nobody")], "没有名为 nobody 的"),
        (
            &[("do", "add-user"), ("name", "bob"), ("password", "x")],
            "已有名为 bob",
        ),
        (
            &[("do", "add-user"), ("name", "a b"), ("password", "x")],
            "a b 不能用作名称",
        ),
        (
            &[("do", "add-user"), ("name", "anonymous"), ("password", "x")],
            "anonymous 在授权中有特殊含义",
        ),
        (
            &[("do", "grant"), ("grantee", "eve"), ("grant", "*:pull")],
            "没有名为 eve 的",
        ),
        (
            &[("do", "grant"), ("grantee", "bob"), ("grant", "*:write")],
            "无法授予 *:write",
        ),
        (
            &[("do", "join"), ("group", "devs"), ("accounts", "bob, e/e")],
            "e/e 不能用作名称",
        ),
        (
            &[("do", "set-password"), ("id", "bob"), ("password", "")],
            "密码为空",
        ),
        (
            &[
                ("do", "add-robot"),
                ("name", "ci"),
                ("label", "l"),
                ("scope", "x"),
            ],
            "无法授予 x",
        ),
    ];
    for (fields, reason) in cases {
        let token = root.form_token("/accounts");
        let headers = [("Origin", &*origin), ("Accept-Language", "zh-CN")];
        let answer = root.post_from("/accounts", &token, fields, &headers);
        let html = String::from_utf8(answer.expect(400).body).unwrap();
        assert!(html.contains(reason), "{fields:?}: {html}");
    }
    guarded.server.stop();
}
