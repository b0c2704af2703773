//! The effect of a collection on clients: the 99th percentile of pushes and pulls of small images
//! with and without one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use super::collect::{Collector, half_garbage};
use super::upload::{self, Way};
use super::{Between, Measure, Scene, Work};
use crate::arguments::Subject;
use crate::image::{ACCEPT, Image};
use crate::report::{Metric, Target};
use crate::roots::Layout;
use crate::server::Server;

pub(super) const BESIDE: Work = Work {
    name: "beside-gc",
    between: Between::Registries,
    metrics: &[
        Metric::less("push of a small image, p99", "ms", Target::None),
        Metric::less(
            "push p99 beside a gc",
            "times the time",
            Target::AtMost(1.5),
        ),
        Metric::less("pull of a small image, p99", "ms", Target::None),
        Metric::less(
            "pull p99 beside a gc",
            "times the time",
            Target::AtMost(1.5),
        ),
    ],
    begin,
};

/// Number of pushing workers, and of pulling ones.
const WORKERS: usize = 2;
/// More images than a worker pushes in a round.
const NUMBERS: u64 = 1 << 20;

fn begin(scene: &Scene, subject: &Subject) -> Result<Measure> {
    let Some(program) = subject.regctl() else {
        return Ok(Box::new(|_| Ok(vec![None; 4])));
    };
    let images = scene.size(8_000, 400);
    let roots: Vec<_> = (0..4).map(|_| scene.root()).collect::<Result<_>>()?;
    let first = scene.numbers(1 << 26);
    let least = scene.time();
    Ok(Box::new(move |round| {
        let directory = Arc::clone(&roots[round % roots.len()]);
        let root = directory.path().join("root");
        half_garbage(&Layout::new(&root), images)?;
        rustix::fs::syncfs(std::fs::File::open(&root)?)?;
        let collector = Collector::new(program, directory)?;
        let server = collector.server().context("there is a server")?;
        let numbers = first + (round as u64) * (1 << 23);
        let quiet = during(server, numbers, || {
            std::thread::sleep(least);
            Ok(())
        })?;
        let busy = during(server, numbers + (1 << 22), || {
            collector.collect(false).map(drop)
        })?;
        Ok(vec![
            Some(quiet.push),
            Some(busy.push / quiet.push),
            Some(quiet.pull),
            Some(busy.pull / quiet.pull),
        ])
    }))
}

/// The 99th percentiles, in ms.
struct Slowest {
    push: f64,
    pull: f64,
}

/// Pushes and pulls while something else runs.
fn during(server: &Server, numbers: u64, goes_on: impl FnOnce() -> Result<()>) -> Result<Slowest> {
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let over = &over;
        let pushing: Vec<_> = (0..WORKERS)
            .map(|worker| {
                let numbers = numbers + worker as u64 * NUMBERS;
                scope.spawn(move || push(server, worker, numbers, over))
            })
            .collect();
        let pulling: Vec<_> = (0..WORKERS)
            .map(|_| scope.spawn(move || pull(server, over)))
            .collect();
        let outcome = goes_on();
        over.store(true, Ordering::Relaxed);
        let collect = |workers: Vec<std::thread::ScopedJoinHandle<'_, Result<Vec<Duration>>>>| {
            let mut times = Vec::new();
            for worker in workers {
                times.extend(worker.join().ok().context("a worker panicked")??);
            }
            Ok::<_, anyhow::Error>(slowest_hundredth(times))
        };
        let (push, pull) = (collect(pushing)?, collect(pulling)?);
        outcome?;
        Ok(Slowest { push, pull })
    })
}

fn push(server: &Server, worker: usize, numbers: u64, over: &AtomicBool) -> Result<Vec<Duration>> {
    let mut connection = server.connect()?;
    let repository = format!("bench/beside-{worker}");
    let mut times = Vec::new();
    while !over.load(Ordering::Relaxed) {
        let number = numbers + times.len() as u64;
        let image = Image::new(number);
        let begun = Instant::now();
        let tag = format!("v{number}");
        upload::image(&mut connection, &repository, &tag, &image, Way::Monolithic)?;
        times.push(begun.elapsed());
    }
    Ok(times)
}

/// Pulls images that are kept: those with even numbers.
fn pull(server: &Server, over: &AtomicBool) -> Result<Vec<Duration>> {
    let mut connection = server.connect()?;
    let mut times = Vec::new();
    while !over.load(Ordering::Relaxed) {
        let number = (times.len() as u64 % 100) * 2;
        let image = Image::new(number);
        let repository = format!("/v2/team/app-{}", number / 100);
        let begun = Instant::now();
        connection
            .request(
                "GET",
                &format!("{repository}/manifests/1.{number}"),
                ACCEPT,
                b"",
            )?
            .expect(200)?;
        for content in [&image.config, &image.layer] {
            connection.discard(&format!("{repository}/blobs/{}", content.digest))?;
        }
        times.push(begun.elapsed());
    }
    Ok(times)
}

fn slowest_hundredth(mut times: Vec<Duration>) -> f64 {
    times.sort();
    let at = times.len() * 99 / 100;
    times.get(at).map_or(0.0, |time| time.as_secs_f64() * 1e3)
}
