//! The composition root: configuration → store, index, registry, listeners, background tasks; and
//! the graceful stop.
//!
//! Everything is set up here once from [`Settings`]; no other module reads the configuration.

mod access;
mod acme;
pub mod admin;
mod backup;
mod certificate;
mod files;
mod front;
mod frontend;
mod frozen;
mod health;
mod names;
mod opening;
mod outgoing;
mod root;
mod rules;
mod schedule;
mod self_signed;
mod stop;
mod systemd;
mod tasks;
mod temporary;
mod timetable;

use std::path::Path;
use std::sync::Arc;

use ::http::header::{HeaderName, HeaderValue};
use admin::Listening;
use anyhow::{Context as _, anyhow};
use front::{Entrance, Renewal, enter, limits};
use root::Root;
use stop::{Signals, remove_sockets, wait};
use systemd::{PassedSockets, ServiceManager};

use crate::admin::{Administration, Operations};
use crate::auth::Policy;
use crate::config::{self, ListenAddress, Loaded, LogFormat, Settings};
use crate::http::{App, Health, Locations, Options, PageLimits, Protocols, SocketAccess};
use crate::registry::Registry;
use crate::telemetry::{self, AccessLog, HttpMetrics, LineFormat};
use crate::web::{self, Pages};

pub use backup::{Backup, backup};
pub use frontend::{Frontend, run as show};

/// Reads the configuration and the files that it names, and describes it.
pub fn check(request: &config::Request) -> anyhow::Result<String> {
    let mut loaded = config::load(request)?;
    if let Some(tls) = &loaded.settings.http.tls {
        front::check_tls(tls).map_err(|error| front::located(error, &loaded.settings))?;
    }
    access::check(&loaded.settings)?;
    rules::rules(&loaded.settings)?;
    let missing = access::missing_password(&loaded.settings);
    loaded.warnings.extend(missing);
    Ok(loaded.describe())
}

/// Runs the registry until it is stopped. `announce` receives the lines for the user who started
/// it; without it, the log has the address.
pub async fn run(
    request: &config::Request,
    announce: Option<impl Fn(&str) + Send>,
) -> anyhow::Result<()> {
    let Loaded {
        settings,
        file,
        warnings,
    } = config::load(request)?;
    start_log(&settings);
    for warning in warnings {
        tracing::warn!("{warning}");
    }
    let root = Root::open(
        &settings.storage.driver,
        settings.storage.read_only,
        settings.index.as_deref(),
    )?;
    // Opening a large root takes long: errors of TLS and the listeners are reported first.
    let secured = front::tls(
        settings.http.tls.as_ref(),
        &root.own_directory().join("tls"),
    )
    .map_err(|error| front::located(error, &settings))?;
    let tls = secured.as_ref().map(|secured| secured.tls.clone());
    let access = SocketAccess {
        mode: settings.reach.socket.mode,
        group: settings.reach.socket.group,
    };
    let mut passed = PassedSockets::from_environment();
    let address = ("--listen", &settings.http.address);
    let entrance = enter(&mut passed, address, access, tls.is_some()).await?;
    let Entrance {
        bound,
        address,
        url,
        socket,
    } = entrance;
    let mut sockets = Vec::from_iter(socket);
    let debug = match &settings.http.debug {
        Some(debug) => {
            let address = ("http.debug.addr", &debug.address);
            let entrance = enter(&mut passed, address, SocketAccess::default(), false);
            Some(entrance.await?)
        }
        None => None,
    };
    passed.finish()?;
    let manager = ServiceManager::from_environment();

    let challenges = front::challenges(settings.http.tls.as_ref()).await?;

    // As the first process of a container, this one would otherwise ignore signals while it opens a
    // large root.
    let mut stop = Signals::listen()?;
    let opening = opening::open(&root, &settings);
    let Some(registry) = stop.unless_stopped(opening).await else {
        remove_sockets(&sockets);
        tracing::info!("stopped while starting; the next start continues");
        return Ok(());
    };
    let registry = registry?;
    let source = certificate::source(secured.as_ref().map(|secured| &secured.watched));
    let mut administration = Administration::new(&registry)
        .with_certificate(source)
        .with_retention(rules::retention(&settings))
        .with_accounts_unused(rules::accounts_unused(&settings));
    if root.is_frozen() && root.forgets() {
        administration = administration.unchangeable(
            "the root is read-only and its index in memory: this change would be lost when the \
             server stops; hint: name a file for the index in regctl.index",
        );
    }
    let operations = Operations::from(administration.clone());
    let admin = root
        .path()
        .map(|path| Listening::keep(path, operations.clone()));
    let metrics = Arc::new(HttpMetrics::new());
    let health = Arc::new(Health::default());
    let policy = Arc::new(access::policy(&settings, &registry).await?);
    let app = App::new(
        registry.clone(),
        Arc::clone(&policy),
        operations.clone(),
        options(
            &settings,
            &metrics,
            &health,
            pages(&settings, file.as_deref(), &registry, &policy, &operations),
        )?,
    );
    let protocols = Protocols {
        tls: tls.clone(),
        http2: settings.http.http2,
        h2c: settings.http.h2c,
    };
    let mut listening = vec![bound.serve(app.clone(), &protocols, limits())?];
    let mut debug_url = None;
    if let Some(debug) = debug {
        debug_url = Some(debug.url);
        listening.push(debug.bound.serve_debug(app.clone()));
        sockets.extend(debug.socket);
    }
    let answers = tls.as_ref().and_then(|tls| tls.challenges.clone());
    if let Some((bound, answers)) = challenges.zip(answers) {
        listening.push(bound.serve_challenges(app, answers));
    }
    manager.ready(&url);
    if tls.is_none() && front::is_exposed(&address) {
        tracing::warn!(
            "plain HTTP on an address that others reach: passwords and images can be read and \
             changed on the way; hint: serve with --tls self-signed and run regctl trust on the \
             clients, or let a proxy with TLS in front be the only one who reaches this address"
        );
    }
    let renewal = secured
        .as_ref()
        .and_then(|secured| secured.renewal.as_ref());
    let (authority, acme) = match renewal {
        Some(Renewal::Own(own)) => (Some((own.fingerprint()?, own.host())), None),
        Some(Renewal::Acme(acme)) => (None, Some(acme.state())),
        None => (None, None),
    };
    let mut tasks = tasks::start(&registry, &settings, &health);
    tasks::keep_trail(&mut tasks, policy.trail());
    if let Some(secured) = secured {
        front::maintain(&mut tasks, secured);
    }
    schedule::start(&mut tasks, &administration, &registry, &settings);

    if let Some(announce) = announce {
        announce(&format!("Serving {url}"));
        announce(&format!("Data in {}", root.description()));
        if let Some(debug) = debug_url {
            announce(&format!("Debug {debug}"));
        }
        if let Some(acme) = acme {
            announce(&acme);
        }
        if let Some((fingerprint, host)) = &authority {
            let port = url.rsplit(':').next().unwrap_or_default();
            announce(&format!("Authority {fingerprint}"));
            announce(&format!(
                "Clients trust it with: regctl trust {host}:{port} --fingerprint {fingerprint}"
            ));
        }
        welcome(&settings, file.as_deref(), &url, announce);
    } else {
        if let Some(acme) = acme {
            tracing::info!("{acme}");
        }
        tracing::info!(
            data = root.description(),
            debug = debug_url,
            configuration = file.map(|file| file.display().to_string()),
            deletes = settings.storage.delete,
            authority = authority.map(|(fingerprint, _)| fingerprint),
            "Serving {url}"
        );
    }

    wait(stop, listening, &health, &manager, settings.http.drain()).await?;
    if let Some(admin) = admin {
        admin.stop().await;
    }
    operations.stop().await;
    tasks.stop().await;
    tasks::finish_trail(policy.trail()).await;
    remove_sockets(&sockets);
    registry
        .close()
        .await
        .context("the registry was not closed cleanly; nothing acknowledged is lost")?;
    tracing::info!("stopped");
    Ok(())
}

/// Prints how to push and what is permitted.
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

fn options(
    settings: &Settings,
    metrics: &Arc<HttpMetrics>,
    health: &Arc<Health>,
    pages: Option<Pages>,
) -> anyhow::Result<Options> {
    let mut headers = Vec::new();
    for (name, values) in &settings.http.headers {
        for value in values {
            let header = HeaderName::try_from(name)
                .ok()
                .zip(HeaderValue::try_from(value).ok());
            headers.push(header.ok_or_else(|| {
                anyhow!("http.headers: {name}: {value:?} is not valid in a header")
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
        trusted_proxies: settings.reach.trusted_proxies.clone(),
        user_header: front::user_header(&settings.reach)?,
        rates: front::rates(&settings.reach),
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
        pages,
    })
}

/// The pages for browsers, unless they are off.
fn pages(
    settings: &Settings,
    file: Option<&Path>,
    registry: &Registry,
    policy: &Arc<Policy>,
    operations: &Operations,
) -> Option<Pages> {
    let upkeep = rules::upkeep(settings, file);
    let pages = &settings.pages;
    let base = pages.base_path.as_ref().unwrap_or(&settings.http.prefix);
    pages.enabled.then(|| {
        let source = Arc::new(web::Own::new(registry.clone()));
        let settings = web::Settings {
            base: base.clone(),
            browse_only: pages.browse_only,
            repositories_per_page: pages.repositories_per_page,
            tags_per_page: pages.tags_per_page,
            registry: None,
            upkeep,
        };
        let pages = Pages::new(source, settings);
        pages.with_accounts(Arc::clone(policy), registry.clone(), operations.clone())
    })
}
