//! The command line: which registries, which work, the sizes, the number of rounds.

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::OnceLock;

use anyhow::{Result, bail};
use clap::{Parser, ValueEnum};

use crate::wire::Address;
use crate::work::{WORKS, Work};

/// Runs the same work on several registries and compares them; ratios are relative to the first.
#[derive(Parser)]
#[command(name = "cargo bench --")]
pub(crate) struct Arguments {
    /// Only this work, by name (comma-separated); a name selects all that begin with it
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    only: Vec<String>,
    /// Small sizes and short times: checks that everything works, without judging the targets
    #[arg(long)]
    pub(crate) quick: bool,
    /// The directory for the roots of the servers
    #[arg(long, default_value = env!("CARGO_TARGET_TMPDIR"))]
    pub(crate) dir: PathBuf,
    /// Number of rounds; the median is shown [default: 3, with --quick 1]
    #[arg(long)]
    repeat: Option<usize>,
    /// The programs to start, in this order
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "docker-registry,regctl",
        conflicts_with = "registry"
    )]
    start: Vec<Program>,
    /// Another regctl program, such as an earlier version, for `--start earlier`
    #[arg(long, value_name = "PATH")]
    earlier: Option<PathBuf>,
    /// A running registry, instead of starting any; with its process id, if it runs on this
    /// machine, to measure CPU and memory. Can be repeated
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
    /// Stores the path of `--earlier`, which `--start earlier` needs.
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

    /// Number of measurements of each work.
    pub(crate) fn rounds(&self) -> usize {
        let default = if self.quick { 1 } else { 3 };
        self.repeat.unwrap_or(default).max(1)
    }

    /// The registries to compare; ratios are relative to the first.
    pub(crate) fn subjects(&self) -> Vec<Subject> {
        if self.registry.is_empty() {
            self.start.iter().copied().map(Subject::Started).collect()
        } else {
            self.registry.iter().cloned().map(Subject::Given).collect()
        }
    }

    /// The programs that move images: skopeo replaces docker-registry, which has no such commands.
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

    /// The requested kinds of work, in their fixed order.
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

/// The program of `--earlier`.
static EARLIER: OnceLock<PathBuf> = OnceLock::new();

/// A program that this benchmark can start.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Program {
    /// Debian's package of registry:2.
    DockerRegistry,
    /// This project's server, or its commands.
    Regctl,
    /// The program of `--earlier`.
    Earlier,
    /// Debian's skopeo, for work that is not done by a registry.
    #[value(skip)]
    Skopeo,
}

impl Program {
    /// The file of a regctl; `None` for other programs.
    pub(crate) fn regctl(self) -> Option<PathBuf> {
        match self {
            Self::Regctl => Some(env!("CARGO_BIN_EXE_regctl").into()),
            Self::Earlier => EARLIER.get().cloned(),
            Self::DockerRegistry | Self::Skopeo => None,
        }
    }

    /// Its name in the table.
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

/// A registry in the comparison.
pub(crate) enum Subject {
    /// Started and stopped by this benchmark, on temporary roots.
    Started(Program),
    /// Runs already.
    Given(Given),
}

impl Subject {
    /// The program, if it is a regctl that is started here.
    pub(crate) fn regctl(&self) -> Option<Program> {
        match self {
            Self::Started(program) if program.regctl().is_some() => Some(*program),
            _ => None,
        }
    }

    /// Its name in the table.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Started(program) => program.name(),
            Self::Given(given) => &given.name,
        }
    }
}
