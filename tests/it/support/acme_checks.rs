//! The checks of an ACME directory for tests: signed requests (RFC 8555, section 6.2), answers to
//! challenges, certification requests.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use rcgen::PublicKeyData;
use serde_json::Value;

use super::acme::AcmeDirectory;
use super::tls::{self, any};

/// The kind of a problem and its detail.
pub(super) type Refused = (&'static str, String);

impl AcmeDirectory {
    /// The account, unless it is being created, and the payload of a signed request.
    pub(super) fn verified(
        &self,
        path: &str,
        body: &[u8],
    ) -> Result<(Option<usize>, Value), Refused> {
        let malformed = |what: &str| ("malformed", what.to_owned());
        let body: Value = serde_json::from_slice(body).map_err(|_| malformed("no JSON"))?;
        let part = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let decode = |text: &str| BASE64.decode(text).map_err(|_| malformed("no base64"));
        let header: Value = serde_json::from_slice(&decode(&part("protected"))?)
            .map_err(|_| malformed("header"))?;
        if header["url"] != format!("{}{path}", self.address) {
            return Err(malformed("signed for another address"));
        }
        let nonce = header["nonce"].as_str().unwrap_or_default();
        if !self.state().nonces.remove(nonce) {
            return Err(("badNonce", "the nonce is used, or of nobody".into()));
        }
        if header["alg"] != "ES256" {
            return Err(("badSignatureAlgorithm", "ES256 is wanted".into()));
        }
        let jwk = &header["jwk"];
        let account = header["kid"]
            .as_str()
            .and_then(|kid| kid.rsplit('/').next()?.parse::<usize>().ok());
        let point = if let Some(account) = account {
            self.state().accounts[account].0.clone()
        } else {
            let half = |name: &str| decode(jwk[name].as_str().unwrap_or_default());
            [vec![4], half("x")?, half("y")?].concat()
        };
        let signed = format!("{}.{}", part("protected"), part("payload"));
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &point);
        key.verify(signed.as_bytes(), &decode(&part("signature"))?)
            .map_err(|_| malformed("the signature does not hold"))?;
        let payload = decode(&part("payload"))?;
        let payload = serde_json::from_slice(&payload).unwrap_or(Value::Null);
        if account.is_none() {
            assert_eq!(path, "/account", "only an account is made with a bare key");
            let canonical = format!(
                r#"{{"crv":"P-256","kty":"EC","x":{},"y":{}}}"#,
                jwk["x"], jwk["y"]
            );
            let thumbprint = BASE64.encode(digest(&SHA256, canonical.as_bytes()));
            let mut state = self.state();
            state.accounts.push((point, thumbprint));
            state.contacts.push(payload["contact"].clone());
        }
        Ok((account, payload))
    }
}

pub(super) fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// RFC 8555, section 8.3.
pub(super) fn answers_http(port: u16, host: &str, token: &str, proof: &str) -> Result<(), String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).map_err(|error| error.to_string())?;
    let request = format!(
        "GET /.well-known/acme-challenge/{token} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream
        .read_to_string(&mut answer)
        .map_err(|error| error.to_string())?;
    let body = answer.split_once("\r\n\r\n").map(|(_, body)| body);
    if answer.starts_with("HTTP/1.1 200 ") && body == Some(proof) {
        Ok(())
    } else {
        Err(format!("answered {answer:?}"))
    }
}

/// RFC 8737, section 3.
pub(super) fn answers_tls(port: u16, host: &str, proof: &str) -> Result<(), String> {
    let (certificates, protocol) = tls::peer(port, host, &[b"acme-tls/1"], None)?;
    if protocol.as_deref() != Some(b"acme-tls/1") {
        return Err("another protocol was agreed on".into());
    }
    let [certificate] = &certificates[..] else {
        return Err("not one certificate".into());
    };
    let extension = [
        &[0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x1f][..],
        &[0x01, 0x01, 0xff, 0x04, 0x22, 0x04, 0x20],
        digest(&SHA256, proof.as_bytes()).as_ref(),
    ]
    .concat();
    if contains(certificate, &extension) && contains(certificate, host.as_bytes()) {
        Ok(())
    } else {
        Err("the certificate answers another challenge".into())
    }
}

/// The key of a certification request (RFC 2986), if its signature is valid.
pub(super) fn requested_key(request: &[u8]) -> Option<RequestedKey> {
    let (info, signature) = yasna::parse_der(request, |request| {
        request.read_sequence(|parts| {
            let info = parts.next().read_der()?;
            parts.next().read_der()?;
            Ok((info, parts.next().read_bitvec_bytes()?.0))
        })
    })
    .ok()?;
    let point = yasna::parse_der(&info, |info| {
        info.read_sequence(|fields| {
            fields.next().read_der()?;
            fields.next().read_der()?;
            let key = fields.next().read_sequence(|key| {
                key.next().read_der()?;
                Ok(key.next().read_bitvec_bytes()?.0)
            })?;
            while fields.read_optional(any)?.is_some() {}
            Ok(key)
        })
    })
    .ok()?;
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &point);
    let holds = key.verify(&info, &signature);
    holds.ok().map(|()| RequestedKey(point))
}

pub(super) struct RequestedKey(Vec<u8>);

impl PublicKeyData for RequestedKey {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        &rcgen::PKCS_ECDSA_P256_SHA256
    }
}
