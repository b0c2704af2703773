//! Devices that lose written data and report it once.

use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use parking_lot::Mutex;

use super::*;

/// Like Linux: a write-back error is reported to the first sync of each file, and to no later one.
fn fails_once(file: &File) -> io::Result<()> {
    static REPORTED: Mutex<Option<HashSet<(u64, SystemTime)>>> = Mutex::new(None);
    let metadata = file.metadata()?;
    // Inode numbers are reused; the creation time distinguishes files.
    let file = (metadata.ino(), metadata.created()?);
    let new = REPORTED.lock().get_or_insert_default().insert(file);
    if new && metadata.len() > 0 {
        return Err(io::Error::other("the device failed"));
    }
    Ok(())
}

fn root() -> Root {
    let root = Root::in_memory();
    let store = FileStore::open(&root.directory.path().join("root")).unwrap();
    Root {
        store: Arc::new(store.syncing_by(fails_once)),
        ..root
    }
}

/// More bytes than an early sync needs.
fn large() -> Vec<Vec<u8>> {
    (0_u8..40).map(|number| vec![number; 1024 * 1024]).collect()
}

fn body_of(slices: &[Vec<u8>]) -> IncomingBody {
    let slices: Vec<_> = slices
        .iter()
        .map(|slice| Ok(vec![Bytes::from(slice.clone())]))
        .collect();
    Box::pin(stream::iter(slices))
}

async fn unknown(registry: &Registry, digest: &Digest) {
    let blob = registry.blob(&repository("a"), digest).await;
    assert!(matches!(blob, Err(RegistryError::BlobUnknown(_))));
}

#[tokio::test]
async fn an_early_sync_that_fails_fails_the_upload() {
    let root = root();
    let registry = root.open().await;
    let name = repository("a");
    let content = large();
    let digest = sha256(&content.concat());
    let at_once = registry
        .upload_at_once(&name, &digest, body_of(&content))
        .await;
    assert!(
        matches!(at_once, Err(RegistryError::Store(_))),
        "{at_once:?}"
    );
    unknown(&registry, &digest).await;

    let id = registry.start_upload(&name, None).await.unwrap().id;
    let appended = registry.append(&name, &id, None, body_of(&content)).await;
    assert!(
        matches!(appended, Err(RegistryError::Store(_))),
        "{appended:?}"
    );
    // The system reports no further error, but the upload has ended.
    let again = registry.append(&name, &id, None, body_of(&content)).await;
    assert!(matches!(again, Err(RegistryError::UploadUnknown)));
    let last = registry
        .finish_upload(&name, &id, &digest, None, body(&[]))
        .await;
    assert!(matches!(last, Err(RegistryError::UploadUnknown)));
    unknown(&registry, &digest).await;
    assert!(
        root.names(&format!("{}/a", layout::UPLOADS))
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn a_last_sync_that_fails_ends_the_upload() {
    let root = root();
    let registry = root.open().await;
    let (name, digest) = (repository("a"), sha256(b"content"));
    let id = registry.start_upload(&name, None).await.unwrap().id;
    registry
        .append(&name, &id, None, body(&["cont"]))
        .await
        .unwrap();
    for error in ["the device failed", "upload"] {
        let finished = registry
            .finish_upload(&name, &id, &digest, None, body(&["ent"]))
            .await;
        let text = finished.unwrap_err().to_string();
        assert!(text.contains(error), "{text}");
    }
    unknown(&registry, &digest).await;
    let staged = registry.upload_at_once(&name, &digest, body(&["content"]));
    assert!(matches!(staged.await, Err(RegistryError::Store(_))));
    let manifest = put(&registry, "a", "t", &numbered(1)).await;
    assert!(matches!(manifest, Err(RegistryError::Store(_))));
    unknown(&registry, &digest).await;
    assert!(root.names(layout::STAGING).await.is_empty());
}

#[tokio::test]
async fn a_lost_session_whose_file_remains_is_not_found_again() {
    let root = Root::in_memory();
    let registry = root.open().await;
    let (name, digest) = (repository("a"), sha256(b"content"));
    let id = registry.start_upload(&name, None).await.unwrap().id;
    registry
        .append(&name, &id, None, body(&["cont"]))
        .await
        .unwrap();
    root.fail(&["seal", "remove"], layout::UPLOADS, Fault::Broken);
    let failed = registry
        .finish_upload(&name, &id, &digest, None, body(&["ent"]))
        .await;
    assert!(matches!(failed, Err(RegistryError::Store(_))));
    root.heal();
    root.clock.advance(60 * 60 * 1000);
    registry.save_uploads().await.unwrap();
    let again = registry
        .finish_upload(&name, &id, &digest, None, body(&["ent"]))
        .await;
    assert!(matches!(again, Err(RegistryError::UploadUnknown)));
}

#[tokio::test]
async fn rows_stay_until_their_links_are_synced_where_a_file_system_can_not_be() {
    static FAILS: AtomicBool = AtomicBool::new(false);
    fn sync(_: &File) -> io::Result<()> {
        if FAILS.load(Ordering::Relaxed) {
            return Err(io::Error::other("the device failed"));
        }
        Ok(())
    }
    let root = Root::in_memory();
    let store = FileStore::open(&root.directory.path().join("root")).unwrap();
    let root = Root {
        store: Arc::new(store.syncing_keys().syncing_by(sync)),
        ..root
    };
    let registry = root.open().await;
    put(&registry, "a", "t", &numbered(1)).await.unwrap();
    FAILS.store(true, Ordering::Relaxed);
    assert!(registry.checkpoint_journal().await.is_err());
    assert!(!registry.index.journal().await.unwrap().is_empty());
    FAILS.store(false, Ordering::Relaxed);
    registry.checkpoint_journal().await.unwrap();
    assert!(registry.index.journal().await.unwrap().is_empty());
    // Without rows there is nothing to sync.
    FAILS.store(true, Ordering::Relaxed);
    registry.checkpoint_journal().await.unwrap();
}
