//! The standard error of ssh: forwarded to the user, and remembered for errors.
//!
//! Until ssh is connected, the last line is delayed for a moment, so that it is not shown twice if
//! it becomes the error. Distinguishes lines about connections that the remote host refused from
//! others.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::task::JoinHandle;

use super::words::plain;
use super::{Event, Listener};

/// Delay of the last line.
const DELAY: Duration = Duration::from_millis(300);
/// Interval and number of checks for ssh's reason of a broken connection.
const POLL_INTERVAL: Duration = Duration::from_millis(10);
const POLLS: u32 = 10;

/// The output of one process so far.
#[derive(Clone)]
pub(super) struct SshOutput {
    listener: Listener,
    heard: Arc<Mutex<Output>>,
}

#[derive(Default)]
struct Output {
    /// Whether ssh is connected: lines are not delayed any more.
    connected: bool,
    held: Option<(String, Instant)>,
    last: Option<String>,
    refusal: Option<String>,
}

impl SshOutput {
    /// Without any output.
    pub(super) fn new(listener: Listener) -> Self {
        Self {
            listener,
            heard: Arc::default(),
        }
    }

    /// Clears the output, and reads a pipe until it is closed.
    pub(super) fn listen(&self, pipe: impl AsyncRead + Unpin + Send + 'static) -> JoinHandle<()> {
        *self.heard.lock() = Output::default();
        let words = self.clone();
        tokio::spawn(async move { words.read(pipe).await })
    }

    async fn read(&self, pipe: impl AsyncRead + Unpin) {
        let mut lines = BufReader::new(pipe).split(b'\n');
        while let Ok(Some(line)) = lines.next_segment().await {
            let text = String::from_utf8_lossy(&line);
            let text = text.trim_end();
            let mut heard = self.heard.lock();
            if let Some(refusal) = refused(text) {
                heard.refusal = Some(refusal);
            } else if !text.is_empty() {
                heard.last = Some(plain(text));
                let now = (text.to_owned(), Instant::now());
                let due = if heard.connected {
                    Some(now)
                } else {
                    heard.held.replace(now)
                };
                drop(heard);
                self.pass_on(due);
            }
        }
    }

    fn pass_on(&self, line: Option<(String, Instant)>) {
        if let Some((text, _)) = line {
            (self.listener)(Event::Ssh(&text));
        }
    }

    /// Forwards delayed lines: the user may have to answer one now.
    pub(super) fn flush_delayed(&self) {
        let due = {
            let mut heard = self.heard.lock();
            heard.held.take_if(|(_, since)| since.elapsed() >= DELAY)
        };
        self.pass_on(due);
    }

    /// ssh is connected.
    pub(super) fn set_connected(&self) {
        let due = {
            let mut heard = self.heard.lock();
            heard.connected = true;
            heard.held.take()
        };
        self.pass_on(due);
    }

    /// The last line about ssh itself.
    pub(super) fn last(&self) -> Option<String> {
        self.heard.lock().last.clone()
    }

    /// Why the remote host refused a connection, if ssh reports it within a moment: it arrives on
    /// another path than the end of the connection.
    pub(super) async fn refusal(&self) -> Option<String> {
        for _ in 0..POLLS {
            if let Some(refusal) = &self.heard.lock().refusal {
                return Some(refusal.clone());
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
        None
    }
}

/// The reason in `channel 2: open failed: connect failed: Connection refused`.
fn refused(line: &str) -> Option<String> {
    let (channel, reason) = line.split_once(": open failed: ")?;
    let is_channel = channel.trim_start().starts_with("channel ");
    is_channel.then(|| plain(reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_about_a_connection() {
        let line = "channel 2: open failed: connect failed: Connection refused";
        assert_eq!(refused(line).unwrap(), "connect failed: Connection refused");
        assert_eq!(refused("Host key verification failed."), None);
    }

    #[tokio::test]
    async fn all_but_the_reason_is_passed_on() {
        let said = Arc::new(Mutex::new(Vec::new()));
        let log = said.clone();
        let words = SshOutput::new(Arc::new(move |event| {
            if let Event::Ssh(text) = event {
                log.lock().push(text.to_owned());
            }
        }));
        words
            .read(&b"Welcome\r\nchannel 1: open failed: x\nssh: no route\n"[..])
            .await;
        assert_eq!(*said.lock(), ["Welcome"]);
        assert_eq!(words.last().as_deref(), Some("ssh: no route"));
        assert_eq!(words.refusal().await.as_deref(), Some("x"));
        words.set_connected();
        words.read(&b"later\n"[..]).await;
        assert_eq!(*said.lock(), ["Welcome", "ssh: no route", "later"]);
    }
}
