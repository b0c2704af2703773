//! The administrator's page: accounts, groups, robots and rights.

use std::collections::BTreeMap;

use http::{Method, StatusCode};
use maud::{Markup, html};

use super::frame::Frame;
use super::lifetime;
use super::profile::{button, fresh_token, grant, scope, shown_scope, until, used};
use super::refusals::refusal;
use super::request::Fields;
use super::text::AccountText;
use super::{Answer, Fault, Pages, Request, format, html as answer};
use crate::admin::{AccountOperation, AccountReport, Password};
use crate::auth::{AccountRecord, GrantRecord, GroupRecord, Policy, TokenRecord};
use crate::oci::{AccountName, Action};

/// Where the forms go.
const PATH: &str = "/accounts";

/// The result of the last form.
enum Note {
    None,
    Refused(String),
    Done,
    Token(AccountName, Password),
}

/// The data of the page.
struct Listed {
    users: Vec<AccountRecord>,
    groups: Vec<GroupRecord>,
    robots: Vec<TokenRecord>,
    grants: Vec<GrantRecord>,
}

/// Answers `/accounts`.
pub(super) async fn page(pages: &Pages, request: &Request) -> Result<Answer, Fault> {
    if !pages.policy().is_some_and(Policy::has_own_accounts) || !request.visitor.is_admin() {
        // For other callers the page does not exist.
        return Err(Fault::NotFound);
    }
    pages.acting(request, &Action::Administer).await?;
    let note = if request.method == Method::POST {
        change(pages, request, &Fields::parse(&request.form)).await?
    } else {
        Note::None
    };
    let listed = list(pages, request).await?;
    let frame = Frame::new(pages, request);
    let text = frame.account;
    let content = html! {
        h1 { (text.accounts) }
        @match &note {
            Note::None => {},
            Note::Refused(reason) => p class="notice bad" role="alert" { (reason) },
            Note::Done => p class="notice" role="status" { (text.done) },
            Note::Token(owner, token) => (fresh_token(&frame, owner, token.reveal())),
        }
        section { (users(&frame, &listed.users)) }
        section { h2 { (text.groups) } (groups(&frame, &listed.groups)) }
        section { h2 { (text.robots) } (robots(&frame, &listed.robots)) }
        section { h2 { (text.rights) } (rights(&frame, &listed.grants)) }
    };
    let status = match note {
        Note::Refused(_) => StatusCode::BAD_REQUEST,
        _ => StatusCode::OK,
    };
    let crumbs = [(text.accounts.to_owned(), None)];
    Ok(answer(
        status,
        frame.page(text.accounts, &crumbs, "", &content),
    ))
}

async fn ask(
    pages: &Pages,
    request: &Request,
    operation: AccountOperation,
) -> Result<AccountReport, Fault> {
    let report = pages
        .operate(request, &Action::Administer, operation)
        .await?;
    report.map_err(|failure| Fault::failed(&failure))
}

async fn list(pages: &Pages, request: &Request) -> Result<Listed, Fault> {
    let mut listed = Listed {
        users: Vec::new(),
        groups: Vec::new(),
        robots: Vec::new(),
        grants: Vec::new(),
    };
    for operation in [
        AccountOperation::Users,
        AccountOperation::Groups,
        AccountOperation::Tokens { owner: None },
        AccountOperation::Rights { about: None },
    ] {
        match ask(pages, request, operation).await? {
            AccountReport::Users(users) => listed.users = users,
            AccountReport::Groups(groups) => listed.groups = groups,
            AccountReport::Tokens(tokens) => {
                listed.robots = tokens.into_iter().filter(|token| token.robot).collect();
            }
            AccountReport::Rights(rights) => listed.grants = rights.grants,
            _ => {}
        }
    }
    Ok(listed)
}

/// Executes the operation of a form.
async fn change(pages: &Pages, request: &Request, fields: &Fields) -> Result<Note, Fault> {
    let text = request.language().account_text();
    let operation = match operation(text, fields) {
        Ok(operation) => operation,
        Err(reason) => return Ok(Note::Refused(reason)),
    };
    let owner = match &operation {
        AccountOperation::CreateToken { owner, .. } => Some(owner.clone()),
        _ => None,
    };
    let report = pages
        .operate(request, &Action::Administer, operation)
        .await?;
    Ok(match (report, owner) {
        (Ok(AccountReport::Token { token, .. }), Some(owner)) => Note::Token(owner, token),
        (Ok(_), _) => Note::Done,
        (Err(failure), _) => Note::Refused(refusal(text, &failure)),
    })
}

/// Parses the operation of a form.
fn operation(text: &AccountText, fields: &Fields) -> Result<AccountOperation, String> {
    use AccountOperation as Do;
    let account = |name: &str| -> Result<AccountName, String> {
        let malformed = |_| text.name_malformed.replace("{}", name);
        name.parse().map_err(malformed)
    };
    let name = |field: &str| account(fields.text(field));
    let secret = |field: &str| {
        let text = fields.exact(field);
        (!text.is_empty()).then(|| Password::new(text))
    };
    let names = |field: &str| -> Result<Vec<AccountName>, String> {
        let texts = fields
            .text(field)
            .split([' ', ','])
            .filter(|text| !text.is_empty());
        texts.map(account).collect()
    };
    Ok(match fields.text("do") {
        "add-user" => Do::AddUser {
            name: name("name")?,
            password: secret("password"),
            admin: fields.text("admin") == "1",
        },
        "set-password" => Do::SetPassword {
            name: name("id")?,
            password: secret("password").ok_or(text.password_unsuitable)?,
            verified: None,
        },
        "disable" => Do::SetDisabled {
            name: name("id")?,
            disabled: true,
        },
        "enable" => Do::SetDisabled {
            name: name("id")?,
            disabled: false,
        },
        what @ ("promote" | "demote") => Do::SetAdmin {
            name: name("id")?,
            admin: what == "promote",
        },
        "remove" => Do::RemoveUser { name: name("id")? },
        "join" => Do::AddToGroup {
            group: name("group")?,
            accounts: names("accounts")?,
        },
        "leave" => Do::RemoveFromGroup {
            group: name("group")?,
            accounts: vec![name("id")?],
        },
        "remove-group" => Do::RemoveFromGroup {
            group: name("id")?,
            accounts: Vec::new(),
        },
        "add-robot" => Do::CreateToken {
            label: fields.text("label").chars().take(100).collect(),
            owner: name("name")?,
            robot: true,
            scope: Some(scope(text, fields.text("scope"))?.unwrap_or_default()),
            lifetime: lifetime::read(fields),
        },
        "revoke-token" => Do::RevokeToken {
            token: fields.text("id").to_owned(),
            owner: None,
        },
        "grant" | "revoke" => {
            let grantee = fields.text("grantee");
            let malformed = |_| text.name_malformed.replace("{}", grantee);
            let grantee = grantee.parse().map_err(malformed)?;
            let grant = grant(text, fields.text("grant"))?;
            if fields.text("do") == "grant" {
                Do::Grant { grantee, grant }
            } else {
                Do::Revoke { grantee, grant }
            }
        }
        _ => return Err(text.unknown_form.to_owned()),
    })
}

fn users(frame: &Frame<'_>, users: &[AccountRecord]) -> Markup {
    let text = frame.account;
    html! {
        div class="scroll" { table class="list" {
            thead { tr {
                th scope="col" { (text.account) }
                th scope="col" { (text.groups) }
                th scope="col" { (frame.text.created) }
                th scope="col" { (text.last_use) }
                th scope="col" { (text.actions) }
            } }
            tbody { @for user in users { tr {
                th scope="row" {
                    (user.name)
                    @if user.admin { " " span class="mark" { (text.administrator) } }
                    @if user.disabled { " " span class="mark" { (text.disabled) } }
                    @if !user.has_password && user.provider.is_none() { " " span class="mark" { (text.no_password) } }
                }
                td data-label=(text.groups) {
                    (user.groups.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
                }
                td data-label=(frame.text.created) { (format::age(frame.language, user.created_at, frame.now)) }
                td data-label=(text.last_use) { (used(frame, user.used_at)) }
                td class="actions" {
                    @if user.disabled { (button(frame, PATH, "enable", user.name.as_str(), text.enable)) }
                    @else { (button(frame, PATH, "disable", user.name.as_str(), text.disable)) }
                    @if user.admin { (button(frame, PATH, "demote", user.name.as_str(), text.no_administrator)) }
                    @else { (button(frame, PATH, "promote", user.name.as_str(), text.make_administrator)) }
                    (button(frame, PATH, "remove", user.name.as_str(), text.remove))
                }
            } } }
        } }
        details { summary { (text.add_account) }
            (form(frame, "add-user", text.add_account, &html! {
                label for="user-name" { (frame.text.name) }
                input id="user-name" name="name" required maxlength="128" autocomplete="off"
                    autocapitalize="none" spellcheck="false";
                label for="user-password" { (text.password) }
                input id="user-password" name="password" type="password" autocomplete="new-password";
                label { input type="checkbox" name="admin" value="1"; " " (text.administrator) }
            }))
        }
        details { summary { (text.set_password) }
            (form(frame, "set-password", text.set_password, &html! {
                label for="password-of" { (text.account) }
                input id="password-of" name="id" required maxlength="128" autocomplete="off";
                label for="password-new" { (text.new_password) }
                input id="password-new" name="password" type="password" required
                    autocomplete="new-password";
            }))
        }
    }
}

fn form(frame: &Frame<'_>, what: &str, label: &str, fields: &Markup) -> Markup {
    html! {
        form class="fields" method="post" action=(frame.links.path(PATH)) {
            (frame.form_token())
            input type="hidden" name="do" value=(what);
            (fields)
            button type="submit" { (label) }
        }
    }
}

fn groups(frame: &Frame<'_>, groups: &[GroupRecord]) -> Markup {
    let text = frame.account;
    html! {
        @if !groups.is_empty() { div class="scroll" { table class="list" {
            thead { tr {
                th scope="col" { (text.group) }
                th scope="col" { (text.members) }
                th scope="col" { (text.actions) }
            } }
            tbody { @for group in groups { tr {
                th scope="row" { (group.name) }
                td data-label=(text.members) {
                    (group.members.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
                }
                td class="actions" { (button(frame, PATH, "remove-group", group.name.as_str(), text.remove)) }
            } } }
        } } }
        details { summary { (text.join_group) }
            (form(frame, "join", text.join_group, &html! {
                label for="group" { (text.group) }
                input id="group" name="group" required maxlength="128" autocomplete="off";
                label for="members" { (text.members) }
                input id="members" name="accounts" required autocomplete="off";
            }))
        }
        details { summary { (text.leave_group) }
            (form(frame, "leave", text.leave_group, &html! {
                label for="left-group" { (text.group) }
                input id="left-group" name="group" required maxlength="128" autocomplete="off";
                label for="left-by" { (text.account) }
                input id="left-by" name="id" required maxlength="128" autocomplete="off";
            }))
        }
    }
}

fn robots(frame: &Frame<'_>, robots: &[TokenRecord]) -> Markup {
    let text = frame.account;
    html! {
        @if !robots.is_empty() { div class="scroll" { table class="list" {
            thead { tr {
                th scope="col" { (text.robot) }
                th scope="col" { (text.scope) }
                th scope="col" { (text.expires) }
                th scope="col" { (text.last_use) }
                th scope="col" { (text.actions) }
            } }
            tbody { @for token in robots { tr {
                th scope="row" { (token.owner) " " span class="dim" { (token.label) } }
                td data-label=(text.scope) { (shown_scope(frame, token)) }
                td data-label=(text.expires) { (until(frame, token.expires_at)) }
                td data-label=(text.last_use) { (used(frame, token.used_at)) }
                td class="actions" { (button(frame, PATH, "revoke-token", &token.id, text.revoke)) }
            } } }
        } } }
        details { summary { (text.add_robot) }
            (form(frame, "add-robot", text.add_robot, &html! {
                label for="robot" { (text.robot) }
                input id="robot" name="name" required maxlength="128" autocomplete="off";
                label for="robot-label" { (text.token_name) }
                input id="robot-label" name="label" required maxlength="100" autocomplete="off";
                label for="robot-scope" { (text.rights) }
                input id="robot-scope" name="scope" required placeholder="team/*:pull,push"
                    autocomplete="off" spellcheck="false";
                (lifetime::field(frame))
            }))
        }
    }
}

fn rights(frame: &Frame<'_>, grants: &[GrantRecord]) -> Markup {
    let text = frame.account;
    let mut by_grantee: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for record in grants {
        let grants = by_grantee.entry(record.grantee.as_str()).or_default();
        grants.push(record.grant.to_string());
    }
    html! {
        @if !grants.is_empty() { div class="scroll" { table class="list" {
            thead { tr {
                th scope="col" { (text.grantee) }
                th scope="col" { (text.rights) }
            } }
            tbody { @for (grantee, grants) in &by_grantee { tr {
                th scope="row" { (grantee) }
                td data-label=(text.rights) {
                    @for grant in grants {
                        form class="actions" method="post" action=(frame.links.path(PATH)) {
                            (frame.form_token())
                            input type="hidden" name="do" value="revoke";
                            input type="hidden" name="grantee" value=(grantee);
                            input type="hidden" name="grant" value=(grant);
                            span class="mono" { (grant) }
                            button type="submit" class="link" { (text.revoke) }
                        }
                    }
                }
            } } }
        } } }
        details { summary { (text.grant) }
            (form(frame, "grant", text.grant, &html! {
                label for="grantee" { (text.grantee_hint) }
                input id="grantee" name="grantee" required maxlength="128" autocomplete="off";
                label for="grant" { (text.rights) }
                input id="grant" name="grant" required placeholder="team/*:pull,push"
                    autocomplete="off" spellcheck="false";
            }))
        }
    }
}
