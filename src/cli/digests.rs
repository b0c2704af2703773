//! Abbreviated digests, as tables show them on a terminal, and their expansion.
//!
//! The registry resolves the abbreviation: to the manifest of a tag, or to a manifest in the index
//! of a tag. An ambiguous abbreviation is an error that lists all matches.

use std::collections::BTreeSet;

use futures_util::{StreamExt, TryStreamExt, stream};

use super::context::{Context, Place};
use super::exit::Usage;
use crate::client::{Class, Error};
use crate::oci::{Digest, Reference};

/// Minimum number of digits.
const FEWEST: usize = 4;
/// Number of digits of each algorithm.
const DIGITS: [(&str, usize); 2] = [("sha256", 64), ("sha512", 128)];
/// Number of manifests fetched at once.
const CONCURRENCY: usize = 8;
/// Maximum nesting of indexes.
const DEPTH: usize = 4;

/// Splits a reference with an abbreviated digest: the text before the `@`, and the abbreviation.
pub(super) fn shortened(text: &str) -> Option<(&str, &str)> {
    let (name, digest) = text.split_once('@')?;
    let (algorithm, digits) = digest.split_once(':')?;
    let (_, whole) = DIGITS.iter().find(|(known, _)| *known == algorithm)?;
    let hexadecimal = digits
        .bytes()
        .all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
    (hexadecimal && (FEWEST..*whole).contains(&digits.len())).then_some((name, digest))
}

impl Context {
    /// A reference with the full digest.
    pub(super) async fn whole(&self, text: &str) -> anyhow::Result<String> {
        let Some((name, beginning)) = shortened(text) else {
            return Ok(text.to_owned());
        };
        let place = self.named(name)?;
        let found = place.digests_with(beginning).await?;
        let mut all = found.iter();
        match (all.next(), all.next()) {
            (Some(digest), None) => Ok(format!("{name}@{digest}")),
            (None, _) => Err(Error::NotFound {
                registry: place.client.registry().to_owned(),
                what: format!("manifest {text}"),
                words: String::new(),
                hint: "only digests of tags, and of what their indexes list, are looked for by \
                       their beginning"
                    .to_owned(),
            }
            .into()),
            (Some(_), Some(_)) => {
                let all: Vec<String> = found.iter().map(ToString::to_string).collect();
                let reason = format!(
                    "{text} may be any of {}; hint: write more of the digest",
                    all.join(", ")
                );
                Err(Usage(reason).into())
            }
        }
    }
}

impl Place {
    /// The digests of this repository's manifests that begin with the abbreviation.
    async fn digests_with(&self, beginning: &str) -> Result<BTreeSet<Digest>, Error> {
        let mut level = self.digests_of_tags().await?;
        let mut seen = BTreeSet::new();
        for _ in 0..DEPTH {
            let matching: BTreeSet<Digest> = level
                .iter()
                .filter(|digest| digest.to_string().starts_with(beginning))
                .copied()
                .collect();
            if !matching.is_empty() {
                return Ok(matching);
            }
            seen.extend(level.iter().copied());
            level = self.children_of(level).await?;
            level.retain(|digest| !seen.contains(digest));
            if level.is_empty() {
                break;
            }
        }
        Ok(BTreeSet::new())
    }

    async fn digests_of_tags(&self) -> Result<BTreeSet<Digest>, Error> {
        if let Some(summaries) = self.client.tag_summaries(&self.repository).await? {
            let summaries = summaries.all().await?;
            return Ok(summaries
                .into_iter()
                .map(|summary| summary.digest)
                .collect());
        }
        let tags = self.client.tags(&self.repository).all().await?;
        stream::iter(tags)
            .map(|tag| async move {
                let reference = Reference::Tag(tag);
                let head = self.client.manifest_head(&self.repository, &reference);
                present(head.await.map(|head| head.digest))
            })
            .buffer_unordered(CONCURRENCY)
            .try_filter_map(|digest| async move { Ok(digest) })
            .try_collect()
            .await
    }

    /// The manifests in the indexes among some manifests.
    async fn children_of(&self, manifests: BTreeSet<Digest>) -> Result<BTreeSet<Digest>, Error> {
        let lists = stream::iter(manifests)
            .map(|digest| async move {
                let reference = Reference::Digest(digest);
                let manifest = self.client.manifest(&self.repository, &reference);
                present(manifest.await)
            })
            .buffer_unordered(CONCURRENCY);
        let children = lists.try_fold(BTreeSet::new(), |mut children, manifest| async move {
            if let Some(Ok(view)) = manifest.map(|manifest| manifest.view()) {
                children.extend(view.manifests.iter().map(|child| child.digest));
            }
            Ok(children)
        });
        children.await
    }
}

/// A result, or `None` if the object was deleted in the meantime.
fn present<T>(result: Result<T, Error>) -> Result<Option<T>, Error> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.class() == Class::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beginnings() {
        let whole = format!("app@sha256:{}", "0".repeat(64));
        for (text, beginning) in [
            ("h:1/app:1@sha256:01ab", Some(("h:1/app:1", "sha256:01ab"))),
            ("app@sha512:0123", Some(("app", "sha512:0123"))),
            ("app@sha256:012", None),
            ("app@sha256:01AB", None),
            ("app@md5:0123", None),
            ("app:1", None),
            (&whole, None),
        ] {
            assert_eq!(shortened(text), beginning, "{text}");
        }
    }
}
