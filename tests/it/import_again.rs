//! `regctl import`: existing content is not sent, cached results are checked, and names are
//! correct.

use std::fs::File;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::cli_support::text;
use crate::import_support::{Import, Way, both};
use crate::support::archive::{
    Packed, Tar, crane, docker_24, docker_25, gzipped, layer, oci, podman,
};
use crate::support::{Server, sha256};

#[test]
fn a_second_import_sends_nothing() {
    let image = Packed::small(1);
    for (archive, repository) in [
        (docker_24(&[(&image, json!(["app:1"]))]).finish(), "a"),
        (docker_25(&image, "app:1").finish(), "b"),
        (oci(&image, "app:1", false).finish(), "c"),
        (podman(&image, &json!(["app:1"])).finish(), "d"),
        (crane(&image, "app:1").finish(), "e"),
    ] {
        both(|import| {
            let first = import.done(&archive, &["--to", repository]);
            assert!(
                first[0]["sent"].as_u64().unwrap() > 30_000,
                "{repository} {first:#}"
            );
            assert_eq!(first[0]["skipped"], 0);
            let second = import.done(&archive, &["--to", repository]);
            assert_eq!(
                second[0]["sent"], 0,
                "{repository} {:?} {second:#}",
                import.way
            );
            assert_eq!(second[0]["skipped"], first[0]["sent"]);
            assert_eq!(second[0]["read"], first[0]["read"]);
            assert_eq!(second[0]["digest"], first[0]["digest"]);
            // Another repository of the registry gets the blobs by mounts.
            let third = import.done(&archive, &["--to", "elsewhere"]);
            let config = image.config.len() as u64;
            assert!(
                third[0]["sent"].as_u64().unwrap() <= config + 1000,
                "{third:#}"
            );
            assert_eq!(import.manifest("elsewhere/app", "1").0, first[0]["digest"]);
        });
    }
}

#[test]
fn an_import_without_its_cache_succeeds() {
    let image = Packed::small(3);
    let archive = podman(&image, &json!(["app:1"])).finish();
    both(|import| {
        let first = import.done(&archive, &[]);
        let memory = import.regctl.home.path().join("cache/regctl/layers.json");
        let text = std::fs::read_to_string(&memory).unwrap();
        for damaged in [&text[..text.len() / 2], "", "{}"] {
            std::fs::write(&memory, damaged).unwrap();
            let again = import.done(&archive, &[]);
            assert_eq!(again[0]["digest"], first[0]["digest"]);
        }
        // The registry has lost a cached blob.
        let remote = import.server.remote("app");
        let blob = sha256(&gzipped(&image.layers[0]));
        let path = remote.blob_path(&blob);
        import.server.client().delete(&path).expect(202);
        if import.way == Way::Pipe {
            let staged = format!("/v2/regctl-import/blobs/{blob}");
            import.server.client().delete(&staged).expect(202);
        }
        let again = import.done(&archive, &[]);
        assert!(again[0]["sent"].as_u64().unwrap() > 0);
        assert_eq!(import.manifest("app", "1").0, first[0]["digest"]);
    });
}

#[test]
fn a_cached_name_with_other_bytes() {
    let image = Packed::small(5);
    let known = podman(&image, &json!(["app:1"])).finish();
    // The same names, with each other's layers.
    let names: Vec<_> = image
        .layers
        .iter()
        .map(|layer| format!("{}.tar", sha256(layer).hex()))
        .collect();
    let item = json!([{"Config": "c", "RepoTags": ["app:2"], "Layers": [names[1], names[0]]}]);
    let swapped = Tar::new()
        .file(&names[1], &image.layers[0])
        .file(&names[0], &image.layers[1])
        .file("c", &image.config)
        .json("manifest.json", &item)
        .finish();
    both(|import| {
        let first = import.done(&known, &[]);
        if import.way == Way::Pipe {
            // That part of the pipe is over, and can't be read again.
            let said = import.fails(1, &swapped, &[]);
            assert!(said.contains("run the import again"), "{said}");
        }
        import.done(&swapped, &[]);
        assert_eq!(import.manifest("app", "2").0, first[0]["digest"]);
    });
}

#[test]
fn names() {
    let image = Packed::small(7);
    let tags = json!(["docker.io/library/app:1", "localhost/team/app:2"]);
    let archive = podman(&image, &tags).finish();
    both(|import| {
        let prefix = format!("{}/mirror", import.server.host());
        let rows = import.done(&archive, &["--to", &prefix, "--map", "team/=crew/"]);
        assert_eq!(
            rows[0]["references"],
            json!([format!("{prefix}/app:1"), format!("{prefix}/crew/app:2")])
        );
        import.manifest("mirror/app", "1");
        import.manifest("mirror/crew/app", "2");
        let rows = import.done(&archive, &["--name", "only"]);
        assert_eq!(rows[0]["references"], json!(["only:1"]));
        import.manifest("only", "1");
    });
}

#[test]
fn printed_lines() {
    let image = Packed::small(9);
    let archive = docker_25(&image, "app:1").finish();
    both(|import| {
        let path = import.regctl.home.path().join("a.tar");
        std::fs::write(&path, &archive).unwrap();
        let path = path.to_str().unwrap();
        assert_eq!(
            import.regctl.stdout(&["import", "-o", "name", path]),
            "app:1\n"
        );
        let table = import.regctl.stdout(&["import", path]);
        assert!(table.starts_with("IMAGE"), "{table}");
        assert!(
            table.contains("app:1") && table.contains("sha256:"),
            "{table}"
        );
        let quiet = import.regctl.run(&["import", "-q", "-o", "name", path]);
        assert!(quiet.success().get_output().stderr.is_empty());
    });
}

#[test]
fn a_part_of_an_image_that_the_registry_has() {
    let base = Packed::new(&[layer(20, 20_000)]);
    let more = Packed::new(&[base.layers[0].clone(), layer(21, 9000)]);
    both(|import| {
        for (image, name) in [(&base, "base:1"), (&more, "app:1")] {
            import.done(&oci(image, name, true).finish(), &[]);
        }
        let path = import.regctl.home.path().join("delta.tar");
        let delta = path.to_str().unwrap();
        import
            .regctl
            .stdout(&["export", "app:1", "--without", "base:1", "-o", delta]);
        let bytes = std::fs::read(&path).unwrap();
        assert!(bytes.len() < 20_000, "{}", bytes.len());
        let rows = import.done(&bytes, &["--name", "again:1"]);
        let digest = sha256(&more.oci_manifest(gzipped, "+gzip")).to_string();
        assert_eq!(rows[0]["digest"], digest);
        import.manifest("again", "1");
        // Below a prefix, too, where the base is not.
        let rows = import.done(&bytes, &["--to", "below"]);
        assert_eq!(rows[0]["digest"], digest);
        import.manifest("below/app", "1");
    });
}

/// An archive in a file, old enough to be recognised as unmodified.
struct Kept<'a> {
    import: &'a Import,
    path: PathBuf,
}

impl<'a> Kept<'a> {
    fn new(import: &'a Import, archive: &[u8]) -> Self {
        let path = import.regctl.home.path().join("kept.tar");
        std::fs::write(&path, archive).unwrap();
        let kept = Self { import, path };
        kept.rest();
        kept
    }

    /// Waits until no later change can have the time of the last change. If the file system stores
    /// whole seconds, that takes seconds.
    fn rest(&self) {
        let changed = std::fs::metadata(&self.path).unwrap().ctime_nsec();
        let coarse = changed % 1_000_000 == 0;
        std::thread::sleep(Duration::from_millis(if coarse { 5200 } else { 150 }));
    }

    #[track_caller]
    fn done(&self, arguments: &[&str]) -> Value {
        let mut command = self.import.regctl.command();
        command.args(["import", "-o", "json"]).args(arguments);
        command.env("XDG_CACHE_HOME", self.import.regctl.home.path());
        let output = command.arg(&self.path).output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        serde_json::from_slice::<Value>(&output.stdout).unwrap()[0].take()
    }

    /// Overwrites bytes, and sets the time of the last change back.
    fn put(&self, at: u64, bytes: &[u8]) {
        let mut file = File::options().write(true).open(&self.path).unwrap();
        let modified = file.metadata().unwrap().modified().unwrap();
        file.seek(SeekFrom::Start(at)).unwrap();
        file.write_all(bytes).unwrap();
        file.set_modified(modified).unwrap();
    }
}

fn position(of: &[u8], within: &[u8]) -> u64 {
    let found = within.windows(of.len()).position(|window| window == of);
    found.unwrap() as u64
}

fn by_file(test: impl Fn(&Import)) {
    both(|import| {
        if import.way == Way::File {
            test(import);
        }
    });
}

#[test]
fn an_unmodified_file_is_not_read_again() {
    let image = Packed::small(11);
    for archive in [
        docker_24(&[(&image, json!(["app:1"]))]).finish(),
        podman(&image, &json!(["app:1"])).finish(),
        oci(&image, "app:1", false).finish(),
    ] {
        by_file(|import| {
            let file = Kept::new(import, &archive);
            let first = file.done(&[]);
            assert!(first["read"].as_u64().unwrap() > 30_000, "{first:#}");
            for arguments in [&[][..], &["--to", "elsewhere"]] {
                let again = file.done(arguments);
                assert_eq!(again["digest"], first["digest"]);
                // Documents are read always.
                let read = again["read"].as_u64().unwrap();
                assert!(read <= image.config.len() as u64, "{again:#}");
            }
            import.manifest("app", "1");
            import.manifest("elsewhere/app", "1");
        });
    }
}

#[test]
fn a_modified_file_is_read_again() {
    let image = Packed::small(13);
    let archive = podman(&image, &json!(["app:1"])).finish();
    by_file(|import| {
        let file = Kept::new(import, &archive);
        let first = file.done(&[]);
        assert_ne!(file.done(&[])["read"], first["read"]);
        let open = File::options().write(true).open(&file.path).unwrap();
        open.set_modified(SystemTime::now()).unwrap();
        file.rest();
        let touched = file.done(&[]);
        assert_eq!(touched["read"], first["read"]);
        assert_eq!(touched["sent"], 0);
        assert_ne!(file.done(&[])["read"], first["read"]);
        // A copy of the file is another file.
        std::fs::copy(&file.path, file.path.with_extension("copy")).unwrap();
        std::fs::rename(file.path.with_extension("copy"), &file.path).unwrap();
        assert_eq!(file.done(&[])["read"], first["read"]);
    });
}

#[test]
fn an_overwritten_part_is_detected() {
    let image = Packed::small(15);
    let archive = podman(&image, &json!(["app:1"])).finish();
    let at = position(&image.layers[0], &archive) + 1000;
    by_file(|import| {
        let file = Kept::new(import, &archive);
        let first = file.done(&[]);
        file.done(&[]);
        let byte = archive[usize::try_from(at).unwrap()];
        file.put(at, &[!byte]);
        let mut again = import.regctl.command();
        again.arg("import").arg(&file.path);
        again.env("XDG_CACHE_HOME", import.regctl.home.path());
        let output = again.output().unwrap();
        assert_eq!(output.status.code(), Some(7), "{}", text(&output.stderr));
        file.put(at, &[byte]);
        let mended = file.done(&[]);
        assert_eq!(mended["digest"], first["digest"]);
        assert_eq!(mended["read"], first["read"]);
    });
}

#[test]
fn blobs_missing_in_another_registry_are_sent() {
    let image = Packed::small(17);
    let archive = podman(&image, &json!(["app:1"])).finish();
    by_file(|import| {
        let file = Kept::new(import, &archive);
        let first = file.done(&[]);
        let other = Server::regctl();
        let again = file.done(&["--registry", &other.host()]);
        assert_eq!(again["sent"], first["sent"]);
        assert_eq!(again["read"], first["read"]);
        assert_eq!(again["digest"], first["digest"]);
        other.remote("app").verify("1");
        // Likewise if the same registry has lost it.
        let blob = sha256(&gzipped(&image.layers[0]));
        let path = import.server.remote("app").blob_path(&blob);
        import.server.client().delete(&path).expect(202);
        assert_ne!(file.done(&[])["sent"], 0);
        import.manifest("app", "1");
    });
}

#[test]
fn progress_counts_bytes_read_of_a_file() {
    let image = Packed::small(5);
    let archive = podman(&image, &json!(["app:1"])).finish();
    both(|import| {
        let read = |archive: &[u8]| {
            let outcome = import.run(archive, &[]);
            assert_eq!(outcome.code, 0, "{}", outcome.said);
            let read = outcome.said.split_once(" read, ");
            read.map(|(before, _)| before.lines().last().unwrap_or_default().to_owned())
        };
        let (first, second) = (read(&archive), read(&archive));
        match import.way {
            // The total is unknown.
            Way::Pipe => assert_eq!((first, second), (None, None)),
            Way::File => {
                // Content that need not be read counts as well.
                assert!(first.as_ref().is_some_and(|read| read.ends_with("KiB")));
                assert_eq!(first, second);
                assert!(read(&gzipped(&archive)).is_some());
            }
        }
    });
}
