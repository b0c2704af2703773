//! Doing what is asked of a root: the one code behind the socket, behind commands that have a root
//! to themselves, and behind what a server does on schedule.
//!
//! Turns words into calls of the registry and what it tells into words. What clients may not do, by
//! `storage.delete` and `storage.maintenance.readonly`, whoever administers the root may.

use super::lines;
use super::words::{
    Amount, Checked, Collected, Event, Failure, FailureKind, Name, Operation, Outcome, Restored,
    Run, Running, Status, Thing, Trashed, Usage, UsageRow,
};
use crate::clock::Millis;
use crate::oci::Repository;
use crate::registry::{
    self, CheckOptions, CollectOptions, Freed, Registry, RegistryError, Restorable, TrashedKind,
};

/// Who is told what happens on the way.
pub(in crate::server) type Told<'a> = &'a (dyn Fn(Event) + Send + Sync);

/// A root to administer. Cheap to clone.
#[derive(Clone)]
pub(in crate::server) struct Administration {
    pub(super) registry: Registry,
}

impl Administration {
    /// Of the root that a registry serves.
    pub(in crate::server) fn new(registry: &Registry) -> Self {
        Self {
            registry: registry.for_administrators(),
        }
    }

    /// Does something.
    pub(in crate::server) async fn execute(
        &self,
        operation: Operation,
        told: Told<'_>,
    ) -> Result<Outcome, Failure> {
        match operation {
            Operation::Collect {
                dry_run,
                untagged,
                empty_trash,
            } => {
                let options = CollectOptions {
                    dry_run,
                    untagged,
                    empty_trash,
                };
                self.collect(&options, told).await.map(Outcome::Collected)
            }
            Operation::Status => self.status().await.map(Outcome::Status),
            Operation::Trash => self.trash().await.map(Outcome::Trash),
            Operation::EmptyTrash => {
                let emptied = self.registry.empty_trash().await;
                emptied
                    .map(Outcome::Emptied)
                    .map_err(|error| failure(&error))
            }
            Operation::Restore { what } => self.restore(what).await.map(Outcome::Restored),
            Operation::DeleteRepository { repository } => {
                let deleted = self.registry.delete_repository(&repository).await;
                deleted
                    .map(|()| Outcome::Deleted)
                    .map_err(|error| failure(&error))
            }
            Operation::Check { read, repair } => {
                let options = CheckOptions { read, repair };
                self.check(options, told).await.map(Outcome::Checked)
            }
            Operation::Usage { under } => self.usage(under.as_ref()).await.map(Outcome::Usage),
            Operation::Prune { rule, dry_run } => {
                self.prune(rule, dry_run, told).await.map(Outcome::Pruned)
            }
        }
    }

    async fn collect(
        &self,
        options: &CollectOptions,
        told: Told<'_>,
    ) -> Result<Collected, Failure> {
        let tell = |thing| told(lines::collected(thing));
        let report = self
            .registry
            .collect(options, &tell)
            .await
            .map_err(|error| failure(&error))?;
        let mut by_repository: Vec<(Repository, Amount)> = report
            .by_repository
            .iter()
            .map(|(name, freed)| (name.clone(), amount(*freed)))
            .collect();
        by_repository.sort_by(|(left, _), (right, _)| left.cmp(right));
        Ok(Collected {
            dry_run: options.dry_run,
            freed: amount(report.freed),
            by_repository,
            repositories: report.repositories,
            uploads: report.uploads,
            files: report.temporary,
            file_bytes: report.temporary_bytes,
            held_blobs: report.held_blobs,
            held_bytes: report.held_bytes,
            kept_manifests: report.kept_manifests,
        })
    }

    async fn status(&self) -> Result<Status, Failure> {
        let status = self
            .registry
            .collection_status()
            .await
            .map_err(|error| failure(&error))?;
        Ok(Status {
            running: status.running.map(|progress| Running {
                since: progress.since,
                dry_run: progress.dry_run,
                freed: amount(progress.freed),
                left: progress.left,
            }),
            runs: status
                .runs
                .into_iter()
                .map(|run| Run {
                    started: run.started_at,
                    ended: run.ended_at,
                    freed: Amount {
                        manifests: run.manifests,
                        blobs: run.blobs,
                        bytes: run.bytes,
                    },
                    uploads: run.uploads,
                    failure: run.failure,
                })
                .collect(),
        })
    }

    async fn trash(&self) -> Result<Vec<Trashed>, Failure> {
        let trash = self
            .registry
            .trash()
            .await
            .map_err(|error| failure(&error))?;
        Ok(trash
            .into_iter()
            .map(|trashed| Trashed {
                thing: match trashed.kind {
                    TrashedKind::Tag => Thing::Tag,
                    TrashedKind::Manifest => Thing::Manifest,
                    TrashedKind::Repository => Thing::Repository,
                },
                repository: trashed.repository,
                tags: trashed.tags,
                manifests: trashed.manifests,
                bytes: trashed.bytes,
                deleted: trashed.deleted_at,
                until: trashed.expires_at,
            })
            .collect())
    }

    async fn restore(&self, what: Name) -> Result<Restored, Failure> {
        let what = match (what.tag, what.digest) {
            (Some(tag), _) => Restorable::Tag(what.repository, tag),
            (None, Some(digest)) => Restorable::Manifest(what.repository, digest),
            (None, None) => Restorable::Repository(what.repository),
        };
        let restored = self
            .registry
            .restore(&what)
            .await
            .map_err(|error| failure(&error))?;
        Ok(Restored {
            tags: restored.tags,
            manifests: restored.manifests,
            moved: restored.moved,
        })
    }

    async fn check(&self, options: CheckOptions, told: Told<'_>) -> Result<Checked, Failure> {
        let tell = |checked| told(lines::checked(checked));
        let report = self
            .registry
            .check(options, &tell)
            .await
            .map_err(|error| failure(&error))?;
        Ok(Checked {
            repositories: report.repositories,
            blobs: report.blobs,
            bytes: report.bytes,
            left: report.left,
            mismatches: report.mismatches,
            repaired: report.repaired,
        })
    }

    async fn usage(&self, under: Option<&Repository>) -> Result<Usage, Failure> {
        let report = self
            .registry
            .usage()
            .await
            .map_err(|error| failure(&error))?;
        let dry = CollectOptions {
            dry_run: true,
            ..CollectOptions::default()
        };
        let reclaimable = match self.registry.collect(&dry, &|_| {}).await {
            Ok(reclaimable) => Some(reclaimable),
            Err(RegistryError::CollectionRuns { .. }) => None,
            Err(error) => return Err(failure(&error)),
        };
        let below = |name: &Repository| match under {
            None => true,
            Some(under) => {
                let rest = name.as_str().strip_prefix(under.as_str());
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            }
        };
        let mut rows = Vec::new();
        for (name, usage) in report.repositories.iter().filter(|(name, _)| below(name)) {
            let row = |tag, untagged, usage: registry::Usage| UsageRow {
                repository: name.clone(),
                tag,
                untagged,
                total: usage.total,
                unique: usage.unique,
                reclaimable: None,
            };
            rows.push(UsageRow {
                reclaimable: reclaimable.as_ref().map(|report| {
                    report
                        .by_repository
                        .get(name)
                        .map_or(0, |freed| freed.bytes)
                }),
                ..row(None, false, usage.whole)
            });
            if under.is_some() {
                let tags = usage.tags.iter();
                rows.extend(tags.map(|(tag, usage)| row(Some(tag.clone()), false, *usage)));
                if usage.untagged.total > 0 {
                    rows.push(row(None, true, usage.untagged));
                }
            }
        }
        if let Some(under) = under.filter(|_| rows.is_empty()) {
            let text = format!("there is no {under}, nor anything below it");
            return Err(Failure::new(FailureKind::NotFound, text));
        }
        Ok(Usage {
            rows,
            blobs: report.blobs,
            bytes: report.bytes,
            reclaimable: reclaimable.map(|report| report.freed.bytes),
        })
    }
}

fn amount(freed: Freed) -> Amount {
    Amount {
        manifests: freed.manifests,
        blobs: freed.blobs,
        bytes: freed.bytes,
    }
}

/// A time as it stands in a message.
pub(super) fn date(time: Millis) -> String {
    let time = jiff::Timestamp::from_millisecond(time).unwrap_or_default();
    time.round(jiff::Unit::Second).unwrap_or(time).to_string()
}

/// Why the registry refuses, for a person.
pub(super) fn failure(error: &RegistryError) -> Failure {
    let (kind, hint) = match error {
        RegistryError::CollectionRuns { since } => {
            let since = date(*since);
            let text = format!(
                "a collection runs already, since {since}; hint: regctl gc --status says how far \
                 it is"
            );
            return Failure::new(FailureKind::Busy, text);
        }
        RegistryError::NotInTrash(_) => (
            FailureKind::NotFound,
            "regctl trash lists what can be restored",
        ),
        RegistryError::NameUnknown(_) | RegistryError::ManifestUnknown { .. } => {
            (FailureKind::NotFound, "regctl catalog lists what there is")
        }
        RegistryError::TagMoved { .. } => (
            FailureKind::Error,
            "restore the manifest by its digest, or delete the tag first",
        ),
        RegistryError::RestoreIncomplete { .. } => (FailureKind::Error, "push the image again"),
        RegistryError::Full => (FailureKind::Error, "make room on the device, and try again"),
        _ => return Failure::new(FailureKind::Error, error.to_string()),
    };
    Failure::new(kind, format!("{error}; hint: {hint}"))
}
