//! Accounts, groups, tokens, grants, visibility and signing keys.

use super::*;
use crate::index::{AccountRefusal, Grantee, GroupRefusal, NewAccount, NewToken, SigningKeyRecord};
use crate::oci::{AccountName, Grant, NamePattern, Rights};

fn name(text: &str) -> AccountName {
    text.parse().unwrap()
}

async fn create(index: &Index, account: &str) -> bool {
    let account = NewAccount {
        name: name(account),
        password: Some("hash".into()),
        admin: false,
    };
    index.create_account(account, 1).await.unwrap()
}

fn token(id: &str, owner: &str, robot: bool) -> NewToken {
    NewToken {
        id: id.into(),
        label: "ci".into(),
        owner: name(owner),
        robot,
        secret: "secret".into(),
        scope: Some(vec!["team/*:pull,push".parse().unwrap()]),
        expires_at: Some(9),
    }
}

async fn grant(index: &Index, grantee: &str, grant: &str) -> bool {
    let (grantee, grant) = (grantee.parse().unwrap(), grant.parse().unwrap());
    index.grant(grantee, grant, 1).await.unwrap()
}

async fn names_are_unique(place: &Place) {
    let index = place.open().await;
    assert!(create(&index, "alice").await);
    assert!(!create(&index, "alice").await);
    let group = index
        .add_to_group(name("team"), vec![name("alice")], 1)
        .await;
    assert_eq!(group.unwrap(), Ok(()));
    assert!(!create(&index, "team").await);
    let group = index.add_to_group(name("alice"), vec![], 1).await;
    assert_eq!(group.unwrap(), Err(GroupRefusal::NameTaken));
    let group = index
        .add_to_group(name("team"), vec![name("nobody")], 1)
        .await;
    assert_eq!(group.unwrap(), Err(GroupRefusal::NoAccount(name("nobody"))));
    assert!(
        index
            .create_token(token("1", "robot", true), 1)
            .await
            .unwrap()
    );
    assert!(
        index
            .create_token(token("2", "robot", true), 1)
            .await
            .unwrap()
    );
    assert!(!create(&index, "robot").await);
    assert!(
        !index
            .create_token(token("3", "alice", true), 1)
            .await
            .unwrap()
    );
    assert!(
        !index
            .create_token(token("3", "bob", false), 1)
            .await
            .unwrap()
    );
}

async fn removing_an_account_removes_its_rows(place: &Place) {
    let index = place.open().await;
    create(&index, "alice").await;
    index
        .add_to_group(name("team"), vec![name("alice")], 1)
        .await
        .unwrap()
        .unwrap();
    assert!(grant(&index, "alice", "a/*:pull").await);
    assert!(grant(&index, "team", "team/*:pull").await);
    assert!(
        index
            .create_token(token("1", "alice", false), 1)
            .await
            .unwrap()
    );
    index.remove_account(name("alice")).await.unwrap().unwrap();
    let again = index.remove_account(name("alice")).await.unwrap();
    assert_eq!(again, Err(AccountRefusal::NoAccount));
    assert_eq!(index.groups().await.unwrap()[0].members, []);
    assert_eq!(index.tokens(None).await.unwrap(), []);
    create(&index, "alice").await;
    assert_eq!(index.grants_for(Some(&name("alice"))).await.unwrap(), []);
    assert!(index.remove_group(name("team")).await.unwrap());
    assert_eq!(index.grants().await.unwrap(), []);
}

async fn grants_of_groups_users_and_everybody_hold_for_an_account(place: &Place) {
    let index = place.open().await;
    create(&index, "alice").await;
    create(&index, "bob").await;
    index
        .add_to_group(name("team"), vec![name("alice")], 1)
        .await
        .unwrap()
        .unwrap();
    assert!(!grant(&index, "nobody", "x:pull").await);
    for (grantee, text) in [
        ("anonymous", "open/*:pull"),
        ("users", "shared:pull"),
        ("team", "team/*:pull"),
        ("team", "team/*:push"),
        ("bob", "own:delete"),
    ] {
        assert!(grant(&index, grantee, text).await);
    }
    let of = async |account: Option<&str>| {
        let account = account.map(name);
        let grants = index.grants_for(account.as_ref()).await.unwrap();
        let grants = grants
            .iter()
            .map(|record| format!("{} {}", record.grantee, record.grant));
        grants.collect::<Vec<_>>()
    };
    let all = "anonymous open/*:pull";
    assert_eq!(of(None).await, [all]);
    assert_eq!(
        of(Some("bob")).await,
        [all, "bob own:delete", "users shared:pull"]
    );
    assert_eq!(
        of(Some("alice")).await,
        [all, "team team/*:pull,push", "users shared:pull"]
    );

    let pattern: NamePattern = "team/*".parse().unwrap();
    let team = Grantee::Named(name("team"));
    let push: Rights = "push,delete".parse().unwrap();
    let taken = index
        .revoke(team.clone(), pattern.clone(), push)
        .await
        .unwrap();
    assert_eq!(taken.to_string(), "push");
    assert_eq!(of(Some("alice")).await[1], "team team/*:pull");
    let taken = index.revoke(team, pattern, Rights::ALL).await.unwrap();
    assert_eq!(taken.to_string(), "pull");
    assert_eq!(of(Some("alice")).await.len(), 2);
}

async fn every_change_of_access_is_counted(place: &Place) {
    let index = place.open().await;
    let mut last = index.access_changes();
    let mut moved = |index: &Index, what: &str| {
        assert!(index.access_changes() > last, "{what}");
        last = index.access_changes();
    };
    create(&index, "alice").await;
    moved(&index, "create");
    index
        .set_password(name("alice"), None, "other".into())
        .await
        .unwrap();
    moved(&index, "password");
    let disabled = index.set_disabled(name("alice"), true).await;
    disabled.unwrap().unwrap();
    moved(&index, "disabled");
    let admin = index.set_admin(name("alice"), true).await;
    admin.unwrap().unwrap();
    moved(&index, "admin");
    grant(&index, "alice", "a:pull").await;
    moved(&index, "grant");
    tagged(&index, "a", 1, &["x"]).await;
    assert_eq!(
        index.is_public(&repository("a")).await.unwrap(),
        Some(false)
    );
    assert!(index.set_public(repository("a"), true).await.unwrap());
    moved(&index, "visibility");
    assert_eq!(index.is_public(&repository("a")).await.unwrap(), Some(true));
    assert!(!index.set_public(repository("b"), true).await.unwrap());
    assert_eq!(index.is_public(&repository("b")).await.unwrap(), None);
    let account = index.stored_account(&name("alice")).await.unwrap().unwrap();
    assert!(account.admin && account.disabled);
    assert_eq!(account.password.as_deref(), Some("other"));
}

async fn tokens_are_listed_and_revoked(place: &Place) {
    let index = place.open().await;
    create(&index, "alice").await;
    index
        .create_token(token("1", "alice", false), 1)
        .await
        .unwrap();
    index
        .create_token(token("2", "robot", true), 2)
        .await
        .unwrap();
    index
        .note_use(vec![(name("alice"), 5)], vec![("1".into(), 6)])
        .await
        .unwrap();
    let stored = index.stored_token("1").await.unwrap().unwrap();
    assert_eq!(stored.secret, "secret");
    assert_eq!(stored.record.used_at, Some(6));
    assert_eq!(stored.record.expires_at, Some(9));
    let scope: Vec<Grant> = vec!["team/*:pull,push".parse().unwrap()];
    assert_eq!(stored.record.scope, Some(scope));
    assert_eq!(index.accounts("", 9).await.unwrap()[0].used_at, Some(5));
    assert_eq!(index.tokens(None).await.unwrap().len(), 2);
    assert_eq!(index.tokens(Some(&name("robot"))).await.unwrap()[0].id, "2");
    let revoked = index
        .revoke_token("ci".into(), Some(name("robot")))
        .await
        .unwrap();
    assert_eq!(revoked, 1);
    assert_eq!(index.revoke_token("1".into(), None).await.unwrap(), 1);
    assert_eq!(index.stored_token("1").await.unwrap(), None);
}

async fn signing_keys_outlive_a_rotation(place: &Place) {
    let index = place.open().await;
    let key = |id: &str, created_at| SigningKeyRecord {
        id: id.into(),
        private_key: vec![1, 2, 3],
        created_at,
    };
    index.rotate_signing_key(key("a", 10), 0).await.unwrap();
    index.rotate_signing_key(key("b", 20), 5).await.unwrap();
    let ids = async || {
        let keys = index.signing_keys().await.unwrap();
        keys.into_iter().map(|key| key.id).collect::<Vec<_>>()
    };
    assert_eq!(ids().await, ["b", "a"]);
    index.rotate_signing_key(key("c", 30), 15).await.unwrap();
    assert_eq!(ids().await, ["c", "b"]);
}

for_each_index!(
    names_are_unique,
    removing_an_account_removes_its_rows,
    grants_of_groups_users_and_everybody_hold_for_an_account,
    every_change_of_access_is_counted,
    tokens_are_listed_and_revoked,
    signing_keys_outlive_a_rotation,
);
