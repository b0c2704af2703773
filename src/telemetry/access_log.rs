//! The access log on stdout.
//!
//! A separate thread writes it, so that no request waits for a slow terminal or pipe. A single line
//! is written at once. Under load the thread wakes up at intervals and writes all lines since then,
//! because waking it for each line costs more than writing the line.

use std::io::{self, Write};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

/// Maximum size of queued lines. Lines beyond it are dropped and counted.
const WAITING: usize = 2 * 1024 * 1024;
/// Bytes of memory that an empty buffer keeps.
const KEPT: usize = 64 * 1024;
/// Pause between two writes.
const PAUSE: Duration = Duration::from_millis(2);

#[derive(Default)]
struct Lines {
    text: Vec<u8>,
    /// Lines that were dropped since the last write.
    dropped: u64,
    /// Whether the thread waits for a line.
    idle: bool,
    closed: bool,
}

#[derive(Default)]
struct Shared {
    lines: Mutex<Lines>,
    arrived: Condvar,
}

/// Ends the thread when the last clone of the log is dropped.
struct Sender(Arc<Shared>);

impl Drop for Sender {
    fn drop(&mut self) {
        self.0.lines.lock().closed = true;
        self.0.arrived.notify_one();
    }
}

/// The access log. Cheap to clone.
#[derive(Clone)]
pub struct AccessLog(Arc<Sender>);

impl AccessLog {
    /// Starts the thread that writes to stdout. It ends with the last clone.
    pub fn start() -> io::Result<Self> {
        Self::start_with(io::stdout())
    }

    fn start_with(output: impl Write + Send + 'static) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let lines = Arc::clone(&shared);
        thread::Builder::new()
            .name("access-log".into())
            .spawn(move || write_lines(&lines, output))?;
        Ok(Self(Arc::new(Sender(shared))))
    }

    /// Writes a line, which ends with a line feed.
    pub fn write(&self, line: &str) {
        let Sender(shared) = &*self.0;
        let mut lines = shared.lines.lock();
        if lines.closed || lines.text.len() + line.len() > WAITING {
            lines.dropped += 1;
            return;
        }
        lines.text.extend_from_slice(line.as_bytes());
        if std::mem::take(&mut lines.idle) {
            drop(lines);
            shared.arrived.notify_one();
        }
    }
}

fn write_lines(shared: &Shared, mut output: impl Write) {
    // Buffers are allocated by this thread, in its part of the heap. In that of a thread that answers
    // requests they would keep the allocator from returning the memory of answers to the system.
    let mut text = Vec::with_capacity(KEPT);
    loop {
        let dropped;
        {
            let mut lines = shared.lines.lock();
            while lines.text.is_empty() {
                if lines.closed {
                    return;
                }
                lines.idle = true;
                shared.arrived.wait(&mut lines);
            }
            lines.idle = false;
            std::mem::swap(&mut lines.text, &mut text);
            dropped = std::mem::take(&mut lines.dropped);
        }
        if dropped > 0 {
            tracing::warn!(
                lines = dropped,
                "stdout is too slow for the access log: lines were dropped"
            );
        }
        if output
            .write_all(&text)
            .and_then(|()| output.flush())
            .is_err()
        {
            // stdout is closed: no more lines can be written.
            shared.lines.lock().closed = true;
            return;
        }
        if text.capacity() == KEPT {
            text.clear();
        } else {
            text = Vec::with_capacity(KEPT);
        }
        thread::sleep(PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

    use super::*;

    /// Sends written bytes to the test; each write waits until they are received.
    struct Slow(SyncSender<Vec<u8>>);

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let sent = self.0.send(bytes.to_vec());
            sent.map_err(|_| io::ErrorKind::BrokenPipe)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn log() -> (AccessLog, Receiver<Vec<u8>>) {
        let (sender, written) = sync_channel(0);
        (AccessLog::start_with(Slow(sender)).unwrap(), written)
    }

    #[test]
    fn every_line_is_written_in_order_and_the_last_clone_ends_the_thread() {
        let (log, written) = log();
        let mut expected = String::new();
        for number in 0..1000 {
            let line = format!("line {number}\n");
            log.clone().write(&line);
            expected.push_str(&line);
        }
        drop(log);
        let all: Vec<u8> = written.iter().flatten().collect();
        assert_eq!(String::from_utf8(all).unwrap(), expected);
    }

    #[test]
    fn lines_beyond_the_queue_are_dropped() {
        let (log, written) = log();
        let line = "x".repeat(KEPT) + "\n";
        for _ in 0..WAITING / KEPT * 4 {
            log.write(&line);
        }
        assert!(log.0.0.lines.lock().dropped > 0);
        drop(log);
        let all: usize = written.iter().map(|bytes| bytes.len()).sum();
        assert!(all >= WAITING - line.len() && all <= 2 * WAITING, "{all}");
    }

    #[test]
    fn nothing_is_queued_for_a_closed_stdout() {
        let (log, written) = log();
        drop(written);
        log.write("first\n");
        while !log.0.0.lines.lock().closed {
            thread::yield_now();
        }
        log.write("second\n");
        assert!(log.0.0.lines.lock().text.is_empty());
    }
}
