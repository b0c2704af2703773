//! The lives of sessions, and their forms.

use super::super::Hasher;
use super::*;
use crate::clock::Clock;
use crate::index::{Index, NewAccount, testing};
use crate::oci::Task;
use tempfile::TempDir;

async fn policy(clock: &Clock) -> (Policy, (TempDir, Index), AccountName) {
    let (directory, index) = testing::index().await;
    let name: AccountName = "alice".parse().unwrap();
    let hasher = Hasher::default();
    let password = hasher.hash(&Secret::new("right")).await.unwrap();
    let account = NewAccount {
        name: name.clone(),
        password,
        admin: false,
    };
    index.create_account(account, 0).await.unwrap();
    let accounts = Accounts::built_in(index.clone(), "here".into(), hasher, clock.clone());
    let policy = Policy::Accounts(Arc::new(accounts.await.unwrap()));
    (policy, (directory, index), name)
}

async fn is_valid(policy: &Policy, session: &FreshSession) -> bool {
    policy.session(&session.secret).await.unwrap().is_some()
}

#[tokio::test]
async fn a_session_ends_idle_or_old_or_revoked() {
    let clock = Clock::manual(1_000_000);
    let (policy, _index, name) = policy(&clock).await;
    let context = Context::task(Task::Start);
    let caller = || Arc::new(context.clone());
    let start = || policy.start_session(&name, &context);
    let idle = start().await.unwrap();
    clock.advance(IDLE - 1);
    assert!(is_valid(&policy, &idle).await);
    clock.advance(IDLE);
    assert!(!is_valid(&policy, &idle).await);

    let used = start().await.unwrap();
    for _ in 0..LONGEST / (IDLE / 2) - 1 {
        clock.advance(IDLE / 2);
        assert!(is_valid(&policy, &used).await);
    }
    clock.advance(IDLE / 2);
    assert!(!is_valid(&policy, &used).await);

    let (one, other) = (start().await.unwrap(), start().await.unwrap());
    assert_eq!(policy.sessions(&name).await.unwrap().len(), 2);
    assert!(policy.end_session(&name, &one.id, caller()).await.unwrap());
    assert!(!is_valid(&policy, &one).await && is_valid(&policy, &other).await);
    let bob = "bob".parse().unwrap();
    assert!(!policy.end_session(&bob, &other.id, caller()).await.unwrap());
    assert_eq!(
        policy
            .end_other_sessions(&name, "", caller())
            .await
            .unwrap(),
        1
    );
    assert!(!is_valid(&policy, &other).await);
}

#[tokio::test]
async fn a_session_begun_by_a_clock_that_was_far_ahead_ends() {
    const YEAR: Millis = 365 * 24 * 3_600_000;
    let clock = Clock::manual(YEAR);
    let (policy, _index, name) = policy(&clock).await;
    let context = Context::task(Task::Start);
    let session = policy.start_session(&name, &context).await.unwrap();
    clock.set_by(-60_000);
    assert!(is_valid(&policy, &session).await);
    clock.set_by(2 * YEAR);
    let ahead = policy.start_session(&name, &context).await.unwrap();
    clock.set_by(-2 * YEAR);
    assert!(!is_valid(&policy, &ahead).await);
}

#[tokio::test]
async fn a_session_ends_with_the_password_and_the_account() {
    let clock = Clock::manual(1_000_000);
    let (policy, (_directory, index), name) = policy(&clock).await;
    let context = Context::task(Task::Start);
    let session = policy.start_session(&name, &context).await.unwrap();
    index
        .set_disabled(name.clone(), true)
        .await
        .unwrap()
        .unwrap();
    assert!(!is_valid(&policy, &session).await);
    assert!(policy.start_session(&name, &context).await.is_err());
    index
        .set_disabled(name.clone(), false)
        .await
        .unwrap()
        .unwrap();
    assert!(is_valid(&policy, &session).await);
    index
        .set_password(name.clone(), None, "other".into())
        .await
        .unwrap();
    assert!(!is_valid(&policy, &session).await);
    let session = policy.start_session(&name, &context).await.unwrap();
    index.remove_account(name.clone()).await.unwrap().unwrap();
    let account = NewAccount {
        name: name.clone(),
        password: Some("other".into()),
        admin: true,
    };
    index.create_account(account, 0).await.unwrap();
    assert!(!is_valid(&policy, &session).await);
}

#[tokio::test]
async fn a_session_belongs_to_the_password_that_was_checked() {
    let clock = Clock::manual(1_000_000);
    let (policy, (_directory, index), name) = policy(&clock).await;
    let context = Context::task(Task::Start);
    let right = Secret::new("right");
    let checked = policy.check_password("alice", &right, &context);
    let checked = checked.await.unwrap();
    let session = policy.start_session_by(&name, &checked.stored, &context);
    assert!(is_valid(&policy, &session.await.unwrap()).await);
    let set = index.set_password(name.clone(), None, "other".into());
    assert!(set.await.unwrap());
    let session = policy.start_session_by(&name, &checked.stored, &context);
    assert!(!is_valid(&policy, &session.await.unwrap()).await);
}

#[tokio::test]
async fn sign_ins_at_once_with_an_imported_password_all_start_sessions() {
    let clock = Clock::manual(1_000_000);
    let (policy, (_directory, index), name) = policy(&clock).await;
    let imported = bcrypt::hash("imported", 4).unwrap();
    let set = index.set_password(name.clone(), None, imported);
    assert!(set.await.unwrap());
    let (context, password) = (Context::task(Task::Start), Secret::new("imported"));
    let sign_ins = (0..4).map(|_| policy.sign_in("alice", &password, &context));
    for session in futures_util::future::join_all(sign_ins).await {
        assert!(is_valid(&policy, &session.unwrap()).await);
    }
}

#[test]
fn forms_carry_the_token_of_their_session() {
    let (one, other) = (random_secret().unwrap(), random_secret().unwrap());
    assert!(is_form_token(&form_token(&one), &one));
    assert!(!is_form_token(&form_token(&one), &other));
    assert!(!is_form_token("", &one));
}
