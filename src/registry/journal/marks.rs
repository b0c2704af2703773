//! The marks of the journal: which rows the layout shows already.
//!
//! They are for the next start after a killed process. On the same boot of the machine everything
//! that a mark says is in the layout, because the memory of the machine has outlived the process;
//! so the file is never synced. A line is added after each trip to the store; the time of the last
//! one is the boundary between what this registry has marked and what a trip that was cut off, or
//! another program, wrote.

use std::collections::BTreeSet;
use std::fmt::Write;

use bytes::Bytes;

use super::layout;
use crate::store::Step;

/// What a marks file says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Marks {
    /// The boot during which it was written.
    pub(super) boot: String,
    /// The index that it belongs to.
    pub(super) index: String,
    /// Rows that the layout shows.
    pub(super) applied: BTreeSet<i64>,
    /// Rows that the layout may not show, and that a client was told of.
    pub(super) promised: BTreeSet<i64>,
}

impl Marks {
    /// Reads a file. A last line without its end was cut off, and counts for nothing.
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

/// Marks rows that the layout shows from now on.
pub(super) fn applied(rows: impl Iterator<Item = i64>) -> Step {
    note(line("applied", rows))
}

/// Marks rows that a client was told of, and that the layout does not show yet.
pub(super) fn promised(rows: impl Iterator<Item = i64>) -> Step {
    note(line("promised", rows))
}

/// Marks that a sync has failed: what was applied before may never reach the device.
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
    fn what_is_written_is_read() {
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
        // A line that was cut off may end in the middle of a number.
        let read = Marks::parse(&[&file[..], b"applied 14 1"].concat());
        assert_eq!(read.applied, [1, 2, 10, 11, 12].into());
        file.extend(content(unsynced()));
        file.extend(content(applied([14].into_iter())));
        file.extend(content(promised([21].into_iter())));
        let read = Marks::parse(&file);
        assert_eq!(read.applied, [14].into());
        // What a failed sync may have lost was answered.
        assert_eq!(read.promised, [1, 2, 10, 11, 12, 20, 21].into());
    }

    #[test]
    fn what_is_no_marks_file_says_nothing() {
        for bytes in [&b""[..], b"\0\0\0\0", b"\xff\n\n applied", b"one"] {
            let marks = Marks::parse(bytes);
            assert!(marks.applied.is_empty());
        }
    }
}
