//! The pages of another registry: `regctl frontend`.
//!
//! Only pages and health checks are served; clients use the registry itself. Users who have signed
//! in see what that registry shows to them; others see what it shows to the credentials of this
//! process.

mod aged;
mod authenticator;
mod remote;
mod source;

use std::path::PathBuf;
use std::sync::Arc;

use super::front;
use super::front::{Renewal, enter, is_exposed, limits};
use super::stop::{Signals, remove_sockets, wait};
use super::systemd::{PassedSockets, ServiceManager};
use super::tasks::Tasks;
use crate::client::Client;
use crate::config::{DRAIN, FrontendSettings, ReachSettings};
use crate::http::{App, Health, Locations, Options, PageLimits, Protocols, SocketAccess};
use crate::telemetry::{self, HttpMetrics, LineFormat};
use crate::web::{self, Pages};

use authenticator::Remotes;

/// The settings of a frontend.
pub struct Frontend {
    /// The client of the registry.
    pub client: Arc<Client>,
    /// `HOST[:PORT]` of the registry in the commands on the pages.
    pub shown: String,
    /// Repositories on a page.
    pub repositories_per_page: usize,
    /// Tags on a page.
    pub tags_per_page: usize,
    /// Address, TLS, links and cache.
    pub settings: FrontendSettings,
    /// The directory of this server's own certificate.
    pub directory: PathBuf,
}

/// Serves the pages until a signal. `announce` receives the lines for the person who started it;
/// without it, the log has the address.
pub async fn run(frontend: Frontend, announce: Option<impl Fn(&str) + Send>) -> anyhow::Result<()> {
    telemetry::start_log("info", LineFormat::Text, std::iter::empty().collect());
    let secured = front::tls(frontend.settings.tls.as_ref(), &frontend.directory)?;
    let tls = secured.as_ref().map(|secured| secured.tls.clone());
    let mut passed = PassedSockets::from_environment();
    let address = ("--listen", &frontend.settings.address);
    let access = SocketAccess::default();
    let entrance = enter(&mut passed, address, access, tls.is_some()).await?;
    passed.finish()?;
    let manager = ServiceManager::from_environment();
    let registry = frontend.client.registry().to_owned();
    let remotes = Remotes::new(frontend.client, frontend.settings.cache);
    let pages = Pages::new(
        Arc::new(remotes.shared()),
        web::Settings {
            base: frontend.settings.base_path,
            browse_only: true,
            repositories_per_page: frontend.repositories_per_page,
            tags_per_page: frontend.tags_per_page,
            registry: Some(frontend.shown),
            upkeep: web::Upkeep::default(),
        },
    )
    .with_guests(Arc::new(remotes));
    let health = Arc::new(Health::default());
    let app = App::of_pages(options(pages, &health));
    let protocols = Protocols {
        tls: tls.clone(),
        http2: tls.is_some(),
        h2c: false,
    };
    let stop = Signals::listen()?;
    let listening = vec![entrance.bound.serve(app, &protocols, limits())?];
    let url = entrance.url;
    let mut tasks = Tasks::default();
    let renewal = secured
        .as_ref()
        .and_then(|secured| secured.renewal.as_ref());
    let authority = match renewal {
        Some(Renewal::Own(own)) => Some((own.fingerprint()?, own.host())),
        // The flags of a frontend do not include ACME.
        Some(Renewal::Acme(_)) | None => None,
    };
    if let Some(secured) = secured {
        front::maintain(&mut tasks, secured);
    }
    manager.ready(&url);
    if let Some(announce) = announce {
        announce(&format!("Serving {url}, the pages of {registry}"));
    } else {
        tracing::info!("Serving {url}, the pages of {registry}");
    }
    if let Some((fingerprint, host)) = authority {
        tracing::info!(
            "The certificate's authority is {fingerprint}; clients reach this host as {host}"
        );
    }
    if is_exposed(&entrance.address) {
        tracing::warn!(
            "everyone who reaches this address sees what {registry} shows to this user's \
             credentials{}; hint: let a proxy with sign-in be the only one who reaches it",
            if tls.is_some() {
                ""
            } else {
                ", and passwords can be read on the way"
            }
        );
    }
    wait(stop, listening, &health, &manager, DRAIN).await?;
    tasks.stop().await;
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
