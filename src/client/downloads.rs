//! Streams blobs: verified, and resumed after a broken connection.
//!
//! Invariants: a completed download has the requested digest, otherwise it is an error; at most one
//! chunk is in memory.

use std::io;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use reqwest::header::CONTENT_RANGE;
use reqwest::{Method, StatusCode};

use super::auth::Scope;
use super::{Call, Client, Error, Source, Subject};
use crate::hash::Hasher;
use crate::oci::{Digest, Repository, parse_content_range};

/// A blob being downloaded.
pub struct Download {
    client: Client,
    repository: Repository,
    digest: Digest,
    size: u64,
    /// The offset of the next byte.
    position: u64,
    /// The hash of the bytes up to `hashed`; `None` after it was compared.
    hasher: Option<Hasher>,
    hashed: u64,
    response: Option<reqwest::Response>,
    /// Repeated bytes to discard, from a registry without range requests.
    to_discard: u64,
    /// Failed attempts in a row.
    attempt: u32,
}

impl Client {
    /// Starts a download. Without `size` the registry has to announce it.
    pub async fn download_blob(
        &self,
        repository: &Repository,
        digest: &Digest,
        size: Option<u64>,
    ) -> Result<Download, Error> {
        let mut download = Download {
            client: self.clone(),
            repository: repository.clone(),
            digest: *digest,
            size: size.unwrap_or_default(),
            position: 0,
            hasher: Some(Hasher::new(digest.algorithm())),
            hashed: 0,
            response: None,
            to_discard: 0,
            attempt: 0,
        };
        let there = download.open().await?;
        match (size, there) {
            (Some(size), Some(there)) if size != there => Err(download.wrong_length(there)),
            (None, None) => {
                let subject = Subject::Blob(repository, digest);
                Err(self.malformed(subject, "it does not announce its length"))
            }
            (size, there) => {
                download.size = size.or(there).unwrap_or_default();
                Ok(download)
            }
        }
    }
}

impl Download {
    /// Its size in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The next bytes; `None` after the last, when the digest was verified.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        loop {
            if self.position == self.size {
                return self.end().await.map(|()| None);
            }
            let Some(response) = &mut self.response else {
                self.open().await?;
                continue;
            };
            let url = response.url().clone();
            let (reason, failed) = match response.chunk().await {
                Ok(Some(bytes)) => match self.take(bytes)? {
                    Some(bytes) => return Ok(Some(bytes)),
                    None => continue,
                },
                Ok(None) => ("it ended early".to_owned(), None),
                Err(error) => (super::words::innermost(&error), Some(error)),
            };
            self.response = None;
            let transport = self.client.transport.clone();
            let host = transport.shown(&url);
            if !transport.back_off(host, self.attempt, &reason, None).await {
                return Err(match failed {
                    Some(error) => transport.failure(&error, &url).await.into_error(host),
                    None => self.wrong_length(self.position),
                });
            }
            self.attempt += 1;
        }
    }

    /// Requests the bytes from the position on. Returns the size of the blob, if the registry
    /// announces it.
    async fn open(&mut self) -> Result<Option<u64>, Error> {
        let path = format!("v2/{}/blobs/{}", self.repository, self.digest);
        let call = Call {
            from: Some(self.position).filter(|position| *position > 0),
            open: true,
            ..Call::new(Method::GET, &path, Scope::Pull(&self.repository))
        };
        let subject = Subject::Blob(&self.repository, &self.digest);
        let mut answer = self.client.call(call).await?;
        let Some(response) = answer.rest.take() else {
            return Err(self.client.refusal(&answer, subject));
        };
        self.to_discard = if answer.status == StatusCode::PARTIAL_CONTENT {
            let range = response.headers().get(CONTENT_RANGE);
            let range = range.and_then(|range| parse_content_range(range.to_str().ok()?).ok());
            if range.is_none_or(|range| range.start != self.position) {
                let reason = "it sent another range than requested";
                return Err(self.client.malformed(subject, reason));
            }
            0
        } else {
            self.position
        };
        let length = response.content_length();
        self.response = Some(response);
        Ok(length)
    }

    /// Processes received bytes. Returns `None` if all of them are discarded.
    fn take(&mut self, mut bytes: Bytes) -> Result<Option<Bytes>, Error> {
        if self.to_discard > 0 {
            let to_discard = usize::try_from(self.to_discard).unwrap_or(usize::MAX);
            let passed = bytes.split_to(to_discard.min(bytes.len()));
            self.to_discard -= passed.len() as u64;
        }
        if bytes.is_empty() {
            return Ok(None);
        }
        let start = self.position;
        self.position += bytes.len() as u64;
        if self.position > self.size {
            return Err(self.wrong_length(self.position));
        }
        if let Some(hasher) = &mut self.hasher
            && self.position > self.hashed
        {
            let known = usize::try_from(self.hashed - start).unwrap_or_default();
            hasher.update(&bytes[known..]);
            self.hashed = self.position;
        }
        self.attempt = 0;
        Ok(Some(bytes))
    }

    /// Verifies the digest, and checks that no bytes follow.
    async fn end(&mut self) -> Result<(), Error> {
        if let Some(mut response) = self.response.take()
            && let Ok(Some(more)) = response.chunk().await
            && !more.is_empty()
        {
            return Err(self.wrong_length(self.size + more.len() as u64));
        }
        let Some(actual) = self.hasher.take().map(Hasher::finish) else {
            return Ok(());
        };
        if actual == self.digest {
            return Ok(());
        }
        Err(Error::Mismatch {
            what: Subject::Blob(&self.repository, &self.digest).to_string(),
            expected: Box::new(self.digest),
            actual: Box::new(actual),
        })
    }

    fn wrong_length(&self, actual: u64) -> Error {
        Error::Length {
            what: Subject::Blob(&self.repository, &self.digest).to_string(),
            expected: self.size,
            actual,
        }
    }
}

/// A download is a source for an upload to another registry.
impl Source for Download {
    fn next(&mut self) -> BoxFuture<'_, io::Result<Option<Bytes>>> {
        Box::pin(async { self.next().await.map_err(io::Error::other) })
    }

    fn size(&self) -> Option<u64> {
        Some(self.size)
    }

    fn digest(&mut self) -> BoxFuture<'_, io::Result<Digest>> {
        let digest = self.digest;
        Box::pin(async move { Ok(digest) })
    }

    fn rewind(&mut self, offset: u64) -> BoxFuture<'_, io::Result<bool>> {
        // Bytes that were not hashed yet can't be skipped.
        let possible = offset <= self.hashed;
        if possible {
            self.position = offset;
            self.response = None;
        }
        Box::pin(async move { Ok(possible) })
    }
}
