//! Number of events per day, for a chart.

use sqlx::{QueryBuilder, Sqlite};

use super::{EventFilter, Index, IndexError};
use crate::clock::Millis;

/// Milliseconds per day.
const DAY: Millis = 24 * 60 * 60 * 1000;

impl Index {
    /// Number of events that match a filter, per day (in days since 1970), from `first` on. Days
    /// without events are left out.
    pub async fn events_by_day(
        &self,
        filter: &EventFilter,
        first: i64,
    ) -> Result<Vec<(i64, u64)>, IndexError> {
        let mut query = QueryBuilder::<Sqlite>::new("SELECT at / ");
        query.push_bind(DAY);
        query
            .push(", COUNT(*) FROM events WHERE at >= ")
            .push_bind(first * DAY);
        filter.narrow(&mut query);
        if let Some(since) = filter.since {
            query.push(" AND at >= ").push_bind(since);
        }
        query.push(" GROUP BY 1 ORDER BY 1");
        let rows: Vec<(i64, i64)> = query.build_query_as().fetch_all(&self.readers).await?;
        Ok(rows
            .into_iter()
            .map(|(day, count)| (day, count.unsigned_abs()))
            .collect())
    }
}
