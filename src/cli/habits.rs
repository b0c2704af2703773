//! Command lines of other programs: their names for our commands, and commands that this program
//! does not have.
//!
//! Pure: arguments in, arguments out. Users come from docker, crane, skopeo, registry:2 and
//! regclient's program, which is called regctl as well. Their command names are rewritten before
//! the command line is parsed, so they have the options, the help and the exit codes of ours.
//! Called as `registry` or `docker-registry`, this program accepts the command lines of registry:2.

mod registry;

use std::ffi::OsString;

pub(super) use registry::{UNSPECIFIED, lacks_configuration};

/// Aliases of commands, one or two words, and the words that replace them.
pub(super) const ALIASES: [(&str, &str); 34] = [
    ("rm", "delete"),
    ("cp", "copy"),
    ("inspect", "manifest inspect"),
    ("version", "--version"),
    ("completion", "completions"),
    ("list-tags", "tags"),
    ("repo ls", "catalog"),
    ("repo list", "catalog"),
    ("repo copy", "copy --all-tags"),
    ("repo cp", "copy --all-tags"),
    ("repo delete", DELETE_REPOSITORY),
    ("repo rm", DELETE_REPOSITORY),
    ("tag ls", "tags"),
    ("tag list", "tags"),
    ("tag delete", "delete"),
    ("tag del", "delete"),
    ("tag rm", "delete"),
    ("manifest get", "manifest inspect"),
    ("manifest delete", "delete"),
    ("manifest rm", "delete"),
    ("manifest digest", "digest"),
    ("image copy", "copy"),
    ("image cp", "copy"),
    ("image delete", "delete"),
    ("image rm", "delete"),
    ("image digest", "digest"),
    ("image manifest", "manifest inspect --raw"),
    ("image inspect", "manifest inspect"),
    ("image ls", "tags"),
    ("registry login", "login"),
    ("registry logout", "logout"),
    ("registry whoami", "whoami"),
    ("registry ls", "catalog"),
    ("registry list", "catalog"),
];

/// The option of this command has the first name as its value.
const DELETE_REPOSITORY: &str = "delete --repository";

/// skopeo's prefix of images in a registry.
const TRANSPORT: &str = "docker://";

/// Options with a separate value, of all commands that are rewritten here.
const WITH_VALUE: [&str; 28] = [
    "-p",
    "--platform",
    "--format",
    "--without",
    "--port",
    "--registry",
    "--retries",
    "--filter",
    "--sort",
    "-o",
    "--output",
    "--root",
    "--listen",
    "--tls",
    "--host",
    "--acme-directory",
    "--acme-ca",
    "--acme-email",
    "--acme-http",
    "--config",
    "--older-than",
    "--to",
    "--name",
    "--map",
    "--compression",
    "--level",
    "--staging",
    "--repository",
];

/// Rewrites the command line for this program.
pub(super) fn translate(mut line: Vec<OsString>) -> Vec<OsString> {
    for argument in &mut line {
        if let Some(name) = argument
            .to_str()
            .and_then(|text| text.strip_prefix(TRANSPORT))
        {
            *argument = name.into();
        }
    }
    if registry::is_called(&line) {
        line = registry::arguments(line);
    }
    let Some(first) = word(&line, 1) else {
        return line;
    };
    let (name, second) = (text(&line, first), text(&line, first + 1));
    let pair = format!("{name} {second}");
    for (alias, command) in ALIASES {
        let words = if alias == pair {
            2
        } else if alias == name {
            1
        } else {
            continue;
        };
        if command == DELETE_REPOSITORY {
            delete_repository(&mut line, first);
            return line;
        }
        let command = command.split(' ').map(OsString::from);
        line.splice(first..first + words, command);
        return line;
    }
    match name {
        "ls" => {
            let listed = word(&line, first + 1).map_or("", |at| text(&line, at));
            let command = if listed.is_empty() || is_host(listed) {
                "catalog"
            } else {
                "tags"
            };
            line[first] = command.into();
        }
        "garbage-collect" => collect(&mut line, first),
        "serve" => serve(&mut line, first),
        "image" if second == "import" => image_import(&mut line, first),
        "image" if second == "export" => image_export(&mut line, first),
        _ => {}
    }
    line
}

/// Whether a name can only be a registry's, by the rules of references.
pub(super) fn is_host(name: &str) -> bool {
    !name.contains('/') && (name == "localhost" || name.contains(['.', ':']))
}

/// An argument as text; empty if it does not exist.
fn text(line: &[OsString], at: usize) -> &str {
    line.get(at)
        .and_then(|word| word.to_str())
        .unwrap_or_default()
}

/// The position of the first argument from `from` that is neither an option nor its value.
fn word(line: &[OsString], from: usize) -> Option<usize> {
    let mut at = from;
    while at < line.len() {
        let argument = text(line, at);
        if WITH_VALUE.contains(&argument) {
            at += 2;
        } else if argument.starts_with('-') && argument != "-" {
            at += 1;
        } else {
            return Some(at);
        }
    }
    None
}

/// `garbage-collect [-d] [-m] [-q] [CONFIG]` of registry:2.
fn collect(line: &mut Vec<OsString>, command: usize) {
    let mut rest = Vec::new();
    let mut file = None;
    let mut words = line.split_off(command + 1).into_iter();
    while let Some(word) = words.next() {
        let argument = word.to_str().unwrap_or_default().to_owned();
        match argument.as_str() {
            "-m" | "--delete-untagged" | "--delete-untagged=true" => rest.push("--untagged".into()),
            "-d" | "--dry-run" | "--dry-run=true" => rest.push("--dry-run".into()),
            "-q" | "--quiet" | "--quiet=true" => rest.push("--quiet".into()),
            "--delete-untagged=false" | "--dry-run=false" | "--quiet=false" => {}
            "-dm" | "-md" => rest.extend(["--untagged".into(), "--dry-run".into()]),
            "-" => rest.push(word),
            option if option.starts_with('-') => {
                let has_value = WITH_VALUE.contains(&option);
                rest.push(word);
                rest.extend(has_value.then(|| words.next()).flatten());
            }
            _ if file.is_none() => file = Some(word),
            _ => rest.push(word),
        }
    }
    line[command] = "gc".into();
    line.extend(rest);
    if let Some(file) = file {
        line.extend(["--config".into(), file]);
    }
}

/// `serve CONFIG` and `serve -p PORT`.
fn serve(line: &mut Vec<OsString>, command: usize) {
    let names_file = (command + 1..line.len()).any(|at| text(line, at).starts_with("--config"));
    if let Some(file) = word(line, command + 1).filter(|_| !names_file)
        && text(line, file) != "help"
    {
        line.insert(file, "--config".into());
    }
    for at in command + 1..line.len() {
        let argument = text(line, at);
        let port = match argument {
            "-p" | "--port" => text(line, at + 1).to_owned(),
            _ => match argument.strip_prefix("--port=") {
                Some(port) => port.to_owned(),
                None => continue,
            },
        };
        let address = if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) {
            format!("127.0.0.1:{port}")
        } else {
            port
        };
        let words = if argument.contains('=') { 1 } else { 2 };
        let end = (at + words).min(line.len());
        line.splice(at..end, ["--listen".into(), address.into()]);
        return;
    }
}

/// `repo delete REPOSITORY`. The name may come after options.
fn delete_repository(line: &mut Vec<OsString>, command: usize) {
    line.splice(command..command + 2, ["delete".into()]);
    let mut from = command + 1;
    // Each name: `--repository` has one.
    while let Some(name) = word(line, from) {
        line.insert(name, "--repository".into());
        from = name + 2;
    }
}

/// `image import REF FILE` of regclient's regctl.
fn image_import(line: &mut Vec<OsString>, command: usize) {
    line.splice(command..command + 2, ["import".into()]);
    let names = word(line, command + 1).and_then(|name| Some((name, word(line, name + 1)?)));
    if let Some((name, _)) = names {
        line.insert(name, "--name".into());
    }
}

/// `image export REF [FILE]` of regclient's regctl. With `-o`, all words are images.
fn image_export(line: &mut Vec<OsString>, command: usize) {
    line.splice(command..command + 2, ["export".into()]);
    let has_output = line.iter().any(|argument| {
        let argument = argument.to_str().unwrap_or_default();
        argument.starts_with("-o") || argument.starts_with("--output")
    });
    let second = word(line, command + 1).and_then(|name| word(line, name + 1));
    if let Some(file) = second
        && !has_output
        && word(line, file + 1).is_none()
    {
        line.insert(file, "--output".into());
    }
}

#[cfg(test)]
mod tests;
