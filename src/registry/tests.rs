//! Tests of a registry from inside: over a store in memory with injected faults, over files, and
//! with a manual clock.

mod children;
mod clock;
mod collection;
mod failing_device;
mod healing;
mod interrupted;
mod journal;
mod lagging;
mod large_manifests;
mod leases;
mod model;
mod moved;
mod pruning;
mod restarts;
mod retention;
mod returning;
mod roots;
mod scrub;
mod space;
mod takeover;

use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream;

use super::*;
use crate::hash::Hasher;
use crate::oci::{Algorithm, Digest, MediaType, Reference, Repository, Tag};
use crate::store::{Fault, FileStore, MemoryStore};

/// A root on which registries can be opened repeatedly.
struct Root {
    directory: tempfile::TempDir,
    store: Arc<dyn Store>,
    memory: MemoryStore,
    clock: Clock,
    rules: Rules,
}

impl Root {
    fn in_memory() -> Self {
        let memory = MemoryStore::new();
        // Its clock is ahead of that of the system, and of the manual one, however far a test advances
        // that.
        memory.age(4_000_000_000_000_000_000);
        Self {
            directory: tempfile::tempdir().unwrap(),
            store: Arc::new(memory.clone()),
            memory,
            clock: Clock::manual(1_000_000),
            rules: Rules::default(),
        }
    }

    fn in_files() -> Self {
        let root = Self::in_memory();
        let store = FileStore::open(&root.directory.path().join("root")).unwrap();
        Self {
            store: Arc::new(store),
            ..root
        }
    }

    async fn try_open(&self) -> Result<(Registry, ReindexReport), RegistryError> {
        let (store, file) = (Arc::clone(&self.store), self.directory.path());
        let (rules, clock) = (self.rules.clone(), self.clock.clone());
        Registry::open(store, &file.join("index.db"), rules, clock).await
    }

    async fn open(&self) -> Registry {
        self.try_open().await.unwrap().0
    }

    /// Makes calls of these actions fail from now on, for keys that begin with `begins`.
    fn fail(&self, actions: &'static [&'static str], begins: &'static str, fault: Fault) {
        self.memory.set_faults(Some(Box::new(move |action, key| {
            let hit = actions.contains(&action) && key.starts_with(begins);
            hit.then_some(fault)
        })));
    }

    fn heal(&self) {
        self.memory.set_faults(None);
    }

    /// Removes a file without the registry, as another program would.
    fn meddle(&self, key: &str) {
        self.memory.remove(key);
        let path = self.directory.path().join("root").join(key);
        if path.exists() {
            #[expect(clippy::disallowed_methods, reason = "changes by another program")]
            std::fs::remove_file(path).unwrap();
        }
    }

    /// The names in a directory of the store.
    async fn names(&self, key: &str) -> Vec<String> {
        let mut listed = self.store.list(&[key.to_owned()]).await.unwrap();
        let entries = listed.remove(0).into_iter();
        entries.map(|entry| entry.name).collect()
    }

    /// The content of a link of the layout.
    async fn link(&self, key: String) -> Option<String> {
        let record = self.store.get(&[key]).await.unwrap().remove(0);
        record.map(|bytes| String::from_utf8(bytes.to_vec()).unwrap())
    }
}

/// Ends a registry like a killed process: nothing is saved or finished.
async fn kill(registry: Registry) {
    registry.journal.halt().await;
    registry.index.close().await;
    drop(registry);
    tokio::task::yield_now().await;
}

/// Waits until the layout shows all changes.
async fn caught_up(registry: &Registry) {
    for _ in 0..400 {
        if registry.journal.is_caught_up() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the layout does not catch up");
}

fn repository(name: &str) -> Repository {
    name.parse().unwrap()
}

fn tag(name: &str) -> Tag {
    name.parse().unwrap()
}

fn sha256(bytes: &[u8]) -> Digest {
    Hasher::digest(Algorithm::Sha256, bytes)
}

/// A body of these slices that ends normally.
fn body(slices: &[&str]) -> IncomingBody {
    let slices: Vec<_> = slices
        .iter()
        .map(|slice| Ok(vec![Bytes::copy_from_slice(slice.as_bytes())]))
        .collect();
    Box::pin(stream::iter(slices))
}

/// A body that breaks off after these slices.
fn broken(slices: &[&str]) -> IncomingBody {
    let error = BodyError::Interrupted("as the test wants it".into());
    let broken = stream::iter([Err(error)]);
    Box::pin(stream::StreamExt::chain(body(slices), broken))
}

async fn push_blob(registry: &Registry, name: &str, content: &str) -> Digest {
    let digest = sha256(content.as_bytes());
    let (name, body) = (repository(name), body(&[content]));
    let pushed = registry.upload_at_once(&name, &digest, body).await;
    assert_eq!(pushed.unwrap().digest, digest);
    digest
}

async fn read_blob(
    registry: &Registry,
    name: &str,
    digest: &Digest,
) -> Result<Bytes, RegistryError> {
    let blob = registry.blob(&repository(name), digest).await?;
    let body = registry.read_blob(&blob, None).await?;
    Ok(body.collect().await.unwrap())
}

/// A manifest that references some blobs; the first is its configuration.
fn image(blobs: &[Digest]) -> Bytes {
    let descriptor = |digest: &Digest| {
        serde_json::json!({
            "mediaType": "application/octet-stream", "digest": digest.to_string(), "size": 1,
        })
    };
    let layers: Vec<_> = blobs[1..].iter().map(descriptor).collect();
    let manifest = serde_json::json!({
        "schemaVersion": 2, "mediaType": MediaType::OCI_MANIFEST.as_str(),
        "config": descriptor(&blobs[0]), "layers": layers,
    });
    manifest.to_string().into()
}

/// A manifest without references, made unique by its number.
fn numbered(number: u64) -> Bytes {
    let manifest = serde_json::json!({
        "schemaVersion": 2, "mediaType": MediaType::OCI_INDEX.as_str(),
        "manifests": [], "annotations": {"number": number.to_string()},
    });
    manifest.to_string().into()
}

async fn put(
    registry: &Registry,
    name: &str,
    tag_name: &str,
    bytes: &Bytes,
) -> Result<Digest, RegistryError> {
    let incoming = Incoming {
        repository: repository(name),
        reference: Reference::Tag(tag(tag_name)),
        tags: vec![],
        media_type: None,
        bytes: bytes.clone(),
    };
    Ok(registry.put_manifest(incoming).await?.digest)
}

async fn get(registry: &Registry, name: &str, tag_name: &str) -> Result<Bytes, RegistryError> {
    let reference = Reference::Tag(tag(tag_name));
    let manifest = registry.manifest(&repository(name), &reference).await?;
    Ok(manifest.bytes.clone())
}

/// A random generator that can be repeated from its seed.
struct Chance(u64);

/// A new seed, or the one to repeat; it is printed.
fn seed() -> u64 {
    let now = Clock::system().now().unsigned_abs();
    let seed = std::env::var("REGCTL_TEST_SEED")
        .ok()
        .map_or(now, |text| text.parse().unwrap());
    println!("REGCTL_TEST_SEED={seed}");
    seed | 1
}

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let limit = u64::try_from(limit).unwrap();
        usize::try_from(self.0 % limit).unwrap()
    }

    fn one_of<T: Copy>(&mut self, things: &[T]) -> T {
        things[self.below(things.len())]
    }
}
