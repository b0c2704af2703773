//! Warnings about unsupported keys, and errors about invalid values.

use super::{FIELD, load_text};

#[test]
fn unsupported_keys_are_reported_once() {
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
    config.yml:3: log.hooks is not done: messages go to the log only
    config.yml:4: log.reportcaller is not done: messages name the part of regctl they come from
    config.yml:5: log.fields.nested is not a plain value: it is left out of the log
    config.yml:7: storage.filesystem.maxthreads has no effect: regctl bounds its file operations by itself
    config.yml:7: storage.filesystem.rootdir is not a known key: it is ignored
    config.yml:8: storage.cache.blobdescriptor has no effect: regctl caches in memory
    config.yml:8: storage.cache.blobdescriptorsize has no effect: regctl bounds its cache by itself
    config.yml:9: storage.tag has no effect: tags are looked up in the index
    config.yml:10: middleware is not done: requests, repositories and storage are served without it
    config.yml:11: reporting is not done: failures go to the log only
    config.yml:13: http.host has no scheme (as in https://registry.example.com): it is ignored, and clients are answered with the address they ask at
    config.yml:17: http.tls.minimumtls names a version that is not safe any more: the minimum is TLS 1.2
    config.yml:18: http.tls.clientauth has no effect: there is no http.tls.clientcas
    config.yml:19: http.tls.ciphersuites is not done: the suites of TLS 1.2 and 1.3 that are considered safe are offered
    config.yml:20: http.tls.letsencrypt has no effect: another certificate is configured
    config.yml:21: http.debug.prometheus has no effect: there is no http.debug.addr to serve the metrics at
    config.yml:22: http.adr is not a known key: it is ignored
    config.yml:23: notifications is not done yet: no events are sent
    config.yml:24: redis is not used: regctl keeps its own cache and index
    config.yml:25: proxy.ttl has no effect: there is no proxy.remoteurl
    config.yml:26: policy is not done: content of every class is accepted
    config.yml:27: compatibility is not done: manifests of schema 1 are neither accepted nor served
    config.yml:28: regctl.colour is not a known key: it is ignored
    config.yml:29: two\nlines is not a known key: it is ignored
    the environment: REGISTRY_SERVICE_PORT is of podman or Kubernetes and no setting of the registry
    REGISTRY_LOG_COLOUR: log.colour is not a known key: it is ignored
    ");
    assert!(loaded.describe().contains("\n  config.yml:"));
}

#[test]
fn invalid_values_are_refused_with_their_position() {
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
        "version: 0.1\nauth:\n  htpasswd:\n    realm: r\n",
        "version: 0.1\nauth: silly\n",
        "version: 0.1\nproxy:\n  remoteurl: https://registry-1.docker.io\n",
        "version: 0.1\nhttp: {addr: '5000'}\n",
        "version: 0.1\nhttp: {addr: '::1:5000'}\n",
        "version: 0.1\nhttp: {addr: ':70000'}\n",
        "version: 0.1\nhttp: {net: udp}\n",
        "version: 0.1\nhttp: {net: unix}\n",
        "version: 0.1\nhttp: {prefix: /a/../b/}\n",
        "version: 0.1\nhttp: {host: 'ftp://r'}\n",
        "version: 0.1\nhttp: {host: 'https://user:secret@r'}\n",
        "version: 0.1\nhttp:\n    draintimeout:  soon\n",
        "version: 0.1\nhttp: {headers: {'a b': [c]}}\n",
        "version: 0.1\nhttp: {headers: {a: [\"b\\nc\"]}}\n",
        "version: 0.1\nhttp: {headers: {Content-Length: [5]}}\n",
        "version: 0.1\nhttp: {addr: ':5000', debug: {addr: '127.0.0.1:5000'}}\n",
        "version: 0.1\nhttp: {tls: {certificate: /c}}\n",
        "version: 0.1\nhttp: {tls: {key: /k}}\n",
        "version: 0.1\nhttp: {tls: {clientcas: [/ca.pem]}}\n",
        "version: 0.1\nhttp: {tls: {minimumtls: ssl3}}\n",
        "version: 0.1\nhttp:\n  tls:\n    clientcas:\n      - /ca.pem\n    clientauth: perhaps\n",
        "version: 0.1\nhttp: {tls: {letsencrypt: {cachefile: /x}}}\n",
        "version: 0.1\nhttp: {tls: {letsencrypt: {hosts: [a.example.com, '*.example.com']}}}\n",
        "version: 0.1\nhttp: {tls: {letsencrypt: {hosts: a, directoryurl: 'http://ca/directory'}}}\n",
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
    config.yml:1:1: not valid YAML: a configuration is keys and their values; hint: begin with version: 0.1
    config.yml:1:10: version is "0.2", which is not a version that regctl reads; hint: write version: 0.1 at the top
    config.yml:1:10: version is "0.10", which is not a version that regctl reads; hint: write version: 0.1 at the top
    config.yml:1:1: version is missing; hint: write version: 0.1 at the top
    config.yml:2:7: not valid YAML: unclosed bracket '['; hint: check the indentation, the brackets and the quotes
    config.yml:3:1: not valid YAML: the key "http" is a duplicate; hint: keep one of the two
    config.yml:2:7: http is not a section; hint: write its keys below it, indented, as in `key: value`
    config.yml:3:10: log.level is "loud", which is not a log level; hint: write error, warn, info, debug or trace
    config.yml:3:14: log.formatter is "xml", which is not a log format; hint: write text, json or logstash
    config.yml:2:29: log.accesslog.disabled is "maybe", which is not true or false; hint: write true or false
    config.yml:2:27: storage.inmemory is a second storage driver, beside storage.filesystem; hint: keep one of the two
    config.yml:2:27: storage.delte is neither a storage driver nor an option of the storage; hint: name filesystem or inmemory
    config.yml:3:3: storage.s3 is a storage driver that regctl does not have; hint: copy the data to a directory and name it in storage.filesystem.rootdirectory
    config.yml:2:10: storage.gcs is a storage driver that regctl does not have; hint: copy the data to a directory and name it in storage.filesystem.rootdirectory
    config.yml:2:24: storage.filesystem.rootdirectory is a list; hint: write one value
    config.yml:2:51: storage.maintenance.uploadpurging.interval is zero; hint: write how long to wait, as in 24h
    config.yml:2:46: storage.maintenance.uploadpurging.age is "-5h", which is not a duration; hint: write it with units, as in 10s, 5m or 1h30m
    config.yml:3:3: auth.htpasswd.path is missing; hint: the sign-in can't be checked without it
    config.yml:2:7: auth.silly selects a sign-in that regctl does not support, and without which everybody could pull and push; hint: use htpasswd or token, or accounts of regctl's own: regctl.accounts.enabled
    config.yml:3:14: proxy.remoteurl enables a pull-through cache, which regctl does not support yet; hint: remove proxy to serve the stored content, or keep the other registry in front
    config.yml:2:14: http.addr is "5000", which is not HOST:PORT; hint: write HOST:PORT, or :PORT for all addresses
    config.yml:2:14: http.addr is "::1:5000", which is not HOST:PORT; hint: write HOST:PORT, or :PORT for all addresses
    config.yml:2:14: http.addr is ":70000", which is not HOST:PORT; hint: write HOST:PORT, or :PORT for all addresses
    config.yml:2:13: http.net is "udp", which is not a network; hint: write tcp or unix
    config.yml:2:1: http.addr is missing, and http.net asks for a socket; hint: write the path of the socket
    config.yml:2:16: http.prefix is "/a/../b/", which is not the path of a URL; hint: write it as in /my/registry/
    config.yml:2:14: http.host is "ftp://r", which is not the address of a registry; hint: write it as in https://registry.example.com:5000
    config.yml:2:14: http.host has a user or a password in it; hint: leave them out: the address is public
    config.yml:3:20: http.draintimeout is "soon", which is not a duration; hint: write it with units, as in 10s, 5m or 1h30m
    config.yml:2:18: http.headers.a b is "a b", which is not the name of a header; hint: write letters, digits and dashes
    config.yml:2:22: http.headers.a[0] can't be sent in a header; hint: write it in one line, without control characters
    config.yml:2:18: http.headers.Content-Length describes the body of one answer, and would be on every answer; hint: remove it: regctl sets it where it belongs
    config.yml:2:37: http.debug.addr is 127.0.0.1:5000, and the registry itself listens on :5000; hint: choose another port
    config.yml:2:27: http.tls.certificate is incomplete: http.tls.key is missing; hint: name both, or neither to serve without TLS
    config.yml:2:19: http.tls.key is incomplete: http.tls.certificate is missing; hint: name both, or neither to serve without TLS
    config.yml:2:14: http.tls.clientcas requires TLS, and there is no http.tls.certificate; hint: name certificate and key, or remove clientcas to serve everybody
    config.yml:2:26: http.tls.minimumtls is "ssl3", which is not a version of TLS; hint: write tls1.2 or tls1.3
    config.yml:6:17: http.tls.clientauth is "perhaps", which is not a way to ask clients for certificates; hint: write require-and-verify-client-cert or verify-client-cert-if-given
    config.yml:2:14: http.tls.letsencrypt.hosts is missing; hint: write the names of this registry, as in [registry.example.com]: a certificate is asked for these alone
    config.yml:2:51: http.tls.letsencrypt.hosts[1] is "*.example.com", which is not a host name; hint: write a DNS name without a port; for addresses and wildcards no challenge is answered here
    config.yml:2:52: http.tls.letsencrypt.directoryurl is "http://ca/directory", which is not the https address of an ACME directory; hint: write it as in https://ca.example.com/acme/directory
    config.yml:2:35: http.debug.prometheus.path is "m", which is not a path; hint: write it as in /metrics
    config.yml:4:7: health.file[0].file is missing; hint: name the target of the check, or remove it
    config.yml:2:23: health.http[0].uri is "peer", which is not an http or https address; hint: write it as in http://server.example.com/ready
    config.yml:2:50: health.http[0].statuscode is "2000", which is not a status code; hint: write the status that the server answers, as in 200
    config.yml:2:23: health.tcp[0].addr is ":6379", which is not the HOST:PORT of a server; hint: write it as in cache.example.com:6379
    config.yml:2:10: health.tcp is not a list; hint: write its items below it, each after a dash
    config.yml:2:37: health.storagedriver.threshold is "-1", which is not a whole number from 0; hint: write it in digits, as in 3
    config.yml:2:23: catalog.maxentries is "many", which is not a whole number; hint: write it in digits, as in 1000
    config.yml:2:46: validation.manifests.urls.allow[1] is "(b", which is not a regular expression; hint: write it as in ^https://example\.com/
    config.yml:2:47: validation.manifests.indexes.platforms is "some", which is not a choice of platforms; hint: write all, none or list
    "#);
}

#[test]
fn invalid_variables_are_refused_with_their_names() {
    let mut errors = Vec::new();
    for (name, value) in [
        ("REGISTRY_HTTP_DRAINTIMEOUT", "soon"),
        ("REGISTRY_AUTH", "htpasswd"),
        (
            "REGISTRY_AUTH_TOKEN_REALM",
            "https://auth.example.com/token",
        ),
        ("REGISTRY_PROXY_REMOTEURL", "https://registry-1.docker.io"),
        ("REGISTRY_STORAGE_S3_BUCKET", "b"),
        ("REGISTRY_STORAGE", "{swift: {}}"),
    ] {
        errors.push(load_text(FIELD, &[(name, value)]).unwrap_err());
    }
    insta::assert_snapshot!(errors.join("\n"), @r#"
    REGISTRY_HTTP_DRAINTIMEOUT: http.draintimeout is "soon", which is not a duration; hint: write it with units, as in 10s, 5m or 1h30m
    REGISTRY_AUTH: auth.htpasswd.path is missing; hint: the sign-in can't be checked without it
    REGISTRY_AUTH_TOKEN_REALM: auth.token.service is missing; hint: the sign-in can't be checked without it
    REGISTRY_PROXY_REMOTEURL: proxy.remoteurl enables a pull-through cache, which regctl does not support yet; hint: remove proxy to serve the stored content, or keep the other registry in front
    REGISTRY_STORAGE_S3_BUCKET: storage.s3 is a second storage driver, beside storage.filesystem; hint: keep one of the two
    REGISTRY_STORAGE: storage.swift is a storage driver that regctl does not have; hint: copy the data to a directory and name it in storage.filesystem.rootdirectory
    "#);
}
