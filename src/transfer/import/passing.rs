//! Imports an archive stream: it is read once, sequentially.
//!
//! Each blob is sent, or found in the registry, before its image is known; several uploads may run
//! while the next blob is read. If the archive does not list its images first, blobs are uploaded
//! to a staging repository and mounted from there.

use std::collections::HashMap;
use std::io::Read;

use super::delivery::{Delivered, Delivery, Order, deliver};
use super::session::Session;
use super::{Error, naming::Naming};
use crate::archive::{Blob, Contents, Foretold, Receiver, Stream, documents, foretell, scan};
use crate::client::Class;
use crate::oci::Repository;

/// The results for the blobs of an archive, by member.
pub(super) type Outcomes = HashMap<String, Result<Delivered, Error>>;

/// Reads an archive to its end. Blocks.
pub(super) fn import(
    session: &Session,
    input: impl Read + Send + 'static,
) -> Result<(Contents, Outcomes), Error> {
    let mut passing = Passing {
        session,
        on_the_way: Vec::new(),
        outcomes: Outcomes::new(),
        foretold: None,
    };
    let passed = passing.all(input);
    if passed.is_err() {
        for (_, delivery) in passing.on_the_way {
            delivery.give_up(session);
        }
    }
    Ok((passed?, passing.outcomes))
}

struct Passing<'a> {
    session: &'a Session,
    on_the_way: Vec<(String, Delivery)>,
    outcomes: Outcomes,
    foretold: Option<Homes>,
}

/// The destinations of blobs, as far as the documents before them say.
struct Homes {
    /// Number of documents it is based on.
    documents: usize,
    layers: HashMap<String, Repository>,
    others: Option<Repository>,
}

impl Homes {
    fn new(naming: &Naming, foretold: Foretold, documents: usize) -> Self {
        let mut layers = HashMap::new();
        let mut all: Vec<Option<Repository>> = Vec::new();
        for (names, members) in foretold.images {
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

impl Passing<'_> {
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
        let homes = match self.foretold.take() {
            Some(homes) if homes.documents == there => homes,
            _ => Homes::new(naming, foretell(contents), there),
        };
        let homes = self.foretold.insert(homes);
        match homes.layers.get(&blob.name).or(homes.others.as_ref()) {
            Some(home) => Ok(home.clone()),
            None => naming.staging(),
        }
    }

    /// Waits for the uploads that match.
    fn settle(&mut self, wanted: impl Fn(&Delivery) -> bool) -> Result<(), Error> {
        let mut rest = Vec::new();
        for (name, delivery) in std::mem::take(&mut self.on_the_way) {
            if wanted(&delivery) {
                let home = delivery.place().clone();
                let outcome = self.session.wait(delivery.settle(self.session));
                self.note(name, &home, outcome)?;
            } else {
                rest.push((name, delivery));
            }
        }
        self.on_the_way = rest;
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

impl Receiver for Passing<'_> {
    type Error = Error;

    fn blob(
        &mut self,
        blob: &Blob,
        contents: &Contents,
        data: &mut (dyn Read + Send),
    ) -> Result<(), Error> {
        self.settle(Delivery::has_arrived)?;
        let home = self.home(blob, contents)?;
        let order = Order {
            blob,
            home: &home,
            compressible: true,
            hints: true,
            untouched: None,
        };
        match deliver(self.session, &order, data) {
            Ok(delivery) => self.on_the_way.push((blob.name.clone(), delivery)),
            Err(error @ Error::Archive(_)) => return Err(error),
            Err(error) => self.note(blob.name.clone(), &home, Err(error))?,
        }
        Ok(())
    }
}
