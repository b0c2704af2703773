//! A certificate of an ACME authority (RFC 8555): requested, stored and renewed.
//!
//! Account, certificate and the record of attempts are in one directory, readable by their owner
//! alone. The certificate and its key are one file, so that a key is never beside another key's
//! certificate; the server reloads the file when it is replaced. Every attempt is recorded before
//! it begins, so that a server that is restarted again and again sends no more requests than one
//! that keeps running.

#![expect(
    clippy::disallowed_methods,
    reason = "keys and certificates are not in a store"
)]

mod advice;
mod aside;
mod order;
mod record;
mod transport;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use parking_lot::Mutex;

use super::certificate::Watched;
use super::files::{create_directory, write};
use crate::admin::CertificateOrigin;
use crate::client::CertificateFields;
use crate::config::AcmeSettings;
use crate::http::{AcmeChallenges, Certificate};
use order::Order;
use record::Record;
use transport::Transport;

/// Maximum sleep until the next attempt, because the clock may be set in between.
const NAP: Duration = Duration::from_mins(10);
/// The issuer of temporary certificates: the default of rcgen.
const TEMPORARY: &str = "rcgen self signed cert";
/// Timeout of an order, including validation.
const PATIENCE: Duration = Duration::from_mins(5);

/// The certificate of an ACME authority.
pub(super) struct Acme {
    settings: AcmeSettings,
    directory: PathBuf,
    transport: Transport,
    challenges: AcmeChallenges,
    watched: Watched,
    record: Mutex<Record>,
}

impl Acme {
    /// Opens the directory with the certificate: `own`, unless the settings name another.
    pub(super) fn open(settings: &AcmeSettings, own: &Path) -> anyhow::Result<Self> {
        let directory = match &settings.cache {
            // In registry:2 this was a cache file at first, and a directory later.
            Some(path) if path.is_file() => path.parent().unwrap_or(own).to_owned(),
            Some(path) => path.clone(),
            None => own.to_owned(),
        };
        let transport = Transport::new(settings.authorities.as_deref())?;
        let opened = Self::keep(&directory, settings);
        let (certificate, record) =
            opened.with_context(|| format!("keep a certificate in {}", directory.display()))?;
        let watched = Watched::new(certificate, CertificateOrigin::Acme);
        watched.set_renewals(record.renewals());
        Ok(Self {
            settings: settings.clone(),
            directory,
            transport,
            challenges: AcmeChallenges::default(),
            watched,
            record: record.into(),
        })
    }

    /// Loads the stored certificate and its record, or creates a temporary certificate.
    fn keep(
        directory: &Path,
        settings: &AcmeSettings,
    ) -> anyhow::Result<(Arc<Certificate>, Record)> {
        create_directory(directory)?;
        let mut record = Record::read(directory, settings);
        record.start(Timestamp::now());
        let path = certificate_in(directory);
        match Certificate::load(&path, &path) {
            Ok(stored) if is_temporary(&stored) => {}
            Ok(stored) if record.issued().is_some() || record.serves_earlier() => {
                return Ok((stored, record));
            }
            Ok(stored) if is_valid_for(&stored, &settings.hosts) => {
                tracing::warn!(
                    "{} does not know the stored certificate, which is valid: it is served until \
                     another is issued",
                    record::path(directory).display()
                );
                record.serve_earlier();
                return Ok((stored, record));
            }
            Ok(_) => aside::set_aside(&path)?,
            Err(error) => match std::fs::read(&path) {
                Err(missing) if missing.kind() == io::ErrorKind::NotFound => {}
                // It may be good, and readable again the next time.
                Err(unreadable) => return Err(unreadable).context(path.display().to_string()),
                Ok(_) => {
                    tracing::warn!("the stored certificate can't be used: {error}");
                    aside::set_aside(&path)?;
                }
            },
        }
        record.forget_certificate();
        write(&path, temporary(&settings.hosts)?.as_bytes(), 0o600)?;
        Ok((Certificate::load(&path, &path)?, record))
    }

    /// What is served now.
    pub(super) fn watched(&self) -> Watched {
        self.watched.clone()
    }

    /// The answers to the authority's challenges.
    pub(super) fn challenges(&self) -> AcmeChallenges {
        self.challenges.clone()
    }

    /// The state of the certificate, for the person who starts the server.
    pub(super) fn state(&self) -> String {
        let (from, hosts) = (&self.settings.directory, self.settings.hosts.join(", "));
        let record = self.record.lock();
        if let Some(issued) = record.issued() {
            let ends = in_words(issued.ends);
            return format!("Certificate for {hosts} from {from}, valid until {ends}");
        }
        let served = if record.serves_earlier() {
            "the earlier one is served"
        } else {
            "a temporary one is served that no client trusts"
        };
        let due = record.due(Timestamp::now());
        let requested = if due <= Timestamp::now() {
            "is requested".to_owned()
        } else {
            let failure = record.failure().unwrap_or("it was interrupted");
            let due = in_words(due);
            format!("will be requested at {due}, because the last attempt failed ({failure}),")
        };
        format!("Certificate for {hosts} {requested} from {from}; until it is issued {served}")
    }

    /// Requests the certificate whenever it is due. Never returns.
    pub(super) async fn maintain(self) {
        loop {
            let now = Timestamp::now();
            let due = self.record.lock().due(now);
            let wait = Duration::try_from(due.duration_since(now)).unwrap_or_default();
            if !wait.is_zero() {
                tokio::time::sleep(wait.min(NAP)).await;
                continue;
            }
            match self.attempt().await {
                Ok(ends) => tracing::info!(
                    hosts = self.settings.hosts.join(", "),
                    until = in_words(ends),
                    "the certificate was issued and is in use"
                ),
                Err(error) => self.report(&error),
            }
        }
    }

    async fn attempt(&self) -> anyhow::Result<Timestamp> {
        let record = {
            let mut record = self.record.lock();
            record.begin(Timestamp::now());
            record.clone()
        };
        // Without a record no request is sent.
        record.write(&self.directory)?;
        // A wish of an earlier attempt, which succeeded nevertheless.
        let _ = self.transport.retry_after();
        let order = Order {
            settings: &self.settings,
            directory: &self.directory,
            transport: &self.transport,
            challenges: &self.challenges,
        };
        let obtained = tokio::time::timeout(PATIENCE, order.obtain()).await;
        self.challenges.clear();
        let pem = obtained.context("the authority did not finish in time")??;
        let fields =
            CertificateFields::of_pem(&pem).context("the issued certificate is malformed")?;
        let now = Timestamp::now();
        anyhow::ensure!(
            fields.ends > now,
            "the issued certificate expired on {}: check the clock",
            in_words(fields.ends)
        );
        self.install(&pem)?;
        let record = {
            let mut record = self.record.lock();
            record.succeed(&fields, now);
            record.clone()
        };
        self.watched.set_renewals(record.renewals());
        record.write(&self.directory)?;
        Ok(fields.ends)
    }

    /// Uses a certificate from now on, if it is usable.
    fn install(&self, pem: &str) -> anyhow::Result<()> {
        let trial = self.directory.join("acme-trial.pem");
        write(&trial, pem.as_bytes(), 0o600)?;
        Certificate::load(&trial, &trial)?;
        std::fs::rename(&trial, certificate_in(&self.directory))?;
        self.watched.refresh()?;
        Ok(())
    }

    fn report(&self, error: &anyhow::Error) {
        let mut record = self.record.lock();
        let wanted = self.transport.retry_after();
        if let Some(until) = wanted {
            record.not_before(until, Timestamp::now());
        }
        record.fail(format!("{error:#}"));
        self.watched.set_renewals(record.renewals());
        let due = record.due(Timestamp::now());
        let mut next = in_words(due);
        let restart = record.restart_after().filter(|_| wanted.is_none());
        if let Some(restart) = restart.filter(|time| *time < due) {
            next.push_str(" or with a restart from ");
            next.push_str(&in_words(restart));
        }
        if let Err(error) = record.write(&self.directory) {
            tracing::error!("{}: {error}", self.directory.display());
        }
        let hint = advice::hint(error, &self.settings);
        tracing::warn!(
            "no certificate for {} from {}: {error:#}; next attempt {next}{hint}",
            self.settings.hosts.join(", "),
            self.settings.directory,
        );
    }
}

/// The file with the certificate, its chain and its key.
fn certificate_in(directory: &Path) -> PathBuf {
    directory.join("acme-certificate.pem")
}

/// Whether a certificate is a [`temporary`] one. Those of authorities have a chain.
fn is_temporary(certificate: &Certificate) -> bool {
    let chain = certificate.chain();
    let fields = chain.first().and_then(|own| CertificateFields::parse(own));
    chain.len() == 1 && fields.is_some_and(|fields| fields.issuer == TEMPORARY)
}

/// Whether a certificate has not ended and is for one of these names.
fn is_valid_for(certificate: &Certificate, hosts: &[String]) -> bool {
    let chain = certificate.chain();
    let Some(fields) = chain.first().and_then(|own| CertificateFields::parse(own)) else {
        return false;
    };
    let named = |host: &String| {
        fields
            .names
            .iter()
            .any(|name| name.eq_ignore_ascii_case(host))
    };
    fields.ends > Timestamp::now() && hosts.iter().any(named)
}

/// A self-signed certificate, so that connections are possible; no client trusts it.
fn temporary(hosts: &[String]) -> anyhow::Result<String> {
    let signed = rcgen::generate_simple_self_signed(hosts.to_vec())?;
    let key = signed.signing_key.serialize_pem();
    Ok(format!("{}{key}", signed.cert.pem()))
}

fn in_words(time: Timestamp) -> String {
    let time = time.to_zoned(TimeZone::UTC);
    time.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// Reads a JSON file; `None` if it does not exist or can't be parsed.
fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> Option<T> {
    match std::fs::read(path) {
        Ok(text) => serde_json::from_slice(&text)
            .inspect_err(|error| tracing::warn!("{}: {error}", path.display()))
            .ok(),
        Err(error) => {
            if error.kind() != io::ErrorKind::NotFound {
                tracing::warn!("{}: {error}", path.display());
            }
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn settings() -> AcmeSettings {
        AcmeSettings {
            directory: "https://ca.example.com/directory".into(),
            hosts: vec!["registry.example.com".into()],
            email: None,
            authorities: None,
            cache: None,
            http: None,
        }
    }

    #[test]
    fn a_certificate_that_can_not_be_used_is_kept_and_one_that_can_not_be_read_stays() {
        let scratch = tempfile::tempdir().unwrap();
        let path = certificate_in(scratch.path());
        let old = scratch.path().join("acme-certificate-old.pem");
        std::fs::write(&path, "damaged").unwrap();
        let (served, _) = Acme::keep(scratch.path(), &settings()).unwrap();
        assert!(is_temporary(&served));
        assert_eq!(std::fs::read_to_string(&old).unwrap(), "damaged");
        std::fs::remove_file(&path).unwrap();
        // An error of reading, as of a device or of its rights.
        std::fs::create_dir(&path).unwrap();
        assert!(Acme::keep(scratch.path(), &settings()).is_err());
        assert!(path.is_dir());
    }
}
