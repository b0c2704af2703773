//! Chromium, driven through chromedriver by the WebDriver protocol (W3C WebDriver, section 6).

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::tools::eventually;
use super::{Connection, Request};

/// A browser with one window. Dropping it ends it.
pub(crate) struct Browser {
    driver: Child,
    port: u16,
    session: String,
    profile: tempfile::TempDir,
}

impl Browser {
    /// Starts a headless browser with or without scripts.
    pub(crate) fn start(has_script: bool) -> Self {
        Self::start_with(has_script, &[])
    }

    /// Starts it with further arguments for chromium.
    pub(crate) fn start_with(has_script: bool, more: &[String]) -> Self {
        let port = {
            let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            free.local_addr().unwrap().port()
        };
        let driver = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let profile = tempfile::tempdir().unwrap();
        let mut browser = Self {
            driver,
            port,
            session: String::new(),
            profile,
        };
        eventually("chromedriver answers", || {
            browser.try_send("GET", "/status", None).is_some()
        });
        let mut arguments: Vec<String> = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
        ]
        .map(str::to_owned)
        .to_vec();
        let profile = browser.profile.path().display();
        arguments.push(format!("--user-data-dir={profile}"));
        arguments.extend_from_slice(more);
        let script = if has_script { 1 } else { 2 };
        let capabilities = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "timeouts": {"implicit": 10_000},
            "goog:loggingPrefs": {"browser": "ALL"},
            "goog:chromeOptions": {
                "args": arguments,
                "prefs": {"profile.managed_default_content_settings.javascript": script},
            },
        }}});
        let value = browser.send("POST", "/session", Some(&capabilities));
        value["sessionId"]
            .as_str()
            .unwrap()
            .clone_into(&mut browser.session);
        browser
    }

    fn try_send(&self, method: &str, path: &str, body: Option<&Value>) -> Option<Value> {
        let address = ([127, 0, 0, 1], self.port).into();
        let mut connection = Connection::open(address).ok()?;
        let mut request = Request::new(method, path).header("Connection", "close");
        if let Some(body) = body {
            request = request
                .header("Content-Type", "application/json")
                .body(body.to_string().as_bytes());
        }
        let host = format!("127.0.0.1:{}", self.port);
        connection.send(&request.encode(&host)).ok()?;
        let answer = connection.receive(method).ok()?;
        Some(answer.json()["value"].clone())
    }

    /// The answer, which is an error where the page was replaced meanwhile.
    fn send_once(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        self.try_send(method, path, body)
            .unwrap_or_else(|| panic!("chromedriver does not answer {method} {path}"))
    }

    fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let value = self.send_once(method, path, body);
        assert!(value["error"].is_null(), "{method} {path}: {value}");
        value
    }

    fn command(&self, path: &str, body: &Value) -> Value {
        let path = format!("/session/{}{path}", self.session);
        self.send("POST", &path, Some(body))
    }

    /// Opens an address, and waits until it is loaded.
    pub(crate) fn open(&self, address: &str) {
        self.command("/url", &json!({"url": address}));
    }

    /// Sets the size of the window.
    pub(crate) fn resize(&self, width: u32, height: u32) {
        self.command("/window/rect", &json!({"width": width, "height": height}));
    }

    /// The value of an expression of JavaScript in the page.
    pub(crate) fn evaluate(&self, expression: &str) -> Value {
        let script = format!("return ({expression})");
        self.command("/execute/sync", &json!({"script": script, "args": []}))
    }

    /// The result that a script passes to its last argument, a callback.
    pub(crate) fn run(&self, script: &str) -> Value {
        self.command("/execute/async", &json!({"script": script, "args": []}))
    }

    /// A screenshot of the window, as PNG.
    pub(crate) fn picture(&self) -> Vec<u8> {
        let path = format!("/session/{}/screenshot", self.session);
        let value = self.send("GET", &path, None);
        STANDARD.decode(value.as_str().unwrap()).unwrap()
    }

    /// Waits until an expression of JavaScript is true in a loaded page. What fails while one page
    /// takes the place of another is tried again.
    pub(crate) fn wait_until(&self, expression: &str) {
        let script = format!("return document.readyState === 'complete' && ({expression})");
        let path = format!("/session/{}/execute/sync", self.session);
        let body = json!({"script": script, "args": []});
        eventually(expression, || {
            self.send_once("POST", &path, Some(&body)) == json!(true)
        });
    }

    /// Waits until a page is loaded, given by its whole path and query.
    pub(crate) fn wait_for(&self, page: &str) {
        self.wait_until(&format!(
            "location.pathname + location.search === {}",
            json!(page)
        ));
    }

    /// Waits until the main part of the page contains a text.
    pub(crate) fn wait_for_text(&self, text: &str) {
        let main = "document.querySelector('main').textContent";
        self.wait_until(&format!("{main}.includes({})", json!(text)));
    }

    /// Does something with the first element that matches a selector. The element is looked for
    /// again where a new page has taken the place of its page.
    fn act(&self, selector: &str, action: &str, body: &Value) {
        let query = json!({"using": "css selector", "value": selector});
        eventually(selector, || {
            let element = self.command("/element", &query);
            let id = element.as_object().unwrap().values().next().unwrap();
            let id = id.as_str().unwrap();
            let path = format!("/session/{}/element/{id}/{action}", self.session);
            let value = self.send_once("POST", &path, Some(body));
            if value["error"] == json!("stale element reference") {
                return false;
            }
            assert!(value["error"].is_null(), "{action} {selector}: {value}");
            true
        });
    }

    /// Clicks the first element that matches a selector.
    pub(crate) fn click(&self, selector: &str) {
        self.act(selector, "click", &json!({}));
    }

    /// Types into the first element that matches a selector.
    pub(crate) fn write(&self, selector: &str, text: &str) {
        self.act(selector, "value", &json!({"text": text}));
    }

    /// The messages on the console since the last call.
    pub(crate) fn console(&self) -> Vec<String> {
        let lines = self.command("/se/log", &json!({"type": "browser"}));
        let lines = lines.as_array().cloned().unwrap_or_default();
        lines
            .iter()
            .map(|line| line["message"].as_str().unwrap_or_default().to_owned())
            .collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !self.session.is_empty() {
            let path = format!("/session/{}", self.session);
            let _ = self.try_send("DELETE", &path, None);
        }
        std::thread::sleep(Duration::from_millis(50));
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
