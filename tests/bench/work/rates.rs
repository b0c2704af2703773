//! Requests per second, and the server's CPU per request: GET of a manifest by its tag and HEAD of
//! a blob, over 100 images.

use anyhow::Result;

use super::upload::{self, Way};
use super::{Between, Measure, Scene, Work};
use crate::arguments::Subject;
use crate::image::{ACCEPT, Image};
use crate::load::{Requests, hammer};
use crate::report::{Metric, Target};
use crate::server::Server;

pub(super) const MANIFEST_GET: Work = Work {
    name: "manifest-get",
    between: Between::Registries,
    metrics: &[
        Metric::more(
            "manifest GET by tag, 16 workers",
            "requests/s",
            Target::Times(8.0),
        ),
        Metric::less("manifest GET by tag, CPU", "µs/request", Target::Times(8.0)),
        Metric::less("(load generator's own CPU)", "µs/request", Target::Aside),
    ],
    begin: |scene, subject| {
        begin(scene, subject, false, |tag, _| {
            ("GET", format!("manifests/{tag}"), ACCEPT)
        })
    },
};

pub(super) const BLOB_HEAD: Work = Work {
    name: "blob-head",
    between: Between::Registries,
    metrics: &[
        Metric::more("blob HEAD, 16 workers", "requests/s", Target::Times(12.0)),
        Metric::less("blob HEAD, CPU", "µs/request", Target::None),
        Metric::less("(load generator's own CPU)", "µs/request", Target::Aside),
    ],
    begin: |scene, subject| {
        begin(scene, subject, true, |_, image| {
            ("HEAD", format!("blobs/{}", image.layer.digest), "")
        })
    },
};

const REPOSITORY: &str = "bench/rates";

fn begin(
    scene: &Scene,
    subject: &Subject,
    head: bool,
    request: impl Fn(&str, &Image) -> (&'static str, String, &'static str),
) -> Result<Measure> {
    let server = Server::of(subject, scene.root()?)?;
    let mut connection = server.connect()?;
    let mut bytes = Vec::new();
    for number in 0..100 {
        let tag = format!("1.{number}");
        let image = Image::new(scene.numbers(1));
        upload::image(&mut connection, REPOSITORY, &tag, &image, Way::Monolithic)?;
        let (method, path, headers) = request(&tag, &image);
        let target = format!("/v2/{REPOSITORY}/{path}");
        let message = connection.head(method, &target, headers);
        bytes.push(format!("{message}\r\n").into_bytes());
    }
    let requests = Requests { bytes, head };
    let time = scene.time();
    Ok(Box::new(move |_| {
        let outcome = hammer(&server.address, server.pid, &requests, time)?;
        Ok(vec![
            Some(outcome.rate),
            outcome.server_cpu,
            Some(outcome.own_cpu),
        ])
    }))
}
