//! Opens the registry of a root, and writes hints for its errors.

use std::path::Path;
use std::sync::Arc;

use anyhow::anyhow;

use super::root::Root;
use super::rules::rules;
use crate::clock::Clock;
use crate::config::Settings;
use crate::index::{self, IndexError};
use crate::registry::{OpenOptions, Registry, RegistryError, ReindexReport};
use crate::store::Reserve;

/// Opens the registry, and logs what was reindexed. A damaged index is rebuilt if nothing would be
/// lost.
pub(super) async fn open(root: &Root, settings: &Settings) -> anyhow::Result<Registry> {
    if settings.storage.read_only && settings.index.is_some() && !root.is_frozen() {
        tracing::warn!("regctl.index has no effect: the root is writable");
    }
    look_at_index(root)?;
    let reserve = root.reserve();
    let mut opened = try_open(root, settings, reserve.clone()).await?;
    // In steps, because another program can take what a start does not need.
    for release in [Reserve::release_part, Reserve::release] {
        let (Err(RegistryError::Full | RegistryError::QuotaUsed), Some(reserve)) =
            (&opened, &reserve)
        else {
            break;
        };
        release(reserve);
        // The same one: another would be made again at once, with what was released.
        opened = try_open(root, settings, Some(Arc::clone(reserve))).await?;
    }
    let malformed = matches!(&opened, Err(RegistryError::Index(IndexError::Malformed(_))));
    if malformed && index::can_be_derived(&root.index_file()).await {
        let aside = root.set_index_aside()?;
        tracing::warn!(
            damaged = %aside.display(),
            "the index was damaged and is rebuilt: accounts, tokens, grants, stars, descriptions, \
             saved rules and the trash, which it alone has, were empty; pull counts and events are lost"
        );
        opened = try_open(root, settings, reserve).await?;
    }
    let (registry, reindexed) = opened.map_err(|error| explained(root, error))?;
    report(reindexed);
    Ok(registry)
}

async fn try_open(
    root: &Root,
    settings: &Settings,
    reserve: Option<Arc<Reserve>>,
) -> anyhow::Result<Result<(Registry, ReindexReport), RegistryError>> {
    let options = OpenOptions {
        reserve,
        frozen: root.is_frozen(),
    };
    let (store, rules) = (root.store()?, rules(settings)?);
    let file = root.index_file();
    root.create_index();
    Ok(Registry::open_with(store, &file, rules, Clock::system(), options).await)
}

/// Reports what is at the path of the index instead of an index.
fn look_at_index(root: &Root) -> anyhow::Result<()> {
    let file = root.index_file();
    if let Some((path, what)) = index::occupant(&file) {
        return Err(occupied(&path, what, false));
    }
    if index::is_empty(&file) {
        if root.had_index() {
            let empty = IndexError::Malformed("it is empty".to_owned());
            return Err(explained(root, empty.into()));
        }
        tracing::warn!(
            file = %file.display(),
            "the file of the index was empty, as a first start that was interrupted leaves it: the \
             index is made from the data directory"
        );
    }
    Ok(())
}

/// The error for a path of the index at which something else is.
pub(super) fn occupied(path: &Path, what: &str, is_read_only: bool) -> anyhow::Error {
    anyhow!(
        "{} is {what}, and not a file of the index; hint: {}move it elsewhere, restore the index from \
         a backup if there is one, and start again: {WITHOUT_INDEX}",
        path.display(),
        first_step(is_read_only)
    )
}

fn first_step(is_read_only: bool) -> &'static str {
    if is_read_only {
        "the root is read-only: mount it writable first; then "
    } else {
        ""
    }
}

/// What a start without an index means.
const WITHOUT_INDEX: &str = "without an index, repositories, manifests and tags are read from the \
    directory, while accounts, tokens, grants, stars, descriptions, saved rules and the trash are in \
    this file alone and have to be made again";

fn explained(root: &Root, error: RegistryError) -> anyhow::Error {
    let file = root.lasting_index();
    let file = file.display();
    match error {
        RegistryError::Full => anyhow!(
            "{} is full, and no space is reserved there yet; hint: free 32 MiB on its device, then \
             start again: regctl gc frees more",
            root.description(),
        ),
        RegistryError::RootLost { found, known, .. } => anyhow!(
            "{} has {found} of the {known} manifests in its index; hint: mount the right \
             disk, or, if they are really gone, remove {file} and start again: accounts, tokens, \
             grants, stars, descriptions, saved rules and the trash, which are in this file alone, \
             go with it",
            root.description(),
        ),
        RegistryError::Index(IndexError::Malformed(text)) => anyhow!(
            "{file} is damaged: {text}; hint: {first}restore it from a backup or, if there is none, \
             move {file}* elsewhere, and start again: {WITHOUT_INDEX}",
            first = first_step(root.forgets()),
        ),
        error => {
            anyhow::Error::new(error).context(format!("open the data in {}", root.description()))
        }
    }
}

fn report(reindexed: ReindexReport) {
    if !reindexed.is_unchanged() {
        tracing::info!(
            blobs = reindexed.blobs,
            manifests = reindexed.manifests,
            tags = reindexed.tags,
            removed = reindexed.removed,
            "reindexed content of the data directory that was not in the index"
        );
    }
}
