//! From the start of the process to the first manifest, on a root of 10,000 tags of as many images:
//! the first time, after registry:2, and again without changes.

use std::fs;
use std::time::Duration;

use anyhow::Result;

use super::{Between, Measure, Scene, Work};
use crate::arguments::Subject;
use crate::image::Image;
use crate::payload::random;
use crate::report::{Metric, Target};
use crate::roots::Layout;
use crate::server::Server;

pub(super) const START: Work = Work {
    name: "start",
    between: Between::Registries,
    metrics: &[
        Metric::less(
            "first start on a registry:2 root of 10,000 tags",
            "ms",
            Target::None,
        ),
        Metric::less("start on it again, unchanged", "ms", Target::AtMost(300.0)),
    ],
    begin,
};

const TAGS: usize = 100;

fn begin(scene: &Scene, subject: &Subject) -> Result<Measure> {
    let Subject::Started(program) = *subject else {
        return Ok(Box::new(|_| Ok(vec![None, None])));
    };
    let directory = scene.root()?;
    let root = directory.path().join("root");
    let layout = Layout::new(&root);
    let layer = random(0, 16 << 10);
    for repository in 0..scene.size(100, 10) {
        for tag in 0..TAGS {
            let number = (repository * TAGS + tag) as u64;
            let image = Image::with_layer(number, layer.clone());
            let name = format!("team/app-{repository}");
            layout.blobs(&image)?;
            layout.image(&name, &image)?;
            layout.tag(&name, &format!("1.{tag}"), &image)?;
        }
    }
    scene.settle()?;
    let path = format!("/v2/team/app-9/manifests/1.{}", TAGS - 1);
    Ok(Box::new(move |_| {
        // Without regctl's own files, the root is new to it.
        let own = root.join("regctl");
        if own.exists() {
            fs::remove_dir_all(&own)?;
        }
        let mut figures = Vec::new();
        for _ in 0..2 {
            let (server, took) = Server::start(program, directory.clone(), &path)?;
            std::thread::sleep(Duration::from_millis(200));
            server.stop()?;
            figures.push(Some(took.as_secs_f64() * 1e3));
        }
        Ok(figures)
    }))
}
