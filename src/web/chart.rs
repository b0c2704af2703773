//! A bar chart over days, and the table of its numbers.

use maud::{Markup, html};

/// Height of the chart.
const HEIGHT: u64 = 60;

/// A chart of numbers over time.
pub(super) struct Bars<'a> {
    /// What it shows.
    pub(super) label: &'a str,
    /// The label of a number.
    pub(super) name: &'a dyn Fn(usize) -> String,
    /// The numbers; `None` if unknown.
    pub(super) numbers: &'a [Option<u64>],
    /// Width of a bar.
    pub(super) width: usize,
    /// Formats a number.
    pub(super) written: fn(u64) -> String,
}

impl Bars<'_> {
    /// The chart, followed by a table of the known numbers.
    pub(super) fn markup(&self) -> Markup {
        let most = self.numbers.iter().copied().flatten().max();
        let most = u128::from(most.unwrap_or(0).max(1));
        let height = |number: u64| (u128::from(number) * u128::from(HEIGHT)).div_ceil(most);
        let (count, width) = (self.numbers.len(), self.width);
        html! {
            svg class="bars chart" role="img" width=(count * width) height=(HEIGHT)
                viewBox=(format!("0 0 {} {HEIGHT}", count * width))
                preserveAspectRatio="none" aria-label=(self.label) {
                @for (place, number) in self.numbers.iter().enumerate() {
                    @let number = number.unwrap_or(0);
                    @if number > 0 {
                        rect x=(place * width) y=(u128::from(HEIGHT) - height(number))
                            width=(width - 2) height=(height(number)) {
                            title { ((self.name)(place)) ": " ((self.written)(number)) }
                        }
                    }
                }
            }
            details { summary { (self.label) }
                table class="list pairs" {
                    tbody { @for (place, number) in self.numbers.iter().enumerate().rev() {
                        @if let Some(number) = number {
                            tr { th scope="row" { ((self.name)(place)) }
                                td class="number" { ((self.written)(*number)) } }
                        }
                    } }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_numbers_have_no_bar_and_no_row() {
        let numbers = [None, Some(0), Some(5), Some(10)];
        let chart = Bars {
            label: "label",
            name: &|place| format!("day {place}"),
            numbers: &numbers,
            width: 10,
            written: |number| number.to_string(),
        };
        let html = chart.markup().into_string();
        assert_eq!(html.matches("<rect").count(), 2, "{html}");
        assert_eq!(html.matches("<tr>").count(), 3, "{html}");
        assert!(html.contains("y=\"30\" width=\"8\" height=\"30\"><title>day 2: 5"));
    }
}
