//! Search, descriptions and stars.

use super::*;
use crate::index::matches::Matches;
use crate::index::{RepositoryOrder, RepositorySearch};
use crate::oci::Visibility;

async fn found(index: &Index, visibility: &Visibility, term: &str) -> String {
    let page = index.search(visibility, term, 0, 25).await.unwrap();
    assert_eq!(page.total, page.found.len() as u64, "{term}");
    let names: Vec<&str> = page.found.iter().map(|one| one.name.as_str()).collect();
    names.join(" ")
}

async fn star(index: &Index, name: &str, accounts: &[&str]) {
    for account in accounts {
        let account = account.parse().unwrap();
        let stars = index
            .star(repository(name), account, true, 1)
            .await
            .unwrap();
        assert!(stars.is_some());
    }
}

async fn a_term_with_many_matches_has_the_same_order(place: &Place) {
    let index = place.open().await;
    for name in [
        "web", "team/web", "a/web", "web-a", "web-b", "web-c", "x/aweb", "y/bweb", "z/cweb",
    ] {
        tagged(&index, name, 1, &["x"]).await;
    }
    for name in ["d1", "d2", "d3", "d4", "d5"] {
        tagged(&index, name, 1, &["x"]).await;
        let described = index.describe(repository(name), "A web app".into(), 1);
        assert!(described.await.unwrap());
    }
    for (name, accounts) in [
        ("d4", &["alice"][..]),
        ("team/web", &["alice"][..]),
        ("web-c", &["alice", "bob"]),
        ("z/cweb", &["alice"]),
    ] {
        star(&index, name, accounts).await;
    }
    let matches = Matches::new(&Visibility::Everything, "web");
    let mut connection = index.readers.acquire().await.unwrap();
    let (mut all, total) = matches.find(&mut connection, 100, 100).await.unwrap();
    all.sort();
    assert_eq!((all.len(), total), (14, 14));
    // The matching names alone exceed the count, or only together with the descriptions.
    for counted in [3, 9, 11, 13, 14] {
        for wanted in 1..=all.len() {
            let found = matches.find(&mut connection, counted, wanted).await;
            let (mut best, total) = found.unwrap();
            best.sort();
            assert_eq!(total, counted);
            assert_eq!(best[..wanted], all[..wanted], "{counted} {wanted}");
        }
    }
}

async fn the_best_match_comes_first(place: &Place) {
    let index = place.open().await;
    for name in [
        "web",
        "team/web",
        "web-tools",
        "a/cobweb",
        "z/cobweb",
        "other",
        "web_x/y",
    ] {
        tagged(&index, name, 1, &["x"]).await;
    }
    star(&index, "z/cobweb", &["alice"]).await;
    let all = &Visibility::Everything;
    let order = "web team/web web-tools web_x/y z/cobweb a/cobweb";
    assert_eq!(found(&index, all, "web").await, order);
    assert_eq!(found(&index, all, " WEB ").await, order);
    // Pattern characters are searched literally.
    assert_eq!(found(&index, all, "web_").await, "web_x/y");
    for nothing in ["%", "web%tools", "we\\b", "'; DROP TABLE stars; --", "\0"] {
        assert_eq!(found(&index, all, nothing).await, "", "{nothing}");
    }
    let everything = "z/cobweb a/cobweb other team/web web web-tools web_x/y";
    assert_eq!(found(&index, all, "").await, everything);
    // All results, in pages of any size.
    for size in 1..8 {
        let mut names = Vec::new();
        for offset in (0..7).step_by(size) {
            let page = index.search(all, "", offset, size).await.unwrap();
            assert_eq!(page.total, 7);
            names.extend(page.found.into_iter().map(|one| one.name.to_string()));
        }
        assert_eq!(names.join(" "), everything, "{size}");
    }
}

async fn descriptions_are_found_and_shown(place: &Place) {
    let index = place.open().await;
    tagged(&index, "team/app", 1, &["x"]).await;
    tagged(&index, "team/lib", 1, &["x"]).await;
    let text = "# Über den Wolken\n\nServes 100% of clouds.".to_owned();
    assert!(
        index
            .describe(repository("team/app"), text.clone(), 1)
            .await
            .unwrap()
    );
    assert!(
        !index
            .describe(repository("nobody"), text.clone(), 1)
            .await
            .unwrap()
    );
    assert_eq!(
        index.description(&repository("team/app")).await.unwrap(),
        Some(text)
    );
    let all = &Visibility::Everything;
    for term in ["über", "100% of", "CLOUDS"] {
        assert_eq!(found(&index, all, term).await, "team/app", "{term}");
    }
    let page = index.search(all, "team", 0, 1).await.unwrap();
    assert_eq!((page.total, page.found.len()), (2, 1));
    assert_eq!(page.found[0].summary, "Über den Wolken");
    assert!(
        index
            .describe(repository("team/app"), " ".into(), 2)
            .await
            .unwrap()
    );
    assert_eq!(found(&index, all, "clouds").await, "");
}

async fn descriptions_are_found_by_their_words(place: &Place) {
    let index = place.open().await;
    let describe = async |name: &str, text: &str| {
        let done = index.describe(repository(name), text.to_owned(), 1).await;
        assert!(done.unwrap());
    };
    for name in ["a", "b", "c"] {
        tagged(&index, name, 1, &["x"]).await;
    }
    describe("a", "Payments-gateway (v2), for all.\nUses 支付服务 too.").await;
    describe("b", "The gateway of payments").await;
    let all = &Visibility::Everything;
    for (term, names) in [
        ("gateway", "a b"),
        ("atew", "a b"),
        ("payments-gate", "a"),
        ("of pay", "b"),
        ("(v2), for", "a"),
        ("支付", "a"),
        ("gateway payments", ""),
    ] {
        assert_eq!(found(&index, all, term).await, names, "{term}");
    }
    // A term without letters and digits is searched in names only.
    assert_eq!(found(&index, all, "(").await, "");
    describe("b", "Something else").await;
    assert_eq!(found(&index, all, "gateway").await, "a");
    describe("a", "").await;
    assert_eq!(found(&index, all, "gateway").await, "");
    assert_eq!(found(&index, all, "else").await, "b");
}

async fn common_words_are_found_too(place: &Place) {
    let index = place.open().await;
    let names: Vec<String> = (10..50).map(|number| format!("r{number}")).collect();
    for name in &names {
        tagged(&index, name, 1, &["x"]).await;
        let text = format!("Common words of {name}");
        let done = index.describe(repository(name), text, 1).await;
        assert!(done.unwrap());
    }
    let all = &Visibility::Everything;
    let expected = names.join(" ");
    for term in ["common", "common words", "o"] {
        let page = index.search(all, term, 0, 100).await.unwrap();
        let found: Vec<String> = page.found.iter().map(|one| one.name.to_string()).collect();
        assert_eq!(
            (found.join(" "), page.total),
            (expected.clone(), 40),
            "{term}"
        );
    }
}

/// Whose repositories are few is searched in another way than among many; the results are the same.
async fn callers_of_few_and_of_many_find_the_same(place: &Place) {
    let index = place.open().await;
    let mut names: Vec<String> = (10..40).map(|number| format!("other/r{number}")).collect();
    names.extend((10..20).map(|number| format!("team/r{number}")));
    for name in &names {
        tagged(&index, name, 1, &["x"]).await;
        let text = format!("(Words) of {name}");
        let done = index.describe(repository(name), text, 1).await;
        assert!(done.unwrap());
    }
    for name in ["team/r12", "other/r12"] {
        star(&index, name, &["alice"]).await;
    }
    let names = async |visibility: &Visibility, term: &str| {
        let page = index.search(visibility, term, 0, 100).await.unwrap();
        let found: Vec<String> = page.found.iter().map(|one| one.name.to_string()).collect();
        assert_eq!(page.total, found.len() as u64);
        found
    };
    let only = |patterns: &[&str]| Visibility::Only {
        public: true,
        patterns: patterns.iter().map(|text| text.parse().unwrap()).collect(),
    };
    for term in [
        "r12",
        "r1",
        "1",
        "words",
        "words) of team",
        "team/r15",
        "(",
        "none",
    ] {
        let all = names(&Visibility::Everything, term).await;
        let many = names(&only(&["team/*", "other/*", "team/r12"]), term).await;
        let few = names(&only(&["team/*", "team/r12"]), term).await;
        assert_eq!(many, all, "{term}");
        let team = all.into_iter().filter(|name| name.starts_with("team/"));
        assert_eq!(few, team.collect::<Vec<_>>(), "{term}");
    }
}

async fn hidden_repositories_are_not_found(place: &Place) {
    let index = place.open().await;
    for name in ["open/web", "team/web", "secret/web"] {
        tagged(&index, name, 1, &["x"]).await;
        star(&index, name, &["alice"]).await;
    }
    index
        .set_public(repository("open/web"), true)
        .await
        .unwrap();
    let only = |public: bool, patterns: &[&str]| Visibility::Only {
        public,
        patterns: patterns.iter().map(|text| text.parse().unwrap()).collect(),
    };
    for term in ["web", ""] {
        for (visibility, names) in [
            (only(true, &[]), "open/web"),
            (only(false, &[]), ""),
            (only(true, &["team/*"]), "open/web team/web"),
            (only(false, &["team/*", "x"]), "team/web"),
        ] {
            assert_eq!(
                found(&index, &visibility, term).await,
                names,
                "{visibility:?}"
            );
        }
    }
}

async fn each_account_has_one_star(place: &Place) {
    let index = place.open().await;
    tagged(&index, "a", 1, &["x"]).await;
    star(&index, "a", &["alice", "bob", "alice"]).await;
    let stars = async || {
        index
            .search(&Visibility::Everything, "a", 0, 9)
            .await
            .unwrap()
            .found[0]
            .stars
    };
    assert_eq!(stars().await, 2);
    let taken = index.star(repository("a"), "bob".parse().unwrap(), false, 1);
    assert_eq!(taken.await.unwrap(), Some(1));
    assert_eq!(stars().await, 1);
    let unknown = index.star(repository("b"), "bob".parse().unwrap(), true, 1);
    assert_eq!(unknown.await.unwrap(), None);
}

async fn repositories_are_sorted_by_stars(place: &Place) {
    let index = place.open().await;
    for (name, byte) in [("a", 1), ("b", 2), ("c", 3)] {
        tagged(&index, name, byte, &["x"]).await;
    }
    star(&index, "c", &["alice", "bob"]).await;
    star(&index, "a", &["alice"]).await;
    let listed = async || {
        let search = RepositorySearch {
            visibility: Visibility::Everything,
            term: String::new(),
            namespace: None,
            order: RepositoryOrder::Stars,
            skip: 0,
            limit: 10,
        };
        let rows = index.search_repositories(&search).await.unwrap().rows;
        let shown = rows.iter().map(|row| format!("{} {}", row.name, row.stars));
        shown.collect::<Vec<_>>().join(", ")
    };
    assert_eq!(listed().await, "c 2, a 1, b 0");
    for account in ["alice", "bob"] {
        let taken = index.star(repository("c"), account.parse().unwrap(), false, 1);
        taken.await.unwrap();
    }
    assert_eq!(listed().await, "a 1, c 0, b 0");
    // Removed stars do not count again when the repository is pushed again.
    let deleted = index.delete_repository(repository("a"), discard_at(1));
    deleted.await.unwrap();
    tagged(&index, "a", 1, &["x"]).await;
    let stars = index.stars(&repository("a"), None).await.unwrap().0;
    assert!(listed().await.contains(&format!("a {stars}")));
}

for_each_index!(
    repositories_are_sorted_by_stars,
    the_best_match_comes_first,
    a_term_with_many_matches_has_the_same_order,
    descriptions_are_found_and_shown,
    descriptions_are_found_by_their_words,
    common_words_are_found_too,
    callers_of_few_and_of_many_find_the_same,
    hidden_repositories_are_not_found,
    each_account_has_one_star,
);
