//! The platform an image runs on (OCI image index specification, "platform").

use std::fmt;

use serde::{Deserialize, Serialize};

use super::descriptor::null_as_default;

/// Operating system, architecture and variant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Platform {
    /// `linux`, `windows`, …; empty where the writer left it out.
    #[serde(default, deserialize_with = "null_as_default")]
    pub os: String,
    /// `amd64`, `arm64`, …; empty where the writer left it out.
    #[serde(default, deserialize_with = "null_as_default")]
    pub architecture: String,
    /// `v7`, `v8`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// A version of Windows, for its images.
    #[serde(
        rename = "os.version",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub os_version: Option<String>,
}

impl Platform {
    /// Whether it is a real platform, not the `unknown/unknown` of an attestation.
    pub fn is_known(&self) -> bool {
        !(self.os.is_empty() || self.os == "unknown")
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        match self.variant.as_deref() {
            Some(variant) if !variant.is_empty() => write!(f, "/{variant}"),
            _ => Ok(()),
        }
    }
}
