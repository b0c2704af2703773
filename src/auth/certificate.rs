//! Public keys of certificates: just enough DER to find the key in a SubjectPublicKeyInfo
//! (RFC 5280, section 4.1).

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::DecodingKey;

const SEQUENCE: u8 = 0x30;
const BIT_STRING: u8 = 0x03;
/// 1.2.840.10045.2.1
const EC: &[u8] = &[0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
/// 1.2.840.113549.1.1.1
const RSA: &[u8] = &[
    0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01,
];

/// The content of a value of this kind, and what follows it.
fn value(kind: u8, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&first, rest) = bytes.split_first()?;
    let (&length, rest) = rest.split_first()?;
    let (length, rest) = match length {
        0..=0x7f => (usize::from(length), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
            let length = digits
                .iter()
                .fold(0, |length, digit| (length << 8) | usize::from(*digit));
            (length, rest)
        }
        _ => return None,
    };
    (first == kind).then_some(())?;
    rest.split_at_checked(length)
}

/// The key of a SubjectPublicKeyInfo; `None` if it is neither RSA nor EC.
pub(super) fn public_key(info: &[u8]) -> Option<DecodingKey> {
    let (content, _) = value(SEQUENCE, info)?;
    let (algorithm, rest) = value(SEQUENCE, content)?;
    let (bits, _) = value(BIT_STRING, rest)?;
    // The first byte is the number of unused bits in the last one: none.
    let key = bits.strip_prefix(&[0])?;
    if algorithm.starts_with(EC) {
        let point = key.strip_prefix(&[4])?;
        let (x, y) = point.split_at_checked(point.len() / 2)?;
        let encode = |half: &[u8]| URL_SAFE_NO_PAD.encode(half);
        DecodingKey::from_ec_components(&encode(x), &encode(y)).ok()
    } else if algorithm.starts_with(RSA) {
        Some(DecodingKey::from_rsa_der(key))
    } else {
        None
    }
}

/// The name of a key as libtrust and registry:2 make it: the first 240 bits of its SHA-256 in
/// base32, in twelve groups of four letters.
pub(super) fn libtrust_id(info: &[u8]) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let hash = digest(&SHA256, info);
    let mut id = String::with_capacity(59);
    for (group, five) in hash.as_ref()[..30].chunks(5).enumerate() {
        let bits = five
            .iter()
            .fold(0_u64, |bits, byte| (bits << 8) | u64::from(*byte));
        for place in 0..8 {
            if place % 4 == 0 && (group, place) != (0, 0) {
                id.push(':');
            }
            let letter = usize::try_from((bits >> (35 - 5 * place)) & 31).unwrap_or_default();
            id.push(char::from(LETTERS[letter]));
        }
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_certificates_are_found() {
        let pair = rcgen::KeyPair::generate().unwrap();
        let info = rcgen::PublicKeyData::subject_public_key_info(&pair);
        assert!(public_key(&info).is_some());
        let id = libtrust_id(&info);
        assert_eq!(id.len(), 59);
        assert_eq!(id.split(':').count(), 12);
        for end in 0..info.len() {
            assert!(public_key(&info[..end]).is_none(), "{end}");
        }
    }
}
