//! A treemap: rectangles whose areas are proportional to sizes (squarified), drawn by the server,
//! so that the page needs no script. Positions are relative, so that the picture fits any width
//! while its texts keep their size.

use maud::{Markup, html};

use super::format;

/// The width and height for which the rectangles are made square.
const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 320.0;
/// Height of two lines of text, width of a letter, and margin of a text.
const LINES: f64 = 48.0;
const LETTER: f64 = 8.0;
const MARGIN: f64 = 20.0;
/// A name is not cut to fewer letters than this.
const SHORTEST: usize = 10;
/// Narrower rectangles have no text on a narrow screen.
const NARROW: f64 = 0.3;

/// A part of the whole.
#[derive(Debug, Clone)]
pub(super) struct Part {
    /// Its name.
    pub(super) name: String,
    /// Its size.
    pub(super) size: u64,
    /// Whether it is the rest, apart from the named parts.
    pub(super) is_rest: bool,
}

/// The position of a part: left, top, width and height, each from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Place {
    left: f64,
    top: f64,
    width: f64,
    height: f64,
}

/// The picture; `label` describes it.
pub(super) fn markup(label: &str, parts: &[Part]) -> Markup {
    let mut parts: Vec<&Part> = parts.iter().filter(|part| part.size > 0).collect();
    parts.sort_by_key(|part| std::cmp::Reverse(part.size));
    let sizes: Vec<u64> = parts.iter().map(|part| part.size).collect();
    let percent = |part: f64| format!("{:.2}%", part * 100.0);
    html! {
        svg class="map" role="img" width="100%" height=(HEIGHT) aria-label=(label) {
            @for (part, place) in parts.iter().zip(places(&sizes)) {
                @let name = fitting(&part.name, place);
                svg aria-hidden="true" x=(percent(place.left)) y=(percent(place.top))
                    width=(percent(place.width)) height=(percent(place.height)) {
                    title { (part.name) ": " (format::bytes(part.size)) }
                    rect class=[part.is_rest.then_some("rest")] width="100%" height="100%" {}
                    @if let Some(name) = name {
                        g class=[(place.width < NARROW).then_some("narrow")] {
                            text x="10" y="24" { (name) }
                            text x="10" y="42" class="size" { (format::bytes(part.size)) }
                        }
                    }
                }
            }
        }
    }
}

/// A name cut to the width of a rectangle on a wide screen; `None` if it is too narrow.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the number of letters is small"
)]
fn fitting(name: &str, place: Place) -> Option<String> {
    if place.height * HEIGHT < LINES {
        return None;
    }
    let room = ((place.width * WIDTH - MARGIN) / LETTER).max(0.0) as usize;
    if name.chars().count() <= room {
        return Some(name.to_owned());
    }
    (room >= SHORTEST).then(|| name.chars().take(room - 1).chain(['…']).collect())
}

/// The worst aspect ratio of a row of areas along a side.
fn worst(row: &[f64], side: f64) -> f64 {
    let sum: f64 = row.iter().sum();
    let thickness = sum / side;
    let ratio = |area: &f64| {
        let length = area / thickness;
        (length / thickness).max(thickness / length)
    };
    row.iter().map(ratio).fold(0.0, f64::max)
}

/// The positions of sizes, which are sorted, largest first, and not zero.
#[expect(
    clippy::cast_precision_loss,
    reason = "areas of a picture need no precision"
)]
fn places(sizes: &[u64]) -> Vec<Place> {
    let total: f64 = sizes.iter().map(|size| *size as f64).sum();
    let scale = WIDTH * HEIGHT / total;
    let areas: Vec<f64> = sizes.iter().map(|size| *size as f64 * scale).collect();
    let mut places = Vec::with_capacity(areas.len());
    let (mut left, mut top, mut width, mut height) = (0.0, 0.0, WIDTH, HEIGHT);
    let mut rest = areas.as_slice();
    while !rest.is_empty() {
        // A row along the shorter side grows while that makes its rectangles more square.
        let is_column = width >= height;
        let side: f64 = if is_column { height } else { width };
        let mut count = 1;
        while count < rest.len() && worst(&rest[..=count], side) <= worst(&rest[..count], side) {
            count += 1;
        }
        let (row, after) = rest.split_at(count);
        let sum: f64 = row.iter().sum();
        let thickness = sum / side;
        let mut along = 0.0;
        for area in row {
            let length = area / thickness;
            let (x, y, wide, high) = if is_column {
                (left, top + along, thickness, length)
            } else {
                (left + along, top, length, thickness)
            };
            places.push(Place {
                left: x / WIDTH,
                top: y / HEIGHT,
                width: wide / WIDTH,
                height: high / HEIGHT,
            });
            along += length;
        }
        if is_column {
            left += thickness;
            width -= thickness;
        } else {
            top += thickness;
            height -= thickness;
        }
        rest = after;
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Areas are the sizes, within the whole, and do not overlap.
        #[test]
        fn areas_are_sizes(sizes in proptest::collection::vec(1_u64..1 << 40, 1..40)) {
            let mut sizes = sizes;
            sizes.sort_unstable_by(|a, b| b.cmp(a));
            let total: u128 = sizes.iter().map(|size| u128::from(*size)).sum();
            let places = places(&sizes);
            prop_assert_eq!(places.len(), sizes.len());
            let near = |a: f64, b: f64| (a - b).abs() < 1e-6;
            for (size, place) in sizes.iter().zip(&places) {
                #[expect(clippy::cast_precision_loss)]
                let part = *size as f64 / total as f64;
                prop_assert!(near(place.width * place.height, part), "{place:?}");
                prop_assert!(place.left > -1e-6 && place.left + place.width < 1.0 + 1e-6);
                prop_assert!(place.top > -1e-6 && place.top + place.height < 1.0 + 1e-6);
            }
            for (number, a) in places.iter().enumerate() {
                for b in &places[number + 1..] {
                    let wide = (a.left + a.width).min(b.left + b.width) - a.left.max(b.left);
                    let high = (a.top + a.height).min(b.top + b.height) - a.top.max(b.top);
                    prop_assert!(wide < 1e-6 || high < 1e-6, "{a:?} {b:?}");
                }
            }
        }
    }

    #[test]
    fn names_that_do_not_fit_are_left_out() {
        let fit = |name, width, height| {
            let (left, top) = (0.0, 0.0);
            fitting(
                name,
                Place {
                    left,
                    top,
                    width,
                    height,
                },
            )
        };
        assert_eq!(fit("team", 0.1, 1.0).as_deref(), Some("team"));
        assert_eq!(fit("a-long-name", 0.1, 1.0).as_deref(), Some("a-long-na…"));
        assert_eq!(fit("a-long-name", 0.09, 1.0), None);
        assert_eq!(fit("team", 1.0, 0.1), None);
    }

    #[test]
    fn names_are_escaped_and_empty_parts_are_omitted() {
        let part = |name: &str, size| Part {
            name: name.to_owned(),
            size,
            is_rest: false,
        };
        let parts = [part("<script>", 10), part("none", 0), part("b", 30)];
        let html = markup("label", &parts).into_string();
        assert!(
            html.contains("&lt;script&gt;") && !html.contains("none"),
            "{html}"
        );
        assert_eq!(html.matches("<rect").count(), 2);
        assert_eq!(
            markup("label", &[]).into_string().matches("<rect").count(),
            0
        );
    }
}
