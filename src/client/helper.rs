//! Credential helpers: programs named `docker-credential-<name>` that store secrets for docker.
//!
//! Implements their protocol (a verb as the argument, the server or JSON on standard input, JSON on
//! standard output). A helper that takes too long or prints too much has failed. Output that may be
//! a secret is never repeated.

use std::process::Stdio;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

use super::credentials::Credential;

/// Some helpers ask the user for a password; this is enough time.
const TIMEOUT: Duration = Duration::from_mins(1);
const OUTPUT_LIMIT: u64 = 64 * 1024;
/// The user name that marks an identity token.
const TOKEN_USER: &str = "<token>";

/// Prefix of the names of helpers.
const PREFIX: &str = "docker-credential-";
/// Maximum length of a repeated error message.
const COMPLAINT_LIMIT: usize = 200;

/// A secret to store.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Kept<'a> {
    #[serde(rename = "ServerURL")]
    server: &'a str,
    username: &'a str,
    secret: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    username: String,
    secret: String,
}

/// Asks a helper for a server's credential; `None` if it has none. Errors contain none of its
/// output.
pub(super) async fn get(name: &str, server: &str) -> Result<Option<Credential>, String> {
    let (success, output) = ask(name, "get", format!("{server}\n")).await?;
    if !success {
        return if is_absence(&output) {
            Ok(None)
        } else {
            Err("it failed".into())
        };
    }
    let answer: Answer =
        serde_json::from_slice(&output).map_err(|_| "its answer can't be read".to_owned())?;
    Ok(if answer.username == TOKEN_USER {
        Some(Credential::Identity(answer.secret))
    } else if answer.username.is_empty() && answer.secret.is_empty() {
        None
    } else {
        Some(Credential::Basic {
            user: answer.username,
            password: answer.secret,
        })
    })
}

/// Stores a credential for a server in a helper.
pub(super) async fn store(name: &str, server: &str, credential: &Credential) -> Result<(), String> {
    let (username, secret) = match credential {
        Credential::Basic { user, password } => (user.as_str(), password),
        Credential::Identity(token) | Credential::Registry(token) => (TOKEN_USER, token),
    };
    let kept = serde_json::to_string(&Kept {
        server,
        username,
        secret,
    });
    let (success, output) = ask(name, "store", kept.map_err(|error| error.to_string())?).await?;
    if success {
        return Ok(());
    }
    // It has just received the secret, and its message may repeat it.
    let said = complaint(&output);
    Err(if said.is_empty() || said.contains(secret.as_str()) {
        "it failed".into()
    } else {
        format!("it reports {said:?}")
    })
}

/// Erases a server's credential from a helper; succeeds if there is none.
pub(super) async fn erase(name: &str, server: &str) -> Result<(), String> {
    let (success, output) = ask(name, "erase", format!("{server}\n")).await?;
    match complaint(&output) {
        _ if success || is_absence(&output) => Ok(()),
        said if said.is_empty() => Err("it failed".into()),
        said => Err(format!("it reports {said:?}")),
    }
}

/// Whether a helper is installed.
pub(super) fn is_installed(name: &str) -> bool {
    is_on_path(&format!("{PREFIX}{name}"))
}

/// Whether there is a program of this name.
pub(super) fn is_on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|directory| directory.join(program).is_file())
}

fn is_absence(output: &[u8]) -> bool {
    let said = String::from_utf8_lossy(output).to_lowercase();
    said.contains("credentials not found")
}

/// The first line of a helper's error message.
fn complaint(output: &[u8]) -> String {
    let said = String::from_utf8_lossy(output);
    let line = said.trim().lines().next().unwrap_or_default();
    line.chars().take(COMPLAINT_LIMIT).collect()
}

async fn ask(name: &str, verb: &str, input: String) -> Result<(bool, Vec<u8>), String> {
    // A name with a slash would run a program by path.
    if name.contains(['/', '\\']) {
        return Err("its name is not one of a program".into());
    }
    let answered = tokio::time::timeout(TIMEOUT, run(name, verb, input)).await;
    answered
        .map_err(|_| format!("it took longer than {} s", TIMEOUT.as_secs()))?
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => "it is not installed".into(),
            _ => error.to_string(),
        })
}

async fn run(name: &str, verb: &str, text: String) -> std::io::Result<(bool, Vec<u8>)> {
    let mut child = Command::new(format!("{PREFIX}{name}"))
        .arg(verb)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    if let Some(mut input) = child.stdin.take() {
        // A helper may answer without reading its input: a closed pipe is no failure.
        let _ = input.write_all(text.as_bytes()).await;
    }
    let mut output = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        stdout.take(OUTPUT_LIMIT).read_to_end(&mut output).await?;
    }
    Ok((child.wait().await?.success(), output))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn names_that_are_paths_or_nothing() {
        assert!(get("../evil", "h").await.is_err());
        assert!(get("surely-not-installed", "h").await.is_err());
    }
}
