//! `regctl export` with failures: no incomplete archive is left.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::cli_support::{MANIFEST, Regctl, digest, text};
use crate::strange::{REGISTRY, Strange, answer};
use crate::support::{Image, PATIENCE, Server, eventually, sha256, wait};

/// The names in a directory.
fn names(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

/// A registry with one image, whose blobs are answered by the test.
fn serve(image: &Image, blob: impl Fn(&[u8]) -> Vec<u8> + Send + 'static) -> Strange {
    let image = image.clone();
    Strange::start(move |request, _| {
        if request.line.ends_with("/v2/") {
            return answer("200 OK", &[REGISTRY], b"{}");
        }
        let Some((_, wanted)) = request.line.split_once("/blobs/") else {
            let headers = [
                format!("Content-Type: {MANIFEST}"),
                format!("Docker-Content-Digest: {}", image.digest()),
            ];
            return answer("200 OK", &[&headers[0], &headers[1]], &image.manifest.bytes);
        };
        let is_wanted = |bytes: &&Vec<u8>| digest(bytes) == wanted;
        match image.blobs.iter().find(is_wanted) {
            Some(bytes) => blob(bytes),
            None => answer("404 Not Found", &[], b""),
        }
    })
}

#[test]
fn wrong_content_leaves_no_file() {
    let image = Image::with_layers(1, &[3000, 200_000]);
    let good = |bytes: &[u8]| answer("200 OK", &[], bytes);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.tar");
    let export = [
        "export",
        "app:1",
        "--retries",
        "0",
        "-o",
        path.to_str().unwrap(),
    ];

    let strange = serve(&image, good);
    Regctl::new(&strange.host).run(&export).success();
    let whole = std::fs::read(&path).unwrap();
    assert!(whole.len() > 203_000);

    // A changed byte, an additional byte, a missing byte: each is an error, and the existing file
    // is kept.
    let changed = serve(&image, move |bytes| {
        let mut bytes = bytes.to_vec();
        if bytes.len() == 200_000 {
            bytes[100_000] ^= 1;
        }
        good(&bytes)
    });
    let longer = serve(&image, move |bytes| good(&[bytes, b"x"].concat()));
    let shorter = serve(&image, move |bytes| good(&bytes[1..]));
    for strange in [changed, longer, shorter] {
        let said = Regctl::new(&strange.host).fails(7, &export);
        assert!(said.contains("the content of blob app@sha256:"), "{said}");
        assert_eq!(names(directory.path()), ["a.tar"]);
        assert!(std::fs::read(&path).unwrap() == whole);
    }
    // A blob that is missing in the registry.
    let lost = serve(&image, |_| answer("404 Not Found", &[], b""));
    std::fs::remove_file(&path).unwrap();
    Regctl::new(&lost.host).fails(3, &export);
    assert!(names(directory.path()).is_empty());
}

#[test]
fn a_lost_server_leaves_no_file() {
    let image = Image::with_layers(1, &[2_000_000]);
    let half = serve(&image, |bytes| {
        let whole = answer("200 OK", &[], bytes);
        whole[..whole.len() / 2].to_vec()
    });
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.tar");
    let export = [
        "export",
        "app:1",
        "--retries",
        "1",
        "-o",
        path.to_str().unwrap(),
    ];
    Regctl::new(&half.host).fails(6, &export);
    assert!(names(directory.path()).is_empty());
}

/// A registry that sends a part of every blob and then stalls until the test ends.
fn stalling(image: &Image) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let manifest = image.manifest.clone();
    let layer = image.blobs[1].clone();
    let config = image.blobs[0].clone();
    std::thread::spawn(move || {
        let mut open = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut line = String::new();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            if reader.read_line(&mut line).unwrap_or_default() == 0 {
                continue;
            }
            let bytes = if line.contains(&sha256(&layer).to_string()) {
                let whole = answer("200 OK", &[], &layer);
                whole[..whole.len() / 2].to_vec()
            } else if line.contains("/blobs/") {
                answer("200 OK", &[], &config)
            } else if line.contains("/manifests/") {
                let kind = format!("Content-Type: {MANIFEST}");
                answer("200 OK", &[&kind], &manifest.bytes)
            } else {
                answer("200 OK", &[], b"{}")
            };
            let _ = stream.write_all(&bytes);
            if line.contains("/blobs/") {
                open.push(stream);
            }
        }
    });
    host
}

#[test]
fn an_interrupt_leaves_no_file() {
    let image = Image::with_layers(1, &[2_000_000]);
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let host = stalling(&image);
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.tar");
        let mut child = Command::new(env!("CARGO_BIN_EXE_regctl"))
            .args([
                "export",
                "app:1",
                "--registry",
                &format!("http://{host}"),
                "-o",
            ])
            .arg(&path)
            .env("HOME", directory.path().join("home"))
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Half of the layer is in a file with a temporary name.
        eventually("the layer begins to arrive", || {
            let partial = std::fs::read_dir(directory.path()).unwrap().next();
            let partial = partial.map(|entry| entry.unwrap());
            if let Some(partial) = &partial {
                assert_ne!(partial.file_name(), "a.tar");
            }
            partial.is_some_and(|entry| entry.metadata().unwrap().len() > 500_000)
        });
        let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
        let status = wait(&mut child, PATIENCE).expect("it ends");
        assert_eq!(status.code(), Some(code));
        assert!(names(directory.path()).is_empty());
    }
}

#[test]
fn a_closed_pipe_is_success() {
    let server = Server::regctl();
    let image = Image::with_layers(1, &[3_000_000]);
    server.remote("app").push("1", &image);
    let regctl = Regctl::new(&server.host());
    let mut child = Command::new(env!("CARGO_BIN_EXE_regctl"))
        .args(["export", "app:1", "--registry", &server.host()])
        .env("HOME", regctl.home.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut some = [0; 1000];
    child.stdout.take().unwrap().read_exact(&mut some).unwrap();
    let status = wait(&mut child, Duration::from_secs(30)).expect("it ends");
    assert_eq!(status.code(), Some(0));
    let mut said = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    assert!(!said.contains("error"), "{said}");
}

#[test]
fn an_unwritable_output_is_reported() {
    let server = Server::regctl();
    server.remote("app").push("1", &Image::new(1));
    let regctl = Regctl::new(&server.host());
    for path in ["/absent/a.tar", "/"] {
        let said = regctl.fails(1, &["export", "app:1", "-o", path]);
        assert!(
            said.starts_with(&format!("error: can't write {path}: ")),
            "{said}"
        );
    }
    let said = regctl.fails(1, &["export", "app:1", "-o", "/dev/full"]);
    assert!(
        said.contains("can't write /dev/full: No space left"),
        "{said}"
    );
    let run = regctl.run(&["export", "app:1", "-o", "-"]).success();
    assert!(run.get_output().stdout.starts_with(b"oci-layout"));
    assert!(text(&run.get_output().stderr).contains("to stdout"));
}

#[test]
fn one_name_is_for_one_image() {
    let server = Server::regctl();
    server.remote("app").push("1", &Image::new(1));
    server.remote("library/app").push("1", &Image::new(2));
    let regctl = Regctl::new(&server.host());
    let said = regctl.fails(2, &["export", "app:1", "library/app:1"]);
    assert!(
        said.contains("docker.io/library/app:1 is requested for both"),
        "{said}"
    );
}
