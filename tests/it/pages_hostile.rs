//! The pages with hostile input: pushed content is escaped, forms must come from the pages, links
//! stay within.

use serde_json::json;

use crate::accounts_support::Guarded;
use crate::pages::{browse, page};
use crate::pages_person::Person;
use crate::support::{
    Image, Manifest, OCI_CONFIG, OCI_MANIFEST, Remote, Request, Server, descriptor, random_bytes,
};

/// Texts that would run, or break the page, if they were not escaped.
const MARKUP: [&str; 5] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "'};alert(1);//",
    "javascript:alert(1)",
    "\u{202e}gpj.exe</textarea></title>",
];

/// An image with `markup` as every text.
fn hostile(server: &Server, tag: &str, markup: &str) {
    hostile_at(&server.remote("hostile"), tag, markup);
}

fn hostile_at(remote: &Remote, tag: &str, markup: &str) {
    let layer = random_bytes(1, 100);
    let config = json!({
        "os": "linux", "architecture": markup, "author": markup, "created": markup,
        "config": {
            "Env": [markup, format!("A={markup}")], "Cmd": [markup], "Entrypoint": [markup],
            "User": markup, "WorkingDir": markup, "StopSignal": markup,
            "ExposedPorts": {markup: {}}, "Volumes": {markup: {}},
            "Labels": {markup: markup, "url": markup},
        },
        "history": [{"created_by": markup, "comment": markup}],
    });
    let config = config.to_string().into_bytes();
    remote.push_blob(&layer);
    remote.push_blob(&config);
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": descriptor(OCI_CONFIG, &config),
        "layers": [descriptor("application/vnd.oci.image.layer.v1.tar", &layer)],
        "annotations": {markup: markup},
    });
    remote
        .put(tag, &Manifest::new(OCI_MANIFEST, &manifest))
        .expect(201);
}

#[test]
fn pushed_texts_are_escaped() {
    let server = Server::regctl();
    for (number, markup) in MARKUP.iter().enumerate() {
        hostile(&server, &format!("t{number}"), markup);
    }
    for number in 0..MARKUP.len() {
        for target in [
            "/".to_owned(),
            "/r/hostile".to_owned(),
            format!("/r/hostile:t{number}"),
            format!("/compare?a=hostile:t{number}&b=hostile:t0"),
        ] {
            let html = page(&server, &target);
            assert_eq!(html.matches("<script").count(), 1, "{target}: {html}");
            for bad in [
                "<img src=x",
                "href=\"javascript:",
                "onerror=alert(1)>",
                "</textarea>",
            ] {
                assert!(!html.contains(bad), "{target}: {bad}");
            }
        }
    }
    server.stop();
}

#[test]
fn requested_texts_are_escaped() {
    let server = Server::regctl();
    server.remote("app").push("1", &Image::new(1));
    let bad = "%22%3E%3Cscript%3Ealert(1)%3C/script%3E";
    for target in [
        format!("/?q={bad}"),
        format!("/?q=a&sort={bad}&page={bad}&rows={bad}"),
        format!("/r/app/-/tags?filter={bad}&sort={bad}"),
        format!("/compare?a={bad}"),
    ] {
        let html = page(&server, &target);
        assert_eq!(html.matches("<script").count(), 1, "{target}");
    }
    for target in [
        format!("/r/{bad}"),
        format!("/{bad}"),
        format!("/assets/{bad}"),
    ] {
        let answer = browse(&server, &target).expect(404);
        let html = String::from_utf8(answer.body).unwrap();
        assert_eq!(html.matches("<script").count(), 1, "{target}");
    }
    server.stop();
}

#[test]
fn large_texts_are_cut() {
    let guarded = Guarded::start();
    let server = &guarded.server;
    let remote = guarded.remote("root", "hostile");
    // As an annotation up to the limit of manifests, as a label without a limit.
    for (tag, label, annotation) in [
        ("label", 10 << 20, 10),
        ("note", 10, 3 << 20),
        ("many", 100_000, 100_000),
    ] {
        let config = json!({"os": "linux", "config": {"Labels": {"a": "x".repeat(label)}}});
        let config = config.to_string().into_bytes();
        remote.push_blob(&config);
        let manifest = json!({
            "schemaVersion": 2, "mediaType": OCI_MANIFEST,
            "config": descriptor(OCI_CONFIG, &config), "layers": [],
            "annotations": {"a": "x".repeat(annotation)},
        });
        remote
            .put(tag, &Manifest::new(OCI_MANIFEST, &manifest))
            .expect(201);
    }
    let mut root = Person::signed_in(server, "root");
    for target in [
        "/",
        "/r/hostile",
        "/r/hostile/-/tags",
        "/r/hostile:label",
        "/r/hostile:note",
        "/r/hostile:many",
        "/compare?a=hostile:label&b=hostile:note",
    ] {
        let html = root.page(target);
        assert!(html.len() < 120_000, "{target}: {}", html.len());
    }
    // A form of this size is refused, and so is a description that would have to be cut.
    let text = "word ".repeat(2 << 20);
    let settings = "/r/hostile/-/settings";
    let fields = [("do", "describe"), ("text", &*text)];
    root.submit(settings, settings, &fields).expect(400);
    let file = guarded.regctl.home.path().join("README.md");
    std::fs::write(&file, &text).unwrap();
    let mut describe = guarded.regctl.command();
    describe
        .args(["describe", "hostile", "--file"])
        .arg(&file)
        .arg("--root")
        .arg(server.root());
    let _ = describe.output().unwrap();
    for target in ["/", "/r/hostile", "/?q=word"] {
        let html = root.page(target);
        assert!(html.len() < 120_000, "{target}: {}", html.len());
    }
    guarded.server.stop();
}

#[test]
fn bidirectional_controls_are_shown() {
    let guarded = Guarded::start();
    let markup = "invoice\u{202e}fdp.exe\u{2066}";
    let server = &guarded.server;
    hostile_at(&guarded.remote("root", "hostile"), "1", markup);
    guarded.administer(&["describe", "hostile", "--text", markup]);
    let mut root = Person::signed_in(server, "root");
    for target in [
        "/",
        "/r/hostile",
        "/r/hostile:1",
        "/compare?a=hostile:1&b=hostile:1",
        "/r/hostile/-/tags?filter=%E2%80%AEx",
        "/?q=%E2%80%AEx",
    ] {
        let html = root.page(target);
        assert!(!html.contains(['\u{202e}', '\u{2066}']), "{target}");
        assert!(html.contains("⟨U+202E⟩"), "{target}: {html}");
    }
    guarded.server.stop();
}

#[test]
fn the_api_ignores_cookies() {
    let guarded = Guarded::start();
    guarded.remote("root", "team/app").push("1", &Image::new(1));
    let root = Person::signed_in(&guarded.server, "root");
    let cookie = format!("regctl-session={}", root.session().unwrap());
    for target in [
        "/v2/",
        "/v2/team/app/manifests/1",
        "/v2/_catalog",
        "/auth/token?service=regctl&scope=repository:team/app:pull",
        "/v1/search?q=app",
    ] {
        let plain = guarded.client("").send(&Request::new("GET", target));
        let request = Request::new("GET", target).header("Cookie", &cookie);
        let with = guarded.client("").send(&request);
        assert_eq!(with.status, plain.status, "{target}");
        assert_eq!(with.list("set-cookie"), [""; 0], "{target}");
        let shown = String::from_utf8_lossy(&with.body).into_owned();
        assert!(!shown.contains("team/app\""), "{target}: {shown}");
    }
    let ping = Request::new("GET", "/v1/_ping").header("Accept", "text/html");
    guarded.client("").send(&ping).expect(200);
    // The token for an anonymous caller gives no access, even with the cookie.
    let request = Request::new("DELETE", "/v2/team/app/manifests/1").header("Cookie", &cookie);
    guarded.client("").send(&request).expect(401);
    guarded.server.stop();
}

#[test]
fn a_sign_in_redirects_only_within_and_starts_a_new_session() {
    let guarded = Guarded::start();
    for next in [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "\u{202e}/",
    ] {
        let mut bob = Person::new(&guarded.server);
        // A session that somebody else chose or has is not used for this browser.
        let chosen = "0123456789abcdef".repeat(4);
        bob.cookies.insert("regctl-session".into(), chosen.clone());
        let fields = [("name", "bob"), ("password", "bob-secret"), ("next", next)];
        let answer = bob.submit("/sign-in", "/sign-in", &fields).expect(303);
        assert_eq!(answer.need("location"), "/", "{next}");
        assert_ne!(bob.session(), Some(&*chosen));
        let mut thief = Person::new(&guarded.server);
        thief.cookies.insert("regctl-session".into(), chosen);
        thief.get("/account").expect(303);
        // A signed-in user is not redirected elsewhere, either.
        let target = format!(
            "/sign-in?next={}",
            next.replace('\u{202e}', "%E2%80%AE").replace('\t', "%09")
        );
        let answer = bob.get(&target).expect(303);
        assert_eq!(answer.need("location"), "/", "{next}");
    }
    let mut alice = Person::signed_in(&guarded.server, "alice");
    let first = alice.session().unwrap().to_owned();
    let mut again = Person::new(&guarded.server);
    again.cookies.insert("regctl-session".into(), first.clone());
    let token = again.form_token("/account");
    let fields = [("name", "alice"), ("password", "alice-secret")];
    again.post("/sign-in", &token, &fields).expect(303);
    assert_ne!(again.session(), Some(&*first));
    // The previous session has ended.
    let status = alice.get("/account").status;
    assert!(matches!(status, 303 | 404), "{status}");
    guarded.server.stop();
}

#[test]
fn pages_have_a_strict_content_policy() {
    let server = Server::regctl();
    for (target, status) in [("/", 200), ("/r/none", 404), ("/about", 200)] {
        let answer = browse(&server, target).expect(status);
        let policy = answer.need("content-security-policy");
        assert!(policy.contains("default-src 'none'"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.need("x-content-type-options"), "nosniff");
        let html = String::from_utf8(answer.body).unwrap();
        assert!(
            !html.contains(" style=") && !html.contains("<style"),
            "{target}"
        );
        assert!(!html.contains(" onclick="), "{target}");
        // No address of another host.
        assert!(!html.contains("src=\"http") && !html.contains("href=\"//"));
    }
    server.stop();
}

#[test]
fn forms_of_other_sites_are_refused() {
    let server = Server::regctl();
    let form = || Request::new("POST", "/preferences").body(b"theme=dark&next=/");
    let foreign = [
        form(),
        form().header("Sec-Fetch-Site", "cross-site"),
        form().header("Sec-Fetch-Site", "same-site"),
        form().header("Sec-Fetch-Site", "none"),
        form().header("Origin", "https://evil.example"),
        form().header("Origin", "null"),
    ];
    for request in foreign {
        let answer = server.client().send(&request).expect(403);
        assert!(answer.list("set-cookie").is_empty());
    }
    let own = form().header("Origin", &format!("http://{}", server.host()));
    server.client().send(&own).expect(303);
    // No GET changes anything.
    browse(&server, "/preferences?theme=dark").expect(405);
    for method in ["DELETE", "PUT", "POST"] {
        let request = Request::new(method, "/r/app");
        server.client().send(&request).expect(405);
    }
    server.stop();
}

#[test]
fn a_form_redirects_only_within() {
    let server = Server::regctl();
    for next in [
        "https://evil.example/",
        "//evil.example",
        "%2F%5Cevil.example",
        "/%0d%0aX:y",
    ] {
        let request = Request::new("POST", "/preferences")
            .header("Sec-Fetch-Site", "same-origin")
            .body(format!("theme=dark&next={next}").as_bytes());
        let answer = server.client().send(&request).expect(303);
        assert_eq!(answer.need("location"), "/", "{next}");
    }
    let large = Request::new("POST", "/preferences")
        .header("Sec-Fetch-Site", "same-origin")
        .body(&vec![b'a'; 200_000]);
    server.client().send(&large).expect(400);
    server.stop();
}
