//! A child and the ways to it.

use std::io::{self, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::wire::{self, Job};
use super::{ARGUMENT, Program, sandbox};
use crate::budget::{Exceeded, Lost, Wanted};

/// How often a child is asked for while it works.
const PULSE: Duration = Duration::from_millis(20);

impl Program {
    /// Starts children until so many wait for a job.
    pub fn prepare(&self, count: usize) {
        let mut waiting = self.waiting();
        while waiting.len() < count {
            // Without one, a child is started when it is needed, and then it is told what is wrong.
            let Ok(helper) = self.spawn(true) else { break };
            waiting.push(helper);
        }
    }

    /// A child that does a job. Networks get one of their own, since they use the same memory again
    /// and again.
    pub(super) fn helper(&self, job: &Job) -> io::Result<Helper> {
        let is_network = matches!(job, Job::Network { .. });
        let waiting = if is_network { None } else { self.waiting().pop() };
        // What happened to it while it waited is no fault of the file.
        if let Some(mut helper) = waiting
            && helper.is_alive()
            && helper.send(job).is_ok()
        {
            return Ok(helper);
        }
        let mut helper = self.spawn(!is_network)?;
        helper.send(job)?;
        Ok(helper)
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Helper>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `is_thrifty`: what a decoder gives back goes at once, before the pixels are in two processes.
    fn spawn(&self, is_thrifty: bool) -> io::Result<Helper> {
        let mut command = Command::new(&self.path);
        command.arg(ARGUMENT).stdin(Stdio::piped()).stdout(Stdio::piped());
        // What a child says beside its answer – that it ran out of memory, say – is for nobody.
        command.stderr(Stdio::null());
        if is_thrifty {
            command.env("MIMALLOC_PURGE_DELAY", "0");
        }
        let mut child = command.spawn()?;
        let out = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let to = child.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
        Ok(Helper { child, to, out: BufReader::with_capacity(1 << 16, out) })
    }
}

/// A child; ended when it is dropped.
#[derive(Debug)]
pub struct Helper {
    child: Child,
    to: ChildStdin,
    out: BufReader<ChildStdout>,
}

impl Helper {
    fn send(&mut self, job: &Job) -> io::Result<()> {
        writeln!(self.to, "{}", wire::line(job))
    }

    fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Talks to the child, and ends it when it takes longer than `time` or is not wanted any more.
    pub fn watched<T: Send>(
        &mut self,
        time: Duration,
        wanted: &Wanted,
        talk: impl FnOnce(&mut ChildStdin, &mut BufReader<ChildStdout>) -> io::Result<T> + Send,
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
            let result = talk(to, out);
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
