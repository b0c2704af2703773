//! Programs of others that tests run: found or said to be missing, run with their output kept.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use super::Log;
use super::server::wait;

/// Whether nothing may be left out.
pub(crate) fn is_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| value == "true")
}

/// Says why a test is left out; where nothing may be left out, fails.
#[track_caller]
pub(crate) fn skip(why: &str) {
    assert!(!is_ci(), "can't be tested: {why}");
    // Past the capture of what passing tests print: who runs them is to know.
    let _ = writeln!(std::io::stderr(), "skipped: {why}");
}

/// Whether all of these programs are installed; says which is not.
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

/// Whether the test runs as root, which some programs need; says so when not.
#[track_caller]
pub(crate) fn is_root() -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        skip("it needs to be run as root");
    }
    root
}

/// Where a program lies.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    // Daemons lie where an ordinary user's PATH may not lead.
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

/// Runs a program to its end, or to the end of patience. Both outputs in one text.
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
    // A daemon that it left behind may hold the pipes: not all of its output is worth waiting for.
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

/// Runs a program that must succeed; what it printed.
#[track_caller]
pub(crate) fn run(command: &mut Command) -> String {
    let output = attempt(command);
    assert!(output.success, "{command:?} failed:\n{}", output.text);
    output.text
}

/// Tries until it works, for as long as a daemon may need.
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
