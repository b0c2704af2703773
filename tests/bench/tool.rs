//! Running a command to its end: how long it took, and how much memory it held at its peak.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::processes::memory_mib;

/// What a command took.
pub(crate) struct Took {
    /// Seconds from its start to its end.
    pub(crate) seconds: f64,
    /// The most that it held in memory, in MiB, as last seen before its end.
    pub(crate) peak: f64,
}

/// Where a command reads from.
#[derive(Clone, Copy)]
pub(crate) enum Input<'a> {
    /// Nothing.
    None,
    /// A pipe that a file is written to.
    Pipe(&'a Path),
}

/// How often the memory is looked at.
const LOOK: Duration = Duration::from_millis(5);

/// Runs a command that has to succeed; what it prints is shown only when it does not.
pub(crate) fn run(command: &mut Command, input: Input<'_>) -> Result<Took> {
    let name = command.get_program().display().to_string();
    let mut said = tempfile::NamedTempFile::new()?;
    let begun = Instant::now();
    let writer = match input {
        Input::None => {
            command.stdin(Stdio::null());
            None
        }
        Input::Pipe(path) => {
            let mut cat = Command::new("cat")
                .stdin(File::open(path)?)
                .stdout(Stdio::piped())
                .spawn()
                .context("starting cat")?;
            let end = cat.stdout.take().context("cat has no output")?;
            command.stdin(end);
            Some(cat)
        }
    };
    let mut child = command
        .stdout(Stdio::null())
        .stderr(said.reopen()?)
        .spawn()
        .with_context(|| format!("starting {name}"))?;
    let mut peak: f64 = 0.0;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        // Between its end and the wait there is nothing left to read.
        peak = memory_mib(child.id(), "VmHWM").map_or(peak, |now| peak.max(now));
        std::thread::sleep(LOOK);
    };
    let seconds = begun.elapsed().as_secs_f64();
    if let Some(mut writer) = writer {
        writer.wait()?;
    }
    if !status.success() {
        let mut text = String::new();
        std::io::Read::read_to_string(said.as_file_mut(), &mut text)?;
        let last = text.lines().last().unwrap_or("nothing").to_owned();
        bail!("{name} ended with {status}; the last that it said: {last}");
    }
    Ok(Took { seconds, peak })
}
