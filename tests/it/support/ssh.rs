//! A real sshd on a loopback port, with temporary keys, and an ssh configuration that reaches it as
//! `far`, and has other names for failures.

use std::io::Read as _;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::server::wait;
use super::{Log, PATIENCE, eventually, find, have, run};

/// A running server. Dropping it kills it.
pub(crate) struct Sshd {
    directory: TempDir,
    child: Child,
    log: Log,
}

impl Sshd {
    /// Starts it. `None`, with a message, if OpenSSH is not installed.
    #[track_caller]
    pub(crate) fn start() -> Option<Self> {
        if !have(&["sshd", "ssh", "ssh-keygen"]) {
            return None;
        }
        let directory = tempfile::Builder::new().prefix("sshd-").tempdir().unwrap();
        for name in ["host", "user", "stranger"] {
            key(directory.path(), name);
        }
        // The privilege separation directory of sshd, which Debian's service creates.
        let _ = std::fs::create_dir_all("/run/sshd");
        // Another program may take the port before sshd.
        for _ in 0..5 {
            let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            let port = free.local_addr().unwrap().port();
            drop(free);
            write_configuration(directory.path(), port);
            let (mut child, log) = serve(directory.path());
            if answers(&mut child, port) {
                return Some(Self {
                    directory,
                    child,
                    log,
                });
            }
            let _ = child.kill();
            let _ = child.wait();
            assert!(
                log.text().contains("Address already in use"),
                "sshd does not start:\n{}",
                log.tail()
            );
        }
        panic!("no port is free for sshd");
    }

    /// The command line of the client. Names: `far`; `stranger`, whose key is refused; `changed`,
    /// with an unknown host key; `closed`, without sshd; `busy`, with a forwarding that fails; and
    /// `shared`, which is `far` over a connection that may be shared.
    pub(crate) fn ssh(&self) -> String {
        format!("ssh -F {}", self.directory.path().join("config").display())
    }

    /// A run of the client, without input and output.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("ssh");
        command.arg("-F").arg(self.directory.path().join("config"));
        command.args(arguments).env_remove("SSH_AUTH_SOCK");
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    /// Opens a connection for others to `shared`.
    #[track_caller]
    pub(crate) fn share(&self) -> Shared {
        let master = self.command(&["-M", "-N", "shared"]).spawn().expect("ssh");
        let shared = Shared(master);
        eventually("it can be shared", || {
            let mut check = self.command(&["-O", "check", "shared"]);
            check.status().expect("ssh").success()
        });
        shared
    }

    /// The clients that are running, by process number.
    pub(crate) fn clients(&self) -> Vec<i32> {
        self.watch()()
    }

    /// Finds them without keeping the server running.
    pub(crate) fn watch(&self) -> impl Fn() -> Vec<i32> + Send + 'static {
        let config = self.directory.path().join("config");
        move || {
            let processes = std::fs::read_dir("/proc").unwrap().flatten();
            processes
                .filter_map(|process| {
                    let pid = process.file_name().to_str()?.parse().ok()?;
                    let line = std::fs::read(process.path().join("cmdline")).ok()?;
                    let mut words = line.split(|byte| *byte == 0);
                    let config = config.as_os_str().as_encoded_bytes();
                    words.any(|word| word == config).then_some(pid)
                })
                .collect()
        }
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- sshd said:\n{}\n---", self.log.tail());
        }
    }
}

/// A shared connection. Dropping it ends it.
pub(crate) struct Shared(Child);

impl Shared {
    /// Number of its open sockets, pipes and files.
    pub(crate) fn descriptors(&self) -> usize {
        let of = format!("/proc/{}/fd", self.0.id());
        std::fs::read_dir(of).expect("it runs").count()
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn key(directory: &Path, name: &str) {
    let mut command = Command::new("ssh-keygen");
    command.args(["-q", "-t", "ed25519", "-N", "", "-C", name, "-f"]);
    run(command.arg(directory.join(name)));
}

fn write_configuration(directory: &Path, port: u16) {
    let at = |name: &str| directory.join(name).display().to_string();
    let public = |name: &str| std::fs::read_to_string(at(&format!("{name}.pub"))).unwrap();
    std::fs::write(at("authorized_keys"), public("user")).unwrap();
    std::fs::write(at("known_hosts"), format!("sshd {}", public("host"))).unwrap();
    let others = format!("sshd {}", public("stranger"));
    std::fs::write(at("known_hosts.changed"), others).unwrap();
    let sshd = format!(
        "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nPidFile none\nStrictModes no\n\
         UsePAM no\nPasswordAuthentication no\nAuthorizedKeysFile {}\nMaxStartups 100\n",
        at("host"),
        at("authorized_keys")
    );
    std::fs::write(at("sshd_config"), sshd).unwrap();
    // The first value of an option counts; all keys are used.
    let ssh = format!(
        "Host busy\n LocalForward {port} 127.0.0.1:1\n ClearAllForwardings yes\n\
         Host changed\n UserKnownHostsFile {}\nHost closed\n Port 1\n\
         Host shared\n ControlPath {}\nHost stranger\n IdentityFile {}\n\
         Host * !stranger\n IdentityFile {}\n\
         Host *\n HostName 127.0.0.1\n Port {port}\n UserKnownHostsFile {}\n\
         GlobalKnownHostsFile /dev/null\n HostKeyAlias sshd\n IdentitiesOnly yes\n\
         IdentityAgent none\n BatchMode yes\n",
        at("known_hosts.changed"),
        at("control"),
        at("stranger"),
        at("user"),
        at("known_hosts"),
    );
    std::fs::write(at("config"), ssh).unwrap();
}

fn serve(directory: &Path) -> (Child, Log) {
    // sshd starts itself again for every connection, and needs its path.
    let program: PathBuf = find("sshd").unwrap();
    let mut child = Command::new(program)
        .args(["-D", "-e", "-f"])
        .arg(directory.join("sshd_config"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("sshd");
    let log = Log::default();
    log.drain(child.stderr.take().expect("a pipe"));
    (child, log)
}

/// Whether it sends its greeting.
fn answers(child: &mut Child, port: u16) -> bool {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        if wait(child, Duration::from_millis(5)).is_some() {
            return false;
        }
        if let Ok(mut stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) {
            let mut greeting = [0; 4];
            return stream.read_exact(&mut greeting).is_ok() && &greeting == b"SSH-";
        }
    }
    false
}
