//! The image of regctl, and the files of `regctl setup`.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::cli_support::{Regctl, push_image, start_regctl, text};
use crate::interop::podman;
use crate::interop_docker::Dockerd;
use crate::support::{attempt, eventually, find, have, is_root, run};

/// The JSON of a member of a tar file.
fn member(archive: &Path, name: &str) -> Value {
    let mut tar = tar::Archive::new(std::fs::File::open(archive).unwrap());
    for entry in tar.entries().unwrap() {
        let entry = entry.unwrap();
        if entry.path().unwrap().to_str() == Some(name) {
            return serde_json::from_reader(entry).unwrap();
        }
    }
    panic!("{name} is not in the archive");
}

pub(crate) fn write_image(regctl: &Regctl) -> std::path::PathBuf {
    let path = regctl.home.path().join("regctl.tar");
    let output = path.to_str().unwrap();
    regctl.run(&["image", "-o", output]).success();
    path
}

#[test]
fn the_image_is_one_for_docker_and_for_registries() {
    let registry = start_regctl();
    let regctl = Regctl::new(&registry.host);
    let archive = write_image(&regctl);
    let again = regctl.run(&["image"]).success();
    assert!(
        again.get_output().stdout == std::fs::read(&archive).unwrap(),
        "it differs"
    );
    let docker = member(&archive, "manifest.json");
    assert_eq!(docker[0]["RepoTags"][0], "regctl:latest");
    let config = member(&archive, docker[0]["Config"].as_str().unwrap());
    assert_eq!(config["config"]["Entrypoint"][0], "/bin/registry");
    let cmd = &config["config"]["Cmd"];
    assert_eq!(cmd[0], "serve");
    assert_eq!(cmd[1], "/etc/docker/registry/config.yml");
    regctl.run(&["import", archive.to_str().unwrap()]).success();
    let inspected = regctl.stdout(&["inspect", "regctl:latest"]);
    assert!(inspected.contains("linux/"), "{inspected}");
}

#[test]
fn unusable_files_for_the_image_are_reported() {
    let regctl = Regctl::new("");
    let script = regctl.home.path().join("script");
    std::fs::write(&script, "#!/bin/sh\n").unwrap();
    let script = script.to_str().unwrap();
    let error = regctl.fails(2, &["image", "--with", script]);
    assert!(
        error.contains("is not a known program for Linux"),
        "{error}"
    );
    let itself = env!("CARGO_BIN_EXE_regctl");
    let error = regctl.fails(2, &["image", "--with", itself]);
    assert!(
        error.contains("shared libraries") || error.contains("one more"),
        "{error}"
    );
    let error = regctl.fails(1, &["image", "--with", "/absent"]);
    assert!(error.contains("can't read /absent"), "{error}");
}

/// Pushes to a registry in a container, restarts it, and serves its data with another image.
fn serve_in_container(engine: &dyn Fn() -> Command, options: &[&str]) {
    let data = tempfile::tempdir().unwrap();
    let volume = format!("{}:/var/lib/registry", data.path().display());
    let port = {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        free.local_addr().unwrap().port()
    };
    let host = format!("127.0.0.1:{port}");
    let start = || {
        run(engine()
            .args([
                "run",
                "-d",
                "--name",
                "registry",
                "--network=host",
                "-v",
                &volume,
            ])
            .args(["-e", &format!("REGISTRY_HTTP_ADDR={host}")])
            .args(["-e", "REGISTRY_STORAGE_DELETE_ENABLED=true"])
            .args(options)
            .arg("regctl"));
        eventually("the registry in the container answers", || {
            std::net::TcpStream::connect(&host).is_ok()
        });
    };
    start();
    let digest = push_image(&host, "app", "1", "amd64");
    let exec = |line: &str| {
        let mut command = engine();
        command.args(["exec", "registry"]).args(line.split(' '));
        run(&mut command)
    };
    let health = exec("regctl health --config /etc/docker/registry/config.yml");
    assert!(health.contains("ready"), "{health}");
    exec("registry garbage-collect --dry-run /etc/docker/registry/config.yml");
    assert!(exec("registry --version").starts_with("regctl "));
    run(engine().args(["rm", "-f", "registry"]));
    start();
    let regctl = Regctl::new(&host);
    assert_eq!(regctl.stdout(&["digest", "app:1"]).trim(), digest);
    run(engine().args(["rm", "-f", "registry"]));
    assert!(
        data.path()
            .join("docker/registry/v2/repositories/app")
            .is_dir()
    );
}

#[test]
fn docker_runs_the_image() {
    if !is_root() || !have(&["dockerd", "docker"]) {
        return;
    }
    let Some(daemon) = Dockerd::start() else {
        return;
    };
    let regctl = Regctl::new("");
    let archive = write_image(&regctl);
    run(daemon.docker().args(["load", "-i"]).arg(&archive));
    serve_in_container(&|| daemon.docker(), &[]);
    serve_in_container(&|| daemon.docker(), &["--read-only", "--memory=256m"]);
    // A user without permission to write gets an error with the remedy.
    let output = attempt(daemon.docker().args([
        "run",
        "--rm",
        "--network=none",
        "--user",
        "1234",
        "regctl",
    ]));
    assert_eq!(output.code, Some(1), "{}", output.text);
    let said = &output.text;
    assert!(said.contains("chown -R 1234 /var/lib/registry"), "{said}");
    // A new volume belongs to the image's user, and the server runs as that user.
    run(daemon
        .docker()
        .args(["run", "-d", "--name", "own", "--network=none", "regctl"]));
    eventually("the server runs as the image's user", || {
        let top = run(daemon.docker().args(["top", "own", "-o", "uid,pid"]));
        top.contains("65532")
    });
    run(daemon.docker().args(["rm", "-f", "own"]));
}

#[test]
fn podman_runs_the_image() {
    if !is_root() || !have(&["podman"]) {
        return;
    }
    let regctl = Regctl::new("");
    let archive = write_image(&regctl);
    let directory = tempfile::tempdir().unwrap();
    let engine = || podman(directory.path());
    run(engine().args(["load", "-i"]).arg(&archive));
    // Without resource limits, which not every machine permits.
    serve_in_container(
        &engine,
        &["--ulimit=nofile=1024:1024", "--ulimit=nproc=1024:1024"],
    );
}

#[test]
fn the_health_of_a_server() {
    let registry = start_regctl();
    let regctl = Regctl::new("");
    let health = regctl.stdout(&["health", "--listen", &registry.host]);
    assert_eq!(health, "ready\n");
    assert_eq!(
        regctl.stdout(&["health", "-q", "--listen", &registry.host]),
        ""
    );
    let error = regctl.fails(1, &["health", "--listen", "127.0.0.1:1"]);
    assert!(error.contains("can't be reached; hint: "), "{error}");
}

#[test]
fn health_asks_the_debug_address_if_there_is_one() {
    let registry = start_regctl();
    let regctl = Regctl::new("");
    let config = regctl.home.path().join("config.yml");
    let text = format!(
        "version: 0.1\nstorage: {{filesystem: {{rootdirectory: /nowhere}}}}\n\
         http: {{addr: '127.0.0.1:1', prefix: /x/, debug: {{addr: '{}'}}}}\n",
        registry.host
    );
    std::fs::write(&config, text).unwrap();
    let ready = regctl.stdout(&["health", "--config", config.to_str().unwrap()]);
    assert_eq!(ready, "ready\n");
}

#[test]
fn files_for_other_programs() {
    let regctl = Regctl::new("");
    let root = regctl.home.path().join("data");
    std::fs::create_dir(&root).unwrap();
    let root = root.to_str().unwrap();
    for target in [
        "systemd",
        "socket",
        "compose",
        "kubernetes",
        "nginx",
        "cron",
    ] {
        let output = regctl.run(&["setup", target, "--root", root, "--listen", ":5001"]);
        let printed = text(&output.success().get_output().stdout);
        assert!(!printed.contains('@') || target == "systemd", "{printed}");
        for line in printed
            .lines()
            .filter(|line| !line.contains("@system-service"))
        {
            assert!(!line.contains('@'), "{line}");
        }
        if target != "kubernetes" {
            assert!(
                printed.contains("5001") || printed.contains(root),
                "{printed}"
            );
        }
        match target {
            "compose" | "kubernetes" => {
                for document in printed.split("\n---\n") {
                    let value: Value = serde_saphyr::from_str(document).unwrap();
                    assert!(value.is_object(), "{document}");
                }
            }
            "systemd" => verify_unit(&printed),
            _ => {}
        }
    }
    let error = regctl.fails(2, &["setup", "docker"]);
    assert!(
        error.contains("use one of systemd, socket, compose"),
        "{error}"
    );
}

/// Lets systemd verify a unit.
fn verify_unit(unit: &str) {
    if find("systemd-analyze").is_none() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("regctl.service");
    std::fs::write(&path, unit).unwrap();
    let output = attempt(
        Command::new("systemd-analyze")
            .args(["verify", "--man=no"])
            .arg(&path),
    );
    let about_it = output
        .text
        .lines()
        .filter(|line| line.contains("regctl.service"));
    assert_eq!(about_it.collect::<Vec<_>>(), Vec::<&str>::new());
}

#[test]
fn users_of_a_directory_are_users_of_the_system() {
    if !is_root() {
        eprintln!("skipped: only root can give a directory away");
        return;
    }
    let regctl = Regctl::new("");
    let root = regctl.home.path().join("root");
    std::fs::create_dir(&root).unwrap();
    std::os::unix::fs::chown(&root, Some(54_321), Some(54_321)).unwrap();
    // A getent that asks LDAP, for example.
    let programs = regctl.home.path().join("bin");
    std::fs::create_dir(&programs).unwrap();
    let getent = programs.join("getent");
    let line = "erika:x:54321:54321::/home/erika:/bin/sh";
    let script = format!("#!/bin/sh\n[ \"$*\" = 'passwd 54321' ] && echo '{line}'\n");
    std::fs::write(&getent, script).unwrap();
    std::fs::set_permissions(&getent, std::fs::Permissions::from_mode(0o755)).unwrap();
    for (path, warned) in [
        (programs.display().to_string(), false),
        (String::new(), true),
    ] {
        let mut command = regctl.command();
        command.args(["setup", "systemd", "--root", root.to_str().unwrap()]);
        let output = command.env("PATH", path).assert().success();
        let said = text(&output.get_output().stderr);
        assert_eq!(said.contains("has no account"), warned, "{said}");
    }
}
