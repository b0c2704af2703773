//! The section `regctl.pages`: the pages for browsers.

use super::error::ConfigError;
use super::section::{Section, Warnings};
use super::values::{self, BadValue};

/// Settings of the pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PagesSettings {
    /// Whether the pages are served.
    pub enabled: bool,
    /// Whether the pages refuse all changes of repositories.
    pub browse_only: bool,
    /// The prefix of every link, if a proxy removes one; `None` is `http.prefix`.
    pub base_path: Option<String>,
    /// Repositories on a page.
    pub repositories_per_page: usize,
    /// Tags on a page.
    pub tags_per_page: usize,
}

impl Default for PagesSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            browse_only: false,
            base_path: None,
            repositories_per_page: 25,
            tags_per_page: 50,
        }
    }
}

pub(super) fn pages_settings(
    own: &mut Section,
    warnings: &mut Warnings,
) -> Result<PagesSettings, ConfigError> {
    let mut section = own.section("pages")?;
    let default = PagesSettings::default();
    let settings = PagesSettings {
        enabled: section
            .value("enabled", values::boolean)?
            .unwrap_or(default.enabled),
        browse_only: section
            .value("browse-only", values::boolean)?
            .unwrap_or(default.browse_only),
        base_path: section.value("base-path", values::prefix)?,
        repositories_per_page: section
            .value("repositories-per-page", rows)?
            .unwrap_or(default.repositories_per_page),
        tags_per_page: section
            .value("tags-per-page", rows)?
            .unwrap_or(default.tags_per_page),
    };
    section.finish(warnings);
    Ok(settings)
}

fn rows(text: &str) -> Result<usize, BadValue> {
    match text.parse() {
        Ok(rows @ 1..=100) => Ok(rows),
        _ => Err(BadValue::not(
            text,
            "a number from 1 to 100",
            "write it as in 25",
        )),
    }
}
