//! How an image runs: its configuration, variables and labels. All of this is untrusted text.

use maud::{Markup, html};

use super::frame::Frame;
use crate::oci::Execution;

/// Cuts an untrusted line to 2,000 characters.
pub(super) fn clipped(line: &str) -> String {
    const LIMIT: usize = 2000;
    match line.char_indices().nth(LIMIT) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

pub(super) fn configuration(frame: &Frame<'_>, execution: &Execution) -> Markup {
    let text = frame.text;
    let words = |words: &Option<Vec<String>>| {
        words
            .as_ref()
            .filter(|words| !words.is_empty())
            .map(|words| serde_json::to_string(words).unwrap_or_default())
    };
    let keys = |map: &Option<std::collections::BTreeMap<String, serde_json::Value>>| {
        map.as_ref()
            .filter(|map| !map.is_empty())
            .map(|map| map.keys().cloned().collect::<Vec<_>>().join(", "))
    };
    let lines = [
        (text.entrypoint, words(&execution.entrypoint)),
        (text.command, words(&execution.cmd)),
        (text.user, execution.user.clone()),
        (text.working_directory, execution.working_dir.clone()),
        (text.ports, keys(&execution.exposed_ports)),
        (text.volumes, keys(&execution.volumes)),
        (text.stop_signal, execution.stop_signal.clone()),
    ];
    let environment = execution.env.iter().flatten();
    let environment = environment.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    html! {
        section {
            h2 { (text.configuration) }
            dl class="figures" {
                @for (label, value) in &lines {
                    @if let Some(value) = value.as_deref().filter(|value| !value.is_empty()) {
                        div { dt { (label) } dd class="mono break" { (clipped(value)) } }
                    }
                }
            }
        }
        (pairs(text.environment, environment))
        (pairs(text.labels, execution.labels.iter().flatten()))
    }
}

/// A table of names and values; empty if there are none.
pub(super) fn pairs<N: AsRef<str>, V: AsRef<str>>(
    heading: &str,
    pairs: impl Iterator<Item = (N, V)>,
) -> Markup {
    let mut pairs = pairs.take(200).peekable();
    html! {
        @if pairs.peek().is_some() {
            section {
                h2 { (heading) }
                div class="scroll" { table class="list pairs" { tbody {
                    @for (name, value) in pairs {
                        tr {
                            th scope="row" class="mono break" { (clipped(name.as_ref())) }
                            td class="mono break" { (linked(value.as_ref())) }
                        }
                    }
                } } }
            }
        }
    }
}

/// A value; a link if it is the address of a page.
fn linked(value: &str) -> Markup {
    let is_address = (value.starts_with("https://") || value.starts_with("http://"))
        && value.len() < 2000
        && url::Url::parse(value).is_ok();
    html! {
        @if is_address {
            a href=(value) rel="noopener noreferrer nofollow" { (value) }
        } @else {
            (clipped(value))
        }
    }
}
