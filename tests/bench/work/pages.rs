//! The first page of a long list: 10,000 tags in a repository, 10,000 repositories in the catalog.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use super::upload::{self, Way};
use super::{Between, Measure, Scene, Work};
use crate::arguments::Subject;
use crate::image::Image;
use crate::report::{Metric, Target};
use crate::roots::Layout;
use crate::server::Server;

pub(super) const TAGS: Work = Work {
    name: "tag-page",
    between: Between::Registries,
    metrics: &[
        Metric::less("page of 100 of 10,000 tags, p50", "ms", Target::AtMost(1.0)),
        Metric::less("page of 100 of 10,000 tags, p99", "ms", Target::None),
        Metric::less(
            "page of 1000 of 10,000 tags, p50",
            "ms",
            Target::AtMost(1.0),
        ),
        Metric::less("page of 1000 of 10,000 tags, p99", "ms", Target::None),
    ],
    begin: |scene, subject| {
        let fill = Fill {
            repositories: 1,
            tags: scene.size(10_000, 1_000),
        };
        begin(scene, subject, &fill, "/v2/many/00000/tags/list", "tags")
    },
};

pub(super) const CATALOG: Work = Work {
    name: "catalog-page",
    between: Between::Registries,
    metrics: &[
        Metric::less(
            "page of 100 of 10,000 repositories, p50",
            "ms",
            Target::AtMost(1.0),
        ),
        Metric::less(
            "page of 100 of 10,000 repositories, p99",
            "ms",
            Target::None,
        ),
        Metric::less(
            "page of 1000 of 10,000 repositories, p50",
            "ms",
            Target::AtMost(1.0),
        ),
        Metric::less(
            "page of 1000 of 10,000 repositories, p99",
            "ms",
            Target::None,
        ),
    ],
    begin: |scene, subject| {
        let fill = Fill {
            repositories: scene.size(10_000, 1_000),
            tags: 1,
        };
        begin(scene, subject, &fill, "/v2/_catalog", "repositories")
    },
};

/// What there is to list. All tags have the same image.
struct Fill {
    repositories: usize,
    tags: usize,
}

fn begin(
    scene: &Scene,
    subject: &Subject,
    fill: &Fill,
    path: &'static str,
    key: &'static str,
) -> Result<Measure> {
    let root = scene.root()?;
    let image = Image::new(7);
    if let Subject::Started(_) = subject {
        let layout = Layout::new(&root.path().join("root"));
        layout.blobs(&image)?;
        fill.each(|repository, tags| {
            layout.image(repository, &image)?;
            tags.iter()
                .try_for_each(|tag| layout.tag(repository, tag, &image))
        })?;
        scene.settle()?;
    }
    let server = Server::of(subject, root)?;
    let mut connection = server.connect()?;
    if let Subject::Given(_) = subject {
        fill.each(|repository, tags| {
            upload::image(
                &mut connection,
                repository,
                &tags[0],
                &image,
                Way::Monolithic,
            )?;
            tags[1..]
                .iter()
                .try_for_each(|tag| upload::manifest(&mut connection, repository, tag, &image))
        })?;
    }
    drop(connection);
    let time = scene.time() / 2;
    Ok(Box::new(move |_| {
        let mut figures = Vec::new();
        for length in [100, 1000] {
            let target = format!("{path}?n={length}");
            figures.extend(latencies(&server, &target, key, length, time)?.map(Some));
        }
        Ok(figures)
    }))
}

impl Fill {
    /// Calls a function for every repository with its tags.
    fn each(&self, mut fill: impl FnMut(&str, &[String]) -> Result<()>) -> Result<()> {
        let tags: Vec<String> = (0..self.tags).map(|tag| format!("1.{tag:05}")).collect();
        (0..self.repositories).try_for_each(|number| fill(&format!("many/{number:05}"), &tags))
    }
}

/// The p50 and p99 of a GET, in sequence on one connection, in milliseconds.
fn latencies(
    server: &Server,
    target: &str,
    key: &str,
    length: usize,
    time: Duration,
) -> Result<[f64; 2]> {
    let mut connection = server.connect()?;
    let first = connection.request("GET", target, "", b"")?.expect(200)?;
    let page: serde_json::Value = serde_json::from_slice(&first.body)?;
    let listed = page[key].as_array().context("no list")?.len();
    // More is accepted: docker-registry 2.8 does not page tags.
    ensure!(listed >= length, "{target} listed {listed}");
    let mut samples = Vec::new();
    let begun = Instant::now();
    while samples.len() < 20 || begun.elapsed() < time {
        let sent = Instant::now();
        let answer = connection.request("GET", target, "", b"")?;
        samples.push(sent.elapsed().as_secs_f64() * 1e3);
        answer.expect(200)?;
    }
    samples.sort_by(f64::total_cmp);
    Ok([
        samples[samples.len() / 2],
        samples[samples.len() * 99 / 100],
    ])
}
