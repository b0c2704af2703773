//! regctl, `kill -9` and docker-registry take turns on one root, in random order; each must have
//! what the other acknowledged.
//!
//! A book records acknowledged changes. A request that a kill interrupted is in doubt: it was done
//! or not, until the other registry has changed the same repository. `REGCTL_TURNS` and
//! `REGCTL_TURNS_SEED` set the number of turns and repeat a run.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use regctl::oci::Digest;
use rustix::process::Signal;

use crate::support::{
    Image, Program, Random, Remote, Request, Response, Server, Setup, attempt, have, is_ci,
    path_of, sha256, with_query,
};

const REPOSITORIES: [&str; 3] = ["one", "team/two", "team/two/deeper"];
const TAGS: [&str; 4] = ["a", "b", "c", "latest"];
const CONFIG: &str = "version: 0.1\nlog:\n  accesslog:\n    disabled: true\nstorage:\n  filesystem:\n    rootdirectory: /nowhere\n  delete:\n    enabled: true\nregctl:\n  gc:\n    lease: 1s\n    trash: 0s\n";

/// A change of a repository.
#[derive(Debug, Clone)]
enum Change {
    Tag(String, Digest),
    Untag(String),
    Delete(Digest),
}

/// The acknowledged state of a repository.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Book {
    tags: BTreeMap<String, Digest>,
    manifests: BTreeSet<Digest>,
}

impl Book {
    fn with(&self, change: &Change) -> Self {
        let mut book = self.clone();
        match change {
            Change::Tag(tag, digest) => {
                book.tags.insert(tag.clone(), *digest);
                book.manifests.insert(*digest);
            }
            Change::Untag(tag) => drop(book.tags.remove(tag)),
            Change::Delete(digest) => {
                book.manifests.remove(digest);
                book.tags.retain(|_, tagged| tagged != digest);
            }
        }
        book
    }

    /// Whether an interrupted change, of which any part may have been applied, leads to a book.
    fn may_become(&self, shown: &Self, change: &Change) -> bool {
        let done = self.with(change);
        let between = |tag: &String| {
            let tagged = shown.tags.get(tag);
            tagged == self.tags.get(tag) || tagged == done.tags.get(tag)
        };
        let tags = self
            .tags
            .keys()
            .chain(done.tags.keys())
            .chain(shown.tags.keys());
        let parts_only = shown.manifests == self.manifests || shown.manifests == done.manifests;
        let names_what_is_there = shown
            .tags
            .values()
            .all(|digest| shown.manifests.contains(digest));
        parts_only && names_what_is_there && tags.into_iter().all(between)
    }

    /// Reads the state that a server shows, verifying every byte.
    fn read(remote: &Remote, images: &[Image]) -> Self {
        let mut book = Self::default();
        let target = remote.path("tags/list");
        let listing = remote.client.get(&target).expect_one_of(&[200, 404]);
        if listing.status == 200 {
            // docker-registry has null for an emptied repository.
            let tags = listing.json();
            for tag in tags["tags"].as_array().into_iter().flatten() {
                let tag = tag.as_str().unwrap();
                // docker-registry lists every tag directory, including incomplete tags.
                if remote.manifest_head(tag).status == 200 {
                    book.tags.insert(tag.to_owned(), remote.verify(tag));
                }
            }
        }
        for image in images {
            let digest = image.digest();
            if remote.manifest_head(&digest.to_string()).status == 200 {
                assert_eq!(remote.verify(&digest.to_string()), digest);
                book.manifests.insert(digest);
            }
        }
        book
    }
}

struct World {
    random: Random,
    images: Vec<Image>,
    books: BTreeMap<&'static str, Book>,
    /// The request that was running when its server was killed.
    doubt: Option<(&'static str, Change)>,
    acknowledged: u64,
    /// How many manifests docker-registry may still delete before regctl's next turn: a root that
    /// has lost more than half of them is refused, as if it were not mounted.
    deletions: usize,
}

impl World {
    fn new(seed: u64) -> Self {
        Self {
            random: Random::new(seed),
            images: (0..6)
                .map(|number| Image::with_layers(number, &[900]).with_layer(b"shared"))
                .collect(),
            books: REPOSITORIES.map(|name| (name, Book::default())).into(),
            doubt: None,
            acknowledged: 0,
            deletions: 0,
        }
    }

    fn pick<T: Copy>(&mut self, some: &[T]) -> T {
        some[self.random.below(some.len())]
    }

    /// Compares the state that a server shows with the books. With `settles`, requests in doubt
    /// become certain.
    fn check(&mut self, server: &Server, settles: bool) {
        for name in REPOSITORIES {
            let shown = Book::read(&server.remote(name), &self.images);
            let known = &self.books[name];
            let doubtful = self.doubt.as_ref().filter(|(of, _)| *of == name);
            let possible = doubtful.is_some_and(|(_, change)| known.may_become(&shown, change));
            assert!(
                shown == *known || possible,
                "{name} shows {shown:#?}\ninstead of {known:#?}\nin doubt: {:?}",
                self.doubt
            );
            if settles && doubtful.is_some() {
                self.books.insert(name, shown);
                self.doubt = None;
            }
        }
    }

    /// Sends requests, one after the other, until `steps` are done or the connection fails.
    fn work(&mut self, server: &Server, program: Program, steps: usize) -> io::Result<()> {
        for _ in 0..steps {
            let name = self.pick(&REPOSITORIES);
            let remote = server.remote(name);
            let image = self.random.below(self.images.len());
            let image = self.images[image].clone();
            let tag = self.pick(&TAGS).to_owned();
            let change = match self.random.below(8) {
                0 if program == Program::Regctl => Change::Untag(tag),
                1 | 2 if program == Program::Regctl => Change::Delete(image.digest()),
                1 | 2 if self.deletions > 0 => {
                    self.deletions -= 1;
                    Change::Delete(image.digest())
                }
                _ => Change::Tag(tag, image.digest()),
            };
            if self.doubt.as_ref().is_some_and(|(of, _)| *of == name) {
                let shown = Book::read(&remote, &self.images);
                if shown.with(&change) == shown && !matches!(change, Change::Tag(..)) {
                    // It would change nothing, and so would not settle the doubt.
                    continue;
                }
                // From here on the server's state counts.
                self.books.insert(name, shown);
                self.doubt = None;
            }
            if matches!(change, Change::Tag(..)) {
                push_blobs(&remote, &image)?;
            }
            self.request(name, &remote, &image, &change)?;
        }
        Ok(())
    }

    fn request(
        &mut self,
        name: &'static str,
        remote: &Remote,
        image: &Image,
        change: &Change,
    ) -> io::Result<()> {
        let book = &self.books[name];
        let (request, done) = match change {
            Change::Tag(tag, _) => {
                let request = Request::new("PUT", &remote.manifest_path(tag))
                    .header("Content-Type", &image.manifest.media_type)
                    .body(&image.manifest.bytes);
                (request, 201)
            }
            Change::Untag(tag) => {
                let status = if book.tags.contains_key(tag) {
                    202
                } else {
                    404
                };
                (Request::new("DELETE", &remote.manifest_path(tag)), status)
            }
            Change::Delete(digest) => {
                let there = book.manifests.contains(digest);
                let target = remote.manifest_path(&digest.to_string());
                (
                    Request::new("DELETE", &target),
                    if there { 202 } else { 404 },
                )
            }
        };
        // No other request is running, so a doubt about another repository remains only there.
        let before = self.doubt.replace((name, change.clone()));
        let answer = remote.client.try_send(&request)?;
        self.doubt = before;
        answer.expect(done);
        if done < 300 {
            let book = self.books[name].with(change);
            self.books.insert(name, book);
            self.acknowledged += 1;
        }
        Ok(())
    }
}

fn push_blobs(remote: &Remote, image: &Image) -> io::Result<()> {
    for blob in &image.blobs {
        let digest = sha256(blob);
        // Like a client: existing blobs are not sent again.
        let head = send(remote, "HEAD", &remote.blob_path(&digest), &[])?;
        if head.status == 200 {
            continue;
        }
        let started = send(remote, "POST", &remote.path("blobs/uploads/"), &[])?.expect(202);
        let target = path_of(started.need("Location"));
        let target = with_query(&target, &format!("digest={digest}"));
        send(remote, "PUT", &target, blob)?.expect(201);
    }
    Ok(())
}

fn send(remote: &Remote, method: &str, target: &str, body: &[u8]) -> io::Result<Response> {
    let mut request = Request::new(method, target);
    if matches!(method, "PUT" | "POST") {
        request = request.body(body);
    }
    remote.client.try_send(&request)
}

fn collect(root: &Path) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_regctl"));
    let output = attempt(command.args(["gc", "--untagged", "--root"]).arg(root));
    assert!(output.success, "{}", output.text);
}

fn number_from(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn take_turns(regctl: &Setup, root: &Path) {
    let turns = number_from("REGCTL_TURNS").unwrap_or(if is_ci() { 120 } else { 24 });
    let seed = number_from("REGCTL_TURNS_SEED").unwrap_or_else(|| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        now.as_secs() ^ u64::from(now.subsec_nanos())
    });
    // Shown when it fails.
    println!("REGCTL_TURNS_SEED={seed}, {turns} turns");
    let mut world = World::new(seed);
    for turn in 0..turns {
        let program = if world.random.below(5) < 3 {
            Program::Regctl
        } else {
            Program::DockerRegistry
        };
        println!("turn {turn}: {program:?}");
        let server = match program {
            Program::Regctl => regctl.clone().start(),
            Program::DockerRegistry => regctl.clone().serving(program, root),
        };
        world.check(&server, program == Program::Regctl);
        if program == Program::Regctl {
            let manifests = world.books.values().map(|book| book.manifests.len());
            world.deletions = manifests.sum::<usize>() / 4;
        }
        let steps = 10 + world.random.below(30);
        let end = world.random.below(4);
        if program == Program::DockerRegistry || end == 0 {
            world.work(&server, program, steps).unwrap();
            server.stop();
        } else if end < 3 {
            // Killed after the last answer: nothing is in doubt.
            world.work(&server, program, steps).unwrap();
            if end == 1 {
                // Content that lost its last reference within its lease is deleted.
                thread::sleep(Duration::from_millis(1100));
                collect(root);
                let seen: Vec<_> = REPOSITORIES
                    .iter()
                    .map(|name| (*name, Book::read(&server.remote(name), &world.images)))
                    .collect();
                for (name, shown) in seen {
                    // Only untagged manifests were deleted.
                    assert_eq!(shown.tags, world.books[name].tags, "{name}");
                    world.books.insert(name, shown);
                }
                world.doubt = None;
            }
            server.kill();
        } else {
            let killed = AtomicBool::new(false);
            let pause = u64::try_from(world.random.below(150)).unwrap();
            thread::scope(|scope| {
                let (world, server, killed) = (&mut world, &server, &killed);
                scope.spawn(move || {
                    let error = world.work(server, program, usize::MAX).unwrap_err();
                    assert!(
                        killed.load(Ordering::SeqCst),
                        "{error}, and nobody killed it"
                    );
                });
                thread::sleep(Duration::from_millis(pause));
                killed.store(true, Ordering::SeqCst);
                server.signal(Signal::KILL);
            });
            server.kill();
        }
    }
    println!("{} changes were acknowledged", world.acknowledged);
    assert!(world.acknowledged > turns, "hardly anything was done");
    // At the end regctl serves the root, which has no differences.
    let server = regctl.clone().start();
    world.check(&server, true);
    server.stop();
}

#[test]
fn acknowledged_changes_survive_turns() {
    if !have(&["docker-registry"]) {
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    let setup = Setup::new(Program::Regctl).config(CONFIG);
    take_turns(&setup.root(scratch.path()), scratch.path());
}

#[test]
fn a_root_on_two_file_systems_is_one_root() {
    let Ok(elsewhere) = tempfile::tempdir_in("/dev/shm") else {
        return;
    };
    if !have(&["docker-registry"]) {
        return;
    }
    // docker-registry itself can't rename between two file systems; all of its directories are on
    // the other one.
    let root = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), root.path().join("docker")).unwrap();
    let setup = Setup::new(Program::Regctl).config(CONFIG);
    take_turns(&setup.root(root.path()), root.path());
    assert!(elsewhere.path().join("registry").exists());
}
