//! The regctl binary.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    regctl::cli::run().await.into()
}
