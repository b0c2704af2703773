//! The interface through which the pages read: the registry of this server, or a client of another
//! one.
//!
//! Data that a source does not have is `None`, and the pages leave it out.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;

use crate::auth::Secret;
use crate::clock::Millis;
use crate::oci::{Descriptor, Digest, MediaType, Reference, Repository, Tag, Visibility};

/// Why a page can't be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It does not exist, or the caller may not see it.
    NotFound,
    /// The address supports other methods; the text lists them.
    Method(&'static str),
    /// The request changes something, but was not sent from these pages.
    Foreign,
    /// The caller may see it, but may not change it.
    Forbidden,
    /// The source failed; the reason is in the log.
    Failed,
    /// The other registry, whose content the pages show, failed; the text is its error, or the
    /// network's.
    Upstream(String),
    /// The other registry refuses to show this to the caller, with its error: it requires a
    /// sign-in, or another one.
    Denied(String),
}

impl Fault {
    /// Logs why a page can't be shown.
    pub(super) fn failed(error: &dyn std::fmt::Display) -> Self {
        tracing::error!(%error, "a page can't be shown");
        Self::Failed
    }
}

/// The order of a list of repositories.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RepositorySort {
    /// The last pushed first.
    Pushed,
    /// By name.
    Name,
    /// The most pulled first.
    Pulls,
    /// The largest first.
    Size,
    /// The one with the most stars first.
    Stars,
}

/// The order of a list of tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TagSort {
    /// The last set first.
    Pushed,
    /// By version, highest first.
    Version,
    /// By name.
    Name,
    /// The largest first.
    Size,
    /// The last pulled first.
    Pulled,
}

/// Selects repositories.
#[derive(Debug, Clone)]
pub struct RepositoryQuery {
    /// A part of the name; empty for all.
    pub term: String,
    /// Only repositories below this namespace.
    pub namespace: Option<Repository>,
    /// The order.
    pub sort: RepositorySort,
    /// Rows before the first.
    pub skip: usize,
    /// Rows.
    pub limit: usize,
}

/// Selects tags.
#[derive(Debug, Clone)]
pub struct TagQuery {
    /// A part of the name, a pattern with `*` and `?`, or a range of versions; empty for all.
    pub filter: String,
    /// The order.
    pub sort: TagSort,
    /// Rows before the first.
    pub skip: usize,
    /// Rows.
    pub limit: usize,
}

/// A part of a list.
#[derive(Debug, Clone)]
pub struct Listing<T> {
    /// Its rows.
    pub rows: Vec<T>,
    /// Number of matches, and whether it is exact.
    pub total: (u64, bool),
}

/// A repository in a list.
#[derive(Debug, Clone)]
pub struct RepositoryItem {
    /// Its name.
    pub name: Repository,
    /// Whether everybody may pull from it.
    pub public: Option<bool>,
    /// How many tags it has.
    pub tags: Option<u64>,
    /// The tag that was set last.
    pub newest: Option<Tag>,
    /// When something was last pushed to it.
    pub pushed_at: Option<Millis>,
    /// How often its manifests were pulled.
    pub pulls: Option<u64>,
    /// Bytes of its content.
    pub size: Option<u64>,
    /// How many accounts have starred it.
    pub stars: Option<u64>,
    /// The first line of its description; empty without one.
    pub summary: String,
}

/// The data of the page of a repository.
#[derive(Debug, Clone)]
pub struct RepositoryDetails {
    /// As in a list.
    pub item: RepositoryItem,
    /// Bytes that no other repository has.
    pub unique: Option<u64>,
    /// Pulls of the last days, today last; empty if they are not counted.
    pub daily_pulls: Vec<u64>,
}

/// A tag in a list.
#[derive(Debug, Clone)]
pub struct TagItem {
    /// Its name.
    pub name: Tag,
    /// The manifest that it points at.
    pub digest: Option<Digest>,
    /// The media type of that.
    pub media_type: Option<MediaType>,
    /// The artifact type of that.
    pub artifact_type: Option<String>,
    /// Bytes of the manifest and its content.
    pub size: Option<u64>,
    /// The platforms.
    pub platforms: Vec<String>,
    /// When the image was made, RFC 3339.
    pub created: Option<String>,
    /// When the tag was set.
    pub updated_at: Option<Millis>,
    /// When the manifest was last pulled; `Some(None)` means never.
    pub pulled_at: Option<Option<Millis>>,
}

/// A manifest with its bytes.
#[derive(Debug, Clone)]
pub struct Document {
    /// Its digest.
    pub digest: Digest,
    /// Its media type.
    pub media_type: MediaType,
    /// Its bytes.
    pub bytes: Bytes,
}

/// The future of a source's answer.
pub type Answering<'a, T> = BoxFuture<'a, Result<T, Fault>>;

/// Signs people in to another registry.
pub trait Authenticator: Send + Sync + 'static {
    /// Whether that registry requires a sign-in; `None` if it does not answer.
    fn asks(&self) -> BoxFuture<'_, Option<bool>>;

    /// The registry as a user sees it; `None` if the name or the password is wrong.
    fn sign_in<'a>(
        &'a self,
        user: &'a str,
        password: &'a Secret,
    ) -> Answering<'a, Option<Arc<dyn Source>>>;
}

/// The data of the pages. Every call names what the caller may see: anything else is
/// [`Fault::NotFound`] and in no list.
pub trait Source: Send + Sync + 'static {
    /// The supported orders of repositories, the default first.
    fn repository_sorts(&self) -> &'static [RepositorySort] {
        &[
            RepositorySort::Pushed,
            RepositorySort::Name,
            RepositorySort::Pulls,
            RepositorySort::Size,
            RepositorySort::Stars,
        ]
    }

    /// The supported orders of tags, the default first.
    fn tag_sorts(&self) -> &'static [TagSort] {
        &[
            TagSort::Pushed,
            TagSort::Version,
            TagSort::Name,
            TagSort::Size,
            TagSort::Pulled,
        ]
    }

    /// A page of repositories.
    fn repositories<'a>(
        &'a self,
        visibility: &'a Visibility,
        query: &'a RepositoryQuery,
    ) -> Answering<'a, Listing<RepositoryItem>>;

    /// The components below a namespace (or the first components of all names) with repositories
    /// below them, at most `limit`.
    fn namespaces<'a>(
        &'a self,
        visibility: &'a Visibility,
        below: Option<&'a Repository>,
        limit: usize,
    ) -> Answering<'a, Vec<String>>;

    /// A repository.
    fn repository<'a>(
        &'a self,
        visibility: &'a Visibility,
        name: &'a Repository,
    ) -> Answering<'a, RepositoryDetails>;

    /// The description of a repository, Markdown.
    fn readme<'a>(
        &'a self,
        _visibility: &'a Visibility,
        _name: &'a Repository,
    ) -> Answering<'a, Option<String>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    /// A page of tags.
    fn tags<'a>(
        &'a self,
        visibility: &'a Visibility,
        name: &'a Repository,
        query: &'a TagQuery,
    ) -> Answering<'a, Listing<TagItem>>;

    /// A manifest.
    fn manifest<'a>(
        &'a self,
        visibility: &'a Visibility,
        name: &'a Repository,
        reference: &'a Reference,
    ) -> Answering<'a, Document>;

    /// A blob of at most `limit` bytes; `None` if it is larger or does not exist.
    fn blob<'a>(
        &'a self,
        visibility: &'a Visibility,
        name: &'a Repository,
        digest: &'a Digest,
        limit: u64,
    ) -> Answering<'a, Option<Bytes>>;

    /// The referrers of a manifest.
    fn referrers<'a>(
        &'a self,
        visibility: &'a Visibility,
        name: &'a Repository,
        digest: &'a Digest,
    ) -> Answering<'a, Vec<Descriptor>>;

    /// The tags that point at a manifest.
    fn tags_of<'a>(
        &'a self,
        visibility: &'a Visibility,
        name: &'a Repository,
        digest: &'a Digest,
    ) -> Answering<'a, Vec<Tag>>;

    /// Other repositories with each of some blobs, at most three for each.
    fn users_of<'a>(
        &'a self,
        visibility: &'a Visibility,
        name: &'a Repository,
        digests: &'a [Digest],
    ) -> Answering<'a, Vec<Vec<Repository>>>;
}
