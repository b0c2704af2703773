//! The effect of one large change on small pushes: a DELETE of a digest with many tags, and a push
//! of an index with many entries.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use super::upload::{self, Way};
use super::{Between, Measure, Scene, Work};
use crate::arguments::Subject;
use crate::image::Image;
use crate::report::{Metric, Target};
use crate::server::Server;

pub(super) const LARGE_CHANGES: Work = Work {
    name: "beside-large-changes",
    between: Between::Registries,
    metrics: &[
        Metric::less(
            "slowest push beside a DELETE of a digest with 10,000 tags",
            "ms",
            Target::AtMost(100.0),
        ),
        Metric::less(
            "slowest push beside the largest index, of 5,000 entries",
            "ms",
            Target::AtMost(200.0),
        ),
    ],
    begin,
};

/// The media type of an image index.
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// Maximum number of descriptors in a manifest for regctl.
const ENTRIES: usize = 5_000;
/// Time before and after the change in which pushes are measured, too.
const MARGIN: Duration = Duration::from_millis(200);
/// Number of images in a round.
const NUMBERS: u64 = 1 << 20;

fn begin(scene: &Scene, subject: &Subject) -> Result<Measure> {
    let Some(program) = subject.regctl() else {
        return Ok(Box::new(|_| Ok(vec![None; 2])));
    };
    let (tags, entries) = (scene.size(10_000, 500), scene.size(ENTRIES, 2_000));
    let (server, _) = Server::start(program, scene.root()?, "/v2/")?;
    let first = scene.numbers(NUMBERS << 6);
    Ok(Box::new(move |round| {
        let numbers = first + round as u64 * NUMBERS;
        let repository = format!("bench/tagged-{round}");
        let image = Image::new(numbers);
        let mut connection = server.connect()?;
        upload::image(&mut connection, &repository, "t0", &image, Way::Monolithic)?;
        for tag in 1..tags {
            upload::manifest(&mut connection, &repository, &format!("t{tag}"), &image)?;
        }
        let target = format!("/v2/{repository}/manifests/{}", image.manifest.digest);
        let deleted = slowest_push(&server, numbers + 1, || {
            connection
                .request("DELETE", &target, "", b"")?
                .expect(202)?;
            Ok(())
        })?;
        let index = index(entries, round)?;
        let target = format!("/v2/bench/index-{round}/manifests/latest");
        let headers = format!("Content-Type: {INDEX}\r\n");
        let indexed = slowest_push(&server, numbers + NUMBERS / 2, || {
            connection
                .request("PUT", &target, &headers, &index)?
                .expect(201)?;
            Ok(())
        })?;
        Ok(vec![Some(deleted), Some(indexed)])
    }))
}

/// An index whose entries do not exist: it may be sparse.
fn index(entries: usize, round: usize) -> Result<Vec<u8>> {
    let mut text = format!(r#"{{"schemaVersion":2,"mediaType":"{INDEX}","manifests":["#);
    for entry in 0..entries {
        let comma = if entry > 0 { "," } else { "" };
        write!(
            text,
            r#"{comma}{{"mediaType":"a/b","digest":"sha256:{:064x}","size":1}}"#,
            round * entries + entry
        )?;
    }
    text.push_str("]}");
    Ok(text.into_bytes())
}

/// The slowest push of a small image during a change, in milliseconds.
fn slowest_push(server: &Server, numbers: u64, change: impl FnOnce() -> Result<()>) -> Result<f64> {
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let pushing = scope.spawn(|| push(server, numbers, &over));
        std::thread::sleep(MARGIN);
        let changed = change();
        std::thread::sleep(MARGIN);
        over.store(true, Ordering::Relaxed);
        let slowest = pushing.join().ok().context("the pushing thread panicked")?;
        changed?;
        Ok(slowest?.as_secs_f64() * 1e3)
    })
}

fn push(server: &Server, numbers: u64, over: &AtomicBool) -> Result<Duration> {
    let mut connection = server.connect()?;
    let mut slowest = Duration::ZERO;
    let mut number = numbers;
    while !over.load(Ordering::Relaxed) {
        let image = Image::new(number);
        let begun = Instant::now();
        let tag = format!("v{number}");
        upload::image(
            &mut connection,
            "bench/small",
            &tag,
            &image,
            Way::Monolithic,
        )?;
        slowest = slowest.max(begun.elapsed());
        number += 1;
    }
    Ok(slowest)
}
