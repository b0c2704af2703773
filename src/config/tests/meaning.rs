//! What each key means.

use super::settings;

#[test]
fn every_implemented_key_has_its_meaning() {
    let settings = settings(
        "\
log:
  level: DEBUG
  formatter: logstash
  fields: {service: registry, build: 0012, ratio: 1.10, none: }
  accesslog: {disabled: true}
loglevel: error
storage:
  inmemory:
  maintenance:
    uploadpurging: {enabled: false}
    readonly: {enabled: yes}
  redirect: {disable: true}
http:
  addr: /run/registry.sock
  net: unix
  prefix: /my/nested/registry/
  host: https://Registry.example.com:443/
  secret: asecretforlocaldevelopment
  relativeurls: true
  draintimeout: 1m30s
  headers:
    X-Content-Type-Options: [nosniff]
    X-One: one
  tls: {certificate: /c.pem, key: /k.pem, minimumtls: tls1.3}
  debug: {addr: 'localhost:5001', prometheus: {enabled: true, path: /m/}}
  http2: {disabled: true}
  h2c: {enabled: true}
health:
  storagedriver: {enabled: true}
  file: [{file: /maintenance, interval: 5000000000}]
  http: [{uri: 'http://peer/ready', headers: {Accept: [text/html]}, statuscode: 204, timeout: 3s, interval: 20s, threshold: 3}]
  tcp: [{addr: 'cache.example.com:6379', threshold: 2}]
catalog: {maxentries: 50}
tags: {maxtags: -1}
proxy: {}
notifications: {}
auth:
validation:
  manifests:
    urls: {allow: ['^https://a/'], deny: '^http://b/'}
    indexes: {platforms: List, platformlist: [{os: linux, architecture: amd64}]}
",
        &[],
    );
    let named = settings.places.naming(std::path::Path::new("/k.pem"));
    assert!(named.is_some_and(|named| named.ends_with("config.yml:25:35: http.tls.key")));
    let settings = crate::config::Settings {
        places: crate::config::FilePlaces::default(),
        ..settings
    };
    insta::assert_debug_snapshot!(settings, @r#"
    Settings {
        log: LogSettings {
            level: Debug,
            format: Logstash,
            fields: {
                "build": "0012",
                "none": "",
                "ratio": "1.10",
                "service": "registry",
            },
            access_log: false,
        },
        access: Open,
        workloads: [],
        oidc: None,
        storage: StorageSettings {
            driver: Memory,
            delete: false,
            read_only: true,
            upload_purging: None,
        },
        http: HttpSettings {
            address: Unix(
                "/run/registry.sock",
            ),
            prefix: "/my/nested/registry",
            host: Some(
                "https://registry.example.com",
            ),
            relative_urls: true,
            drain_timeout: Some(
                90s,
            ),
            headers: [
                (
                    "X-Content-Type-Options",
                    [
                        "nosniff",
                    ],
                ),
                (
                    "X-One",
                    [
                        "one",
                    ],
                ),
            ],
            tls: Some(
                TlsSettings {
                    certificate: Files {
                        certificate: "/c.pem",
                        key: "/k.pem",
                    },
                    minimum: Tls13,
                    clients: None,
                },
            ),
            debug: Some(
                DebugSettings {
                    address: Tcp {
                        host: "localhost",
                        port: 5001,
                    },
                    prometheus: Some(
                        "/m",
                    ),
                },
            ),
            http2: false,
            h2c: true,
        },
        health: HealthSettings {
            storage: Some(
                HealthCheck {
                    interval: 10s,
                    threshold: 1,
                },
            ),
            files: [
                FileCheck {
                    path: "/maintenance",
                    check: HealthCheck {
                        interval: 5s,
                        threshold: 1,
                    },
                },
            ],
            http: [
                HttpCheck {
                    uri: "http://peer/ready",
                    headers: [
                        (
                            "Accept",
                            [
                                "text/html",
                            ],
                        ),
                    ],
                    status: 204,
                    timeout: 3s,
                    check: HealthCheck {
                        interval: 20s,
                        threshold: 3,
                    },
                },
            ],
            tcp: [
                TcpCheck {
                    address: "cache.example.com:6379",
                    timeout: 10s,
                    check: HealthCheck {
                        interval: 10s,
                        threshold: 2,
                    },
                },
            ],
        },
        catalog_limit: 50,
        tag_limit: 1000,
        validation: ValidationSettings {
            urls_allow: [
                "^https://a/",
            ],
            urls_deny: [
                "^http://b/",
            ],
            index_platforms: List(
                [
                    Platform {
                        os: "linux",
                        architecture: "amd64",
                        variant: None,
                        os_version: None,
                    },
                ],
            ),
            enabled: true,
        },
        collection: CollectionSettings {
            schedule: None,
            untagged: None,
            lease: 3600s,
            trash: 86400s,
        },
        retention: [],
        content: ContentSettings {
            reads: true,
            layers: true,
            known_types: false,
        },
        index: None,
        scrub: None,
        pages: PagesSettings {
            enabled: true,
            browse_only: false,
            base_path: None,
            repositories_per_page: 25,
            tags_per_page: 50,
        },
        reach: ReachSettings {
            trusted_proxies: [
                (
                    127.0.0.0,
                    8,
                ),
                (
                    ::1,
                    128,
                ),
            ],
            user_header: None,
            socket: SocketSettings {
                mode: None,
                group: None,
            },
            address_rate: None,
            account_rate: None,
        },
        audit: 7776000s,
        places: FilePlaces(
            [],
        ),
    }
    "#);
}

#[test]
fn values_are_read_as_go_reads_them() {
    for (key, text, expected) in [
        ("validation", "{enabled: false}", "enabled: true"),
        ("validation", "{disabled: true}", "enabled: false"),
        (
            "validation",
            "{disabled: true, enabled: true}",
            "enabled: true",
        ),
        ("storage", "inmemory", "driver: Memory"),
        ("auth", "none", "level: Info"),
        ("loglevel", "warn", "level: Warn"),
        ("http", "{addr: '[::1]:443'}", "host: \"::1\", port: 443"),
        (
            "http",
            "{addr: '[fe80::1%eth0]:https'}",
            "host: \"fe80::1%eth0\", port: 443",
        ),
        ("http", "{draintimeout: 0}", "drain_timeout: None"),
        ("http", "{draintimeout: 0.5h}", "drain_timeout: Some(1800s)"),
        ("http", "{draintimeout: 1_000}", "drain_timeout: Some(1µs)"),
        ("http", "{prefix: /}", "prefix: \"\""),
        ("http", "{addr: ':0'}\r", "host: \"\", port: 0"),
        (
            "http",
            "{host: 'http://r.example/a/'}",
            "host: Some(\"http://r.example/a\")",
        ),
        ("http", "{tls: {clientcas: []}}", "tls: None"),
    ] {
        let shown = format!("{:?}", settings(&format!("{key}: {text}\n"), &[]));
        assert!(shown.contains(expected), "{key}: {text}: {shown}");
    }
}
