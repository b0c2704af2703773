//! Root works on a root of another user, and leaves nothing there that this user can't write.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::admin_support::{Admin, WITH_TRASH};
use crate::cli_support::program_of_everybody;
use crate::support::{Client, Image, Log, PATIENCE, Remote, attempt, eventually, is_root, wait};

/// The owner of the root.
const USER: u32 = 12345;

/// A root of this user, and the program, where everybody can read them.
struct Place {
    directory: tempfile::TempDir,
    program: PathBuf,
    root: PathBuf,
}

impl Place {
    fn new() -> Self {
        let (directory, program) = program_of_everybody();
        let root = directory.path().join("root");
        fs::create_dir(&root).unwrap();
        chown(&root, Some(USER), Some(USER)).unwrap();
        let config = directory.path().join("config.yml");
        fs::write(config, WITH_TRASH).unwrap();
        Self {
            directory,
            program,
            root,
        }
    }

    fn command(&self, user: u32, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        let config = self.directory.path().join("config.yml");
        command.args(arguments).arg("--root").arg(&self.root);
        command.arg("--config").arg(config).uid(user).gid(user);
        command
    }

    fn serve(&self, user: u32, options: &[&str]) -> Serving {
        let arguments = [&["serve", "--listen", "127.0.0.1:0"], options].concat();
        let mut command = self.command(user, &arguments);
        command.stdin(Stdio::null());
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Log::default();
        log.drain(child.stdout.take().unwrap());
        log.drain(child.stderr.take().unwrap());
        let mut port = None;
        eventually("a server", || {
            let text = log.text();
            let after = text.split_once("://127.0.0.1:").map(|(_, rest)| rest);
            let digits = after.and_then(|rest| rest.split_once(['"', '\n', ' ']));
            port = digits.and_then(|(digits, _)| digits.parse().ok());
            assert!(child.try_wait().unwrap().is_none(), "{text}");
            port.is_some()
        });
        Serving {
            child,
            port: port.unwrap(),
        }
    }

    /// Everything in the root belongs to its user.
    #[track_caller]
    fn belongs_to_user(&self, after: &str) {
        let mut found = vec![self.root.clone()];
        while let Some(path) = found.pop() {
            let metadata = fs::symlink_metadata(&path).unwrap();
            let owner = (metadata.uid(), metadata.gid());
            assert_eq!(owner, (USER, USER), "{} after {after}", path.display());
            if metadata.is_dir() {
                found.extend(
                    fs::read_dir(&path)
                        .unwrap()
                        .map(|entry| entry.unwrap().path()),
                );
            }
        }
    }
}

/// A running server.
struct Serving {
    child: Child,
    port: u16,
}

impl Serving {
    fn remote(&self, repository: &str) -> Remote {
        let address = ([127, 0, 0, 1], self.port).into();
        Remote::new(Client::new(address, true), repository)
    }

    fn stop(mut self) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        kill_process(pid.unwrap(), Signal::TERM).unwrap();
        let status = wait(&mut self.child, PATIENCE).unwrap();
        assert_eq!(status.code(), Some(0), "{status}");
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn what_root_creates_belongs_to_the_owner_of_the_root() {
    if !is_root() {
        return;
    }
    let place = Place::new();
    let image = Image::new(1);
    let server = place.serve(0, &[]);
    let remote = server.remote("team/app");
    remote.push("v1", &image);
    remote.push("v2", &Image::new(2));
    server.remote("team/other").push("v1", &image);
    let upload = remote.start_upload();
    remote.client.patch(&upload, &vec![7; 100_000]).expect(202);
    remote.delete("v2").expect(202);
    place.belongs_to_user("pushes");
    let admin = Admin::of(&place.root);
    let repository = place.root.join("docker/registry/v2/repositories/team/app");
    let tag = repository.join("_manifests/tags/v1");
    fs::remove_dir_all(&tag).unwrap();
    admin.stdout(&["check", "--repair"]);
    assert!(tag.join("current/link").exists());
    place.belongs_to_user("check --repair, in the server");
    server.stop();
    place.belongs_to_user("serve");

    let stray = repository.join("_layers/stray");
    fs::write(&stray, "").unwrap();
    chown(&stray, Some(USER), Some(USER)).unwrap();
    let archive = place.directory.path().join("backup");
    for arguments in [
        &["gc", "--untagged", "--end-leases"][..],
        &["restore", "team/app:v2"],
        &["prune", "team/other", "--match", "v1", "--all", "--yes"],
        &["check", "--repair"],
        &["user", "add", "alice", "--no-password"],
        &["backup", "-o", archive.to_str().unwrap()],
    ] {
        admin.stdout(arguments);
        place.belongs_to_user(&arguments.join(" "));
    }
    assert!(!stray.exists());
    // All of it is made again.
    fs::remove_dir_all(place.root.join("regctl")).unwrap();
    admin.stdout(&["gc"]);
    place.belongs_to_user("gc without an index");
    place.serve(0, &["--tls", "self-signed"]).stop();
    place.belongs_to_user("serve --tls self-signed");

    let server = place.serve(USER, &[]);
    let remote = server.remote("team/app");
    remote.verify("v1");
    remote.verify("v2");
    remote.push("v3", &Image::new(3));
    server.remote("team/new").push("v1", &image);
    admin.stdout(&["check"]);
    server.stop();
    place.belongs_to_user("serve as this user");
}

#[test]
fn check_names_the_owner_of_a_directory_that_keeps_a_change_waiting() {
    if !is_root() {
        return;
    }
    let place = Place::new();
    let server = place.serve(USER, &[]);
    let remote = server.remote("team/app");
    remote.push("v1", &Image::new(1));
    let tags = "docker/registry/v2/repositories/team/app/_manifests/tags";
    let directory = place.root.join(tags);
    for path in [directory.join("v1"), directory.clone()] {
        chown(path, Some(0), Some(0)).unwrap();
    }
    remote.push("v2", &Image::new(2));
    let admin = Admin::of(&place.root);
    let (found, _) = admin.fails(1, &["check", "-q"]);
    let directory = directory.display();
    let expected = format!(
        "{tags}/v2/current/link: a change waits for it: {directory} belongs to user 0, and the server \
         is user {USER}; remedy: chown -R {USER} {directory}\n"
    );
    assert_eq!(found, expected);
    let (found, _) = admin.fails(1, &["check", "-o", "json"]);
    let found: Value = serde_json::from_str(&found).unwrap();
    let remedy = format!("chown -R {USER} {directory}");
    assert_eq!(found["differences"][0]["remedy"], remedy);
    server.stop();

    let mut remedy = remedy.split(' ');
    let done = attempt(Command::new(remedy.next().unwrap()).args(remedy));
    assert_eq!(done.code, Some(0), "{}", done.text);
    let server = place.serve(USER, &[]);
    admin.stdout(&["check"]);
    server.stop();
    let checked = attempt(&mut place.command(USER, &["check"]));
    assert_eq!(checked.code, Some(0), "{}", checked.text);
}
