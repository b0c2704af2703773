//! The client commands against real registries: output and exit codes.

use serde_json::json;

use crate::cli_support::{
    INDEX, Regctl, each, push_image, push_multi, start_docker_registry, text,
};

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

/// registry:2 can't delete a single tag: the digest must not be deleted instead.
#[test]
fn the_error_if_a_single_tag_can_not_be_deleted() {
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
            error.contains("this would also delete 2 tags: 1, 2; hint: --force"),
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
        push_image(host, "app", "3", "arm64");
        let name = regctl.stdout(&["delete", "-o", "name", &alone]);
        assert_eq!(name, format!("{alone}\n"));
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
        // The question depends on the number of arguments, not on what exists.
        for named in [
            ["app:none", &there],
            [&there, "app:none"],
            ["app:1", "app:x"],
        ] {
            let error = regctl.fails(2, &[&["delete"][..], &named].concat());
            assert!(error.contains("hint: --yes"), "{error}");
        }
        assert_eq!(regctl.stdout(&["tags", "app", "-o", "name"]), "1\n");
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
fn commands_without_connections_refuse_connection_options() {
    let regctl = Regctl::new("127.0.0.1:1");
    for flag in [
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
