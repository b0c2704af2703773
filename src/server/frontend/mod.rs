//! The pages of a registry that is elsewhere: `regctl frontend`.
//!
//! Only pages and probes are served; clients go on speaking to the registry itself. What is shown is
//! what that registry shows to the credentials which this process has for it.

mod aged;
mod remote;
mod source;

use std::sync::Arc;

use super::front::{enter, is_exposed, limits};
use super::stop::{Signals, remove_sockets, wait};
use super::systemd::{Manager, Passed};
use super::{DRAIN, front};
use crate::client::Client;
use crate::config::{self, ReachSettings};
use crate::http::{App, Health, Locations, Options, PageLimits, Protocols, SocketAccess};
use crate::telemetry::{self, HttpMetrics, LineFormat};
use crate::web::{self, Pages};

use remote::Remote;

/// What a frontend shows, and where.
pub struct Frontend {
    /// The client of the registry.
    pub client: Arc<Client>,
    /// Where to listen: `HOST:PORT`, `:PORT`, `unix:PATH` or an absolute path.
    pub listen: String,
    /// `HOST[:PORT]` of the registry in commands that people copy.
    pub shown: String,
    /// Repositories on a page.
    pub repositories_per_page: usize,
    /// Tags on a page.
    pub tags_per_page: usize,
}

/// Serves the pages until it is told to stop. `announce` gets the lines for the person who started
/// it; without one, the log says where it serves.
pub async fn run(frontend: Frontend, announce: Option<impl Fn(&str) + Send>) -> anyhow::Result<()> {
    let address = config::listen_address(&frontend.listen)
        .map_err(|reason| anyhow::anyhow!("--listen: the address {reason}"))?;
    telemetry::start_log("info", LineFormat::Text, std::iter::empty().collect());
    let mut passed = Passed::take();
    let entrance = enter(&mut passed, &address, SocketAccess::default(), false).await?;
    passed.finish()?;
    let manager = Manager::of_environment();
    let registry = frontend.client.registry().to_owned();
    let pages = Pages::new(
        Arc::new(Remote::new(frontend.client)),
        web::Settings {
            base: String::new(),
            browse_only: true,
            repositories_per_page: frontend.repositories_per_page,
            tags_per_page: frontend.tags_per_page,
            registry: Some(frontend.shown),
        },
    );
    let health = Arc::new(Health::default());
    let app = App::of_pages(options(pages, &health));
    let protocols = Protocols {
        tls: None,
        http2: false,
        h2c: false,
    };
    let stop = Signals::listen()?;
    let listening = vec![entrance.bound.serve(app, &protocols, limits())?];
    let url = entrance.url;
    manager.ready(&url);
    if let Some(announce) = announce {
        announce(&format!("Serving {url}, the pages of {registry}"));
    } else {
        tracing::info!("Serving {url}, the pages of {registry}");
    }
    if is_exposed(&entrance.address) {
        tracing::warn!(
            "everyone who reaches this address sees what {registry} shows to this user's \
             credentials; hint: let a proxy with TLS and sign-in be the only one who reaches it"
        );
    }
    wait(stop, listening, &health, &manager, DRAIN).await?;
    remove_sockets(&Vec::from_iter(entrance.socket));
    tracing::info!("stopped");
    Ok(())
}

fn options(pages: Pages, health: &Arc<Health>) -> Options {
    Options {
        user_header: None,
        locations: Locations {
            host: None,
            relative: false,
            prefix: String::new(),
        },
        rates: front::rates(&ReachSettings::default()),
        trusted_proxies: Vec::new(),
        limits: PageLimits {
            catalog: 1000,
            tags: 1000,
        },
        headers: Vec::new(),
        access_log: None,
        access_log_json: false,
        metrics: Arc::new(HttpMetrics::new()),
        health: Arc::clone(health),
        metrics_path: None,
        pages: Some(pages),
    }
}
