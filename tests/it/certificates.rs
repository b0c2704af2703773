//! The state of a server's certificate, as administrators learn it: near its end, not renewed, renewed.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use reqwest::header::{COOKIE, ORIGIN, SET_COOKIE};

use crate::acme;
use crate::cli_support::{Regctl, text};
use crate::support::{AcmeDirectory, Judgement, Program, Server, Setup, eventually};
use crate::tls_trust::Own;

/// The exit code and stdout of `regctl doctor`.
fn doctor(regctl: &Regctl, arguments: &[&str]) -> (i32, String) {
    let mut command = regctl.command();
    let output = command.arg("doctor").args(arguments).output().unwrap();
    let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
    (output.status.code().unwrap(), said)
}

/// The page About of a server with TLS, as an account sees it.
fn about(server: &Server, account: &str) -> String {
    let client = reqwest::Client::builder()
        .tls_danger_accept_invalid_certs(true)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .unwrap();
    let origin = format!("https://{}", server.host());
    let html = |request: reqwest::RequestBuilder| {
        let request = request.header("Accept", "text/html");
        request.header("Accept-Language", "en").send()
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let form = html(client.get(format!("{origin}/sign-in"))).await.unwrap();
        let cookies = |answer: &reqwest::Response| {
            let set = answer.headers().get_all(SET_COOKIE).iter();
            let pairs = set.map(|cookie| cookie.to_str().unwrap().split(';').next().unwrap());
            pairs.collect::<Vec<_>>().join("; ")
        };
        let before = cookies(&form);
        let page = form.text().await.unwrap();
        let (_, rest) = page.split_once("name=\"form-token\" value=\"").unwrap();
        let token = rest.split('"').next().unwrap();
        let password = format!("{account}-secret");
        let fields = [
            ("form-token", token),
            ("name", account),
            ("password", &password),
        ];
        let signing = client
            .post(format!("{origin}/sign-in"))
            .header(COOKIE, before)
            .header(ORIGIN, &origin)
            .form(&fields);
        let signed = html(signing).await.unwrap();
        assert_eq!(signed.status(), 303);
        let page = client
            .get(format!("{origin}/about"))
            .header(COOKIE, cookies(&signed));
        html(page).await.unwrap().text().await.unwrap()
    })
}

#[test]
fn administrators_learn_why_a_renewal_failed() {
    let directory = AcmeDirectory::start(Judgement::Refuse);
    let (setup, _scratch) = acme::setup(&directory, "");
    let server = setup
        .environment("REGISTRY_REGCTL_ACCOUNTS_ENABLED", "true")
        .start();
    directory.validates_at(server.address().port(), None);
    server.log_with("no certificate for");
    let regctl = Regctl::new("");
    let root = server.root().display().to_string();
    for (name, flags) in [("root", &["--admin"][..]), ("bob", &[])] {
        let mut add = regctl.command();
        add.args(["user", "add", name, "--password-stdin", "--root", &root])
            .args(flags)
            .write_stdin(format!("{name}-secret\n"));
        add.assert().success();
    }
    let warned = |(code, said): (i32, String)| {
        assert_eq!(code, 1, "{said}");
        for part in [
            "temporary, trusted by no client",
            "names        other.example.com, registry.example.com",
            ": this test refuses",
            "see that the ACME authority reaches these names",
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
    };
    warned(doctor(&regctl, &["--root", &root]));

    let host = format!("https://{}", server.host());
    let over_network = ["--registry", &host, "--insecure"];
    let login = |name: &str| {
        let mut login = regctl.command();
        login
            .args(["login", "-u", name, "--password-stdin", "--insecure", &host])
            .write_stdin(format!("{name}-secret\n"));
        login.assert().success();
    };
    login("bob");
    assert_eq!(doctor(&regctl, &over_network).0, 4);
    login("root");
    warned(doctor(&regctl, &over_network));

    let page = about(&server, "root");
    assert!(
        page.contains("The last renewal failed") && page.contains("this test refuses"),
        "{page}"
    );
    assert!(!about(&server, "bob").contains("this test refuses"));

    // A restart knows it still, and asks for nothing.
    let server = server.restart();
    warned(doctor(&regctl, &["--root", &root]));
    assert_eq!(directory.orders(), 1);
    server.stop();
}

/// Writes a certificate of 90 days, of which some are left, and its key.
fn write_certificate(directory: &Path, days_left: i64) {
    let day = SignedDuration::from_hours(24);
    let ends = Timestamp::now() + day * i32::try_from(days_left).unwrap();
    let date = |time: Timestamp| {
        let date = time.to_zoned(jiff::tz::TimeZone::UTC).date();
        let (month, day) = (date.month().unsigned_abs(), date.day().unsigned_abs());
        rcgen::date_time_ymd(i32::from(date.year()), month, day)
    };
    let names = ["127.0.0.1", "registry.example.com"].map(str::to_owned);
    let mut params = rcgen::CertificateParams::new(names.to_vec()).unwrap();
    params.not_before = date(ends - day * 90);
    params.not_after = date(ends);
    let name = &mut params.distinguished_name;
    name.push(rcgen::DnType::CommonName, "Example authority");
    let key = rcgen::KeyPair::generate().unwrap();
    let pem = params.self_signed(&key).unwrap().pem();
    std::fs::write(directory.join("key.pem"), key.serialize_pem()).unwrap();
    std::fs::write(directory.join("cert.pem"), pem).unwrap();
}

#[test]
fn files_near_their_end_and_replaced() {
    let scratch = tempfile::tempdir().unwrap();
    write_certificate(scratch.path(), 5);
    let directory = scratch.path().display();
    let config = format!(
        "version: 0.1\nstorage: {{filesystem: {{rootdirectory: /nowhere}}}}\nhttp:\n  addr: \
         127.0.0.1:0\n  tls: {{certificate: {directory}/cert.pem, key: {directory}/key.pem}}\n"
    );
    let server = Setup::new(Program::Regctl).config(&config).start();
    let log = server.log_with("the certificate for 127.0.0.1, registry.example.com ends on");
    assert!(log.contains("hint: replace the files of http.tls"), "{log}");
    let regctl = Regctl::new("");
    let root = server.root().display().to_string();
    let (code, said) = doctor(&regctl, &["--root", &root]);
    assert_eq!(code, 1, "{said}");
    assert!(
        said.contains("Example authority") && said.contains("replace the files"),
        "{said}"
    );
    // So does everybody whom it is shown.
    let (code, said) = doctor(&regctl, &[&server.host()]);
    assert_eq!(code, 1, "{said}");
    for part in [
        "127.0.0.1, registry.example.com",
        "issuer       Example authority",
        " days left",
        "see why the certificate has not been renewed",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }

    // Files that do not fit are not used, and a message names them.
    std::fs::write(scratch.path().join("cert.pem"), "nothing").unwrap();
    server.log_with("could not reload the certificate");
    let (_, said) = doctor(&regctl, &["--root", &root]);
    assert!(said.contains("failed       2"), "{said}");
    write_certificate(scratch.path(), 80);
    eventually("the new files are in use", || {
        let (code, said) = doctor(&regctl, &["--root", &root]);
        code == 0 && said.contains("Nothing has to be done")
    });
    let _stopped = server.stop();

    // Without a server no certificate is in use; with plain HTTP there is none.
    let (code, said) = doctor(&regctl, &["--root", &root]);
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("no server runs"), "{said}");
    let plain = Server::regctl();
    let (code, said) = doctor(&regctl, &["--root", &plain.root().display().to_string()]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("the server speaks plain HTTP"), "{said}");
    plain.stop();
}

#[test]
fn an_authority_that_is_not_sent_is_not_taken_for_a_wrong_name() {
    let scratch = tempfile::tempdir().unwrap();
    let path = |name: &str| scratch.path().join(name).display().to_string();
    let mut params = rcgen::CertificateParams::new(Vec::<String>::new()).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let name = &mut params.distinguished_name;
    name.push(rcgen::DnType::CommonName, "our authority");
    let authority = rcgen::Issuer::new(params, rcgen::KeyPair::generate().unwrap());
    let key = rcgen::KeyPair::generate().unwrap();
    let leaf = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let leaf = leaf.signed_by(&key, &authority).unwrap();
    std::fs::write(path("cert.pem"), leaf.pem()).unwrap();
    std::fs::write(path("key.pem"), key.serialize_pem()).unwrap();
    let config = format!(
        "version: 0.1\nhttp:\n  addr: 127.0.0.1:0\n  tls: {{certificate: {}, key: {}}}\n",
        path("cert.pem"),
        path("key.pem")
    );
    let server = Setup::new(Program::Regctl).config(&config).start();
    let host = server.host();
    let (code, said) = doctor(&Regctl::new(""), &[&host]);
    assert_eq!(code, 1, "{said}");
    assert!(
        said.contains("the server does not send its authority"),
        "{said}"
    );
    let remedy = format!("of that authority as /etc/docker/certs.d/{host}/ca.crt");
    assert!(said.contains(&remedy), "{said}");
    assert!(!said.contains("not valid for"), "{said}");
    server.stop();
}

/// An authority of a clock that had not been set, by a version that believed it.
#[test]
fn an_authority_that_has_ended_is_named_everywhere() {
    let root = tempfile::tempdir().unwrap();
    let directory = root.path().join("regctl/tls");
    std::fs::create_dir_all(&directory).unwrap();
    let mut params = rcgen::CertificateParams::new(Vec::<String>::new()).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Constrained(0));
    params.not_before = rcgen::date_time_ymd(1969, 12, 31);
    params.not_after = rcgen::date_time_ymd(1979, 12, 30);
    let key = rcgen::KeyPair::generate().unwrap();
    let pem = params.self_signed(&key).unwrap().pem();
    std::fs::write(directory.join("ca-key.pem"), key.serialize_pem()).unwrap();
    std::fs::write(directory.join("ca.pem"), &pem).unwrap();
    let server = Own::start_in(root, &[]);
    eventually("the log warns", || {
        let log = server.log.text();
        log.contains("this server's own authority ended on 1979-12-30")
    });
    let regctl = Regctl::new("");
    let host = format!("127.0.0.1:{}", server.port);
    let (code, said) = doctor(
        &regctl,
        &["--root", &server.root.path().display().to_string()],
    );
    assert_eq!(code, 1, "{said}");
    for part in [
        "authority    valid until 1979-12-30T00:00:00Z, ",
        "the server's authority has ended",
        "move ca.pem and ca-key.pem in regctl/tls of the root away",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let (code, said) = doctor(&regctl, &[&host]);
    assert_eq!(code, 1, "{said}");
    assert!(
        said.contains("refused by clients: it ended on 1979-12-30") && !said.contains("damaged"),
        "{said}"
    );
    let said = regctl.fails(1, &["trust", &host, "--yes"]);
    assert!(said.contains("it ended on 1979-12-30"), "{said}");
    // Clients trust it: only a person replaces it.
    let kept = std::fs::read_to_string(server.root.path().join("regctl/tls/ca.pem"));
    assert_eq!(kept.unwrap(), pem);
}
