//! Why the registry did not do what somebody asked for on a page, in the language of the page.

use super::format;
use super::tags::short;
use super::text::AccountText;
use crate::admin::{Failure, Reason};
use crate::registry::RegistryError;

/// The reason in words. A reason that is no business of the person is in the log alone.
pub(super) fn why(text: &AccountText, error: &RegistryError) -> String {
    match error {
        RegistryError::ManifestUnknown { .. }
        | RegistryError::NameUnknown(_)
        | RegistryError::BlobUnknown(_) => text.not_there.to_owned(),
        RegistryError::DeleteDisabled => text.delete_disabled.to_owned(),
        RegistryError::ReadOnly | RegistryError::DeviceReadOnly => text.read_only.to_owned(),
        RegistryError::Full | RegistryError::QuotaUsed => text.no_space.to_owned(),
        RegistryError::NotInTrash(_) => text.not_in_trash.to_owned(),
        RegistryError::TagMoved { digest, .. } => text.tag_moved.replace("{}", &short(digest)),
        RegistryError::BlobsMissing(missing)
        | RegistryError::ChildrenMissing(missing)
        | RegistryError::RestoreIncomplete { missing, .. } => {
            let count = format::number(missing.len() as u64);
            text.content_missing.replace("{}", &count)
        }
        error => {
            tracing::error!(%error, "an action of a page has failed");
            text.action_failed.to_owned()
        }
    }
}

/// Why an operation of the administration was refused. Reasons without a code are in English.
pub(super) fn refusal(text: &AccountText, failure: &Failure) -> String {
    match &failure.reason {
        Reason::NoSuchName { name } => text.no_such_name.replace("{}", name),
        Reason::NameTaken { name } => text.name_taken.replace("{}", name.as_str()),
        Reason::NameReserved { name } => text.name_reserved.replace("{}", name.as_str()),
        Reason::RobotGranted { name } => text.robot_granted.replace("{}", name.as_str()),
        Reason::InvalidPassword => text.password_unsuitable.to_owned(),
        Reason::PasswordChanged => text.wrong_old_password.to_owned(),
        Reason::LastAdministrator => text.last_administrator.to_owned(),
        Reason::Full | Reason::QuotaUsed => text.no_space.to_owned(),
        Reason::DeviceReadOnly | Reason::ReadOnlyRoot => text.read_only.to_owned(),
        _ => failure.message.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::text::Language;
    use super::*;
    use crate::oci::Digest;
    use crate::registry::Restorable;

    #[test]
    fn reasons_have_the_language_of_the_page_and_show_no_internals() {
        let digest: Digest = format!("sha256:{}", "ab".repeat(32)).parse().unwrap();
        let tag = Restorable::Tag("team/app".parse().unwrap(), "1".parse().unwrap());
        let moved = RegistryError::TagMoved { what: tag, digest };
        assert!(why(Language::English.account_text(), &moved).contains("abababab"));
        let chinese = Language::Chinese.account_text();
        let failing = RegistryError::DeviceFailing("/srv/secret: EIO".into());
        for error in [RegistryError::Full, RegistryError::DeleteDisabled, failing] {
            let message = why(chinese, &error);
            assert!(!message.contains("secret"), "{message}");
            assert!(
                message.chars().any(|letter| letter > '\u{4e00}'),
                "{message}"
            );
        }
    }
}
