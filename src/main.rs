//! The regctl binary.

use std::process::ExitCode;

/// Threads for work that waits for a device. More would not make it faster, and each has memory of
/// its own.
const BLOCKING_THREADS: usize = 64;

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(BLOCKING_THREADS)
        .build();
    match runtime {
        Ok(runtime) => runtime.block_on(regctl::cli::run()).into(),
        Err(error) => regctl::cli::cannot_run(&error).into(),
    }
}
