//! A registry with accounts and content for every page: images of several platforms with
//! attachments, descriptions, stars, pulls, long names.

use serde_json::{Value, json};

use crate::accounts_support::Guarded;
use crate::pages_person::Person;
use crate::support::{
    Image, Manifest, OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST, Remote, artifact, descriptor,
    index, random_bytes,
};

/// The longest repository name that the pages must show.
pub(crate) fn long_name() -> String {
    ["component-that-is-long"; 11].join("/")
}

/// An image like that of a build: a shared base, a program, environment, labels.
pub(crate) fn built(program: &str, version: &str, architecture: &str, created: &str) -> Image {
    let seed = |text: &str| {
        text.bytes()
            .fold(7, |sum, byte| sum * 31 % 99_991 + u64::from(byte))
    };
    let layers = [
        (
            seed(architecture),
            310_000,
            "/bin/sh -c #(nop) ADD file:6f2c… in /",
        ),
        (
            seed(architecture) + 1,
            84_000,
            "RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates tzdata",
        ),
        (seed(program), 41_000, "COPY public/ /srv/public/"),
        (
            seed(&format!("{program}{version}{architecture}")),
            152_000,
            "COPY target/release/server /usr/local/bin/server",
        ),
    ];
    let layers = layers.map(|(seed, size, step)| (random_bytes(seed, size), step));
    let mut history: Vec<Value> = layers
        .iter()
        .map(|(_, step)| json!({"created": created, "created_by": step}))
        .collect();
    history.push(json!({
        "created": created, "created_by": "ENTRYPOINT [\"/usr/local/bin/server\"]",
        "empty_layer": true,
    }));
    let config = json!({
        "architecture": architecture,
        "os": "linux",
        "created": created,
        "config": {
            "User": "10001",
            "WorkingDir": "/srv",
            "Entrypoint": ["/usr/local/bin/server"],
            "Cmd": ["--listen", ":8080"],
            "ExposedPorts": {"8080/tcp": {}},
            "Volumes": {"/srv/data": {}},
            "Env": ["PATH=/usr/local/bin:/usr/bin:/bin", "TZ=Etc/UTC", format!("VERSION={version}")],
            "Labels": {
                "org.opencontainers.image.title": program,
                "org.opencontainers.image.version": version,
                "org.opencontainers.image.source": format!("https://git.example.com/{program}"),
            },
        },
        "rootfs": {"type": "layers", "diff_ids": []},
        "history": history,
    });
    let config = config.to_string().into_bytes();
    let listed: Vec<_> = layers
        .iter()
        .map(|(layer, _)| descriptor(OCI_LAYER, layer))
        .collect();
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": descriptor(OCI_CONFIG, &config),
        "layers": listed,
    });
    Image {
        manifest: Manifest::new(OCI_MANIFEST, &manifest),
        blobs: std::iter::once(config)
            .chain(layers.into_iter().map(|(layer, _)| layer))
            .collect(),
    }
}

/// Pushes an index of two platforms with an attestation of the first, and a signature of the index.
fn push_signed(remote: &Remote, program: &str, version: &str) {
    let images = ["amd64", "arm64"]
        .map(|architecture| built(program, version, architecture, "2026-11-20T09:30:00Z"));
    for image in &images {
        remote.push(&image.digest().to_string(), image);
    }
    let attestation = Image::new(77).with_field(
        "annotations",
        json!({"vnd.docker.reference.type": "attestation-manifest"}),
    );
    remote.push(&attestation.digest().to_string(), &attestation);
    let mut list = index(&[&images[0].manifest, &images[1].manifest]).json();
    let mut entry = attestation.manifest.descriptor();
    entry["platform"] = json!({"os": "unknown", "architecture": "unknown"});
    entry["annotations"] = json!({
        "vnd.docker.reference.type": "attestation-manifest",
        "vnd.docker.reference.digest": images[0].digest().to_string(),
    });
    list["manifests"].as_array_mut().unwrap().push(entry);
    let list = Manifest::new(OCI_INDEX, &list);
    remote.put(version, &list).expect(201);
    let signature = artifact(
        &list.descriptor(),
        "application/vnd.dev.cosign.artifact.sig.v1+json",
        78,
    );
    remote.push(&signature.digest().to_string(), &signature);
}

const README: &str = "\
# Storefront: the web shop

It needs a database and listens on port 8080.

```sh
docker run -p 8080:8080 -e DATABASE_URL=postgres://db/shop registry.example.com/shop/storefront:2.4.1
```

| Variable | Meaning |
|---|---|
| `DATABASE_URL` | where the orders are kept |
| `TZ` | the time zone of receipts |

See [the manual](https://docs.example.com/storefront).
";

/// The registry; `root` administers it, alice has the rights on `shop/`.
pub(crate) fn furnished() -> Guarded {
    let guarded = Guarded::start();
    guarded.administer(&["grant", "alice", "shop/*", "pull,push,delete"]);
    guarded.administer(&["grant", "bob", "shop/*", "pull"]);
    let storefront = guarded.remote("alice", "shop/storefront");
    for version in ["2.2.0", "2.3.0", "2.3.1", "2.4.0"] {
        storefront.push(
            version,
            &built("storefront", version, "amd64", "2026-10-02T14:00:00Z"),
        );
    }
    push_signed(&storefront, "storefront", "2.4.1");
    storefront
        .put(
            "latest",
            &Manifest::raw(OCI_INDEX, storefront.manifest("2.4.1").body),
        )
        .expect(201);
    for (name, version, text) in [
        ("shop/payments", "1.12.0", "Takes payments and refunds them"),
        (
            "shop/search",
            "0.9.3",
            "Finds articles by words and by pictures",
        ),
        ("infra/ingress", "3.1.0", "The proxy in front of everything"),
        ("infra/backup", "1.0.0", ""),
        (
            "library/debian",
            "13-slim",
            "Debian stable without manuals: the base of our images",
        ),
        (
            "library/postgres",
            "17.2",
            "The database, with the extensions that we use",
        ),
    ] {
        let program = name.rsplit('/').next().unwrap();
        let image = built(program, version, "amd64", "2026-11-01T08:00:00Z");
        guarded.remote("root", name).push(version, &image);
        if !text.is_empty() {
            guarded.administer(&["describe", name, "--text", text]);
        }
    }
    guarded.administer(&["describe", "shop/storefront", "--text", README]);
    for _ in 0..12 {
        storefront.manifest("2.4.1").expect(200);
    }
    for name in ["alice", "bob", "root"] {
        let mut person = Person::signed_in(&guarded.server, name);
        for repository in ["shop/storefront", "shop/payments"] {
            person.submit("/", &format!("/r/{repository}/-/star"), &[("starred", "1")]);
        }
    }
    guarded
}

/// More repositories than fit on a page, and the longest name.
pub(crate) fn crowd(guarded: &Guarded) {
    let long = guarded.remote("root", &long_name());
    long.push(&"t".repeat(128), &Image::new(7));
    for number in 0..23 {
        let name = format!("team-{}/service-{number:02}", number % 4);
        let remote = guarded.remote("root", &name);
        remote.push("1.0.0", &Image::new(number));
    }
}

/// Every page that an administrator sees in [`furnished`] with its [`crowd`], with its status.
pub(crate) fn pages(guarded: &Guarded) -> Vec<(String, u16)> {
    let long = long_name();
    let manifest = guarded.remote("root", "shop/storefront").manifest("2.4.1");
    let digest = manifest.need("docker-content-digest");
    [
        "/",
        "/?q=app&sort=name",
        "/?q=nothing-like-this",
        "/?ns=shop",
        "/r/shop/storefront",
        "/r/shop/storefront/-/tags?sort=version",
        "/r/shop/storefront/-/tags?filter=2.*",
        "/r/shop/storefront:2.4.1",
        "/r/shop/storefront:2.4.0",
        &format!("/r/shop/storefront@{digest}"),
        &format!("/r/{long}"),
        &format!("/r/{long}/-/tags"),
        &format!("/r/{long}:{}", "t".repeat(128)),
        "/r/shop/storefront/-/delete?tag=2.3.0",
        "/r/shop/storefront/-/delete?repository=1",
        "/r/shop/storefront/-/trash",
        "/r/shop/storefront/-/settings",
        "/compare",
        "/compare?a=shop/storefront:2.3.0&b=shop/storefront:2.4.0",
        "/activity",
        "/activity?days=90",
        "/account",
        "/accounts",
        "/about",
        "/storage",
        "/collection",
        "/r/nothing/here",
    ]
    .iter()
    .map(|path| {
        let status = if *path == "/r/nothing/here" { 404 } else { 200 };
        ((*path).to_owned(), status)
    })
    .collect()
}
