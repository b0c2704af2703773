//! The end of an import: blobs into the repositories of their images, then manifests, and tags
//! last.
//!
//! Invariant: no tag is set before every digest of its image was checked.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use parking_lot::Mutex;

use super::naming::Goal;
use super::session::Session;
use super::streaming::Outcomes;
use super::{Error, ImageReport};
use crate::archive::{
    self, Assembled, BlobInfo, Content, Contents, Encoding, Image, ManifestPlan, Origin, Piece,
    Stored, Tree,
};
use crate::hash::Hasher;
use crate::oci::{Algorithm, Descriptor, Digest, Reference, Repository};

/// Number of blobs of an image that are checked at once.
const AT_ONCE: usize = 4;

/// The data for assembling images, and what was done for them.
pub(super) struct Finish<'a> {
    pub(super) session: &'a Session,
    pub(super) contents: &'a Contents,
    pub(super) outcomes: &'a Outcomes,
    /// Images whose layers the archive leaves out.
    pub(super) bases: &'a [String],
    pub(super) begun: Instant,
    /// Members that were counted, and blobs that are in place.
    counted: Mutex<HashSet<String>>,
    placed: Mutex<HashSet<(Repository, Digest)>>,
}

/// Bytes of one image.
#[derive(Default)]
struct Tally {
    read: u64,
    sent: u64,
    skipped: u64,
}

impl<'a> Finish<'a> {
    pub(super) fn new(
        session: &'a Session,
        contents: &'a Contents,
        outcomes: &'a Outcomes,
        bases: &'a [String],
        begun: Instant,
    ) -> Self {
        Self {
            session,
            contents,
            outcomes,
            bases,
            begun,
            counted: Mutex::default(),
            placed: Mutex::default(),
        }
    }

    /// Assembles an image and pushes it under its names.
    pub(super) async fn image(&self, image: Image, goals: Result<Vec<Goal>, Error>) -> ImageReport {
        let tally = Mutex::new(Tally::default());
        let mut report = ImageReport {
            label: image.label,
            goals: goals.clone().unwrap_or_default(),
            ..ImageReport::default()
        };
        let outcome = match (image.tree, goals) {
            (Ok(tree), Ok(goals)) => {
                report.previous = tree.digest();
                let platforms = tree.manifests().into_iter();
                let platforms = platforms.filter_map(|plan| plan.platform.clone());
                report.platforms = platforms.filter(crate::oci::Platform::is_known).collect();
                self.put(&tree, &goals, &tally).await
            }
            (Err(error), _) => Err(error.into()),
            (_, Err(error)) => Err(error),
        };
        match outcome {
            Ok(digest) => report.digest = Some(digest),
            Err(error) => report.error = Some(error),
        }
        let tally = tally.into_inner();
        report.read = tally.read;
        report.sent = tally.sent;
        report.skipped = tally.skipped;
        report.time = self.begun.elapsed();
        report
    }

    async fn put(
        &self,
        tree: &Tree,
        goals: &[Goal],
        tally: &Mutex<Tally>,
    ) -> Result<Digest, Error> {
        let mut digest = None;
        let mut places: HashMap<&Repository, usize> = HashMap::new();
        let mut repositories: Vec<(&Repository, Vec<&Goal>)> = Vec::new();
        for goal in goals {
            let place = *places.entry(&goal.repository).or_insert_with(|| {
                repositories.push((&goal.repository, Vec::new()));
                repositories.len() - 1
            });
            repositories[place].1.push(goal);
        }
        for (repository, goals) in repositories {
            let root = self.tree(tree, repository, tally).await?;
            let references = goals.into_iter().map(|goal| match &goal.tag {
                Some(tag) => Reference::Tag(tag.clone()),
                None => Reference::Digest(root.digest),
            });
            let root = &root;
            let mut put = stream::iter(references)
                .map(|reference| async move { self.manifest(repository, &reference, root).await })
                .buffered(AT_ONCE);
            while put.try_next().await?.is_some() {}
            digest = Some(root.digest);
        }
        digest.ok_or_else(|| Error::Broken("an image without a name".into()))
    }

    /// Everything that a manifest or index needs, in a repository; the manifest itself is not
    /// pushed yet.
    fn tree<'b>(
        &'b self,
        tree: &'b Tree,
        repository: &'b Repository,
        tally: &'b Mutex<Tally>,
    ) -> BoxFuture<'b, Result<Assembled, Error>> {
        Box::pin(async move {
            match tree {
                Tree::Manifest(plan) => self.blobs(plan, repository, tally).await,
                Tree::Index(plan) => {
                    let mut children = Vec::new();
                    for (position, child) in &plan.children {
                        let child = self.tree(child, repository, tally).await?;
                        let reference = Reference::Digest(child.digest);
                        self.manifest(repository, &reference, &child).await?;
                        children.push((*position, child));
                    }
                    Ok(archive::index(plan, &children)?)
                }
            }
        })
    }

    async fn manifest(
        &self,
        repository: &Repository,
        reference: &Reference,
        manifest: &Assembled,
    ) -> Result<(), Error> {
        let bytes = Bytes::copy_from_slice(&manifest.bytes);
        let client = &self.session.client;
        client
            .put_manifest(repository, reference, &manifest.media_type, bytes)
            .await?;
        Ok(())
    }

    async fn blobs(
        &self,
        plan: &ManifestPlan,
        repository: &Repository,
        tally: &Mutex<Tally>,
    ) -> Result<Assembled, Error> {
        // All blobs are checked before the first is placed.
        for piece in plan.config.iter().chain(&plan.layers) {
            if let Some(info) = self.info(piece)? {
                archive::verify(&plan.image, piece, &info)?;
            }
        }
        let config = match (&plan.config, &plan.origin) {
            (Some(config), _) => self.place(plan, config, repository, tally).await?,
            (None, Origin::V1(documents)) => {
                Some(self.v1_config(plan, documents, repository, tally).await?)
            }
            (None, _) => None,
        };
        let mut placing = Vec::new();
        for layer in &plan.layers {
            placing.push(self.place(plan, layer, repository, tally));
        }
        let layers: Vec<Option<Stored>> = stream::iter(placing)
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        Ok(archive::manifest(plan, config, &layers)?)
    }

    /// Creates and sends the configuration of an image without one.
    async fn v1_config(
        &self,
        plan: &ManifestPlan,
        documents: &[Arc<[u8]>],
        repository: &Repository,
        tally: &Mutex<Tally>,
    ) -> Result<Stored, Error> {
        let mut diff_ids = Vec::new();
        for layer in &plan.layers {
            let info = self.info(layer)?;
            let diff_id =
                info.map_or_else(|| Err("it does not exist".to_owned()), |info| info.diff_id);
            diff_ids.push(diff_id.map_err(|reason| archive::Error::Compression {
                image: plan.image.clone(),
                member: layer.name.clone(),
                reason,
            })?);
        }
        let bytes = archive::v1_config(&plan.image, documents, &diff_ids)?;
        let stored = Stored {
            digest: Hasher::digest(Algorithm::Sha256, &bytes),
            size: bytes.len() as u64,
            encoding: Encoding::Plain,
        };
        let sent = self.document(repository, &stored.digest, &bytes).await?;
        let mut tally = tally.lock();
        tally.sent += sent;
        if sent == 0 {
            tally.skipped += stored.size;
        }
        Ok(stored)
    }

    /// The properties of a blob; `None` if it is not in the archive.
    fn info(&self, piece: &Piece) -> Result<Option<BlobInfo>, Error> {
        let Some(member) = &piece.member else {
            return Ok(None);
        };
        if let Some((_, Content::Document(bytes))) = self.contents.find(member) {
            let said = piece
                .descriptor
                .as_ref()
                .map(|descriptor| descriptor.digest);
            let algorithm = said.map_or(Algorithm::Sha256, |digest| digest.algorithm());
            let digest = Hasher::digest(algorithm, &bytes);
            let size = bytes.len() as u64;
            return Ok(Some(BlobInfo {
                digest,
                size,
                diff_id: Ok(Hasher::digest(Algorithm::Sha256, &bytes)),
                stored: Stored {
                    digest,
                    size,
                    encoding: Encoding::Plain,
                },
            }));
        }
        match self.outcomes.get(member) {
            Some(Ok(delivered)) => Ok(Some(delivered.info.clone())),
            Some(Err(error)) => Err(error.clone()),
            None => Err(Error::Broken(format!("{member} was not read"))),
        }
    }

    /// Brings a blob into a repository.
    async fn place(
        &self,
        plan: &ManifestPlan,
        piece: &Piece,
        repository: &Repository,
        tally: &Mutex<Tally>,
    ) -> Result<Option<Stored>, Error> {
        let Some(member) = &piece.member else {
            self.left_out(plan, piece, repository).await?;
            return Ok(None);
        };
        let Some(BlobInfo {
            mut stored, size, ..
        }) = self.info(piece)?
        else {
            return Ok(None);
        };
        let first = self.counted.lock().insert(member.clone());
        let (read, mut sent) = match self.outcomes.get(member) {
            Some(Ok(delivered)) => (delivered.read, delivered.sent),
            _ => (size, 0),
        };
        let kept = kept_as_it_is(piece, &stored).map_or(stored.digest, |kept| kept.digest);
        let placed = (repository.clone(), kept);
        if !self.placed.lock().contains(&placed) {
            match self.contents.find(member) {
                Some((_, Content::Document(bytes))) => {
                    sent = self.document(repository, &stored.digest, &bytes).await?;
                }
                _ => match kept_as_it_is(piece, &stored) {
                    Some(descriptor) => {
                        sent += self
                            .plain_again(member, &stored, descriptor, repository)
                            .await?;
                    }
                    None => self.mount(member, &stored.digest, repository).await?,
                },
            }
            self.placed.lock().insert(placed);
        }
        if let Some(descriptor) = kept_as_it_is(piece, &stored) {
            stored = Stored {
                digest: descriptor.digest,
                size: descriptor.size,
                encoding: Encoding::Plain,
            };
        }
        if first {
            let mut tally = tally.lock();
            tally.read += read;
            tally.sent += sent;
            if sent == 0 {
                tally.skipped += stored.size;
            }
        }
        Ok(Some(stored))
    }
}

/// The descriptor of a blob that has to stay unchanged but was compressed in transit.
fn kept_as_it_is<'a>(piece: &'a Piece, stored: &Stored) -> Option<&'a Descriptor> {
    let descriptor = piece.descriptor.as_ref()?;
    (!piece.compressible && descriptor.digest != stored.digest).then_some(descriptor)
}
