//! Fields of an X.509 certificate (RFC 5280): its names, its issuer, its validity.
//!
//! Only for display: nothing is verified here.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use yasna::models::{ObjectIdentifier, TaggedDerValue};
use yasna::tags::TAG_UTCTIME;
use yasna::{ASN1Result, BERReader, Tag, TagClass};

/// Attribute of a name: its common name (RFC 5280, appendix A.1).
const COMMON_NAME: &[u64] = &[2, 5, 4, 3];
/// Attribute of a name: its organisation.
const ORGANIZATION: &[u64] = &[2, 5, 4, 10];
/// The extension with the names that a certificate is for (section 4.2.1.6).
const SUBJECT_ALT_NAME: &[u64] = &[2, 5, 29, 17];
/// The kinds of these names that registries are reached by.
const DNS_NAME: Tag = Tag {
    tag_class: TagClass::ContextSpecific,
    tag_number: 2,
};
const IP_ADDRESS: Tag = Tag {
    tag_class: TagClass::ContextSpecific,
    tag_number: 7,
};

/// The fields of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFields {
    /// The host names and addresses that it is for.
    pub names: Vec<String>,
    /// Its issuer: common name, and organisation in parentheses.
    pub issuer: String,
    /// The first moment of its validity.
    pub begins: Timestamp,
    /// The last moment of its validity.
    pub ends: Timestamp,
}

impl CertificateFields {
    /// Parses a certificate in DER; `None` if it is malformed.
    pub fn parse(certificate: &[u8]) -> Option<Self> {
        let raw = yasna::parse_der(certificate, Raw::read).ok()?;
        let attribute = |oid: &[u64]| {
            let (_, value) = raw.issuer.iter().find(|(found, _)| found == oid)?;
            Some(String::from_utf8_lossy(value).into_owned())
        };
        let issuer = match (attribute(COMMON_NAME), attribute(ORGANIZATION)) {
            (Some(name), Some(organization)) => format!("{name} ({organization})"),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => String::new(),
        };
        Some(Self {
            names: raw.names,
            issuer,
            begins: time(&raw.begins)?,
            ends: time(&raw.ends)?,
        })
    }

    /// Parses the first certificate of a PEM text.
    pub fn of_pem(pem: &str) -> Option<Self> {
        let certificate = CertificateDer::from_pem_slice(pem.as_bytes()).ok()?;
        Self::parse(&certificate)
    }
}

/// The fields before they are parsed.
struct Raw {
    issuer: Vec<(Vec<u64>, Vec<u8>)>,
    begins: TaggedDerValue,
    ends: TaggedDerValue,
    names: Vec<String>,
}

impl Raw {
    fn read(certificate: BERReader<'_, '_>) -> ASN1Result<Self> {
        certificate.read_sequence(|parts| {
            let raw = parts.next().read_sequence(|fields| {
                fields.read_optional(|version| version.read_tagged(Tag::context(0), any))?;
                // The serial number, the algorithm.
                fields.next().read_der()?;
                fields.next().read_der()?;
                let issuer = attributes(fields.next())?;
                let (begins, ends) = fields.next().read_sequence(|times| {
                    let begins = times.next().read_tagged_der()?;
                    Ok((begins, times.next().read_tagged_der()?))
                })?;
                // The subject, the key.
                fields.next().read_der()?;
                fields.next().read_der()?;
                for number in [1, 2] {
                    fields
                        .read_optional(|id| id.read_tagged_implicit(Tag::context(number), bits))?;
                }
                let names = fields.read_optional(|field| {
                    field.read_tagged(Tag::context(3), |extensions| names(extensions))
                })?;
                Ok(Self {
                    issuer,
                    begins,
                    ends,
                    names: names.unwrap_or_default(),
                })
            })?;
            // The algorithm and the signature.
            parts.next().read_der()?;
            parts.next().read_der()?;
            Ok(raw)
        })
    }
}

/// The attributes of a name, in the order of the certificate.
fn attributes(name: BERReader<'_, '_>) -> ASN1Result<Vec<(Vec<u64>, Vec<u8>)>> {
    let mut found = Vec::new();
    name.read_sequence_of(|set| {
        set.read_set_of(|pair| {
            pair.read_sequence(|pair| {
                let oid: ObjectIdentifier = pair.next().read_oid()?;
                let value = pair.next().read_tagged_der()?;
                found.push((oid.components().clone(), value.value().to_vec()));
                Ok(())
            })
        })
    })?;
    Ok(found)
}

/// The names in the extensions of a certificate.
fn names(extensions: BERReader<'_, '_>) -> ASN1Result<Vec<String>> {
    let mut found = Vec::new();
    extensions.read_sequence_of(|extension| {
        extension.read_sequence(|parts| {
            let oid = parts.next().read_oid()?;
            parts.read_optional(flag)?;
            let value = parts.next().read_bytes()?;
            if oid.components() == SUBJECT_ALT_NAME {
                yasna::parse_der(&value, |list| {
                    list.read_sequence_of(|name| {
                        found.extend(host(&name.read_tagged_der()?));
                        Ok(())
                    })
                })?;
            }
            Ok(())
        })
    })?;
    Ok(found)
}

/// A host name or an address; `None` for other kinds of names.
fn host(name: &TaggedDerValue) -> Option<String> {
    let value = name.value();
    match name.tag() {
        DNS_NAME => Some(String::from_utf8_lossy(value).into_owned()),
        IP_ADDRESS => {
            let address = <[u8; 4]>::try_from(value).map(|four| IpAddr::from(Ipv4Addr::from(four)));
            let address = address
                .or_else(|_| <[u8; 16]>::try_from(value).map(|all| Ipv6Addr::from(all).into()));
            Some(address.ok()?.to_string())
        }
        _ => None,
    }
}

/// Whatever comes next.
fn any(field: BERReader<'_, '_>) -> ASN1Result<Vec<u8>> {
    field.read_der()
}

/// Whether an extension is critical.
fn flag(field: BERReader<'_, '_>) -> ASN1Result<bool> {
    field.read_bool()
}

/// A unique identifier, which is obsolete.
fn bits(field: BERReader<'_, '_>) -> ASN1Result<()> {
    field.read_bitvec_bytes().map(drop)
}

/// A time in one of the two ways to write it (section 4.1.2.5).
fn time(value: &TaggedDerValue) -> Option<Timestamp> {
    let digits = std::str::from_utf8(value.value()).ok()?;
    let digits = match (value.tag() == TAG_UTCTIME, digits.as_bytes().first()?) {
        (true, b'5'..=b'9') => format!("19{digits}"),
        (true, _) => format!("20{digits}"),
        (false, _) => digits.to_owned(),
    };
    let time = DateTime::strptime("%Y%m%d%H%M%SZ", digits).ok()?;
    Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_issuer_and_both_ways_to_write_a_time_are_read() {
        let names = ["a.example.com", "10.0.0.1", "::1"].map(str::to_owned);
        let mut params = rcgen::CertificateParams::new(names.to_vec()).unwrap();
        params.not_before = rcgen::date_time_ymd(2026, 3, 1);
        params.not_after = rcgen::date_time_ymd(2055, 12, 31);
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params.distinguished_name = rcgen::DistinguishedName::new();
        let name = &mut params.distinguished_name;
        name.push(rcgen::DnType::CommonName, "R11");
        name.push(rcgen::DnType::OrganizationName, "Encrypters");
        let key = rcgen::KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        let found = CertificateFields::of_pem(&pem).unwrap();
        assert_eq!(found.begins.to_string(), "2026-03-01T00:00:00Z");
        assert_eq!(found.ends.to_string(), "2055-12-31T00:00:00Z");
        assert_eq!(found.names, names);
        assert_eq!(found.issuer, "R11 (Encrypters)");
        assert!(CertificateFields::of_pem("nothing").is_none());
    }
}
