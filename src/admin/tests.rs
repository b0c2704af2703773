//! Requests and answers with missing and with unknown fields, as between versions.

use super::*;

fn answer(line: &str) -> Option<Answer> {
    Answer::parse(line).unwrap()
}

#[test]
fn a_request_of_an_older_client_has_defaults() {
    for (line, operation) in [
        (
            r#"{"version":1,"operation":"collect"}"#,
            Operation::Collect(CollectOptions::default()),
        ),
        (
            r#"{"version":1,"operation":"check","repair":true}"#,
            Operation::Check(CheckOptions {
                repair: true,
                read: false,
            }),
        ),
        (
            r#"{"version":1,"operation":"prune","rule":{"repositories":["a"],"keepLast":2}}"#,
            Operation::Prune {
                rule: RetentionRule {
                    repositories: vec!["a".to_owned()],
                    keep_last: Some(2),
                    ..RetentionRule::default()
                },
                dry_run: false,
                lenient: false,
            },
        ),
        (
            r#"{"version":1,"operation":"usage"}"#,
            Operation::Usage { under: None },
        ),
    ] {
        assert_eq!(
            Request::parse(line.as_bytes()).unwrap().operation,
            operation
        );
    }
}

#[test]
fn unknown_fields_are_refused() {
    // A field can say to do less: without it too much would be done.
    for (line, message) in [
        (
            r#"{"version":9,"operation":"collect","dry-run":true}"#,
            "collect: unknown field \"dry-run\"; hint: its fields are dryRun, untagged, emptyTrash, \
             endLeases",
        ),
        (
            r#"{"operation":"prune","rule":{"repositories":["a"],"keepLast":2},"dryrun":true}"#,
            "prune: unknown field \"dryrun\"; hint: its fields are rule, dryRun, lenient",
        ),
        (
            r#"{"operation":"empty-trash","dryRun":true}"#,
            "empty-trash: unknown field \"dryRun\"; hint: it has none",
        ),
        (
            r#"{"operation":"audit","limit":1,"usr":"alice"}"#,
            "audit: unknown field \"usr\"; hint: its fields are user, repository, since, until, \
             limit",
        ),
        (
            r#"{"operation":"account","do":"remove-user","name":"bob","x":null}"#,
            "account remove-user: unknown field \"x\"; hint: its fields are name",
        ),
        (
            r#"{"operation":"account","do":"import-users","users":[{"name":"bob","group":[]}]}"#,
            "account import-users: unknown field \"group\"; hint: its fields are name, password, \
             groups, admin",
        ),
    ] {
        let failure = Request::parse(line.as_bytes()).unwrap_err();
        assert_eq!(failure.reason, Reason::MalformedRequest, "{line}");
        assert_eq!(failure.message, message);
    }
}

#[test]
fn an_operation_of_a_newer_client_is_refused() {
    let failure = Request::parse(br#"{"version":9,"operation":"defragment"}"#).unwrap_err();
    let reason = Reason::UnknownOperation { version: VERSION };
    assert_eq!((failure.kind, failure.reason), (FailureKind::Usage, reason));
    assert!(
        failure.message.contains("same version"),
        "{}",
        failure.message
    );
}

#[test]
fn a_rule_with_an_unknown_condition_is_refused() {
    let line = r#"{"operation":"prune","rule":{"repositories":["a"],"keepLast":2,"largerThan":9}}"#;
    let failure = Request::parse(line.as_bytes()).unwrap_err();
    assert_eq!(failure.reason, Reason::MalformedRequest);
    let message = "prune: the field \"rule\" has the unknown field \"largerThan\"";
    assert_eq!(failure.message, message);
}

#[test]
fn unknown_lines_and_fields_of_a_newer_server_are_skipped() {
    for line in [
        r#"{"weather":"fine"}"#,
        r#"{"entry":{"audit":{"kind":"event"}}}"#,
        r#"{"entry":{"collect":{"kind":"galaxy","size":1}}}"#,
    ] {
        assert_eq!(answer(line), None, "{line}");
    }
    let line = r#"{"report":{"collect-report":{"freed":{"blobs":3,"stars":1},"moon":7}}}"#;
    let Some(Answer::Report(report)) = answer(line) else {
        panic!("{line}")
    };
    let report = CollectReport::try_from(*report).unwrap();
    assert_eq!((report.freed.blobs, report.uploads), (3, 0));
    let line = r#"{"failure":{"kind":"tired","reason":{"code":"new","x":1},"message":"why"}}"#;
    let failure = Failure::new(FailureKind::Error, Reason::Unknown, "why");
    assert_eq!(answer(line), Some(Answer::Failure(failure)));
    // A rule with an unknown condition is not a rule without it.
    let line = r#"{"report":{"retention-rules":{"rules":[{"id":3,"rule":{"largerThan":1}},{"rule":{"keepLast":1}}]}}}"#;
    let Some(Answer::Report(report)) = answer(line) else {
        panic!("{line}")
    };
    let listed = RetentionRules::try_from(*report).unwrap().rules;
    assert_eq!((listed[0].id, &listed[0].rule), (Some(3), &None));
    assert_eq!(listed[1].rule.as_ref().unwrap().keep_last, Some(1));
    // As servers answered before there were versions.
    let line = r#"{"failure":{"kind":"usage","message":"what?"}}"#;
    let failure = Failure::new(FailureKind::Usage, Reason::Unknown, "what?");
    assert_eq!(answer(line), Some(Answer::Failure(failure)));
    assert!(Answer::parse(r#"{"report":{"poem":{}}}"#).is_err());
}

#[test]
fn operations_that_only_read() {
    let collect = |dry_run| {
        Operation::Collect(CollectOptions {
            dry_run,
            ..CollectOptions::default()
        })
    };
    assert!(collect(true).reads() && Operation::CollectionStatus.reads());
    assert!(!collect(false).reads() && !Operation::EmptyTrash.reads());
    assert!(Operation::RetentionRules.reads() && !Operation::RemoveRule { id: 1 }.reads());
}

#[test]
fn a_malformed_request_gets_a_plain_error() {
    for (line, message) in [
        ("", "the request is empty"),
        ("[]", "the request is not a JSON object"),
        (
            "{\"operation\": ",
            "the request is cut off: its JSON has no end",
        ),
        (
            "hello",
            "the request is not JSON; the error is in line 1, column 1",
        ),
        (
            // From before there were versions.
            r#"{"do":"collect","dry_run":true}"#,
            "the request has no field \"operation\"; it is one of collect, collection-status, trash, \
             empty-trash, restore, check, usage, account, audit, certificate, prune, \
             retention-rules, save-rule, remove-rule, copy-index",
        ),
        (
            r#"{"operation":5}"#,
            "the field \"operation\" is not a string; it is one of collect, collection-status, \
             trash, empty-trash, restore, check, usage, account, audit, certificate, prune, \
             retention-rules, save-rule, remove-rule, copy-index",
        ),
        (
            r#"{"operation":"restore"}"#,
            "restore lacks the field \"what\"",
        ),
        (
            r#"{"operation":"check","read":"yes"}"#,
            "check: the field \"read\" has to be a boolean",
        ),
        (
            r#"{"operation":"audit","limit":"ten"}"#,
            "audit: the field \"limit\" has to be a number from 0 on",
        ),
        (
            r#"{"operation":"prune","rule":7}"#,
            "prune: the field \"rule\" has to be an object",
        ),
        (
            r#"{"operation":"prune","rule":{"repositories":["x"],"olderThan":"30d"}}"#,
            "prune: the field \"rule.olderThan\" has to be a number from 0 on",
        ),
        (
            r#"{"operation":"account","do":"add-user","name":"alice","password":5}"#,
            "account add-user: the field \"password\" has to be a string",
        ),
        (
            r#"{"version":"new","operation":"trash"}"#,
            "trash: the field \"version\" has to be a number from 0 on",
        ),
    ] {
        let failure = Request::parse(line.as_bytes()).unwrap_err();
        assert_eq!(
            (failure.kind, &failure.message[..]),
            (FailureKind::Usage, message),
            "{line}"
        );
    }
    for (line, begin) in [
        (
            r#"{"operation":"explode"}"#,
            "the server has no operation \"explode\"; it has collect, ",
        ),
        (
            r#"{"operation":"account","do":"fire"}"#,
            "the server has no operation \"account fire\"; it has add-user, ",
        ),
        (
            r#"{"operation":"usage","under":"NOT A NAME"}"#,
            "usage: the field \"under\" is wrong: ",
        ),
    ] {
        let failure = Request::parse(line.as_bytes()).unwrap_err();
        assert!(failure.message.starts_with(begin), "{failure}");
    }
}
