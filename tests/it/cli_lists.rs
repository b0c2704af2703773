//! The lists of the client: repositories and tags, complete, sorted, in each format.

use std::process::{Command, Stdio};

use serde_json::json;

use crate::cli_support::{
    CONFIG, INDEX, Regctl, each, image, push_blob, push_image, push_manifest, push_multi, request,
    start_docker_registry, start_regctl, text,
};

#[test]
fn catalog() {
    each(|registry, regctl| {
        regctl.run(&["catalog"]).success().stdout("").stderr("");
        assert_eq!(regctl.stdout(&["catalog", "-o", "name"]), "");
        assert_eq!(regctl.stdout(&["catalog", "-o", "json"]), "[]\n");
        for repository in ["team/web/nginx", "team/nginx", "other"] {
            push_image(&registry.host, repository, "1", "amd64");
        }
        push_image(&registry.host, "other", "2", "amd64");
        let names = "other\nteam/nginx\nteam/web/nginx\n";
        assert_eq!(regctl.stdout(&["catalog", "-o", "name"]), names);
        assert_eq!(regctl.stdout(&["repo", "ls", "-o", "name"]), names);
        let filtered = regctl.stdout(&["catalog", "-o", "name", "--filter", "team/*"]);
        assert_eq!(filtered, "team/nginx\n");
        let table = regctl.stdout(&["catalog"]);
        let mut lines = table.lines().map(|line| line.split_whitespace());
        let header: Vec<_> = lines.next().unwrap().collect();
        assert_eq!(header, ["REPOSITORY", "TAGS", "SIZE", "PUSHED"]);
        assert!(lines.next().unwrap().take(2).eq(["other", "2"]));
        let json = regctl.json(&["catalog", "-o", "json"]);
        assert_eq!(
            (&json[0]["name"], &json[0]["tags"]),
            (&json!("other"), &json!(2))
        );
        assert!(json[0].get("size").is_some() && json[0].get("pushed").is_some());
    });
}

#[test]
fn tags() {
    each(|registry, regctl| {
        let host = &registry.host;
        let index = push_multi(host, "team/app");
        for tag in ["v1.10.0", "1.9"] {
            push_image(host, "team/app", tag, "amd64");
        }
        let names = |arguments: &[&str]| {
            regctl.stdout(&[&["tags", "team/app", "-o", "name"], arguments].concat())
        };
        assert_eq!(names(&[]), "1.9\namd64\narm64\nmulti\nv1.10.0\n");
        assert_eq!(
            names(&["--sort", "semver"]),
            "v1.10.0\n1.9\namd64\narm64\nmulti\n"
        );
        assert!(names(&["--sort", "size"]).starts_with("multi\n"));
        assert_eq!(names(&["--filter", "{1,v1}.*"]), "1.9\nv1.10.0\n");
        let json = regctl.json(&["tags", &format!("{host}/team/app"), "-o", "json"]);
        let multi = &json[3];
        assert_eq!(multi["digest"], json!(index));
        assert_eq!(multi["mediaType"], json!(INDEX));
        assert_eq!(multi["platforms"], json!(["linux/amd64", "linux/arm64"]));
        assert_eq!(json[0]["created"], json!("2026-11-20T02:03:04Z"));
        assert!(multi["size"].as_u64() > json[0]["size"].as_u64());
        let table = regctl.stdout(&["tag", "ls", "team/app"]);
        let row: Vec<_> = table.lines().nth(4).unwrap().split_whitespace().collect();
        assert_eq!(
            row[..3],
            ["multi", index.as_str(), "linux/amd64,linux/arm64"]
        );
        assert!(!table.lines().any(|line| line.ends_with(' ')));

        // The message adds information, and the hint is another command than the failed one.
        assert_eq!(
            regctl.fails(3, &["tags", "team/none"]),
            format!(
                "error: {host} has no repository team/none; hint: `regctl catalog --registry \
                 {host}` lists the repositories\n"
            )
        );
        assert_eq!(
            regctl.fails(3, &["manifest", "head", "team/app:none"]),
            format!(
                "error: {host} has no team/app:none; hint: `regctl tags --registry {host} \
                 team/app` lists the tags\n"
            )
        );
        regctl.fails(2, &["tags", "team/app:1"]);
        regctl.fails(2, &["tags", "Team"]);
    });
}

/// More than a page of a thousand, of repositories and of tags.
#[test]
fn many() {
    const MANY: usize = 1003;
    let registry = start_regctl();
    let empty = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": []});
    std::thread::scope(|scope| {
        for part in 0..4 {
            let (registry, empty) = (&registry, &empty);
            scope.spawn(move || {
                for number in (part..MANY).step_by(4) {
                    let repository = format!("many/{number}");
                    push_manifest(&registry.host, &repository, "1", empty);
                    push_manifest(&registry.host, "one", &number.to_string(), empty);
                }
            });
        }
    });
    let regctl = Regctl::new(&registry.host);
    let lines = |arguments: &[&str]| regctl.stdout(arguments).lines().count();
    assert_eq!(lines(&["catalog", "-o", "name"]), MANY + 1);
    assert_eq!(lines(&["catalog", "--filter", "many/*"]), MANY + 1);
    assert_eq!(lines(&["tags", "one", "-o", "name"]), MANY);
    assert_eq!(lines(&["tags", "one", "--sort", "created"]), MANY + 1);
}

/// Rows without date or size come last, whatever the order.
#[test]
fn rows_without_the_sorted_value_are_last() {
    each(|registry, regctl| {
        let host = &registry.host;
        let empty = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": []});
        push_manifest(host, "app", "a", &empty);
        push_image(host, "app", "b", "amd64");
        let tags = ["tags", "app", "-o", "name", "--sort"];
        for sort in ["created", "size"] {
            assert_eq!(regctl.stdout(&[&tags[..], &[sort]].concat()), "b\na\n");
        }
    });
    // registry:2 reports neither for a repository.
    let Some(registry) = start_docker_registry() else {
        return;
    };
    for repository in ["b", "a"] {
        push_image(&registry.host, repository, "1", "amd64");
    }
    let run = Regctl::new(&registry.host).run(&["catalog", "-o", "name", "--sort", "size"]);
    let output = run.success().get_output().clone();
    assert_eq!(text(&output.stdout), "a\nb\n");
    assert!(text(&output.stderr).contains("sorted by name"));
}

#[test]
fn a_reader_that_closes_the_pipe() {
    each(|registry, regctl| {
        push_image(&registry.host, "app", "1", "amd64");
        let mut command = Command::new(regctl.command().get_program());
        command.args(["tags", "app", "--registry", &registry.host]);
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = command
            .stdout(writer)
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        assert_eq!(
            (output.status.code(), text(&output.stderr)),
            (Some(0), String::new())
        );
    });
}

#[test]
fn a_star_without_accounts_is_refused_without_a_hint_to_sign_in() {
    let registry = start_regctl();
    push_image(&registry.host, "team/app", "1", "amd64");
    let error = Regctl::new(&registry.host).fails(1, &["star", "team/app"]);
    assert!(
        error.contains("stars need accounts, and this registry has none"),
        "{error}"
    );
    assert!(!error.contains("login"), "{error}");
}

/// Older clients read the list of a server strictly.
#[test]
fn a_date_that_is_none_is_not_listed() {
    let registry = start_regctl();
    let host = &registry.host;
    let mut manifest = image(host, "app", "amd64");
    for (tag, created) in [("1", "garbage"), ("2", ""), ("3", "2026-02-30T00:00:00Z")] {
        let config = json!({"os": "linux", "architecture": "arm", "created": created}).to_string();
        manifest["config"] = push_blob(host, "app", CONFIG, config.as_bytes());
        push_manifest(host, "app", tag, &manifest);
    }
    push_image(host, "app", "4", "amd64");
    let (_, _, body) = request(host, "GET", "/v2/app/_regctl/tags?n=9", "", b"");
    let list: serde_json::Value = serde_json::from_slice(&body).unwrap();
    let created = list["tags"].as_array().unwrap().iter();
    let created: Vec<_> = created.map(|tag| tag["created"].as_str()).collect();
    assert_eq!(created, [None, None, None, Some("2026-11-20T02:03:04Z")]);
}
