//! Reads passwords from standard input or the terminal, never from an argument, which every user of
//! the machine could read.

use std::io::{IsTerminal, Read};

use super::exit::Usage;
use super::output::Printer;
use crate::admin::Password;

/// Maximum length of a password in bytes.
const PASSWORD_LIMIT: u64 = 64 * 1024;

/// Reads a new password; on a terminal it is asked for twice.
pub(super) async fn new_password(
    name: &str,
    from_stdin: bool,
    printer: Printer,
) -> anyhow::Result<Password> {
    let password = if from_stdin {
        let mut text = String::new();
        let mut input = std::io::stdin().lock().take(PASSWORD_LIMIT);
        input.read_to_string(&mut text)?;
        text.trim_end_matches(['\n', '\r']).to_owned()
    } else if std::io::stdin().is_terminal() {
        let question = format!("New password of {name}: ");
        let asked = tokio::task::spawn_blocking(move || {
            let first = printer.ask_secret(&question)?;
            let second = printer.ask_secret("The same again: ")?;
            anyhow::Ok((first, second))
        });
        let (first, second) = asked.await??;
        if first != second {
            return Err(Usage("the two passwords differ".into()).into());
        }
        first
    } else {
        let reason = "there is no terminal to ask on; hint: --password-stdin takes the password \
                      from standard input";
        return Err(Usage(reason.into()).into());
    };
    if password.is_empty() {
        return Err(Usage("the password is empty".into()).into());
    }
    Ok(Password::new(password))
}
