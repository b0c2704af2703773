//! The lifetime of a new token: the field of a form, and its parsing.

use maud::{Markup, html};

use super::frame::Frame;
use super::request::Fields;
use crate::clock::Millis;

/// Milliseconds of a day.
const DAY: Millis = 24 * 60 * 60 * 1000;

/// The field, in days.
pub(super) fn field(frame: &Frame<'_>) -> Markup {
    html! {
        label for="days" { (frame.account.days) }
        input id="days" name="days" type="number" min="0" max="3650" value="90";
    }
}

/// The lifetime in a form in milliseconds; `None` if it is unlimited.
pub(super) fn read(fields: &Fields) -> Option<Millis> {
    let days: Millis = fields.text("days").parse().unwrap_or(0);
    (days > 0).then(|| days.saturating_mul(DAY))
}
