//! Replacing a registry:2 in a container by regctl, and the reverse, by changing only the name of
//! the image. The registry:2 is Debian's docker-registry in an image of its own.

use std::path::Path;
use std::process::Command;

use crate::cli_ship::write_image;
use crate::cli_support::{Regctl, push_image};
use crate::interop_docker::Dockerd;
use crate::support::{attempt, eventually, find, have, is_root, run};

const CONFIGURATION: &str = "\
version: 0.1
storage:
  filesystem:
    rootdirectory: /var/lib/registry
http:
  addr: :5000
";

fn copy(from: &Path, tree: &Path, to: &str) {
    let to = tree.join(to.trim_start_matches('/'));
    std::fs::create_dir_all(to.parent().unwrap()).unwrap();
    std::fs::copy(from, to).unwrap();
}

/// The files of an image of docker-registry: the program, its libraries, a configuration.
fn docker_registry(tree: &Path) {
    let program = find("docker-registry").unwrap();
    copy(&program, tree, "bin/registry");
    let libraries = attempt(Command::new("ldd").arg(&program)).text;
    for library in libraries.split_whitespace() {
        if library.starts_with('/') {
            copy(Path::new(library), tree, library);
        }
    }
    std::fs::create_dir_all(tree.join("var/lib/registry")).unwrap();
    let directory = tree.join("etc/docker/registry");
    std::fs::create_dir_all(&directory).unwrap();
    std::fs::write(directory.join("config.yml"), CONFIGURATION).unwrap();
}

#[test]
fn only_the_name_of_the_image_changes() {
    if !is_root() || !have(&["dockerd", "docker", "docker-registry"]) {
        return;
    }
    let Some(daemon) = Dockerd::start() else {
        return;
    };
    let scratch = tempfile::tempdir().unwrap();
    let tree = scratch.path().join("tree");
    docker_registry(&tree);
    let archive = scratch.path().join("registry.tar");
    run(Command::new("tar")
        .arg("-C")
        .arg(&tree)
        .arg("-cf")
        .arg(&archive)
        .arg("."));
    run(daemon
        .docker()
        .args(["import", "-c", "ENTRYPOINT [\"/bin/registry\"]"])
        .args(["-c", "CMD [\"serve\",\"/etc/docker/registry/config.yml\"]"])
        .arg(&archive)
        .arg("registry:2"));
    let maker = Regctl::new("");
    let own = write_image(&maker);
    run(daemon.docker().args(["load", "-i"]).arg(&own));

    let data = scratch.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let volume = format!("{}:/var/lib/registry", data.display());
    let host = {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        free.local_addr().unwrap().to_string()
    };
    let mut pushed: Vec<(String, String)> = Vec::new();
    for (round, image) in ["registry:2", "regctl", "registry:2", "regctl"]
        .into_iter()
        .enumerate()
    {
        let id = run(daemon
            .docker()
            .args(["run", "-d", "--network=host", "-v", &volume])
            .args(["-e", &format!("REGISTRY_HTTP_ADDR={host}")])
            .arg(image));
        eventually("the registry in the container answers", || {
            std::net::TcpStream::connect(&host).is_ok()
        });
        let tag = format!("round-{round}");
        let digest = push_image(&host, "team/app", &tag, "amd64");
        pushed.push((tag, digest));
        let regctl = Regctl::new(&host);
        for (tag, digest) in &pushed {
            let found = regctl.stdout(&["digest", &format!("team/app:{tag}")]);
            assert_eq!(found.trim(), digest, "{tag} by {image}");
        }
        run(daemon.docker().args(["stop", "-t", "30", id.trim()]));
    }
}
