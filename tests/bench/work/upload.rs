//! The requests of a push.

use anyhow::{Context as _, Result, ensure};
use regctl::oci::Digest;

use crate::image::{Content, Image, MANIFEST};
use crate::payload::Payload;
use crate::wire::Connection;

/// How the bytes of a blob are sent.
#[derive(Clone, Copy)]
pub(super) enum Way {
    /// Like docker and podman: HEAD, POST, one chunked PATCH, PUT.
    Patch,
    /// POST, then all bytes in the PUT.
    Monolithic,
}

/// The chunk size of Go's clients: the buffer of `io.Copy`.
const CHUNK: usize = 32 << 10;

const BYTES: &str = "Content-Type: application/octet-stream\r\n";

/// Pushes an image under a tag.
pub(super) fn image(
    connection: &mut Connection,
    repository: &str,
    tag: &str,
    image: &Image,
    way: Way,
) -> Result<()> {
    for content in [&image.layer, &image.config] {
        small_blob(connection, repository, content, way)?;
    }
    manifest(connection, repository, tag, image)
}

/// Pushes the manifest of an image whose blobs exist.
pub(super) fn manifest(
    connection: &mut Connection,
    repository: &str,
    tag: &str,
    image: &Image,
) -> Result<()> {
    let target = format!("/v2/{repository}/manifests/{tag}");
    let headers = format!("Content-Type: {MANIFEST}\r\n");
    connection
        .request("PUT", &target, &headers, &image.manifest.bytes)?
        .expect(201)
        .context("pushing a manifest")?;
    Ok(())
}

fn small_blob(
    connection: &mut Connection,
    repository: &str,
    content: &Content,
    way: Way,
) -> Result<()> {
    let Content { bytes, digest } = content;
    let mut location = begin(connection, repository, digest, way)?;
    if let Way::Patch = way {
        let headers = format!("{BYTES}Transfer-Encoding: chunked\r\n\r\n");
        let mut message = connection.head("PATCH", &location, &headers).into_bytes();
        for slice in bytes.chunks(CHUNK) {
            chunk(&mut message, slice);
        }
        message.extend_from_slice(b"0\r\n\r\n");
        connection.send(&message)?;
        location = connection.answer(false)?.expect(202)?.location()?;
    }
    let rest = match way {
        Way::Patch => &[],
        Way::Monolithic => bytes.as_slice(),
    };
    let target = format!("{location}digest={digest}");
    connection
        .request("PUT", &target, BYTES, rest)?
        .expect(201)
        .context("closing an upload")?;
    Ok(())
}

/// Pushes a large blob; its bytes are sent as they are generated.
pub(super) fn large_blob(
    connection: &mut Connection,
    repository: &str,
    payload: &Payload,
    way: Way,
) -> Result<()> {
    let digest = &payload.digest;
    let location = begin(connection, repository, digest, way)?;
    match way {
        Way::Patch => {
            let headers = format!("{BYTES}Transfer-Encoding: chunked\r\n\r\n");
            let head = connection.head("PATCH", &location, &headers);
            let mut buffer = head.into_bytes();
            for slice in payload.slices(CHUNK) {
                chunk(&mut buffer, slice);
                if buffer.len() >= 256 << 10 {
                    connection.send(&buffer)?;
                    buffer.clear();
                }
            }
            buffer.extend_from_slice(b"0\r\n\r\n");
            connection.send(&buffer)?;
            let location = connection.answer(false)?.expect(202)?.location()?;
            let target = format!("{location}digest={digest}");
            connection
                .request("PUT", &target, BYTES, b"")?
                .expect(201)?;
        }
        Way::Monolithic => {
            let target = format!("{location}digest={digest}");
            let headers = format!("{BYTES}Content-Length: {}\r\n\r\n", payload.size());
            let head = connection.head("PUT", &target, &headers);
            connection.send(head.as_bytes())?;
            for slice in payload.slices(1 << 20) {
                connection.send(slice)?;
            }
            connection.answer(false)?.expect(201)?;
        }
    }
    Ok(())
}

/// Checks whether a blob exists, like docker, and opens the upload.
fn begin(
    connection: &mut Connection,
    repository: &str,
    digest: &Digest,
    way: Way,
) -> Result<String> {
    if let Way::Patch = way {
        let target = format!("/v2/{repository}/blobs/{digest}");
        let answer = connection.request("HEAD", &target, "", b"")?;
        ensure!(
            answer.status == 404,
            "HEAD of a blob that is new answered {}",
            answer.status
        );
    }
    let target = format!("/v2/{repository}/blobs/uploads/");
    connection
        .request("POST", &target, "", b"")?
        .expect(202)
        .context("opening an upload")?
        .location()
}

fn chunk(message: &mut Vec<u8>, bytes: &[u8]) {
    message.extend_from_slice(format!("{:x}\r\n", bytes.len()).as_bytes());
    message.extend_from_slice(bytes);
    message.extend_from_slice(b"\r\n");
}
