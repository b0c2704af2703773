//! What is no image archive, recognised: by the names of its members and the form of its documents.
//!
//! Pure. Looked at only when an archive says nothing of images; each kind is answered with the command
//! that makes a right one.

use serde_json::Value;

use super::Error;

/// What was seen of an archive that tells its kind.
#[derive(Debug, Default)]
pub(super) struct Signs {
    /// The directory that an image archive or an OCI layout lies in.
    nested: Option<String>,
    /// How many of the directories of a file system there are.
    root: u8,
    /// Whether docker has put its mark into it.
    container: bool,
    /// Whether it says that it is a directory of skopeo's.
    transport: bool,
    /// Whether it is a chart of helm.
    chart: bool,
}

/// Directories that every file system of Linux has.
const ROOT: [&str; 4] = ["etc", "usr", "var", "bin"];

impl Signs {
    /// Notes a member's name.
    pub(super) fn name(&mut self, name: &str) {
        let (first, rest) = name.split_once('/').unwrap_or((name, ""));
        if matches!(rest, "index.json" | "manifest.json" | "oci-layout") && self.nested.is_none() {
            self.nested = Some(first.to_owned());
        }
        if let Some(number) = ROOT.iter().position(|known| *known == first) {
            self.root |= 1 << number;
        }
        self.container |= name == ".dockerenv";
        self.chart |= rest == "Chart.yaml";
    }

    /// Notes how a member begins.
    pub(super) fn head(&mut self, name: &str, head: &[u8]) {
        self.transport |= name == "version" && head.starts_with(b"Directory Transport Version");
    }

    /// The error that names what it is; `None` where it looks like nothing that is known.
    pub(super) fn error(&self) -> Option<Error> {
        let is = |what: &str, hint: String| {
            Some(Error::OtherKind {
                what: what.to_owned(),
                hint,
            })
        };
        if self.transport {
            return is(
                "a directory of skopeo's (dir:)",
                "`skopeo copy dir:DIRECTORY docker-archive:image.tar` makes an image archive"
                    .into(),
            );
        }
        if let Some(directory) = &self.nested {
            return is(
                &format!("an image one directory down, in {directory:?}"),
                format!("`tar -C {directory} -cf image.tar .` packs it as it has to be"),
            );
        }
        if self.container || self.root.count_ones() > 2 {
            return is(
                "the file system of a container, as `docker export` writes it",
                "`docker commit CONTAINER IMAGE`, then `docker save IMAGE` makes an image archive"
                    .into(),
            );
        }
        if self.chart {
            return is(
                "a chart of helm",
                "`helm push CHART.tgz oci://REGISTRY/REPOSITORY` sends it".into(),
            );
        }
        None
    }
}

/// The error that a `manifest.json` of another kind is; `None` of one that is docker's, or of no kind
/// that is known.
pub(super) fn of_manifest(bytes: &[u8]) -> Option<Error> {
    let value: Value = serde_json::from_slice(bytes).ok()?;
    let (what, hint) = match &value {
        Value::Object(fields) if fields.contains_key("schemaVersion") => (
            "a directory of skopeo's (dir:)",
            "`skopeo copy dir:DIRECTORY docker-archive:image.tar` makes an image archive",
        ),
        Value::Array(items)
            if items
                .iter()
                .any(|item| item.get("Image").or(item.get("ImageIndex")).is_some()) =>
        {
            (
                "an archive of imgpkg",
                "`imgpkg copy --tar FILE --to-repo REGISTRY/REPOSITORY` sends it",
            )
        }
        _ => return None,
    };
    Some(Error::OtherKind {
        what: what.into(),
        hint: hint.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_by_their_members() {
        for (names, said) in [
            (
                &["image/oci-layout", "image/index.json"][..],
                "tar -C image",
            ),
            (&[".dockerenv", "bin/sh"], "docker export"),
            (&["bin", "etc/passwd", "usr/bin/env"], "docker export"),
            (&["mychart/Chart.yaml"], "helm push"),
        ] {
            let mut signs = Signs::default();
            for name in names {
                signs.name(name);
            }
            let error = signs.error().unwrap().to_string();
            assert!(error.contains(said), "{error}");
        }
        let mut signs = Signs::default();
        signs.name("version");
        assert!(signs.error().is_none());
        signs.head("version", b"Directory Transport Version: 1.1\n");
        assert!(signs.error().unwrap().to_string().contains("skopeo"));
    }

    #[test]
    fn kinds_by_their_manifest() {
        for (text, said) in [
            (r#"{"schemaVersion":2,"config":{}}"#, Some("skopeo")),
            (r#"[{"Image":{"Refs":[]}}]"#, Some("imgpkg")),
            (r#"[{"Config":"c"}]"#, None),
            ("nonsense", None),
        ] {
            let error = of_manifest(text.as_bytes()).map(|error| error.to_string());
            match said {
                Some(said) => assert!(error.unwrap().contains(said), "{text}"),
                None => assert!(error.is_none(), "{text}"),
            }
        }
    }
}
