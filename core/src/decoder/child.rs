//! The child: reads one file and tells what is in it.

use std::io::{self, BufRead as _, BufReader, Write};
use std::path::Path;
use std::sync::mpsc::channel;

use super::wire::{self, Answer, Facts, Job, Question, Refusal};
use super::{sandbox, sandbox::Needs};
use crate::budget::Wanted;
use crate::checkpoint::{CheckpointError, OnnxFile, StateDict, TensorProblem, Unread};
use crate::model::{GraphNetwork, ModelError};
use crate::photo::{self, Photo, PhotoOptions};
use crate::text::CleanText;

/// For the thread that understands a network: a chain of layers is as deep as it is long, in some
/// ways of following it. Addresses alone; what is not used takes no memory.
const STACK: usize = 512 << 20;

/// Waits for a job on the standard input and does it; its exit code is its fate, its answer is on the
/// standard output.
///
/// # Errors
/// When there is no job any more, nobody listens, or it was not a parent who asked.
pub fn main() -> io::Result<()> {
    let job = wire::read(&mut io::stdin().lock())?;
    match job {
        Job::Photo { path, options } => photo(Path::new(&path), &options, &mut answers()),
        Job::Checkpoint { path, folder } => {
            checkpoint(Path::new(&path), Path::new(&folder), &mut answers())
        }
        Job::Network { path } => network(Path::new(&path)),
    }
}

/// The way to the parent, for one thread.
fn answers() -> impl Write {
    io::BufWriter::with_capacity(1 << 16, io::stdout().lock())
}

/// The picture is opened first, so that no way to any file is left.
fn photo(path: &Path, options: &PhotoOptions, out: &mut impl Write) -> io::Result<()> {
    let read = match photo::open_regular(path) {
        Ok(file) => {
            sandbox::enter(&Needs { bytes: file.metadata()?.len(), ..Needs::default() })?;
            Photo::read(BufReader::new(file), options)
        }
        Err(problem) => Err(problem),
    };
    match read {
        Ok(rgb) => {
            let (width, height) = rgb.dimensions();
            writeln!(out, "{}", wire::line(&Ok::<_, CleanText>(wire::Picture { width, height })))?;
            out.write_all(rgb.as_raw())?;
        }
        Err(problem) => {
            let told = CleanText::new(&problem.to_string());
            writeln!(out, "{}", wire::line(&Err::<wire::Picture, _>(told)))?;
        }
    }
    out.flush()
}

/// First tells what is there, then each tensor whose name comes on the standard input.
fn checkpoint(path: &Path, folder: &Path, out: &mut impl Write) -> io::Result<()> {
    // Nothing has asked for a temporary file before.
    tempfile::env::override_temp_dir(folder).ok();
    let bytes = std::fs::metadata(path)?.len();
    sandbox::enter(&Needs { bytes, file: Some(path), folder: Some(folder), ..Needs::default() })?;
    let state = match StateDict::open_plainly(path) {
        Ok(state) => state,
        Err(problem) => {
            let told = CleanText::new(&problem.to_string());
            writeln!(out, "{}", wire::line(&Err::<Unread, _>(told)))?;
            return out.flush();
        }
    };
    writeln!(out, "{}", wire::line(&Ok::<_, CleanText>(state.unread())))?;
    out.flush()?;
    for line in io::stdin().lock().lines() {
        let name: String = serde_json::from_str(&line?)?;
        match state.bytes(&name) {
            Ok(bytes) => {
                writeln!(out, "{}", wire::line(&Ok::<_, CleanText>(bytes.len())))?;
                out.write_all(&bytes)?;
            }
            Err(problem) => {
                // The parent says of what it is the reason.
                let told = match problem {
                    TensorProblem::Unreadable(reason) => CleanText::new(&reason),
                    problem => CleanText::new(&problem.to_string()),
                };
                writeln!(out, "{}", wire::line(&Err::<usize, _>(told)))?;
            }
        }
        out.flush()?;
    }
    Ok(())
}

/// First tells what network it is, then runs it on the pictures that come on the standard input.
/// They are listened for on a thread of their own, so that a network that never comes to an end
/// ends with its parent.
fn network(path: &Path) -> io::Result<()> {
    let bytes = OnnxFile::most_bytes(path)?;
    sandbox::enter(&Needs {
        bytes: bytes.saturating_mul(sandbox::COPIES_OF_WEIGHTS),
        file: Some(path),
        // Weights may lie in files beside it.
        beside: path.parent(),
        is_long_lived: true,
        ..Needs::default()
    })?;
    let (ask, questions) = channel::<(Question, Vec<f32>)>();
    let name = path.to_owned();
    let runner = std::thread::Builder::new().stack_size(STACK).spawn(move || {
        let out = &mut answers();
        let network = match understand(&name) {
            Ok(network) => network,
            Err(refusal) => {
                writeln!(out, "{}", wire::line(&Err::<Facts, _>(refusal)))?;
                return out.flush();
            }
        };
        Facts::write(network.facts(), out)?;
        out.flush()?;
        for (question, numbers) in questions {
            let pictures: Vec<&[f32]> = numbers.chunks(question.numbers.max(1)).collect();
            match network.forward(&pictures, question.side) {
                Ok(forwards) => Answer::write(&forwards, out)?,
                Err(error) => {
                    let told = CleanText::new(&error.to_string());
                    writeln!(out, "{}", wire::line(&Err::<Vec<Answer>, _>(told)))?;
                }
            }
            out.flush()?;
        }
        Ok(())
    })?;
    // Whoever is not told anything any more hangs up.
    let input = &mut io::stdin().lock();
    while let Ok(question) = wire::read::<Question>(input) {
        let count = question.pictures.saturating_mul(question.numbers);
        let numbers = wire::read_numbers(input, count)?;
        if ask.send((question, numbers)).is_err() {
            break;
        }
    }
    if runner.is_finished() {
        return runner.join().unwrap_or_else(|_| Err(io::ErrorKind::Other.into()));
    }
    std::process::exit(0)
}

fn understand(path: &Path) -> Result<GraphNetwork, Refusal> {
    let network = OnnxFile::open(path, &Wanted::default()).map_err(ModelError::from);
    network.and_then(GraphNetwork::load).map_err(|error| match error {
        // The parent puts the name of the file before it, as the user gave it.
        ModelError::Checkpoint(CheckpointError::File { problem, .. }) => {
            Refusal::File(CleanText::new(&problem.to_string()))
        }
        error => Refusal::Network(CleanText::new(&error.to_string())),
    })
}
