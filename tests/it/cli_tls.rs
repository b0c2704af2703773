//! The client commands over TLS: whom they trust, and how they are told.

use crate::cli_support::{Regctl, start_docker_registry_with};

#[test]
fn whom_to_trust() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).display().to_string();
    let signed = rcgen::generate_simple_self_signed(vec!["127.0.0.1".into()]).unwrap();
    std::fs::write(path("cert.pem"), signed.cert.pem()).unwrap();
    std::fs::write(path("key.pem"), signed.signing_key.serialize_pem()).unwrap();
    let tls = format!(
        ", tls: {{certificate: {}, key: {}}}",
        path("cert.pem"),
        path("key.pem")
    );
    let Some(registry) = start_docker_registry_with(&tls) else {
        return;
    };
    let regctl = Regctl::new(&registry.host);

    // A certificate that nobody vouches for is an error at once; it is not a reason for http.
    let error = regctl.fails(6, &["catalog"]);
    assert!(
        error.contains("certificate") && error.contains("hint: put its authority"),
        "{error}"
    );
    assert_eq!(error.lines().count(), 1);
    regctl.run(&["--insecure", "catalog"]).success().stdout("");
    regctl.fails(2, &["--insecure", "--plain-http", "catalog"]);
    let error = regctl.fails(1, &["--plain-http", "catalog"]);
    assert!(error.contains("400"), "{error}");

    let certificates = regctl
        .home
        .path()
        .join("config/containers/certs.d")
        .join(&registry.host);
    std::fs::create_dir_all(&certificates).unwrap();
    std::fs::write(certificates.join("ca.crt"), signed.cert.pem()).unwrap();
    regctl.run(&["catalog"]).success().stdout("");
}
