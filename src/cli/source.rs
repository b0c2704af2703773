//! The input of an import: a file, a pipe, or the directory of a registry.

use std::io::{IsTerminal as _, Seek as _, stdin};
use std::path::Path;

use super::exit::Usage;
use crate::archive::directory::{self, Survey};
use crate::transfer::import::Input;

/// Size of a pipe's buffer: the maximum without privileges.
const PIPE: usize = 1024 * 1024;

/// An input of an import.
pub(super) enum Source {
    /// An archive.
    Archive(Input),
    /// The directory of a registry.
    Directory(Survey),
}

/// Opens the argument: an archive, `-` for stdin, or a directory.
#[expect(
    clippy::disallowed_methods,
    reason = "the user's own file, named on the command line"
)]
pub(super) fn source(archive: &str) -> anyhow::Result<Source> {
    if archive == "-" {
        let stdin = stdin();
        if stdin.is_terminal() {
            let reason = "there is no archive on the terminal; hint: pipe one in, as in \
                          `docker save app:1 | regctl import -`, or name a file";
            return Err(Usage(reason.into()).into());
        }
        let descriptor = std::os::fd::AsFd::as_fd(&stdin).try_clone_to_owned()?;
        let mut file = std::fs::File::from(descriptor);
        // It may be a file: `regctl import - <image.tar`.
        let whole = file.metadata()?.is_file() && file.stream_position()? == 0;
        return Ok(Source::Archive(if whole {
            Input::File(file)
        } else {
            // Reduces context switches. Fails if it is not a pipe, or may not be larger.
            let _ = rustix::pipe::fcntl_setpipe_size(&file, PIPE);
            Input::Stream(Box::new(file))
        }));
    }
    let file = std::fs::File::open(Path::new(archive))
        .map_err(|error| anyhow::anyhow!("can't open {archive}: {error}"))?;
    if !file.metadata()?.is_dir() {
        return Ok(Source::Archive(Input::File(file)));
    }
    let survey = directory::survey(Path::new(archive));
    match survey.map_err(|error| anyhow::anyhow!("can't read {archive}: {error}"))? {
        Some(survey) => Ok(Source::Directory(survey)),
        None => anyhow::bail!(
            "can't import {archive}: it is a directory, and not that of a registry; hint: {}",
            directory::other_way(Path::new(archive))
        ),
    }
}
