//! Referrers: the manifests attached to a manifest, filtered, in pages, merged with the fallback
//! tag of older clients.

use serde_json::{Value, json};

use crate::support::{
    Image, OCI_INDEX, Remote, Server, artifact, index, sha256, sha512, with_query,
};

fn listing(remote: &Remote, subject: &str) -> String {
    remote.path(&format!("referrers/{subject}"))
}

/// The descriptors of every page.
#[track_caller]
fn all(remote: &Remote, target: &str) -> Vec<Value> {
    let pages = remote.client.pages(target);
    for page in &pages {
        assert_eq!(page["schemaVersion"], 2);
        assert_eq!(page["mediaType"], OCI_INDEX);
    }
    pages
        .iter()
        .flat_map(|page| page["manifests"].as_array().expect("a list").clone())
        .collect()
}

fn digests(descriptors: &[Value]) -> Vec<String> {
    let mut digests: Vec<_> = descriptors
        .iter()
        .map(|descriptor| descriptor["digest"].as_str().unwrap().to_owned())
        .collect();
    digests.sort();
    digests
}

#[test]
fn referrers_are_listed() {
    let server = Server::regctl();
    let remote = server.remote("signed");
    let image = Image::new(1);
    remote.push("1", &image);
    let subject = image.manifest.descriptor();
    let signature = artifact(&subject, "application/vnd.example.signature", 2);
    let put = {
        remote.push_blobs(&signature);
        remote.put(&signature.digest().to_string(), &signature.manifest)
    };
    assert_eq!(
        put.expect(201).need("OCI-Subject"),
        image.digest().to_string()
    );

    let target = listing(&remote, &image.digest().to_string());
    let answer = remote.client.get(&target).expect(200);
    assert_eq!(answer.need("Content-Type"), OCI_INDEX);
    assert_eq!(answer.header("OCI-Filters-Applied"), None);
    let descriptors = all(&remote, &target);
    assert_eq!(descriptors.len(), 1);
    let descriptor = &descriptors[0];
    assert_eq!(descriptor["digest"], signature.digest().to_string());
    assert_eq!(descriptor["size"], signature.manifest.bytes.len());
    assert_eq!(descriptor["mediaType"], signature.manifest.media_type);
    assert_eq!(
        descriptor["artifactType"],
        "application/vnd.example.signature"
    );
    assert_eq!(descriptor["annotations"]["org.example.seed"], "2");
    // Only in this repository, even if another one has the subject.
    let other = server.remote("other");
    other.push("1", &image);
    assert!(all(&other, &listing(&other, &image.digest().to_string())).is_empty());
    server.stop();
}

#[test]
fn no_referrers_are_an_empty_index() {
    let server = Server::regctl();
    let remote = server.remote("plain");
    remote.push("1", &Image::new(1));
    let known = Image::new(1).digest().to_string();
    for target in [
        listing(&remote, &known),
        listing(&remote, &sha256(b"nobody").to_string()),
        listing(&remote, &sha512(b"nobody").to_string()),
        listing(&server.remote("never/heard/of"), &known),
    ] {
        let answer = remote.client.get(&target).expect(200);
        assert_eq!(answer.need("Content-Type"), OCI_INDEX);
        assert_eq!(answer.json()["manifests"], json!([]), "{target}");
    }
    for malformed in ["1", "sha256:abc", "sha256"] {
        remote
            .client
            .get(&listing(&remote, malformed))
            .refused(400, "DIGEST_INVALID");
    }
    server.stop();
}

#[test]
fn the_artifact_type_defaults_to_the_type_of_the_configuration() {
    let server = Server::regctl();
    let remote = server.remote("types");
    let absent = Image::new(1);
    let subject = absent.manifest.descriptor();
    let attached = Image::new(2).with_field("subject", subject.clone());
    let mut list = index(&[&Image::new(3).manifest]).json();
    list["subject"] = subject;
    list["artifactType"] = json!("application/vnd.example.set");
    let list = crate::support::Manifest::new(OCI_INDEX, &list);
    remote.push("attached", &attached);
    remote.put("set", &list).expect(201);
    // The subject need not exist.
    let descriptors = all(&remote, &listing(&remote, &absent.digest().to_string()));
    assert_eq!(descriptors.len(), 2);
    for descriptor in &descriptors {
        let expected = if descriptor["mediaType"] == OCI_INDEX {
            "application/vnd.example.set"
        } else {
            "application/vnd.oci.image.config.v1+json"
        };
        assert_eq!(descriptor["artifactType"], expected);
    }
    server.stop();
}

#[test]
fn a_filter_is_applied_and_reported() {
    let server = Server::regctl();
    let remote = server.remote("filtered");
    let subject = Image::new(1).manifest;
    let mut wanted = Vec::new();
    for seed in 0..6 {
        let kind = if seed % 2 == 0 {
            "application/vnd.example.sbom"
        } else {
            "application/vnd.other+json"
        };
        let thing = artifact(&subject.descriptor(), kind, seed);
        remote.push(&format!("thing-{seed}"), &thing);
        if seed % 2 == 0 {
            wanted.push(thing.digest().to_string());
        }
    }
    wanted.sort();
    let target = listing(&remote, &subject.digest().to_string());
    let filtered = with_query(&target, "artifactType=application%2Fvnd.example.sbom");
    let answer = remote.client.get(&filtered).expect(200);
    assert_eq!(answer.need("OCI-Filters-Applied"), "artifactType");
    assert_eq!(digests(&all(&remote, &filtered)), wanted);
    // Pages are filtered as well, and report it.
    let pages = remote.client.pages(&with_query(&filtered, "n=2"));
    assert_eq!(pages.len(), 2);
    assert_eq!(
        digests(&all(&remote, &with_query(&filtered, "n=2"))),
        wanted
    );
    // An unencoded `+` in a query is a literal `+`.
    let plus = with_query(&target, "artifactType=application/vnd.other%2Bjson");
    assert_eq!(all(&remote, &plus).len(), 3);
    let none = with_query(&target, "artifactType=nothing");
    assert!(all(&remote, &none).is_empty());
    server.stop();
}

#[test]
fn pages_of_every_size_are_complete() {
    let server = Server::regctl();
    let remote = server.remote("many");
    let subject = Image::new(1).manifest;
    let mut expected = Vec::new();
    for seed in 0..7 {
        let thing = artifact(&subject.descriptor(), "application/vnd.example.thing", seed);
        remote.push_blobs(&thing);
        remote
            .put(&thing.digest().to_string(), &thing.manifest)
            .expect(201);
        expected.push(thing.digest().to_string());
    }
    expected.sort();
    let target = listing(&remote, &subject.digest().to_string());
    for n in 1..=8_usize {
        let paged = with_query(&target, &format!("n={n}"));
        assert_eq!(digests(&all(&remote, &paged)), expected, "n={n}");
        assert_eq!(
            remote.client.pages(&paged).len(),
            7_usize.div_ceil(n),
            "n={n}"
        );
    }
    server.stop();
}

#[test]
fn the_fallback_tag_is_merged() {
    let server = Server::regctl();
    let remote = server.remote("fallback");
    let subject = Image::new(1).manifest;
    // Attached by an older client: the registry ignored the subject, and the list is under a tag.
    let old = Image::new(2);
    remote.push_blobs(&old);
    remote
        .put(&old.digest().to_string(), &old.manifest)
        .expect(201);
    let new = artifact(&subject.descriptor(), "application/vnd.example.thing", 3);
    remote.push_blobs(&new);
    remote
        .put(&new.digest().to_string(), &new.manifest)
        .expect(201);
    let mut old_descriptor = old.manifest.descriptor();
    old_descriptor["artifactType"] = json!("application/vnd.example.old");
    let mut list = index(&[]).json();
    list["manifests"] = json!([old_descriptor, new.manifest.descriptor()]);
    let tag = format!("sha256-{}", subject.digest().hex());
    remote
        .put(&tag, &crate::support::Manifest::new(OCI_INDEX, &list))
        .expect(201);
    let target = listing(&remote, &subject.digest().to_string());
    let mut expected = vec![old.digest().to_string(), new.digest().to_string()];
    expected.sort();
    assert_eq!(digests(&all(&remote, &target)), expected);
    assert_eq!(
        digests(&all(&remote, &with_query(&target, "n=1"))),
        expected
    );
    let filtered = with_query(&target, "artifactType=application/vnd.example.old");
    assert_eq!(
        digests(&all(&remote, &filtered)),
        [old.digest().to_string()]
    );
    server.stop();
}

#[test]
fn a_referrer_survives_its_subject_and_is_unlisted_when_deleted() {
    let server = Server::regctl();
    let remote = server.remote("deleted");
    let image = Image::new(1);
    remote.push("1", &image);
    let things = [2, 3].map(|seed| {
        let thing = artifact(
            &image.manifest.descriptor(),
            "application/vnd.example.thing",
            seed,
        );
        remote.push_blobs(&thing);
        remote
            .put(&thing.digest().to_string(), &thing.manifest)
            .expect(201);
        thing.digest().to_string()
    });
    let target = listing(&remote, &image.digest().to_string());
    assert_eq!(all(&remote, &target).len(), 2);
    remote.delete(&things[0]).expect(202);
    assert_eq!(digests(&all(&remote, &target)), [things[1].clone()]);
    let server = server.restart();
    let remote = server.remote("deleted");
    assert_eq!(digests(&all(&remote, &target)), [things[1].clone()]);
    server.stop();
}

#[test]
fn subjects_may_be_named_by_sha512() {
    let server = Server::regctl();
    let remote = server.remote("long");
    let image = Image::new(1);
    let digest = sha512(&image.manifest.bytes);
    remote.push_blobs(&image);
    remote.put(&digest.to_string(), &image.manifest).expect(201);
    let mut subject = image.manifest.descriptor();
    subject["digest"] = json!(digest.to_string());
    let thing = artifact(&subject, "application/vnd.example.thing", 2);
    remote.push_blobs(&thing);
    let put = remote.put("thing", &thing.manifest).expect(201);
    assert_eq!(put.need("OCI-Subject"), digest.to_string());
    let descriptors = all(&remote, &listing(&remote, &digest.to_string()));
    assert_eq!(digests(&descriptors), [thing.digest().to_string()]);
    server.stop();
}

#[test]
fn a_page_is_limited_by_bytes() {
    let server = Server::regctl();
    let remote = server.remote("annotated");
    let image = Image::new(70);
    remote.push("1", &image);
    let mut attached = Vec::new();
    for seed in 0..7 {
        let text = "x".repeat(1_200_000);
        let large = artifact(
            &image.manifest.descriptor(),
            "application/x.large",
            71 + seed,
        )
        .with_field("annotations", json!({ "text": text }));
        remote.push_blobs(&large);
        let digest = large.digest().to_string();
        remote.put(&digest, &large.manifest).expect(201);
        attached.push(digest);
    }
    attached.sort();
    let target = listing(&remote, &image.digest().to_string());
    let first = remote.client.get(&target).expect(200);
    assert!(first.body.len() < 4 << 20, "{}", first.body.len());
    assert!(first.header("Link").is_some());
    assert_eq!(remote.client.pages(&target).len(), 4);
    assert_eq!(digests(&all(&remote, &target)), attached);
    server.stop();
}
