//! `regctl manifest inspect`: describes a manifest and its content.
//!
//! Collects the data; `report` prints it.

use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};

use super::context::{ClientArgs, Context, Place};
use super::exit::{Exit, Usage};
use super::output::{Format, FormatArgs, Printer};
use super::report::{Child, Report};
use crate::archive::parse_platform;
use crate::client::{Error, Manifest};
use crate::oci::{ImageReference, ManifestView, Platform, Reference};
use crate::transfer::export;
use crate::transfer::progress::{Event, Listener};

/// Number of children of an index that are queried at once.
const CONCURRENCY: usize = 8;

/// Describe a manifest and its content
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
A reference is [HOST/]REPOSITORY[:TAG] or [HOST/]REPOSITORY@DIGEST; without tag and digest it is \
`latest`.

JSON: one object with \"name\", \"digest\", \"mediaType\", \"kind\" (image, index, other), \"size\" \
(of the manifest itself), \"contentSize\", \"artifactType\", \"platform\", \"created\", \"author\", \
\"config\", \"layers\", \"history\", \"manifests\", \"subject\", \"annotations\"; what does not \
apply is left out.

Examples:
  regctl manifest inspect team/nginx:1
  regctl manifest inspect --platform linux/arm64 team/nginx:1
  regctl manifest inspect --raw team/nginx:1 | jq .")]
pub(super) struct Args {
    /// The manifest
    #[arg(value_name = "REF")]
    reference: String,
    /// Print the stored bytes of the manifest
    #[arg(long, conflicts_with = "format")]
    raw: bool,
    /// Show the image for this platform from an index
    #[arg(long, value_name = "OS/ARCH[/VARIANT]")]
    platform: Option<String>,
    #[command(flatten)]
    output: FormatArgs,
    #[command(flatten)]
    pub(super) client: ClientArgs,
}

pub(super) async fn run(args: &Args, context: &Context) -> anyhow::Result<Exit> {
    let printer = context.printer;
    let wanted = args.platform.as_deref().map(platform).transpose()?;
    let (place, reference) = context.manifest(&args.reference).await?;
    let mut name = place.name(&reference);
    let manifest = match wanted {
        Some(wanted) => image_for(&place, reference, &wanted, printer).await?,
        None => place.client.manifest(&place.repository, &reference).await?,
    };
    if args.platform.is_some() {
        name = place.name(&Reference::Digest(manifest.digest));
    }
    if args.raw {
        printer.document(&manifest.bytes)?;
        return Ok(Exit::Done);
    }
    if args.output.format == Format::Name {
        printer.line(&place.name(&Reference::Digest(manifest.digest)))?;
        return Ok(Exit::Done);
    }
    let view = manifest
        .view()
        .map_err(|error| anyhow::anyhow!("{name}: {error}; hint: --raw prints it as it is"))?;
    let config = place.image_config(&view).await?;
    let children = children(&place, &view).await?;
    let report = Report {
        name,
        digest: manifest.digest,
        size: manifest.bytes.len() as u64,
        view: &view,
        config: config.as_ref(),
        children,
    };
    match args.output.format {
        Format::Json => printer.json(&report.json())?,
        Format::Table | Format::Name => report.print(printer)?,
    }
    Ok(Exit::Done)
}

/// The children of an index, each with the bytes of its content if it exists.
async fn children(place: &Place, view: &ManifestView) -> Result<Vec<Child>, Error> {
    stream::iter(view.manifests.clone())
        .map(|descriptor| async move {
            let content = match place.child(&descriptor).await? {
                Some(manifest) => match manifest.view() {
                    Ok(view) => Some(place.size(&manifest, &view).await?),
                    Err(_) => Some(manifest.bytes.len() as u64),
                },
                None => None,
            };
            Ok(Child {
                descriptor,
                content,
            })
        })
        .buffered(CONCURRENCY)
        .try_collect()
        .await
}

fn platform(text: &str) -> Result<Platform, Usage> {
    parse_platform(text).ok_or_else(|| {
        Usage(format!(
            "--platform: {text:?} is not a platform; hint: one is written linux/amd64 or \
             linux/arm/v7"
        ))
    })
}

/// The image for a platform under a reference, as `regctl export` finds it.
async fn image_for(
    place: &Place,
    reference: Reference,
    wanted: &Platform,
    printer: Printer,
) -> anyhow::Result<Manifest> {
    let (tag, digest) = match &reference {
        Reference::Tag(tag) => (Some(tag.clone()), None),
        Reference::Digest(digest) => (None, Some(*digest)),
    };
    let image = export::Image {
        client: (*place.client).clone(),
        repository: place.repository.clone(),
        reference,
        name: ImageReference {
            registry: None,
            repository: place.repository.clone(),
            tag,
            digest,
        },
    };
    let listener: Listener = Arc::new(move |event| {
        if let Event::Warning(text) = event {
            printer.warning(text);
        }
    });
    let found = export::for_platform(&image, wanted, &listener).await;
    // The registry's errors decide the exit code.
    found.map_err(|error| match error {
        export::Error::Client(error) => error.into(),
        other => other.into(),
    })
}
