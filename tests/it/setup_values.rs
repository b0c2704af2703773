//! Values in the files of `regctl setup`: times of a stop, and paths with letters that systemd, cron or
//! a shell read as something else; paths that are an error. And commands of users without a data
//! directory.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use serde_json::{Value, json};

use crate::cli_support::{Regctl, program_of_everybody, text};
use crate::setup_files::{documents, write};
use crate::support::{attempt, is_root};

#[test]
fn a_stop_lasts_longer_than_the_requests_that_it_waits_for() {
    let regctl = Regctl::new("");
    let config = regctl.home.path().join("config.yml");
    for (drain, stop) in [("", 60), (", draintimeout: 5m", 330)] {
        let text = format!(
            "version: 0.1\nstorage: {{filesystem: {{rootdirectory: /x}}}}\n\
             http: {{addr: ':5000'{drain}}}\n"
        );
        fs::write(&config, text).unwrap();
        let printed =
            |target: &str| regctl.stdout(&["setup", target, "--config", config.to_str().unwrap()]);
        let unit = printed("systemd");
        assert!(
            unit.contains(&format!("\nTimeoutStopSec={stop}\n")),
            "{unit}"
        );
        let compose: Value = serde_saphyr::from_str(&printed("compose")).unwrap();
        assert_eq!(
            compose["services"]["registry"]["stop_grace_period"],
            format!("{stop}s")
        );
        let manifests = printed("kubernetes");
        let set: Value =
            serde_saphyr::from_str(manifests.rsplit("\n---\n").next().unwrap()).unwrap();
        let pod = &set["spec"]["template"]["spec"];
        assert_eq!(pod["terminationGracePeriodSeconds"], stop);
        // The port is closed until the data has been read.
        let container = &pod["containers"][0];
        let probe = &container["startupProbe"];
        assert_eq!(probe["httpGet"], container["livenessProbe"]["httpGet"]);
        let number = |name: &str| probe[name].as_u64().unwrap();
        assert!(number("periodSeconds") * number("failureThreshold") >= 12 * 60 * 60);
    }
}

#[test]
fn paths_reach_the_program_as_they_are() {
    let regctl = Regctl::new("");
    let printed = |target: &str| regctl.stdout(&["setup", target, "--root", "/srv/a %h$HOME"]);
    let unit = printed("systemd");
    for line in [
        " serve --root \"/srv/a %%h$$HOME\"\n",
        "\nReadWritePaths=\"/srv/a %%h$HOME\"\n",
    ] {
        assert!(unit.contains(line), "{unit}");
    }
    let cron = printed("cron");
    assert!(cron.contains(r" gc -q --root '/srv/a \%h$HOME'"), "{cron}");
}

#[test]
fn a_user_without_a_data_directory_asks_for_health_and_prints_files() {
    if !is_root() {
        return;
    }
    let (_place, program) = program_of_everybody();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(&program);
        command.args(arguments).env_clear().uid(61_235).gid(61_235);
        attempt(&mut command)
    };
    let health = run(&["health", "--listen", "127.0.0.1:1"]);
    assert_eq!(health.code, Some(1), "{}", health.text);
    assert!(health.text.contains("can't be reached"), "{}", health.text);
    for target in ["nginx", "socket", "kubernetes"] {
        let printed = run(&["setup", target, "--listen", ":5000"]);
        assert_eq!(printed.code, Some(0), "{}", printed.text);
    }
    let unit = run(&["setup", "systemd"]);
    assert!(
        unit.text.contains("hint: name one with --root DIR"),
        "{}",
        unit.text
    );
}

#[test]
fn nginx_is_told_of_a_socket_that_it_can_read() {
    let regctl = Regctl::new("");
    let printed_for = |path: &str| {
        let listen = format!("unix:{path}");
        let mut command = regctl.command();
        command.args(["setup", "nginx", "--root", "/x", "--listen", &listen]);
        command.assert()
    };
    let plain = printed_for("/run/regctl.sock").success();
    let plain = text(&plain.get_output().stdout);
    assert!(
        plain.contains("proxy_pass http://unix:/run/regctl.sock;"),
        "{plain}"
    );
    // nginx would take them for a variable, the end of the path and the end of the line.
    for path in [
        "/run/a$b.sock",
        "/run/a:b.sock",
        "/run/a;b.sock",
        "/run/a b.sock",
    ] {
        let refused = printed_for(path).code(1);
        let error = text(&refused.get_output().stderr);
        assert!(
            error.contains("has a meaning in its configuration"),
            "{error}"
        );
    }
}

#[test]
fn files_for_others_have_no_path_of_this_directory() {
    let regctl = Regctl::new("");
    let refused = |target: &str, text: &str| {
        let text = format!("version: 0.1\n{text}");
        let config = write(regctl.home.path(), "config.yml", &text);
        regctl.fails(2, &["setup", target, "--config", &config])
    };
    for target in ["systemd", "cron", "compose"] {
        let said = refused(target, "storage: {filesystem: {rootdirectory: data}}\n");
        assert!(
            said.contains("rootdirectory is data, which depends"),
            "{said}"
        );
    }
    let storage = "storage: {filesystem: {rootdirectory: /x}}\n";
    for (key, text) in [
        ("http.tls.key", "http: {tls: {certificate: /c, key: k}}\n"),
        ("auth.htpasswd.path", "auth: {htpasswd: {path: h}}\n"),
        ("http.addr", "http: {net: unix, addr: r.sock}\n"),
    ] {
        let said = refused("systemd", &format!("{storage}{text}"));
        assert!(said.contains(&format!("{key} is ")), "{said}");
    }
}

#[test]
fn a_container_can_write_the_certificates_of_acme() {
    let regctl = Regctl::new("");
    let config = |cache: &str| {
        let text = format!(
            "version: 0.1\nstorage: {{filesystem: {{rootdirectory: /var/lib/registry}}}}\n\
             http: {{addr: ':443', tls: {{letsencrypt: {{cachefile: {cache}, hosts: [a.example.com]}}}}}}\n"
        );
        write(regctl.home.path(), "config.yml", &text)
    };
    let volumes = |cache: &str| {
        let printed = regctl.stdout(&["setup", "compose", "--config", &config(cache)]);
        let service = documents(&printed)[0]["services"]["registry"].clone();
        service["volumes"].as_array().unwrap()[2..].to_vec()
    };
    assert_eq!(
        volumes("/etc/acme/cache"),
        [json!("/etc/acme/cache:/etc/acme/cache")]
    );
    assert!(volumes("/var/lib/registry/acme/cache").is_empty());
    let said = regctl.fails(2, &["setup", "compose", "--config", &config("/")]);
    assert!(said.contains("a directory of its own"), "{said}");
    let pod = |cache: &str| regctl.run(&["setup", "kubernetes", "--config", &config(cache)]);
    pod("/etc/acme/cache").code(2);
    pod("/var/lib/registry/acme/cache").success();
}

#[test]
fn check_names_a_missing_file_of_the_first_password() {
    let regctl = Regctl::new("");
    let config = write(
        regctl.home.path(),
        "config.yml",
        "version: 0.1\nregctl:\n  accounts:\n    enabled: true\n    first-admin: root\n    \
         first-admin-password-file: /nowhere/password\n",
    );
    let said = regctl.stdout(&["serve", "--check", "--config", &config]);
    let expected = "first-admin-password-file names /nowhere/password, which does not exist";
    assert!(said.contains(expected), "{said}");
}
