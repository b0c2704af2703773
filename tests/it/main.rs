//! The integration tests: one binary, one module a concern.

mod cli;
mod cli_strange;
mod cli_support;
mod generated;
