//! CPU time and memory of processes, from /proc.

use std::fs;

use anyhow::{Context as _, Result};

/// The unit of CPU time in /proc (`USER_HZ`): 100 on every relevant architecture.
const TICKS_PER_SECOND: f64 = 100.0;

/// Seconds of CPU, user and system, of all threads of a process so far.
pub(crate) fn cpu_seconds(pid: u32) -> Result<f64> {
    let path = format!("/proc/{pid}/stat");
    let stat = fs::read_to_string(&path).with_context(|| format!("reading {path}"))?;
    // The second field, the name, may contain spaces; it ends at the last parenthesis.
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    let ticks = |field: usize| fields.get(field).and_then(|text| text.parse::<u32>().ok());
    let (user, system) = ticks(11)
        .zip(ticks(12))
        .with_context(|| format!("{path} does not have the fields utime and stime"))?;
    Ok((f64::from(user) + f64::from(system)) / TICKS_PER_SECOND)
}

/// A field of `/proc/<pid>/status` in kB (`VmRSS`, `VmHWM`), converted to MiB.
pub(crate) fn memory_mib(pid: u32, field: &str) -> Result<f64> {
    let path = format!("/proc/{pid}/status");
    let status = fs::read_to_string(&path).with_context(|| format!("reading {path}"))?;
    let kilobytes: u32 = status
        .lines()
        .find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))
        .and_then(|value| value.trim().trim_end_matches(" kB").parse().ok())
        .with_context(|| format!("{path} has no {field}"))?;
    Ok(f64::from(kilobytes) / 1024.0)
}

/// Resets the peak memory of a process (`VmHWM`) to its current value.
pub(crate) fn reset_peak(pid: u32) -> Result<()> {
    let path = format!("/proc/{pid}/clear_refs");
    fs::write(&path, "5").with_context(|| format!("writing {path}"))
}

/// CPU seconds of another process and of this one between two moments.
pub(crate) struct Meter {
    pid: Option<u32>,
    before: Option<f64>,
    own_before: f64,
}

impl Meter {
    /// Starts; without a process id only this process is measured.
    pub(crate) fn start(pid: Option<u32>) -> Result<Self> {
        Ok(Self {
            pid,
            before: pid.map(cpu_seconds).transpose()?,
            own_before: cpu_seconds(std::process::id())?,
        })
    }

    /// CPU time of the other process and of this one since the start.
    pub(crate) fn stop(&self) -> Result<(Option<f64>, f64)> {
        let now = self.pid.map(cpu_seconds).transpose()?;
        let used = now.zip(self.before).map(|(now, before)| now - before);
        Ok((used, cpu_seconds(std::process::id())? - self.own_before))
    }
}
