//! Shared parts of the tests of administration: the binary that works on a root, with or without a
//! server.

use std::path::{Path, PathBuf};

use assert_cmd::assert::Assert;
use serde_json::Value;

use crate::cli_support::{Regctl, text};
use crate::support::{Program, Server, Setup};

/// Leases end at once, and deletions bypass the trash.
pub(crate) const FORGETFUL: &str = "\
version: 0.1
storage: {delete: {enabled: true}, filesystem: {rootdirectory: /nowhere}}
regctl: {gc: {lease: 1ms, trash: 0}}
";

/// The same, but deletions can be restored.
pub(crate) const WITH_TRASH: &str = "\
version: 0.1
storage: {delete: {enabled: true}, filesystem: {rootdirectory: /nowhere}}
regctl: {gc: {lease: 1ms, trash: 1h}}
";

/// The binary, for one root.
pub(crate) struct Admin {
    regctl: Regctl,
    root: PathBuf,
}

impl Admin {
    pub(crate) fn of(root: &Path) -> Self {
        Self {
            regctl: Regctl::new(""),
            root: root.to_owned(),
        }
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Assert {
        let mut command = self.regctl.command();
        command.args(arguments).arg("--root").arg(&self.root);
        command.assert()
    }

    #[track_caller]
    pub(crate) fn stdout(&self, arguments: &[&str]) -> String {
        text(&self.run(arguments).success().get_output().stdout)
    }

    #[track_caller]
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.stdout(arguments)).unwrap()
    }

    /// stdout and stderr of a run with this exit code.
    #[track_caller]
    pub(crate) fn fails(&self, code: i32, arguments: &[&str]) -> (String, String) {
        let assert = self.run(arguments).code(code);
        let output = assert.get_output();
        (text(&output.stdout), text(&output.stderr))
    }
}

/// A server with a configuration.
#[track_caller]
pub(crate) fn serve(config: &str) -> Server {
    Setup::new(Program::Regctl).config(config).start()
}

/// Prepares a root, administers it and checks the result, twice: through the running server, and on
/// the root without one.
pub(crate) fn each_way<T>(
    config: &str,
    set_up: impl Fn(&Server) -> T,
    act: impl Fn(&Admin, &T),
    verify: impl Fn(&Server, &T),
) {
    let server = serve(config);
    let made = set_up(&server);
    act(&Admin::of(server.root()), &made);
    verify(&server, &made);

    let server = serve(config);
    let made = set_up(&server);
    let root = server.root().to_path_buf();
    let setup = server.stop();
    act(&Admin::of(&root), &made);
    verify(&setup.start(), &made);
}
