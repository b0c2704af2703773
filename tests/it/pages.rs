//! The pages for people, requested like a browser.

use serde_json::json;

use crate::accounts_support::Guarded;
use crate::pages_person::Person;
use crate::support::{
    Image, Manifest, OCI_INDEX, OCI_MANIFEST, Request, Response, Server, descriptor, index, path_of,
};

const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

/// Requests a page like a browser.
pub(crate) fn browse(server: &Server, target: &str) -> Response {
    browse_in(server, target, "en")
}

fn browse_in(server: &Server, target: &str, language: &str) -> Response {
    let request = Request::new("GET", target)
        .header("Accept", BROWSER)
        .header("Accept-Language", language);
    server.client().send(&request)
}

/// The HTML of a page.
pub(crate) fn page(server: &Server, target: &str) -> String {
    let answer = browse(server, target).expect(200);
    assert_eq!(answer.need("content-type"), "text/html; charset=utf-8");
    String::from_utf8(answer.body).unwrap()
}

#[test]
fn browsers_get_pages_and_tools_get_the_api() {
    let server = Server::regctl();
    assert!(page(&server, "/").contains("This registry is empty"));
    // Tools get the search of the first registry API at the root.
    for accept in ["*/*", "application/json"] {
        let request = Request::new("GET", "/").header("Accept", accept);
        let answer = server.client().send(&request).expect(200);
        assert_eq!(answer.json()["num_results"], 0, "{accept}");
    }
    // The API is the same for a browser.
    assert_eq!(browse(&server, "/v2/").expect(200).json(), json!({}));
    server.stop();
}

#[test]
fn an_empty_registry_shows_commands() {
    let server = Server::regctl();
    let at = |host: &str| {
        let request = Request::new("GET", "/")
            .header("Accept", BROWSER)
            .header("Host", host);
        String::from_utf8(server.client().send(&request).expect(200).body).unwrap()
    };
    let near = at("localhost:5000");
    assert!(near.contains("docker tag IMAGE localhost:5000/team/app:1"));
    assert!(near.contains("docker push localhost:5000/team/app:1"));
    // On the same machine docker needs no exception, and there is no sign-in.
    assert!(!near.contains("insecure-registries") && !near.contains("docker login"));
    let far = at("registry.lan:5000");
    assert!(far.contains("docker push registry.lan:5000/team/app:1"));
    assert!(far.contains("--tls self-signed --host registry.lan\""));
    assert!(far.contains("regctl trust registry.lan:5000"));
    assert!(far.contains("{&quot;insecure-registries&quot;: [&quot;registry.lan:5000&quot;]}"));
    server.stop();

    let guarded = Guarded::start();
    let mut alice = Person::signed_in(&guarded.server, "alice");
    let login = format!("docker login -u alice {}", guarded.server.host());
    assert!(alice.page("/").contains(&login));
    guarded.server.stop();
}

#[test]
fn pages_can_be_turned_off_and_linked_below_a_path() {
    let off = Server::regctl_with("version: 0.1\nregctl: {pages: {enabled: false}}");
    assert_eq!(browse(&off, "/").expect(200).json()["num_results"], 0);
    browse(&off, "/r/app").expect(404);
    off.stop();

    let server = Server::regctl_with("version: 0.1\nregctl: {pages: {base-path: /registry}}");
    server.remote("team/app").push("1", &Image::new(1));
    let html = page(&server, "/");
    assert!(html.contains("href=\"/registry/r/team/app\""), "{html}");
    assert!(html.contains("href=\"/registry/assets/style-"));
    let moved = browse(&server, "/team/app:1").expect(303);
    assert_eq!(moved.need("location"), "/registry/r/team/app:1");
    server.stop();
}

#[test]
fn repositories_by_search_namespace_order_and_page() {
    let server = Server::regctl();
    let image = Image::new(1);
    for number in 0..7 {
        server
            .remote(&format!("team/app{number}"))
            .push("1", &image);
    }
    server.remote("other").push("1", &image);
    server.remote("team/deep/er").push("1", &image);

    let all = page(&server, "/?sort=name&rows=5");
    let names = ["/r/other", "/r/team/app0", "/r/team/app3"];
    assert!(
        names
            .iter()
            .all(|name| all.contains(&format!("href=\"{name}\"")))
    );
    assert!(!all.contains("/r/team/app4\"") && all.contains("rel=\"next\""));
    let second = page(&server, "/?sort=name&rows=5&page=2");
    assert!(second.contains("/r/team/app4\"") && second.contains("/r/team/deep/er\""));
    assert!(!second.contains("rel=\"next\"") && second.contains("rel=\"prev\""));

    let searched = page(&server, "/?q=APP3");
    assert!(searched.contains("/r/team/app3\"") && !searched.contains("/r/team/app2\""));
    // `%` and `_` have no special meaning.
    for term in ["%25", "_", "%5C", "nothing"] {
        let nothing = page(&server, &format!("/?q={term}"));
        assert!(nothing.contains("Nothing matches"), "{term}");
    }
    let narrowed = page(&server, "/?ns=team");
    assert!(!narrowed.contains("/r/other\"") && narrowed.contains("href=\"/?ns=team/deep\""));
    browse(&server, "/?ns=..").expect(404);
    server.stop();
}

#[test]
fn tags_are_sorted_and_filtered_as_a_whole() {
    let server = Server::regctl();
    let remote = server.remote("team/app");
    remote.push("v0.0.91", &Image::new(1));
    let second = Image::new(2);
    remote.push("v0.0.106", &second);
    remote.push("latest", &second);
    let html = page(&server, "/r/team/app/-/tags?sort=version");
    let place = |html: &str, tag: &str| html.find(&format!("/r/team/app:{tag}\"")).unwrap();
    assert!(place(&html, "v0.0.106") < place(&html, "v0.0.91"));
    assert!(
        html.contains("= latest") || html.contains("= v0.0.106"),
        "{html}"
    );
    // The filter covers the whole list, even on a page of one row.
    let filtered = page(&server, "/r/team/app/-/tags?rows=1&filter=%3C%3D0.0.91");
    assert!(filtered.contains("v0.0.91") && !filtered.contains("v0.0.106"));
    assert!(!filtered.contains("rel=\"next\""));
    // The short address shows the same page, unless a repository has that name.
    assert!(page(&server, "/r/team/app/tags").contains("v0.0.106"));
    server.remote("team/app/tags").push("mine", &Image::new(3));
    assert!(page(&server, "/r/team/app/tags").contains("/r/team/app/tags:mine"));
    server.stop();
}

#[test]
fn an_image_with_platforms_attestation_and_signature() {
    let server = Server::regctl();
    let remote = server.remote("team/app");
    let images = [Image::new(1), Image::new(2), Image::new(3)];
    for image in &images {
        remote.push_blobs(image);
        let digest = image.manifest.digest().to_string();
        remote.put(&digest, &image.manifest).expect(201);
    }
    let mut children: Vec<_> = images
        .iter()
        .map(|image| image.manifest.descriptor())
        .collect();
    children[0]["platform"] = json!({"os": "linux", "architecture": "amd64"});
    children[1]["platform"] = json!({"os": "linux", "architecture": "arm64"});
    children[2]["platform"] = json!({"os": "unknown", "architecture": "unknown"});
    children[2]["annotations"] = json!({
        "vnd.docker.reference.type": "attestation-manifest",
        "vnd.docker.reference.digest": children[0]["digest"],
    });
    let list = json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": children});
    let list = Manifest::new(OCI_INDEX, &list);
    remote.put("1", &list).expect(201);
    let html = page(&server, "/r/team/app:1");
    assert!(html.contains("linux/amd64") && html.contains("linux/arm64"));
    assert!(
        !html.contains("unknown/unknown"),
        "an attestation is no platform"
    );
    assert!(html.contains("docker pull ") && html.contains(&list.digest().to_string()));
    let second = images[1].manifest.digest();
    let other = page(&server, &format!("/r/team/app:1?platform={second}"));
    assert!(other.contains("<strong aria-current=\"true\">linux/arm64</strong>"));
    // The raw bytes, with a type that a browser does not run.
    let raw = browse(&server, "/r/team/app:1?raw=manifest").expect(200);
    assert_eq!(raw.body, list.bytes);
    assert_eq!(raw.need("content-type"), "text/plain; charset=utf-8");
    server.stop();
}

#[test]
fn a_chart_is_pulled_by_helm() {
    let server = Server::regctl();
    let remote = server.remote("charts/app");
    let config = b"{}".to_vec();
    remote.push_blob(&config);
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": descriptor("application/vnd.cncf.helm.config.v1+json", &config),
        "layers": [],
    });
    remote
        .put("1.0.0", &Manifest::new(OCI_MANIFEST, &manifest))
        .expect(201);
    for target in ["/r/charts/app", "/r/charts/app:1.0.0"] {
        let html = page(&server, target);
        assert!(html.contains("helm pull oci://"), "{html}");
        assert!(!html.contains("docker pull"), "{html}");
    }
    server.stop();
}

#[test]
fn pages_do_not_count_as_pulls() {
    let server = Server::regctl();
    let image = Image::new(1);
    server.remote("team/app").push("1", &image);
    for _ in 0..3 {
        page(&server, "/r/team/app:1");
    }
    let server = server.restart();
    assert!(page(&server, "/r/team/app/-/tags").contains(">never<"));
    let manifest = server.remote("team/app").manifest_path("1");
    server.client().get(&manifest).expect(200);
    let server = server.restart();
    assert!(!page(&server, "/r/team/app/-/tags").contains(">never<"));
    server.stop();
}

#[test]
fn two_images_compared() {
    let server = Server::regctl();
    let remote = server.remote("team/app");
    remote.push("1", &Image::with_layers(1, &[100, 200]));
    remote.push("2", &Image::with_layers(2, &[100]));
    let html = page(&server, "/compare?a=team/app:1&b=team/app:2");
    assert!(html.contains("Shared layers") && html.contains("Only in A"));
    browse(&server, "/compare?a=team/app:1&b=team/app:9").expect(404);
    assert!(page(&server, "/compare").contains("<form"));
    server.stop();
}

#[test]
fn every_language_and_the_switch() {
    let server = Server::regctl();
    server.remote("team/app").push("1", &Image::new(1));
    let chinese = browse_in(&server, "/", "zh-CN,zh;q=0.9").expect(200);
    let chinese = String::from_utf8(chinese.body).unwrap();
    assert!(chinese.contains("lang=\"zh-Hans\"") && chinese.contains("仓库"));
    let switch = |form: &str| {
        Request::new("POST", "/preferences")
            .header("Sec-Fetch-Site", "same-origin")
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(form.as_bytes())
    };
    let answer = server
        .client()
        .send(&switch("language=zh&theme=dark&next=%2Fr%2Fteam%2Fapp"))
        .expect(303);
    assert_eq!(answer.need("location"), "/r/team/app");
    let cookies: Vec<_> = answer
        .list("set-cookie")
        .iter()
        .map(|cookie| cookie.split(';').next().unwrap().to_owned())
        .collect();
    let request = Request::new("GET", "/")
        .header("Accept", BROWSER)
        .header("Accept-Language", "en")
        .header("Cookie", &cookies.join("; "));
    let html = server.client().send(&request).expect(200).body;
    let html = String::from_utf8(html).unwrap();
    assert!(html.contains("lang=\"zh-Hans\"") && html.contains("data-theme=\"dark\""));
    server.stop();
}

#[test]
fn routes_of_docker_registry_frontend_lead_to_their_counterparts() {
    let server = Server::regctl();
    server.remote("a/b/c").push("1", &Image::new(1));
    for old in [
        "/repository/a/b/c",
        "/tag/a/b/c/1",
        "/repositories/20/a",
        "/home",
    ] {
        let moved = browse(&server, old).expect(303);
        let target = path_of(moved.need("location"));
        browse(&server, &target).expect(200);
    }
    let host = browse(&server, "/registry-host.json").expect(200).json();
    assert_eq!(host["host"], "127.0.0.1");
    let mode = browse(&server, "/app-mode.json").expect(200).json();
    assert_eq!(mode["browseOnly"], false);
    server.stop();
}

#[test]
fn pages_of_an_index_of_a_child_that_is_not_there() {
    let server = Server::regctl();
    let remote = server.remote("sparse");
    let list = index(&[&Image::new(9).manifest]);
    remote.put("1", &list).expect(201);
    page(&server, "/r/sparse:1");
    server.stop();
}
