//! The filter of the repositories that a caller may see, as a part of a query.
//!
//! Every listing has it in its `WHERE`, so pages are full, and neither a count nor a cursor reveals
//! a hidden repository. Patterns become ranges of names, which the index on names serves.

use sqlx::{AssertSqlSafe, SqliteConnection};

use super::IndexError;
use crate::oci::{Repository, Visibility};

/// A condition on `repositories r`: it has a manifest. The table lists those without one, which are
/// few, so that a page far down a list need not look up a manifest of each repository before it.
pub(super) const PUSHED: &str = "r.id NOT IN (SELECT repository_id FROM candidate_repositories)";

/// A condition on `repositories r`, and the values of its parameters, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Visible {
    /// SQL to append after `AND`.
    pub(super) condition: String,
    /// The text values of its parameters.
    pub(super) values: Vec<String>,
}

impl Visible {
    /// The condition for `visibility`, with parameters from `$first` on.
    pub(super) fn new(visibility: &Visibility, first: usize) -> Self {
        let Visibility::Only { public, patterns } = visibility else {
            return Self {
                condition: "TRUE".to_owned(),
                values: Vec::new(),
            };
        };
        let mut terms = Vec::new();
        let mut values = Vec::new();
        if *public {
            terms.push("r.public".to_owned());
        }
        for pattern in patterns.iter() {
            let (from, to) = pattern.range();
            let next = first + values.len();
            terms.push(match (from.is_empty(), to.is_empty()) {
                (true, true) => "TRUE".to_owned(),
                _ => format!("(r.name >= ${next} AND r.name < ${})", next + 1),
            });
            if !to.is_empty() {
                values.extend([from, to]);
            }
        }
        let condition = if terms.is_empty() {
            "FALSE".to_owned()
        } else {
            format!("({})", terms.join(" OR "))
        };
        Self { condition, values }
    }

    /// The condition for names after `last`, and the least name that can fulfil it.
    ///
    /// No range begins before that: of two lower bounds SQLite uses the first, and would read all names
    /// between it and the second.
    pub(super) fn after(visibility: &Visibility, last: &str, first: usize) -> (Self, String) {
        let mut visible = Self::new(visibility, first);
        for range in visible.values.chunks_exact_mut(2) {
            if range[0].as_str() < last {
                last.clone_into(&mut range[0]);
            }
        }
        let ranges = visible.values.chunks_exact(2);
        let only_ranges = match visibility {
            Visibility::Everything => false,
            Visibility::Only { public, patterns } => !public && patterns.len() == ranges.len(),
        };
        let least = ranges.map(|range| &range[0]).min();
        let least = least.filter(|_| only_ranges).cloned();
        let least = least.unwrap_or_else(|| last.to_owned());
        (visible, least)
    }
}

/// Whether a visible repository has a blob: this repository, or any.
pub(super) async fn has_blob(
    connection: &mut SqliteConnection,
    visibility: &Visibility,
    repository: Option<&Repository>,
    blob: i64,
) -> Result<bool, IndexError> {
    let visible = Visible::new(visibility, 3);
    let statement = format!(
        "SELECT 1 FROM repository_blobs l CROSS JOIN repositories r \
         WHERE l.blob_id = $1 AND r.id = l.repository_id \
         AND ($2 IS NULL OR r.name = $2) AND {} LIMIT 1",
        visible.condition
    );
    let mut query = sqlx::query_scalar(AssertSqlSafe(statement))
        .bind(blob)
        .bind(repository.map(Repository::as_str));
    for value in visible.values {
        query = query.bind(value);
    }
    let found: Option<i64> = query.fetch_optional(connection).await?;
    Ok(found.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions() {
        let only = |public, patterns: &[&str]| Visibility::Only {
            public,
            patterns: patterns.iter().map(|text| text.parse().unwrap()).collect(),
        };
        assert_eq!(Visible::new(&Visibility::Everything, 3).condition, "TRUE");
        assert_eq!(Visible::new(&only(false, &[]), 3).condition, "FALSE");
        assert_eq!(Visible::new(&only(true, &[]), 3).condition, "(r.public)");
        let both = Visible::new(&only(true, &["team/*", "one"]), 3);
        assert_eq!(
            both.condition,
            "(r.public OR (r.name >= $3 AND r.name < $4) OR (r.name >= $5 AND r.name < $6))"
        );
        assert_eq!(both.values, ["team/", "team0", "one", "one!"]);
        let after = |public, patterns: &[&str], last: &str| {
            let (visible, least) = Visible::after(&only(public, patterns), last, 1);
            (visible.values.join(" "), least)
        };
        for (public, patterns, last, values, least) in [
            (false, &["team/*"][..], "", "team/ team0", "team/"),
            (false, &["team/*"], "a", "team/ team0", "team/"),
            (false, &["team/*"], "team/b", "team/b team0", "team/b"),
            (false, &["team/*", "b/*"], "a", "team/ team0 b/ b0", "b/"),
            (true, &["team/*"], "a", "team/ team0", "a"),
            (false, &["team/*", "*"], "a", "team/ team0", "a"),
            (false, &[], "a", "", "a"),
        ] {
            assert_eq!(
                after(public, patterns, last),
                (values.to_owned(), least.to_owned())
            );
        }
        let all = Visible::new(&only(false, &["*"]), 1);
        assert_eq!((all.condition.as_str(), all.values.len()), ("(TRUE)", 0));
    }
}
