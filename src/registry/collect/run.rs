//! A single collection.

use std::time::{Duration, Instant};

use futures_util::future;

use super::super::{Listener, Registry, RegistryError};
use super::pace::{Pace, Pacer};
use super::running::Turn;
use super::{CollectEntry, CollectOptions, CollectReport, CollectionStatus, Progress};
use crate::clock::Millis;
use crate::index::{CollectTerms, CollectionRecord, HeldBlob, Plan, PlannedBlob, PlannedManifest};

/// Number of candidates dismissed in one transaction.
const SETTLED: usize = 256;
/// Maximum time between two syncs of the journal, in milliseconds.
const SYNC: Millis = 10_000;
/// Number of runs in a status.
const RUNS: usize = 10;

/// A collection in progress.
pub(super) struct Run<'a> {
    pub(super) registry: &'a Registry,
    pub(super) options: &'a CollectOptions,
    terms: CollectTerms,
    report: CollectReport,
    listener: &'a dyn Listener<CollectEntry>,
    /// `None` in a dry run.
    turn: Option<Turn>,
    pace: Pacer,
}

impl Registry {
    /// Deletes unreferenced content or, with `dry_run`, reports it. `listener` receives each object
    /// after its deletion.
    pub async fn collect(
        &self,
        options: &CollectOptions,
        listener: &dyn Listener<CollectEntry>,
    ) -> Result<CollectReport, RegistryError> {
        self.must_have_read_everything()?;
        self.follow_clock().await;
        let now = self.clock.now();
        let turn = if options.dry_run {
            None
        } else {
            let progress = Progress {
                since: now,
                ..Progress::default()
            };
            let turn = self.running.begin(progress);
            let turn =
                turn.map_err(|other| RegistryError::CollectionRuns { since: other.since })?;
            self.must_be_writable()?;
            Some(turn)
        };
        let last = self.index.collections(1).await?;
        let interval = last.first().and_then(|last| {
            let interval = now.saturating_sub(last.started_at);
            u64::try_from(interval).ok().map(Duration::from_millis)
        });
        let mut run = Run {
            registry: self,
            options,
            terms: CollectTerms {
                now,
                steady: self.clock.steady(),
                trash: if options.empty_trash {
                    Millis::MAX
                } else {
                    self.trash_time()
                },
                untagged: options.untagged.map(|age| now.saturating_sub(age)),
                // A client that has just pulled a manifest is about to pull its blobs, as a lease
                // promises.
                pulled: if options.end_leases {
                    Millis::MAX
                } else {
                    now.saturating_sub(self.rules.lease)
                },
            },
            report: CollectReport::default(),
            listener,
            turn,
            pace: Pacer::new(interval),
        };
        if options.dry_run {
            run.work().await?;
            return Ok(run.report);
        }
        let id = self.index.begin_collection(now).await?;
        let done = run.work().await;
        let record = CollectionRecord {
            started_at: now,
            ended_at: Some(self.clock.now()),
            actor: Some(self.context().caller.actor()),
            manifests: run.report.freed.manifests,
            blobs: run.report.freed.blobs,
            bytes: run.report.freed.bytes,
            uploads: run.report.uploads,
            failure: done.as_ref().err().map(ToString::to_string),
        };
        let noted = self.index.end_collection(id, record).await;
        self.restore_reserve().await?;
        // The first error is the one to report.
        done?;
        noted?;
        Ok(run.report)
    }

    /// Waits until no collection runs.
    pub async fn collection_ended(&self) {
        self.running.ended().await;
    }

    /// Whether a collection runs, and the results of the last ones.
    pub async fn collection_status(&self) -> Result<CollectionStatus, RegistryError> {
        // Read first: a collection that ends in the meantime appears twice rather than not at all.
        let running = self.running.now();
        let runs = self.index.collections(RUNS).await?;
        Ok(CollectionStatus { running, runs })
    }
}

/// A deletion of a run.
#[derive(Clone, Copy)]
struct Deletion<'a> {
    registry: &'a Registry,
    terms: CollectTerms,
    empties_trash: bool,
}

impl Deletion<'_> {
    /// Its terms now: the trash has moved with a clock that was set back since the start of the run.
    fn terms(self) -> CollectTerms {
        let trash = if self.empties_trash {
            self.terms.trash
        } else {
            self.terms.trash.min(self.registry.trash_time())
        };
        CollectTerms {
            now: self.terms.now.min(self.registry.clock.now()),
            trash,
            ..self.terms
        }
    }
}

impl<'a> Run<'a> {
    /// Counts an entry and passes it to the listener.
    pub(super) async fn report(&mut self, entry: CollectEntry) {
        self.report.count(&entry);
        let freed = self.report.freed;
        self.note(|progress| {
            if freed != progress.freed {
                progress.left = progress.left.saturating_sub(1);
            }
            progress.freed = freed;
        });
        self.listener.receive(entry).await;
    }

    fn deletion(&self) -> Deletion<'a> {
        Deletion {
            registry: self.registry,
            terms: self.terms,
            empties_trash: self.options.empty_trash,
        }
    }

    fn note(&self, change: impl FnOnce(&mut Progress)) {
        if let Some(turn) = &self.turn {
            turn.note(change);
        }
    }

    async fn work(&mut self) -> Result<(), RegistryError> {
        let registry = self.registry;
        registry.save_pulls().await?;
        if !self.options.dry_run {
            registry.extend_leases_of_active_uploads().await?;
            if self.options.empty_trash {
                registry.empty_trash().await?;
            }
            if self.options.end_leases {
                registry.end_leases().await?;
            }
            registry.remove_ended_trash().await?;
        }
        // Timed-out uploads first: they free space for the rest.
        let uploads_first = registry.lacks_space();
        if uploads_first {
            self.uploads().await?;
        }
        let mut plan = self.registry.index.plan(self.terms).await?;
        let done = self.relations(&mut plan).await;
        plan.close().await?;
        done?;
        if !uploads_first {
            self.uploads().await?;
        }
        self.files().await
    }

    /// Manifests, then blobs, then repositories.
    async fn relations(&mut self, plan: &mut Plan) -> Result<(), RegistryError> {
        loop {
            let round = plan.manifests().await?;
            if round.is_empty() {
                break;
            }
            self.note(|progress| progress.left += round.len() as u64);
            self.pace.found(round.len() as u64);
            self.manifests(round).await?;
        }
        for kept in plan.kept().await? {
            self.report(CollectEntry::KeptManifest {
                repository: kept.repository,
                digest: kept.digest,
                why: kept.why,
            })
            .await;
        }
        if !self.options.dry_run {
            plan.forget_manifests().await?;
        }
        let found = plan.find_blobs().await?;
        self.note(|progress| progress.left = found);
        self.pace.found(found);
        let mut synced = self.registry.clock.steady();
        let mut page = plan.blobs(None).await?;
        while let Some(end) = page.last().cloned() {
            // The next page is read in the meantime. Deleting this one does not change it, and what
            // has changed otherwise is seen when it is deleted.
            let (next, done) = future::join(plan.blobs(Some(&end)), self.blobs(page)).await;
            done?;
            page = next?;
            // Without a server nothing else syncs the journal.
            if !self.options.dry_run && self.registry.clock.steady() - synced > SYNC {
                self.registry.checkpoint_journal().await?;
                synced = self.registry.clock.steady();
            }
        }
        if !self.options.dry_run {
            plan.forget_blobs().await?;
        }
        let rounds = plan.rounds();
        for held in plan.held_manifests().await? {
            self.report(CollectEntry::HeldManifest {
                repository: held.repository,
                digest: held.digest,
                by: held.by,
                until: held.until,
            })
            .await;
        }
        let mut last: Option<HeldBlob> = None;
        loop {
            let page = plan.held(last.as_ref()).await?;
            let Some(end) = page.last().cloned() else {
                break;
            };
            last = Some(end);
            for HeldBlob { blob, by, until } in page {
                self.report(CollectEntry::HeldBlob {
                    digest: blob.digest,
                    repository: blob.repository,
                    bytes: blob.size,
                    by,
                    until,
                })
                .await;
            }
        }
        plan.release_held(rounds).await?;
        self.repositories(plan).await?;
        if !self.options.dry_run {
            self.dismiss(plan).await?;
        }
        Ok(())
    }

    async fn manifests(&mut self, round: Vec<PlannedManifest>) -> Result<(), RegistryError> {
        let (registry, deletion) = (self.registry, self.deletion());
        let delete = |batch: Vec<PlannedManifest>| async move {
            // Recent pulls keep manifests.
            registry.save_pulls().await?;
            let index = &registry.index;
            Ok(index
                .delete_garbage_manifests(&batch, deletion.terms())
                .await?)
        };
        let entry = |manifest: PlannedManifest| CollectEntry::Manifest {
            repository: manifest.repository,
            digest: manifest.digest,
            why: manifest.why,
        };
        self.delete(&round, delete, entry).await
    }

    async fn blobs(&mut self, page: Vec<PlannedBlob>) -> Result<(), RegistryError> {
        let (registry, deletion) = (self.registry, self.deletion());
        if !self.options.dry_run {
            registry.index.condemn(&page, deletion.terms()).await?;
        }
        let delete = |batch: Vec<PlannedBlob>| async move {
            let index = &registry.index;
            Ok(index.delete_garbage_blobs(&batch, deletion.terms()).await?)
        };
        let entry = |blob: PlannedBlob| CollectEntry::Blob {
            digest: blob.digest,
            repository: blob.repository,
            bytes: blob.size,
        };
        self.delete(&page, delete, entry).await
    }

    /// Deletes planned rows in batches at the pace that traffic permits, and reports the entry of
    /// each deleted one; in a dry run, of each planned one.
    async fn delete<T: Clone, F>(
        &mut self,
        planned: &[T],
        delete: impl Fn(Vec<T>) -> F,
        entry: impl Fn(T) -> CollectEntry,
    ) -> Result<(), RegistryError>
    where
        F: Future<Output = Result<Vec<T>, RegistryError>>,
    {
        let dry_run = self.options.dry_run;
        let mut left = planned;
        while !left.is_empty() {
            let pace = if dry_run {
                Pace::FAST
            } else {
                self.pace.next(&self.registry.traffic)
            };
            let (now, later) = left.split_at(left.len().min(pace.batch * pace.at_once));
            left = later;
            let begun = Instant::now();
            let batches = now.chunks(pace.batch).map(|batch| {
                let deletion = (!dry_run).then(|| delete(batch.to_vec()));
                async move {
                    match deletion {
                        Some(deletion) => deletion.await,
                        None => Ok(batch.to_vec()),
                    }
                }
            });
            for deleted in future::join_all(batches).await {
                let deleted = deleted?;
                self.pace.deleted(deleted.len() as u64);
                for row in deleted {
                    self.report(entry(row)).await;
                }
            }
            pace.pause(begun.elapsed()).await;
        }
        Ok(())
    }

    async fn repositories(&mut self, plan: &mut Plan) -> Result<(), RegistryError> {
        let index = &self.registry.index;
        for repository in plan.repositories().await? {
            if self.options.dry_run
                || index
                    .delete_empty_repository(repository.clone(), self.deletion().terms())
                    .await?
            {
                self.report(CollectEntry::Repository { repository }).await;
            }
        }
        Ok(())
    }

    async fn dismiss(&mut self, plan: &mut Plan) -> Result<(), RegistryError> {
        let (blobs, manifests) = (plan.settled_blobs().await?, Vec::new());
        for some in blobs.chunks(SETTLED) {
            self.registry
                .index
                .dismiss_candidates(some.to_vec(), manifests.clone())
                .await?;
        }
        if self.options.untagged.is_some() {
            for some in plan.settled_manifests().await?.chunks(SETTLED) {
                self.registry
                    .index
                    .dismiss_candidates(Vec::new(), some.to_vec())
                    .await?;
            }
        }
        Ok(())
    }
}
