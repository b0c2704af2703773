//! Proxies of the environment: which requests use them, and their errors.

use assert_cmd::assert::Assert;

use crate::cli_support::{Regctl, push_image, start_regctl, text};
use crate::support::{Program, Proxy, Setup};

/// A name that does not resolve: only the proxy can handle it.
const NAME: &str = "registry.invalid";

fn run(regctl: &Regctl, environment: &[(&str, &str)], arguments: &[&str]) -> Assert {
    let mut command = regctl.command();
    command.envs(environment.iter().copied()).args(arguments);
    command.assert()
}

fn talk(assert: &Assert) -> String {
    text(&assert.get_output().stderr)
}

#[test]
fn plain_requests() {
    let registry = start_regctl();
    push_image(&registry.host, "app", "1", "amd64");
    let proxy = Proxy::start(&registry.host, None);
    let regctl = Regctl::new(&format!("{NAME}:5000"));
    let catalog = ["catalog", "--plain-http", "-o", "name"];
    let (plain, with_user) = (
        proxy.host.clone(),
        format!("http://ada:p%3Aw@{}", proxy.host),
    );
    for (variable, value) in [
        ("HTTP_PROXY", &plain),
        ("http_proxy", &with_user),
        ("ALL_PROXY", &with_user),
        ("all_proxy", &plain),
    ] {
        run(&regctl, &[(variable, value)], &catalog)
            .success()
            .stdout("app\n");
        let seen = proxy.seen().pop().unwrap();
        assert!(
            seen.starts_with(&format!("GET http://{NAME}:5000/v2/")),
            "{seen}"
        );
        let shown = seen.contains("Basic YWRhOnA6dw==");
        assert_eq!(shown, *value == with_user, "{seen}");
    }
}

#[test]
fn tunnels_with_the_registrys_own_certificate() {
    let directory = tempfile::tempdir().unwrap();
    let mut authority = rcgen::CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority_key = rcgen::KeyPair::generate().unwrap();
    let kept = authority.self_signed(&authority_key).unwrap().pem();
    let key = rcgen::KeyPair::generate().unwrap();
    let issuer = rcgen::Issuer::new(authority, authority_key);
    let served = rcgen::CertificateParams::new(vec![NAME.to_owned()]).unwrap();
    let served = served.signed_by(&key, &issuer).unwrap();
    let at = |name: &str, text: String| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let config = format!(
        "version: 0.1\nstorage: {{filesystem: {{rootdirectory: /nowhere}}}}\nhttp: {{addr: \
         \"127.0.0.1:0\", tls: {{certificate: {}, key: {}}}}}\n",
        at("cert.pem", served.pem()),
        at("key.pem", key.serialize_pem())
    );
    let server = Setup::new(Program::Regctl).config(&config).start();
    let proxy = Proxy::start(&server.host(), None);
    // The default port of https: certificates are stored under the name with or without it.
    for (written, directory) in [
        (NAME, NAME),
        ("registry.invalid:443", "registry.invalid:443"),
    ] {
        let regctl = Regctl::new(written);
        for variable in ["HTTPS_PROXY", "https_proxy"] {
            let environment = [(variable, proxy.host.as_str())];
            let unknown = run(&regctl, &environment, &["catalog"]).code(6);
            assert!(talk(&unknown).contains("certs.d/"), "{}", talk(&unknown));
            let home = regctl
                .home
                .path()
                .join("config/regctl/certs.d")
                .join(directory);
            std::fs::create_dir_all(&home).unwrap();
            std::fs::write(home.join("ca.crt"), &kept).unwrap();
            run(&regctl, &environment, &["catalog"])
                .success()
                .stdout("");
            // The name has not to resolve here.
            let doctor = run(&regctl, &environment, &["doctor", written]).success();
            let found = text(&doctor.get_output().stdout);
            assert!(
                found.contains("without it there is no way there"),
                "{found}"
            );
            std::fs::remove_file(home.join("ca.crt")).unwrap();
            let doctor = run(&regctl, &environment, &["doctor", written]).code(1);
            let found = text(&doctor.get_output().stdout);
            assert!(found.contains("/v2/ through the proxy: "), "{found}");
            assert!(found.contains("DNS"), "{found}");
            let seen = proxy.seen().pop().unwrap();
            assert!(seen.starts_with("CONNECT registry.invalid:443"), "{seen}");
        }
    }
}

#[test]
fn requests_without_the_proxy() {
    let registry = start_regctl();
    let proxy = Proxy::start(&registry.host, None);
    let through = |variable| (variable, proxy.host.as_str());
    // This machine itself.
    let near = Regctl::new(&registry.host);
    let environment = [
        through("HTTP_PROXY"),
        through("HTTPS_PROXY"),
        through("ALL_PROXY"),
    ];
    run(&near, &environment, &["catalog"]).success();
    let far = Regctl::new(&format!("{NAME}:5000"));
    for (variable, hosts) in [
        ("NO_PROXY", NAME),
        ("no_proxy", "example.org, .invalid"),
        ("NO_PROXY", "*"),
    ] {
        let environment = [through("HTTPS_PROXY"), (variable, hosts)];
        let error = talk(&run(&far, &environment, &["catalog", "--retries", "0"]).code(6));
        assert!(!error.contains("proxy"), "{error}");
    }
    assert_eq!(proxy.seen(), Vec::<String>::new());
}

#[test]
fn errors_of_a_proxy() {
    let far = Regctl::new(NAME);
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = closed.local_addr().unwrap().to_string();
    drop(closed);
    let asks = Proxy::start("", Some("407 Proxy Authentication Required"));
    let fails = Proxy::start("", Some("502 Bad Gateway"));
    for (host, said) in [
        (&nobody, "NO_PROXY the hosts"),
        (&asks.host, "USER:PASSWORD@HOST"),
        (&fails.host, "NO_PROXY the hosts"),
    ] {
        let environment = [("HTTPS_PROXY", host.as_str())];
        let error = talk(&run(&far, &environment, &["catalog", "--retries", "1"]).code(6));
        let error = error.lines().last().unwrap();
        let begin = format!("error: can't reach {NAME}: the proxy {host} could not connect: ");
        assert!(error.starts_with(&begin) && error.contains(said), "{error}");
    }
    // A temporary failure is retried; missing credentials are not.
    assert_eq!((asks.seen().len(), fails.seen().len()), (1, 2));
}

#[test]
fn a_proxy_that_can_not_be_one_is_an_error() {
    let far = Regctl::new(NAME);
    for (variable, value, shown) in [
        ("HTTPS_PROXY", "ftp://ada:secret@proxy:1", "ftp://…@proxy:1"),
        (
            "https_proxy",
            "http//proxy.example.com",
            "http//proxy.example.com",
        ),
        ("ALL_PROXY", "http://proxy:port", "http://proxy:port"),
    ] {
        let catalog = run(&far, &[(variable, value)], &["catalog", "--retries", "0"]).code(1);
        let error = talk(&catalog);
        let begin = format!("error: can't use {variable}: {shown:?} is not the address of a proxy");
        assert!(error.starts_with(&begin), "{error}");
        let doctor = run(&far, &[(variable, value)], &["doctor", NAME]).code(1);
        let found = text(&doctor.get_output().stdout);
        assert!(
            found.contains(&format!("can't use {variable}: {shown:?}")),
            "{found}"
        );
    }
    // Of a host that is reached without a proxy, or by the other scheme, nothing is said.
    for environment in [
        [("HTTPS_PROXY", "ftp://proxy"), ("NO_PROXY", NAME)],
        [("HTTP_PROXY", "ftp://proxy"), ("NO_PROXY", "")],
    ] {
        let error = talk(&run(&far, &environment, &["catalog", "--retries", "0"]).code(6));
        assert!(!error.contains("PROXY"), "{error}");
    }
}
