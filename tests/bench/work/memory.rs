//! Resident memory: of an idle server, and at the peak of 64 parallel pushes of 64 MiB.

use std::sync::Barrier;
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::upload::{self, Way};
use super::{Between, Measure, Scene, Work};
use crate::arguments::Subject;
use crate::payload::Payload;
use crate::processes::{memory_mib, reset_peak};
use crate::report::{Metric, Target};
use crate::server::Server;

pub(super) const MEMORY: Work = Work {
    name: "memory",
    between: Between::Registries,
    metrics: &[
        Metric::less("memory, idle", "MiB", Target::AtMost(16.0)),
        Metric::less(
            "memory, peak of 64 parallel pushes of 64 MiB",
            "MiB",
            Target::AtMost(64.0),
        ),
    ],
    begin,
};

const PUSHES: usize = 64;

fn begin(scene: &Scene, subject: &Subject) -> Result<Measure> {
    let server = Server::of(subject, scene.root_of_large_files()?)?;
    let size = scene.size(64 << 20, 8 << 20);
    let block = scene.block();
    let numbers = scene.numbers(1 << 20);
    // The memory before any request, so it is read once, here.
    std::thread::sleep(Duration::from_secs(1));
    let idle = server.pid.map(|pid| memory_mib(pid, "VmRSS")).transpose()?;
    Ok(Box::new(move |round| {
        let Some(pid) = server.pid else {
            return Ok(vec![None, None]);
        };
        reset_peak(pid)?;
        // All begin together; every payload is prepared before.
        let ready = Barrier::new(PUSHES);
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..PUSHES)
                .map(|worker| {
                    let number = numbers + (round * PUSHES + worker) as u64;
                    let (server, block, ready) = (&server, &block, &ready);
                    scope.spawn(move || {
                        let payload = Payload::new(block, size, number);
                        let connection = server.connect();
                        ready.wait();
                        let repository = format!("bench/memory-{worker}");
                        upload::large_blob(&mut connection?, &repository, &payload, Way::Patch)
                    })
                })
                .collect();
            for worker in workers {
                worker.join().ok().context("a worker panicked")??;
            }
            anyhow::Ok(())
        })?;
        Ok(vec![idle, Some(memory_mib(pid, "VmHWM")?)])
    }))
}
