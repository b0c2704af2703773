//! The client commands against a real registry: what they print, and how they end.

use std::process::{Command, Stdio};

use serde_json::json;

use crate::cli_support::{
    INDEX, REGISTRIES, Regctl, Registry, image, push_image, push_manifest, start_docker_registry,
    text,
};

fn each(test: impl Fn(&Registry, &Regctl)) {
    for start in REGISTRIES {
        if let Some(registry) = start() {
            let regctl = Regctl::new(&registry.host);
            test(&registry, &regctl);
        }
    }
}

/// `a` for amd64, `arm` for arm64, and an index `multi` of both; the digest of the index.
fn push_multi(host: &str, repository: &str) -> String {
    let mut children = Vec::new();
    for architecture in ["amd64", "arm64"] {
        let digest = push_image(host, repository, architecture, architecture);
        let size = serde_json::to_vec_pretty(&image(host, repository, architecture))
            .unwrap()
            .len();
        children.push(json!({
            "mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest, "size": size,
            "platform": {"os": "linux", "architecture": architecture},
        }));
    }
    let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": children});
    push_manifest(host, repository, "multi", &index)
}

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

        // What is said is news, and the hint is another command than the one that failed.
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

#[test]
fn inspect() {
    each(|registry, regctl| {
        let host = &registry.host;
        let index = push_multi(host, "app");
        let child = regctl.json(&["manifest", "inspect", "-o", "json", "app:arm64"]);
        let child_digest = child["digest"].as_str().unwrap();

        let raw = regctl
            .run(&["manifest", "inspect", "--raw", "app:multi"])
            .success();
        let stored = serde_json::from_slice::<serde_json::Value>(&raw.get_output().stdout);
        assert_eq!(
            stored.unwrap()["manifests"][1]["digest"],
            json!(child_digest)
        );
        let get = regctl
            .run(&["manifest", "get", "--raw", "app:multi"])
            .success();
        assert_eq!(raw.get_output().stdout, get.get_output().stdout);
        assert!(!raw.get_output().stdout.ends_with(b"\n"));

        let view = regctl.stdout(&["manifest", "inspect", "app:arm64"]);
        for line in [
            "Platform:    linux/arm64",
            "Created:     2026-11-20T02:03:04Z",
            "Entrypoint:  [\"/start\"]",
            "Command:     [\"--fast\"]",
            "Ports:       80/tcp",
            "Environment: 2 variables",
            "Labels:      org.example.label=value\u{fffd}[31m",
            "Annotations: org.example.note=kept",
        ] {
            assert!(view.lines().any(|shown| shown == line), "{line}\n{view}");
        }
        let layers: Vec<Vec<&str>> = view
            .lines()
            .skip_while(|line| !line.contains("CREATED BY"))
            .skip(1)
            .map(|line| line.split_whitespace().collect())
            .collect();
        assert_eq!(layers[0][..3], ["1", "2.0", "KiB"]);
        assert_eq!(layers[0][4..], ["ADD", "file:1", "in", "/"]);
        assert_eq!(layers[1], ["-", "-", "-", "ENV", "A=1"]);
        assert_eq!(layers[2][4..], ["RUN", "make", "install"]);

        let view = regctl.stdout(&["manifest", "inspect", "app:multi"]);
        let row = view.lines().find(|line| line.starts_with("linux/arm64"));
        assert!(row.unwrap().contains(child_digest), "{view}");
        let descended = [
            "manifest",
            "inspect",
            "--platform",
            "linux/arm64",
            "-o",
            "name",
            "app:multi",
        ];
        assert_eq!(regctl.stdout(&descended), format!("app@{child_digest}\n"));
        let error = regctl.fails(
            3,
            &[
                "manifest",
                "inspect",
                "--platform",
                "linux/mips",
                "app:multi",
            ],
        );
        assert!(
            error.contains("its platforms: linux/amd64, linux/arm64"),
            "{error}"
        );
        regctl.fails(
            2,
            &["manifest", "inspect", "--platform", "mips", "app:multi"],
        );

        let head = regctl.json(&["manifest", "head", "-o", "json", "app:multi"]);
        assert_eq!(
            (&head["digest"], &head["mediaType"]),
            (&json!(index), &json!(INDEX))
        );
        assert_eq!(head["size"], json!(raw.get_output().stdout.len()));
        regctl.fails(3, &["manifest", "head", "app"]);
    });
}

/// registry:2 can't delete a tag alone: the digest must not be deleted in its place.
#[test]
fn a_tag_that_can_not_be_deleted_alone() {
    let Some(registry) = start_docker_registry() else {
        return;
    };
    let regctl = Regctl::new(&registry.host);
    for tag in ["1", "2"] {
        push_image(&registry.host, "app", tag, "amd64");
    }
    let error = regctl.fails(1, &["delete", "app:1"]);
    assert!(error.contains("can't delete a tag alone"), "{error}");
    assert_eq!(regctl.stdout(&["tags", "app", "-o", "name"]), "1\n2\n");
}

#[test]
fn delete_a_manifest() {
    each(|registry, regctl| {
        let host = &registry.host;
        let shared = push_image(host, "app", "1", "amd64");
        push_image(host, "app", "2", "amd64");
        let alone = push_image(host, "app", "3", "arm64");
        let (shared, alone) = (format!("app@{shared}"), format!("app@{alone}"));

        let error = regctl.fails(1, &["delete", &shared]);
        assert!(
            error.contains("2 tags would go with it: 1, 2; hint: --force"),
            "{error}"
        );
        let dry = regctl.stdout(&["delete", "--dry-run", "--force", &shared, &alone]);
        assert_eq!(
            dry,
            format!("delete {shared}: with tags 1, 2\ndelete {alone}: with tag 3\n")
        );
        assert_eq!(regctl.stdout(&["tags", "app", "-o", "name"]), "1\n2\n3\n");
        let error = regctl.fails(2, &["delete", "--force", &shared, &alone]);
        assert!(error.contains("hint: --yes"), "{error}");
        let real = regctl.stdout(&["delete", "--force", "--yes", &shared, &alone]);
        assert_eq!(real, dry.replace("delete ", "deleted "));
        regctl.fails(3, &["delete", &alone]);
        push_image(host, "app", "3", "arm64");
        let both = regctl.stdout(&["delete", "--dry-run", &alone, "app:3"]);
        assert_eq!(both, format!("delete {alone}: with tag 3\n"));
        let quiet = regctl.run(&["delete", "-q", &alone]).success();
        quiet.stdout("").stderr("");
        let again = regctl.json(&[
            "manifest",
            "delete",
            "--ignore-missing",
            "-o",
            "json",
            &alone,
        ]);
        assert_eq!(again[0]["outcome"], json!("missing"));
    });
}

#[test]
fn delete_some_of_several() {
    each(|registry, regctl| {
        let digest = push_image(&registry.host, "app", "1", "amd64");
        let there = format!("app@{digest}");
        let run = regctl
            .run(&["tag", "rm", "--yes", "app:none", &there])
            .code(5);
        assert_eq!(
            text(&run.get_output().stdout),
            format!("deleted {there}: with tag 1\n")
        );
        assert!(text(&run.get_output().stderr).contains("has no app:none"));
        for wrong in ["app", "app:1@sha256:0", "APP:1", &format!("app:1@{digest}")] {
            regctl.fails(2, &["delete", wrong]);
        }
        regctl.fails(2, &["delete"]);
    });
}

#[test]
fn which_registry() {
    each(|registry, regctl| {
        push_image(&registry.host, "app", "1", "amd64");
        let nowhere = Regctl::new("127.0.0.1:1");
        let error = nowhere.fails(6, &["catalog"]);
        assert!(error.contains("nothing listens there; hint: "), "{error}");
        assert_eq!(
            nowhere.stdout(&["catalog", "--registry", &registry.host, "-o", "name"]),
            "app\n"
        );
        let settings = regctl.home.path().join("config/regctl/settings.yml");
        std::fs::create_dir_all(settings.parent().unwrap()).unwrap();
        std::fs::write(&settings, format!("registry: {}\n", registry.host)).unwrap();
        let mut command = regctl.command();
        command
            .env_remove("REGCTL_REGISTRY")
            .args(["catalog", "-o", "name"]);
        assert_eq!(
            text(&command.assert().success().get_output().stdout),
            "app\n"
        );
        std::fs::write(&settings, "registri: x\n").unwrap();
        let error = text(&command.assert().code(1).get_output().stderr);
        assert!(
            error.contains("settings.yml") && error.lines().count() == 1,
            "{error}"
        );
        assert_eq!(error.matches("error:").count(), 1, "{error}");
    });
}

/// A registry may be written as `serve` prints it.
#[test]
fn a_registry_by_its_address() {
    each(|registry, regctl| {
        let host = &registry.host;
        push_image(host, "app", "1", "amd64");
        let named =
            |address: &str| ["catalog", "-o", "name", "--registry", address].map(str::to_owned);
        let run = |address: &str, more: &[&str]| {
            let mut command = regctl.command();
            command.args(named(address)).args(more);
            command.assert()
        };
        for address in [format!("http://{host}"), format!("http://{host}/")] {
            run(&address, &[]).success().stdout("app\n");
        }
        let https = format!("https://{host}");
        let run_https = run(&https, &["--retries", "0"]).code(6);
        assert!(text(&run_https.get_output().stderr).contains("does not speak TLS"));
        for (address, more, said) in [
            (
                format!("http://{host}/app"),
                &[][..],
                "has a path, /app; hint: ",
            ),
            (format!("{host}/app"), &[], "has a path"),
            (format!("oci://{host}"), &[], "begins with oci://"),
            (https, &["--plain-http"], "leave out one"),
            (format!("http://{host}"), &["--insecure"], "leave out one"),
            ("a b".into(), &[], "hint: a registry is named"),
        ] {
            let error = text(&run(&address, more).code(2).get_output().stderr);
            assert!(
                error.contains(said) && error.lines().count() == 1,
                "{error}"
            );
        }
        let error = regctl.fails(2, &["tags", &format!("http://{host}/app")]);
        assert!(error.contains("hint: leave out http://"), "{error}");
    });
}

#[test]
fn commands_take_only_what_means_something_to_them() {
    let regctl = Regctl::new("127.0.0.1:1");
    for flag in [
        "-q",
        "-v",
        "--registry=h",
        "--retries=1",
        "--plain-http",
        "--insecure",
    ] {
        regctl.fails(2, &["serve", "--check", flag]);
        regctl.fails(2, &["completions", "bash", flag]);
    }
}

#[test]
fn a_reader_that_has_seen_enough() {
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
