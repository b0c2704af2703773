//! Small blobs, whole and verified: the configurations of images.

use reqwest::Method;

use super::auth::Scope;
use super::{Call, Client, Error, Subject};
use crate::hash::Hasher;
use crate::oci::{Descriptor, Repository};

/// The largest configuration that is read, in bytes. Real ones stay under 100 KiB.
const SMALL_LIMIT: usize = 8 * 1024 * 1024;

impl Client {
    /// The bytes of a small blob, which have the digest of its descriptor.
    pub async fn small_blob(
        &self,
        repository: &Repository,
        descriptor: &Descriptor,
    ) -> Result<Vec<u8>, Error> {
        let expected = descriptor.digest;
        let subject = Subject::Blob(repository, &expected);
        let path = format!("v2/{repository}/blobs/{expected}");
        let call = Call {
            method: Method::GET,
            path: &path,
            accept: None,
            scope: Scope::Pull(repository),
            limit: SMALL_LIMIT,
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
}
