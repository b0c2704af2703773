//! `regctl setup`: files for programs that run a registry, for this host and configuration. The
//! templates are in `src/setup`.

mod contained;
mod places;
mod unit;
mod words;

use std::net::IpAddr;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Context as _;

use super::administration::PlaceArgs;
use super::exit::{Exit, Usage};
use super::output::Printer;
use crate::config::{self, ListenAddress, Loaded, Settings, StorageDriver};
use contained::Contained;
use unit::Unit;
use words::{cron_word, unit_word, without_specifiers, without_variables};

/// What a stop may take beyond the time of running requests: its last writes.
const STOP_MARGIN: Duration = Duration::from_secs(30);

/// The configuration in a pod, if there is none to carry over.
const POD: &str = include_str!("../setup/pod.yml");

/// Print a complete file for systemd, Docker Compose, Kubernetes, nginx or cron
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
The file is for the directory, the address and the certificate in --root, --listen and --config, \
or in the environment; see `regctl serve`. Its comments say where to install it.

A compose file mounts the configuration and the files that it names, and publishes its addresses; the \
manifests for Kubernetes have its text. Without a configuration, deletion is enabled. What can't be \
carried over is an error: a socket, for Kubernetes also a configuration that names files or listens \
on the loopback.

Examples:
  regctl setup systemd --config /etc/docker/registry/config.yml > /etc/systemd/system/regctl.service
  regctl setup socket --listen :443 > /etc/systemd/system/regctl.socket
  regctl setup compose --root /opt/registry --listen :5000 > compose.yml
  regctl setup compose --config /etc/docker/registry/config.yml > compose.yml
  regctl setup kubernetes | kubectl apply -f -
  regctl setup nginx --listen 127.0.0.1:5000 > /etc/nginx/conf.d/regctl.conf
  regctl setup cron --root /var/lib/registry > /etc/cron.d/regctl")]
pub(super) struct Args {
    /// What the file is for
    #[arg(value_enum)]
    target: Target,
    /// The address of the registry [default: from its configuration]
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    #[command(flatten)]
    root: PlaceArgs,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Target {
    /// A hardened unit of systemd
    Systemd,
    /// A systemd socket for that unit: a port below 1024, and no refused connections during a
    /// restart
    Socket,
    /// A file for Docker Compose
    Compose,
    /// Manifests for Kubernetes
    Kubernetes,
    /// An nginx server that forwards all requests
    Nginx,
    /// A line for cron that collects garbage every night
    Cron,
}

impl Target {
    fn template(self) -> &'static str {
        match self {
            Self::Systemd => include_str!("../setup/regctl.service"),
            Self::Socket => include_str!("../setup/regctl.socket"),
            Self::Compose => include_str!("../setup/compose.yml"),
            Self::Kubernetes => include_str!("../setup/kubernetes.yml"),
            Self::Nginx => include_str!("../setup/nginx.conf"),
            Self::Cron => include_str!("../setup/cron"),
        }
    }
}

pub(super) fn run(args: &Args, printer: Printer) -> anyhow::Result<Exit> {
    let request = args.root.request(args.listen.clone());
    let load = match args.target {
        Target::Systemd | Target::Compose | Target::Cron => config::load,
        // These files name no directory of this host.
        Target::Socket | Target::Kubernetes | Target::Nginx => config::load_without_data,
    };
    let mut loaded = load(&request)?;
    if let Some(file) = &mut loaded.file {
        *file = std::path::absolute(&*file)?;
    }
    let variables = config::variables(&request.environment);
    let host = Host::of(args, &loaded, &variables)?;
    let contained = Contained {
        loaded: &loaded,
        variables: &variables,
        root: &host.root,
        address_is_given: args.listen.is_some()
            || loaded.file.is_some()
            || variables
                .iter()
                .any(|(name, _)| name.starts_with("REGISTRY_HTTP")),
    };
    let unit = host.unit(&loaded.settings, loaded.file.as_deref());
    if let Target::Systemd = args.target {
        unit.warnings()
            .iter()
            .for_each(|text| printer.warning(text));
    }
    if let Target::Nginx = args.target {
        must_be_for_nginx(&loaded.settings.http.address)?;
    }
    let file = host.fill(args.target, &unit);
    // The texts of the configuration come last: they may have what looks like a placeholder.
    let file = match args.target {
        Target::Compose => {
            let [ports, volumes, variables] = contained.compose()?;
            let values = [
                ("@PORTS@", &ports),
                ("@VOLUMES@", &volumes),
                ("@VARIABLES@", &variables),
            ];
            filled(&file, &values)
        }
        Target::Kubernetes => {
            let [configuration, variables, scheme] = contained.kubernetes(POD)?;
            let values = [
                ("@VARIABLES@", &variables),
                ("@SCHEME@", &scheme),
                ("@CONFIGURATION@", &configuration),
            ];
            filled(&file, &values)
        }
        _ => file,
    };
    printer.bytes(file.as_bytes())?;
    Ok(Exit::Done)
}

/// The values for the templates.
struct Host {
    program: PathBuf,
    /// The arguments of every command.
    arguments: Vec<String>,
    /// The argument of `serve` alone: the value of `--listen`.
    address: Option<String>,
    /// The variables of this environment that are settings.
    variables: Vec<(String, String)>,
    root: PathBuf,
    /// The user and group that own the data, if it exists.
    owner: Option<(u32, u32)>,
    port: u16,
    upstream: String,
    /// Where a socket of systemd's listens; empty for other files.
    listen: String,
    name: String,
    /// How long a stop may take, in seconds.
    stop: u64,
    /// The line that keeps clients from naming a user.
    user_header: String,
}

impl Host {
    fn of(args: &Args, loaded: &Loaded, variables: &[(String, String)]) -> anyhow::Result<Self> {
        let settings = &loaded.settings;
        let StorageDriver::Filesystem { root } = &settings.storage.driver else {
            let reason =
                "a registry in memory has no data to set up a service for; hint: --root DIR";
            return Err(Usage(reason.to_owned()).into());
        };
        let root = match args.target {
            // The file names the configuration, which is read in another directory.
            Target::Systemd | Target::Compose | Target::Cron
                if loaded.file.is_some() && args.root.root.is_none() =>
            {
                places::whole("storage.filesystem.rootdirectory", root)?.to_owned()
            }
            _ => std::path::absolute(root)?,
        };
        let listen = match args.target {
            Target::Socket => places::of_socket(&settings.http.address)?,
            Target::Systemd => {
                places::check(settings)?;
                String::new()
            }
            _ => String::new(),
        };
        let mut arguments = Vec::new();
        let file = &loaded.file;
        if let Some(file) = file {
            arguments.extend(["--config".to_owned(), file.display().to_string()]);
        }
        if file.is_none() || args.root.root.is_some() {
            arguments.extend(["--root".to_owned(), root.display().to_string()]);
        }
        let scheme = if settings.http.tls.is_some() {
            "https"
        } else {
            "http"
        };
        let (port, upstream) = match &settings.http.address {
            ListenAddress::Tcp { host, port } => {
                (*port, format!("{scheme}://{}", reached_at(host, *port)))
            }
            ListenAddress::Unix(path) => (5000, format!("{scheme}://unix:{}", path.display())),
        };
        let program = std::env::current_exe().context("can't find this program")?;
        let name = rustix::system::uname()
            .nodename()
            .to_string_lossy()
            .into_owned();
        Ok(Self {
            program,
            address: args.listen.clone(),
            arguments,
            variables: variables.to_vec(),
            owner: owner(&root),
            root,
            port,
            upstream,
            listen,
            name,
            stop: settings.http.drain().saturating_add(STOP_MARGIN).as_secs(),
            user_header: settings
                .reach
                .user_header
                .as_deref()
                .map(|header| {
                    format!(
                        "        # Whoever can set this header is that user: nginx has to set it after \
                         it has signed a user in.\n        proxy_set_header {header} \"\";\n"
                    )
                })
                .unwrap_or_default(),
        })
    }

    /// The values of a unit with these settings, of a configuration that may be a file.
    fn unit<'a>(&'a self, settings: &'a Settings, file: Option<&'a Path>) -> Unit<'a> {
        Unit {
            root: &self.root,
            owner: self.owner,
            settings,
            read: [Some(self.program.as_path()), file]
                .into_iter()
                .flatten()
                .collect(),
        }
    }

    /// The arguments of every command, each after a space.
    fn arguments(&self, word: fn(&str) -> String) -> String {
        let words = self.arguments.iter();
        words
            .flat_map(|argument| [" ".to_owned(), word(argument)])
            .collect()
    }

    fn fill(&self, target: Target, unit: &Unit<'_>) -> String {
        let word = match target {
            Target::Cron => cron_word,
            _ => |text: &str| without_variables(&unit_word(text)),
        };
        let program = self.program.display().to_string();
        let address = self.address.iter();
        let address = address.map(|address| format!(" --listen {}", word(address)));
        let owner = self.owner.map_or(0, |(user, _)| user);
        let privileged = self.port < 1024;
        let values: [(&str, &str); _] = [
            ("@ARGUMENTS@", &self.arguments(word)),
            (
                "@PROGRAM@",
                // systemd substitutes no variables in the program itself.
                &match target {
                    Target::Cron => cron_word(&program),
                    _ => unit_word(&program),
                },
            ),
            ("@ADDRESS@", &address.collect::<String>()),
            ("@UNIT_VARIABLES@", &self.variables_of_unit()),
            ("@CRON_VARIABLES@", &self.variables_of_cron()),
            ("@USER@", &unit.user()),
            ("@WRITTEN@", &unit.written()),
            ("@HOME@", unit.homes()),
            ("@TEMPORARY@", unit.private_temporary()),
            ("@ACCESS@", &unit.access()),
            (
                "@CAPABILITIES@",
                if privileged {
                    "CAP_NET_BIND_SERVICE"
                } else {
                    ""
                },
            ),
            (
                "@OWNER@",
                &user_name(owner).unwrap_or_else(|| owner.to_string()),
            ),
            ("@PORT@", &self.port.to_string()),
            ("@HOST@", &self.name),
            ("@UPSTREAM@", &self.upstream),
            ("@LISTEN@", &without_specifiers(&self.listen)),
            ("@STOP@", &self.stop.to_string()),
            ("@USER_HEADER@", &self.user_header),
            ("@VERSION@", env!("CARGO_PKG_VERSION")),
        ];
        filled(target.template(), &values)
    }

    /// The lines of a unit with the settings of this environment.
    fn variables_of_unit(&self) -> String {
        let lines = self.variables.iter().map(|(name, value)| {
            let text = without_specifiers(&format!("{name}={value}"));
            format!("\nEnvironment={}", serde_json::Value::from(text))
        });
        lines.collect()
    }

    /// The lines of cron with the settings of this environment.
    fn variables_of_cron(&self) -> String {
        let lines = self.variables.iter();
        let lines = lines.flat_map(|(name, value)| [name.as_str(), "=", value, "\n"]);
        lines.collect()
    }
}

/// A template with its values.
fn filled(template: &str, values: &[(&str, impl AsRef<str>)]) -> String {
    values
        .iter()
        .fold(template.to_owned(), |text, (name, value)| {
            text.replace(name, value.as_ref())
        })
}

/// Refuses a socket that can't be written in nginx's configuration, which substitutes variables also
/// in quotes and ends the path at a colon.
fn must_be_for_nginx(address: &ListenAddress) -> anyhow::Result<()> {
    let ListenAddress::Unix(path) = address else {
        return Ok(());
    };
    let path = path.display().to_string();
    let special = |letter: &char| letter.is_whitespace() || "$:;{}#'\"\\".contains(*letter);
    match path.chars().find(special) {
        Some(letter) => anyhow::bail!(
            "nginx can't use the socket {path:?}: {letter:?} has a meaning in its \
             configuration; hint: --listen with another path"
        ),
        None => Ok(()),
    }
}

/// An address at which a program of this host reaches one that listens on a host, or on all.
fn reached_at(host: &str, port: u16) -> String {
    match host.trim_matches(['[', ']']).parse() {
        Ok(IpAddr::V4(address)) if address.is_unspecified() => format!("127.0.0.1:{port}"),
        Ok(IpAddr::V6(address)) if address.is_unspecified() => format!("[::1]:{port}"),
        Ok(IpAddr::V6(address)) => format!("[{address}]:{port}"),
        _ if host.is_empty() => format!("127.0.0.1:{port}"),
        _ => format!("{host}:{port}"),
    }
}

#[expect(clippy::disallowed_methods, reason = "only its owner is read")]
fn owner(root: &Path) -> Option<(u32, u32)> {
    let metadata = std::fs::metadata(root).ok()?;
    Some((metadata.uid(), metadata.gid()))
}

/// The name of a user, if the system has one, be it in /etc/passwd or in a directory such as LDAP.
#[expect(clippy::disallowed_methods, reason = "the users of the system")]
fn user_name(user: u32) -> Option<String> {
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    name_in(&users, user).or_else(|| {
        let mut getent = Command::new("getent");
        let output = getent.args(["passwd", &user.to_string()]).output().ok()?;
        name_in(&String::from_utf8_lossy(&output.stdout), user)
    })
}

/// The name of a user in lines of passwd(5).
fn name_in(users: &str, user: u32) -> Option<String> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(user)).then(|| name.to_owned())
    })
}
