//! Starts and stops the compared servers.
//!
//! Both get the same configuration file: deletes, the descriptor cache in memory, no access log.
//! Dropping a server stops it by its process id; its root is removed with the last reference.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::arguments::{Program, Subject};
use crate::image::ACCEPT;
use crate::wire::{Address, Connection};

/// A registry that answers.
pub(crate) struct Server {
    pub(crate) address: Address,
    /// Unknown for a given registry without one.
    pub(crate) pid: Option<u32>,
    started: Option<Started>,
}

struct Started {
    child: Child,
    /// Removed after the server has stopped.
    _root: Arc<TempDir>,
}

impl Server {
    /// Starts the registry on a root and waits for its first answer; a given registry has its own
    /// root.
    pub(crate) fn of(subject: &Subject, root: Arc<TempDir>) -> Result<Self> {
        match subject {
            Subject::Started(program) => Ok(Self::start(*program, root, "/v2/")?.0),
            Subject::Given(given) => Ok(Self {
                address: given.address.clone(),
                pid: given.pid,
                started: None,
            }),
        }
    }

    /// Starts a program on a root and requests a path until the answer is 200. Returns how long
    /// that took.
    pub(crate) fn start(
        program: Program,
        root: Arc<TempDir>,
        path: &str,
    ) -> Result<(Self, Duration)> {
        Self::start_in(&[], program, root, path)
    }

    /// Like [`Server::start`], with environment variables.
    pub(crate) fn start_in(
        environment: &[(&str, &str)],
        program: Program,
        root: Arc<TempDir>,
        path: &str,
    ) -> Result<(Self, Duration)> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let address = Address::loopback(port);
        let config = configure(&root, &address)?;
        let log = root.path().join("server.log");
        let output = File::create(&log)?;
        let mut command = match (program, program.regctl()) {
            (_, Some(path)) => Command::new(path),
            (Program::DockerRegistry, None) => Command::new("docker-registry"),
            (_, None) => bail!("skopeo is no registry"),
        };
        command.arg("serve");
        if program.regctl().is_some() {
            command.arg("--config");
        }
        command
            .arg(&config)
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output);
        let begun = Instant::now();
        let child = command
            .spawn()
            .with_context(|| format!("starting {}", command.get_program().display()))?;
        let mut server = Self {
            address,
            pid: Some(child.id()),
            started: Some(Started { child, _root: root }),
        };
        while !server.answers(path) {
            let ended = match &mut server.started {
                Some(started) => started.child.try_wait()?,
                None => None,
            };
            if ended.is_some() || begun.elapsed() > Duration::from_mins(1) {
                let said = fs::read_to_string(&log).unwrap_or_default();
                let last = said.lines().last().unwrap_or("nothing");
                bail!("the server did not start; its last output: {last}");
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok((server, begun.elapsed()))
    }

    /// A new connection to it.
    pub(crate) fn connect(&self) -> Result<Connection> {
        Connection::open(&self.address)
    }

    /// Stops it cleanly and waits for the end.
    pub(crate) fn stop(mut self) -> Result<()> {
        let Some(mut started) = self.started.take() else {
            return Ok(());
        };
        terminate(&mut started.child)
    }

    fn answers(&self, path: &str) -> bool {
        let ask = || self.connect()?.request("GET", path, ACCEPT, b"");
        ask().is_ok_and(|answer| answer.status == 200)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut started) = self.started.take()
            && let Err(error) = terminate(&mut started.child)
        {
            eprintln!("a server was not stopped: {error:#}");
        }
    }
}

fn terminate(child: &mut Child) -> Result<()> {
    let pid = Pid::from_child(child);
    if child.try_wait()?.is_some() {
        return Ok(());
    }
    kill_process(pid, Signal::TERM)?;
    let begun = Instant::now();
    while child.try_wait()?.is_none() {
        if begun.elapsed() > Duration::from_secs(30) {
            child.kill()?;
            child.wait()?;
            bail!("process {pid:?} did not stop within 30 s and was killed");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

/// Writes the configuration of a server. Returns the file.
pub(crate) fn configure(root: &TempDir, address: &Address) -> Result<PathBuf> {
    let config = root.path().join("config.yml");
    fs::write(&config, configuration(root, address))
        .with_context(|| format!("writing {}", config.display()))?;
    Ok(config)
}

fn configuration(root: &TempDir, address: &Address) -> String {
    format!(
        "version: 0.1
log:
  level: error
  accesslog:
    disabled: true
storage:
  filesystem:
    rootdirectory: {}
  delete:
    enabled: true
  cache:
    blobdescriptor: inmemory
http:
  addr: {}
",
        root.path().join("root").display(),
        address.authority()
    )
}
