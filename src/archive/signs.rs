//! Recognizes files that are not image archives, by the names of members and the form of documents.
//!
//! Pure. Used only if an archive lists no images; the error for each kind names the command that
//! makes an image archive.

use serde_json::Value;

use super::Error;

/// The signs seen so far.
#[derive(Debug, Default)]
pub(super) struct Signs {
    /// The directory that contains an image archive or an OCI layout.
    nested: Option<String>,
    /// Number of standard root directories seen.
    root: u8,
    /// Whether docker's container marker is there.
    container: bool,
    /// Whether it is a skopeo directory.
    transport: bool,
    /// Whether it is a helm chart.
    chart: bool,
}

/// A directory as skopeo writes it.
const SKOPEO: &str = "a directory of skopeo's (dir:)";
const SKOPEO_HINT: &str =
    "`skopeo copy --all dir:DIRECTORY docker://REGISTRY/REPOSITORY:TAG` pushes it";
/// The beginning of its file `version`.
pub(super) const TRANSPORT: &[u8] = b"Directory Transport Version";

/// Directories of every Linux file system.
const ROOT: [&str; 4] = ["etc", "usr", "var", "bin"];

impl Signs {
    /// Records the name of a member.
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

    /// Records the beginning of a member.
    pub(super) fn head(&mut self, name: &str, head: &[u8]) {
        self.transport |= name == "version" && head.starts_with(TRANSPORT);
    }

    /// The error that names the kind; `None` if it is unknown.
    pub(super) fn error(&self) -> Option<Error> {
        let is = |what: &str, hint: String| {
            Some(Error::OtherKind {
                what: what.to_owned(),
                hint,
            })
        };
        if self.transport {
            return is(SKOPEO, SKOPEO_HINT.into());
        }
        if let Some(directory) = &self.nested {
            return is(
                &format!("an image one directory down, in {directory:?}"),
                format!("`tar -C {directory} -cf image.tar .` packs it in the right form"),
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

/// The error for a `manifest.json` of another kind; `None` if it is docker's or unknown.
pub(super) fn of_manifest(bytes: &[u8]) -> Option<Error> {
    let value: Value = serde_json::from_slice(bytes).ok()?;
    let (what, hint) = match &value {
        Value::Object(fields) if fields.contains_key("schemaVersion") => (SKOPEO, SKOPEO_HINT),
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
