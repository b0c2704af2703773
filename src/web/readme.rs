//! The README of a repository: untrusted Markdown, rendered as safe HTML.
//!
//! Pictures are left out, since they would be loaded from another host; links may have the schemes
//! http, https and mailto. Headings are below those of the page.

use std::collections::HashSet;
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};
use maud::{Markup, PreEscaped};
use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

/// Bytes that are shown.
const LIMIT: usize = 64 * 1024;

static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut cleaner = Builder::default();
    cleaner
        .rm_tags(["img", "h1", "h2", "map", "area"])
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .url_relative(UrlRelative::Deny)
        .link_rel(Some("noopener noreferrer nofollow"));
    cleaner
});

/// A README as HTML.
pub(super) fn render(markdown: &str) -> Markup {
    let mut end = markdown.len().min(LIMIT);
    while !markdown.is_char_boundary(end) {
        end -= 1;
    }
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let events = Parser::new_ext(&markdown[..end], options).filter_map(quiet);
    let mut text = String::new();
    html::push_html(&mut text, events);
    PreEscaped(CLEANER.clean(&text).to_string())
}

/// Replaces pictures with their descriptions, and lowers headings.
fn quiet(event: Event<'_>) -> Option<Event<'_>> {
    Some(match event {
        Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => return None,
        Event::Start(Tag::Heading { level, .. }) => Event::Start(Tag::Heading {
            level: below(level),
            id: None,
            classes: Vec::new(),
            attrs: Vec::new(),
        }),
        Event::End(TagEnd::Heading(level)) => Event::End(TagEnd::Heading(below(level))),
        event => event,
    })
}

fn below(level: HeadingLevel) -> HeadingLevel {
    match level {
        HeadingLevel::H1 => HeadingLevel::H3,
        HeadingLevel::H2 => HeadingLevel::H4,
        HeadingLevel::H3 => HeadingLevel::H5,
        _ => HeadingLevel::H6,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(markdown: &str) -> String {
        render(markdown).into_string()
    }

    #[test]
    fn markdown_is_shown() {
        let html = shown(
            "# Title\n\nSome *text*, a [link](https://example.com/).\n\n|a|b|\n|-|-|\n|1|2|\n",
        );
        assert!(
            html.contains("<h3>Title</h3>") && html.contains("<em>text</em>"),
            "{html}"
        );
        assert!(html.contains("<table>") && html.contains("href=\"https://example.com/\""));
        assert!(html.contains("rel=\"noopener noreferrer nofollow\""));
    }

    #[test]
    fn hostile_markdown_is_harmless() {
        let html = shown(
            "x <script>alert(1)</script> <img src=x onerror=alert(1)> ![picture](https://evil.example/p.png)\n\n\
             y <h1 onclick=\"x()\" style=\"color:red\">big</h1> [a](javascript:alert(1)) \
             [b](data:text/html,x) [c](/sign-out) <iframe src=\"https://evil.example\"></iframe> \
             <form action=\"/accounts\"><input name=x></form> <style>*{}</style> <a href=\"vbscript:x\">d</a>",
        );
        for bad in [
            "<script",
            "<img",
            "onerror",
            "onclick",
            "style",
            "javascript:",
            "data:",
            "<iframe",
            "<form",
            "<input",
            "<h1",
            "vbscript",
            "evil.example",
            "href=\"/",
        ] {
            assert!(!html.contains(bad), "{bad}: {html}");
        }
        assert!(html.contains("picture"));
    }

    proptest! {
        #[test]
        fn never_writes_a_script(markdown in ".{0,200}") {
            let html = shown(&markdown).to_lowercase();
            prop_assert!(!html.contains("<script") && !html.contains("<img"));
        }
    }
}
