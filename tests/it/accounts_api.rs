//! Administration over the network: who is permitted, what curl gets, and the commands with
//! `--registry`.

use serde_json::{Value, json};

use crate::accounts_support::Guarded;
use crate::cli_support::text;
use crate::support::{Client, Image, Request, Response, Server};

const PATH: &str = "/api/v1/operations";

fn request(operation: &Value) -> Request {
    Request::new("POST", PATH)
        .header("Content-Type", "application/json")
        .body(operation.to_string().as_bytes())
}

fn ask(client: &Client, operation: &Value) -> Response {
    client.send(&request(operation))
}

fn usage() -> Value {
    json!({ "operation": "usage" })
}

#[test]
fn only_administrators_administer() {
    let guarded = Guarded::start();
    let answer = ask(&guarded.client("root"), &usage()).expect(200);
    let lines: Vec<Value> = String::from_utf8_lossy(&answer.body)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines[0], json!({ "version": 1 }));
    assert!(lines[1]["report"]["usage-report"].is_object(), "{lines:?}");
    ask(&guarded.client("alice"), &usage()).refused(403, "DENIED");
    let nobody = ask(&guarded.client(""), &usage()).refused(401, "UNAUTHORIZED");
    assert_eq!(nobody.need("WWW-Authenticate"), "Basic realm=\"regctl\"");
    // A token of the token service is only for pulls and pushes, whoever owns it.
    let token = guarded.bearer("root", &["registry:catalog:*"]);
    ask(&token, &usage()).refused(403, "DENIED");
    // Another site could send a form, and a cookie is not a credential here.
    let form = Request::new("POST", PATH).body(usage().to_string().as_bytes());
    guarded.client("root").send(&form).expect(415);
    let cookie = request(&usage()).header("Cookie", "session=root");
    guarded.client("").send(&cookie).expect(401);
    guarded.client("root").get(PATH).expect(405);
    for (operation, status) in [
        (json!({ "operation": "explode" }), 400),
        (json!([]), 400),
        (json!({ "operation": "usage", "under": "none/such" }), 404),
        (
            json!({ "operation": "account", "do": "remove-user", "name": "nobody" }),
            404,
        ),
        (
            json!({
                "operation": "account", "do": "create-token", "label": "ci", "owner": "root",
                "scope": null, "lifetime": 0,
            }),
            400,
        ),
    ] {
        ask(&guarded.client("root"), &operation).expect(status);
    }
    for (body, part) in [
        (r#"{"operation":"explode"}"#, "it has collect, "),
        (
            r#"{"operation":"account","do":"fire"}"#,
            "it has add-user, ",
        ),
        (
            r#"{"operation":"check","read":1}"#,
            "the field \"read\" has to be a boolean",
        ),
        ("{", "the request is cut off"),
        ("", "the request is empty"),
    ] {
        let malformed = Request::new("POST", PATH)
            .header("Content-Type", "application/json")
            .body(body.as_bytes());
        let answer = guarded.client("root").send(&malformed).expect(400).json();
        let message = answer["errors"][0]["message"].as_str().unwrap();
        assert!(message.contains(part), "{body}: {message}");
        assert!(!message.contains("variant"), "{body}: {message}");
    }
    let elsewhere = guarded.client("root").get("/api/v2/operations").expect(404);
    let message = String::from_utf8_lossy(&elsewhere.body).into_owned();
    assert!(message.contains("POST /api/v1/operations"), "{message}");
    guarded.server.stop();
    // Without sign-in there is no administration over the network.
    let open = Server::regctl();
    ask(&open.client(), &usage()).refused(403, "DENIED");
    open.stop();
}

#[test]
fn a_misspelt_field_does_nothing() {
    let guarded = Guarded::start();
    for request in [
        json!({ "operation": "collect", "dry-run": true }),
        json!({ "operation": "empty-trash", "dryRun": true }),
    ] {
        let answer = ask(&guarded.client("root"), &request).expect(400).json();
        let message = answer["errors"][0]["message"].as_str().unwrap();
        assert!(message.contains("unknown field"), "{message}");
    }
    guarded.server.stop();
}

#[test]
fn commands_go_over_the_network() {
    let guarded = Guarded::start();
    let host = guarded.server.host();
    let run = |arguments: &[&str]| {
        let mut command = guarded.regctl.command();
        command.args(arguments).args(["--registry", &host]);
        command
    };
    let login = |name: &str| {
        let mut login = guarded.regctl.command();
        login
            .args(["login", "-u", name, "--password-stdin", &host])
            .write_stdin(format!("{name}-secret\n"));
        login.assert().success();
    };
    run(&["user", "list"]).assert().code(4);
    login("alice");
    run(&["user", "list"]).assert().code(4);
    login("root");
    guarded
        .remote("alice", "team/app")
        .push("1", &Image::new(1));
    let out = |arguments: &[&str]| text(&run(arguments).assert().success().get_output().stdout);
    assert_eq!(
        out(&["user", "list", "-o", "name"]),
        "alice\nbob\ncarol\nroot\n"
    );
    out(&["group", "add", "team-b", "bob"]);
    out(&["grant", "team-b", "team/*", "pull"]);
    assert!(out(&["rights", "bob"]).contains("team-b"));
    assert!(out(&["token", "create", "ci", "--user", "alice"]).contains("regctl"));
    out(&["visibility", "team/app", "public"]);
    out(&["describe", "team/app", "--text", "An app"]);
    assert!(out(&["du"]).contains("team/app"));
    out(&["check"]);
    out(&["gc", "--dry-run"]);
    guarded.remote("root", "team/app").delete("1").expect(202);
    assert!(out(&["trash"]).contains("team/app:1"));
    out(&["restore", "team/app:1"]);
    guarded.remote("alice", "team/app").verify("1");
    assert!(out(&["audit", "--user", "root"]).contains("restore"));
    out(&["prune", "--dry-run", "team/app", "--keep-last", "1"]);
    run(&["user", "remove", "nobody"]).assert().code(3);
    // The rights of a robot are those of its token: a grant would have no effect.
    let robot = [
        "token",
        "create",
        "deploy",
        "--robot",
        "builder",
        "--scope",
        "team/*:pull,push",
    ];
    assert!(out(&robot).contains("regctl"));
    for about in ["builder", "team/app"] {
        let shown = out(&["rights", about]);
        assert!(shown.contains("builder (token deploy)"), "{shown}");
    }
    let refused = run(&["grant", "builder", "other/*", "pull"])
        .assert()
        .code(2);
    let refused = text(&refused.get_output().stderr);
    assert!(
        refused.contains("is a robot") && refused.contains("--scope"),
        "{refused}"
    );
    run(&["rights", "nobody"]).assert().code(3);
    for (pattern, rights) in [("none/*", "pull"), ("team/*", "delete")] {
        let refused = run(&["revoke", "team-b", pattern, rights]).assert().code(3);
        let refused = text(&refused.get_output().stderr);
        assert!(refused.contains("has no such grant"), "{refused}");
    }
    guarded.server.stop();
}

/// The rule is enforced in one place: commands, the API and the pages all follow it.
#[test]
fn the_last_administrator_can_not_be_demoted() {
    let guarded = Guarded::start();
    let refused = |arguments: &[&str]| {
        let mut command = guarded.regctl.command();
        command
            .args(["user"])
            .args(arguments)
            .arg("--root")
            .arg(guarded.server.root());
        let output = command.assert().code(2);
        text(&output.get_output().stderr)
    };
    for what in ["remove", "disable", "demote"] {
        let said = refused(&[what, "root"]);
        assert!(
            said.contains("root is the last administrator; hint: "),
            "{said}"
        );
        assert_eq!(said.lines().count(), 1, "{said}");
    }
    let root = guarded.client("root");
    for operation in [
        json!({"operation": "account", "do": "remove-user", "name": "root"}),
        json!({"operation": "account", "do": "set-disabled", "name": "root", "disabled": true}),
        json!({"operation": "account", "do": "set-admin", "name": "root", "admin": false}),
    ] {
        let answer = ask(&root, &operation).expect(400).json();
        let failure = &answer["errors"][0]["detail"]["failure"];
        assert_eq!(failure["reason"]["code"], "last-administrator", "{answer}");
    }
    // A disabled administrator does not count.
    guarded.user("other", &["--admin"]);
    guarded.administer(&["user", "disable", "other"]);
    refused(&["demote", "root"]);
    // On the host no account is needed.
    guarded.administer(&["user", "promote", "alice"]);
    guarded.administer(&["user", "demote", "root"]);
    ask(&root, &usage()).expect(403);
    ask(&guarded.client("alice"), &usage()).expect(200);
    guarded.administer(&["user", "remove", "root"]);
    refused(&["remove", "alice"]);
    guarded.server.stop();
}
