//! Names of members: normalized, and refused if they lead out of the archive.
//!
//! Pure. Invariants: a normalized name has no empty, `.` or `..` component; a link's target is
//! resolved inside of the archive or refused.

/// Why a name is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PathError {
    /// It begins with a slash.
    Absolute,
    /// It climbs out with `..`.
    Upward,
}

impl PathError {
    /// The text after "has a member X".
    pub(super) fn of_member(self) -> &'static str {
        match self {
            Self::Absolute => "with an absolute name",
            Self::Upward => "with .. in its name",
        }
    }

    /// The text after "has a member X".
    pub(super) fn of_link(self) -> &'static str {
        match self {
            Self::Absolute => "that is a link to an absolute path",
            Self::Upward => "that is a link to a path outside",
        }
    }
}

/// The normalized name of a member; empty for the root of the archive.
pub(super) fn member(name: &str) -> Result<String, PathError> {
    if name.starts_with('/') {
        return Err(PathError::Absolute);
    }
    let mut parts = Vec::new();
    for part in name.split('/') {
        match part {
            "" | "." => {}
            ".." => return Err(PathError::Upward),
            part => parts.push(part),
        }
    }
    Ok(parts.join("/"))
}

/// The target of the symbolic link `link`, a normalized name.
pub(super) fn symbolic(link: &str, target: &str) -> Result<String, PathError> {
    if target.starts_with('/') {
        return Err(PathError::Absolute);
    }
    let mut parts: Vec<&str> = link.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop().ok_or(PathError::Upward)?;
            }
            part => parts.push(part),
        }
    }
    Ok(parts.join("/"))
}

/// Whether a member is metadata that macOS adds beside packed files.
pub(super) fn is_macos_metadata(name: &str) -> bool {
    let last = name.rsplit('/').next().unwrap_or(name);
    last.starts_with("._") || last == ".DS_Store"
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names() {
        for (name, plain) in [
            ("manifest.json", Ok("manifest.json")),
            ("./blobs//sha256/./a", Ok("blobs/sha256/a")),
            ("./", Ok("")),
            ("a/", Ok("a")),
            ("/etc/passwd", Err(PathError::Absolute)),
            ("a/../b", Err(PathError::Upward)),
            ("..", Err(PathError::Upward)),
            ("..a/b..", Ok("..a/b..")),
        ] {
            assert_eq!(member(name), plain.map(str::to_owned), "{name}");
        }
    }

    #[test]
    fn links() {
        for (link, target, plain) in [
            ("one/layer.tar", "../two/layer.tar", Ok("two/layer.tar")),
            ("one/layer.tar", "./x", Ok("one/x")),
            ("layer.tar", "two.tar", Ok("two.tar")),
            ("one/layer.tar", "../../two", Err(PathError::Upward)),
            ("one/layer.tar", "../../one/x", Err(PathError::Upward)),
            ("one/layer.tar", "/two", Err(PathError::Absolute)),
        ] {
            let resolved = symbolic(link, target);
            assert_eq!(resolved, plain.map(str::to_owned), "{link} -> {target}");
        }
    }

    #[test]
    fn litter() {
        assert!(
            is_macos_metadata("._manifest.json")
                && is_macos_metadata("a/._b")
                && is_macos_metadata("a/.DS_Store")
        );
        assert!(!is_macos_metadata("a/b._c") && !is_macos_metadata("manifest.json"));
    }

    proptest! {
        #[test]
        fn a_plain_name_is_unchanged(name in "[a-z./]{0,20}") {
            if let Ok(plain) = member(&name) {
                prop_assert_eq!(member(&plain), Ok(plain.clone()));
            }
        }

        #[test]
        fn no_link_leaves_the_archive(link in "[a-z]{1,3}(/[a-z]{1,3}){0,3}", target in "[a-z./]{0,20}") {
            if let Ok(resolved) = symbolic(&link, &target) {
                prop_assert!(member(&resolved).is_ok());
            }
        }
    }
}
