//! Tags whose manifests can't be read hold up no deletion.

use crate::cli_support::Regctl;
use crate::support::{Action, Image, Meddler, Server};
use crate::transfer_support::answer;

/// A registry without regctl's own lists that can't read one tag, nor one digest.
fn broken(server: &Server, digest: &str) -> Meddler {
    let digest = digest.to_owned();
    Meddler::start(server.address(), move |passed, _| {
        let reads = passed.line.starts_with("HEAD") || passed.line.starts_with("GET");
        let is_broken = passed.line.ends_with("/bad") || passed.line.ends_with(&digest);
        if passed.line.contains("/_regctl/") {
            Action::Answer(answer("404 Not Found", &[], b"404 page not found"))
        } else if reads && is_broken {
            Action::Answer(answer("500 Internal Server Error", &[], b""))
        } else {
            Action::Pass
        }
    })
}

#[test]
fn a_broken_tag_holds_up_no_deletion() {
    let server = Server::regctl();
    let remote = server.remote("app");
    for (tag, seed) in [("1", 1), ("2", 2), ("3", 3), ("bad", 9)] {
        remote.push(tag, &Image::new(seed));
    }
    let other = Image::new(3).digest().to_string();
    let registry = broken(&server, &other);
    let regctl = Regctl::new(&registry.host);
    let delete = |what: &str| regctl.stdout(&["delete", "--retries", "0", what]);
    assert!(delete("app:1").contains("has no other tag"));
    delete(&format!("app@{}", Image::new(2).digest()));
    delete(&format!("app@{other}"));
    assert!(delete("app:bad").contains("its manifest can't be read"));
    assert_eq!(remote.tags(), [""; 0]);
    regctl.fails(3, &["delete", "app:absent"]);
    // A whole repository, where the registry can't delete it at once.
    remote.push("1", &Image::new(1));
    remote.push("bad", &Image::new(9));
    let whole = ["delete", "--retries", "0", "--yes", "--repository", "app"];
    regctl.run(&whole).success();
    assert_eq!(remote.tags(), [""; 0]);
}
