//! Credential helpers: programs named `docker-credential-<name>` that keep secrets for docker.
//!
//! Owns their protocol (`get` with the server on standard input, JSON on standard output). A helper
//! that takes too long or says too much is one that fails.

use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

use super::credentials::Credential;

/// Some helpers ask the user; nobody looks for a password for longer than this.
const PATIENCE: Duration = Duration::from_mins(1);
const OUTPUT_LIMIT: u64 = 64 * 1024;
/// The user name that stands for an identity token.
const TOKEN_USER: &str = "<token>";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    username: String,
    secret: String,
}

/// Asks a helper for a server's credential; `None` when it has none. The error is why it can't say,
/// without any of its output.
pub(super) async fn get(name: &str, server: &str) -> Result<Option<Credential>, String> {
    // A name with a slash would run a program from the current directory.
    if name.contains(['/', '\\']) {
        return Err("its name is not one of a program".into());
    }
    let answered = tokio::time::timeout(PATIENCE, run(name, server)).await;
    let (success, output) = answered
        .map_err(|_| format!("it took longer than {} s", PATIENCE.as_secs()))?
        .map_err(|error| error.to_string())?;
    if !success {
        let said = String::from_utf8_lossy(&output).to_lowercase();
        return if said.contains("credentials not found") {
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

async fn run(name: &str, server: &str) -> std::io::Result<(bool, Vec<u8>)> {
    let mut child = Command::new(format!("docker-credential-{name}"))
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    if let Some(mut input) = child.stdin.take() {
        // A helper may answer without reading: a closed pipe is no failure.
        let _ = input.write_all(format!("{server}\n").as_bytes()).await;
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
