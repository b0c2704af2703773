//! What a check found, and what to do about it.

use crate::admin::{Difference, Link, Remedy};
use crate::cli::output::without_numbers;
use crate::oci::Repository;

/// The text for a difference that a check found.
pub(in crate::cli) fn difference(difference: &Difference) -> String {
    let link = |repository: &Repository, link: &Link| match link {
        Link::Layer(digest) => format!("blob {digest} of {repository}"),
        Link::Revision(digest) => format!("manifest {repository}@{digest}"),
        Link::Tag(tag) => format!("tag {repository}:{tag}"),
    };
    match difference {
        Difference::BlobGone(digest) => format!("blob {digest}: its bytes are missing"),
        Difference::BlobDamaged(digest) => format!("blob {digest}: its bytes are damaged"),
        Difference::BlobRestored(digest) => {
            format!("blob {digest}: its content matches again, but it is still quarantined")
        }
        Difference::BlobUnreadable(digest, error) => {
            let error = without_numbers(error);
            format!("blob {digest}: its bytes can't be read: {error}")
        }
        Difference::BlobSize {
            digest,
            known,
            found,
        } => format!("blob {digest}: the index has {known} bytes, the file {found}"),
        Difference::BlobUnknown(digest) => format!("blob {digest}: not in the index"),
        Difference::LinkMissing(repository, of) => {
            format!("{}: its link is missing", link(repository, of))
        }
        Difference::LinkWrong(repository, of) => {
            format!("{}: its link differs from the index", link(repository, of))
        }
        Difference::LinkUnknown(repository, of) => {
            format!("{}: not in the index", link(repository, of))
        }
        Difference::LinkDangling(repository, of) => {
            format!("{}: its link points to nothing", link(repository, of))
        }
        Difference::ManifestDamaged {
            repository,
            manifest,
        } => format!("manifest {repository}@{manifest}: its bytes are damaged"),
        Difference::NeededGone {
            repository,
            manifest,
            digest,
        } => format!("manifest {repository}@{manifest}: needs {digest}, which is missing"),
        Difference::NeededUnlinked {
            repository,
            manifest,
            digest,
        } => format!(
            "manifest {repository}@{manifest}: needs {digest}, which {repository} may not read"
        ),
        Difference::PlaceUnreadable(key, error) => {
            format!("{key}: can't be read: {}", without_numbers(error))
        }
        Difference::PlaceBlocked(key, error) => {
            format!("{key}: a change waits for it: {}", without_numbers(error))
        }
        Difference::PlaceForeign {
            key,
            directory,
            owner,
            user,
        } => format!(
            "{key}: a change waits for it: {directory} belongs to user {owner}, and the server is user \
             {user}"
        ),
        Difference::LeftElsewhere(key) => format!(
            "{key}: is not part of the layout of a registry, and is left there: regctl/lost+found is on \
             another file system"
        ),
        Difference::Stray(key) => format!("{key}: is not part of the layout of a registry"),
    }
}

/// The text for the remedy of a difference.
pub(in crate::cli) fn remedy(difference: &Difference) -> String {
    if let Difference::PlaceForeign {
        directory, user, ..
    } = difference
    {
        return format!("chown -R {user} {directory}");
    }
    let text = match difference.remedy() {
        Remedy::Derive => "check --repair adds it",
        Remedy::SetAside => "check --repair moves it to regctl/lost+found",
        Remedy::Push => "push an image with it again",
        Remedy::Operator => "check the device",
        Remedy::Remove => "remove it, or move it out of docker/registry/v2",
        Remedy::Clear => "make it readable and writable for the user of the server, or remove it",
    };
    text.to_owned()
}
