//! The section `storage`: the driver, and the permitted operations.
//!
//! Every key of the section that is not an option is the name of a driver; at most one is allowed.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::error::ConfigError;
use super::interpret::Basis;
use super::section::{Field, Section, Warnings, refused, unsupported};
use super::settings::{StorageDriver, StorageSettings, UploadPurging};
use super::values;

/// Default root of registry:2.
pub(super) const REGISTRY_ROOT: &str = "/var/lib/registry";
/// The drivers of registry:2 and registry:3.
const DRIVERS: [&str; 9] = [
    "filesystem",
    "inmemory",
    "s3",
    "s3aws",
    "gcs",
    "azure",
    "oss",
    "swift",
    "rados",
];

pub(super) fn storage_settings(
    top: &mut Section,
    basis: Basis,
    root: Option<&Path>,
    warnings: &mut Warnings,
) -> Result<StorageSettings, ConfigError> {
    let mut storage = match top.take("storage") {
        Some(mut field) => {
            field.node.expand_choice();
            Section::of(field.path, field.node)?
        }
        None => top.section("storage")?,
    };
    let mut delete = storage.section("delete")?;
    let allowed = delete.value("enabled", values::boolean)?;
    delete.finish(warnings);

    let mut maintenance = storage.section("maintenance")?;
    let upload_purging = upload_purging(&mut maintenance, warnings)?;
    let mut readonly = maintenance.section("readonly")?;
    let read_only = readonly.value("enabled", values::boolean)?;
    readonly.finish(warnings);
    maintenance.finish(warnings);

    cache(&mut storage, warnings)?;
    // Redirects are for the storage of other drivers, which do not exist here.
    let mut redirect = storage.section("redirect")?;
    redirect.value("disable", values::boolean)?;
    redirect.finish(warnings);
    storage.ignore(
        "tag",
        "has no effect: tags are looked up in the index",
        warnings,
    );

    Ok(StorageSettings {
        driver: driver(storage, basis, root, warnings)?,
        delete: allowed.unwrap_or(basis == Basis::Nothing),
        read_only: read_only.unwrap_or(false),
        upload_purging,
    })
}

/// The driver: the one key that remains after the options.
fn driver(
    mut storage: Section,
    basis: Basis,
    root: Option<&Path>,
    warnings: &mut Warnings,
) -> Result<StorageDriver, ConfigError> {
    let mut chosen: Option<(String, Field)> = None;
    for (name, field) in storage.rest() {
        match &chosen {
            None => chosen = Some((name, field)),
            Some((first, _)) if DRIVERS.contains(&name.as_str()) => {
                let reason = format!("is a second storage driver, beside storage.{first}");
                return Err(refused(field, reason, "keep one of the two"));
            }
            Some(_) => return Err(other_driver(&name, field)),
        }
    }
    let configured = match chosen {
        None => None,
        Some((name, field)) => match name.as_str() {
            "filesystem" => root_directory(field, warnings)?,
            "inmemory" => {
                Section::of(field.path, field.node)?.finish(warnings);
                if root.is_none() {
                    return Ok(StorageDriver::Memory);
                }
                None
            }
            other => return Err(other_driver(other, field)),
        },
    };
    let root = match (root, configured, basis) {
        (Some(root), _, _) => root.to_owned(),
        (None, Some(root), _) => root,
        (None, None, Basis::File) => PathBuf::from(REGISTRY_ROOT),
        (None, None, Basis::Nothing) => default_root().ok_or(ConfigError::NoDataDirectory)?,
    };
    Ok(StorageDriver::Filesystem { root })
}

/// The root without a configuration.
pub fn default_root() -> Option<PathBuf> {
    Some(dirs::data_dir()?.join("regctl"))
}

fn root_directory(field: Field, warnings: &mut Warnings) -> Result<Option<PathBuf>, ConfigError> {
    let mut filesystem = Section::of(field.path, field.node)?;
    let root = filesystem.text("rootdirectory")?;
    if let Some(field) = filesystem.take("maxthreads") {
        let place = field.node.place.clone();
        let path = field.path.clone();
        field.read(values::number)?;
        warnings.add(
            &place,
            &path,
            "has no effect: regctl bounds its file operations by itself",
        );
    }
    filesystem.finish(warnings);
    Ok(root.map(PathBuf::from))
}

fn other_driver(name: &str, field: Field) -> ConfigError {
    if DRIVERS.contains(&name) {
        unsupported(
            field,
            "is a storage driver that regctl does not have",
            "copy the data to a directory and name it in storage.filesystem.rootdirectory",
        )
    } else {
        unsupported(
            field,
            "is neither a storage driver nor an option of the storage",
            "name filesystem or inmemory",
        )
    }
}

fn upload_purging(
    maintenance: &mut Section,
    warnings: &mut Warnings,
) -> Result<Option<UploadPurging>, ConfigError> {
    const HOUR: Duration = Duration::from_hours(1);
    let mut purging = maintenance.section("uploadpurging")?;
    let enabled = purging.value("enabled", values::boolean)?;
    let age = purging.value("age", values::duration)?;
    let interval = purging.value("interval", values::positive_duration)?;
    let dry_run = purging.value("dryrun", values::boolean)?;
    purging.finish(warnings);
    Ok(enabled.unwrap_or(true).then(|| UploadPurging {
        age: age.unwrap_or(168 * HOUR),
        interval: interval.unwrap_or(24 * HOUR),
        dry_run: dry_run.unwrap_or(false),
    }))
}

/// regctl caches by itself; the kind of cache matters only if another one was requested.
fn cache(storage: &mut Section, warnings: &mut Warnings) -> Result<(), ConfigError> {
    let mut cache = storage.section("cache")?;
    for key in ["blobdescriptor", "layerinfo"] {
        if let Some(field) = cache.take(key) {
            let place = field.node.place.clone();
            let path = field.path.clone();
            if field.read(|kind| Ok(kind != "inmemory"))? {
                warnings.add(&place, &path, "has no effect: regctl caches in memory");
            }
        }
    }
    cache.ignore(
        "blobdescriptorsize",
        "has no effect: regctl bounds its cache by itself",
        warnings,
    );
    cache.finish(warnings);
    Ok(())
}
