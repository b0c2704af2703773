//! Imports the directory of a registry that is not serving: each part as an archive stream.

use std::sync::Arc;

use super::{Error, ImageReport, Input, Options, import};
use crate::archive::directory::{Problem, Survey};
use crate::client::Client;
use crate::transfer::progress::Listener;

/// Imports a directory. Parts that can't be imported are in the reports, with their errors.
pub async fn import_directory(
    client: Client,
    survey: Survey,
    options: Options,
    listener: Listener,
) -> Result<Vec<ImageReport>, Error> {
    if options.naming.name.is_some() && survey.parts.len() > 1 {
        return Err(Error::Several {
            count: survey.parts.len(),
        });
    }
    let mut reports = Vec::new();
    for part in survey.parts {
        let (reader, writer) = std::io::pipe()?;
        let name = part.name.clone();
        let writing = tokio::task::spawn_blocking(move || part.write(writer));
        let input = Input::Stream(Box::new(reader));
        let imported = import(
            client.clone(),
            input,
            options.clone(),
            Arc::clone(&listener),
        );
        let imported = imported.await;
        // A reader that stops also ends the writer.
        let written = writing.await?;
        match (imported, written) {
            (Ok(images), _) => reports.extend(images),
            (Err(error), _) if error.is_final() => return Err(error),
            (Err(_), Err(error)) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                reports.push(failed(Problem {
                    name,
                    reason: error.to_string(),
                }));
            }
            (Err(error), _) => reports.push(ImageReport {
                label: name,
                error: Some(error),
                ..ImageReport::default()
            }),
        }
    }
    reports.extend(survey.problems.into_iter().map(failed));
    Ok(reports)
}

fn failed(problem: Problem) -> ImageReport {
    ImageReport {
        label: problem.name.clone(),
        error: Some(Error::Directory {
            name: problem.name,
            reason: problem.reason,
        }),
        ..ImageReport::default()
    }
}
