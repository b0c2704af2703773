//! What the files of `regctl setup` carry over from a configuration, and what `serve` says about the
//! files that a configuration names.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::cli_support::{Regctl, program_of_everybody, text};
use crate::support::{Image, Program, Setup, attempt, have, is_root};

/// The documents of a printed file.
pub(crate) fn documents(printed: &str) -> Vec<Value> {
    let documents = printed.split("\n---\n");
    documents
        .map(|document| serde_saphyr::from_str(document).unwrap())
        .collect()
}

pub(crate) fn write(directory: &Path, name: &str, text: &str) -> String {
    let path = directory.join(name);
    fs::write(&path, text).unwrap();
    path.display().to_string()
}

#[test]
fn a_compose_file_has_the_configuration_its_files_and_its_addresses() {
    let regctl = Regctl::new("");
    let home = regctl.home.path();
    let htpasswd = write(home, "htpasswd", "");
    let root = home.join("data").display().to_string();
    let config = write(
        home,
        "config.yml",
        &format!(
            "version: 0.1\nstorage: {{filesystem: {{rootdirectory: {root}}}}}\n\
             http:\n  addr: 127.0.0.1:21600\n  debug: {{addr: 'localhost:21601'}}\n  \
             tls: {{certificate: /etc/x/cert.pem, key: /etc/x/key.pem, clientcas: [/etc/x/ca.pem]}}\n\
             auth: {{htpasswd: {{realm: x, path: {htpasswd}}}}}\n"
        )
        // A file that two keys name is mounted once.
        .replace("key: /etc/x/key.pem", "key: /etc/x/cert.pem"),
    );
    let compose = regctl.stdout(&["setup", "compose", "--config", &config]);
    let service = &documents(&compose)[0]["services"]["registry"];
    let ports = json!(["127.0.0.1:21600:5000", "127.0.0.1:21601:21601"]);
    assert_eq!(service["ports"], ports);
    let same = |path: &str| format!("{path}:{path}:ro");
    let volumes = json!([
        format!("{root}:/var/lib/registry"),
        format!("{config}:/etc/docker/registry/config.yml:ro"),
        same(&htpasswd),
        same("/etc/x/cert.pem"),
        same("/etc/x/ca.pem"),
    ]);
    assert_eq!(service["volumes"], volumes);
    let environment = &service["environment"];
    assert_eq!(environment["REGISTRY_HTTP_ADDR"], ":5000");
    assert_eq!(
        environment["REGISTRY_STORAGE_DELETE_ENABLED"],
        Value::Null,
        "the configuration enables no deletes: {compose}"
    );
    let refused = regctl.fails(2, &["setup", "kubernetes", "--config", &config]);
    assert!(refused.contains("auth.htpasswd.path"), "{refused}");
    assert!(refused.contains("hint: "), "{refused}");
}

#[test]
fn without_a_configuration_the_defaults_and_the_environment_are_carried_over() {
    let regctl = Regctl::new("");
    let root = regctl.home.path().display().to_string();
    let compose = |arguments: &[&str]| {
        let mut command = regctl.command();
        command.args(["setup", "compose", "--root", &root]);
        let output = command
            .env("REGISTRY_AUTH_HTPASSWD_REALM", "x")
            .env("REGISTRY_AUTH_HTPASSWD_PATH", "/etc/x/ht$passwd")
            .args(arguments)
            .assert()
            .success();
        documents(&text(&output.get_output().stdout)).remove(0)["services"]["registry"].clone()
    };
    let service = compose(&[]);
    assert_eq!(service["ports"], json!(["127.0.0.1:5000:5000"]));
    let environment = &service["environment"];
    assert_eq!(environment["REGISTRY_STORAGE_DELETE_ENABLED"], "true");
    assert_eq!(environment["REGISTRY_AUTH_HTPASSWD_REALM"], "x");
    assert_eq!(
        service["volumes"][1],
        "/etc/x/ht$$passwd:/etc/x/ht$$passwd:ro"
    );
    assert_eq!(
        compose(&["--listen", ":5001"])["ports"],
        json!(["5001:5000"])
    );
    let unit = regctl.stdout(&["setup", "systemd", "--root", &root, "--listen", "[::1]:81"]);
    assert!(
        unit.contains(&format!("serve --root {root} --listen [::1]:81\n")),
        "{unit}"
    );
    let refused = regctl.fails(
        2,
        &["setup", "compose", "--root", &root, "--listen", "unix:/x"],
    );
    assert!(refused.contains("http.addr is the socket /x"), "{refused}");
}

#[test]
fn manifests_for_kubernetes_have_the_text_of_the_configuration() {
    let regctl = Regctl::new("");
    let home = regctl.home.path();
    let text = "version: 0.1\nstorage: {filesystem: {rootdirectory: /x}}\n\nhttp: {addr: ':5001'}\n\
                regctl: {accounts: {enabled: true}} # @ROOT@\n";
    let config = write(home, "config.yml", text);
    let printed = regctl.stdout(&["setup", "kubernetes", "--config", &config]);
    let all = documents(&printed);
    assert_eq!(all[0]["data"]["config.yml"], text);
    let container = &all[2]["spec"]["template"]["spec"]["containers"][0];
    let environment = container["env"].as_array().unwrap();
    let set =
        |name: &str, value: &str| environment.contains(&json!({"name": name, "value": value}));
    assert!(set("REGISTRY_HTTP_ADDR", ":5000"), "{environment:?}");
    assert!(set(
        "REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY",
        "/var/lib/registry"
    ));
    let loopback = write(
        home,
        "loopback.yml",
        &text.replace(":5001", "127.0.0.1:5001"),
    );
    let refused = regctl.fails(2, &["setup", "kubernetes", "--config", &loopback]);
    assert!(refused.contains("listens on 127.0.0.1 only"), "{refused}");
}

#[test]
fn nginx_passes_on_no_header_that_a_client_can_forge() {
    let regctl = Regctl::new("");
    let config = write(
        regctl.home.path(),
        "config.yml",
        "version: 0.1\nstorage: {filesystem: {rootdirectory: /x}}\nhttp: {addr: ':5000'}\n\
         regctl: {proxy-user-header: X-Remote-User}\n",
    );
    let printed = regctl.stdout(&["setup", "nginx", "--config", &config]);
    for (listen, upstream) in [
        ("[::1]:5000", "http://[::1]:5000;"),
        ("[::]:5000", "http://[::1]:5000;"),
        ("0.0.0.0:5000", "http://127.0.0.1:5000;"),
        (":5000", "http://127.0.0.1:5000;"),
    ] {
        let printed = regctl.stdout(&["setup", "nginx", "--root", "/x", "--listen", listen]);
        assert!(
            printed.contains(&format!("proxy_pass {upstream}")),
            "{printed}"
        );
    }
    for header in ["Forwarded", "X-Forwarded-Host", "x-remote-user"] {
        let line = format!("proxy_set_header {header} \"\";");
        assert!(printed.contains(&line), "{printed}");
    }
}

#[test]
fn a_socket_of_systemd_has_the_access_of_the_configuration() {
    let regctl = Regctl::new("");
    let printed = |address: &str, more: &str| {
        let text = format!(
            "version: 0.1\nstorage: {{filesystem: {{rootdirectory: /x}}}}\nhttp: {{{address}}}\n{more}"
        );
        let config = write(regctl.home.path(), "config.yml", &text);
        regctl.stdout(&["setup", "socket", "--config", &config])
    };
    let unix = "net: unix, addr: /run/regctl/r.sock";
    let given = printed(unix, "regctl: {socket: {mode: 0660, group: 0}}\n");
    assert!(
        given.contains("\nSocketMode=0660\nSocketGroup=0\n"),
        "{given}"
    );
    let default = printed(unix, "");
    assert!(default.contains("\nSocketMode=0600\n"), "{default}");
    let port = printed("addr: ':5000'", "");
    assert!(!port.contains("SocketMode"), "{port}");
    // The port of a name would be open at every address.
    let refused = regctl.fails(2, &["setup", "socket", "--listen", "vm:5000"]);
    assert!(refused.contains("is the name vm, "), "{refused}");
}

#[test]
fn a_unit_names_what_the_server_reads_and_writes() {
    let regctl = Regctl::new("");
    let unit = |arguments: &[&str]| {
        let arguments = [&["setup", "systemd"], arguments].concat();
        let output = regctl.run(&arguments).success();
        let output = output.get_output();
        (text(&output.stdout), text(&output.stderr))
    };
    let has = |(printed, _): &(String, String), line: &str| {
        assert!(
            printed.contains(&format!("\n{line}\n")),
            "{line}: {printed}"
        );
    };
    let missing = unit(&["--root", "/srv/my registry"]);
    has(&missing, "ReadWritePaths=\"/srv/my registry\"");
    let made = "install -d -m 0750 '/srv/my registry'";
    assert!(missing.1.contains("does not exist, "), "{}", missing.1);
    assert!(missing.0.contains(made) && missing.1.contains(made));
    has(
        &unit(&["--root", "/var/lib/my data"]),
        "StateDirectory=\"my data\"",
    );
    // The configuration and the program are where the unit has directories of its own.
    let config = "version: 0.1\nstorage: {filesystem: {rootdirectory: /var/lib/x}}\n\
        http:\n  net: unix\n  addr: /run/reg/r.sock\n  \
        tls: {letsencrypt: {cachefile: /var/cache/acme/cache, email: a@b.example, hosts: [b.example]}}\n";
    let config = write(regctl.home.path(), "config.yml", config);
    let configured = unit(&["--config", &config]);
    has(&configured, "PrivateTmp=no");
    has(&configured, "RuntimeDirectory=reg");
    has(&configured, "ReadWritePaths=/var/lib/x -/var/cache/acme");
    if is_root() {
        let root = regctl.home.path().join("data");
        fs::create_dir(&root).unwrap();
        chown(&root, Some(61_234), Some(61_234)).unwrap();
        let (_, said) = unit(&["--root", root.to_str().unwrap()]);
        assert!(said.contains("warning: user 61234, who owns "), "{said}");
    }
}

#[test]
fn check_and_serve_refuse_the_same_files() {
    let scratch = tempfile::tempdir().unwrap();
    let directory = scratch.path().display().to_string();
    for (auth, expected) in [
        (
            format!("htpasswd: {{realm: x, path: {directory}/none}}"),
            format!("{directory}/none: No such file or directory; hint: "),
        ),
        (
            format!("htpasswd: {{realm: x, path: {directory}}}"),
            format!("{directory}: Is a directory; hint: "),
        ),
        (
            format!(
                "token: {{realm: 'http://a/t', service: s, issuer: i, rootcertbundle: {directory}/none}}"
            ),
            format!("auth.token.rootcertbundle: {directory}/none: No such file"),
        ),
    ] {
        let config = format!(
            "version: 0.1\nstorage: {{filesystem: {{rootdirectory: {directory}/root}}}}\n\
             http: {{addr: '127.0.0.1:0'}}\nauth: {{{auth}}}\n"
        );
        let config = write(scratch.path(), "config.yml", &config);
        for more in [&[][..], &["--check"]] {
            let mut refused = Command::new(env!("CARGO_BIN_EXE_regctl"));
            refused.args(["serve", "--config", &config]).args(more);
            let refused = attempt(&mut refused);
            assert_eq!(refused.code, Some(1), "{}", refused.text);
            assert!(refused.text.contains(&expected), "{}", refused.text);
        }
    }
}

#[test]
fn an_unreadable_file_is_named_with_the_user_of_the_server() {
    if !is_root() {
        return;
    }
    let (place, program) = program_of_everybody();
    let root = place.path().join("root");
    fs::create_dir(&root).unwrap();
    chown(&root, Some(1234), Some(1234)).unwrap();
    let htpasswd = write(place.path(), "htpasswd", "");
    let config = write(
        place.path(),
        "config.yml",
        &format!(
            "version: 0.1\nstorage: {{filesystem: {{rootdirectory: {}}}}}\n\
             http: {{addr: '127.0.0.1:0'}}\nauth: {{htpasswd: {{realm: x, path: {htpasswd}}}}}\n",
            root.display()
        ),
    );
    let closed = fs::Permissions::from_mode(0o600);
    for (key, path) in [
        ("auth.htpasswd.path", &htpasswd),
        ("the configuration", &config),
    ] {
        fs::set_permissions(path, closed.clone()).unwrap();
        let serve = || {
            let mut command = Command::new(&program);
            command.args(["serve", "--config", &config]);
            command
        };
        // As in the image: started as root, it becomes the owner of the data.
        let refused = attempt(serve().env("REGCTL_AS_OWNER", "1"));
        assert_eq!(refused.code, Some(1), "{}", refused.text);
        let expected = format!(
            "{key}: user 1234, who owns the data and runs the server, can't read {path}; \
             hint: "
        );
        assert!(refused.text.contains(&expected), "{}", refused.text);
        assert!(
            refused.text.contains("-e REGCTL_AS_OWNER="),
            "{}",
            refused.text
        );
        let refused = attempt(serve().uid(1234).gid(1234));
        let expected = format!("{key}: this is user 1234, who can't read {path}; hint: ");
        assert!(refused.text.contains(&expected), "{}", refused.text);
    }
    // As with --cap-drop ALL.
    if have(&["setpriv"]) {
        let mut bound = Command::new("setpriv");
        bound.args(["--bounding-set", "-setuid,-setgid"]);
        bound.arg(&program).args(["serve", "--config", &config]);
        let text = attempt(bound.env("REGCTL_AS_OWNER", "1")).text;
        assert!(text.contains("--user 1234:1234"), "{text}");
    }
}

#[test]
fn commands_for_accounts_warn_where_accounts_have_no_effect() {
    let scratch = tempfile::tempdir().unwrap();
    let htpasswd = write(scratch.path(), "htpasswd", "");
    let storage = "version: 0.1\nstorage: {filesystem: {rootdirectory: /nowhere}}\n";
    let file = format!("auth: {{htpasswd: {{realm: x, path: {htpasswd}}}}}\n");
    for (own, expected) in [
        ("", "the server requires no sign-in"),
        (file.as_str(), "accounts of its htpasswd file"),
        ("regctl: {accounts: {enabled: true}}\n", ""),
    ] {
        let server = Setup::new(Program::Regctl)
            .config(&format!("{storage}{own}"))
            .start();
        let root = server.root().display().to_string();
        let regctl = Regctl::new("");
        let warned = |arguments: &[&str]| {
            let output = regctl
                .run(&[arguments, &["--root", &root]].concat())
                .success();
            text(&output.get_output().stderr)
        };
        let warning = warned(&["user", "add", "alice", "--no-password"]);
        assert_eq!(
            warning.contains("warning: "),
            !expected.is_empty(),
            "{warning}"
        );
        assert!(warning.contains(expected), "{warning}");
        let warning = warned(&["grant", "alice", "x/*", "pull"]);
        assert!(warning.contains(expected), "{warning}");
        // Without a server, a flag of its next start may enable them.
        let setup = server.stop();
        let warning = warned(&["token", "create", "x", "--user", "alice"]);
        assert!(
            warning.contains("until regctl serve runs with --accounts"),
            "{warning}"
        );
        drop(setup);
    }
}

#[test]
fn the_registry_of_the_environment_is_no_root() {
    let regctl = Regctl::new("ssh://somewhere");
    let root = regctl.home.path().join("data");
    fs::create_dir_all(root.join("docker/registry/v2")).unwrap();
    let stderr = |arguments: &[&str]| text(&regctl.run(arguments).get_output().stderr);
    let said = stderr(&["trash"]);
    assert!(
        said.contains("warning: REGCTL_REGISTRY does not apply"),
        "{said}"
    );
    let root = root.display().to_string();
    let said = stderr(&["trash", "--root", &root]);
    assert!(!said.contains("REGCTL_REGISTRY"), "{said}");
}

#[test]
fn the_hint_after_a_deletion_names_a_command_that_works() {
    let server = Setup::new(Program::Regctl).start();
    let image = Image::new(1);
    server.remote("team/app").push("1", &image);
    let regctl = Regctl::new(&server.host());
    let output = regctl.run(&["delete", "team/app:1"]).success();
    let output = output.get_output();
    let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
    let expected = "can be restored: regctl restore team/app:1, on the registry's host";
    assert!(said.contains(expected), "{said}");
    server.stop();
}
