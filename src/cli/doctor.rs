//! `regctl doctor`: what docker, podman and containerd on this machine will encounter at a
//! registry, and what to do about it; without a registry, the state of a server's certificate.

use std::path::{Path, PathBuf};

use super::administration::RootArgs;
use super::certificate;
use super::exit::Exit;
use super::output::Printer;
use super::trust::{self, OF_THE_MACHINE};
use crate::admin::{CertificateReport, Operation};
use crate::client::{Chain, ChainError, Examination, examine};

/// Permitted difference of clocks in seconds: tokens and certificates have times of validity.
const CLOCK_TOLERANCE: i64 = 60;

/// Diagnose what clients on this machine will encounter at a registry, or a server's certificate
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Checks the name, the route, http or https, the certificate and its trust, the sign-in, the clock \
and the proxy, and prints remedies for docker, podman and containerd. Where the environment names \
a proxy for HOST, the registry is asked through it. Nothing is changed, and no password is sent. \
Exit code 1 if a remedy is necessary.

Without HOST the server of a root reports the source of its certificate, its validity, its last \
renewal, and why a renewal failed: on its host, or with --registry for administrators.

Examples:
  regctl doctor registry-host:5000
  regctl doctor registry.example.com
  regctl doctor --config /etc/docker/registry/config.yml
  regctl doctor --registry registry.example.com")]
pub(super) struct Args {
    /// The registry as clients reach it
    #[arg(value_name = "HOST[:PORT]", conflicts_with_all = ["root", "config", "registry"])]
    host: Option<String>,
    #[command(flatten)]
    root: RootArgs,
}

/// The findings and the remedies.
#[derive(Default)]
pub(super) struct Diagnosis {
    findings: Vec<String>,
    remedies: Vec<String>,
}

impl Diagnosis {
    pub(super) fn found(&mut self, what: &str, finding: impl AsRef<str>) {
        self.findings
            .push(format!("{what:<12} {}", finding.as_ref()));
    }

    pub(super) fn remedy(&mut self, remedy: impl Into<String>) {
        self.remedies.push(remedy.into());
    }
}

pub(super) async fn run(args: &Args, printer: Printer) -> anyhow::Result<Exit> {
    let diagnosis = if let Some(host) = &args.host {
        let (host, port) = trust::address(host)?;
        diagnose(&host, port, &examine(&host, port).await)
    } else {
        let mut diagnosis = Diagnosis::default();
        let asked = args.root.execute(Operation::Certificate, printer);
        let report: CertificateReport = asked.await?;
        certificate::of_server(&report, &mut diagnosis);
        diagnosis
    };
    printer.lines(&diagnosis.findings)?;
    if diagnosis.remedies.is_empty() {
        printer.lines(["Nothing has to be done."])?;
        return Ok(Exit::Done);
    }
    printer.lines(["", "What to do:"])?;
    let remedies = diagnosis.remedies.iter();
    printer.lines(remedies.map(|remedy| format!("  {remedy}")))?;
    Ok(Exit::Error)
}

fn diagnose(host: &str, port: u16, examination: &Examination) -> Diagnosis {
    let mut diagnosis = Diagnosis::default();
    if let Some(problem) = &examination.unusable_proxy {
        diagnosis.found("proxy", problem);
        diagnosis.remedy("correct the variable, or unset it: regctl sends no request with it");
    }
    let addresses = match &examination.addresses {
        Ok(addresses) if !addresses.is_empty() => addresses,
        nothing => {
            let reason = match nothing {
                Ok(_) => "it has no address",
                Err(reason) => reason,
            };
            diagnosis.found("name", format!("{host}: {reason}"));
            if !through_proxy(host, port, examination, &mut diagnosis) {
                diagnosis.remedy(format!(
                    "enter {host} in DNS or in /etc/hosts of this machine, or use the registry's \
                     address"
                ));
            }
            return diagnosis;
        }
    };
    let list: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    diagnosis.found("name", list.join(", "));
    for (address, reason) in &examination.unreachable {
        diagnosis.found("route", format!("{address} port {port}: {reason}"));
    }
    if examination.unreachable.len() == addresses.len() {
        if through_proxy(host, port, examination, &mut diagnosis) {
            return diagnosis;
        }
        diagnosis.remedy(format!(
            "see that the registry runs, that it listens on more than its loopback (regctl serve \
             --listen :{port}), and that no firewall blocks the port"
        ));
        return diagnosis;
    }
    if examination.unreachable.is_empty() {
        diagnosis.found("route", format!("port {port} is open"));
    } else {
        diagnosis.remedy(
            "remove the addresses that do not answer from the name: clients may try any of them",
        );
    }
    let is_loopback = addresses.iter().all(std::net::IpAddr::is_loopback);
    match &examination.chain {
        Ok(chain) => trusted(host, port, chain, is_loopback, &mut diagnosis),
        Err(error) => plain(host, port, error, is_loopback, &mut diagnosis),
    }
    match &examination.proxy {
        Some(proxy) => diagnosis.found("proxy", format!("{proxy}, from the environment")),
        None if examination.unusable_proxy.is_some() => {}
        None => diagnosis.found("proxy", "none for this name in this environment"),
    }
    answer(host, port, examination, &mut diagnosis);
    diagnosis
}

/// Reports a registry that can't be reached directly as the proxy shows it. Returns whether there is
/// a proxy, and an answer through it.
fn through_proxy(
    host: &str,
    port: u16,
    examination: &Examination,
    diagnosis: &mut Diagnosis,
) -> bool {
    let Some(proxy) = &examination.proxy else {
        return false;
    };
    let only = format!("{proxy}, from the environment; without it there is no way there");
    diagnosis.found("proxy", only);
    let reached = examination.answer.is_ok();
    if reached {
        for client in ["docker", "containerd"] {
            let needed = "its daemon needs the variables of the proxy in its own environment";
            diagnosis.found(client, needed);
        }
    }
    answer(host, port, examination, diagnosis);
    reached
}

/// What is found of a client that trusts a registry by a certificate that it keeps.
const OF_ITS_OWN: &str = "has a certificate of its own for this registry";

/// The clients of this machine that keep a certificate for a registry, and the others with the
/// directory for it.
fn keepers(host: &str, port: u16) -> (Vec<&'static str>, Vec<(&'static str, PathBuf)>) {
    let directory = |parent: &str| Path::new(parent).join(format!("{host}:{port}"));
    let all = OF_THE_MACHINE.iter();
    let (kept, lacking): (Vec<_>, Vec<_>) = all
        .map(|(client, parent)| (*client, directory(parent)))
        .partition(|(_, directory)| keeps_certificate(directory));
    let kept = kept.into_iter().map(|(client, _)| client);
    (kept.collect(), lacking)
}

fn trusted(host: &str, port: u16, chain: &Chain, is_loopback: bool, diagnosis: &mut Diagnosis) {
    diagnosis.found("protocol", "https");
    let outdated = certificate::of_authority(chain);
    if let Some(fields) = chain.fields() {
        certificate::shown(&fields, outdated.is_none(), diagnosis);
    }
    if let Some(reason) = outdated {
        diagnosis.found("authority", format!("refused by clients: {reason}"));
        diagnosis.remedy(certificate::replace_authority());
        return;
    }
    let Err(reason) = chain.is_trusted() else {
        diagnosis.found("certificate", "trusted by this machine");
        return;
    };
    if chain.lacks_authority() {
        diagnosis.found(
            "certificate",
            "not trusted by this machine, and the server does not send its authority",
        );
        let (kept, lacking) = keepers(host, port);
        for client in kept {
            diagnosis.found(client, OF_ITS_OWN);
        }
        for (client, directory) in lacking {
            diagnosis.remedy(format!(
                "{client}: as root, the certificate of that authority as {}/ca.crt",
                directory.display()
            ));
        }
        return;
    }
    if let Err(reason) = chain.would_be_trusted() {
        diagnosis.found("certificate", format!("not valid for {host}: {reason}"));
        diagnosis.remedy(format!(
            "on the server: a certificate for {host} that is in date, as regctl serve --tls \
             self-signed --host {host} makes one"
        ));
        return;
    }
    let fingerprint = chain.fingerprint();
    diagnosis.found(
        "certificate",
        format!("not trusted by this machine: {reason}; authority {fingerprint}"),
    );
    let (kept, lacking) = keepers(host, port);
    for client in kept {
        diagnosis.found(client, OF_ITS_OWN);
    }
    for (client, _) in lacking {
        if client == "docker" && is_loopback {
            diagnosis.found(client, "accepts any certificate on the loopback");
            continue;
        }
        diagnosis.found(client, "does not trust it");
        diagnosis.remedy(format!(
            "{client}: as root, regctl trust {host}:{port} --fingerprint {fingerprint}"
        ));
        if client == "containerd" {
            diagnosis.remedy(
                "containerd: config_path = \"/etc/containerd/certs.d\" in /etc/containerd/config.toml",
            );
        }
    }
}

fn plain(host: &str, port: u16, error: &ChainError, is_loopback: bool, diagnosis: &mut Diagnosis) {
    if !matches!(error, ChainError::NoTls { .. }) {
        diagnosis.found("protocol", error.to_string());
        return;
    }
    diagnosis.found("protocol", "http, without TLS");
    if is_loopback {
        diagnosis.found("docker", "uses http on the loopback");
    } else {
        diagnosis.remedy(
            "better than all below: TLS on the server (regctl serve --tls self-signed), and regctl \
             trust here",
        );
        diagnosis.remedy(format!(
            "docker: {{\"insecure-registries\": [\"{host}:{port}\"]}} in /etc/docker/daemon.json, and \
             restart docker"
        ));
    }
    diagnosis.remedy(format!(
        "podman: --tls-verify=false, or [[registry]] location = \"{host}:{port}\", insecure = true in \
         /etc/containers/registries.conf.d/{host}.conf"
    ));
    diagnosis.remedy(format!(
        "containerd: [host.\"http://{host}:{port}\"] in /etc/containerd/certs.d/{host}:{port}/hosts.toml"
    ));
}

fn answer(host: &str, port: u16, examination: &Examination, diagnosis: &mut Diagnosis) {
    let answer = match &examination.answer {
        Ok(answer) => answer,
        Err(none) => {
            let reason = &none.reason;
            let way = examination
                .proxy
                .as_ref()
                .map_or("", |_| " through the proxy");
            diagnosis.found("registry", format!("no answer to GET /v2/{way}: {reason}"));
            diagnosis.remedy(if none.client_refused {
                format!(
                    "put a client certificate that it accepts into certs.d/{host}:{port} as a .cert \
                     file with its .key: below /etc/docker for docker, below /etc/containers for \
                     podman, below ~/.config/regctl for regctl alone"
                )
            } else if examination.proxy.is_some() {
                past_the_proxy(host)
            } else {
                "see what else listens on this port, and the log of the registry".to_owned()
            });
            return;
        }
    };
    if !answer.is_registry {
        diagnosis.found(
            "registry",
            format!("GET /v2/ answers {}, not as a registry does", answer.status),
        );
        if examination.proxy.is_some() {
            diagnosis.remedy(past_the_proxy(host));
        }
        diagnosis.remedy(
            "see what listens there; a proxy in front has to pass on /v2/ and what is below it",
        );
        return;
    }
    match (&answer.challenge, answer.status) {
        (Some(challenge), 401) => {
            let scheme = challenge.split_whitespace().next().unwrap_or("one");
            diagnosis.found("sign-in", format!("asked for ({scheme})"));
            for client in ["docker", "podman"] {
                diagnosis.found(client, format!("{client} login {host}:{port}"));
            }
        }
        (_, 200) => diagnosis.found("sign-in", "not asked for"),
        (_, status) => {
            diagnosis.found("registry", format!("GET /v2/ answers {status}"));
            diagnosis.remedy("see the log of the registry, and /readyz there");
        }
    }
    match answer.clock_ahead {
        Some(ahead) if ahead.abs() > CLOCK_TOLERANCE => {
            let (seconds, way) = (ahead.abs(), if ahead > 0 { "ahead of" } else { "behind" });
            diagnosis.found(
                "clock",
                format!("the registry's is {seconds} s {way} this one"),
            );
            diagnosis.remedy("set both clocks by NTP: tokens and certificates depend on them");
        }
        Some(_) => diagnosis.found("clock", "agrees"),
        None => {}
    }
}

/// The remedy for a proxy that does not lead to the registry.
fn past_the_proxy(host: &str) -> String {
    format!(
        "if the proxy does not lead there: NO_PROXY={host} in the environment of podman and of the \
         daemons of docker and containerd"
    )
}

/// Whether a directory of `certs.d` contains an authority.
#[expect(
    clippy::disallowed_methods,
    reason = "a directory of clients, none of a store"
)]
fn keeps_certificate(directory: &Path) -> bool {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.path())
        .any(|path| path.extension().is_some_and(|extension| extension == "crt"))
}
