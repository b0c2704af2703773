//! Backups of a root beside its images: while it is written to, restored elsewhere, and refused.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use sqlx::{Connection as _, SqliteConnection};

use crate::accounts_support::{CONFIG, Guarded, basic};
use crate::cli_support::{Regctl, text};
use crate::support::{Image, Program, Remote, Server, Setup, have, is_root, run};

const BINARY: &str = env!("CARGO_BIN_EXE_regctl");

/// Extracts an archive. Returns the names of its files.
fn extract(archive: &Path, to: &Path) -> Vec<String> {
    std::fs::create_dir_all(to).unwrap();
    let mut tar = Command::new("tar");
    let output = run(tar.arg("-xvf").arg(archive).arg("-C").arg(to));
    output.lines().map(str::to_owned).collect()
}

/// The result of SQLite's own check of an index.
fn integrity(index: &Path) -> String {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let address = format!("sqlite://{}", index.display());
        let mut connection = SqliteConnection::connect(&address).await.unwrap();
        let result = sqlx::query_scalar("PRAGMA integrity_check");
        let result: String = result.fetch_one(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        result
    })
}

/// The names in a directory.
fn names(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.collect()
}

/// Ends a thread that waits for it, also when the test fails.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_restored_backup_has_accounts_and_all_pushes() {
    let guarded = Guarded::start();
    let root = guarded.server.root().to_owned();
    let tls = root.join("regctl/tls");
    std::fs::create_dir_all(&tls).unwrap();
    std::fs::write(tls.join("ca-key.pem"), "a key").unwrap();
    let alice = guarded.remote("alice", "team/app");
    let before = alice.push("1", &Image::new(1));

    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("out/backup.tar");
    std::fs::create_dir(file.parent().unwrap()).unwrap();
    let ended = AtomicBool::new(false);
    std::thread::scope(|threads| {
        threads.spawn(|| {
            let busy = guarded.remote("alice", "team/busy");
            for number in 0.. {
                busy.push(&format!("v{number}"), &Image::new(100 + number));
                if ended.load(Ordering::Relaxed) {
                    break;
                }
            }
        });
        // The index grows and is checkpointed in the meantime.
        let ends = Ends(&ended);
        for round in 0..10 {
            guarded.administer(&["backup", "-o", file.to_str().unwrap()]);
            let to = scratch.path().join(format!("round-{round}"));
            assert_eq!(extract(&file, &to), ["index.db", "tls/ca-key.pem"]);
            assert_eq!(integrity(&to.join("index.db")), "ok");
        }
        drop(ends);
    });
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(names(file.parent().unwrap()), ["backup.tar"]);

    // What was pushed between the backup and the copy of the images is found.
    let after = alice.push("2", &Image::new(2));
    let restored = scratch.path().join("restored");
    std::fs::create_dir(&restored).unwrap();
    run(Command::new("cp")
        .arg("-a")
        .args([root.join("docker"), restored.clone()]));
    extract(&file, &restored.join("regctl"));
    guarded.server.stop();
    let setup = Setup::new(Program::Regctl).config(CONFIG).root(&restored);
    let server = setup.start();
    let client = server.client().authorized(&basic("alice", "alice-secret"));
    let alice = Remote::new(client, "team/app");
    assert_eq!((alice.verify("1"), alice.verify("2")), (before, after));
    let carol = server.client().authorized(&basic("carol", "carol-secret"));
    Remote::new(carol, "team/app").manifest("1").expect(404);
    let rights = ["rights", "alice", "--root", restored.to_str().unwrap()];
    assert!(Regctl::new("").stdout(&rights).contains("team/*"));
    let key = restored.join("regctl/tls/ca-key.pem");
    assert_eq!(std::fs::read_to_string(key).unwrap(), "a key");
}

#[test]
fn only_the_owner_can_read_the_index() {
    let server = Server::regctl();
    server.remote("app").push("1", &Image::new(1));
    let index = server.root().join("regctl/index.db");
    let files = ["index.db", "index.db-wal", "index.db-shm"].map(|name| index.with_file_name(name));
    let modes = || {
        files
            .each_ref()
            .map(|file| std::fs::metadata(file).unwrap().mode() & 0o777)
    };
    assert_eq!(modes(), [0o600; 3]);
    // As an earlier version made them.
    let setup = server.kill();
    for file in &files {
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o644)).unwrap();
    }
    let server = setup.start();
    assert_eq!(modes(), [0o600; 3]);
    drop(server);
}

#[test]
fn a_stopped_root_is_backed_up_to_stdout() {
    let server = Server::regctl();
    server.remote("app").push("1", &Image::new(1));
    let root = server.root().to_owned();
    // Its last changes are in the log of the database only.
    let _kept = server.kill();
    let regctl = Regctl::new("");
    let output = regctl.run(&["backup", "--root", root.to_str().unwrap()]);
    let output = output.success().get_output().clone();
    assert!(text(&output.stderr).contains("wrote stdout: the index ("));
    let scratch = tempfile::tempdir().unwrap();
    let archive = scratch.path().join("backup.tar");
    std::fs::write(&archive, &output.stdout).unwrap();
    assert_eq!(extract(&archive, scratch.path()), ["index.db"]);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let found: Vec<String> = runtime.block_on(async {
        let address = format!("sqlite://{}/index.db", scratch.path().display());
        let mut connection = SqliteConnection::connect(&address).await.unwrap();
        let names = sqlx::query_scalar("SELECT name FROM repositories");
        names.fetch_all(&mut connection).await.unwrap()
    });
    assert_eq!(found, ["app"]);
}

/// As on btrfs: without shared memory no other process may open the index.
#[test]
fn a_server_copies_an_index_that_it_has_alone() {
    let server = Server::regctl();
    server.remote("app").push("1", &Image::new(1));
    let own = server.root().join("regctl");
    std::fs::remove_file(own.join("index.db-shm")).unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let archive = scratch.path().join("backup.tar");
    let root = server.root().to_str().unwrap();
    let regctl = Regctl::new("");
    let output = archive.to_str().unwrap();
    regctl
        .run(&["backup", "-o", output, "--root", root])
        .success();
    assert!(!own.join("index.db-shm").exists());
    assert!(names(&own).iter().all(|name| !name.contains("-copy-")));
    assert_eq!(extract(&archive, scratch.path()), ["index.db"]);
    assert_eq!(integrity(&scratch.path().join("index.db")), "ok");
}

#[test]
fn refused_backups_leave_nothing() {
    let regctl = Regctl::new("");
    let scratch = tempfile::tempdir().unwrap();
    let path = |name: &str| scratch.path().join(name).to_str().unwrap().to_owned();
    let out = path("backup.tar");
    let refused = |code, root: &str, part: &str| {
        let error = regctl.fails(code, &["backup", "-o", &out, "--root", root]);
        assert!(error.contains(part), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
        let left: Vec<_> = names(scratch.path());
        assert!(left.iter().all(|name| !name.contains("backup")), "{left:?}");
    };
    refused(3, &path("nowhere"), "there is no ");
    std::fs::create_dir_all(path("fresh/docker/registry/v2")).unwrap();
    refused(3, &path("fresh"), "regctl has not served this root");

    let damaged = path("damaged");
    std::fs::create_dir_all(path("damaged/regctl")).unwrap();
    let content = "this is not a database, whatever its name may say".repeat(1000);
    std::fs::write(path("damaged/regctl/index.db"), content).unwrap();
    refused(1, &damaged, "the file of the index is damaged");

    let locked = path("locked");
    std::fs::create_dir_all(path("locked/regctl")).unwrap();
    let index = path("locked/regctl/index.db");
    std::fs::write(&index, "").unwrap();
    std::fs::set_permissions(&index, std::fs::Permissions::from_mode(0o600)).unwrap();
    if is_root() && have(&["setpriv"]) {
        let open = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(scratch.path(), open).unwrap();
        let mut other = Command::new("setpriv");
        other
            .args(["--reuid", "65534", "--clear-groups", BINARY])
            .args(["backup", "--root", &locked]);
        let output = other.output().unwrap();
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(4), "{error}");
        assert!(
            error.contains("run it as the user that serves it"),
            "{error}"
        );
        assert!(output.stdout.is_empty());
    }

    let server = Server::regctl();
    let root = server.root().to_str().unwrap();
    let error = regctl.fails(1, &["backup", "-o", &path("no/where.tar"), "--root", root]);
    assert!(
        error.contains("can't write ") && error.contains("where.tar"),
        "{error}"
    );
    let full = ["backup", "-o", "/dev/full", "--root", root];
    let error = regctl.fails(1, &full);
    assert!(
        error.contains("can't write the archive: No space left"),
        "{error}"
    );
}
