//! Imports an archive stream: it is read once, sequentially.
//!
//! Each blob is sent, or found in the registry, before its image is known; several uploads may run
//! while the next blob is read. If the archive does not list its images first, blobs are uploaded
//! to a staging repository and mounted from there.

use std::collections::HashMap;
use std::io::Read;

use super::delivery::{Delivered, Delivery, DeliveryOptions, deliver};
use super::session::Session;
use super::{Error, naming::Naming};
use crate::archive::{
    AnnouncedImages, Blob, Contents, Receiver, Stream, announced_images, documents, scan,
};
use crate::client::Class;
use crate::oci::Repository;

/// The results for the blobs of an archive, by member.
pub(super) type Outcomes = HashMap<String, Result<Delivered, Error>>;

/// Reads an archive to its end. Blocks.
pub(super) fn import(
    session: &Session,
    input: impl Read + Send + 'static,
) -> Result<(Contents, Outcomes), Error> {
    let mut import = StreamImport {
        session,
        uploads: Vec::new(),
        outcomes: Outcomes::new(),
        announced: None,
    };
    let result = import.all(input);
    if result.is_err() {
        for (_, delivery) in import.uploads {
            delivery.cancel(session);
        }
    }
    Ok((result?, import.outcomes))
}

struct StreamImport<'a> {
    session: &'a Session,
    uploads: Vec<(String, Delivery)>,
    outcomes: Outcomes,
    announced: Option<Destinations>,
}

/// The destinations of blobs, as far as the documents before them say.
struct Destinations {
    /// Number of documents it is based on.
    documents: usize,
    layers: HashMap<String, Repository>,
    others: Option<Repository>,
}

impl Destinations {
    fn new(naming: &Naming, announced: AnnouncedImages, documents: usize) -> Self {
        let mut layers = HashMap::new();
        let mut all: Vec<Option<Repository>> = Vec::new();
        for (names, members) in announced.images {
            // The first name decides; there may be very many others.
            let first = names.iter().position(|name| name.repository.is_some());
            let first = first.map_or(&names[..], |first| &names[first..=first]);
            let goals = naming.goals_of(first).unwrap_or_default();
            let home = goals.into_iter().next().map(|goal| goal.repository);
            if let Some(home) = &home {
                for member in members {
                    layers.entry(member).or_insert_with(|| home.clone());
                }
            }
            if all.last() != Some(&home) {
                all.push(home);
            }
        }
        Self {
            documents,
            layers,
            others: match &all[..] {
                [Some(one)] => Some(one.clone()),
                _ => None,
            },
        }
    }
}

impl StreamImport<'_> {
    fn all(&mut self, input: impl Read + Send + 'static) -> Result<Contents, Error> {
        let (contents, mut stream) = scan(Stream::open(input)?, self)?;
        stream.drain()?;
        self.settle(|_| true)?;
        Ok(contents)
    }

    /// The destination repository of a blob.
    fn home(&mut self, blob: &Blob, contents: &Contents) -> Result<Repository, Error> {
        let naming = &self.session.options.naming;
        let there = [documents::MANIFEST, documents::INDEX, "repositories"];
        let there = there.iter().filter(|name| contents.find(name).is_some());
        let there = there.count();
        let homes = match self.announced.take() {
            Some(homes) if homes.documents == there => homes,
            _ => Destinations::new(naming, announced_images(contents), there),
        };
        let homes = self.announced.insert(homes);
        match homes.layers.get(&blob.name).or(homes.others.as_ref()) {
            Some(home) => Ok(home.clone()),
            None => naming.staging(),
        }
    }

    /// Waits for the uploads that match.
    fn settle(&mut self, wanted: impl Fn(&Delivery) -> bool) -> Result<(), Error> {
        let mut rest = Vec::new();
        for (name, delivery) in std::mem::take(&mut self.uploads) {
            if wanted(&delivery) {
                let home = delivery.place().clone();
                let outcome = self.session.wait(delivery.settle(self.session));
                self.note(name, &home, outcome)?;
            } else {
                rest.push((name, delivery));
            }
        }
        self.uploads = rest;
        Ok(())
    }

    /// Records the result for a blob. Returns an error that concerns all blobs.
    fn note(
        &mut self,
        name: String,
        home: &Repository,
        outcome: Result<Delivered, Error>,
    ) -> Result<(), Error> {
        let outcome = outcome.map_err(|error| self.explained(home, error));
        if let Err(error) = &outcome
            && error.is_final()
        {
            return Err(error.clone());
        }
        self.outcomes.insert(name, outcome);
        Ok(())
    }

    /// Explains a refusal that concerns the staging repository, which nobody named.
    fn explained(&self, home: &Repository, error: Error) -> Error {
        let naming = &self.session.options.naming;
        let waits = naming.name.is_none() && naming.staging().is_ok_and(|staging| staging == *home);
        match error {
            Error::Client(error) if waits && error.class() == Class::Denied => Error::Staging {
                error,
                staging: home.to_string(),
            },
            error => error,
        }
    }
}

impl Receiver for StreamImport<'_> {
    type Error = Error;

    fn blob(
        &mut self,
        blob: &Blob,
        contents: &Contents,
        data: &mut (dyn Read + Send),
    ) -> Result<(), Error> {
        self.settle(Delivery::is_finished)?;
        let home = self.home(blob, contents)?;
        let order = DeliveryOptions {
            blob,
            home: &home,
            compressible: true,
            hints: true,
            repeated: false,
            unmodified: None,
        };
        match deliver(self.session, &order, data) {
            Ok(delivery) => self.uploads.push((blob.name.clone(), delivery)),
            Err(error @ Error::Archive(_)) => return Err(error),
            Err(error) => self.note(blob.name.clone(), &home, Err(error))?,
        }
        Ok(())
    }
}
