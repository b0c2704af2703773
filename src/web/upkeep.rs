//! The configuration of collections and retention, for the pages.

use std::path::PathBuf;

use super::format;
use super::frame::Frame;
use crate::clock::Millis;

/// When the server collects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Schedule {
    /// At a fixed interval, in milliseconds.
    Every(Millis),
    /// At the times of a pattern as in crontab.
    At(String),
}

/// The configuration of collections and retention.
#[derive(Debug, Clone, Default)]
pub struct Upkeep {
    /// When the server collects; `None`: never.
    pub schedule: Option<Schedule>,
    /// Whether that deletes untagged manifests as well, and their minimum age in milliseconds.
    pub untagged: Option<Millis>,
    /// The configuration file, if one was read.
    pub file: Option<PathBuf>,
}

impl Upkeep {
    /// A sentence about the schedule.
    pub(super) fn schedule_text(&self, frame: &Frame<'_>) -> String {
        let text = frame.upkeep;
        match &self.schedule {
            None => text.by_hand.to_owned(),
            Some(Schedule::Every(period)) => text
                .every
                .replace("{}", &format::period(frame.language, *period)),
            Some(Schedule::At(pattern)) => text.at.replace("{}", pattern),
        }
    }
}
