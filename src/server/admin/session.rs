//! A command's access to a root: through the server that has it or, if none is running, by locking
//! and opening the root itself. The operations are the same code in both cases.
//!
//! A command with exclusive access to a root listens on the admin socket as well, so that other
//! commands need not wait.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tokio::io::AsyncWrite;
use tokio::net::UnixStream;

use super::super::root::{self, Root};
use super::super::rules;
use super::listening::Listening;
use super::socket;
use crate::admin::{
    AccountsUnused, Administration, Entry, Failure, FailureKind, Operation, Operations, Reason,
    Report,
};
use crate::auth::decide_local;
use crate::config::{self, Loaded, StorageDriver};
use crate::oci::Context;
use crate::registry::Registry;
use crate::store::{LockError, RootLock};

/// Timeout for the process that has locked a root to listen, or to end.
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);
/// Pause between two attempts.
const PAUSE: Duration = Duration::from_millis(50);

/// A root that can be administered.
pub struct Session {
    root: PathBuf,
    /// Whether it was begun by this session.
    is_new: bool,
    loaded: Loaded,
    access: Access,
}

/// The access to a root.
enum Access {
    /// Through the process that has it; a connection without a request so far.
    Server(Option<UnixStream>),
    /// Exclusive access of this process.
    Own(Box<Own>),
}

/// What an operation is sent to.
enum Reached<'a> {
    /// A connection to the process that has the root.
    Server(UnixStream),
    /// This process.
    Own(&'a Own),
}

/// A root with exclusive access of this process.
struct Own {
    registry: Registry,
    administration: Administration,
    operations: Operations,
    listening: Option<Listening>,
    _root: Root,
}

impl Session {
    /// Finds the configured root, and gets access to it. If `may_begin`, a directory that is empty or
    /// does not exist becomes a root, as by a server.
    pub async fn open(request: &config::Request, may_begin: bool) -> anyhow::Result<Self> {
        let loaded = config::load(request)?;
        let (root, is_new) = match root_of(&loaded) {
            Err(failure) if may_begin => (new_root(request, &loaded)?.ok_or(failure)?, true),
            root => (root?, false),
        };
        let access = Access::to(&root, &loaded).await?;
        Ok(Self {
            root,
            is_new,
            loaded,
            access,
        })
    }

    /// The root, if this session has begun it.
    pub fn new_root(&self) -> Option<&Path> {
        self.is_new.then_some(&self.root)
    }

    /// Executes an operation. Returns its report, and how many of its entries were left out. `on_entry`
    /// receives the others while it runs.
    pub async fn run(
        &mut self,
        operation: Operation,
        on_entry: &mut (dyn FnMut(Entry) + Send),
    ) -> anyhow::Result<(Report, u64)> {
        match self.reach().await? {
            Reached::Own(own) => {
                let on_entry = parking_lot::Mutex::new(on_entry);
                let on_entry = |entry: Entry| (*on_entry.lock())(entry);
                let report = own.administration.execute(operation, &on_entry).await?;
                Ok((report, 0))
            }
            Reached::Server(stream) => Ok(socket::ask(stream, &operation, on_entry).await?),
        }
    }

    /// Passes a request on as it is, and its answer line by line.
    pub(super) async fn pass(
        &mut self,
        request: &[u8],
        output: &mut (impl AsyncWrite + Unpin),
    ) -> anyhow::Result<()> {
        let stream = match self.reach().await? {
            Reached::Server(stream) => stream,
            Reached::Own(own) => socket::pair(&own.operations)?,
        };
        socket::pass(stream, request, output).await
    }

    /// Connects to the process that has the root, unless it is this one.
    async fn reach(&mut self) -> anyhow::Result<Reached<'_>> {
        if let Access::Server(stream) = &mut self.access {
            let stream = match stream.take() {
                Some(stream) => Ok(stream),
                None => socket::connect(&socket::path(&self.root)).await,
            };
            if let Ok(stream) = stream {
                return Ok(Reached::Server(stream));
            }
            // The process that had it has ended in the meantime.
            self.access = Access::to(&self.root, &self.loaded).await?;
        }
        let stream = match &mut self.access {
            Access::Own(own) => return Ok(Reached::Own(own)),
            Access::Server(stream) => stream.take(),
        };
        let stream = match stream {
            Some(stream) => stream,
            None => socket::connect(&socket::path(&self.root)).await?,
        };
        Ok(Reached::Server(stream))
    }

    /// Closes the root.
    pub async fn close(self) -> anyhow::Result<()> {
        if let Access::Own(mut own) = self.access {
            if let Some(listening) = own.listening.take() {
                listening.finish().await;
            }
            own.operations.finish().await;
            own.registry.close().await?;
        }
        Ok(())
    }
}

/// Executes an operation in the process that has a root; `None` if none takes commands.
pub(in crate::server) async fn ask_server(
    root: &Path,
    operation: &Operation,
) -> Option<Result<Report, Failure>> {
    let stream = socket::connect(&socket::path(root)).await.ok()?;
    let asked = socket::ask(stream, operation, &mut |_| {}).await;
    Some(asked.map(|(report, _)| report))
}

impl Access {
    /// Gets access to a root.
    async fn to(root: &Path, loaded: &Loaded) -> anyhow::Result<Self> {
        let socket = socket::path(root);
        let started = Instant::now();
        loop {
            match socket::connect(&socket).await {
                Ok(stream) => return Ok(Self::Server(Some(stream))),
                Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                    return Err(denied(root, &error).into());
                }
                Err(_) => {}
            }
            match RootLock::take(root) {
                Ok(lock) => {
                    let own = Own::open(root, Root::locked(root, lock), loaded).await?;
                    return Ok(Self::Own(Box::new(own)));
                }
                Err(LockError::Held { .. }) if started.elapsed() < LOCK_TIMEOUT => {
                    tokio::time::sleep(PAUSE).await;
                }
                Err(error @ LockError::Held { .. }) => {
                    let text = format!("{error}; hint: {}", no_commands(&socket));
                    return Err(Failure::new(FailureKind::Busy, Reason::Unknown, text).into());
                }
                Err(LockError::File { source, .. })
                    if source.kind() == ErrorKind::PermissionDenied =>
                {
                    return Err(denied(root, &source).into());
                }
                Err(LockError::ReadOnly { .. }) => {
                    // `regctl.index` belongs to the server, which may be writing to it.
                    let own = Own::open(root, Root::frozen(root)?, loaded).await?;
                    return Ok(Self::Own(Box::new(own)));
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl Own {
    async fn open(path: &Path, root: Root, loaded: &Loaded) -> anyhow::Result<Self> {
        let registry = super::super::opening::open(&root, &loaded.settings).await?;
        // Without a socket other commands wait until this one is done.
        let uid = rustix::process::geteuid().as_raw();
        let permit = decide_local(Context::uid(uid), uid)?;
        let mut retention = rules::retention(&loaded.settings);
        // Without a file the schedule of the server is unknown.
        retention.applies |= loaded.file.is_none();
        let unused = rules::accounts_unused(&loaded.settings).map(|unused| match unused {
            // A flag of the server may enable them.
            AccountsUnused::Open => AccountsUnused::NoServer,
            unused => unused,
        });
        let mut administration = Administration::new(&registry)
            .with_retention(retention)
            .with_accounts_unused(unused)
            .acting(&permit);
        if root.is_frozen() {
            administration = administration.unchangeable(format!(
                "{} is on a read-only mount; hint: mount it writable, or run a command that \
                 changes nothing: regctl check, regctl du, regctl gc --dry-run",
                path.display()
            ));
        }
        let operations = Operations::from(administration.clone());
        let listening = if root.is_frozen() {
            None
        } else {
            Listening::start(path, operations.clone()).ok()
        };
        Ok(Self {
            registry,
            administration,
            operations,
            listening,
            _root: root,
        })
    }
}

/// The directory that a configuration names, which has been the root of a registry.
pub(in crate::server) fn root_of(loaded: &Loaded) -> Result<PathBuf, Failure> {
    let StorageDriver::Filesystem { root } = &loaded.settings.storage.driver else {
        let reason = "the configuration keeps the data in memory, where only its server reaches \
                      it; hint: name a root with --root DIR";
        return Err(Failure::new(FailureKind::Usage, Reason::Unknown, reason));
    };
    must_be_one(root)?;
    Ok(root.clone())
}

/// Checks that the directory has been the root of a registry.
fn must_be_one(root: &Path) -> Result<(), Failure> {
    const HINT: &str = "name the data of a registry with --root DIR, or its configuration with \
                        --config FILE, as for regctl serve";
    let there = |path: &Path| {
        path.try_exists().map_err(|error| {
            if error.kind() == ErrorKind::PermissionDenied {
                return denied(root, &error);
            }
            let text = format!("{}: {error}", root.display());
            Failure::new(FailureKind::Error, Reason::Unknown, text)
        })
    };
    let shown = root.display();
    if !there(root)? {
        let text = format!("there is no {shown}; hint: {HINT}");
        return Err(Failure::new(FailureKind::NotFound, Reason::Unknown, text));
    }
    if !there(&root.join(root::LAYOUT))? && !there(&root.join(root::OWN))? {
        let text = format!(
            "{shown} is not the root of a registry; hint: start regctl serve on it once if it is new, \
             or {HINT}"
        );
        return Err(Failure::new(FailureKind::NotFound, Reason::Unknown, text));
    }
    Ok(())
}

/// Why the process that has a root takes no commands, and what to do.
fn no_commands(socket: &Path) -> String {
    if matches!(socket.try_exists(), Ok(false)) {
        return format!(
            "it takes no commands, for there is no {}: it is still starting, or this file system has \
             no sockets; then stop it, run this, and start it again (regctl.gc.schedule collects \
             while it runs)",
            socket.display()
        );
    }
    "it accepts no commands: it is still starting, or an older version".to_owned()
}

/// The directory that a request names and that can become the root of a registry. The default is not
/// enough: a server may be running on a root that was forgotten here.
#[expect(clippy::disallowed_methods, reason = "it has no store yet")]
fn new_root(request: &config::Request, loaded: &Loaded) -> Result<Option<PathBuf>, Failure> {
    let StorageDriver::Filesystem { root } = &loaded.settings.storage.driver else {
        return Ok(None);
    };
    let is_new = match std::fs::read_dir(root) {
        // The root of a file system has a directory of its own.
        Ok(mut entries) => {
            entries.all(|entry| entry.is_ok_and(|entry| entry.file_name() == "lost+found"))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => root
            .parent()
            .is_some_and(|parent| parent.as_os_str().is_empty() || parent.is_dir()),
        Err(_) => false,
    };
    let is_named = request.root.is_some()
        || loaded.file.is_some()
        || config::default_root().as_ref() != Some(root);
    if is_new && !is_named {
        let shown = root.display();
        let text = format!(
            "{shown} is not the root of a registry; hint: name the data of a registry with --root DIR, \
             or its configuration with --config FILE; --root {shown} begins a new one there"
        );
        return Err(Failure::new(FailureKind::NotFound, Reason::Unknown, text));
    }
    Ok(is_new.then(|| root.clone()))
}

fn denied(root: &Path, error: &std::io::Error) -> Failure {
    let reason = format!("administer {}: {error}", root.display());
    Failure::new(
        FailureKind::Denied,
        Reason::Unknown,
        format!("{reason}; hint: run it as the user that serves it, or with sudo"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_socket_is_named() {
        let root = tempfile::tempdir().unwrap();
        let socket = root.path().join("admin.sock");
        let path = socket.display().to_string();
        assert!(no_commands(&socket).contains(&path));
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        assert!(!no_commands(&socket).contains(&path));
    }
}
