//! Shared parts of the tests of accounts: a server with accounts, and the commands that create
//! them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::cli_support::{Regctl, text};
use crate::support::{Client, Remote, Request, Response, Server};

/// Accounts are on; alice may push below team/, bob may pull team/app, carol may do nothing.
pub(crate) const CONFIG: &str = "\
version: 0.1
storage: {delete: {enabled: true}, filesystem: {rootdirectory: /nowhere}}
regctl: {accounts: {enabled: true}}
";

/// A server with accounts, administered through its socket.
pub(crate) struct Guarded {
    pub(crate) server: Server,
    pub(crate) regctl: Regctl,
}

impl Guarded {
    pub(crate) fn start() -> Self {
        Self::start_with(CONFIG)
    }

    /// Starts it with another configuration with accounts.
    pub(crate) fn start_with(config: &str) -> Self {
        let guarded = Self {
            server: Server::regctl_with(config),
            regctl: Regctl::new(""),
        };
        guarded.user("root", &["--admin"]);
        for name in ["alice", "bob", "carol"] {
            guarded.user(name, &[]);
        }
        guarded.administer(&["grant", "alice", "team/*", "pull,push"]);
        guarded.administer(&["grant", "bob", "team/app", "pull"]);
        guarded
    }

    /// Creates an account whose password is its name with `-secret`.
    pub(crate) fn user(&self, name: &str, flags: &[&str]) {
        let mut command = self.regctl.command();
        command
            .args(["user", "add", name, "--password-stdin", "--root"])
            .arg(self.server.root())
            .args(flags)
            .write_stdin(format!("{name}-secret\n"));
        command.assert().success();
    }

    /// stdout of a command on the root, which must succeed.
    #[track_caller]
    pub(crate) fn administer(&self, arguments: &[&str]) -> String {
        let mut command = self.regctl.command();
        command
            .args(arguments)
            .arg("--root")
            .arg(self.server.root());
        text(&command.assert().success().get_output().stdout)
    }

    /// A client that signs in as an account; anonymous for an empty name.
    pub(crate) fn client(&self, name: &str) -> Client {
        if name.is_empty() {
            return self.server.client();
        }
        let password = format!("{name}-secret");
        self.server.client().authorized(&basic(name, &password))
    }

    pub(crate) fn remote(&self, name: &str, repository: &str) -> Remote {
        Remote::new(self.client(name), repository)
    }

    /// The answer of the token service.
    pub(crate) fn ask_token(&self, name: &str, scopes: &[&str]) -> Response {
        let scopes: Vec<String> = scopes
            .iter()
            .map(|scope| format!("&scope={scope}"))
            .collect();
        let target = format!("/auth/token?service=regctl{}", scopes.concat());
        self.client(name).send(&Request::new("GET", &target))
    }

    /// A client that sends a token for these scopes.
    #[track_caller]
    pub(crate) fn bearer(&self, name: &str, scopes: &[&str]) -> Client {
        let answer = self.ask_token(name, scopes).expect(200).json();
        let token = answer["token"].as_str().unwrap();
        self.server.client().authorized(&format!("Bearer {token}"))
    }
}

pub(crate) fn basic(name: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{name}:{password}")))
}
