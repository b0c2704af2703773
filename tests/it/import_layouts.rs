//! `regctl import`: OCI layouts with several platforms, with artifacts, with incomplete names,
//! through a pipe and from a file.

use serde_json::json;

use crate::import_support::both;
use crate::support::archive::{Packed, Tar, gzipped, layer};
use crate::support::{OCI_INDEX, OCI_MANIFEST, descriptor, sha256};

/// An index of two platforms, some of which are in the archive.
fn platforms(present: &[&str]) -> (Vec<u8>, Vec<u8>, Vec<Vec<u8>>) {
    let images = ["amd64", "arm64"].map(|architecture| {
        let layers = [
            layer(40, 2000),
            layer(u64::from(architecture.as_bytes()[1]), 4000),
        ];
        (architecture, Packed::for_platform(&layers, architecture))
    });
    let manifests: Vec<_> = images
        .iter()
        .map(|(_, image)| image.oci_manifest(gzipped, "+gzip"))
        .collect();
    let children: Vec<_> = images
        .iter()
        .zip(&manifests)
        .map(|((architecture, _), manifest)| {
            let mut child = descriptor(OCI_MANIFEST, manifest);
            child["platform"] = json!({"os": "linux", "architecture": architecture});
            child
        })
        .collect();
    let index = json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": children});
    let index = serde_json::to_vec_pretty(&index).unwrap();
    let mut tar = Tar::new().blob(&index);
    for ((architecture, image), manifest) in images.iter().zip(&manifests) {
        if present.contains(architecture) {
            tar = image.blobs(tar, gzipped).blob(manifest);
        }
    }
    let archive = tar.layout(&[(OCI_INDEX, &index, Some("app:1"))]).finish();
    (archive, index, manifests)
}

#[test]
fn all_platforms() {
    let (archive, index, manifests) = platforms(&["amd64", "arm64"]);
    both(|import| {
        let rows = import.gives(&archive, "app", "1", &index);
        assert_eq!(rows[0]["platforms"], json!(["linux/amd64", "linux/arm64"]));
        import.done(
            &archive,
            &["--platform", "linux/arm64/v8", "--name", "one:2"],
        );
        assert_eq!(
            import.manifest("one", "2").0,
            sha256(&manifests[1]).to_string()
        );
        let said = import.fails(1, &archive, &["--platform", "linux/s390x"]);
        assert!(
            said.contains("linux/s390x") && said.contains("linux/arm64"),
            "{said}"
        );
    });
}

#[test]
fn a_sparse_index() {
    let (archive, _, manifests) = platforms(&["arm64"]);
    both(|import| {
        let outcome = import.run(&archive, &[]);
        assert_eq!(outcome.code, 0, "{}", outcome.said);
        assert!(
            outcome
                .said
                .contains("app:1: linux/amd64 is not in the archive and left out"),
            "{}",
            outcome.said
        );
        assert_eq!(
            import.manifest("app", "1").0,
            sha256(&manifests[1]).to_string()
        );
        let said = import.fails(1, &archive, &["--platform", "linux/amd64"]);
        assert!(
            said.contains("linux/amd64") && said.contains("hint: `docker pull"),
            "{said}"
        );
    });
}

#[test]
fn an_index_follows_the_manifests_under_it() {
    let images = ["amd64", "arm64"].map(|architecture| {
        let layers = [
            layer(50, 2000),
            layer(u64::from(architecture.as_bytes()[1]), 400),
        ];
        Packed::for_platform(&layers, architecture)
    });
    let plain = <[u8]>::to_vec;
    let mut tar = Tar::new();
    let mut children = Vec::new();
    for image in &images {
        let manifest = image.oci_manifest(plain, "");
        tar = image.blobs(tar, plain).blob(&manifest);
        children.push(descriptor(OCI_MANIFEST, &manifest));
    }
    let attested = children[0]["digest"].clone();
    let statement = json!({"_type": "https://in-toto.io/Statement/v0.1"}).to_string();
    let attestation = json!({
        "schemaVersion": 2, "mediaType": OCI_MANIFEST,
        "config": descriptor("application/vnd.oci.image.config.v1+json", b"{}"),
        "layers": [descriptor("application/vnd.in-toto+json", statement.as_bytes())],
    });
    let attestation = attestation.to_string().into_bytes();
    let mut child = descriptor(OCI_MANIFEST, &attestation);
    child["platform"] = json!({"os": "unknown", "architecture": "unknown"});
    child["annotations"] = json!({"vnd.docker.reference.digest": attested});
    children.push(child);
    let index = json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": children});
    let index = index.to_string().into_bytes();
    let archive = tar
        .blob(b"{}")
        .blob(statement.as_bytes())
        .blob(&attestation)
        .blob(&index)
        .layout(&[(OCI_INDEX, &index, Some("app:1"))])
        .finish();
    both(|import| {
        let rows = import.done(&archive, &[]);
        assert_eq!(rows[0]["previous"], sha256(&index).to_string());
        let (digest, index) = import.manifest("app", "1");
        assert_eq!(rows[0]["digest"], digest);
        let children = index["manifests"].as_array().unwrap();
        assert_eq!(children.len(), 3);
        assert_ne!(children[0]["digest"], attested);
        assert_eq!(
            children[2]["annotations"]["vnd.docker.reference.digest"],
            children[0]["digest"]
        );
        assert_eq!(children[2]["digest"], sha256(&attestation).to_string());
    });
}

#[test]
fn an_artifact_keeps_its_blobs() {
    let blob = layer(60, 3000);
    let manifest = json!({
        "schemaVersion": 2, "mediaType": OCI_MANIFEST, "artifactType": "application/vnd.example",
        "config": descriptor("application/vnd.oci.empty.v1+json", b"{}"),
        "layers": [
            descriptor("application/octet-stream", b"not tar, not JSON"),
            descriptor("application/vnd.example.json", br#"{"a":1}"#),
        ],
    });
    let manifest = manifest.to_string().into_bytes();
    let archive = Tar::new()
        .blob(b"{}")
        .blob(b"not tar, not JSON")
        .blob(br#"{"a":1}"#)
        .blob(&blob)
        .blob(&manifest)
        .layout(&[(OCI_MANIFEST, &manifest, Some("thing:1"))])
        .finish();
    both(|import| {
        import.gives(&archive, "thing", "1", &manifest);
    });
}

#[test]
fn tar_files_of_an_artifact_are_not_compressed() {
    let blob = layer(62, 3000);
    let manifest = json!({
        "schemaVersion": 2, "mediaType": OCI_MANIFEST, "artifactType": "application/vnd.example",
        "config": descriptor("application/vnd.oci.empty.v1+json", b"{}"),
        "layers": [descriptor("application/x-tar", &blob)],
    });
    let manifest = manifest.to_string().into_bytes();
    let archive = Tar::new()
        .blob(b"{}")
        .blob(&blob)
        .blob(&manifest)
        .layout(&[(OCI_MANIFEST, &manifest, Some("thing:1"))])
        .finish();
    both(|import| {
        import.gives(&archive, "thing", "1", &manifest);
    });
}

#[test]
fn incomplete_names() {
    let image = Packed::small(70);
    let manifest = image.oci_manifest(gzipped, "+gzip");
    let index = json!({"schemaVersion": 2, "manifests": [{
        "mediaType": OCI_MANIFEST, "digest": sha256(&manifest).to_string(), "size": manifest.len(),
        "annotations": {"org.opencontainers.image.ref.name": "3.1"},
    }]});
    let archive = image
        .blobs(Tar::new(), gzipped)
        .blob(&manifest)
        .json("index.json", &index)
        .finish();
    both(|import| {
        let said = import.fails(1, &archive, &[]);
        assert!(said.contains("hint: name it with --name"), "{said}");
        import.done(&archive, &["--name", "team/app"]);
        assert_eq!(
            import.manifest("team/app", "3.1").0,
            sha256(&manifest).to_string()
        );
    });
}
