//! The regctl binary.

fn main() {}
