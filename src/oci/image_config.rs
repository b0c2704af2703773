//! Image configurations: platform, date, settings, and the history of the build.
//!
//! Parsing is lenient: a missing or null field, or one with an unexpected shape, is left out. So
//! one unusual image does not make a list fail.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Platform;
use super::lenient::lenient;

/// An image configuration (OCI image specification, "Image Configuration").
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ImageConfig {
    #[serde(deserialize_with = "lenient")]
    os: Option<String>,
    #[serde(deserialize_with = "lenient")]
    architecture: Option<String>,
    #[serde(deserialize_with = "lenient")]
    variant: Option<String>,
    /// When it was made.
    #[serde(deserialize_with = "lenient")]
    pub created: Option<Timestamp>,
    /// Who made it.
    #[serde(deserialize_with = "lenient")]
    pub author: Option<String>,
    /// How it runs.
    #[serde(deserialize_with = "lenient")]
    pub config: Option<Execution>,
    /// The steps of the build.
    #[serde(deserialize_with = "lenient")]
    pub history: Option<Vec<HistoryStep>>,
}

/// How an image runs.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(
    default,
    rename_all(deserialize = "PascalCase", serialize = "camelCase")
)]
pub struct Execution {
    /// The user of the process.
    #[serde(deserialize_with = "lenient")]
    pub user: Option<String>,
    /// The program.
    #[serde(deserialize_with = "lenient")]
    pub entrypoint: Option<Vec<String>>,
    /// The arguments, or the program if there is no entrypoint.
    #[serde(deserialize_with = "lenient")]
    pub cmd: Option<Vec<String>>,
    /// The working directory.
    #[serde(deserialize_with = "lenient")]
    pub working_dir: Option<String>,
    /// Variables, each `NAME=value`.
    #[serde(deserialize_with = "lenient")]
    pub env: Option<Vec<String>>,
    /// Ports, as keys: `80/tcp`.
    #[serde(deserialize_with = "lenient")]
    pub exposed_ports: Option<BTreeMap<String, serde_json::Value>>,
    /// Volumes, as keys: paths.
    #[serde(deserialize_with = "lenient")]
    pub volumes: Option<BTreeMap<String, serde_json::Value>>,
    /// The signal that stops the process.
    #[serde(deserialize_with = "lenient")]
    pub stop_signal: Option<String>,
    /// Labels.
    #[serde(deserialize_with = "lenient")]
    pub labels: Option<BTreeMap<String, String>>,
}

/// One step of an image's history.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct HistoryStep {
    #[serde(deserialize_with = "lenient")]
    created_by: Option<String>,
    #[serde(deserialize_with = "lenient")]
    comment: Option<String>,
    #[serde(deserialize_with = "lenient")]
    empty_layer: Option<bool>,
}

impl ImageConfig {
    /// The platform, if the configuration names one.
    pub fn platform(&self) -> Option<Platform> {
        Some(Platform {
            os: self.os.clone().filter(|os| !os.is_empty())?,
            architecture: self.architecture.clone().filter(|text| !text.is_empty())?,
            variant: self.variant.clone().filter(|text| !text.is_empty()),
            os_version: None,
        })
    }
}

impl HistoryStep {
    /// Whether the step created no layer.
    pub fn is_empty(&self) -> bool {
        self.empty_layer == Some(true)
    }

    /// The command of the step, without the prefixes that builders add.
    pub fn line(&self) -> String {
        let line = self.created_by.as_deref().filter(|line| !line.is_empty());
        let line = line.or(self.comment.as_deref()).unwrap_or_default();
        let line = line
            .strip_prefix("/bin/sh -c #(nop) ")
            .or_else(|| line.strip_prefix("/bin/sh -c "))
            .unwrap_or(line);
        let line = line.trim().trim_end_matches("# buildkit");
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_can_of_an_odd_configuration() {
        let config: ImageConfig = serde_json::from_str(
            r#"{"os":"linux","architecture":"arm64","variant":"v8","created":"yesterday",
               "config":{"Env":null,"Cmd":"sh","Labels":{"a":"b"}},"history":[{"created_by":1}]}"#,
        )
        .unwrap();
        assert_eq!(config.platform().unwrap().to_string(), "linux/arm64/v8");
        assert_eq!(config.created, None);
        let execution = config.config.unwrap();
        assert_eq!((execution.env, execution.cmd), (None, None));
        assert_eq!(execution.labels.unwrap()["a"], "b");
        assert_eq!(config.history.unwrap()[0].line(), "");
    }

    #[test]
    fn shortens_the_lines_of_builders() {
        let line = |text: &str| {
            let created_by = Some(text.to_owned());
            HistoryStep {
                created_by,
                ..HistoryStep::default()
            }
            .line()
        };
        assert_eq!(line("/bin/sh -c #(nop)  CMD [\"bash\"]"), "CMD [\"bash\"]");
        assert_eq!(
            line("RUN /bin/sh -c a &&\t  b # buildkit"),
            "RUN /bin/sh -c a && b"
        );
        assert_eq!(line("/bin/sh -c apt-get update"), "apt-get update");
    }
}
