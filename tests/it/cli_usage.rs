//! Command lines that are invalid, that other programs have, or that are interrupted.

use std::fs::File;
use std::io::Read as _;
use std::net::TcpListener;
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use serde_json::json;

use crate::cli_support::{Regctl, each, push_image, push_multi, start_regctl, text};
use crate::support::archive::{Packed, docker_24};
use crate::support::attempt;

/// Each error is one line with the correct command.
#[test]
fn wrong_command_lines() {
    let regctl = Regctl::new("127.0.0.1:1");
    for (line, said) in [
        ("push a:1", "docker push"),
        ("pull a:1", "docker pull"),
        ("images", "regctl catalog"),
        ("rmi a:1", "regctl delete"),
        ("load", "regctl import"),
        ("save a:1", "regctl export"),
        ("tag a:1 a:2", "regctl copy"),
        ("blob get a", "another program"),
        ("manifest a:1", "it has inspect, head"),
        ("catalgo", "it has catalog"),
        ("quux", "`regctl --help`"),
        ("tags", "regctl tags needs REPOSITORY"),
        ("copy a:1", "regctl copy needs DESTINATION"),
        ("tags a --sortt x", "it has --sort"),
        (
            "tags a --colour",
            "no option --colour; hint: `regctl tags --help`",
        ),
        ("tags a b", "does not accept \"b\""),
        (
            "tags a --sort age",
            "use one of name, created, size, semver",
        ),
        ("tags a --sort", "--sort needs a value"),
        ("tags a --retries x", "\"x\" is not a valid number"),
        ("tags a --retries 1000", "1000 is not in 0..=100"),
        ("serve --root", "--root needs a value"),
        ("serve --listen 5000", "\"5000\", which is not HOST:PORT"),
        ("serve -p 99999", "which is not HOST:PORT"),
        ("serve --tls none", "write --tls self-signed"),
        ("serve --host a", "use it with --tls self-signed"),
        ("gc --untagged --older-than soon", "is not a duration"),
        (
            "manifest inspect a --raw -o json",
            "--raw and --output contradict",
        ),
        ("gc -q -q", "--quiet is given twice"),
        ("gc --older-than 1d", "regctl gc needs --untagged"),
        ("delete a", "--repository REPOSITORY"),
        ("tags http://h/a", "leave out http://"),
        ("-q", "regctl needs a command"),
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        let error = regctl.fails(2, &words);
        assert!(
            error.contains(said) && error.starts_with("error: "),
            "{line}: {error}"
        );
        assert!(
            error.contains("; hint: ") || line.contains("1000"),
            "{line}: {error}"
        );
        assert_eq!(error.lines().count(), 1, "{line}: {error}");
    }
}

#[test]
fn the_version_of_every_command_is_that_of_the_program() {
    let regctl = Regctl::new("");
    let version = format!("regctl {}\n", env!("CARGO_PKG_VERSION"));
    for line in [
        "-V",
        "--version",
        "version",
        "tags -V",
        "manifest head --version",
        "gc -V",
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        assert_eq!(regctl.stdout(&words), version, "{line}");
    }
}

#[test]
fn names_of_other_programs() {
    each(|registry, regctl| {
        let host = &registry.host;
        let digest = push_image(host, "app", "1", "amd64");
        let one = format!("{host}/app:1");
        let stdout = |line: &str| {
            let words: Vec<&str> = line.split(' ').collect();
            regctl.stdout(&words)
        };
        assert_eq!(stdout("ls -o name"), "app\n");
        assert_eq!(stdout(&format!("ls {host} -o name")), "app\n");
        assert_eq!(stdout(&format!("repo ls {host} -o name")), "app\n");
        assert_eq!(stdout("ls app -o name"), "1\n");
        assert_eq!(stdout("tag ls app -o name"), "1\n");
        assert_eq!(
            stdout(&format!("list-tags docker://{host}/app -o name")),
            "1\n"
        );
        for line in [
            "digest app:1",
            "image digest app:1",
            "manifest digest app:1",
        ] {
            assert_eq!(stdout(line), format!("{digest}\n"), "{line}");
        }
        assert_eq!(
            stdout(&format!("inspect --raw docker://{one}")),
            stdout("manifest get --raw app:1")
        );
        stdout("cp -q app:1 app:2");
        stdout("image copy -q app:1 app:3");
        assert_eq!(stdout("tags app -o name"), "1\n2\n3\n");
    });
    let registry = start_regctl();
    let regctl = Regctl::new(&registry.host);
    for (tag, line) in [
        ("1", "rm app:1"),
        ("2", "tag rm app:2"),
        ("3", "repo rm app --yes"),
    ] {
        push_image(&registry.host, "app", tag, tag);
        let words: Vec<&str> = line.split(' ').collect();
        regctl.run(&words).success();
    }
    assert_eq!(regctl.stdout(&["ls", "-o", "name"]), "");
}

/// The beginning of a digest, as in tables, works with every command.
#[test]
fn abbreviated_digests() {
    each(|registry, regctl| {
        let host = &registry.host;
        let multi = push_multi(host, "app");
        let child = regctl.stdout(&["digest", "app:arm64"]);
        let child = child.trim();
        let short = |digest: &str| format!("app@{}", &digest[..19]);
        for digest in [&multi[..], child] {
            let short = short(digest);
            assert_eq!(regctl.stdout(&["digest", &short]).trim(), digest);
            assert!(regctl.stdout(&["inspect", &short]).contains(digest));
            regctl.run(&["copy", &short, "other"]).success();
            let file = regctl.home.path().join("a.tar");
            regctl
                .run(&["export", &short, "-o", file.to_str().unwrap()])
                .success();
        }
        let error = regctl.fails(3, &["digest", "app@sha256:0123456789ab"]);
        assert!(
            error.contains("has no manifest app@sha256:0123456789ab"),
            "{error}"
        );
        regctl.run(&["rm", "--force", &short(&multi)]).success();
        assert_eq!(
            regctl.stdout(&["tags", "app", "-o", "name"]),
            "amd64\narm64\n"
        );

        // Among 40 images either two begin with the same four digits, or all are found.
        for number in 0..40 {
            push_image(host, "many", &number.to_string(), &format!("a{number}"));
        }
        let rows = regctl.json(&["tags", "many", "-o", "json"]);
        for row in rows.as_array().unwrap() {
            let digest = row["digest"].as_str().unwrap();
            let found = regctl.stdout(&["digest", &format!("many@{}", &digest[..19])]);
            assert_eq!(found.trim(), digest);
        }
    });
}

/// Output that can't be written is an error; a closed pipe is not.
#[test]
fn a_full_stdout() {
    let registry = start_regctl();
    let regctl = Regctl::new(&registry.host);
    push_image(&registry.host, "app", "1", "amd64");
    for line in [
        "catalog",
        "catalog -o json",
        "tags app -o name",
        "digest app:1",
        "manifest inspect app:1",
        "manifest inspect --raw app:1",
        "export app:1",
        "completions bash",
        "--version",
        "--help",
        "tags --help",
        "serve --check",
    ] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let output = regctl
            .process()
            .args(line.split(' '))
            .stdout(Stdio::from(full))
            .output()
            .unwrap();
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{line}: {error}");
        assert!(
            error.contains("can't write") && error.contains("No space left on device"),
            "{line}: {error}"
        );
        assert!(!error.contains("os error"), "{line}: {error}");
    }
}

/// A signal ends a command at once, with the shell's exit code and nothing left behind.
#[test]
fn signals() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = silent.local_addr().unwrap().to_string();
    let regctl = Regctl::new(&host);
    let file = regctl.home.path().join("a.tar");
    let export = format!("export app:1 -o {}", file.display());
    for (line, signal, code) in [
        ("catalog", Signal::INT, 130),
        ("tags app", Signal::TERM, 143),
        ("delete app:1", Signal::HUP, 129),
        (export.as_str(), Signal::INT, 130),
    ] {
        let mut process = regctl
            .process()
            .args(line.split(' '))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // The command has sent its request and gets no answer.
        let (mut connection, _) = silent.accept().unwrap();
        assert_ne!(connection.read(&mut [0; 100]).unwrap(), 0);
        kill_process(Pid::from_child(&process), signal).unwrap();
        assert_eq!(process.wait().unwrap().code(), Some(code), "{line}");
        let left = std::fs::read_dir(regctl.home.path()).unwrap();
        let left = left.filter(|entry| {
            let name = entry.as_ref().unwrap().file_name();
            name.to_str().unwrap().starts_with("a.tar")
        });
        assert_eq!(left.count(), 0, "{line}");
    }
}

/// Nothing is printed after the error, even if other threads were working.
#[test]
fn nothing_is_printed_after_an_error() {
    let regctl = Regctl::new("127.0.0.1:1");
    let archive = regctl.home.path().join("a.tar");
    let image = docker_24(&[(&Packed::small(1), json!(["app:1"]))]);
    std::fs::write(&archive, image.finish()).unwrap();
    let archive = archive.to_str().unwrap();
    for _ in 0..10 {
        for line in [
            &["import", archive][..],
            &["catalog"],
            &["copy", "a:1", "b:1"],
        ] {
            let error = regctl.fails(6, line);
            let errors = error
                .lines()
                .filter(|line| line.starts_with("error: "))
                .count();
            assert_eq!(errors, 1, "{error}");
            assert!(
                error.lines().last().unwrap().starts_with("error: "),
                "{error}"
            );
            assert!(!error.contains("panicked"), "{error}");
        }
    }
}

/// Called by registry:2's name, the program needs a configuration as that does.
#[test]
fn registry_2_without_a_configuration() {
    let regctl = Regctl::new("");
    let link = regctl.home.path().join("registry");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_regctl"), &link).unwrap();
    let run = |arguments: &[&str], file: &str| {
        let mut command = Command::new(&link);
        command.args(arguments).env("HOME", regctl.home.path());
        attempt(command.env("REGISTRY_CONFIGURATION_PATH", file))
    };
    for line in [&["serve"][..], &["garbage-collect", "-d"]] {
        let refused = run(line, "");
        assert_eq!(refused.code, Some(1), "{}", refused.text);
        assert_eq!(refused.text.lines().count(), 1, "{}", refused.text);
        let expected = "error: configuration path unspecified; hint: ";
        assert!(refused.text.starts_with(expected), "{}", refused.text);
    }
    let file = regctl.home.path().join("config.yml");
    let root = regctl.home.path().join("root");
    std::fs::create_dir_all(root.join("regctl")).unwrap();
    let config = format!(
        "version: 0.1\nstorage: {{filesystem: {{rootdirectory: {}}}}}\n",
        root.display()
    );
    std::fs::write(&file, config).unwrap();
    let file = file.to_str().unwrap();
    let checked = run(&["serve", "--check"], file);
    assert_eq!(checked.code, Some(0), "{}", checked.text);
    assert!(checked.text.contains(file), "{}", checked.text);
    let collected = run(&["garbage-collect"], file);
    assert_eq!(collected.code, Some(0), "{}", collected.text);
}
