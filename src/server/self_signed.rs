//! The certificate of this server's own authority, for every name and address of its host.
//!
//! Both keys and both certificates are in one directory; only the owner can read the keys. The
//! authority is created once and is valid for ten years: clients trust it with `regctl trust`. It is
//! never replaced by itself, because nobody would trust the next one, and a clock may be wrong for a
//! moment; `certificate` reports that its end is near. The certificate is reissued, for the same
//! key, when the names change, when a third of its validity is left or before that begins, so that a
//! key is never beside another key's certificate.

#![expect(
    clippy::disallowed_methods,
    reason = "keys and certificates are not in a store"
)]

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

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

use super::certificate::{Authority, Renewals};
use super::files::{create_directory, write};
use super::names;
use crate::client::CertificateFields;
use crate::hash::Hasher;
use crate::oci::Algorithm;

/// Validity of a certificate in days; clients refuse much longer ones.
const DAYS: i64 = 397;
/// Days before its end at which it is reissued.
const RENEWAL: i64 = DAYS / 3;
/// Validity of the authority in days.
const AUTHORITY_DAYS: i64 = 3650;
/// A day that is over, whatever the clock says: a machine whose clock has no battery begins in 1970
/// at every start, and a certificate of that year would have ended when the clock is set.
const PAST: Date = jiff::civil::date(2026, 1, 1);
/// The first day that every client can read in a certificate.
const FIRST: Date = jiff::civil::date(1970, 1, 1);

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

    /// Whether the certificate is valid today.
    pub(super) fn is_in_date(&self) -> bool {
        days(&self.certificate()).is_some_and(|(begins, ends)| (begins..=ends).contains(&today()))
    }

    /// What is known of the renewals after one that succeeded.
    pub(super) fn renewals(&self) -> Renewals {
        let authority = self.known_authority();
        // A certificate that ends with its authority is not renewed.
        let last = authority.as_ref().map(|authority| authority.ends);
        let renew = self.issued().map(|issued| issued.renew);
        let next = renew.and_then(|date| date.to_zoned(TimeZone::UTC).ok());
        let next = next.map(|time| time.timestamp());
        Renewals {
            next: next.filter(|next| last.is_none_or(|last| next.as_millisecond() < last)),
            authority,
            ..Renewals::default()
        }
    }

    fn known_authority(&self) -> Option<Authority> {
        let fields = fields(&self.authority())?;
        Some(Authority {
            fingerprint: self.fingerprint().ok()?,
            begins: fields.begins.as_millisecond(),
            ends: fields.ends.as_millisecond(),
        })
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
        create_directory(&self.directory)?;
        let (authority_key, key_is_new) = self.key_at("ca-key.pem")?;
        let authority = authority(&authority_key, today)?;
        let authority_is_new = key_is_new || !self.authority().exists();
        if authority_is_new {
            let certificate = authority.self_signed(&authority_key)?;
            write(&self.authority(), certificate.pem().as_bytes(), 0o644)?;
        }
        let (begins, ends) = days(&self.authority())
            .with_context(|| format!("{} is not a certificate", self.authority().display()))?;
        let (key, key_is_new) = self.key_at("key.pem")?;
        let before = days(&self.certificate());
        let is_due = before.is_none_or(|(begins, _)| today < begins)
            || self
                .issued()
                .is_none_or(|issued| issued.names != names || issued.renew <= today);
        // Nobody accepts a certificate of an authority that is not valid today, and a clock that has
        // not been set yet is no reason for another one.
        let helps = (begins.max(PAST)..=ends).contains(&today);
        let is_needed = authority_is_new || key_is_new || before.is_none();
        if !(is_needed || is_due && helps) {
            return Ok(false);
        }
        let chain = format!(
            "{}{}",
            leaf(&names, today.max(PAST), ends)?
                .signed_by(&key, &Issuer::new(authority, authority_key))?
                .pem(),
            std::fs::read_to_string(self.authority())?
        );
        write(&self.certificate(), chain.as_bytes(), 0o644)?;
        let renew = after(today.max(PAST), DAYS - RENEWAL);
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

/// The fields of the first certificate in a file; `None` if there is none.
fn fields(path: &Path) -> Option<CertificateFields> {
    CertificateFields::of_pem(&std::fs::read_to_string(path).ok()?)
}

/// The first and the last day of the first certificate in a file; `None` if there is none.
fn days(path: &Path) -> Option<(Date, Date)> {
    let fields = fields(path)?;
    let day = |time: Timestamp| time.to_zoned(TimeZone::UTC).date();
    Some((day(fields.begins), day(fields.ends)))
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
    let (from, to) = (today.min(PAST), today.max(PAST));
    valid(&mut params, after(from, -1), after(to, AUTHORITY_DAYS));
    Ok(params)
}

/// The parameters of a certificate of an authority that ends on a date.
fn leaf(names: &BTreeSet<String>, today: Date, last: Date) -> anyhow::Result<CertificateParams> {
    let mut params = CertificateParams::new(names.iter().cloned().collect::<Vec<_>>())?;
    params
        .distinguished_name
        .push(DnType::CommonName, "regctl registry");
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    // Clocks of clients may be slow.
    let ends = after(today, DAYS - 1).min(last);
    valid(&mut params, after(today.min(ends), -1), ends);
    Ok(params)
}

/// Sets the validity of a certificate.
fn valid(params: &mut CertificateParams, from: Date, to: Date) {
    let from = from.max(FIRST);
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

        // Without its certificate the authority begins again, also in the chain.
        std::fs::remove_file(own.authority()).unwrap();
        assert!(own.issue_if_due(after(today, 300), names(&["b"])).unwrap());
        let chain = std::fs::read_to_string(own.certificate()).unwrap();
        assert!(chain.ends_with(&std::fs::read_to_string(own.authority()).unwrap()));
    }

    #[test]
    fn a_wrong_clock_and_the_end_of_the_authority() {
        use jiff::civil::date;
        let scratch = tempfile::tempdir().unwrap();
        let own = SelfSigned::new(scratch.path().join("tls"), Vec::new());
        let issue = |today| {
            own.issue_if_due(today, BTreeSet::from(["a".into()]))
                .unwrap()
        };
        let certificate = || days(&own.certificate()).unwrap();
        // A clock that has not been set yet.
        assert!(issue(date(1970, 1, 1)));
        let authority = days(&own.authority()).unwrap();
        assert_eq!(authority, (date(1970, 1, 1), date(2035, 12, 30)));
        assert_eq!(certificate(), (date(2025, 12, 31), date(2027, 2, 1)));
        assert!(!issue(date(2026, 3, 1)) && issue(date(2026, 11, 1)));
        let usual = certificate();
        assert_eq!(usual, (date(2026, 10, 31), date(2027, 12, 2)));
        // The clock of a machine without a battery, at its next start.
        assert!(!issue(date(1970, 1, 1)) && !issue(date(2026, 11, 2)));
        // One that is years ahead for a while.
        assert!(issue(date(2034, 5, 1)) && issue(date(2026, 11, 1)));
        assert_eq!(certificate(), usual);
        // No certificate outlives its authority; one that has ended issues none.
        assert!(issue(date(2035, 10, 1)));
        assert_eq!(certificate().1, authority.1);
        let renewals = own.renewals();
        assert_eq!(renewals.next, None);
        assert!(!issue(date(2037, 1, 1)));
        std::fs::remove_file(own.certificate()).unwrap();
        assert!(issue(date(2037, 1, 1)), "a server starts nevertheless");
        assert_eq!(certificate().1, authority.1);
        assert_eq!(days(&own.authority()), Some(authority));
    }
}
