//! `regctl` on a host that ssh reaches, as a process that answers lines with lines.
//!
//! One ssh process per run, with the user's own configuration; it asks for passwords and host keys
//! itself. If the other side never answers, the last message of ssh is the reason. Invariants: the
//! process ends when this value is dropped or this process ends, since its input ends then; its
//! messages are shown.

use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::task::JoinHandle;

use super::ssh::SshAddress;
use super::ssh_output::SshOutput;
use super::{Error, Listener};

/// Runs the command line for ssh with the words after it.
const SCRIPT: &str = "eval \"exec ${REGCTL_SSH:-ssh} -T \\\"\\$@\\\"\"";
/// The name of the shell of this machine in its messages.
const HERE: &str = "this machine";
/// The variable that names regctl on the other host.
const REMOTE: &str = "REGCTL_REMOTE";
/// Time for the command to end after its input.
const END: Duration = Duration::from_secs(5);
/// Time for the last lines of ssh to arrive after its end.
const LAST_LINES: Duration = Duration::from_millis(500);
/// Interval of showing questions of ssh while it connects.
const POLL_INTERVAL: Duration = Duration::from_millis(50);
/// Exit code of ssh for its own failures.
const SSH_FAILED: i32 = 255;
/// Exit code of a shell that does not find its command.
const NO_COMMAND: i32 = 127;
/// Exit code of regctl for wrong arguments.
const USAGE: i32 = 2;

/// A command that runs on another host.
pub struct RemoteCommand {
    /// The host as the user named it.
    name: String,
    child: Child,
    input: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
    output: SshOutput,
    listening: Option<JoinHandle<()>>,
    connected: bool,
}

impl RemoteCommand {
    /// Runs regctl with these arguments on a host.
    pub fn start(
        address: &SshAddress,
        name: &str,
        arguments: &[String],
        listener: Listener,
    ) -> Result<Self, Error> {
        let remote = std::env::var(REMOTE).ok().filter(|value| !value.is_empty());
        let mut line = remote.unwrap_or_else(|| "regctl".to_owned());
        for argument in arguments {
            line.push(' ');
            line.push_str(&quoted(argument));
        }
        let unusable = |reason: String| Error::Unreachable {
            host: name.to_owned(),
            reason,
            hint: String::new(),
        };
        let mut child = Command::new("/bin/sh")
            .args(["-c", SCRIPT, HERE])
            .args(address.words())
            .arg(line)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| unusable(error.to_string()))?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(input), Some(stdout), Some(stderr)) = pipes else {
            return Err(unusable("ssh has no pipes".to_owned()));
        };
        let output = SshOutput::new(listener);
        Ok(Self {
            name: name.to_owned(),
            child,
            input,
            lines: BufReader::new(stdout).lines(),
            listening: Some(output.listen(stderr)),
            output,
            connected: false,
        })
    }

    /// The host as the user named it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Sends a line, which must not contain a line break.
    pub async fn send(&mut self, line: &[u8]) -> Result<(), Error> {
        let sent = async {
            self.input.write_all(line).await?;
            self.input.write_all(b"\n").await?;
            self.input.flush().await
        };
        match sent.await {
            Ok(()) => Ok(()),
            Err(_) => Err(self.gone().await),
        }
    }

    /// Receives the next line. The end of the command is an error.
    pub async fn receive(&mut self) -> Result<String, Error> {
        loop {
            let received = tokio::time::timeout(POLL_INTERVAL, self.lines.next_line());
            match received.await {
                Ok(Ok(Some(line))) => return Ok(line),
                Ok(Ok(None) | Err(_)) => return Err(self.gone().await),
                // ssh may have a question.
                Err(_) if !self.connected => self.output.flush_delayed(),
                Err(_) => {}
            }
        }
    }

    /// Records that the command on the other host has answered: its messages are shown at once from
    /// now on.
    pub fn set_connected(&mut self) {
        self.connected = true;
        self.output.set_connected();
    }

    /// Ends the input, and waits for the command to end by itself.
    pub async fn finish(mut self) {
        drop(self.input);
        let _ = tokio::time::timeout(END, self.child.wait()).await;
    }

    /// The error after the end of the command.
    async fn gone(&mut self) -> Error {
        let status = match tokio::time::timeout(LAST_LINES, self.child.wait()).await {
            Ok(status) => status.ok(),
            Err(_) => None,
        };
        if let Some(listening) = self.listening.take() {
            let _ = tokio::time::timeout(LAST_LINES, listening).await;
        }
        let (reason, hint) = reason(status, self.output.last(), self.connected);
        Error::Unreachable {
            host: self.name.clone(),
            reason,
            hint: hint.to_owned(),
        }
    }
}

/// The reason why a command has ended, and a hint: from its exit status and its last message.
fn reason(
    status: Option<ExitStatus>,
    last: Option<String>,
    connected: bool,
) -> (String, &'static str) {
    let code = status.and_then(|status| status.code());
    let ended = || match status {
        Some(status) => format!("ssh ended with {status}"),
        None => "the connection was closed".to_owned(),
    };
    let said = last.clone().unwrap_or_else(ended);
    let said = said.trim_start_matches("error: ").to_owned();
    match code {
        _ if connected => (
            last.unwrap_or_else(|| "the connection was lost".to_owned()),
            "an operation that the server has begun continues",
        ),
        Some(SSH_FAILED) => (said, ""),
        Some(NO_COMMAND) if said.starts_with(HERE) => (
            "there is no ssh on this machine".to_owned(),
            "install OpenSSH's client, or name another in REGCTL_SSH",
        ),
        Some(NO_COMMAND) => (
            format!("there is no regctl there: {said}"),
            "install it there, or name it in REGCTL_REMOTE, as in REGCTL_REMOTE='sudo regctl'",
        ),
        Some(USAGE) => (
            format!("regctl there does not accept this command: {said}"),
            "install the same version there as here",
        ),
        _ => (said, ""),
    }
}

/// A word for the shell of the other host.
fn quoted(word: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-=".contains(letter);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_a_shell() {
        for (word, expected) in [
            ("--root", "--root"),
            ("/var/lib/registry", "/var/lib/registry"),
            ("", "''"),
            ("a b", "'a b'"),
            ("$(id)", "'$(id)'"),
            ("it's", "'it'\\''s'"),
        ] {
            assert_eq!(quoted(word), expected);
        }
    }
}
