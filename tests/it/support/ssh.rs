//! A real sshd on a port of this machine's loopback, with keys that are thrown away, and the ssh that
//! reaches it by the name `far` and by names that lead astray.

use std::io::Read as _;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::server::wait;
use super::{Log, PATIENCE, eventually, find, have, run};

/// A server that runs. Dropped, it is killed.
pub(crate) struct Sshd {
    directory: TempDir,
    child: Child,
    log: Log,
}

impl Sshd {
    /// `None`, and said, where OpenSSH is not installed.
    #[track_caller]
    pub(crate) fn start() -> Option<Self> {
        if !have(&["sshd", "ssh", "ssh-keygen"]) {
            return None;
        }
        let directory = tempfile::Builder::new().prefix("sshd-").tempdir().unwrap();
        for name in ["host", "user", "stranger"] {
            key(directory.path(), name);
        }
        // Where sshd as root locks its children in; what Debian's service makes at its start.
        let _ = std::fs::create_dir_all("/run/sshd");
        // Another program may take the port before sshd does.
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

    /// The client's command line, with the names `far`; `stranger`, whose key is not let in;
    /// `changed`, whose host key is not the one that is known; `closed`, where no sshd is; and
    /// `shared`, which is `far` over a connection that may be shared.
    pub(crate) fn ssh(&self) -> String {
        format!("ssh -F {}", self.directory.path().join("config").display())
    }

    /// A run of that client, without input and output.
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

    /// Opens a connection that others called `shared` use.
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
        let config = self.directory.path().join("config");
        let config = config.to_str().unwrap().as_bytes();
        let processes = std::fs::read_dir("/proc").unwrap().flatten();
        processes
            .filter_map(|process| {
                let pid = process.file_name().to_str()?.parse().ok()?;
                let line = std::fs::read(process.path().join("cmdline")).ok()?;
                let mut words = line.split(|byte| *byte == 0);
                words.any(|word| word == config).then_some(pid)
            })
            .collect()
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

/// A connection for others to use. Dropped, it ends.
pub(crate) struct Shared(Child);

impl Shared {
    /// How many sockets, pipes and files it has open.
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
    // What is said first counts; but of keys each one that is named.
    let ssh = format!(
        "Host changed\n UserKnownHostsFile {}\nHost closed\n Port 1\n\
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
    // It starts itself again for every connection, and wants to know where it is.
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

/// Whether it greets whoever connects.
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
