//! The description of a manifest, for people and as JSON.
//!
//! Prints a [`Report`]; requests nothing.

use std::collections::BTreeMap;
use std::io;

use serde_json::{Value, json};

use super::figures;
use super::output::Printer;
use super::table::Column;
use crate::oci::{Descriptor, Digest, Execution, ImageConfig, ManifestKind, ManifestView};

/// A child of an index.
pub(super) struct Child {
    pub(super) descriptor: Descriptor,
    /// Bytes of the manifest and everything that it references; `None`: it is not in the registry.
    pub(super) content: Option<u64>,
}

/// The data of a manifest to print.
pub(super) struct Report<'a> {
    pub(super) name: String,
    pub(super) digest: Digest,
    /// Length of the manifest in bytes.
    pub(super) size: u64,
    pub(super) view: &'a ManifestView,
    pub(super) config: Option<&'a ImageConfig>,
    pub(super) children: Vec<Child>,
}

impl Report<'_> {
    /// Bytes of its existing references.
    fn content_size(&self) -> u64 {
        let children = self.children.iter().filter_map(|child| child.content);
        children.fold(self.view.content_size(), u64::saturating_add)
    }

    /// Prints it for people.
    pub(super) fn print(&self, printer: Printer) -> io::Result<()> {
        let mut fields: Vec<(&str, String)> = vec![
            ("Name", self.name.clone()),
            ("Digest", self.digest.to_string()),
            ("Type", self.view.media_type.to_string()),
        ];
        let config_type = self.view.config.as_ref().map(|config| &config.media_type);
        if let Some(artifact) = &self.view.artifact_type
            && config_type.is_none_or(|config| !config.is_image_config())
        {
            fields.push(("Artifact", artifact.clone()));
        }
        fields.push((
            "Size",
            format!(
                "{} of content, {} of manifest",
                figures::size(self.content_size()),
                figures::size(self.size)
            ),
        ));
        if let Some(config) = self.config {
            image_fields(config, printer, &mut fields);
        }
        if let Some(subject) = &self.view.subject {
            fields.push((
                "Subject",
                format!("{} ({})", subject.digest, subject.media_type),
            ));
        }
        for (at, (key, value)) in self.view.annotations.iter().enumerate() {
            fields.push((
                if at == 0 { "Annotations" } else { "" },
                format!("{key}={value}"),
            ));
        }
        printer.lines(fields.iter().map(|(field, value)| {
            let field = if field.is_empty() {
                String::new()
            } else {
                format!("{field}:")
            };
            format!("{field:<13}{value}")
        }))?;
        match self.view.kind {
            ManifestKind::Index => self.print_children(printer),
            ManifestKind::Image if !self.view.layers.is_empty() => self.print_layers(printer),
            ManifestKind::Image | ManifestKind::Other => Ok(()),
        }
    }

    fn print_children(&self, printer: Printer) -> io::Result<()> {
        if self.children.is_empty() {
            return Ok(());
        }
        let rows = self.children.iter().map(|child| {
            let descriptor = &child.descriptor;
            let platform = descriptor.platform.as_ref();
            vec![
                platform.map_or("-".into(), ToString::to_string),
                descriptor.digest.to_string(),
                child.content.map_or("absent".into(), figures::size),
                descriptor.media_type.to_string(),
            ]
        });
        let columns = [
            Column::Text("PLATFORM"),
            Column::Digest("DIGEST"),
            Column::Figure("SIZE"),
            Column::Line("TYPE"),
        ];
        printer.line("")?;
        printer.table(&columns, rows.collect())
    }

    fn print_layers(&self, printer: Printer) -> io::Result<()> {
        printer.line("")?;
        let rows = self.layer_rows();
        let last = if self.config.is_some() {
            Column::Line("CREATED BY")
        } else {
            Column::Line("TYPE")
        };
        let columns = [
            Column::Figure("LAYER"),
            Column::Figure("SIZE"),
            Column::Digest("DIGEST"),
            last,
        ];
        printer.table(&columns, rows)
    }

    /// A row for each layer with the step that created it, and one for each step without a layer.
    /// Only layers, if the history does not match them.
    fn layer_rows(&self) -> Vec<Vec<String>> {
        let layers = &self.view.layers;
        let numbered = |at: usize, layer: &Descriptor, line: String| {
            vec![
                (at + 1).to_string(),
                figures::size(layer.size),
                layer.digest.to_string(),
                line,
            ]
        };
        let Some(config) = self.config else {
            let title = |layer: &Descriptor| {
                let annotations = layer.annotations.as_ref();
                let title = annotations.and_then(|all| all.get("org.opencontainers.image.title"));
                match title {
                    Some(title) => format!("{} ({title})", layer.media_type),
                    None => layer.media_type.to_string(),
                }
            };
            let rows = layers.iter().enumerate();
            return rows
                .map(|(at, layer)| numbered(at, layer, title(layer)))
                .collect();
        };
        let history = config.history.as_deref().unwrap_or_default();
        let made = history.iter().filter(|step| !step.is_empty()).count();
        if made != layers.len() {
            let rows = layers.iter().enumerate();
            return rows
                .map(|(at, layer)| numbered(at, layer, String::new()))
                .collect();
        }
        let mut remaining = layers.iter().enumerate();
        let rows = history.iter().filter_map(|step| {
            if step.is_empty() {
                let dash = || "-".to_owned();
                return Some(vec![dash(), dash(), dash(), step.line()]);
            }
            let (at, layer) = remaining.next()?;
            Some(numbered(at, layer, step.line()))
        });
        rows.collect()
    }

    /// As JSON.
    pub(super) fn json(&self) -> Value {
        let view = self.view;
        let kind = match view.kind {
            ManifestKind::Image => "image",
            ManifestKind::Index => "index",
            ManifestKind::Other => "other",
        };
        let mut object = json!({
            "name": self.name,
            "digest": self.digest,
            "mediaType": view.media_type,
            "kind": kind,
            "size": self.size,
            "contentSize": self.content_size(),
        });
        let mut add = |key: &str, value: Value| object[key] = value;
        if let Some(artifact_type) = &view.artifact_type {
            add("artifactType", json!(artifact_type));
        }
        if let Some(config) = self.config {
            let platform = config.platform();
            add(
                "platform",
                json!(platform.map(|platform| platform.to_string())),
            );
            add("created", json!(config.created));
            add("author", json!(config.author));
            add("config", json!(config.config));
            let steps = config
                .history
                .iter()
                .flatten()
                .map(|step| json!({"createdBy": step.line(), "emptyLayer": step.is_empty()}));
            add("history", steps.collect());
        }
        match view.kind {
            ManifestKind::Index => {
                let children = self.children.iter().map(|child| {
                    let mut value = json!(child.descriptor);
                    value["contentSize"] = json!(child.content);
                    value
                });
                add("manifests", children.collect());
            }
            ManifestKind::Image => add("layers", json!(view.layers)),
            ManifestKind::Other => {}
        }
        if let Some(subject) = &view.subject {
            add("subject", json!(subject));
        }
        if !view.annotations.is_empty() {
            add("annotations", json!(view.annotations));
        }
        object
    }
}

fn image_fields(config: &ImageConfig, printer: Printer, fields: &mut Vec<(&'static str, String)>) {
    let mut add = |field, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            fields.push((field, value));
        }
    };
    add(
        "Platform",
        config.platform().map(|platform| platform.to_string()),
    );
    add(
        "Created",
        config.created.map(|time| printer.time(Some(time))),
    );
    add("Author", config.author.clone());
    let execution = config.config.clone().unwrap_or_default();
    let Execution {
        user,
        entrypoint,
        cmd,
        working_dir,
        env,
        exposed_ports,
        volumes,
        stop_signal,
        labels,
    } = execution;
    let list = |words: Option<Vec<String>>| {
        words
            .filter(|words| !words.is_empty())
            .map(|words| json!(words).to_string())
    };
    let keys = |map: Option<BTreeMap<String, Value>>| {
        map.map(|map| map.into_keys().collect::<Vec<_>>().join(", "))
    };
    add("Entrypoint", list(entrypoint));
    add("Command", list(cmd));
    add("User", user);
    add("Directory", working_dir);
    add("Ports", keys(exposed_ports));
    add("Volumes", keys(volumes));
    add("Stop signal", stop_signal);
    let variables = env.filter(|variables| !variables.is_empty());
    let count = |variables: Vec<String>| figures::count(variables.len(), "variable", "variables");
    add("Environment", variables.map(count));
    for (at, (key, value)) in labels.unwrap_or_default().into_iter().enumerate() {
        let field = if at == 0 { "Labels" } else { "" };
        add(field, Some(format!("{key}={value}")));
    }
}
