//! What images say of themselves: platform, date, history; and what that comes to for a tag.
//!
//! Reads configurations leniently: fields that are missing, null or of a strange form are unknown,
//! so that one odd image never hides a list.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};

use super::context::Place;
use crate::client::{Class, Error, Manifest};
use crate::oci::{Descriptor, ManifestKind, ManifestView, Platform, Reference};

/// An image configuration (OCI image specification, "Image Configuration").
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct ImageConfig {
    #[serde(deserialize_with = "lenient")]
    os: Option<String>,
    #[serde(deserialize_with = "lenient")]
    architecture: Option<String>,
    #[serde(deserialize_with = "lenient")]
    variant: Option<String>,
    /// When it was made.
    #[serde(deserialize_with = "lenient")]
    pub(super) created: Option<Timestamp>,
    /// Who made it.
    #[serde(deserialize_with = "lenient")]
    pub(super) author: Option<String>,
    /// How it runs.
    #[serde(deserialize_with = "lenient")]
    pub(super) config: Option<Execution>,
    /// The steps that made it.
    #[serde(deserialize_with = "lenient")]
    pub(super) history: Option<Vec<Step>>,
}

/// How an image runs.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(
    default,
    rename_all(deserialize = "PascalCase", serialize = "camelCase")
)]
pub(super) struct Execution {
    #[serde(deserialize_with = "lenient")]
    pub(super) user: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub(super) entrypoint: Option<Vec<String>>,
    #[serde(deserialize_with = "lenient")]
    pub(super) cmd: Option<Vec<String>>,
    #[serde(deserialize_with = "lenient")]
    pub(super) working_dir: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub(super) env: Option<Vec<String>>,
    #[serde(deserialize_with = "lenient")]
    pub(super) exposed_ports: Option<BTreeMap<String, serde_json::Value>>,
    #[serde(deserialize_with = "lenient")]
    pub(super) volumes: Option<BTreeMap<String, serde_json::Value>>,
    #[serde(deserialize_with = "lenient")]
    pub(super) stop_signal: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub(super) labels: Option<BTreeMap<String, String>>,
}

/// One step of an image's history.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Step {
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
    pub(super) fn platform(&self) -> Option<Platform> {
        Some(Platform {
            os: self.os.clone().filter(|os| !os.is_empty())?,
            architecture: self.architecture.clone().filter(|text| !text.is_empty())?,
            variant: self.variant.clone().filter(|text| !text.is_empty()),
            os_version: None,
        })
    }
}

impl Step {
    /// Whether it made no layer.
    pub(super) fn is_empty(&self) -> bool {
        self.empty_layer == Some(true)
    }

    /// The line that made it, without what every line of a builder has in common.
    pub(super) fn line(&self) -> String {
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

impl Place {
    /// The configuration of an image; `None` where it is of another kind (an artifact).
    pub(super) async fn image_config(
        &self,
        view: &ManifestView,
    ) -> Result<Option<ImageConfig>, Error> {
        let config = view.config.as_ref();
        let Some(config) = config.filter(|config| config.media_type.is_image_config()) else {
            return Ok(None);
        };
        let bytes = self.client.small_blob(&self.repository, config).await?;
        Ok(serde_json::from_slice(&bytes).ok())
    }

    /// The manifest of a child; `None` where an index names one that is not there.
    pub(super) async fn child(&self, child: &Descriptor) -> Result<Option<Manifest>, Error> {
        let reference = Reference::Digest(child.digest);
        match self.client.manifest(&self.repository, &reference).await {
            Ok(manifest) => Ok(Some(manifest)),
            Err(error) if error.class() == Class::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Bytes of a manifest with all that it references, as far as it is there.
    pub(super) async fn size(
        &self,
        manifest: &Manifest,
        view: &ManifestView,
    ) -> Result<u64, Error> {
        let mut size = (manifest.bytes.len() as u64).saturating_add(view.content_size());
        for child in &view.manifests {
            if let Some(manifest) = self.child(child).await? {
                let content = manifest.view().map_or(0, |view| view.content_size());
                size = size
                    .saturating_add(manifest.bytes.len() as u64)
                    .saturating_add(content);
            }
        }
        Ok(size)
    }

    /// The platforms of a manifest, and when it was made: of an index, its first image's date.
    pub(super) async fn platforms(
        &self,
        view: &ManifestView,
    ) -> Result<(Vec<String>, Option<Timestamp>), Error> {
        if view.kind != ManifestKind::Index {
            let config = self.image_config(view).await?.unwrap_or_default();
            let platform = config.platform().map(|platform| platform.to_string());
            return Ok((platform.into_iter().collect(), config.created));
        }
        let known = |child: &&Descriptor| child.platform.as_ref().is_some_and(Platform::is_known);
        let images = || view.manifests.iter().filter(known);
        let platforms = images().filter_map(|child| Some(child.platform.as_ref()?.to_string()));
        let mut created = None;
        if let Some(first) = images().next()
            && let Some(manifest) = self.child(first).await?
            && let Ok(view) = manifest.view()
        {
            created = self
                .image_config(&view)
                .await?
                .and_then(|config| config.created);
        }
        Ok((platforms.collect(), created))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strange_configuration_is_read_as_far_as_it_goes() {
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
    fn the_lines_of_builders() {
        let line = |text: &str| {
            let created_by = Some(text.to_owned());
            Step {
                created_by,
                ..Step::default()
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
