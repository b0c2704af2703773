//! `regctl copy`: copies images between registries or repositories.

use super::context::{ClientArgs, Context};
use super::copying::{CopyArgs, Order, copy, report, tags};
use super::exit::{Exit, Usage};
use super::output::FormatArgs;
use super::selection::Filter;
use crate::oci::Reference;

/// Copy images between registries and repositories
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Bytes stream from one registry to the other; nothing is stored on this machine. Existing content \
is not sent, and copies inside one registry send nothing. Digests do not change. An index is \
copied with all of its images, or with --platform only the image for that platform. The tag is \
set after everything else.

The default tag of the destination is that of the source.

JSON: an array of {\"source\", \"name\", \"digest\", \"outcome\", \"bytes\", \"sent\", \"mounted\", \
\"exists\", \"error\"}: the outcome is \"copied\", \"skipped\" (all of it existed), \"planned\" \
(with --dry-run) or \"failed\"; bytes are those of the blobs that were sent; the others count blobs.

Exit codes: 0 all copied, 3 not found, 4 denied, 5 some copied and some not, 6 unavailable, 7 \
content does not match its digest.

Examples:
  regctl copy team/app:1 other.example.org:5000/team/app:1
  regctl copy docker.io/alpine:3 mirror/alpine
  regctl copy --platform linux/arm64 team/app:1 board/app:1
  regctl copy --referrers team/app@sha256:0123… release/app:1
  regctl copy --all-tags --match '1.*' team/app other.example.org:5000/team/app")]
pub(super) struct Args {
    /// The image to copy; with --all-tags a repository
    #[arg(value_name = "SOURCE")]
    source: String,
    /// The destination
    #[arg(value_name = "DESTINATION")]
    destination: String,
    /// Copy every tag of a repository
    #[arg(short, long)]
    all_tags: bool,
    /// Copy only matching tags
    #[arg(long = "match", value_name = "GLOB", requires = "all_tags")]
    matching: Option<String>,
    #[command(flatten)]
    copy: CopyArgs,
    #[command(flatten)]
    output: FormatArgs,
    #[command(flatten)]
    pub(super) client: ClientArgs,
}

pub(super) async fn run(args: &Args, context: &Context) -> anyhow::Result<Exit> {
    let rows = if args.all_tags {
        let filter = Filter::of("--match", args.matching.as_deref())?;
        let from = context.repository(&args.source)?;
        let to = context.repository(&args.destination)?;
        let mut tags = tags(&from).await?;
        tags.retain(|tag| filter.passes(tag.as_str()));
        if let Some(pattern) = args.matching.as_ref().filter(|_| tags.is_empty()) {
            let text = format!("--match {pattern} matches no tag of {}", args.source);
            context.printer.warning(&text);
        }
        let orders = tags.into_iter().map(Order::tag).collect();
        copy(&args.copy, context, &from, &to, orders).await?
    } else {
        let (from, source) = context.manifest(&args.source).await?;
        let (to, tag, digest) = context.image(&args.destination).await?;
        let (_, own_tag, _) = context.image(&args.source).await?;
        let destination = match (tag, digest) {
            (Some(_), Some(_)) => {
                let text = &args.destination;
                let reason = format!(
                    "{text:?} names a tag and a digest; hint: leave out the digest, which is that \
                     of the source"
                );
                return Err(Usage(reason).into());
            }
            (Some(tag), None) => Some(Reference::Tag(tag)),
            (None, Some(digest)) => {
                if source != Reference::Digest(digest) {
                    let reason = format!(
                        "a copy has the digest of its source, which {:?} does not name; hint: name \
                         a tag, or nothing after the repository",
                        args.destination
                    );
                    return Err(Usage(reason).into());
                }
                None
            }
            (None, None) => match (own_tag, &source) {
                (Some(tag), _) => Some(Reference::Tag(tag)),
                (None, Reference::Tag(tag)) => Some(Reference::Tag(tag.clone())),
                (None, Reference::Digest(_)) => None,
            },
        };
        let order = Order {
            source,
            destination,
        };
        copy(&args.copy, context, &from, &to, vec![order]).await?
    };
    let format = args.output.format;
    report(&rows, format, context.printer, args.copy.dry_run)
}
