//! Whether a damaged index contains data that is nowhere else.

use std::path::Path;

use sqlx::ConnectOptions;

use super::connecting;

/// Counts of rows that can't be derived from the layout, and of changes that the layout does not
/// show yet. Each is counted in the table and in a database index of it, because only one of them
/// may be damaged.
const OWN: [&str; 22] = [
    "SELECT COUNT(*) FROM accounts",
    "SELECT COUNT(*) FROM accounts NOT INDEXED",
    "SELECT COUNT(*) FROM account_groups",
    "SELECT COUNT(*) FROM account_groups NOT INDEXED",
    "SELECT COUNT(*) FROM tokens",
    "SELECT COUNT(*) FROM tokens NOT INDEXED",
    "SELECT COUNT(*) FROM grants",
    "SELECT COUNT(*) FROM grants NOT INDEXED",
    "SELECT COUNT(*) FROM stars",
    "SELECT COUNT(*) FROM stars NOT INDEXED",
    "SELECT COUNT(*) FROM retention_rules",
    "SELECT COUNT(*) FROM retention_rules NOT INDEXED",
    "SELECT COUNT(*) FROM descriptions",
    "SELECT COUNT(*) FROM descriptions NOT INDEXED",
    "SELECT COUNT(*) FROM repositories WHERE public",
    "SELECT COUNT(*) FROM repositories NOT INDEXED WHERE public",
    "SELECT COUNT(*) FROM trash",
    "SELECT COUNT(*) FROM trash NOT INDEXED",
    "SELECT COUNT(*) FROM damaged_manifests",
    "SELECT COUNT(*) FROM damaged_manifests NOT INDEXED",
    "SELECT COUNT(*) FROM journal",
    "SELECT COUNT(*) FROM journal NOT INDEXED",
];

/// Whether a damaged index can be rebuilt from the layout without losing what people have entered.
/// An unreadable table counts as data to lose.
pub async fn can_be_derived(file: &Path) -> bool {
    let alone = connecting::must_be_alone(file);
    let options = connecting::options(file, alone).disable_statement_logging();
    let Ok(mut connection) = options.connect().await else {
        return false;
    };
    for statement in OWN {
        let count: Result<i64, _> = sqlx::query_scalar(statement)
            .fetch_one(&mut connection)
            .await;
        if !matches!(count, Ok(0)) {
            return false;
        }
    }
    true
}
