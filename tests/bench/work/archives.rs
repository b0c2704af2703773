//! Images between archives and a registry: `regctl import` and `export`, and `skopeo copy`, each
//! with a regctl server on an empty root.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};
use tempfile::TempDir;

use super::{Between, Measure, Scene, Work};
use crate::archive;
use crate::arguments::{Program, Subject};
use crate::report::{Metric, Target};
use crate::server::Server;
use crate::tool::{Input, Took, run};

pub(super) const ONE_LARGE: Work = Work {
    name: "archive-one-layer",
    between: Between::Tools,
    metrics: &ONE_LARGE_METRICS,
    begin: |scene, subject| begin(scene, subject, &[200 << 20, 20 << 20, 10 << 20]),
};

pub(super) const MANY: Work = Work {
    name: "archive-many-layers",
    between: Between::Tools,
    metrics: &MANY_METRICS,
    begin: |scene, subject| begin(scene, subject, &[51 << 20; 20]),
};

static ONE_LARGE_METRICS: [Metric; 7] = metrics([
    "import of 230 MiB, one layer of 200 MiB, from a file",
    "the same again, share of the first time",
    "import of 230 MiB from a pipe",
    "peak memory of an import of 230 MiB",
    "export of 230 MiB",
    "peak memory of an export of 230 MiB",
    "the same import again from a pipe / sha256sum of the archive",
]);

static MANY_METRICS: [Metric; 7] = metrics([
    "import of 1 GiB in 20 layers from a file",
    "the same again, share of the first time",
    "import of 1 GiB from a pipe",
    "peak memory of an import of 1 GiB",
    "export of 1 GiB",
    "peak memory of an export of 1 GiB",
    "the same import again from a pipe / sha256sum of the archive",
]);

const fn metrics(names: [&'static str; 7]) -> [Metric; 7] {
    let [file, again, pipe, peak, export, export_peak, pipe_again] = names;
    [
        Metric::less(file, "s", Target::Times(1.5)),
        Metric::less(again, "times", Target::AtMost(0.1)),
        Metric::less(pipe, "s", Target::Times(1.5)),
        Metric::less(peak, "MiB", Target::AtMost(64.0)),
        Metric::less(export, "s", Target::Times(5.0)),
        Metric::less(export_peak, "MiB", Target::AtMost(64.0)),
        Metric::less(pipe_again, "times the time", Target::AtMost(1.3)),
    ]
}

const REFERENCE: &str = "bench/app:1";

fn begin(scene: &Scene, subject: &Subject, layers: &[u64]) -> Result<Measure> {
    let Subject::Started(program) = *subject else {
        bail!("tools are started here");
    };
    let shrink = scene.size(1, 20);
    let layers: Vec<u64> = layers.iter().map(|size| size / shrink).collect();
    let place = scene.root_of_large_files()?;
    let saved = place.path().join("saved.tar");
    archive::write(&saved, REFERENCE, &layers)?;
    let directory = scene.directory.clone();
    Ok(Box::new(move |_| {
        // Neither a tool's cache nor existing content may help.
        let root = || -> Result<_> {
            let directory = tempfile::Builder::new()
                .prefix("bench-")
                .tempdir_in(&directory)?;
            std::fs::create_dir(directory.path().join("root"))?;
            Ok(std::sync::Arc::new(directory))
        };
        let tool = Tool {
            program,
            home: TempDir::new_in(&directory)?,
        };
        let server = Server::start(Program::Regctl, root()?, "/v2/")?.0;
        let address = server.address.authority().to_owned();
        let first = tool.import(&saved, &address, false)?;
        let again = tool.import(&saved, &address, false)?;
        let out = place.path().join("exported.tar");
        let export = tool.export(&address, &out)?;
        std::fs::remove_file(&out)?;
        server.stop()?;

        let tool = Tool {
            program,
            home: TempDir::new_in(&directory)?,
        };
        let server = Server::start(Program::Regctl, root()?, "/v2/")?.0;
        let address = server.address.authority().to_owned();
        let pipe = tool.import(&saved, &address, true)?;
        let pipe_again = tool.import(&saved, &address, true)?;
        server.stop()?;
        let mut hash = Command::new("sha256sum");
        hash.arg(&saved);
        let hashed = run(&mut hash, Input::None)?;
        Ok(vec![
            Some(first.seconds),
            Some(again.seconds / first.seconds),
            Some(pipe.seconds),
            Some(first.peak.max(pipe.peak)),
            Some(export.seconds),
            Some(export.peak),
            Some(pipe_again.seconds / hashed.seconds),
        ])
    }))
}

/// A program that moves images, and its home directory.
struct Tool {
    program: Program,
    home: TempDir,
}

impl Tool {
    fn import(&self, archive: &Path, address: &str, pipe: bool) -> Result<Took> {
        let input = if pipe {
            Input::Pipe(archive)
        } else {
            Input::None
        };
        let path = archive.display();
        let mut command = self.command()?;
        if let Program::Skopeo = self.program {
            let target = format!("docker://{address}/{REFERENCE}");
            // It can't read a pipe: the input is stored in a file first.
            let kept = self.home.path().join("kept.tar").display().to_string();
            let source = if pipe {
                let keep = "cat >\"$0\" && exec skopeo \"$@\"";
                command = self.environment(Command::new("sh"));
                command.args(["-c", keep, &kept, "--insecure-policy"]);
                format!("docker-archive:{kept}")
            } else {
                format!("docker-archive:{path}")
            };
            command.args(["copy", "--dest-tls-verify=false", &source, &target]);
        } else {
            let source = if pipe { "-".into() } else { path.to_string() };
            command.args(["import", "--registry", address, &source]);
        }
        run(&mut command, input)
    }

    fn export(&self, address: &str, to: &Path) -> Result<Took> {
        let path = to.display();
        let mut command = self.command()?;
        if let Program::Skopeo = self.program {
            let source = format!("docker://{address}/{REFERENCE}");
            let target = format!("docker-archive:{path}:{REFERENCE}");
            command.args(["copy", "--src-tls-verify=false", &source, &target]);
        } else {
            let path = path.to_string();
            command.args(["export", "--registry", address, REFERENCE, "-o", &path]);
        }
        run(&mut command, Input::None)
    }

    fn command(&self) -> Result<Command> {
        let command = match (self.program, self.program.regctl()) {
            (_, Some(path)) => Command::new(path),
            (Program::Skopeo, None) => {
                let mut command = Command::new("skopeo");
                command.arg("--insecure-policy");
                command
            }
            (_, None) => bail!("a registry moves no images"),
        };
        Ok(self.environment(command))
    }

    fn environment(&self, mut command: Command) -> Command {
        command
            .env("HOME", self.home.path())
            .env_remove("XDG_CACHE_HOME");
        command
    }
}
