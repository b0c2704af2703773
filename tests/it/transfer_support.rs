//! Shared parts of the tests of transfers: a client of the library, and sources of bytes that can
//! or can't seek.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use regctl::client::{Client, Options, Scheme, Source};
use regctl::oci::{Digest, Repository};

use crate::support::sha256;

/// A client that uses http, with credentials if there are any, and many retries.
pub(crate) fn client(host: &str) -> Client {
    client_with(host, 8)
}

/// One with this number of retries.
pub(crate) fn client_with(host: &str, retries: u32) -> Client {
    let options = Options {
        scheme: Scheme::Http,
        insecure: false,
        retries,
        listener: Arc::new(|_| {}),
    };
    Client::new(host, &options).unwrap()
}

pub(crate) fn repository(name: &str) -> Repository {
    name.parse().unwrap()
}

/// Runs a future to its end on a new runtime.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().unwrap().block_on(future)
}

/// A source like a pipe or a file: pieces of some length.
pub(crate) struct Pieces {
    bytes: Bytes,
    at: usize,
    piece: usize,
    /// Whether its length is known.
    pub(crate) sized: bool,
    /// Whether it can seek.
    pub(crate) seekable: bool,
    /// Number of seeks.
    pub(crate) rewound: usize,
}

impl Pieces {
    pub(crate) fn new(bytes: &[u8], piece: usize) -> Self {
        Self {
            bytes: Bytes::copy_from_slice(bytes),
            at: 0,
            piece,
            sized: true,
            seekable: true,
            rewound: 0,
        }
    }

    /// A source like a pipe: of unknown length, and readable once.
    pub(crate) fn piped(bytes: &[u8], piece: usize) -> Self {
        Self {
            sized: false,
            seekable: false,
            ..Self::new(bytes, piece)
        }
    }
}

impl Source for Pieces {
    fn next(&mut self) -> BoxFuture<'_, io::Result<Option<Bytes>>> {
        let end = (self.at + self.piece).min(self.bytes.len());
        let piece = self.bytes.slice(self.at..end);
        self.at = end;
        Box::pin(async move {
            // A real source is not always ready.
            tokio::task::yield_now().await;
            Ok(Some(piece).filter(|piece| !piece.is_empty()))
        })
    }

    fn size(&self) -> Option<u64> {
        self.sized.then_some(self.bytes.len() as u64)
    }

    fn digest(&mut self) -> BoxFuture<'_, io::Result<Digest>> {
        assert_eq!(self.at, self.bytes.len(), "asked before the end");
        let digest = sha256(&self.bytes);
        Box::pin(async move { Ok(digest) })
    }

    fn rewind(&mut self, offset: u64) -> BoxFuture<'_, io::Result<bool>> {
        let possible = self.seekable;
        if possible {
            self.at = usize::try_from(offset).unwrap();
            self.rewound += 1;
        }
        Box::pin(async move { Ok(possible) })
    }
}

/// The bytes of an answer.
pub(crate) fn answer(status: &str, headers: &[&str], body: &[u8]) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n", body.len());
    for header in headers {
        head += header;
        head += "\r\n";
    }
    [head.as_bytes(), b"Connection: close\r\n\r\n", body].concat()
}
