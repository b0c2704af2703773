//! Reads for the pages: repositories by search and order, tags by order, repositories that share a
//! blob.
//!
//! Counting stops at a limit, so a page never pays for an exact large number.

mod content;
mod removal;
mod repositories;
mod sizes;
mod tags;

pub use content::BlobUser;
pub use removal::Removal;
pub use repositories::{FoundRepositories, RepositoryOrder, RepositoryRow, RepositorySearch};
pub use tags::{TagOrder, TagPage, TagRow};

/// Rows are counted up to this number.
pub const COUNT_LIMIT: u64 = 1000;

/// The number of rows of a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// The number, at most [`COUNT_LIMIT`] where it is not exact.
    pub number: u64,
    /// Whether there are no more.
    pub exact: bool,
}

impl Count {
    /// An exact number.
    pub fn exactly(number: usize) -> Self {
        Self {
            number: number as u64,
            exact: true,
        }
    }

    /// Interprets a count that stopped at [`COUNT_LIMIT`] + 1.
    fn bounded(found: i64) -> Self {
        let found = found.unsigned_abs();
        Self {
            number: found.min(COUNT_LIMIT),
            exact: found <= COUNT_LIMIT,
        }
    }
}

/// A `LIKE` pattern that finds a text anywhere, with `\` as the escape character.
fn anywhere(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for letter in text.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}
