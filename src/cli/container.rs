//! `regctl image`: writes a container image of this program, without docker.
//!
//! Paths, port, configuration and command lines are those of registry:2's image. If the program
//! needs shared libraries, the image has those that this process has mapped.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::{Value, json};

use super::destination::Destination;
use super::executable::Executable;
use super::exit::{Exit, Usage};
use super::output::Printer;
use super::owner;
use crate::archive::program::{self, Node, Program};

/// The user of the image's data directory; distroless images call it `nonroot`.
const USER: u64 = 65532;
const CONFIGURATION: &str = include_str!("../setup/container.yml");
pub(super) const CONFIGURATION_PATH: &str = "/etc/docker/registry/config.yml";
const CERTIFICATES: &str = "etc/ssl/certs/ca-certificates.crt";
/// Bytes of a program that are read to classify it.
const HEAD: u64 = 4096;

/// Write a container image of regctl, which docker and podman load
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
The image contains only this program, and replaces registry:2's: the data is in \
/var/lib/registry, the configuration in /etc/docker/registry/config.yml, the port is 5000, and \
the environment is REGISTRY_…. It runs as the owner of the data: with a new volume as user 65532, \
with a directory of root's as root. Docker's health check is `regctl health`.

--with adds the program for another architecture, which must be linked statically; the image then \
supports all of them.

Examples:
  regctl image -o regctl.tar && docker load -i regctl.tar
  regctl image | podman load
  docker run -d -p 5000:5000 -v /opt/registry:/var/lib/registry regctl
  regctl image --with regctl-arm64 -o regctl.tar && regctl import regctl.tar")]
pub(super) struct Args {
    /// The file to write; without it, or with -, stdout
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// This program for another architecture; may be repeated
    #[arg(long, value_name = "FILE")]
    with: Vec<PathBuf>,
}

pub(super) fn run(args: &Args, printer: Printer) -> anyhow::Result<Exit> {
    let mut programs = vec![this_program()?];
    for path in &args.with {
        programs.push(other_program(path, &programs)?);
    }
    let platforms: Vec<String> = programs
        .iter()
        .map(|program| format!("linux/{}", program.architecture))
        .collect();
    let (destination, file) = Destination::open(args.output.as_deref(), printer, "docker load")?;
    let version = env!("CARGO_PKG_VERSION");
    let names = ["regctl:latest".to_owned(), format!("regctl:{version}")];
    let name = destination.name.clone();
    program::write(file, programs, &names).with_context(|| format!("can't write {name}"))?;
    destination.keep()?;
    printer.note(&format!(
        "wrote {} for {} to {name}",
        names.join(" and "),
        platforms.join(", ")
    ));
    Ok(Exit::Done)
}

fn this_program() -> anyhow::Result<Program> {
    // This is right even if the file was replaced since the process started.
    let path = Path::new("/proc/self/exe");
    let executable = read(path)?;
    let mut libraries = Vec::new();
    if !executable.is_static {
        let maps = file(Path::new("/proc/self/maps"))?;
        let maps = std::io::read_to_string(maps).context("can't read /proc/self/maps")?;
        libraries.extend(mapped_libraries(&maps));
    }
    program(path, &executable, &libraries)
}

fn other_program(path: &Path, others: &[Program]) -> anyhow::Result<Program> {
    let executable = read(path)?;
    let shown = path.display();
    if !executable.is_static {
        let reason = format!("{shown} needs shared libraries; hint: link it statically");
        return Err(Usage(reason).into());
    }
    let architecture = executable.architecture;
    if others
        .iter()
        .any(|other| other.architecture == architecture)
    {
        let reason = format!("{shown} is one more program for {architecture}; hint: leave it out");
        return Err(Usage(reason).into());
    }
    program(path, &executable, &[])
}

fn read(path: &Path) -> anyhow::Result<Executable> {
    let mut head = Vec::new();
    let read = file(path)?.take(HEAD).read_to_end(&mut head);
    read.with_context(|| format!("can't read {}", path.display()))?;
    Executable::read(&head).ok_or_else(|| {
        Usage(format!(
            "{} is not a known program for Linux",
            path.display()
        ))
        .into()
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "the image is made of files of the system"
)]
fn file(path: &Path) -> anyhow::Result<File> {
    File::open(path).with_context(|| format!("can't read {}", path.display()))
}

/// A file of the system as a file of the image.
fn node(path: &Path, runs: bool) -> anyhow::Result<Node> {
    let file = file(path)?;
    let size = file.metadata()?.len();
    Ok(Node::File(Box::new(file), size, runs))
}

/// The shared libraries in a process's memory map.
fn mapped_libraries(maps: &str) -> BTreeSet<PathBuf> {
    let paths = maps
        .lines()
        .filter_map(|line| line.split_whitespace().nth(5));
    paths
        .filter(|path| path.starts_with('/') && path.contains(".so"))
        .map(PathBuf::from)
        .collect()
}

/// The paths of a library in the image: its own, and for the loader the paths that programs name.
fn places(library: &Path) -> Vec<String> {
    let own = library.display().to_string();
    let mut places = vec![own.trim_start_matches('/').to_owned()];
    let name = library.file_name().unwrap_or_default().to_string_lossy();
    if name.starts_with("ld-") {
        places.extend(["lib", "lib64"].map(|directory| format!("{directory}/{name}")));
    }
    places
}

fn program(path: &Path, executable: &Executable, libraries: &[PathBuf]) -> anyhow::Result<Program> {
    let text = |text: &str| Node::Text(text.as_bytes().to_vec());
    let mut files = vec![
        ("bin/regctl".to_owned(), node(path, true)?),
        ("bin/registry".to_owned(), Node::Link("regctl".to_owned())),
        (
            "etc/passwd".to_owned(),
            text(&format!(
                "root:x:0:0:root:/:/\nregctl:x:{USER}:{USER}:regctl:/var/lib/registry:/\n"
            )),
        ),
        (
            "etc/group".to_owned(),
            text(&format!("root:x:0:\nregctl:x:{USER}:\n")),
        ),
        (
            CONFIGURATION_PATH.trim_start_matches('/').to_owned(),
            text(CONFIGURATION),
        ),
    ];
    let certificates = Path::new("/").join(CERTIFICATES);
    if let Ok(node) = node(&certificates, false) {
        files.push((CERTIFICATES.to_owned(), node));
    }
    for library in libraries {
        for place in places(library) {
            files.push((place, node(library, true)?));
        }
    }
    let mut directories = BTreeSet::new();
    for (file, _) in &files {
        let above = Path::new(file).ancestors().skip(1);
        directories.extend(above.filter_map(Path::to_str).map(str::to_owned));
    }
    directories.remove("");
    directories.extend(["var", "var/lib"].map(str::to_owned));
    let directories = directories
        .into_iter()
        .map(|path| (path, Node::Directory(0, 0o755)));
    let mut nodes: Vec<(String, Node)> = directories.collect();
    nodes.push(("tmp".to_owned(), Node::Directory(0, 0o1777)));
    nodes.push(("var/lib/registry".to_owned(), Node::Directory(USER, 0o755)));
    nodes.extend(files);
    Ok(Program {
        architecture: executable.architecture.to_owned(),
        nodes,
        config: config(),
    })
}

/// How the image runs.
fn config() -> Value {
    json!({
        "Env": ["PATH=/bin", format!("{}=1", owner::VARIABLE)],
        "Entrypoint": ["/bin/registry"],
        "Cmd": ["serve", CONFIGURATION_PATH],
        "ExposedPorts": {"5000/tcp": {}},
        "Volumes": {"/var/lib/registry": {}},
        "WorkingDir": "/",
        "Healthcheck": {
            "Test": ["CMD", "/bin/regctl", "health", "--config", CONFIGURATION_PATH],
            "Interval": 30_000_000_000_u64, "Timeout": 10_000_000_000_u64, "Retries": 3,
        },
        "Labels": {
            "org.opencontainers.image.title": "regctl",
            "org.opencontainers.image.version": env!("CARGO_PKG_VERSION"),
            "org.opencontainers.image.licenses": env!("CARGO_PKG_LICENSE"),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_of_a_memory_map() {
        let maps = "\
7f00-7f01 r-xp 00000000 08:01 1 /usr/lib/x86_64-linux-gnu/libc.so.6
7f01-7f02 r--p 00000000 08:01 1 /usr/lib/x86_64-linux-gnu/libc.so.6
7f02-7f03 r-xp 00000000 08:01 2 /usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2
7f03-7f04 r-xp 00000000 08:01 3 /usr/bin/regctl
7f04-7f05 rw-p 00000000 00:00 0 [heap]
7f05-7f06 rw-p 00000000 00:00 0
";
        let libraries = mapped_libraries(maps);
        assert_eq!(libraries.len(), 2);
        let places: Vec<String> = libraries.iter().flat_map(|path| places(path)).collect();
        assert_eq!(
            places,
            [
                "usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2",
                "lib/ld-linux-x86-64.so.2",
                "lib64/ld-linux-x86-64.so.2",
                "usr/lib/x86_64-linux-gnu/libc.so.6",
            ]
        );
    }
}
