//! The speed of the pages with 100,000 repositories and one of 10,000 tags. Prints the results:
//! `cargo test --release --test it -- --ignored --nocapture speed_of_the_pages`

use std::time::{Duration, Instant};

use serde_json::json;

use crate::pages_furnished::built;
use crate::support::browser::Browser;
use crate::support::{Connection, Request, Server, have};

/// Requests for each page.
const ROUNDS: usize = 41;
/// Number of loads of each page in the browser.
const LOADS: usize = 7;

/// The rows of 100,000 pushes of one image, and of 10,000 tags of it. Writing the index takes
/// seconds, pushing would take hours.
const ROWS: [&str; 10] = [
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) \
     INSERT INTO repositories (name, created_at, pushed_at, pull_count) \
     SELECT printf('team-%03d/service-%05d', i % 500, i), 0, 1700000000000 + i, i % 977 FROM n",
    "INSERT INTO descriptions (repository_id, text, summary, searched, updated_at) \
     SELECT id, 'Serves a part of the shop', 'Serves a part of the shop', 'serves a part of the shop', 0 \
     FROM repositories WHERE name LIKE 'team-%' AND id % 3 = 0",
    "INSERT INTO repositories (name, created_at, pushed_at) VALUES ('big/app', 0, 1690000000000)",
    "INSERT OR IGNORE INTO repository_blobs SELECT r.id, b.blob_id FROM repositories r, repository_blobs b \
     WHERE b.repository_id = (SELECT id FROM repositories WHERE name = 'seed/app') \
     AND r.name LIKE 'team-%'",
    "INSERT INTO manifests (repository_id, digest, blob_id, media_type, platforms, created, size, \
       content_size, readable, pushed_at) \
     SELECT r.id, m.digest, m.blob_id, m.media_type, m.platforms, m.created, m.size, m.content_size, 1, \
       r.pushed_at FROM repositories r, manifests m \
     WHERE m.id = (SELECT MIN(id) FROM manifests) AND r.name LIKE 'team-%'",
    "INSERT INTO manifest_references SELECT m.id, f.digest, f.kind FROM manifests m, manifest_references f \
     WHERE f.manifest_id = (SELECT MIN(id) FROM manifests) AND m.id > f.manifest_id",
    "INSERT INTO tags SELECT m.repository_id, '1.0.0', m.id, m.pushed_at FROM manifests m \
     JOIN repositories r ON r.id = m.repository_id WHERE r.name LIKE 'team-%'",
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) \
     INSERT INTO manifests (repository_id, digest, blob_id, media_type, platforms, created, size, \
       content_size, readable, pushed_at) \
     SELECT (SELECT id FROM repositories WHERE name = 'big/app'), printf('sha256:%064x', i), m.blob_id, \
       m.media_type, m.platforms, m.created, m.size, m.content_size, 1, 1690000000000 + i \
     FROM n, manifests m WHERE m.id = (SELECT MIN(id) FROM manifests)",
    "INSERT INTO tags SELECT m.repository_id, printf('%d.%d.%d', m.id / 1000, m.id / 20 % 50, m.id % 20), \
       m.id, m.pushed_at FROM manifests m JOIN repositories r ON r.id = m.repository_id \
     WHERE r.name = 'big/app'",
    // Their sizes are counted once, in the background, which takes processor time.
    "DELETE FROM unmeasured_repositories",
];

/// The median time of a page at the server, and its size in bytes.
fn measure(server: &Server, path: &str) -> (Duration, usize) {
    let mut connection = Connection::open(server.address()).unwrap();
    let request = Request::new("GET", path).header("Accept", "text/html");
    let bytes = request.encode(&server.host());
    let mut times = Vec::new();
    let mut size = 0;
    for _ in 0..ROUNDS {
        let started = Instant::now();
        connection.send(&bytes).unwrap();
        let answer = connection.receive("GET").unwrap();
        times.push(started.elapsed());
        size = answer.expect(200).body.len();
    }
    times.sort();
    (times[ROUNDS / 2], size)
}

/// The median of the largest contentful paint of a page, in milliseconds.
fn paint(browser: &Browser, address: &str) -> f64 {
    let mut times: Vec<f64> = (0..LOADS)
        .map(|_| {
            browser.open(address);
            let time = browser.run(
                "const done = arguments[0]; new PerformanceObserver((list) => \
                     done(list.getEntries().at(-1).startTime)) \
                     .observe({type: 'largest-contentful-paint', buffered: true});",
            );
            assert_ne!(time, json!(null), "{address}");
            time.as_f64().unwrap()
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[LOADS / 2]
}

#[test]
#[ignore = "measures, on a machine that does nothing else"]
#[allow(clippy::print_stdout, reason = "figures for a person")]
fn speed_of_the_pages() {
    if !have(&["chromium", "chromedriver"]) {
        return;
    }
    let server = Server::regctl();
    let image = built("app", "1.0.0", "amd64", "2026-11-01T08:00:00Z");
    server.remote("seed/app").push("1.0.0", &image);
    for rows in ROWS {
        server.write_index(rows);
    }
    let browser = Browser::start(true);
    browser.resize(1280, 900);
    let mut slow = Vec::new();
    println!("| page | p50, ms | HTML, KiB | largest contentful paint, ms |\n|---|--:|--:|--:|");
    for (path, is_judged) in [
        ("/", true),
        ("/?sort=name", true),
        ("/?sort=pulls", true),
        ("/?ns=team-007", true),
        ("/?q=service-77", false),
        ("/?page=2000", false),
        ("/r/seed/app", true),
        ("/r/big/app", true),
        ("/r/big/app/-/tags", true),
        ("/r/big/app/-/tags?sort=version", false),
        ("/r/big/app/-/tags?filter=%3E%3D5,%20%3C6", false),
        ("/r/team-007/service-00007:1.0.0", true),
    ] {
        let (time, size) = measure(&server, path);
        let paint = paint(&browser, &format!("http://{}{path}", server.host()));
        let time = time.as_secs_f64() * 1000.0;
        let size = size.div_ceil(1024);
        println!("| `{path}` | {time:.2} | {size} | {paint:.0} |");
        if is_judged && (time >= 5.0 || size >= 60 || paint >= 300.0) {
            slow.push(path);
        }
    }
    drop(browser);
    server.stop();
    assert!(slow.is_empty(), "slower or larger than wanted: {slow:?}");
}
