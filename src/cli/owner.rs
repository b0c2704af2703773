//! The user of a registry's process: in regctl's image the owner of the data, elsewhere the user
//! who starts it. Directories and files at fixed places that this user can't write to are an error
//! before anything is opened.

use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use anyhow::anyhow;
use rustix::fs::Access;

use crate::config::{self, ConfigError, Settings, StorageDriver};

/// Set in regctl's image: a server started as root runs as the owner of its data. Empty, it stays
/// root; so it is after the switch.
pub(super) const VARIABLE: &str = "REGCTL_AS_OWNER";

/// What is written to below a root: of each path the part that exists.
const PLACES: [&str; 7] = [
    "docker/registry/v2/blobs/sha256",
    "docker/registry/v2/repositories",
    "regctl",
    "regctl/lock",
    "regctl/index.db",
    "regctl/index.db-wal",
    "regctl/index.db-shm",
];

/// Switches to the owner of the data if requested; fails if the data can't be written.
pub(super) fn settle(request: &config::Request) -> anyhow::Result<()> {
    let settings = match config::load(request) {
        Err(ConfigError::Unreadable { path, error }) if is_denied(&error) => {
            return Err(unreadable("the configuration", &path));
        }
        loaded => loaded?.settings,
    };
    let storage = &settings.storage;
    let StorageDriver::Filesystem { root } = &storage.driver else {
        return Ok(());
    };
    // A missing root is created later, or its error is reported then.
    let Ok(directory) = metadata(root) else {
        return Ok(());
    };
    let (owner, group) = (directory.uid(), directory.gid());
    let own = rustix::process::geteuid();
    let asked = std::env::var_os(VARIABLE).is_some_and(|value| !value.is_empty());
    if asked && own.is_root() && owner != own.as_raw() {
        return become_user(owner, group);
    }
    must_be_readable(&settings)?;
    if storage.read_only || own.is_root() {
        return Ok(());
    }
    let own = own.as_raw();
    for place in PLACES {
        let place = root.join(place);
        let mut parts = place.ancestors().take_while(|part| part.starts_with(root));
        let existing = parts.find_map(|part| Some((part, metadata(part).ok()?)));
        let Some((path, found)) = existing else {
            continue;
        };
        let owner = found.uid();
        let wanted = if found.is_dir() {
            Access::WRITE_OK | Access::EXEC_OK
        } else {
            Access::WRITE_OK
        };
        // The owner may be forbidden it by the mode or the file system; the first write reports that.
        if own != owner && rustix::fs::access(path, wanted).is_err() {
            anyhow::bail!(
                "{path} belongs to user {owner}, and this is user {own}; hint: chown -R {own} \
                 {root}, or run regctl as user {owner}",
                path = path.display(),
                root = root.display()
            );
        }
    }
    Ok(())
}

/// An error if a file that the configuration names can't be read by this user.
#[expect(
    clippy::disallowed_methods,
    reason = "files named by the configuration"
)]
fn must_be_readable(settings: &Settings) -> anyhow::Result<()> {
    for (key, path) in settings.files() {
        if std::fs::File::open(path).is_err_and(|error| is_denied(&error)) {
            return Err(unreadable(
                settings.places.naming(path).unwrap_or(key),
                path,
            ));
        }
    }
    Ok(())
}

fn is_denied(error: &std::io::Error) -> bool {
    error.kind() == ErrorKind::PermissionDenied
}

/// The error for a file that this user can't read, with the user and the remedy.
fn unreadable(key: &str, path: &Path) -> anyhow::Error {
    let own = rustix::process::geteuid().as_raw();
    let path = path.display();
    let switched = std::env::var_os(VARIABLE).is_some_and(|value| value.is_empty());
    if switched && own != 0 {
        anyhow!(
            "{key}: user {own}, who owns the data and runs the server, can't read {path}; hint: let \
             this user read it (chown {own} on the host), or start the container with -e {VARIABLE}= \
             to stay root"
        )
    } else {
        anyhow!("{key}: this is user {own}, who can't read {path}; hint: let this user read it")
    }
}

#[expect(clippy::disallowed_methods, reason = "only its owner is read")]
fn metadata(root: &Path) -> std::io::Result<std::fs::Metadata> {
    std::fs::metadata(root)
}

/// Replaces this process by the same command line, run as another user.
fn become_user(user: u32, group: u32) -> anyhow::Result<()> {
    let mut line = std::env::args_os();
    let name = line.next().unwrap_or_default();
    let error = Command::new("/proc/self/exe")
        .arg0(name)
        .args(line)
        .env(VARIABLE, "")
        .uid(user)
        .gid(group)
        .exec();
    Err(anyhow!(
        "can't run as user {user}, who owns the data: {error}; hint: start the container with --user \
         {user}:{group} (in Kubernetes, securityContext.runAsUser: {user}), or with the capabilities \
         SETUID and SETGID"
    ))
}
