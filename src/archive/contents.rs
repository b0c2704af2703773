//! What an archive holds: its small documents whole, its blobs by name and place.
//!
//! Members are told apart by what is in them, not by their names: JSON up to 4 MiB is a document and
//! is kept, a tar header or a compressed stream makes a layer, what else lies in `blobs/` is a blob
//! of an artifact, the rest is forgotten. Invariants: documents and names are bounded in sum; links
//! lead to members, through no more links than there is sense in.

use std::collections::HashMap;
use std::io::Read;
use std::sync::Arc;

use super::documents::blob_path;
use super::members::{self, Input, Kind, Members};
use super::{Encoding, Error, path};
use crate::oci::{Algorithm, Digest, MANIFEST_LIMIT};

/// The largest document, in bytes.
const DOCUMENT_LIMIT: u64 = MANIFEST_LIMIT as u64;
/// Bytes of all documents.
const DOCUMENTS_LIMIT: usize = 16 * 1024 * 1024;
/// Bytes of the names of all members that are remembered, each with some for its place.
const NAMES_LIMIT: usize = 24 * 1024 * 1024;
/// What a remembered member takes besides its name.
const NAME_OVERHEAD: usize = 96;
/// How many links lead from one to the next.
const LINKS: usize = 16;
/// How much of a member is looked at to tell what it is.
const HEAD: usize = 512;

/// The mark that some editors put before UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What the bytes of a blob are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nature {
    /// A tar file.
    Tar,
    /// A compressed stream, of a tar file as likely as not.
    Compressed(Encoding),
    /// Anything else.
    Opaque,
}

/// A member too large, or not of the kind, to be kept in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    /// The plain name of the member.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// Where they begin in the tar stream.
    pub offset: u64,
    /// What they are.
    pub nature: Nature,
}

/// Something that a name leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A document, whole.
    Document(Arc<[u8]>),
    /// A blob.
    Blob(Blob),
}

impl Content {
    /// Bytes.
    pub fn size(&self) -> u64 {
        match self {
            Self::Document(bytes) => bytes.len() as u64,
            Self::Blob(blob) => blob.size,
        }
    }
}

enum Item {
    Content(Content),
    Link(String),
    Sparse,
}

/// What is known of an archive.
#[derive(Default)]
pub struct Contents {
    items: HashMap<String, Item>,
    documents: usize,
    names: usize,
    ended: bool,
}

impl Contents {
    /// What a name leads to, through links if need be; with the name it has there.
    pub fn find(&self, name: &str) -> Option<(&str, &Content)> {
        let mut name = path::member(name).ok()?;
        for _ in 0..LINKS {
            let (name_there, item) = self.items.get_key_value(&name)?;
            match item {
                Item::Content(content) => return Some((name_there, content)),
                Item::Link(target) => name.clone_from(target),
                Item::Sparse => return None,
            }
        }
        None
    }

    /// A document, without a byte order mark.
    pub fn document(&self, name: &str) -> Result<Option<&[u8]>, Error> {
        match self.find(name) {
            None => Ok(None),
            Some((_, Content::Document(bytes))) => Ok(Some(text(bytes))),
            Some((_, Content::Blob(blob))) => Err(Error::Document {
                name: name.to_owned(),
                reason: if blob.size > DOCUMENT_LIMIT {
                    "it is larger than 4 MiB".into()
                } else {
                    "it is not JSON".into()
                },
            }),
        }
    }

    /// The content of a digest, by the name it has in an OCI layout. Whether it has that digest is
    /// not known yet.
    pub fn by_digest(&self, digest: &Digest) -> Option<(&str, &Content)> {
        self.find(&blob_path(digest))
    }

    /// Whether a name leads to a file with holes, which can't be read.
    pub fn is_sparse(&self, name: &str) -> bool {
        matches!(self.items.get(name), Some(Item::Sparse))
    }

    /// Whether the archive has an end. One without may have lost members.
    pub fn ended(&self) -> bool {
        self.ended
    }

    fn keep(&mut self, name: String, item: Item) -> Result<(), Error> {
        self.names += name.len() + NAME_OVERHEAD;
        if self.names > NAMES_LIMIT {
            return Err(Error::TooMuch {
                what: "the names of very many members",
                limit: "24 MiB".into(),
            });
        }
        // As when unpacked, the last member of a name is the one.
        if let Some(Item::Content(Content::Document(old))) = self.items.insert(name, item) {
            self.documents -= old.len();
        }
        Ok(())
    }

    fn keep_document(&mut self, name: String, bytes: Vec<u8>) -> Result<(), Error> {
        self.documents += bytes.len();
        if self.documents > DOCUMENTS_LIMIT {
            return Err(Error::TooMuch {
                what: "a great many JSON documents",
                limit: "16 MiB".into(),
            });
        }
        let content = Content::Document(bytes.into());
        self.keep(name, Item::Content(content))
    }
}

/// The digest that the name of a member in `blobs/` says.
pub fn named_digest(name: &str) -> Option<Digest> {
    let (algorithm, hex) = name.strip_prefix("blobs/")?.split_once('/')?;
    let algorithm: Algorithm = algorithm.parse().ok()?;
    Digest::from_hex(algorithm, hex).ok()
}

/// A JSON text without a byte order mark.
pub(super) fn text(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes)
}

/// Takes the blobs of an archive as they pass.
pub trait Receiver {
    /// How it fails; as the archive does, and in ways of its own.
    type Error: From<Error>;

    /// A blob; `contents` is what was seen before it. `data` is all of its bytes; what is not read
    /// of them is passed over.
    fn blob(
        &mut self,
        blob: &Blob,
        contents: &Contents,
        data: &mut dyn Read,
    ) -> Result<(), Self::Error>;
}

/// Goes once through a tar stream: keeps the documents, hands on the blobs. Returns the stream, which
/// may have bytes after the archive's end.
pub fn scan<R: Input, T: Receiver>(input: R, receiver: &mut T) -> Result<(Contents, R), T::Error> {
    let mut contents = Contents::default();
    let mut members = Members::new(input);
    while let Some(member) = members.next()? {
        if path::is_litter(&member.name) {
            continue;
        }
        match member.kind {
            Kind::Other => continue,
            Kind::Sparse => {
                contents.keep(member.name, Item::Sparse)?;
                continue;
            }
            Kind::Link(target) => {
                contents.keep(member.name, Item::Link(target))?;
                continue;
            }
            Kind::File => {}
        }
        let mut head = [0; HEAD];
        let wanted = usize::try_from(member.size).map_or(HEAD, |size| size.min(HEAD));
        let read = members::fill(&mut members, &mut head[..wanted]);
        read.map_err(|error| members.broken(error))?;
        let head = &head[..wanted];
        if member.size <= DOCUMENT_LIMIT && (is_json(head) || head.is_empty()) {
            let mut bytes = head.to_vec();
            let read = members.read_to_end(&mut bytes);
            read.map_err(|error| members.broken(error))?;
            contents.keep_document(member.name, bytes)?;
            continue;
        }
        let Some(nature) = nature(&member.name, head) else {
            continue;
        };
        let blob = Blob {
            name: member.name.clone(),
            size: member.size,
            offset: member.offset,
            nature,
        };
        let mut data = head.chain(&mut members);
        receiver.blob(&blob, &contents, &mut data)?;
        contents.keep(member.name, Item::Content(Content::Blob(blob)))?;
    }
    contents.ended = members.ended();
    Ok((contents, members.into_inner()))
}

/// Whether a text begins as a JSON object or array does.
fn is_json(head: &[u8]) -> bool {
    let first = text(head).iter().find(|byte| !byte.is_ascii_whitespace());
    matches!(first, Some(b'{' | b'['))
}

/// What a member is by its first bytes; `None` for one that no image can mean.
fn nature(name: &str, head: &[u8]) -> Option<Nature> {
    match Encoding::sniff(head) {
        Encoding::Plain => {}
        encoding => return Some(Nature::Compressed(encoding)),
    }
    // Two blocks of zeros are an archive of nothing.
    let is_tar = members::is_header(head) || (head.len() == HEAD && head.iter().all(|b| *b == 0));
    if is_tar {
        Some(Nature::Tar)
    } else {
        name.starts_with("blobs/").then_some(Nature::Opaque)
    }
}
