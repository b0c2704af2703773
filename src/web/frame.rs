//! The common parts of all pages: head, navigation, breadcrumbs, preferences, paging, and the pages
//! of faults.

use http::StatusCode;
use http::header::{ALLOW, HeaderValue};
use maud::{DOCTYPE, Markup, html};

use super::text::{AccountText, Language, Text, UpkeepText};
use super::url::{Links, query};
use super::visitor::FORM_TOKEN;
use super::{Answer, Fault, Pages, Request, Theme, assets, html as answer, sign_in};
use crate::oci::Repository;

/// The context for writing a page.
pub(super) struct Frame<'a> {
    pub(super) request: &'a Request,
    pub(super) links: Links<'a>,
    pub(super) language: Language,
    pub(super) text: &'static Text,
    pub(super) account: &'static AccountText,
    pub(super) upkeep: &'static UpkeepText,
    /// `HOST[:PORT]` of the registry.
    pub(super) registry: &'a str,
    /// Whether people can sign in.
    pub(super) has_sign_in: bool,
    /// Whether the pages show the registry of this server.
    pub(super) is_own: bool,
    /// Milliseconds since 1970, for ages.
    pub(super) now: i64,
    /// The page to load after two seconds in a browser without scripts.
    pub(super) follow: Option<String>,
}

impl<'a> Frame<'a> {
    pub(super) fn new(pages: &'a Pages, request: &'a Request) -> Self {
        let language = request.language();
        Self {
            request,
            links: Links(&pages.settings.base),
            language,
            text: language.text(),
            account: language.account_text(),
            upkeep: language.upkeep_text(),
            registry: pages.registry(request),
            has_sign_in: pages.has_sign_in() || request.visitor.may_sign_in(),
            is_own: pages.settings.registry.is_none(),
            now: crate::clock::Clock::system().now(),
            follow: None,
        }
    }

    /// A whole page. `crumbs` are the steps from the first page to this one, with their links.
    pub(super) fn page(
        &self,
        title: &str,
        crumbs: &[(String, Option<String>)],
        term: &str,
        content: &Markup,
    ) -> Markup {
        let text = self.text;
        let [style, script, icon] = assets::paths();
        let theme = self.request.theme();
        html! {
            (DOCTYPE)
            html lang=(self.language.code()) data-theme=(theme.as_str()) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (title) " · " (self.registry) }
                    @if let Some(next) = &self.follow {
                        noscript { meta http-equiv="refresh" content=(format!("2; url={next}")); }
                    }
                    link rel="icon" href=(self.links.path(&icon)) type="image/svg+xml";
                    link rel="stylesheet" href=(self.links.path(&style));
                    script src=(self.links.path(&script)) defer {}
                }
                body data-copied=(text.copied) {
                    a class="skip" href="#main" { (text.skip) }
                    header class="top" {
                        a class="brand" href=(self.links.home()) {
                            img src=(self.links.path(&icon)) alt="" width="24" height="24";
                            span { (self.registry) }
                        }
                        form class="search" role="search" action=(self.links.home()) {
                            label class="hidden" for="q" { (text.search) }
                            input id="q" type="search" name="q" value=(term) placeholder=(text.search)
                                autocomplete="off" spellcheck="false" maxlength="255";
                            button type="submit" { (text.search_button) }
                        }
                        nav aria-label=(self.account.navigation) {
                            a href=(self.links.path("/about")) { (text.about) }
                            (sign_in::corner(self, self.has_sign_in))
                        }
                    }
                    @if !crumbs.is_empty() {
                        nav class="crumbs" aria-label=(text.breadcrumbs) {
                            ol {
                                li { a href=(self.links.home()) { (text.explore) } }
                                @for (name, link) in crumbs {
                                    li {
                                        @match link {
                                            Some(link) => a href=(link) { (name) },
                                            None => span aria-current="page" { (name) },
                                        }
                                    }
                                }
                            }
                        }
                    }
                    main id="main" { (content) }
                    footer { (self.switches()) p { "regctl " (env!("CARGO_PKG_VERSION")) } }
                }
            }
        }
    }

    /// The path and query of this page.
    pub(super) fn here(&self) -> String {
        self.links.here(self.request)
    }

    /// The hidden field of a form with its token.
    pub(super) fn form_token(&self) -> Markup {
        html! { input type="hidden" name=(FORM_TOKEN) value=(self.request.visitor.form_token()); }
    }

    /// The forms for language and colours.
    fn switches(&self) -> Markup {
        let text = self.text;
        let here = self.here();
        let theme = self.request.theme();
        html! {
            form class="switches" method="post" action=(self.links.path("/preferences"))
                aria-label=(text.preferences) {
                input type="hidden" name="next" value=(here);
                label { (text.language) " "
                    select name="language" {
                        @for language in Language::ALL {
                            option value=(language.code()) lang=(language.code())
                                selected[language == self.language] { (language.name()) }
                        }
                    }
                }
                label { (text.theme) " "
                    select name="theme" {
                        @for (choice, name) in [
                            (Theme::System, text.theme_system),
                            (Theme::Light, text.theme_light),
                            (Theme::Dark, text.theme_dark),
                        ] {
                            option value=(choice.as_str()) selected[choice == theme] { (name) }
                        }
                    }
                }
                button type="submit" { (text.apply) }
            }
        }
    }

    /// The links from the first page to a repository; the last one is a link only if `linked`.
    pub(super) fn crumbs(&self, name: &Repository, linked: bool) -> Vec<(String, Option<String>)> {
        let mut crumbs = Vec::new();
        let mut path = String::new();
        let components: Vec<&str> = name.as_str().split('/').collect();
        for (place, component) in components.iter().enumerate() {
            if !path.is_empty() {
                path.push('/');
            }
            path.push_str(component);
            let link = if place + 1 < components.len() {
                Some(self.links.namespace(&path))
            } else {
                linked.then(|| self.links.repository(name))
            };
            crumbs.push(((*component).to_owned(), link));
        }
        crumbs
    }

    /// A name with its last component strong and the rest dimmed.
    pub(super) fn name(&self, name: &Repository) -> Markup {
        let (prefix, last) = match name.as_str().rsplit_once('/') {
            Some((prefix, last)) => (format!("{prefix}/"), last),
            None => (String::new(), name.as_str()),
        };
        html! {
            a class="name" href=(self.links.repository(name)) {
                span class="dim" { (prefix) } strong { (last) }
            }
        }
    }

    /// Links to the previous and the next page. `fields` are the other parts of the query.
    pub(super) fn paging(
        &self,
        path: &str,
        fields: &[(&str, &str)],
        page: usize,
        more: bool,
    ) -> Markup {
        let link = |page: usize| {
            let number = if page > 1 {
                page.to_string()
            } else {
                String::new()
            };
            let mut fields = fields.to_vec();
            fields.push(("page", &number));
            self.links.path(&format!("{path}{}", query(&fields)))
        };
        html! {
            @if page > 1 || more {
                nav class="paging" aria-label=(self.text.pages) {
                    @if page > 1 { a rel="prev" href=(link(page - 1)) { "← " (self.text.previous) } }
                    span { (page) }
                    @if more { a rel="next" href=(link(page + 1)) { (self.text.next) " →" } }
                }
            }
        }
    }

    /// A command that can be copied.
    pub(super) fn command(&self, label: &str, command: &str) -> Markup {
        html! {
            div class="command" {
                span class="tool" { (label) }
                input type="text" readonly value=(command) aria-label=(label) spellcheck="false";
                button type="button" class="copy" hidden { (self.text.copy) }
            }
        }
    }
}

/// The page of a fault.
pub(super) fn fault(pages: &Pages, request: &Request, fault: &Fault) -> Answer {
    let frame = Frame::new(pages, request);
    let text = frame.text;
    let mut words = None;
    let (status, title, lead) = match fault {
        Fault::NotFound => (StatusCode::NOT_FOUND, text.not_found, text.not_found_detail),
        Fault::Method(_) => (
            StatusCode::METHOD_NOT_ALLOWED,
            text.refused,
            text.method_detail,
        ),
        Fault::Foreign => (StatusCode::FORBIDDEN, text.refused, text.refused_detail),
        Fault::Forbidden => (StatusCode::FORBIDDEN, text.refused, frame.account.forbidden),
        Fault::Failed => (
            StatusCode::INTERNAL_SERVER_ERROR,
            text.failed,
            text.failed_detail,
        ),
        Fault::Upstream(message) => {
            words = Some(message);
            (StatusCode::BAD_GATEWAY, text.upstream, text.upstream_detail)
        }
        Fault::Denied(message) => {
            words = Some(message);
            (StatusCode::FORBIDDEN, text.refused, text.denied_detail)
        }
    };
    let content = html! { h1 { (title) } p { (lead) }
        @if let Some(words) = words { p class="mono" { (words) } }
    };
    let mut answer = answer(status, frame.page(title, &[], "", &content));
    if let Fault::Method(methods) = fault {
        answer
            .headers_mut()
            .insert(ALLOW, HeaderValue::from_static(methods));
    }
    answer
}
