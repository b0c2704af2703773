//! Variables that override the file, and variables that are not settings.

use super::*;
use proptest::prelude::*;

const KNOWN: [&str; 4] = ["http", "storage", "log", "health"];

/// The tree as one line of flow YAML.
fn shown(node: &Node) -> String {
    match &node.value {
        Value::Null => "~".to_owned(),
        Value::Scalar(text) => text.clone(),
        Value::List(items) => {
            let items: Vec<_> = items.iter().map(shown).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Map(entries) => {
            let entries: Vec<_> = entries
                .iter()
                .map(|entry| format!("{}: {}", entry.key, shown(&entry.node)))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}

fn applied(file: &str, variables: &[(&str, &str)]) -> (Result<String, String>, Vec<String>) {
    let mut root = Node::parse(file, &Origin::Flag("file")).unwrap();
    let environment: Vec<_> = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let mut warnings = Warnings::default();
    let result = apply(&mut root, &environment, &KNOWN, &mut warnings)
        .map(|()| shown(&root))
        .map_err(|error| error.to_string());
    (result, warnings.into_lines())
}

#[test]
fn variables_of_podman_and_kubernetes_are_ignored() {
    let foreign = [
        ("REGISTRY_AUTH_FILE", "/run/containers/0/auth.json"),
        ("REGISTRY_SERVICE_HOST", "10.0.0.1"),
        ("REGISTRY_SERVICE_PORT", "5000"),
        ("REGISTRY_SERVICE_PORT_HTTP", "5000"),
        ("REGISTRY_PORT", "tcp://10.0.0.1:5000"),
        ("REGISTRY_PORT_5000_TCP", "tcp://10.0.0.1:5000"),
        ("REGISTRY_PORT_5000_TCP_PROTO", "tcp"),
        ("REGISTRY_PORT_5000_TCP_PORT", "5000"),
        ("REGISTRY_PORT_5000_TCP_ADDR", "10.0.0.1"),
        ("REGISTRY_HTTP_SERVICE_HOST", "10.0.0.2"),
        ("REGISTRY_STORAGE_SERVICE_PORT", "80"),
        ("REGISTRY_HTTP_PORT", "tcp://10.0.0.2:80"),
        ("REGISTRY_LOG_PORT_53_UDP", "udp://10.0.0.2:53"),
    ];
    for one in foreign {
        let (result, warnings) = applied("http: {addr: :1}", &[one]);
        assert_eq!(result.unwrap(), "{http: {addr: :1}}", "{one:?}");
        assert_eq!(warnings.len(), 1, "{one:?}");
    }
    let (result, warnings) = applied("", &foreign);
    assert_eq!(result.unwrap(), "~");
    assert_eq!(warnings.len(), 1);
    for (name, _) in foreign {
        assert!(warnings[0].contains(name), "{name}");
    }
    for setting in [("REGISTRY_HTTP_ADDR", ":2"), ("REGISTRY_HTTP_PORT", ":2")] {
        let (result, _) = applied("", &[setting]);
        assert!(result.unwrap().contains(":2"), "{setting:?}");
    }
}

#[test]
fn variables_override_the_file() {
    for (file, variables, expected) in [
        (
            "http: {addr: :1}",
            &[("REGISTRY_HTTP_ADDR", ":2")][..],
            "{http: {addr: :2}}",
        ),
        (
            "",
            &[("REGISTRY_HTTP_TLS_KEY", "k")],
            "{http: {tls: {key: k}}}",
        ),
        (
            "http:",
            &[("REGISTRY_HTTP_ADDR", ":2")],
            "{http: {addr: :2}}",
        ),
        // The parent replaces the section before its child is set, in whatever order they are
        // given.
        (
            "storage: {s3: {bucket: b}}",
            &[
                ("REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY", "/d"),
                ("REGISTRY_STORAGE", "{filesystem: {maxthreads: 7}}"),
            ],
            "{storage: {filesystem: {maxthreads: 7, rootdirectory: /d}}}",
        ),
        (
            "storage: inmemory",
            &[("REGISTRY_STORAGE_DELETE_ENABLED", "true")],
            "{storage: {inmemory: ~, delete: {enabled: true}}}",
        ),
        (
            "http: {headers: {X-Frame-Options: [DENY]}}",
            &[
                ("REGISTRY_HTTP_HEADERS_X-FRAME-OPTIONS_0", "SAMEORIGIN"),
                ("REGISTRY_HTTP_HEADERS_X-Other", "[a, b]"),
            ],
            "{http: {headers: {X-Frame-Options: [SAMEORIGIN], x-other: [a, b]}}}",
        ),
        (
            "",
            &[
                ("REGISTRY_HEALTH_FILE_10_FILE", "k"),
                ("REGISTRY_HEALTH_FILE_2_FILE", "c"),
                ("REGISTRY_HEALTH_FILE_1_FILE", "b"),
                ("REGISTRY_HEALTH_FILE_0_FILE", "a"),
                ("REGISTRY_HEALTH_FILE", "[x,x,x,x,x,x,x,x,x,{file: j}]"),
                ("REGISTRY_HEALTH_FILE_0", "{interval: 1s}"),
            ],
            "",
        ),
        (
            "log: {level: info}",
            &[("REGISTRY_LOG_LEVEL", "")],
            "{log: {level: ~}}",
        ),
        (
            "",
            &[("REGISTRY_CONFIGURATION_PATH", "/f"), ("HTTP_ADDR", "x")],
            "~",
        ),
    ] {
        let (result, warnings) = applied(file, variables);
        if expected.is_empty() {
            // `x` is a scalar, so three of the items have no keys.
            assert_eq!(warnings.len(), 2, "{warnings:?}");
            assert_eq!(
                result.unwrap(),
                "{health: {file: [{interval: 1s, file: a}, x, x, x, x, x, x, x, x, {file: j}, \
                 {file: k}]}}"
            );
        } else {
            assert_eq!(
                (result, warnings),
                (Ok(expected.to_owned()), vec![]),
                "{variables:?}"
            );
        }
    }
}

#[test]
fn other_variables_are_named_and_ignored() {
    for (name, value, expected) in [
        (
            "REGISTRY_PORT",
            "tcp://[",
            "the environment: REGISTRY_PORT is of podman or Kubernetes and no setting of the registry",
        ),
        (
            "REGISTRY_HTTP__ADDR",
            ":1",
            "REGISTRY_HTTP__ADDR: http..addr is not a known key: it is ignored",
        ),
        (
            "REGISTRY_HTTP_ADDR_0",
            ":1",
            "REGISTRY_HTTP_ADDR_0: http.addr.0 is below a scalar: it is ignored",
        ),
    ] {
        let (result, warnings) = applied("http: {addr: :5}", &[(name, value)]);
        assert_eq!(result.unwrap(), "{http: {addr: :5}}");
        assert_eq!(warnings, [expected]);
    }
}

#[test]
fn an_inapplicable_variable_is_named() {
    for (name, value, expected) in [
        (
            "REGISTRY_HEALTH_FILE_1",
            "{}",
            "REGISTRY_HEALTH_FILE_1: health.file.1 is item 1 of a list that has 0; hint: \
             number the items from 0, without gaps",
        ),
        (
            "REGISTRY_LOG_HOOKS_NAME",
            "x",
            "REGISTRY_LOG_HOOKS_NAME: log.hooks.name is in a list, but \"NAME\" is not a \
             number; hint: number the items from 0, without gaps",
        ),
    ] {
        let (result, _) = applied("log: {hooks: [a]}", &[(name, value)]);
        assert_eq!(result.unwrap_err(), expected);
    }
    let (result, _) = applied("", &[("REGISTRY_HTTP_ADDR", "[:5000")]);
    let error = result.unwrap_err();
    assert!(
        error.starts_with("REGISTRY_HTTP_ADDR: not valid YAML: "),
        "{error}"
    );
}

proptest! {
    #[test]
    fn any_variables_are_applied_or_refused(
        variables in prop::collection::vec(
            ("REGISTRY(_(HTTP|LOG|HEALTH|FILE|0|1|9|10|1X|9A|)){1,4}", "[a-c0-9:\\[{}, ]{0,6}"),
            0..40,
        ),
    ) {
        let variables: Vec<_> = variables
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let _ = applied("http: {file: [a, {b: c}]}", &variables);
    }
}
