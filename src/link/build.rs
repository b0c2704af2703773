//! The build script: in the `dist` profile, it tells the linker which functions belong together.
//!
//! The system maps the code of a program in pieces of 64 KiB, and keeps a piece as soon as one of its
//! functions has run. Functions that run when a server starts are all over the program, so most of
//! it would stay in memory. `start.txt` names their modules; the linker puts these first, side by side.
//! A name that no longer exists has no effect.

#![expect(
    clippy::disallowed_methods,
    reason = "the script's own input and output"
)]

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    println!("cargo::rerun-if-changed=src/link/build.rs");
    println!("cargo::rerun-if-changed=src/link/start.txt");
    // Only `dist` optimises for size; a linker script is of no use elsewhere.
    if env::var("OPT_LEVEL")? != "s" || env::var("CARGO_CFG_TARGET_OS")? != "linux" {
        return Ok(());
    }
    let script = Path::new(&env::var("OUT_DIR")?).join("start.ld");
    fs::write(
        &script,
        linker_script(&fs::read_to_string("src/link/start.txt")?)?,
    )?;
    let argument = |argument: &str| println!("cargo::rustc-link-arg-bin=regctl=-Wl,{argument}");
    argument(&format!("-T,{}", script.display()));
    if glibc_relocates_packed() {
        argument("-z,pack-relative-relocs");
    }
    Ok(())
}

/// Whether the program is for this system, and its C library is glibc 2.36 or later: these read
/// relocations of addresses in a packed form, a megabyte less to keep in memory.
fn glibc_relocates_packed() -> bool {
    let native = env::var("HOST").is_ok() && env::var("HOST") == env::var("TARGET");
    let gnu = env::var("CARGO_CFG_TARGET_ENV").is_ok_and(|env| env == "gnu");
    let Ok(version) = Command::new("getconf").arg("GNU_LIBC_VERSION").output() else {
        return false;
    };
    let version = String::from_utf8_lossy(&version.stdout);
    let minor = version.trim().strip_prefix("glibc 2.");
    let minor = minor.and_then(|minor| minor.split('.').next()?.parse::<u32>().ok());
    native && gnu && minor.is_some_and(|minor| minor >= 36)
}

/// A script that adds a section of code, which starts with the functions of these names.
fn linker_script(names: &str) -> Result<String, Failure> {
    let names = names.lines().map(str::trim);
    let names = names.filter(|name| !name.is_empty() && !name.starts_with('#'));
    let mut script = "SECTIONS\n{\n  .text_start : {\n".to_owned();
    for name in names {
        for pattern in patterns(name)? {
            // The compiler has sections of their own for functions that it expects to be rarely called.
            writeln!(script, "    *(.text.{pattern} .text.unlikely.{pattern})")?;
        }
    }
    // SQLite is one file, of which most runs.
    script.push_str("    *sqlite3.o(.text .text.*)\n  }\n}\nINSERT BEFORE .text;\n");
    Ok(script)
}

/// The patterns for the symbols of a crate, a module or a type, as both of Rust's manglings write them.
fn patterns(name: &str) -> Result<Vec<String>, Failure> {
    let mut mangled = String::new();
    for part in name.split("::") {
        write!(mangled, "{}{part}", part.len())?;
    }
    let path = if name.contains("::") {
        name.replace("::", "..")
    } else {
        format!("{name}..")
    };
    let mut patterns = vec![format!("_ZN{mangled}*"), format!("_R*{mangled}*")];
    // Methods of a type, and what drops one, or a slice or a tuple of it.
    for open in ["", "$u5b$", "$LP$", "$u5b$$LP$", "$RF$", "$LT$", "$LT$$LT$"] {
        patterns.push(format!("_ZN*_$LT${open}{path}*"));
        patterns.push(format!("_ZN4core3ptr*drop_in_place$LT${open}{path}*"));
    }
    Ok(patterns)
}
