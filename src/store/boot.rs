//! The current boot of the machine, and when it began.
//!
//! What a killed process wrote is still in the memory of the machine. After another boot only
//! synced data is certain.

#![expect(
    clippy::disallowed_methods,
    reason = "files of the system, not of a root"
)]

/// One boot of the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Boot {
    /// Different for each boot. Empty if unknown; an unknown boot equals no other.
    pub id: String,
    /// When it began: nanoseconds since 1970.
    pub began: i64,
}

impl Boot {
    /// The boot of this machine, as reported by Linux.
    pub(super) fn current() -> Self {
        let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        let stat = std::fs::read_to_string("/proc/stat").unwrap_or_default();
        let began = stat
            .lines()
            .find_map(|line| line.strip_prefix("btime ")?.trim().parse::<i64>().ok())
            .map_or(i64::MAX, |seconds| seconds.saturating_mul(1_000_000_000));
        Self {
            id: id.trim().to_owned(),
            began,
        }
    }
}
