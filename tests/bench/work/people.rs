//! The cost of accounts: a pull with a token compared with one without sign-in, pulls during
//! sign-ins, and the catalog and searches with many repositories of many people.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::upload::{self, Way};
use super::{Between, Measure, Scene, Work, figure};
use crate::arguments::{Program, Subject};
use crate::image::{ACCEPT, Image};
use crate::load::{Requests, hammer};
use crate::report::{Metric, Target};
use crate::server::Server;

pub(super) const TOKENS: Work = Work {
    name: "token-pull",
    between: Between::Registries,
    metrics: &[
        Metric::more(
            "manifest GET with a token, 16 workers",
            "requests/s",
            Target::None,
        ),
        Metric::less(
            "CPU of a token in a manifest GET",
            "µs/request",
            Target::AtMost(10.0),
        ),
        Metric::less(
            "manifest GET beside 100 sign-ins a second",
            "times the time",
            Target::AtMost(1.1),
        ),
        Metric::more("(sign-ins a second beside it)", "sign-ins/s", Target::Aside),
    ],
    begin,
};

const REPOSITORY: &str = "bench/people";
const ACCOUNTS: usize = 50;
/// The pause between two sign-ins.
const PAUSE: Duration = Duration::from_millis(10);

fn begin(scene: &Scene, subject: &Subject) -> Result<Measure> {
    let Some(program) = subject.regctl() else {
        return Ok(Box::new(|_| Ok(vec![None; 4])));
    };
    let (open, messages) = filled(scene, program)?;
    let (closed, _) = filled(scene, program)?;
    let root = closed.stop_and_keep()?;
    administer(program, &root, &["grant", "users", "bench/*", "pull"], "")?;
    let accounts: String = (0..ACCOUNTS)
        .map(|number| format!("user{number},secret{number}"))
        .collect::<Vec<_>>()
        .join("\n");
    administer(program, &root, &["user", "import", "-"], &accounts)?;
    let enabled = [("REGISTRY_REGCTL_ACCOUNTS_ENABLED", "true")];
    let (guarded, _) = Server::start_in(&enabled, program, root, "/livez")?;
    let with = |fields: &str| Requests {
        bytes: messages
            .iter()
            .map(|message| format!("{message}{fields}\r\n").into_bytes())
            .collect(),
        head: false,
    };
    let (without, time) = (with(""), scene.time());
    // The requests differ only in the host.
    let host = |text: &[u8], server: &Server| {
        let text = String::from_utf8_lossy(text).into_owned();
        text.replace(open.address.authority(), server.address.authority())
            .into_bytes()
    };
    let token = token(&guarded, 0)?;
    let mut signed = with(&format!("Authorization: Bearer {token}\r\n"));
    for bytes in &mut signed.bytes {
        *bytes = host(bytes, &guarded);
    }
    Ok(Box::new(move |_| {
        let plain = hammer(&open.address, open.pid, &without, time)?;
        let alone = hammer(&guarded.address, guarded.pid, &signed, time)?;
        let over = AtomicBool::new(false);
        let (beside, sign_ins) = std::thread::scope(|scope| {
            let signing = scope.spawn(|| sign_in_until(&guarded, &over));
            let beside = hammer(&guarded.address, guarded.pid, &signed, time);
            over.store(true, Ordering::Relaxed);
            let sign_ins = signing.join().ok().context("a thread panicked")??;
            Ok::<_, anyhow::Error>((beside?, sign_ins))
        })?;
        let more = alone
            .server_cpu
            .zip(plain.server_cpu)
            .map(|(with, without)| with - without);
        Ok(vec![
            Some(alone.rate),
            more,
            Some(alone.rate / beside.rate),
            Some(sign_ins),
        ])
    }))
}

/// A server with 100 images, and the start of the requests for their manifests.
fn filled(scene: &Scene, program: Program) -> Result<(Kept, Vec<String>)> {
    let root = scene.root()?;
    let (server, _) = Server::start(program, Arc::clone(&root), "/v2/")?;
    let mut connection = server.connect()?;
    let mut messages = Vec::new();
    for number in 0..100 {
        let tag = format!("1.{number}");
        let image = Image::new(scene.numbers(1));
        upload::image(&mut connection, REPOSITORY, &tag, &image, Way::Monolithic)?;
        let target = format!("/v2/{REPOSITORY}/manifests/1.{}", messages.len());
        messages.push(connection.head("GET", &target, ACCEPT));
    }
    Ok((Kept { server, root }, messages))
}

/// A server with a root that outlives it.
struct Kept {
    server: Server,
    root: Arc<tempfile::TempDir>,
}

impl std::ops::Deref for Kept {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

impl Kept {
    fn stop_and_keep(self) -> Result<Arc<tempfile::TempDir>> {
        self.server.stop()?;
        Ok(self.root)
    }
}

/// Runs a command on a root without a server.
fn administer(
    program: Program,
    root: &tempfile::TempDir,
    arguments: &[&str],
    input: &str,
) -> Result<()> {
    let path = program.regctl().context("a regctl")?;
    let mut child = Command::new(path)
        .args(arguments)
        .arg("--root")
        .arg(root.path().join("root"))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()?;
    child
        .stdin
        .take()
        .context("an input")?
        .write_all(input.as_bytes())?;
    let status = child.wait()?;
    ensure!(status.success(), "{arguments:?} ended with {status}");
    Ok(())
}

/// Signs in an account, like `docker login` and a pull.
fn token(server: &Server, number: usize) -> Result<String> {
    sign_in(&mut server.connect()?, number)
}

fn sign_in(connection: &mut crate::wire::Connection, number: usize) -> Result<String> {
    let number = number % ACCOUNTS;
    let basic = STANDARD.encode(format!("user{number}:secret{number}"));
    let target = format!("/auth/token?service=regctl&scope=repository:{REPOSITORY}:pull");
    let fields = format!("Authorization: Basic {basic}\r\n");
    let answer = connection.request("GET", &target, &fields, b"")?;
    let answer: serde_json::Value = serde_json::from_slice(&answer.expect(200)?.body)?;
    let token = answer["token"].as_str().context("a token")?;
    Ok(token.to_owned())
}

/// Signs in a hundred times a second. Returns the actual rate.
fn sign_in_until(server: &Server, over: &AtomicBool) -> Result<f64> {
    let mut connection = server.connect()?;
    let begun = Instant::now();
    let mut count = 0;
    while !over.load(Ordering::Relaxed) {
        sign_in(&mut connection, count)?;
        count += 1;
        let next = PAUSE * u32::try_from(count)?;
        std::thread::sleep(next.saturating_sub(begun.elapsed()));
    }
    Ok(figure(count) / begun.elapsed().as_secs_f64())
}
