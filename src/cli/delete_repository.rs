//! `regctl delete --repository`: deletes whole repositories.
//!
//! A regctl server deletes one as a whole; on other registries every tagged manifest is deleted, and the
//! empty name may remain in the catalog.

use serde::Serialize;

use super::context::{Context, Place};
use super::deletion::{delete_manifest, is_about_one, named, partly};
use super::exit::{Exit, Usage};
use super::figures;
use super::output::{Format, Printer};
use crate::client::{Class, Error, ManifestHead};
use crate::oci::{Reference, Tag};

/// The options of the deletion.
pub(super) struct Deletion {
    pub(super) dry_run: bool,
    pub(super) ignore_missing: bool,
    pub(super) yes: bool,
    pub(super) format: Format,
}

/// One repository to delete.
struct Target {
    place: Place,
    tags: Vec<Tag>,
}

#[derive(Serialize)]
struct Row {
    name: String,
    tags: Vec<Tag>,
    outcome: &'static str,
    error: Option<String>,
    #[serde(skip)]
    exit: Exit,
}

impl Target {
    fn sentence(&self, verb: &str) -> String {
        let consequence = match self.tags.as_slice() {
            [] => "it has no tags".to_owned(),
            tags => format!("with {}", named(tags)),
        };
        format!("{verb} repository {}: {consequence}", self.place.shown)
    }
}

pub(super) async fn run(
    names: &[String],
    deletion: &Deletion,
    context: &Context,
) -> anyhow::Result<Exit> {
    let printer = context.printer;
    let places = names.iter().map(|name| context.repository(name));
    let places: Vec<Place> = places.collect::<Result<_, _>>()?;
    let (mut targets, mut rows) = (Vec::new(), Vec::new());
    for place in places {
        match place.client.tags(&place.repository).all().await {
            Ok(tags) => targets.push(Target { place, tags }),
            Err(error) => {
                let missing = error.class() == Class::NotFound;
                let row = Row {
                    name: place.shown,
                    tags: Vec::new(),
                    outcome: if missing { "missing" } else { "failed" },
                    error: Some(error.to_string()),
                    exit: Exit::of(&error.into()),
                };
                if missing && deletion.ignore_missing {
                    printer.note(&format!("{} does not exist", row.name));
                    let exit = Exit::Done;
                    rows.push(Row { exit, ..row });
                } else {
                    printer.error(row.error.as_deref().unwrap_or_default());
                    rows.push(row);
                }
            }
        }
    }
    let tags: usize = targets.iter().map(|target| target.tags.len()).sum();
    let several = rows.len() + targets.len() > 1 || tags > 1;
    if several
        && !targets.is_empty()
        && !deletion.yes
        && !deletion.dry_run
        && !confirmed(&targets, printer)?
    {
        return Ok(Exit::Error);
    }
    for target in targets {
        let row = delete(target, deletion, printer).await?;
        rows.push(row);
    }
    if deletion.format == Format::Json {
        printer.json(&rows)?;
    }
    if deletion.dry_run {
        printer.note("Nothing was deleted: this was a dry run");
    }
    Ok(Exit::of_all(rows.iter().map(|row| row.exit)))
}

fn confirmed(targets: &[Target], printer: Printer) -> anyhow::Result<bool> {
    let lines: Vec<String> = targets.iter().map(|one| one.sentence("delete")).collect();
    let repositories = figures::count(targets.len(), "repository", "repositories");
    match printer.ask(&lines, &format!("Delete {repositories}?"))? {
        Some(true) => Ok(true),
        Some(false) => {
            printer.note("Nothing was deleted");
            Ok(false)
        }
        None => Err(Usage(format!(
            "{repositories} would be deleted, and without a terminal nobody can be asked; hint: \
             --yes deletes, --dry-run lists what is in them"
        ))
        .into()),
    }
}

async fn delete(target: Target, deletion: &Deletion, printer: Printer) -> anyhow::Result<Row> {
    let done = if deletion.dry_run {
        Ok(())
    } else {
        delete_all(&target).await
    };
    let (outcome, verb) = if deletion.dry_run {
        ("planned", "delete")
    } else {
        ("deleted", "deleted")
    };
    let sentence = target.sentence(verb);
    let Target { place, tags } = target;
    let name = place.shown;
    match (done, deletion.format) {
        (Ok(()), format) => {
            match format {
                Format::Table => printer.report(&sentence)?,
                Format::Name => printer.line(&name)?,
                Format::Json => {}
            }
            Ok(Row {
                name,
                tags,
                outcome,
                error: None,
                exit: Exit::Done,
            })
        }
        (Err((error, deleted)), _) => {
            let (text, exit) = partly(error, deleted, "manifests and tags");
            printer.error(&text);
            Ok(Row {
                name,
                tags,
                outcome: "failed",
                error: Some(text),
                exit,
            })
        }
    }
}

/// Deletes a repository, or everything that its tags point at. An error comes with the number of
/// manifests and tags that were deleted before.
async fn delete_all(target: &Target) -> Result<(), (Error, usize)> {
    let mut deleted = 0;
    let done = delete_counting(target, &mut deleted).await;
    done.map_err(|error| (error, deleted))
}

async fn delete_counting(target: &Target, deleted: &mut usize) -> Result<(), Error> {
    let Place {
        client, repository, ..
    } = &target.place;
    if client.delete_repository(repository).await? {
        return Ok(());
    }
    let mut manifests: Vec<(ManifestHead, Vec<Tag>)> = Vec::new();
    let mut unreadable = Vec::new();
    for tag in &target.tags {
        let reference = Reference::Tag(tag.clone());
        match client.manifest_head(repository, &reference).await {
            Ok(head) => {
                let mut known = manifests.iter_mut();
                match known.find(|(known, _)| known.digest == head.digest) {
                    Some((_, tags)) => tags.push(tag.clone()),
                    None => manifests.push((head, vec![tag.clone()])),
                }
            }
            // The tag was deleted meanwhile.
            Err(error) if error.class() == Class::NotFound => {}
            // Its manifest can't be read; the tag can be deleted alone.
            Err(error) if is_about_one(&error) => unreadable.push(reference),
            Err(error) => return Err(error),
        }
    }
    // Some registries keep the images of an index until it is deleted.
    manifests.sort_by_key(|(head, _)| !head.media_type.is_index());
    for (head, tags) in manifests {
        delete_manifest(&target.place, head.digest, &tags, deleted).await?;
        *deleted += 1;
    }
    for reference in unreadable {
        client.delete_manifest(repository, &reference).await?;
        *deleted += 1;
    }
    Ok(())
}
