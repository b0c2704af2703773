//! Pushes, pulls and deletes of images that share layers, at full speed beside repeated
//! collections, with leases of a second: no acknowledged content is ever missing, even with `kill
//! -9` in between, and the result passes `check --read` and is served by registry:2.
//!
//! `REGCTL_STRESS_SEED` repeats a run, as far as threads permit.

use std::collections::BTreeMap;
use std::io;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use regctl::oci::Digest;
use rustix::process::Signal;

use crate::support::{
    Image, Program, Random, Remote, Request, Response, Server, attempt, find, is_ci, path_of,
    random_bytes, sha256, with_query,
};

const WORKERS: u64 = 4;
const SHARED_LAYERS: u64 = 6;
const TAGS: usize = 4;
const LEASE: Duration = Duration::from_secs(1);

const CONFIG: &str = "\
version: 0.1
storage:
  filesystem:
    rootdirectory: /nowhere
  delete:
    enabled: true
regctl:
  gc:
    lease: 1s
    trash: 0s
";

/// A client, and the tags that must exist.
struct Worker {
    number: u64,
    random: Random,
    tags: BTreeMap<String, Digest>,
    /// A tag whose request was not answered, and its intended target.
    doubt: Option<(String, Option<Digest>)>,
    images: u64,
}

impl Worker {
    fn new(number: u64, seed: u64) -> Self {
        Self {
            number,
            random: Random::new(seed ^ (number << 40)),
            tags: BTreeMap::new(),
            doubt: None,
            images: 0,
        }
    }

    fn repository(&self) -> String {
        format!("stress/{}", self.number)
    }

    /// Works until it is stopped or the connection fails.
    fn work(&mut self, server: &Server, over: &AtomicBool, done: &AtomicU64) -> io::Result<()> {
        let remote = server.remote(&self.repository());
        while !over.load(Ordering::SeqCst) {
            match self.random.below(8) {
                0..4 => self.push(&remote)?,
                4..6 => self.pull(&remote)?,
                6 => self.delete(&remote, false)?,
                _ => self.delete(&remote, true)?,
            }
            done.fetch_add(1, Ordering::SeqCst);
        }
        Ok(())
    }

    /// A new image with layers that all clients share.
    fn image(&mut self) -> Image {
        self.images += 1;
        let number = self.number * 1_000_000 + self.images;
        let mut image = Image::with_layers(number, &[200]);
        for _ in 0..2 {
            image = image.with_layer(&shared_layer(self.random.next() % SHARED_LAYERS));
        }
        image
    }

    fn push(&mut self, remote: &Remote) -> io::Result<()> {
        let image = self.image();
        let tag = format!("t{}", self.random.below(TAGS));
        loop {
            // The oldest lease ends first.
            let begun = Instant::now();
            for blob in &image.blobs {
                self.promise(remote, blob)?;
            }
            self.doubt = Some((tag.clone(), Some(image.digest())));
            let request = Request::new("PUT", &remote.manifest_path(&tag))
                .header("Content-Type", &image.manifest.media_type)
                .body(&image.manifest.bytes);
            let answer = remote.client.try_send(&request)?;
            if answer.status == 201 {
                break;
            }
            assert!(
                begun.elapsed() >= LEASE,
                "refused {:?} after the first promise: {answer}",
                begun.elapsed()
            );
        }
        self.doubt = None;
        self.tags.insert(tag, image.digest());
        Ok(())
    }

    /// Makes the server acknowledge a blob: by HEAD, by a mount, or by an upload.
    fn promise(&mut self, remote: &Remote, blob: &[u8]) -> io::Result<()> {
        let digest = sha256(blob);
        if send(remote, "HEAD", &remote.blob_path(&digest), &[])?.status == 200 {
            return Ok(());
        }
        let mut target = remote.path("blobs/uploads/");
        if self.random.below(2) == 0 {
            let other = self.random.next() % WORKERS;
            target = with_query(&target, &format!("mount={digest}&from=stress/{other}"));
        }
        let answer = send(remote, "POST", &target, &[])?;
        if answer.status == 201 {
            return Ok(());
        }
        let session = path_of(answer.expect(202).need("Location"));
        let target = with_query(&session, &format!("digest={digest}"));
        send(remote, "PUT", &target, blob)?.expect(201);
        Ok(())
    }

    fn pull(&mut self, remote: &Remote) -> io::Result<()> {
        let known: Vec<_> = self.tags.iter().collect();
        if known.is_empty() {
            return Ok(());
        }
        let (tag, digest) = known[self.random.below(known.len())];
        let answer = send(remote, "GET", &remote.manifest_path(tag), &[])?.expect(200);
        assert_eq!(sha256(&answer.body), *digest, "{tag}");
        let manifest = answer.json();
        let layers = manifest["layers"].as_array().unwrap();
        for blob in layers.iter().chain([&manifest["config"]]) {
            let digest: Digest = blob["digest"].as_str().unwrap().parse().unwrap();
            let content = send(remote, "GET", &remote.blob_path(&digest), &[])?.expect(200);
            assert_eq!(sha256(&content.body), digest);
        }
        Ok(())
    }

    fn delete(&mut self, remote: &Remote, whole: bool) -> io::Result<()> {
        let known: Vec<_> = self.tags.iter().collect();
        if known.is_empty() {
            return Ok(());
        }
        let (tag, digest) = known[self.random.below(known.len())];
        let (tag, digest) = (tag.clone(), *digest);
        let reference = if whole {
            digest.to_string()
        } else {
            tag.clone()
        };
        self.doubt = Some((tag, None));
        send(remote, "DELETE", &remote.manifest_path(&reference), &[])?.expect(202);
        let (tag, _) = self.doubt.take().unwrap();
        self.tags.remove(&tag);
        Ok(())
    }

    /// After a kill: an unanswered request was done or not; everything else is complete.
    fn check(&mut self, server: &Server) {
        let remote = server.remote(&self.repository());
        if let Some((tag, wanted)) = self.doubt.take() {
            let answer = remote.manifest_head(&tag);
            let now = answer
                .header("Docker-Content-Digest")
                .map(|digest| digest.parse::<Digest>().unwrap());
            let before = self.tags.get(&tag).copied();
            assert!(now == wanted || now == before, "{tag} points at {now:?}");
            match now {
                Some(digest) => self.tags.insert(tag, digest),
                None => self.tags.remove(&tag),
            };
        }
        assert_eq!(remote.tags(), self.tags.keys().cloned().collect::<Vec<_>>());
        for (tag, digest) in &self.tags {
            assert_eq!(remote.verify(tag), *digest, "{tag}");
        }
    }
}

fn shared_layer(number: u64) -> Vec<u8> {
    random_bytes(900 + number, 30_000)
}

fn send(remote: &Remote, method: &str, target: &str, body: &[u8]) -> io::Result<Response> {
    let mut request = Request::new(method, target);
    if matches!(method, "PUT" | "POST") {
        request = request.body(body);
    }
    remote.client.try_send(&request)
}

fn regctl(server: &Server, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_regctl"));
    command
        .args(arguments)
        .arg("--root")
        .arg(server.root())
        .env("HOME", server.scratch());
    command
}

fn seed() -> u64 {
    let seed = std::env::var("REGCTL_STRESS_SEED").ok();
    let seed = seed.and_then(|seed| seed.parse().ok()).unwrap_or_else(|| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        now.as_secs() ^ u64::from(now.subsec_nanos())
    });
    println!("REGCTL_STRESS_SEED={seed}");
    seed
}

/// `check --read` finds no difference, and registry:2 serves every tag.
fn is_sound(server: Server, workers: &[Worker]) {
    let checked = attempt(&mut regctl(&server, &["check", "--read"]));
    assert!(checked.success, "{}", checked.text);
    if find("docker-registry").is_some() {
        let server = server.hand_over(Program::DockerRegistry);
        for worker in workers {
            let remote = server.remote(&worker.repository());
            for (tag, digest) in &worker.tags {
                assert_eq!(remote.verify(tag), *digest, "{tag}");
            }
        }
    }
}

#[test]
fn a_collection_deletes_no_acknowledged_content() {
    let seed = seed();
    let mut workers: Vec<_> = (0..WORKERS)
        .map(|number| Worker::new(number, seed))
        .collect();
    let server = Server::regctl_with(CONFIG);
    let (over, done) = (AtomicBool::new(false), AtomicU64::new(0));
    let (collections, least) = if is_ci() { (80, 1500) } else { (20, 300) };
    thread::scope(|scope| {
        let working: Vec<_> = workers
            .iter_mut()
            .map(|worker| {
                let (server, over, done) = (&server, &over, &done);
                scope.spawn(move || worker.work(server, over, done))
            })
            .collect();
        let mut collected = 0;
        while collected < collections || done.load(Ordering::SeqCst) < least {
            let arguments: &[&str] = if collected % 2 == 0 {
                &["gc", "-q"]
            } else {
                &["gc", "-q", "--untagged"]
            };
            let ran = attempt(&mut regctl(&server, arguments));
            if !ran.success || working.iter().any(thread::ScopedJoinHandle::is_finished) {
                over.store(true, Ordering::SeqCst);
                assert!(ran.success, "{}", ran.text);
                break;
            }
            collected += 1;
        }
        over.store(true, Ordering::SeqCst);
        for worker in working {
            worker.join().unwrap().expect("the connection was lost");
        }
    });
    for worker in &mut workers {
        worker.check(&server);
    }
    is_sound(server, &workers);
}

#[test]
fn a_collection_that_is_killed_loses_nothing() {
    let seed = seed();
    let mut random = Random::new(seed);
    let mut workers: Vec<_> = (0..WORKERS)
        .map(|number| Worker::new(number, seed))
        .collect();
    let mut server = Server::regctl_with(CONFIG);
    for _ in 0..if is_ci() { 25 } else { 6 } {
        let (over, done) = (AtomicBool::new(false), AtomicU64::new(0));
        thread::scope(|scope| {
            for worker in &mut workers {
                let (server, over, done) = (&server, &over, &done);
                scope.spawn(move || {
                    if let Err(error) = worker.work(server, over, done) {
                        assert!(over.load(Ordering::SeqCst), "{error}, and nobody killed it");
                    }
                });
            }
            let (server, over) = (&server, &over);
            scope.spawn(move || {
                while !over.load(Ordering::SeqCst) {
                    // The command fails if the server is killed during it.
                    attempt(&mut regctl(server, &["gc", "-q", "--untagged"]));
                }
            });
            let pause = 600 + random.below(1500);
            thread::sleep(Duration::from_millis(u64::try_from(pause).unwrap()));
            over.store(true, Ordering::SeqCst);
            server.signal(Signal::KILL);
        });
        server = server.kill().start();
        for worker in &mut workers {
            worker.check(&server);
        }
    }
    is_sound(server, &workers);
}
