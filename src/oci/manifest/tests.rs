//! Which bytes are parsed as a manifest, and which are refused.

use proptest::prelude::*;

use super::*;

fn digest(character: char) -> String {
    format!("sha256:{}", character.to_string().repeat(64))
}

fn image() -> serde_json::Value {
    serde_json::json!({
        "schemaVersion": 2,
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest('a'), "size": 10},
        "layers": [
            {"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": digest('b'), "size": 20},
            {"mediaType": "application/vnd.oci.image.layer.nondistributable.v1.tar", "digest": digest('c'), "size": 30},
        ],
        "x-custom": {"kept": true},
    })
}

fn parse(value: &serde_json::Value) -> Result<ManifestView, ManifestError> {
    ManifestView::parse(value.to_string().as_bytes(), None)
}

#[test]
fn an_image_by_its_shape() {
    let view = parse(&image()).unwrap();
    assert_eq!(view.media_type, MediaType::OCI_MANIFEST);
    assert_eq!(view.kind, ManifestKind::Image);
    assert_eq!(view.required_blobs().count(), 2);
    assert_eq!(view.blobs().count(), 3);
    assert_eq!(view.content_size(), 60);
    assert_eq!(
        view.artifact_type.as_deref(),
        Some("application/vnd.oci.image.config.v1+json")
    );
}

#[test]
fn an_index_by_its_shape() {
    let view = parse(&serde_json::json!({"schemaVersion": 2, "manifests": []})).unwrap();
    assert_eq!(view.media_type, MediaType::OCI_INDEX);
    assert_eq!(view.kind, ManifestKind::Index);
}

#[test]
fn the_layers_of_schema_1_are_read() {
    let view = parse(&serde_json::json!({
        "schemaVersion": 1, "name": "a", "fsLayers": [{"blobSum": digest('d')}],
    }))
    .unwrap();
    assert_eq!(view.media_type, MediaType::DOCKER_SCHEMA1);
    assert_eq!(view.layers[0].digest.to_string(), digest('d'));
}

#[test]
fn manifests_of_unknown_types_are_accepted() {
    let header = MediaType::new("application/vnd.example+json; charset=utf-8");
    let view = ManifestView::parse(b"{\"a\":1}", Some(&header)).unwrap();
    assert_eq!(view.kind, ManifestKind::Other);
    assert_eq!(view.media_type.as_str(), "application/vnd.example+json");
}

#[test]
fn contradictions_are_refused() {
    let with = |key: &str, value: serde_json::Value| {
        let mut image = image();
        image[key] = value;
        parse(&image)
    };
    assert!(matches!(
        with("config", 1.into()),
        Err(ManifestError::Json(_))
    ));
    assert_eq!(
        with("schemaVersion", 1.into()),
        Err(ManifestError::SchemaVersion)
    );
    assert!(matches!(
        with("manifests", serde_json::json!([])),
        Err(ManifestError::Ambiguous(_))
    ));
    for size in ["-1", "1e400", "9223372036854775808", "\"3\"", "1.5"] {
        let text = image()
            .to_string()
            .replace("\"size\":10", &format!("\"size\":{size}"));
        assert!(
            matches!(
                ManifestView::parse(text.as_bytes(), None),
                Err(ManifestError::Json(_))
            ),
            "{size}"
        );
    }
    let deep = format!("{{\"x\":{}1{}}}", "[".repeat(10_000), "]".repeat(10_000));
    assert_eq!(
        ManifestView::parse(deep.as_bytes(), None),
        Err(ManifestError::Depth)
    );
    let twice = image().to_string().replacen('{', "{\"layers\":[],", 1);
    assert!(matches!(
        ManifestView::parse(twice.as_bytes(), None),
        Err(ManifestError::Json(_))
    ));
    let text = image().to_string();
    assert!(matches!(
        ManifestView::parse(
            text.replacen(
                '{',
                "{\"mediaType\":\"application/vnd.oci.image.index.v1+json\",",
                1
            )
            .as_bytes(),
            Some(&MediaType::OCI_MANIFEST),
        ),
        Err(ManifestError::MediaType { .. })
    ));
    assert_eq!(parse(&serde_json::json!({})), Err(ManifestError::Unknown));
}

#[test]
fn a_malformed_part_hides_no_other() {
    let with = |key: &str, value: serde_json::Value| {
        let mut image = image();
        image[key] = value;
        ManifestView::read(image.to_string().as_bytes()).unwrap()
    };
    for (key, value, layers, complete) in [
        (
            "annotations",
            serde_json::json!({"a": 1, "b": "c"}),
            2,
            true,
        ),
        ("artifactType", 7.into(), 2, true),
        ("subject", "nobody".into(), 2, true),
        ("schemaVersion", "2".into(), 2, true),
        ("manifests", serde_json::json!([{"digest": 1}]), 2, false),
        ("config", serde_json::json!({"digest": "md5:1"}), 2, false),
        (
            "layers",
            serde_json::json!([{"digest": "?"}, {"digest": digest('b'), "size": -1}]),
            1,
            false,
        ),
        (
            "layers",
            serde_json::json!([{"digest": digest('b'), "urls": 1, "platform": "x"}]),
            1,
            true,
        ),
        ("layers", serde_json::json!({}), 0, false),
    ] {
        let (view, all) = with(key, value);
        assert_eq!((view.layers.len(), all), (layers, complete), "{key}");
        let expected = if key == "manifests" {
            MediaType::OCI_INDEX
        } else {
            MediaType::OCI_MANIFEST
        };
        assert_eq!(view.media_type, expected, "{key}");
    }
    let nothing = br#"{"manifests": null, "annotations": 1}"#;
    let (view, complete) = ManifestView::read(nothing).unwrap();
    assert_eq!((view.media_type, complete), (MediaType::OCI_INDEX, true));
    assert!(ManifestView::read(b"[]").is_err());
    assert!(ManifestView::read(b"{}").is_err());
}

proptest! {
    #[test]
    fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = ManifestView::read(&bytes);
    }

    #[test]
    fn never_panics_on_a_mangled_image(at in 0_usize..500, byte in any::<u8>()) {
        let mut bytes = image().to_string().into_bytes();
        let at = at % bytes.len();
        bytes[at] = byte;
        let _ = ManifestView::read(&bytes);
    }
}
