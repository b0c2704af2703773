//! The form that tries a retention rule, shows its effect, and saves it.
//!
//! A rule is tried with a query, which changes nothing. The button that saves it belongs to another
//! form, with the rule whose effect is shown, so that no other is saved.

use http::StatusCode;
use maud::{Markup, html};

use super::collection::{DAY, PATH};
use super::frame::Frame;
use super::request::Fields;
use super::retention::{effect, effect_text, sentence};
use super::text::UpkeepText;
use super::{Fault, Pages, Request, refusals};
use crate::admin::{
    Entry, Failure, FailureKind, Operation, Reason, RetentionRule, RetentionRules, RuleRemoved,
    RuleSaved,
};
use crate::clock::Millis;
use crate::oci::{Action, RuleError};

/// Maximum number of days: those of 100 years.
const DAYS: u32 = 36_500;
/// What the form that saves a rule does.
pub(super) const SAVE: &str = "save-rule";
/// The fields of the form.
const FIELDS: [&str; 8] = [
    "try",
    "repositories",
    "keep-last",
    "older-than",
    "not-pulled-for",
    "match",
    "exclude",
    "all",
];

/// Parses the rule of a form. The error is a sentence.
fn rule_of(fields: &Fields, text: &UpkeepText) -> Result<RetentionRule, &'static str> {
    let patterns = |name: &str| -> Vec<String> {
        let words = fields.text(name).split_whitespace();
        words.map(str::to_owned).collect()
    };
    let number = |name: &str, most: u32| match fields.text(name) {
        "" => Ok(None),
        number => match number.parse::<u32>() {
            Ok(number) if number <= most => Ok(Some(number)),
            _ => Err(text.bad_number),
        },
    };
    let days = |name: &str| {
        let days = number(name, DAYS);
        days.map(|days| days.map(|days| Millis::from(days) * DAY))
    };
    let rule = RetentionRule {
        repositories: patterns("repositories"),
        keep_last: number("keep-last", u32::MAX)?,
        older_than: days("older-than")?,
        matching: patterns("match"),
        exclude: patterns("exclude"),
        not_pulled_for: days("not-pulled-for")?,
        all: fields.text("all") == "1",
    };
    match rule.check() {
        Ok(()) => {}
        Err(RuleError::NoRepositories) => return Err(text.which_repositories),
        Err(RuleError::NoCondition) => return Err(text.which_tags),
        Err(RuleError::TooManyPatterns) => return Err(text.too_many_patterns),
        Err(RuleError::Pattern) => return Err(text.bad_pattern),
        Err(RuleError::Age) => return Err(text.bad_number),
    }
    Ok(rule)
}

/// Saves the rule of a form, or removes a saved one. Returns the query of the page that says so, or
/// the refusal.
pub(super) async fn change(
    pages: &Pages,
    request: &Request,
    fields: &Fields,
) -> Result<Result<String, (StatusCode, String)>, Fault> {
    if pages.settings.browse_only {
        return Err(Fault::Forbidden);
    }
    let text = request.language().upkeep_text();
    let operation = match fields.text("do") {
        SAVE => match rule_of(fields, text) {
            Ok(rule) => Operation::SaveRule { rule },
            Err(reason) => return Ok(Err((StatusCode::BAD_REQUEST, reason.to_owned()))),
        },
        _ => match fields.text("id").parse() {
            Ok(id) => Operation::RemoveRule { id },
            Err(_) => return Err(Fault::NotFound),
        },
    };
    let saves = matches!(operation, Operation::SaveRule { .. });
    let done = pages
        .execute(request, &Action::Administer, operation, &|_: Entry| {})
        .await?;
    let query = done.and_then(|report| {
        Ok(if saves {
            format!("saved={}", RuleSaved::try_from(report)?.id)
        } else {
            format!("removed={}", RuleRemoved::try_from(report)?.id)
        })
    });
    Ok(query.map_err(|failure| {
        let code = match failure.kind {
            FailureKind::NotFound => StatusCode::NOT_FOUND,
            _ => StatusCode::BAD_REQUEST,
        };
        (code, refusal(request, &failure))
    }))
}

fn refusal(request: &Request, failure: &Failure) -> String {
    let text = request.language().upkeep_text();
    match failure.reason {
        Reason::RuleExists => text.rule_exists.to_owned(),
        Reason::TooManyRules => text.too_many_rules.to_owned(),
        Reason::InvalidPattern => text.bad_pattern.to_owned(),
        Reason::NoSuchRule => text.no_such_rule.to_owned(),
        _ => refusals::refusal(request.language().account_text(), failure),
    }
}

/// A sentence about what the form before this page has changed, as the list shows it.
pub(super) fn done(frame: &Frame<'_>, query: &Fields, listed: &RetentionRules) -> Option<String> {
    let text = frame.upkeep;
    let is_listed = |id: i64| listed.rules.iter().any(|listed| listed.id == Some(id));
    [
        ("saved", text.rule_is_saved, true),
        ("removed", text.rule_is_removed, false),
    ]
    .into_iter()
    .find_map(|(name, sentence, there)| {
        let id: i64 = query.text(name).parse().ok()?;
        (is_listed(id) == there).then(|| sentence.replace("{}", &id.to_string()))
    })
}

/// The form, with the effect of the rule in the query, or in the form that was refused.
pub(super) async fn form(
    pages: &Pages,
    request: &Request,
    frame: &Frame<'_>,
    applies: bool,
) -> Result<Markup, Fault> {
    let text = frame.upkeep;
    let posted = Fields::parse(&request.form);
    let fields = match posted.text("do") {
        SAVE => posted,
        _ => request.fields(),
    };
    let tried = if fields.text("try") == "1" {
        Some(tried(pages, request, frame, &fields, applies).await?)
    } else {
        None
    };
    Ok(html! {
        section id="try" {
            h3 { (text.try_rule) }
            p class="dim" { (text.try_detail) }
            form method="get" action=(frame.links.path(&format!("{PATH}#try"))) {
                input type="hidden" name="try" value="1";
                div class="filters" {
                    (field(&fields, "repositories", text.field_repositories, "team/*"))
                    (field(&fields, "match", text.field_match, "pr-* nightly-*"))
                    (field(&fields, "exclude", text.field_exclude, "latest v*"))
                    (number(&fields, "keep-last", text.field_keep_last, u32::MAX))
                    (number(&fields, "older-than", text.field_older, DAYS))
                    (number(&fields, "not-pulled-for", text.field_unpulled, DAYS))
                }
                p class="actions" {
                    label {
                        input type="checkbox" name="all" value="1" checked[fields.text("all") == "1"];
                        " " (text.field_all)
                    }
                    button type="submit" { (text.show_effect) }
                }
            }
            @if let Some(tried) = tried { (tried) }
        }
    })
}

fn field(query: &Fields, name: &str, label: &str, example: &str) -> Markup {
    html! {
        label { (label)
            input name=(name) value=(query.text(name)) placeholder=(example) maxlength="1000"
                autocomplete="off" autocapitalize="none" spellcheck="false";
        }
    }
}

fn number(query: &Fields, name: &str, label: &str, most: u32) -> Markup {
    html! {
        label { (label)
            input type="number" min="0" max=(most) name=(name) value=(query.text(name));
        }
    }
}

/// What the rule in these fields would delete, and the button that saves it.
async fn tried(
    pages: &Pages,
    request: &Request,
    frame: &Frame<'_>,
    fields: &Fields,
    applies: bool,
) -> Result<Markup, Fault> {
    let text = frame.upkeep;
    let rule = match rule_of(fields, text) {
        Ok(rule) => rule,
        Err(reason) => return Ok(html! { p class="notice bad" role="alert" { (reason) } }),
    };
    let effect = match effect(pages, request, &rule).await? {
        Ok(effect) => effect,
        Err(failure) => {
            let reason = refusal(request, &failure);
            return Ok(html! { p class="notice bad" role="alert" { (reason) } });
        }
    };
    Ok(html! {
        div class="notice" role="status" {
            p { strong { (sentence(frame, &rule)) } }
            (effect_text(frame, &effect))
        }
        @if pages.settings.browse_only { p class="dim" { (text.rules_browse_only) } }
        @else {
            form class="actions" method="post" action=(frame.links.path(PATH)) {
                (frame.form_token())
                @for name in FIELDS {
                    @if !fields.text(name).is_empty() {
                        input type="hidden" name=(name) value=(fields.text(name));
                    }
                }
                button type="submit" name="do" value=(SAVE) class="main" { (text.save_rule) }
                span class="dim" {
                    @if applies { (text.save_detail) } @else { (text.rules_unscheduled) }
                }
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::text::Language;

    #[test]
    fn rules_of_forms() {
        let text = Language::English.upkeep_text();
        let read = |form: &str| rule_of(&Fields::parse(form), text);
        let rule = read("repositories=team/*+tools/**&match=pr-*&older-than=2&keep-last=&all=1");
        assert_eq!(
            rule,
            Ok(RetentionRule {
                repositories: vec!["team/*".to_owned(), "tools/**".to_owned()],
                matching: vec!["pr-*".to_owned()],
                older_than: Some(2 * DAY),
                all: true,
                ..RetentionRule::default()
            })
        );
        for (form, reason) in [
            ("match=a", text.which_repositories),
            ("repositories=+&match=a", text.which_repositories),
            ("repositories=a", text.which_tags),
            ("repositories=a&exclude=b&all=1", text.which_tags),
            ("repositories=a&keep-last=-1", text.bad_number),
            ("repositories=a&keep-last=4294967296", text.bad_number),
            ("repositories=a&older-than=36501", text.bad_number),
            ("repositories=a&not-pulled-for=1.5", text.bad_number),
            ("repositories=%E2%80%AE&match=a", text.bad_pattern),
            ("repositories=a&match=a%00", text.bad_pattern),
        ] {
            assert_eq!(read(form), Err(reason), "{form}");
        }
    }
}
