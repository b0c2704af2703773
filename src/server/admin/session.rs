//! A way to a root for a command: through the server that has it, or, with none running, the root
//! itself, locked and opened. Either way the same code does the work.
//!
//! A command that has a root to itself answers on the admin socket, too, so that others that come
//! meanwhile need not wait.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tokio::net::UnixStream;

use super::super::root::{self, Root};
use super::operate::Administration;
use super::socket::{self, Listening};
use super::words::{Event, Failure, FailureKind, Operation, Outcome};
use crate::config::{self, Loaded, StorageDriver};
use crate::registry::Registry;
use crate::store::{LockError, RootLock};

/// How long a root that is locked may take to answer: it may be about to, or about to let go.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long to wait between two tries.
const PAUSE: Duration = Duration::from_millis(50);

/// A root that can be administered.
pub struct Session {
    root: PathBuf,
    loaded: Loaded,
    way: Way,
}

/// How the root is reached.
enum Way {
    /// Through the process that has it; a connection that nothing has been asked on.
    Server(Option<UnixStream>),
    /// This process has it to itself.
    Own(Box<Own>),
}

/// A root that this process has to itself.
struct Own {
    registry: Registry,
    administration: Administration,
    listening: Option<Listening>,
    _root: Root,
}

impl Session {
    /// Finds the root that a configuration names, and a way to it.
    pub async fn open(request: &config::Request) -> anyhow::Result<Self> {
        let loaded = config::load(request)?;
        let StorageDriver::Filesystem { root } = loaded.settings.storage.driver.clone() else {
            let reason = "the configuration keeps the data in memory, where only its server \
                          reaches it; hint: name a root with --root DIR";
            return Err(Failure::new(FailureKind::Usage, reason).into());
        };
        must_be_one(&root)?;
        let way = Way::to(&root, &loaded).await?;
        Ok(Self { root, loaded, way })
    }

    /// Does something; `told` gets what happens on the way.
    pub async fn run(
        &mut self,
        operation: Operation,
        told: &mut (dyn FnMut(Event) + Send),
    ) -> anyhow::Result<Outcome> {
        loop {
            match &mut self.way {
                Way::Own(own) => {
                    let told = parking_lot::Mutex::new(told);
                    let told = |event| (*told.lock())(event);
                    return Ok(own.administration.execute(operation, &told).await?);
                }
                Way::Server(stream) => {
                    let stream = match stream.take() {
                        Some(stream) => Ok(stream),
                        None => socket::connect(&socket::path(&self.root)).await,
                    };
                    match stream {
                        Ok(stream) => return Ok(socket::ask(stream, &operation, told).await?),
                        // The process that had it has ended since.
                        Err(_) => self.way = Way::to(&self.root, &self.loaded).await?,
                    }
                }
            }
        }
    }

    /// Lets go of the root.
    pub async fn close(self) -> anyhow::Result<()> {
        if let Way::Own(mut own) = self.way {
            if let Some(listening) = own.listening.take() {
                listening.finish().await;
            }
            own.registry.close().await?;
        }
        Ok(())
    }
}

impl Way {
    /// Finds the way to a root.
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
                Ok(lock) => return Ok(Self::Own(Box::new(Own::open(root, lock, loaded).await?))),
                Err(LockError::Held { .. }) if started.elapsed() < PATIENCE => {
                    tokio::time::sleep(PAUSE).await;
                }
                Err(error @ LockError::Held { .. }) => {
                    let hint = "it takes no commands: it is still starting, or an older one";
                    let text = format!("{error}; hint: {hint}");
                    return Err(Failure::new(FailureKind::Busy, text).into());
                }
                Err(LockError::File { source, .. })
                    if source.kind() == ErrorKind::PermissionDenied =>
                {
                    return Err(denied(root, &source).into());
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl Own {
    async fn open(path: &Path, lock: RootLock, loaded: &Loaded) -> anyhow::Result<Self> {
        let root = Root::locked(path, lock);
        let (registry, _) = super::super::open(&root, &loaded.settings).await?;
        let administration = Administration::new(&registry);
        // Without a socket others wait until this is done.
        let listening = Listening::start(path, administration.clone()).ok();
        Ok(Self {
            registry,
            administration,
            listening,
            _root: root,
        })
    }
}

/// A root is a directory in which a registry has been.
fn must_be_one(root: &Path) -> Result<(), Failure> {
    const HINT: &str = "name the data of a registry with --root DIR, or its configuration with \
                        --config FILE, as for regctl serve";
    let there = |path: &Path| {
        path.try_exists().map_err(|error| match error.kind() {
            ErrorKind::PermissionDenied => denied(root, &error),
            _ => Failure::new(FailureKind::Error, format!("{}: {error}", root.display())),
        })
    };
    let shown = root.display();
    if !there(root)? {
        let text = format!("there is no {shown}; hint: {HINT}");
        return Err(Failure::new(FailureKind::NotFound, text));
    }
    if !there(&root.join(root::LAYOUT))? && !there(&root.join(root::OWN))? {
        let text = format!("{shown} holds no registry; hint: {HINT}");
        return Err(Failure::new(FailureKind::NotFound, text));
    }
    Ok(())
}

fn denied(root: &Path, error: &std::io::Error) -> Failure {
    let reason = format!("administer {}: {error}", root.display());
    Failure::new(
        FailureKind::Denied,
        format!("{reason}; hint: run it as the user that serves it, or with sudo"),
    )
}
