//! A user with a browser, as far as forms and cookies are concerned.

use std::collections::BTreeMap;

use crate::support::{Client, Request, Response, Server};

/// A user with the cookies of the pages.
pub(crate) struct Person {
    client: Client,
    pub(crate) origin: String,
    pub(crate) cookies: BTreeMap<String, String>,
}

impl Person {
    /// A user without cookies.
    pub(crate) fn new(server: &Server) -> Self {
        Self::at(server.client())
    }

    /// A user without cookies, at the address of this client.
    pub(crate) fn at(client: Client) -> Self {
        Self {
            origin: format!("http://{}", client.host()),
            client,
            cookies: BTreeMap::new(),
        }
    }

    /// A signed-in user; the password is the name with `-secret`.
    pub(crate) fn signed_in(server: &Server, name: &str) -> Self {
        let mut person = Self::new(server);
        let answer = person.sign_in(name, &format!("{name}-secret"));
        answer.expect(303);
        person
    }

    fn send(&mut self, request: Request) -> Response {
        let cookies: Vec<_> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let mut request = request
            .header("Accept", "text/html")
            .header("Accept-Language", "en");
        if !cookies.is_empty() {
            request = request.header("Cookie", &cookies.join("; "));
        }
        let answer = self.client.send(&request);
        for cookie in answer.list("set-cookie") {
            let (pair, rest) = cookie.split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if rest.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    pub(crate) fn get(&mut self, target: &str) -> Response {
        self.send(Request::new("GET", target))
    }

    /// The HTML of a page.
    #[track_caller]
    pub(crate) fn page(&mut self, target: &str) -> String {
        String::from_utf8(self.get(target).expect(200).body).unwrap()
    }

    /// The token in the forms of a page.
    #[track_caller]
    pub(crate) fn form_token(&mut self, page: &str) -> String {
        let html = String::from_utf8(self.get(page).body).unwrap();
        let mark = "name=\"form-token\" value=\"";
        let start = html
            .find(mark)
            .unwrap_or_else(|| panic!("no form in {html}"))
            + mark.len();
        html[start..].split('"').next().unwrap().to_owned()
    }

    /// Posts a form with these fields, like a browser from one of the pages.
    pub(crate) fn post(&mut self, target: &str, token: &str, fields: &[(&str, &str)]) -> Response {
        let origin = self.origin.clone();
        self.post_from(target, token, fields, &[("Origin", origin.as_str())])
    }

    /// Posts a form with these headers.
    pub(crate) fn post_from(
        &mut self,
        target: &str,
        token: &str,
        fields: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> Response {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("form-token", token);
        form.extend_pairs(fields);
        let mut request = Request::new("POST", target)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(form.finish().as_bytes());
        for (name, value) in headers {
            request = request.header(name, value);
        }
        self.send(request)
    }

    /// Opens a page and posts a form of it.
    #[track_caller]
    pub(crate) fn submit(&mut self, page: &str, target: &str, fields: &[(&str, &str)]) -> Response {
        let token = self.form_token(page);
        self.post(target, &token, fields)
    }

    pub(crate) fn sign_in(&mut self, name: &str, password: &str) -> Response {
        let fields = [("name", name), ("password", password)];
        self.submit("/sign-in", "/sign-in", &fields)
    }

    /// The value of the session cookie.
    pub(crate) fn session(&self) -> Option<&str> {
        self.cookies.get("regctl-session").map(String::as_str)
    }
}
