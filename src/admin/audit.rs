//! Audit: lists the events of a root, the latest first.

use serde::{Deserialize, Serialize};

use super::{Administration, AuditReport, Entry, Failure};
use crate::clock::Millis;
use crate::oci::Repository;
use crate::registry::{EventFilter, Listener};

/// Number of events read at once.
const PAGE: usize = 500;

/// A filter of events. By default it selects all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct AuditFilter {
    /// The account, including its tokens; or `anonymous`, `uid:0`, `workload:ci`,
    /// `task:schedule`.
    pub user: Option<String>,
    /// The repository.
    pub repository: Option<Repository>,
    /// The earliest time.
    pub since: Option<Millis>,
    /// The end; events at this time are not selected.
    pub until: Option<Millis>,
}

impl Administration {
    /// Lists events, at most `limit` of them; 0 is no limit.
    pub(super) async fn audit(
        &self,
        filter: AuditFilter,
        limit: u64,
        listener: &dyn Listener<Entry>,
    ) -> Result<AuditReport, Failure> {
        let filter = EventFilter {
            account: filter.user,
            repository: filter.repository,
            action: None,
            address: None,
            since: filter.since,
            until: filter.until,
        };
        let mut report = AuditReport::default();
        let mut before = None;
        loop {
            let page = self.registry().events(&filter, before, PAGE).await?;
            let Some(last) = page.last() else {
                return Ok(report);
            };
            before = Some(last.id);
            for event in page {
                if limit > 0 && report.events == limit {
                    report.more = true;
                    return Ok(report);
                }
                listener.receive(Entry::Event(Box::new(event))).await;
                report.events += 1;
            }
        }
    }
}
