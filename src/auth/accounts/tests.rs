//! Sign-ins that succeed and that fail.

mod token_tests;

use super::*;
use crate::auth::{FreshToken, Policy, Scope};
use crate::index::{NewAccount, NewToken, testing};
use crate::oci::Task;

struct Fixture {
    accounts: Accounts,
    hasher: Hasher,
    clock: Clock,
    index: Index,
    directory: tempfile::TempDir,
}

fn context() -> Context {
    Context {
        caller: Caller::Anonymous,
        address: Some("192.0.2.1".parse().unwrap()),
        ..Context::task(Task::Start)
    }
}

async fn fixture() -> Fixture {
    let (directory, index) = testing::index().await;
    let (hasher, clock) = (Hasher::default(), Clock::manual(1_000_000));
    let accounts = Accounts::built_in(index.clone(), "r".into(), hasher.clone(), clock.clone());
    Fixture {
        accounts: accounts.await.unwrap(),
        hasher,
        clock,
        index,
        directory,
    }
}

impl Fixture {
    async fn create(&self, name: &str, password: Option<String>) {
        let account = NewAccount {
            name: name.parse().unwrap(),
            password,
            admin: false,
        };
        assert!(self.index.create_account(account, 1).await.unwrap());
    }

    async fn with_password(&self, name: &str, password: &str) {
        let hash = self.hasher.hash(&Secret::new(password)).await.unwrap();
        self.create(name, hash).await;
    }

    async fn sign_in(&self, name: &str, password: &str) -> Result<Identity, SignInError> {
        sign_in(&self.accounts, name, password).await
    }

    /// Creates a personal token and returns it.
    async fn token(&self, owner: &str, robot: bool, scope: Option<&str>) -> FreshToken {
        let fresh = FreshToken::new().unwrap();
        let token = NewToken {
            id: fresh.id.clone(),
            label: "ci".into(),
            owner: owner.parse().unwrap(),
            robot,
            secret: fresh.hash.clone(),
            scope: scope.map(|scope| vec![scope.parse().unwrap()]),
            expires_at: Some(self.clock.now() + 60_000),
        };
        assert!(self.index.create_token(token, 1).await.unwrap());
        fresh
    }
}

async fn sign_in(accounts: &Accounts, name: &str, password: &str) -> Result<Identity, SignInError> {
    let credentials = Credentials::Basic {
        user: name.to_owned(),
        password: Secret::new(password),
    };
    accounts.identify(&credentials, &context()).await
}

fn words(result: Result<Identity, SignInError>) -> String {
    match result {
        Ok(identity) => identity.caller().actor(),
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn unknown_disabled_and_wrong_get_the_same_answer_at_the_same_cost() {
    let fixture = fixture().await;
    fixture.with_password("alice", "right").await;
    fixture.with_password("carol", "right").await;
    fixture.create("no-password", None).await;
    fixture
        .index
        .set_disabled("carol".parse().unwrap(), true)
        .await
        .unwrap()
        .unwrap();
    let wrong = SignInError::Wrong.to_string();
    for (name, password) in [
        ("alice", "wrong"),
        ("alice", ""),
        ("Alice", "right"),
        ("carol", "right"),
        ("nobody", "right"),
        ("no-password", ""),
        ("no such name!", "x"),
        ("", "right"),
    ] {
        let before = fixture.hasher.computed();
        assert_eq!(
            words(fixture.sign_in(name, password).await),
            wrong,
            "{name}"
        );
        assert_eq!(fixture.hasher.computed(), before + 1, "{name}");
    }
    assert_eq!(words(fixture.sign_in("alice", "right").await), "alice");
}

#[tokio::test]
async fn many_attempts_at_once_are_no_more_than_one_after_another() {
    let fixture = fixture().await;
    fixture.with_password("alice", "right").await;
    let attempts = (0..40).map(|number| {
        let accounts = &fixture.accounts;
        async move {
            // Each from another address.
            let context = Context {
                address: Some([192, 0, 2, number].into()),
                ..context()
            };
            accounts
                .password("alice", &Secret::new("wrong"), &context)
                .await
        }
    });
    let outcomes = futures_util::future::join_all(attempts).await;
    let checked = outcomes
        .iter()
        .filter(|one| matches!(one, Err(SignInError::Wrong)));
    assert_eq!(checked.count(), 8);
}

#[tokio::test]
async fn a_clock_that_is_set_neither_ends_nor_prolongs_a_back_off() {
    for step in [-3_600_000, 3_600_000] {
        let fixture = fixture().await;
        fixture.with_password("alice", "right").await;
        for _ in 0..8 {
            fixture.sign_in("alice", "wrong").await.unwrap_err();
        }
        fixture.clock.set_by(step);
        let waits = fixture.sign_in("alice", "right").await;
        assert!(matches!(waits, Err(SignInError::Wait(_))), "{step}");
        fixture.clock.advance(1000);
        fixture.sign_in("alice", "right").await.unwrap();
    }
}

#[tokio::test]
async fn a_right_password_is_hashed_once_in_minutes() {
    let fixture = fixture().await;
    fixture.with_password("alice", "right").await;
    let before = fixture.hasher.computed();
    for _ in 0..20 {
        fixture.sign_in("alice", "right").await.unwrap();
    }
    assert_eq!(fixture.hasher.computed(), before + 1);
    fixture.clock.advance(6 * 60_000);
    fixture.sign_in("alice", "right").await.unwrap();
    assert_eq!(fixture.hasher.computed(), before + 2);
    // A new password is valid at once, and the old one no longer.
    let hash = fixture
        .hasher
        .hash(&Secret::new("new"))
        .await
        .unwrap()
        .unwrap();
    fixture
        .index
        .set_password("alice".parse().unwrap(), None, hash)
        .await
        .unwrap();
    assert!(fixture.sign_in("alice", "right").await.is_err());
    assert!(fixture.sign_in("alice", "new").await.is_ok());
    // A disabled account is refused at once, even if its password is remembered.
    fixture
        .index
        .set_disabled("alice".parse().unwrap(), true)
        .await
        .unwrap()
        .unwrap();
    assert!(fixture.sign_in("alice", "new").await.is_err());
}

#[tokio::test]
async fn ten_thousand_wrong_passwords_cost_few_hashes() {
    let fixture = fixture().await;
    fixture.with_password("alice", "right").await;
    fixture.sign_in("alice", "right").await.unwrap();
    let before = fixture.hasher.computed();
    let mut waits = 0;
    for number in 0..10_000 {
        match fixture.sign_in("alice", &format!("guess {number}")).await {
            Err(SignInError::Wait(wait)) => {
                assert!(wait > 0);
                waits += 1;
            }
            Err(SignInError::Wrong) => {}
            other => panic!("{other:?}"),
        }
    }
    assert!(fixture.hasher.computed() - before < 10);
    assert!(waits > 9_990);
    // Accounts that signed in recently and other accounts are not locked out.
    assert!(fixture.sign_in("alice", "right").await.is_ok());
    fixture.with_password("bob", "right").await;
    let elsewhere = Context {
        address: Some("198.51.100.7".parse().unwrap()),
        ..context()
    };
    let bob = Credentials::Basic {
        user: "bob".to_owned(),
        password: Secret::new("right"),
    };
    assert!(fixture.accounts.identify(&bob, &elsewhere).await.is_ok());
    // After a minute the right password is accepted again, remembered or not.
    fixture.clock.advance(10 * 60_000);
    assert!(fixture.sign_in("alice", "right").await.is_ok());
}

#[tokio::test]
async fn an_imported_bcrypt_hash_becomes_argon2() {
    let fixture = fixture().await;
    fixture
        .create("alice", Some(bcrypt::hash("right", 4).unwrap()))
        .await;
    assert!(fixture.sign_in("alice", "wrong").await.is_err());
    assert!(fixture.sign_in("alice", "right").await.is_ok());
    let stored = fixture
        .index
        .stored_account(&"alice".parse().unwrap())
        .await
        .unwrap();
    assert!(stored.unwrap().password.unwrap().starts_with("$argon2id$"));
    assert!(fixture.sign_in("alice", "right").await.is_ok());
    assert!(fixture.sign_in("alice", "wrong").await.is_err());
}

#[tokio::test]
async fn a_sign_in_with_the_old_password_does_not_undo_its_change() {
    let fixture = fixture().await;
    let old = bcrypt::hash("old", 4).unwrap();
    fixture.create("alice", Some(old.clone())).await;
    let name: AccountName = "alice".parse().unwrap();
    // It was changed while the old one was being checked.
    let new = fixture.hasher.hash(&Secret::new("new")).await.unwrap();
    let set = fixture.index.set_password(name.clone(), None, new.unwrap());
    assert!(set.await.unwrap());
    let password = Secret::new("old");
    let upgraded = fixture.accounts.upgrade(&name, &password, old);
    assert!(matches!(upgraded.await, Err(SignInError::Wrong)));
    assert!(fixture.sign_in("alice", "old").await.is_err());
    fixture.sign_in("alice", "new").await.unwrap();
}

#[tokio::test]
async fn the_right_password_of_a_disabled_account_backs_off_like_a_wrong_one() {
    let fixture = fixture().await;
    for (name, is_remembered) in [("alice", true), ("bob", false)] {
        fixture.with_password(name, "right").await;
        if is_remembered {
            fixture.sign_in(name, "right").await.unwrap();
        }
        let disabled = fixture.index.set_disabled(name.parse().unwrap(), true);
        disabled.await.unwrap().unwrap();
        for _ in 0..8 {
            let refused = fixture.sign_in(name, "right").await;
            assert!(matches!(refused, Err(SignInError::Wrong)), "{name}");
        }
        let refused = fixture.sign_in(name, "right").await;
        assert!(matches!(refused, Err(SignInError::Wait(_))), "{name}");
    }
}

#[tokio::test]
#[allow(clippy::disallowed_methods, reason = "the test writes the file")]
async fn accounts_of_an_htpasswd_file() {
    let fixture = fixture().await;
    let path = fixture.directory.path().join("htpasswd");
    let hash = bcrypt::hash("right", 4).unwrap();
    std::fs::write(&path, format!("alice:{hash}\nbob:{hash}\n")).unwrap();
    let open = |rules: Option<&[(&str, &str)]>| {
        let rules = rules.map(|rules| {
            let rule = |(grantee, grant): &(&str, &str)| GrantRecord {
                grantee: grantee.parse().unwrap(),
                grant: grant.parse().unwrap(),
            };
            rules.iter().map(rule).collect()
        });
        let file = Htpasswd::open(&path).unwrap();
        let clock = fixture.clock.clone();
        Accounts::htpasswd(fixture.index.clone(), file, "r".into(), rules, clock).unwrap()
    };
    let accounts = open(None);
    let name = "any/thing".parse().unwrap();
    let alice = sign_in(&accounts, "alice", "right").await.unwrap();
    assert_eq!(alice.rights_on(&name).to_string(), "pull,push,delete");
    let before = accounts.hasher.computed();
    assert!(sign_in(&accounts, "carol", "right").await.is_err());
    assert_eq!(accounts.hasher.computed(), before + 1);
    let nobody = accounts
        .identify(&Credentials::None, &context())
        .await
        .unwrap();
    assert!(nobody.rights_on(&name).is_empty());

    let rules = [
        ("anonymous", "open/*:pull"),
        ("users", "*:pull"),
        ("bob", "any/*:push"),
    ];
    let accounts = open(Some(&rules));
    let rights = async |user: &str| {
        let identity = sign_in(&accounts, user, "right").await.unwrap();
        identity
            .rights_on(&"any/thing".parse().unwrap())
            .to_string()
    };
    assert_eq!(rights("alice").await, "pull");
    assert_eq!(rights("bob").await, "pull,push");
    std::fs::write(&path, format!("bob:{hash}\n")).unwrap();
    assert!(sign_in(&accounts, "alice", "right").await.is_err());
    assert!(sign_in(&accounts, "bob", "right").await.is_ok());
}

#[test]
fn the_hash_for_unknown_accounts_costs_the_same() {
    let hash = bcrypt::hash("right", 5).unwrap();
    let other = unmatched(&hash);
    assert_eq!(other[..29], hash[..29]);
    assert_eq!(other.len(), hash.len());
    assert_eq!(bcrypt::verify("right", &other).ok(), Some(false));
}
