//! The nginx configuration of the README, with a real nginx in front of the real binary; and
//! regctl's rate limits.

use std::process::{Child, Command, Stdio};

use crate::support::{Request, Server, eventually, find, have, random_bytes, sha256, wait};

/// The configuration of the README, with other ports and files.
fn configuration(server: &Server, port: u16) -> String {
    let readme = include_str!("../../README.md");
    let (_, rest) = readme.split_once("```nginx\n").unwrap();
    let (text, _) = rest.split_once("```").unwrap();
    let scratch = server.scratch().display();
    let mut text = text.to_owned();
    for (from, to) in [
        ("127.0.0.1:5000", server.host()),
        ("listen 443", format!("listen 127.0.0.1:{port}")),
        ("/etc/nginx/registry", format!("{scratch}/registry")),
    ] {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, &to);
    }
    let paths: Vec<String> = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|name| format!("{name}_temp_path {scratch}/{name};\n"))
        .collect();
    format!(
        "daemon off;\npid {scratch}/nginx.pid;\nerror_log stderr;\nevents {{}}\nhttp {{\n\
         access_log off;\n{}{text}}}\n",
        paths.concat()
    )
}

struct Nginx(Child);

impl Drop for Nginx {
    fn drop(&mut self) {
        if let Some(pid) = i32::try_from(self.0.id())
            .ok()
            .and_then(rustix::process::Pid::from_raw)
        {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        let _ = wait(&mut self.0, std::time::Duration::from_secs(10));
        let _ = self.0.kill();
    }
}

#[test]
fn the_configuration_of_the_readme_works() {
    if !have(&["nginx"]) {
        return;
    }
    let server = Server::regctl();
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let signed = rcgen::generate_simple_self_signed(names).unwrap();
    let file = |name: &str| server.scratch().join(name);
    std::fs::write(file("registry.pem"), signed.cert.pem()).unwrap();
    std::fs::write(file("registry.key"), signed.signing_key.serialize_pem()).unwrap();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    std::fs::write(file("nginx.conf"), configuration(&server, port)).unwrap();
    let child = Command::new(find("nginx").unwrap())
        .arg("-c")
        .arg(file("nginx.conf"))
        .arg("-p")
        .arg(server.scratch())
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let _nginx = Nginx(child);
    let url = format!("https://127.0.0.1:{port}");
    eventually("nginx listens", || {
        std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
    });

    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let trusted = reqwest::Certificate::from_pem(signed.cert.pem().as_bytes()).unwrap();
        let client = reqwest::Client::builder()
            .tls_certs_only([trusted])
            .no_proxy()
            .build()
            .unwrap();
        // Larger than nginx's default limit.
        let blob = random_bytes(5, 20 << 20);
        let start = client
            .post(format!("{url}/v2/team/app/blobs/uploads/"))
            .send()
            .await
            .unwrap();
        assert_eq!(start.status().as_u16(), 202);
        let location = start.headers()["location"].to_str().unwrap().to_owned();
        assert!(location.starts_with(&url), "{location}");
        let patched = client
            .patch(location)
            .body(blob.clone())
            .send()
            .await
            .unwrap();
        assert_eq!(patched.status().as_u16(), 202);
        let location = patched.headers()["location"].to_str().unwrap().to_owned();
        let digest = sha256(&blob);
        let finish = format!(
            "{location}{}digest={digest}",
            if location.contains('?') { '&' } else { '?' }
        );
        let finished = client.put(finish).send().await.unwrap();
        assert_eq!(finished.status().as_u16(), 201);
        let read = client
            .get(format!("{url}/v2/team/app/blobs/{digest}"))
            .header("X-Forwarded-For", "6.6.6.6")
            .header("Forwarded", "for=7.7.7.7;host=evil.example;proto=http")
            .header("X-Forwarded-Host", "evil.example")
            .send()
            .await
            .unwrap();
        assert_eq!(read.bytes().await.unwrap(), blob);
        let forged = client
            .post(format!("{url}/v2/team/app/blobs/uploads/"))
            .header("Forwarded", "host=evil.example")
            .header("X-Forwarded-Host", "evil.example")
            .send()
            .await
            .unwrap();
        let location = forged.headers()["location"].to_str().unwrap();
        assert!(location.starts_with(&url), "{location}");
    });
    // nginx is a trusted proxy by default; the client's own header is not. The list has only
    // addresses of trusted proxies, except the invented one.
    let log = server.log_with("GET /v2/team/app/blobs/");
    assert!(!log.contains("7.7.7.7"), "{log}");
    server.stop();
}

#[test]
fn a_rate_limited_address_gets_a_retry_time() {
    let server = Server::regctl_with(
        "version: 0.1\nhttp: {addr: '127.0.0.1:0'}\nregctl: {limits: {address: {rate: 1, burst: 3}}}\n",
    );
    let from = |address: &str| {
        let request = Request::new("GET", "/v2/").header("X-Forwarded-For", address);
        server.client().send(&request)
    };
    let statuses: Vec<_> = (0..5).map(|_| from("192.0.2.1").status).collect();
    assert_eq!(statuses[..3], [200; 3]);
    assert!(statuses[3..].contains(&429), "{statuses:?}");
    let refused = from("192.0.2.1");
    if refused.status == 429 {
        let seconds: u64 = refused.header("Retry-After").unwrap().parse().unwrap();
        assert!((1..=3).contains(&seconds));
        assert!(String::from_utf8_lossy(&refused.body).contains("TOOMANYREQUESTS"));
    }
    assert_eq!(from("192.0.2.2").status, 200);
    let live = Request::new("GET", "/livez").header("X-Forwarded-For", "192.0.2.1");
    assert_eq!(server.client().send(&live).status, 200);
    server.stop();
}
