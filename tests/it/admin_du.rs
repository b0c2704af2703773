//! `regctl du`: bytes by repository and tag.

use serde_json::Value;

use crate::admin_support::{Admin, FORGETFUL, each_way, serve};
use crate::support::{Image, random_bytes};

fn sizes(row: &Value) -> (u64, u64, u64) {
    let size = |name: &str| row[name].as_u64().unwrap();
    (size("size"), size("unique"), size("shared"))
}

fn row<'a>(report: &'a Value, name: &str) -> &'a Value {
    let mut rows = report["rows"].as_array().unwrap().iter();
    rows.find(|row| row["name"] == name)
        .unwrap_or_else(|| panic!("no {name} in {report}"))
}

fn bytes(image: &Image) -> u64 {
    let blobs = image.blobs.iter().map(Vec::len).sum::<usize>();
    (blobs + image.manifest.bytes.len()) as u64
}

#[test]
fn bytes_are_counted_once_by_owner() {
    each_way(
        FORGETFUL,
        |server| {
            let remote = server.remote("team/app");
            let first = Image::with_layers(1, &[10_000]);
            let second = first.with_layer(&random_bytes(5, 2_000));
            remote.push("v1", &first);
            remote.push("v2", &second);
            remote.push_blob(&random_bytes(6, 700));
            server.remote("team/copy").push("v1", &first);
            server.remote("other").push("v1", &Image::new(9));
            (first, second)
        },
        |admin, (first, second)| {
            let report = admin.json(&["du", "-o", "json"]);
            let names: Vec<&str> = report["rows"]
                .as_array()
                .unwrap()
                .iter()
                .map(|row| row["name"].as_str().unwrap())
                .collect();
            assert_eq!(names, ["other", "team/app", "team/copy"]);
            let manifest = second.manifest.bytes.len() as u64;
            let all = bytes(first) + 2_000 + manifest;
            assert_eq!(
                sizes(row(&report, "team/app")),
                (all, 2_000 + manifest, bytes(first))
            );
            assert_eq!(
                sizes(row(&report, "team/copy")),
                (bytes(first), 0, bytes(first))
            );
            assert_eq!(row(&report, "team/app")["reclaimable"], 700);
            assert_eq!(report["reclaimable"], 700);
            assert_eq!(report["blobs"], 9);

            let below = admin.json(&["du", "team", "-o", "json"]);
            assert_eq!(below["rows"].as_array().unwrap().len(), 5);
            let shared = bytes(first) - first.manifest.bytes.len() as u64;
            let v2 = sizes(row(&below, "team/app:v2"));
            assert_eq!(v2, (bytes(second), 2_000 + manifest, shared));
            assert_eq!(
                sizes(row(&below, "team/app:v1")),
                (bytes(first), 0, bytes(first))
            );
            let text = admin.stdout(&["du", "other"]);
            assert!(text.starts_with("NAME "), "{text}");
            assert!(text.contains("In all: 9 blobs with "), "{text}");
            let (_, error) = admin.fails(3, &["du", "tea"]);
            assert!(error.contains("there is no tea"), "{error}");
        },
        |server, (first, _)| assert_eq!(server.remote("team/app").verify("v1"), first.digest()),
    );
}

#[test]
fn untagged_manifests_have_a_row() {
    let server = serve(FORGETFUL);
    let remote = server.remote("app");
    remote.push("v1", &Image::new(1));
    remote.push("v1", &Image::new(2));
    let report = Admin::of(server.root()).json(&["du", "app", "-o", "json"]);
    let untagged = row(&report, "app (untagged)");
    assert_eq!(untagged["untagged"], true);
    assert_eq!(sizes(untagged).1, bytes(&Image::new(1)));
}
