//! The contents of an archive: small documents in full, blobs by name and position.
//!
//! The content of a member decides, not its name: JSON that describes an image is kept as a
//! document, a tar header or a compressed stream is a layer, other members in `blobs/` are blobs of
//! artifacts, and the rest is ignored. Invariants: memory for documents and members is bounded;
//! links resolve to members, through a bounded number of links.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::sync::Arc;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::documents::blob_path;
use super::members::{self, Input, Kind, Members};
use super::path::{self, PathError};
use super::signs::Signs;
use super::sparse::{SparseMap, SparseReader};
use super::{Encoding, Error};
use crate::hash::Hasher;
use crate::oci::{Algorithm, Digest};

/// The largest document, in bytes.
const DOCUMENT_LIMIT: u64 = 8 * 1024 * 1024;
/// A larger document in `blobs/` is kept only if it describes an image.
const PAYLOAD_LIMIT: usize = 64 * 1024;
/// Total bytes of all documents.
const DOCUMENTS_LIMIT: usize = 24 * 1024 * 1024;
/// Maximum number of members. One takes about 80 bytes.
const MEMBERS_LIMIT: usize = 500_000;
/// Total bytes of all link targets.
const LINKS_LIMIT: usize = 8 * 1024 * 1024;
/// Maximum length of a chain of links.
const LINK_DEPTH: usize = 16;
/// Bytes of a member that are read to classify it.
pub(super) const HEAD: usize = 512;
/// Maximum depth of directories for documents of an image; deeper ones are kept only while there is
/// space.
const DEPTH: usize = 2;

/// The byte order mark that some editors write before UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The format of a blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlobFormat {
    /// A tar file.
    Tar,
    /// A compressed stream, probably of a tar file.
    Compressed(Encoding),
    /// Anything else.
    Opaque,
}

/// A member that is too large to keep in memory, or not a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    /// The plain name of the member.
    pub name: String,
    /// Its position and format.
    pub place: Place,
}

/// The position and format of a blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Bytes.
    pub size: u64,
    /// Offset in the tar stream.
    pub offset: u64,
    /// The format.
    pub format: BlobFormat,
    /// For a sparse file, which bytes are stored.
    pub holes: Option<Arc<SparseMap>>,
}

/// The target of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A document in full.
    Document(Arc<[u8]>),
    /// A blob.
    Blob(Blob),
}

enum Item {
    Document(Arc<[u8]>),
    Blob(Box<Place>),
    Link(Box<str>),
    LinkOutside(PathError),
}

/// A name, shortened to half of its SHA-256 to save memory.
type Key = [u8; 16];

/// The known contents of an archive.
#[derive(Default)]
pub struct Contents {
    items: BTreeMap<Key, Item>,
    documents: usize,
    links: usize,
    signs: Signs,
    ended: bool,
}

fn key(name: &str) -> Key {
    let digest = Hasher::digest(Algorithm::Sha256, name.as_bytes());
    let mut key = Key::default();
    key.copy_from_slice(&digest.as_bytes()[..size_of::<Key>()]);
    key
}

impl Contents {
    /// The target of a name, following links, with the name of the target.
    pub fn find(&self, name: &str) -> Option<(String, Content)> {
        let mut name = path::member(name).ok()?;
        for _ in 0..LINK_DEPTH {
            let content = match self.items.get(&key(&name))? {
                Item::Document(bytes) => Content::Document(Arc::clone(bytes)),
                Item::Blob(place) => Content::Blob(Blob {
                    name: name.clone(),
                    place: (**place).clone(),
                }),
                Item::Link(target) => {
                    name = target.to_string();
                    continue;
                }
                Item::LinkOutside(_) => return None,
            };
            return Some((name, content));
        }
        None
    }

    /// A document.
    pub fn document(&self, name: &str) -> Result<Option<Arc<[u8]>>, Error> {
        match self.find(name) {
            None => Ok(None),
            Some((_, Content::Document(bytes))) => Ok(Some(bytes)),
            Some((_, Content::Blob(blob))) => Err(Error::Document {
                name: name.to_owned(),
                reason: if blob.place.size > DOCUMENT_LIMIT {
                    "it is larger than 8 MiB".into()
                } else {
                    "it is not JSON".into()
                },
            }),
        }
    }

    /// The content with this digest in an OCI layout, by name. The digest is not verified yet.
    pub fn by_digest(&self, digest: &Digest) -> Option<(String, Content)> {
        self.find(&blob_path(digest))
    }

    /// A note for an error about a missing member: its name is a link out of the archive, or the
    /// archive has no end.
    pub(super) fn note(&self, name: &str) -> String {
        let item = path::member(name).ok();
        let item = item.and_then(|name| self.items.get(&key(&name)));
        match item {
            Some(Item::LinkOutside(why)) => {
                format!(" (it has a member {name:?} {})", why.of_link())
            }
            _ => super::end_note(self).to_owned(),
        }
    }

    /// Signs that it is another kind of archive.
    pub(super) fn signs(&self) -> &Signs {
        &self.signs
    }

    /// Whether the archive has an end. If not, members may be missing.
    pub fn ended(&self) -> bool {
        self.ended
    }

    fn keep(&mut self, name: &str, item: Item) -> Result<(), Error> {
        if let Item::Link(target) = &item {
            self.links += target.len();
        }
        if self.items.len() >= MEMBERS_LIMIT || self.links > LINKS_LIMIT {
            return Err(self.signs.error().unwrap_or(Error::TooMuch {
                what: "very many members",
                limit: format!("{MEMBERS_LIMIT}, or 8 MiB of links"),
            }));
        }
        // As with unpacking, the last member of a name wins.
        if let Some(Item::Document(old)) = self.items.insert(key(name), item) {
            self.documents -= old.len();
        }
        Ok(())
    }

    fn keep_document(&mut self, name: &str, bytes: Vec<u8>) -> Result<(), Error> {
        if self.documents + bytes.len() > DOCUMENTS_LIMIT {
            if name.split('/').count() > DEPTH && !name.starts_with("blobs/") {
                return Ok(());
            }
            return Err(Error::TooMuch {
                what: "very many JSON documents",
                limit: "24 MiB".into(),
            });
        }
        self.documents += bytes.len();
        self.keep(name, Item::Document(bytes.into()))
    }
}

/// The digest in the name of a member of `blobs/`.
pub fn named_digest(name: &str) -> Option<Digest> {
    let (algorithm, hex) = name.strip_prefix("blobs/")?.split_once('/')?;
    let algorithm: Algorithm = algorithm.parse().ok()?;
    Digest::from_hex(algorithm, hex).ok()
}

/// A JSON text without a byte order mark.
pub(super) fn text(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes)
}

/// Receives the blobs of an archive as they are read.
pub trait Receiver {
    /// The errors of the receiver, which include those of the archive.
    type Error: From<Error>;

    /// A blob; `contents` is everything seen before it. `data` are all its bytes; unread bytes are
    /// skipped.
    fn blob(
        &mut self,
        blob: &Blob,
        contents: &Contents,
        data: &mut (dyn Read + Send),
    ) -> Result<(), Self::Error>;
}

/// Reads a tar stream once: keeps the documents, passes on the blobs. Returns the stream, which may
/// have bytes after the end of the archive.
pub fn scan<R: Input, T: Receiver>(input: R, receiver: &mut T) -> Result<(Contents, R), T::Error> {
    let mut contents = Contents::default();
    let mut members = Members::new(input);
    while let Some(member) = members.next()? {
        if path::is_macos_metadata(&member.name) {
            continue;
        }
        let name = member.name.as_str();
        contents.signs.name(name);
        let holes = match member.kind {
            Kind::Other => continue,
            Kind::Link(target) => {
                contents.keep(name, Item::Link(target.into()))?;
                continue;
            }
            Kind::LinkOutside(why) => {
                contents.keep(name, Item::LinkOutside(why))?;
                continue;
            }
            Kind::Sparse(map) => Some(Arc::new(map)),
            Kind::File => None,
        };
        let size = holes.as_ref().map_or(member.size, |map| map.size);
        let mut data: Box<dyn Read + Send> = match &holes {
            Some(map) => Box::new(SparseReader::new(&mut members, Arc::clone(map))),
            None => Box::new(&mut members),
        };
        let mut head = [0; HEAD];
        let wanted = usize::try_from(size).map_or(HEAD, |size| size.min(HEAD));
        let broken = |error| Error::reading(&member.name, error);
        members::fill(&mut data, &mut head[..wanted]).map_err(broken)?;
        let head = &head[..wanted];
        contents.signs.head(name, head);
        let mut place = Place {
            size,
            offset: member.offset,
            format: BlobFormat::Opaque,
            holes,
        };
        let blob = |place: &Place| Blob {
            name: name.to_owned(),
            place: place.clone(),
        };
        if size <= DOCUMENT_LIMIT && (is_json(head) || head.is_empty()) {
            let mut bytes = head.to_vec();
            data.read_to_end(&mut bytes).map_err(broken)?;
            drop(data);
            let is_payload = name.starts_with("blobs/") && bytes.len() > PAYLOAD_LIMIT;
            if is_payload && !describes_an_image(&bytes) {
                receiver.blob(&blob(&place), &contents, &mut Cursor::new(bytes))?;
                contents.keep(name, Item::Blob(Box::new(place)))?;
            } else {
                contents.keep_document(name, bytes)?;
            }
            continue;
        }
        let Some(format) = format(name, head) else {
            continue;
        };
        place.format = format;
        receiver.blob(&blob(&place), &contents, &mut head.chain(data))?;
        contents.keep(name, Item::Blob(Box::new(place)))?;
    }
    contents.ended = members.ended();
    Ok((contents, members.into_inner()))
}

/// Whether a JSON text is a manifest, an index or a configuration, by their fields. SBOMs and
/// attestations have none of these, and may be large.
fn describes_an_image(bytes: &[u8]) -> bool {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Fields {
        manifests: Option<IgnoredAny>,
        layers: Option<IgnoredAny>,
        fs_layers: Option<IgnoredAny>,
        rootfs: Option<IgnoredAny>,
    }
    let fields: Option<Fields> = serde_json::from_slice(text(bytes)).ok();
    fields.is_some_and(|fields| {
        let Fields {
            manifests,
            layers,
            fs_layers,
            rootfs,
        } = fields;
        [manifests, layers, fs_layers, rootfs]
            .iter()
            .any(Option::is_some)
    })
}

/// Whether a text begins like a JSON object or array.
fn is_json(head: &[u8]) -> bool {
    let first = text(head).iter().find(|byte| !byte.is_ascii_whitespace());
    matches!(first, Some(b'{' | b'['))
}

/// Whether a file that begins with these bytes can be a layer: a tar file, or compressed.
pub(super) fn is_layer(head: &[u8]) -> bool {
    matches!(
        format("", head),
        Some(BlobFormat::Tar | BlobFormat::Compressed(_))
    )
}

/// Classifies a member by its first bytes; `None` if no image can refer to it.
fn format(name: &str, head: &[u8]) -> Option<BlobFormat> {
    match Encoding::sniff(head) {
        Encoding::Plain => {}
        encoding => return Some(BlobFormat::Compressed(encoding)),
    }
    // Two blocks of zeros are an empty archive.
    let is_tar = members::is_header(head) || (head.len() == HEAD && head.iter().all(|b| *b == 0));
    if is_tar {
        return Some(BlobFormat::Tar);
    }
    // Remembered, so that "too large" is not reported as "missing".
    let may_be_needed = name.starts_with("blobs/") || (is_json(head) && !name.contains('/'));
    may_be_needed.then_some(BlobFormat::Opaque)
}
