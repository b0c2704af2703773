//! What was asked for on the command line: which registries, which work, how large, how often.

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::OnceLock;

use anyhow::{Result, bail};
use clap::{Parser, ValueEnum};

use crate::wire::Address;
use crate::work::{WORKS, Work};

/// Drives registries with the same work and compares them; ratios are against the first.
#[derive(Parser)]
#[command(name = "cargo bench --")]
pub(crate) struct Arguments {
    /// Only this work, by name (comma-separated); a name stands for all that begin with it
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    only: Vec<String>,
    /// Small sizes and short times: shows that it works, the targets are not judged
    #[arg(long)]
    pub(crate) quick: bool,
    /// Where the roots of the servers are made
    #[arg(long, default_value = env!("CARGO_TARGET_TMPDIR"))]
    pub(crate) dir: PathBuf,
    /// How many rounds; the median is shown [default: 3, with --quick 1]
    #[arg(long)]
    repeat: Option<usize>,
    /// What to start, in this order
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "docker-registry,regctl",
        conflicts_with = "registry"
    )]
    start: Vec<Program>,
    /// Another regctl program, such as one of an earlier version: what `--start earlier` starts
    #[arg(long, value_name = "PATH")]
    earlier: Option<PathBuf>,
    /// A registry that runs already, instead of starting any; with its process id when it runs
    /// here, for the figures of CPU and memory. Can be repeated
    #[arg(long, value_name = "NAME=URL[,PID]")]
    registry: Vec<Given>,
    /// The table as Markdown
    #[arg(long)]
    pub(crate) markdown: bool,
    /// Cargo passes this.
    #[arg(long, hide = true)]
    bench: bool,
}

impl Arguments {
    /// Makes the path of `--earlier` known; `--start earlier` needs one.
    pub(crate) fn keep_earlier(&self) -> Result<()> {
        if let Some(path) = &self.earlier {
            EARLIER.get_or_init(|| path.clone());
        } else if self
            .start
            .iter()
            .any(|program| matches!(program, Program::Earlier))
        {
            bail!("--start earlier needs --earlier PATH");
        }
        Ok(())
    }

    /// How many times each measurement is made.
    pub(crate) fn rounds(&self) -> usize {
        let default = if self.quick { 1 } else { 3 };
        self.repeat.unwrap_or(default).max(1)
    }

    /// The registries to compare, the one that ratios refer to first.
    pub(crate) fn subjects(&self) -> Vec<Subject> {
        if self.registry.is_empty() {
            self.start.iter().copied().map(Subject::Started).collect()
        } else {
            self.registry.iter().cloned().map(Subject::Given).collect()
        }
    }

    /// The programs that move images: skopeo stands in for docker-registry, which moves none.
    pub(crate) fn tools(&self) -> Vec<Subject> {
        let programs = if self.registry.is_empty() {
            self.start.as_slice()
        } else {
            &[Program::DockerRegistry, Program::Regctl]
        };
        let tool = |program: &Program| match program {
            Program::DockerRegistry => Program::Skopeo,
            program => *program,
        };
        programs
            .iter()
            .map(|program| Subject::Started(tool(program)))
            .collect()
    }

    /// The kinds of work asked for, in their own order.
    pub(crate) fn works(&self) -> Result<Vec<&'static Work>> {
        for name in &self.only {
            if !WORKS.iter().any(|work| work.name.starts_with(name)) {
                let names: Vec<_> = WORKS.iter().map(|work| work.name).collect();
                bail!("no work is called {name}; there are: {}", names.join(", "));
            }
        }
        let asked = |work: &&Work| {
            self.only.is_empty() || self.only.iter().any(|name| work.name.starts_with(name))
        };
        Ok(WORKS.iter().filter(asked).collect())
    }
}

/// The program of `--earlier`: one for the whole run.
static EARLIER: OnceLock<PathBuf> = OnceLock::new();

/// A program that this benchmark knows how to start.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Program {
    /// Debian's package of registry:2.
    DockerRegistry,
    /// This project's server, or its commands.
    Regctl,
    /// The program of `--earlier`.
    Earlier,
    /// Debian's skopeo, for what is not work of a registry.
    #[value(skip)]
    Skopeo,
}

impl Program {
    /// The file of a regctl; nothing for other programs.
    pub(crate) fn regctl(self) -> Option<PathBuf> {
        match self {
            Self::Regctl => Some(env!("CARGO_BIN_EXE_regctl").into()),
            Self::Earlier => EARLIER.get().cloned(),
            Self::DockerRegistry | Self::Skopeo => None,
        }
    }

    /// How the table calls it.
    fn name(self) -> &'static str {
        match self {
            Self::DockerRegistry => "docker-registry",
            Self::Regctl => "regctl",
            Self::Earlier => "earlier",
            Self::Skopeo => "skopeo",
        }
    }
}

/// A registry that someone else started.
#[derive(Clone)]
pub(crate) struct Given {
    name: String,
    pub(crate) address: Address,
    pub(crate) pid: Option<u32>,
}

impl FromStr for Given {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let Some((name, rest)) = text.split_once('=') else {
            bail!("a registry is given as NAME=URL or NAME=URL,PID");
        };
        let (url, pid) = match rest.split_once(',') {
            Some((url, pid)) => (url, Some(pid.parse()?)),
            None => (rest, None),
        };
        Ok(Self {
            name: name.to_owned(),
            address: url.parse()?,
            pid,
        })
    }
}

/// One side of the comparison.
pub(crate) enum Subject {
    /// Started and stopped here, on roots of our own.
    Started(Program),
    /// Runs already.
    Given(Given),
}

impl Subject {
    /// The program, where it is a regctl that is started here.
    pub(crate) fn regctl(&self) -> Option<Program> {
        match self {
            Self::Started(program) if program.regctl().is_some() => Some(*program),
            _ => None,
        }
    }

    /// How the table calls it.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Started(program) => program.name(),
            Self::Given(given) => &given.name,
        }
    }
}
