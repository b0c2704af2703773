//! The result of a sign-in: the caller, its rights and their limits.

use std::sync::Arc;

use super::scope::{self, Scope};
use super::token::By;
use crate::oci::{AccountName, Caller, Grant, NamePattern, Repository, Right, Rights, Visibility};

/// A caller with its current rights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Who.
    pub(super) caller: Caller,
    /// Whether it has all rights.
    pub(super) admin: bool,
    /// Its grants, including those of everybody.
    pub(super) grants: Arc<[Grant]>,
    /// What everybody may do.
    pub(super) open: Arc<[Grant]>,
    /// The scope of its personal token.
    pub(super) limit: Option<Arc<[Grant]>>,
    /// The scopes of the token that it sent; `None` if it sent none.
    pub(super) presented: Option<Arc<[Scope]>>,
    /// What its tokens of the token service are bound to.
    pub(super) by: By,
}

impl Identity {
    /// An anonymous caller, with the rights of everybody.
    pub(super) fn anonymous(open: Arc<[Grant]>) -> Self {
        Self {
            caller: Caller::Anonymous,
            admin: false,
            grants: Arc::clone(&open),
            open,
            limit: None,
            presented: None,
            by: By::Nobody,
        }
    }

    /// Who it is.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The name of the account, robot or workload; `None` for an anonymous caller.
    pub fn name(&self) -> Option<&AccountName> {
        match &self.caller {
            Caller::Account { name, .. } => Some(name),
            Caller::Token { owner, .. } => Some(owner),
            Caller::Workload { name, .. } => Some(name),
            Caller::Anonymous | Caller::Uid(_) | Caller::Task(_) => None,
        }
    }

    /// Whether the caller has not signed in.
    pub fn is_anonymous(&self) -> bool {
        self.caller == Caller::Anonymous
    }

    /// The rights on a repository, without regard to the scopes of the token that was sent.
    pub(super) fn rights_on(&self, name: &Repository) -> Rights {
        let own = if self.admin {
            Rights::ALL
        } else {
            Grant::rights_on(&self.grants, name)
        };
        match &self.limit {
            None => own,
            Some(limit) => own
                .intersection(Grant::rights_on(limit, name))
                .union(Grant::rights_on(&self.open, name)),
        }
    }

    /// The rights in the scopes of the token that was sent; all rights if none was sent.
    pub(super) fn presented_on(&self, name: &Repository) -> Rights {
        match &self.presented {
            None => Rights::ALL,
            Some(scopes) => scope::rights_on(scopes, name),
        }
    }

    /// Whether the token that was sent is valid for listing repositories.
    pub(super) fn may_list(&self) -> bool {
        self.presented
            .as_ref()
            .is_none_or(|scopes| scopes.contains(&Scope::Catalog))
    }

    /// Whether it may administer the registry. Tokens with a scope and those of the token service
    /// may not, whoever owns them.
    pub(super) fn may_administer(&self) -> bool {
        self.admin && self.limit.is_none() && self.presented.is_none()
    }

    /// The part of `visible` that the token that was sent covers; all of it if none was sent.
    /// Public repositories need no token.
    pub(super) fn readable(&self, visible: Visibility) -> Visibility {
        let Some(scopes) = &self.presented else {
            return visible;
        };
        let public = match &visible {
            Visibility::Everything => true,
            Visibility::Only { public, .. } => *public,
        };
        let patterns = scopes.iter().filter_map(|scope| match scope {
            Scope::Repository(name, rights) if rights.contains(Right::Pull) => visible
                .shows(name, false)
                .then(|| NamePattern::One(name.clone())),
            Scope::Repository(..) | Scope::Catalog => None,
        });
        let patterns = without_covered(patterns.collect());
        Visibility::Only {
            public,
            patterns: patterns.into(),
        }
    }

    /// The repositories that it may pull from, and therefore see.
    pub(super) fn visibility(&self) -> Visibility {
        let pulls = |grants: &[Grant]| -> Vec<NamePattern> {
            grants
                .iter()
                .filter(|grant| grant.rights.contains(Right::Pull))
                .map(|grant| grant.pattern.clone())
                .collect()
        };
        let own = if self.admin {
            vec![NamePattern::All]
        } else {
            pulls(&self.grants)
        };
        let patterns = match &self.limit {
            None => own,
            Some(limit) => {
                let mut both = pulls(&self.open);
                for limit in pulls(limit) {
                    for own in &own {
                        both.extend(overlap(own, &limit));
                    }
                }
                both
            }
        };
        let patterns = without_covered(patterns);
        if patterns.contains(&NamePattern::All) {
            return Visibility::Everything;
        }
        Visibility::Only {
            public: true,
            patterns: patterns.into(),
        }
    }
}

/// A pattern of the names that both patterns cover.
fn overlap(one: &NamePattern, other: &NamePattern) -> Option<NamePattern> {
    if one.covers(other) {
        Some(other.clone())
    } else if other.covers(one) {
        Some(one.clone())
    } else {
        None
    }
}

/// Sorts patterns and removes those that another covers.
fn without_covered(mut patterns: Vec<NamePattern>) -> Vec<NamePattern> {
    patterns.sort();
    patterns.dedup();
    let all = patterns.clone();
    patterns.retain(|one| !all.iter().any(|other| other != one && other.covers(one)));
    patterns
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grants(texts: &[&str]) -> Arc<[Grant]> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn identity(own: &[&str], limit: Option<&[&str]>) -> Identity {
        Identity {
            caller: Caller::Account {
                name: "alice".parse().unwrap(),
                admin: false,
            },
            grants: grants(own),
            limit: limit.map(grants),
            ..Identity::anonymous(grants(&["open/*:pull"]))
        }
    }

    fn shown(visibility: &Visibility) -> String {
        match visibility {
            Visibility::Everything => "everything".into(),
            Visibility::Only { patterns, .. } => {
                let texts: Vec<_> = patterns.iter().map(ToString::to_string).collect();
                texts.join(" ")
            }
        }
    }

    #[test]
    fn a_limit_only_removes_rights() {
        let name = |text: &str| text.parse().unwrap();
        let own = ["open/*:pull", "team/*:pull,push", "other:pull"];
        let limited = identity(&own, Some(&["team/app:pull", "secret/*:pull,push"]));
        assert_eq!(limited.rights_on(&name("team/app")).to_string(), "pull");
        assert_eq!(limited.rights_on(&name("team/lib")).to_string(), "");
        assert_eq!(limited.rights_on(&name("secret/x")).to_string(), "");
        // A limited token includes the rights of everybody.
        assert_eq!(limited.rights_on(&name("open/x")).to_string(), "pull");
        assert_eq!(shown(&limited.visibility()), "open/* team/app");
    }

    #[test]
    fn visibility_is_of_what_may_be_pulled() {
        let own = [
            "team/*:pull",
            "team/app:pull",
            "drop/*:push",
            "x:pull,delete",
        ];
        assert_eq!(shown(&identity(&own, None).visibility()), "team/* x");
        assert_eq!(
            shown(&identity(&["*:pull"], None).visibility()),
            "everything"
        );
        let limited = identity(&["*:pull"], Some(&["a/*:pull", "a/b:pull"]));
        assert_eq!(shown(&limited.visibility()), "a/* open/*");
        assert_eq!(shown(&identity(&[], None).visibility()), "");
    }

    #[test]
    fn an_administrator_with_a_limited_token_does_not_administer() {
        let mut admin = identity(&[], None);
        admin.admin = true;
        assert!(admin.may_administer());
        assert_eq!(shown(&admin.visibility()), "everything");
        admin.limit = Some(grants(&["team/*:pull"]));
        assert!(!admin.may_administer());
        assert_eq!(shown(&admin.visibility()), "open/* team/*");
    }
}
