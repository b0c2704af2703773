//! Who may do what.

use super::*;
use crate::auth::{Accounts, Credentials, Hasher, Secret};
use crate::clock::Clock;
use crate::index::{Index, NewAccount, testing};
use crate::oci::{Caller, Reference, Task};

struct Fixture {
    policy: Policy,
    index: Index,
    _directory: tempfile::TempDir,
}

fn context() -> Context {
    Context {
        caller: Caller::Anonymous,
        ..Context::task(Task::Start)
    }
}

impl Fixture {
    async fn new() -> Self {
        let (directory, index) = testing::index().await;
        let hasher = Hasher::default();
        let accounts = Accounts::built_in(
            index.clone(),
            "registry".into(),
            hasher.clone(),
            Clock::system(),
        );
        let policy = Policy::Accounts(Arc::new(accounts.await.unwrap()));
        for (name, admin) in [("alice", false), ("bob", false), ("root", true)] {
            let account = NewAccount {
                name: name.parse().unwrap(),
                password: hasher.hash(&Secret::new(name)).await.unwrap(),
                admin,
            };
            assert!(index.create_account(account, 1).await.unwrap());
        }
        Self {
            policy,
            index,
            _directory: directory,
        }
    }

    async fn grant(&self, grantee: &str, grant: &str) {
        let (grantee, grant) = (grantee.parse().unwrap(), grant.parse().unwrap());
        assert!(self.index.grant(grantee, grant, 1).await.unwrap());
    }

    async fn identity(&self, name: &str) -> Identity {
        let credentials = match name {
            "" => Credentials::None,
            name => Credentials::Basic {
                user: name.to_owned(),
                password: Secret::new(name),
            },
        };
        self.policy
            .identify(&credentials, &context())
            .await
            .unwrap()
    }

    /// The identity of a token with these scopes.
    async fn bearer(&self, name: &str, asked: &str) -> Identity {
        let identity = self.identity(name).await;
        let asked = Scope::parse_all(std::iter::once(asked));
        let issued = self.policy.issue(&identity, &asked).await.unwrap().unwrap();
        let credentials = Credentials::Bearer(issued.token);
        self.policy
            .identify(&credentials, &context())
            .await
            .unwrap()
    }

    async fn answer(&self, identity: &Identity, action: &Action) -> String {
        let decided = decide(&self.policy, &Arc::new(context()), identity, action).await;
        match decided {
            Ok(_) => "yes".to_owned(),
            Err(denied) => format!("{denied:?}"),
        }
    }

    async fn may(&self, name: &str, action: &Action) -> String {
        let identity = self.identity(name).await;
        self.answer(&identity, action).await
    }
}

fn pull(name: &str) -> Action {
    let tag = Reference::Tag("latest".parse().unwrap());
    Action::PullManifest(name.parse().unwrap(), tag)
}

fn push(name: &str) -> Action {
    Action::PushBlob(name.parse().unwrap())
}

fn delete(name: &str) -> Action {
    Action::DeleteTag(name.parse().unwrap(), "latest".parse().unwrap())
}

fn mount(from: &str, into: &str) -> Action {
    Action::MountBlob {
        into: into.parse().unwrap(),
        from: Some(from.parse().unwrap()),
        digest: format!("sha256:{}", "0".repeat(64)).parse().unwrap(),
    }
}

#[tokio::test]
async fn an_open_registry_permits_everything_but_administration_to_everybody() {
    let identity = Identity::anonymous(Arc::default());
    let context = Arc::new(context());
    for action in [Action::Inspect, Action::Administer] {
        let refused = decide(&Policy::Open, &context, &identity, &action).await;
        assert!(matches!(refused, Err(Denied::Forbidden)), "{action:?}");
    }
    for action in [
        Action::ListCatalog,
        Action::DeleteRepository("a/b".parse().unwrap()),
    ] {
        let permit = decide(&Policy::Open, &context, &identity, &action)
            .await
            .unwrap();
        assert_eq!(permit.context(), &context);
        assert_eq!(permit.action(), &action);
        assert_eq!(permit.visibility(), &Visibility::Everything);
    }
}

#[tokio::test]
async fn hidden_repositories_look_missing() {
    let fixture = Fixture::new().await;
    fixture.grant("alice", "team/*:pull,push").await;
    fixture.grant("bob", "team/app:pull").await;
    for (name, action, answer) in [
        ("alice", push("team/app"), "yes"),
        ("alice", pull("team/app"), "yes"),
        ("alice", delete("team/app"), "Forbidden"),
        ("alice", pull("team"), "Hidden"),
        ("alice", push("teams/app"), "Hidden"),
        ("bob", pull("team/app"), "yes"),
        ("bob", push("team/app"), "Forbidden"),
        ("bob", pull("team/other"), "Hidden"),
        ("bob", delete("team/other"), "Hidden"),
        ("", pull("team/app"), "SignIn"),
        ("", pull("nothing/there"), "SignIn"),
        ("", push("team/app"), "SignIn"),
        ("root", delete("any/thing"), "yes"),
        ("root", Action::Administer, "yes"),
        ("alice", Action::Administer, "Forbidden"),
        ("", Action::Inspect, "SignIn"),
        ("", Action::Ping, "SignIn"),
        ("bob", Action::Ping, "yes"),
        ("", Action::ListCatalog, "SignIn"),
        ("bob", Action::ListCatalog, "yes"),
    ] {
        assert_eq!(
            fixture.may(name, &action).await,
            answer,
            "{name} {action:?}"
        );
    }
}

#[tokio::test]
async fn a_revoked_right_ends_at_once() {
    let fixture = Fixture::new().await;
    fixture.grant("alice", "team/*:pull,push").await;
    let scope = "repository:team/app:pull,push";
    let token = fixture.bearer("alice", scope).await;
    assert_eq!(fixture.answer(&token, &push("team/app")).await, "yes");
    let grantee = "alice".parse().unwrap();
    let taken = fixture
        .index
        .revoke(grantee, "team/*".parse().unwrap(), Rights::ALL);
    taken.await.unwrap();
    assert_eq!(fixture.may("alice", &push("team/app")).await, "Hidden");
    // A new token has no more rights than the account has now.
    let token = fixture.bearer("alice", scope).await;
    assert_eq!(fixture.answer(&token, &push("team/app")).await, "Hidden");
}

#[tokio::test]
async fn a_token_is_valid_for_its_scopes_only() {
    let fixture = Fixture::new().await;
    fixture.grant("alice", "team/*:pull,push").await;
    let token = fixture.bearer("alice", "repository:team/app:pull").await;
    for (action, answer) in [
        (pull("team/app"), "yes"),
        (push("team/app"), "Scope"),
        (pull("team/lib"), "Scope"),
        (delete("team/app"), "Forbidden"),
        (pull("secret/app"), "Hidden"),
        (Action::ListCatalog, "Scope"),
        (Action::Ping, "yes"),
    ] {
        assert_eq!(fixture.answer(&token, &action).await, answer, "{action:?}");
    }
    let token = fixture.bearer("alice", "registry:catalog:*").await;
    assert_eq!(fixture.answer(&token, &Action::ListCatalog).await, "yes");
    assert_eq!(fixture.answer(&token, &pull("team/app")).await, "Scope");
}

#[tokio::test]
async fn a_mount_without_a_source_searches_readable_repositories() {
    let fixture = Fixture::new().await;
    fixture.grant("alice", "team/*:pull,push").await;
    fixture.grant("bob", "*:pull,push").await;
    let mount = Action::MountBlob {
        into: "team/app".parse().unwrap(),
        from: None,
        digest: format!("sha256:{}", "0".repeat(64)).parse().unwrap(),
    };
    let looks_in = async |identity: &Identity| {
        let permit = decide(&fixture.policy, &Arc::new(context()), identity, &mount)
            .await
            .unwrap();
        assert_eq!(permit.action(), &mount);
        ["team/app", "team/lib", "secret/x"]
            .map(|name| permit.visibility().shows(&name.parse().unwrap(), false))
    };
    let alice = fixture.identity("alice").await;
    assert_eq!(looks_in(&alice).await, [true, true, false]);
    // A token for some repositories reveals nothing about others.
    let token = fixture.bearer("bob", "repository:team/app:pull,push").await;
    assert_eq!(looks_in(&token).await, [true, false, false]);
}

#[tokio::test]
async fn a_mount_reads_its_source() {
    let fixture = Fixture::new().await;
    fixture.grant("alice", "team/*:pull,push").await;
    // Without the right to read the source the blob is uploaded: this is not a refusal.
    assert_eq!(
        fixture.may("alice", &mount("secret/x", "team/app")).await,
        "yes"
    );
    assert_eq!(
        fixture.may("alice", &mount("team/app", "secret/x")).await,
        "Hidden"
    );
    let token = fixture
        .bearer("alice", "repository:team/app:pull,push")
        .await;
    assert_eq!(
        fixture.answer(&token, &mount("team/lib", "team/app")).await,
        "Scope"
    );
    let both = "repository:team/app:pull,push repository:team/lib:pull";
    let token = fixture.bearer("alice", both).await;
    assert_eq!(
        fixture.answer(&token, &mount("team/lib", "team/app")).await,
        "yes"
    );
    let texts: Vec<_> = scopes(&mount("team/lib", "team/app"))
        .iter()
        .map(Scope::text)
        .collect();
    assert_eq!(
        texts,
        ["repository:team/app:pull,push", "repository:team/lib:pull"]
    );
}

#[tokio::test]
async fn anonymous_callers_may_have_rights() {
    let fixture = Fixture::new().await;
    let nobody = fixture.identity("").await;
    assert!(fixture.policy.issue(&nobody, &[]).await.unwrap().is_none());
    fixture.grant("anonymous", "open/*:pull").await;
    fixture.grant("users", "shared/*:pull,push").await;
    for (name, action, answer) in [
        ("", pull("open/x"), "yes"),
        ("", push("open/x"), "SignIn"),
        ("", pull("shared/x"), "SignIn"),
        ("", Action::ListCatalog, "yes"),
        ("bob", pull("open/x"), "yes"),
        ("bob", push("shared/x"), "yes"),
        ("bob", push("open/x"), "Forbidden"),
    ] {
        assert_eq!(
            fixture.may(name, &action).await,
            answer,
            "{name} {action:?}"
        );
    }
    let token = fixture.bearer("", "repository:open/x:pull,push").await;
    assert_eq!(fixture.answer(&token, &pull("open/x")).await, "yes");
    assert_eq!(fixture.answer(&token, &push("open/x")).await, "SignIn");
    assert_eq!(fixture.answer(&token, &Action::Ping).await, "yes");
}
