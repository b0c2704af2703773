//! The kinds of work, and their shared parts: sizes, numbers, directories, uploads.
//!
//! A kind of work begins once for each registry, usually by starting it on a new root, and returns
//! a closure that measures one round: one value for each of its metrics, in order, `None` if
//! unknown. The closure owns what it started.

mod archives;
mod beside;
mod collect;
mod large;
mod large_changes;
mod memory;
mod pages;
mod people;
mod rates;
mod search;
mod small;
mod start;
mod upload;

use std::cell::{Cell, OnceCell, RefCell};
use std::fs::{self, File};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use tempfile::TempDir;

use crate::arguments::{Arguments, Subject};
use crate::payload::{Block, Payload};
use crate::report::Metric;

/// The results of one round.
type Figures = Result<Vec<Option<f64>>>;

/// Measures a round, by its number.
type Measure = Box<dyn FnMut(usize) -> Figures>;

/// A kind of work.
pub(crate) struct Work {
    pub(crate) name: &'static str,
    pub(crate) between: Between,
    pub(crate) metrics: &'static [Metric],
    pub(crate) begin: fn(&Scene, &Subject) -> Result<Measure>,
}

/// What is compared.
#[derive(Clone, Copy)]
pub(crate) enum Between {
    /// Registries: those of the command line.
    Registries,
    /// Commands that move images, and skopeo: each with a regctl server.
    Tools,
}

/// Every kind of work, in the order of the table.
pub(crate) const WORKS: &[Work] = &[
    rates::MANIFEST_GET,
    rates::BLOB_HEAD,
    small::PUSH,
    small::PUSH_MONOLITHIC,
    large::PUSH,
    large::PUSH_MONOLITHIC,
    large::PULL,
    large::PULL_HASHED,
    pages::TAGS,
    pages::CATALOG,
    people::TOKENS,
    search::SEARCH,
    memory::MEMORY,
    start::START,
    archives::ONE_LARGE,
    archives::MANY,
    collect::COLLECT,
    beside::BESIDE,
    large_changes::LARGE_CHANGES,
    collect::IDLE,
];

/// The shared state of all work in a run.
pub(crate) struct Scene {
    quick: bool,
    directory: PathBuf,
    block: OnceCell<Block>,
    /// Numbers for content that neither this run nor an earlier one has used.
    next: Cell<u64>,
    /// The directories of servers, kept until the end.
    roots: RefCell<Vec<Arc<TempDir>>>,
}

impl Scene {
    /// Prepares the directory.
    pub(crate) fn new(arguments: &Arguments) -> Result<Self> {
        fs::create_dir_all(&arguments.dir)
            .with_context(|| format!("creating {}", arguments.dir.display()))?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
        Ok(Self {
            quick: arguments.quick,
            directory: arguments.dir.canonicalize()?,
            block: OnceCell::new(),
            next: Cell::new(now.as_secs() << 24),
            roots: RefCell::default(),
        })
    }

    /// Waits until everything written before is on the disk.
    pub(crate) fn settle(&self) -> Result<()> {
        rustix::fs::syncfs(File::open(&self.directory)?)?;
        Ok(())
    }

    /// An empty directory for a server with many small files, with `root` in it; removed at the
    /// end.
    ///
    /// Not earlier: for some minutes ext4 reuses the inodes of removed files, which makes new files
    /// slower for the next work.
    fn root(&self) -> Result<Arc<TempDir>> {
        let directory = self.root_of_large_files()?;
        self.roots.borrow_mut().push(Arc::clone(&directory));
        Ok(directory)
    }

    /// Like [`Scene::root`], for few large files; removed when dropped, since the page cache of its
    /// files would be missing elsewhere.
    fn root_of_large_files(&self) -> Result<Arc<TempDir>> {
        let directory = tempfile::Builder::new()
            .prefix("bench-")
            .tempdir_in(&self.directory)?;
        fs::create_dir(directory.path().join("root"))?;
        Ok(Arc::new(directory))
    }

    /// The first of some unused numbers.
    fn numbers(&self, count: u64) -> u64 {
        self.next.replace(self.next.get() + count)
    }

    /// A large blob that no registry has.
    fn payload(&self, size: usize) -> Payload {
        Payload::new(&self.block(), size, self.numbers(1))
    }

    /// The shared bytes of large blobs.
    fn block(&self) -> Block {
        self.block.get_or_init(Block::new).clone()
    }

    /// One of two sizes.
    fn size<T>(&self, full: T, quick: T) -> T {
        if self.quick { quick } else { full }
    }

    /// The duration of measuring a rate.
    fn time(&self) -> Duration {
        self.size(Duration::from_secs(5), Duration::from_secs(1))
    }
}

/// A count as a value.
fn figure(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}

/// A number of bytes in MiB.
fn mebibytes(bytes: usize) -> f64 {
    figure(bytes >> 10) / 1024.0
}
