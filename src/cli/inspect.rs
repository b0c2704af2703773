//! `regctl manifest inspect`: describes a manifest and its content.
//!
//! Collects the data; `report` prints it.

use futures_util::{StreamExt, TryStreamExt, stream};

use super::context::{ClientArgs, Context, Place};
use super::exit::{Exit, Usage};
use super::output::{Format, FormatArgs};
use super::report::{Child, Report};
use crate::client::{Error, Manifest};
use crate::oci::{Descriptor, ImageConfig, ManifestKind, ManifestView, Platform, Reference};

/// Number of children of an index that are queried at once.
const CONCURRENCY: usize = 8;
/// Maximum nesting of indexes in the search for a platform.
const DEPTH: usize = 4;

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
    let wanted = args.platform.as_deref().map(parse_platform).transpose()?;
    let (place, reference) = context.manifest(&args.reference).await?;
    let mut name = place.name(&reference);
    let mut manifest = place.client.manifest(&place.repository, &reference).await?;
    if let Some(wanted) = wanted {
        manifest = descend(&place, &name, manifest, &wanted).await?;
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

/// The parsed `--platform`.
struct Wanted {
    os: String,
    architecture: String,
    variant: Option<String>,
}

impl Wanted {
    fn is(&self, platform: &Platform) -> bool {
        platform.os == self.os
            && platform.architecture == self.architecture
            && (self.variant.is_none() || self.variant == platform.variant)
    }
}

fn parse_platform(text: &str) -> Result<Wanted, Usage> {
    let mut parts = text.split('/').map(str::to_owned);
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(os), Some(architecture), variant, None)
            if !os.is_empty() && !architecture.is_empty() =>
        {
            Ok(Wanted {
                os,
                architecture,
                variant,
            })
        }
        _ => Err(Usage(format!(
            "--platform: {text:?} is not a platform; hint: one is written linux/amd64 or \
             linux/arm/v7"
        ))),
    }
}

/// The image for a platform: a descendant of an index, or the image itself if it matches.
async fn descend(
    place: &Place,
    name: &str,
    mut manifest: Manifest,
    wanted: &Wanted,
) -> anyhow::Result<Manifest> {
    let mut seen = Vec::new();
    for _ in 0..DEPTH {
        let view = manifest.view()?;
        if view.kind != ManifestKind::Index {
            let config = place.image_config(&view).await?;
            let platform = config.as_ref().and_then(ImageConfig::platform);
            if platform
                .as_ref()
                .is_some_and(|platform| wanted.is(platform))
            {
                return Ok(manifest);
            }
            seen.extend(platform.map(|platform| platform.to_string()));
            break;
        }
        let platform = |child: &Descriptor| child.platform.clone().filter(Platform::is_known);
        seen.extend(
            view.manifests
                .iter()
                .filter_map(|child| Some(platform(child)?.to_string())),
        );
        let fits = |child: &&Descriptor| platform(child).is_some_and(|own| wanted.is(&own));
        let nested = |child: &&Descriptor| child.media_type.is_index();
        let found = view.manifests.iter().find(fits);
        let Some(child) = found.or_else(|| view.manifests.iter().find(nested)) else {
            break;
        };
        let reference = Reference::Digest(child.digest);
        let direct = fits(&child) && !nested(&child);
        manifest = place.client.manifest(&place.repository, &reference).await?;
        if direct {
            return Ok(manifest);
        }
    }
    let has = if seen.is_empty() {
        "none that it names".to_owned()
    } else {
        seen.join(", ")
    };
    Err(crate::client::Error::NotFound {
        registry: place.client.registry().to_owned(),
        what: format!(
            "{name} for {}/{}{}",
            wanted.os,
            wanted.architecture,
            wanted
                .variant
                .as_ref()
                .map(|variant| format!("/{variant}"))
                .unwrap_or_default()
        ),
        words: String::new(),
        hint: format!("its platforms: {has}"),
    }
    .into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn platforms() {
        let wanted = parse_platform("linux/arm").unwrap();
        let platform = |variant: Option<&str>| Platform {
            os: "linux".into(),
            architecture: "arm".into(),
            variant: variant.map(str::to_owned),
            os_version: None,
        };
        assert!(wanted.is(&platform(Some("v7"))) && wanted.is(&platform(None)));
        let wanted = parse_platform("linux/arm/v6").unwrap();
        assert!(!wanted.is(&platform(Some("v7"))));
        for text in ["", "linux", "linux/", "/amd64", "a/b/c/d"] {
            assert!(parse_platform(text).is_err(), "{text}");
        }
    }
}
