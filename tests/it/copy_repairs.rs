//! `copy` and `sync` lose nothing: layers that are not for distribution, the destination's lists of
//! referrers, missing images of an index, refused mounts, damaged blobs.

use serde_json::{Value, json};

use crate::cli_support::{Regctl, text};
use crate::support::{
    Action, Image, Manifest, Meddler, OCI_INDEX, Server, artifact, descriptor, index, random_bytes,
};
use crate::transfer_support::answer;

const FOREIGN: &str = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip";

/// Replaces the layers of an image by foreign ones.
fn foreign(seed: u64, layers: &[Value], blobs: &[&[u8]]) -> Image {
    let mut image = Image::new(seed).with_field("layers", json!(layers));
    image.blobs.truncate(1);
    image.blobs.extend(blobs.iter().map(|blob| blob.to_vec()));
    image
}

#[test]
fn layers_that_are_not_for_distribution() {
    let (from, to) = (Server::regctl(), Server::regctl());
    let (kept, linked, absent) = (
        random_bytes(1, 900),
        random_bytes(2, 900),
        random_bytes(3, 900),
    );
    let with_url = |bytes: &[u8]| {
        let mut layer = descriptor(FOREIGN, bytes);
        layer["urls"] = json!(["http://127.0.0.1:1/layer"]);
        layer
    };
    let layers = [
        descriptor(FOREIGN, &kept),
        with_url(&linked),
        with_url(&absent),
    ];
    let image = foreign(1, &layers, &[&kept, &linked]);
    from.remote("app").push("1", &image);
    let gone = foreign(2, &[descriptor(FOREIGN, &absent)], &[]);
    from.remote("app").push("2", &gone);
    let regctl = Regctl::new(&from.host());
    let target = format!("{}/app", to.host());
    let run = regctl.run(&["sync", "app", &target]);
    let said = text(&run.success().get_output().stderr);
    assert!(
        said.contains("not for distribution and not in the registry"),
        "{said}"
    );
    let there = |bytes: &[u8]| {
        let digest = crate::support::sha256(bytes);
        to.remote("app").blob_head(&digest).status
    };
    let statuses = [&kept, &linked, &absent].map(|bytes| there(bytes));
    assert_eq!(statuses, [200, 200, 404]);
}

/// Both sides have a list of referrers under the fallback tag.
#[test]
fn lists_of_referrers_are_merged() {
    let (from, to) = (Server::regctl(), Server::regctl());
    let image = Image::new(5);
    let digest = from.remote("app").push("1", &image);
    to.remote("app").push("1", &image);
    let tag = digest.to_string().replace(':', "-");
    let signature = |seed| artifact(&image.manifest.descriptor(), "application/vnd.x", seed);
    let (ours, theirs) = (signature(1), signature(2));
    for (server, signature) in [(&from, &ours), (&to, &theirs)] {
        let remote = server.remote("app");
        remote.push_blobs(signature);
        let name = signature.digest().to_string();
        remote.put(&name, &signature.manifest).expect(201);
        let list = json!({
            "schemaVersion": 2,
            "mediaType": OCI_INDEX,
            "manifests": [signature.manifest.descriptor()],
        });
        let list = Manifest::new(OCI_INDEX, &list);
        remote.put(&tag, &list).expect(201);
    }
    let cosign = format!("{tag}.sig");
    from.remote("app").push(&cosign, &Image::new(6));
    to.remote("app").push(&cosign, &Image::new(7));
    let regctl = Regctl::new(&from.host());
    let target = format!("{}/app", to.host());
    let outcomes = |arguments: &[&str]| {
        let all = [&["-o", "json", "app", &target], arguments].concat();
        let rows = regctl.json(&[&["sync"], &all[..]].concat());
        let rows = rows.as_array().unwrap().clone();
        rows.iter()
            .map(|row| row["outcome"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(outcomes(&["--dry-run"]), ["skipped", "planned", "planned"]);
    assert_eq!(outcomes(&[]), ["skipped", "copied", "copied"]);
    let listed = to.remote("app").manifest(&tag).expect(200).json();
    let listed: Vec<&str> = listed["manifests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["digest"].as_str().unwrap())
        .collect();
    let expected = [theirs.digest().to_string(), ours.digest().to_string()];
    assert_eq!(listed, expected);
    to.remote("app").verify(&tag);
    assert_eq!(to.remote("app").verify(&cosign), Image::new(6).digest());
    assert_eq!(outcomes(&["--referrers"]), ["skipped"; 3]);
}

/// The destination does not let anybody read its list.
#[test]
fn a_list_of_referrers_that_may_not_be_read_is_not_replaced() {
    let (from, to) = (Server::regctl(), Server::regctl());
    let tag = format!("sha256-{}", "0".repeat(64));
    for (server, seed) in [(&from, 1), (&to, 2)] {
        let remote = server.remote("app");
        let digest = remote.push("1", &Image::new(seed));
        let image = Image::new(seed).manifest.descriptor();
        let list = json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [image]});
        assert_eq!(image["digest"], digest.to_string());
        remote
            .put(&tag, &Manifest::new(OCI_INDEX, &list))
            .expect(201);
    }
    let before = to.remote("app").manifest(&tag).expect(200).body;
    let path = format!("/manifests/{tag}");
    let closed = Meddler::start(to.address(), move |passed, _| {
        if passed.line.starts_with("PUT") || !passed.line.contains(&path) {
            return Action::Pass;
        }
        Action::Answer(answer("403 Forbidden", &[], b"not for you"))
    });
    let regctl = Regctl::new(&from.host());
    let target = format!("{}/app:{tag}", closed.host);
    regctl.fails(4, &["copy", &format!("app:{tag}"), &target]);
    assert_eq!(to.remote("app").manifest(&tag).expect(200).body, before);
}

/// An ordinary image under a tag like that of a list, with referrers of its own.
#[test]
fn an_image_under_the_tag_of_a_list() {
    let (from, to) = (Server::regctl(), Server::regctl());
    let tag = format!("sha256-{}", "0".repeat(64));
    let image = Image::new(1);
    from.remote("app").push(&tag, &image);
    let signature = artifact(&image.manifest.descriptor(), "application/vnd.x", 2);
    let remote = from.remote("app");
    remote.push_blobs(&signature);
    let name = signature.digest().to_string();
    remote.put(&name, &signature.manifest).expect(201);
    to.remote("app").push(&tag, &Image::new(3));
    let regctl = Regctl::new(&from.host());
    let target = format!("{}/app", to.host());
    regctl
        .run(&["sync", "--referrers", "app", &target])
        .success();
    assert_eq!(to.remote("app").verify(&tag), image.digest());
    to.remote("app").verify(&name);
}

#[test]
fn an_index_without_one_of_its_images_is_completed() {
    let (from, to) = (Server::regctl(), Server::regctl());
    let images = [Image::new(1), Image::new(2)];
    let remote = from.remote("app");
    for image in &images {
        remote.push_blobs(image);
        let name = image.digest().to_string();
        remote.put(&name, &image.manifest).expect(201);
    }
    let index = index(&[&images[0].manifest, &images[1].manifest]);
    remote.put("1", &index).expect(201);
    // The destination says that it has the index, and not one of the images.
    let regctl = Regctl::new(&from.host());
    let target = format!("{}/app", to.host());
    regctl.run(&["copy", "app:1", &target]).success();
    let missing = images[1].digest().to_string();
    let lacking = Meddler::start(to.address(), move |passed, number| {
        let reads = passed.line.starts_with("HEAD") || passed.line.starts_with("GET");
        if reads && passed.line.ends_with(&missing) && number < 9 {
            Action::Answer(answer("404 Not Found", &[], b""))
        } else {
            Action::Pass
        }
    });
    let target = format!("{}/app", lacking.host);
    let rows = regctl.json(&["copy", "-o", "json", "app:1", &target]);
    assert_eq!(rows[0]["outcome"], "copied", "{rows}");
    let path = format!("PUT /v2/app/manifests/{}", images[1].digest());
    assert_eq!(lacking.count(&path), 1);
    let rows = regctl.json(&["copy", "-o", "json", "app:1", &format!("{}/app", to.host())]);
    assert_eq!(rows[0]["outcome"], "skipped", "{rows}");
}

#[test]
fn a_refused_mount_is_followed_by_an_upload() {
    for status in [
        "401 Unauthorized",
        "403 Forbidden",
        "404 Not Found",
        "405 No",
    ] {
        let server = Server::regctl();
        let digest = server.remote("a").push("1", &Image::new(1));
        let refusing = Meddler::start(server.address(), move |passed, _| {
            if passed.line.contains("mount=") {
                Action::Answer(answer(status, &[], b"{\"errors\":[]}"))
            } else {
                Action::Pass
            }
        });
        let regctl = Regctl::new(&refusing.host);
        let rows = regctl.json(&["copy", "-o", "json", "a:1", "b:1"]);
        assert_eq!(rows[0]["sent"], 2, "{status}: {rows}");
        assert_eq!(server.remote("b").verify("1"), digest);
    }
}

/// The destination has a blob whose length is not that of the manifest.
#[test]
fn a_blob_of_another_length_is_sent() {
    let (from, to) = (Server::regctl(), Server::regctl());
    from.remote("app").push("1", &Image::new(1));
    let damaged = Meddler::start(to.address(), |passed, _| {
        if passed.line.starts_with("HEAD") && passed.line.contains("/blobs/") {
            Action::Answer(answer("200 OK", &[], b""))
        } else {
            Action::Pass
        }
    });
    let regctl = Regctl::new(&from.host());
    let target = format!("{}/app", damaged.host);
    let rows = regctl.json(&["copy", "-o", "json", "app:1", &target]);
    assert_eq!(rows[0]["sent"], 2, "{rows}");
    to.remote("app").verify("1");
}

/// A tag that appears at the source after the list was made, and one that the source redirects to a
/// storage that lacks it.
#[test]
fn a_tag_that_the_source_has_by_then_is_not_deleted() {
    let (from, to) = (Server::regctl(), Server::regctl());
    from.remote("app").push("1", &Image::new(1));
    to.remote("app").push("late", &Image::new(2));
    let digest = Image::new(2).digest();
    let appearing = Meddler::start(from.address(), move |passed, number| {
        let late = passed.line.ends_with("/late");
        // Absent at the first question: HEAD, then GET.
        if late && number > 3 {
            let headers = [
                &*format!("Docker-Content-Digest: {digest}"),
                "Content-Type: application/vnd.oci.image.manifest.v1+json",
            ];
            Action::Answer(answer("200 OK", &headers, b"{}"))
        } else {
            Action::Pass
        }
    });
    let regctl = Regctl::new(&appearing.host);
    let target = format!("{}/app", to.host());
    let run = regctl.run(&["sync", "--delete", "--yes", "app", &target]);
    let said = text(&run.success().get_output().stderr);
    assert!(
        said.contains("it is not deleted at the destination"),
        "{said}"
    );
    assert_eq!(to.remote("app").tags(), ["1", "late"]);

    let storage = Meddler::start(from.address(), |_, _| {
        Action::Answer(answer("404 Not Found", &[], b""))
    });
    let place = format!("Location: http://{}/x", storage.host);
    let redirecting = Meddler::start(from.address(), move |passed, _| {
        if passed.line.ends_with("/late") {
            Action::Answer(answer("307 Temporary Redirect", &[&place], b""))
        } else {
            Action::Pass
        }
    });
    let regctl = Regctl::new(&redirecting.host);
    let error = regctl.fails(1, &["sync", "--delete", "--yes", "app", &target]);
    assert!(error.contains("where it leads, answers 404"), "{error}");
    assert_eq!(to.remote("app").tags(), ["1", "late"]);
}

#[test]
fn a_failed_deletion_gives_its_reason() {
    let (from, to) = (Server::regctl(), Server::regctl());
    from.remote("app").push("1", &Image::new(1));
    to.remote("app").push("old", &Image::new(2));
    let refusing = Meddler::start(to.address(), |passed, _| {
        if passed.line.starts_with("DELETE") {
            Action::Answer(answer("405 Method Not Allowed", &[], b""))
        } else {
            Action::Pass
        }
    });
    let regctl = Regctl::new(&from.host());
    let target = format!("{}/app", refusing.host);
    let error = regctl.fails(5, &["sync", "--delete", "--yes", "app", &target]);
    assert!(error.contains("does not allow deleting"), "{error}");
}

/// An index in an index, neither with platforms: those of the configurations count, as in an export.
#[test]
fn a_platform_is_found_everywhere() {
    let (from, to) = (Server::regctl(), Server::regctl());
    let image = Image::new(1);
    let remote = from.remote("app");
    remote.push_blobs(&image);
    let name = image.digest().to_string();
    remote.put(&name, &image.manifest).expect(201);
    let list = |child: &Manifest| {
        let index =
            json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [child.descriptor()]});
        Manifest::new(OCI_INDEX, &index)
    };
    let inner = list(&image.manifest);
    remote.put("inner", &inner).expect(201);
    remote.put("1", &list(&inner)).expect(201);
    let regctl = Regctl::new(&from.host());
    let target = format!("{}/app", to.host());
    let wanted = ["--platform", "linux/amd64", "app:1"];
    regctl
        .run(&[&["copy"], &wanted[..], &[&target]].concat())
        .success();
    assert_eq!(to.remote("app").verify("1"), image.digest());
    let shown = regctl.json(&[&["manifest", "inspect", "-o", "json"], &wanted[..]].concat());
    assert_eq!(shown["digest"], json!(image.digest()));
    for command in [&["copy"][..], &["manifest", "inspect"]] {
        let last: &[&str] = if command.len() == 1 { &[&target] } else { &[] };
        let wanted = ["--platform", "plan9/386", "app:1"];
        let error = regctl.fails(3, &[command, &wanted, last].concat());
        assert!(error.contains("its platforms: linux/amd64"), "{error}");
    }
}
