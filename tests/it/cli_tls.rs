//! The client commands over TLS: which certificates they trust.

use std::path::Path;

use crate::cli_support::{Regctl, Registry, text};
use crate::support::{Program, Setup, have};

/// A configuration with this certificate and key, for both programs.
fn tls(directory: &Path, certificate: &str, key: &str) -> String {
    let path = |name: &str, text: &str| {
        let path = directory.join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    format!(
        "version: 0.1\nstorage: {{filesystem: {{rootdirectory: /nowhere}}}}\nhttp: {{addr: \"127.0.0.1:0\", tls: \
         {{certificate: {}, key: {}}}}}\n",
        path("cert.pem", certificate),
        path("key.pem", key)
    )
}

/// Stores a certificate in the user's directory for a registry.
fn keep(regctl: &Regctl, registry: &Registry, certificate: &str) {
    let kept = regctl
        .home
        .path()
        .join("config/containers/certs.d")
        .join(&registry.host);
    std::fs::create_dir_all(&kept).unwrap();
    std::fs::write(kept.join("ca.crt"), certificate).unwrap();
}

#[test]
fn trusted_certificates() {
    let directory = tempfile::tempdir().unwrap();
    let signed = rcgen::generate_simple_self_signed(vec!["127.0.0.1".into()]).unwrap();
    let config = tls(
        directory.path(),
        &signed.cert.pem(),
        &signed.signing_key.serialize_pem(),
    );
    for program in [Program::Regctl, Program::DockerRegistry] {
        if program == Program::DockerRegistry && !have(&["docker-registry"]) {
            continue;
        }
        let registry: Registry = Setup::new(program).config(&config).start().into();
        let regctl = Regctl::new(&registry.host);

        // An untrusted certificate is an error at once, and does not lead to http.
        let error = regctl.fails(6, &["catalog"]);
        assert!(
            error.contains("certificate") && error.contains("hint: put its authority"),
            "{error}"
        );
        assert_eq!(error.lines().count(), 1);
        regctl.run(&["catalog", "--insecure"]).success().stdout("");
        regctl.fails(2, &["catalog", "--insecure", "--plain-http"]);
        // Both servers answer in plain text that they use TLS.
        let error = regctl.fails(1, &["catalog", "--retries", "0", "--plain-http"]);
        assert!(
            error.contains("uses https") && error.contains("leave out --plain-http"),
            "{error}"
        );

        keep(&regctl, &registry, &signed.cert.pem());
        regctl.run(&["catalog"]).success().stdout("");
    }
}

/// The certificate of `openssl req -x509`: an authority as the server certificate.
#[test]
fn a_server_that_is_its_own_authority() {
    let directory = tempfile::tempdir().unwrap();
    let make = |name: &str, from: (i32, u8, u8), until: (i32, u8, u8)| {
        let mut parameters = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
        parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        parameters.not_before = rcgen::date_time_ymd(from.0, from.1, from.2);
        parameters.not_after = rcgen::date_time_ymd(until.0, until.1, until.2);
        let key = rcgen::KeyPair::generate().unwrap();
        (
            parameters.self_signed(&key).unwrap().pem(),
            key.serialize_pem(),
        )
    };
    let (start, end) = ((2020, 1, 1), (4096, 1, 1));
    let serve = |(certificate, key): &(String, String)| -> (Registry, Regctl) {
        let config = tls(directory.path(), certificate, key);
        let registry: Registry = Setup::new(Program::Regctl).config(&config).start().into();
        let regctl = Regctl::new(&registry.host);
        (registry, regctl)
    };
    let good = make("127.0.0.1", start, end);
    let (registry, regctl) = serve(&good);
    let error = regctl.fails(6, &["catalog"]);
    assert!(
        error.contains("(CA:TRUE); hint: put that certificate itself"),
        "{error}"
    );
    // Another certificate for the same name is not trusted.
    keep(&regctl, &registry, &make("127.0.0.1", start, end).0);
    regctl.fails(6, &["catalog"]);
    keep(&regctl, &registry, &good.0);
    regctl.run(&["catalog"]).success().stdout("");

    let misnamed = make("registry.example.org", start, end);
    let (registry, regctl) = serve(&misnamed);
    keep(&regctl, &registry, &misnamed.0);
    let error = regctl.fails(6, &["catalog"]);
    assert!(error.contains("subjectAltName=IP:127.0.0.1"), "{error}");

    let expired = make("127.0.0.1", start, (2021, 1, 1));
    let (registry, regctl) = serve(&expired);
    keep(&regctl, &registry, &expired.0);
    let error = regctl.fails(6, &["catalog"]);
    assert!(error.contains("hint: renew it"), "{error}");
}

/// A file that can't be used is named with the key that names it, and the position of that.
#[test]
fn unusable_files_of_tls() {
    let pair = |name: &str| {
        let signed = rcgen::generate_simple_self_signed(vec![name.into()]).unwrap();
        (signed.cert.pem(), signed.signing_key.serialize_pem())
    };
    let ((certificate, key), (_, other)) = (pair("a"), pair("b"));
    let cut = &certificate[..certificate.len() / 2];
    let at = [
        "6:18: http.tls.certificate",
        "7:10: http.tls.key",
        "8:17: http.tls.clientcas[0]",
    ];
    for (files, named, said) in [
        (["", &key, &certificate], at[0], "No such file"),
        ([&certificate, "", &certificate], at[1], "No such file"),
        ([&certificate, &key, ""], at[2], "No such file"),
        ([&key, &key, &certificate], at[0], "contains no certificate"),
        ([cut, &key, &certificate], at[0], "damaged or cut short"),
        (
            [&certificate, &certificate, &certificate],
            at[1],
            "contains no private key",
        ),
        ([&certificate, &key, &key], at[2], "contains no certificate"),
        (
            [&certificate, &other, &certificate],
            at[1],
            "the key is that of another certificate",
        ),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let paths = ["cert.pem", "key.pem", "ca.pem"].map(|name| directory.path().join(name));
        for (path, text) in paths.iter().zip(files) {
            if !text.is_empty() {
                std::fs::write(path, text).unwrap();
            }
        }
        let [certificate, key, ca] = paths.map(|path| path.display().to_string());
        let config = directory.path().join("config.yml");
        let text = format!(
            "version: 0.1\nstorage: {{filesystem: {{rootdirectory: /nowhere}}}}\nhttp:\n  addr: \
             127.0.0.1:0\n  tls:\n    certificate: {certificate}\n    key: {key}\n    clientcas: [{ca}]\n"
        );
        std::fs::write(&config, text).unwrap();
        let config = config.to_str().unwrap();
        let regctl = Regctl::new("");
        let error = regctl.fails(1, &["serve", "--check", "--config", config]);
        assert!(
            error.contains(&format!("{config}:{named}")),
            "{named}: {error}"
        );
        assert!(
            error.contains(said) && error.contains(".pem"),
            "{said}: {error}"
        );
        assert!(
            !error.contains("os error") && error.lines().count() == 1,
            "{error}"
        );
        let flag = format!("{certificate},{key}");
        if said == "No such file" && named != at[2] {
            let error = regctl.fails(1, &["serve", "--check", "--tls", &flag]);
            assert!(
                error.starts_with("error: --tls: ") && error.contains(".pem: No such"),
                "{error}"
            );
        }
    }
}

#[test]
fn a_diagnosis_has_no_numbers_of_the_system() {
    let run = Regctl::new("").run(&["doctor", "127.0.0.1:1"]).code(1);
    let said = text(&run.get_output().stdout);
    assert!(
        said.contains("127.0.0.1 port 1: Connection refused\n"),
        "{said}"
    );
}

#[test]
fn the_doctor_presents_the_client_certificate_that_this_machine_keeps() {
    let scratch = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = scratch.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let of_server = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let certificate = write("server.pem", &of_server.cert.pem());
    let key = write("server.key", &of_server.signing_key.serialize_pem());
    // Its own authority, as `clientcas` may have it.
    let of_client = rcgen::generate_simple_self_signed(vec!["ci".to_owned()]).unwrap();
    let authority = write("clients.pem", &of_client.cert.pem());
    let config = format!(
        "version: 0.1\nhttp:\n  addr: 127.0.0.1:0\n  tls:\n    certificate: {certificate}\n    \
         key: {key}\n    clientcas: [{authority}]\n"
    );
    let server = Setup::new(Program::Regctl).config(&config).start();
    let regctl = Regctl::new("");
    let said = |code: i32| {
        let run = regctl.run(&["doctor", &server.host()]).code(code);
        text(&run.get_output().stdout)
    };
    let kept = format!("certs.d/{}", server.host());
    let without = said(1);
    assert!(
        without.contains("it requires a client certificate") && without.contains(&kept),
        "{without}"
    );
    let directory = regctl.home.path().join("config/regctl").join(&kept);
    std::fs::create_dir_all(&directory).unwrap();
    std::fs::write(directory.join("ci.cert"), of_client.cert.pem()).unwrap();
    let key = of_client.signing_key.serialize_pem();
    std::fs::write(directory.join("ci.key"), key).unwrap();
    // This machine still does not trust the server's certificate.
    let with = said(1);
    assert!(
        with.contains("sign-in") && !with.contains("no answer"),
        "{with}"
    );
    server.stop();
}
