//! Keys without effect, because another key is missing or says otherwise: one warning each.
//!
//! A key that would be missed by an operator who relies on its effect is an error where it is read;
//! here are the others.

use super::access::AccessSettings;
use super::error::Place;
use super::places::plain;
use super::section::Warnings;
use super::settings::{IndexPlatforms, ListenAddress, Settings};

/// Why nothing is done on a schedule.
const READ_ONLY: &str = "has no effect while storage.maintenance.readonly is enabled";
const NO_SIGN_IN: &str = "has no effect without a sign-in: auth, or regctl.accounts.enabled";

/// Warns about keys and sections among the `values` of a tree that have no effect with `settings`.
pub(super) fn warn(
    values: &[(String, String, Place)],
    settings: &Settings,
    warnings: &mut Warnings,
) {
    for (key, instead) in unused(settings) {
        let found = values
            .iter()
            .filter(|(path, text, _)| !text.is_empty() && is_within(path, key))
            .min_by_key(|(_, _, place)| (place.line, place.column));
        if let Some((_, _, place)) = found {
            warnings.add(place, key, instead);
        }
    }
}

/// Whether a path is that of a key, or of a key in this section.
fn is_within(path: &str, key: &str) -> bool {
    let (path, key) = (plain(path), plain(key));
    let rest = path.strip_prefix(&key);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// The keys and sections without effect, each with the reason.
fn unused(settings: &Settings) -> Vec<(&'static str, &'static str)> {
    let Settings {
        access,
        storage,
        http,
        validation,
        collection,
        index,
        scrub,
        reach,
        ..
    } = settings;
    let read_only = storage.read_only;
    let is_open = *access == AccessSettings::Open;
    let no_first_admin = matches!(
        access,
        AccessSettings::Accounts {
            first_admin: None,
            ..
        }
    );
    let platforms = &validation.index_platforms;
    let no_platform = *platforms == IndexPlatforms::List(Vec::new());
    let is_listed = matches!(platforms, IndexPlatforms::List(_));
    let all = [
        (
            "http.tls.minimumtls",
            "has no effect: there is no http.tls.certificate",
            http.tls.is_none(),
        ),
        (
            "storage.maintenance.uploadpurging",
            READ_ONLY,
            read_only && storage.upload_purging.is_some(),
        ),
        ("regctl.gc.schedule", READ_ONLY, read_only),
        ("regctl.scrub", READ_ONLY, read_only && scrub.is_some()),
        (
            "regctl.gc.untagged",
            "has no effect without regctl.gc.schedule",
            collection.schedule.is_none() && collection.untagged.is_some(),
        ),
        (
            "regctl.index",
            "has no effect without storage.maintenance.readonly.enabled: true",
            index.is_some() && !read_only,
        ),
        (
            "regctl.accounts.first-admin-password-file",
            "has no effect without regctl.accounts.first-admin",
            no_first_admin,
        ),
        (
            "regctl.limits.address.burst",
            "has no effect without regctl.limits.address.rate",
            reach.address_rate.is_none(),
        ),
        (
            "regctl.limits.account.burst",
            "has no effect without regctl.limits.account.rate",
            reach.account_rate.is_none(),
        ),
        (
            "regctl.limits.account",
            NO_SIGN_IN,
            is_open && reach.account_rate.is_some(),
        ),
        ("regctl.proxy-user-header", NO_SIGN_IN, is_open),
        (
            "regctl.socket",
            "has no effect without http.net: unix",
            matches!(http.address, ListenAddress::Tcp { .. }),
        ),
        (
            "validation.manifests.indexes.platformlist",
            "has no effect without platforms: list",
            validation.enabled && !is_listed,
        ),
        (
            "validation.manifests.indexes.platforms",
            "has no effect without a platformlist",
            no_platform,
        ),
    ];
    let unused = all.into_iter().filter(|(_, _, is_unused)| *is_unused);
    unused.map(|(key, instead, _)| (key, instead)).collect()
}
