//! A way to a root for a command: through the server that has it, or, with none running, the root
//! itself, locked and opened. Either way the same code does the work.
//!
//! A command that has a root to itself answers on the admin socket, too, so that others that come
//! meanwhile need not wait.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

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
    own: Option<Own>,
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
        let socket = socket::path(&root);
        let started = Instant::now();
        loop {
            match socket::connect(&socket).await {
                Ok(_) => return Ok(Self { root, own: None }),
                Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                    return Err(denied(&root, &error).into());
                }
                Err(_) => {}
            }
            match RootLock::take(&root) {
                Ok(lock) => {
                    let own = Own::open(&root, lock, &loaded).await?;
                    return Ok(Self {
                        root,
                        own: Some(own),
                    });
                }
                Err(LockError::Held { .. }) if started.elapsed() < PATIENCE => {
                    tokio::time::sleep(PAUSE).await;
                }
                Err(error @ LockError::Held { .. }) => {
                    let hint = "it takes no commands yet, or is an older one; try again";
                    let text = format!("{error}; hint: {hint}");
                    return Err(Failure::new(FailureKind::Busy, text).into());
                }
                Err(LockError::File { source, .. })
                    if source.kind() == std::io::ErrorKind::PermissionDenied =>
                {
                    return Err(denied(&root, &source).into());
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The root.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Does something; `told` gets what happens on the way.
    pub async fn run(
        &self,
        operation: Operation,
        told: &mut (dyn FnMut(Event) + Send),
    ) -> Result<Outcome, Failure> {
        let Some(own) = &self.own else {
            let stream = socket::connect(&socket::path(&self.root)).await;
            let stream = stream.map_err(|error| {
                let reason = format!("the server of {} has gone: {error}", self.root.display());
                Failure::new(FailureKind::Busy, format!("{reason}; hint: run it again"))
            })?;
            return socket::ask(stream, &operation, told).await;
        };
        let told = parking_lot::Mutex::new(told);
        own.administration
            .execute_with(operation, &|event| (*told.lock())(event))
            .await
    }

    /// Lets go of the root.
    pub async fn close(self) -> anyhow::Result<()> {
        if let Some(mut own) = self.own {
            if let Some(listening) = own.listening.take() {
                listening.finish().await;
            }
            own.registry.close().await?;
        }
        Ok(())
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
            std::io::ErrorKind::PermissionDenied => denied(root, &error),
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
