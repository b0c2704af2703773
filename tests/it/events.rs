//! The events in the index of a real server.

use regctl::index::{Event, EventFilter, Index};
use serde_json::json;

use crate::support::{Image, Request, Server, sha256};

/// The events of a root without a server, oldest first.
fn events(root: &std::path::Path) -> Vec<Event> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let observer = std::sync::Arc::new(|_| Box::pin(std::future::ready(())) as _);
        let index = Index::open(&root.join("regctl/index.db"), observer).await;
        let index = index.unwrap();
        let mut events = index
            .events(&EventFilter::default(), None, 1000)
            .await
            .unwrap();
        index.close().await;
        events.reverse();
        events
    })
}

#[test]
fn requests_are_events_of_their_callers() {
    let server = Server::regctl();
    let root = server.root().to_path_buf();
    let image = Image::new(1);
    let remote = server.remote("a/b");
    remote.push("1", &image);
    let mount = format!(
        "/v2/c/blobs/uploads/?mount={}&from=a/b",
        sha256(&image.blobs[1])
    );
    let request = Request::new("POST", &mount)
        .header("X-Request-Id", "mount-1")
        .header("User-Agent", "example/1.0");
    server.client().send(&request).expect(201);
    server.client().get("/v2/a/b/manifests/1").expect(200);
    server
        .client()
        .send(&Request::new("DELETE", "/v2/a/b/manifests/1"))
        .expect(202);
    // Refused and unknown requests change nothing.
    server
        .client()
        .send(&Request::new("DELETE", "/v2/a/b/manifests/none"))
        .expect(404);
    let setup = server.stop();

    let events = events(&root);
    drop(setup);
    let done: Vec<_> = events.iter().map(|event| event.action.as_str()).collect();
    assert_eq!(
        done.iter().filter(|action| **action == "push-blob").count(),
        2,
        "{done:?}"
    );
    let rest: Vec<_> = done
        .into_iter()
        .filter(|action| *action != "push-blob")
        .collect();
    assert_eq!(
        rest,
        ["push-manifest", "set-tag", "mount-blob", "delete-tag"]
    );
    for event in &events {
        assert_eq!(event.actor, "anonymous");
        assert_eq!(event.address.as_deref(), Some("127.0.0.1"));
        assert!(!event.request.is_empty());
    }
    let mounted = events
        .iter()
        .find(|event| event.action == "mount-blob")
        .unwrap();
    assert_eq!(mounted.request, "mount-1");
    assert_eq!(mounted.agent.as_deref(), Some("example/1.0"));
    assert_eq!(mounted.detail, Some(json!({ "from": "a/b" })));
    assert_eq!(mounted.repository.as_ref().unwrap().as_str(), "c");
}
