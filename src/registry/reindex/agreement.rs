//! The last agreement of index and layout: what has not changed since need not be read.

use std::sync::atomic::Ordering;

use super::super::{Registry, RegistryError, layout};
use crate::registry::check::Content;
use crate::store::Step;

/// The setting with the time of the last agreement, by the clock of the store.
pub(super) const AGREED_AT: &str = "layout_agreed_at";
/// The setting with the directories that it was about.
const AGREED_ON: &str = "layout_agreed_on";
/// Changes shortly before that time are checked again: clocks of file systems are coarse.
pub(super) const SLACK: i64 = 1_000_000_000;
/// Maximum error of the clock of a read-only store, in milliseconds.
const SKEW: i64 = 60 * 60 * 1000;
/// Everything is compared, as with an index that has been made before.
const ALL: i64 = i64::MIN + 1;

impl Registry {
    pub(super) async fn agreed_at(&self) -> Result<Option<i64>, RegistryError> {
        let text = self.index.setting(AGREED_AT).await?;
        Ok(text.and_then(|text| text.parse::<i64>().ok()))
    }

    /// The time from which changes are compared, at a start at `started`; `i64::MIN` without an
    /// earlier agreement.
    pub(super) async fn since(
        &self,
        agreed: Option<i64>,
        started: i64,
    ) -> Result<i64, RegistryError> {
        let Some(agreed) = agreed else {
            return Ok(i64::MIN);
        };
        let present = if self.frozen {
            self.clock.now().saturating_mul(1_000_000)
        } else {
            started
        };
        // The clock was ahead at that time and has been corrected: later changes look older.
        if agreed > present.saturating_add(SLACK) {
            tracing::warn!(
                "the clock is behind the last run: the whole data directory is compared"
            );
            return Ok(ALL);
        }
        // A copy that was moved or mounted here has old times.
        let then = self.index.setting(AGREED_ON).await?;
        // It is empty if there was no layout yet.
        let then = then.filter(|then| !then.is_empty());
        let now = now_on(&self.places().await);
        if then.is_some_and(|then| Some(then) != now) {
            tracing::info!("the data directory is another one: all of it is compared");
            return Ok(ALL);
        }
        Ok(agreed.saturating_sub(SLACK))
    }

    /// The directories of the layout, each with what identifies it.
    async fn places(&self) -> Vec<Option<u64>> {
        let keys = [layout::TREE, layout::BLOBS, layout::REPOSITORIES].map(str::to_owned);
        let stats = self.store.stat(&keys).await.unwrap_or_default();
        stats
            .into_iter()
            .map(|stat| stat.map(|stat| stat.node))
            .collect()
    }

    /// Records that index and layout agree, unless a part of it could not be read. Valid only while
    /// no write is running.
    pub(in crate::registry) async fn record_agreement(&self) -> Result<(), RegistryError> {
        if self.incomplete.load(Ordering::Relaxed) {
            return Ok(());
        }
        let now = self.store_time().await?;
        self.record_agreement_at(now).await
    }

    pub(super) async fn record_agreement_at(&self, time: i64) -> Result<(), RegistryError> {
        let places = now_on(&self.places().await).unwrap_or_default();
        self.index.set_setting(AGREED_ON, places).await?;
        self.index.set_setting(AGREED_AT, time.to_string()).await?;
        Ok(())
    }

    /// The current time by the clock of the store.
    pub(in crate::registry) async fn store_time(&self) -> Result<i64, RegistryError> {
        if self.frozen {
            // The clock of the store can't be read. Changes within `SKEW` are checked again.
            return Ok((self.clock.now().saturating_sub(SKEW)).saturating_mul(1_000_000));
        }
        let key = layout::CLOCK.to_owned();
        self.apply(Step::Put {
            key: key.clone(),
            bytes: "".into(),
        })
        .await?;
        let stat = self.store.stat(&[key]).await?;
        Ok(stat
            .into_iter()
            .flatten()
            .next()
            .map_or(0, |stat| stat.changed))
    }

    /// Ends the quarantine of blobs whose bytes another program has stored again.
    pub(super) async fn release_healed(&self) -> Result<(), RegistryError> {
        for (digest, _) in self.index.quarantined().await? {
            // What can't be read stays in quarantine.
            if let Ok(Content::Right) = self.content(&digest).await {
                self.release(digest).await?;
            }
        }
        Ok(())
    }
}

/// The directories in a setting; `None` if one of them is absent.
fn now_on(places: &[Option<u64>]) -> Option<String> {
    let nodes: Option<Vec<String>> = places
        .iter()
        .map(|node| node.map(|node| node.to_string()))
        .collect();
    nodes.map(|nodes| nodes.join(" "))
}
