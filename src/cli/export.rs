//! `regctl export`: writes images of registries into an archive.

use std::path::PathBuf;
use std::time::Instant;

use super::context::{ClientArgs, Context};
use super::destination::Destination;
use super::exit::{Exit, Usage};
use super::figures;
use super::output::Printer;
use super::transfers::Transfers;
use crate::oci::{ImageReference, Platform, Reference};
use crate::transfer::export::{self, Error, Image, Options, Plan};

/// Write images into an archive that docker, podman and containerd load
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
The archive is written to stdout, or with -o to a file, which appears under its name when it is \
complete. Layers are not recompressed, each is written once, and all content is checked against \
its digest; the same images give the same bytes. Images keep the names of the command line: to \
include the registry's host, write it before the name.

An image of several platforms is exported with all that exist. docker's classic store loads one \
of them: this machine's if it is included, otherwise the first; --platform selects one.

--without leaves out layers of images that the destination has. Such an archive loads only where \
those images exist; otherwise `regctl import` reports the missing image, docker and podman a \
missing layer.

A report is printed to stderr.

Exit codes: 0 done, 1 error, 3 not found, 4 denied, 6 unavailable, 7 content does not match its \
digest. After an error or a signal there is no file.

Examples:
  regctl export team/app:1 team/db:2 -o images.tar
  regctl export team/app:1 | ssh host docker load
  regctl export --platform linux/arm64 team/app:1 | ssh board podman load
  regctl export team/app:2 --without team/app:1 -o delta.tar")]
pub(super) struct Args {
    /// The images
    #[arg(value_name = "REF", required = true)]
    references: Vec<String>,
    /// The file to write; without it, or with -, stdout
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// docker: every client loads it; oci: an OCI image layout only
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "docker")]
    format: Format,
    /// Export only the image for this platform from an index; may be repeated
    #[arg(long, value_name = "OS/ARCH[/VARIANT]")]
    platform: Vec<String>,
    /// Leave out the layers of this image, which the destination has; may be repeated
    #[arg(long, value_name = "REF")]
    without: Vec<String>,
    #[command(flatten)]
    pub(super) client: ClientArgs,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Format {
    Docker,
    Oci,
}

pub(super) async fn run(args: &Args, context: &Context) -> anyhow::Result<Exit> {
    let printer = context.printer;
    let begun = Instant::now();
    let platforms = args.platform.iter().map(|text| platform(text));
    let options = Options {
        format: match args.format {
            Format::Docker => export::Format::Docker,
            Format::Oci => export::Format::Oci,
        },
        platforms: platforms.collect::<Result<_, _>>()?,
        without: images(context, &args.without).await?,
    };
    let images = images(context, &args.references).await?;
    let output = args.output.as_deref();
    let (destination, file) = Destination::open(output, printer, "ssh HOST docker load")?;
    let transfers = Transfers::new(printer);
    let listener = transfers.listener();
    let work = async {
        let plan = export::plan(&images, &options, &listener).await?;
        let report = Report::of(&plan);
        plan.write(file, transfers.listener()).await?;
        Ok(report)
    };
    let result: Result<Report, Error> = work.await;
    transfers.clear();
    let report = result.map_err(|error| with_exit_code(error, &destination.name))?;
    let name = destination.name.clone();
    destination.keep()?;
    report.print(printer, &name, begun);
    Ok(Exit::Done)
}

async fn images(context: &Context, texts: &[String]) -> anyhow::Result<Vec<Image>> {
    let mut images = Vec::new();
    for text in texts {
        images.push(image(context, &context.whole(text).await?).await?);
    }
    Ok(images)
}

/// An image from the command line: its location, and its name in the archive.
async fn image(context: &Context, text: &str) -> anyhow::Result<Image> {
    let (place, reference) = context.manifest(text).await?;
    let mut name: ImageReference = text.parse()?;
    if let (None, Reference::Tag(tag)) = (name.reference(), &reference) {
        name.tag = Some(tag.clone());
    }
    Ok(Image {
        client: (*place.client).clone(),
        repository: place.repository,
        reference,
        name,
    })
}

fn platform(text: &str) -> Result<Platform, Usage> {
    crate::archive::parse_platform(text).ok_or_else(|| {
        Usage(format!(
            "--platform: {text:?} is not a platform; hint: one is written linux/amd64 or \
             linux/arm/v7"
        ))
    })
}

/// The error with its exit code.
fn with_exit_code(error: Error, destination: &str) -> anyhow::Error {
    match error {
        Error::Client(error) => error.into(),
        Error::Name { .. } => Usage(error.to_string()).into(),
        Error::Write(error) => {
            anyhow::Error::new(error).context(format!("can't write {destination}"))
        }
        Error::Manifest { .. } => error.into(),
    }
}

/// The final report.
struct Report {
    lines: Vec<String>,
    bytes: u64,
}

impl Report {
    fn of(plan: &Plan) -> Self {
        let blobs = |count| figures::count(count, "blob", "blobs");
        let mut lines: Vec<String> = plan
            .images()
            .iter()
            .map(|image| {
                let platforms = match &image.platforms[..] {
                    [] => String::new(),
                    platforms => format!(" ({})", platforms.join(", ")),
                };
                let (name, digest) = (&image.name, image.digest);
                let (count, size) = (blobs(image.blobs), figures::size(image.bytes));
                format!("{name}{platforms}: {digest}, {count}, {size}")
            })
            .collect();
        let left = plan.left();
        if left.blobs > 0 {
            let count = figures::count(left.blobs, "layer", "layers");
            let size = figures::size(left.bytes);
            lines.push(format!(
                "left out: {count}, {size}, which the other side has"
            ));
        }
        Self {
            lines,
            bytes: plan.bytes(),
        }
    }

    fn print(&self, printer: Printer, destination: &str, begun: Instant) {
        for line in &self.lines {
            printer.note(line);
        }
        let size = figures::size(self.bytes);
        let seconds = begun.elapsed().as_secs_f64();
        printer.note(&format!("wrote {size} to {destination} in {seconds:.1} s"));
    }
}
