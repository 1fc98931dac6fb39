//! Named tensors, as their child tells them.
//!
//! Where numbers lie in a row in the file itself, the child only says where: to copy them asks for
//! no trust, and would cost as much again through a pipe.

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tempfile::TempDir;

use super::Program;
use super::helper::Helper;
use super::wire::{self, Job};
use crate::budget::{Lost, Wanted};
use crate::checkpoint::{CheckpointError, FileProblem, RemoteTensors, StateDict, Unread};
use crate::text::{CleanText, Shown as _};
use crate::{input, temporary};

/// Longest time for what a file holds, and for each tensor.
pub const MAX_TIME: Duration = Duration::from_secs(60);

impl Program {
    /// As [`StateDict::open_while`]. The child lives as long as the state dict does.
    ///
    /// # Errors
    /// The same, and a child that did not live to tell.
    pub fn checkpoint(&self, path: &Path, wanted: &Wanted) -> Result<StateDict, CheckpointError> {
        self.tensors(path, wanted).map_err(|problem| CheckpointError::file(path.shown(), problem))
    }

    fn tensors(&self, path: &Path, wanted: &Wanted) -> Result<StateDict, FileProblem> {
        // Also says what cannot be read at all, before a child is made.
        let path = std::fs::canonicalize(path).map_err(FileProblem::Io)?;
        let file = input::open(&path)?;
        let folder = tempfile::Builder::new().prefix(temporary::PREFIX).tempdir();
        let folder = folder.map_err(|error| FileProblem::Io(temporary::problem(error)))?;
        let to = folder.path().as_os_str().to_owned();
        let job = Job::Checkpoint { path: path.into_os_string(), folder: to };
        let mut helper = self.helper(&job).map_err(FileProblem::Io)?;
        let read = |_: &mut _, out: &mut _| wire::read::<Result<Unread, CleanText>>(out);
        let answer = helper.watched(MAX_TIME, wanted, read);
        let unread = answer.map_err(file_problem)?.map_err(FileProblem::Told)?;
        let remote = Remote { helper: Mutex::new(helper), wanted: wanted.clone(), _folder: folder };
        StateDict::from_remote(unread, file, Box::new(remote))
    }
}

/// What a lost child means for a file.
pub fn file_problem(lost: Lost) -> FileProblem {
    match lost {
        Lost::Exceeded(exceeded) => FileProblem::Budget(exceeded),
        Lost::Ended | Lost::Crashed => FileProblem::Lost(lost),
    }
}

/// The values of a checkpoint, which a child reads when they are asked for.
struct Remote {
    helper: Mutex<Helper>,
    wanted: Wanted,
    /// Where the child may unpack things; deleted at the end.
    _folder: TempDir,
}

impl RemoteTensors for Remote {
    fn read(&self, name: &str, bytes: u64) -> Result<Vec<u8>, CleanText> {
        let mut helper = self.helper.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = helper.watched(MAX_TIME, &self.wanted, |to, out| -> std::io::Result<_> {
            writeln!(to, "{}", wire::line(&name))?;
            let promised: Result<u64, CleanText> = wire::read(out)?;
            Ok(match promised {
                Ok(promised) if promised == bytes => {
                    // Pages that nothing is written to are never taken.
                    let mut content = vec![0; bytes as usize];
                    out.read_exact(&mut content)?;
                    Ok(content)
                }
                Ok(_) => Err(CleanText::new("it has another size than its shape says")),
                Err(problem) => Err(problem),
            })
        });
        answer.map_err(|lost| CleanText::new(&lost.to_string()))?
    }
}
