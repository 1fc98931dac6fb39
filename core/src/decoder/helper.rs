//! A child and the ways to it.

use std::io::BufReader;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use super::{ARGUMENT, Program, sandbox};
use crate::budget::{Exceeded, Lost, Wanted};

/// How often a child is asked for while it works.
const PULSE: Duration = Duration::from_millis(20);

impl Program {
    /// A child that is not started yet.
    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(&self.0);
        // What a child says beside its answer – that it ran out of memory, say – is for nobody.
        command.arg(ARGUMENT).stdout(Stdio::piped()).stderr(Stdio::null());
        command
    }
}

/// A child; ended when it is dropped.
#[derive(Debug)]
pub struct Helper {
    child: Child,
    to: Option<ChildStdin>,
    out: BufReader<ChildStdout>,
}

impl Helper {
    pub fn spawn(mut command: Command) -> std::io::Result<Self> {
        let mut child = command.spawn()?;
        let out = child.stdout.take().ok_or(std::io::ErrorKind::BrokenPipe)?;
        let to = child.stdin.take();
        Ok(Self { child, to, out: BufReader::with_capacity(1 << 16, out) })
    }

    /// Talks to the child, and ends it when it takes longer than `time` or is not wanted any more.
    pub fn watched<T: Send>(
        &mut self,
        time: Duration,
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
                        () if started.elapsed() > time => Exceeded::Time,
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
