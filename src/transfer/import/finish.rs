//! The end of an import: blobs into the repositories of their images, manifests, and last the tags.
//!
//! Invariant: nothing is tagged of which not every digest was checked.

use std::collections::HashSet;
use std::io::Cursor;
use std::time::Instant;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use parking_lot::Mutex;

use super::naming::Goal;
use super::passing::Outcomes;
use super::session::Session;
use super::{Error, ImageReport};
use crate::archive::{
    self, Assembled, Content, Contents, Encoding, Fact, Image, ImageName, ManifestPlan, Piece,
    Stored, Tree,
};
use crate::hash::Hasher;
use crate::oci::{Algorithm, Digest, Reference, Repository};
use crate::transfer::progress::{Event, Outcome};

/// How many blobs of an image are asked for at once.
const AT_ONCE: usize = 4;

/// All that an image may need, and what was done for it.
pub(super) struct Finish<'a> {
    pub(super) session: &'a Session,
    pub(super) contents: &'a Contents,
    pub(super) outcomes: &'a Outcomes,
    /// Images that the archive builds on.
    pub(super) bases: &'a [String],
    pub(super) begun: Instant,
    /// Members that were counted, and blobs that are where they belong.
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

    /// Puts an image together and under its names.
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
        let mut done: Vec<&Repository> = Vec::new();
        for goal in goals {
            if done.contains(&&goal.repository) {
                continue;
            }
            done.push(&goal.repository);
            let root = self.tree(tree, &goal.repository, tally).await?;
            let here = goals
                .iter()
                .filter(|other| other.repository == goal.repository);
            for goal in here {
                let tag = Reference::Tag(goal.tag.clone());
                self.manifest(&goal.repository, &tag, &root).await?;
            }
            digest = Some(root.digest);
        }
        digest.ok_or_else(|| Error::Broken("an image without a name".into()))
    }

    /// All that a manifest or index needs, in a repository; itself is not put yet.
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
        // What is wrong with one of them is found before the first is placed.
        for piece in plan.config.iter().chain(&plan.layers) {
            if let Some(fact) = self.fact(piece)? {
                archive::verify(&plan.image, piece, &fact)?;
            }
        }
        let config = match &plan.config {
            Some(config) => self.place(plan, config, repository, tally).await?,
            None => None,
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

    /// What is known of a blob; `None` of one that is not in the archive.
    fn fact(&self, piece: &Piece) -> Result<Option<Fact>, Error> {
        let Some(member) = &piece.member else {
            return Ok(None);
        };
        if let Some((_, Content::Document(bytes))) = self.contents.find(member) {
            let said = piece
                .descriptor
                .as_ref()
                .map(|descriptor| descriptor.digest);
            let algorithm = said.map_or(Algorithm::Sha256, |digest| digest.algorithm());
            let digest = Hasher::digest(algorithm, bytes);
            let size = bytes.len() as u64;
            return Ok(Some(Fact {
                digest,
                size,
                diff_id: Ok(Hasher::digest(Algorithm::Sha256, bytes)),
                stored: Stored {
                    digest,
                    size,
                    encoding: Encoding::Plain,
                },
            }));
        }
        match self.outcomes.get(member) {
            Some(Ok(delivered)) => Ok(Some(delivered.fact.clone())),
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
        let Some(Fact { stored, size, .. }) = self.fact(piece)? else {
            return Ok(None);
        };
        let first = self.counted.lock().insert(member.clone());
        let (read, mut sent) = match self.outcomes.get(member) {
            Some(Ok(delivered)) => (delivered.read, delivered.sent),
            _ => (size, 0),
        };
        let placed = (repository.clone(), stored.digest);
        if !self.placed.lock().contains(&placed) {
            match self.contents.find(member) {
                Some((_, Content::Document(bytes))) => {
                    sent = self.document(repository, &stored.digest, bytes).await?;
                }
                _ => self.mount(member, &stored.digest, repository).await?,
            }
            self.placed.lock().insert(placed);
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

    /// Sends a document unless it is there; the bytes sent.
    async fn document(
        &self,
        repository: &Repository,
        digest: &Digest,
        bytes: &[u8],
    ) -> Result<u64, Error> {
        let client = &self.session.client;
        let size = bytes.len() as u64;
        if client.blob_size(repository, digest).await? == Some(size) {
            return Ok(0);
        }
        let id = self.session.begin(&digest.hex()[..12], size);
        let mut source = Cursor::new(Bytes::copy_from_slice(bytes));
        let listener = &self.session.listener;
        let moved = |bytes| listener(Event::Moved { id, bytes });
        let sent = client.upload_blob(repository, &mut source, &moved).await;
        let outcome = if sent.is_ok() {
            Outcome::Sent
        } else {
            Outcome::Failed
        };
        self.session.end(id, outcome);
        Ok(sent?.size)
    }

    /// Has a blob that waits elsewhere mounted.
    async fn mount(
        &self,
        member: &str,
        digest: &Digest,
        repository: &Repository,
    ) -> Result<(), Error> {
        let Some(Ok(delivered)) = self.outcomes.get(member) else {
            return Ok(());
        };
        let from = &delivered.place;
        let client = &self.session.client;
        let there = from == repository
            || client.mount_blob(repository, digest, from).await?
            || client.blob_size(repository, digest).await?.is_some();
        if there {
            return Ok(());
        }
        Err(Error::NotMounted {
            digest: digest.to_string(),
            from: from.to_string(),
            into: repository.to_string(),
        })
    }

    /// A layer that the archive leaves out for the registry to have, or that lies elsewhere for good.
    async fn left_out(
        &self,
        plan: &ManifestPlan,
        piece: &Piece,
        repository: &Repository,
    ) -> Result<(), Error> {
        let Some(descriptor) = &piece.descriptor else {
            return Ok(());
        };
        if !descriptor.urls.is_empty() || descriptor.media_type.is_nondistributable() {
            return Ok(());
        }
        let client = &self.session.client;
        let digest = &descriptor.digest;
        if client.blob_size(repository, digest).await?.is_some() {
            return Ok(());
        }
        for base in self.bases {
            let name = base.split('@').next().unwrap_or_default();
            let name: Vec<ImageName> = ImageName::parse(name).into_iter().collect();
            let naming = &self.session.options.naming;
            for goal in naming.unnamed().goals(base, &name).unwrap_or_default() {
                let from = &goal.repository;
                // Asked for first: where there is nothing to mount, some open a session instead.
                let there = client.blob_size(from, digest).await.ok().flatten();
                if from != repository
                    && there.is_some()
                    && client.mount_blob(repository, digest, from).await?
                {
                    return Ok(());
                }
            }
        }
        Err(archive::Error::Base {
            image: plan.image.clone(),
            layer: *digest,
            registry: client.registry().to_owned(),
            bases: self.bases.join(", "),
        }
        .into())
    }
}
