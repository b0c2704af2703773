//! `regctl backup`: writes the data of a root except its images into an archive.

use std::path::PathBuf;

use super::administration::PlaceArgs;
use super::destination::Destination;
use super::exit::Exit;
use super::figures;
use super::output::Printer;
use crate::server;

/// Write accounts, rights, descriptions and other data of a root into an archive
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
The archive, a tar file, has what the data directory of registry:2 can't store: accounts, rights, \
tokens, descriptions, stars, saved retention rules, the trash, times of pushes and pulls, and the \
server's certificates. \
It has keys and hashed passwords, so only its owner can read the file. Images are in \
<root>/docker: copy that directory after the backup, while the server runs or not. Pushes in \
between are found at the first start.

To restore: stop the server, copy docker back, remove <root>/regctl/index.db*, extract the archive \
in <root>/regctl, and start the server.

Exit codes: 0 done, 1 error, 3 no such root, 4 denied. After an error or a signal there is no file.

Examples:
  regctl backup -o registry-backup.tar
  ssh host regctl backup --root /var/lib/registry > registry-backup.tar
  tar -xf registry-backup.tar -C /var/lib/registry/regctl")]
pub(super) struct Args {
    /// The file to write; without it, or with -, stdout
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    place: PlaceArgs,
}

pub(super) async fn run(args: &Args, printer: Printer) -> anyhow::Result<Exit> {
    let output = args.output.as_deref();
    let (destination, file) = Destination::open(output, printer, "ssh HOST 'cat > FILE'")?;
    destination.restrict(&file)?;
    let scratch = match destination.directory() {
        Some(directory) => directory.to_owned(),
        None => std::env::temp_dir(),
    };
    let backup = server::backup(&args.place.request(None), &scratch, file).await?;
    let name = destination.name.clone();
    destination.keep()?;
    printer.note(&format!(
        "wrote {name}: the index ({}) and {} of certificates; next, copy {}, which has the images",
        figures::size(backup.index),
        figures::count(backup.certificates, "file", "files"),
        backup.root.join("docker").display(),
    ));
    Ok(Exit::Done)
}
