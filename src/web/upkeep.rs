//! The configuration of collections, for the pages.

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

/// The configuration of collections.
#[derive(Debug, Clone, Default)]
pub struct Upkeep {
    /// Whether the registry is read-only for maintenance: then the server does not collect.
    pub read_only: bool,
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
            _ if self.read_only => text.read_only.to_owned(),
            None => text.by_hand.to_owned(),
            Some(Schedule::Every(period)) => text
                .every
                .replace("{}", &format::period(frame.language, *period)),
            Some(Schedule::At(pattern)) => text.at.replace("{}", pattern),
        }
    }
}
