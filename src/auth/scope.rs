//! Scopes of the token service: the requested and granted rights of a token.
//!
//! `scope := type ":" name ":" action,action`. A name may contain a port, so the type ends at the
//! first colon and the actions begin after the last.

use serde::{Deserialize, Serialize};

use crate::oci::{Repository, Right, Rights};

/// Maximum number of scopes in a request; further ones are ignored.
const SCOPE_LIMIT: usize = 32;
/// The scope that listing the catalog needs.
pub const CATALOG: &str = "registry:catalog:*";

/// A requested right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Rights on a repository. Unknown actions are ignored.
    Repository(Repository, Rights),
    /// The list of repositories.
    Catalog,
}

impl Scope {
    /// Parses a scope. `None` for a scope that has no meaning here: another type, or a name that
    /// can't be a repository of this registry.
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once(':')?;
        let (name, actions) = rest.rsplit_once(':')?;
        // The class in `repository(plugin)` is ignored.
        match kind.split('(').next()? {
            "repository" => {
                let rights = match actions {
                    "*" => Rights::ALL,
                    actions => actions
                        .split(',')
                        .filter_map(|action| action.parse::<Right>().ok())
                        .collect(),
                };
                Some(Self::Repository(name.parse().ok()?, rights))
            }
            "registry" if name == "catalog" && actions.split(',').any(|one| one == "*") => {
                Some(Self::Catalog)
            }
            _ => None,
        }
    }

    /// Parses the scopes of a request: repeated parameters, each with one or more scopes.
    pub fn parse_all<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<Self> {
        texts
            .flat_map(|text| text.split(' '))
            .filter_map(Self::parse)
            .take(SCOPE_LIMIT)
            .collect()
    }

    /// The form in a challenge.
    pub fn text(&self) -> String {
        match self {
            Self::Repository(name, rights) => format!("repository:{name}:{rights}"),
            Self::Catalog => CATALOG.to_owned(),
        }
    }
}

/// An entry of the claim `access` of a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    /// `repository` or `registry`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The repository, or `catalog`.
    pub name: String,
    /// `pull`, `push`, `delete`, or `*`.
    #[serde(default)]
    pub actions: Vec<String>,
}

impl Access {
    /// The entry for a granted scope.
    pub fn of(scope: &Scope) -> Self {
        match scope {
            Scope::Repository(name, rights) => Self {
                kind: "repository".to_owned(),
                name: name.to_string(),
                actions: rights
                    .iter()
                    .map(|right| right.as_str().to_owned())
                    .collect(),
            },
            Scope::Catalog => Self {
                kind: "registry".to_owned(),
                name: "catalog".to_owned(),
                actions: vec!["*".to_owned()],
            },
        }
    }

    /// The scope of an entry; `None` if it has no meaning here.
    pub fn scope(&self) -> Option<Scope> {
        Scope::parse(&format!(
            "{}:{}:{}",
            self.kind,
            self.name,
            self.actions.join(",")
        ))
    }
}

/// The rights that the scopes of a token give on a repository.
pub(super) fn rights_on(scopes: &[Scope], wanted: &Repository) -> Rights {
    scopes.iter().fold(Rights::NONE, |all, scope| match scope {
        Scope::Repository(name, rights) if name == wanted => all.union(*rights),
        _ => all,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn scopes_of_clients() {
        let text = |text: &str| Scope::parse(text).map(|scope| scope.text());
        for (scope, read) in [
            ("repository:a/b:pull,push", Some("repository:a/b:pull,push")),
            ("repository:a/b:push,pull", Some("repository:a/b:pull,push")),
            ("repository:a/b:*", Some("repository:a/b:pull,push,delete")),
            ("repository(plugin):a/b:pull", Some("repository:a/b:pull")),
            ("repository:a/b:fly", Some("repository:a/b:")),
            ("registry:catalog:*", Some("registry:catalog:*")),
            // A name with a port is not a repository of this registry.
            ("repository:host:5000/a/b:pull", None),
            ("repository:../b:pull", None),
            ("repository:a/../b:pull", None),
            ("repository:A:pull", None),
            ("registry:catalog:pull", None),
            ("repository:a/b", None),
            ("", None),
        ] {
            assert_eq!(text(scope).as_deref(), read, "{scope}");
        }
    }

    #[test]
    fn several_scopes_come_repeated_or_with_spaces() {
        let asked = [
            "repository:a:pull repository:b:push",
            "x",
            "registry:catalog:*",
        ];
        let scopes = Scope::parse_all(asked.into_iter());
        assert_eq!(scopes.len(), 3);
        assert_eq!(
            rights_on(&scopes, &"b".parse().unwrap()).to_string(),
            "push"
        );
        assert!(rights_on(&scopes, &"c".parse().unwrap()).is_empty());
    }

    proptest! {
        #[test]
        fn an_access_entry_is_equal_to_its_scope(text in "[a-z]{1,4}(:[a-z/.]{1,5}){1,2}:[a-z,*]{1,12}") {
            if let Some(scope) = Scope::parse(&text) {
                prop_assert_eq!(Access::of(&scope).scope(), Some(scope));
            }
        }

        #[test]
        fn never_panics(text in ".{0,60}") {
            let _ = Scope::parse(&text);
        }
    }
}
