//! Attacks on the rights of callers, one test for each. Forged tokens are tested where tokens are
//! verified.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use crate::accounts_support::{CONFIG, Guarded, basic};
use crate::support::{Image, Request, sha256};

#[test]
fn a_mount_from_a_private_repository() {
    let guarded = Guarded::start();
    let image = Image::new(1);
    guarded.remote("alice", "team/app").push("1", &image);
    let digest = sha256(&image.blobs[0]);
    guarded.administer(&["grant", "carol", "own/*", "pull,push"]);
    let carol = guarded.client("carol");
    let absent = format!("sha256:{}", "1".repeat(64));
    for source in [
        "&from=team/app",
        "&from=team/none",
        "",
        "&from=..%2fteam%2fapp",
    ] {
        for digest in [digest.to_string(), absent.clone()] {
            let target = format!("/v2/own/x/blobs/uploads/?mount={digest}{source}");
            carol.post(&target).expect(202);
            carol.head(&format!("/v2/own/x/blobs/{digest}")).expect(404);
        }
    }
    guarded.server.stop();
}

#[test]
fn a_token_in_a_url() {
    let guarded = Guarded::start();
    guarded
        .remote("alice", "team/app")
        .push("1", &Image::new(1));
    let token = guarded
        .ask_token("alice", &["repository:team/app:pull"])
        .expect(200)
        .json();
    let token = token["token"].as_str().unwrap();
    let nobody = guarded.client("");
    for target in [
        format!("/v2/team/app/manifests/1?token={token}"),
        format!("/v2/team/app/manifests/1?access_token={token}"),
        format!("/v2/team/app/manifests/1?Authorization=Bearer%20{token}"),
        "/v2/team/app/manifests/1?account=alice&password=alice-secret".to_owned(),
    ] {
        nobody.get(&target).refused(401, "UNAUTHORIZED");
    }
    guarded.server.stop();
}

/// Two headers, an unknown scheme, and a user that only a proxy may name.
#[test]
fn credentials_in_wrong_places() {
    let guarded = Guarded::start();
    guarded
        .remote("alice", "team/app")
        .push("1", &Image::new(1));
    let token = guarded
        .ask_token("alice", &["repository:team/app:pull"])
        .expect(200)
        .json();
    let token = token["token"].as_str().unwrap();
    let nobody = guarded.client("");
    let get = || Request::new("GET", "/v2/team/app/manifests/1");
    let alice = basic("alice", "alice-secret");
    for request in [
        get()
            .header("Authorization", &alice)
            .header("Authorization", &basic("bob", "x")),
        get().header("Authorization", &format!("{alice}, {alice}")),
        get().header("Authorization", token),
        get().header("Authorization", &format!("Token {token}")),
        get().header("Authorization", &format!("Bearer {token} x")),
        get().header("Authorization", &basic("alice", "")),
        get().header("Authorization", &basic("alice:alice-secret", "")),
        get().header("Authorization", &basic(" alice", "alice-secret")),
        get().header("Proxy-Authorization", &alice),
        get().header("X-Forwarded-User", "root"),
        get().header("Remote-User", "root"),
        get().header("X-Remote-User", "root"),
    ] {
        nobody.send(&request).refused(401, "UNAUTHORIZED");
    }
    guarded.server.stop();
}

#[test]
fn scopes_and_paths_that_name_another_repository() {
    let guarded = Guarded::start();
    guarded
        .remote("alice", "team/app")
        .push("1", &Image::new(1));
    for scope in [
        "repository:127.0.0.1:5000/team/app:push",
        "repository:own/../team/app:pull",
        "repository:team/app%00:pull",
        "repository:TEAM/app:pull",
        "registry:*:*",
        "repository:*:pull",
        "repository:team/*:pull",
    ] {
        let carol = guarded.bearer("carol", &[scope]);
        let answer = carol.get("/v2/team/app/manifests/1");
        answer.refused(404, "NAME_UNKNOWN");
    }
    for target in [
        "/v2/own/../team/app/manifests/1",
        "/v2/team%2fapp/manifests/1",
    ] {
        let status = guarded.client("carol").get(target).status;
        assert!(matches!(status, 400 | 404), "{target}: {status}");
    }
    guarded.server.stop();
}

/// Everybody can send `X-Forwarded-For`: the wrong passwords of one peer count for one address,
/// whatever the header contains.
#[test]
fn a_forged_client_address_from_an_untrusted_peer() {
    let config = CONFIG.replace(
        "regctl: {",
        "regctl: {trusted-proxies: [192.0.2.0/24], proxy-user-header: X-User, ",
    );
    let guarded = Guarded::start_with(&config);
    let client = guarded.server.client();
    let mut last = 0;
    for number in 0..60 {
        let name = format!("nobody-{number}");
        let forged = format!("203.0.113.{number}");
        let request = Request::new("GET", "/v2/")
            .header("Authorization", &basic(&name, "guess"))
            .header("X-Forwarded-For", &forged)
            .header("Forwarded", &format!("for={forged}"));
        last = client.send(&request).expect_one_of(&[401, 429]).status;
    }
    assert_eq!(last, 429);
    let named = Request::new("GET", "/v2/").header("X-User", "root");
    client.send(&named).refused(401, "UNAUTHORIZED");
    // They were recorded under the address of the peer.
    let log = guarded.server.log_with("action=refuse-sign-in");
    assert!(log.contains("address=127.0.0.1") && !log.contains("203.0.113."));
    guarded.server.stop();
}

/// All answers to these bytes, after one side has closed the connection.
fn answers(guarded: &Guarded, bytes: &str) -> String {
    let mut stream = TcpStream::connect(guarded.server.address()).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    stream.write_all(bytes.as_bytes()).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut answer = Vec::new();
    // After a reset there is no more data.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

/// A proxy and the registry must agree on the end of a request, or one person's request is answered
/// with another's rights: ambiguous requests are refused, and nothing after them is answered.
#[test]
fn a_smuggled_request() {
    let guarded = Guarded::start();
    guarded
        .remote("alice", "team/app")
        .push("1", &Image::new(1));
    let alice = basic("alice", "alice-secret");
    let hidden = format!(
        "GET /v2/team/app/manifests/1 HTTP/1.1\r\nHost: a\r\nAuthorization: {alice}\r\n\r\n"
    );
    let length = hidden.len();
    for fields in [
        format!("Content-Length: {length}\r\nContent-Length: 0\r\n"),
        format!("Content-Length: 0, {length}\r\n"),
        "Content-Length: +0\r\n".to_owned(),
        "Content-Length: 0x0\r\n".to_owned(),
        "Content-Length: -1\r\n".to_owned(),
        "Transfer-Encoding: identity\r\n".to_owned(),
        "Transfer-Encoding: chunked, identity\r\n".to_owned(),
        "Transfer-Encoding: xchunked\r\n".to_owned(),
        "Transfer-Encoding : chunked\r\n".to_owned(),
        " Content-Length: 0\r\n".to_owned(),
        "X: a\r\n Content-Length: 0\r\n".to_owned(),
        "Content-Length: 0\r\nX: a\0b\r\n".to_owned(),
    ] {
        let request = format!("POST /v2/ HTTP/1.1\r\nHost: a\r\n{fields}\r\n{hidden}");
        let said = answers(&guarded, &request);
        assert_eq!(said.matches("HTTP/1.1 ").count(), 1, "{fields:?}: {said}");
        assert!(said.starts_with("HTTP/1.1 400"), "{fields:?}: {said}");
    }
    // With both lengths the chunks count (RFC 9112), and the connection is closed afterwards.
    let both = format!(
        "POST /v2/ HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\nTransfer-Encoding: chunked\r\n\r\n\
         0\r\n\r\n{hidden}",
        length + 5
    );
    let said = answers(&guarded, &both);
    assert_eq!(said.matches("HTTP/1.1 ").count(), 1, "{said}");
    guarded.server.stop();
}

/// A token for one repository and five minutes is no credential for another token.
#[test]
fn a_token_exchanged_for_a_wider_one() {
    let guarded = Guarded::start();
    guarded
        .remote("alice", "team/app")
        .push("1", &Image::new(1));
    let narrow = guarded.bearer("alice", &["repository:team/app:pull"]);
    narrow.get("/v2/team/app/manifests/1").expect(200);
    for scope in ["team/app:pull", "team/app:pull,push", "team/other:push"] {
        let target = format!("/auth/token?service=regctl&scope=repository:{scope}");
        narrow.get(&target).refused(401, "UNAUTHORIZED");
    }
    // The next account of the same name does not get it, either.
    guarded.administer(&["user", "remove", "alice"]);
    guarded.user("alice", &["--admin"]);
    narrow
        .get("/v2/team/app/manifests/1")
        .refused(401, "UNAUTHORIZED");
    guarded.server.stop();
}

/// Where manifests without their layers are accepted, naming a blob gives no right to it, even after
/// a repair.
#[test]
fn a_manifest_that_names_the_blobs_of_others() {
    let config = CONFIG.replace("regctl: {", "regctl: {validation: {layers: none}, ");
    let guarded = Guarded::start_with(&config);
    let image = Image::new(1);
    guarded.remote("alice", "team/app").push("1", &image);
    guarded.administer(&["grant", "carol", "own/*", "pull,push"]);
    let own = guarded.remote("carol", "own/copy");
    own.put("1", &image.manifest).expect(201);
    guarded.administer(&["check", "--repair"]);
    for blob in &image.blobs {
        own.blob_head(&sha256(blob)).expect(404);
    }
    let tags = own.client.get("/v2/own/copy/_regctl/tags").expect(200);
    let tags = String::from_utf8_lossy(&tags.body).into_owned();
    assert!(!tags.contains("amd64"), "{tags}");
    guarded.server.stop();
}
