//! The section `regctl.audit`: how long it is remembered who did what.

use std::time::Duration;

use super::error::ConfigError;
use super::section::{Section, Warnings};
use super::values;

/// How long by default.
const KEEP: Duration = Duration::from_hours(90 * 24);

/// Takes the section: how long events are kept.
pub(super) fn audit_settings(
    own: &mut Section,
    warnings: &mut Warnings,
) -> Result<Duration, ConfigError> {
    let mut section = own.section("audit")?;
    let keep = section.value("keep", values::positive_period)?;
    section.finish(warnings);
    Ok(keep.unwrap_or(KEEP))
}
