//! Sign-ins with tokens.

use super::*;

#[tokio::test]
async fn a_personal_token_is_its_owner_within_its_scope() {
    let fixture = fixture().await;
    fixture.with_password("alice", "right").await;
    let grant = "team/*:pull,push".parse().unwrap();
    fixture
        .index
        .grant("alice".parse().unwrap(), grant, 1)
        .await
        .unwrap();
    let token = fixture.token("alice", false, Some("team/app:pull")).await;
    let text = token.token.reveal();
    let identity = fixture.sign_in("alice", text).await.unwrap();
    assert_eq!(
        identity.caller().actor(),
        format!("token:{}@alice", token.id)
    );
    let name = "team/app".parse().unwrap();
    assert_eq!(identity.rights_on(&name).to_string(), "pull");
    // It is accepted as a bearer token, but not with another name, another secret, or after its
    // expiry.
    let bearer = Credentials::Bearer(token.token.clone());
    assert!(fixture.accounts.identify(&bearer, &context()).await.is_ok());
    assert!(fixture.sign_in("bob", text).await.is_err());
    let (start, end) = text.split_at(text.len() - 1);
    let other = if end == "0" { "1" } else { "0" };
    assert!(
        fixture
            .sign_in("alice", &format!("{start}{other}"))
            .await
            .is_err()
    );
    // A token costs no hash.
    let stored = fixture
        .index
        .stored_token(&token.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(stored.record.used_at, Some(fixture.clock.now()));
    fixture.clock.advance(60_000);
    assert!(fixture.sign_in("alice", text).await.is_err());
}

#[tokio::test]
async fn tokens_end_with_their_owner_and_when_they_are_revoked() {
    let fixture = fixture().await;
    fixture.with_password("alice", "right").await;
    let own = fixture.token("alice", false, None).await;
    let robot = fixture.token("builder", true, Some("team/*:push")).await;
    let robot_identity = fixture
        .sign_in("builder", robot.token.reveal())
        .await
        .unwrap();
    let name = "team/app".parse().unwrap();
    assert_eq!(robot_identity.rights_on(&name).to_string(), "push");
    // A token of the service that was issued for a personal token ends with it.
    let tokens = fixture.accounts.tokens.as_ref().unwrap();
    let now = fixture.clock.now();
    let issued = tokens
        .issue("builder", By::Token(robot.id.clone()), &[], now)
        .await
        .unwrap();
    // The token service uses the system's clock for the times in a JWT.
    assert_eq!(issued.at, now);
    assert_eq!(fixture.index.revoke_token(robot.id, None).await.unwrap(), 1);
    assert!(
        fixture
            .sign_in("builder", robot.token.reveal())
            .await
            .is_err()
    );
    assert!(fixture.sign_in("alice", own.token.reveal()).await.is_ok());
    fixture
        .index
        .set_disabled("alice".parse().unwrap(), true)
        .await
        .unwrap()
        .unwrap();
    assert!(fixture.sign_in("alice", own.token.reveal()).await.is_err());
}

#[tokio::test]
async fn a_token_of_the_service_is_no_credential_for_another_and_ends_with_its_account() {
    let fixture = fixture().await;
    fixture.with_password("alice", "right").await;
    fixture
        .index
        .grant(
            "alice".parse().unwrap(),
            "team/*:pull,push".parse().unwrap(),
            1,
        )
        .await
        .unwrap();
    let index = fixture.index.clone();
    // The times in a JWT are compared with the system's clock.
    let (hasher, clock) = (fixture.hasher, Clock::system());
    let accounts = Accounts::built_in(index.clone(), "r".into(), hasher, clock);
    let policy = Policy::Accounts(Arc::new(accounts.await.unwrap()));
    let scopes = Scope::parse_all(std::iter::once("repository:team/app:pull"));
    let credentials = Credentials::Basic {
        user: "alice".to_owned(),
        password: Secret::new("right"),
    };
    let identity = policy.identify(&credentials, &context()).await.unwrap();
    let issued = policy.issue(&identity, &scopes).await.unwrap().unwrap();
    let bearer = Credentials::Bearer(issued.token);
    let identity = policy.identify(&bearer, &context()).await.unwrap();
    assert_eq!(identity.name().unwrap().as_str(), "alice");
    assert!(policy.issue(&identity, &scopes).await.unwrap().is_none());
    // Another account of the same name.
    let name: AccountName = "alice".parse().unwrap();
    assert!(index.remove_account(name.clone()).await.unwrap().is_ok());
    let account = NewAccount {
        name,
        password: None,
        admin: true,
    };
    assert!(index.create_account(account, 2).await.unwrap());
    assert!(policy.identify(&bearer, &context()).await.is_err());
}
