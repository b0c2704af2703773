//! Paths and addresses that depend on this process: an error, because the printed file is for others.

use std::net::IpAddr;
use std::path::Path;

use crate::cli::exit::Usage;
use crate::config::{CertificateSource, ListenAddress, Settings};

/// An absolute path, which means the same to every process.
pub(super) fn whole<'p>(key: &str, path: &'p Path) -> Result<&'p Path, Usage> {
    if path.is_absolute() {
        return Ok(path);
    }
    Err(Usage(format!(
        "{key} is {}, which depends on the working directory; hint: write the absolute path",
        path.display()
    )))
}

/// An error if a path that the server reads or writes is relative, besides that of the data.
pub(super) fn check(settings: &Settings) -> Result<(), Usage> {
    let mut paths = settings.files();
    if let ListenAddress::Unix(path) = &settings.http.address {
        paths.push(("http.addr", path));
    }
    let certificate = settings.http.tls.as_ref().map(|tls| &tls.certificate);
    if let Some(CertificateSource::Acme(acme)) = certificate {
        let cache = acme.cache.iter();
        paths.extend(cache.map(|path| ("http.tls.letsencrypt.cachefile", &**path)));
    }
    paths.extend(settings.index.iter().map(|path| ("regctl.index", &**path)));
    let watched = settings.health.files.iter();
    paths.extend(watched.map(|file| ("health.file", &*file.path)));
    for (key, path) in paths {
        whole(key, path)?;
    }
    Ok(())
}

/// An address as ListenStream= has it. A name is an error: without an address the port would be open at
/// all of them.
pub(super) fn of_socket(address: &ListenAddress) -> Result<String, Usage> {
    let (host, port) = match address {
        ListenAddress::Tcp { host, port } => (host.as_str(), *port),
        ListenAddress::Unix(path) => return Ok(whole("http.addr", path)?.display().to_string()),
    };
    match host.parse() {
        Ok(IpAddr::V4(host)) => Ok(format!("{host}:{port}")),
        Ok(IpAddr::V6(host)) => Ok(format!("[{host}]:{port}")),
        Err(_) if host.is_empty() => Ok(port.to_string()),
        Err(_) if host == "localhost" => Ok(format!("127.0.0.1:{port}")),
        Err(_) => Err(Usage(format!(
            "http.addr is the name {host}, and systemd opens ports at addresses; hint: write the \
             address, as in --listen 127.0.0.1:{port}"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_has_the_address_or_none() {
        let printed = |host: &str| {
            let host = host.to_owned();
            of_socket(&ListenAddress::Tcp { host, port: 5000 })
        };
        for (host, expected) in [
            ("", "5000"),
            ("0.0.0.0", "0.0.0.0:5000"),
            ("localhost", "127.0.0.1:5000"),
            ("::1", "[::1]:5000"),
        ] {
            assert_eq!(printed(host).unwrap(), expected);
        }
        for host in [
            "vm",
            "localhost.localdomain",
            "ip6-localhost",
            "fe80::1%eth0",
        ] {
            let refused = printed(host).unwrap_err().to_string();
            assert!(refused.contains("hint: write the address"), "{refused}");
        }
        assert!(of_socket(&ListenAddress::Unix("r.sock".into())).is_err());
    }
}
