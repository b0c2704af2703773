//! What a unit of systemd needs of this host: its user, the paths that it writes to, those that it has
//! to see, and who may connect to its socket.

use std::path::{Path, PathBuf};

use super::user_name;
use super::words::{shell_word, unit_word};
use crate::config::{CertificateSource, ListenAddress, Settings};

/// Where people have their files; a hardened unit does not see them.
const HOMES: [&str; 3] = ["/home", "/root", "/run/user"];
/// Directories of which a hardened unit has its own.
const TEMPORARY: [&str; 2] = ["/tmp", "/var/tmp"];
/// Where systemd has the state of services.
const STATE: &str = "/var/lib";

/// The values of a unit.
pub(super) struct Unit<'a> {
    pub(super) root: &'a Path,
    /// The user and group that own the root, if it exists.
    pub(super) owner: Option<(u32, u32)>,
    pub(super) settings: &'a Settings,
    /// The program, and the configuration if it is a file.
    pub(super) read: Vec<&'a Path>,
}

impl Unit<'_> {
    /// The lines that select its user, and name the directories that systemd makes.
    pub(super) fn user(&self) -> String {
        let mut lines = match (self.state(), self.owner) {
            (Some(state), _) => format!(
                "# A user of its own, and its directory.\nDynamicUser=yes\nStateDirectory={}",
                word(&state)
            ),
            (None, Some((user, group))) => {
                format!("# The owner of the data.\nUser={user}\nGroup={group}")
            }
            (None, None) => format!(
                "# As root. The directory is made before the first start:\n#   {}\nDynamicUser=no",
                self.to_make()
            ),
        };
        if let Some(below) = self.socket_directory().and_then(below_run) {
            lines.extend(["\nRuntimeDirectory=", &word(below)]);
        }
        lines
    }

    /// The directory below [`STATE`] that systemd makes for a user of the unit's own: of a root that does
    /// not exist yet, or that such a unit has made.
    fn state(&self) -> Option<PathBuf> {
        if self.owner.is_none() {
            return self.root.strip_prefix(STATE).ok().map(Path::to_owned);
        }
        let real = std::fs::canonicalize(self.root).ok()?;
        let private = real
            .strip_prefix(STATE)
            .ok()?
            .strip_prefix("private")
            .ok()?;
        Some(private.to_owned())
    }

    /// The directory of the socket that the server binds, if it is one.
    fn socket_directory(&self) -> Option<&Path> {
        match &self.settings.http.address {
            ListenAddress::Unix(path) => path.parent(),
            ListenAddress::Tcp { .. } => None,
        }
    }

    /// The file that keeps certificates of ACME, if it is not below the root.
    fn cache(&self) -> Option<&Path> {
        match &self.settings.http.tls.as_ref()?.certificate {
            CertificateSource::Acme(acme) => acme.cache.as_deref(),
            _ => None,
        }
    }

    /// The paths that it may write to.
    pub(super) fn written(&self) -> String {
        let socket = self.socket_directory();
        let socket = socket.filter(|directory| below_run(directory).is_none());
        let cache = self.cache().and_then(Path::parent);
        let more = socket.into_iter().chain(cache);
        let more = more.filter(|directory| !directory.starts_with(self.root));
        // What is missing is no error.
        let more = more.map(|path| unit_word(&format!("-{}", path.display())));
        let all: Vec<String> = [word(self.root)].into_iter().chain(more).collect();
        all.join(" ")
    }

    /// What it may do in the homes of people.
    pub(super) fn homes(&self) -> &'static str {
        let is_in_home = |path: &Path| HOMES.iter().any(|home| path.starts_with(home));
        if is_in_home(self.root) {
            "no"
        } else if self.seen().any(is_in_home) {
            "read-only"
        } else {
            "yes"
        }
    }

    /// Whether it has its own directories for temporary files.
    pub(super) fn private_temporary(&self) -> &'static str {
        let is_there = |path: &Path| {
            TEMPORARY
                .iter()
                .any(|directory| path.starts_with(directory))
        };
        let mut all = self.seen().chain([self.root]);
        if all.any(is_there) { "no" } else { "yes" }
    }

    /// The files that it reads.
    fn seen(&self) -> impl Iterator<Item = &Path> {
        let named = self.settings.files().into_iter().map(|(_, path)| path);
        self.read.iter().copied().chain(named).chain(self.cache())
    }

    /// The lines about access to a socket that systemd makes.
    pub(super) fn access(&self) -> String {
        if self.socket_directory().is_none() {
            return String::new();
        }
        let socket = self.settings.reach.socket;
        let group = socket.group.map(|group| format!("\nSocketGroup={group}"));
        let mode = match socket.mode {
            Some(mode) => format!("\nSocketMode={mode:04o}"),
            None => {
                "\n# Only root may connect: regctl.socket.mode and group decide.\nSocketMode=0600"
                    .to_owned()
            }
        };
        mode + &group.unwrap_or_default()
    }

    /// The command that makes a root which systemd does not make.
    fn to_make(&self) -> String {
        format!(
            "install -d -m 0750 {}",
            shell_word(&self.root.display().to_string())
        )
    }

    /// Why the unit may not start on this host.
    pub(super) fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.owner.is_none() && self.state().is_none() {
            warnings.push(format!(
                "{} does not exist, and systemd makes only directories below {STATE}; hint: {}",
                self.root.display(),
                self.to_make()
            ));
        }
        if self.state().is_none()
            && let Some((user, _)) = self.owner
            && user_name(user).is_none()
        {
            let root = self.root.display();
            warnings.push(format!(
                "user {user}, who owns {root}, has no account on this machine, and systemd starts nothing \
                 without one; hint: useradd --system --uid {user} regctl"
            ));
        }
        if self.socket_directory().is_some_and(|directory| {
            ["/run", "/var/run"]
                .iter()
                .any(|run| directory == Path::new(run))
        }) {
            warnings.push(
                "only root may make a socket in /run itself; hint: name it /run/regctl/regctl.sock, or \
                 let systemd make it with `regctl setup socket`"
                    .to_owned(),
            );
        }
        warnings
    }
}

/// A path as a word of a unit.
fn word(path: &Path) -> String {
    unit_word(&path.display().to_string())
}

/// A directory below /run, which systemd makes for a service.
fn below_run(directory: &Path) -> Option<&Path> {
    let below = directory
        .strip_prefix("/run")
        .or_else(|_| directory.strip_prefix("/var/run"));
    below
        .ok()
        .filter(|below| !below.as_os_str().is_empty() && !below.starts_with("user"))
}
