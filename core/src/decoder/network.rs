//! A network that its child has understood, and runs whenever it is asked.

use std::fmt;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::Program;
use super::helper::Helper;
use super::tensors::{MAX_TIME, file_problem};
use super::wire::{self, Answer, Facts, Job, Refusal};
use crate::budget::{Lost, Wanted};
use crate::checkpoint::{CheckpointError, FileProblem};
use crate::explain::Forward;
use crate::model::{GraphFacts, GraphNetwork, ModelError, RunGraph};
use crate::text::{CleanText, Shown as _};

/// Longest time for one picture. Large transformers take some seconds on a slow computer.
const MAX_RUN: Duration = Duration::from_secs(60);

impl Program {
    /// Opens an ONNX file and gets its network ready to run in a child, which lives as long as the
    /// network does.
    ///
    /// # Errors
    /// What is wrong with the file or its network, or that the child did not live to tell.
    pub fn network(&self, path: &Path, wanted: &Wanted) -> Result<GraphNetwork, ModelError> {
        let file = |problem| CheckpointError::file(path.shown(), problem);
        let real = std::fs::canonicalize(path).map_err(|error| file(FileProblem::Io(error)))?;
        let (helper, facts) = self.start(&real, wanted).map_err(|problem| match problem {
            Failure::File(problem) => file(problem).into(),
            Failure::Network(told) => ModelError::Told(told),
        })?;
        let (program, helper) = (self.clone(), Mutex::new(Some(helper)));
        Ok(GraphNetwork::new(facts, Box::new(Remote { program, path: real, helper })))
    }

    fn start(&self, path: &Path, wanted: &Wanted) -> Result<(Helper, GraphFacts), Failure> {
        let helper = self.helper(&Job::Network { path: path.as_os_str().to_owned() });
        let mut helper = helper.map_err(|error| Failure::File(FileProblem::Io(error)))?;
        let answer = helper.watched(MAX_TIME, wanted, |_, out| {
            let about: Result<Facts, Refusal> = wire::read(out)?;
            about.map(|facts| facts.read(out)).transpose_io()
        });
        match answer.map_err(|lost| Failure::File(file_problem(lost)))? {
            Ok(facts) => Ok((helper, facts)),
            Err(Refusal::File(told)) => Err(Failure::File(FileProblem::Told(told))),
            Err(Refusal::Network(told)) => Err(Failure::Network(told)),
        }
    }
}

/// Why there is no network.
enum Failure {
    File(FileProblem),
    Network(CleanText),
}

/// `Result<io::Result<T>, E>` turned inside out.
trait TransposeIo<T, E> {
    fn transpose_io(self) -> std::io::Result<Result<T, E>>;
}

impl<T, E> TransposeIo<T, E> for Result<std::io::Result<T>, E> {
    fn transpose_io(self) -> std::io::Result<Result<T, E>> {
        match self {
            Ok(Ok(value)) => Ok(Ok(value)),
            Ok(Err(error)) => Err(error),
            Err(error) => Ok(Err(error)),
        }
    }
}

/// Runs a network in a child.
struct Remote {
    program: Program,
    path: PathBuf,
    /// None after it was lost; then another one is started for the next pictures.
    helper: Mutex<Option<Helper>>,
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Remote({})", self.path.shown())
    }
}

impl RunGraph for Remote {
    fn forward(&self, pictures: &[&[f32]], side: usize) -> Result<Vec<Forward>, ModelError> {
        let mut place = self.helper.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted = Wanted::default();
        let mut helper = match place.take() {
            Some(helper) => helper,
            None => match self.program.start(&self.path, &wanted) {
                Ok((helper, _)) => helper,
                Err(Failure::File(problem)) => {
                    return Err(CheckpointError::file(self.path.shown(), problem).into());
                }
                Err(Failure::Network(told)) => return Err(ModelError::Told(told)),
            },
        };
        let time = MAX_RUN * u32::try_from(pictures.len().max(1)).unwrap_or(u32::MAX);
        let answer = helper.watched(time, &wanted, |to, out| -> std::io::Result<_> {
            let mut to = std::io::BufWriter::with_capacity(1 << 16, to);
            let numbers = pictures.first().map_or(0, |picture| picture.len());
            let question = wire::Question { pictures: pictures.len(), numbers, side };
            writeln!(to, "{}", wire::line(&question))?;
            pictures.iter().try_for_each(|picture| wire::write_numbers(&mut to, picture))?;
            to.flush()?;
            let answer: Result<Vec<Answer>, CleanText> = wire::read(out)?;
            answer
                .map(|answers| answers.iter().map(|answer| answer.read(out)).collect())
                .transpose_io()
        });
        match answer {
            Ok(answer) => {
                *place = Some(helper);
                answer.map_err(ModelError::Told)
            }
            Err(lost) => {
                let what = match lost {
                    Lost::Ended => "running it took more memory or time than is allowed",
                    Lost::Exceeded(_) => "running it takes too long",
                    Lost::Crashed => "running it failed; nothing else is affected",
                };
                Err(ModelError::Graph(CleanText::new(what)))
            }
        }
    }
}
