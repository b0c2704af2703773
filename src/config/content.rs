//! The section `regctl.validation`: checks of content beyond those of registry:2.

use super::error::ConfigError;
use super::section::{Section, Warnings};
use super::values::{self, BadValue};

/// The checks of blobs and manifests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContentSettings {
    /// Whether blobs are hashed while they are read.
    pub reads: bool,
    /// Whether the repository must have all layers of a pushed image.
    pub layers: bool,
    /// Whether only images and indexes are accepted, not manifests of other types.
    pub known_types: bool,
}

impl Default for ContentSettings {
    fn default() -> Self {
        Self {
            reads: true,
            layers: true,
            known_types: false,
        }
    }
}

pub(super) fn content_settings(
    own: &mut Section,
    warnings: &mut Warnings,
) -> Result<ContentSettings, ConfigError> {
    let mut section = own.section("validation")?;
    let default = ContentSettings::default();
    let settings = ContentSettings {
        reads: section
            .value("reads", values::boolean)?
            .unwrap_or(default.reads),
        layers: section
            .value("layers", |text| choice(text, ["none", "all"]))?
            .unwrap_or(default.layers),
        known_types: section
            .value("types", |text| choice(text, ["any", "known"]))?
            .unwrap_or(default.known_types),
    };
    section.finish(warnings);
    Ok(settings)
}

/// Whether the second of two words was chosen.
fn choice(text: &str, words: [&'static str; 2]) -> Result<bool, BadValue> {
    match words
        .iter()
        .position(|word| text.eq_ignore_ascii_case(word))
    {
        Some(at) => Ok(at == 1),
        None => Err(BadValue::not(text, "a choice", hint(words))),
    }
}

fn hint(words: [&'static str; 2]) -> &'static str {
    match words[0] {
        "none" => "none or all",
        _ => "any or known",
    }
}

/// Describes these settings.
pub(super) fn describe(content: ContentSettings, lines: &mut Vec<String>) {
    let ContentSettings {
        reads,
        layers,
        known_types,
    } = content;
    let line = if reads {
        "Blobs are hashed while they are read: yes"
    } else {
        "Blobs are hashed while they are read: no; damage is served until a check finds it"
    };
    lines.push(line.to_owned());
    let line = if layers {
        "Layers an image needs: all"
    } else {
        "Layers an image needs: none"
    };
    lines.push(line.to_owned());
    let line = if known_types {
        "Manifests: images and indexes"
    } else {
        "Manifests: of any type; registry:3's garbage-collect stops at types it does not know \
         (regctl.validation.types: known refuses them)"
    };
    lines.push(line.to_owned());
}
