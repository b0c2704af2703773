//! The names of imported images in the registry.
//!
//! Pure. The name in the archive without its registry, changed by the first matching `--map`, below
//! the prefix of `--to`; or the one `--name`.

use std::collections::HashSet;

use super::Error;
use crate::archive::{Image, ImageName};
use crate::oci::{ImageReference, Repository, Tag};

/// The tag of an image without one.
const DEFAULT_TAG: &str = "latest";
/// The repository for blobs of images that are not known yet.
const STAGING: &str = "regctl-import";

/// The options for names.
#[derive(Debug, Clone, Default)]
pub struct Naming {
    /// The name for the only image.
    pub name: Option<(Repository, Option<Tag>)>,
    /// The prefix of each repository.
    pub prefix: Option<Repository>,
    /// Old names and new ones. An old name is `repository:tag`, a repository, or a prefix of
    /// repositories that ends with a slash.
    pub map: Vec<(String, String)>,
    /// The repository for blobs of images that are not known yet.
    pub staging: Option<Repository>,
    /// Whether images without a namespace belong to `library/`: on Docker Hub.
    pub hub: bool,
}

/// A destination of an image.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Goal {
    /// The repository.
    pub repository: Repository,
    /// The tag; `None` if the archive names the image only by digest.
    pub tag: Option<Tag>,
}

impl Naming {
    /// The destinations of an image, one for each tag. An invalid name is an error only if there is
    /// no valid one.
    pub(super) fn goals(&self, image: &Image) -> Result<Vec<Goal>, Error> {
        let goals = self.goals_of(&image.names)?;
        if !goals.is_empty() {
            return Ok(goals);
        }
        Err(match image.unusable.first() {
            Some(name) => Error::Name {
                name: name.text.clone(),
                reason: name.reason.clone(),
            },
            None => Error::Nameless {
                image: image.label.clone(),
            },
        })
    }

    /// The destinations of the image with these names.
    pub(super) fn goals_of(&self, names: &[ImageName]) -> Result<Vec<Goal>, Error> {
        if let Some((repository, tag)) = &self.name {
            let said = names.iter().find_map(|name| name.tag.clone());
            let tag = match tag.clone().or(said) {
                Some(tag) => tag,
                None => default_tag()?,
            };
            return Ok(vec![Goal {
                repository: self.official(repository.clone())?,
                tag: Some(tag),
            }]);
        }
        let mut goals: Vec<Goal> = Vec::with_capacity(names.len());
        for name in names {
            let Some(repository) = &name.repository else {
                continue;
            };
            let tag = match &name.tag {
                Some(tag) => Some(tag.clone()),
                None if name.by_digest => None,
                None => Some(default_tag()?),
            };
            let mut goal = self.mapped(name, repository, tag)?;
            // There may be hundreds of thousands of tags: those of one repository share its name.
            if let Some(Goal { repository, .. }) = goals.last()
                && *repository == goal.repository
            {
                goal.repository.clone_from(repository);
            }
            goals.push(goal);
        }
        let mut known = HashSet::new();
        let new: Vec<bool> = goals.iter().map(|goal| known.insert(goal)).collect();
        let mut new = new.into_iter();
        goals.retain(|_| new.next().unwrap_or_default());
        // A repository with a tag for the image need not have it by digest as well.
        let tagged: HashSet<Repository> = goals
            .iter()
            .filter(|goal| goal.tag.is_some())
            .map(|goal| goal.repository.clone())
            .collect();
        goals.retain(|goal| goal.tag.is_some() || !tagged.contains(&goal.repository));
        Ok(goals)
    }

    /// Without the one name, which is not for the images that an archive builds on.
    pub(super) fn unnamed(&self) -> Self {
        Self {
            name: None,
            ..self.clone()
        }
    }

    /// The repository for blobs of images that are not known yet.
    pub(super) fn staging(&self) -> Result<Repository, Error> {
        match (&self.name, &self.staging) {
            (Some((repository, _)), _) => self.official(repository.clone()),
            (None, Some(staging)) => Ok(staging.clone()),
            (None, None) => self.below_prefix(STAGING),
        }
    }

    fn mapped(
        &self,
        name: &ImageName,
        repository: &Repository,
        tag: Option<Tag>,
    ) -> Result<Goal, Error> {
        let forms = forms(name, repository);
        for (old, new) in &self.map {
            for form in &forms {
                if let Some(rest) = rest_after(old, form, tag.as_ref()) {
                    let new: ImageReference = format!("{new}{rest}")
                        .parse()
                        .map_err(|error| unusable(&format!("{new}{rest}"), &error))?;
                    return Ok(Goal {
                        repository: self.below_prefix(new.repository.as_str())?,
                        tag: new.tag.or(tag),
                    });
                }
            }
        }
        Ok(Goal {
            repository: self.below_prefix(repository.as_str())?,
            tag,
        })
    }

    /// The old names of `--map` that match none of these names.
    pub(super) fn unused_maps<'a>(&'a self, names: &[&ImageName]) -> Vec<&'a str> {
        let olds = self.map.iter().map(|(old, _)| old.as_str());
        let fits = |old: &str| {
            names.iter().any(|name| {
                let tag = match &name.tag {
                    None if !name.by_digest => DEFAULT_TAG.parse().ok(),
                    tag => tag.clone(),
                };
                let repository = name.repository.as_ref();
                repository.is_some_and(|repository| {
                    let mut forms = forms(name, repository).into_iter();
                    forms.any(|form| rest_after(old, &form, tag.as_ref()).is_some())
                })
            })
        };
        olds.filter(|old| !fits(old)).collect()
    }

    fn below_prefix(&self, name: &str) -> Result<Repository, Error> {
        let full = match &self.prefix {
            Some(prefix) => format!("{prefix}/{name}"),
            None => name.to_owned(),
        };
        let repository = full.parse().map_err(|error| unusable(&full, &error))?;
        self.official(repository)
    }

    fn official(&self, repository: Repository) -> Result<Repository, Error> {
        if !self.hub || repository.as_str().contains('/') {
            return Ok(repository);
        }
        let full = format!("library/{repository}");
        full.parse().map_err(|error| unusable(&full, &error))
    }
}

/// The forms of a repository that `--map` may match: as shown, and with the registry in the
/// archive.
fn forms(name: &ImageName, repository: &Repository) -> Vec<String> {
    let mut forms = vec![repository.to_string()];
    if let Some(registry) = &name.registry {
        forms.push(format!("{registry}/{repository}"));
    }
    forms
}

/// The rest of a repository or its tag after a matching old name of `--map`.
fn rest_after<'a>(old: &str, form: &'a str, tag: Option<&Tag>) -> Option<&'a str> {
    if old == form || tag.is_some_and(|tag| old == format!("{form}:{tag}")) {
        return Some("");
    }
    form.strip_prefix(old).filter(|_| old.ends_with('/'))
}

fn default_tag() -> Result<Tag, Error> {
    DEFAULT_TAG
        .parse()
        .map_err(|error| unusable(DEFAULT_TAG, &error))
}

fn unusable(name: &str, error: &dyn std::fmt::Display) -> Error {
    Error::Name {
        name: name.to_owned(),
        reason: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn goals(naming: &Naming, names: &[&str]) -> Vec<String> {
        let names: Vec<ImageName> = names.iter().map(|text| name(text)).collect();
        let goals = naming.goals_of(&names).unwrap();
        let text = |goal: &Goal| match &goal.tag {
            Some(tag) => format!("{}:{tag}", goal.repository),
            None => format!("{}@", goal.repository),
        };
        goals.iter().map(text).collect()
    }

    fn name(text: &str) -> ImageName {
        ImageName::parse(text).unwrap().unwrap()
    }

    #[test]
    fn names_of_the_archive() {
        let naming = Naming::default();
        let names = [
            "docker.io/library/app:1",
            "app:1",
            "localhost/team/b",
            "q.io/x:2",
        ];
        assert_eq!(goals(&naming, &names), ["app:1", "team/b:latest", "x:2"]);
        assert!(goals(&naming, &[]).is_empty());
        assert_eq!(naming.staging().unwrap().as_str(), "regctl-import");
    }

    #[test]
    fn prefix_and_maps() {
        let map = |pairs: &[(&str, &str)]| {
            pairs
                .iter()
                .map(|(old, new)| ((*old).to_owned(), (*new).to_owned()))
                .collect()
        };
        let naming = Naming {
            prefix: Some("mirror".parse().unwrap()),
            map: map(&[("app:1", "web:2"), ("app", "old/app"), ("q.io/", "quay/")]),
            ..Naming::default()
        };
        assert_eq!(
            goals(&naming, &["app:1", "app:3", "q.io/x:2", "apple:1"]),
            [
                "mirror/web:2",
                "mirror/old/app:3",
                "mirror/quay/x:2",
                "mirror/apple:1"
            ]
        );
        assert_eq!(naming.staging().unwrap().as_str(), "mirror/regctl-import");
        let naming = Naming {
            map: map(&[("app", "Not A Name")]),
            ..Naming::default()
        };
        assert!(naming.goals_of(&[name("app")]).is_err());
    }

    #[test]
    fn a_digest_is_no_tag() {
        let naming = Naming::default();
        let hex = "0123456789abcdef".repeat(4);
        let digest = format!("team/app@sha256:{hex}");
        assert_eq!(goals(&naming, &[&digest]), ["team/app@"]);
        assert_eq!(goals(&naming, &[&digest, "team/app:1"]), ["team/app:1"]);
        assert_eq!(
            goals(&naming, &[&digest, "other:1"]),
            ["team/app@", "other:1"]
        );
    }

    #[test]
    fn unmatched_maps() {
        let pair = |old: &str| (old.to_owned(), "x".to_owned());
        let naming = Naming {
            map: ["app:latest", "team/", "ap", "other:2", "q.io/x"]
                .map(pair)
                .to_vec(),
            ..Naming::default()
        };
        let names = ["app", "team/a:1", "other:1", "q.io/x:3"].map(name);
        let names: Vec<&ImageName> = names.iter().collect();
        assert_eq!(naming.unused_maps(&names), ["ap", "other:2"]);
    }

    #[test]
    fn a_great_many_names() {
        let names: Vec<ImageName> = (0..200_000).map(|n| name(&format!("app:{n}"))).collect();
        assert_eq!(
            Naming::default().goals_of(&names).unwrap().len(),
            names.len()
        );
    }

    #[test]
    fn one_name() {
        let naming = |tag: Option<&str>| Naming {
            name: Some((
                "team/x".parse().unwrap(),
                tag.map(|tag| tag.parse().unwrap()),
            )),
            ..Naming::default()
        };
        assert_eq!(goals(&naming(Some("3")), &["app:1", "app:2"]), ["team/x:3"]);
        assert_eq!(goals(&naming(None), &["app:1"]), ["team/x:1"]);
        assert_eq!(goals(&naming(None), &[]), ["team/x:latest"]);
        assert_eq!(naming(None).staging().unwrap().as_str(), "team/x");
    }

    #[test]
    fn official_images_of_the_hub() {
        let naming = Naming {
            hub: true,
            ..Naming::default()
        };
        assert_eq!(
            goals(&naming, &["app:1", "team/b:1"]),
            ["library/app:1", "team/b:1"]
        );
    }
}
