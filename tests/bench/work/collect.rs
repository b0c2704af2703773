//! Garbage collection: `regctl gc` through a running server, and registry:2's `garbage-collect`
//! without a server, as each requires.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use tempfile::TempDir;

use super::{Between, Measure, Scene, Work};
use crate::arguments::{Program, Subject};
use crate::image::Image;
use crate::payload::random;
use crate::processes::{memory_mib, reset_peak};
use crate::report::{Metric, Target};
use crate::roots::Layout;
use crate::server::{Server, configure};
use crate::tool::{Input, Took, run};
use crate::wire::Address;

pub(super) const COLLECT: Work = Work {
    name: "gc",
    between: Between::Registries,
    metrics: &[
        Metric::less(
            "gc --dry-run, 10,000 images, half of 30,000 blobs garbage",
            "s",
            Target::Times(20.0),
        ),
        Metric::less("gc of 15,000 blobs", "s", Target::Times(3.0)),
        Metric::less("gc, peak memory", "MiB", Target::AtMost(64.0)),
    ],
    begin,
};

pub(super) const IDLE: Work = Work {
    name: "idle-gc",
    between: Between::Registries,
    metrics: &[Metric::less(
        "gc with nothing to do, 100,000 images",
        "ms",
        Target::AtMost(50.0),
    )],
    begin: idle,
};

/// The duration of leases: how long pushes may take here.
const LEASE: &str = "2s";

fn begin(scene: &Scene, subject: &Subject) -> Result<Measure> {
    let Subject::Started(program) = *subject else {
        return Ok(Box::new(|_| Ok(vec![None, None, None])));
    };
    let images = scene.size(10_000, 200);
    let roots: Vec<_> = (0..4).map(|_| scene.root()).collect::<Result<_>>()?;
    Ok(Box::new(move |round| {
        // A collection removes its garbage, so each round needs a root.
        let directory = Arc::clone(&roots[round % roots.len()]);
        let root = directory.path().join("root");
        half_garbage(&Layout::new(&root), images)?;
        rustix::fs::syncfs(std::fs::File::open(&root)?)?;
        let collector = Collector::new(program, directory)?;
        let dry = collector.collect(true)?;
        let real = collector.collect(false)?;
        let peak = collector.peak(&real)?;
        Ok(vec![Some(dry.seconds), Some(real.seconds), Some(peak)])
    }))
}

/// Images of three blobs each in repositories of a hundred; every second one has lost its manifest.
pub(super) fn half_garbage(layout: &Layout, images: u64) -> Result<()> {
    for number in 0..images {
        let image = Image::new(number);
        let name = format!("team/app-{}", number / 100);
        layout.blobs(&image)?;
        if number % 2 == 0 {
            layout.image(&name, &image)?;
            layout.tag(&name, &format!("1.{number}"), &image)?;
        } else {
            layout.layers(&name, &image)?;
        }
    }
    Ok(())
}

fn idle(scene: &Scene, subject: &Subject) -> Result<Measure> {
    let Some(program) = subject.regctl() else {
        return Ok(Box::new(|_| Ok(vec![None])));
    };
    let directory = scene.root()?;
    let layout = Layout::new(&directory.path().join("root"));
    let layer = random(0, 16 << 10);
    for number in 0..scene.size(100_000, 1000) {
        let image = Image::with_layer(number, layer.clone());
        let name = format!("team/app-{}", number / 1000);
        layout.blobs(&image)?;
        layout.image(&name, &image)?;
        layout.tag(&name, &format!("1.{number}"), &image)?;
    }
    scene.settle()?;
    let collector = Collector::new(program, directory)?;
    // The first collection examines what the start has indexed.
    collector.collect(false)?;
    Ok(Box::new(move |_| {
        let took = collector.collect(false)?;
        Ok(vec![Some(took.seconds * 1e3)])
    }))
}

/// Collects on a root.
pub(super) struct Collector {
    program: Program,
    directory: Arc<TempDir>,
    /// The server, if collecting needs no downtime.
    server: Option<Server>,
}

impl Collector {
    /// Takes over a root.
    pub(super) fn new(program: Program, directory: Arc<TempDir>) -> Result<Self> {
        let server = if program.regctl().is_some() {
            let environment = [("REGISTRY_REGCTL_GC_LEASE", LEASE)];
            let root = Arc::clone(&directory);
            let (server, _) = Server::start_in(&environment, program, root, "/v2/")?;
            // New content counts as part of a push until its lease ends.
            std::thread::sleep(Duration::from_secs(3));
            Some(server)
        } else {
            configure(&directory, &Address::loopback(0))?;
            None
        };
        if let Some(pid) = server.as_ref().and_then(|server| server.pid) {
            reset_peak(pid)?;
        }
        Ok(Self {
            program,
            directory,
            server,
        })
    }

    /// Collects, or with `dry` only reports.
    pub(super) fn collect(&self, dry: bool) -> Result<Took> {
        let mut command = if let Some(path) = self.program.regctl() {
            let mut command = Command::new(path);
            command
                .arg("gc")
                .arg("--root")
                .arg(self.directory.path().join("root"));
            command
        } else {
            let mut command = Command::new("docker-registry");
            command
                .arg("garbage-collect")
                .arg(self.directory.path().join("config.yml"));
            command
        };
        if dry {
            command.arg("--dry-run");
        }
        run(&mut command, Input::None)
    }

    /// Peak memory of the process that did the work, in MiB.
    fn peak(&self, took: &Took) -> Result<f64> {
        match self.server.as_ref().and_then(|server| server.pid) {
            Some(pid) => memory_mib(pid, "VmHWM"),
            None => Ok(took.peak),
        }
    }

    pub(super) fn server(&self) -> Option<&Server> {
        self.server.as_ref()
    }
}
