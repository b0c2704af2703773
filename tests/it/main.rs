//! The integration tests: one binary, one module for each subject.
//!
//! They start the real binary and use it over real sockets; the modules `swap` and `interop` run
//! other programs as well.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tests panic and print; clippy.toml covers only the test functions"
)]

mod accounts_api;
mod accounts_audit;
mod accounts_clients;
mod accounts_support;
mod accounts_wire;
mod acme;
mod admin_check;
mod admin_du;
mod admin_prune;
mod admin_retention;
mod admin_support;
mod admin_trash;
mod api_blobs;
mod api_damage;
mod api_errors;
mod api_manifest_go;
mod api_manifest_kinds;
mod api_manifests;
mod api_operation;
mod api_referrers;
mod api_tags;
mod api_upload_refusals;
mod api_uploads;
mod api_wire;
mod architecture;
mod attacks;
mod backup;
mod bad_input;
mod bad_manifests;
mod broken_index;
mod certificates;
mod cli;
mod cli_broken_tags;
mod cli_completions;
mod cli_credentials;
mod cli_lists;
mod cli_quiet;
mod cli_ship;
mod cli_strange;
mod cli_support;
mod cli_tls;
mod cli_usage;
mod client_answers;
mod client_recognition;
mod collect_gc;
mod collect_stress;
mod copy_images;
mod copy_repairs;
mod copy_sync;
mod copy_trouble;
mod crash;
mod crowd;
mod debian;
mod events;
mod export;
mod export_trouble;
mod frontend;
mod frontend_sign_in;
mod full_device;
mod generated;
mod image_swap;
mod import_again;
mod import_directories;
mod import_kinds;
mod import_layouts;
mod import_memory;
mod import_names;
mod import_shapes;
mod import_support;
mod import_trouble;
mod interop;
mod interop_archives;
mod interop_docker;
mod interop_export;
mod listening;
mod login;
mod new_root;
mod nginx;
mod oidc;
mod one_bad_place;
mod other_registries;
mod owner;
mod pages;
mod pages_about;
mod pages_actions;
mod pages_browser;
mod pages_flows;
mod pages_furnished;
mod pages_hostile;
mod pages_person;
mod pages_pictures;
mod pages_rules;
mod pages_session;
mod pages_speed;
mod pages_upkeep;
mod pages_walk;
mod proxy;
mod readme;
mod restart;
mod setup_files;
mod setup_values;
mod ssh;
mod ssh_root;
mod strange;
mod support;
mod swap;
mod systemd;
mod tls_trust;
mod transfer_downloads;
mod transfer_support;
mod transfer_uploads;
mod trouble;
mod turns;
mod unwritable;
mod wire;
mod workloads;
