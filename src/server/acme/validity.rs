//! The validity of a certificate (RFC 5280, section 4.1.2.5).

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use yasna::models::TaggedDerValue;
use yasna::tags::TAG_UTCTIME;
use yasna::{BERReader, Tag};

/// The validity of a certificate.
#[derive(Debug, Clone, Copy)]
pub(super) struct Validity {
    /// Its first moment.
    pub(super) begins: Timestamp,
    /// Its last.
    pub(super) ends: Timestamp,
}

/// The validity of the first certificate of a PEM text.
pub(super) fn of(pem: &str) -> Option<Validity> {
    let certificate = CertificateDer::from_pem_slice(pem.as_bytes()).ok()?;
    let (begins, ends) = yasna::parse_der(&certificate, times).ok()?;
    Some(Validity {
        begins: time(&begins)?,
        ends: time(&ends)?,
    })
}

fn times(certificate: BERReader<'_, '_>) -> yasna::ASN1Result<(TaggedDerValue, TaggedDerValue)> {
    certificate.read_sequence(|parts| {
        let times = parts.next().read_sequence(|fields| {
            fields.read_optional(|field| field.read_tagged(Tag::context(0), any))?;
            // The serial number, the algorithm, the issuer.
            for _ in 0..3 {
                fields.next().read_der()?;
            }
            let times = fields.next().read_sequence(|times| {
                let begins = times.next().read_tagged_der()?;
                Ok((begins, times.next().read_tagged_der()?))
            })?;
            while fields.read_optional(any)?.is_some() {}
            Ok(times)
        })?;
        // The algorithm and the signature.
        parts.next().read_der()?;
        parts.next().read_der()?;
        Ok(times)
    })
}

/// Skips a field.
fn any(field: BERReader<'_, '_>) -> yasna::ASN1Result<Vec<u8>> {
    field.read_der()
}

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
    fn both_ways_to_write_a_time_are_read() {
        let mut params = rcgen::CertificateParams::new(vec!["a".to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(2026, 3, 1);
        params.not_after = rcgen::date_time_ymd(2055, 12, 31);
        let key = rcgen::KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        let found = of(&pem).unwrap();
        assert_eq!(found.begins.to_string(), "2026-03-01T00:00:00Z");
        assert_eq!(found.ends.to_string(), "2055-12-31T00:00:00Z");
        assert!(of("nothing").is_none());
    }
}
