//! The shared parts of commands that connect to a registry: flags, references, clients.
//!
//! Selects the registry: the one in a reference, otherwise the default of `registry`. A scheme in
//! the latter applies to its host wherever that is named.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use super::exit::Usage;
use super::output::Printer;
use super::registry::Registry;
use crate::client::{Client, Event, Listener, Options, Scheme};
use crate::oci::{Digest, ImageReference, Reference, Repository, Tag};

/// The tag of a reference without one.
const DEFAULT_TAG: &str = "latest";

/// Default number of retries.
const RETRIES: u32 = 4;

/// Flags of every command that connects to a registry.
#[derive(Debug, clap::Args)]
pub(super) struct ClientArgs {
    /// The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]
    ///
    /// http:// or https:// before it selects the scheme; ssh://[USER@]HOST[:PORT][/REGISTRY-PORT] is
    /// a registry that HOST reaches on its loopback. Without the option it is REGCTL_REGISTRY, else
    /// the `registry:` of the settings file, else 127.0.0.1:5000.
    #[arg(long, value_name = "HOST[:PORT]", help_heading = "Connection")]
    registry: Option<String>,
    /// Use https without verifying the registry's certificate
    #[arg(long, conflicts_with = "plain_http", help_heading = "Connection")]
    insecure: bool,
    /// Use http, and send credentials over it
    #[arg(long, help_heading = "Connection")]
    plain_http: bool,
    /// Number of retries of a request that fails temporarily [default: 4]
    #[arg(
        long,
        value_name = "N",
        value_parser = clap::value_parser!(u32).range(..=100),
        help_heading = "Connection"
    )]
    retries: Option<u32>,
    /// Print every request on stderr
    #[arg(short, long, display_order = 901)]
    verbose: bool,
}

/// The same flags before the command: `regctl --registry HOST catalog`. They have the same meaning
/// as after it.
#[derive(Debug, clap::Args)]
pub(super) struct EarlyArgs {
    #[arg(long, value_name = "HOST[:PORT]", hide = true)]
    registry: Option<String>,
    #[arg(long, conflicts_with = "plain_http", hide = true)]
    insecure: bool,
    #[arg(long, hide = true)]
    plain_http: bool,
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(..=100), hide = true)]
    retries: Option<u32>,
    #[arg(short, long, hide = true)]
    verbose: bool,
}

impl EarlyArgs {
    /// The first flag given, for a command that does not use them.
    pub(super) fn first(&self) -> Option<&'static str> {
        [
            (self.registry.is_some(), "--registry"),
            (self.insecure, "--insecure"),
            (self.plain_http, "--plain-http"),
            (self.retries.is_some(), "--retries"),
            (self.verbose, "--verbose"),
        ]
        .into_iter()
        .find_map(|(given, name)| given.then_some(name))
    }
}

impl ClientArgs {
    /// Merged with the flags before the command; those after it take precedence.
    pub(super) fn with(&self, early: &EarlyArgs) -> Self {
        Self {
            registry: self.registry.clone().or_else(|| early.registry.clone()),
            insecure: self.insecure || early.insecure,
            plain_http: self.plain_http || early.plain_http,
            retries: self.retries.or(early.retries),
            verbose: self.verbose || early.verbose,
        }
    }
}

/// The client for a registry that a flag names, with the usual options.
pub(super) fn client(
    registry: &str,
    insecure: bool,
    plain_http: bool,
    printer: Printer,
) -> anyhow::Result<Arc<Client>> {
    let args = ClientArgs {
        registry: Some(registry.to_owned()),
        insecure,
        plain_http,
        retries: None,
        verbose: false,
    };
    Context::new(&args, printer)?.client(None)
}

impl ClientArgs {
    /// Flags for requests that are not repeated.
    pub(super) fn once(registry: Option<String>, insecure: bool, plain_http: bool) -> Self {
        Self {
            registry,
            insecure,
            plain_http,
            retries: Some(0),
            verbose: false,
        }
    }

    /// The registry of the flag.
    pub(super) fn registry(&self) -> Option<&str> {
        self.registry.as_deref()
    }

    /// With a registry and a number of retries for when the flags name none.
    pub(super) fn or(&self, registry: Option<String>, retries: u32) -> Self {
        Self {
            registry: self.registry.clone().or(registry),
            retries: self.retries.or(Some(retries)),
            ..*self
        }
    }

    /// With the registry in the command's own argument.
    pub(super) fn naming(&self, host: Option<&str>) -> Result<Self, Usage> {
        if let (Some(host), Some(flag)) = (host, &self.registry)
            && host != flag
        {
            let reason = format!(
                "{host} and --registry {flag} are two registries; hint: leave out one of them"
            );
            return Err(Usage(reason));
        }
        Ok(Self {
            registry: host.map(str::to_owned).or_else(|| self.registry.clone()),
            ..*self
        })
    }
}

/// A repository and the client for its registry.
pub(super) struct Place {
    pub(super) client: Arc<Client>,
    pub(super) repository: Repository,
    /// The repository as the user would write it: with its registry if one was written.
    pub(super) shown: String,
}

/// Shows what a client reports while it works.
pub(super) fn listener(printer: Printer) -> Listener {
    Arc::new(move |event| match event {
        Event::Warning(text) => printer.warning(text),
        Event::Retry(text) | Event::Ssh(text) => printer.note(text),
        Event::Request(text) => printer.detail(text),
    })
}

/// The environment of a command.
pub(super) struct Context {
    pub(super) printer: Printer,
    registry: Registry,
    plain_http: bool,
    options: Options,
    clients: Mutex<HashMap<String, Arc<Client>>>,
}

impl Context {
    pub(super) fn new(args: &ClientArgs, printer: Printer) -> anyhow::Result<Self> {
        let printer = if args.verbose {
            printer.verbose().ok_or_else(|| {
                let reason = "--quiet and --verbose contradict each other; hint: leave out one";
                Usage(reason.to_owned())
            })?
        } else {
            printer
        };
        Ok(Self {
            printer,
            registry: Registry::meant(args.registry.as_deref())?,
            plain_http: args.plain_http,
            options: Options {
                scheme: Scheme::Found,
                insecure: args.insecure,
                retries: args.retries.unwrap_or(RETRIES),
                listener: listener(printer),
            },
            clients: Mutex::default(),
        })
    }

    /// The client for a registry, or for the default one.
    pub(super) fn client(&self, host: Option<&str>) -> anyhow::Result<Arc<Client>> {
        let host = host.unwrap_or(&self.registry.host);
        let mut clients = self.clients.lock();
        if let Some(client) = clients.get(host) {
            return Ok(client.clone());
        }
        let options = Options {
            scheme: self.scheme(host)?,
            ..self.options.clone()
        };
        let client = Arc::new(Client::new(host, &options)?);
        clients.insert(host.to_owned(), client.clone());
        Ok(client)
    }

    fn scheme(&self, host: &str) -> Result<Scheme, Usage> {
        let written = if host == self.registry.host {
            self.registry.scheme
        } else {
            Scheme::Found
        };
        match written {
            Scheme::Https if self.plain_http => Err(Usage(format!(
                "--plain-http contradicts https://{host}; hint: leave out one of them"
            ))),
            Scheme::Http if self.options.insecure => Err(Usage(format!(
                "--insecure is about https and contradicts http://{host}; hint: leave out one of them"
            ))),
            _ if self.plain_http => Ok(Scheme::Http),
            written => Ok(written),
        }
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

    /// The repository of `[HOST/]REPOSITORY[:TAG]`.
    pub(super) fn named(&self, text: &str) -> anyhow::Result<Place> {
        self.place(parse(text)?)
    }

    /// `[HOST/]REPOSITORY[:TAG][@DIGEST]`; the digest takes precedence, and without either it is
    /// `latest`.
    pub(super) async fn manifest(&self, text: &str) -> anyhow::Result<(Place, Reference)> {
        let image = parse(&self.whole(text).await?)?;
        let reference = match image.reference() {
            Some(reference) => reference,
            None => Reference::Tag(DEFAULT_TAG.parse::<Tag>()?),
        };
        Ok((self.place(image)?, reference))
    }

    /// `[HOST/]REPOSITORY[:TAG][@DIGEST]` as it was written, without a default tag.
    pub(super) async fn image(
        &self,
        text: &str,
    ) -> anyhow::Result<(Place, Option<Tag>, Option<Digest>)> {
        let image = parse(&self.whole(text).await?)?;
        let (tag, digest) = (image.tag.clone(), image.digest);
        Ok((self.place(image)?, tag, digest))
    }

    /// `[HOST/]REPOSITORY:TAG` or `[HOST/]REPOSITORY@DIGEST`: exactly one of them, because a
    /// deletion must be explicit.
    pub(super) async fn deletable(&self, text: &str) -> anyhow::Result<(Place, Reference)> {
        let image = parse(&self.whole(text).await?)?;
        let reference = match (&image.tag, &image.digest) {
            (Some(tag), None) => Reference::Tag(tag.clone()),
            (None, Some(digest)) => Reference::Digest(*digest),
            (None, None) => {
                let reason = format!(
                    "{text:?} names neither a tag nor a digest; hint: REPOSITORY:TAG deletes a tag, \
                     REPOSITORY@DIGEST a manifest, --repository REPOSITORY all of a repository"
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
        // Docker Hub's official images are in a namespace that users omit.
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
    /// The name of a manifest in this repository as the user would write it.
    pub(super) fn name(&self, reference: &Reference) -> String {
        match reference {
            Reference::Tag(tag) => format!("{}:{tag}", self.shown),
            Reference::Digest(digest) => format!("{}@{digest}", self.shown),
        }
    }
}

fn parse(text: &str) -> Result<ImageReference, Usage> {
    if let Some((scheme, _)) = text.split_once("://") {
        let reason = format!(
            "{text:?} is not a reference; hint: leave out {scheme}://, or name the registry with \
             --registry and here only what is in it"
        );
        return Err(Usage(reason));
    }
    text.parse().map_err(|error| {
        Usage(format!(
            "{text:?} is not a reference: {error}; hint: one is written [HOST/]REPOSITORY[:TAG] or \
             [HOST/]REPOSITORY@DIGEST"
        ))
    })
}
