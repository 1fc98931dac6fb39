//! Foreign files, read by a child: the same program once more, with little memory, little time, and
//! no way to files, to the network or to other programs. Networks from ONNX files, which say
//! themselves what is to be computed, also run there.
//!
//! The readers themselves are safe and keep to a [budget](crate::budget). What they and the crates
//! below them got wrong all the same ends with the child, in one line; and a child can be ended in
//! the middle of anything, which is how a user who cancels is heard at once. Only the program itself
//! has children ([`enable`]); libraries and tests that do not ask for it read in place.

mod child;
mod helper;
mod network;
mod pictures;
mod sandbox;
mod tensors;
mod wire;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use crate::budget::Wanted;
use crate::checkpoint::{self, CheckpointError, OnnxFile, StateDict};
use crate::model::{GraphNetwork, ModelError};
use crate::photo::{Photo, PhotoError, PhotoOptions};

pub use child::main as child_main;

use helper::Helper;

/// First argument of a child, which no user types.
pub const ARGUMENT: &str = "__decode";

static PROGRAM: OnceLock<Program> = OnceLock::new();
static KEEPS_READY: AtomicBool = AtomicBool::new(false);

/// From now on foreign files are read by children, which are this program.
pub fn enable(program: PathBuf) {
    // The first one stays, as it is the same one.
    PROGRAM.set(Program::new(program)).ok();
}

/// What was in a file of weights.
pub enum Opened {
    /// Named tensors; which network they belong to has to be recognised.
    Tensors(StateDict),
    /// A network that is ready to run.
    Graph(GraphNetwork),
}

/// As [`Photo::open_while`].
///
/// # Errors
/// The same, and a child that did not live to tell.
pub fn photo(path: &Path, options: &PhotoOptions, wanted: &Wanted) -> Result<Photo, PhotoError> {
    match PROGRAM.get() {
        Some(program) => program.photo(path, options, wanted),
        None => Photo::open_while(path, options, wanted),
    }
}

/// Opens a file of weights of either sort.
///
/// # Errors
/// What the file is or holds instead, in one line.
pub fn weights(path: &Path, wanted: &Wanted) -> Result<Opened, ModelError> {
    if !checkpoint::is_graph(path) {
        return Ok(Opened::Tensors(checkpoint(path, wanted)?));
    }
    Ok(Opened::Graph(match PROGRAM.get() {
        Some(program) => program.network(path, wanted)?,
        None => GraphNetwork::load(OnnxFile::open(path, wanted)?)?,
    }))
}

/// As [`StateDict::open_while`]. The child lives as long as the state dict does.
///
/// # Errors
/// The same, and a child that did not live to tell.
pub fn checkpoint(path: &Path, wanted: &Wanted) -> Result<StateDict, CheckpointError> {
    match PROGRAM.get() {
        Some(program) => program.checkpoint(path, wanted),
        None => StateDict::open_while(path, wanted),
    }
}

/// Starts so many children, unless they wait already, so that whoever reads the next files does not
/// wait for them: to start takes longer than to read most pictures.
pub fn prepare(count: usize) {
    if let Some(program) = PROGRAM.get() {
        program.prepare(count);
    }
}

/// From now on there is always another file to come, as in a window.
pub fn keep_ready() {
    KEEPS_READY.store(true, Ordering::Relaxed);
}

/// For moments in which nothing else is to be done.
pub fn rest() {
    if KEEPS_READY.load(Ordering::Relaxed) {
        prepare(1);
    }
}

/// Whom to start as a child: glasstree itself, or another program that calls [`child_main`] where
/// its first argument is [`ARGUMENT`].
#[derive(Debug, Clone)]
pub struct Program {
    path: PathBuf,
    /// Children that have nothing to do yet.
    waiting: Arc<Mutex<Vec<Helper>>>,
}

impl Program {
    pub fn new(path: PathBuf) -> Self {
        Self { path, waiting: Arc::default() }
    }
}
