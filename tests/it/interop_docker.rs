//! Docker against the real binary: build, push, pull, run, with its own daemon.
//!
//! The daemon uses a temporary directory and a socket there, without networks or firewall rules, so
//! that it needs only root and cgroups.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::interop::base;
use crate::support::{Log, Server, attempt, eventually, find, have, is_root, run, skip, wait};

/// Docker's daemon. Dropping it stops it, and kills it if necessary.
pub(crate) struct Dockerd {
    child: Child,
    log: Log,
    directory: tempfile::TempDir,
}

impl Dockerd {
    /// Starts it with the first storage driver that this file system supports.
    pub(crate) fn start() -> Option<Self> {
        for driver in ["overlay2", "vfs"] {
            let mut daemon = Self::with_driver(driver);
            let mut ready = false;
            eventually("dockerd comes up or ends", || {
                ready = daemon
                    .docker()
                    .arg("version")
                    .output()
                    .unwrap()
                    .status
                    .success();
                ready || daemon.child.try_wait().unwrap().is_some()
            });
            if ready {
                return Some(daemon);
            }
            eprintln!("dockerd with {driver}:\n{}", daemon.log.tail());
        }
        skip("dockerd does not run on this machine");
        None
    }

    fn with_driver(driver: &str) -> Self {
        let directory = tempfile::Builder::new()
            .prefix("regctl-it-")
            .tempdir()
            .unwrap();
        let path = |name: &str| directory.path().join(name);
        // A named file must exist, and the machine's own must not be read.
        std::fs::write(path("daemon.json"), "{}").unwrap();
        let mut child = Command::new(find("dockerd").unwrap())
            .arg("--data-root")
            .arg(path("data"))
            .arg("--exec-root")
            .arg(path("exec"))
            .arg("--pidfile")
            .arg(path("pid"))
            .arg("--config-file")
            .arg(path("daemon.json"))
            .args(["--host", &format!("unix://{}", path("d.sock").display())])
            .args(["--storage-driver", driver])
            .args(["--iptables=false", "--ip6tables=false", "--bridge=none"])
            .env("HOME", directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Log::default();
        log.drain(child.stdout.take().unwrap());
        log.drain(child.stderr.take().unwrap());
        Self {
            child,
            log,
            directory,
        }
    }

    /// A command for the containerd of this daemon.
    pub(crate) fn ctr(&self) -> Command {
        let mut command = Command::new("ctr");
        let socket = "exec/containerd/containerd.sock";
        command
            .arg("--address")
            .arg(self.directory.path().join(socket))
            .args(["--namespace", "regctl-it"]);
        command
    }

    /// Its address, for `DOCKER_HOST`.
    pub(crate) fn host(&self) -> String {
        format!("unix://{}", self.directory.path().join("d.sock").display())
    }

    /// A docker command for this daemon.
    pub(crate) fn docker(&self) -> Command {
        let mut command = Command::new("docker");
        command
            .env("DOCKER_HOST", self.host())
            .env("DOCKER_CONFIG", self.directory.path().join("client"))
            // The builder without a plug-in.
            .env("DOCKER_BUILDKIT", "0")
            .env_remove("DOCKER_CONTEXT");
        command
    }
}

impl Drop for Dockerd {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- dockerd said:\n{}\n---", self.log.tail());
        }
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process(pid, Signal::TERM);
        }
        if wait(&mut self.child, Duration::from_secs(20)).is_none() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

#[test]
fn docker_builds_pushes_pulls_and_runs() {
    if !is_root() || !have(&["dockerd", "docker", "containerd", "runc", "tar"]) {
        return;
    }
    let server = Server::regctl();
    let Some(archive) = base(server.scratch()) else {
        return;
    };
    let Some(daemon) = Dockerd::start() else {
        return;
    };
    let image = format!("{}/team/greeter:1", server.host());
    run(daemon.docker().arg("import").arg(&archive).arg("base:1"));
    run(daemon
        .docker()
        .args(["build", "--network", "none", "--tag", &image])
        .arg(server.scratch().join("context")));
    run(daemon.docker().args(["push", &image]));
    let remote = server.remote("team/greeter");
    let digest = remote.verify("1");
    assert_eq!(remote.tags(), ["1"]);
    // A second push finds every layer.
    let again = run(daemon.docker().args(["push", &image]));
    assert!(again.contains("Layer already exists"), "{again}");
    // Another repository on the same host gets them by mounts.
    let second = format!("{}/other/greeter:2", server.host());
    run(daemon.docker().args(["tag", &image, &second]));
    let mounted = run(daemon.docker().args(["push", &second]));
    assert!(mounted.contains("Mounted from team/greeter"), "{mounted}");
    assert_eq!(server.remote("other/greeter").verify("2"), digest);

    let by_digest = format!("{}/team/greeter@{digest}", server.host());
    for reference in [&image, &by_digest] {
        run(daemon.docker().args(["rmi", "--force", &image, &second]));
        let _ = attempt(daemon.docker().args(["rmi", "--force", &by_digest]));
        run(daemon.docker().args(["pull", reference]));
        let said = run(daemon
            .docker()
            .args(["run", "--rm", "--network", "none", reference]));
        assert_eq!(said, "hello from a layer\nmade by a step\n");
    }
    // docker reports a missing image with its own message.
    let absent = attempt(
        daemon
            .docker()
            .args(["pull", &format!("{}/team/greeter:9", server.host())]),
    );
    assert!(
        !absent.success && absent.text.contains("not found"),
        "{}",
        absent.text
    );
    // Likewise after a restart of the registry.
    let server = server.restart();
    run(daemon.docker().args(["rmi", "--force", &by_digest]));
    run(daemon.docker().args(["pull", &second]));
    server.stop();
}
