//! Tests through the interface of the room: a file, variables and flags in; settings, warnings and
//! one-line errors out.

use std::path::{Path, PathBuf};
use std::time::Duration;

use proptest::prelude::*;

use super::*;

mod meaning;
mod own;
mod refusals;

/// A typical file of tutorials.
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
        accounts: Some(false),
        config,
        root: None,
        listen: None,
        tls: None,
        hosts: Vec::new(),
        acme: AcmeFlags::default(),
        environment: environment
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
    }
}

/// Loads a file with this text as `config.yml`, so that messages do not depend on its path.
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
    Locations: begin with the address in the request
    Header in answers: X-Content-Type-Options: nosniff
    Sign-in: none; every client may do everything
    Audit: kept for 90d (regctl audit)
    Data in: /var/lib/registry
    Clients may: pull, push and delete
    Unfinished uploads: removed after 168h, checked every 24h
    Collects garbage: on request (regctl gc)
    Deleted tags: can be restored for 24h (regctl restore)
    URLs allowed in manifests: any
    Images an index needs: none
    Blobs are hashed while they are read: yes
    Layers an image needs: all
    Manifests: of any type; registry:3's garbage-collect stops at types it does not know (regctl.validation.types: known refuses them)
    Pages for browsers: at /
    Pages of the API: at most 1000 repositories, at most 1000 tags
    Log: level info, as text, access log on
    Field in the log: service="registry"
    Unhealthy: when the storage fails 3 times in a row, checked every 10s
    Ignored: nothing
    "#);
}

#[test]
fn missing_keys_have_the_defaults_of_registry_2() {
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
fn flags_override_variables_and_variables_override_the_file() {
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
fn a_search_prefers_the_variable_to_the_usual_places() {
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
    // Without the flag the first of them is read, unless there is a `--root`.
    let without = |root: Option<&str>| {
        let mut request = request(ConfigChoice::None, &[]);
        request.root = root.map(PathBuf::from);
        load_from(&request, &usual).unwrap().file
    };
    assert_eq!(without(None), Some(first.clone()));
    assert_eq!(without(Some("/data")), None);
    std::fs::remove_file(&first).unwrap();
    assert_eq!(without(None), None);
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

/// Whether a key is read, tested with the variable that sets it.
fn is_read(path: &str) -> bool {
    let name = path.replace("[]", "_0").replace('-', "").replace('.', "_");
    let variable = format!("REGISTRY_{}", name.to_uppercase());
    // An invalid value causes an error about the key, which shows that it is read.
    match load_text("version: 0.1\n", &[(&variable, "0.1")]) {
        Ok(loaded) => loaded
            .warnings
            .iter()
            .all(|warning| !warning.contains("is not a known key")),
        Err(_) => true,
    }
}

#[test]
fn every_key_of_the_manual_is_read() {
    assert!(!is_read("http.nonsense") && !is_read("regctl.gc.nonsense"));
    for key in super::KEYS {
        assert!(is_read(key.path), "{}", key.path);
        assert!(key.meaning.ends_with('.'), "{}", key.path);
    }
}

#[test]
fn every_key_that_is_read_is_in_the_manual() {
    let words: Vec<&str> = super::KEYS
        .iter()
        .flat_map(|key| key.path.split(['.', '[', ']']))
        .collect();
    // Keys that are read without a meaning, or that are another spelling of a key.
    let passed_over = [
        "secret",
        "redirect",
        "disable",
        "proxy",
        "remoteurl",
        "maxthreads",
        "cache",
    ];
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/config")).unwrap() {
        let path = entry.unwrap().path();
        if path.ends_with("tests.rs") || path.is_dir() {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for call in [
            ".value(\"",
            ".section(\"",
            ".text(\"",
            ".take(\"",
            ".list(\"",
        ] {
            for rest in text.split(call).skip(1) {
                let key = rest.split('"').next().unwrap();
                let known = words.contains(&key) || passed_over.contains(&key);
                assert!(known, "{key} of {}", path.display());
            }
        }
    }
}
