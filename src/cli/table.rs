//! Tables without borders, fitted to a terminal.
//!
//! Pure: cells in, text out. Invariants: without a width nothing is shortened; names never are,
//! because a shortened name can't be typed. A cell that is too long shifts the rest of its own row
//! only.

use comfy_table::{Attribute, Cell, CellAlignment, presets};

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    /// A name, never shortened. Must be the first column.
    Name(&'static str),
    /// Text, left-aligned.
    Text(&'static str),
    /// A number, right-aligned.
    Figure(&'static str),
    /// A digest: abbreviated if the terminal is too narrow.
    Digest(&'static str),
    /// Comma-separated words: the last are replaced by a count if the terminal is too narrow.
    List(&'static str),
    /// A line of any length: truncated if the terminal is too narrow. Must be the last column.
    Line(&'static str),
}

impl Column {
    fn title(self) -> &'static str {
        match self {
            Self::Name(title)
            | Self::Text(title)
            | Self::Figure(title)
            | Self::Digest(title)
            | Self::List(title)
            | Self::Line(title) => title,
        }
    }
}

/// Length of an abbreviated digest: `sha256:` and 12 digits.
const SHORT_DIGEST: usize = 19;
/// Minimum width of a list: a platform, and a count.
const SHORT_LIST: usize = 14;
/// Minimum width of names.
const SHORT_NAME: usize = 20;
/// Spaces between two columns.
const GAP: u16 = 2;

/// The lines of a table, fitted to a width if there is one; titles are bold in `colour`.
pub(super) fn lines(
    columns: &[Column],
    mut rows: Vec<Vec<String>>,
    width: Option<usize>,
    colour: bool,
) -> Vec<String> {
    let mut long = Vec::new();
    if let Some(width) = width
        && total(columns, &rows, |_| true) > width + usize::from(GAP)
    {
        shorten_digests(columns, &mut rows);
        long = shorten_long_names(columns, &mut rows, width);
        shorten_lists(columns, &mut rows, width);
        cut_lines(columns, &mut rows, width);
    }
    let mut table = comfy_table::Table::new();
    table.load_style(presets::NOTHING).force_no_tty();
    if colour {
        table.enforce_styling();
    }
    table.set_header(columns.iter().map(|column| {
        let cell = Cell::new(column.title());
        if colour {
            cell.add_attribute(Attribute::Bold)
        } else {
            cell
        }
    }));
    table.add_rows(rows);
    for (column, kind) in table.column_iter_mut().zip(columns) {
        column.set_padding((0, GAP));
        if matches!(kind, Column::Figure(_)) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let mut lines: Vec<String> = table.trim_fmt().lines().map(str::to_owned).collect();
    for (row, rest) in long {
        // The title is the first line. A row begins with the part of the name that fits.
        if let Some(line) = lines.get_mut(row + 1) {
            let fits = line.find(' ').unwrap_or(line.len());
            line.insert_str(fits, &rest);
        }
    }
    lines
}

fn length(text: &str) -> usize {
    text.chars().count()
}

/// The width of some columns, including the gaps after them.
fn total(columns: &[Column], rows: &[Vec<String>], which: impl Fn(Column) -> bool) -> usize {
    let chosen = columns.iter().enumerate();
    chosen
        .filter(|(_, kind)| which(**kind))
        .map(|(at, kind)| {
            let cells = rows.iter().filter_map(|row| row.get(at));
            let longest = cells.map(|cell| length(cell)).max().unwrap_or(0);
            longest.max(kind.title().len()) + usize::from(GAP)
        })
        .sum()
}

/// The cells of the columns of a type.
fn cells<'a>(
    columns: &'a [Column],
    rows: &'a mut [Vec<String>],
    which: impl Fn(Column) -> bool + Copy + 'a,
) -> impl Iterator<Item = &'a mut String> {
    rows.iter_mut()
        .flat_map(move |row| row.iter_mut().zip(columns))
        .filter(move |(_, kind)| which(**kind))
        .map(|(cell, _)| cell)
}

/// Removes the excess from names that are too long even if lists have their minimum width. Returns
/// the affected rows with the removed text.
fn shorten_long_names(
    columns: &[Column],
    rows: &mut [Vec<String>],
    width: usize,
) -> Vec<(usize, String)> {
    if !matches!(columns.first(), Some(Column::Name(_))) {
        return Vec::new();
    }
    let is_list = |kind: Column| matches!(kind, Column::List(_));
    let lists = columns.iter().filter(|kind| is_list(**kind)).count();
    let others = total(columns, rows, |kind| {
        !is_list(kind) && !matches!(kind, Column::Name(_))
    }) + lists * (SHORT_LIST + usize::from(GAP));
    let room = width.saturating_sub(others).max(SHORT_NAME);
    let names = rows.iter_mut().map(|row| row.first_mut()).enumerate();
    names
        .filter_map(|(row, name)| {
            let name = name?;
            let (end, _) = name.char_indices().nth(room)?;
            Some((row, name.split_off(end)))
        })
        .collect()
}

fn shorten_digests(columns: &[Column], rows: &mut [Vec<String>]) {
    for cell in cells(columns, rows, |kind| matches!(kind, Column::Digest(_))) {
        *cell = cell.chars().take(SHORT_DIGEST).collect();
    }
}

fn shorten_lists(columns: &[Column], rows: &mut [Vec<String>], width: usize) {
    let is_list = |kind| matches!(kind, Column::List(_));
    let others = total(columns, rows, |kind| !is_list(kind));
    let room = width.saturating_sub(others).max(SHORT_LIST);
    for cell in cells(columns, rows, is_list) {
        if length(cell) <= room {
            continue;
        }
        let words: Vec<&str> = cell.split(',').collect();
        let begun = |count: usize| format!("{},+{}", words[..count].join(","), words.len() - count);
        let fitting = (1..words.len())
            .rev()
            .find(|count| length(&begun(*count)) <= room);
        // The first word is always kept.
        if words.len() > 1 {
            *cell = begun(fitting.unwrap_or(1));
        }
    }
}

fn cut_lines(columns: &[Column], rows: &mut [Vec<String>], width: usize) {
    let is_line = |kind| matches!(kind, Column::Line(_));
    let Some(Column::Line(title)) = columns.last() else {
        return;
    };
    let others = total(columns, rows, |kind| !is_line(kind));
    let room = width.saturating_sub(others).max(title.len());
    for cell in cells(columns, rows, is_line) {
        if length(cell) > room {
            *cell = cell.chars().take(room.saturating_sub(1)).collect();
            cell.push('…');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest() -> String {
        format!("sha256:{}", "0".repeat(64))
    }

    #[test]
    fn a_narrow_terminal_shortens_digests_first() {
        let columns = [Column::Digest("DIGEST"), Column::Line("CREATED BY")];
        let fitted = |width| {
            let rows = vec![vec![digest(), "x".repeat(50)]];
            lines(&columns, rows, width, false).remove(1)
        };
        let whole = format!("{}  {}", digest(), "x".repeat(50));
        assert_eq!(fitted(None), whole);
        assert_eq!(fitted(Some(200)), whole);
        let shorter = format!("sha256:000000000000  {}", "x".repeat(50));
        assert_eq!(fitted(Some(80)), shorter);
        assert_eq!(fitted(Some(40)).chars().count(), 40);
    }

    #[test]
    fn a_long_name_moves_its_own_row_only() {
        let columns = [
            Column::Name("TAG"),
            Column::List("PLATFORMS"),
            Column::Figure("SIZE"),
        ];
        let platforms = "linux/amd64,linux/arm64,linux/s390x";
        let row = |tag: &str, platforms: &str| vec![tag.into(), platforms.into(), "1 B".into()];
        let long = "x".repeat(60);
        let rows = vec![row("1", platforms), row(&long, "-"), row("2", "linux/386")];
        let fitted = lines(&columns, rows, Some(40), false);
        assert_eq!(
            fitted,
            [
                "TAG                   PLATFORMS       SIZE",
                "1                     linux/amd64,+2   1 B",
                &format!("{long}  -                1 B"),
                "2                     linux/386        1 B",
            ]
        );
        let rows = vec![row("1", platforms)];
        let fitted = lines(&columns, rows, Some(38), false);
        assert_eq!(fitted[1], "1    linux/amd64,linux/arm64,+1   1 B");
    }
}
