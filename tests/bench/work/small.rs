//! Small image pushes: a config, a 16 KiB layer and a manifest, every image distinct, by 16
//! workers, each with its own repository.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use super::upload::{self, Way};
use super::{Between, Measure, Scene, Work, figure};
use crate::arguments::Subject;
use crate::image::Image;
use crate::load::WORKERS;
use crate::processes::Meter;
use crate::report::{Metric, Target};
use crate::server::Server;

pub(super) const PUSH: Work = Work {
    name: "small-push",
    between: Between::Registries,
    metrics: &[
        Metric::more(
            "small image pushes, 16 workers",
            "images/s",
            Target::Times(4.0),
        ),
        Metric::less("small image pushes, CPU", "ms/image", Target::None),
    ],
    begin: |scene, subject| begin(scene, subject, Way::Patch),
};

pub(super) const PUSH_MONOLITHIC: Work = Work {
    name: "small-push-monolithic",
    between: Between::Registries,
    metrics: &[
        Metric::more(
            "small image pushes without HEAD and PATCH",
            "images/s",
            Target::Times(4.0),
        ),
        Metric::less(
            "small image pushes without HEAD and PATCH, CPU",
            "ms/image",
            Target::None,
        ),
    ],
    begin: |scene, subject| begin(scene, subject, Way::Monolithic),
};

/// More images than a worker can push in the time.
const NUMBERS: u64 = 1 << 16;

fn begin(scene: &Scene, subject: &Subject, way: Way) -> Result<Measure> {
    let server = Server::of(subject, scene.root()?)?;
    let time = scene.time();
    let rounds = 64;
    let first = scene.numbers(rounds * WORKERS as u64 * NUMBERS);
    Ok(Box::new(move |round| {
        let meter = Meter::start(server.pid)?;
        let begun = Instant::now();
        let pushed = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..WORKERS)
                .map(|worker| {
                    let numbers = first + (round * WORKERS + worker) as u64 * NUMBERS;
                    let server = &server;
                    scope.spawn(move || work(server, worker, numbers, way, begun + time))
                })
                .collect();
            let mut pushed = 0;
            for worker in workers {
                pushed += worker.join().ok().context("a worker panicked")??;
            }
            anyhow::Ok(pushed)
        })?;
        let seconds = begun.elapsed().as_secs_f64();
        let (cpu, _) = meter.stop()?;
        Ok(vec![
            Some(figure(pushed) / seconds),
            cpu.map(|cpu| cpu * 1e3 / figure(pushed)),
        ])
    }))
}

/// Pushes until the time is over. Returns the number of images.
fn work(server: &Server, worker: usize, numbers: u64, way: Way, until: Instant) -> Result<usize> {
    let mut connection = server.connect()?;
    let repository = format!("bench/small-{worker}");
    let mut pushed = 0;
    while until.saturating_duration_since(Instant::now()) > Duration::ZERO {
        let number = numbers + pushed as u64;
        let image = Image::new(number);
        upload::image(
            &mut connection,
            &repository,
            &format!("v{number}"),
            &image,
            way,
        )?;
        pushed += 1;
    }
    Ok(pushed)
}
