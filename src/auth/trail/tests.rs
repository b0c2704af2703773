//! The lines for sign-ins and refusals, and their limits.

use super::*;
use crate::auth::Secret;
use crate::index::{Event, EventFilter, testing};

const MINUTE: Millis = 60_000;

fn from(last: u32, caller: Caller) -> Context {
    Context {
        caller,
        request: "request-1".into(),
        address: Some(std::net::Ipv4Addr::from(last).into()),
        agent: None,
    }
}

fn wrong(user: &str) -> (Credentials, Result<Identity, SignInError>) {
    let credentials = Credentials::Basic {
        user: user.to_owned(),
        password: Secret::new("hunter2"),
    };
    (credentials, Err(SignInError::Wrong))
}

fn fail(trail: &Trail, user: &str, address: u32) {
    let (credentials, outcome) = wrong(user);
    trail.sign_in(
        &credentials,
        outcome.as_ref(),
        &from(address, Caller::Anonymous),
    );
}

async fn events(index: &Index) -> Vec<Event> {
    let mut events = index
        .events(&EventFilter::default(), None, 1000)
        .await
        .unwrap();
    events.reverse();
    events
}

#[tokio::test]
async fn equal_lines_are_counted_once_a_minute() {
    let (_directory, index) = testing::index().await;
    let clock = Clock::manual(0);
    let trail = Trail::new(index.clone(), clock.clone());
    fail(&trail, "alice", 1);
    trail.append(trail.due(MINUTE)).await.unwrap();
    for _ in 0..1000 {
        fail(&trail, "alice", 1);
    }
    fail(&trail, "alice", 2);
    clock.advance(1000);
    // A clock that is set back silences nothing.
    clock.set_by(-1000 * MINUTE);
    trail.append(trail.due(MINUTE)).await.unwrap();
    clock.advance(MINUTE - 1000);
    trail.append(trail.due(MINUTE)).await.unwrap();
    let written = events(&index).await;
    let lines: Vec<_> = written
        .iter()
        .map(|event| {
            let detail = event.detail.as_ref().map(ToString::to_string);
            (
                event.action.as_str(),
                event.account.as_str(),
                event.address.clone().unwrap_or_default(),
                detail.unwrap_or_default(),
            )
        })
        .collect();
    let line = |address: &str, detail: &str| {
        (
            "refuse-sign-in",
            "alice",
            address.to_owned(),
            detail.to_owned(),
        )
    };
    assert_eq!(
        lines,
        [
            line("0.0.0.1", ""),
            line("0.0.0.2", ""),
            line("0.0.0.1", r#"{"times":1000}"#),
        ]
    );
    assert!(written.iter().all(|event| event.actor == "anonymous"));
}

#[tokio::test]
async fn an_attack_from_many_addresses_writes_a_bounded_number_of_lines() {
    let (_directory, index) = testing::index().await;
    let clock = Clock::manual(MINUTE);
    let trail = Trail::new(index.clone(), clock.clone());
    for address in 0..10_000 {
        fail(&trail, &format!("user-{address}"), address);
    }
    trail.append(trail.due(MINUTE)).await.unwrap();
    let written = events(&index).await;
    assert_eq!(written.len(), REFUSALS + 1);
    let last = written.last().unwrap();
    assert_eq!(
        last.detail.as_ref().unwrap(),
        &json!({ "others": true, "times": 10_000 - REFUSALS })
    );
    // The next minute has a new limit.
    clock.advance(MINUTE);
    trail.append(trail.due(MINUTE)).await.unwrap();
    fail(&trail, "late", 1);
    clock.advance(1);
    assert_eq!(trail.due(MINUTE).len(), 1);
    trail.index.forget_refusals(10).await.unwrap();
    assert_eq!(events(&index).await.len(), 10);
}

#[tokio::test]
async fn a_password_typed_as_the_name_is_not_logged() {
    let (_directory, index) = testing::index().await;
    let trail = Trail::new(index.clone(), Clock::system());
    fail(&trail, "my secret pass phrase", 1);
    trail.finish().await.unwrap();
    let written = format!("{:?}", events(&index).await);
    assert!(written.contains("refuse-sign-in"), "{written}");
    assert!(!written.contains("secret") && !written.contains("hunter2"));
}

#[tokio::test]
async fn a_refused_action_is_written_with_its_caller() {
    let (_directory, index) = testing::index().await;
    let trail = Trail::new(index.clone(), Clock::system());
    let alice = Caller::Account {
        name: "alice".parse().unwrap(),
        admin: false,
    };
    let context = from(1, alice);
    let push = Action::PushBlob("team/app".parse().unwrap());
    trail.refused(&context, &push, &Denied::SignIn);
    trail.refused(&context, &push, &Denied::Scope);
    trail.refused(&context, &push, &Denied::Forbidden);
    trail.finish().await.unwrap();
    let written = events(&index).await;
    assert_eq!(written.len(), 1);
    let event = &written[0];
    assert_eq!((&*event.action, &*event.actor), ("refuse", "alice"));
    assert_eq!(event.repository.as_ref().unwrap().as_str(), "team/app");
    assert_eq!(
        event.detail.as_ref().unwrap(),
        &json!({ "refused": "push-blob" })
    );
}
