//! Random actions of clients and administrators, with a manual clock, compared with the reference
//! after each step that could delete something.

use super::reference::{LEASE, Reference, TRASH};
use super::*;

pub(super) const NAMES: [&str; 3] = ["a", "a/b", "c"];
pub(super) const TAGS: [&str; 3] = ["1", "latest", "v1"];
pub(super) const BLOBS: usize = 8;

/// A registry and its reference.
pub(super) struct Model {
    pub(super) root: Root,
    pub(super) registry: Registry,
    pub(super) reference: Reference,
    pub(super) chance: Chance,
    /// Whether the store fails from time to time.
    pub(super) faults: bool,
    /// Makes manifests with otherwise equal content different.
    pub(super) number: usize,
}

pub(super) fn content(number: usize) -> String {
    format!("blob {number}")
}

impl Model {
    async fn new(root: Root, faults: bool) -> Self {
        let rules = Rules {
            lease: LEASE,
            trash: TRASH,
            ..Rules::default()
        };
        let root = Root { rules, ..root };
        let registry = root.open().await;
        let mut reference = Reference {
            now: root.clock.now(),
            ..Reference::default()
        };
        for number in 0..BLOBS {
            let text = content(number);
            let long = Hasher::digest(Algorithm::Sha512, text.as_bytes());
            reference.aliases.insert(long, sha256(text.as_bytes()));
        }
        Self {
            root,
            registry,
            reference,
            chance: Chance(seed()),
            faults,
            number: 0,
        }
    }

    async fn step(&mut self) {
        let name = self.chance.one_of(&NAMES);
        match self.chance.below(48) {
            0..4 => drop(self.push_blob(name).await),
            4 => self.mount(name).await,
            5..12 => self.put_image(name).await,
            12..15 => self.put_index(name).await,
            15..18 => self.put_referrer(name).await,
            18 => self.put_strange(name).await,
            19..23 => self.delete_tag(name).await,
            23..25 => self.delete_manifest(name).await,
            25 => self.delete_repository(name).await,
            26 => self.delete_blob(name).await,
            27..30 => self.pull(name).await,
            30..34 => self.restore(name).await,
            34 => self.empty_trash().await,
            35..40 => self.collect().await,
            40..45 => self.advance(),
            45 => self.drop_leases().await,
            46 if self.faults => self.fail(),
            46 => self.adopt(name).await,
            _ => self.restart().await,
        }
    }

    fn advance(&mut self) {
        let by = self.chance.one_of(&[1, LEASE / 4, LEASE / 2, LEASE, TRASH]);
        self.root.clock.advance(by);
        self.reference.now += by;
    }

    async fn drop_leases(&mut self) {
        self.registry.drop_ended_leases().await.unwrap();
        let now = self.reference.now;
        self.reference.leases.retain(|_, end| *end > now);
    }

    fn fail(&mut self) {
        match self.chance.below(3) {
            0 => self.root.fail(&["place", "put"], "docker/", Fault::Full),
            1 => self.root.fail(&["remove"], "docker/", Fault::Broken),
            _ => self.root.heal(),
        }
    }

    /// One collection, preceded by a dry run.
    async fn collect(&mut self) {
        let options = CollectOptions {
            dry_run: false,
            untagged: self.chance.one_of(&[None, None, Some(0), Some(LEASE)]),
            empty_trash: self.chance.below(8) == 0,
            ..CollectOptions::default()
        };
        let dry = CollectOptions {
            dry_run: true,
            ..options.clone()
        };
        let planned = collect(&self.registry, &dry).await.unwrap();
        // A dry run may only save pulls.
        self.reference.save_pulls();
        if self.chance.below(4) == 0 {
            self.check_relations().await;
        }
        let done = collect(&self.registry, &options).await.unwrap();
        let sorted = |mut entries: Vec<CollectEntry>| {
            entries.sort_by_key(|thing| format!("{thing:?}"));
            entries
        };
        assert_eq!(planned.0, done.0);
        assert_eq!(sorted(planned.1), sorted(done.1));
        self.reference.collect(&options);
        self.check_relations().await;
    }

    async fn restart(&mut self) {
        if self.chance.below(2) == 0 {
            kill(self.registry.clone()).await;
            self.reference.pulled.clear();
        } else {
            let _ = self.registry.close().await;
            self.reference.save_pulls();
        }
        let (registry, reindexed) = self.root.try_open().await.unwrap();
        self.registry = registry;
        assert!(reindexed.is_unchanged(), "{reindexed:?}");
        self.check_relations().await;
    }

    /// Lets the layout catch up; then it shows the state of the index, without garbage.
    async fn settle(&mut self) {
        self.root.heal();
        caught_up(&self.registry).await;
        let by = LEASE.max(TRASH) + 1;
        self.root.clock.advance(by);
        self.reference.now += by;
        self.collect().await;
        caught_up(&self.registry).await;
        self.check_layout().await;
    }
}

async fn run(root: Root, faults: bool, steps: usize) {
    let mut model = Model::new(root, faults).await;
    for step in 1..=steps {
        model.step().await;
        if step % 100 == 0 {
            model.check_relations().await;
        }
        if step % 200 == 0 {
            model.settle().await;
        }
    }
    model.settle().await;
    model.restart().await;
    model.check_layout().await;
}

#[tokio::test]
async fn in_memory() {
    run(Root::in_memory(), false, 1000).await;
}

#[tokio::test]
async fn in_a_store_that_fails() {
    run(Root::in_memory(), true, 1000).await;
}

#[tokio::test]
async fn in_files() {
    run(Root::in_files(), false, 400).await;
}
