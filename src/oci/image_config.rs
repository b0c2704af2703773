//! Image configurations: platform, date, how the image runs, and the history that made it.
//!
//! Reads leniently: a field that is missing, null or of an unexpected shape is unknown, so that one
//! odd image never hides a list.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};

use super::Platform;

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
    /// The steps that made it.
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
    /// The user that it runs as.
    #[serde(deserialize_with = "lenient")]
    pub user: Option<String>,
    /// The program.
    #[serde(deserialize_with = "lenient")]
    pub entrypoint: Option<Vec<String>>,
    /// Its arguments, or the program where there is no entrypoint.
    #[serde(deserialize_with = "lenient")]
    pub cmd: Option<Vec<String>>,
    /// The directory that it starts in.
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
    /// The signal that stops it.
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

/// A value, or nothing when it is of another form.
fn lenient<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Lenient<T> {
        Good(T),
        Other(serde::de::IgnoredAny),
    }
    Ok(match Lenient::deserialize(deserializer)? {
        Lenient::Good(value) => Some(value),
        Lenient::Other(_) => None,
    })
}

impl ImageConfig {
    /// The platform it is for, when it says so.
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
    /// Whether it made no layer.
    pub fn is_empty(&self) -> bool {
        self.empty_layer == Some(true)
    }

    /// The line that made it, without what every line of a builder has in common.
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
