//! Describes a configuration for `serve --check`.
//!
//! One line per fact, in the order in which operators look for them: addresses, data, permissions,
//! health. The lines are for people; no program parses them.

use super::Loaded;
use super::access::AccessSettings;
use super::collection::{CollectionSettings, Schedule, ScrubSettings};
use super::period_in_words;
use super::reach::ReachSettings;
use super::settings::{
    CertificateSource, HealthCheck, HealthSettings, HttpSettings, IndexPlatforms, ListenAddress,
    LogSettings, Settings, StorageDriver, StorageSettings, ValidationSettings,
};
use super::time_zone;
use super::values::words;
use crate::oci::RetentionRule;

/// The line about collections without a schedule.
const ON_REQUEST: &str = "Collects garbage: on request (regctl gc)";

impl Loaded {
    /// The description, one line per fact, followed by the ignored keys. Ends with a line feed.
    pub fn describe(&self) -> String {
        let mut lines = vec![match &self.file {
            Some(path) => format!("Configuration: {}", path.display()),
            None => "Configuration: defaults; no file is read".to_owned(),
        }];
        let Settings {
            access,
            workloads,
            oidc,
            log,
            storage,
            http,
            health,
            catalog_limit,
            tag_limit,
            validation,
            collection,
            retention,
            index,
            scrub,
            content,
            pages,
            reach,
            audit,
            places: _,
        } = &self.settings;
        describe_http(http, &mut lines);
        describe_access(access, &mut lines);
        super::workloads::describe(workloads, &mut lines);
        if let Some(oidc) = oidc {
            let (issuer, client) = (&oidc.issuer, &oidc.client);
            lines.push(format!(
                "Sign-in in the pages: also by {issuer}, as {client}"
            ));
        }
        describe_reach(reach, &mut lines);
        lines.push(format!("Audit: kept for {} (regctl audit)", words(*audit)));
        describe_storage(storage, &mut lines);
        if let Some(index) = index {
            lines.push(format!(
                "Index, if the data can't be written to: {}",
                index.display()
            ));
        }
        if storage.read_only {
            lines.push(ON_REQUEST.to_owned());
            describe_trash(collection, &mut lines);
        } else {
            describe_collection(collection, retention, *scrub, &mut lines);
        }
        describe_validation(validation, &mut lines);
        super::content::describe(*content, &mut lines);
        lines.push(match (pages.enabled, &pages.base_path) {
            (false, _) => "Pages for browsers: off".to_owned(),
            (true, None) => format!("Pages for browsers: at {}/", http.prefix),
            (true, Some(base)) => {
                format!("Pages for browsers: at {}/, linked as {base}/", http.prefix)
            }
        });
        lines.push(format!(
            "Pages of the API: at most {catalog_limit} repositories, at most {tag_limit} tags"
        ));
        describe_log(log, &mut lines);
        describe_health(health, &mut lines);
        if self.warnings.is_empty() {
            lines.push("Ignored: nothing".to_owned());
        } else {
            lines.push("Ignored or interpreted differently:".to_owned());
            lines.extend(self.warnings.iter().map(|warning| format!("  {warning}")));
        }
        lines.push(String::new());
        lines.join("\n")
    }
}

fn describe_http(http: &HttpSettings, lines: &mut Vec<String>) {
    let (scheme, versions) = match (&http.tls, http.http2, http.h2c) {
        (Some(_), true, _) => ("https", "HTTP/1.1 and HTTP/2"),
        (None, _, true) => ("http", "HTTP/1.1 and HTTP/2"),
        (Some(_), false, _) => ("https", "HTTP/1.1"),
        (None, _, false) => ("http", "HTTP/1.1"),
    };
    lines.push(format!(
        "Listens on: {}, {scheme} ({versions})",
        address(&http.address)
    ));
    if let Some(tls) = &http.tls {
        let source = match &tls.certificate {
            CertificateSource::Files { certificate, key } => {
                format!("{}, key {}", certificate.display(), key.display())
            }
            CertificateSource::SelfSigned { hosts } if hosts.is_empty() => {
                "of its own authority".to_owned()
            }
            CertificateSource::SelfSigned { hosts } => {
                format!("of its own authority, also for {}", hosts.join(", "))
            }
            CertificateSource::Acme(acme) => super::acme::describe(acme),
        };
        lines.push(format!("Certificate: {source}, {} or later", tls.minimum));
        if let Some(clients) = &tls.clients {
            let authorities: Vec<_> = clients
                .authorities
                .iter()
                .map(|path| path.display().to_string())
                .collect();
            lines.push(format!(
                "Certificates of clients: {}, checked against {}",
                if clients.required {
                    "required"
                } else {
                    "checked if shown"
                },
                authorities.join(", ")
            ));
        }
    }
    if !http.prefix.is_empty() {
        lines.push(format!("API at: {}/v2/", http.prefix));
    }
    lines.push(match (&http.host, http.relative_urls) {
        (_, true) => "Locations: paths without a host".to_owned(),
        (Some(host), false) => format!("Locations: begin with {host}"),
        (None, false) => "Locations: begin with the address in the request".to_owned(),
    });
    for (name, values) in &http.headers {
        lines.push(format!("Header in answers: {name}: {}", values.join(", ")));
    }
    if let Some(timeout) = http.drain_timeout {
        lines.push(format!(
            "On a stop: requests may continue for {}",
            words(timeout)
        ));
    }
    if let Some(debug) = &http.debug {
        let metrics = match &debug.prometheus {
            Some(path) => format!("metrics at {path}"),
            None => "no metrics".to_owned(),
        };
        lines.push(format!(
            "Debug: {}, health at /debug/health, {metrics}",
            address(&debug.address)
        ));
    }
}

fn describe_access(access: &AccessSettings, lines: &mut Vec<String>) {
    lines.push(match access {
        AccessSettings::Open => "Sign-in: none; every client may do everything".to_owned(),
        AccessSettings::Htpasswd { path, rules, .. } => format!(
            "Sign-in: accounts of {}; {}",
            path.display(),
            match rules {
                None => "each may do everything".to_owned(),
                Some(rules) => format!("{} grants of regctl.access", rules.len()),
            }
        ),
        AccessSettings::Accounts { new_public, .. } => format!(
            "Sign-in: accounts of regctl's own; anonymous callers pull what is public; new \
             repositories are {}",
            if *new_public { "public" } else { "private" }
        ),
        AccessSettings::TokenServer(server) => {
            format!("Sign-in: tokens of {} for {}", server.realm, server.service)
        }
    });
}

fn describe_reach(reach: &ReachSettings, lines: &mut Vec<String>) {
    let ReachSettings {
        trusted_proxies,
        user_header,
        socket,
        address_rate,
        account_rate,
    } = reach;
    if let Some(header) = user_header {
        lines.push(format!("Users signed in by a proxy: named in {header}"));
    }
    for (whose, rate) in [("address", address_rate), ("account", account_rate)] {
        if let Some(rate) = rate {
            lines.push(format!(
                "Requests of an {whose}: {} a second, {} at once",
                rate.each_second, rate.burst
            ));
        }
    }
    if *trusted_proxies != ReachSettings::default().trusted_proxies {
        let networks: Vec<_> = trusted_proxies
            .iter()
            .map(|(address, bits)| format!("{address}/{bits}"))
            .collect();
        lines.push(format!(
            "Proxies believed: {}",
            if networks.is_empty() {
                "none".to_owned()
            } else {
                networks.join(", ")
            }
        ));
    }
    if let Some(mode) = socket.mode {
        lines.push(format!("Mode of the socket: {mode:04o}"));
    }
    if let Some(group) = socket.group {
        lines.push(format!("Group of the socket: {group}"));
    }
}

fn describe_storage(storage: &StorageSettings, lines: &mut Vec<String>) {
    lines.push(match &storage.driver {
        StorageDriver::Filesystem { root } => format!("Data in: {}", root.display()),
        StorageDriver::Memory => "Data in: memory; it is lost when the server ends".to_owned(),
    });
    lines.push(match (storage.read_only, storage.delete) {
        (true, _) => "Clients may: pull only".to_owned(),
        (false, true) => "Clients may: pull, push and delete".to_owned(),
        (false, false) => "Clients may: pull and push, not delete".to_owned(),
    });
    let purging = storage.upload_purging.filter(|_| !storage.read_only);
    lines.push(match purging {
        None => "Unfinished uploads: kept".to_owned(),
        Some(purging) => format!(
            "Unfinished uploads: {} after {}, checked every {}",
            if purging.dry_run { "named" } else { "removed" },
            words(purging.age),
            words(purging.interval)
        ),
    });
}

fn describe_collection(
    collection: &CollectionSettings,
    retention: &[RetentionRule],
    scrub: Option<ScrubSettings>,
    lines: &mut Vec<String>,
) {
    let untagged = match collection.untagged {
        None => String::new(),
        Some(age) if age.is_zero() => ", with untagged manifests".to_owned(),
        Some(age) => format!(", with untagged manifests older than {}", words(age)),
    };
    lines.push(match &collection.schedule {
        None => ON_REQUEST.to_owned(),
        Some(schedule) => format!("Collects garbage: {schedule}{untagged}"),
    });
    if let Some(Schedule::At(_)) = collection.schedule {
        lines.push(format!(
            "Time zone of this pattern: {}",
            time_zone::describe()
        ));
    }
    describe_trash(collection, lines);
    for rule in retention {
        let mut words_of: Vec<String> = Vec::new();
        let list = |patterns: &[String]| patterns.join(" or ");
        if let Some(count) = rule.keep_last {
            words_of.push(format!("beyond the last {count}"));
        }
        if let Some(age) = rule.older_than {
            words_of.push(format!("older than {}", period_in_words(age)));
        }
        if let Some(age) = rule.not_pulled_for {
            words_of.push(format!("not pulled for {}", period_in_words(age)));
        }
        if !rule.matching.is_empty() {
            words_of.push(format!("that match {}", list(&rule.matching)));
        }
        if !rule.exclude.is_empty() {
            words_of.push(format!("but not {}", list(&rule.exclude)));
        }
        lines.push(format!(
            "Deletes tags from {}: {}",
            list(&rule.repositories),
            words_of.join(", ")
        ));
    }
    if let Some(scrub) = scrub {
        lines.push(format!(
            "Reads everything: every {}, at most {} bytes a second",
            words(scrub.interval),
            scrub.rate
        ));
    }
}

fn describe_trash(collection: &CollectionSettings, lines: &mut Vec<String>) {
    lines.push(if collection.trash.is_zero() {
        "Deleted tags: can't be restored".to_owned()
    } else {
        let trash = words(collection.trash);
        format!("Deleted tags: can be restored for {trash} (regctl restore)")
    });
}

fn describe_validation(validation: &ValidationSettings, lines: &mut Vec<String>) {
    let (allow, deny) = (&validation.urls_allow, &validation.urls_deny);
    let urls = match (allow.is_empty(), deny.is_empty()) {
        (true, true) => "any".to_owned(),
        (false, true) => format!("those that match {}", allow.join(" or ")),
        (true, false) => format!("all but those that match {}", deny.join(" or ")),
        (false, false) => format!(
            "those that match {}, but not {}",
            allow.join(" or "),
            deny.join(" or ")
        ),
    };
    lines.push(format!("URLs allowed in manifests: {urls}"));
    lines.push(match &validation.index_platforms {
        IndexPlatforms::All => "Images an index needs: all that it lists".to_owned(),
        IndexPlatforms::None => "Images an index needs: none".to_owned(),
        IndexPlatforms::List(platforms) => {
            let platforms: Vec<_> = platforms.iter().map(ToString::to_string).collect();
            format!("Images an index needs: those for {}", platforms.join(", "))
        }
    });
}

fn describe_log(log: &LogSettings, lines: &mut Vec<String>) {
    lines.push(format!(
        "Log: level {}, as {}, access log {}",
        log.level,
        log.format,
        if log.access_log { "on" } else { "off" }
    ));
    for (name, value) in &log.fields {
        lines.push(format!("Field in the log: {name}={value:?}"));
    }
}

fn describe_health(health: &HealthSettings, lines: &mut Vec<String>) {
    let mut unhealthy = |what: String, check: HealthCheck| {
        let times = match check.threshold {
            1 => String::new(),
            times => format!(" {times} times in a row"),
        };
        let interval = words(check.interval);
        lines.push(format!(
            "Unhealthy: when {what}{times}, checked every {interval}"
        ));
    };
    if let Some(check) = health.storage {
        unhealthy("the storage fails".to_owned(), check);
    }
    for file in &health.files {
        unhealthy(format!("{} is there", file.path.display()), file.check);
    }
    for http in &health.http {
        let what = format!("HEAD {} does not answer {}", http.uri, http.status);
        unhealthy(what, http.check);
    }
    for tcp in &health.tcp {
        unhealthy(format!("{} accepts no connection", tcp.address), tcp.check);
    }
}

fn address(address: &ListenAddress) -> String {
    match address {
        ListenAddress::Tcp { host, port } if host.is_empty() => match port {
            0 => "a free port of all addresses".to_owned(),
            port => format!("port {port} of all addresses"),
        },
        ListenAddress::Tcp { host, port: 0 } => format!("a free port of {host}"),
        ListenAddress::Tcp { .. } => address.to_string(),
        ListenAddress::Unix(path) => format!("the socket {}", path.display()),
    }
}
