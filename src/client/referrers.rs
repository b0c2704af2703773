//! The referrers of a manifest: signatures, SBOMs, attestations.
//!
//! Uses the referrers endpoint and, if a registry has none, the fallback tag (OCI distribution
//! specification, "Listing Referrers" and "Referrers Tag Schema").

use bytes::Bytes;
use reqwest::{Method, StatusCode};

use super::auth::Scope;
use super::{Call, Class, Client, Error, Subject, link};
use crate::oci::{Descriptor, Digest, ManifestView, MediaType, Reference, Repository, Tag};

/// Maximum size of a page of referrers, in bytes.
const PAGE_LIMIT: usize = 16 * 1024 * 1024;
/// Maximum number of pages.
const PAGES: usize = 1000;

impl Client {
    /// The manifests with this subject.
    pub async fn referrers(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<Vec<Descriptor>, Error> {
        match self.listed_referrers(repository, digest).await? {
            Some(referrers) => Ok(referrers),
            None => self.tagged_referrers(repository, digest).await,
        }
    }

    /// Ensures that manifests with this subject are listed as its referrers. A registry with the
    /// endpoint does this itself; elsewhere they are added to the index under the fallback tag.
    pub async fn list_referrers(
        &self,
        repository: &Repository,
        subject: &Digest,
        referrers: Vec<Descriptor>,
    ) -> Result<(), Error> {
        let listed = self.listed_referrers(repository, subject).await?;
        let has_endpoint = listed.is_some();
        let mut listed = match listed {
            Some(listed) => listed,
            None => self.tagged_referrers(repository, subject).await?,
        };
        let before = listed.len();
        for referrer in referrers {
            if !listed.iter().any(|known| known.digest == referrer.digest) {
                listed.push(referrer);
            }
        }
        if has_endpoint || listed.len() == before {
            return Ok(());
        }
        let index = serde_json::json!({
            "schemaVersion": 2,
            "mediaType": MediaType::OCI_INDEX,
            "manifests": listed,
        });
        let tag = Reference::Tag(fallback_tag(subject));
        let bytes = Bytes::from(index.to_string());
        self.put_manifest(repository, &tag, &MediaType::OCI_INDEX, bytes)
            .await
            .map(drop)
    }

    /// The referrers according to the endpoint; `None` if there is none.
    async fn listed_referrers(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<Option<Vec<Descriptor>>, Error> {
        let subject = Subject::Referrers(repository, digest);
        let mut path = format!("v2/{repository}/referrers/{digest}");
        let mut referrers = Vec::new();
        for _ in 0..PAGES {
            let call = Call {
                accept: Some("application/vnd.oci.image.index.v1+json"),
                limit: PAGE_LIMIT,
                ..Call::new(Method::GET, &path, Scope::Pull(repository))
            };
            let answer = self.call(call).await?;
            // Registries without it answer in several ways, including an HTML page.
            if matches!(answer.status.as_u16(), 400 | 404 | 405) {
                return Ok(None);
            }
            if answer.status != StatusCode::OK {
                return Err(self.refusal(&answer, subject));
            }
            let Ok(view) = ManifestView::parse(&answer.body, Some(&MediaType::OCI_INDEX)) else {
                return Ok(None);
            };
            referrers.extend(view.manifests);
            let page = self.endpoint.decided().join(&format!("/{path}"));
            let next = page
                .map_err(|_| link::LinkError::Address)
                .and_then(|page| link::next(&answer.headers, &page));
            match next {
                Ok(None) => return Ok(Some(referrers)),
                Ok(Some(next)) => path = next,
                Err(error) => return Err(self.malformed(subject, error)),
            }
        }
        Err(self.malformed(subject, format!("it has more than {PAGES} pages")))
    }

    /// The referrers under the fallback tag.
    async fn tagged_referrers(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<Vec<Descriptor>, Error> {
        let reference = Reference::Tag(fallback_tag(digest));
        let manifest = match self.manifest(repository, &reference).await {
            Ok(manifest) => manifest,
            Err(error) if error.class() == Class::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let view = manifest
            .view()
            .map_err(|error| self.malformed(Subject::Manifest(repository, &reference), error))?;
        Ok(view.manifests)
    }
}

/// Whether a tag is the fallback tag of a manifest's referrers. Tags of cosign have a suffix.
#[must_use]
pub fn is_fallback_tag(tag: &Tag) -> bool {
    tag.as_str()
        .split_once('-')
        .is_some_and(|(algorithm, hex)| {
            // A tag has no room for the whole of a sha512.
            let length = match algorithm {
                "sha256" => 64,
                "sha512" => crate::oci::TAG_LIMIT - "sha512-".len(),
                _ => return false,
            };
            hex.len() == length && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
        })
}

/// The tag of referrers without the endpoint: the digest, shortened to the length of a tag.
fn fallback_tag(digest: &Digest) -> Tag {
    let text = format!("{}-{}", digest.algorithm(), digest.hex());
    let tag = text[..text.len().min(crate::oci::TAG_LIMIT)].parse();
    tag.unwrap_or_else(|_| unreachable!("hexadecimal is a tag"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fallback_tags() {
        let hex = "0123456789abcdef".repeat(4);
        let is = |tag: &str| is_fallback_tag(&tag.parse().unwrap());
        assert!(is(&format!("sha256-{hex}")));
        assert!(is(&format!("sha512-{hex}{hex}")[..128]));
        for tag in ["1", "sha256-1", &format!("sha256-{hex}.sig"), &hex, "sha1-"] {
            assert!(!is(tag), "{tag}");
        }
    }
}
