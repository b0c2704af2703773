//! Registries as child processes: regctl, and Debian's docker-registry.
//!
//! Each has a root that outlives it, so that another may be started on it. Output is collected and
//! shown when a test fails; a panic in it fails the test. With
//! `REGISTRY_UNDER_TEST=docker-registry` tests start that one instead of regctl: a way to test the
//! tests.

use std::io::{BufRead as _, BufReader, Read};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::{Client, PATIENCE, Remote};

/// Which program serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Program {
    Regctl,
    DockerRegistry,
}

impl Program {
    fn under_test(self) -> Self {
        match std::env::var("REGISTRY_UNDER_TEST").as_deref() {
            Ok("docker-registry") => Self::DockerRegistry,
            _ => self,
        }
    }
}

const DOCKER_REGISTRY_CONFIG: &str = "\
version: 0.1
log:
  accesslog:
    disabled: true
storage:
  filesystem:
    rootdirectory: /nowhere
  delete:
    enabled: true
http:
  addr: 127.0.0.1:0
";

/// The program, and its root and configuration.
#[derive(Clone)]
pub(crate) struct Setup {
    program: Program,
    scratch: Arc<TempDir>,
    root: PathBuf,
    config: Option<String>,
    environment: Vec<(String, String)>,
    port: u16,
    descriptors: Option<u32>,
}

impl Setup {
    pub(crate) fn new(program: Program) -> Self {
        let scratch = tempfile::Builder::new()
            .prefix("regctl-it-")
            .tempdir()
            .expect("a temporary directory");
        let root = scratch.path().join("root");
        std::fs::create_dir(&root).expect("the root");
        Self {
            program: program.under_test(),
            scratch: Arc::new(scratch),
            root,
            config: None,
            environment: Vec::new(),
            port: 0,
            descriptors: None,
        }
    }

    /// Limits the number of open files.
    pub(crate) fn descriptors(mut self, most: u32) -> Self {
        self.descriptors = Some(most);
        self
    }

    /// Sets the text of its configuration file.
    pub(crate) fn config(mut self, text: &str) -> Self {
        self.config = Some(text.to_owned());
        self
    }

    pub(crate) fn environment(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Uses data outside of the test's directory.
    pub(crate) fn root(mut self, root: &Path) -> Self {
        root.clone_into(&mut self.root);
        self
    }

    /// Starts this program on this root, without its own configuration.
    #[track_caller]
    pub(crate) fn serving(mut self, program: Program, root: &Path) -> Server {
        self.program = program.under_test();
        self.config = None;
        self.port = 0;
        self.root(root).start()
    }

    /// The command line, not started.
    pub(crate) fn command(&self) -> Command {
        let config = self.scratch.path().join("config.yml");
        let mut command = match self.program {
            Program::Regctl => {
                let mut command = Command::new(env!("CARGO_BIN_EXE_regctl"));
                command.args(["serve", "--listen", &format!("127.0.0.1:{}", self.port)]);
                command.arg("--root").arg(&self.root);
                if let Some(text) = &self.config {
                    std::fs::write(&config, text).expect("the configuration file");
                    command.arg("--config").arg(&config);
                }
                command
            }
            Program::DockerRegistry => {
                let text = self.config.as_deref().unwrap_or(DOCKER_REGISTRY_CONFIG);
                std::fs::write(&config, text).expect("the configuration file");
                let mut command = Command::new("docker-registry");
                command.arg("serve").arg(&config);
                command.env("REGISTRY_HTTP_ADDR", format!("127.0.0.1:{}", self.port));
                command.env("REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY", &self.root);
                command
            }
        };
        if let Some(most) = self.descriptors {
            let mut limited = Command::new("sh");
            limited.args(["-c", &format!("ulimit -n {most} && exec \"$@\""), "sh"]);
            limited.arg(command.get_program()).args(command.get_args());
            command = limited;
        }
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("REGISTRY_") || text.starts_with("REGCTL_") {
                command.env_remove(name);
            }
        }
        command.env("HOME", self.scratch.path());
        command.env_remove("XDG_DATA_HOME");
        command.env_remove("XDG_CONFIG_HOME");
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null());
        command
    }

    #[track_caller]
    pub(crate) fn start(self) -> Server {
        let mut command = self.command();
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{:?} does not start: {error}", self.program));
        let log = Log::default();
        log.drain(child.stdout.take().expect("a pipe"));
        log.drain(child.stderr.take().expect("a pipe"));
        let mut server = Server {
            setup: self,
            child,
            log,
        };
        server.await_ready();
        server
    }
}

/// The output of a process so far.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<String>>);

impl Log {
    /// Collects output until the pipe is closed.
    pub(crate) fn drain(&self, pipe: impl Read + Send + 'static) -> thread::JoinHandle<()> {
        let log = self.clone();
        thread::spawn(move || {
            let mut pipe = BufReader::new(pipe);
            let mut line = Vec::new();
            while matches!(pipe.read_until(b'\n', &mut line), Ok(1..)) {
                let text = String::from_utf8_lossy(&line).into_owned();
                log.0.lock().expect("the log").push_str(&text);
                line.clear();
            }
        })
    }

    pub(crate) fn text(&self) -> String {
        self.0.lock().expect("the log").clone()
    }

    /// The last lines, for a person.
    pub(crate) fn tail(&self) -> String {
        let text = self.text();
        let lines: Vec<_> = text.lines().collect();
        lines[lines.len().saturating_sub(60)..].join("\n")
    }
}

/// A running server. Dropping it kills it.
pub(crate) struct Server {
    setup: Setup,
    child: Child,
    log: Log,
}

impl Server {
    #[track_caller]
    pub(crate) fn regctl() -> Self {
        Setup::new(Program::Regctl).start()
    }

    #[track_caller]
    pub(crate) fn regctl_with(config: &str) -> Self {
        Setup::new(Program::Regctl).config(config).start()
    }

    #[track_caller]
    pub(crate) fn docker_registry() -> Self {
        Setup::new(Program::DockerRegistry).start()
    }

    #[track_caller]
    fn await_ready(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let mark = match self.setup.program {
                Program::Regctl => "Serving ",
                Program::DockerRegistry => "msg=\"listening on ",
            };
            if let Some(port) = port_after(&self.log.text(), mark) {
                self.setup.port = port;
                return;
            }
            if let Ok(Some(status)) = self.child.try_wait() {
                // Its last output may still be in the pipe.
                thread::sleep(Duration::from_millis(50));
                panic!("it ended with {status} as it started");
            }
            assert!(Instant::now() < deadline, "it does not come up");
            thread::sleep(Duration::from_millis(2));
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.setup.port).into()
    }

    /// `127.0.0.1:port`, for a reference.
    pub(crate) fn host(&self) -> String {
        self.address().to_string()
    }

    pub(crate) fn root(&self) -> &Path {
        &self.setup.root
    }

    /// A directory beside the root that is removed with the test.
    pub(crate) fn scratch(&self) -> &Path {
        self.setup.scratch.path()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn log(&self) -> String {
        self.log.text()
    }

    /// Waits until the log contains a text. The log comes through a pipe, so it may lag behind an
    /// answer.
    #[track_caller]
    pub(crate) fn log_with(&self, text: &str) -> String {
        for _ in 0..1000 {
            if self.log().contains(text) {
                return self.log();
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("{text:?} is not in the log: {}", self.log());
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(self.address(), self.setup.program == Program::Regctl)
            .hiding(&self.setup.root.to_string_lossy())
    }

    pub(crate) fn remote(&self, repository: &str) -> Remote {
        Remote::new(self.client(), repository)
    }

    pub(crate) fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        kill_process(pid.expect("a process id"), signal).expect("the signal");
    }

    /// Waits for its end, which was requested.
    #[track_caller]
    pub(crate) fn wait(&mut self) -> ExitStatus {
        wait(&mut self.child, PATIENCE).expect("it does not end")
    }

    /// Stops it: SIGTERM, exit code 0, no panic in the log.
    #[track_caller]
    pub(crate) fn stop(mut self) -> Setup {
        self.signal(Signal::TERM);
        let status = self.wait();
        if self.setup.program == Program::Regctl {
            assert_eq!(status.code(), Some(0), "{status}");
        }
        self.stopped()
    }

    /// Kills it, like `kill -9` or a power cut.
    #[track_caller]
    pub(crate) fn kill(mut self) -> Setup {
        let _ = self.child.kill();
        self.wait();
        self.stopped()
    }

    fn stopped(&self) -> Setup {
        self.setup.clone()
    }

    /// Stops it and starts it again: same root, same port.
    #[track_caller]
    pub(crate) fn restart(self) -> Self {
        self.stop().start()
    }

    /// Starts another program, or the same one again, on the same root.
    #[track_caller]
    pub(crate) fn hand_over(self, program: Program) -> Self {
        let root = self.root().to_path_buf();
        self.stop().serving(program, &root)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let panicked = self.log.text().contains("panicked at");
        if thread::panicking() {
            eprintln!(
                "--- {:?} on {} said:\n{}\n---",
                self.setup.program,
                self.setup.root.display(),
                self.log.tail()
            );
        } else if panicked {
            panic!("the server panicked:\n{}", self.log.tail());
        }
    }
}

/// The port in the first complete line about the listener: `Serving http://127.0.0.1:41234`, or `…
/// msg="listening on 127.0.0.1:41234" …`.
fn port_after(text: &str, mark: &str) -> Option<u16> {
    let line = text
        .split_inclusive('\n')
        .find(|line| line.contains(mark) && line.ends_with('\n'))?;
    let (_, address) = line.split_once(mark)?;
    let address = address.split(['"', ' ', ',', '\n']).next()?;
    let (_, port) = address.trim_end_matches('/').rsplit_once(':')?;
    port.parse().ok()
}

/// Waits for a process, with a timeout.
pub(crate) fn wait(child: &mut Child, patience: Duration) -> Option<ExitStatus> {
    let deadline = Instant::now() + patience;
    while Instant::now() < deadline {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) => thread::sleep(Duration::from_millis(2)),
            Err(_) => return None,
        }
    }
    None
}
