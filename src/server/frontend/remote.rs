//! Reads another registry for the pages, over `/v2`.
//!
//! The number of concurrent requests is limited, and each page waits for a limited time. Answers
//! are cached for a time, content by digest for longer. Data that `/v2` does not have is left out.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::{Mutex, Semaphore};

use super::aged::Aged;
use crate::client::{Class, Client, Error};
use crate::oci::{
    Descriptor, Digest, ImageConfig, ManifestKind, ManifestView, MediaType, Reference, Repository,
    Tag,
};
use crate::web::{Document, Fault, TagItem};

/// Maximum number of concurrent requests to the registry.
pub(super) const REQUESTS: usize = 8;
/// Timeout of a page for an answer of the registry.
pub(super) const PATIENCE: Duration = Duration::from_secs(15);
/// Timeout for reading the list of repositories.
const CATALOG_LIMIT: Duration = Duration::from_mins(10);
/// How long a failure to read the list of repositories is cached.
const FAILURE_AGE: Duration = Duration::from_secs(3);
/// How long content by digest is cached.
const CONTENT_AGE: Duration = Duration::from_hours(1);
/// Maximum number of cached lists of tags.
const LISTS: usize = 64;
/// Maximum number of cached counts and facts, each.
const ENTRIES: usize = 10_000;
/// Maximum number of cached manifests, and of bytes of one of them.
const DOCUMENTS: usize = 256;
const DOCUMENT_LIMIT: usize = 64 * 1024;

/// The size of a cache.
#[derive(Debug, Clone, Copy)]
pub(super) enum Size {
    /// For everybody.
    Shared,
    /// For one user of many.
    OfUser,
}

impl Size {
    fn of(self, entries: usize) -> usize {
        match self {
            Self::Shared => entries,
            Self::OfUser => entries / 8,
        }
    }
}

/// Another registry. Cheap to clone.
#[derive(Clone)]
pub(super) struct Remote(pub(super) Arc<Inner>);

/// The client and the caches.
pub(super) struct Inner {
    pub(super) client: Arc<Client>,
    slots: Arc<Semaphore>,
    /// How long lists and the digests of tags are cached.
    age: Duration,
    catalog: Mutex<Option<(Instant, Result<Arc<Vec<Repository>>, Unread>)>>,
    tags: Aged<Repository, Arc<Vec<Tag>>>,
    counts: Aged<Repository, u64>,
    digests: Aged<(Repository, Tag), Digest>,
    documents: Aged<(Repository, Digest), Document>,
    facts: Aged<Digest, Facts>,
}

/// The fields of a manifest in a list of tags.
#[derive(Clone)]
struct Facts {
    digest: Digest,
    media_type: MediaType,
    artifact_type: Option<String>,
    size: Option<u64>,
    platforms: Vec<String>,
    created: Option<String>,
}

/// Why something could not be read from the registry.
#[derive(Debug, Clone)]
pub(super) enum Unread {
    /// It does not exist.
    Absent,
    /// The answer is invalid; another one may be valid.
    Odd(String),
    /// The registry does not answer.
    Down(String),
    /// The registry does not allow this user to read it.
    Denied(String),
}

impl From<Error> for Unread {
    fn from(error: Error) -> Self {
        match error.class() {
            Class::NotFound => Self::Absent,
            Class::Unavailable => Self::Down(error.to_string()),
            Class::Denied => Self::Denied(error.to_string()),
            Class::Mismatch | Class::Usage | Class::Other => Self::Odd(error.to_string()),
        }
    }
}

impl From<Unread> for Fault {
    fn from(unread: Unread) -> Self {
        match unread {
            Unread::Absent => Self::NotFound,
            Unread::Odd(words) | Unread::Down(words) => {
                tracing::warn!("{words}");
                Self::Upstream(words)
            }
            Unread::Denied(words) => Self::Denied(words),
        }
    }
}

impl Remote {
    /// The registry as `client` sees it. Lists are cached for `age`.
    pub(super) fn new(
        client: Arc<Client>,
        slots: Arc<Semaphore>,
        age: Duration,
        size: Size,
    ) -> Self {
        Self(Arc::new(Inner {
            client,
            slots,
            age,
            catalog: Mutex::default(),
            tags: Aged::new(size.of(LISTS), age),
            counts: Aged::new(size.of(ENTRIES), age),
            digests: Aged::new(size.of(ENTRIES), age),
            documents: Aged::new(size.of(DOCUMENTS), CONTENT_AGE),
            facts: Aged::new(size.of(ENTRIES), CONTENT_AGE),
        }))
    }

    /// All repositories, by name. Reading a long list continues after a page has stopped waiting.
    pub(super) async fn catalog(&self) -> Result<Arc<Vec<Repository>>, Unread> {
        let inner = Arc::clone(&self.0);
        let reading = tokio::spawn(async move { inner.read_catalog().await });
        match tokio::time::timeout(PATIENCE, reading).await {
            Ok(Ok(read)) => read,
            Ok(Err(error)) => Err(Unread::Odd(error.to_string())),
            Err(_) => Err(Unread::Down(format!(
                "{} is still listing its repositories after {} s",
                self.0.client.registry(),
                PATIENCE.as_secs()
            ))),
        }
    }
}

impl Inner {
    /// Waits for an answer, with a timeout.
    pub(super) async fn ask<T>(
        &self,
        answer: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Unread> {
        let asked = async {
            // The semaphore is never closed.
            let _slot = self.slots.acquire().await;
            answer.await.map_err(Unread::from)
        };
        match tokio::time::timeout(PATIENCE, asked).await {
            Ok(answered) => answered,
            Err(_) => Err(Unread::Down(format!(
                "{} has not answered for {} s",
                self.client.registry(),
                PATIENCE.as_secs()
            ))),
        }
    }

    async fn read_catalog(&self) -> Result<Arc<Vec<Repository>>, Unread> {
        let mut kept = self.catalog.lock().await;
        if let Some((since, read)) = &*kept {
            let age = if read.is_ok() { self.age } else { FAILURE_AGE };
            if since.elapsed() < age {
                return read.clone();
            }
        }
        let listing = self.client.catalog().all();
        let read = match tokio::time::timeout(CATALOG_LIMIT, listing).await {
            Ok(Ok(mut names)) => {
                names.sort();
                names.dedup();
                Ok(Arc::new(names))
            }
            Ok(Err(error)) => Err(error.into()),
            Err(_) => Err(Unread::Down(format!(
                "{} does not finish its list of repositories",
                self.client.registry()
            ))),
        };
        *kept = Some((Instant::now(), read.clone()));
        read
    }

    pub(super) async fn tag_list(&self, name: &Repository) -> Result<Arc<Vec<Tag>>, Unread> {
        if let Some(tags) = self.tags.get(name) {
            return Ok(tags);
        }
        let listed = Box::pin(self.client.tags(name).all());
        let tags = Arc::new(self.ask(listed).await?);
        self.counts.put(name.clone(), tags.len() as u64);
        self.tags.put(name.clone(), Arc::clone(&tags));
        Ok(tags)
    }

    /// How many tags a repository has; `None` if the registry does not report it.
    pub(super) async fn count(&self, name: &Repository) -> Result<Option<u64>, Unread> {
        if let Some(count) = self.counts.get(name) {
            return Ok(Some(count));
        }
        match self.tag_list(name).await {
            Ok(tags) => Ok(Some(tags.len() as u64)),
            // registry:2 still lists repositories that were emptied.
            Err(Unread::Absent) => Ok(Some(0)),
            Err(Unread::Odd(_) | Unread::Denied(_)) => Ok(None),
            Err(down) => Err(down),
        }
    }

    pub(super) async fn document(
        &self,
        name: &Repository,
        reference: &Reference,
    ) -> Result<Document, Unread> {
        let known = match reference {
            Reference::Digest(digest) => Some(*digest),
            Reference::Tag(tag) => self.digests.get(&(name.clone(), tag.clone())),
        };
        if let Some(digest) = known
            && let Some(document) = self.documents.get(&(name.clone(), digest))
        {
            return Ok(document);
        }
        let manifest = self.ask(self.client.manifest(name, reference)).await?;
        let media_type = match manifest.view() {
            Ok(view) => view.media_type,
            Err(_) => manifest.media_type.unwrap_or(MediaType::OCI_MANIFEST),
        };
        let document = Document {
            digest: manifest.digest,
            media_type,
            bytes: Bytes::from(manifest.bytes),
        };
        if let Reference::Tag(tag) = reference {
            self.digests
                .put((name.clone(), tag.clone()), document.digest);
        }
        if document.bytes.len() <= DOCUMENT_LIMIT {
            let key = (name.clone(), document.digest);
            self.documents.put(key, document.clone());
        }
        Ok(document)
    }

    pub(super) async fn small_blob(
        &self,
        name: &Repository,
        digest: &Digest,
    ) -> Result<Option<Bytes>, Unread> {
        let descriptor = Descriptor {
            media_type: MediaType::new(""),
            digest: *digest,
            size: 0,
            urls: Vec::new(),
            platform: None,
            artifact_type: None,
            annotations: None,
        };
        match self.ask(self.client.small_blob(name, &descriptor)).await {
            Ok(bytes) => Ok(Some(Bytes::from(bytes))),
            Err(Unread::Absent | Unread::Odd(_)) => Ok(None),
            Err(down) => Err(down),
        }
    }

    /// The fields of a tag's manifest for a list.
    async fn facts(&self, name: &Repository, tag: &Tag) -> Result<Facts, Unread> {
        let key = (name.clone(), tag.clone());
        if let Some(digest) = self.digests.get(&key)
            && let Some(facts) = self.facts.get(&digest)
        {
            return Ok(facts);
        }
        let document = self.document(name, &Reference::Tag(tag.clone())).await?;
        if let Some(facts) = self.facts.get(&document.digest) {
            return Ok(facts);
        }
        let view = ManifestView::parse(&document.bytes, Some(&document.media_type)).ok();
        let config = match view.as_ref().and_then(|view| view.config.as_ref()) {
            Some(config) if config.media_type.is_image_config() => {
                self.small_blob(name, &config.digest).await?
            }
            _ => None,
        };
        let config: Option<ImageConfig> =
            config.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let facts = describe(&document, view, config.as_ref());
        self.facts.put(document.digest, facts.clone());
        Ok(facts)
    }

    pub(super) async fn tag_item(&self, name: &Repository, tag: Tag) -> Result<TagItem, Unread> {
        let facts = match Box::pin(self.facts(name, &tag)).await {
            Ok(facts) => Some(facts),
            Err(Unread::Absent | Unread::Odd(_)) => None,
            Err(down) => return Err(down),
        };
        Ok(TagItem {
            name: tag,
            digest: facts.as_ref().map(|facts| facts.digest),
            media_type: facts.as_ref().map(|facts| facts.media_type.clone()),
            artifact_type: facts.as_ref().and_then(|facts| facts.artifact_type.clone()),
            size: facts.as_ref().and_then(|facts| facts.size),
            created: facts.as_ref().and_then(|facts| facts.created.clone()),
            platforms: facts.map_or_else(Vec::new, |facts| facts.platforms),
            updated_at: None,
            pulled_at: None,
        })
    }
}

fn describe(
    document: &Document,
    view: Option<ManifestView>,
    config: Option<&ImageConfig>,
) -> Facts {
    let mut platforms = Vec::new();
    let mut size = None;
    let mut artifact_type = None;
    if let Some(view) = view {
        if view.kind == ManifestKind::Index {
            let known = view.manifests.iter().filter_map(|child| {
                let platform = child.platform.as_ref()?;
                platform.is_known().then(|| platform.to_string())
            });
            platforms.extend(known);
            platforms.dedup();
        } else {
            size = Some(document.bytes.len() as u64 + view.content_size());
        }
        artifact_type = view.artifact_type;
    }
    if let Some(platform) = config.and_then(ImageConfig::platform) {
        platforms.push(platform.to_string());
    }
    Facts {
        digest: document.digest,
        media_type: document.media_type.clone(),
        artifact_type,
        size,
        platforms,
        created: config
            .and_then(|config| config.created)
            .map(|created| created.to_string()),
    }
}
