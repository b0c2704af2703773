//! Manifests: get with verified digest, head, put, delete.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use reqwest::{Method, StatusCode};
use serde::Deserialize;

use super::auth::Scope;
use super::request::Answer;
use super::{Call, Client, Error, Subject};
use crate::hash::Hasher;
use crate::oci::{
    Algorithm, Digest, MANIFEST_LIMIT, ManifestError, ManifestView, MediaType, Reference,
    Repository,
};

/// All manifest types: a registry must not convert manifests.
const ACCEPT: &str = "application/vnd.oci.image.index.v1+json, \
    application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, \
    application/vnd.docker.distribution.manifest.v2+json, \
    application/vnd.oci.artifact.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.v1+prettyjws;q=0.5, */*;q=0.1";

/// Timeout of a PUT: the registry checks everything that a manifest references.
const PUT_TIMEOUT: Duration = Duration::from_mins(5);

/// A manifest without its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestHead {
    /// Its digest.
    pub digest: Digest,
    /// Its media type, according to the registry.
    pub media_type: MediaType,
    /// Its length in bytes.
    pub size: u64,
}

/// A manifest whose bytes match the digest.
#[derive(Debug, Clone)]
pub struct Manifest {
    /// The digest of the bytes.
    pub digest: Digest,
    /// The media type, according to the registry.
    pub media_type: Option<MediaType>,
    /// The bytes as they are stored.
    pub bytes: Vec<u8>,
}

impl Manifest {
    /// Its type and references.
    pub fn view(&self) -> Result<ManifestView, ManifestError> {
        // Some registries send a type of their own, or `text/plain`: the body decides.
        match ManifestView::parse(&self.bytes, self.media_type.as_ref()) {
            Err(ManifestError::MediaType { .. }) => ManifestView::parse(&self.bytes, None),
            view => view,
        }
    }
}

impl Client {
    /// Fetches a manifest and verifies it: against the requested digest, or for a tag against the
    /// digest that the registry announces.
    pub async fn manifest(
        &self,
        repository: &Repository,
        reference: &Reference,
    ) -> Result<Manifest, Error> {
        let subject = Subject::Manifest(repository, reference);
        let answer = self
            .manifest_call(Method::GET, repository, reference)
            .await?;
        if !answer.status.is_success() {
            return Err(self.refusal(&answer, subject));
        }
        if answer.digest().is_none() && !is_json_of_a_manifest(&answer.body) {
            self.must_be_registry(&answer).await?;
        }
        let expected = match reference {
            Reference::Digest(digest) => Some(*digest),
            Reference::Tag(_) => answer.digest(),
        };
        let media_type = media_type(&answer.headers);
        let algorithm = expected.map_or(Algorithm::Sha256, |digest| digest.algorithm());
        let mut actual = Hasher::digest(algorithm, &answer.body);
        if expected.is_some_and(|expected| expected != actual)
            && let Some(payload) = signed_payload(&answer.body)
        {
            actual = Hasher::digest(algorithm, &payload);
        }
        match expected {
            Some(expected) if expected != actual => Err(Error::Mismatch {
                what: subject.to_string(),
                expected: Box::new(expected),
                actual: Box::new(actual),
            }),
            _ => Ok(Manifest {
                digest: actual,
                media_type,
                bytes: answer.body,
            }),
        }
    }

    /// Digest, type and size of a manifest. If a registry refuses HEAD or answers it incompletely,
    /// the manifest is fetched: some answer 401, 404, 405 or 500 to HEAD alone, some redirect it to
    /// a storage that rejects it.
    pub async fn manifest_head(
        &self,
        repository: &Repository,
        reference: &Reference,
    ) -> Result<ManifestHead, Error> {
        let subject = Subject::Manifest(repository, reference);
        let answer = self.manifest_call(Method::HEAD, repository, reference);
        let known = match answer.await {
            Ok(answer) if answer.status.is_success() => {
                let size = answer.headers.get(CONTENT_LENGTH);
                let size = size.and_then(|value| value.to_str().ok()?.parse().ok());
                (answer.digest(), media_type(&answer.headers), size)
            }
            Ok(answer) if answer.status == StatusCode::TOO_MANY_REQUESTS => {
                return Err(self.refusal(&answer, subject));
            }
            // A redirect may lead to a host that can't be reached, unlike the registry.
            Err(Error::Unreachable { host, reason, hint }) if host == self.registry() => {
                return Err(Error::Unreachable { host, reason, hint });
            }
            Ok(_) | Err(_) => (None, None, None),
        };
        if let (Some(digest), Some(media_type), Some(size)) = known {
            if let Reference::Digest(expected) = reference
                && *expected != digest
            {
                return Err(Error::Mismatch {
                    what: subject.to_string(),
                    expected: Box::new(*expected),
                    actual: Box::new(digest),
                });
            }
            return Ok(ManifestHead {
                digest,
                media_type,
                size,
            });
        }
        let manifest = self.manifest(repository, reference).await?;
        let media_type = match (&manifest.media_type, manifest.view()) {
            (_, Ok(view)) => view.media_type,
            (Some(media_type), Err(_)) => media_type.clone(),
            (None, Err(error)) => return Err(self.malformed(subject, error)),
        };
        Ok(ManifestHead {
            digest: manifest.digest,
            media_type,
            size: manifest.bytes.len() as u64,
        })
    }

    /// Deletes a single tag, or a manifest by its digest. If a registry can't delete a single tag,
    /// the digest is not used instead: that would delete its other tags. Returns for how long it can
    /// be restored, if the registry reports it.
    pub async fn delete_manifest(
        &self,
        repository: &Repository,
        reference: &Reference,
    ) -> Result<Option<Duration>, Error> {
        let subject = Subject::Manifest(repository, reference);
        let path = path(repository, reference);
        let call = Call::new(Method::DELETE, &path, Scope::Delete(repository));
        let answer = self.call(call).await?;
        let status = answer.status.as_u16();
        if answer.status.is_success() && answer.status != StatusCode::ACCEPTED {
            self.must_be_registry(&answer).await?;
        }
        // The answer to an earlier attempt was lost, but it succeeded.
        if answer.status.is_success() || (status == 404 && answer.tries > 1) {
            return Ok(answer.restorable());
        }
        let hint = match (reference, status) {
            (Reference::Tag(_), 400 | 405) => {
                "either deletes are off there (storage.delete.enabled), or it can't delete a tag \
                 alone; its manifest can be deleted by digest, with all of its tags"
            }
            (Reference::Digest(_), 405) => {
                "deletion is disabled there; registry:2 and regctl enable it by storage.delete.enabled, \
                 others have their own way"
            }
            _ => return Err(self.refusal(&answer, subject)),
        };
        Err(Error::Unsupported {
            registry: self.registry().to_owned(),
            what: format!("deleting {subject}"),
            words: super::words::words(&answer.body),
            hint: hint.to_owned(),
        })
    }

    /// Puts a manifest under a tag or under its digest. The registry has everything that it
    /// references, or answers what is missing.
    pub async fn put_manifest(
        &self,
        repository: &Repository,
        reference: &Reference,
        media_type: &MediaType,
        bytes: Bytes,
    ) -> Result<Digest, Error> {
        let subject = Subject::Put(repository, reference);
        let digest = match reference {
            Reference::Tag(_) => Hasher::digest(Algorithm::Sha256, &bytes),
            Reference::Digest(expected) => {
                let actual = Hasher::digest(expected.algorithm(), &bytes);
                // The digest of a signed manifest of schema 1 covers only a part of it.
                if actual != *expected && signed_payload(&bytes).is_none() {
                    return Err(Error::Mismatch {
                        what: subject.to_string(),
                        expected: Box::new(*expected),
                        actual: Box::new(actual),
                    });
                }
                *expected
            }
        };
        let path = path(repository, reference);
        let length = bytes.len();
        let call = Call {
            body: Some((media_type.as_str(), bytes)),
            timeout: Some(PUT_TIMEOUT),
            ..Call::new(Method::PUT, &path, Scope::Push(repository))
        };
        let answer = self.call(call).await?;
        if answer.status.is_success() {
            // A registry answers 201; a web server may answer 200 to everything.
            if answer.status != StatusCode::CREATED {
                self.must_be_registry(&answer).await?;
            }
            answer.confirms(&digest, subject)?;
            return Ok(digest);
        }
        if answer.status == StatusCode::PAYLOAD_TOO_LARGE {
            return Err(Error::Unsupported {
                registry: self.registry().to_owned(),
                what: format!("{subject}, a manifest of {length} bytes"),
                words: super::words::words(&answer.body),
                hint: "most registries accept 4 MiB; an index of fewer images is smaller".into(),
            });
        }
        Err(self.refusal(&answer, subject))
    }

    async fn manifest_call(
        &self,
        method: Method,
        repository: &Repository,
        reference: &Reference,
    ) -> Result<Answer, Error> {
        let path = path(repository, reference);
        let call = Call {
            accept: Some(ACCEPT),
            limit: MANIFEST_LIMIT,
            // A GET follows if it fails.
            retried: method != Method::HEAD,
            ..Call::new(method, &path, Scope::Pull(repository))
        };
        self.call(call).await
    }
}

fn path(repository: &Repository, reference: &Reference) -> String {
    format!("v2/{repository}/manifests/{reference}")
}

fn media_type(headers: &HeaderMap) -> Option<MediaType> {
    let value = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    Some(MediaType::new(value)).filter(|media_type| !media_type.as_str().is_empty())
}

/// Whether a body may be a manifest: all of them have this field.
fn is_json_of_a_manifest(body: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Versioned {
        #[serde(rename = "schemaVersion")]
        _version: u64,
    }
    serde_json::from_slice::<Versioned>(body).is_ok()
}

/// The signed part of a Docker schema 1 manifest, from which its digest is computed: the text
/// before signatures were inserted. The first `formatLength` bytes and a tail, both in the
/// protected header.
fn signed_payload(bytes: &[u8]) -> Option<Vec<u8>> {
    #[derive(Deserialize)]
    struct Signed {
        signatures: Vec<Signature>,
    }
    #[derive(Deserialize)]
    struct Signature {
        protected: String,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Protected {
        format_length: usize,
        format_tail: String,
    }
    let signed: Signed = serde_json::from_slice(bytes).ok()?;
    let protected = URL_SAFE_NO_PAD
        .decode(&signed.signatures.first()?.protected)
        .ok()?;
    let protected: Protected = serde_json::from_slice(&protected).ok()?;
    let mut payload = bytes.get(..protected.format_length)?.to_vec();
    payload.extend(URL_SAFE_NO_PAD.decode(protected.format_tail).ok()?);
    Some(payload)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_payload_of_a_signed_manifest() {
        let protected = URL_SAFE_NO_PAD.encode(
            serde_json::json!({"formatLength": 10, "formatTail": URL_SAFE_NO_PAD.encode("\n}")})
                .to_string(),
        );
        let text = format!("{{\n   \"a\":1,\n\"signatures\":[{{\"protected\":\"{protected}\"}}]}}");
        assert_eq!(
            signed_payload(text.as_bytes()).unwrap(),
            b"{\n   \"a\":1\n}"
        );
        assert_eq!(signed_payload(b"{\"signatures\":[]}"), None);
        assert_eq!(signed_payload(b"{}"), None);
    }

    #[test]
    fn a_type_of_the_registry_is_ignored() {
        let manifest = Manifest {
            digest: Hasher::digest(Algorithm::Sha256, b""),
            media_type: Some(MediaType::new("text/plain")),
            bytes: format!(
                r#"{{"schemaVersion":2,"mediaType":"{}","manifests":[]}}"#,
                MediaType::OCI_INDEX
            )
            .into_bytes(),
        };
        assert_eq!(manifest.view().unwrap().media_type, MediaType::OCI_INDEX);
    }
}
