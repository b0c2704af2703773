//! The behaviour that every index must have, tested on each database.
//!
//! A database provides a [`Place`]: somewhere to open an index repeatedly. The observer records
//! what it receives, and answers at once.

mod access;
mod access_events;
mod collection;
mod content;
mod events;
mod listings;
mod manifests;
mod retention;
mod search;
mod sizes;
mod surveyed;
mod writes;

use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::Mutex;

use super::{Discard, Index, IndexError, JournalEntry, LayoutChange, Lease, NewBlob, NewManifest};
use crate::clock::Millis;
use crate::oci::{Algorithm, Digest, MediaType, Repository, Tag};

macro_rules! for_each_index {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $name() {
                let directory = tempfile::tempdir().unwrap();
                let place = crate::index::suite::Place::new(directory.path().join("index.db"));
                super::$name(&place).await;
            })*
        }
    };
}
use for_each_index;

/// Where an index is opened, and what its observer received.
pub(super) struct Place {
    file: PathBuf,
    observed: Arc<Mutex<Vec<JournalEntry>>>,
}

impl Place {
    pub(super) fn new(file: PathBuf) -> Self {
        let observed = Arc::default();
        Self { file, observed }
    }

    async fn try_open(&self) -> Result<Index, IndexError> {
        let observed = Arc::clone(&self.observed);
        let observer = Arc::new(move |entries| {
            observed.lock().extend(entries);
            Box::pin(std::future::ready(())) as _
        });
        Index::open(&self.file, observer).await
    }

    async fn open(&self) -> Index {
        self.try_open().await.unwrap()
    }

    /// The changes that the observer received since the last call.
    fn observed(&self) -> Vec<LayoutChange> {
        let observed = std::mem::take(&mut *self.observed.lock());
        observed.into_iter().map(|entry| entry.change).collect()
    }
}

/// A lease of a thousand milliseconds that begins at `now`.
fn at(now: Millis) -> Lease {
    Lease {
        now,
        steady: now,
        trash: now,
        length: 1000,
    }
}

/// A deletion at `now` that can be restored for a thousand milliseconds.
fn discard_at(now: Millis) -> Discard {
    Discard {
        now,
        trashed_at: now,
        keep: 1000,
        deletion: None,
    }
}

fn repository(name: &str) -> Repository {
    name.parse().unwrap()
}

fn tag(name: &str) -> Tag {
    name.parse().unwrap()
}

/// A sha256 digest that repeats this byte.
fn digest(byte: u8) -> Digest {
    Digest::from_bytes(Algorithm::Sha256, &[byte; 32]).unwrap()
}

fn sha512(byte: u8) -> Digest {
    Digest::from_bytes(Algorithm::Sha512, &[byte; 64]).unwrap()
}

fn blob(name: &str, byte: u8) -> NewBlob {
    NewBlob {
        in_place: true,
        repository: repository(name),
        canonical: digest(byte),
        alias: None,
        size: u64::from(byte),
        staged: format!("staged/{byte}"),
        upload: None,
    }
}

fn manifest(name: &str, byte: u8) -> NewManifest {
    NewManifest {
        repository: repository(name),
        digest: digest(byte),
        canonical: digest(byte),
        size: u64::from(byte),
        media_type: MediaType::OCI_MANIFEST,
        artifact_type: None,
        subject: None,
        annotations: None,
        platforms: vec!["linux/amd64".into()],
        created: None,
        content_size: 0,
        readable: true,
        references: Vec::new(),
    }
}

/// Puts a manifest without references, tagged.
async fn tagged(index: &Index, name: &str, byte: u8, names: &[&str]) {
    let tags = names.iter().copied().map(tag).collect();
    let staged = Some(format!("staged/{byte}"));
    let put = index.put_manifest(manifest(name, byte), vec![], tags, staged, at(0));
    assert_eq!(put.await.unwrap(), super::PutManifest::Done);
}
