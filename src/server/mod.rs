//! The composition root: configuration → store, index, registry, listeners, background work; and
//! the graceful stop.
//!
//! Everything is decided here once, from a [`Settings`]; no other room reads the configuration.

mod access;
pub mod admin;
mod health;
mod root;
mod schedule;
mod stop;
mod tasks;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ::http::header::{HeaderName, HeaderValue};
use admin::Listening;
use anyhow::{Context as _, anyhow};
use root::Root;
use stop::{Signals, remove_sockets, wait};

use crate::admin::Administration;
use crate::clock::{Clock, Millis};
use crate::config::{
    self, IndexPlatforms, ListenAddress, Loaded, LogFormat, Settings, ValidationSettings,
};
use crate::http::{
    Address, App, Bound, Certificate, ConnectionLimits, Health, Locations, Options, PageLimits,
    Protocols, TlsVersion,
};
use crate::registry::{Registry, RegistryError, RequiredChildren, Rules, Taken};
use crate::telemetry::{self, AccessLog, HttpMetrics, LineFormat};
use crate::web::{self, Pages};

/// How long a stop waits for requests under way, when the configuration does not say.
const DRAIN: Duration = Duration::from_secs(30);
/// Descriptors that are not for connections and requests: the index, connections that wait, the log.
const RESERVED_DESCRIPTORS: u64 = 384;
/// Connections at the same time at most, whatever the system allows.
const MOST_CONNECTIONS: usize = 10_000;
/// Requests at the same time at most: each may hold some 64 KiB of memory.
const MOST_REQUESTS: usize = 4096;

/// Reads the configuration and says what it means.
pub fn check(request: &config::Request) -> anyhow::Result<String> {
    let loaded = config::load(request)?;
    certificate(&loaded.settings)?;
    Ok(loaded.describe())
}

/// Runs the registry until it is told to stop. `announce` gets the lines for whoever started it.
pub async fn run(request: &config::Request, announce: impl Fn(&str) + Send) -> anyhow::Result<()> {
    let Loaded {
        settings,
        file,
        warnings,
    } = config::load(request)?;
    start_log(&settings);
    for warning in warnings {
        tracing::warn!("{warning}");
    }
    let root = Root::open(&settings.storage.driver)?;
    let (registry, taken) = open(&root, &settings).await?;
    report(taken);
    let administration = Administration::new(&registry);
    let admin = root
        .path()
        .map(|path| Listening::keep(path, administration.clone()));

    let certificate = certificate(&settings)?;
    let metrics = Arc::new(HttpMetrics::new());
    let health = Arc::new(Health::default());
    let policy = access::policy(&settings, &registry).await?;
    let app = App::new(
        registry.clone(),
        policy,
        options(&settings, &metrics, &health, &registry)?,
    );
    let protocols = Protocols {
        tls: certificate.clone(),
        http2: settings.http.http2,
        h2c: settings.http.h2c,
    };
    let limits = limits();
    let address = address(&settings.http.address);
    let bound = bind(&address).await?;
    let url = url(&address, bound.address(), certificate.is_some());
    let mut listening = vec![bound.serve(app.clone(), &protocols, limits)?];
    let mut debug_url = None;
    if let Some(debug) = &settings.http.debug {
        let address = self::address(&debug.address);
        let bound = bind(&address).await?;
        debug_url = Some(self::url(&address, bound.address(), false));
        listening.push(bound.serve_debug(app));
    }
    let stop = Signals::listen()?;
    let certificate = certificate.map(|(certificate, _)| certificate);
    let mut tasks = tasks::start(&registry, &settings, &health, certificate);
    schedule::start(&mut tasks, &administration, &registry, &settings);

    announce(&format!("Serving {url}"));
    announce(&format!("Data in {}", root.description()));
    if let Some(debug) = debug_url {
        announce(&format!("Debug {debug}"));
    }
    welcome(&settings, file.as_deref(), &url, announce);

    wait(
        stop,
        listening,
        &health,
        settings.http.drain_timeout.unwrap_or(DRAIN),
    )
    .await?;
    if let Some(admin) = admin {
        admin.stop().await;
    }
    tasks.stop().await;
    remove_sockets(&settings);
    registry
        .close()
        .await
        .context("the registry was not closed cleanly; nothing acknowledged is lost")?;
    root.remove_if_temporary();
    tracing::info!("stopped");
    Ok(())
}

/// Says how to push, and what is allowed.
fn welcome(settings: &Settings, file: Option<&Path>, url: &str, announce: impl Fn(&str)) {
    let deletes = if settings.storage.delete {
        "are allowed"
    } else {
        "are off"
    };
    match file {
        Some(file) => announce(&format!(
            "Configuration {}; deletes {deletes}",
            file.display()
        )),
        None => announce(&format!(
            "No configuration file; deletes {deletes}, and everyone who reaches the port may push"
        )),
    }
    if settings.storage.read_only {
        announce("Read-only: pushes and deletes are refused (storage.maintenance.readonly)");
    } else if let ListenAddress::Tcp { .. } = settings.http.address {
        let host = url
            .split("//")
            .nth(1)
            .unwrap_or(url)
            .replace("0.0.0.0", "127.0.0.1");
        let host = host.replace("[::]", "127.0.0.1");
        announce(&format!(
            "Push with: docker tag IMAGE {host}/NAME:TAG && docker push {host}/NAME:TAG"
        ));
    }
}

async fn open(root: &Root, settings: &Settings) -> anyhow::Result<(Registry, Taken)> {
    let opened = Registry::open(
        root.store()?,
        &root.index_file(),
        rules(settings)?,
        Clock::system(),
    )
    .await;
    opened.map_err(|error| match error {
        RegistryError::RootLost { found, known, .. } => anyhow!(
            "{} holds {found} of the {known} manifests that its index knows; hint: mount the right \
             disk, or, if they are really gone, remove {} and start again",
            root.description(),
            root.index_file().display(),
        ),
        error => {
            anyhow::Error::new(error).context(format!("open the data in {}", root.description()))
        }
    })
}

fn report(taken: Taken) {
    if !taken.is_nothing() {
        tracing::info!(
            blobs = taken.blobs,
            manifests = taken.manifests,
            tags = taken.tags,
            gone = taken.gone,
            "took in what the data directory held that the index did not know"
        );
    }
}

fn start_log(settings: &Settings) {
    let format = match settings.log.format {
        LogFormat::Text => LineFormat::Text,
        LogFormat::Json => LineFormat::Json,
        LogFormat::Logstash => LineFormat::Logstash,
    };
    telemetry::start_log(
        &settings.log.level.to_string(),
        format,
        settings.log.fields.clone(),
    );
    std::panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map(ToString::to_string)
            .unwrap_or_default();
        let message = panic.payload_as_str().unwrap_or("no message");
        tracing::error!(place, message, "panic");
    }));
}

fn rules(settings: &Settings) -> anyhow::Result<Rules> {
    let ValidationSettings {
        urls_allow,
        urls_deny,
        index_platforms,
        ..
    } = &settings.validation;
    let compile = |patterns: &[String]| {
        patterns
            .iter()
            .map(|pattern| {
                regex::Regex::new(pattern).with_context(|| format!("the pattern {pattern:?}"))
            })
            .collect::<anyhow::Result<Vec<_>>>()
    };
    Ok(Rules {
        delete: settings.storage.delete,
        read_only: settings.storage.read_only,
        lease: milliseconds(settings.collection.lease),
        trash: milliseconds(settings.collection.trash),
        events: Rules::default().events,
        uploads: settings
            .storage
            .upload_purging
            .filter(|purging| !purging.dry_run)
            .map(|purging| milliseconds(purging.age)),
        addresses_allowed: compile(urls_allow)?,
        addresses_denied: compile(urls_deny)?,
        children: match index_platforms {
            IndexPlatforms::All => RequiredChildren::All,
            IndexPlatforms::None => RequiredChildren::None,
            IndexPlatforms::List(platforms) => RequiredChildren::Platforms(
                platforms
                    .iter()
                    .map(|one| (one.os.clone(), one.architecture.clone()))
                    .collect(),
            ),
        },
    })
}

fn milliseconds(duration: Duration) -> Millis {
    Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX)
}

fn options(
    settings: &Settings,
    metrics: &Arc<HttpMetrics>,
    health: &Arc<Health>,
    registry: &Registry,
) -> anyhow::Result<Options> {
    let mut headers = Vec::new();
    for (name, values) in &settings.http.headers {
        for value in values {
            let header = HeaderName::try_from(name)
                .ok()
                .zip(HeaderValue::try_from(value).ok());
            headers.push(header.ok_or_else(|| {
                anyhow!("http.headers: {name}: {value:?} can't stand in a header")
            })?);
        }
    }
    let http = &settings.http;
    Ok(Options {
        locations: Locations {
            host: http.host.clone(),
            relative: http.relative_urls,
            prefix: http.prefix.clone(),
        },
        limits: PageLimits {
            catalog: settings.catalog_limit,
            tags: settings.tag_limit,
        },
        headers,
        access_log: if settings.log.access_log {
            Some(AccessLog::start()?)
        } else {
            None
        },
        access_log_json: settings.log.format != LogFormat::Text,
        metrics: Arc::clone(metrics),
        health: Arc::clone(health),
        metrics_path: http
            .debug
            .as_ref()
            .and_then(|debug| debug.prometheus.clone()),
        pages: pages(settings, registry),
    })
}

/// The pages for people, unless they are off.
fn pages(settings: &Settings, registry: &Registry) -> Option<Pages> {
    let pages = &settings.pages;
    let base = pages.base_path.as_ref().unwrap_or(&settings.http.prefix);
    pages.enabled.then(|| {
        let source = Arc::new(web::Own::new(registry.clone()));
        let settings = web::Settings {
            base: base.clone(),
            repositories_per_page: pages.repositories_per_page,
            tags_per_page: pages.tags_per_page,
        };
        Pages::new(source, settings)
    })
}

fn certificate(settings: &Settings) -> anyhow::Result<Option<(Arc<Certificate>, TlsVersion)>> {
    let Some(tls) = &settings.http.tls else {
        return Ok(None);
    };
    let minimum = match tls.minimum {
        config::TlsVersion::Tls12 => TlsVersion::Tls12,
        config::TlsVersion::Tls13 => TlsVersion::Tls13,
    };
    Ok(Some((
        Certificate::load(&tls.certificate, &tls.key)?,
        minimum,
    )))
}

fn address(settings: &ListenAddress) -> Address {
    match settings {
        ListenAddress::Tcp { host, port } => Address::Tcp(host.clone(), *port),
        ListenAddress::Unix(path) => Address::Unix(path.clone()),
    }
}

async fn bind(address: &Address) -> anyhow::Result<Bound> {
    let name = match address {
        Address::Tcp(host, port) => format!("{host}:{port}"),
        Address::Unix(path) => path.display().to_string(),
    };
    Bound::bind(address).await.map_err(|error| {
        let hint = match error.kind() {
            std::io::ErrorKind::AddrInUse => {
                "something else listens there; choose another with --listen"
            }
            std::io::ErrorKind::PermissionDenied => {
                "ports below 1024 are root's; choose another with --listen"
            }
            _ => "choose another address with --listen",
        };
        anyhow!("listen on {name}: {error}; hint: {hint}")
    })
}

fn url(address: &Address, bound: &str, tls: bool) -> String {
    match address {
        Address::Tcp(..) => format!("{}://{bound}", if tls { "https" } else { "http" }),
        Address::Unix(path) => format!("unix:{}", path.display()),
    }
}

/// How many connections and requests the system has descriptors for, after asking it for all that
/// it gives. A request needs one of its own, for the file that it reads or writes.
fn limits() -> ConnectionLimits {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    let current = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    };
    let half = current
        .unwrap_or(u64::MAX)
        .saturating_sub(RESERVED_DESCRIPTORS)
        / 2;
    let half = usize::try_from(half).unwrap_or(usize::MAX);
    ConnectionLimits {
        connections: half.clamp(16, MOST_CONNECTIONS),
        requests: half.clamp(16, MOST_REQUESTS),
    }
}
