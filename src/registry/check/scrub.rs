//! Reads all blobs in the background at a limited rate, in samples, in the order of digests.
//!
//! A blob with wrong bytes is quarantined, as after any read, so that it is not served. Missing or
//! unreadable bytes are only reported, since they may come back. If most bytes are missing, the
//! storage is not mounted, and the round waits for it.

use std::time::Duration;

use super::bytes::Content;
use crate::clock::Millis;
use crate::oci::Digest;
use crate::registry::{Registry, RegistryError};

/// The setting with the position: the start of the current round, and the last digest.
const POSITION: &str = "scrub";
/// Blobs of a sample.
const SAMPLE: usize = 64;

/// The result of one sample.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scrubbed {
    /// Blobs that were read.
    pub blobs: u64,
    /// Bytes that were read.
    pub bytes: u64,
    /// Blobs whose bytes are wrong; they are quarantined now.
    pub damaged: Vec<Digest>,
    /// Blobs whose bytes are missing or can't be read.
    pub unreadable: Vec<Digest>,
    /// Time until the next round, if this one is complete.
    pub pause: Option<Millis>,
}

impl Registry {
    /// Reads the next blobs, at most `rate` bytes a second. A round begins `interval` milliseconds
    /// after the start of the last one.
    pub async fn scrub(&self, rate: u64, interval: Millis) -> Result<Scrubbed, RegistryError> {
        let now = self.clock.now();
        let place = self.index.setting(POSITION).await?.unwrap_or_default();
        let (began, last) = place.split_once(' ').unwrap_or_default();
        let mut began: Millis = began.parse().unwrap_or(now);
        let mut last: Option<Digest> = last.parse().ok();
        let over = !place.is_empty() && last.is_none();
        if over {
            let due = began.saturating_add(interval);
            // A round that began in the far future began by a wrong clock.
            if due > now && began <= now.saturating_add(interval) {
                return Ok(Scrubbed {
                    pause: Some(due - now),
                    ..Scrubbed::default()
                });
            }
            began = now;
        }
        let sample = self.index.blobs_after(last.as_ref(), SAMPLE).await?;
        let mut scrubbed = Scrubbed::default();
        let pause = |bytes: u64| {
            let milliseconds = bytes.saturating_mul(1000) / rate.max(1);
            tokio::time::sleep(Duration::from_millis(milliseconds))
        };
        for (digest, blob) in &sample {
            let content = self.content_counted(digest, &pause).await?;
            scrubbed.blobs += 1;
            scrubbed.bytes += blob.size;
            last = Some(*digest);
            // The blob may have been collected in the meantime.
            if content != Content::Right && self.index.audited_blob(digest).await?.is_none() {
                continue;
            }
            match content {
                Content::Right => {
                    if blob.quarantined {
                        self.release(*digest).await?;
                    }
                }
                Content::Wrong => {
                    if self.quarantine(digest).await? {
                        scrubbed.damaged.push(*digest);
                    }
                }
                // The bytes may return: a disk that is not mounted damages nothing.
                Content::Gone if blob.quarantined => {}
                Content::Gone => {
                    self.must_have_blobs_beside(digest).await?;
                    scrubbed.unreadable.push(*digest);
                }
                Content::Unreadable(_) => scrubbed.unreadable.push(*digest),
            }
        }
        let last = if sample.len() < SAMPLE { None } else { last };
        let last = last.map(|digest| digest.to_string()).unwrap_or_default();
        self.index
            .set_setting(POSITION, format!("{began} {last}"))
            .await?;
        Ok(scrubbed)
    }
}
