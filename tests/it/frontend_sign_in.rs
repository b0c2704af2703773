//! `regctl frontend` for a registry with sign-in, over TLS, and below a path.

use std::fs;

use crate::accounts_support::{Guarded, basic};
use crate::frontend::Frontend;
use crate::pages_person::Person;
use crate::support::{Image, Program, Remote, Server, Setup, have, tls};

/// Debian's registry with the users ada and bob, whose passwords are their names with `-secret`.
fn guarded_registry(scratch: &std::path::Path) -> Server {
    let file = scratch.join("htpasswd");
    let line = |name: &str| {
        let hash = bcrypt::hash(format!("{name}-secret"), 4).unwrap();
        format!("{name}:{}\n", hash.replacen("$2b$", "$2y$", 1))
    };
    fs::write(&file, line("ada") + &line("bob")).unwrap();
    let config = format!(
        "version: 0.1\nstorage: {{delete: {{enabled: true}}, filesystem: {{rootdirectory: /nowhere}}}}\n\
         auth:\n  htpasswd: {{realm: theirs, path: {}}}\nhttp: {{addr: \"127.0.0.1:0\"}}\n",
        file.display()
    );
    Setup::new(Program::DockerRegistry).config(&config).start()
}

#[test]
fn a_sign_in_is_forwarded_to_the_registry() {
    if !have(&["docker-registry"]) {
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    let registry = guarded_registry(scratch.path());
    let client = registry.client().authorized(&basic("ada", "ada-secret"));
    let app = Remote::new(client, "team/app");
    let image = Image::new(1);
    app.push_blobs(&image);
    for number in 0..2000 {
        app.put(&format!("v0.0.{number}"), &image.manifest)
            .expect(201);
    }
    let host = registry.host();
    let frontend = Frontend::of(
        &["--registry", &host, "--plain-http", "--cache", "10s"],
        &[],
    );
    let mut person = Person::at(frontend.client.clone());

    // A 401 of the registry leads to the form, which returns to the page.
    let sent = person.get("/r/team/app/-/tags?rows=5").expect(303);
    let form = "/sign-in?next=/r/team/app/-/tags%3Frows%3D5";
    assert_eq!(sent.need("location"), form);
    assert!(person.page(form).contains("name=\"password\""));
    let fields = |password| {
        [
            ("name", "ada"),
            ("password", password),
            ("next", "/r/team/app"),
        ]
    };
    let wrong = person
        .submit(form, "/sign-in", &fields("guess"))
        .expect(403);
    assert!(
        wrong
            .list("set-cookie")
            .iter()
            .all(|cookie| !cookie.contains("regctl-session"))
    );
    // A secret chosen by somebody else is not a session and does not become one.
    let chosen = "ab".repeat(32);
    person
        .cookies
        .insert("regctl-session".into(), chosen.clone());
    let answer = person
        .submit(form, "/sign-in", &fields("ada-secret"))
        .expect(303);
    assert_eq!(answer.need("location"), "/r/team/app");
    let cookies = answer.list("set-cookie").join("\n");
    assert!(cookies.contains("HttpOnly; SameSite=Lax"), "{cookies}");
    assert!(
        !cookies.contains("ada") && !cookies.contains(&chosen),
        "{cookies}"
    );

    let tags = person.get("/r/team/app/-/tags?rows=5").expect(200);
    assert_eq!(tags.need("cache-control"), "no-store");
    let tags = String::from_utf8(tags.body).unwrap();
    assert!(
        tags.contains("v0.0.1999\"") && tags.contains("2,000"),
        "{tags}"
    );
    assert!(
        tags.contains("<span>ada</span>") && !tags.contains("ada-secret"),
        "{tags}"
    );
    assert!(person.page("/").contains("/r/team/app\""));
    assert!(person.page("/r/team/app:v0.0.7").contains("linux/amd64"));
    person.get("/r/team/none").expect(404);

    // Others do not see it, and signing out ends the session on the server.
    let mut other = Person::at(frontend.client.clone());
    other.get("/r/team/app").expect(303);
    let kept = person.cookies.clone();
    person.submit("/", "/sign-out", &[]).expect(303);
    person.cookies = kept;
    person.get("/r/team/app").expect(303);
    for next in ["https://evil.example/", "//evil.example", "/\\evil.example"] {
        let fields = [("name", "bob"), ("password", "bob-secret"), ("next", next)];
        let answer = other.submit("/sign-in", "/sign-in", &fields).expect(303);
        assert_eq!(answer.need("location"), "/", "{next}");
        other.cookies.clear();
    }
    // A form of another page can't sign in.
    other
        .post("/sign-in", "", &fields("ada-secret"))
        .expect(403);
    for _ in 0..8 {
        other
            .submit("/sign-in", "/sign-in", &fields("guess"))
            .expect(403);
    }
    let answer = other
        .submit("/sign-in", "/sign-in", &fields("ada-secret"))
        .expect(429);
    answer.need("retry-after");
    registry.stop();
}

#[test]
fn a_page_of_a_hidden_repository_is_refused() {
    let guarded = Guarded::start();
    guarded.remote("root", "team/app").push("1", &Image::new(1));
    guarded
        .remote("root", "secret/plan")
        .push("1", &Image::new(2));
    let host = guarded.server.host();
    let frontend = Frontend::of(&["--registry", &host, "--plain-http", "--cache", "0"], &[]);
    let mut bob = Person::at(frontend.client.clone());
    bob.get("/r/team/app").expect(303);
    bob.sign_in("bob", "bob-secret").expect(303);
    bob.page("/r/team/app");
    let refused = bob.get("/r/secret/plan");
    assert!(matches!(refused.status, 403 | 404), "{refused:?}");
    guarded.server.stop();
}

#[test]
fn an_open_registry_has_no_sign_in() {
    let registry = Server::regctl();
    registry.remote("team/app").push("1", &Image::new(1));
    let frontend = Frontend::of(
        &[
            "--registry",
            &registry.host(),
            "--plain-http",
            "--base-path",
            "/pages/",
        ],
        &[],
    );
    let page = frontend.page("/");
    assert!(!page.contains("/sign-in"), "{page}");
    assert!(page.contains("href=\"/pages/r/team/app\""), "{page}");
    assert!(page.contains("href=\"/pages/assets/style-"), "{page}");
    frontend.browse("/sign-in").expect(404);
    registry.stop();
}

#[test]
fn a_frontend_with_tls() {
    let registry = Server::regctl();
    let host = registry.host();
    let frontend = Frontend::of(
        &[
            "--registry",
            &host,
            "--plain-http",
            "--tls",
            "self-signed",
            "--host",
            "pages.example",
        ],
        &[],
    );
    let directory = frontend
        .home
        .path()
        .join(".local/share/regctl-frontend/tls");
    let authority = fs::read_to_string(directory.join("ca.pem")).unwrap();
    let port = frontend.address.port();
    let (_, protocol) = tls::peer(port, "pages.example", &[b"h2"], Some(&authority)).unwrap();
    assert_eq!(protocol.as_deref(), Some(&b"h2"[..]));
    assert!(tls::peer(port, "other.example", &[], Some(&authority)).is_err());
    registry.stop();
}
