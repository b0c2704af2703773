//! The section `regctl.audit`: how long events are stored.

use std::time::Duration;

use super::error::ConfigError;
use super::section::{Section, Warnings};
use super::values;

/// How long by default.
const KEEP: Duration = Duration::from_hours(90 * 24);

/// Parses the section: how long events are stored.
pub(super) fn audit_settings(
    own: &mut Section,
    warnings: &mut Warnings,
) -> Result<Duration, ConfigError> {
    let mut section = own.section("audit")?;
    let keep = section.value("keep", values::positive_period)?;
    section.finish(warnings);
    Ok(keep.unwrap_or(KEEP))
}
