//! The command line: the whole program without a window.
//!
//! Results go to the standard output, one line about anything that failed to the standard error.
//! Exit code 0: done; 1: failed; 2: the command line makes no sense.

mod args;
mod bench;
mod cam;
mod checks;
mod classify;
mod compare_methods;
mod diff;
mod eval;
mod evidence;
mod explain;
mod features;
mod fetch;
mod flip;
mod generate;
mod input;
mod methods;
mod model;
mod nodes;
mod pictures;
mod progress;
mod region;
mod tree;
mod verify;

use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser as _;

use crate::catalog::ModelSource;
use crate::checkpoint;
use crate::decoder;
use crate::engine::{Engine, EngineError};
use crate::explanation::{Explanation, ModelInfo};
use crate::model::DeviceChoice;
use crate::protocol::{Change, ModelRequest, PictureSource, Rerun};
use crate::text::{CleanText, Shown as _};
use args::{Cli, Command, PartArgs, PictureArgs, WindowArgs};

/// Where results are printed.
type Out<'a> = &'a mut dyn std::io::Write;

/// A picture and weights; of more, the others can be waited for.
const MOST_FILES: usize = 2;

/// Runs the program with the arguments of the process.
pub fn main() -> ExitCode {
    if std::env::args_os().nth(1).is_some_and(|first| first == decoder::ARGUMENT) {
        return decoder::child_main().map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS);
    }
    let cli = Cli::parse();
    if !cli.in_process
        && std::env::var_os("GLASSTREE_IN_PROCESS").is_none()
        && let Ok(program) = own_program()
    {
        decoder::enable(program);
        // Files that are named are about to be read; networks get children of their own.
        let is_file = |argument: &OsString| {
            let path = Path::new(argument);
            path.is_file() && !checkpoint::is_graph(path)
        };
        decoder::prepare(std::env::args_os().skip(1).filter(is_file).count().min(MOST_FILES));
    }
    let mut out = std::io::stdout().lock();
    match run(cli, &mut out).and_then(|()| Ok(out.flush()?)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            warn(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// This very program, also after another version was installed in its place, where the system can
/// name that.
fn own_program() -> std::io::Result<PathBuf> {
    if cfg!(target_os = "linux") {
        return Ok(PathBuf::from("/proc/self/exe"));
    }
    std::env::current_exe()
}

/// Whoever read our output has seen enough (`glasstree models | head -1`): no failure.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let io = error.downcast_ref::<std::io::Error>();
    io.is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

fn run(cli: Cli, out: Out<'_>) -> anyhow::Result<()> {
    match cli.command {
        None => window(cli.window, out),
        Some(Command::Explain(args)) => explain::run(&args, out),
        Some(Command::Classify(args)) => classify::run(&args, out),
        Some(Command::Cam(args)) => cam::run(&args, out),
        Some(Command::Diff(args)) => diff::run(&args, out),
        Some(Command::CompareMethods(args)) => compare_methods::run(&args, out),
        Some(Command::Region(args)) => region::run(&args, out),
        Some(Command::Flip(args)) => flip::run(&args, out),
        Some(Command::Input(args)) => input::run(&args, out),
        Some(Command::Tree(args)) => tree::run(&args, out),
        Some(Command::Induce(args)) => tree::induce(&args, out),
        Some(Command::Eval(args)) => eval::run(&args, out),
        Some(Command::Features(args)) => features::run(&args, out),
        Some(Command::Fetch(args)) => fetch::run(&args, out),
        Some(Command::Info(args)) => model::info(&args, out),
        Some(Command::Models(args)) => model::list(&args, out),
        Some(Command::Bench(args)) => bench::run(&args, out),
        Some(Command::Generate(args)) => generate::run(&args, out),
    }
}

/// Opens the window.
#[cfg(feature = "gui")]
fn window(args: WindowArgs, out: Out<'_>) -> anyhow::Result<()> {
    let WindowArgs { paths, device, screenshot } = args;
    if let Some(path) = paths.iter().find(|path| !path.exists()) {
        anyhow::bail!(
            "There is no file, folder or command {}; see `glasstree --help`",
            path.shown()
        );
    }
    if let Some(figures) = crate::app::run(&crate::app::WindowArgs { paths, device, screenshot })? {
        writeln!(out, "{figures}")?;
    }
    Ok(())
}

#[cfg(not(feature = "gui"))]
fn window(_: WindowArgs, _: Out<'_>) -> anyhow::Result<()> {
    anyhow::bail!("This build has no window; see `glasstree explain --help`")
}

/// The engine, for one command: asks and waits.
struct Client {
    engine: Engine,
}

impl Client {
    fn start(device: DeviceChoice) -> anyhow::Result<Self> {
        Ok(Self { engine: Engine::spawn(device, Arc::new(|| {}))? })
    }

    fn load(&self, model: &ModelRequest) -> anyhow::Result<Arc<ModelInfo>> {
        self.engine.load(model, &mut warn).map_err(|error| advice(error, model))
    }

    fn explain(
        &self,
        picture: &PictureArgs,
        image: &Path,
        model: &ModelRequest,
    ) -> anyhow::Result<Arc<Explanation>> {
        self.explain_source(picture.source(image), model)
    }

    /// The same picture, the part of it that was asked for: the network runs once more.
    fn part(
        &self,
        seen: Arc<Explanation>,
        model: &ModelRequest,
        part: PartArgs,
    ) -> anyhow::Result<Arc<Explanation>> {
        if part.square.is_none() {
            return Ok(seen);
        }
        let rerun = Rerun { seen, model: model.clone(), change: Change::Part(part.square) };
        Ok(self.engine.rerun(rerun, &mut warn)?)
    }

    fn explain_source(
        &self,
        picture: PictureSource,
        model: &ModelRequest,
    ) -> anyhow::Result<Arc<Explanation>> {
        self.engine.explain(picture, model, &mut warn).map_err(|error| advice(error, model))
    }
}

/// What went wrong with a model that is not there, and the command that helps.
fn advice(error: EngineError, model: &ModelRequest) -> anyhow::Error {
    match &model.source {
        ModelSource::Known(entry, folder) if !entry.is_here(folder) => {
            anyhow::anyhow!("{error}; `glasstree fetch {}` fetches it", entry.id)
        }
        ModelSource::File(path) if !path.exists() => {
            anyhow::anyhow!("{error}; `glasstree models` lists those")
        }
        ModelSource::Known(..) | ModelSource::File(_) => error.into(),
    }
}

/// The number as it was written, not the nearest one with 32 bits.
fn exact(value: f32) -> f64 {
    value.to_string().parse().unwrap_or(f64::from(value))
}

/// One line for the user that is not a result. Nobody reading it is no reason to fail.
fn warn(note: &str) {
    writeln!(std::io::stderr(), "glasstree: {}", CleanText::new(note)).ok();
}
