//! Upload sessions in memory.
//!
//! A session has the number of acknowledged bytes of an upload, and their hash states. It changes
//! only at the end of a request, so an interrupted request leaves it unchanged. The bytes are in
//! the store; the hash states are saved in the index at intervals. A session that is not in memory
//! is restored from there.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use super::layout;
use crate::clock::Millis;
use crate::hash::Hasher;
use crate::index::UploadRecord;
use crate::oci::{Algorithm, Repository};

/// One upload.
#[derive(Clone)]
pub(super) struct Session {
    pub(super) id: String,
    pub(super) repository: Repository,
    /// The key of its bytes in the store.
    pub(super) key: String,
    /// By the steady clock, as is the next one: a clock that is set ends no upload.
    pub(super) started_at: Millis,
    pub(super) updated_at: Millis,
    /// Acknowledged bytes.
    pub(super) position: u64,
    /// Hash states of those bytes; the canonical algorithm first.
    pub(super) hashers: Vec<Hasher>,
    /// The session in memory is newer than the saved row.
    pub(super) unsaved: bool,
    /// Whether the index has a row for it.
    pub(super) saved_before: bool,
    /// Whether it still accepts bytes.
    pub(super) stage: Stage,
}

/// The stage of a session. A request checks it after it has waited for its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// It accepts bytes.
    Open,
    /// It was finished or cancelled.
    Ended,
    /// Removed from memory: it must be looked up again, or two requests would write to one file.
    Evicted,
}

#[derive(Serialize, Deserialize)]
struct SavedHash {
    algorithm: String,
    state: Vec<u8>,
}

impl Session {
    /// Its row for the index.
    pub(super) fn record(&self) -> UploadRecord {
        let hashes: Vec<SavedHash> = self
            .hashers
            .iter()
            .map(|hasher| SavedHash {
                algorithm: hasher.algorithm().to_string(),
                state: hasher.save(),
            })
            .collect();
        UploadRecord {
            id: self.id.clone(),
            repository: self.repository.clone(),
            started_at: self.started_at,
            updated_at: self.updated_at,
            position: self.position,
            state: serde_json::to_string(&hashes).unwrap_or_default(),
        }
    }

    /// Restores it from its row in the index. If the hash states can't be read, it starts again at
    /// 0.
    pub(super) fn from_record(record: &UploadRecord, key: String) -> Self {
        let hashers = serde_json::from_str::<Vec<SavedHash>>(&record.state)
            .ok()
            .and_then(|hashes| {
                hashes
                    .iter()
                    .map(|hash| Hasher::resume(hash.algorithm.parse().ok()?, &hash.state).ok())
                    .collect::<Option<Vec<_>>>()
            });
        let (position, hashers) = match hashers {
            Some(hashers) if !hashers.is_empty() => (record.position, hashers),
            _ => (0, hashers_for(None)),
        };
        Self {
            id: record.id.clone(),
            repository: record.repository.clone(),
            key,
            started_at: record.started_at,
            updated_at: record.updated_at,
            position,
            hashers,
            unsaved: false,
            saved_before: true,
            stage: Stage::Open,
        }
    }
}

/// The hashes to compute: the canonical one, and the announced one if it differs.
pub(super) fn hashers_for(announced: Option<Algorithm>) -> Vec<Hasher> {
    let mut hashers = vec![Hasher::new(Algorithm::Sha256)];
    if let Some(other) = announced.filter(|algorithm| *algorithm != Algorithm::Sha256) {
        hashers.push(Hasher::new(other));
    }
    hashers
}

/// A session and the lock on it.
pub(super) struct Entry {
    /// Locked by the request that writes to it.
    pub(super) session: Arc<tokio::sync::Mutex<Session>>,
    /// The repository that it belongs to.
    pub(super) repository: Repository,
    /// When it last received bytes.
    pub(super) moved_at: AtomicI64,
    /// The position of the session, readable without its lock.
    pub(super) position: AtomicU64,
}

impl Entry {
    pub(super) fn moved(&self, now: Millis) {
        self.moved_at.store(now, Ordering::Relaxed);
    }

    pub(super) fn acknowledged(&self, position: u64) {
        self.position.store(position, Ordering::Relaxed);
    }
}

/// The sessions in memory, by id, and the staging keys of running requests.
#[derive(Default)]
pub(super) struct Sessions {
    sessions: Mutex<HashMap<String, Arc<Entry>>>,
    staged: Mutex<HashSet<String>>,
}

/// A staging key in use by a request. A collection leaves it alone until this is dropped.
pub(super) struct Staged {
    sessions: Arc<Sessions>,
    pub(super) key: String,
}

impl Drop for Staged {
    fn drop(&mut self) {
        self.sessions.staged.lock().remove(&self.key);
    }
}

impl Sessions {
    /// A new claimed staging key.
    pub(super) fn stage(self: &Arc<Self>) -> Staged {
        let key = layout::staged();
        self.staged.lock().insert(key.clone());
        let sessions = Arc::clone(self);
        Staged { sessions, key }
    }

    /// Whether a running request uses this staging key.
    pub(super) fn is_staged(&self, key: &str) -> bool {
        self.staged.lock().contains(key)
    }

    pub(super) fn get(&self, id: &str) -> Option<Arc<Entry>> {
        self.sessions.lock().get(id).cloned()
    }

    /// Adds a session; if another request has added it in the meantime, that one is returned.
    pub(super) fn add(&self, session: Session) -> Arc<Entry> {
        let moved_at = AtomicI64::new(session.updated_at);
        let position = AtomicU64::new(session.position);
        let (id, repository) = (session.id.clone(), session.repository.clone());
        let session = Arc::new(tokio::sync::Mutex::new(session));
        let entry = Entry {
            session,
            repository,
            moved_at,
            position,
        };
        Arc::clone(
            self.sessions
                .lock()
                .entry(id)
                .or_insert_with(|| Arc::new(entry)),
        )
    }

    /// Removes a session. The caller holds its lock and has set its stage.
    pub(super) fn remove(&self, id: &str) {
        self.sessions.lock().remove(id);
    }

    pub(super) fn all(&self) -> Vec<Arc<Entry>> {
        self.sessions.lock().values().cloned().collect()
    }
}
