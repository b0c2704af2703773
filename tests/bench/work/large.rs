//! One large blob: its push, compared with hashing, writing and syncing the same bytes, and its
//! pull from the page cache.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Result, ensure};
use regctl::hash::Hasher;
use regctl::oci::Algorithm;

use super::upload::{self, Way};
use super::{Between, Measure, Scene, Work, mebibytes};
use crate::arguments::Subject;
use crate::payload::Payload;
use crate::processes::Meter;
use crate::report::{Metric, Target};
use crate::server::Server;

pub(super) const PUSH: Work = Work {
    name: "large-push",
    between: Between::Registries,
    metrics: &[
        Metric::more("large blob push", "MiB/s", Target::Times(2.5)),
        Metric::less("large blob push, CPU", "s/GiB", Target::None),
        Metric::more("(hash, write and fsync alone)", "MiB/s", Target::Aside),
        Metric::less(
            "large blob push / hash, write and fsync alone",
            "times the time",
            Target::AtMost(1.3),
        ),
    ],
    begin: |scene, subject| push(scene, subject, Way::Patch),
};

pub(super) const PUSH_MONOLITHIC: Work = Work {
    name: "large-push-monolithic",
    between: Between::Registries,
    metrics: &[
        Metric::more("large blob push in one PUT", "MiB/s", Target::Times(2.5)),
        Metric::less("large blob push in one PUT, CPU", "s/GiB", Target::None),
        Metric::more("(hash, write and fsync alone)", "MiB/s", Target::Aside),
        Metric::less(
            "large blob push in one PUT / hash, write and fsync alone",
            "times the time",
            Target::AtMost(1.3),
        ),
    ],
    begin: |scene, subject| push(scene, subject, Way::Monolithic),
};

pub(super) const PULL: Work = Work {
    name: "large-pull",
    between: Between::Registries,
    metrics: &[
        Metric::more("large blob pull", "MiB/s", Target::Times(1.0)),
        Metric::less("large blob pull, CPU", "s/GiB", Target::Times(2.0)),
        Metric::less("(puller's own CPU)", "s/GiB", Target::Aside),
    ],
    begin: |scene, subject| pull(scene, subject, false),
};

/// Every pull is hashed: the file of the blob has changed since the one before.
pub(super) const PULL_HASHED: Work = Work {
    name: "large-pull-hashed",
    between: Between::Registries,
    metrics: &[
        Metric::more("large blob pull, hashed", "MiB/s", Target::None),
        Metric::less("large blob pull, hashed, CPU", "s/GiB", Target::None),
        Metric::less("(puller's own CPU)", "s/GiB", Target::Aside),
    ],
    begin: |scene, subject| pull(scene, subject, true),
};

const REPOSITORY: &str = "bench/large";

fn push(scene: &Scene, subject: &Subject, way: Way) -> Result<Measure> {
    let server = Server::of(subject, scene.root_of_large_files()?)?;
    let size = scene.size(1 << 30, 128 << 20);
    let directory = scene.root_of_large_files()?;
    let block = scene.block();
    let numbers = scene.numbers(1 << 10);
    Ok(Box::new(move |round| {
        let payload = Payload::new(&block, size, numbers + round as u64);
        // A first run without measurement: on a virtual machine, idle memory is slow, and the first
        // to fill the page cache would pay for it.
        hash_write_sync(&payload, directory.path())?;
        let alone = hash_write_sync(&payload, directory.path())?;
        let mut connection = server.connect()?;
        let meter = Meter::start(server.pid)?;
        let begun = Instant::now();
        upload::large_blob(&mut connection, REPOSITORY, &payload, way)?;
        let seconds = begun.elapsed().as_secs_f64();
        let (cpu, _) = meter.stop()?;
        Ok(vec![
            Some(mebibytes(size) / seconds),
            cpu.map(|cpu| cpu * 1024.0 / mebibytes(size)),
            Some(mebibytes(size) / alone),
            Some(seconds / alone),
        ])
    }))
}

/// The minimum time of a durable push on one core, in seconds. Nothing of it is left on the disk or
/// in its queue.
fn hash_write_sync(payload: &Payload, directory: &Path) -> Result<f64> {
    let path = directory.join("data");
    let begun = Instant::now();
    let mut file = File::create(&path)?;
    let mut hasher = Hasher::new(Algorithm::Sha256);
    for slice in payload.slices(256 << 10) {
        hasher.update(slice);
        file.write_all(slice)?;
    }
    ensure!(hasher.finish() == payload.digest, "the digest changed");
    file.sync_all()?;
    let seconds = begun.elapsed().as_secs_f64();
    drop(file);
    fs::remove_file(path)?;
    rustix::fs::syncfs(File::open(directory)?)?;
    Ok(seconds)
}

/// With `hashed`, the file of the blob gets another time before each pull.
fn pull(scene: &Scene, subject: &Subject, hashed: bool) -> Result<Measure> {
    if hashed && matches!(subject, Subject::Given(_)) {
        return Ok(Box::new(|_| Ok(vec![None, None, None])));
    }
    let root = scene.root_of_large_files()?;
    let server = Server::of(subject, Arc::clone(&root))?;
    let size = scene.size(1 << 30, 128 << 20);
    let payload = scene.payload(size);
    let mut connection = server.connect()?;
    upload::large_blob(&mut connection, REPOSITORY, &payload, Way::Monolithic)?;
    let target = format!("/v2/{REPOSITORY}/blobs/{}", payload.digest);
    let time = scene.time();
    connection.discard(&target)?;
    drop(connection);
    let hex = payload.digest.hex();
    let blobs = root.path().join("root/docker/registry/v2/blobs/sha256");
    let file = blobs.join(&hex[..2]).join(hex).join("data");
    Ok(Box::new(move |_| {
        let mut connection = server.connect()?;
        let meter = Meter::start(server.pid)?;
        let begun = Instant::now();
        let mut pulled = 0.0;
        while begun.elapsed() < time {
            if hashed {
                fs::set_permissions(&file, fs::metadata(&file)?.permissions())?;
            }
            let length = connection.discard(&target)?;
            ensure!(length == size, "{length} bytes came instead of {size}");
            pulled += mebibytes(length);
        }
        let seconds = begun.elapsed().as_secs_f64();
        let (cpu, own) = meter.stop()?;
        Ok(vec![
            Some(pulled / seconds),
            cpu.map(|cpu| cpu * 1024.0 / pulled),
            Some(own * 1024.0 / pulled),
        ])
    }))
}
