//! Layers of an image with the steps of its history that made them.

use bytes::Bytes;

use super::source::{Document, Fault};
use super::{Pages, Request};
use crate::oci::{
    Descriptor, Digest, ImageConfig, ManifestKind, ManifestView, Reference, Repository,
};

/// Configurations larger than this are not shown.
const CONFIG_LIMIT: u64 = 1024 * 1024;

/// A manifest with its parsed content.
pub(super) struct Loaded {
    /// The manifest.
    pub(super) document: Document,
    /// The parsed manifest; `None` if it can't be parsed.
    pub(super) view: Option<ManifestView>,
    /// The bytes of its configuration.
    pub(super) config_bytes: Option<Bytes>,
    /// The parsed configuration, if it is that of an image.
    pub(super) config: Option<ImageConfig>,
}

/// A row of the table of layers: a step of the history, the layer that it created, or both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    /// The command of the step.
    pub(super) line: String,
    /// The layer; `None` if the step only changed the configuration.
    pub(super) layer: Option<(Digest, u64)>,
}

impl Loaded {
    /// Reads a manifest and its configuration.
    pub(super) async fn read(
        pages: &Pages,
        request: &Request,
        name: &Repository,
        reference: &Reference,
    ) -> Result<Self, Fault> {
        let source = pages.source(request);
        let document = source
            .manifest(&request.visibility, name, reference)
            .await?;
        let view = ManifestView::parse(&document.bytes, Some(&document.media_type)).ok();
        let described = view.as_ref().and_then(|view| view.config.as_ref());
        let config_bytes = match described {
            Some(config) if config.size <= CONFIG_LIMIT => {
                source
                    .blob(&request.visibility, name, &config.digest, CONFIG_LIMIT)
                    .await?
            }
            _ => None,
        };
        let config = config_bytes
            .as_ref()
            .and_then(|bytes| serde_json::from_slice(bytes).ok());
        Ok(Self {
            document,
            view,
            config_bytes,
            config,
        })
    }

    /// Whether it lists manifests.
    pub(super) fn is_index(&self) -> bool {
        self.view
            .as_ref()
            .is_some_and(|view| view.kind == ManifestKind::Index)
    }

    /// The layers.
    pub(super) fn layers(&self) -> &[Descriptor] {
        self.view.as_ref().map_or(&[], |view| &view.layers)
    }

    /// The children of an index.
    pub(super) fn children(&self) -> &[Descriptor] {
        self.view.as_ref().map_or(&[], |view| &view.manifests)
    }

    /// Bytes of manifest, configuration and layers.
    pub(super) fn size(&self) -> u64 {
        let config = self.view.as_ref().and_then(|view| view.config.as_ref());
        self.document.bytes.len() as u64
            + config.map_or(0, |config| config.size)
            + self.layers().iter().map(|layer| layer.size).sum::<u64>()
    }

    /// The steps with their layers.
    pub(super) fn steps(&self) -> Vec<Step> {
        let history = self
            .config
            .as_ref()
            .and_then(|config| config.history.as_ref());
        let lines = history.map_or_else(Vec::new, |history| {
            history
                .iter()
                .map(|step| (step.line(), step.is_empty()))
                .collect()
        });
        steps(&lines, self.layers())
    }
}

/// Matches the steps of a history with the layers. If their numbers differ, the match is unknown,
/// and only the layers are returned.
fn steps(lines: &[(String, bool)], layers: &[Descriptor]) -> Vec<Step> {
    let alone = |layer: &Descriptor| Step {
        line: String::new(),
        layer: Some((layer.digest, layer.size)),
    };
    let made = lines.iter().filter(|(_, is_empty)| !is_empty).count();
    if made != layers.len() {
        return layers.iter().map(alone).collect();
    }
    let mut layers = layers.iter();
    lines
        .iter()
        .map(|(line, is_empty)| Step {
            line: line.clone(),
            layer: if *is_empty {
                None
            } else {
                layers.next().map(|layer| (layer.digest, layer.size))
            },
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(byte: u8) -> Descriptor {
        let digest = format!("sha256:{}", format!("{byte:02x}").repeat(32));
        serde_json::from_value(serde_json::json!({
            "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
            "digest": digest,
            "size": u64::from(byte),
        }))
        .unwrap()
    }

    fn line(text: &str, is_empty: bool) -> (String, bool) {
        (text.to_owned(), is_empty)
    }

    #[test]
    fn empty_steps_have_no_layer() {
        let history = [
            line("COPY a", false),
            line("ENV b", true),
            line("RUN c", false),
        ];
        let found = steps(&history, &[layer(1), layer(2)]);
        let sizes: Vec<_> = found
            .iter()
            .map(|step| (step.line.as_str(), step.layer.map(|(_, size)| size)))
            .collect();
        assert_eq!(
            sizes,
            [("COPY a", Some(1)), ("ENV b", None), ("RUN c", Some(2))]
        );
    }

    #[test]
    fn a_history_of_another_length_is_not_matched() {
        let found = steps(&[line("COPY a", false)], &[layer(1), layer(2)]);
        assert_eq!(found.len(), 2);
        assert!(found.iter().all(|step| step.line.is_empty()));
    }
}
