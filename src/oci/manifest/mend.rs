//! Texts and nesting that serde_json refuses and Go, and therefore registry:2, accepts.

use std::borrow::Cow;

use serde::de::IgnoredAny;

/// Nesting of arrays and objects that is kept. What a registry reads is less than ten deep.
const KEPT: usize = 100;

/// Maximum nesting that Go's decoder accepts.
pub(super) const DEPTH_LIMIT: usize = 10_000;

/// The replacement of a character that is none, in a JSON text.
const REPLACEMENT: &[u8] = b"\\ufffd";

/// The document as Go understands it: bytes that are not UTF-8 and halves of surrogate pairs are
/// replacement characters. Values that are nested deep are `null`. `None` if they are too deep.
pub(super) fn mended(bytes: &[u8]) -> Option<Cow<'_, [u8]>> {
    let (deepest, surrogates) = survey(bytes);
    if deepest > DEPTH_LIMIT {
        return None;
    }
    let text = String::from_utf8_lossy(bytes);
    let is_fine = deepest <= KEPT && !surrogates && matches!(text, Cow::Borrowed(_));
    // What is malformed apart from this is refused with the position in the original.
    if is_fine || serde_json::from_str::<IgnoredAny>(&text).is_err() {
        return Some(Cow::Borrowed(bytes));
    }
    Some(Cow::Owned(rewritten(text.as_bytes())))
}

/// The depth of arrays and objects in a JSON text, and whether it has an escape of a surrogate.
fn survey(bytes: &[u8]) -> (usize, bool) {
    let (mut depth, mut deepest, mut string, mut surrogates) = (0_usize, 0, false, false);
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match (string, byte) {
            (true, b'\\') => {
                surrogates |= surrogate(bytes, at).is_some();
                at += 1;
            }
            (_, b'"') => string = !string,
            (false, b'{' | b'[') => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            (false, b'}' | b']') => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    (deepest, surrogates)
}

/// A valid JSON text without halves of surrogate pairs, and with `null` for what is nested deep.
fn rewritten(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let (mut depth, mut string, mut at) = (0_usize, false, 0);
    while let Some(&byte) = bytes.get(at) {
        let length = if string && byte == b'\\' {
            match (surrogate(bytes, at), surrogate(bytes, at + 6)) {
                (Some(0xd800..0xdc00), Some(0xdc00..)) => 12,
                (Some(_), _) => 6,
                (None, _) => 2,
            }
        } else {
            1
        };
        let opens = !string && matches!(byte, b'{' | b'[');
        depth += usize::from(opens);
        if depth <= KEPT {
            let piece = bytes.get(at..at + length).unwrap_or_default();
            out.extend_from_slice(if length == 6 { REPLACEMENT } else { piece });
        } else if opens && depth == KEPT + 1 {
            out.extend_from_slice(b"null");
        }
        match byte {
            b'"' => string = !string,
            b'}' | b']' if !string => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += length;
    }
    out
}

/// The surrogate whose escape begins here.
fn surrogate(bytes: &[u8], at: usize) -> Option<u16> {
    let digits = bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
    let code = u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    (0xd800..=0xdfff).contains(&code).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_become_what_go_reads() {
        for (text, same) in [
            (&br#"{"a":"x\ud83d\ude00"}"#[..], "{\"a\":\"x\u{1f600}\"}"),
            (br#"{"a":"\ud83d"}"#, "{\"a\":\"\u{fffd}\"}"),
            (br#"{"a":"\uDE00b"}"#, "{\"a\":\"\u{fffd}b\"}"),
            (br#"{"a":"\ud83d\n"}"#, "{\"a\":\"\u{fffd}\\n\"}"),
            (
                br#"{"a":"\ud83d\ud83d\ude00"}"#,
                "{\"a\":\"\u{fffd}\u{1f600}\"}",
            ),
            (br#"{"\ud83d":"\\ud83d"}"#, "{\"\u{fffd}\":\"\\\\ud83d\"}"),
            (b"{\"a\":\"\xff\xfe\"}", "{\"a\":\"\u{fffd}\u{fffd}\"}"),
        ] {
            let mended = mended(text).unwrap();
            let read: serde_json::Value = serde_json::from_slice(&mended).unwrap();
            assert_eq!(
                read,
                serde_json::from_str::<serde_json::Value>(same).unwrap()
            );
        }
    }

    #[test]
    fn deep_values_are_left_out() {
        for depth in [1, KEPT - 1, KEPT, KEPT + 1, DEPTH_LIMIT - 1] {
            let lists = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
            let objects = format!("{}\"]\"{}", r#"{"[":"#.repeat(depth), "}".repeat(depth));
            for value in [lists, objects] {
                let text = format!(r#"{{"x":{value},"y":"]}}"}}"#);
                let mended = mended(text.as_bytes()).unwrap();
                let read: serde_json::Value = serde_json::from_slice(&mended).unwrap();
                assert_eq!(read["y"], "]}", "{depth}");
            }
        }
        let deep = format!("{}{}", "[".repeat(DEPTH_LIMIT), "]".repeat(DEPTH_LIMIT));
        assert_eq!(mended(format!("[{deep}]").as_bytes()), None);
    }

    #[test]
    fn what_is_malformed_stays() {
        for text in [
            &b"{\"a\":\"\xff}"[..],
            br#"{"a":"\ud83d""#,
            br#"{"a":"\ud8"}"#,
            b"{\xff:1}",
        ] {
            assert_eq!(mended(text), Some(Cow::Borrowed(text)));
        }
        let crossed = format!("{}{}", "[".repeat(200), "}".repeat(200));
        assert_eq!(
            mended(crossed.as_bytes()),
            Some(Cow::Borrowed(crossed.as_bytes()))
        );
    }
}
