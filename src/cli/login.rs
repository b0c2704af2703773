//! `regctl login`: signs in to a registry, and stores the credentials where docker does.
//!
//! A password comes from standard input or from the terminal without echo; never from an argument,
//! which every user of the machine could read.

use std::io::{IsTerminal, Read};

use super::context::{ClientArgs, Context, EarlyArgs};
use super::exit::{Exit, Usage};
use super::output::Printer;
use crate::client::CredentialStore;

/// Maximum length of a password in bytes: some are tokens of several kilobytes.
const PASSWORD_LIMIT: u64 = 64 * 1024;

/// Sign in to a registry
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
The credentials are verified with the registry first. If it gives a refresh token, the token is \
stored instead of the password.

They are stored where docker stores them, for docker and regctl alike: in the credential helper \
that $DOCKER_CONFIG/config.json or ~/.docker/config.json names, otherwise in that file, which \
only its owner can read. A registry behind ssh is stored as HOST:REGISTRY-PORT, its name without \
ssh.

Examples:
  regctl login registry.example.org:5000
  regctl login -u ada --password-stdin registry.example.org < password
  regctl login ssh://ada@registry-host")]
pub(super) struct Args {
    /// The registry [default: as for --registry]
    #[arg(value_name = "HOST[:PORT]")]
    host: Option<String>,
    /// The user; asked for on a terminal
    #[arg(short, long, value_name = "USER")]
    username: Option<String>,
    /// Read the password from standard input instead of the terminal
    #[arg(long)]
    password_stdin: bool,
    #[command(flatten)]
    client: ClientArgs,
}

impl Args {
    /// The flags of the connection.
    pub(super) fn client(&self, early: &EarlyArgs) -> Result<ClientArgs, Usage> {
        self.client.with(early).naming(self.host.as_deref())
    }
}

pub(super) async fn run(args: &Args, context: &Context) -> anyhow::Result<Exit> {
    let client = context.client(None)?;
    let (registry, printer) = (client.registry().to_owned(), context.printer);
    let (user, password) = who(args, &registry, printer).await?;
    let signed_in = client.sign_in(&user, &password).await?;
    if !signed_in.verified {
        printer.warning(&format!(
            "{registry} requires no sign-in: the password could not be verified"
        ));
    }
    if let CredentialStore::File(path) = &signed_in.store {
        printer.warning(&format!(
            "it is stored unencrypted in {}; a credential helper (credsStore in that file) stores it \
             safer",
            path.display()
        ));
    }
    if let Some(source) = &signed_in.overridden_by {
        printer.warning(&format!(
            "the credentials in {source} take precedence over the stored ones for {registry}"
        ));
    }
    printer.report(&format!("Signed in to {registry} as {user}"))?;
    Ok(Exit::Done)
}

/// Reads the user and the password.
async fn who(args: &Args, registry: &str, printer: Printer) -> anyhow::Result<(String, String)> {
    let terminal = std::io::stdin().is_terminal();
    if args.password_stdin && args.username.is_none() {
        let reason = "with --password-stdin the user can't be asked for; hint: add --username USER";
        return Err(Usage(reason.into()).into());
    }
    if !args.password_stdin && !terminal {
        let reason = "there is no terminal to ask on; hint: --username USER --password-stdin takes \
                      the password from standard input";
        return Err(Usage(reason.into()).into());
    }
    let user = match &args.username {
        Some(user) => user.clone(),
        None => printer.ask_line(&format!("User for {registry}: "))?,
    };
    // They are joined by a colon.
    if user.is_empty() || user.contains(':') {
        let reason = format!("{user:?} is not a user; hint: it is not empty and has no colon");
        return Err(Usage(reason).into());
    }
    let password = if args.password_stdin {
        let mut text = String::new();
        let mut input = std::io::stdin().lock().take(PASSWORD_LIMIT);
        input.read_to_string(&mut text)?;
        text.trim_end_matches(['\n', '\r']).to_owned()
    } else {
        let question = format!("Password of {user} for {registry}: ");
        tokio::task::spawn_blocking(move || printer.ask_secret(&question)).await??
    };
    if password.is_empty() {
        return Err(Usage("the password is empty".into()).into());
    }
    Ok((user, password))
}
