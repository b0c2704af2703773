//! Archives of docker, podman and skopeo, imported and exported by the real binary.

use std::path::Path;
use std::process::Command;

use super::interop::{base, podman, skopeo};
use super::interop_docker::Dockerd;
use crate::support::{Server, Sshd, attempt, have, is_root, run};

/// A regctl command for a server, without a cache.
fn regctl(server: &Server) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_regctl"));
    command
        .env("REGCTL_REGISTRY", server.host())
        .env("HOME", server.scratch())
        .env_remove("XDG_CACHE_HOME")
        .env_remove("XDG_CONFIG_HOME");
    command
}

/// The output of the image.
const GREETING: &str = "hello from a layer\nmade by a step\n";

/// An image in a daemon's store.
fn build(daemon: &Dockerd, server: &Server, archive: &Path, image: &str) {
    run(daemon.docker().arg("import").arg(archive).arg("base:1"));
    run(daemon
        .docker()
        .args(["build", "--network", "none", "--tag", image])
        .arg(server.scratch().join("context")));
}

/// Runs a line of shell as in the manual, with `$REGCTL` and `$SSH`. Returns its output.
fn shell(server: &Server, daemon: &Dockerd, ssh: &str, line: &str) -> String {
    let mut command = Command::new("bash");
    command
        .args(["-o", "pipefail", "-c", line])
        .env("REGCTL", env!("CARGO_BIN_EXE_regctl"))
        .env("REGCTL_REGISTRY", server.host())
        .env("SSH", ssh)
        .env("DOCKER_HOST", daemon.host())
        .env("HOME", server.scratch())
        .env_remove("DOCKER_CONTEXT");
    run(&mut command)
}

#[test]
fn archives_of_docker_are_imported_and_exports_are_loaded() {
    if !is_root() || !have(&["dockerd", "docker", "containerd", "runc", "tar"]) {
        return;
    }
    let server = Server::regctl();
    let Some(archive) = base(server.scratch()) else {
        return;
    };
    let Some(daemon) = Dockerd::start() else {
        return;
    };
    let (one, two) = ("team/greeter:1", "team/again:2");
    build(&daemon, &server, &archive, one);
    run(daemon.docker().args(["tag", one, two]));

    // Two names through a pipe.
    shell(
        &server,
        &daemon,
        "",
        &format!("docker save {one} {two} base:1 | \"$REGCTL\" import -"),
    );
    let greeter = server.remote("team/greeter").verify("1");
    assert_eq!(server.remote("team/again").verify("2"), greeter);
    server.remote("base").verify("1");

    // Saved by ID it has no name; the same content has the same digest.
    let saved = server.scratch().join("by-id.tar");
    let id = run(daemon
        .docker()
        .args(["inspect", "--format", "{{.Id}}", one]));
    run(daemon
        .docker()
        .arg("save")
        .arg("--output")
        .arg(&saved)
        .arg(id.trim()));
    let nameless = attempt(regctl(&server).arg("import").arg(&saved));
    assert!(
        !nameless.success && nameless.text.contains("--name"),
        "{}",
        nameless.text
    );
    run(regctl(&server)
        .args(["import", "--name", "team/by-id:3"])
        .arg(&saved));
    assert_eq!(server.remote("team/by-id").verify("3"), greeter);

    // Another machine pulls and runs it.
    let address = format!("{}/{one}", server.host());
    run(daemon.docker().args(["rmi", "--force", one, two]));
    run(daemon.docker().args(["pull", &address]));
    let runs = |image: &str| {
        run(daemon
            .docker()
            .args(["run", "--rm", "--network", "none", image]))
    };
    assert_eq!(runs(&address), GREETING);
    run(daemon.docker().args(["rmi", "--force", &address]));

    // A machine that can't reach the registry loads the exported archive.
    let script = format!("\"$REGCTL\" export {one} | docker load");
    let said = shell(&server, &daemon, "", &script);
    let (_, loaded) = said.rsplit_once("Loaded image: ").expect("a name");
    assert_eq!(runs(loaded.trim()), GREETING);
    let loaded = run(daemon
        .docker()
        .args(["inspect", "--format", "{{.Id}}", loaded.trim()]));
    assert_eq!(loaded, id, "the image is the one that was saved");
    server.stop();
}

/// The original purpose: a machine that can't push, and a registry on another host.
#[test]
fn an_archive_travels_through_ssh_both_ways() {
    if !is_root() || !have(&["dockerd", "docker", "containerd", "runc", "tar"]) {
        return;
    }
    let Some(sshd) = Sshd::start() else {
        return;
    };
    let server = Server::regctl();
    let Some(archive) = base(server.scratch()) else {
        return;
    };
    let Some(daemon) = Dockerd::start() else {
        return;
    };
    build(&daemon, &server, &archive, "team/greeter:1");
    let (ssh, host) = (sshd.ssh(), server.host());
    let (_, port) = host.rsplit_once(':').unwrap();
    // regctl is installed on the registry's host.
    shell(
        &server,
        &daemon,
        &ssh,
        &format!(
            "docker save team/greeter:1 | $SSH far REGCTL_REGISTRY={host} HOME=$HOME \"$REGCTL\" import -"
        ),
    );
    let digest = server.remote("team/greeter").verify("1");
    // regctl is installed on this machine, and only the registry on the host.
    shell(
        &server,
        &daemon,
        &ssh,
        &format!(
            "docker save team/greeter:1 | REGCTL_SSH=\"$SSH\" \"$REGCTL\" \
             --registry ssh://far/{port} import --map team/=here/ -"
        ),
    );
    assert_eq!(server.remote("here/greeter").verify("1"), digest);
    // And back.
    shell(
        &server,
        &daemon,
        &ssh,
        &format!(
            "docker rmi --force team/greeter:1 && REGCTL_SSH=\"$SSH\" \"$REGCTL\" \
             --registry ssh://far/{port} export team/greeter:1 | docker load"
        ),
    );
    let image = "docker.io/team/greeter:1";
    let said = run(daemon
        .docker()
        .args(["run", "--rm", "--network", "none", image]));
    assert_eq!(said, GREETING);
    server.stop();
}

#[test]
fn archives_of_podman_and_skopeo_are_imported() {
    if !is_root() || !have(&["podman", "skopeo", "tar"]) {
        return;
    }
    let server = Server::regctl();
    let directory = server.scratch().to_path_buf();
    let Some(archive) = base(&directory) else {
        return;
    };
    run(podman(&directory)
        .arg("import")
        .arg(&archive)
        .arg("localhost/team/tool:1"));
    let id =
        run(podman(&directory).args(["inspect", "--format", "{{.Id}}", "localhost/team/tool:1"]));
    let mut configs = Vec::new();
    for format in ["docker-archive", "oci-archive"] {
        let saved = directory.join(format!("podman-{format}.tar"));
        run(podman(&directory)
            .args(["save", "--quiet", "--format", format, "--output"])
            .arg(&saved)
            .arg("localhost/team/tool:1"));
        let name = format!("podman/{format}:1");
        run(regctl(&server)
            .args(["import", "--name", &name])
            .arg(&saved));
        configs.push(config(&server, &format!("podman/{format}")));
        // skopeo reads podman's archive, and writes its own.
        let own = directory.join(format!("skopeo-{format}.tar"));
        run(skopeo(&directory)
            .arg("copy")
            .arg(format!("docker://{}/{name}", server.host()))
            .arg(format!("{format}:{}:skopeo/{format}:2", own.display()))
            .arg("--src-tls-verify=false"));
        let name = format!("skopeo/{format}:2");
        run(regctl(&server).args(["import", "--name", &name]).arg(&own));
        server.remote(&format!("skopeo/{format}")).verify("2");
    }
    // The ID of an image is the digest of its configuration, which docker's archive contains
    // unchanged.
    assert_eq!(configs[0], format!("sha256:{}", id.trim()));

    // The exported archive is loaded by podman.
    let exported = directory.join("exported.tar");
    run(regctl(&server)
        .args(["export", "podman/docker-archive:1", "-o"])
        .arg(&exported));
    let said = run(podman(&directory).arg("load").arg("--input").arg(&exported));
    assert!(said.contains("podman/docker-archive:1"), "{said}");
    server.stop();
}

fn config(server: &Server, repository: &str) -> String {
    let remote = server.remote(repository);
    remote.verify("1");
    let manifest = remote.manifest("1").expect(200).json();
    manifest["config"]["digest"].as_str().unwrap().to_owned()
}
