//! The room as its users see it: a file, variables and flags in; settings, warnings and one-line
//! errors out.

use std::path::{Path, PathBuf};
use std::time::Duration;

use proptest::prelude::*;

use super::*;

/// The file that every second guide tells people to write.
const FIELD: &str = "\
version: 0.1
log:
  fields:
    service: registry
storage:
    delete:
        enabled: true
    cache:
        blobdescriptor: inmemory
    filesystem:
        rootdirectory: /var/lib/registry
http:
    addr: :5000
    headers:
        X-Content-Type-Options: [nosniff]
health:
  storagedriver:
    enabled: true
    interval: 10s
    threshold: 3
";

fn request(config: ConfigChoice, environment: &[(&str, &str)]) -> Request {
    Request {
        config,
        root: None,
        listen: None,
        environment: environment
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
    }
}

/// Loads a file of this text as `config.yml`, so that messages do not depend on where it lies.
fn load_text(text: &str, environment: &[(&str, &str)]) -> Result<Loaded, String> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("config.yml");
    std::fs::write(&path, text).unwrap();
    let shown = format!("{}/", directory.path().display());
    match load(&request(ConfigChoice::File(path), environment)) {
        Ok(mut loaded) => {
            for warning in &mut loaded.warnings {
                *warning = warning.replace(&shown, "");
            }
            loaded.file = Some(PathBuf::from("config.yml"));
            Ok(loaded)
        }
        Err(error) => Err(error.to_string().replace(&shown, "")),
    }
}

fn settings(text: &str, environment: &[(&str, &str)]) -> Settings {
    let text = format!("version: 0.1\n{text}");
    let loaded = load_text(&text, environment).unwrap();
    assert_eq!(loaded.warnings, Vec::<String>::new(), "{text}");
    loaded.settings
}

fn all(port: u16) -> ListenAddress {
    ListenAddress::Tcp {
        host: String::new(),
        port,
    }
}

fn filesystem(root: &str) -> StorageDriver {
    StorageDriver::Filesystem {
        root: PathBuf::from(root),
    }
}

#[test]
fn the_file_from_the_field_works_as_it_is() {
    insta::assert_snapshot!(load_text(FIELD, &[]).unwrap().describe(), @r#"
    Configuration: config.yml
    Listens on: port 5000 of all addresses, http (HTTP/1.1)
    Locations: begin with the address that the client asks at
    Header in answers: X-Content-Type-Options: nosniff
    Data in: /var/lib/registry
    Clients may: pull, push and delete
    Unfinished uploads: removed after 168h, looked for every 24h
    URLs allowed in manifests: none
    Images an index needs: all that it lists
    Pages: at most 1000 repositories, at most 1000 tags
    Log: level info, as text, access log on
    Field in the log: service="registry"
    Unwell: when the storage fails 3 times in a row, looked at every 10s
    Ignored: nothing
    "#);
}

#[test]
fn what_a_file_leaves_out_is_as_in_registry_2() {
    let settings = settings("", &[]);
    assert_eq!(settings.storage.driver, filesystem("/var/lib/registry"));
    assert_eq!(settings.http.address, all(5000));
    assert!(!settings.storage.delete);
    assert!(!settings.storage.read_only);
    assert!(settings.log.access_log);
    assert_eq!(settings.health, HealthSettings::default());
    assert_eq!((settings.catalog_limit, settings.tag_limit), (1000, 1000));
    assert_eq!(
        settings.storage.upload_purging,
        Some(UploadPurging {
            age: Duration::from_hours(168),
            interval: Duration::from_hours(24),
            dry_run: false,
        })
    );
}

#[test]
fn without_a_file_the_defaults_are_for_one_person() {
    let mut request = request(
        ConfigChoice::None,
        &[("REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY", "/data")],
    );
    let loaded = load(&request).unwrap();
    assert_eq!((loaded.file, loaded.warnings), (None, vec![]));
    let settings = loaded.settings;
    assert_eq!(settings.http.address.to_string(), "127.0.0.1:5000");
    assert_eq!(settings.storage.driver, filesystem("/data"));
    assert!(settings.storage.delete);

    request.environment = vec![(
        "REGISTRY_STORAGE_DELETE_ENABLED".to_owned(),
        "false".to_owned(),
    )];
    request.root = Some(PathBuf::from("/flag"));
    let settings = load(&request).unwrap().settings;
    assert_eq!(settings.storage.driver, filesystem("/flag"));
    assert!(!settings.storage.delete);
}

#[test]
fn flags_win_over_variables_and_variables_over_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("config.yml");
    std::fs::write(
        &path,
        "version: 0.1\nhttp: {addr: :1, net: tcp}\nstorage: {filesystem: {rootdirectory: /file}}\n",
    )
    .unwrap();
    let variables = [
        ("REGISTRY_CONFIGURATION_PATH", path.to_str().unwrap()),
        ("REGISTRY_HTTP_ADDR", ":2"),
        ("REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY", "/variable"),
    ];
    let both = |request: &Request| {
        let settings = load(request).unwrap().settings;
        (settings.http.address.to_string(), settings.storage.driver)
    };
    let mut request = request(ConfigChoice::None, &variables[..1]);
    assert_eq!(both(&request), (":1".to_owned(), filesystem("/file")));
    request.environment = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    assert_eq!(both(&request), (":2".to_owned(), filesystem("/variable")));
    request.listen = Some("127.0.0.1:0".to_owned());
    request.root = Some(PathBuf::from("/flag"));
    assert_eq!(
        both(&request),
        ("127.0.0.1:0".to_owned(), filesystem("/flag"))
    );
    request.listen = Some("unix:/run/regctl.sock".to_owned());
    assert_eq!(both(&request).0, "unix:/run/regctl.sock");
    request.listen = Some("5000".to_owned());
    assert_eq!(
        load(&request).unwrap_err().to_string(),
        "--listen: the address is \"5000\", which is not HOST:PORT; hint: write HOST:PORT, or \
         :PORT for all addresses"
    );
}

#[test]
fn a_search_takes_the_variable_and_then_the_usual_places() {
    let directory = tempfile::tempdir().unwrap();
    let [first, second] = ["first.yml", "second.yml"].map(|name| directory.path().join(name));
    let usual: [&Path; 2] = [&first, &second];
    let searched = |environment: &[(&str, &str)]| {
        load_from(&request(ConfigChoice::Search, environment), &usual)
            .map(|loaded| loaded.file)
            .map_err(|error| error.to_string())
    };
    let message = searched(&[]).unwrap_err();
    assert_eq!(
        message.replace(directory.path().to_str().unwrap(), "DIR"),
        "there is no configuration file at DIR/first.yml or DIR/second.yml; hint: name one with \
         --config FILE, or leave --config out to serve with defaults"
    );
    std::fs::write(&second, "version: 0.1").unwrap();
    assert_eq!(searched(&[]).unwrap(), Some(second.clone()));
    std::fs::write(&first, "version: 0.1").unwrap();
    assert_eq!(searched(&[]).unwrap(), Some(first.clone()));
    let named = [("REGISTRY_CONFIGURATION_PATH", second.to_str().unwrap())];
    assert_eq!(searched(&named).unwrap(), Some(second.clone()));
    let gone = [("REGISTRY_CONFIGURATION_PATH", "/no/such/file.yml")];
    let message = searched(&gone).unwrap_err();
    assert!(
        message.starts_with("/no/such/file.yml can't be read: No such file"),
        "{message}"
    );
}

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
                    certificate: "/c.pem",
                    key: "/k.pem",
                    minimum: Tls13,
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
        (
            "http",
            "{host: 'http://r.example/a/'}",
            "host: Some(\"http://r.example/a\")",
        ),
        (
            "http",
            "{tls: {minimumtls: tls1.2, clientcas: []}}",
            "tls: None",
        ),
    ] {
        let shown = format!("{:?}", settings(&format!("{key}: {text}\n"), &[]));
        assert!(shown.contains(expected), "{key}: {text}: {shown}");
    }
}

#[test]
fn what_is_not_done_is_said_once() {
    let loaded = load_text(
        "\
version: 0.1
log:
  hooks: [{type: mail, options: {smtp: {addr: mail}}}]
  reportcaller: true
  fields: {nested: {a: b}}
storage:
  filesystem: {maxthreads: 100, rootdir: /x}
  cache: {blobdescriptor: redis, blobdescriptorsize: 10}
  tag: {concurrencylimit: 8}
middleware: {registry: [{name: a}]}
reporting: {bugsnag: {apikey: k}}
http:
  host: registry.example.com
  tls:
    certificate: /c
    key: /k
    minimumtls: tls1.0
    clientauth: verify-client-cert-if-given
    ciphersuites: [TLS_AES_128_GCM_SHA256]
    letsencrypt: {cachefile: /x, email: e}
  debug: {prometheus: {enabled: true}}
  adr: :5000
notifications: {endpoints: [{name: a}]}
redis: {addr: a}
proxy: {ttl: 1h}
policy: {repository: {classes: [image]}}
compatibility: {schema1: {enabled: true}}
regctl: {colour: blue}
\"two\\nlines\": x
",
        &[
            ("REGISTRY_SERVICE_PORT", "5000"),
            ("REGISTRY_LOG_COLOUR", "red"),
        ],
    )
    .unwrap();
    for warning in &loaded.warnings {
        assert!(!warning.contains('\n'), "{warning:?}");
    }
    insta::assert_snapshot!(loaded.warnings.join("\n"), @r"
    REGISTRY_SERVICE_PORT: service.port is not a known key: it is ignored
    config.yml:25: proxy.ttl has no effect: there is no proxy.remoteurl
    config.yml:5: log.fields.nested is not a plain value: it is left out of the log
    config.yml:3: log.hooks is not done: messages go to the log only
    config.yml:4: log.reportcaller is not done: messages name the part of regctl they come from
    REGISTRY_LOG_COLOUR: log.colour is not a known key: it is ignored
    config.yml:8: storage.cache.blobdescriptor has no effect: regctl caches in memory
    config.yml:8: storage.cache.blobdescriptorsize has no effect: regctl bounds its cache by itself
    config.yml:9: storage.tag has no effect: tags are looked up in the index
    config.yml:7: storage.filesystem.maxthreads has no effect: regctl bounds its file operations by itself
    config.yml:7: storage.filesystem.rootdir is not a known key: it is ignored
    config.yml:13: http.host has no scheme (as in https://registry.example.com): it is ignored, and clients are answered with the address they ask at
    config.yml:17: http.tls.minimumtls names a version that is not safe any more: TLS 1.2 is the least that is spoken
    config.yml:18: http.tls.clientauth has no effect: there is no http.tls.clientcas
    config.yml:19: http.tls.ciphersuites is not done: the suites of TLS 1.2 and 1.3 that are held to be safe are offered
    config.yml:20: http.tls.letsencrypt is not done: certificates come from http.tls.certificate and http.tls.key
    config.yml:21: http.debug.prometheus has no effect: there is no http.debug.addr to serve the metrics at
    config.yml:22: http.adr is not a known key: it is ignored
    config.yml:23: notifications is not done yet: no events are sent
    config.yml:10: middleware is not done: requests, repositories and storage are served without it
    config.yml:24: redis is not used: regctl keeps its own cache and index
    config.yml:11: reporting is not done: failures go to the log only
    config.yml:26: policy is not done: content of every class is accepted
    config.yml:27: compatibility is not done: manifests of schema 1 are neither accepted nor served
    config.yml:28: regctl.colour is not a known key: it is ignored
    config.yml:29: two\nlines is not a known key: it is ignored
    ");
    assert!(loaded.describe().contains("\n  config.yml:"));
}

#[test]
fn what_can_mean_nothing_is_refused_with_its_place() {
    let mut errors = Vec::new();
    for text in [
        "",
        "- a\n",
        "version: 0.2\n",
        "version: 0.10\n",
        "log: {}\n",
        "version: 0.1\nhttp: [\n",
        "version: 0.1\nhttp: {addr: :1}\nhttp: {addr: :2}\n",
        "version: 0.1\nhttp: tcp\n",
        "version: 0.1\nlog:\n  level: loud\n",
        "version: 0.1\nlog:\n  formatter: xml\n",
        "version: 0.1\nlog: {accesslog: {disabled: maybe}}\n",
        "version: 0.1\nstorage: {filesystem: {}, inmemory: }\n",
        "version: 0.1\nstorage: {filesystem: {}, delte: {enabled: true}}\n",
        "version: 0.1\nstorage:\n  s3:\n    bucket: b\n",
        "version: 0.1\nstorage: gcs\n",
        "version: 0.1\nstorage: {filesystem: {rootdirectory: [a]}}\n",
        "version: 0.1\nstorage: {maintenance: {uploadpurging: {interval: 0s}}}\n",
        "version: 0.1\nstorage: {maintenance: {uploadpurging: {age: -5h}}}\n",
        "version: 0.1\nauth:\n  htpasswd:\n    path: /p\n",
        "version: 0.1\nauth: silly\n",
        "version: 0.1\nproxy:\n  remoteurl: https://registry-1.docker.io\n",
        "version: 0.1\nhttp: {addr: '5000'}\n",
        "version: 0.1\nhttp: {addr: '::1:5000'}\n",
        "version: 0.1\nhttp: {addr: ':70000'}\n",
        "version: 0.1\nhttp: {net: udp}\n",
        "version: 0.1\nhttp: {net: unix}\n",
        "version: 0.1\nhttp: {prefix: /a/../b/}\n",
        "version: 0.1\nhttp: {host: 'ftp://r'}\n",
        "version: 0.1\nhttp:\n    draintimeout:  soon\n",
        "version: 0.1\nhttp: {headers: {'a b': [c]}}\n",
        "version: 0.1\nhttp: {headers: {a: [\"b\\nc\"]}}\n",
        "version: 0.1\nhttp: {tls: {certificate: /c}}\n",
        "version: 0.1\nhttp: {tls: {key: /k}}\n",
        "version: 0.1\nhttp: {tls: {minimumtls: ssl3}}\n",
        "version: 0.1\nhttp:\n  tls:\n    clientcas:\n      - /ca.pem\n",
        "version: 0.1\nhttp: {tls: {letsencrypt: {cachefile: /x}}}\n",
        "version: 0.1\nhttp: {debug: {prometheus: {path: 'm'}}}\n",
        "version: 0.1\nhealth:\n  file:\n    - interval: 1s\n",
        "version: 0.1\nhealth: {http: [{uri: peer}]}\n",
        "version: 0.1\nhealth: {http: [{uri: 'http://peer', statuscode: 2000}]}\n",
        "version: 0.1\nhealth: {tcp: [{addr: ':6379'}]}\n",
        "version: 0.1\nhealth: {tcp: {addr: 'a:1'}}\n",
        "version: 0.1\nhealth: {storagedriver: {threshold: -1}}\n",
        "version: 0.1\ncatalog: {maxentries: many}\n",
        "version: 0.1\nvalidation: {manifests: {urls: {allow: ['a', '(b']}}}\n",
        "version: 0.1\nvalidation: {manifests: {indexes: {platforms: some}}}\n",
    ] {
        let error = load_text(text, &[]).unwrap_err();
        assert!(!error.contains('\n'), "{error:?}");
        errors.push(error);
    }
    insta::assert_snapshot!(errors.join("\n"), @r#"
    config.yml:1:1: version is missing; hint: write version: 0.1 at the top
    config.yml:1:1:  is not a section; hint: write its keys below it, indented, as in `key: value`
    config.yml:1:10: version is not one that regctl reads; hint: write version: 0.1 at the top
    config.yml:1:10: version is not one that regctl reads; hint: write version: 0.1 at the top
    config.yml:1:1: version is missing; hint: write version: 0.1 at the top
    config.yml:2:7: not valid YAML: unclosed bracket '['
    config.yml:3:1: not valid YAML: duplicate mapping key: http, set DuplicateKeyPolicy in Options if acceptable
    config.yml:2:7: http is not a section; hint: write its keys below it, indented, as in `key: value`
    config.yml:3:10: log.level is "loud", which is not a log level; hint: write error, warn, info, debug or trace
    config.yml:3:14: log.formatter is "xml", which is not a log format; hint: write text, json or logstash
    config.yml:2:29: log.accesslog.disabled is "maybe", which is not true or false; hint: write true or false
    config.yml:2:35: storage.inmemory is a second storage driver, beside storage.filesystem; hint: keep one of the two
    config.yml:2:34: storage.delte is neither a storage driver nor an option of the storage; hint: name filesystem or inmemory
    config.yml:4:5: storage.s3 is a storage driver that regctl does not have; hint: bring the data to a directory and name it in storage.filesystem.rootdirectory
    config.yml:2:10: storage.gcs is a storage driver that regctl does not have; hint: bring the data to a directory and name it in storage.filesystem.rootdirectory
    config.yml:2:39: storage.filesystem.rootdirectory is a list; hint: write one value
    config.yml:2:51: storage.maintenance.uploadpurging.interval is no time at all; hint: write how long to wait, as in 24h
    config.yml:2:46: storage.maintenance.uploadpurging.age is "-5h", which is not a duration; hint: write it with units, as in 10s, 5m or 1h30m
    config.yml:4:5: auth.htpasswd asks for a sign-in, which regctl can't do yet, and without which everybody could pull and push; hint: remove auth and let a proxy in front ask for the sign-in
    config.yml:2:7: auth.silly asks for a sign-in, which regctl can't do yet, and without which everybody could pull and push; hint: remove auth and let a proxy in front ask for the sign-in
    config.yml:3:14: proxy.remoteurl asks for a pull-through cache, which regctl can't be yet; hint: remove proxy to serve what is stored here, or keep the other registry in front
    config.yml:2:14: http.addr is "5000", which is not HOST:PORT; hint: write HOST:PORT, or :PORT for all addresses
    config.yml:2:14: http.addr is "::1:5000", which is not HOST:PORT; hint: write HOST:PORT, or :PORT for all addresses
    config.yml:2:14: http.addr is ":70000", which is not HOST:PORT; hint: write HOST:PORT, or :PORT for all addresses
    config.yml:2:13: http.net is "udp", which is not a network; hint: write tcp or unix
    config.yml:2:7: http.addr is missing, and http.net asks for a socket; hint: write the path of the socket
    config.yml:2:16: http.prefix is "/a/../b/", which is not the path of a URL; hint: write it as in /my/registry/
    config.yml:2:14: http.host is "ftp://r", which is not the address of a registry; hint: write it as in https://registry.example.com:5000
    config.yml:3:20: http.draintimeout is "soon", which is not a duration; hint: write it with units, as in 10s, 5m or 1h30m
    config.yml:2:25: http.headers.a b is "a b", which is not the name of a header; hint: write letters, digits and dashes
    config.yml:2:22: http.headers.a[0] can't be sent in a header; hint: write it in one line, without control characters
    config.yml:2:27: http.tls.certificate stands alone: http.tls.key is missing; hint: name both, or neither to serve without TLS
    config.yml:2:19: http.tls.key stands alone: http.tls.certificate is missing; hint: name both, or neither to serve without TLS
    config.yml:2:26: http.tls.minimumtls is "ssl3", which is not a version of TLS; hint: write tls1.2 or tls1.3
    config.yml:5:7: http.tls.clientcas asks for certificates of clients, which regctl can't check yet, and without which it would admit everybody; hint: remove clientcas and let a proxy in front check the certificates
    config.yml:2:39: http.tls.letsencrypt.cachefile asks for a certificate of Let's Encrypt, which regctl can't get, and without which it would not speak TLS; hint: let an ACME client get it, and name it in http.tls.certificate and http.tls.key
    config.yml:2:35: http.debug.prometheus.path is "m", which is not a path; hint: write it as in /metrics
    config.yml:4:7: health.file[0].file is missing; hint: name what is to be looked at, or remove the check
    config.yml:2:23: health.http[0].uri is "peer", which is not an http or https address; hint: write it as in http://server.example.com/ready
    config.yml:2:50: health.http[0].statuscode is "2000", which is not a status code; hint: write the status that the server answers, as in 200
    config.yml:2:23: health.tcp[0].addr is ":6379", which is not the HOST:PORT of a server; hint: write it as in cache.example.com:6379
    config.yml:2:15: health.tcp is not a list; hint: write its items below it, each after a dash
    config.yml:2:37: health.storagedriver.threshold is "-1", which is not a whole number from 0; hint: write it in digits, as in 3
    config.yml:2:23: catalog.maxentries is "many", which is not a whole number; hint: write it in digits, as in 1000
    config.yml:2:46: validation.manifests.urls.allow[1] is "(b", which is not a regular expression; hint: write it as in ^https://example\.com/
    config.yml:2:47: validation.manifests.indexes.platforms is "some", which is not a choice of platforms; hint: write all, none or list
    "#);
}

#[test]
fn what_a_variable_spoils_is_refused_with_its_name() {
    let mut errors = Vec::new();
    for (name, value) in [
        ("REGISTRY_HTTP_DRAINTIMEOUT", "soon"),
        ("REGISTRY_AUTH", "htpasswd"),
        ("REGISTRY_AUTH_HTPASSWD_PATH", "/p"),
        ("REGISTRY_PROXY_REMOTEURL", "https://registry-1.docker.io"),
        ("REGISTRY_STORAGE_S3_BUCKET", "b"),
        ("REGISTRY_STORAGE", "{swift: {}}"),
        ("REGISTRY_HTTP_TLS_CLIENTCAS_0", "/ca.pem"),
    ] {
        errors.push(load_text(FIELD, &[(name, value)]).unwrap_err());
    }
    insta::assert_snapshot!(errors.join("\n"), @r#"
    REGISTRY_HTTP_DRAINTIMEOUT: http.draintimeout is "soon", which is not a duration; hint: write it with units, as in 10s, 5m or 1h30m
    REGISTRY_AUTH: auth.htpasswd asks for a sign-in, which regctl can't do yet, and without which everybody could pull and push; hint: remove auth and let a proxy in front ask for the sign-in
    REGISTRY_AUTH_HTPASSWD_PATH: auth.htpasswd asks for a sign-in, which regctl can't do yet, and without which everybody could pull and push; hint: remove auth and let a proxy in front ask for the sign-in
    REGISTRY_PROXY_REMOTEURL: proxy.remoteurl asks for a pull-through cache, which regctl can't be yet; hint: remove proxy to serve what is stored here, or keep the other registry in front
    REGISTRY_STORAGE_S3_BUCKET: storage.s3 is a second storage driver, beside storage.filesystem; hint: keep one of the two
    REGISTRY_STORAGE: storage.swift is a storage driver that regctl does not have; hint: bring the data to a directory and name it in storage.filesystem.rootdirectory
    REGISTRY_HTTP_TLS_CLIENTCAS_0: http.tls.clientcas asks for certificates of clients, which regctl can't check yet, and without which it would admit everybody; hint: remove clientcas and let a proxy in front check the certificates
    "#);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_under_any_key_is_understood_or_refused(
        key in "version|log|loglevel|storage|auth|http|health|catalog|proxy|validation|regctl",
        inner in "level|fields|filesystem|s3|addr|tls|headers|host|prefix|debug|file|manifests",
        text in "[ -~µé]{0,30}",
        block in any::<bool>(),
    ) {
        let separator = if block { ":\n    " } else { ": " };
        let file = format!("version: 0.1\n{key}:\n  {inner}{separator}{text}\n");
        let variable = format!("REGISTRY_{}_{}", key.to_uppercase(), inner.to_uppercase());
        for result in [load_text(&file, &[]), load_text(FIELD, &[(&variable, &text)])] {
            match result {
                Ok(loaded) => prop_assert!(!loaded.describe().is_empty()),
                Err(error) => prop_assert!(!error.contains('\n'), "{error:?}"),
            }
        }
    }
}
