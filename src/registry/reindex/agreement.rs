//! The last agreement of index and layout: what has not changed since need not be read.

use std::sync::atomic::Ordering;

use super::super::{Registry, RegistryError, layout};
use crate::registry::check::Content;
use crate::store::Step;

/// The setting with the time of the last agreement, by the clock of the store.
pub(super) const AGREED_AT: &str = "layout_agreed_at";
/// The setting with the directories that it was about; empty if that is unknown.
const AGREED_ON: &str = "layout_agreed_on";
/// What it says of a directory that does not exist.
const ABSENT: &str = "-";
/// Changes shortly before that time are checked again: clocks of file systems are coarse.
const SLACK: i64 = 1_000_000_000;
/// Maximum error of the clock of a read-only store, in milliseconds.
const SKEW: i64 = 60 * 60 * 1000;
/// Everything is compared, as with an index that has been made before.
pub(super) const ALL: i64 = i64::MIN + 1;

/// How far the times of the layout show what the index knows.
pub(super) struct Trust {
    /// The time from which changes are compared: `i64::MIN` without an earlier agreement, `ALL` if
    /// times say nothing.
    pub(super) since: i64,
    /// Whether other directories have taken the place of those of the last agreement.
    pub(super) is_moved: bool,
    /// The directories of the layout.
    pub(super) places: String,
}

impl Registry {
    pub(super) async fn agreed_at(&self) -> Result<Option<i64>, RegistryError> {
        let text = self.index.setting(AGREED_AT).await?;
        Ok(text.and_then(|text| text.parse::<i64>().ok()))
    }

    /// What the last agreement says at a start at `started`.
    pub(super) async fn trust(
        &self,
        agreed: Option<i64>,
        started: i64,
    ) -> Result<Trust, RegistryError> {
        let places = self.places().await;
        let Some(agreed) = agreed else {
            let since = i64::MIN;
            return Ok(Trust {
                since,
                is_moved: false,
                places,
            });
        };
        let present = if self.frozen {
            self.clock.now().saturating_mul(1_000_000)
        } else {
            started
        };
        // A copy that was moved or mounted here has old times.
        let then = self.index.setting(AGREED_ON).await?.unwrap_or_default();
        if then.is_empty() || then != places {
            if then.contains(ABSENT) {
                tracing::info!(
                    "the data directory was begun in the last run: all of it is compared"
                );
            } else {
                tracing::info!(
                    "the data directory may not be the one of the last run: all of it is compared"
                );
            }
            self.distrust().await?;
            return Ok(Trust {
                since: ALL,
                // Without directories, this registry made them itself, or they were moved here.
                is_moved: !then.contains(ABSENT),
                places,
            });
        }
        // The clock was ahead at that time and has been corrected: later changes look older.
        let is_ahead = agreed > present.saturating_add(SLACK);
        if is_ahead {
            tracing::warn!(
                "the clock is behind the last run: the whole data directory is compared"
            );
        }
        let since = agreed.saturating_sub(SLACK);
        Ok(Trust {
            since: if is_ahead { ALL } else { since },
            is_moved: false,
            places,
        })
    }

    /// Withdraws the last agreement: until the next one, every start compares everything. Called
    /// before the index takes anything over from another directory, since the first one may return.
    pub(super) async fn distrust(&self) -> Result<(), RegistryError> {
        self.index.set_setting(AGREED_ON, String::new()).await?;
        Ok(())
    }

    /// The directories of the layout, each with what identifies it; empty if they can't be read.
    async fn places(&self) -> String {
        let keys = [layout::TREE, layout::BLOBS, layout::REPOSITORIES].map(str::to_owned);
        let stats = self.store.stat(&keys).await.unwrap_or_default();
        let places = stats.iter().map(|stat| match stat {
            Some(stat) => stat.node.to_string(),
            None => ABSENT.to_owned(),
        });
        places.collect::<Vec<_>>().join(" ")
    }

    /// Records that index and layout agree, unless a part of it could not be read, or its
    /// directories are not those that the start compared: another disk may have been mounted since.
    /// Valid only while no write is running.
    pub(in crate::registry) async fn record_agreement(&self) -> Result<(), RegistryError> {
        let then = self.index.setting(AGREED_ON).await?;
        let places = self.places().await;
        if self.incomplete.load(Ordering::Relaxed) || then.as_ref() != Some(&places) {
            return Ok(());
        }
        let now = self.store_time().await?;
        self.record_agreement_at(now, places).await
    }

    /// Records that index and layout agreed at a time, if the directories are still these.
    pub(super) async fn record_agreement_at(
        &self,
        time: i64,
        places: String,
    ) -> Result<(), RegistryError> {
        let are_same = self.places().await == places;
        let places = if are_same { places } else { String::new() };
        self.index.set_setting(AGREED_AT, time.to_string()).await?;
        self.index.set_setting(AGREED_ON, places).await?;
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
