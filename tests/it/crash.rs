//! `kill -9` at random moments during concurrent pushes, retags and deletes.
//!
//! Each worker records what was acknowledged to it. After each restart the server must show exactly
//! that; the request that was running during the kill was done completely or not at all.
//! `REGCTL_CRASH_ROUNDS` and `REGCTL_CRASH_SEED` set the rounds and repeat a run.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use regctl::oci::Digest;
use rustix::process::Signal;

use crate::support::{
    Image, Random, Remote, Request, Response, Server, is_ci, path_of, random_bytes, sha256,
    with_query,
};

const WORKERS: u64 = 4;
const IMAGES: u64 = 10;
const TAGS: usize = 6;
const LONE_BLOBS: u64 = 5;

/// A request without an answer.
#[derive(Debug, Clone)]
enum Doubt {
    Tagged(String, Digest),
    Untagged(String),
    ManifestDeleted(Digest),
    BlobPushed(Digest),
    BlobDeleted(Digest),
}

/// A client, and the acknowledged state.
struct Worker {
    number: u64,
    repository: String,
    random: Random,
    images: Vec<Image>,
    lone: Vec<Vec<u8>>,
    tags: BTreeMap<String, Digest>,
    manifests: BTreeSet<Digest>,
    blobs: BTreeSet<Digest>,
    doubt: Option<Doubt>,
    operations: u64,
}

impl Worker {
    fn new(number: u64, seed: u64) -> Self {
        // Two workers share a repository; all push the same layer.
        let repository = format!("crash/{}", number.min(WORKERS - 2));
        let common = random_bytes(7, 9000);
        Self {
            number,
            repository,
            random: Random::new(seed ^ (number << 32)),
            images: (0..IMAGES)
                .map(|image| {
                    let size = 500 + usize::try_from(image * image * 400).unwrap();
                    Image::with_layers(1000 * (number + 1) + image, &[size]).with_layer(&common)
                })
                .collect(),
            lone: (0..LONE_BLOBS)
                .map(|blob| random_bytes(1_000_000 + 100 * number + blob, 3000))
                .collect(),
            tags: BTreeMap::new(),
            manifests: BTreeSet::new(),
            blobs: BTreeSet::new(),
            doubt: None,
            operations: 0,
        }
    }

    fn tag(&mut self) -> String {
        format!("w{}-{}", self.number, self.random.below(TAGS))
    }

    /// Works until the connection fails.
    fn work(&mut self, remote: &Remote, killed: &AtomicBool) {
        let error = loop {
            if let Err(error) = self.step(remote) {
                break error;
            }
            self.operations += 1;
        };
        assert!(
            killed.load(Ordering::SeqCst),
            "{error}, and nobody killed it"
        );
    }

    fn step(&mut self, remote: &Remote) -> io::Result<()> {
        match self.random.below(12) {
            0..5 => self.push(remote),
            5..7 => self.retag(remote),
            7 => {
                let tag = self.tag();
                let was = self.tags.contains_key(&tag);
                self.doubt = Some(Doubt::Untagged(tag.clone()));
                let answer = send(remote, "DELETE", &remote.manifest_path(&tag), &[])?;
                answer.expect(if was { 202 } else { 404 });
                self.settle();
                Ok(())
            }
            8 => {
                let image = self.random.below(self.images.len());
                let digest = self.images[image].digest();
                let was = self.manifests.contains(&digest);
                self.doubt = Some(Doubt::ManifestDeleted(digest));
                let target = remote.manifest_path(&digest.to_string());
                let answer = send(remote, "DELETE", &target, &[])?;
                answer.expect(if was { 202 } else { 404 });
                self.settle();
                Ok(())
            }
            9 => {
                let blob = self.random.below(self.lone.len());
                let digest = sha256(&self.lone[blob]);
                let was = self.blobs.contains(&digest);
                self.doubt = Some(Doubt::BlobDeleted(digest));
                let answer = send(remote, "DELETE", &remote.blob_path(&digest), &[])?;
                answer.expect(if was { 202 } else { 404 });
                self.settle();
                Ok(())
            }
            _ => {
                let blob = self.random.below(self.lone.len());
                let bytes = self.lone[blob].clone();
                self.push_blob(remote, &bytes)
            }
        }
    }

    fn push(&mut self, remote: &Remote) -> io::Result<()> {
        let image = self.random.below(self.images.len());
        let image = self.images[image].clone();
        for blob in &image.blobs {
            // Like a client: existing blobs are not sent again.
            let digest = sha256(blob);
            let there = send(remote, "HEAD", &remote.blob_path(&digest), &[])?.status == 200;
            assert!(there || !self.blobs.contains(&digest), "{digest} was lost");
            if !there {
                self.push_blob(remote, blob)?;
            }
        }
        let tag = self.tag();
        self.put(remote, tag, &image)
    }

    fn retag(&mut self, remote: &Remote) -> io::Result<()> {
        let known: Vec<_> = self.manifests.iter().copied().collect();
        if known.is_empty() {
            return Ok(());
        }
        let digest = known[self.random.below(known.len())];
        let found = self.images.iter().find(|image| image.digest() == digest);
        let image = found.expect("an image of this worker").clone();
        let tag = self.tag();
        self.put(remote, tag, &image)
    }

    fn put(&mut self, remote: &Remote, tag: String, image: &Image) -> io::Result<()> {
        let target = remote.manifest_path(&tag);
        self.doubt = Some(Doubt::Tagged(tag, image.digest()));
        let request = Request::new("PUT", &target)
            .header("Content-Type", &image.manifest.media_type)
            .body(&image.manifest.bytes);
        remote.client.try_send(&request)?.expect(201);
        self.settle();
        Ok(())
    }

    fn push_blob(&mut self, remote: &Remote, bytes: &[u8]) -> io::Result<()> {
        let digest = sha256(bytes);
        let query = format!("digest={digest}");
        let uploads = remote.path("blobs/uploads/");
        self.doubt = Some(Doubt::BlobPushed(digest));
        let way = self.random.below(3);
        if way == 0 {
            send(remote, "POST", &with_query(&uploads, &query), bytes)?.expect(201);
        } else {
            let session = send(remote, "POST", &uploads, &[])?.expect(202);
            let session = path_of(session.need("Location"));
            let (first, rest) = bytes.split_at(if way == 1 { 0 } else { bytes.len() / 3 });
            let session = if first.is_empty() {
                session
            } else {
                let answer = send(remote, "PATCH", &session, first)?.expect(202);
                path_of(answer.need("Location"))
            };
            send(remote, "PUT", &with_query(&session, &query), rest)?.expect(201);
        }
        self.settle();
        Ok(())
    }

    /// The unanswered request was done.
    fn settle(&mut self) {
        match self.doubt.take() {
            None => {}
            Some(Doubt::Tagged(tag, digest)) => {
                self.tags.insert(tag, digest);
                self.manifests.insert(digest);
            }
            Some(Doubt::Untagged(tag)) => {
                self.tags.remove(&tag);
            }
            Some(Doubt::ManifestDeleted(digest)) => {
                self.manifests.remove(&digest);
                self.tags.retain(|_, tagged| *tagged != digest);
            }
            Some(Doubt::BlobPushed(digest)) => {
                self.blobs.insert(digest);
            }
            Some(Doubt::BlobDeleted(digest)) => {
                self.blobs.remove(&digest);
            }
        }
    }

    /// Determines whether the unanswered request was done; [`Worker::check`] then expects all of
    /// it.
    fn resolve(&mut self, remote: &Remote) {
        let happened = match &self.doubt {
            None => false,
            Some(Doubt::Tagged(tag, digest)) => {
                let answer = remote.manifest_head(tag);
                answer.header("Docker-Content-Digest") == Some(&digest.to_string())
            }
            Some(Doubt::Untagged(tag)) => remote.manifest_head(tag).status == 404,
            Some(Doubt::ManifestDeleted(digest)) => {
                remote.manifest_head(&digest.to_string()).status == 404
            }
            Some(Doubt::BlobPushed(digest)) => remote.blob_head(digest).status == 200,
            Some(Doubt::BlobDeleted(digest)) => remote.blob_head(digest).status == 404,
        };
        if happened {
            self.settle();
        }
        self.doubt = None;
    }

    /// The server shows exactly the state of this worker.
    fn check(&self, remote: &Remote) {
        let prefix = format!("w{}-", self.number);
        let listed: Vec<_> = remote
            .tags()
            .into_iter()
            .filter(|tag| tag.starts_with(&prefix))
            .collect();
        let known: Vec<_> = self.tags.keys().cloned().collect();
        assert_eq!(listed, known, "tags of worker {}", self.number);
        for (tag, digest) in &self.tags {
            assert_eq!(remote.verify(tag), *digest, "{tag}");
        }
        for image in &self.images {
            let digest = image.digest();
            let status = remote.manifest(&digest.to_string()).status;
            let there = self.manifests.contains(&digest);
            assert_eq!(status, if there { 200 } else { 404 }, "manifest {digest}");
        }
        for digest in &self.blobs {
            let bytes = remote.blob(digest).expect(200).body;
            assert_eq!(sha256(&bytes), *digest, "blob {digest}");
        }
        for blob in &self.lone {
            let digest = sha256(blob);
            let there = self.blobs.contains(&digest);
            let status = remote.blob_head(&digest).status;
            assert_eq!(status, if there { 200 } else { 404 }, "blob {digest}");
        }
    }
}

fn send(remote: &Remote, method: &str, target: &str, body: &[u8]) -> io::Result<Response> {
    let mut request = Request::new(method, target);
    if matches!(method, "PUT" | "PATCH" | "POST") {
        request = request.body(body);
    }
    remote.client.try_send(&request)
}

/// The tags in the layout on disk.
fn tags_on_disk(server: &Server, repository: &str) -> BTreeMap<String, String> {
    let tags = server
        .layout()
        .join("repositories")
        .join(repository)
        .join("_manifests/tags");
    let Ok(entries) = std::fs::read_dir(tags) else {
        return BTreeMap::new();
    };
    entries
        .map(|entry| {
            let entry = entry.unwrap();
            let link = std::fs::read_to_string(entry.path().join("current/link")).unwrap();
            (entry.file_name().into_string().unwrap(), link)
        })
        .collect()
}

fn number_from(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn acknowledged_changes_survive_a_kill_at_any_moment() {
    let rounds = number_from("REGCTL_CRASH_ROUNDS").unwrap_or(if is_ci() { 60 } else { 10 });
    let seed = number_from("REGCTL_CRASH_SEED").unwrap_or_else(|| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        now.as_secs() ^ u64::from(now.subsec_nanos())
    });
    // Shown when it fails.
    println!("REGCTL_CRASH_SEED={seed}, {rounds} rounds");
    let mut random = Random::new(seed);
    let mut workers: Vec<_> = (0..WORKERS)
        .map(|number| Worker::new(number, seed))
        .collect();
    let mut server = Server::regctl();
    for round in 0..rounds {
        println!("round {round}");
        let killed = AtomicBool::new(false);
        thread::scope(|scope| {
            for worker in &mut workers {
                let remote = server.remote(&worker.repository);
                let killed = &killed;
                scope.spawn(move || worker.work(&remote, killed));
            }
            // Sometimes before the first request, mostly in the middle.
            let pause = u64::try_from(random.below(250)).unwrap();
            thread::sleep(Duration::from_millis(pause));
            killed.store(true, Ordering::SeqCst);
            server.signal(Signal::KILL);
        });
        server = server.kill().start();
        for worker in &mut workers {
            let remote = server.remote(&worker.repository);
            worker.resolve(&remote);
            worker.check(&remote);
        }
        let expected: BTreeSet<_> = workers
            .iter()
            .filter(|worker| !worker.manifests.is_empty())
            .map(|worker| worker.repository.clone())
            .collect();
        let listed: BTreeSet<_> = server.catalog().into_keys().collect();
        assert_eq!(listed, expected);
    }
    let operations: u64 = workers.iter().map(|worker| worker.operations).sum();
    println!("{operations} operations were acknowledged");
    assert!(operations > rounds, "hardly anything was done");

    // After a clean stop the layout shows the same.
    let server = server.restart();
    for worker in &workers {
        worker.check(&server.remote(&worker.repository));
        let expected: BTreeMap<_, _> = workers
            .iter()
            .filter(|other| other.repository == worker.repository)
            .flat_map(|other| &other.tags)
            .map(|(tag, digest)| (tag.clone(), digest.to_string()))
            .collect();
        assert_eq!(tags_on_disk(&server, &worker.repository), expected);
    }
    server.stop();
}
