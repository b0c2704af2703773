//! Taking over, and giving back: Debian's docker-registry and regctl by turns on one root.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use crate::support::{
    Image, Manifest, Program, Server, attempt, files, have, index, sha256, texts,
};

/// What a client sees: of each repository the tags, of each tag the digest.
type View = BTreeMap<String, BTreeMap<String, String>>;

/// Looks at everything through the API, and verifies every byte of it on the way.
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
        // docker-registry goes on listing a repository that was emptied; that is no difference.
        if !tags.is_empty() {
            view.insert(name, tags);
        }
    }
    view
}

/// Runs docker-registry's own collection; what it says.
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

/// The digests whose bytes lie in a root.
fn stored(root: &Path) -> BTreeSet<String> {
    files(&root.join("docker/registry/v2/blobs/sha256"))
        .into_keys()
        .filter(|path| path.ends_with("data"))
        .map(|path| path.iter().nth(1).unwrap().to_string_lossy().into_owned())
        .collect()
}

/// A platform image each, under one index.
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
fn both_serve_the_same_root_by_turns() {
    if !have(&["docker-registry"]) {
        return;
    }
    // The other one fills it.
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
    // History that leaves its traces in the layout: retags, deletes, an upload left open.
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

    // regctl takes over: the same is seen, at the first start.
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
    // A mount, and content that both had.
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

    // Handed back: the other one sees all of it.
    let server = server.hand_over(Program::DockerRegistry);
    assert_eq!(view(&server), between);
    // It goes on in its own way.
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
        "there was garbage to take"
    );

    // regctl once more, with what the other wrote and took.
    let server = setup.serving(Program::Regctl, &root);
    assert_eq!(view(&server), after);
    server
        .remote("library/one")
        .manifest(&Image::new(201).digest().to_string())
        .expect(404);
    // What the collection took is not promised to anyone.
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

    // Nothing wrong is found at the end either, and nothing that is needed is taken.
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
    assert_eq!(stored(&root), expected, "a dry run took something");
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
    // What is gone can be pushed anew, whatever was known of it.
    assert_eq!(remote.push("2", &dropped), dropped.digest());
    remote.verify("2");
    assert_eq!(remote.push_blob(b"pushed and never referred to"), stray);
    remote.blob(&stray).expect(200);
    server.stop();
}

#[test]
fn what_the_other_does_while_regctl_is_away_is_seen() {
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
