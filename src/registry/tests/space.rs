//! A device that is nearly full: the reserve is released.

use super::*;
use crate::store::Reserve;

async fn open(root: &Root) -> (Registry, Arc<Reserve>) {
    std::fs::create_dir_all(root.directory.path().join("regctl")).unwrap();
    let reserve = Arc::new(Reserve::open(root.directory.path()));
    let file = root.directory.path().join("index.db");
    let (rules, clock) = (root.rules.clone(), root.clock.clone());
    let kept = OpenOptions {
        reserve: Some(Arc::clone(&reserve)),
        ..OpenOptions::default()
    };
    let opened = Registry::open_with(Arc::clone(&root.store), &file, rules, clock, kept).await;
    (opened.unwrap().0, reserve)
}

#[tokio::test]
async fn abandoned_uploads_are_deleted_first() {
    let root = Root::in_memory();
    let (registry, reserve) = open(&root).await;
    let name = repository("a");
    let idle = registry.start_upload(&name, None).await.unwrap();
    let appended = registry
        .append(&name, &idle.id, None, body(&["some"]))
        .await;
    assert_eq!(appended.unwrap().position, 4);
    root.clock.advance(50_000);
    let moves = registry.start_upload(&name, None).await.unwrap();
    let appended = registry
        .append(&name, &moves.id, None, body(&["some"]))
        .await;
    appended.unwrap();
    root.clock.advance(20_000);
    registry.save_uploads().await.unwrap();

    let options = CollectOptions::default();
    let silent = |_: CollectEntry| {};
    let report = registry.collect(&options, &silent).await.unwrap();
    assert_eq!(report.uploads, 0, "there is space");
    reserve.release();
    let report = registry.collect(&options, &silent).await.unwrap();
    assert_eq!(report.uploads, 1);
    assert!(registry.upload(&name, &idle.id).await.is_err());
    assert!(registry.upload(&name, &moves.id).await.is_ok());
    assert!(reserve.is_intact(), "there is space, so it is made again");
}

#[tokio::test]
async fn a_write_without_space_releases_the_reserve() {
    let root = Root::in_memory();
    let (registry, reserve) = open(&root).await;
    let blob = push_blob(&registry, "a", "content").await;
    reserve.release();
    let name = repository("a");
    // The device of this test has space, so the next push makes the reserve again.
    assert!(registry.lease_blob(&name, &blob).await.is_ok());
    assert!(!reserve.is_intact());
    registry.start_upload(&name, None).await.unwrap();
    assert!(reserve.is_intact());
}
