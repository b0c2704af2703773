//! The forms for language and colours: the choice is stored in a cookie.

use super::text::Language;
use super::{Answer, Fault, Pages, Request, Theme, moved, set_cookie};
use crate::web::request::Fields;

/// A year, in seconds.
const AGE: u32 = 365 * 24 * 60 * 60;

/// Stores a choice and redirects to the page of the form.
pub(super) fn answer(pages: &Pages, request: &Request) -> Result<Answer, Fault> {
    if !request.is_from_here() {
        return Err(Fault::Foreign);
    }
    let fields = Fields::parse(&request.form);
    let base = &pages.settings.base;
    let mut answer = moved(&within(base, fields.text("next")));
    let secure = if request.origin.starts_with("https://") {
        "; Secure"
    } else {
        ""
    };
    let path = if base.is_empty() { "/" } else { base };
    let mut keep = |name: &str, value: &str| {
        set_cookie(
            &mut answer,
            &format!("{name}={value}; Path={path}; Max-Age={AGE}; SameSite=Lax; HttpOnly{secure}"),
        );
    };
    if let Some(language) = Language::parse(fields.text("language")) {
        keep("regctl-language", language.code());
    }
    if !fields.text("theme").is_empty() {
        keep("regctl-theme", Theme::parse(fields.text("theme")).as_str());
    }
    Ok(answer)
}

/// A path of these pages; anything else becomes the first page. A browser reads `//host` and
/// `/\host` as the address of another host.
pub(super) fn within(base: &str, next: &str) -> String {
    let home = format!("{base}/");
    let Some(rest) = next.strip_prefix(base) else {
        return home;
    };
    let plain = rest.starts_with('/')
        && !rest.starts_with("//")
        && !rest.contains(['\\', '\r', '\n', '\t'])
        && rest.bytes().all(|byte| byte.is_ascii_graphic());
    if plain { next.to_owned() } else { home }
}

#[cfg(test)]
mod tests {
    use super::within;

    #[test]
    fn other_hosts_are_not_followed() {
        for next in [
            "",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example/",
            "javascript:alert(1)",
            "/\t/evil.example",
            "/a\r\nSet-Cookie: x=1",
            "evil",
        ] {
            assert_eq!(within("", next), "/", "{next:?}");
            assert_eq!(within("/base", next), "/base/", "{next:?}");
        }
        assert_eq!(within("", "/r/a:1?x=%2F"), "/r/a:1?x=%2F");
        assert_eq!(within("/base", "/base/r/a"), "/base/r/a");
        assert_eq!(within("/base", "/base//evil"), "/base/");
        assert_eq!(within("/base", "/other"), "/base/");
    }
}
