//! The health checks of the configuration, as in registry:2: the storage, files that must not
//! exist, servers that must answer. A check fails after a number of failures in a row.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{interval, timeout};

use crate::config::{HealthCheck, HealthSettings, HttpCheck};
use crate::http::Health;
use crate::registry::Registry;

/// Starts all checks.
pub(super) fn start(
    tasks: &mut JoinSet<()>,
    registry: &Registry,
    settings: &HealthSettings,
    health: &Arc<Health>,
) {
    if let Some(check) = settings.storage {
        let registry = registry.clone();
        let name = "storagedriver".to_owned();
        tasks.spawn(watch(name, check, Arc::clone(health), move || {
            let registry = registry.clone();
            async move { registry.ping().await.map_err(|error| error.to_string()) }
        }));
    }
    for file in settings.files.clone() {
        let name = file.path.display().to_string();
        tasks.spawn(watch(name, file.check, Arc::clone(health), move || {
            let there = file.path.exists();
            async move {
                if there {
                    Err("file exists".to_owned())
                } else {
                    Ok(())
                }
            }
        }));
    }
    for tcp in settings.tcp.clone() {
        let name = tcp.address.clone();
        tasks.spawn(watch(name, tcp.check, Arc::clone(health), move || {
            connect(tcp.address.clone(), tcp.timeout)
        }));
    }
    for http in settings.http.clone() {
        let client = reqwest::Client::new();
        let name = http.uri.clone();
        tasks.spawn(watch(name, http.check, Arc::clone(health), move || {
            ask(client.clone(), http.clone())
        }));
    }
}

async fn connect(address: String, limit: Duration) -> Result<(), String> {
    match timeout(limit, TcpStream::connect(&address)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("no connection in time".to_owned()),
    }
}

async fn ask(client: reqwest::Client, check: HttpCheck) -> Result<(), String> {
    let mut request = client.head(&check.uri).timeout(check.timeout);
    for (name, values) in &check.headers {
        for value in values {
            request = request.header(name, value);
        }
    }
    let answer = request.send().await.map_err(|error| error.to_string())?;
    if answer.status().as_u16() == check.status {
        Ok(())
    } else {
        Err(format!(
            "answered {} instead of {}",
            answer.status().as_u16(),
            check.status
        ))
    }
}

async fn watch<F>(
    name: String,
    check: HealthCheck,
    health: Arc<Health>,
    mut look: impl FnMut() -> F + Send,
) where
    F: Future<Output = Result<(), String>> + Send,
{
    let mut ticks = interval(check.interval);
    let mut failures = 0;
    loop {
        ticks.tick().await;
        match look().await {
            Ok(()) => {
                failures = 0;
                health.record(&name, None);
            }
            Err(reason) => {
                failures += 1;
                if failures >= check.threshold {
                    health.record(&name, Some(reason));
                }
            }
        }
    }
}
