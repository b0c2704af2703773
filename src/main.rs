//! The regctl binary.

fn main() -> std::process::ExitCode {
    regctl::cli::main()
}
