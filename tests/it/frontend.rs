//! `regctl frontend`: the pages of other registries.

use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};

use crate::cli_support::Regctl;
use crate::support::{
    Client, Image, Log, Request, Response, Server, eventually, have, index, path_of,
};

/// A running frontend. Dropping it kills it.
pub(crate) struct Frontend {
    child: Child,
    pub(crate) client: Client,
    pub(crate) address: SocketAddr,
    /// The user's directory.
    pub(crate) home: tempfile::TempDir,
}

impl Frontend {
    pub(crate) fn of(arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let home = tempfile::tempdir().expect("a directory");
        let mut command = Command::new(env!("CARGO_BIN_EXE_regctl"));
        command
            .args(["frontend", "--listen", "127.0.0.1:0"])
            .args(arguments)
            .env_remove("REGCTL_REGISTRY")
            .env_remove("XDG_DATA_HOME")
            .envs(environment.iter().copied())
            .env("HOME", home.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("regctl");
        let log = Log::default();
        log.drain(child.stderr.take().expect("a pipe"));
        let address = || -> Option<SocketAddr> {
            let text = log.text();
            let (_, rest) = text.split_once("Serving http")?;
            let (_, rest) = rest.split_once("://")?;
            rest.split_once(',')?.0.parse().ok()
        };
        eventually("the frontend serves", || address().is_some());
        let address = address().expect("an address");
        Self {
            child,
            client: Client::new(address, true),
            address,
            home,
        }
    }

    pub(crate) fn browse(&self, target: &str) -> Response {
        let request = Request::new("GET", target)
            .header("Accept", "text/html")
            .header("Accept-Language", "en");
        self.client.send(&request)
    }

    pub(crate) fn page(&self, target: &str) -> String {
        String::from_utf8(self.browse(target).expect(200).body).expect("UTF-8")
    }
}

impl Drop for Frontend {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn pages_of_docker_registry_with_many_tags() {
    if !have(&["docker-registry"]) {
        return;
    }
    let registry = Server::docker_registry();
    let image = Image::new(1);
    let app = registry.remote("team/app");
    app.push_blobs(&image);
    for number in 0..2000 {
        app.put(&format!("v0.0.{number}"), &image.manifest)
            .expect(201);
    }
    registry.remote("other/deep/er").push("1", &Image::new(2));
    let emptied = registry.remote("emptied");
    let digest = emptied.push("1", &Image::new(3));
    emptied.delete(&digest.to_string()).expect(202);

    let frontend = Frontend::of(&["--registry", &registry.host(), "--plain-http"], &[]);
    let all = frontend.page("/");
    for name in ["team/app", "other/deep/er", "emptied"] {
        assert!(
            all.contains(&format!("href=\"/r/{name}\"")),
            "{name}: {all}"
        );
    }
    assert!(all.contains("2,000") || all.contains("2000"), "{all}");
    for absent in ["Last push", "Pulls", "sort=pulls"] {
        assert!(!all.contains(absent), "{absent} is revealed: {all}");
    }
    let found = frontend.page("/?q=deep");
    assert!(found.contains("/r/other/deep/er") && !found.contains("/r/team/app\""));
    let below = frontend.page("/?ns=team");
    assert!(below.contains("/r/team/app\"") && !below.contains("/r/other/deep/er\""));

    // Sorting and filtering cover the whole list, not one page.
    let tags = frontend.page("/r/team/app/-/tags?rows=5");
    let places: Vec<_> = ["v0.0.1999\"", "v0.0.1998\"", "v0.0.1995\""]
        .iter()
        .map(|tag| tags.find(tag).expect("a high version"))
        .collect();
    assert!(places.is_sorted(), "{tags}");
    assert!(!tags.contains("v0.0.999\""));
    let last = frontend.page("/r/team/app/-/tags?rows=5&page=400");
    assert!(last.contains("/r/team/app:v0.0.0\""), "{last}");
    let some = frontend.page("/r/team/app/-/tags?filter=v0.0.106");
    assert!(some.contains("linux/amd64"), "{some}");

    let pull = format!("docker pull {}/team/app:v0.0.7", registry.host());
    let page = frontend.page("/r/team/app:v0.0.7");
    assert!(page.contains(&pull), "{page}");
    let moved = frontend.browse("/tag/team/app/v0.0.7").expect(303);
    assert_eq!(path_of(moved.need("location")), "/r/team/app:v0.0.7");
    frontend.browse("/r/team/absent").expect(404);
    frontend.browse("/r/team/app:absent").expect(404);
    // Clients use the registry itself.
    frontend.client.get("/v2/").expect(404);
    frontend.client.get("/readyz").expect(200);

    // If the registry is down, the page reports that.
    registry.stop();
    let gone = frontend.browse("/r/team/unread").expect(502);
    let text = String::from_utf8(gone.body).expect("UTF-8");
    assert!(text.contains("The registry does not answer"), "{text}");
    assert!(text.contains("reach"), "{text}");
}

#[test]
fn indexes_of_a_regctl_server_by_the_variables_of_docker_registry_frontend() {
    let registry = Server::regctl();
    let app = registry.remote("app");
    let image = Image::new(1);
    app.push("amd64", &image);
    app.put("all", &index(&[&image.manifest])).expect(201);
    let port = registry.address().port().to_string();
    let frontend = Frontend::of(
        &[],
        &[
            ("ENV_DOCKER_REGISTRY_HOST", "127.0.0.1"),
            ("ENV_DOCKER_REGISTRY_PORT", &port),
            ("ENV_REGISTRY_PROXY_FQDN", "hub.example.com"),
            ("ENV_REGISTRY_PROXY_PORT", "443"),
            ("ENV_MODE_BROWSE_ONLY", "true"),
            ("ENV_DEFAULT_REPOSITORIES_PER_PAGE", "20"),
            ("ENV_DEFAULT_TAGS_PER_PAGE", "1"),
        ],
    );
    let page = frontend.page("/r/app:all");
    assert!(
        page.contains("docker pull hub.example.com/app:all"),
        "{page}"
    );
    let mode = frontend.client.get("/app-mode.json").expect(200).json();
    assert_eq!(mode["defaultRepositoriesPerPage"], 20);
    assert_eq!(mode["defaultTagsPerPage"], 1);
    assert_eq!(mode["browseOnly"], true);
    let host = frontend.client.get("/registry-host.json").expect(200);
    assert_eq!(host.json()["host"], "hub.example.com");
    let tags = frontend.page("/r/app/-/tags");
    assert!(tags.contains("rel=\"next\""), "{tags}");
    registry.stop();
}

#[test]
fn an_invalid_address_is_a_mistake_of_the_command_line() {
    let regctl = Regctl::new("");
    let said = regctl.fails(2, &["frontend", "--registry", "h:1", "--listen", "bogus"]);
    assert!(said.contains("which is not HOST:PORT"), "{said}");
}

#[test]
fn other_servers_are_reported() {
    // A listener that accepts nothing.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = silent.local_addr().expect("an address").port();
    drop(silent);
    let host = format!("http://127.0.0.1:{port}");
    let frontend = Frontend::of(&["--registry", &host, "--retries", "0"], &[]);
    let answer = frontend.browse("/").expect(502);
    let text = String::from_utf8(answer.body).expect("UTF-8");
    assert!(text.contains("The registry does not answer"), "{text}");
}
