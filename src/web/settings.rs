//! The settings of a repository: star, description, visibility, rights.

use http::{Method, StatusCode};
use maud::{Markup, html};

use super::frame::Frame;
use super::request::Fields;
use super::{Answer, Fault, Pages, Request, html as answer, moved};
use crate::admin::{AccountOperation, AccountReport, RightsReport};
use crate::clock::Clock;
use crate::oci::{Action, Repository};

/// How many accounts have starred a repository, and whether the caller has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stars {
    count: u64,
    own: bool,
    /// Whether the caller can star it here.
    may_star: bool,
}

/// The stars of a repository; `None` without accounts.
pub(super) async fn stars(pages: &Pages, request: &Request, name: &Repository) -> Option<Stars> {
    let (_, registry) = pages.accounts.as_ref()?;
    let account = request.visitor.account();
    if !pages.has_sign_in() {
        return None;
    }
    let (count, own) = registry.index().stars(name, account).await.ok()?;
    let may_star =
        request.visitor.session.is_some() && pages.may(request, &Action::Star(name.clone())).await;
    Some(Stars {
        count,
        own,
        may_star,
    })
}

/// The button to star a repository, or the number of stars.
pub(super) fn star_button(frame: &Frame<'_>, name: &Repository, stars: Stars) -> Markup {
    let text = frame.account;
    let count = super::format::number(stars.count);
    html! {
        @if stars.may_star {
            form method="post" action=(frame.links.path(&format!("/r/{name}/-/star"))) {
                (frame.form_token())
                input type="hidden" name="starred" value=(if stars.own { "0" } else { "1" });
                button type="submit" {
                    @if stars.own { "★ " (text.unstar) } @else { "☆ " (text.star) } " " (count)
                }
            }
        } @else { span class="mark" { "★ " (count) } }
    }
}

/// Answers `POST /r/NAME/-/star`.
pub(super) async fn star(
    pages: &Pages,
    request: &Request,
    name: &Repository,
) -> Result<Answer, Fault> {
    let registry = pages.acting(request, &Action::Star(name.clone())).await?;
    let account = request.visitor.account().ok_or(Fault::Forbidden)?;
    let starred = Fields::parse(&request.form).text("starred") == "1";
    let now = Clock::system().now();
    let done = registry
        .index()
        .star(name.clone(), account.clone(), starred, now);
    match done.await {
        Ok(Some(_)) => Ok(moved(&format!("{}/r/{name}", pages.settings.base))),
        Ok(None) => Err(Fault::NotFound),
        Err(error) => Err(Fault::failed(&error)),
    }
}

/// Answers `/r/NAME/-/settings`.
pub(super) async fn page(
    pages: &Pages,
    request: &Request,
    name: &Repository,
) -> Result<Answer, Fault> {
    let describe = Action::Describe(name.clone());
    pages.acting(request, &describe).await?;
    let details = pages
        .source(request)
        .repository(&request.visibility, name)
        .await?;
    let may_administer =
        request.visitor.is_admin() && pages.acting(request, &Action::Administer).await.is_ok();
    if request.method == Method::POST {
        let fields = Fields::parse(&request.form);
        let (action, operation) = match fields.text("do") {
            "describe" => (
                describe,
                AccountOperation::Describe {
                    repository: name.clone(),
                    text: fields.exact("text").replace("\r\n", "\n"),
                },
            ),
            "visibility" => (
                Action::Administer,
                AccountOperation::SetVisibility {
                    repository: name.clone(),
                    public: fields.text("public") == "1",
                },
            ),
            _ => return Err(Fault::NotFound),
        };
        return match pages.operate(request, &action, operation).await? {
            Ok(_) => Ok(moved(&format!("{}/r/{name}", pages.settings.base))),
            Err(failure) => Err(Fault::failed(&failure)),
        };
    }
    let text_now = pages
        .source(request)
        .readme(&request.visibility, name)
        .await?;
    let rights = if may_administer {
        let about = Some(name.to_string());
        let operation = AccountOperation::Rights { about };
        match pages
            .operate(request, &Action::Administer, operation)
            .await?
        {
            Ok(AccountReport::Rights(rights)) => Some(rights),
            _ => None,
        }
    } else {
        None
    };
    let frame = Frame::new(pages, request);
    let text = frame.account;
    let path = frame.links.path(&format!("/r/{name}/-/settings"));
    let content = html! {
        h1 { (text.settings) " " span class="dim" { (name) } }
        form class="fields wide" method="post" action=(path) {
            (frame.form_token())
            input type="hidden" name="do" value="describe";
            label for="text" { (text.description) }
            textarea id="text" name="text" rows="16" maxlength="60000" {
                "\n" (text_now.as_deref().unwrap_or_default())
            }
            button type="submit" class="main" { (text.save) }
        }
        @if let Some(rights) = &rights {
            (visibility(&frame, &path, details.item.public == Some(true)))
            (who(&frame, rights))
        }
    };
    let mut crumbs = frame.crumbs(name, true);
    crumbs.push((text.settings.to_owned(), None));
    let title = format!("{} – {name}", text.settings);
    Ok(answer(
        StatusCode::OK,
        frame.page(&title, &crumbs, "", &content),
    ))
}

fn visibility(frame: &Frame<'_>, path: &str, is_public: bool) -> Markup {
    let text = frame.account;
    html! {
        section {
            h2 { (text.visibility) }
            form class="fields" method="post" action=(path) {
                (frame.form_token())
                input type="hidden" name="do" value="visibility";
                label { input type="checkbox" name="public" value="1" checked[is_public];
                    " " (text.everybody_pulls) }
                button type="submit" { (text.save) }
            }
        }
    }
}

/// Who may do what with a repository.
fn who(frame: &Frame<'_>, rights: &RightsReport) -> Markup {
    let text = frame.account;
    html! {
        section {
            h2 { (text.who_may) }
            div class="scroll" { table class="list" {
                thead { tr {
                    th scope="col" { (text.grantee) }
                    th scope="col" { (text.rights) }
                } }
                tbody {
                    @for name in &rights.administrators {
                        tr { th scope="row" { (name) } td data-label=(text.rights) { (text.administrator) } }
                    }
                    @for record in &rights.grants {
                        tr {
                            th scope="row" { (record.grantee.as_str()) }
                            td class="mono" data-label=(text.rights) { (record.grant) }
                        }
                    }
                    @for robot in &rights.robots {
                        tr {
                            th scope="row" { (robot.robot) " (" (robot.token) ")" }
                            td class="mono" data-label=(text.rights) { (robot.grant) }
                        }
                    }
                }
            } }
        }
    }
}
