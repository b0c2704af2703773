//! Invalid manifests from strangers: not JSON, wrong fields, absurd sizes, too large.

use serde_json::json;

use super::bad_input::{lives, start};
use crate::support::{
    Manifest, OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST, Request, descriptor,
};

#[test]
fn invalid_manifests_are_refused() {
    let (server, remote, image) = start("json");
    let config = descriptor(OCI_CONFIG, &image.blobs[0]).to_string();
    let layer = descriptor(OCI_LAYER, &image.blobs[1]).to_string();
    let whole = String::from_utf8(image.manifest.bytes.clone()).unwrap();
    let nested = |open: &str, close: &str| {
        whole.replacen(
            '{',
            &format!("{{\"x\":{}{},", open.repeat(10_001), close.repeat(10_001)),
            1,
        )
    };
    let sized = |size: &str| {
        whole.replace(
            &format!("\"size\":{}", image.blobs[1].len()),
            &format!("\"size\":{size}"),
        )
    };
    let cases: Vec<(&str, String)> = vec![
        ("empty", String::new()),
        ("white space", " \n".to_owned()),
        ("no JSON", "blablabla".to_owned()),
        ("cut", whole[..whole.len() - 1].to_owned()),
        ("followed by more", format!("{whole}{{}}")),
        ("null", "null".to_owned()),
        ("a list", "[]".to_owned()),
        ("a string", "\"x\"".to_owned()),
        ("an empty object", "{}".to_owned()),
        ("nested lists", nested("[", "]")),
        (
            "nested objects",
            nested("{\"a\":", "}").replace(":}", ":0}"),
        ),
        ("nested and never closed", "[".repeat(10_000)),
        (
            "a key twice",
            whole.replacen('{', &format!("{{\"config\":{config},"), 1),
        ),
        ("layers twice", whole.replacen('{', "{\"layers\":[],", 1)),
        (
            "a type twice",
            whole.replacen('{', &format!("{{\"mediaType\":\"{OCI_MANIFEST}\","), 1),
        ),
        ("a negative size", sized("-1")),
        ("a size beyond all", sized("9223372036854775808")),
        ("an absurd size", sized("1e300")),
        ("a fraction of a byte", sized("1.5")),
        ("a size in words", sized("\"10\"")),
        (
            "a digest that is none",
            whole.replace("sha256:", "sha256:../"),
        ),
        ("another algorithm", whole.replace("sha256:", "md5:")),
        (
            "version 1",
            whole.replace("\"schemaVersion\":2", "\"schemaVersion\":1"),
        ),
        ("no version", whole.replace("\"schemaVersion\":2,", "")),
        ("no config", whole.replace("\"config\"", "\"konfig\"")),
        ("config null", whole.replace(&config, "null")),
        (
            "an index with layers",
            whole.replacen(OCI_MANIFEST, OCI_INDEX, 1),
        ),
        (
            "layers and manifests",
            whole.replacen('{', "{\"manifests\":[],", 1),
        ),
        (
            "layers as an object",
            whole.replace(&format!("[{layer}]"), "{}"),
        ),
        ("bytes that are no text", whole.replace("COPY", "C")),
    ];
    for (what, text) in cases {
        let mut bytes = text.clone().into_bytes();
        if what == "bytes that are no text" {
            let end = bytes.len() - 2;
            bytes.splice(end..end, *b",\"x\":\"\xff\xfe\"");
        }
        assert!(
            what == "a string" || bytes != image.manifest.bytes,
            "{what} is no case"
        );
        server.unchanged(|| {
            let answer = remote.put("bad", &Manifest::raw(OCI_MANIFEST, bytes));
            assert_eq!(answer.status, 400, "{what}: {answer}");
            assert_eq!(answer.code(), "MANIFEST_INVALID", "{what}: {answer}");
        });
    }
    lives(server, &remote);
}

#[test]
fn invalid_media_types_are_refused_or_ignored() {
    let (server, remote, image) = start("types");
    for media_type in [
        "",
        "nonsense",
        "text/plain",
        "application/",
        "a/b/c",
        "\"",
        "x".repeat(5000).as_str(),
    ] {
        server.unchanged(|| {
            let answer = remote.put(
                "bad",
                &Manifest::raw(media_type, image.manifest.bytes.clone()),
            );
            // An empty type is ignored: only the body decides.
            if media_type.is_empty() && answer.status == 201 {
                remote.delete("bad").expect(202);
            } else {
                answer.refused(400, "MANIFEST_INVALID");
            }
        });
    }
    // Later readers get the type in the body, so it must be a media type.
    for claimed in ["x\r\nEvil: 1", "x\u{0}", "ä/ö", ""] {
        let bytes = json!({ "mediaType": claimed, "x": 1 })
            .to_string()
            .into_bytes();
        let target = remote.manifest_path("bad");
        server.unchanged(|| {
            remote
                .client
                .send(&Request::new("PUT", &target).body(&bytes))
                .refused(400, "MANIFEST_INVALID");
        });
    }
    lives(server, &remote);
}

#[test]
fn a_manifest_far_over_the_limit_is_not_read() {
    let (server, remote, _) = start("huge");
    let mut connection = remote.client.open().unwrap();
    let head = format!(
        "PUT {} HTTP/1.1\r\nHost: x\r\nContent-Type: {OCI_MANIFEST}\r\nContent-Length: 999999999999\r\n\r\n",
        remote.manifest_path("huge")
    );
    connection.send(head.as_bytes()).unwrap();
    // The refusal needs no byte of the body.
    let answer = connection.receive("PUT").unwrap();
    answer.expect(413);
    lives(server, &remote);
}

#[test]
fn a_manifest_has_a_bounded_number_of_descriptors() {
    let (server, remote, _) = start("many");
    let index = |count: usize| {
        let children: Vec<_> = (0..count)
            .map(|number| descriptor(OCI_MANIFEST, &number.to_le_bytes()))
            .collect();
        let body = json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": children });
        Manifest::new(OCI_INDEX, &body)
    };
    let most = index(5000);
    remote.put("most", &most).expect(201);
    assert_eq!(remote.manifest("most").expect(200).body, most.bytes);
    remote
        .put("more", &index(5001))
        .refused(413, "MANIFEST_INVALID");
    lives(server, &remote);
}
