//! A request of a browser, as the pages use it.

use std::collections::HashMap;
use std::sync::Arc;

use http::Method;

use super::Visitor;
use super::text::Language;
use crate::oci::{Context, Visibility};

/// The chosen colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// Those of the system.
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// The name in cookies and attributes.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// Parses the text of [`Theme::as_str`]; any other text is the system's theme.
    pub fn parse(text: &str) -> Self {
        match text {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::System,
        }
    }
}

/// A request of a browser. Its path has no base and no query.
#[derive(Debug)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The path below the base, percent-encoded.
    pub path: String,
    /// The raw query, without the question mark.
    pub query: String,
    /// The body of a form, at most 64 KiB.
    pub form: String,
    /// `scheme://host[:port]` as the client sees this registry.
    pub origin: String,
    /// The `Cookie` header.
    pub cookies: String,
    /// The `Accept-Language` header.
    pub languages: String,
    /// The `Sec-Fetch-Site` header, if there is one.
    pub fetch_site: Option<String>,
    /// The `Origin` header, if there is one.
    pub from_origin: Option<String>,
    /// The context: id and client address of the request.
    pub context: Arc<Context>,
    /// The sender; set by the pages.
    pub visitor: Visitor,
    /// The repositories that the caller may see; set by the pages if they have accounts.
    pub visibility: Visibility,
}

impl Request {
    /// The fields of the query; of repeated ones, the last.
    pub(super) fn fields(&self) -> Fields {
        Fields::parse(&self.query)
    }

    /// A cookie of ours.
    pub(super) fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.split(';').find_map(|pair| {
            let (found, value) = pair.trim().split_once('=')?;
            (found == name).then_some(value)
        })
    }

    /// The chosen colours.
    pub(super) fn theme(&self) -> Theme {
        self.cookie("regctl-theme")
            .map_or(Theme::System, Theme::parse)
    }

    /// The chosen language, otherwise the first supported one that the browser accepts.
    pub(super) fn language(&self) -> Language {
        self.cookie("regctl-language")
            .and_then(Language::parse)
            .unwrap_or_else(|| Language::accepted(&self.languages))
    }

    /// `host[:port]` as the client sees it.
    pub(super) fn host(&self) -> &str {
        self.origin
            .split_once("://")
            .map_or(self.origin.as_str(), |(_, host)| host)
    }

    /// The context with the caller that the pages have identified.
    pub(super) fn caller(&self) -> Arc<Context> {
        let mut context = Context::clone(&self.context);
        if let Some(identity) = &self.visitor.identity {
            context.caller = identity.caller().clone();
        }
        Arc::new(context)
    }

    /// Whether the browser uses TLS, here or at a proxy.
    pub(super) fn is_encrypted(&self) -> bool {
        self.origin.starts_with("https://")
    }

    /// Whether a request that changes something comes from one of these pages.
    pub(super) fn is_from_here(&self) -> bool {
        match (&self.fetch_site, &self.from_origin) {
            (Some(site), _) => site == "same-origin",
            (None, Some(origin)) => *origin == self.origin,
            (None, None) => false,
        }
    }
}

/// The fields of a query or a form.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields {
    last: HashMap<String, String>,
    pairs: Vec<(String, String)>,
}

impl Fields {
    /// Reads `application/x-www-form-urlencoded`.
    pub(super) fn parse(text: &str) -> Self {
        let pairs = url::form_urlencoded::parse(text.as_bytes());
        let pairs: Vec<_> = pairs.into_owned().collect();
        Self {
            last: pairs.iter().cloned().collect(),
            pairs,
        }
    }

    /// A field; empty if it is missing.
    pub(super) fn text(&self, name: &str) -> &str {
        self.last.get(name).map_or("", |text| text.trim())
    }

    /// A field as it was sent, with surrounding spaces.
    pub(super) fn exact(&self, name: &str) -> &str {
        self.last.get(name).map_or("", String::as_str)
    }

    /// All fields with a name, in order.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let named = self.pairs.iter().filter(move |(found, _)| found == name);
        named.map(|(_, value)| value.trim())
    }

    /// The number of a page, from 1.
    pub(super) fn page(&self) -> usize {
        self.text("page").parse().unwrap_or(1).clamp(1, 100_000)
    }

    /// Rows on a page.
    pub(super) fn rows(&self, usual: usize) -> usize {
        self.text("rows").parse().unwrap_or(usual).clamp(1, 100)
    }
}
