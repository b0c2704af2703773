//! The marks of the journal: which rows the layout shows already.
//!
//! The next start reads them after the process was killed. On the same boot of the machine every
//! marked change is in the layout, because the memory of the machine outlives the process; so the
//! file is never synced. Each batch adds a line. The time of the last line separates marked changes
//! from those of an interrupted batch or of another program.

use std::collections::BTreeSet;
use std::fmt::Write;

use bytes::Bytes;

use super::layout;
use crate::store::Step;

/// The content of a marks file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Marks {
    /// The boot during which it was written.
    pub(super) boot: String,
    /// The index that it belongs to.
    pub(super) index: String,
    /// Rows that the layout shows.
    pub(super) applied: BTreeSet<i64>,
    /// Rows that were acknowledged to a client, and that the layout may not show.
    pub(super) promised: BTreeSet<i64>,
}

impl Marks {
    /// Parses a file. An incomplete last line is ignored.
    pub(super) fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let mut lines = text.split_inclusive('\n');
        let header = lines.next().unwrap_or_default();
        let (boot, index) = header.trim_end().split_once(' ').unwrap_or_default();
        let mut marks = Self {
            boot: boot.to_owned(),
            index: index.to_owned(),
            ..Self::default()
        };
        for line in lines.filter_map(|line| line.strip_suffix('\n')) {
            let mut words = line.split(' ');
            let kind = words.next();
            let rows = words.filter_map(|word| word.parse::<i64>().ok());
            match kind {
                Some("applied") => marks.applied.extend(rows),
                Some("promised") => marks.promised.extend(rows),
                Some("unsynced") => marks.promised.append(&mut marks.applied),
                _ => {}
            }
        }
        marks
    }

    /// The step that replaces the file.
    pub(super) fn write(&self) -> Step {
        let mut text = format!("{} {}\n", self.boot, self.index);
        text.push_str(&line("applied", self.applied.iter().copied()));
        text.push_str(&line("promised", self.promised.iter().copied()));
        Step::Put {
            key: layout::MARKS.to_owned(),
            bytes: text.into(),
        }
    }
}

/// Marks rows that the layout now shows.
pub(super) fn applied(rows: impl Iterator<Item = i64>) -> Step {
    note(line("applied", rows))
}

/// Marks rows that were acknowledged to a client before the layout shows them.
pub(super) fn promised(rows: impl Iterator<Item = i64>) -> Step {
    note(line("promised", rows))
}

/// Marks that a sync has failed: rows applied before it may never reach the device.
pub(super) fn unsynced() -> Step {
    note("unsynced\n".to_owned())
}

fn note(text: String) -> Step {
    Step::Note {
        key: layout::MARKS.to_owned(),
        bytes: Bytes::from(text),
    }
}

fn line(kind: &str, rows: impl Iterator<Item = i64>) -> String {
    let mut text = kind.to_owned();
    for row in rows {
        // Writing to a string does not fail.
        let _ = write!(text, " {row}");
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(step: Step) -> Vec<u8> {
        match step {
            Step::Put { bytes, .. } | Step::Note { bytes, .. } => bytes.to_vec(),
            step => panic!("{step:?}"),
        }
    }

    #[test]
    fn marks_are_parsed_as_written() {
        let marks = Marks {
            boot: "b".into(),
            index: "i".into(),
            applied: [1, 2, 10].into(),
            promised: [20].into(),
        };
        let mut file = content(marks.write());
        assert_eq!(Marks::parse(&file), marks);
        file.extend(content(applied([11, 12].into_iter())));
        let read = Marks::parse(&file);
        assert_eq!(read.applied, [1, 2, 10, 11, 12].into());
        // An interrupted line may end in the middle of a number.
        let read = Marks::parse(&[&file[..], b"applied 14 1"].concat());
        assert_eq!(read.applied, [1, 2, 10, 11, 12].into());
        file.extend(content(unsynced()));
        file.extend(content(applied([14].into_iter())));
        file.extend(content(promised([21].into_iter())));
        let read = Marks::parse(&file);
        assert_eq!(read.applied, [14].into());
        // Rows that a failed sync may have lost were acknowledged.
        assert_eq!(read.promised, [1, 2, 10, 11, 12, 20, 21].into());
    }

    #[test]
    fn malformed_marks_are_empty() {
        for bytes in [&b""[..], b"\0\0\0\0", b"\xff\n\n applied", b"one"] {
            let marks = Marks::parse(bytes);
            assert!(marks.applied.is_empty());
        }
    }
}
