//! Hints about a blob before it is read: from its name, and from earlier imports.
//!
//! Invariant: only the registry's own answer means that it has a blob, and only the bytes read
//! confirm a hint.

use super::Error;
use super::cache::Known;
use super::session::Session;
use super::unmodified::Part;
use crate::archive::{Blob, named_digest};
use crate::client::Class;
use crate::oci::{Algorithm, Digest, Repository};

/// A hint about a blob.
pub(super) struct Hint {
    /// The digest that the registry would store.
    pub(super) stored: Digest,
    pub(super) size: u64,
    /// Its diffID.
    pub(super) diff_id: Option<Digest>,
    places: Vec<(String, Repository)>,
}

impl From<Known> for Hint {
    fn from(known: Known) -> Self {
        Self {
            stored: known.digest,
            size: known.size,
            diff_id: Some(known.diff_id),
            places: known.places,
        }
    }
}

/// The hint for a blob from names and earlier imports.
pub(super) fn hint(session: &Session, blob: &Blob, form: &str, compresses: bool) -> Option<Hint> {
    let cache = session.cache();
    let said = hex_name(&blob.name);
    if compresses {
        let known = match said {
            Some(diff_id) => cache.of_layer(&diff_id, form),
            None => cache.of_member(&blob.name, blob.place.size, form),
        };
        return known.map(Hint::from);
    }
    let stored = said?;
    let known = cache.of_blob(&stored);
    Some(Hint {
        stored,
        size: blob.place.size,
        diff_id: known.as_ref().map(|known| known.diff_id),
        places: known.map(|known| known.places).unwrap_or_default(),
    })
}

/// The hint from the known digest of a part of a file.
pub(super) fn hint_of_part(
    session: &Session,
    part: &Part,
    form: &str,
    compresses: bool,
) -> Option<Hint> {
    let cache = session.cache();
    if compresses {
        return cache.of_layer(&part.diff_id, form).map(Hint::from);
    }
    let known = cache.of_blob(&part.digest);
    Some(Hint {
        stored: part.digest,
        size: part.size,
        diff_id: Some(part.diff_id),
        places: known.map(|known| known.places).unwrap_or_default(),
    })
}

/// The digest in the name of a member: `blobs/sha256/<hex>`, `<hex>.tar`, `sha256:<hex>`.
pub(super) fn hex_name(name: &str) -> Option<Digest> {
    named_digest(name).or_else(|| {
        let last = name.rsplit('/').next()?;
        let last = last.strip_prefix("sha256:").unwrap_or(last);
        let hex = last.split('.').next()?;
        Digest::from_hex(Algorithm::Sha256, hex).ok()
    })
}

/// Finds a repository with the blob of a hint.
pub(super) fn locate(
    session: &Session,
    home: &Repository,
    hint: &Hint,
) -> Result<Option<Repository>, Error> {
    let registry = session.client.registry();
    let others = hint.places.iter().filter(|(host, _)| host == registry);
    let others = others
        .map(|(_, place)| place)
        .filter(|place| *place != home);
    for (number, place) in std::iter::once(home).chain(others).enumerate() {
        let client = &session.client;
        match session.wait(client.has_blob(place, &hint.stored, Some(hint.size))) {
            Ok(true) => return Ok(Some(place.clone())),
            Ok(false) => {}
            // The user may have no right to read it, or only to push to it.
            Err(error) if number > 0 || error.class() == Class::Denied => {}
            Err(error) => return Err(error.into()),
        }
    }
    if !session.mounts_from_anywhere() {
        return Ok(None);
    }
    let client = &session.client;
    let mounted = session.wait(client.mount_blob_from_anywhere(home, &hint.stored));
    match mounted {
        Ok(true) => Ok(Some(home.clone())),
        // Some registries never search: they are not asked again for each blob.
        Ok(false) => {
            session.missed_mount();
            Ok(None)
        }
        Err(error) if matches!(error.class(), Class::Unavailable | Class::Denied) => {
            Err(error.into())
        }
        Err(_) => {
            session.missed_mount();
            Ok(None)
        }
    }
}

/// Whether a name contains an ID that identifies the content without being its digest:
/// `<id>/layer.tar`. Members with other names and the same size may be different layers.
pub(super) fn is_by_id(name: &str) -> bool {
    let first = name.split('/').next().unwrap_or_default();
    hex_name(name).is_none() && Digest::from_hex(Algorithm::Sha256, first).is_ok()
}

/// The name of a member in progress.
pub(super) fn short(name: &str) -> String {
    let text = match hex_name(name) {
        Some(digest) => digest.hex(),
        None => name.to_owned(),
    };
    text.chars().take(12).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_in_names() {
        let hex = "0123456789abcdef".repeat(4);
        for (name, is_said, by_id) in [
            (format!("blobs/sha256/{hex}"), true, false),
            (format!("{hex}.tar"), true, false),
            (format!("{hex}.tar.gz"), true, false),
            (format!("sha256:{hex}"), true, false),
            (format!("{hex}/layer.tar"), false, true),
            ("app/layer.tar".to_owned(), false, false),
            (format!("{}.tar", &hex[1..]), false, false),
        ] {
            assert_eq!(hex_name(&name).is_some(), is_said, "{name}");
            assert_eq!(is_by_id(&name), by_id, "{name}");
        }
        assert_eq!(short(&format!("{hex}.tar")), "0123456789ab");
    }
}
