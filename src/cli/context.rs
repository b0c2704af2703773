//! What every command that speaks to a registry shares: the global flags, the client's settings, the
//! clients themselves.
//!
//! Decides which registry is meant: the one a reference names, else `--registry` or its variable,
//! else the settings file's, else [`DEFAULT_REGISTRY`].

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::Context as _;
use parking_lot::Mutex;
use serde::Deserialize;

use super::exit::Usage;
use super::output::Printer;
use crate::client::{Client, Event, Options, files};
use crate::oci::{ImageReference, Reference, Repository, Tag};

/// The registry when nobody says otherwise: `regctl serve`'s own address.
const DEFAULT_REGISTRY: &str = "127.0.0.1:5000";
/// Names it where the flag does not. Read here and not by clap, which would take a set variable for
/// an argument and explain nothing to who types no command.
const REGISTRY_VARIABLE: &str = "REGCTL_REGISTRY";
/// The tag of a reference that names none.
const DEFAULT_TAG: &str = "latest";

/// Flags of every command.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(super) struct GlobalArgs {
    /// The registry that names without a host mean [env: REGCTL_REGISTRY] [default: the settings
    /// file's, else 127.0.0.1:5000]
    #[arg(
        long,
        global = true,
        value_name = "HOST[:PORT]",
        help_heading = "Connection"
    )]
    pub(super) registry: Option<String>,
    /// Speak https without checking the registry's certificate
    #[arg(
        long,
        global = true,
        conflicts_with = "plain_http",
        help_heading = "Connection"
    )]
    pub(super) insecure: bool,
    /// Speak http, and send credentials over it
    #[arg(long, global = true, help_heading = "Connection")]
    pub(super) plain_http: bool,
    /// How often to repeat a request that may work a moment later
    #[arg(
        long,
        global = true,
        value_name = "N",
        default_value_t = 4,
        value_parser = clap::value_parser!(u32).range(..=100),
        help_heading = "Connection"
    )]
    pub(super) retries: u32,
    /// Print only results and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// Say every request on stderr
    #[arg(short, long, global = true)]
    pub(super) verbose: bool,
}

/// `<user config dir>/regctl/settings.yml`.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// The registry that names without a host mean.
    registry: Option<String>,
}

impl Settings {
    fn load() -> anyhow::Result<Self> {
        let Some(path) = dirs::config_dir().map(|config| config.join("regctl/settings.yml")) else {
            return Ok(Self::default());
        };
        let Some(bytes) = files::read_if_present(&path)? else {
            return Ok(Self::default());
        };
        Self::parse(&bytes).with_context(|| format!("can't use the settings in {}", path.display()))
    }

    fn parse(bytes: &[u8]) -> anyhow::Result<Self> {
        let text = std::str::from_utf8(bytes).context("it is not UTF-8")?;
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        serde_saphyr::from_str(text).map_err(|error| {
            // The first line says what and where; the others draw the place.
            let said = error.to_string();
            let first = said.lines().next().unwrap_or_default();
            anyhow::anyhow!("{first}; hint: the one key is `registry: HOST[:PORT]`")
        })
    }
}

/// A repository and the client for its registry.
pub(super) struct Place {
    pub(super) client: Arc<Client>,
    pub(super) repository: Repository,
    /// The repository as the user would write it: with its registry where one was written.
    pub(super) shown: String,
}

/// What a command works with.
pub(super) struct Context {
    pub(super) printer: Printer,
    registry: Option<String>,
    options: Options,
    clients: Mutex<HashMap<String, Arc<Client>>>,
}

impl Context {
    pub(super) fn new(args: GlobalArgs, printer: Printer) -> Self {
        Self {
            printer,
            registry: args
                .registry
                .or_else(|| std::env::var(REGISTRY_VARIABLE).ok())
                .filter(|registry| !registry.is_empty()),
            options: Options {
                plain_http: args.plain_http,
                insecure: args.insecure,
                retries: args.retries,
                listener: Arc::new(move |event| match event {
                    Event::Warning(text) => printer.warning(text),
                    Event::Retry(text) => printer.note(text),
                    Event::Request(text) => printer.detail(text),
                }),
            },
            clients: Mutex::default(),
        }
    }

    /// The client for a registry, or for the default one.
    pub(super) fn client(&self, registry: Option<&str>) -> anyhow::Result<Arc<Client>> {
        let registry = match (registry, &self.registry) {
            (Some(registry), _) => registry.to_owned(),
            (None, Some(registry)) => registry.clone(),
            (None, None) => Settings::load()?
                .registry
                .unwrap_or_else(|| DEFAULT_REGISTRY.to_owned()),
        };
        let mut clients = self.clients.lock();
        if let Some(client) = clients.get(&registry) {
            return Ok(client.clone());
        }
        let client = Arc::new(Client::new(&registry, &self.options)?);
        clients.insert(registry, client.clone());
        Ok(client)
    }

    /// `[HOST/]REPOSITORY`, without tag or digest.
    pub(super) fn repository(&self, text: &str) -> anyhow::Result<Place> {
        let image = parse(text)?;
        if image.reference().is_some() {
            let reason = format!(
                "{text:?} names a manifest; hint: leave out the tag or digest to name the repository"
            );
            return Err(Usage(reason).into());
        }
        self.place(image)
    }

    /// `[HOST/]REPOSITORY[:TAG][@DIGEST]`; the digest wins, and without either it is `latest`.
    pub(super) fn manifest(&self, text: &str) -> anyhow::Result<(Place, Reference)> {
        let image = parse(text)?;
        let reference = match image.reference() {
            Some(reference) => reference,
            None => Reference::Tag(DEFAULT_TAG.parse::<Tag>()?),
        };
        Ok((self.place(image)?, reference))
    }

    /// `[HOST/]REPOSITORY:TAG` or `[HOST/]REPOSITORY@DIGEST`: exactly one of them, as what is
    /// deleted must be named.
    pub(super) fn deletable(&self, text: &str) -> anyhow::Result<(Place, Reference)> {
        let image = parse(text)?;
        let reference = match (&image.tag, &image.digest) {
            (Some(tag), None) => Reference::Tag(tag.clone()),
            (None, Some(digest)) => Reference::Digest(*digest),
            (None, None) => {
                let reason = format!(
                    "{text:?} names neither a tag nor a digest; hint: REPOSITORY:TAG deletes a tag, \
                     REPOSITORY@DIGEST a manifest"
                );
                return Err(Usage(reason).into());
            }
            (Some(_), Some(_)) => {
                let reason = format!(
                    "{text:?} names a tag and a digest; hint: leave out one of them to say which to \
                     delete"
                );
                return Err(Usage(reason).into());
            }
        };
        Ok((self.place(image)?, reference))
    }

    fn place(&self, image: ImageReference) -> anyhow::Result<Place> {
        let client = self.client(image.registry.as_deref())?;
        let shown = match &image.registry {
            Some(registry) => format!("{registry}/{}", image.repository),
            None => image.repository.to_string(),
        };
        // Docker Hub's official images live in a repository that nobody writes.
        let official = client.registry() == "docker.io" && !image.repository.as_str().contains('/');
        let repository = if official {
            format!("library/{}", image.repository).parse()?
        } else {
            image.repository
        };
        Ok(Place {
            client,
            repository,
            shown,
        })
    }
}

impl Place {
    /// A manifest of this repository as the user would write it.
    pub(super) fn name(&self, reference: &Reference) -> String {
        match reference {
            Reference::Tag(tag) => format!("{}:{tag}", self.shown),
            Reference::Digest(digest) => format!("{}@{digest}", self.shown),
        }
    }
}

fn parse(text: &str) -> Result<ImageReference, Usage> {
    text.parse().map_err(|error| {
        Usage(format!(
            "{text:?} is not a reference: {error}; hint: one is written [HOST/]REPOSITORY[:TAG] or \
             [HOST/]REPOSITORY@DIGEST"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings() {
        let parse = |text: &str| Settings::parse(text.as_bytes());
        assert_eq!(parse("").unwrap(), Settings::default());
        assert_eq!(
            parse("registry: h:5000\n").unwrap().registry.as_deref(),
            Some("h:5000")
        );
        let error = parse("registri: h\n").unwrap_err().to_string();
        assert!(
            error.contains("registri") && !error.contains('\n'),
            "{error}"
        );
        assert!(Settings::parse(b"\xff").is_err());
    }
}
