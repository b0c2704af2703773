//! Retention rules for the content of a repository.

use crate::clock::Millis;
use crate::index::{Holdings, RepositoryManifest, RepositoryTag};
use crate::oci::{Digest, RetentionRule};
use crate::registry::{Decision, DeleteReasons, Holder, KeepReason, RetentionPlan, Rule};

use super::{sha256, tag};

const DAY: Millis = 24 * 60 * 60 * 1000;
const NOW: Millis = 1000 * DAY;

fn digest(name: &str) -> Digest {
    sha256(name.as_bytes())
}

/// Tags, each with its manifest and its age in days.
fn holdings(tags: &[(&str, &str, i64)]) -> Holdings {
    let mut held = Holdings {
        readable: true,
        ..Holdings::default()
    };
    for (name, manifest, days) in tags {
        held.tags.push(RepositoryTag {
            name: tag(name),
            digest: digest(manifest),
            updated_at: NOW - days * DAY,
            pulled_at: None,
        });
        add(&mut held, manifest, None);
    }
    held
}

fn add(held: &mut Holdings, manifest: &str, subject: Option<&str>) {
    let new = RepositoryManifest {
        digest: digest(manifest),
        subject: subject.map(digest),
        pushed_at: NOW,
    };
    if held.manifests.iter().all(|old| old.digest != new.digest) {
        held.manifests.push(new);
    }
}

fn rule(change: impl FnOnce(&mut RetentionRule)) -> Rule {
    let mut terms = RetentionRule {
        repositories: vec!["**".to_owned()],
        ..RetentionRule::default()
    };
    change(&mut terms);
    Rule::new(terms).unwrap()
}

fn going(plan: &RetentionPlan) -> Vec<&str> {
    plan.deleted().map(|tag| tag.name.as_str()).collect()
}

fn verdict<'a>(plan: &'a RetentionPlan, name: &str) -> &'a Decision {
    let mut tags = plan.tags.iter();
    &tags.find(|(tag, _)| tag.name.as_str() == name).unwrap().1
}

fn check_deleted(plan: &RetentionPlan, names: &[&str]) {
    let mut expected: Vec<String> = names.iter().map(|name| digest(name).hex()).collect();
    let mut found: Vec<String> = plan.manifests.iter().map(Digest::hex).collect();
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
}

#[test]
fn the_most_recently_pushed_tags_are_kept() {
    let held = holdings(&[
        ("v1", "a", 30),
        ("v2", "b", 20),
        ("v3", "c", 10),
        ("v10", "d", 40),
    ]);
    let plan = rule(|terms| terms.keep_last = Some(2)).plan(&held, NOW);
    assert_eq!(going(&plan), ["v1", "v10"]);
    check_deleted(&plan, &["a", "d"]);
    assert_eq!(
        verdict(&plan, "v2"),
        &Decision::Keep(KeepReason::AmongLast(2))
    );
    assert!(!plan.deletes_every_tag);
}

#[test]
fn a_tag_of_the_future_is_kept_and_displaces_none() {
    // The clock was ahead for a while.
    let held = holdings(&[
        ("ahead", "a", -3650),
        ("v1", "b", 3),
        ("v2", "c", 2),
        ("v3", "d", 1),
    ]);
    let plan = rule(|terms| terms.keep_last = Some(2)).plan(&held, NOW);
    assert_eq!(going(&plan), ["v1"]);
    let ahead = KeepReason::PushedAhead(NOW + 3650 * DAY);
    assert_eq!(verdict(&plan, "ahead"), &Decision::Keep(ahead));
    // A rule without a time applies to it.
    let named = rule(|terms| terms.matching = vec!["ahead".to_owned()]);
    assert_eq!(going(&named.plan(&held, NOW)), ["ahead"]);
}

#[test]
fn all_conditions_must_be_met() {
    let mut held = holdings(&[
        ("v1", "a", 50),
        ("v2", "b", 40),
        ("v3", "c", 5),
        ("w", "d", 90),
    ]);
    held.tags[0].pulled_at = Some(NOW - DAY);
    let rule = rule(|terms| {
        terms.keep_last = Some(1);
        terms.older_than = Some(30 * DAY);
        terms.not_pulled_for = Some(7 * DAY);
        terms.matching = vec!["v*".to_owned()];
    });
    let plan = rule.plan(&held, NOW);
    assert_eq!(going(&plan), ["v2"]);
    let why = DeleteReasons {
        beyond_last: Some(1),
        pushed_at: Some((NOW - 40 * DAY, 30 * DAY)),
        pulled_at: Some((None, 7 * DAY)),
        subject: None,
    };
    assert_eq!(verdict(&plan, "v2"), &Decision::Delete(why, None));
    let pulled = KeepReason::PulledAt(NOW - DAY, 7 * DAY);
    assert_eq!(verdict(&plan, "v1"), &Decision::Keep(pulled));
    assert_eq!(verdict(&plan, "w"), &Decision::Keep(KeepReason::NoMatch));
}

#[test]
fn a_manifest_is_kept_until_its_last_tag_is_deleted() {
    let held = holdings(&[("latest", "a", 1), ("v1", "a", 100), ("v0", "b", 100)]);
    let plan = rule(|terms| terms.older_than = Some(30 * DAY)).plan(&held, NOW);
    assert_eq!(going(&plan), ["v0", "v1"]);
    check_deleted(&plan, &["b"]);
    let Decision::Delete(_, holder) = verdict(&plan, "v1") else {
        panic!("it goes")
    };
    assert_eq!(holder, &Some(Holder::Tag(tag("latest"))));
}

#[test]
fn children_and_referrers_follow_their_holder() {
    let mut held = holdings(&[
        ("multi", "index", 1),
        ("v1-arm", "arm", 90),
        ("old", "old", 90),
    ]);
    for child in ["arm", "amd"] {
        add(&mut held, child, None);
        held.children.push((digest("index"), digest(child)));
    }
    // A shared child, an exclusive one, a signature and its signature.
    for child in ["amd", "mips"] {
        add(&mut held, child, None);
        held.children.push((digest("old"), digest(child)));
    }
    add(&mut held, "signature", Some("old"));
    add(&mut held, "countersignature", Some("signature"));
    add(&mut held, "sbom", Some("amd"));
    add(&mut held, "alone", None);
    let plan = rule(|terms| terms.older_than = Some(30 * DAY)).plan(&held, NOW);
    assert_eq!(going(&plan), ["old", "v1-arm"]);
    check_deleted(&plan, &["old", "mips", "signature", "countersignature"]);
    let Decision::Delete(_, holder) = verdict(&plan, "v1-arm") else {
        panic!("it goes")
    };
    assert_eq!(holder, &Some(Holder::Index(digest("index"))));
}

#[test]
fn attached_tags_follow_their_manifest() {
    let attached = |name: &str, suffix: &str| format!("sha256-{}{suffix}", digest(name).hex());
    let (kept, lost) = (attached("new", ".sig"), attached("old", ""));
    let orphan = attached("nowhere", ".att");
    let tags = [
        ("v2", "new", 1),
        ("v1", "old", 90),
        (kept.as_str(), "a", 90),
        (lost.as_str(), "b", 1),
        (orphan.as_str(), "c", 90),
    ];
    let plan = rule(|terms| terms.keep_last = Some(1)).plan(&holdings(&tags), NOW);
    let mut expected = [lost.as_str(), orphan.as_str(), "v1"];
    expected.sort_unstable();
    let mut found = going(&plan);
    found.sort_unstable();
    assert_eq!(found, expected);
    let subject = Decision::Keep(KeepReason::Subject(digest("new")));
    assert_eq!(verdict(&plan, &kept), &subject);
    check_deleted(&plan, &["old", "b", "c"]);
}

#[test]
fn a_plan_that_deletes_every_tag_is_detected() {
    let held = holdings(&[("v1", "a", 50), ("v2", "b", 40)]);
    let rule = rule(|terms| terms.older_than = Some(30 * DAY));
    assert!(rule.plan(&held, NOW).deletes_every_tag);
    assert!(!rule.plan(&Holdings::default(), NOW).deletes_every_tag);
}

#[test]
fn an_unreadable_manifest_keeps_everything() {
    let mut held = holdings(&[("v1", "a", 50), ("v2", "b", 40)]);
    held.readable = false;
    let plan = rule(|terms| terms.keep_last = Some(1)).plan(&held, NOW);
    assert!(plan.is_empty());
    assert_eq!(
        verdict(&plan, "v1"),
        &Decision::Keep(KeepReason::Unreadable)
    );
}

#[test]
fn patterns_of_repositories_stop_at_a_slash() {
    let rule = rule(|terms| {
        terms.repositories = vec!["team/*".to_owned(), "x".to_owned()];
        terms.keep_last = Some(1);
    });
    for (name, concerned) in [
        ("team/a", true),
        ("team/a/b", false),
        ("x", true),
        ("y", false),
    ] {
        assert_eq!(
            rule.applies_to(&super::repository(name)),
            concerned,
            "{name}"
        );
    }
}
