//! Special cases of restores: parts of a repository, changes since the deletion, missing content.

use super::*;

const DAY: Millis = 24 * 60 * 60 * 1000;

async fn restore(registry: &Registry, what: Restorable) -> Result<Restored, RegistryError> {
    registry.restore(&what).await
}

fn of_tag(name: &str, tag_name: &str) -> Restorable {
    Restorable::Tag(repository(name), tag(tag_name))
}

#[tokio::test]
async fn one_image_of_a_deleted_repository_is_restored_with_its_attachments() {
    let root = Root::in_files();
    let registry = root.open().await;
    let name = repository("a");
    let blob = push_blob(&registry, "a", "content").await;
    let other = push_blob(&registry, "a", "other").await;
    let child = put_untagged(&registry, "a", &image(&[blob])).await;
    let index = put(&registry, "a", "1", &index_of(&[child])).await.unwrap();
    put(&registry, "a", "2", &index_of(&[child])).await.unwrap();
    let signature = put_untagged(&registry, "a", &referrer(&[blob], &index)).await;
    let listing = reference::fallback(&child);
    let listed = put(&registry, "a", &listing, &numbered(1)).await.unwrap();
    put(&registry, "a", "unrelated", &image(&[other]))
        .await
        .unwrap();
    registry.delete_repository(&name).await.unwrap();
    assert!(registry.repositories("", 9).await.unwrap().is_empty());
    assert!(root.names(layout::REPOSITORIES).await.is_empty());

    let mut restored = restore(&registry, of_tag("a", "1")).await.unwrap();
    restored.manifests.sort_unstable();
    let mut expected = vec![child, index, signature, listed];
    expected.sort_unstable();
    assert_eq!(restored.manifests, expected);
    let mut tags: Vec<String> = restored
        .tags
        .iter()
        .map(|(tag, _)| tag.to_string())
        .collect();
    tags.sort();
    assert_eq!(tags, ["1".to_owned(), "2".to_owned(), listing]);
    assert_eq!(read_blob(&registry, "a", &blob).await.unwrap(), "content");
    assert!(read_blob(&registry, "a", &other).await.is_err());
    // The rest of it can still be restored.
    let rest = restore(&registry, Restorable::Repository(name.clone()))
        .await
        .unwrap();
    assert_eq!((rest.manifests.len(), rest.tags.len()), (1, 1));
    assert_eq!(read_blob(&registry, "a", &other).await.unwrap(), "other");
    let again = restore(&registry, Restorable::Repository(name)).await;
    assert!(matches!(again, Err(RegistryError::NotInTrash(_))));
}

#[tokio::test]
async fn a_tag_set_after_the_deletion_is_not_changed() {
    let root = Root::in_memory();
    let registry = root.open().await;
    let name = repository("a");
    let first = put(&registry, "a", "1", &numbered(1)).await.unwrap();
    put(&registry, "a", "2", &numbered(1)).await.unwrap();
    let deleted = registry.delete_tag(&name, &tag("1")).await;
    deleted.unwrap();
    let second = put(&registry, "a", "1", &numbered(2)).await.unwrap();
    let refused = restore(&registry, of_tag("a", "1")).await;
    assert!(
        matches!(refused, Err(RegistryError::TagMoved { digest, .. }) if digest == second),
        "{refused:?}"
    );
    registry.delete_manifest(&name, &first).await.unwrap();
    put(&registry, "a", "2", &numbered(2)).await.unwrap();
    // A tag that was pushed again while it was in the trash exists already.
    put(&registry, "a", "3", &numbered(1)).await.unwrap();
    let restored = restore(&registry, Restorable::Manifest(name, first))
        .await
        .unwrap();
    let expected = Restored {
        moved: vec![(tag("2"), second)],
        ..Restored::default()
    };
    assert_eq!(restored, expected);
    for name in ["1", "2"] {
        assert_eq!(get(&registry, "a", name).await.unwrap(), numbered(2));
    }
}

#[tokio::test]
async fn expired_or_untrashed_deletions_can_not_be_restored() {
    let root = Root::in_memory();
    let registry = root.open().await;
    put(&registry, "a", "1", &numbered(1)).await.unwrap();
    let deleted = registry.delete_tag(&repository("a"), &tag("1")).await;
    deleted.unwrap();
    assert_eq!(registry.trash().await.unwrap().len(), 1);
    root.clock.advance(DAY);
    assert!(registry.trash().await.unwrap().is_empty());
    let late = restore(&registry, of_tag("a", "1")).await;
    assert!(matches!(late, Err(RegistryError::NotInTrash(_))));
    registry.close().await.unwrap();

    let rules = Rules {
        trash: 0,
        ..Rules::default()
    };
    let root = Root { rules, ..root };
    let registry = root.open().await;
    let blob = push_blob(&registry, "a", "content").await;
    let digest = put(&registry, "a", "1", &image(&[blob])).await.unwrap();
    registry
        .delete_manifest(&repository("a"), &digest)
        .await
        .unwrap();
    registry.delete_repository(&repository("a")).await.unwrap();
    assert!(registry.trash().await.unwrap().is_empty());
    root.clock.advance(DAY);
    let (report, _) = collect(&registry, &real(false)).await.unwrap();
    assert_eq!(report.freed.blobs, 3);
    assert!(placed(&root).await.is_empty());
    let absent = registry.delete_repository(&repository("a")).await;
    assert!(matches!(absent, Err(RegistryError::NameUnknown(_))));
}

#[tokio::test]
async fn blobs_removed_by_another_program_can_not_be_restored() {
    let root = Root::in_files();
    let layout = roots::Layout::of(&root);
    let registry = root.open().await;
    let name = repository("a");
    let blob = push_blob(&registry, "a", "content").await;
    let broken = put(&registry, "a", "1", &image(&[blob])).await.unwrap();
    let gone = put(&registry, "a", "2", &numbered(2)).await.unwrap();
    put(&registry, "a", "3", &numbered(3)).await.unwrap();
    for digest in [broken, gone] {
        registry.delete_manifest(&name, &digest).await.unwrap();
    }
    registry.close().await.unwrap();
    // Like the collection of registry:2, which ignores regctl's trash.
    for digest in [blob, gone] {
        layout.remove(&roots::blob_directory(&digest));
    }
    let registry = root.open().await;
    let restored = restore(&registry, of_tag("a", "1")).await;
    let Err(RegistryError::RestoreIncomplete { missing, .. }) = restored else {
        panic!("{restored:?}");
    };
    assert_eq!(missing, [blob]);
    let restored = restore(&registry, Restorable::Manifest(name, gone)).await;
    assert!(matches!(restored, Err(RegistryError::NotInTrash(_))));
    push_blob(&registry, "a", "content").await;
    let restored = restore(&registry, of_tag("a", "1")).await.unwrap();
    assert_eq!(restored.tags, [(tag("1"), broken)]);
    assert_eq!(read_blob(&registry, "a", &blob).await.unwrap(), "content");
}
