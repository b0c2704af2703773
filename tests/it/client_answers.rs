//! The client against registries with unusual answers: listings, HEAD, lengths, credentials.

use serde_json::json;

use crate::cli_support::{Regctl, digest};
use crate::strange::{BODY, RAW, Seen, Strange, answer, manifest};
use crate::support::{Image, Server};

const TAGS: [&str; 3] = ["1", "2", "3"];

fn unknown() -> Vec<u8> {
    let body = br#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}"#;
    answer("404 Not Found", &[], body)
}

/// The value of a query parameter of a request.
fn parameter(request: &Seen, name: &str) -> Option<String> {
    let (_, query) = request.line.split_once('?')?;
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned())
}

/// A registry with `team/app:1..3`, two on a page, with the given `Link` header; `{}` is replaced
/// by the address of the next page.
fn paged(links: &[&[u8]]) -> Strange {
    let links: Vec<Vec<u8>> = links.iter().map(|link| link.to_vec()).collect();
    Strange::start(move |request, _| {
        if request.line.contains("/tags/list") {
            let last = parameter(request, "last");
            let start = last.map_or(0, |last| {
                TAGS.iter().position(|tag| *tag == last).unwrap() + 1
            });
            let end = (start + 2).min(TAGS.len());
            let body = json!({"name": "team/app", "tags": TAGS[start..end]}).to_string();
            let mut head = b"HTTP/1.1 200 OK\r\nConnection: close\r\n".to_vec();
            if end < TAGS.len() {
                let next = format!("/v2/team/app/tags/list?n=2&last={}", TAGS[end - 1]);
                for link in &links {
                    let at = link.windows(2).position(|window| window == b"{}");
                    let (before, after) = link.split_at(at.unwrap_or(link.len()));
                    let next = if at.is_some() { next.as_bytes() } else { b"" };
                    head.extend(
                        [
                            b"Link: ",
                            before,
                            next,
                            after.get(2..).unwrap_or(b""),
                            b"\r\n",
                        ]
                        .concat(),
                    );
                }
            }
            head.extend(format!("Content-Length: {}\r\n\r\n{body}", body.len()).bytes());
            return head;
        }
        let known = TAGS
            .iter()
            .any(|tag| request.line.ends_with(&format!("manifests/{tag}")));
        if known || request.line.ends_with(&digest(BODY)) {
            let is_head = request.line.starts_with("HEAD");
            let mut whole = manifest(&digest(BODY));
            if is_head {
                whole.truncate(whole.len() - BODY.len());
            }
            return whole;
        }
        if request.line.contains("/blobs/") {
            return answer("200 OK", &[], b"{}");
        }
        unknown()
    })
}

#[test]
fn every_link_is_followed_or_refused() {
    for links in [
        &[&b"<{}>; rel=\"next\""[..]][..],
        &[b"</style.css>; rel=preload", b"<{}>; rel=\"next\""],
        &[b"</style.css>; rel=\"preload\", <{}>; title=\"a, b\"; rel=next"],
        &[b"<{}>"],
    ] {
        let strange = paged(links);
        let tags = Regctl::new(&strange.host).stdout(&["tags", "-o", "name", "team/app"]);
        assert_eq!(tags.lines().count(), 3, "{tags}");
    }
    for links in [
        &[&b"{}; rel=\"next\""[..]][..],
        &[b"<{}; rel=next"],
        &[b"<{}&x=\xe9>; rel=\"next\""],
        &[b"</elsewhere>"],
    ] {
        let strange = paged(links);
        let error = Regctl::new(&strange.host).fails(1, &["tags", "-o", "name", "team/app"]);
        assert!(error.contains("Link header"), "{error}");
    }
}

/// Synchronises a source, with `--delete`, to a destination with all three tags.
fn sync_deletes(source: &Strange, code: i32) -> (Server, String) {
    let server = Server::regctl();
    for tag in TAGS {
        server.remote("app").push(tag, &Image::new(1));
    }
    let regctl = Regctl::new(&server.host());
    let from = format!("{}/team/app", source.host);
    let run = regctl
        .run(&["sync", "--delete", "--yes", &from, "app"])
        .code(code);
    let said = crate::cli_support::text(&run.get_output().stderr);
    (server, said)
}

#[test]
fn a_list_that_is_cut_short_deletes_nothing() {
    // An unreadable answer ends the command before any change.
    for links in [
        &[&b"{}; rel=\"next\""[..]][..],
        &[b"<{}&x=\xe9>; rel=\"next\""],
    ] {
        let (server, _) = sync_deletes(&paged(links), 1);
        assert_eq!(server.remote("app").tags(), TAGS);
    }
    // Without any link to the next page each tag is checked.
    let silent = paged(&[]);
    let server = Server::regctl();
    let remote = server.remote("app");
    remote.push("3", &Image::new(1));
    remote.push("old", &Image::new(2));
    let regctl = Regctl::new(&server.host());
    let from = format!("{}/team/app", silent.host);
    let sync = [
        "sync", "--delete", "--yes", "--match", "[3o]*", &from, "app",
    ];
    let said = regctl.run(&sync).success();
    let said = crate::cli_support::text(&said.get_output().stderr);
    assert!(said.contains("team/app:3 exists although"), "{said}");
    assert_eq!(remote.tags(), ["3"]);
    // If the source can't report whether a tag exists, nothing is deleted.
    let failing = Strange::start(|request, _| {
        if request.line.contains("/tags/list") {
            return answer("200 OK", &[], br#"{"tags":["1"]}"#);
        }
        answer("501 Not Implemented", &[], br#"{"errors":[]}"#)
    });
    let (server, _) = sync_deletes(&failing, 1);
    assert_eq!(server.remote("app").tags(), TAGS);
}

#[test]
fn full_pages_without_a_link() {
    let all: Vec<String> = (0..2500).map(|number| format!("v{number:05}")).collect();
    for (total, pages) in [
        (2500, true),
        (2000, true),
        (1000, true),
        (1000, false),
        (2500, false),
    ] {
        let all = all[..total].to_vec();
        let strange = Strange::start(move |request, _| {
            let last = parameter(request, "last").filter(|_| pages);
            let start = last.map_or(0, |last| {
                all.iter().position(|tag| *tag == last).unwrap() + 1
            });
            let count = if pages { 1000 } else { all.len() };
            let end = (start + count).min(all.len());
            let body = json!({"name": "app", "tags": all[start..end]});
            answer("200 OK", &[], body.to_string().as_bytes())
        });
        let tags = Regctl::new(&strange.host).stdout(&["tags", "-o", "name", "app"]);
        assert_eq!(tags.lines().count(), total, "{total} {pages}");
    }
}

#[test]
fn smaller_limits_of_a_page() {
    for status in ["400 Bad Request", "416 Range", "422 Unprocessable Entity"] {
        let strange = Strange::start(move |request, _| {
            if parameter(request, "n").is_some_and(|n| n.parse::<usize>().unwrap() > 100) {
                let body =
                    br#"{"errors":[{"code":"PAGINATION_NUMBER_INVALID","message":"too many"}]}"#;
                return answer(status, &[], body);
            }
            answer("200 OK", &[], br#"{"tags":["1","2"]}"#)
        });
        let tags = Regctl::new(&strange.host).stdout(&["tags", "-o", "name", "app"]);
        assert_eq!(tags.lines().count(), 2, "{status}");
    }
}

#[test]
fn endless_empty_pages_are_an_error() {
    let strange = Strange::start(|_, before| {
        let link = format!("Link: </v2/_catalog?last={before}>; rel=next");
        answer("200 OK", &[&link], br#"{"repositories":[]}"#)
    });
    let error = Regctl::new(&strange.host).fails(1, &["catalog", "-o", "name"]);
    assert!(
        error.contains("more than 100 pages in a row are empty"),
        "{error}"
    );
}

#[test]
fn an_error_with_a_status_of_success_is_no_empty_list() {
    let strange = Strange::start(|_, _| {
        let body = br#"{"errors":[{"code":"TOOMANYREQUESTS","message":"come back later"}]}"#;
        answer("200 OK", &["Content-Type: application/json"], body)
    });
    let regctl = Regctl::new(&strange.host);
    for arguments in [&["tags", "team/app"][..], &["catalog", "-o", "name"]] {
        let error = regctl.fails(1, arguments);
        assert!(error.contains("come back later"), "{error}");
    }
    let null = Strange::start(|_, _| answer("200 OK", &[], br#"{"name":"a","tags":null}"#));
    assert_eq!(
        Regctl::new(&null.host).stdout(&["tags", "-o", "name", "a"]),
        ""
    );
}

#[test]
fn registries_that_refuse_head() {
    for status in [
        "400 Bad Request",
        "401 Unauthorized",
        "403 Forbidden",
        "404 Not Found",
        "405 Method Not Allowed",
        "500 Internal Server Error",
        "307 Temporary Redirect",
        // To a port at which nothing listens.
        "307 Temporary Redirect to nowhere",
    ] {
        let storage = Strange::start(|request, _| {
            if request.line.starts_with("HEAD") {
                answer("403 Forbidden", &[], b"")
            } else {
                manifest(&digest(BODY))
            }
        });
        let host = match status {
            "307 Temporary Redirect to nowhere" => "127.0.0.1:1",
            _ => storage.host.as_str(),
        };
        let location = format!("Location: http://{host}/signed");
        let strange = Strange::start(move |request, _| {
            if request.line.contains("/blobs/") {
                return answer("200 OK", &[], b"{}");
            }
            if !request.line.starts_with("HEAD") {
                return manifest(&digest(BODY));
            }
            let redirects = status.starts_with("307");
            let headers: &[&str] = if redirects { &[&location] } else { &[] };
            answer(status, headers, b"")
        });
        let server = Server::regctl();
        let regctl = Regctl::new(&strange.host);
        let name = regctl.stdout(&["manifest", "head", "-o", "name", "app:1"]);
        assert_eq!(name, format!("app@{}\n", digest(BODY)), "{status}");
        let target = format!("{}/app:1", server.host());
        regctl.run(&["copy", "-q", "app:1", &target]).success();
        assert_eq!(server.remote("app").verify("1").to_string(), digest(BODY));
    }
}

#[test]
fn requests_without_a_body_have_a_length() {
    let server = Server::regctl();
    server
        .remote("app")
        .push("1", &Image::with_layers(1, &[100, 200]));
    let strict = crate::support::Meddler::start(server.address(), |passed, _| {
        let method = passed.line.split(' ').next().unwrap_or_default();
        let has_length = passed.length.is_some();
        if matches!(method, "POST" | "PUT" | "PATCH") && !has_length {
            let body = b"Error 411 (Length Required)!!1";
            return crate::support::Action::Answer(answer("411 Length Required", &[], body));
        }
        crate::support::Action::Pass
    });
    let regctl = Regctl::new(&server.host());
    let target = format!("{}/other:1", strict.host);
    regctl.run(&["copy", "app:1", &target]).success();
    server.remote("other").verify("1");
}

#[test]
fn expired_tokens_are_replaced() {
    for life in ["-1", "0", "null", "\"60\"", "0.5", "\"soon\""] {
        let body = format!("{{\"token\":\"t1\",\"expires_in\":{life}}}");
        let tokens = Strange::start(move |_, _| answer("200 OK", &[], body.as_bytes()));
        let challenge = format!(
            "WWW-Authenticate: Bearer realm=\"http://{}/token\",service=\"s\"",
            tokens.host
        );
        let strange = Strange::start(move |request, _| match &request.authorization {
            Some(shown) if shown == "Bearer t1" => manifest(&digest(BODY)),
            _ => answer("401 Unauthorized", &[&challenge], b"{}"),
        });
        Regctl::new(&strange.host).run(&RAW).success().stdout(BODY);
    }
}

#[test]
fn refusals_about_space_do_not_suggest_signing_in() {
    let body = br#"{"errors":[{"code":"DENIED","message":"adding 1.2 MiB will exceed the configured upper limit of 1.0 GiB"}]}"#;
    let strange = Strange::start(move |_, _| answer("403 Forbidden", &[], body));
    let error = Regctl::new(&strange.host).fails(4, &RAW);
    assert!(
        error.contains("upper limit") && !error.contains("login"),
        "{error}"
    );
    let missing = Strange::start(|request, _| {
        if request.line.starts_with("POST") {
            answer(
                "404 Not Found",
                &[],
                br#"{"errors":[{"code":"NAME_UNKNOWN","message":"name unknown"}]}"#,
            )
        } else {
            answer("404 Not Found", &[], br#"{"errors":[]}"#)
        }
    });
    let server = Server::regctl();
    server.remote("app").push("1", &Image::new(1));
    let target = format!("{}/team/app:1", missing.host);
    let error = Regctl::new(&server.host())
        .run(&["copy", "-q", "app:1", &target])
        .code(3);
    let said = crate::cli_support::text(&error.get_output().stderr);
    assert!(
        said.contains("has no repository team/app to upload to"),
        "{said}"
    );
}

#[test]
fn a_registry_without_search_and_list_is_not_one_that_denies_the_search() {
    let strange = Strange::start(|request, _| {
        if request.line.contains("/v2/_catalog") {
            let body = br#"{"errors":[{"code":"DENIED","message":"no"}]}"#;
            answer("403 Forbidden", &[], body)
        } else if request.line.contains("/v2/") {
            answer("200 OK", &[], b"{}")
        } else {
            answer(
                "404 Not Found",
                &["Content-Type: text/plain"],
                b"404 page not found\n",
            )
        }
    });
    let error = Regctl::new(&strange.host).fails(4, &["search", "app"]);
    let said = "offers no search, and its repositories can't be listed instead: ";
    assert!(error.contains(said), "{error}");
}
