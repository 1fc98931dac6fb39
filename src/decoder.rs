//! Foreign files, read by a child: the same program once more, with little memory, little time, and
//! no way to files, to the network or to other programs.
//!
//! The readers themselves are safe and keep to a [budget](crate::budget). What they and the crates
//! below them got wrong all the same ends with the child, in one line; and a child can be ended in
//! the middle of anything, which is how a user who cancels is heard at once. Only the program itself
//! has children ([`enable`]); libraries and tests that do not ask for it read in place.

mod child;
mod sandbox;
mod wire;

use std::io::{BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use image::RgbImage;
use tempfile::TempDir;

use crate::budget::{Exceeded, Lost, Wanted};
use crate::checkpoint::{
    CheckpointError, FileProblem, OnnxFile, RemoteTensors, StateDict, Unread, WeightsFile,
};
use crate::photo::{self, Photo, PhotoError, PhotoOptions, Problem};
use crate::temporary;
use crate::text::{CleanText, Shown as _};

pub use child::main as child_main;

/// First argument of a child, which no user types.
pub const ARGUMENT: &str = "__decode";

/// Longest time for a picture, or for what a file of weights holds.
const MAX_TIME: Duration = Duration::from_secs(60);
/// How often a child is asked for while it works.
const PULSE: Duration = Duration::from_millis(20);

static ENABLED: AtomicBool = AtomicBool::new(false);

/// From now on foreign files are read by children. For `main` alone: the running program must be
/// one that knows [`ARGUMENT`].
pub fn enable() {
    ENABLED.store(true, Ordering::Relaxed);
}

fn is_enabled() -> bool {
    ENABLED.load(Ordering::Relaxed)
}

/// As [`Photo::open_while`].
///
/// # Errors
/// The same, and a child that did not live to tell.
pub fn photo(path: &Path, options: &PhotoOptions, wanted: &Wanted) -> Result<Photo, PhotoError> {
    if !is_enabled() {
        return Photo::open_while(path, options, wanted);
    }
    let read = || -> Result<RgbImage, Problem> {
        let file = photo::open_regular(path)?;
        let mut command = command().map_err(Problem::Io)?;
        command.arg("photo").arg(wire::line(options)).stdin(file);
        let mut helper = Helper::spawn(command).map_err(Problem::Io)?;
        let answer = helper.watched(wanted, |_, out| -> std::io::Result<_> {
            let about: Result<wire::Picture, CleanText> = wire::read(out)?;
            Ok(match about {
                Ok(wire::Picture { width, height }) => {
                    let most = u64::from(width) * u64::from(height) * 3;
                    let mut pixels = Vec::new();
                    out.take(most.min(photo::MAX_RGB_BYTES)).read_to_end(&mut pixels)?;
                    Ok((width, height, pixels))
                }
                Err(problem) => Err(problem),
            })
        });
        match answer.map_err(picture_problem)? {
            Ok((width, height, pixels)) => {
                RgbImage::from_raw(width, height, pixels).ok_or(Problem::Lost(Lost::Crashed))
            }
            Err(problem) => Err(Problem::Told(problem)),
        }
    };
    match read() {
        Ok(rgb) => Ok(Photo { name: path.shown_name(), rgb }),
        Err(problem) => Err(PhotoError { name: path.shown(), problem }),
    }
}

/// Opens a file of weights of either sort.
///
/// Tensors are read by a child. Networks are not: they are read in place within a budget, and `rten`
/// runs them in this process, too, once `model/onnx/limits.rs` has looked for nodes that make much
/// out of little. A network made to do harm can still take memory and time here.
///
/// # Errors
/// What the file is or holds instead, in one line.
pub fn weights(path: &Path, wanted: &Wanted) -> Result<WeightsFile, CheckpointError> {
    if WeightsFile::is_graph(path) {
        return Ok(WeightsFile::Graph(OnnxFile::open(path, wanted)?));
    }
    Ok(WeightsFile::Tensors(checkpoint(path, wanted)?))
}

/// As [`StateDict::open_while`]. The child lives as long as the state dict does.
///
/// # Errors
/// The same, and a child that did not live to tell.
pub fn checkpoint(path: &Path, wanted: &Wanted) -> Result<StateDict, CheckpointError> {
    if !is_enabled() {
        return StateDict::open_while(path, wanted);
    }
    let read = || -> Result<StateDict, FileProblem> {
        // Also says what cannot be read at all, before a child is made.
        let path = std::fs::canonicalize(path).map_err(FileProblem::Io)?;
        let folder = tempfile::Builder::new().prefix(temporary::PREFIX).tempdir();
        let folder = folder.map_err(|error| FileProblem::Io(temporary::problem(error)))?;
        let mut command = command().map_err(FileProblem::Io)?;
        command.arg("checkpoint").arg(&path).arg(folder.path());
        command.env("TMPDIR", folder.path()).stdin(Stdio::piped());
        let mut helper = Helper::spawn(command).map_err(FileProblem::Io)?;
        let answer = helper.watched(wanted, |_, out| wire::read::<Result<Unread, CleanText>>(out));
        let unread = answer.map_err(file_problem)?;
        let unread = unread.map_err(FileProblem::Told)?;
        let remote = Remote { helper: Mutex::new(helper), wanted: wanted.clone(), _folder: folder };
        StateDict::from_remote(unread, Box::new(remote))
    };
    read().map_err(|problem| CheckpointError::file(path.shown(), problem))
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
        let answer = helper.watched(&self.wanted, |to, out| -> std::io::Result<_> {
            if let Some(to) = to {
                writeln!(to, "{}", wire::line(&name))?;
                to.flush()?;
            }
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

fn picture_problem(lost: Lost) -> Problem {
    match lost {
        Lost::Exceeded(exceeded) => Problem::Budget(exceeded),
        Lost::Ended | Lost::Crashed => Problem::Lost(lost),
    }
}

fn file_problem(lost: Lost) -> FileProblem {
    match lost {
        Lost::Exceeded(exceeded) => FileProblem::Budget(exceeded),
        Lost::Ended | Lost::Crashed => FileProblem::Lost(lost),
    }
}

fn command() -> std::io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    // What a child says beside its answer – that it ran out of memory, say – is for nobody.
    command.arg(ARGUMENT).stdout(Stdio::piped()).stderr(Stdio::null());
    Ok(command)
}

/// A child and the ways to it; ended when it is dropped.
struct Helper {
    child: Child,
    to: Option<ChildStdin>,
    out: BufReader<ChildStdout>,
}

impl Helper {
    fn spawn(mut command: Command) -> std::io::Result<Self> {
        let mut child = command.spawn()?;
        let out = child.stdout.take().ok_or(std::io::ErrorKind::BrokenPipe)?;
        let to = child.stdin.take();
        Ok(Self { child, to, out: BufReader::with_capacity(1 << 16, out) })
    }

    /// Talks to the child, and ends it when it takes too long or is not wanted any more.
    fn watched<T: Send>(
        &mut self,
        wanted: &Wanted,
        talk: impl FnOnce(Option<&mut ChildStdin>, &mut BufReader<ChildStdout>) -> std::io::Result<T>
        + Send,
    ) -> Result<T, Lost> {
        let Self { child, to, out } = self;
        let (done, over) = channel::<()>();
        let started = Instant::now();
        let (result, stopped) = std::thread::scope(|scope| {
            let watch = scope.spawn(move || {
                loop {
                    match over.recv_timeout(PULSE) {
                        Ok(()) | Err(RecvTimeoutError::Disconnected) => return None,
                        Err(RecvTimeoutError::Timeout) => {}
                    }
                    let stop = match () {
                        () if !wanted.is_wanted() => Exceeded::Cancelled,
                        () if started.elapsed() > MAX_TIME => Exceeded::Time,
                        () => continue,
                    };
                    child.kill().ok();
                    return Some(stop);
                }
            });
            let result = talk(to.as_mut(), out);
            drop(done);
            (result, watch.join().ok().flatten())
        });
        match (result, stopped) {
            (_, Some(exceeded)) => Err(exceeded.into()),
            (Ok(answer), None) => Ok(answer),
            (Err(_), None) => Err(self.fate()),
        }
    }

    /// Why there is no answer.
    fn fate(&mut self) -> Lost {
        // It hangs up a moment before it ends.
        for _ in 0..50 {
            match self.child.try_wait() {
                Ok(None) => std::thread::sleep(PULSE / 4),
                Ok(Some(_)) | Err(_) => break,
            }
        }
        self.child.kill().ok();
        match self.child.wait() {
            Ok(status) if sandbox::is_out_of_bounds(status) => Lost::Ended,
            _ => Lost::Crashed,
        }
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
