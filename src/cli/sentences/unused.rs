//! Why accounts and rights have no effect.

use crate::admin::AccountsUnused;

/// Why accounts and rights have no effect, with a hint.
pub(in crate::cli) fn accounts_unused(reason: AccountsUnused) -> &'static str {
    match reason {
        AccountsUnused::Open => {
            "the server requires no sign-in: everybody who reaches it may do everything; hint: start \
             it with --accounts, or with regctl.accounts.enabled: true"
        }
        AccountsUnused::NoServer => {
            "accounts and rights have no effect until regctl serve runs with --accounts, or with \
             regctl.accounts.enabled: true"
        }
        AccountsUnused::Htpasswd => {
            "this has no effect: the server has the accounts of its htpasswd file, with the rights in \
             regctl.access; hint: regctl.accounts.enabled: true instead of auth.htpasswd, and regctl \
             user import"
        }
        AccountsUnused::TokenServer => {
            "this has no effect: the server accepts the tokens of another server (auth.token), which \
             decides who may do what"
        }
    }
}
