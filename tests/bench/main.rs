//! The benchmark: the same work on each of several registries, in one run.
//!
//! `cargo bench` starts Debian's docker-registry and regctl, each on new roots on the same disk and
//! with the same configuration file, and prints every result and the ratio. `cargo bench -- --help`
//! lists the options. Each kind of work is a file of `work`; it uses servers over loopback sockets
//! only, through a client that is fast enough not to be the limit. Servers are stopped by process
//! id, and all files are removed.

#![allow(clippy::print_stdout, clippy::print_stderr, clippy::disallowed_methods)]

mod archive;
mod arguments;
mod image;
mod load;
mod payload;
mod processes;
mod report;
mod roots;
mod server;
mod tool;
mod wire;
mod work;

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use clap::Parser as _;

use crate::arguments::{Arguments, Subject};
use crate::report::{Report, median};
use crate::work::Between;

fn main() -> ExitCode {
    match compare(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the requested work and prints the table.
fn compare(arguments: &Arguments) -> Result<()> {
    let subjects = arguments.subjects();
    let scene = work::Scene::new(arguments)?;
    arguments.keep_earlier()?;
    let tools = arguments.tools();
    let mut report = Report::new(arguments);
    let started = Instant::now();
    let mut failed = Vec::new();
    for work in arguments.works()? {
        let subjects = match work.between {
            Between::Registries => subjects.as_slice(),
            Between::Tools => &tools,
        };
        // A failure does not affect the results of the others.
        if let Err(error) = run(work, &scene, subjects, arguments.rounds(), &mut report) {
            eprintln!("{} failed: {error:#}", work.name);
            failed.push(work.name);
        }
    }
    report.print(arguments.markdown);
    eprintln!("took {:.0} s", started.elapsed().as_secs_f64());
    ensure!(failed.is_empty(), "failed: {}", failed.join(", "));
    Ok(())
}

/// Runs one kind of work for every registry: they alternate within a round, and so does the first
/// one, so that none always pays for what another left to the disk. The report has the median of
/// the rounds.
fn run(
    work: &'static work::Work,
    scene: &work::Scene,
    subjects: &[Subject],
    rounds: usize,
    report: &mut Report,
) -> Result<()> {
    let mut measures = Vec::new();
    for subject in subjects {
        let measure = (work.begin)(scene, subject)
            .with_context(|| format!("preparing {}", subject.name()))?;
        measures.push(measure);
    }
    let mut figures = vec![vec![Vec::new(); subjects.len()]; work.metrics.len()];
    for round in 0..rounds {
        let mut order: Vec<usize> = (0..subjects.len()).collect();
        if round % 2 == 1 {
            order.reverse();
        }
        for side in order {
            scene.settle()?;
            let sample =
                measures[side](round).with_context(|| format!("on {}", subjects[side].name()))?;
            let shown = report::sample(work.metrics, &sample);
            eprintln!("{} · {} · {shown}", work.name, subjects[side].name());
            for (metric, figure) in sample.into_iter().enumerate() {
                figures[metric][side].extend(figure);
            }
        }
    }
    for (metric, sides) in work.metrics.iter().zip(figures) {
        let medians: Vec<_> = sides.into_iter().map(median).collect();
        report.add(subjects, metric, &medians);
    }
    Ok(())
}
