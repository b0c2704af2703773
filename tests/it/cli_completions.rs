//! Completions with the names in a registry, in the installed shells.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::cli_support::{Regctl, each, image, push_image, push_manifest, text};
use crate::support::have;

/// The completions of a line.
fn names(regctl: &Regctl, line: &str) -> Vec<String> {
    let run = regctl.run(&["complete", "--", line]).success();
    let output = run.get_output();
    assert_eq!(text(&output.stderr), "", "{line}");
    text(&output.stdout).lines().map(str::to_owned).collect()
}

#[test]
fn repositories_and_tags() {
    each(|registry, regctl| {
        let host = &registry.host;
        push_image(host, "team/app", "1", "amd64");
        push_image(host, "team/app", "2", "amd64");
        push_image(host, "team/api", "latest", "amd64");
        for (line, expected) in [
            ("regctl tags te", &["team/api", "team/app"][..]),
            ("regctl tags team/ap", &["team/api", "team/app"]),
            ("regctl tags x", &[]),
            ("regctl digest team/a", &["team/api", "team/app"]),
            ("regctl digest team/app", &["team/app:1", "team/app:2"]),
            ("regctl digest team/app:", &["team/app:1", "team/app:2"]),
            ("regctl rm --yes x:1 team/app:2", &["team/app:2"]),
            ("regctl digest team/none:", &[]),
            ("regctl digest team/../x:", &[]),
        ] {
            assert_eq!(names(regctl, line), expected, "{line}");
        }
        // A file is wanted.
        let run = regctl.run(&["complete", "--", "regctl import te"]).code(3);
        run.stdout("");
        let elsewhere = Regctl::new("127.0.0.1:1");
        let line = format!("regctl digest {host}/team/app:");
        let expected = [1, 2].map(|tag| format!("{host}/team/app:{tag}"));
        assert_eq!(names(&elsewhere, &line), expected);
        let line = format!("regctl --registry={host} tags team/api");
        assert_eq!(names(&elsewhere, &line), ["team/api"]);
    });
}

#[test]
fn names_are_bounded_and_failures_are_silent() {
    let registry = crate::cli_support::start_regctl();
    let manifest = image(&registry.host, "app", "amd64");
    for tag in 0..230 {
        push_manifest(&registry.host, "app", &format!("t{tag}"), &manifest);
    }
    let regctl = Regctl::new(&registry.host);
    assert_eq!(names(&regctl, "regctl digest app:t").len(), 200);
    // A server that accepts connections and never answers.
    let deaf = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let deaf = deaf.local_addr().unwrap().to_string();
    for host in [
        "127.0.0.1:1",
        &deaf,
        "no such host",
        "ssh://127.0.0.1:1",
        "none.invalid",
    ] {
        let begun = Instant::now();
        assert!(names(&Regctl::new(host), "regctl tags te").is_empty());
        assert!(begun.elapsed() < Duration::from_secs(30), "{host}");
    }
}

/// The output of a shell that finds the program and has loaded its completions.
fn shell(regctl: &Regctl, shell: &str, script: &str) -> String {
    let completions = regctl.stdout(&["completions", shell]);
    let file = regctl.home.path().join("completions");
    std::fs::write(&file, completions).unwrap();
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_regctl"));
    let path = std::env::var("PATH").unwrap();
    let output = Command::new(shell)
        .args(["-c", &script.replace("FILE", file.to_str().unwrap())])
        .env(
            "PATH",
            format!("{}:{path}", program.parent().unwrap().display()),
        )
        .envs(
            regctl
                .process()
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .output()
        .unwrap();
    assert_eq!(text(&output.stderr), "", "{shell}");
    text(&output.stdout)
}

#[test]
fn in_shells() {
    let registry = crate::cli_support::start_regctl();
    push_image(&registry.host, "team/app", "1", "amd64");
    push_image(&registry.host, "team/app", "2", "amd64");
    push_image(&registry.host, "team/api", "1", "amd64");
    let regctl = Regctl::new(&registry.host);
    if have(&["bash"]) {
        let bash = |line: &str, words: &str, word: &str| {
            let script = format!(
                "source FILE; COMP_LINE={line:?}; COMP_POINT=${{#COMP_LINE}}; COMP_WORDS=({words}); \
                 COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); COMP_WORDBREAKS=' :='; \
                 _regctl_with_names regctl {word:?} tags; echo \"${{COMPREPLY[*]}}\""
            );
            shell(&regctl, "bash", &script)
        };
        let found = bash("regctl tags te", "regctl tags te", "te");
        assert_eq!(found, "team/api team/app\n");
        let found = bash("regctl digest team/app:", "regctl digest team/app :", "");
        assert_eq!(found, "1 2\n");
        let found = bash("regctl tags --so", "regctl tags --so", "--so");
        assert_eq!(found, "--sort\n");
        // The word before is an argument of the generated function.
        let bash = |line: &str, before: &str| {
            let script = format!(
                "source FILE; COMP_LINE={line:?}; COMP_POINT=${{#COMP_LINE}}; COMP_WORDS=({line} ''); \
                 COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); \
                 _regctl_with_names regctl '' {before:?}; echo \"${{COMPREPLY[*]}}\"; complete -p regctl"
            );
            shell(&regctl, "bash", &script)
        };
        let found = bash("regctl import --compression ", "--compression");
        assert!(found.starts_with("gzip zstd none\n"), "{found}");
        let found = bash("regctl serve --tls ", "--tls");
        assert!(found.starts_with("self-signed acme\n"), "{found}");
        // Without an answer bash offers files.
        let found = bash("regctl import ", "import");
        assert!(
            found.starts_with('\n') && found.contains("-o default"),
            "{found}"
        );
    }
    if have(&["fish"]) {
        let fish = |line: &str| {
            shell(
                &regctl,
                "fish",
                &format!("source FILE; complete -C {line:?}"),
            )
        };
        assert_eq!(fish("regctl tags team/"), "team/api\nteam/app\n");
        assert_eq!(fish("regctl digest team/app:"), "team/app:1\nteam/app:2\n");
        assert!(fish("regctl tags --so").starts_with("--sort"));
        assert_eq!(fish("regctl import --compression z"), "zstd\n");
        assert_eq!(fish("regctl serve --tls se"), "self-signed\n");
        assert_eq!(fish("regctl setup sy"), "systemd\n");
        assert_eq!(fish("regctl visibility team/app "), "private\npublic\n");
        std::fs::write(regctl.home.path().join("image.tar"), "").unwrap();
        let home = regctl.home.path().display();
        let found = fish(&format!("regctl import {home}/im"));
        assert!(found.ends_with("/image.tar\n"), "{found}");
    }
    if have(&["zsh"]) {
        // zsh completes only on a terminal.
        let typed = |line: &str, wanted: &str| {
            let script = "zmodload zsh/zpty; zpty z 'PS1= zsh -f -i'; \
             zpty -w z 'autoload -Uz compinit; compinit -D -u; source FILE; \
             zstyle \":completion:*\" list-prompt \"\"; unsetopt beep; echo rea\"\"dy'; \
             zpty -r z line '*ready*'; zpty -n -w z $'LINE\\t\\t'; \
             zpty -r -m z line '*WANTED*' && print -r found; zpty -d z";
            let script = script.replace("LINE", line).replace("WANTED", wanted);
            assert_eq!(shell(&regctl, "zsh", &script), "found\n", "{line}");
        };
        typed("regctl tags team/ap", "team/app");
        typed("regctl rm team/ap", "team/app");
        typed("regctl inspect team/ap", "team/app");
        typed("regctl image rm team/ap", "team/app");
        typed("regctl tags --registry 127.0.0.1 --so", "--sort");
    }
}
