//! `regctl import`: imports the images of an archive into a registry.

use std::collections::HashSet;

use clap::ValueHint;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use serde::Serialize;

use super::context::{ClientArgs, Context};
use super::exit::{Exit, Usage};
use super::figures;
use super::output::{Format, FormatArgs, Printer};
use super::source::{Source, source};
use super::table::Column;
use super::transfers::Transfers;
use crate::archive::{Compression, parse_platform};
use crate::oci::{Digest, ImageReference, Platform, Repository, Tag};
use crate::transfer::import::{self, Goal, ImageReport, Naming, Options};

const COLUMNS: [Column; 6] = [
    Column::Name("IMAGE"),
    Column::Digest("DIGEST"),
    Column::Figure("READ"),
    Column::Figure("SENT"),
    Column::Figure("SKIPPED"),
    Column::Figure("TIME"),
];

/// Import the images of an archive into a registry
#[derive(Debug, clap::Args)]
#[command(
    visible_alias = "import-v1",
    after_long_help = "\
The archive is the output of `docker save`, `podman save`, buildx, skopeo, crane or `regctl \
export`, or an OCI layout in a tar file; plain, or compressed with gzip, zstd, xz or bzip2. It is \
read once, and nothing is written to disk. Existing content is not sent. From a plain file, \
several layers are uploaded at once.

Images keep their names without the registry: app:1 and docker.io/library/app:1 become app:1, \
localhost/team/app:1 becomes team/app:1. --map renames images, --to adds a prefix, --name names \
the only image of an archive.

A directory is the data of a registry that is not serving: of the first registry (docker-registry \
0.x, with images/ and repositories/), or of registry:2 and 3, Harbor and GitLab (with \
docker/registry/v2). All of its tags are imported; damaged or incomplete ones are reported.

Layers that are compressed in the archive are not changed, and their image keeps its digest. \
Plain ones, which `docker save` usually writes, are compressed, which gives the image another \
digest, but not another ID; --compression none keeps them plain.

From a pipe, layers usually precede the list of images. They are uploaded to the repository \
regctl-import (below the prefix of --to; or --staging) and mounted from there.

JSON: an array of {\"references\", \"digest\", \"previous\", \"platforms\", \"read\", \"sent\", \
\"skipped\", \"seconds\", \"error\"}: previous is the digest in the archive where there is one, read \
the bytes of its members, sent those that went over the wire, skipped those that the registry had.

Exit codes: 0 all imported, 1 the archive can't be used, 4 denied, 5 some imported and some not, \
6 unavailable, 7 content does not match its digest.

Examples:
  docker save app:1 db:2 | ssh registry-host regctl import -
  regctl import image.tar
  regctl import --to registry.example.org:5000/mirror image.tar.zst
  regctl import --name team/app:1 saved-by-id.tar
  regctl import --map app=team/app --platform linux/amd64 images.tar
  regctl import-v1 /home/user/registry"
)]
pub(super) struct Args {
    /// The archive, or the directory of a registry; - is stdin
    #[arg(value_name = "ARCHIVE", value_hint = ValueHint::AnyPath)]
    archive: String,
    /// A prefix for all names, in this registry if it begins with one
    #[arg(long, value_name = "HOST[:PORT][/PREFIX]")]
    to: Option<String>,
    /// The name of the one image, in this registry if it begins with one
    #[arg(
        long,
        value_name = "[HOST[:PORT]/]REPOSITORY[:TAG]",
        conflicts_with = "map"
    )]
    name: Option<String>,
    /// Rename an image, a repository or, with a slash at its end, everything below it; may be
    /// repeated, the first match applies
    #[arg(long, value_name = "OLD=NEW")]
    map: Vec<String>,
    /// Import only this platform of images with several
    #[arg(long, value_name = "OS/ARCH[/VARIANT]")]
    platform: Option<String>,
    /// How to compress plain layers
    #[arg(
        long,
        value_name = "KIND",
        default_value = "gzip",
        value_parser = PossibleValuesParser::new(["gzip", "zstd", "none"])
            .try_map(|name| name.parse::<Compression>())
    )]
    compression: Compression,
    /// Compression level: 1 is fast, 9 (for zstd 12) is small [default: 3]
    #[arg(long, value_name = "N")]
    level: Option<u32>,
    /// The repository for layers from a pipe whose image is not known yet [default: regctl-import]
    #[arg(long, value_name = "REPOSITORY")]
    staging: Option<Repository>,
    #[command(flatten)]
    output: FormatArgs,
    #[command(flatten)]
    pub(super) client: ClientArgs,
}

#[derive(Serialize)]
struct Row {
    references: Vec<String>,
    digest: Option<Digest>,
    previous: Option<Digest>,
    platforms: Vec<String>,
    read: u64,
    sent: u64,
    skipped: u64,
    seconds: f64,
    error: Option<String>,
    #[serde(skip)]
    exit: Exit,
}

pub(super) async fn run(args: &Args, context: &Context) -> anyhow::Result<Exit> {
    let printer = context.printer;
    let (host, prefix) = match &args.to {
        Some(to) => destination(to)?,
        None => (None, None),
    };
    let named = args.name.as_deref().map(name).transpose()?;
    let (named_host, name) = match named {
        Some((host, repository, tag)) => (host, Some((repository, tag))),
        None => (None, None),
    };
    let host = match (host, named_host) {
        (Some(to), Some(named)) if to != named => {
            let reason = format!(
                "--to {to} and --name {named}/… are two registries; hint: leave out one of them"
            );
            return Err(Usage(reason).into());
        }
        (to, named) => to.or(named),
    };
    let client = context.client(host.as_deref())?;
    let naming = Naming {
        name,
        prefix,
        map: args
            .map
            .iter()
            .map(|text| pair(text))
            .collect::<Result<_, _>>()?,
        staging: args.staging.clone(),
        hub: client.registry() == "docker.io",
    };
    let options = Options {
        naming,
        platform: args.platform.as_deref().map(platform).transpose()?,
        compression: args.compression,
        level: level(args)?,
        cache: dirs::cache_dir().map(|cache| cache.join("regctl/layers.json")),
    };
    let source = source(&args.archive)?;
    let shown = |goal: &Goal, digest: Option<Digest>| {
        let host = host.as_ref().map(|host| format!("{host}/"));
        let host = host.unwrap_or_default();
        let repository = &goal.repository;
        match (&goal.tag, digest) {
            (Some(tag), _) => format!("{host}{repository}:{tag}"),
            (None, Some(digest)) => format!("{host}{repository}@{digest}"),
            (None, None) => format!("{host}{repository}"),
        }
    };
    let transfers = Transfers::new(printer);
    let (client, listener) = ((*client).clone(), transfers.listener());
    let imported = match source {
        Source::Archive(input) => import::import(client, input, options, listener).await,
        Source::Directory(survey) => {
            import::import_directory(client, survey, options, listener).await
        }
    };
    transfers.end();
    let reports = match imported {
        Ok(reports) => reports,
        Err(error) => {
            printer.error(&error.to_string());
            return Ok(error.class().into());
        }
    };
    let mut said = HashSet::new();
    let rows: Vec<Row> = reports
        .into_iter()
        .map(|report| row(report, &shown, &mut said, printer))
        .collect();
    print(&rows, args.output.format, printer)?;
    if rows.is_empty() {
        printer.warning("there are no images in the archive");
    }
    Ok(Exit::of_all(rows.iter().map(|row| row.exit)))
}

/// Reports the errors of an image, and a changed digest. Images that exclude each other have one error,
/// which is printed once.
fn row(
    report: ImageReport,
    shown: &dyn Fn(&Goal, Option<Digest>) -> String,
    said: &mut HashSet<String>,
    printer: Printer,
) -> Row {
    let references = report.goals.iter().map(|goal| shown(goal, report.digest));
    let references: Vec<String> = references.collect();
    let error = report.error.as_ref().map(ToString::to_string);
    if let Some(error) = &error
        && said.insert(error.clone())
    {
        printer.error(error);
    }
    if let (Some(digest), Some(previous)) = (report.digest, report.previous)
        && digest != previous
    {
        let name = references.first().unwrap_or(&report.label);
        printer.note(&format!(
            "{name}: its digest is {digest} now, in the archive it was {previous}"
        ));
    }
    Row {
        references,
        digest: report.digest,
        previous: report.previous,
        platforms: report.platforms.iter().map(Platform::to_string).collect(),
        read: report.read,
        sent: report.sent,
        skipped: report.skipped,
        seconds: (report.time.as_secs_f64() * 1000.0).round() / 1000.0,
        exit: report
            .error
            .map_or(Exit::Done, |error| error.class().into()),
        error,
    }
}

fn print(rows: &[Row], format: Format, printer: Printer) -> std::io::Result<()> {
    let done = || rows.iter().filter(|row| row.error.is_none());
    match format {
        Format::Json => printer.json(&rows),
        Format::Name => printer.lines(done().flat_map(|row| &row.references)),
        Format::Table if !printer.reports() || done().next().is_none() => Ok(()),
        Format::Table => {
            let cells = done().map(|row| {
                vec![
                    row.references.join(","),
                    row.digest
                        .map(|digest| digest.to_string())
                        .unwrap_or_default(),
                    figures::size(row.read),
                    figures::size(row.sent),
                    figures::size(row.skipped),
                    format!("{:.1} s", row.seconds),
                ]
            });
            printer.table(&COLUMNS, cells.collect())
        }
    }
}

/// Parses `HOST[:PORT][/PREFIX]` or `PREFIX`: the registry and the prefix.
fn destination(text: &str) -> Result<(Option<String>, Option<Repository>), Usage> {
    let unusable = |reason: &str| {
        Usage(format!(
            "--to: {text:?} {reason}; hint: it is written HOST[:PORT], HOST[:PORT]/PREFIX or PREFIX"
        ))
    };
    if text.contains("://") {
        return Err(unusable("has a scheme, which belongs in --registry"));
    }
    let text_end = text.trim_end_matches('/');
    let (first, rest) = text_end.split_once('/').unwrap_or((text_end, ""));
    let is_host = first.contains(['.', ':']) || first == "localhost";
    let (host, prefix) = if is_host {
        (Some(first.to_owned()), rest)
    } else {
        (None, text_end)
    };
    if prefix.is_empty() {
        return match host {
            Some(host) => Ok((Some(host), None)),
            None => Err(unusable("names nothing")),
        };
    }
    let prefix = prefix.parse::<Repository>();
    let prefix = prefix.map_err(|error| unusable(&format!("is no prefix: {error}")))?;
    Ok((host, Some(prefix)))
}

/// Parses `[HOST[:PORT]/]REPOSITORY[:TAG]`: the registry, the repository and the tag.
fn name(text: &str) -> Result<(Option<String>, Repository, Option<Tag>), Usage> {
    let image = text.parse::<ImageReference>();
    let usable = image.ok().filter(|image| image.digest.is_none());
    let image = usable.ok_or_else(|| {
        Usage(format!(
            "--name: {text:?} can't be the name of an image; hint: it is written \
             [HOST[:PORT]/]REPOSITORY[:TAG]"
        ))
    })?;
    Ok((image.registry, image.repository, image.tag))
}

fn pair(text: &str) -> Result<(String, String), Usage> {
    match text.split_once('=') {
        Some((old, new)) if !old.is_empty() && !new.is_empty() => {
            Ok((old.to_owned(), new.to_owned()))
        }
        _ => Err(Usage(format!(
            "--map: {text:?} is no pair of names; hint: it is written OLD=NEW"
        ))),
    }
}

fn platform(text: &str) -> Result<Platform, Usage> {
    parse_platform(text).ok_or_else(|| {
        Usage(format!(
            "--platform: {text:?} is not a platform; hint: one is written linux/amd64 or \
             linux/arm/v7"
        ))
    })
}

fn level(args: &Args) -> Result<u32, Usage> {
    let levels = args.compression.levels();
    match args.level {
        None => Ok(args.compression.default_level()),
        Some(level) if levels.contains(&level) => Ok(level),
        Some(_) if levels.start() == levels.end() => Err(Usage(format!(
            "--level: {} has no levels; hint: leave it out",
            args.compression
        ))),
        Some(level) => Err(Usage(format!(
            "--level: {} has no level {level}; hint: there are {} to {}",
            args.compression,
            levels.start(),
            levels.end()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn destinations() {
        for (text, host, prefix) in [
            (
                "registry:5000/mirror",
                Some("registry:5000"),
                Some("mirror"),
            ),
            ("registry.example.org", Some("registry.example.org"), None),
            ("localhost/a/b/", Some("localhost"), Some("a/b")),
            ("mirror", None, Some("mirror")),
            ("team/mirror", None, Some("team/mirror")),
        ] {
            let (h, p) = destination(text).unwrap();
            assert_eq!(
                (h.as_deref(), p.as_ref().map(Repository::as_str)),
                (host, prefix)
            );
        }
        for text in ["", "/", "http://h/x", "h:5000/Not A Name"] {
            assert!(destination(text).is_err(), "{text}");
        }
    }

    #[test]
    fn names() {
        assert!(name("team/app").unwrap().2.is_none());
        let (host, repository, tag) = name("registry:5000/team/app:1").unwrap();
        assert_eq!(host.as_deref(), Some("registry:5000"));
        assert_eq!(
            (repository.as_str(), tag.unwrap().as_str()),
            ("team/app", "1")
        );
        for text in ["app@sha256:0", "App", ""] {
            assert!(name(text).is_err(), "{text}");
        }
        assert!(pair("a=b").is_ok() && pair("a").is_err() && pair("=b").is_err());
    }
}
