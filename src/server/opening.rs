//! Opens the registry of a root, and writes hints for its errors.

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
    if settings.index.is_some() && !root.is_frozen() {
        tracing::warn!("regctl.index has no effect: the root is writable");
    }
    let mut opened = try_open(root, settings).await?;
    // In steps, because another program can take what a start does not need.
    for release in [Reserve::release_part, Reserve::release] {
        let (Err(RegistryError::Full | RegistryError::QuotaUsed), Some(reserve)) =
            (&opened, root.reserve())
        else {
            break;
        };
        release(&reserve);
        opened = try_open(root, settings).await?;
    }
    let malformed = matches!(&opened, Err(RegistryError::Index(IndexError::Malformed(_))));
    if malformed && index::can_be_derived(&root.index_file()).await {
        let aside = root.set_index_aside()?;
        tracing::warn!(
            damaged = %aside.display(),
            "the index was damaged and is rebuilt: accounts, tokens, grants, stars, descriptions, \
             saved rules and the trash, which it alone has, were empty; pull counts and events are lost"
        );
        opened = try_open(root, settings).await?;
    }
    let (registry, reindexed) = opened.map_err(|error| explained(root, error))?;
    report(reindexed);
    Ok(registry)
}

async fn try_open(
    root: &Root,
    settings: &Settings,
) -> anyhow::Result<Result<(Registry, ReindexReport), RegistryError>> {
    let options = OpenOptions {
        reserve: root.reserve(),
        frozen: root.is_frozen(),
    };
    let (store, rules) = (root.store()?, rules(settings)?);
    let file = root.index_file();
    Ok(Registry::open_with(store, &file, rules, Clock::system(), options).await)
}

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
            "{file} is damaged: {text}; hint: restore it from a backup; without one, move {file}* \
             elsewhere and start again: repositories, manifests and tags are read from the \
             directory, while accounts, tokens, grants, stars, descriptions, saved rules and the \
             trash are in this file alone and have to be made again",
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
