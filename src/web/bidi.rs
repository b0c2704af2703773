//! Characters that change the direction of text (Unicode Standard Annex #9): they can make a name
//! look like another one. Pages show their code instead.
//!
//! Direction marks, which right-to-left languages need, are not replaced.

use std::fmt::Write as _;

/// Whether a character reverses the text after it: embeddings, overrides and isolates.
fn turns(letter: char) -> bool {
    matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A page with these characters replaced. The text of a `textarea` is not changed, because it is
/// sent back.
pub(super) fn visible(html: String) -> String {
    if !html.contains(turns) {
        return html;
    }
    let mut text = String::with_capacity(html.len() + 64);
    let mut rest = html.as_str();
    while let Some(start) = rest.find("<textarea") {
        let (shown, edited) = rest.split_at(start);
        let end = edited.find("</textarea").unwrap_or(edited.len());
        write(&mut text, shown);
        text.push_str(&edited[..end]);
        rest = &edited[end..];
    }
    write(&mut text, rest);
    text
}

fn write(text: &mut String, shown: &str) {
    for letter in shown.chars() {
        if turns(letter) {
            // Writing to a string does not fail.
            let _ = write!(text, "\u{27e8}U+{:04X}\u{27e9}", u32::from(letter));
        } else {
            text.push(letter);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::visible;

    #[test]
    fn overrides_are_shown_and_edited_text_is_kept() {
        let plain = "<p>\u{5e9}\u{5dc}\u{200f}</p>".to_owned();
        assert_eq!(visible(plain.clone()), plain);
        assert_eq!(
            visible("<b>\u{202e}gpj.exe</b>".to_owned()),
            "<b>\u{27e8}U+202E\u{27e9}gpj.exe</b>"
        );
        assert_eq!(
            visible("\u{2066}<textarea>\u{2066}</textarea>\u{2069}<textarea>".to_owned()),
            "\u{27e8}U+2066\u{27e9}<textarea>\u{2066}</textarea>\u{27e8}U+2069\u{27e9}<textarea>"
        );
    }
}
