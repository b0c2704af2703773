//! Single blobs: existence, mounts from other repositories, and small blobs in full and verified,
//! such as configurations.

use reqwest::header::{CONTENT_LENGTH, LOCATION};
use reqwest::{Method, StatusCode};

use super::auth::Scope;
use super::{Call, Client, Error, Subject};
use crate::hash::Hasher;
use crate::oci::{Descriptor, Digest, Repository};

/// Maximum size of a configuration in bytes. Real ones are below 100 KiB.
const SMALL_LIMIT: usize = 8 * 1024 * 1024;

impl Client {
    /// The bytes of a small blob, verified against its descriptor.
    pub async fn small_blob(
        &self,
        repository: &Repository,
        descriptor: &Descriptor,
    ) -> Result<Vec<u8>, Error> {
        let expected = descriptor.digest;
        let subject = Subject::Blob(repository, &expected);
        let path = format!("v2/{repository}/blobs/{expected}");
        let call = Call {
            limit: SMALL_LIMIT,
            ..Call::new(Method::GET, &path, Scope::Pull(repository))
        };
        let answer = self.call(call).await?;
        if !answer.status.is_success() {
            return Err(self.refusal(&answer, subject));
        }
        let actual = Hasher::digest(expected.algorithm(), &answer.body);
        if actual == expected {
            Ok(answer.body)
        } else {
            Err(Error::Mismatch {
                what: subject.to_string(),
                expected: Box::new(expected),
                actual: Box::new(actual),
            })
        }
    }

    /// Whether a blob exists. One of another `size` in bytes than this is damaged, and does not
    /// count; some registries do not announce the size.
    pub async fn has_blob(
        &self,
        repository: &Repository,
        digest: &Digest,
        size: Option<u64>,
    ) -> Result<bool, Error> {
        let subject = Subject::Blob(repository, digest);
        let path = format!("v2/{repository}/blobs/{digest}");
        let call = Call::new(Method::HEAD, &path, Scope::Pull(repository));
        let answer = self.call(call).await?;
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(false);
        }
        if !answer.status.is_success() {
            return Err(self.refusal(&answer, subject));
        }
        let length = answer.headers.get(CONTENT_LENGTH);
        let length: Option<u64> = length.and_then(|length| length.to_str().ok()?.parse().ok());
        Ok(length.is_none() || size.is_none() || length == size)
    }

    /// Mounts a blob from another repository of the registry. Returns false if the registry
    /// requires an upload instead.
    pub async fn mount_blob(
        &self,
        repository: &Repository,
        digest: &Digest,
        from: &Repository,
    ) -> Result<bool, Error> {
        let path = format!("v2/{repository}/blobs/uploads/?mount={digest}&from={from}");
        let scope = Scope::Mount {
            into: repository,
            from,
        };
        self.mount(repository, digest, &path, scope).await
    }

    /// Mounts a blob from any repository of the registry. Returns false if no repository has it, or
    /// if the registry does not search for one.
    pub async fn mount_blob_from_anywhere(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<bool, Error> {
        let path = format!("v2/{repository}/blobs/uploads/?mount={digest}");
        self.mount(repository, digest, &path, Scope::Push(repository))
            .await
    }

    async fn mount(
        &self,
        repository: &Repository,
        digest: &Digest,
        path: &str,
        scope: Scope<'_>,
    ) -> Result<bool, Error> {
        let subject = Subject::Blob(repository, digest);
        let answer = self.call(Call::new(Method::POST, path, scope)).await?;
        if answer.status == StatusCode::CREATED {
            answer.confirms(digest, subject)?;
            return Ok(true);
        }
        if !answer.status.is_success() {
            return Err(self.refusal(&answer, subject));
        }
        if answer.headers.contains_key(LOCATION) {
            let session = self.session(&answer, subject)?;
            self.cancel_upload(repository, &session).await;
        }
        Ok(false)
    }
}
