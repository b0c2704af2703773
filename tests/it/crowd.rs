//! Many connections at once: their memory, and that a few clients that use up a limited resource do
//! not lock out others.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream};
use std::time::Duration;

use rustix::net::{AddressFamily, SocketType, bind, connect, socket};

use crate::support::{Image, Program, Request, Server, Setup, eventually, random_bytes};

const MIB: u64 = 1024 * 1024;
const H2C: &str = "version: 0.1\nhttp: {addr: '127.0.0.1:0', h2c: {enabled: true}}\n";
/// The preface, and settings with unlimited windows for the server.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x04\x7f\xff\xff\xff\x00\x00\x04\x08\x00\x00\x00\x00\x00\x7f\xff\x00\x00";

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// A HEADERS frame (RFC 7541, literals without indexing).
fn head(method: &str, path: &str, stream: u32, ends: bool) -> Vec<u8> {
    let mut block = vec![0x86];
    for (name, value) in [(2, method), (4, path), (1, "registry")] {
        block.extend([name, u8::try_from(value.len()).unwrap()]);
        block.extend(value.as_bytes());
    }
    frame(1, if ends { 5 } else { 4 }, stream, &block)
}

/// A value of `/proc/PID/status` in bytes.
fn memory(server: &Server, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    let kibibytes: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kibibytes * 1024
}

/// Reads the windows that the server grants: of a stream, and of the connection.
fn windows(stream: &mut TcpStream) -> (usize, usize) {
    let (mut each, mut all) = (65_535, 65_535);
    stream
        .set_read_timeout(Some(Duration::from_millis(300)))
        .unwrap();
    let mut header = [0; 9];
    while stream.read_exact(&mut header).is_ok() {
        let mut payload = vec![0; usize::from(header[1]) << 8 | usize::from(header[2])];
        stream.read_exact(&mut payload).unwrap();
        let number =
            |bytes: &[u8]| usize::try_from(u32::from_be_bytes(bytes.try_into().unwrap())).unwrap();
        match header[3] {
            4 => {
                for setting in payload.chunks(6).filter(|setting| setting[1] == 4) {
                    each = number(&setting[2..]);
                }
                // The last frame that the server sends by itself.
                if header[4] == 1 {
                    break;
                }
            }
            8 => all += number(&payload),
            _ => {}
        }
    }
    (each, all)
}

#[test]
fn unread_answers_use_bounded_memory() {
    let server = Server::regctl_with(H2C);
    let remote = server.remote("large");
    let digest = remote.push_blob(&random_bytes(1, 8 << 20));
    let small = remote.push_blob(b"hello");
    let path = format!("/v2/large/blobs/{digest}");
    let before = memory(&server, "VmRSS");
    // More than once: what an allocator keeps after the first time shows at the second.
    for _ in 0..3 {
        let mut connections = Vec::new();
        for _ in 0..300 {
            let mut stream = connect_from(2, server.address());
            let mut bytes = PREFACE.to_vec();
            for number in 0..60 {
                bytes.extend(head("GET", &path, 2 * number + 1, true));
            }
            stream.write_all(&bytes).unwrap();
            connections.push(stream);
        }
        // Others are served nevertheless.
        for _ in 0..10 {
            assert_eq!(remote.blob(&small).body.len(), 5);
            assert_eq!(remote.blob(&digest).body.len(), 8 << 20);
        }
        std::thread::sleep(Duration::from_secs(2));
        let most = memory(&server, "VmHWM") - before;
        println!(
            "most {} MiB, now {}",
            most / MIB,
            (memory(&server, "VmRSS") - before) / MIB
        );
        assert!(most < 170 * MIB, "{} MiB", most / MIB);
        drop(connections);
        eventually("memory returns", || {
            memory(&server, "VmRSS") < before + 80 * MIB
        });
    }
    server.stop();
}

#[test]
fn unread_bodies_use_bounded_memory() {
    let server = Server::regctl_with(H2C);
    let before = memory(&server, "VmRSS");
    let mut connections = Vec::new();
    for _ in 0..100 {
        let mut stream = TcpStream::connect(server.address()).unwrap();
        let mut bytes = PREFACE.to_vec();
        for number in 0..4 {
            bytes.extend(head("PUT", "/v2/a/manifests/1", 2 * number + 1, false));
        }
        stream.write_all(&bytes).unwrap();
        let (each, mut all) = windows(&mut stream);
        for number in 0..4 {
            let mut left = each.min(all).min((4 << 20) - 1);
            all -= left;
            while left > 0 {
                let size = left.min(16 * 1024);
                let data = frame(0, 0, 2 * number + 1, &vec![b' '; size]);
                stream.write_all(&data).unwrap();
                left -= size;
            }
        }
        connections.push(stream);
    }
    let most = memory(&server, "VmHWM");
    println!("before {before}, at most {most}");
    assert!(most < before + 120 * MIB, "{} MiB", most / MIB);
    drop(connections);
    server.stop();
}

#[test]
fn slow_manifests_do_not_block_others() {
    let server = Server::regctl();
    let mut slow = Vec::new();
    for number in 0..24 {
        let mut stream = TcpStream::connect(server.address()).unwrap();
        let length = if number % 2 == 0 {
            "Content-Length: 4194304"
        } else {
            "Transfer-Encoding: chunked"
        };
        let request =
            format!("PUT /v2/slow/manifests/1 HTTP/1.1\r\nHost: a\r\n{length}\r\n\r\n64\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        slow.push(stream);
    }
    std::thread::sleep(Duration::from_millis(500));
    let remote = server.remote("quick");
    for number in 0..3 {
        for stream in &mut slow {
            // Those that were revoked got an error.
            let _ = stream.write_all(b" ");
        }
        remote.push(&format!("t{number}"), &Image::new(number));
    }
    drop(slow);
    server.stop();
}

/// A connection from an address of the loopback.
fn connect_from(last: u8, server: SocketAddr) -> TcpStream {
    let SocketAddr::V4(server) = server else {
        panic!("{server}")
    };
    let made = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    bind(&made, &SocketAddrV4::new(Ipv4Addr::new(127, 0, 0, last), 0)).unwrap();
    connect(&made, &server).unwrap();
    made.into()
}

#[test]
fn idle_connections_do_not_block_others() {
    let server = Setup::new(Program::Regctl)
        .config(H2C)
        .descriptors(500)
        .start();
    for said in [
        &b""[..],
        b"GET /v2/ HT",
        b"PRI * HTTP/2.0\r\n\r\nSM",
        PREFACE,
        b"GET /v2/ HTTP/1.1\r\nHost: a\r\n\r\n",
    ] {
        let crowd: Vec<_> = (0..200)
            .map(|_| {
                let mut stream = TcpStream::connect(server.address()).unwrap();
                // The connection may have been closed for others already.
                let _ = stream.write_all(said);
                stream
            })
            .collect();
        // A connection may be closed for others before it has sent its request; clients then try
        // again.
        let said = String::from_utf8_lossy(said);
        crate::support::eventually(&format!("an answer besides {said:?}"), || {
            let answer = server.client().try_send(&Request::new("GET", "/v2/"));
            answer.is_ok_and(|answer| answer.status == 200)
        });
        drop(crowd);
    }
    server.stop();
}

#[test]
fn many_downloads_of_an_address_do_not_block_others() {
    let server = Setup::new(Program::Regctl).descriptors(500).start();
    let remote = server.remote("large");
    let digest = remote.push_blob(&random_bytes(2, 8 << 20));
    let crowd: Vec<_> = (0..100)
        .map(|_| {
            let mut stream = connect_from(2, server.address());
            let request = format!("GET /v2/large/blobs/{digest} HTTP/1.1\r\nHost: a\r\n\r\n");
            stream.write_all(request.as_bytes()).unwrap();
            stream
        })
        .collect();
    for _ in 0..3 {
        let mut stream = connect_from(3, server.address());
        stream
            .write_all(b"GET /v2/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    drop(crowd);
    server.stop();
}
