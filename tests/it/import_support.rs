//! Shared parts of the tests of `regctl import`: an archive is imported into a new registry,
//! through a pipe or from a file.

use serde_json::Value;

use crate::cli_support::{Regctl, text};
use crate::support::{Server, sha256};

/// How the archive is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Pipe,
    File,
}

/// A registry, and the way of imports into it.
pub(crate) struct Import {
    pub(crate) way: Way,
    pub(crate) server: Server,
    pub(crate) regctl: Regctl,
}

/// The result of an import.
pub(crate) struct Outcome {
    pub(crate) code: i32,
    pub(crate) rows: Value,
    pub(crate) said: String,
}

/// Runs a test both ways, each with its own registry.
pub(crate) fn both(test: impl Fn(&Import)) {
    for way in [Way::Pipe, Way::File] {
        let server = Server::regctl();
        let regctl = Regctl::new(&server.host());
        let import = Import {
            way,
            server,
            regctl,
        };
        test(&import);
    }
}

impl Import {
    /// Imports an archive, with any result.
    pub(crate) fn run(&self, archive: &[u8], arguments: &[&str]) -> Outcome {
        let mut command = self.regctl.command();
        command.arg("import").args(["-o", "json"]).args(arguments);
        command.env("XDG_CACHE_HOME", self.regctl.home.path().join("cache"));
        match self.way {
            Way::Pipe => command.arg("-").write_stdin(archive),
            Way::File => {
                let path = self.regctl.home.path().join("archive.tar");
                std::fs::write(&path, archive).unwrap();
                command.arg(path)
            }
        };
        let output = command.output().unwrap();
        let said = text(&output.stderr);
        Outcome {
            code: output.status.code().expect("an exit code"),
            rows: serde_json::from_slice(&output.stdout).unwrap_or_default(),
            said,
        }
    }

    /// Imports a valid archive. Returns the reports of its images.
    #[track_caller]
    pub(crate) fn done(&self, archive: &[u8], arguments: &[&str]) -> Value {
        let outcome = self.run(archive, arguments);
        assert_eq!(outcome.code, 0, "{:?}: {}", self.way, outcome.said);
        outcome.rows
    }

    /// Imports an invalid archive, which must fail with this exit code. Returns stderr.
    #[track_caller]
    pub(crate) fn fails(&self, code: i32, archive: &[u8], arguments: &[&str]) -> String {
        let outcome = self.run(archive, arguments);
        assert_eq!(outcome.code, code, "{:?}: {}", self.way, outcome.said);
        assert!(!outcome.said.contains("panicked"), "{}", outcome.said);
        outcome.said
    }

    /// The digest of a tag's manifest, which must be complete.
    #[track_caller]
    pub(crate) fn manifest(&self, repository: &str, tag: &str) -> (String, Value) {
        let remote = self.server.remote(repository);
        let digest = remote.verify(tag);
        let manifest = remote.manifest(tag).expect(200);
        assert_eq!(sha256(&manifest.body), digest);
        (digest.to_string(), manifest.json())
    }

    /// Imports an archive, and checks that a tag has exactly this manifest.
    #[track_caller]
    pub(crate) fn gives(
        &self,
        archive: &[u8],
        repository: &str,
        tag: &str,
        manifest: &[u8],
    ) -> Value {
        let rows = self.done(archive, &[]);
        let (digest, found) = self.manifest(repository, tag);
        let expected = sha256(manifest).to_string();
        assert_eq!(digest, expected, "{:?}: {found:#}", self.way);
        assert_eq!(rows[0]["digest"], expected);
        assert_eq!(rows[0]["references"][0], format!("{repository}:{tag}"));
        rows
    }
}
