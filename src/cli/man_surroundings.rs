//! The variables and files that a command reads, for its man page.

use clap::Command;

/// A name and what it is.
type Entry = (&'static str, &'static str);

/// For commands that connect to a registry.
const CLIENT_VARIABLES: [Entry; 7] = [
    (
        "REGCTL_REGISTRY",
        "The registry of names without a host, unless --registry is given.",
    ),
    (
        "REGCTL_SSH",
        "The command line for ssh, for registries written ssh://….",
    ),
    ("DOCKER_CONFIG", "The directory of docker's config.json."),
    (
        "DOCKER_AUTH_CONFIG",
        "Credentials, as the text of a config.json.",
    ),
    (
        "REGISTRY_AUTH_FILE",
        "A file with credentials, instead of podman's.",
    ),
    (
        "HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY",
        "Proxies, and the hosts without one.",
    ),
    ("NO_COLOR", "If set, nothing is coloured."),
];
const CLIENT_FILES: [Entry; 4] = [
    (
        "~/.config/regctl/settings.yml",
        "registry: HOST[:PORT], the registry of names without a host.",
    ),
    (
        "~/.docker/config.json",
        "Credentials, as docker stores them.",
    ),
    (
        "$XDG_RUNTIME_DIR/containers/auth.json",
        "Credentials, as podman stores them.",
    ),
    (
        "/etc/docker/certs.d/HOST:PORT/",
        "Authorities and client certificates for a registry.",
    ),
];
/// For commands that work on a root.
const ROOT_VARIABLES: [Entry; 2] = [
    (
        "REGISTRY_…",
        "Keys of the configuration, as registry:2 names them: REGISTRY_HTTP_ADDR is http.addr.",
    ),
    ("REGISTRY_CONFIGURATION_PATH", "The configuration file."),
];
const ROOT_FILES: [Entry; 5] = [
    (
        "/etc/regctl/config.yml",
        "The configuration of the package for Debian; unless --root is given, also without \
         --config.",
    ),
    (
        "/etc/docker/registry/config.yml",
        "The configuration of registry:2, read by --config without FILE.",
    ),
    ("/etc/distribution/config.yml", "The same of registry:3."),
    (
        "~/.local/share/regctl",
        "The data, unless a configuration names another directory.",
    ),
    (
        "ROOT/regctl/admin.sock",
        "The socket through which commands reach the server of a root.",
    ),
];

/// For commands that may run on the host of the root.
const REMOTE_VARIABLES: [Entry; 1] = [(
    "REGCTL_REMOTE",
    "The command line of regctl on a host that --registry names as ssh://….",
)];

/// What a single command reads in addition.
struct Own {
    page: &'static str,
    variables: &'static [Entry],
    files: &'static [Entry],
}

const OWN: [Own; 6] = [
    Own {
        page: "regctl-serve",
        variables: &[
            (
                "REGCTL_FIRST_ADMIN_PASSWORD",
                "The password of regctl.accounts.first-admin, unless the configuration names a file.",
            ),
            (
                "REGCTL_AS_OWNER",
                "If not empty, a server that root starts runs as the owner of its data. It is set in \
                 the image of regctl.",
            ),
            (
                "LISTEN_FDS, NOTIFY_SOCKET, WATCHDOG_USEC",
                "The sockets, the notification and the watchdog of systemd.",
            ),
        ],
        files: &[],
    },
    Own {
        page: "regctl-frontend",
        variables: &[
            (
                "ENV_DOCKER_REGISTRY_HOST, ENV_DOCKER_REGISTRY_PORT, ENV_DOCKER_REGISTRY_USE_SSL",
                "The registry, unless --registry is given.",
            ),
            (
                "ENV_REGISTRY_PROXY_FQDN, ENV_REGISTRY_PROXY_PORT",
                "The registry in the commands on the pages.",
            ),
            (
                "ENV_DEFAULT_REPOSITORIES_PER_PAGE, ENV_DEFAULT_TAGS_PER_PAGE",
                "The number of rows on a page.",
            ),
            (
                "ENV_MODE_BROWSE_ONLY",
                "Accepted; the pages are always read-only.",
            ),
            (
                "ENV_USE_SSL",
                "If set, the pages have TLS with Apache's certificate.",
            ),
        ],
        files: &[
            (
                "/etc/apache2/server.crt, /etc/apache2/server.key",
                "The certificate and its key for ENV_USE_SSL.",
            ),
            (
                "~/.local/share/regctl-frontend/tls",
                "The authority of --tls self-signed.",
            ),
        ],
    },
    Own {
        page: "regctl-trust",
        variables: &[(
            "XDG_CONFIG_HOME",
            "The configuration directory of the user, instead of ~/.config.",
        )],
        files: &[
            (
                "/etc/docker/certs.d/HOST:PORT/regctl-ca.crt",
                "The authority, for docker; written by root.",
            ),
            (
                "/etc/containers/certs.d/HOST:PORT/regctl-ca.crt",
                "The same for podman, buildah and skopeo.",
            ),
            (
                "/etc/containerd/certs.d/HOST:PORT/regctl-ca.crt",
                "The same for containerd.",
            ),
            (
                "~/.config/docker/certs.d/, ~/.config/containers/certs.d/",
                "The same for other users than root.",
            ),
        ],
    },
    Own {
        page: "regctl-image",
        variables: &[],
        files: &[(
            "/etc/ssl/certs/ca-certificates.crt",
            "The authorities that the image trusts, if this machine has the file.",
        )],
    },
    Own {
        page: "regctl-import",
        variables: &[],
        files: &[(
            "~/.cache/regctl/layers.json",
            "Digests of layers that were sent before. It can be removed at any time.",
        )],
    },
    // The completions ask the registry, as other commands do.
    Own {
        page: "regctl-completions",
        variables: &CLIENT_VARIABLES,
        files: &CLIENT_FILES,
    },
];

/// What a command reads.
pub(super) struct Surroundings {
    /// Whether it connects to a registry.
    pub(super) client: bool,
    /// Whether it works on a root.
    pub(super) root: bool,
    /// Environment variables.
    pub(super) variables: Vec<Entry>,
    /// Files.
    pub(super) files: Vec<Entry>,
}

impl Surroundings {
    /// What the command of a page reads; of a group of commands, what any of them reads.
    pub(super) fn of(command: &Command, page: &str) -> Self {
        // regctl(1) is about what is common to all commands.
        let is_whole = page == "regctl";
        let has = |argument: &str| {
            let below = command.get_subcommands().filter(|_| !is_whole);
            std::iter::once(command)
                .chain(below)
                .flat_map(Command::get_arguments)
                .any(|known| known.get_id() == argument)
        };
        let (client, root) = (has("registry"), has("root"));
        let mut read = Self {
            client,
            root,
            variables: Vec::new(),
            files: Vec::new(),
        };
        if root {
            read.variables.extend(ROOT_VARIABLES);
            read.files.extend(ROOT_FILES);
        }
        if root && client {
            read.variables.extend(REMOTE_VARIABLES);
        }
        if client {
            // A command for a root has no names whose registry is to be found.
            let is_read = |(_, text): &Entry| !(root && text.contains("names without a host"));
            read.variables
                .extend(CLIENT_VARIABLES.into_iter().filter(is_read));
            read.files.extend(CLIENT_FILES.into_iter().filter(is_read));
        }
        for own in OWN.iter().filter(|own| own.page == page) {
            read.variables.extend(own.variables);
            read.files.extend(own.files);
        }
        read
    }
}
