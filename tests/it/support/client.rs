//! A well-behaved client: one request per connection; the common properties of answers are checked
//! for each.
//!
//! [`Remote`] is a repository of a registry with the verbs that tests need. Nothing is retried.

use std::io;
use std::net::SocketAddr;

use regctl::hash::Hasher;
use regctl::oci::{Algorithm, Digest};
use serde_json::Value;

use super::image::{Image, Manifest};
use super::{Connection, Request, Response};

/// Media types that a pulling client accepts, like docker.
pub(crate) const ACCEPT: &str = "application/vnd.oci.image.manifest.v1+json, \
    application/vnd.oci.image.index.v1+json, \
    application/vnd.docker.distribution.manifest.v2+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, */*";

pub(crate) fn sha256(bytes: &[u8]) -> Digest {
    Hasher::digest(Algorithm::Sha256, bytes)
}

pub(crate) fn sha512(bytes: &[u8]) -> Digest {
    Hasher::digest(Algorithm::Sha512, bytes)
}

/// A client of one server.
#[derive(Clone)]
pub(crate) struct Client {
    address: SocketAddr,
    /// Whether the server has regctl's properties of all answers.
    strict: bool,
    /// A text that no error may contain: the path of the data.
    secret: String,
    /// The default `Authorization`.
    authorization: Option<String>,
}

impl Client {
    pub(crate) fn new(address: SocketAddr, strict: bool) -> Self {
        Self {
            address,
            strict,
            secret: String::new(),
            authorization: None,
        }
    }

    pub(crate) fn hiding(mut self, secret: &str) -> Self {
        secret.clone_into(&mut self.secret);
        self
    }

    /// Sends this `Authorization` with every request.
    pub(crate) fn authorized(mut self, value: &str) -> Self {
        self.authorization = Some(value.to_owned());
        self
    }

    pub(crate) fn open(&self) -> io::Result<Connection> {
        Connection::open(self.address)
    }

    /// The default `Host`.
    pub(crate) fn host(&self) -> String {
        self.address.to_string()
    }

    /// Sends a request and reads its answer; an error means a failed connection.
    pub(crate) fn try_send(&self, request: &Request) -> io::Result<Response> {
        let mut request = request.clone().header("Connection", "close");
        if let Some(value) = &self.authorization {
            request = request.header("Authorization", value);
        }
        let mut connection = self.open()?;
        // A server may answer before it has read a refused body.
        let sent = connection.send(&request.encode(&self.host()));
        let response = connection
            .receive(&request.method)
            .map_err(|error| sent.err().unwrap_or(error))?;
        if self.strict && request.target.starts_with("/v2") {
            self.judge(&request, &response);
        }
        Ok(response)
    }

    #[track_caller]
    pub(crate) fn send(&self, request: &Request) -> Response {
        self.try_send(request)
            .unwrap_or_else(|error| panic!("{} {}: {error}", request.method, request.target))
    }

    #[track_caller]
    pub(crate) fn get(&self, target: &str) -> Response {
        self.send(&Request::new("GET", target))
    }

    #[track_caller]
    pub(crate) fn head(&self, target: &str) -> Response {
        self.send(&Request::new("HEAD", target))
    }

    #[track_caller]
    pub(crate) fn post(&self, target: &str) -> Response {
        self.send(&Request::new("POST", target))
    }

    #[track_caller]
    pub(crate) fn delete(&self, target: &str) -> Response {
        self.send(&Request::new("DELETE", target))
    }

    #[track_caller]
    pub(crate) fn patch(&self, target: &str, body: &[u8]) -> Response {
        self.send(
            &Request::new("PATCH", target)
                .header("Content-Type", "application/octet-stream")
                .body(body),
        )
    }

    /// Sends a chunk with its range: its first byte, and the last one, included.
    #[track_caller]
    pub(crate) fn patch_at(&self, target: &str, start: usize, body: &[u8]) -> Response {
        let end = (start + body.len()).saturating_sub(1);
        self.send(
            &Request::new("PATCH", target)
                .header("Content-Type", "application/octet-stream")
                .header("Content-Range", &format!("{start}-{end}"))
                .body(body),
        )
    }

    #[track_caller]
    pub(crate) fn put(&self, target: &str, body: &[u8]) -> Response {
        self.send(
            &Request::new("PUT", target)
                .header("Content-Type", "application/octet-stream")
                .body(body),
        )
    }

    /// Every page of a listing, following `Link` to the end.
    #[track_caller]
    pub(crate) fn pages(&self, first: &str) -> Vec<Value> {
        let mut pages = Vec::new();
        let mut target = Some(first.to_owned());
        while let Some(next) = target {
            let response = self.get(&next).expect(200);
            pages.push(response.json());
            assert!(pages.len() < 10_000, "the pages of {first} do not end");
            target = response.header("Link").map(next_target);
        }
        pages
    }

    #[track_caller]
    fn judge(&self, request: &Request, response: &Response) {
        let line = format!("{} {}", request.method, request.target);
        assert_eq!(
            response.header("Docker-Distribution-Api-Version"),
            Some("registry/2.0"),
            "{line}: {response}"
        );
        assert_eq!(
            response.header("X-Content-Type-Options"),
            Some("nosniff"),
            "{line}: {response}"
        );
        assert_eq!(
            response.header("Content-Security-Policy"),
            Some("sandbox; default-src 'none'"),
            "{line}: {response}"
        );
        if response.status < 400 || request.method == "HEAD" {
            return;
        }
        let body = response.json();
        let errors = body["errors"].as_array().expect("a list of errors");
        assert!(!errors.is_empty(), "{line}: {response}");
        for error in errors {
            let code = error["code"].as_str().unwrap_or_default();
            assert!(
                !code.is_empty()
                    && code
                        .bytes()
                        .all(|byte| byte.is_ascii_uppercase() || byte == b'_'),
                "{line}: {response}"
            );
            assert!(error["message"].is_string(), "{line}: {response}");
        }
        let text = String::from_utf8_lossy(&response.body);
        assert!(
            self.secret.is_empty() || !text.contains(&self.secret),
            "{line}: an error shows a path: {response}"
        );
    }
}

/// The target in `<…>; rel="next"`, without scheme and host.
#[track_caller]
pub(crate) fn next_target(link: &str) -> String {
    let (address, parameters) = link
        .strip_prefix('<')
        .and_then(|rest| rest.split_once('>'))
        .unwrap_or_else(|| panic!("not a link: {link}"));
    assert!(parameters.contains("rel=\"next\""), "{link}");
    path_of(address)
}

/// Path and query of an address that may be absolute.
pub(crate) fn path_of(address: &str) -> String {
    match address.split_once("://") {
        Some((_, rest)) => rest[rest.find('/').unwrap_or(rest.len())..].to_owned(),
        None => address.to_owned(),
    }
}

/// Adds a parameter to a target.
pub(crate) fn with_query(target: &str, query: &str) -> String {
    let joint = if target.contains('?') { '&' } else { '?' };
    format!("{target}{joint}{query}")
}

/// A repository of a server.
#[derive(Clone)]
pub(crate) struct Remote {
    pub(crate) client: Client,
    pub(crate) name: String,
}

impl Remote {
    pub(crate) fn new(client: Client, name: &str) -> Self {
        Self {
            client,
            name: name.to_owned(),
        }
    }

    /// `/v2/<name>/<rest>`.
    pub(crate) fn path(&self, rest: &str) -> String {
        format!("/v2/{}/{rest}", self.name)
    }

    pub(crate) fn blob_path(&self, digest: &Digest) -> String {
        self.path(&format!("blobs/{digest}"))
    }

    pub(crate) fn manifest_path(&self, reference: &str) -> String {
        self.path(&format!("manifests/{reference}"))
    }

    /// Starts an upload session. Returns its target.
    #[track_caller]
    pub(crate) fn start_upload(&self) -> String {
        let response = self.client.post(&self.path("blobs/uploads/")).expect(202);
        path_of(response.need("Location"))
    }

    /// POST, then PUT with all bytes.
    #[track_caller]
    pub(crate) fn push_blob(&self, bytes: &[u8]) -> Digest {
        let digest = sha256(bytes);
        let session = self.start_upload();
        self.client
            .put(&with_query(&session, &format!("digest={digest}")), bytes)
            .expect(201);
        digest
    }

    /// PUT of a manifest under a tag or a digest.
    #[track_caller]
    pub(crate) fn put(&self, reference: &str, manifest: &Manifest) -> Response {
        self.client.send(
            &Request::new("PUT", &self.manifest_path(reference))
                .header("Content-Type", &manifest.media_type)
                .body(&manifest.bytes),
        )
    }

    #[track_caller]
    pub(crate) fn push_blobs(&self, image: &Image) {
        for blob in &image.blobs {
            self.push_blob(blob);
        }
    }

    /// Pushes the blobs, then the manifest under a tag.
    #[track_caller]
    pub(crate) fn push(&self, tag: &str, image: &Image) -> Digest {
        self.push_blobs(image);
        self.put(tag, &image.manifest).expect(201);
        image.digest()
    }

    #[track_caller]
    pub(crate) fn manifest(&self, reference: &str) -> Response {
        self.client
            .send(&Request::new("GET", &self.manifest_path(reference)).header("Accept", ACCEPT))
    }

    #[track_caller]
    pub(crate) fn manifest_head(&self, reference: &str) -> Response {
        self.client
            .send(&Request::new("HEAD", &self.manifest_path(reference)).header("Accept", ACCEPT))
    }

    #[track_caller]
    pub(crate) fn blob(&self, digest: &Digest) -> Response {
        self.client.get(&self.blob_path(digest))
    }

    #[track_caller]
    pub(crate) fn blob_head(&self, digest: &Digest) -> Response {
        self.client.head(&self.blob_path(digest))
    }

    #[track_caller]
    pub(crate) fn delete(&self, reference: &str) -> Response {
        self.client.delete(&self.manifest_path(reference))
    }

    /// All tags; none if the repository is unknown.
    #[track_caller]
    pub(crate) fn tags(&self) -> Vec<String> {
        let response = self.client.get(&self.path("tags/list"));
        if response.status == 404 {
            return Vec::new();
        }
        texts(&response.expect(200).json()["tags"])
    }

    /// Checks that the image under a reference is complete and correct. Returns its digest.
    #[track_caller]
    pub(crate) fn verify(&self, reference: &str) -> Digest {
        let response = self.manifest(reference).expect(200);
        let digest = sha256(&response.body);
        assert_eq!(response.need("Docker-Content-Digest"), digest.to_string());
        let body = response.json();
        for child in list(&body["manifests"]) {
            self.verify(child["digest"].as_str().expect("a digest"));
        }
        for blob in std::iter::once(&body["config"]).chain(list(&body["layers"])) {
            let Some(text) = blob["digest"].as_str() else {
                continue;
            };
            let content = self.blob(&text.parse().expect("a digest")).expect(200).body;
            assert_eq!(sha256(&content).to_string(), text, "content of a blob");
            assert_eq!(blob["size"], content.len(), "size of a blob");
        }
        digest
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The strings of a JSON list.
pub(crate) fn texts(value: &Value) -> Vec<String> {
    list(value)
        .iter()
        .map(|text| text.as_str().expect("a string").to_owned())
        .collect()
}
