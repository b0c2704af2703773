//! The integration tests: one binary, one module a concern.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test stops and speaks where it stands; clippy.toml covers only the test functions"
)]

mod cli;
mod cli_credentials;
mod cli_strange;
mod cli_support;
mod cli_tls;
mod generated;
mod strange;
