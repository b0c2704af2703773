//! The person of an ID token: subject, name and groups in its claims.

use serde_json::Value;

use super::{GROUPS, OidcError, OidcSettings};
use crate::auth::claims::{Claims, shown, text};
use crate::index::OutsidePerson;
use crate::oci::AccountName;

/// Maximum number of ignored groups in a line of the log.
const LISTED: usize = 20;

/// A person whom the provider has signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    pub(super) person: OutsidePerson,
    /// Why the person has no name for a new account.
    pub(super) unnamed: Option<String>,
    /// Values of the groups claim that name no group, each with the reason.
    pub(super) ignored: Vec<String>,
    /// The configured groups claim, if the token does not have it.
    pub(super) without_groups: Option<String>,
}

impl SignedIn {
    /// Reads the claims of a verified token.
    pub(super) fn read(claims: &Claims, settings: &OidcSettings) -> Result<Self, OidcError> {
        let subject = text(claims, "sub").filter(|subject| !subject.is_empty());
        let subject = subject.ok_or(OidcError::Subject)?;
        let claim = &settings.name_claim;
        let name = text(claims, claim).and_then(|name| name.parse().ok());
        let unnamed = match (&name, claims.get(claim)) {
            (Some(_), _) => None,
            (None, None) => Some(format!("the ID token has no claim {claim}")),
            (None, Some(value)) => Some(format!(
                "the claim {claim} is {}, which is not an account name",
                shown(value)
            )),
        };
        let mut ignored = Vec::new();
        let (mut groups, mut without_groups) = (None, None);
        if let Some(claim) = &settings.groups_claim {
            match claims.get(claim) {
                None | Some(Value::Null) => without_groups = Some(claim.clone()),
                Some(Value::Array(values)) => groups = Some(read_groups(values, &mut ignored)),
                Some(one) => {
                    groups = Some(read_groups(std::slice::from_ref(one), &mut ignored));
                }
            }
        }
        Ok(Self {
            person: OutsidePerson {
                issuer: settings.issuer.clone(),
                subject: subject.to_owned(),
                name,
                groups,
            },
            unnamed,
            ignored,
            without_groups,
        })
    }

    /// Reports in one line which groups the sign-in of an account did not change, and why.
    /// `refused` are those that the index refused.
    pub(super) fn report(&self, account: &AccountName, refused: &[String], request: &str) {
        let user = account.as_str();
        if let Some(claim) = &self.without_groups {
            tracing::warn!(
                user,
                request,
                "the ID token has no claim {claim}: the groups of the account stay as they are"
            );
        }
        let ignored: Vec<&str> = self
            .ignored
            .iter()
            .chain(refused)
            .map(String::as_str)
            .collect();
        if ignored.is_empty() {
            return;
        }
        let mut list = ignored.get(..LISTED).unwrap_or(&ignored).join(", ");
        if let Some(more) = ignored.len().checked_sub(LISTED).filter(|more| *more > 0) {
            list.extend([" and ", &more.to_string(), " more"]);
        }
        tracing::warn!(user, request, "groups of the ID token were ignored: {list}");
    }
}

/// The groups in the values of a claim. Keycloak writes a group with its path; that of a group
/// without a parent begins with a slash.
fn read_groups(values: &[Value], ignored: &mut Vec<String>) -> Vec<AccountName> {
    let mut groups: Vec<AccountName> = Vec::new();
    for value in values {
        let text = value.as_str().unwrap_or_default();
        match text.strip_prefix('/').unwrap_or(text).parse() {
            Ok(group) if groups.contains(&group) => {}
            Ok(_) if groups.len() >= GROUPS => {
                ignored.push(format!("{} (there are more than {GROUPS})", shown(value)));
            }
            Ok(group) => groups.push(group),
            Err(_) => ignored.push(format!("{} (not a group name)", shown(value))),
        }
    }
    groups
}
