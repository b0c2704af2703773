//! Other programs that tests run: found or reported as missing, run with their output collected.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use super::Log;
use super::server::wait;

/// Whether tests may not be skipped.
pub(crate) fn is_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| value == "true")
}

/// Reports why a test is skipped; fails if tests may not be skipped.
#[track_caller]
pub(crate) fn skip(why: &str) {
    assert!(!is_ci(), "can't be tested: {why}");
    // Not captured, unlike the output of passing tests.
    let _ = writeln!(std::io::stderr(), "skipped: {why}");
}

/// Whether all of these programs are installed; reports the first missing one.
#[track_caller]
pub(crate) fn have(programs: &[&str]) -> bool {
    for program in programs {
        if find(program).is_none() {
            skip(&format!("{program} is not installed"));
            return false;
        }
    }
    true
}

/// Whether the test runs as root, which some programs need; reports if not.
#[track_caller]
pub(crate) fn is_root() -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        skip("it needs to be run as root");
    }
    root
}

/// The path of a program.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    // Daemons may be outside of an ordinary user's PATH.
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/sbin".into()])
        .map(|directory| directory.join(program))
        .find(|file| file.is_file())
}

/// What a program left.
pub(crate) struct Output {
    pub(crate) success: bool,
    pub(crate) code: Option<i32>,
    pub(crate) text: String,
}

/// Runs a program to its end, with a timeout. Returns both outputs in one text.
#[track_caller]
pub(crate) fn attempt(command: &mut Command) -> Output {
    let shown = format!("{command:?}");
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{shown}: {error}"));
    let log = Log::default();
    let readers = [
        log.drain(child.stdout.take().expect("a pipe")),
        log.drain(child.stderr.take().expect("a pipe")),
    ];
    let Some(status) = wait(&mut child, Duration::from_mins(2)) else {
        let _ = child.kill();
        let _ = child.wait();
        panic!("{shown} does not end:\n{}", log.tail());
    };
    // A daemon that it started may keep the pipes open: wait only a short time for the rest of the
    // output.
    for _ in 0..100 {
        if readers.iter().all(thread::JoinHandle::is_finished) {
            break;
        }
        thread::sleep(Duration::from_millis(10));
    }
    Output {
        success: status.success(),
        code: status.code(),
        text: log.text(),
    }
}

/// Runs a program that must succeed. Returns its output.
#[track_caller]
pub(crate) fn run(command: &mut Command) -> String {
    let output = attempt(command);
    assert!(output.success, "{command:?} failed:\n{}", output.text);
    output.text
}

/// Repeats a check until it succeeds, with a timeout long enough for a daemon.
#[track_caller]
pub(crate) fn eventually(what: &str, mut test: impl FnMut() -> bool) {
    for _ in 0..3000 {
        if test() {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("{what}: not within 30 seconds");
}
