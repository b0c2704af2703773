//! Actions on the pages: delete, undo, retag, tokens, passwords, accounts.

use crate::accounts_support::{Guarded, basic};
use crate::pages_person::Person;
use crate::support::{Image, Request, Response, Server};

fn html(answer: Response) -> String {
    String::from_utf8(answer.body).unwrap()
}

/// The value of a hidden field.
#[track_caller]
fn hidden<'a>(html: &'a str, name: &str) -> &'a str {
    let mark = format!("name=\"{name}\" value=\"");
    let start = html
        .find(&mark)
        .unwrap_or_else(|| panic!("no {name} in {html}"))
        + mark.len();
    html[start..].split('"').next().unwrap()
}

#[test]
fn tags_are_deleted_as_listed_and_restored() {
    let guarded = Guarded::start();
    guarded.administer(&["grant", "alice", "team/*", "delete"]);
    let remote = guarded.remote("alice", "team/app");
    let (one, two) = (Image::new(1), Image::new(2));
    for tag in ["1", "2", "latest"] {
        remote.push(tag, &one);
    }
    remote.push("old", &two);
    let mut alice = Person::signed_in(&guarded.server, "alice");
    assert!(
        alice
            .page("/r/team/app/-/tags")
            .contains("Delete all 4 that match")
    );
    let question = alice.page("/r/team/app/-/delete?tag=1&tag=old");
    assert!(
        question.contains("Delete 2 tags") && question.contains("2, latest"),
        "{question}"
    );
    assert_eq!(remote.tags().len(), 4, "a question deletes nothing");
    let list = hidden(&question, "list").to_owned();
    let target = "/r/team/app/-/delete";
    // If the list has changed since it was shown, nothing is deleted.
    let other = [("tag", "1"), ("tag", "2"), ("list", &list)];
    let again = html(alice.submit("/", target, &other).expect(200));
    assert!(again.contains("The list has changed"));
    assert_eq!(remote.tags().len(), 4);
    let fields = [
        ("tag", "1"),
        ("tag", "old"),
        ("list", &list),
        ("images", "1"),
    ];
    let done = html(alice.submit("/", target, &fields).expect(200));
    assert_eq!(remote.tags(), ["2", "latest"], "{done}");
    let digest = two.digest().to_string();
    let manifest = format!("/v2/team/app/manifests/{digest}");
    let asked = Request::new("GET", &manifest);
    guarded.client("alice").send(&asked).expect(404);
    let trash = alice.page("/r/team/app/-/trash");
    assert!(trash.contains("old (@"), "{trash}");
    let back = [("what", "1"), ("what", &*format!("@{digest}"))];
    alice
        .submit("/", "/r/team/app/-/restore", &back)
        .expect(200);
    assert_eq!(remote.tags(), ["1", "2", "latest", "old"]);
    guarded.client("alice").send(&asked).expect(200);
    // A line for each failure.
    let both = [("what", "1"), ("what", "never")];
    let partly = html(
        alice
            .submit("/", "/r/team/app/-/restore", &both)
            .expect(200),
    );
    assert!(
        partly.contains("could not be done") && partly.contains("never"),
        "{partly}"
    );
    assert!(
        partly.contains("It is not in the trash any more."),
        "{partly}"
    );
    // Its reason is in the language of the page.
    let token = alice.form_token("/");
    let (origin, restore) = (alice.origin.clone(), "/r/team/app/-/restore");
    let headers = [("Origin", &*origin), ("Accept-Language", "zh-CN")];
    let partly = html(
        alice
            .post_from(restore, &token, &both, &headers)
            .expect(200),
    );
    assert!(partly.contains("它已不在回收站中。"), "{partly}");

    // All tags that match a filter, and the whole repository.
    let question = alice.page("/r/team/app/-/delete?all=1&filter=1*");
    let list = hidden(&question, "list").to_owned();
    let fields = [("all", "1"), ("filter", "1*"), ("list", &*list)];
    alice.submit("/", target, &fields).expect(200);
    assert_eq!(remote.tags(), ["2", "latest", "old"]);
    alice.page("/r/team/app/-/delete?repository=1");
    let done = html(
        alice
            .submit("/", target, &[("repository", "1")])
            .expect(200),
    );
    assert!(done.contains("Undo"), "{done}");
    alice.get("/r/team/app").expect(404);
    alice
        .submit("/", "/r/team/app/-/restore", &[("what", "/")])
        .expect(200);
    assert_eq!(remote.tags(), ["2", "latest", "old"]);
    guarded.server.stop();
}

#[test]
fn callers_without_the_right_are_refused_and_learn_nothing() {
    let guarded = Guarded::start();
    guarded.remote("root", "team/app").push("1", &Image::new(1));
    guarded
        .remote("root", "secret/plan")
        .push("1", &Image::new(1));
    for (name, target, status) in [
        ("bob", "/r/team/app", 403),
        ("bob", "/r/secret/plan", 404),
        ("bob", "/r/secret/none", 404),
        ("alice", "/r/team/app", 403),
    ] {
        let mut person = Person::signed_in(&guarded.server, name);
        let path = format!("{target}/-/delete");
        person.get(&format!("{path}?tag=1")).expect(status);
        person.get(&format!("{path}?repository=1")).expect(status);
        person.submit("/", &path, &[("tag", "1")]).expect(status);
        person
            .submit("/", &path, &[("repository", "1")])
            .expect(status);
        person
            .submit("/", &format!("{target}/-/restore"), &[("what", "1")])
            .expect(status);
        person.get(&format!("{target}/-/trash")).expect(status);
    }
    let mut bob = Person::signed_in(&guarded.server, "bob");
    let page = bob.page("/r/team/app:1");
    assert!(!page.contains("new-tag") && !page.contains("/-/delete"));
    let digest = Image::new(1).digest().to_string();
    let fields = [("digest", digest.as_str()), ("tag", "2")];
    bob.submit("/", "/r/team/app/-/tag", &fields).expect(403);
    bob.submit("/", "/r/secret/plan/-/tag", &fields).expect(404);
    bob.get("/accounts").expect(404);
    bob.submit("/", "/accounts", &[("do", "add-user"), ("name", "eve")])
        .expect(404);
    guarded.server.stop();
}

#[test]
fn an_image_gets_another_tag() {
    let guarded = Guarded::start();
    let remote = guarded.remote("root", "team/app");
    let (one, two) = (Image::new(1), Image::new(2));
    remote.push("1", &one);
    remote.push("2", &two);
    let mut alice = Person::signed_in(&guarded.server, "alice");
    assert!(alice.page("/r/team/app:1").contains("new-tag"));
    let digest = one.digest().to_string();
    let mut tag = |fields: &[(&str, &str)]| {
        let mut all = vec![("digest", digest.as_str())];
        all.extend(fields);
        alice.submit("/", "/r/team/app/-/tag", &all)
    };
    assert_eq!(
        tag(&[("tag", "stable")]).expect(303).need("location"),
        "/r/team/app:stable"
    );
    tag(&[("tag", "2")]).expect(409);
    tag(&[("tag", "-x")]).expect(400);
    tag(&[("tag", "2"), ("overwrite", "1")]).expect(303);
    let client = guarded.client("root");
    for name in ["stable", "2"] {
        let asked = Request::new("HEAD", &format!("/v2/team/app/manifests/{name}"));
        assert_eq!(
            client
                .send(&asked)
                .expect(200)
                .need("docker-content-digest"),
            digest
        );
    }
    guarded.server.stop();
}

#[test]
fn a_profile_changes_password_sessions_and_tokens() {
    let guarded = Guarded::start();
    let mut nobody = Person::new(&guarded.server);
    let moved = nobody.get("/account").expect(303);
    assert_eq!(moved.need("location"), "/sign-in?next=/account");
    let mut alice = Person::signed_in(&guarded.server, "alice");
    let mut other = Person::signed_in(&guarded.server, "alice");

    let fields = [
        ("do", "create-token"),
        ("label", "ci"),
        ("scope", "team/*:pull"),
        ("days", "9"),
    ];
    let made = html(alice.submit("/account", "/account", &fields).expect(200));
    let start = made.find("value=\"regctl_").unwrap() + "value=\"".len();
    let token = made[start..].split('"').next().unwrap().to_owned();
    assert!(
        made.contains("docker login -u alice --password-stdin"),
        "{made}"
    );
    let page = alice.page("/account");
    assert!(page.contains("team/*:pull") && !page.contains(&token));
    let asked = || {
        let login = Request::new("GET", "/auth/token?service=regctl");
        let login = login.header("Authorization", &basic("alice", &token));
        guarded.server.client().send(&login)
    };
    asked().expect(200);
    let bad = [
        ("do", "create-token"),
        ("label", "x"),
        ("scope", "nonsense"),
    ];
    alice.submit("/account", "/account", &bad).expect(400);
    // Tokens of others can't be revoked.
    let id = token.split('_').nth(1).unwrap().to_owned();
    let revoke = [("do", "revoke-token"), ("id", id.as_str())];
    let mut bob = Person::signed_in(&guarded.server, "bob");
    bob.submit("/account", "/account", &revoke).expect(404);
    asked().expect(200);
    alice.submit("/account", "/account", &revoke).expect(200);
    asked().expect(401);

    let wrong = [
        ("do", "password"),
        ("password", "x"),
        ("new-password", "n"),
        ("again", "n"),
    ];
    alice.submit("/account", "/account", &wrong).expect(400);
    let differ = [
        ("do", "password"),
        ("password", "alice-secret"),
        ("new-password", "n"),
        ("again", "m"),
    ];
    alice.submit("/account", "/account", &differ).expect(400);
    let before = alice.session().unwrap().to_owned();
    let right = [
        ("do", "password"),
        ("password", "alice-secret"),
        ("new-password", "new one"),
        ("again", "new one"),
    ];
    alice.submit("/account", "/account", &right).expect(303);
    assert_ne!(alice.session(), Some(before.as_str()));
    assert!(alice.page("/account").contains("This browser"));
    other.get("/account").expect(303);
    other.sign_in("alice", "alice-secret").expect(403);
    other.sign_in("alice", "new one").expect(303);
    alice
        .submit("/account", "/account", &[("do", "end-others")])
        .expect(303);
    other.get("/account").expect(303);
    guarded.server.stop();
}

#[test]
fn an_administrator_manages_accounts_except_the_last_administrator() {
    let guarded = Guarded::start();
    let mut root = Person::signed_in(&guarded.server, "root");
    let mut ask = |status: u16, fields: &[(&str, &str)]| {
        html(root.submit("/accounts", "/accounts", fields).expect(status))
    };
    for what in ["remove", "disable", "demote"] {
        let said = ask(400, &[("do", what), ("id", "root")]);
        assert!(said.contains("The last administrator"), "{said}");
    }
    ask(200, &[("do", "promote"), ("id", "alice")]);
    ask(200, &[("do", "demote"), ("id", "alice")]);
    let said = ask(400, &[("do", "demote"), ("id", "root")]);
    assert!(said.contains("The last administrator"), "{said}");
    ask(
        200,
        &[
            ("do", "add-user"),
            ("name", "dora"),
            ("password", "dora-secret"),
        ],
    );
    ask(
        400,
        &[("do", "add-user"), ("name", "dora"), ("password", "x")],
    );
    ask(
        400,
        &[("do", "add-user"), ("name", "a b"), ("password", "x")],
    );
    let listed = ask(
        200,
        &[("do", "join"), ("group", "devs"), ("accounts", "dora, bob")],
    );
    assert!(listed.contains("bob, dora"), "{listed}");
    ask(
        200,
        &[
            ("do", "grant"),
            ("grantee", "devs"),
            ("grant", "new/*:pull,push"),
        ],
    );
    guarded.remote("dora", "new/app").push("1", &Image::new(1));
    ask(
        200,
        &[
            ("do", "revoke"),
            ("grantee", "devs"),
            ("grant", "new/*:pull,push"),
        ],
    );
    Person::signed_in(&guarded.server, "dora")
        .get("/r/new/app")
        .expect(404);
    let robot = ask(
        200,
        &[
            ("do", "add-robot"),
            ("name", "deployer"),
            ("label", "ci"),
            ("scope", "new/*:pull"),
        ],
    );
    assert!(
        robot.contains("docker login -u deployer --password-stdin"),
        "{robot}"
    );
    ask(200, &[("do", "disable"), ("id", "dora")]);
    Person::new(&guarded.server)
        .sign_in("dora", "dora-secret")
        .expect(403);
    ask(
        200,
        &[
            ("do", "add-user"),
            ("name", "boss"),
            ("password", "p"),
            ("admin", "1"),
        ],
    );
    ask(200, &[("do", "remove"), ("id", "dora")]);
    guarded.server.stop();
}

#[test]
fn without_accounts_the_pages_allow_what_the_api_allows() {
    let deletes =
        "version: 0.1\nstorage: {delete: {enabled: true}, filesystem: {rootdirectory: /x}}";
    for (config, status) in [(deletes, 200), ("version: 0.1", 403)] {
        let server = Server::regctl_with(config);
        let remote = server.remote("team/app");
        remote.push("1", &Image::new(1));
        let mut person = Person::new(&server);
        let answer = person.get("/r/team/app/-/delete?tag=1").expect(status);
        if status == 200 {
            let question = html(answer);
            let list = hidden(&question, "list").to_owned();
            let fields = [("tag", "1"), ("list", &*list), ("images", "1")];
            person
                .submit("/r/team/app:1", "/r/team/app/-/delete", &fields)
                .expect(200);
            assert_eq!(remote.tags().len(), 0);
        }
        person.get("/account").expect(404);
        person.get("/accounts").expect(404);
        server.stop();
    }
}
