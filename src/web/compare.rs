//! The comparison of two images: layers, configuration, labels.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use http::StatusCode;
use maud::{Markup, html};

use super::frame::Frame;
use super::layers::Loaded;
use super::{Answer, Fault, Pages, Request, format, html as answer, tags};
use crate::oci::{Descriptor, Digest, Reference, Repository};

/// Answers `/compare?a=NAME:TAG&b=NAME:TAG`.
pub(super) async fn page(pages: &Pages, request: &Request) -> Result<Answer, Fault> {
    let frame = Frame::new(pages, request);
    let text = frame.text;
    let fields = request.fields();
    let (left, right) = (fields.text("a"), fields.text("b"));
    let compared = match (left, right) {
        ("", _) | (_, "") => None,
        (left, right) => Some((
            image(pages, request, left).await?,
            image(pages, request, right).await?,
        )),
    };
    let content = html! {
        h1 { (text.compare) }
        form class="filter" action=(frame.links.path("/compare")) {
            label for="a" { "A" }
            input id="a" name="a" value=(left) maxlength="400" spellcheck="false";
            label for="b" { "B" }
            input id="b" name="b" value=(right) maxlength="400" spellcheck="false";
            button type="submit" { (text.compare) }
            p class="dim" { (text.compare_lead) }
        }
        @if let Some((a, b)) = &compared { (difference(&frame, a, b)) }
    };
    let crumbs = [(text.compare.to_owned(), None)];
    let page = frame.page(text.compare, &crumbs, "", &content);
    Ok(answer(StatusCode::OK, page))
}

/// Reads the image that a text names; for an index, its first image.
async fn image(pages: &Pages, request: &Request, text: &str) -> Result<Loaded, Fault> {
    let (name, reference) = parsed(text).ok_or(Fault::NotFound)?;
    let loaded = Loaded::read(pages, request, &name, &reference).await?;
    match loaded.children().first().map(|child| child.digest) {
        Some(digest) => {
            let reference = Reference::Digest(digest);
            Loaded::read(pages, request, &name, &reference).await
        }
        None => Ok(loaded),
    }
}

fn parsed(text: &str) -> Option<(Repository, Reference)> {
    if let Some((name, digest)) = text.split_once('@') {
        return Some((name.parse().ok()?, Reference::Digest(digest.parse().ok()?)));
    }
    let (name, tag) = text.split_once(':').unwrap_or((text, "latest"));
    Some((name.parse().ok()?, Reference::Tag(tag.parse().ok()?)))
}

fn difference(frame: &Frame<'_>, a: &Loaded, b: &Loaded) -> Markup {
    let text = frame.text;
    let digests = |image: &Loaded| -> HashSet<Digest> {
        image.layers().iter().map(|layer| layer.digest).collect()
    };
    let (in_a, in_b) = (digests(a), digests(b));
    let of = |image: &Loaded, wanted: &dyn Fn(&Digest) -> bool| -> Vec<Descriptor> {
        let layers = image.layers().iter();
        layers
            .filter(|layer| wanted(&layer.digest))
            .cloned()
            .collect()
    };
    let shared = of(a, &|digest| in_b.contains(digest));
    let only_a = of(a, &|digest| !in_b.contains(digest));
    let only_b = of(b, &|digest| !in_a.contains(digest));
    html! {
        section {
            h2 { (text.layers) }
            (group(text.shared_layers, &shared))
            (group(&format!("{} A", text.only_in), &only_a))
            (group(&format!("{} B", text.only_in), &only_b))
        }
        (table(frame, text.configuration, &settings(frame, a), &settings(frame, b)))
        (table(frame, text.environment, &environment(a), &environment(b)))
        (table(frame, text.labels, &labels(a), &labels(b)))
        (table(frame, text.dockerfile, &history(a), &history(b)))
    }
}

fn group(heading: &str, layers: &[Descriptor]) -> Markup {
    let bytes = layers.iter().map(|layer| layer.size).sum();
    html! {
        h3 { (heading) " " span class="count" { (layers.len()) " · " (format::bytes(bytes)) } }
        @if !layers.is_empty() {
            ul class="plain" {
                @for layer in layers {
                    li { span class="mono" { (tags::short(&layer.digest)) } " " (format::bytes(layer.size)) }
                }
            }
        }
    }
}

type Values = BTreeMap<String, String>;

fn settings(frame: &Frame<'_>, image: &Loaded) -> Values {
    let text = frame.text;
    let mut values = Values::new();
    let mut keep = |name: &str, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            values.insert(name.to_owned(), value);
        }
    };
    let Some(config) = &image.config else {
        return values;
    };
    keep(
        text.platform,
        config.platform().map(|platform| platform.to_string()),
    );
    keep(text.created, config.created.map(|time| time.to_string()));
    if let Some(execution) = &config.config {
        let words = |words: &Option<Vec<String>>| words.as_ref().map(|words| words.join(" "));
        keep(text.entrypoint, words(&execution.entrypoint));
        keep(text.command, words(&execution.cmd));
        keep(text.user, execution.user.clone());
        keep(text.working_directory, execution.working_dir.clone());
    }
    values
}

fn environment(image: &Loaded) -> Values {
    let execution = image
        .config
        .as_ref()
        .and_then(|config| config.config.as_ref());
    let variables = execution.and_then(|execution| execution.env.as_ref());
    variables
        .into_iter()
        .flatten()
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (name.to_owned(), value.to_owned())
        })
        .collect()
}

fn labels(image: &Loaded) -> Values {
    let execution = image
        .config
        .as_ref()
        .and_then(|config| config.config.as_ref());
    execution
        .and_then(|execution| execution.labels.clone())
        .unwrap_or_default()
}

/// The steps of the history, by number.
fn history(image: &Loaded) -> Values {
    let steps = image.steps().into_iter().enumerate();
    steps
        .map(|(place, step)| (format!("{:03}", place + 1), step.line))
        .collect()
}

/// A table of the values of both images; differences are marked.
fn table(frame: &Frame<'_>, heading: &str, a: &Values, b: &Values) -> Markup {
    let names: BTreeSet<&String> = a.keys().chain(b.keys()).take(400).collect();
    html! {
        @if !names.is_empty() {
            section {
                h2 { (heading) }
                div class="scroll" { table class="list pairs" {
                    thead { tr {
                        th scope="col" { (frame.text.what) }
                        th scope="col" { "A" }
                        th scope="col" { "B" }
                    } }
                    tbody {
                        @for name in names {
                            @let (left, right) = (a.get(name), b.get(name));
                            tr class=[(left != right).then_some("differs")] {
                                th scope="row" class="mono break" { (cut(name)) }
                                td class="mono break" { (left.map_or("–".to_owned(), |text| cut(text))) }
                                td class="mono break" {
                                    @if left == right { span class="dim" { (frame.text.same) } }
                                    @else { (right.map_or("–".to_owned(), |text| cut(text))) }
                                }
                            }
                        }
                    }
                } }
            }
        }
    }
}

/// Cuts a pushed text to 500 characters.
fn cut(text: &str) -> String {
    text.chars().take(500).collect()
}
