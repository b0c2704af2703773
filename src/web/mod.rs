//! The pages for people: the registry in a browser, complete without scripts.
//!
//! `http` parses a request and has decided it; this room writes the answer. It reads through one
//! trait, [`Source`], and writes HTML with maud, which escapes everything: all pushed content is
//! untrusted and shown as text. No page needs JavaScript, and none loads anything from another
//! host.

mod about;
mod accounts;
mod actions;
mod activity;
mod assets;
mod bidi;
mod certificate;
mod chart;
mod collection;
mod compare;
mod configuration;
mod delete;
mod explore;
mod format;
mod frame;
mod frontend;
mod guests;
mod image;
mod layers;
mod lifetime;
mod own;
mod preferences;
mod profile;
mod provider;
mod pull;
mod readme;
mod reasons;
mod refusals;
mod repository;
mod request;
mod restore;
mod retag;
mod retention;
mod route;
mod rule_form;
mod runs;
mod settings;
mod sign_in;
mod source;
mod storage;
mod tags;
mod text;
mod treemap;
mod upkeep;
mod url;
mod visitor;

use std::sync::Arc;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, SET_COOKIE};
use http::{HeaderName, HeaderValue, Method, Response, StatusCode};

pub use own::{Matcher, Own, matcher};
pub use request::{Request, Theme};
pub use source::{
    Answering, Authenticator, Document, Fault, Listing, RepositoryDetails, RepositoryItem,
    RepositoryQuery, RepositorySort, Source, TagItem, TagQuery, TagSort,
};
pub use upkeep::{Schedule, Upkeep};
pub use visitor::Visitor;

use guests::Guests;
use request::Fields;
use route::Route;

use crate::admin::Operations;
use crate::auth::Policy;
use crate::registry::Registry;

/// An answer of the pages, with its whole body.
pub type Answer = Response<Bytes>;

/// Only style, script and pictures of this origin; forms are sent only to this origin, and other
/// pages may not frame these.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The pages of a registry. Cheap to clone.
#[derive(Clone)]
pub struct Pages {
    source: Arc<dyn Source>,
    settings: Arc<Settings>,
    /// The access policy, and the registry that actions change. `None` for pages of another
    /// registry.
    accounts: Option<(Arc<Policy>, Registry)>,
    /// People who signed in to another registry. `None` for pages of this server's registry.
    guests: Option<Arc<Guests>>,
    /// The operations of administrators. `None` for pages of another registry.
    operations: Option<Operations>,
    counts: Arc<storage::Counts>,
}

/// The settings of the pages.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The prefix of every path: empty, or `/registry`.
    pub base: String,
    /// Whether the pages refuse all changes of repositories.
    pub browse_only: bool,
    /// Default number of repositories on a page.
    pub repositories_per_page: usize,
    /// Default number of tags on a page.
    pub tags_per_page: usize,
    /// `HOST[:PORT]` of the registry for clients, if it differs from the address of the pages.
    pub registry: Option<String>,
    /// How collections and retention are configured.
    pub upkeep: Upkeep,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            base: String::new(),
            browse_only: false,
            repositories_per_page: 25,
            tags_per_page: 50,
            registry: None,
            upkeep: Upkeep::default(),
        }
    }
}

impl Pages {
    /// Pages that read from `source`.
    pub fn new(source: Arc<dyn Source>, settings: Settings) -> Self {
        Self {
            source,
            settings: Arc::new(settings),
            accounts: None,
            guests: None,
            operations: None,
            counts: Arc::default(),
        }
    }

    /// Lets people sign in to another registry: each sees what that registry shows to them.
    #[must_use]
    pub fn with_guests(mut self, authenticator: Arc<dyn Authenticator>) -> Self {
        self.guests = Some(Arc::new(Guests::new(authenticator)));
        self
    }

    /// Adds sign-in and rights by `policy`, with sessions and actions on `registry`; administrators
    /// can begin `operations` on its root.
    #[must_use]
    pub fn with_accounts(
        mut self,
        policy: Arc<Policy>,
        registry: Registry,
        operations: Operations,
    ) -> Self {
        self.accounts = Some((policy, registry));
        self.operations = Some(operations);
        self
    }

    fn policy(&self) -> Option<&Policy> {
        self.accounts.as_ref().map(|(policy, _)| &**policy)
    }

    /// Whether people can sign in.
    fn has_sign_in(&self) -> bool {
        self.policy().is_some_and(Policy::has_passwords)
    }

    /// The source for the caller of a request.
    fn source<'a>(&'a self, request: &'a Request) -> &'a Arc<dyn Source> {
        request.visitor.source().unwrap_or(&self.source)
    }

    /// `HOST[:PORT]` of the registry in commands for its clients.
    fn registry<'a>(&'a self, request: &'a Request) -> &'a str {
        match &self.settings.registry {
            Some(registry) => registry,
            None => request.host(),
        }
    }

    /// Whether a path (below the base) is a page, whatever the client accepts.
    pub fn owns(path: &str) -> bool {
        route::owns(path)
    }

    /// Answers a request.
    pub async fn answer(&self, mut request: Request) -> Answer {
        let answered = self.parse_and_show(&mut request).await;
        let mut answer = match answered {
            Ok(answer) => answer,
            Err(Fault::Denied(_)) if request.visitor.may_sign_in_first() => {
                let links = url::Links(&self.settings.base);
                let next = url::query(&[("next", &links.here(&request))]);
                moved(&links.path(&format!("/sign-in{next}")))
            }
            Err(fault) => frame::fault(self, &request, &fault),
        };
        visitor::keep_form_secret(self, &request, &mut answer);
        let headers = answer.headers_mut();
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
        ] {
            headers.insert(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
        let caching = if request.visitor.is_signed_in() || request.method == Method::POST {
            "no-store"
        } else {
            "private, no-cache"
        };
        headers
            .entry(CACHE_CONTROL)
            .or_insert(HeaderValue::from_static(caching));
        answer.extensions_mut().insert(request.context);
        answer
    }

    async fn parse_and_show(&self, request: &mut Request) -> Result<Answer, Fault> {
        let route = Route::parse(&request.method, &request.path)?;
        if let Route::Asset(name) = &route {
            return assets::answer(name);
        }
        visitor::recognise(self, request).await?;
        // Preferences are only cookies of the browser and need no token.
        if request.method == Method::POST && route != Route::Preferences {
            let form = Fields::parse(&request.form);
            let token = form.text(visitor::FORM_TOKEN);
            if !request.is_from_here() || !request.visitor.wrote(token) {
                return Err(Fault::Foreign);
            }
        }
        self.show(request, route).await
    }

    async fn show(&self, request: &Request, route: Route) -> Result<Answer, Fault> {
        match route {
            Route::Explore => explore::page(self, request).await,
            Route::Repository(name) => repository::page(self, request, &name).await,
            Route::Tags(name) => tags::page(self, request, &name).await,
            Route::TagsOrRepository { tags, whole } => {
                match repository::page(self, request, &whole).await {
                    Err(Fault::NotFound) => tags::page(self, request, &tags).await,
                    answered => answered,
                }
            }
            Route::Image(name, reference) => image::page(self, request, &name, &reference).await,
            Route::Compare => compare::page(self, request).await,
            Route::About => about::page(self, request).await,
            Route::Asset(name) => assets::answer(&name),
            Route::Preferences => preferences::answer(self, request),
            Route::Delete(name) => delete::page(self, request, &name).await,
            Route::Restore(name) => restore::restore(self, request, &name).await,
            Route::Retag(name) => retag::set(self, request, &name).await,
            Route::Trash(name) => restore::trash(self, request, &name).await,
            Route::Settings(name) => settings::page(self, request, &name).await,
            Route::Star(name) => settings::star(self, request, &name).await,
            Route::Storage => storage::page(self, request).await,
            Route::Collection => collection::page(self, request).await,
            Route::Activity => activity::page(self, request).await,
            Route::Profile => profile::page(self, request).await,
            Route::Accounts => accounts::page(self, request).await,
            Route::SignIn => sign_in::page(self, request).await,
            Route::SignInBegin => provider::begin(self, request).await,
            Route::SignInCallback => provider::callback(self, request).await,
            Route::SignOut => sign_in::sign_out(self, request).await,
            Route::Legacy(file) => Ok(frontend::answer(self, request, file)),
            Route::Moved(path) => Ok(moved(&format!("{}{path}", self.settings.base))),
        }
    }
}

/// A page of HTML.
fn html(status: StatusCode, markup: maud::Markup) -> Answer {
    let mut answer = Response::new(Bytes::from(bidi::visible(markup.into_string())));
    *answer.status_mut() = status;
    answer.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    answer
}

/// A redirect to the page's current address.
fn moved(path: &str) -> Answer {
    let mut answer = Response::new(Bytes::new());
    match HeaderValue::try_from(path) {
        Ok(location) => {
            *answer.status_mut() = StatusCode::SEE_OTHER;
            answer.headers_mut().insert(LOCATION, location);
        }
        Err(_) => *answer.status_mut() = StatusCode::NOT_FOUND,
    }
    answer
}

/// Sets a cookie on an answer.
fn set_cookie(answer: &mut Answer, cookie: &str) {
    if let Ok(value) = HeaderValue::try_from(cookie) {
        answer.headers_mut().append(SET_COOKIE, value);
    }
}
