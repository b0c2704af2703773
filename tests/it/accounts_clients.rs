//! Real clients against a server with accounts: docker, podman, skopeo and curl sign in, push, are
//! refused, pull, mount, search and sign out.

use std::process::{Command, Stdio};

use crate::accounts_support::Guarded;
use crate::interop::{base, podman, skopeo};
use crate::interop_docker::Dockerd;
use crate::support::{Image, attempt, have, is_root, run};

/// Runs a command that must fail with one of these words.
#[track_caller]
fn refused(command: &mut Command, words: &[&str]) {
    let output = attempt(command);
    let said = output.text.to_lowercase();
    assert!(!output.success, "{command:?} succeeded:\n{said}");
    assert!(
        words.iter().any(|word| said.contains(word)),
        "{command:?}:\n{said}"
    );
}

/// Signs in with the password on standard input.
#[track_caller]
pub(crate) fn sign_in(command: &mut Command, password: &str) -> bool {
    use std::io::Write as _;
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(password.as_bytes()).unwrap();
    drop(input);
    child.wait().unwrap().success()
}

#[test]
fn docker_signs_in_pushes_pulls_mounts_searches_and_signs_out() {
    if !is_root() || !have(&["dockerd", "docker", "containerd", "runc", "tar"]) {
        return;
    }
    let guarded = Guarded::start();
    let Some(archive) = base(guarded.server.scratch()) else {
        return;
    };
    let Some(daemon) = Dockerd::start() else {
        return;
    };
    let host = guarded.server.host();
    let image = |name: &str| format!("{host}/{name}:1");
    let docker = |arguments: &[&str]| {
        let mut command = daemon.docker();
        command.args(arguments);
        command
    };
    let login = |name: &str, password: &str| {
        sign_in(
            docker(&["login", "-u", name, "--password-stdin", &host]).stdin(Stdio::piped()),
            password,
        )
    };
    run(daemon
        .docker()
        .arg("import")
        .arg(&archive)
        .arg(image("team/app")));
    for name in ["team/copy", "secret/app"] {
        run(&mut docker(&["tag", &image("team/app"), &image(name)]));
    }
    refused(
        &mut docker(&["push", &image("team/app")]),
        &["unauthorized", "no basic auth", "authentication required"],
    );
    assert!(!login("alice", "wrong"));
    assert!(login("alice", "alice-secret"));
    run(&mut docker(&["push", &image("team/app")]));
    let mounted = run(&mut docker(&["push", &image("team/copy")]));
    assert!(mounted.contains("Mounted from team/app"), "{mounted}");
    refused(
        &mut docker(&["push", &image("secret/app")]),
        &["not known", "denied", "not found", "unknown"],
    );
    guarded.remote("alice", "team/app").verify("1");
    let search = |term: &str| run(&mut docker(&["search", &format!("{host}/{term}")]));
    let found = search("app");
    assert!(found.contains("team/app"), "{found}");

    // Bob pulls the repository that he may pull from, and pushes nothing.
    assert!(login("bob", "bob-secret"));
    run(&mut docker(&[
        "rmi",
        "--force",
        &image("team/app"),
        &image("team/copy"),
    ]));
    run(&mut docker(&["pull", &image("team/app")]));
    refused(&mut docker(&["push", &image("team/app")]), &["denied"]);
    refused(
        &mut docker(&["pull", &image("team/copy")]),
        &["not known", "not found", "unknown", "denied"],
    );

    // After signing out only public repositories are left. Then with a token as the password.
    run(&mut docker(&["logout", &host]));
    run(&mut docker(&["rmi", "--force", &image("team/app")]));
    refused(
        &mut docker(&["pull", &image("team/app")]),
        &["unauthorized", "authentication", "no basic auth", "denied"],
    );
    assert!(!search("app").contains("team/app"));
    guarded.administer(&["visibility", "team/app", "public"]);
    run(&mut docker(&["pull", &image("team/app")]));
    assert!(search("app").contains("team/app"));
    let created = [
        "token",
        "create",
        "ci",
        "--robot",
        "builder",
        "--scope",
        "team/*:pull,push",
    ];
    let token = guarded.administer(&created);
    assert!(login("builder", token.trim()));
    run(&mut docker(&[
        "tag",
        &image("team/app"),
        &image("team/built"),
    ]));
    run(&mut docker(&["push", &image("team/built")]));
    guarded.remote("alice", "team/built").verify("1");
    guarded.server.stop();
}

#[test]
fn podman_and_skopeo_sign_in_push_pull_search_and_sign_out() {
    if !is_root() || !have(&["podman", "skopeo", "tar"]) {
        return;
    }
    let guarded = Guarded::start();
    let directory = guarded.server.scratch().to_path_buf();
    let Some(archive) = base(&directory) else {
        return;
    };
    let host = guarded.server.host();
    let auth = directory.join("auth.json");
    std::fs::write(&auth, "{}").unwrap();
    let podman = |arguments: &[&str]| {
        let mut command = podman(&directory);
        command.args(arguments).env("REGISTRY_AUTH_FILE", &auth);
        command
    };
    let insecure = "--tls-verify=false";
    let login = |name: &str, password: &str| {
        sign_in(
            &mut podman(&["login", insecure, "-u", name, "--password-stdin", &host]),
            password,
        )
    };
    let image = format!("{host}/team/app:1");
    run(podman(&["import"]).arg(&archive).arg(&image));
    refused(
        &mut podman(&["push", insecure, &image]),
        &["unauthorized", "authentication"],
    );
    assert!(!login("alice", "wrong"));
    assert!(login("alice", "alice-secret"));
    run(&mut podman(&["push", insecure, &image]));
    guarded.remote("alice", "team/app").verify("1");
    let found = run(&mut podman(&["search", insecure, &format!("{host}/app")]));
    assert!(found.contains("team/app"), "{found}");
    assert!(login("bob", "bob-secret"));
    run(&mut podman(&["pull", insecure, &image]));
    refused(&mut podman(&["push", insecure, &image]), &["denied"]);
    let mut list = skopeo(&directory);
    list.args(["list-tags", insecure, &format!("docker://{host}/team/app")]);
    assert!(run(list.env("REGISTRY_AUTH_FILE", &auth)).contains("\"1\""));
    run(&mut podman(&["logout", &host]));
    run(&mut podman(&["rmi", "--force", &image]));
    refused(
        &mut podman(&["pull", insecure, &image]),
        &["unauthorized", "authentication"],
    );
    let found = attempt(&mut podman(&["search", insecure, &format!("{host}/app")]));
    assert!(!found.text.contains("team/app"), "{}", found.text);
    guarded.server.stop();
}

#[test]
fn curl_signs_in_by_password_and_by_token() {
    if !have(&["curl"]) {
        return;
    }
    let guarded = Guarded::start();
    guarded
        .remote("alice", "team/app")
        .push("1", &Image::new(1));
    let url = |path: &str| format!("http://{}{path}", guarded.server.host());
    let curl = |arguments: &[&str]| {
        let mut command = Command::new("curl");
        command.args(["-s", "-w", " %{http_code}"]).args(arguments);
        run(&mut command)
    };
    let tags = url("/v2/team/app/tags/list");
    assert!(curl(&[&tags]).ends_with(" 401"));
    assert!(curl(&["-u", "alice:alice-secret", &tags]).ends_with(" 200"));
    assert!(curl(&["-u", "alice:wrong", &tags]).ends_with(" 401"));
    assert!(curl(&["-u", "carol:carol-secret", &tags]).ends_with(" 404"));
    let service = url("/auth/token?service=regctl&scope=repository:team/app:pull");
    let answer = curl(&["-u", "alice:alice-secret", &service]);
    let answer: serde_json::Value =
        serde_json::from_str(answer.strip_suffix(" 200").unwrap()).unwrap();
    let header = format!(
        "Authorization: Bearer {}",
        answer["token"].as_str().unwrap()
    );
    assert!(curl(&["-H", &header, &tags]).contains("\"tags\":[\"1\"]"));
    guarded.server.stop();
}
