//! The page regctl-config(5): the keys of a configuration.

use clap_mangen::roff::{Roff, bold, italic, roman};

use super::man::{list, paragraphs};
use crate::config::KEYS;

const DESCRIPTION: [&str; 4] = [
    "The configuration of regctl serve, and of the commands that work on the same data, is that of \
     registry:2 and registry:3, with a section of regctl's own that those pass over. It is YAML; \
     regctl serve --check says what a file means here and what of it is ignored.",
    "Flags take precedence over the environment, and the environment over the file. The variable of a key is REGISTRY_ and \
     its path in capitals, without dashes and with an underscore for each dot; items of lists go by \
     number: REGISTRY_HTTP_ADDR, REGISTRY_REGCTL_RETENTION_0_KEEPLAST.",
    "Durations are written as 500ms, 30s, 12h or 1h30m; below regctl also with days and weeks, as 7d or \
     2w. In the keys of registry:2 a number without a unit is nanoseconds. Rates of bytes are written \
     as 4MiB. A value that is not anything is an error with its file, line and column. A key that is not known is a warning; one \
     that would close the registry or name other data, and has no effect here, is an error: any auth \
     but none, htpasswd and token, proxy.remoteurl, and storage that is neither a directory nor memory.",
    "Below, [] means each item of a list, a word in capitals any name.",
];

const FILES: [(&str, &str); 3] = [
    (
        "/etc/regctl/config.yml",
        "Read by --config without FILE, and without --config unless --root is given.",
    ),
    (
        "/etc/docker/registry/config.yml",
        "The file of registry:2; read by --config without FILE.",
    ),
    (
        "/etc/distribution/config.yml",
        "The file of registry:3; read by --config without FILE.",
    ),
];

/// The page in roff.
pub(super) fn page() -> String {
    let mut roff = Roff::new();
    let program = format!("regctl {}", env!("CARGO_PKG_VERSION"));
    let title = ["REGCTL-CONFIG", "5", " ", &program, "File formats"];
    roff.control("TH", title);
    roff.control("SH", ["NAME"]);
    roff.text([roman("regctl-config - the configuration of a registry")]);
    roff.control("SH", ["DESCRIPTION"]);
    paragraphs(&mut roff, DESCRIPTION.into_iter());
    let mut section = "";
    for key in KEYS {
        let own = key.path.split(['.', '[']).next().unwrap_or_default();
        if own != section {
            section = own;
            roff.control("SH", [section.to_uppercase().as_str()]);
        }
        roff.control("TP", []);
        let mut line = vec![bold(key.path)];
        if !key.default.is_empty() {
            line.extend([roman(": "), italic(key.default)]);
        }
        roff.text(line);
        roff.text([roman(key.meaning)]);
    }
    let files = FILES.map(|(name, text)| (name.to_owned(), text.to_owned()));
    list(&mut roff, "FILES", files);
    roff.control("SH", ["EXAMPLES"]);
    roff.control("nf", []);
    for line in include_str!("../setup/debian/config.yml").lines() {
        roff.text([roman(line)]);
    }
    roff.control("fi", []);
    roff.control("SH", ["SEE ALSO"]);
    roff.text([roman(
        "regctl(1), regctl-serve(1), regctl-gc(1), regctl-user(1)",
    )]);
    roff.render()
}
