//! Shared parts of the tests of transfers: a client as the library has it, and sources of bytes with
//! and without a way back.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use regctl::client::{Client, Options, Scheme, Source};
use regctl::oci::{Digest, Repository};

use crate::support::sha256;

/// A client that speaks http, with credentials if there are any, and tries often.
pub(crate) fn client(host: &str) -> Client {
    let options = Options {
        scheme: Scheme::Http,
        insecure: false,
        retries: 8,
        listener: Arc::new(|_| {}),
    };
    Client::new(host, &options).unwrap()
}

pub(crate) fn repository(name: &str) -> Repository {
    name.parse().unwrap()
}

/// Runs to the end on a runtime of its own.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().unwrap().block_on(future)
}

/// A pipe or a file, as far as an upload can tell: pieces of some length.
pub(crate) struct Pieces {
    bytes: Bytes,
    at: usize,
    piece: usize,
    /// Whether it says its length.
    pub(crate) sized: bool,
    /// Whether it can go back.
    pub(crate) seekable: bool,
    /// How often it went back.
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

    /// The same as a pipe: nobody knows how long it is, and it never comes again.
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
            // What comes from elsewhere is not always there at once.
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

/// An answer as it goes onto the wire.
pub(crate) fn answer(status: &str, headers: &[&str], body: &[u8]) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n", body.len());
    for header in headers {
        head += header;
        head += "\r\n";
    }
    [head.as_bytes(), b"Connection: close\r\n\r\n", body].concat()
}
