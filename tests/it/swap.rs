//! Debian's docker-registry and regctl serve one root alternately.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use crate::support::{
    Image, Manifest, Program, Server, attempt, files, have, index, sha256, texts,
};

/// The content as clients see it: the tags of each repository, the digest of each tag.
type View = BTreeMap<String, BTreeMap<String, String>>;

/// Reads all content through the API, and verifies every byte.
#[track_caller]
fn view(server: &Server) -> View {
    let catalog = server
        .client()
        .get("/v2/_catalog?n=1000")
        .expect(200)
        .json();
    let mut view = View::new();
    for name in texts(&catalog["repositories"]) {
        let remote = server.remote(&name);
        let tags: BTreeMap<_, _> = remote
            .tags()
            .into_iter()
            .map(|tag| {
                let digest = remote.verify(&tag).to_string();
                (tag, digest)
            })
            .collect();
        // docker-registry still lists emptied repositories; this difference is ignored.
        if !tags.is_empty() {
            view.insert(name, tags);
        }
    }
    view
}

/// Runs docker-registry's own collection. Returns its output.
#[track_caller]
fn garbage_collect(root: &Path, options: &[&str]) -> String {
    let config = root.join("../collect.yml");
    let text = format!(
        "version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: {}\n  delete:\n    enabled: true\n",
        root.display()
    );
    std::fs::write(&config, text).unwrap();
    let output = attempt(
        Command::new("docker-registry")
            .arg("garbage-collect")
            .args(options)
            .arg(&config),
    );
    assert!(output.success, "{}", output.text);
    assert!(!output.text.contains("panic"), "{}", output.text);
    output.text
}

/// The digests of the blobs in a root.
fn stored(root: &Path) -> BTreeSet<String> {
    files(&root.join("docker/registry/v2/blobs/sha256"))
        .into_keys()
        .filter(|path| path.ends_with("data"))
        .map(|path| path.iter().nth(1).unwrap().to_string_lossy().into_owned())
        .collect()
}

/// Pushes an index of two images for different platforms.
#[track_caller]
fn push_index(server: &Server, repository: &str, tag: &str, seed: u64) -> Manifest {
    let remote = server.remote(repository);
    let images = [Image::new(seed), Image::new(seed + 1)];
    for image in &images {
        remote.push_blobs(image);
        remote
            .put(&image.digest().to_string(), &image.manifest)
            .expect(201);
    }
    let list = index(&[&images[0].manifest, &images[1].manifest]);
    remote.put(tag, &list).expect(201);
    list
}

#[test]
fn both_serve_one_root_alternately() {
    if !have(&["docker-registry"]) {
        return;
    }
    // docker-registry fills it.
    let server = Server::docker_registry();
    let root = server.root().to_path_buf();
    for seed in 0..12 {
        let name = ["library/one", "library/one/deeper", "two"][usize::try_from(seed % 3).unwrap()];
        server.remote(name).push(
            &format!("tag-{seed}"),
            &Image::with_layers(seed, &[3000, 40_000]),
        );
    }
    push_index(&server, "platforms", "all", 100);
    // Changes with traces in the layout: retags, deletes, an open upload.
    server.remote("two").push("tag-2", &Image::new(50));
    server
        .remote("two")
        .delete(&Image::with_layers(5, &[3000, 40_000]).digest().to_string())
        .expect(202);
    let open = server.remote("two").start_upload();
    server.client().patch(&open, b"never finished").expect(202);
    server.remote("emptied").push("x", &Image::new(60));
    server
        .remote("emptied")
        .delete(&Image::new(60).digest().to_string())
        .expect(202);
    let before = view(&server);

    // regctl takes over: the content is the same at the first start.
    let server = server.hand_over(Program::Regctl);
    assert_eq!(view(&server), before);
    let names: Vec<_> = server.catalog().into_keys().collect();
    assert_eq!(
        names,
        ["library/one", "library/one/deeper", "platforms", "two"]
    );

    // It adds, retags, deletes a tag and a manifest.
    let one = server.remote("library/one");
    one.push("added", &Image::with_layers(200, &[70_000]));
    one.push("tag-0", &Image::new(201));
    one.delete("tag-3").expect(202);
    one.delete(&Image::with_layers(6, &[3000, 40_000]).digest().to_string())
        .expect(202);
    server.remote("new/by/regctl").push("1", &Image::new(202));
    push_index(&server, "new/platforms", "all", 210);
    // A mount, and content that both repositories have.
    let shared = sha256(&Image::new(202).blobs[1]);
    let target = server.remote("mounted");
    target
        .client
        .post(&target.path(&format!("blobs/uploads/?mount={shared}&from=new/by/regctl")))
        .expect(201);
    target.push("1", &Image::new(202));
    let between = view(&server);
    assert!(!between["library/one"].contains_key("tag-3"));
    assert!(!between["library/one"].contains_key("tag-6"));

    // docker-registry again: it sees all changes.
    let server = server.hand_over(Program::DockerRegistry);
    assert_eq!(view(&server), between);
    // It makes changes of its own.
    let one = server.remote("library/one");
    one.push("back", &Image::new(300));
    one.push("added", &Image::new(301));
    one.delete(&Image::new(201).digest().to_string())
        .expect(202);
    server.remote("two").push("tag-2", &Image::new(302));
    server
        .remote("new/by/the-other")
        .push("1", &Image::new(303));
    let after = view(&server);
    assert!(!after["library/one"].contains_key("tag-0"));
    let setup = server.stop();

    // And collects, in between.
    let plan = garbage_collect(&root, &["--dry-run"]);
    assert!(plan.contains("blobs marked"), "{plan}");
    let held = stored(&root);
    garbage_collect(&root, &[]);
    assert!(
        stored(&root).len() < held.len(),
        "there was no garbage to delete"
    );

    // regctl again, after the changes and the collection of docker-registry.
    let server = setup.serving(Program::Regctl, &root);
    assert_eq!(view(&server), after);
    server
        .remote("library/one")
        .manifest(&Image::new(201).digest().to_string())
        .expect(404);
    // Collected blobs are not reported as existing.
    let gone = Image::new(201);
    let remote = server.remote("library/one");
    for blob in &gone.blobs {
        let head = remote.blob_head(&sha256(blob));
        assert_eq!(
            head.status == 200,
            stored(&root).contains(&sha256(blob).hex())
        );
    }
    remote.push("again", &gone);
    remote.verify("again");
    let last = view(&server);
    let setup = server.stop();

    // A last collection deletes nothing that is referenced.
    garbage_collect(&root, &[]);
    let server = setup.serving(Program::DockerRegistry, &root);
    assert_eq!(view(&server), last);
    server.stop();
}

#[test]
fn the_collection_of_registry_2_deletes_only_garbage() {
    if !have(&["docker-registry"]) {
        return;
    }
    let server = Server::regctl();
    let root = server.root().to_path_buf();
    let remote = server.remote("team/app");
    let (kept, dropped) = (Image::with_layers(1, &[5000, 6000]), Image::new(2));
    remote.push("1", &kept);
    remote.push("2", &dropped);
    let list = push_index(&server, "team/app", "all", 10);
    remote.delete(&dropped.digest().to_string()).expect(202);
    let stray = remote.push_blob(b"pushed and never referred to");
    let setup = server.stop();

    let mut expected = stored(&root);
    let plan = garbage_collect(&root, &["--dry-run"]);
    assert_eq!(stored(&root), expected, "a dry run deleted something");
    garbage_collect(&root, &[]);
    for digest in dropped
        .blobs
        .iter()
        .map(|blob| sha256(blob))
        .chain([dropped.digest(), stray])
    {
        expected.remove(&digest.hex());
        assert!(
            plan.contains(&format!("eligible for deletion: {digest}")),
            "{plan}"
        );
    }
    assert_eq!(stored(&root), expected);

    let server = setup.serving(Program::Regctl, &root);
    let remote = server.remote("team/app");
    assert_eq!(remote.verify("1"), kept.digest());
    assert_eq!(remote.verify("all"), list.digest());
    remote.blob_head(&stray).expect(404);
    // Deleted content can be pushed again, despite caches.
    assert_eq!(remote.push("2", &dropped), dropped.digest());
    remote.verify("2");
    assert_eq!(remote.push_blob(b"pushed and never referred to"), stray);
    remote.blob(&stray).expect(200);
    server.stop();
}

#[test]
fn changes_of_docker_registry_are_detected_at_the_next_start() {
    if !have(&["docker-registry"]) {
        return;
    }
    let mut server = Server::regctl();
    server.remote("a").push("1", &Image::new(0));
    for round in 1..4 {
        server = server.hand_over(Program::DockerRegistry);
        let remote = server.remote("a");
        remote.push("1", &Image::new(round));
        remote.push(&format!("r{round}"), &Image::new(round));
        remote.push(&format!("only-{round}"), &Image::new(100 + round));
        if round > 1 {
            let old = Image::new(100 + round - 1);
            remote.delete(&old.digest().to_string()).expect(202);
        }
        server
            .remote(&format!("a/new-{round}"))
            .push("1", &Image::new(round));
        let expected = view(&server);
        server = server.hand_over(Program::Regctl);
        assert_eq!(view(&server), expected, "round {round}");
        // The unchanged start sees the same.
        server = server.restart();
        assert_eq!(view(&server), expected, "round {round}");
    }
    server.stop();
}

/// As when a disk was not mounted at the first start of regctl.
#[test]
fn a_root_that_appears_after_the_first_start_is_served() {
    if !have(&["docker-registry"]) {
        return;
    }
    let server = Server::docker_registry();
    let remote = server.remote("team/app");
    for seed in 0..3 {
        remote.push(&format!("v{seed}"), &Image::new(seed));
    }
    let before = view(&server);
    let full = server.root().join("docker");
    let empty = server.scratch().join("empty");
    std::fs::create_dir(&empty).unwrap();
    let setup = server.stop();
    // Older than the tolerance for the clocks of file systems.
    thread::sleep(Duration::from_millis(1100));
    let server = setup.serving(Program::Regctl, &empty);
    assert!(view(&server).is_empty());
    let setup = server.stop();
    std::fs::rename(full, empty.join("docker")).unwrap();
    let server = setup.start();
    assert_eq!(view(&server), before);
    server.stop();
}
