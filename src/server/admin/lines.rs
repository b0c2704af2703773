//! What the registry tells on its way, as words: what goes or stays, and why.

use super::operate::date;
use super::words::{Difference, Event, Line, Thing};
use crate::clock::Millis;
use crate::config::period_in_words;
use crate::oci::{Digest, Repository};
use crate::registry::{Checked, Collected, Goes, Hold, Holder, Keeps, KeptManifest, WhyGone};

/// What a collection tells.
pub(super) fn collected(collected: Collected) -> Event {
    let line = |thing, name: String, repository: Option<Repository>, why: &str| Line {
        thing,
        name,
        repository,
        bytes: None,
        until: None,
        why: why.to_owned(),
    };
    match collected {
        Collected::Blob {
            digest,
            repository,
            bytes,
        } => Event::Goes(Line {
            bytes: Some(bytes),
            ..line(
                Thing::Blob,
                digest.to_string(),
                repository,
                "nothing refers to it",
            )
        }),
        Collected::Manifest {
            repository,
            digest,
            why,
        } => {
            let why = match why {
                WhyGone::Untagged => "no tag and no index holds it",
                WhyGone::Orphaned => "the manifest that it refers to is gone",
            };
            let name = format!("{repository}@{digest}");
            Event::Goes(line(Thing::Manifest, name, Some(repository), why))
        }
        Collected::Repository { repository } => {
            let name = repository.to_string();
            let why = "nothing is left in it";
            Event::Goes(line(Thing::Repository, name, Some(repository), why))
        }
        Collected::Upload {
            repository,
            id,
            moved_at,
            bytes,
        } => {
            let why = format!("it has received nothing since {}", date(moved_at));
            Event::Goes(Line {
                bytes: Some(bytes),
                ..line(Thing::Upload, id, Some(repository), &why)
            })
        }
        Collected::Temporary { key, bytes } => Event::Goes(Line {
            bytes: Some(bytes),
            ..line(Thing::File, key, None, "a crash has left it")
        }),
        Collected::Held {
            digest,
            repository,
            bytes,
            by,
            until,
        } => {
            let why = match by {
                Hold::Lease => "a client was told that it is there",
                Hold::Trash => "what was deleted with it can be restored",
                Hold::Unreadable => "a manifest beside it can't be read, which may refer to it",
            };
            Event::Stays(Line {
                bytes: Some(bytes),
                until,
                ..line(Thing::Blob, digest.to_string(), repository, why)
            })
        }
        Collected::Kept {
            repository,
            digest,
            why,
        } => {
            let why = match why {
                KeptManifest::Unreadable => "it can't be read, so nobody knows what it holds",
                KeptManifest::BesideUnreadable => {
                    "a manifest beside it can't be read, which may refer to it"
                }
                KeptManifest::UnknownType => "its media type is not known here",
                KeptManifest::Sparse => "it is an index of manifests that are not all here",
            };
            let name = format!("{repository}@{digest}");
            Event::Stays(line(Thing::Manifest, name, Some(repository), why))
        }
    }
}

/// What a check tells.
pub(super) fn checked(checked: Checked) -> Event {
    let differs = |difference: crate::registry::Difference, repaired| {
        Event::Differs(Difference {
            what: difference.to_string(),
            remedy: difference.remedy().to_string(),
            mismatch: difference.is_mismatch(),
            repaired,
        })
    };
    match checked {
        Checked::Found(difference) => differs(difference, false),
        Checked::Repaired(difference) => differs(difference, true),
        Checked::Healed(digest) => Event::Healed(digest),
        Checked::Read(bytes, all) => Event::Read(bytes, all),
    }
}

/// Why a tag stays.
pub(super) fn keeps(why: &Keeps) -> String {
    match why {
        Keeps::NoMatch => "the rule is not about tags of this name".to_owned(),
        Keeps::Excluded(pattern) => format!("{pattern} is excluded"),
        Keeps::AmongLast(1) => "the last one pushed".to_owned(),
        Keeps::AmongLast(count) => format!("among the last {count}"),
        Keeps::PushedAt(at, age) => format!("pushed {}, within {}", date(*at), period(*age)),
        Keeps::PulledAt(at, age) => format!("pulled {}, within {}", date(*at), period(*age)),
        Keeps::Subject(digest) => format!("it belongs to {digest}, which stays"),
        Keeps::Unreadable => {
            "a manifest of the repository can't be read, so nobody knows what it holds".to_owned()
        }
    }
}

/// Why a tag goes, and what becomes of its manifest.
pub(super) fn goes(why: &Goes, digest: &Digest, holder: Option<&Holder>) -> String {
    let mut reasons = Vec::new();
    if let Some(subject) = &why.subject {
        reasons.push(format!("it belongs to {subject}, which does not stay"));
    }
    if let Some((at, age)) = why.pushed_at {
        reasons.push(format!("pushed {}, before {}", date(at), period(age)));
    }
    match why.pulled_at {
        Some((Some(at), age)) => {
            reasons.push(format!("pulled {}, before {}", date(at), period(age)));
        }
        Some((None, age)) => reasons.push(format!("not known to be pulled, for {}", period(age))),
        None => {}
    }
    match why.beyond_last {
        Some(1) => reasons.push("not the last one pushed".to_owned()),
        Some(count) => reasons.push(format!("not among the last {count}")),
        None => {}
    }
    if reasons.is_empty() {
        reasons.push("the rule is about tags of this name".to_owned());
    }
    let reasons = reasons.join(", ");
    match holder {
        None => reasons,
        Some(holder) => {
            let by = match holder {
                Holder::Tag(tag) => format!("the tag {tag}"),
                Holder::Index(index) => format!("the index {index}"),
                Holder::Subject(subject) => format!("{subject}, which it refers to"),
            };
            format!("{reasons}; {digest} stays, held by {by}")
        }
    }
}

fn period(milliseconds: Millis) -> String {
    let milliseconds = u64::try_from(milliseconds).unwrap_or_default();
    period_in_words(std::time::Duration::from_millis(milliseconds))
}
