//! The pages before strangers: what was pushed is text, forms come from our own pages, links stay
//! within.

use serde_json::json;

use crate::pages::{browse, page};
use crate::support::{
    Image, Manifest, OCI_CONFIG, OCI_MANIFEST, Request, Server, descriptor, random_bytes,
};

/// What would run, or take over the page, if it were not text.
const MARKUP: [&str; 5] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "'};alert(1);//",
    "javascript:alert(1)",
    "\u{202e}gpj.exe</textarea></title>",
];

/// An image whose every text is `markup`.
fn hostile(server: &Server, tag: &str, markup: &str) {
    let remote = server.remote("hostile");
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
fn what_was_pushed_is_text() {
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
fn what_was_asked_is_text() {
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
fn ten_mebibytes_of_text_do_not_make_a_page_of_them() {
    let server = Server::regctl();
    hostile(&server, "large", &"x".repeat(100_000));
    let html = page(&server, "/r/hostile:large");
    assert!(html.len() < 120_000, "{}", html.len());
    server.stop();
}

#[test]
fn pages_run_nothing_of_others_and_stand_in_no_frame() {
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
fn forms_come_from_our_own_pages() {
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
fn a_form_leads_nowhere_else() {
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
