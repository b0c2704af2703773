//! The certificate of this server's own authority, for every name and address of its host.
//!
//! Both keys and both certificates are in one directory; only the owner can read the keys. The
//! authority is created once and is valid for ten years: clients trust it with `regctl trust`. The
//! certificate is reissued, for the same key, when the names change or a third of its validity is
//! left, so that a key is never beside another key's certificate.

#![expect(
    clippy::disallowed_methods,
    reason = "keys and certificates are not in a store"
)]

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;

use anyhow::Context as _;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use serde::{Deserialize, Serialize};
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

use super::certificate::Renewals;
use super::files::write;
use super::names;
use crate::hash::Hasher;
use crate::oci::Algorithm;

/// Validity of a certificate in days; clients refuse much longer ones.
const DAYS: i64 = 397;
/// Days before its end at which it is reissued.
const RENEWAL: i64 = DAYS / 3;
/// Validity of the authority in days.
const AUTHORITY_DAYS: i64 = 3650;

/// The file with the names and the date of the issued certificate.
const ISSUED: &str = "issued.json";

/// The directory with the authority and the certificate.
pub(super) struct SelfSigned {
    directory: PathBuf,
    hosts: Vec<String>,
}

/// The names and the date of the issued certificate.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Issued {
    names: BTreeSet<String>,
    renew: Date,
}

impl SelfSigned {
    /// Uses a directory, which may not exist yet; the certificate is also for these `hosts`.
    pub(super) fn new(directory: PathBuf, hosts: Vec<String>) -> Self {
        Self { directory, hosts }
    }

    pub(super) fn certificate(&self) -> PathBuf {
        self.directory.join("certificate.pem")
    }

    pub(super) fn key(&self) -> PathBuf {
        self.directory.join("key.pem")
    }

    /// The certificate of the authority.
    pub(super) fn authority(&self) -> PathBuf {
        self.directory.join("ca.pem")
    }

    /// Creates missing files, and reissues the certificate if it is due. Returns whether it was
    /// reissued.
    pub(super) fn ensure(&self) -> anyhow::Result<bool> {
        self.issue_if_due(today(), names::of_this_host(&self.hosts))
            .with_context(|| format!("make a certificate in {}", self.directory.display()))
    }

    /// What is known of the renewals after one that succeeded.
    pub(super) fn renewals(&self) -> Renewals {
        let renew = self.issued().map(|issued| issued.renew);
        let next = renew.and_then(|date| date.to_zoned(TimeZone::UTC).ok());
        Renewals {
            next: next.map(|time| time.timestamp()),
            ..Renewals::default()
        }
    }

    /// What was issued last.
    fn issued(&self) -> Option<Issued> {
        let text = std::fs::read(self.directory.join(ISSUED)).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// The name by which clients probably reach this host.
    pub(super) fn host(&self) -> String {
        let named = self.hosts.first().cloned();
        named
            .or_else(names::host)
            .unwrap_or_else(|| "localhost".to_owned())
    }

    /// The fingerprint of the authority: `sha256:` and hexadecimal digits.
    pub(super) fn fingerprint(&self) -> anyhow::Result<String> {
        let path = self.authority();
        let certificate = CertificateDer::from_pem_file(&path)
            .map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))?;
        Ok(Hasher::digest(Algorithm::Sha256, &certificate).to_string())
    }

    fn issue_if_due(&self, today: Date, names: BTreeSet<String>) -> anyhow::Result<bool> {
        std::fs::create_dir_all(&self.directory)?;
        let (authority_key, is_new) = self.key_at("ca-key.pem")?;
        let authority = authority(&authority_key, today)?;
        if is_new || !self.authority().exists() {
            let certificate = authority.self_signed(&authority_key)?;
            write(&self.authority(), certificate.pem().as_bytes(), 0o644)?;
        }
        let (key, key_is_new) = self.key_at("key.pem")?;
        let before = self.issued();
        let holds = before.is_some_and(|before| before.names == names && today < before.renew);
        if holds && !is_new && !key_is_new && self.certificate().exists() {
            return Ok(false);
        }
        let chain = format!(
            "{}{}",
            leaf(&names, today)?
                .signed_by(&key, &Issuer::new(authority, authority_key))?
                .pem(),
            std::fs::read_to_string(self.authority())?
        );
        write(&self.certificate(), chain.as_bytes(), 0o644)?;
        let renew = after(today, DAYS - RENEWAL);
        let record = serde_json::to_vec_pretty(&Issued { names, renew })?;
        write(&self.directory.join(ISSUED), &record, 0o644)?;
        Ok(true)
    }

    /// The key in a file, created if missing. Returns whether it was created.
    fn key_at(&self, name: &str) -> anyhow::Result<(KeyPair, bool)> {
        let path = self.directory.join(name);
        match std::fs::read_to_string(&path) {
            Ok(pem) => {
                let key = KeyPair::from_pem(&pem);
                let key = key.with_context(|| format!("{} is not a key", path.display()))?;
                Ok((key, false))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let key = KeyPair::generate()?;
                write(&path, key.serialize_pem().as_bytes(), 0o600)?;
                Ok((key, true))
            }
            Err(error) => Err(error).with_context(|| format!("read {}", path.display())),
        }
    }
}

fn today() -> Date {
    Timestamp::now().to_zoned(TimeZone::UTC).date()
}

fn after(date: Date, days: i64) -> Date {
    date.saturating_add(jiff::Span::new().days(days))
}

/// The parameters of an authority with this key. Its name contains the key's id, so that two
/// authorities are never confused.
fn authority(key: &KeyPair, today: Date) -> anyhow::Result<CertificateParams> {
    let mut params = CertificateParams::new(Vec::<String>::new())?;
    let digest = Hasher::digest(Algorithm::Sha256, key.public_key_raw()).to_string();
    let short: String = digest.chars().skip("sha256:".len()).take(12).collect();
    let name = format!("regctl authority {short}");
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![
        KeyUsagePurpose::KeyCertSign,
        KeyUsagePurpose::CrlSign,
        KeyUsagePurpose::DigitalSignature,
    ];
    valid(&mut params, after(today, -1), after(today, AUTHORITY_DAYS));
    Ok(params)
}

fn leaf(names: &BTreeSet<String>, today: Date) -> anyhow::Result<CertificateParams> {
    let mut params = CertificateParams::new(names.iter().cloned().collect::<Vec<_>>())?;
    params
        .distinguished_name
        .push(DnType::CommonName, "regctl registry");
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    // Clocks of clients may be slow.
    valid(&mut params, after(today, -1), after(today, DAYS - 1));
    Ok(params)
}

/// Sets the validity of a certificate.
fn valid(params: &mut CertificateParams, from: Date, to: Date) {
    let month = |date: Date| u8::try_from(date.month()).unwrap_or(1);
    let day = |date: Date| u8::try_from(date.day()).unwrap_or(1);
    params.not_before = date_time_ymd(i32::from(from.year()), month(from), day(from));
    params.not_after = date_time_ymd(i32::from(to.year()), month(to), day(to));
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_certificate_is_reissued_for_other_names_and_before_its_end() {
        let scratch = tempfile::tempdir().unwrap();
        let own = SelfSigned::new(scratch.path().join("tls"), Vec::new());
        let names = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect();
        let today = jiff::civil::date(2026, 3, 1);
        assert!(own.issue_if_due(today, names(&["a", "10.0.0.1"])).unwrap());
        let mode = own.key().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let (fingerprint, key) = (
            own.fingerprint().unwrap(),
            std::fs::read(own.key()).unwrap(),
        );
        let first = std::fs::read(own.certificate()).unwrap();

        assert!(!own.issue_if_due(today, names(&["a", "10.0.0.1"])).unwrap());
        assert!(own.issue_if_due(today, names(&["b"])).unwrap());
        assert_ne!(std::fs::read(own.certificate()).unwrap(), first);
        assert!(!own.issue_if_due(after(today, 200), names(&["b"])).unwrap());
        assert!(own.issue_if_due(after(today, 300), names(&["b"])).unwrap());
        std::fs::remove_file(own.certificate()).unwrap();
        assert!(own.issue_if_due(after(today, 300), names(&["b"])).unwrap());

        assert_eq!(own.fingerprint().unwrap(), fingerprint);
        assert_eq!(std::fs::read(own.key()).unwrap(), key);
    }
}
