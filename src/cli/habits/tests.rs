//! Command lines of other programs, and what they mean here.

use clap::CommandFactory as _;

use super::*;
use crate::cli::Cli;

fn translated(line: &str) -> String {
    let words = line.split(' ').map(OsString::from).collect();
    let words = translate(words).into_iter();
    let words = words.map(|word| word.into_string().unwrap());
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn names_of_other_programs() {
    for (typed, meant) in [
        ("regctl rm a:1", "regctl delete a:1"),
        (
            "regctl --registry h:1 cp a b",
            "regctl --registry h:1 copy a b",
        ),
        ("regctl ls", "regctl catalog"),
        ("regctl ls -o json", "regctl catalog -o json"),
        (
            "regctl ls --filter a* team/app",
            "regctl tags --filter a* team/app",
        ),
        ("regctl ls h:5000", "regctl catalog h:5000"),
        ("regctl ls h:5000/app", "regctl tags h:5000/app"),
        ("regctl repo ls h:5000", "regctl catalog h:5000"),
        ("regctl tag ls app", "regctl tags app"),
        ("regctl tag a:1 a:2", "regctl tag a:1 a:2"),
        ("regctl manifest get a", "regctl manifest inspect a"),
        ("regctl image -o x.tar", "regctl image -o x.tar"),
        ("regctl image copy a b", "regctl copy a b"),
        (
            "regctl image import a:1 x.tar",
            "regctl import --name a:1 x.tar",
        ),
        ("regctl image export a:1", "regctl export a:1"),
        (
            "regctl image export --platform linux/arm64 a:1 x.tar",
            "regctl export --platform linux/arm64 a:1 --output x.tar",
        ),
        (
            "regctl image export a:1 b:1 -o x.tar",
            "regctl export a:1 b:1 -o x.tar",
        ),
        (
            "regctl image import --compression none a:1 x.tar",
            "regctl import --compression none --name a:1 x.tar",
        ),
        ("regctl repo rm a", "regctl delete --repository a"),
        (
            "regctl repo rm --yes -o json a b",
            "regctl delete --yes -o json --repository a --repository b",
        ),
        ("regctl repo delete --help", "regctl delete --help"),
        ("regctl version", "regctl --version"),
        ("regctl tags inspect", "regctl tags inspect"),
        (
            "regctl inspect docker://h:1/app:1",
            "regctl manifest inspect h:1/app:1",
        ),
        ("regctl list-tags docker://app", "regctl tags app"),
    ] {
        assert_eq!(translated(typed), meant);
    }
}

#[test]
fn the_command_lines_of_registry_2() {
    for (typed, meant) in [
        ("regctl serve c.yml", "regctl serve --config c.yml"),
        ("regctl serve --config c.yml", "regctl serve --config c.yml"),
        (
            "regctl serve --tls self-signed --host h c.yml",
            "regctl serve --tls self-signed --host h --config c.yml",
        ),
        (
            "regctl serve --root /r c.yml",
            "regctl serve --root /r --config c.yml",
        ),
        (
            "regctl serve -p 5001",
            "regctl serve --listen 127.0.0.1:5001",
        ),
        ("regctl serve --port=h:1", "regctl serve --listen h:1"),
        (
            "regctl serve -p 1 c.yml",
            "regctl serve --listen 127.0.0.1:1 --config c.yml",
        ),
        ("regctl garbage-collect", "regctl gc"),
        (
            "registry garbage-collect -d -m --quiet=true c.yml",
            "registry gc --dry-run --untagged --quiet --config c.yml",
        ),
        (
            "regctl garbage-collect c.yml --delete-untagged=false --root /r",
            "regctl gc --root /r --config c.yml",
        ),
        ("/bin/registry c.yml", "/bin/registry serve --config c.yml"),
        (
            "docker-registry serve /etc/c.yaml",
            "docker-registry serve --config /etc/c.yaml",
        ),
        (
            "registry /bin/registry serve c.yml",
            "registry serve --config c.yml",
        ),
        ("registry regctl catalog", "registry catalog"),
        ("registry -v", "registry --version"),
        ("regctl c.yml", "regctl c.yml"),
    ] {
        assert_eq!(translated(typed), meant);
    }
}

#[test]
fn options_with_a_value_are_known() {
    let line = Cli::command();
    for name in [
        "import", "export", "delete", "serve", "gc", "tags", "catalog",
    ] {
        let command = line.find_subcommand(name).unwrap();
        for option in command.get_arguments().filter(|arg| !arg.is_positional()) {
            let long = option.get_long().map(|name| format!("--{name}"));
            let short = option.get_short().map(|letter| format!("-{letter}"));
            for name in long.into_iter().chain(short) {
                let has_value = option.get_action().takes_values();
                assert_eq!(WITH_VALUE.contains(&&*name), has_value, "{name}");
            }
        }
    }
}

#[test]
fn names_are_unique() {
    for (at, (alias, _)) in ALIASES.iter().enumerate() {
        assert!(ALIASES[at + 1..].iter().all(|(other, _)| other != alias));
    }
}
