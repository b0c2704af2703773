//! The page of an image, an index or any other manifest.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};
use maud::{Markup, PreEscaped, html};

use super::configuration::{clipped, configuration, pairs};
use super::frame::Frame;
use super::layers::Loaded;
use super::pull::{self, Kind};
use super::url::query;
use super::{Answer, Fault, Pages, Request, format, html as answer, retag, tags};
use crate::oci::{Descriptor, Digest, Reference, Repository, Tag};

/// Maximum number of layers whose other repositories are listed.
const ASKED_LAYERS: usize = 64;
/// Maximum size of a document in the page.
const SHOWN: usize = 24 * 1024;

/// The annotation with which BuildKit marks attestations of a manifest.
const ATTESTS: &str = "vnd.docker.reference.digest";

/// Answers `/r/NAME:TAG` and `/r/NAME@DIGEST`.
pub(super) async fn page(
    pages: &Pages,
    request: &Request,
    name: &Repository,
    reference: &Reference,
) -> Result<Answer, Fault> {
    let frame = Frame::new(pages, request);
    let source = pages.source(request);
    let top = Loaded::read(pages, request, name, reference).await?;
    match request.fields().text("raw") {
        "manifest" => return Ok(raw(top.document.bytes)),
        "config" => return top.config_bytes.map(raw).ok_or(Fault::NotFound),
        _ => {}
    }
    let chosen = chosen_child(&top, request.fields().text("platform"));
    let child = match chosen {
        Some(child) => {
            let reference = Reference::Digest(child.digest);
            match Loaded::read(pages, request, name, &reference).await {
                Err(Fault::NotFound) => None,
                loaded => Some(loaded?),
            }
        }
        None => None,
    };
    let digest = top.document.digest;
    let tags = source.tags_of(&request.visibility, name, &digest).await?;
    let referrers = source.referrers(&request.visibility, name, &digest).await?;
    let shown = child.as_ref().unwrap_or(&top);
    let layers: Vec<Digest> = shown
        .layers()
        .iter()
        .take(ASKED_LAYERS)
        .map(|layer| layer.digest)
        .collect();
    let users = source.users_of(&request.visibility, name, &layers).await?;
    let artifact_type = top
        .view
        .as_ref()
        .and_then(|view| view.artifact_type.as_deref());
    let kind = Kind::of(&top.document.media_type, artifact_type);
    let commands = pull::commands(kind, pages.registry(request), name, reference);
    let title = match reference {
        Reference::Tag(tag) => format!("{name}:{tag}"),
        Reference::Digest(digest) => format!("{name}@{}", tags::short(digest)),
    };
    let tag_actions = retag::actions(pages, &frame, name, reference, &digest).await;
    let content = html! {
        h1 { (name) span class="dim" { (title.get(name.as_str().len()..).unwrap_or_default()) } }
        section aria-label=(frame.text.pull_command) {
            @for (tool, command) in &commands { (frame.command(tool, command)) }
        }
        (facts(&frame, name, reference, &top, shown, &tags))
        (tag_actions)
        @if top.is_index() { (children(&frame, name, reference, &top, chosen)) }
        (layer_table(&frame, shown, &users))
        @if let Some(execution) = shown.config.as_ref().and_then(|config| config.config.as_ref()) {
            (configuration(&frame, execution))
        }
        @if let Some(view) = &top.view { (pairs(frame.text.annotations, view.annotations.iter())) }
        @if !referrers.is_empty() { (attached(&frame, name, &referrers)) }
        (compare_form(&frame, name, reference))
        (dockerfile(&frame, shown))
        (json(&frame, frame.text.raw, "manifest", Some(&top.document.bytes)))
        @if top.config_bytes.is_some() {
            (json(&frame, frame.text.raw_config, "config", top.config_bytes.as_ref()))
        }
    };
    let mut crumbs = frame.crumbs(name, true);
    let step = title.get(name.as_str().len()..).unwrap_or_default();
    crumbs.push((step.trim_start_matches([':', '@']).to_owned(), None));
    Ok(answer(
        StatusCode::OK,
        frame.page(&title, &crumbs, "", &content),
    ))
}

/// The child of an index to show: the one in the query, otherwise the first image.
fn chosen_child<'a>(top: &'a Loaded, named: &str) -> Option<&'a Descriptor> {
    let children = top.children();
    children
        .iter()
        .find(|child| !named.is_empty() && child.digest.to_string() == named)
        .or_else(|| children.iter().find(|child| attests(child).is_none()))
}

/// The manifest that a child of an index attests.
fn attests(child: &Descriptor) -> Option<&str> {
    let annotations = child.annotations.as_ref()?;
    annotations.get(ATTESTS).map(String::as_str)
}

fn raw(bytes: Bytes) -> Answer {
    let mut answer = Response::new(bytes);
    answer.headers_mut().insert(
        CONTENT_TYPE,
        // As plain text, so that a browser does not interpret it.
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    answer
}

fn facts(
    frame: &Frame<'_>,
    name: &Repository,
    reference: &Reference,
    top: &Loaded,
    shown: &Loaded,
    tags: &[Tag],
) -> Markup {
    let text = frame.text;
    let config = shown.config.as_ref();
    let others: Vec<&Tag> = tags
        .iter()
        .filter(|tag| !matches!(reference, Reference::Tag(this) if this == *tag))
        .collect();
    html! {
        dl class="figures" {
            div class="wide" { dt { (text.digest) } dd class="mono break" { (top.document.digest) } }
            div { dt { (text.size) } dd { (format::bytes(shown.size())) } }
            @if let Some(platform) = config.and_then(crate::oci::ImageConfig::platform) {
                div { dt { (text.platform) } dd { (platform) } }
            }
            @if let Some(created) = config.and_then(|config| config.created) {
                div {
                    dt { (text.created) }
                    dd { (format::age(frame.language, created.as_millisecond(), frame.now)) }
                }
            }
            @if let Some(author) = config.and_then(|config| config.author.as_deref()) {
                div { dt { (text.author) } dd { (author) } }
            }
            div { dt { (text.media_type) } dd class="break" { (top.document.media_type) } }
            // The artifact type of an image is the type of its configuration: not worth showing.
            @if let Some(kind) = top.view.as_ref().and_then(|view| view.artifact_type.as_deref())
                && !crate::oci::MediaType::new(kind).is_image_config() {
                div { dt { (text.artifact_type) } dd class="break" { (kind) } }
            }
            @if !others.is_empty() {
                div {
                    dt { (text.other_tags) }
                    dd {
                        @for tag in others {
                            a class="mark" href=(frame.links.image(name, &Reference::Tag(tag.clone()))) {
                                (tag)
                            } " "
                        }
                    }
                }
            }
        }
    }
}

/// The manifests of an index; attestations are listed below the manifest that they attest.
fn children(
    frame: &Frame<'_>,
    name: &Repository,
    reference: &Reference,
    top: &Loaded,
    chosen: Option<&Descriptor>,
) -> Markup {
    let text = frame.text;
    let here = frame.links.image(name, reference);
    let images = || {
        top.children()
            .iter()
            .filter(|child| attests(child).is_none())
    };
    html! {
        section {
            h2 { (text.contents) }
            ul class="platforms" {
                @for child in images() {
                    @let digest = child.digest.to_string();
                    @let label = match &child.platform {
                        Some(platform) => platform.to_string(),
                        None => child.artifact_type.clone()
                            .unwrap_or_else(|| child.media_type.to_string()),
                    };
                    li {
                        @if chosen.is_some_and(|chosen| chosen.digest == child.digest) {
                            strong aria-current="true" { (label) }
                        } @else {
                            a href={ (here) (query(&[("platform", &digest)])) } { (label) }
                        }
                        " " a class="mono" href=(frame.links.digest(name, &child.digest)) {
                            (tags::short(&child.digest))
                        }
                        @for attestation in top.children().iter()
                            .filter(|other| attests(other) == Some(digest.as_str())) {
                            " " a class="mark" href=(frame.links.digest(name, &attestation.digest)) {
                                (text.attestation)
                            }
                        }
                    }
                }
            }
        }
    }
}

fn layer_table(frame: &Frame<'_>, shown: &Loaded, users: &[Vec<Repository>]) -> Markup {
    let text = frame.text;
    let steps = shown.steps();
    let largest = shown.layers().iter().map(|layer| layer.size).max();
    let shares = !users.is_empty();
    let users = |digest: &Digest| {
        let place = shown
            .layers()
            .iter()
            .position(|layer| layer.digest == *digest);
        place
            .and_then(|place| users.get(place))
            .map_or(&[][..], Vec::as_slice)
    };
    html! {
        @if !steps.is_empty() {
            section {
                h2 { (text.layers) " " span class="count" { (shown.layers().len()) } }
                div class="scroll" { table class="list layers" {
                    thead { tr {
                        th scope="col" class="number" { "#" }
                        th scope="col" { (text.layer_command) }
                        th scope="col" class="number" { (text.size) }
                        th scope="col" { (text.digest) }
                        @if shares { th scope="col" { (text.also_in) } }
                    } }
                    tbody {
                        @for (place, step) in steps.iter().enumerate() {
                            tr {
                                td class="number" { (place + 1) }
                                td class="mono break" data-label=(text.layer_command) {
                                    @if step.line.is_empty() { "–" } @else { (clipped(&step.line)) }
                                }
                                @match &step.layer {
                                    Some((digest, size)) => {
                                        td class="number" data-label=(text.size) {
                                            (format::bytes(*size)) (bar(*size, largest))
                                        }
                                        td class="mono" data-label=(text.digest) title=(digest) {
                                            (tags::short(digest))
                                        }
                                        @if shares {
                                            td data-label=(text.also_in) {
                                                @for user in users(digest) {
                                                    a href=(frame.links.repository(user)) { (user) } " "
                                                }
                                            }
                                        }
                                    }
                                    None => { td colspan="3" class="dim" { (text.no_layer) } }
                                }
                            }
                        }
                    }
                } }
            }
        }
    }
}

/// A bar for a size, relative to the largest one.
fn bar(size: u64, largest: Option<u64>) -> Markup {
    let largest = u128::from(largest.unwrap_or(0).max(1));
    let width = (u128::from(size) * 100).div_ceil(largest);
    html! {
        svg class="bar" width="100" height="4" aria-hidden="true" { rect width=(width) height="4" {} }
    }
}

fn attached(frame: &Frame<'_>, name: &Repository, referrers: &[Descriptor]) -> Markup {
    let text = frame.text;
    html! {
        section {
            h2 { (text.attached) }
            p class="dim" { (text.attached_lead) }
            div class="scroll" { table class="list" {
                thead { tr {
                    th scope="col" { (text.type_) }
                    th scope="col" { (text.digest) }
                    th scope="col" class="number" { (text.size) }
                } }
                tbody {
                    @for referrer in referrers {
                        tr {
                            td class="break" data-label=(text.type_) {
                                @match &referrer.artifact_type {
                                    Some(kind) => (kind),
                                    None => (referrer.media_type),
                                }
                            }
                            td class="mono" data-label=(text.digest) {
                                a href=(frame.links.digest(name, &referrer.digest)) {
                                    (tags::short(&referrer.digest))
                                }
                            }
                            td class="number" data-label=(text.size) {
                                (format::bytes(referrer.size))
                            }
                        }
                    }
                }
            } }
        }
    }
}

fn compare_form(frame: &Frame<'_>, name: &Repository, reference: &Reference) -> Markup {
    let text = frame.text;
    let this = match reference {
        Reference::Tag(tag) => format!("{name}:{tag}"),
        Reference::Digest(digest) => format!("{name}@{digest}"),
    };
    html! {
        form class="filter" action=(frame.links.path("/compare")) {
            input type="hidden" name="a" value=(this);
            label for="b" { (text.compare_with) }
            input id="b" name="b" value={ (name) ":" } maxlength="400" spellcheck="false"
                autocomplete="off";
            button type="submit" { (text.compare) }
        }
    }
}

/// The steps of the history, one below the other.
fn dockerfile(frame: &Frame<'_>, shown: &Loaded) -> Markup {
    let lines: Vec<String> = shown
        .steps()
        .iter()
        .filter(|step| !step.line.is_empty())
        .map(|step| clipped(&step.line))
        .collect();
    html! {
        @if !lines.is_empty() {
            details { summary { (frame.text.dockerfile) } pre tabindex="0" { (lines.join("\n")) } }
        }
    }
}

/// A JSON document, indented if it is small enough.
fn json(frame: &Frame<'_>, heading: &str, what: &str, bytes: Option<&Bytes>) -> Markup {
    let text = frame.text;
    let indented = bytes
        .filter(|bytes| bytes.len() <= SHOWN)
        .and_then(|bytes| serde_json::from_slice::<serde_json::Value>(bytes).ok())
        .and_then(|value| serde_json::to_string_pretty(&value).ok());
    html! {
        details {
            summary { (heading) }
            p { a href=(query(&[("raw", what)])) { (text.download) } }
            @match indented {
                Some(json) => pre tabindex="0" { (json) },
                None => p class="dim" { (text.too_large) },
            }
        }
        (PreEscaped("\n"))
    }
}
