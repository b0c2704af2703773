//! This program called as `registry`, registry:2's name, or as `docker-registry`, Debian's.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use super::{text, word};

/// What registry:2 answers without a configuration.
pub(in crate::cli) const UNSPECIFIED: &str = "configuration path unspecified; hint: add the file, as in `registry serve \
    /etc/docker/registry/config.yml`, or name it in REGISTRY_CONFIGURATION_PATH; called as regctl, this \
    program needs none";

/// Whether a command line calls this program by one of these names.
pub(super) fn is_called(line: &[OsString]) -> bool {
    line.first().and_then(name_of).is_some_and(is_registry)
}

fn name_of(program: &OsString) -> Option<&OsStr> {
    Path::new(program).file_name()
}

/// Whether the first argument is this program's own name, as in `docker run IMAGE regctl serve`.
fn names_regctl(line: &[OsString]) -> bool {
    line.get(1)
        .and_then(name_of)
        .is_some_and(|name| name == "regctl")
}

fn is_registry(name: &OsStr) -> bool {
    name == "registry" || name == "docker-registry"
}

/// Rewrites the arguments as registry:2's entry point reads them: a file means `serve`, and the
/// program's name may come first.
pub(super) fn arguments(mut line: Vec<OsString>) -> Vec<OsString> {
    if names_regctl(&line) || line.get(1).and_then(name_of).is_some_and(is_registry) {
        line.remove(1);
    }
    let first = text(&line, 1);
    if [".yml", ".yaml"].iter().any(|end| first.ends_with(end)) {
        line.insert(1, "serve".into());
    } else if first == "-v" {
        line[1] = "--version".into();
    }
    line
}

/// Whether registry:2 would refuse a command line, because it names no configuration file. The variable
/// may name one. Called by another name, this program has defaults.
pub(in crate::cli) fn lacks_configuration(line: &[OsString]) -> bool {
    if !is_called(line) || names_regctl(line) {
        return false;
    }
    let line = arguments(line.to_vec());
    let command = word(&line, 1).unwrap_or(line.len());
    let options = line.iter().skip(command).filter_map(|word| word.to_str());
    let is_named = |option: &str| {
        let name = option.split('=').next().unwrap_or_default();
        matches!(name, "--config" | "--root" | "-h" | "--help")
    };
    matches!(text(&line, command), "serve" | "garbage-collect")
        && word(&line, command + 1).is_none()
        && !options.into_iter().any(is_named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registry_2_has_no_defaults() {
        for (typed, lacks) in [
            ("registry serve", true),
            ("/bin/registry serve -p 5001", true),
            ("docker-registry garbage-collect -m", true),
            ("registry /bin/registry serve", true),
            ("registry regctl serve", false),
            ("registry c.yml", false),
            ("registry serve c.yml", false),
            ("registry garbage-collect -d c.yml", false),
            ("registry serve --config=c.yml", false),
            ("registry serve --root /r", false),
            ("registry serve --help", false),
            ("registry catalog", false),
            ("regctl serve", false),
        ] {
            let words: Vec<_> = typed.split(' ').map(OsString::from).collect();
            assert_eq!(lacks_configuration(&words), lacks, "{typed}");
        }
    }
}
