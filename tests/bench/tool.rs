//! Runs a command to its end, and measures its time and peak memory.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::processes::memory_mib;

/// The measurements of a command.
pub(crate) struct Took {
    /// Seconds from start to end.
    pub(crate) seconds: f64,
    /// Peak memory in MiB, as last seen before its end.
    pub(crate) peak: f64,
}

/// The standard input of a command.
#[derive(Clone, Copy)]
pub(crate) enum Input<'a> {
    /// Nothing.
    None,
    /// A pipe with the content of a file.
    Pipe(&'a Path),
}

/// Interval of reading the memory.
const LOOK: Duration = Duration::from_millis(5);

/// Runs a command that must succeed; its output is shown only if it fails.
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
        // After its end the value is missing.
        peak = memory_mib(child.id(), "VmHWM").map_or(peak, |now| peak.max(now));
        std::thread::sleep(LOOK);
    };
    let seconds = begun.elapsed().as_secs_f64();
    if let Some(mut writer) = writer {
        // Not every tool reads to the end.
        writer.kill()?;
        writer.wait()?;
    }
    if !status.success() {
        let mut text = String::new();
        std::io::Read::read_to_string(said.as_file_mut(), &mut text)?;
        let last = text.lines().last().unwrap_or("nothing").to_owned();
        bail!("{name} ended with {status}; its last output: {last}");
    }
    Ok(Took { seconds, peak })
}
