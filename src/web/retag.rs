//! Adds a tag to an existing image.

use http::StatusCode;
use maud::{Markup, html};

use super::frame::Frame;
use super::refusals::why;
use super::request::Fields;
use super::{Answer, Fault, Pages, Request, html as answer, moved};
use crate::oci::{Action, Digest, Reference, Repository, Tag};
use crate::registry::Incoming;

/// The form that tags an image.
pub(super) fn form(frame: &Frame<'_>, name: &Repository, digest: &Digest, tag: &str) -> Markup {
    let text = frame.account;
    html! {
        form class="filter" method="post" action=(frame.links.path(&format!("/r/{name}/-/tag"))) {
            (frame.form_token())
            input type="hidden" name="digest" value=(digest);
            label for="new-tag" { (text.new_tag) }
            input id="new-tag" name="tag" value=(tag) required maxlength="128" spellcheck="false"
                autocomplete="off" autocapitalize="none" pattern="[A-Za-z0-9_][A-Za-z0-9._\\-]*";
            label { input type="checkbox" name="overwrite" value="1"; " " (text.overwrite) }
            button type="submit" { (text.set_tag) }
        }
    }
}

/// The actions on an image: adding a tag, and deleting the current tag.
pub(super) async fn actions(
    pages: &Pages,
    frame: &Frame<'_>,
    name: &Repository,
    reference: &Reference,
    digest: &Digest,
) -> Markup {
    let request = frame.request;
    let push = Action::PushManifest(name.clone(), reference.clone());
    let may_push = pages.may(request, &push).await;
    let tag = match reference {
        Reference::Tag(tag) => Some(tag),
        Reference::Digest(_) => None,
    };
    let delete = Action::DeleteRepository(name.clone());
    let may_delete = tag.is_some() && pages.may(request, &delete).await;
    html! {
        @if may_push { (form(frame, name, digest, "")) }
        @if may_delete {
            @if let Some(tag) = tag {
                p class="actions" {
                    a href=(frame.links.path(&format!("/r/{name}/-/delete?tag={tag}"))) {
                        (frame.account.delete_tag)
                    }
                }
            }
        }
    }
}

/// Answers `POST /r/NAME/-/tag`.
pub(super) async fn set(
    pages: &Pages,
    request: &Request,
    name: &Repository,
) -> Result<Answer, Fault> {
    let fields = Fields::parse(&request.form);
    let digest: Digest = fields.text("digest").parse().map_err(|_| Fault::NotFound)?;
    let frame = Frame::new(pages, request);
    let text = frame.account;
    let wanted = fields.text("tag");
    let refused = |status, reason: &str| {
        let content = html! {
            h1 { (text.set_tag) " " span class="dim" { (name) } }
            p class="notice bad" role="alert" { (reason) }
            (form(&frame, name, &digest, wanted))
        };
        let crumbs = frame.crumbs(name, true);
        answer(status, frame.page(text.set_tag, &crumbs, "", &content))
    };
    let Ok(tag) = wanted.parse::<Tag>() else {
        // A caller without the right to push gets that error first.
        let action = Action::PushManifest(name.clone(), Reference::Digest(digest));
        pages.acting(request, &action).await?;
        return Ok(refused(StatusCode::BAD_REQUEST, text.tag_malformed));
    };
    let reference = Reference::Tag(tag);
    let action = Action::PushManifest(name.clone(), reference.clone());
    let registry = pages.acting(request, &action).await?;
    let source = pages.source(request);
    let visibility = &request.visibility;
    let document = source
        .manifest(visibility, name, &Reference::Digest(digest))
        .await?;
    if fields.text("overwrite") != "1" {
        match source.manifest(visibility, name, &reference).await {
            Ok(there) if there.digest != digest => {
                return Ok(refused(StatusCode::CONFLICT, text.tag_taken));
            }
            Ok(_) | Err(Fault::NotFound) => {}
            Err(fault) => return Err(fault),
        }
    }
    let incoming = Incoming {
        repository: name.clone(),
        reference: reference.clone(),
        tags: Vec::new(),
        media_type: Some(document.media_type),
        bytes: document.bytes,
    };
    match registry.put_manifest(incoming).await {
        Ok(_) => Ok(moved(&frame.links.image(name, &reference))),
        Err(error) => Ok(refused(StatusCode::CONFLICT, &why(text, &error))),
    }
}
