//! Brings blobs into the repository of their image: sent, mounted, or existing already.

use std::io::Cursor;

use bytes::Bytes;

use super::Error;
use super::decompressing::uncompressed;
use super::finish::Finish;
use crate::archive::{self, ImageName, ManifestPlan, Piece, Stored};
use crate::oci::{Descriptor, Digest, Repository};
use crate::transfer::progress::{Event, Outcome};

impl Finish<'_> {
    /// Sends a document unless it exists. Returns the bytes sent.
    pub(super) async fn document(
        &self,
        repository: &Repository,
        digest: &Digest,
        bytes: &[u8],
    ) -> Result<u64, Error> {
        let client = &self.session.client;
        let size = bytes.len() as u64;
        if client.has_blob(repository, digest, Some(size)).await? {
            return Ok(0);
        }
        let id = self.session.begin(repository, &digest.hex()[..12], size);
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

    /// Sends a layer uncompressed that was compressed in transit: the manifest, which came later in
    /// the stream, requires the plain bytes. They are read back from the registry. Returns the
    /// bytes sent.
    pub(super) async fn plain_again(
        &self,
        member: &str,
        stored: &Stored,
        descriptor: &Descriptor,
        repository: &Repository,
    ) -> Result<u64, Error> {
        let client = &self.session.client;
        let Some(Ok(delivered)) = self.outcomes.get(member) else {
            return Ok(0);
        };
        let (digest, size) = (&descriptor.digest, descriptor.size);
        if client.has_blob(repository, digest, Some(size)).await? {
            return Ok(0);
        }
        let id = self.session.begin(repository, &digest.hex()[..12], size);
        let sent = uncompressed(self.session, delivered, stored, descriptor, repository, id).await;
        let outcome = if sent.is_ok() {
            Outcome::Sent
        } else {
            Outcome::Failed
        };
        self.session.end(id, outcome);
        sent
    }

    /// Mounts a blob from another repository.
    pub(super) async fn mount(
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
            || client.has_blob(repository, digest, None).await?;
        if there {
            return Ok(());
        }
        Err(Error::NotMounted {
            digest: digest.to_string(),
            from: from.to_string(),
            into: repository.to_string(),
        })
    }

    /// Brings a layer that the archive leaves out because the registry has it, or that is stored
    /// elsewhere.
    pub(super) async fn left_out(
        &self,
        plan: &ManifestPlan,
        piece: &Piece,
        repository: &Repository,
    ) -> Result<(), Error> {
        let Some(descriptor) = &piece.descriptor else {
            return Ok(());
        };
        if descriptor.may_be_absent() {
            return Ok(());
        }
        let client = &self.session.client;
        let digest = &descriptor.digest;
        if client.has_blob(repository, digest, None).await? {
            return Ok(());
        }
        for base in self.bases {
            let name = base.split('@').next().unwrap_or_default();
            let name = ImageName::parse(name).ok().flatten();
            let name: Vec<ImageName> = name.into_iter().collect();
            let naming = &self.session.options.naming;
            let goals = naming.unnamed().goals_of(&name).unwrap_or_default();
            // The base may have been imported in the same way, or lie under its own name.
            let own = name.iter().filter_map(|name| name.repository.as_ref());
            for from in goals.iter().map(|goal| &goal.repository).chain(own) {
                // Checked first: without a blob to mount, some registries open an upload session
                // instead.
                let there = client.has_blob(from, digest, None).await;
                if from == repository || !there.unwrap_or(false) {
                    continue;
                }
                match client.mount_blob(repository, digest, from).await {
                    Ok(true) => return Ok(()),
                    Err(error) if !error.is_answer() => return Err(error.into()),
                    // Another place may do.
                    Ok(false) | Err(_) => {}
                }
            }
        }
        // Some registries find it in any repository. A refusal says no more than that none was found.
        match client.mount_blob_from_anywhere(repository, digest).await {
            Ok(true) => return Ok(()),
            Err(error) if !error.is_answer() => return Err(error.into()),
            Ok(false) | Err(_) => {}
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
