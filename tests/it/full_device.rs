//! A device without space: deletes, collections, reads and starts work, and pushes as soon as there
//! is space again.

use crate::accounts_support::{CONFIG, Guarded};
use crate::admin_support::{Admin, FORGETFUL};
use crate::cli_support::Regctl;
use crate::pages_person::Person;
use crate::support::{
    Image, Mount, Program, Remote, Server, Setup, eventually, path_of, random_bytes, sha256,
};

const MEBIBYTE: usize = 1 << 20;

/// A registry on a small device, with an image that can be deleted.
struct Small {
    mount: Mount,
    server: Server,
    kept: Image,
    large: Image,
}

fn small(options: &str) -> Option<Small> {
    let mount = Mount::new(options)?;
    let root = mount.path().join("root");
    std::fs::create_dir(&root).unwrap();
    let server = Setup::new(Program::Regctl)
        .config(FORGETFUL)
        .root(&root)
        .start();
    let kept = Image::new(1);
    let large = Image::with_layers(2, &[6 * MEBIBYTE, 6 * MEBIBYTE]);
    let remote = server.remote("team/app");
    remote.push("kept", &kept);
    remote.push("large", &large);
    Some(Small {
        mount,
        server,
        kept,
        large,
    })
}

/// Pushes of an image get 507.
fn refuses(remote: &Remote) {
    let target = remote.path("blobs/uploads/");
    remote.client.post(&target).refused(507, "UNAVAILABLE");
}

fn serves(remote: &Remote, image: &Image) {
    assert_eq!(remote.verify("kept"), image.digest());
    remote.manifest_head("kept").expect(200);
    for blob in &image.blobs {
        remote.blob_head(&sha256(blob)).expect(200);
    }
}

/// A new upload session, if there is space for one.
fn start_upload(remote: &Remote) -> Option<String> {
    let target = remote.path("blobs/uploads/");
    let answer = remote.client.post(&target).expect_one_of(&[202, 507]);
    (answer.status == 202).then(|| path_of(answer.need("Location")))
}

/// What runs out, and how the test uses it up.
const KINDS: [(&str, fn(&Mount)); 2] = [
    ("size=64m", Mount::fill),
    ("size=64m,nr_inodes=400", Mount::fill_inodes),
];

#[test]
fn deletes_and_collections_free_space_on_a_full_device() {
    for (options, fill) in KINDS {
        let Some(small) = small(options) else { return };
        let remote = small.server.remote("team/app");
        fill(&small.mount);
        serves(&remote, &small.kept);
        remote.delete("large").expect(202);
        refuses(&remote);
        serves(&remote, &small.kept);
        let admin = Admin::of(small.server.root());
        let collected = admin.stdout(&["gc", "--untagged"]);
        assert!(collected.contains("Garbage: "), "{collected}");
        if options.contains("inodes") {
            small.mount.empty();
        }
        // Space for the reserve and another image.
        remote.push("next", &Image::with_layers(3, &[MEBIBYTE]));
        serves(&remote, &small.kept);
    }
}

/// The reserve is for who frees space. Nothing that goes on by itself gives it to another program.
#[test]
fn another_program_that_fills_the_device_does_not_get_the_reserve() {
    let Some(small) = small("size=64m") else {
        return;
    };
    let remote = small.server.remote("team/app");
    small.mount.fill();
    refuses(&remote);
    serves(&remote, &small.kept);
    // Longer than the pause between two background tasks.
    for _ in 0..12 {
        std::thread::sleep(std::time::Duration::from_secs(1));
        serves(&remote, &small.kept);
    }
    small.mount.fill();
    remote.delete("large").expect(202);
    Admin::of(small.server.root()).stdout(&["gc", "--untagged"]);
    serves(&remote, &small.kept);

    // Nor does a start give it away.
    let Some(small) = self::small("size=64m") else {
        return;
    };
    small.mount.fill();
    refuses(&small.server.remote("team/app"));
    let setup = small.server.kill();
    small.mount.fill();
    let server = setup.start();
    small.mount.fill();
    let remote = server.remote("team/app");
    serves(&remote, &small.kept);
    remote.delete("large").expect(202);
    Admin::of(server.root()).stdout(&["gc", "--untagged"]);
    serves(&remote, &small.kept);
}

#[test]
fn a_full_device_does_not_stop_a_start() {
    for (options, fill) in KINDS {
        for cleanly in [true, false] {
            let Some(small) = small(options) else { return };
            let setup = if cleanly {
                small.server.stop()
            } else {
                small.server.kill()
            };
            fill(&small.mount);
            let server = setup.start();
            let remote = server.remote("team/app");
            serves(&remote, &small.kept);
            remote.delete("large").expect(202);
            // A collection without a server.
            let setup = server.stop();
            let admin = Admin::of(&small.mount.path().join("root"));
            admin.stdout(&["gc", "--untagged"]);
            small.mount.empty();
            let server = setup.start();
            let remote = server.remote("team/app");
            serves(&remote, &small.kept);
            remote.push("large", &small.large);
        }
    }
}

#[test]
fn a_push_that_fills_the_device_leaves_the_reserve() {
    let Some(small) = small("size=64m") else {
        return;
    };
    let remote = small.server.remote("team/app");
    let mut refused = false;
    for seed in 0..20 {
        let layer = random_bytes(seed + 100, 5 * MEBIBYTE);
        let target = start_upload(&remote);
        let sent = target.map(|target| remote.client.patch(&target, &layer));
        if sent.is_none_or(|answer| answer.status == 507) {
            refused = true;
            break;
        }
    }
    assert!(refused, "64 MiB take 100");
    serves(&remote, &small.kept);
    remote.delete("large").expect(202);
    Admin::of(small.server.root()).stdout(&["gc", "--untagged"]);
    // Unfinished uploads still exist; the space of the image is free.
    eventually("room for a push", || start_upload(&remote).is_some());
}

/// Who may free space on the pages can sign in; others need no session for pulls.
#[test]
fn an_administrator_signs_in_on_a_full_device() {
    for (options, fill) in KINDS {
        let Some(mount) = Mount::new(options) else {
            return;
        };
        let root = mount.path().join("root");
        std::fs::create_dir(&root).unwrap();
        let setup = Setup::new(Program::Regctl).config(CONFIG).root(&root);
        let guarded = Guarded {
            server: setup.start(),
            regctl: Regctl::new(""),
        };
        guarded.user("root", &["--admin"]);
        guarded.user("bob", &[]);
        let remote = guarded.remote("root", "team/app");
        remote.push("kept", &Image::with_layers(1, &[6 * MEBIBYTE]));
        fill(&mount);
        let target = remote.path("blobs/uploads/");
        remote.client.post(&target).refused(507, "UNAVAILABLE");
        // Without inodes there is space for a session.
        if !options.contains("inodes") {
            let refused = Person::new(&guarded.server).sign_in("bob", "bob-secret");
            let body = String::from_utf8(refused.expect(507).body).unwrap();
            assert!(body.contains("disk is full"), "{body}");
        }
        // The reserve may be let go of already.
        fill(&mount);
        let mut root = Person::signed_in(&guarded.server, "root");
        assert!(root.page("/r/team/app").contains("kept"));
        root.submit("/collection", "/collection", &[("do", "run")])
            .expect(303);
    }
}
