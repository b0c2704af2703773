//! An index that is damaged, empty or incomplete, and other things in its place.

use std::fs;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};

use crate::admin_support::Admin;
use crate::cli_support::Regctl;
use crate::support::{Image, Log, Mount, Program, Setup, attempt, eventually, wait};

const WRITABLE: &str = "\
version: 0.1
storage: {delete: {enabled: true}, filesystem: {rootdirectory: /nowhere}}
";

/// Opens the file of an index, and does something with it.
fn with_index<T>(file: &Path, work: impl AsyncFnOnce(&mut SqliteConnection) -> T) -> T {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
        let options = options.foreign_keys(false);
        let mut connection = options.connect().await.unwrap();
        let done = work(&mut connection).await;
        connection.close().await.unwrap();
        done
    })
}

/// Overwrites the first page of a table.
fn damage(file: &Path, table: &str) {
    let page: i64 = with_index(file, async |connection| {
        sqlx::query_scalar("SELECT rootpage FROM sqlite_schema WHERE name = $1")
            .bind(table)
            .fetch_one(connection)
            .await
            .unwrap()
    });
    let mut file = fs::File::options().write(true).open(file).unwrap();
    let start = u64::try_from(page - 1).unwrap() * 4096;
    file.seek(SeekFrom::Start(start)).unwrap();
    file.write_all(&[0xff; 4096]).unwrap();
}

#[test]
fn a_damaged_index_with_derived_data_only_is_rebuilt() {
    let server = Setup::new(Program::Regctl).config(WRITABLE).start();
    let image = Image::new(1);
    server.remote("team/app").push("v1", &image);
    let file = server.root().join("regctl/index.db");
    let setup = server.stop();
    damage(&file, "tags");
    let server = setup.start();
    assert_eq!(server.remote("team/app").verify("v1"), image.digest());
    assert!(server.log().contains("is rebuilt"), "{}", server.log());
    let kept = fs::read_dir(file.parent().unwrap()).unwrap();
    let kept = kept.filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        name.to_string_lossy().contains(".damaged-")
    });
    assert!(kept.count() > 0, "the damaged file was removed");
}

#[test]
fn a_damaged_index_with_accounts_is_kept_and_the_error_names_the_remedy() {
    for (table, whole) in [("tags", false), ("accounts", false), ("", true)] {
        let server = Setup::new(Program::Regctl).config(WRITABLE).start();
        server.remote("team/app").push("v1", &Image::new(1));
        let root = server.root().to_path_buf();
        let file = root.join("regctl/index.db");
        let setup = server.stop();
        if table == "tags" {
            add_account(&root);
        }
        if whole {
            fs::write(&file, [0x5a; 8192]).unwrap();
        } else {
            damage(&file, table);
            if table == "accounts" {
                damage(&file, "tags");
            }
        }
        let refused = attempt(&mut setup.command());
        assert_eq!(refused.code, Some(1), "{}", refused.text);
        for part in [
            "index.db is damaged",
            "hint: ",
            "backup",
            "accounts",
            "stars",
        ] {
            assert!(refused.text.contains(part), "{}", refused.text);
        }
        assert!(file.exists(), "it is not moved");
    }
}

fn add_account(root: &Path) {
    Regctl::new("")
        .command()
        .args(["user", "add", "alice", "--password-stdin", "--root"])
        .arg(root)
        .write_stdin("a-good-secret\n")
        .assert()
        .success();
}

fn execute(file: &Path, statement: &'static str) {
    with_index(file, async |connection| {
        sqlx::raw_sql(statement).execute(connection).await.unwrap();
    });
}

/// A root that was served, and the file of its index.
fn served() -> (Setup, std::path::PathBuf, Image) {
    let server = Setup::new(Program::Regctl).config(WRITABLE).start();
    let image = Image::new(1);
    server.remote("team/app").push("v1", &image);
    let file = server.root().join("regctl/index.db");
    (server.stop(), file, image)
}

/// A start and a command are refused with one line, which has these parts.
#[track_caller]
fn refused(setup: &Setup, file: &Path, parts: &[&str]) {
    let root = file.ancestors().nth(2).unwrap();
    let (_, command) = Admin::of(root).fails(1, &["gc"]);
    let start = attempt(&mut setup.command());
    assert_eq!(start.code, Some(1), "{}", start.text);
    for text in [start.text, command] {
        assert_eq!(text.lines().count(), 1, "{text}");
        for part in parts {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}

#[test]
fn what_is_in_the_place_of_the_index_is_named() {
    let (setup, file, image) = served();
    for name in ["index.db-wal", "index.db"] {
        let place = file.with_file_name(name);
        let _ = fs::remove_file(&place);
        fs::create_dir(&place).unwrap();
        let named = format!("{name} is a directory, and not a file of the index");
        refused(&setup, &file, &[&named, "hint: ", "backup", "accounts"]);
        fs::remove_dir(&place).unwrap();
    }
    let server = setup.start();
    assert_eq!(server.remote("team/app").verify("v1"), image.digest());
    server.stop();
}

#[test]
fn an_empty_index_is_new_only_in_a_root_that_had_none() {
    let (setup, file, _) = served();
    fs::write(&file, "").unwrap();
    let parts = ["index.db is damaged: it is empty", "hint: ", "backup"];
    refused(&setup, &file, &parts);
    assert_eq!(fs::metadata(&file).unwrap().len(), 0);

    // As a first start leaves it that was interrupted at once.
    let own = file.parent().unwrap();
    fs::remove_dir_all(own).unwrap();
    fs::create_dir(own).unwrap();
    fs::write(&file, "").unwrap();
    let server = setup.start();
    assert!(server.log().contains("was empty"), "{}", server.log());
    server.remote("team/app").verify("v1");
    server.stop();
}

#[test]
fn an_index_without_a_table_is_damaged() {
    for (table, statement) in [
        ("stars", "DROP TABLE stars"),
        ("tags", "DROP TABLE tags"),
        ("schema_version", "DROP TABLE schema_version"),
    ] {
        let (setup, file, image) = served();
        let root = file.ancestors().nth(2).unwrap();
        if table == "tags" {
            // Nothing that only the index has is lost with it.
            execute(&file, statement);
            let server = setup.start();
            assert_eq!(server.remote("team/app").verify("v1"), image.digest());
            assert!(server.log().contains("is rebuilt"), "{}", server.log());
            server.stop();
            continue;
        }
        add_account(root);
        execute(&file, statement);
        let named = format!("index.db is damaged: it has no table {table}");
        refused(&setup, &file, &[&named, "hint: ", "backup", "accounts"]);
    }
}

#[test]
fn a_damaged_index_in_a_read_only_root_names_the_first_step() {
    let Some(mount) = Mount::new("size=64m") else {
        return;
    };
    let root = mount.path().join("root");
    fs::create_dir(&root).unwrap();
    let setup = Setup::new(Program::Regctl).config(WRITABLE).root(&root);
    let setup = setup.start().stop();
    add_account(&root);
    let file = root.join("regctl/index.db");
    let read_only = "\
version: 0.1
storage: {maintenance: {readonly: {enabled: true}}, filesystem: {rootdirectory: /nowhere}}
";
    let setup = setup.config(read_only);
    for (damage, what) in [
        ("a table", "is damaged: it has no table stars"),
        ("a directory", "is a directory"),
    ] {
        if damage == "a table" {
            execute(&file, "DROP TABLE stars");
        } else {
            fs::remove_file(&file).unwrap();
            fs::create_dir(&file).unwrap();
        }
        mount.read_only(true);
        let refused = attempt(&mut setup.command());
        mount.read_only(false);
        let text = refused.text;
        assert_eq!(refused.code, Some(1), "{text}");
        assert_eq!(text.lines().count(), 1, "{text}");
        let named = format!("{} {what}", file.display());
        for part in [&named, "hint: ", "mount it writable", "backup"] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}

/// Whether a process handles a signal itself.
fn handles(child: &Child, signal: Signal) -> bool {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    let caught = caught.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    caught.is_some_and(|mask| mask & (1 << (signal.as_raw() - 1)) != 0)
}

#[test]
fn a_signal_during_the_start_ends_it_at_once() {
    let (setup, file, image) = served();
    for signal in [Signal::TERM, Signal::INT] {
        // The start waits for the index, which another program has locked.
        with_index(&file, async |connection| {
            sqlx::raw_sql("BEGIN IMMEDIATE")
                .execute(connection)
                .await
                .unwrap();
            let mut command: Command = setup.command();
            let mut child = command
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            let log = Log::default();
            let output = log.drain(child.stderr.take().unwrap());
            eventually("it handles the signal", || handles(&child, signal));
            kill_process(Pid::from_child(&child), signal).unwrap();
            let ended = wait(&mut child, Duration::from_secs(5));
            let _ = child.kill();
            output.join().unwrap();
            assert_eq!(
                ended.and_then(|ended| ended.code()),
                Some(0),
                "{}",
                log.text()
            );
            assert!(
                log.text().contains("stopped while starting"),
                "{}",
                log.text()
            );
        });
    }
    let server = setup.start();
    assert_eq!(server.remote("team/app").verify("v1"), image.digest());
    server.stop();
}
