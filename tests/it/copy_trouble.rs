//! `copy` with failures: broken connections, expired tokens, wrong content.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::cli_support::{Regctl, text};
use crate::support::{Action, Image, Meddler, Passed, Random, Server, random_bytes};
use crate::transfer_support::answer;

const MIB: usize = 1 << 20;

fn head(passed: &Passed) -> &str {
    passed.line.split(' ').next().unwrap_or_default()
}

/// Both sides break from time to time.
#[test]
fn both_connections_break() {
    let (from, to) = (Server::regctl(), Server::regctl());
    let image = Image::with_layers(1, &[6 * MIB, 2 * MIB, 100]);
    let digest = from.remote("app").push("1", &image);
    let breaking = |seed: u64| {
        move |passed: &Passed, number: usize| {
            let mut random = Random::new(seed + number as u64);
            if number > 30 || !matches!(head(passed), "GET" | "PATCH") || random.below(3) == 0 {
                return Action::Pass;
            }
            Action::Cut {
                body: random.below(3 * MIB),
                answer: random.below(4 * MIB),
            }
        }
    };
    for seed in 0..2 {
        let (source, target) = (
            Meddler::start(from.address(), breaking(seed)),
            Meddler::start(to.address(), breaking(seed + 100)),
        );
        let regctl = Regctl::new(&source.host);
        let target = format!("{}/app{seed}:1", target.host);
        let run = regctl.run(&["copy", "--retries", "9", "app:1", &target]);
        run.success();
        assert_eq!(to.remote(&format!("app{seed}")).verify("1"), digest);
    }
}

#[test]
fn busy_registries() {
    let (from, to) = (Server::regctl(), Server::regctl());
    let digest = from.remote("app").push("1", &Image::with_layers(2, &[MIB]));
    let busy = |_: &Passed, number: usize| match number {
        1 => Action::Answer(answer("429 Too Many Requests", &["Retry-After: 1"], b"")),
        3 | 6 => Action::Answer(answer("503 Service Unavailable", &[], b"")),
        _ => Action::Pass,
    };
    let (source, target) = (
        Meddler::start(from.address(), busy),
        Meddler::start(to.address(), busy),
    );
    let regctl = Regctl::new(&source.host);
    let run = regctl.run(&["copy", "app:1", &format!("{}/app", target.host)]);
    let printed = text(&run.success().get_output().stderr);
    assert!(
        printed.contains("429") && printed.contains("503"),
        "{printed}"
    );
    assert_eq!(to.remote("app").verify("1"), digest);
}

/// Each token is valid for a few requests; then the same request is sent with a new one.
#[test]
fn tokens_expire_in_the_middle() {
    let (from, to) = (Server::regctl(), Server::regctl());
    let digest = from
        .remote("app")
        .push("1", &Image::with_layers(3, &[12 * MIB, 5, 7]));
    let issued: &'static AtomicUsize = Box::leak(Box::default());
    let used: &'static AtomicUsize = Box::leak(Box::default());
    let tokens = Meddler::start("127.0.0.1:1".parse().unwrap(), move |_, _| {
        let number = issued.fetch_add(1, Ordering::SeqCst) + 1;
        used.store(0, Ordering::SeqCst);
        let body = format!("{{\"token\":\"t{number}\",\"expires_in\":300}}");
        Action::Answer(answer("200 OK", &[], body.as_bytes()))
    });
    let challenge = format!(
        "WWW-Authenticate: Bearer realm=\"http://{}/token\",service=\"s\"",
        tokens.host
    );
    let target = Meddler::start(to.address(), move |passed, _| {
        let number = passed.authorization.as_deref();
        let number = number.and_then(|text| text.strip_prefix("Bearer t")?.parse::<usize>().ok());
        let fresh = number == Some(issued.load(Ordering::SeqCst));
        if fresh && used.fetch_add(1, Ordering::SeqCst) < 3 {
            Action::Pass
        } else {
            Action::Answer(answer("401 Unauthorized", &[&challenge], b"{}"))
        }
    });
    let regctl = Regctl::new(&from.host());
    let name = format!("{}/app", target.host);
    let arguments = ["copy", "-j", "1", "--retries", "20", "app:1", &name];
    regctl
        .run(&[&arguments[..], &["--plain-http"]].concat())
        .success();
    assert_eq!(to.remote("app").verify("1"), digest);
    let asked = tokens.passed();
    assert!(asked.len() > 3);
    let scopes = |scope: &str| asked.iter().any(|asked| asked.line.contains(scope));
    assert!(scopes("scope=repository%3Aapp%3Apull%2Cpush"), "{asked:?}");
}

#[test]
fn wrong_content_sets_no_tag() {
    let (from, to) = (Server::regctl(), Server::regctl());
    let image = Image::with_layers(4, &[300_000]);
    let remote = from.remote("app");
    remote.push("1", &image);
    remote.push("2", &Image::new(5));
    let damaged = random_bytes(99, 300_000);
    let layer = crate::support::sha256(&image.blobs[1]).to_string();
    let whole = answer("200 OK", &[], &damaged);
    let source = Meddler::start(from.address(), move |passed, _| {
        if passed.line.starts_with("GET") && passed.line.ends_with(&layer) {
            Action::Answer(whole.clone())
        } else {
            Action::Pass
        }
    });
    let regctl = Regctl::new(&source.host);
    let target = format!("{}/app", to.host());
    let error = regctl.fails(7, &["copy", "app:1", &target]);
    assert!(error.contains("does not match its digest"), "{error}");
    assert_eq!(to.remote("app").tags(), [""; 0]);
    assert_eq!(to.open_uploads(), [""; 0]);
    // The others are copied, and the exit code reports the failure.
    let run = regctl
        .run(&["copy", "--all-tags", "-o", "json", "app", &target])
        .code(5);
    let rows: serde_json::Value = serde_json::from_slice(&run.get_output().stdout).unwrap();
    assert_eq!(rows[0]["outcome"], "failed");
    assert_eq!(rows[1]["outcome"], "copied");
    assert_eq!(to.remote("app").tags(), ["2"]);
    to.remote("app").push("extra", &Image::new(6));
    let run = regctl
        .run(&["sync", "--delete", "--yes", "app", &target])
        .code(5);
    assert!(text(&run.get_output().stderr).contains("nothing was deleted"));
    assert_eq!(to.remote("app").tags(), ["2", "extra"]);
}

/// The destination redirects uploads to another host, and the source its blobs.
#[test]
fn no_secret_is_sent_to_other_hosts() {
    let (from, to) = (Server::regctl(), Server::regctl());
    let digest = from
        .remote("app")
        .push("1", &Image::with_layers(7, &[600_000]));
    let storage = Meddler::start(from.address(), |_, _| Action::Pass);
    let place = storage.host.clone();
    let source = Meddler::start(from.address(), move |passed, _| {
        let path = passed.line.split(' ').nth(1).unwrap_or_default();
        if head(passed) == "GET" && path.contains("/blobs/") {
            let location = format!("Location: http://{place}{path}");
            Action::Answer(answer("307 Temporary Redirect", &[&location], b""))
        } else {
            Action::Pass
        }
    });
    let inbox = Meddler::start(to.address(), |_, _| Action::Pass);
    let place = inbox.host.clone();
    let challenge = "WWW-Authenticate: Basic realm=\"x\"";
    let target = Meddler::start(to.address(), move |passed, _| {
        let path = passed.line.split(' ').nth(1).unwrap_or_default();
        if passed.authorization.is_none() {
            Action::Answer(answer("401 Unauthorized", &[challenge], b"{}"))
        } else if head(passed) == "POST" {
            let location = format!("Location: http://{place}{path}");
            Action::Answer(answer("308 Permanent Redirect", &[&location], b""))
        } else {
            Action::Pass
        }
    });
    let regctl = Regctl::new(&source.host);
    let directory = regctl.home.path().join(".docker");
    std::fs::create_dir_all(&directory).unwrap();
    let config = serde_json::json!({"auths": {
        &target.host: {"auth": "dXNlcjpwYXNz"}, &source.host: {"auth": "dXNlcjpwYXNz"},
    }});
    std::fs::write(directory.join("config.json"), config.to_string()).unwrap();
    let name = format!("{}/app", target.host);
    regctl
        .run(&["copy", "--plain-http", "app:1", &name])
        .success();
    assert_eq!(to.remote("app").verify("1"), digest);
    for other in [&storage, &inbox] {
        let passed = other.passed();
        assert!(!passed.is_empty());
        assert!(
            passed.iter().all(|each| each.authorization.is_none()),
            "{passed:?}"
        );
    }
    assert!(inbox.count("PATCH") > 0 && inbox.count("PUT") > 0);
}

/// A source that becomes unreachable has its own error and exit code.
#[test]
fn an_unreachable_source() {
    let to = Server::regctl();
    let mut command = Regctl::new("127.0.0.1:1").command();
    command.timeout(Duration::from_secs(30));
    let target = format!("{}/app", to.host());
    let run = command.args(["copy", "app:1", &target]).assert().code(6);
    let error = text(&run.get_output().stderr);
    assert!(error.contains("nothing listens there; hint: "), "{error}");
}
