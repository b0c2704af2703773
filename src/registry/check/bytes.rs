//! Reads all blobs and compares them with their digests: several at once, in bounded memory.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use futures_util::{StreamExt, stream};

use super::{Check, CheckEntry, Difference};
use crate::hash::Hasher;
use crate::oci::Digest;
use crate::registry::{Registry, RegistryError};

/// Number of blobs read at once.
const CONCURRENCY: usize = 4;
/// Number of blobs queried from the index at once.
const PAGE: usize = 1000;
/// Bytes hashed in one blocking task.
const CHUNK: usize = 1 << 20;

/// The state of the bytes of a blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::registry) enum Content {
    /// They match its digest.
    Right,
    /// They do not match its digest.
    Wrong,
    /// They are missing.
    Gone,
    /// The device failed; the error of the system.
    Unreadable(String),
}

impl Registry {
    /// Reads the bytes of a blob and returns their state.
    pub(in crate::registry) async fn content(
        &self,
        digest: &Digest,
    ) -> Result<Content, RegistryError> {
        self.content_counted(digest, &|_| std::future::ready(()))
            .await
    }

    /// Like [`Registry::content`]; `passed` is called and awaited with the number of bytes read.
    pub(super) async fn content_counted<F>(
        &self,
        digest: &Digest,
        passed: &(impl Fn(u64) -> F + Send + Sync),
    ) -> Result<Content, RegistryError>
    where
        F: Future<Output = ()> + Send,
    {
        let mut body = match self.read(digest, None).await {
            Ok(body) => body,
            Err(error) if error.is_not_found() => return Ok(Content::Gone),
            Err(error) => return Ok(Content::Unreadable(error.to_string())),
        };
        let mut hasher = Hasher::new(digest.algorithm());
        let (mut slices, mut waiting) = (Vec::new(), 0);
        loop {
            let slice = match body.next().await {
                Some(Ok(slice)) => Some(slice),
                // The file became shorter after it was opened.
                Some(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    return Ok(Content::Wrong);
                }
                Some(Err(error)) => return Ok(Content::Unreadable(error.to_string())),
                None => None,
            };
            let ends = slice.is_none();
            waiting += slice.as_ref().map_or(0, Bytes::len);
            slices.extend(slice);
            if waiting >= CHUNK || ends {
                let batch = std::mem::take(&mut slices);
                hasher = hash(hasher, batch).await?;
                passed(waiting as u64).await;
                waiting = 0;
            }
            if ends {
                let right = hasher.finish() == *digest;
                return Ok(if right {
                    Content::Right
                } else {
                    Content::Wrong
                });
            }
        }
    }
}

async fn hash(mut hasher: Hasher, slices: Vec<Bytes>) -> Result<Hasher, RegistryError> {
    let hashed = tokio::task::spawn_blocking(move || {
        for slice in &slices {
            hasher.update(slice);
        }
        hasher
    });
    hashed.await.map_err(|error| {
        let error = io::Error::other(error);
        crate::store::StoreError::new("hash", "a blob", error).into()
    })
}

impl Check<'_> {
    /// Reads all blobs.
    pub(super) async fn bytes(&mut self) -> Result<(), RegistryError> {
        let registry = self.registry;
        let (_, all) = registry.index.blob_totals().await?;
        let (read, listener) = (AtomicU64::new(0), self.listener);
        let count = &|bytes: u64| {
            let read = read.fetch_add(bytes, Ordering::Relaxed) + bytes;
            listener.receive(CheckEntry::Read(read, all.max(read)))
        };
        let mut last = None;
        loop {
            let page = registry.index.blobs_after(last.as_ref(), PAGE).await?;
            let Some((end, _)) = page.last() else { break };
            last = Some(*end);
            let damaged = &self.damaged;
            let wanted = page
                .into_iter()
                .filter(|(digest, _)| !damaged.contains(digest));
            let contents: Vec<_> = wanted
                .map(|(digest, _)| async move {
                    let content = registry.content_counted(&digest, count).await;
                    content.map(|content| (digest, content))
                })
                .collect();
            let mut contents = stream::iter(contents).buffered(CONCURRENCY);
            let mut found = Vec::new();
            while let Some(content) = contents.next().await {
                let (digest, content) = content?;
                found.extend(self.confirm_content(digest, content).await?);
            }
            for difference in found {
                self.found(difference).await?;
            }
        }
        self.report.bytes = read.load(Ordering::Relaxed);
        Ok(())
    }

    async fn confirm_content(
        &self,
        digest: Digest,
        content: Content,
    ) -> Result<Option<Difference>, RegistryError> {
        let difference = match content {
            Content::Right => return Ok(None),
            Content::Wrong => Difference::BlobDamaged(digest),
            Content::Gone => Difference::BlobGone(digest),
            Content::Unreadable(error) => Difference::BlobUnreadable(digest, error),
        };
        // The blob may have been collected in the meantime.
        let there = self.registry.index.audited_blob(&digest).await?;
        Ok(there.map(|_| difference))
    }
}
