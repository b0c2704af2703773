//! Surveys the layout, in batches of keys: its repositories and the targets of their links.

use std::io::ErrorKind;

use super::{Registry, RegistryError, layout};
use crate::oci::{Algorithm, Digest, Repository};
use crate::store::{Entry, Stat, StoreError};

/// Number of keys in one call of the store.
pub(super) const CHUNK: usize = 2048;

/// An entry of a layout directory with a link.
pub(super) struct Linked<T> {
    pub(super) name: T,
    pub(super) stat: Stat,
}

/// What is at the key of a file.
pub(super) enum Place {
    /// Nothing.
    Absent,
    /// A file.
    There(Stat),
    /// Something else, or the store can't tell; the reason.
    Unreadable(String),
}

/// The reason for a file that has bytes, of which none can be read; the log has the error.
const UNREADABLE: &str = "its bytes can't be read";

/// Why a link can't be used.
pub(super) const NO_DIGEST: &str = "it contains no digest";

/// The result of a walk through the repositories of the layout.
#[derive(Default)]
pub(super) struct Walked {
    /// Every repository.
    pub(super) repositories: Vec<Repository>,
    /// The upload sessions of registry:2.
    pub(super) uploads: Vec<(Repository, String)>,
    /// Unreadable directories, as names of repositories, each with the error. Their content is
    /// unknown.
    pub(super) unreadable: Vec<(String, StoreError)>,
}

/// Whether a repository is in a directory or below it.
pub(super) fn is_within(name: &Repository, directory: &str) -> bool {
    let rest = name.as_str().strip_prefix(directory);
    directory.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl Registry {
    /// Lists directories. The result of an unreadable one is the reason.
    pub(super) async fn list_each(&self, keys: &[String]) -> Vec<Result<Vec<Entry>, StoreError>> {
        if let Ok(listed) = self.store.list(keys).await {
            return listed.into_iter().map(Ok).collect();
        }
        let mut each = Vec::with_capacity(keys.len());
        for key in keys {
            let listed = self.store.list(std::slice::from_ref(key)).await;
            each.push(listed.map(|entries| entries.into_iter().flatten().collect()));
        }
        each
    }

    /// Looks at each key of a file.
    pub(super) async fn stat_each(&self, keys: &[String]) -> Vec<Place> {
        let mut places = Vec::with_capacity(keys.len());
        if let Ok(stats) = self.store.stat(keys).await {
            let each = keys.iter().zip(stats);
            places.extend(each.map(|(key, stat)| place(key, Ok(stat))));
            return places;
        }
        for key in keys {
            let stat = self.store.stat(std::slice::from_ref(key)).await;
            let stat = stat.map(|stats| stats.into_iter().flatten().next());
            places.push(place(key, stat));
        }
        places
    }

    /// Like [`Registry::stat_each`], for the start: notes what can't be read.
    pub(super) async fn survey_each(&self, keys: &[String]) -> Vec<Place> {
        let places = self.stat_each(keys).await;
        for (key, place) in keys.iter().zip(&places) {
            if let Place::Unreadable(reason) = place {
                self.note_failure(key.clone(), reason);
            }
        }
        places
    }

    /// Reads a link once more that seemed to have no digest. The result is the digest, if it has one,
    /// or why nothing could be read from a file that has bytes.
    pub(super) async fn read_again(
        &self,
        key: &str,
    ) -> Result<Result<Option<Digest>, String>, RegistryError> {
        let keys = [key.to_owned()];
        let place = self.stat_each(&keys).await.into_iter().next();
        Ok(match place {
            Some(Place::Unreadable(reason)) => Err(reason),
            Some(Place::There(stat)) if stat.size > 0 => {
                let bytes = self.store.get(&keys).await?.into_iter().flatten().next();
                match bytes {
                    Some(bytes) if bytes.is_empty() => Err(UNREADABLE.to_owned()),
                    // The first error has passed.
                    bytes => Ok(bytes.as_deref().and_then(parse_link)),
                }
            }
            _ => Ok(None),
        })
    }

    /// Walks through every repository of the layout. An unreadable directory is left out, unless it
    /// is the first.
    pub(super) async fn walk_repositories(&self) -> Result<Walked, RegistryError> {
        let (mut names, mut uploads) = (Vec::new(), Vec::new());
        let mut unreadable = Vec::new();
        let mut level = vec![String::new()];
        while !level.is_empty() {
            let mut next = Vec::new();
            for parents in level.chunks(CHUNK) {
                let keys: Vec<String> = parents.iter().map(|name| key_of(name)).collect();
                let mut with_uploads = Vec::new();
                for (parent, entries) in parents.iter().zip(self.list_each(&keys).await) {
                    let entries = match entries {
                        Err(error) if !parent.is_empty() => {
                            unreadable.push((parent.clone(), error));
                            continue;
                        }
                        entries => entries?,
                    };
                    let name = parent.parse::<Repository>().ok();
                    let mut is_repository = false;
                    for entry in entries.into_iter().filter(|entry| entry.directory) {
                        match (entry.name.as_str(), &name) {
                            ("_uploads", Some(name)) => with_uploads.push(name.clone()),
                            ("_manifests" | "_layers", Some(_)) => is_repository = true,
                            (child, _) if Repository::is_component(child) => {
                                let slash = if parent.is_empty() { "" } else { "/" };
                                next.push(format!("{parent}{slash}{child}"));
                            }
                            _ => {}
                        }
                    }
                    names.extend(name.filter(|_| is_repository));
                }
                let keys: Vec<String> = with_uploads
                    .iter()
                    .map(|name| format!("{}/_uploads", layout::repository(name.as_str())))
                    .collect();
                for (name, entries) in with_uploads.iter().zip(self.list_each(&keys).await) {
                    let entries = entries.unwrap_or_default();
                    uploads.extend(entries.into_iter().map(|entry| (name.clone(), entry.name)));
                }
            }
            level = next;
        }
        names.sort();
        Ok(Walked {
            repositories: names,
            uploads,
            unreadable,
        })
    }

    /// The upload sessions outside of the layout.
    pub(super) async fn own_uploads(&self) -> Result<Vec<(Repository, String)>, RegistryError> {
        let mut uploads = Vec::new();
        let mut level = vec![String::new()];
        while !level.is_empty() {
            let keys: Vec<String> = level
                .iter()
                .map(|name| format!("{}{name}", layout::UPLOADS))
                .collect();
            let mut next = Vec::new();
            for (parent, entries) in level.iter().zip(self.list_each(&keys).await) {
                let entries = entries.unwrap_or_else(|error| {
                    tracing::error!(%error, "a directory of uploads can't be read");
                    Vec::new()
                });
                let name = parent.trim_start_matches('/').parse::<Repository>().ok();
                for entry in entries {
                    match (entry.name.strip_prefix('_'), &name) {
                        (Some(id), Some(name)) => uploads.push((name.clone(), id.to_owned())),
                        (None, _) if entry.directory => {
                            next.push(format!("{parent}/{}", entry.name));
                        }
                        _ => {}
                    }
                }
            }
            level = next;
        }
        Ok(uploads)
    }

    /// The digests with a link file below a directory, of all algorithms.
    pub(super) async fn links(
        &self,
        directory: &str,
    ) -> Result<Vec<Linked<Digest>>, RegistryError> {
        let mut links = Vec::new();
        for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
            let directory = format!("{directory}/{algorithm}");
            let digests: Vec<Digest> = self
                .directories(&directory)
                .await?
                .iter()
                .filter_map(|hex| Digest::from_hex(algorithm, hex).ok())
                .collect();
            for digests in digests.chunks(CHUNK) {
                let keys: Vec<String> = digests
                    .iter()
                    .map(|digest| format!("{directory}/{}/link", digest.hex()))
                    .collect();
                for (name, place) in digests.iter().zip(self.survey_each(&keys).await) {
                    let stat = match place {
                        Place::Absent => continue,
                        Place::There(stat) => stat,
                        // As if it had not changed: what the index has of it is kept.
                        Place::Unreadable(_) => Stat::at(i64::MIN),
                    };
                    links.push(Linked { name: *name, stat });
                }
            }
        }
        Ok(links)
    }

    /// Reads the targets of links: each digest with its canonical digest.
    pub(super) async fn targets(
        &self,
        name: &Repository,
        digests: Vec<Digest>,
        key: fn(&Repository, &Digest) -> String,
    ) -> Result<Vec<(Digest, Digest)>, RegistryError> {
        let mut targets = Vec::with_capacity(digests.len());
        for digests in digests.chunks(CHUNK) {
            let keys: Vec<String> = digests.iter().map(|digest| key(name, digest)).collect();
            for (digest, link) in digests.iter().zip(self.store.get(&keys).await?) {
                let key = key(name, digest);
                let target = match link.as_deref().and_then(parse_link) {
                    Some(canonical) => Some(canonical),
                    None => match self.read_again(&key).await? {
                        Ok(target) => target,
                        Err(reason) => {
                            self.note_failure(key, &reason);
                            continue;
                        }
                    },
                };
                match target {
                    Some(canonical) if canonical.algorithm() == Algorithm::Sha256 => {
                        targets.push((*digest, canonical));
                    }
                    _ => {
                        tracing::warn!(repository = %name, %digest, "a link can't be read; skipped");
                        self.note_unreadable(key, NO_DIGEST.to_owned());
                    }
                }
            }
        }
        Ok(targets)
    }

    pub(super) async fn directories(&self, key: &str) -> Result<Vec<String>, RegistryError> {
        let listed = self.store.list(&[key.to_owned()]).await?;
        let entries = listed.into_iter().flatten().filter(|entry| entry.directory);
        Ok(entries.map(|entry| entry.name).collect())
    }
}

fn place(key: &str, stat: Result<Option<Stat>, StoreError>) -> Place {
    let error = match stat {
        Ok(None) => return Place::Absent,
        Ok(Some(stat)) if stat.file => return Place::There(stat),
        Ok(Some(_)) => {
            let other = std::io::Error::new(ErrorKind::InvalidInput, "it is not a file");
            StoreError::new("read", key, other)
        }
        Err(error) => error,
    };
    Place::Unreadable(error.to_string())
}

fn key_of(name: &str) -> String {
    if name.is_empty() {
        layout::REPOSITORIES.to_owned()
    } else {
        layout::repository(name)
    }
}

/// The digest in a link file. A file edited by hand may end with a newline.
pub(super) fn parse_link(bytes: &[u8]) -> Option<Digest> {
    std::str::from_utf8(bytes).ok()?.trim_end().parse().ok()
}
