//! Events of changes of accounts, groups, tokens, rights, descriptions and stars.

use super::events::{alice, all, lines};
use super::*;
use crate::index::{AccountRefusal, NewAccount, NewToken};

super::for_each_index!(changes_of_access_are_events);

async fn changes_of_access_are_events(place: &Place) {
    let index = place.open().await.acting(alice());
    tagged(&index, "a", 1, &["x"]).await;
    let name = |text: &str| -> crate::oci::AccountName { text.parse().unwrap() };
    let bob = NewAccount {
        name: name("bob"),
        password: Some("hash-of-bob".into()),
        admin: false,
    };
    assert!(index.create_account(bob.clone(), 1).await.unwrap());
    assert!(!index.create_account(bob, 1).await.unwrap());
    assert!(
        index
            .set_password(name("bob"), None, "h".into())
            .await
            .unwrap()
    );
    // A hash that was replaced after it was checked stays replaced.
    let stale = || "hash-of-bob".to_owned();
    let upgraded = index.upgrade_password(name("bob"), stale(), "old".into());
    assert!(!upgraded.await.unwrap());
    let set = index.set_password(name("bob"), Some(stale()), "old".into());
    assert!(!set.await.unwrap());
    let upgraded = index.upgrade_password(name("bob"), "h".into(), "h2".into());
    assert!(upgraded.await.unwrap());
    let bob = index.stored_account(&name("bob")).await.unwrap().unwrap();
    assert_eq!(bob.password.as_deref(), Some("h2"));
    for disabled in [true, false] {
        let set = index.set_disabled(name("bob"), disabled).await;
        set.unwrap().unwrap();
    }
    let set = index.set_admin(name("bob"), true).await;
    set.unwrap().unwrap();
    let set = index.set_admin(name("eve"), true).await;
    assert_eq!(set.unwrap(), Err(AccountRefusal::NoAccount));
    // A refused change writes no event.
    let refused = Err(AccountRefusal::LastAdministrator);
    let set = index.set_admin(name("bob"), false).await;
    assert_eq!(set.unwrap(), refused);
    assert_eq!(index.remove_account(name("bob")).await.unwrap(), refused);
    let set = index.set_disabled(name("bob"), true).await;
    assert_eq!(set.unwrap(), refused);
    let root = NewAccount {
        name: name("root"),
        password: None,
        admin: true,
    };
    assert!(index.create_account(root, 1).await.unwrap());
    let (group, members) = (name("team"), vec![name("bob")]);
    let added = index.add_to_group(group.clone(), members.clone(), 1).await;
    added.unwrap().unwrap();
    let token = NewToken {
        id: "t1".into(),
        label: "ci".into(),
        owner: name("bob"),
        robot: false,
        secret: "hash-of-token".into(),
        scope: None,
        expires_at: None,
    };
    assert!(index.create_token(token, 1).await.unwrap());
    let grant: crate::oci::Grant = "a/*:pull,push".parse().unwrap();
    let grantee: crate::index::Grantee = "team".parse().unwrap();
    index
        .grant(grantee.clone(), grant.clone(), 1)
        .await
        .unwrap();
    let revoked = index.revoke(grantee, grant.pattern, grant.rights).await;
    revoked.unwrap();
    assert!(index.set_public(repository("a"), true).await.unwrap());
    let text = "What it is".to_owned();
    assert!(index.describe(repository("a"), text, 1).await.unwrap());
    let star = index.star(repository("a"), name("bob"), true, 1).await;
    assert_eq!(star.unwrap(), Some(1));
    index.revoke_token("t1".into(), None).await.unwrap();
    index
        .remove_from_group(group.clone(), members)
        .await
        .unwrap();
    assert!(index.remove_group(group).await.unwrap());
    let removed = index.remove_account(name("bob")).await;
    removed.unwrap().unwrap();
    let lines = lines(&index).await;
    let actions: Vec<&str> = lines[2..]
        .iter()
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert_eq!(
        actions,
        [
            "create-account",
            "set-password",
            "disable-account",
            "enable-account",
            "set-admin",
            "create-account",
            "add-to-group",
            "create-token",
            "grant",
            "revoke",
            "set-visibility",
            "describe",
            "star",
            "revoke-token",
            "remove-from-group",
            "remove-group",
            "remove-account",
        ]
    );
    assert!(lines.iter().all(|line| !line.contains("hash-of")));
    assert_eq!(
        lines[10],
        r#"grant {"grantee":"team","grant":{"pattern":"a/*","rights":"pull,push"}}"#
    );
    let events = all(&index).await;
    assert!(events.iter().all(|event| event.actor == "alice"));
}
