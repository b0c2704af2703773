//! Descriptions, stars and visibility of repositories, and the activity page.

use crate::accounts_support::Guarded;
use crate::pages_person::Person;
use crate::support::Image;

#[test]
fn a_hostile_readme_is_harmless() {
    let guarded = Guarded::start();
    guarded.remote("root", "team/app").push("1", &Image::new(1));
    let mut alice = Person::signed_in(&guarded.server, "alice");
    let text = "# About\n\n*What* it is <script>alert(1)</script>\
         <img src=\"https://evil.example/p.png\" onerror=\"alert(1)\"> ![p](https://evil.example/q.png)\n\n\
         [x](javascript:alert(1)) [y](https://example.com/) <form action=/sign-out></form>";
    let fields = [("do", "describe"), ("text", text)];
    let target = "/r/team/app/-/settings";
    alice.submit(target, target, &fields).expect(303);
    let page = alice.page("/r/team/app");
    assert!(
        page.contains("<h3>About</h3>") && page.contains("<em>What</em>"),
        "{page}"
    );
    assert!(page.contains("href=\"https://example.com/\""));
    for bad in [
        "alert(1)",
        "evil.example",
        "onerror",
        "javascript:",
        "<form action=/",
    ] {
        assert!(!page.contains(bad), "{bad}: {page}");
    }
    // The form shows the original text, escaped.
    let form = alice.page(target);
    assert!(
        form.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && !form.contains("<script>alert")
    );
    let mut bob = Person::signed_in(&guarded.server, "bob");
    bob.get(target).expect(403);
    bob.submit("/", target, &fields).expect(403);
    bob.get("/r/secret/x/-/settings").expect(404);
    guarded.server.stop();
}

#[test]
fn stars_and_visibility() {
    let guarded = Guarded::start();
    guarded.remote("root", "team/app").push("1", &Image::new(1));
    let mut bob = Person::signed_in(&guarded.server, "bob");
    let star = "/r/team/app/-/star";
    bob.submit("/", star, &[("starred", "1")]).expect(303);
    bob.submit("/", star, &[("starred", "1")]).expect(303);
    assert!(bob.page("/r/team/app").contains("★ Unstar 1"));
    guarded.remote("root", "team/new").push("1", &Image::new(2));
    let mut root = Person::signed_in(&guarded.server, "root");
    let sorted = |html: &str| {
        let at = |name: &str| html.find(&format!("href=\"/r/team/{name}\"")).unwrap();
        at("app") < at("new")
    };
    assert!(sorted(&root.page("/?sort=stars")));
    assert!(!sorted(&root.page("/?sort=pushed")));
    bob.submit("/", star, &[("starred", "0")]).expect(303);
    assert!(bob.page("/r/team/app").contains("☆ Star 0"));
    bob.get(star).expect(405);
    bob.submit("/", "/r/secret/x/-/star", &[("starred", "1")])
        .expect(404);

    let settings = "/r/team/app/-/settings";
    let public = [("do", "visibility"), ("public", "1")];
    Person::signed_in(&guarded.server, "alice")
        .submit("/", settings, &public)
        .expect(403);
    let page = root.page(settings);
    assert!(
        page.contains("Who may do what") && page.contains("team/app:pull"),
        "{page}"
    );
    let mut nobody = Person::new(&guarded.server);
    nobody.get("/r/team/app").expect(404);
    root.submit(settings, settings, &public).expect(303);
    nobody.page("/r/team/app");
    root.submit(settings, settings, &[("do", "visibility")])
        .expect(303);
    nobody.get("/r/team/app").expect(404);
    guarded.server.stop();
}

#[test]
fn rows_show_stars_and_descriptions() {
    let guarded = Guarded::start();
    guarded.remote("root", "team/app").push("1", &Image::new(1));
    guarded.administer(&[
        "describe",
        "team/app",
        "--text",
        "# The <b>shop</b>\n\nMore.",
    ]);
    let mut bob = Person::signed_in(&guarded.server, "bob");
    bob.submit("/", "/r/team/app/-/star", &[("starred", "1")])
        .expect(303);
    let page = bob.page("/");
    assert!(page.contains("The &lt;b&gt;shop&lt;/b&gt;"), "{page}");
    assert!(page.contains("data-label=\"Stars\">1</td>"), "{page}");
    guarded.server.stop();
}

#[test]
fn activity_is_limited_to_the_own_account() {
    let guarded = Guarded::start();
    guarded
        .remote("root", "secret/plan")
        .push("1", &Image::new(1));
    guarded
        .remote("alice", "team/app")
        .push("2", &Image::new(2));
    Person::new(&guarded.server).get("/activity").expect(404);
    let mut root = Person::signed_in(&guarded.server, "root");
    let all = root.page("/activity");
    assert!(
        all.contains("secret/plan:1") && all.contains("team/app:2"),
        "{all}"
    );
    assert!(all.contains("<svg") && all.contains("127.0.0.1"));
    // A blob has no page; its repository has one.
    let blobs = root.page("/activity?action=push-blob");
    assert!(blobs.contains("href=\"/r/team/app\""), "{blobs}");
    assert!(!blobs.contains("href=\"/r/team/app@"), "{blobs}");
    let some = root.page("/activity?account=alice");
    assert!(!some.contains("secret/plan") && some.contains("team/app:2"));
    let some = root.page("/activity?repository=secret/plan");
    assert!(some.contains("secret/plan:1") && !some.contains("team/app:2"));
    root.get("/activity?repository=..").expect(404);
    let some = root.page("/activity?action=set-tag&address=127.0.0.1");
    assert!(some.contains("secret/plan:1") && some.contains("team/app:2"));
    assert!(some.contains("<option value=\"set-tag\" selected>"));
    assert!(!some.contains("<th scope=\"row\">push-manifest</th>"));
    let none = root.page("/activity?address=192.0.2.1");
    assert!(!none.contains("secret/plan:1"));
    // The chart has a bar for each day of the period; for long periods a bar covers several days.
    let bars = |page: &str| page.matches("<tr><th scope=\"row\">20").count();
    for (days, expected) in [("1", 1), ("7", 7), ("92", 92), ("93", 47), ("3650", 92)] {
        let page = root.page(&format!("/activity?days={days}&action=set-tag"));
        assert_eq!(bars(&page), expected, "{days}: {page}");
        assert!(page.contains("<rect"), "today is in it: {page}");
    }
    let mut alice = Person::signed_in(&guarded.server, "alice");
    // A filter for another account changes nothing.
    let own = alice.page("/activity?account=root");
    assert!(!own.contains("secret/plan") && own.contains("team/app:2"));
    let file = root.get("/activity?format=csv").expect(200);
    assert_eq!(file.need("content-type"), "text/csv; charset=utf-8");
    let text = String::from_utf8(file.body).unwrap();
    assert!(
        text.starts_with("time,action,actor") && text.contains("\"secret/plan\",\"1\""),
        "{text}"
    );
    guarded.server.stop();
}

#[test]
fn browse_only_pages_change_no_repository() {
    let config = "version: 0.1\n\
                  storage: {delete: {enabled: true}, filesystem: {rootdirectory: /x}}\n\
                  regctl: {accounts: {enabled: true}, pages: {browse-only: true}}\n";
    let guarded = Guarded::start_with(config);
    let remote = guarded.remote("root", "team/app");
    let image = Image::new(1);
    remote.push("1", &image);
    let mut root = Person::signed_in(&guarded.server, "root");
    let mode = root.get("/app-mode.json").expect(200).json();
    assert_eq!(mode["browseOnly"], true);
    let tags = root.page("/r/team/app/-/tags");
    assert!(!tags.contains("type=\"checkbox\""), "{tags}");
    for page in ["/r/team/app", "/r/team/app:1"] {
        let shown = root.page(page);
        for change in ["delete", "tag\"", "settings", "star", "restore"] {
            assert!(
                !shown.contains(&format!("/-/{change}")),
                "{change}: {shown}"
            );
        }
    }
    root.get("/r/team/app/-/delete?tag=1").expect(403);
    root.get("/r/team/app/-/settings").expect(403);
    let digest = image.digest().to_string();
    for (target, fields) in [
        ("/r/team/app/-/delete", vec![("tag", "1"), ("images", "1")]),
        (
            "/r/team/app/-/tag",
            vec![("digest", &*digest), ("tag", "2")],
        ),
        ("/r/team/app/-/restore", vec![("what", "team/app:1")]),
        ("/r/team/app/-/settings", vec![("text", "x")]),
        ("/r/team/app/-/star", vec![("starred", "1")]),
    ] {
        root.submit("/account", target, &fields).expect(403);
    }
    assert_eq!(remote.tags(), ["1"]);
    // Accounts can still be managed, and the API is not affected.
    root.get("/accounts").expect(200);
    remote.push("2", &image);
    guarded.server.stop();
}
