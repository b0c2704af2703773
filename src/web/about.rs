//! The page about the registry: version, address, TLS, limits.

use http::StatusCode;
use maud::html;

use super::certificate;
use super::frame::Frame;
use super::{Answer, Fault, Pages, Request, html as answer};

/// Answers `/about`.
pub(super) async fn page(pages: &Pages, request: &Request) -> Result<Answer, Fault> {
    let certificate = certificate::state(pages, request).await?;
    let frame = Frame::new(pages, request);
    let text = frame.text;
    let is_encrypted = request.origin.starts_with("https://");
    let is_own = pages.settings.registry.is_none();
    let content = html! {
        h1 { (text.about) }
        dl class="figures" {
            div { dt { (text.software) } dd { "regctl " (env!("CARGO_PKG_VERSION")) } }
            div { dt { (text.address) } dd class="mono" { (pages.registry(request)) } }
            @if is_own {
                div {
                    dt { (text.transport) }
                    dd { @if is_encrypted { (text.encrypted) } @else { (text.plain) } }
                }
            }
            div { dt { (text.health) } dd { (text.healthy) } }
            @if is_own { div { dt { (text.limits) } dd { (text.limits_detail) } } }
        }
        @if let Some(state) = &certificate {
            (certificate::section(&frame, state))
        }
    };
    let crumbs = [(text.about.to_owned(), None)];
    let page = frame.page(text.about, &crumbs, "", &content);
    Ok(answer(StatusCode::OK, page))
}
