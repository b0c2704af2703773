//! Error messages of registries and networks, shortened to one safe line.
//!
//! Pure. Parses the error bodies of the specification leniently, and those of token services,
//! proxies and web servers. Invariants: the result has no control characters and a bounded length;
//! an error with more information than its status is never dropped.

use serde_json::Value;

/// Maximum length of a registry's message, in characters.
const WORDS_LIMIT: usize = 300;
/// A message longer than this, in bytes, contains more than that something is unknown.
const USUAL_LIMIT: usize = 50;

/// The innermost error of a chain: what the network itself reported.
pub(super) fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    // The number of the operating system's error says nothing more.
    let text = innermost.to_string();
    let text = text.split(" (os error ").next().unwrap_or_default();
    plain(text.trim_start_matches("failed to lookup address information: "))
}

/// Whether a body is an error in OCI's form, `{"errors": […]}`.
pub(super) fn is_of_a_registry(body: &[u8]) -> bool {
    entries(body).is_some()
}

/// The entries of an error body in OCI's form.
fn entries(body: &[u8]) -> Option<Vec<Value>> {
    let mut body: Value = serde_json::from_slice(body).ok()?;
    match body.get_mut("errors")?.take() {
        Value::Array(entries) => Some(entries),
        Value::Null => Some(Vec::new()),
        one => Some(vec![one]),
    }
}

/// The text of an entry: its message and, where that does not say it anyway, its code and its detail.
fn entry_words(entry: &Value) -> String {
    let text = |name: &str| entry.get(name).and_then(Value::as_str).unwrap_or_default();
    let plain_code = text("code").to_lowercase().replace('_', " ");
    let said = match text("message") {
        "" if plain_code.is_empty() => entry.as_str().unwrap_or_default(),
        "" => &plain_code,
        message => message,
    };
    let code = text("code");
    let is_said = said.contains(code) || said.to_lowercase().contains(&plain_code);
    let code = (!is_said).then_some(code);
    let detail = match entry.get("detail") {
        Some(Value::String(detail)) => Some(detail.as_str()),
        // The fields that distribution and others use in a detail object.
        Some(Value::Object(fields)) => ["digest", "Digest", "name", "reason", "message"]
            .iter()
            .find_map(|name| fields.get(*name)?.as_str()),
        _ => None,
    };
    let detail = detail.filter(|detail| !said.contains(detail));
    let more: Vec<&str> = code.into_iter().chain(detail).collect();
    if more.is_empty() {
        return said.to_owned();
    }
    format!("{said} ({})", more.join("; "))
}

/// Whether an error body has a code that is none of `expected`.
pub(super) fn has_another_code(body: &[u8], expected: &[&str]) -> bool {
    entries(body).is_some_and(|entries| {
        let mut codes = entries.iter().filter_map(|entry| entry["code"].as_str());
        codes.any(|code| !code.is_empty() && !expected.contains(&code))
    })
}

/// The text of a 404 beyond its status: empty if its code is one that is `expected` for the requested
/// object and its message is a usual one; that the repository is unknown, if the caller did not expect
/// that.
pub(super) fn absence(body: &[u8], expected: &[&str], repository_is_news: bool) -> String {
    let Some(entries) = entries(body) else {
        return words(body);
    };
    if has_another_code(body, expected) {
        return words(body);
    }
    let code = |entry: &Value| entry["code"].as_str().unwrap_or_default().to_owned();
    let is_usual = |entry: &Value| {
        let message = entry["message"].as_str().unwrap_or_default().to_lowercase();
        let usual = ["", "not found", "unknown", "not known to registry"];
        !code(entry).is_empty()
            && usual.iter().any(|usual| message.ends_with(usual))
            && message.len() < USUAL_LIMIT
    };
    if !entries.iter().all(is_usual) {
        return words(body);
    }
    if repository_is_news && entries.iter().any(|entry| code(entry) == "NAME_UNKNOWN") {
        return "there is no such repository".into();
    }
    String::new()
}

/// The message in an error body: the messages of OCI's form or of another object, else the first
/// line of a plain text, or the title of an HTML page.
pub(super) fn words(body: &[u8]) -> String {
    if let Some(entries) = entries(body) {
        let said = entries.iter().map(entry_words);
        let said: Vec<String> = said.filter(|said| !said.is_empty()).collect();
        return plain(&said.join("; "));
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(fields)) => {
            // The fields of token services and proxies.
            let said = ["error_description", "details", "detail", "message", "error"];
            let said = said.iter().find_map(|name| fields.get(*name)?.as_str());
            return plain(said.unwrap_or_default());
        }
        Ok(Value::String(text)) => return plain(&text),
        _ => {}
    }
    let text = String::from_utf8_lossy(body);
    let text = text.trim();
    if text.starts_with('<') {
        // Storage services write XML with a message.
        return ["title", "message"]
            .iter()
            .find_map(|name| element(text, name))
            .map(plain)
            .unwrap_or_default();
    }
    let line = text.lines().next().unwrap_or_default();
    if line.starts_with(['{', '[']) {
        return String::new();
    }
    plain(line)
}

/// The text of the first element with this name, in HTML or XML.
fn element<'a>(page: &'a str, name: &str) -> Option<&'a str> {
    let lower = page.to_ascii_lowercase();
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let start = lower.find(&open)? + open.len();
    let length = lower.get(start..)?.find(&close)?;
    page.get(start..start + length)
}

/// A text without control characters, shortened to [`WORDS_LIMIT`].
pub(super) fn plain(text: &str) -> String {
    let mut plain: String = text
        .chars()
        .map(|character| {
            if character.is_control() {
                ' '
            } else {
                character
            }
        })
        .take(WORDS_LIMIT)
        .collect();
    if text.chars().nth(WORDS_LIMIT).is_some() {
        plain.push('…');
    }
    plain.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_of_the_registry() {
        let body = br#"{"errors":[{"code":"DENIED","message":"no","detail":"ask Anna"},{"code":"NAME_UNKNOWN"}]}"#;
        assert_eq!(words(body), "no (DENIED; ask Anna); name unknown");
        assert_eq!(words(b"upstream is down\nmore"), "upstream is down");
        assert_eq!(words(b"<html>..."), "");
        let page = b"<html><head><TITLE>502 Bad\nGateway</title></head>";
        assert_eq!(words(page), "502 Bad Gateway");
        let storage =
            b"<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code><Message>Request has \
            expired</Message></Error>";
        assert_eq!(words(storage), "Request has expired");
        for (body, said) in [
            (r#"{"errors":[{"code":"X","message":null}]}"#, "x"),
            (r#"{"errors":[{"code":404,"message":"gone"}]}"#, "gone"),
            (r#"{"errors":{"code":"X_Y","message":"one"}}"#, "one (X_Y)"),
            (
                r#"{"errors":[{"code":"BLOB_UNKNOWN","message":"Blob unknown here"}]}"#,
                "Blob unknown here",
            ),
            (r#"{"errors":["text"]}"#, "text"),
            (r#"{"errors":null}"#, ""),
            (r#""just a text""#, "just a text"),
            (
                r#"{"errors":[{"code":"BLOB","message":"blob unknown","detail":{"digest":"sha256:1"}}]}"#,
                "blob unknown (sha256:1)",
            ),
        ] {
            assert_eq!(words(body.as_bytes()), said, "{body}");
        }
        let body = br#"{"error":"invalid_grant","error_description":"wrong password"}"#;
        assert_eq!(words(body), "wrong password");
        assert_eq!(words(br#"{"details":"no"}"#), "no");
        assert_eq!(words(b"\x1b[31mred\x07"), "[31mred");
        assert_eq!(words("é".repeat(1000).as_bytes()).chars().count(), 301);
        assert_eq!(words(b"\xff\xfe"), "\u{fffd}\u{fffd}");
    }

    #[test]
    fn errors_of_the_system_have_no_numbers() {
        let error = std::io::Error::from_raw_os_error(111);
        assert_eq!(innermost(&error), "Connection refused");
    }

    #[test]
    fn repeated_messages_are_merged() {
        let body =
            |code, message| format!(r#"{{"errors":[{{"code":"{code}","message":"{message}"}}]}}"#);
        let expired = "manifest unknown: it has expired and was deleted on Monday";
        for (code, message, news, said) in [
            ("MANIFEST_UNKNOWN", "manifest unknown", true, ""),
            (
                "NAME_UNKNOWN",
                "repository name not known to registry",
                true,
                "there is no such repository",
            ),
            ("NAME_UNKNOWN", "", false, ""),
            ("MANIFEST_UNKNOWN", expired, true, expired),
            ("DENIED", "not found", true, "not found (DENIED)"),
            ("BLOB_UPLOAD_UNKNOWN", "", true, "blob upload unknown"),
            ("TAG_UNKNOWN", "unknown", true, "unknown (TAG_UNKNOWN)"),
        ] {
            let expected = ["MANIFEST_UNKNOWN", "NAME_UNKNOWN"];
            assert_eq!(
                absence(body(code, message).as_bytes(), &expected, news),
                said,
                "{code}"
            );
        }
        assert_eq!(absence(b"no such host", &[], true), "no such host");
    }
}
