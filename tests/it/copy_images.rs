//! `copy` between registries of both kinds: images, indexes, artifacts with their referrers.
//! Digests do not change, and existing content is not sent again.

use serde_json::{Value, json};

use crate::cli_support::{Regctl, text};
use crate::support::{Image, Server, artifact, have, index, random_bytes};

/// All pairs of source and destination.
fn pairs() -> Vec<(Server, Server)> {
    let mut pairs = vec![(Server::regctl(), Server::regctl())];
    if have(&["docker-registry"]) {
        pairs.push((Server::regctl(), Server::docker_registry()));
        pairs.push((Server::docker_registry(), Server::regctl()));
    }
    pairs
}

fn at(server: &Server, image: &str) -> String {
    format!("{}/{image}", server.host())
}

/// Runs a copy. Returns its line of JSON.
#[track_caller]
fn copy(regctl: &Regctl, arguments: &[&str]) -> Value {
    let rows = regctl.json(&[&["copy", "-q", "-o", "json"], arguments].concat());
    assert_eq!(rows.as_array().unwrap().len(), 1, "{rows}");
    rows[0].clone()
}

#[test]
fn an_image() {
    for (from, to) in pairs() {
        let image = Image::with_layers(1, &[3_000_000, 10, 0]);
        let digest = from.remote("team/app").push("1", &image);
        let regctl = Regctl::new(&from.host());
        let source = at(&from, "team/app:1");
        let destination = at(&to, "mirror/app");
        let row = copy(&regctl, &[&source, &destination]);
        assert_eq!(row["outcome"], "copied");
        assert_eq!(row["digest"], json!(digest));
        assert_eq!(row["name"], format!("{destination}:1"));
        let bytes: usize = image.blobs.iter().map(Vec::len).sum();
        assert_eq!(row["bytes"], bytes, "{row}");
        assert_eq!(row["sent"], 4);
        assert_eq!(to.remote("mirror/app").verify("1"), digest);
        // Nothing is sent twice, not even under another tag.
        let row = copy(&regctl, &["team/app:1", &destination]);
        assert_eq!(
            (&row["outcome"], &row["bytes"]),
            (&json!("skipped"), &json!(0))
        );
        let row = copy(&regctl, &["team/app:1", &format!("{destination}:other")]);
        let moved = (&row["outcome"], &row["bytes"], &row["exists"]);
        assert_eq!(moved, (&json!("copied"), &json!(0), &json!(4)));
        assert_eq!(to.remote("mirror/app").verify("other"), digest);
    }
}

#[test]
fn inside_one_registry_nothing_is_sent() {
    let mut servers = vec![Server::regctl()];
    if have(&["docker-registry"]) {
        servers.push(Server::docker_registry());
    }
    for server in servers {
        let digest = server
            .remote("a")
            .push("1", &Image::with_layers(2, &[100_000, 20]));
        let regctl = Regctl::new(&server.host());
        let row = copy(&regctl, &["a:1", "b/c:2"]);
        let moved = (&row["bytes"], &row["sent"], &row["mounted"]);
        assert_eq!(moved, (&json!(0), &json!(0), &json!(3)));
        assert_eq!(server.remote("b/c").verify("2"), digest);
        assert_eq!(server.open_uploads(), [""; 0]);
    }
}

#[test]
fn an_index_with_all_of_its_images_or_one() {
    for (from, to) in pairs() {
        let remote = from.remote("multi");
        let images = [Image::new(3), Image::with_layers(4, &[500_000])];
        for image in &images {
            remote.push_blobs(image);
            remote
                .put(&image.digest().to_string(), &image.manifest)
                .expect(201);
        }
        let index = index(&[&images[0].manifest, &images[1].manifest]);
        remote.put("1", &index).expect(201);
        let regctl = Regctl::new(&from.host());
        let row = copy(&regctl, &["multi:1", &at(&to, "multi")]);
        assert_eq!(row["digest"], json!(index.digest()));
        assert_eq!(to.remote("multi").verify("1"), index.digest());

        let arm = ["--platform", "linux/arm64", "multi:1", &at(&to, "arm:x")];
        let row = copy(&regctl, &arm);
        assert_eq!(row["digest"], json!(images[1].digest()));
        assert_eq!(to.remote("arm").verify("x"), images[1].digest());
        assert_eq!(copy(&regctl, &arm)["outcome"], "skipped");
        let error = regctl.fails(3, &["copy", "--platform", "plan9/mips", "multi:1", "other"]);
        assert!(
            error.contains("hint: its platforms: linux/amd64, linux/arm64"),
            "{error}"
        );
        assert!(
            regctl
                .fails(2, &["copy", "--platform", "linux", "multi:1", "x"])
                .contains("hint: ")
        );
    }
}

/// The referrers as a client sees them, by `GET referrers` or the fallback tag.
fn referrers(server: &Server, repository: &str, digest: &str) -> Vec<String> {
    let remote = server.remote(repository);
    let answer = remote
        .client
        .get(&remote.path(&format!("referrers/{digest}")));
    let body = if answer.status == 200 {
        answer.json()
    } else {
        let tagged = remote.manifest(&digest.replace(':', "-"));
        if tagged.status == 404 {
            return Vec::new();
        }
        tagged.expect(200).json()
    };
    let digests = body["manifests"].as_array().unwrap().iter();
    let mut digests: Vec<_> = digests
        .map(|each| each["digest"].as_str().unwrap().to_owned())
        .collect();
    digests.sort();
    digests
}

#[test]
fn referrers_are_copied_on_request() {
    for (from, to) in pairs() {
        let remote = from.remote("signed");
        let image = Image::new(5);
        let digest = remote.push("1", &image);
        let signature = artifact(
            &image.manifest.descriptor(),
            "application/vnd.example.sig",
            6,
        );
        let statement = artifact(
            &signature.manifest.descriptor(),
            "application/vnd.example.st",
            7,
        );
        for (subject, each) in [(&image, &signature), (&signature, &statement)] {
            remote.push_blobs(each);
            let answer = remote
                .put(&each.digest().to_string(), &each.manifest)
                .expect(201);
            if answer.header("OCI-Subject").is_none() {
                // A registry without referrers: clients maintain the list.
                let list = json!({
                    "schemaVersion": 2,
                    "mediaType": crate::support::OCI_INDEX,
                    "manifests": [each.manifest.descriptor()],
                });
                let tag = subject.digest().to_string().replace(':', "-");
                let list = crate::support::Manifest::new(crate::support::OCI_INDEX, &list);
                remote.put(&tag, &list).expect(201);
            }
        }
        let regctl = Regctl::new(&from.host());
        let target = at(&to, "signed:1");
        copy(&regctl, &["signed:1", &target]);
        assert_eq!(referrers(&to, "signed", &digest.to_string()), [""; 0]);
        // Later as well.
        let row = copy(&regctl, &["--referrers", "signed:1", &target]);
        assert_eq!(row["outcome"], "copied", "{row}");
        for (subject, each) in [(&image, &signature), (&signature, &statement)] {
            let listed = referrers(&to, "signed", &subject.digest().to_string());
            assert_eq!(listed, [each.digest().to_string()]);
            to.remote("signed").verify(&each.digest().to_string());
        }
        let row = copy(&regctl, &["--referrers", "signed:1", &target]);
        assert_eq!(row["outcome"], "skipped", "{row}");
    }
}

#[test]
fn by_digest_and_to_various_destinations() {
    let (from, to) = (Server::regctl(), Server::regctl());
    let digest = from.remote("app").push("1", &Image::new(8));
    let regctl = Regctl::new(&from.host());
    let by_digest = format!("app@{digest}");
    let row = copy(&regctl, &[&by_digest, &at(&to, "a")]);
    assert_eq!(row["name"], format!("{}@{digest}", at(&to, "a")));
    assert_eq!(to.remote("a").tags(), [""; 0]);
    to.remote("a").verify(&digest.to_string());
    copy(&regctl, &[&by_digest, &at(&to, "b:x")]);
    assert_eq!(to.remote("b").verify("x"), digest);
    copy(&regctl, &[&format!("app:1@{digest}"), &at(&to, "c")]);
    assert_eq!(to.remote("c").verify("1"), digest);
    let other = format!("{}@sha256:{}", at(&to, "d"), "0".repeat(64));
    regctl.fails(2, &["copy", &by_digest, &other]);
    regctl.fails(
        2,
        &["copy", "app:1", &format!("{}:1@{digest}", at(&to, "d"))],
    );
    regctl.fails(3, &["copy", "app:none", &at(&to, "d")]);
    regctl.fails(2, &["copy", "app:1"]);
    regctl.fails(2, &["copy", "--match", "x", "app:1", "app:2"]);
    let dry = regctl.json(&["copy", "--dry-run", "-o", "json", "app:1", &at(&to, "dry")]);
    assert_eq!(dry[0]["outcome"], "planned");
    assert_eq!(dry[0]["sent"], 2);
    assert_eq!(to.remote("dry").tags(), [""; 0]);
    let printed = regctl.run(&["copy", "app:1", &at(&to, "shown")]).success();
    let printed = String::from_utf8(printed.get_output().stderr.clone()).unwrap();
    assert!(
        printed.contains("transferred") && printed.contains("2 blobs: 2 sent"),
        "{printed}"
    );
}

/// The platform of an image without an index is in its configuration.
#[test]
fn one_image_of_another_platform() {
    let (from, to) = (Server::regctl(), Server::regctl());
    from.remote("app").push("1", &Image::new(1));
    let regctl = Regctl::new(&from.host());
    let target = format!("{}/app:1", to.host());
    let copy = |platform: &str| {
        let arguments = ["copy", "--platform", platform, "app:1", &target];
        regctl.run(&arguments)
    };
    let error = copy("linux/arm64").code(3);
    let said = text(&error.get_output().stderr);
    assert!(said.contains("it is for linux/amd64"), "{said}");
    assert!(to.remote("app").tags().is_empty());
    copy("linux/amd64").success();
    to.remote("app").verify("1");
}

#[test]
fn an_index_without_one_of_its_images() {
    let (from, to) = (Server::regctl(), Server::regctl());
    let remote = from.remote("sparse");
    let (there, absent) = (Image::new(9), Image::new(10));
    remote.push_blobs(&there);
    remote
        .put(&there.digest().to_string(), &there.manifest)
        .expect(201);
    let index = index(&[&there.manifest, &absent.manifest]);
    remote.put("1", &index).expect(201);
    let regctl = Regctl::new(&from.host());
    let run = regctl
        .run(&["copy", "sparse:1", &at(&to, "sparse")])
        .success();
    let printed = String::from_utf8(run.get_output().stderr.clone()).unwrap();
    assert!(
        printed.contains("without its image for linux/arm64"),
        "{printed}"
    );
    assert_eq!(
        to.remote("sparse").manifest("1").expect(200).body,
        index.bytes
    );
}

/// A layer that several images share is checked once.
#[test]
fn all_tags_with_shared_layers() {
    let (from, to) = (Server::regctl(), Server::regctl());
    let remote = from.remote("app");
    let layer = random_bytes(11, 400_000);
    for seed in 12..18 {
        remote.push(&format!("1.{seed}"), &Image::new(seed).with_layer(&layer));
    }
    remote.push("latest", &Image::new(12).with_layer(&layer));
    let regctl = Regctl::new(&from.host());
    let arguments = ["copy", "-o", "json", "--all-tags", "--match", "1.*", "app"];
    let rows = regctl.json(&[&arguments[..], &[&at(&to, "app")]].concat());
    assert_eq!(rows.as_array().unwrap().len(), 6);
    let bytes: u64 = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["bytes"].as_u64().unwrap())
        .sum();
    assert!((400_000..420_000).contains(&bytes), "{rows}");
    for seed in 12..18 {
        to.remote("app").verify(&format!("1.{seed}"));
    }
    assert_eq!(to.remote("app").tags().len(), 6);
    let nothing = ["copy", "--all-tags", "--match", "2.*", "app"];
    let done = regctl
        .run(&[&nothing[..], &[&at(&to, "app")]].concat())
        .success();
    let warning = String::from_utf8_lossy(&done.get_output().stderr).into_owned();
    assert!(warning.contains("--match 2.* matches no tag"), "{warning}");
}

#[test]
fn a_listed_image_that_the_registry_lacks_is_not_named_as_available() {
    let server = Server::regctl();
    let remote = server.remote("app");
    let images = [Image::new(3), Image::new(4)];
    remote.push_blobs(&images[0]);
    remote.put("0", &images[0].manifest).expect(201);
    let index = index(&[&images[0].manifest, &images[1].manifest]);
    remote.put("1", &index).expect(201);
    let regctl = Regctl::new(&server.host());
    let error = regctl.fails(3, &["copy", "--platform", "linux/arm64", "app:1", "other"]);
    assert!(
        error.contains(
            "hint: push it again with all that it lists; its other platforms: linux/amd64\n"
        ),
        "{error}"
    );
}
