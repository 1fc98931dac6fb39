//! The engine: one thread that owns a device and the networks on it.
//!
//! Requests go in through a channel, [`Event`]s come out of another. A GPU that fails, at the
//! start or later, is named and the work is done again on the CPU. The engine knows nothing about
//! windows; it calls `wake` after each event so that a window can look. A window asks two of them,
//! see [`Handover`].

mod batches;
mod bench;
mod classes;
mod eval;
mod handover;
mod load;
mod port;
mod probing;
mod sidecar;
mod tree;
mod worker;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

pub use bench::{BenchRequest, BenchResult, bench};
pub use handover::Handover;
pub use load::LoadError;
pub use port::EnginePort;
pub use tree::read as read_tree;

use crate::explain::{Answers, Probe};
use crate::explanation::{Explanation, ModelInfo};
use crate::labelled_pictures::LabelledPicture;
use crate::model::DeviceChoice;
use crate::photo::PhotoOptions;
use crate::protocol::{
    Evaluation, Event, JobId, ModelRequest, PictureSource, PooledFeatures, Request, Rerun,
};
use worker::{Desk, Worker};

/// Called after every event, from the engine's thread.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// How long the end of a thread is waited for. A driver that hangs must not keep the program from
/// ending.
const ENDING: Duration = Duration::from_secs(2);

/// A handle on the engine's thread; dropping it ends the thread after the job at hand.
#[derive(Debug)]
pub struct Engine {
    requests: Option<Sender<Request>>,
    events: Receiver<Event>,
    oldest_wanted: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

/// One line for the user: what failed and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct EngineError(pub String);

impl Engine {
    /// Starts the thread, which opens the device. Without one it ends with [`Event::Stopped`].
    ///
    /// # Errors
    /// When the operating system grants no thread.
    pub fn spawn(device: DeviceChoice, wake: Wake) -> Result<Self, EngineError> {
        let (requests, inbox) = channel();
        let (outbox, events) = channel();
        let oldest_wanted = Arc::new(AtomicU64::new(0));
        let worker = Worker::new(device, Desk::new(outbox, wake, Arc::clone(&oldest_wanted)));
        let thread = std::thread::Builder::new()
            .name("glasstree-engine".to_owned())
            .spawn(move || worker.run(&inbox))
            .map_err(|error| {
                EngineError(format!("Could not start the engine's thread: {error}"))
            })?;
        Ok(Self { requests: Some(requests), events, oldest_wanted, thread: Some(thread) })
    }

    /// Asks for something. A dead engine has said so with [`Event::Stopped`].
    pub fn send(&self, request: Request) {
        if let Some(requests) = &self.requests {
            requests.send(request).ok();
        }
    }

    /// Everything that was answered since the last call; never waits.
    pub fn drain(&self) -> Vec<Event> {
        self.events.try_iter().collect()
    }

    /// Whether the thread is there to answer.
    pub fn is_alive(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| !thread.is_finished())
    }

    /// Gives up on all jobs before `job`: those still waiting are dropped, one that runs ends at its
    /// next stage.
    pub fn cancel_before(&self, job: JobId) {
        self.oldest_wanted.store(job.0, Ordering::Relaxed);
    }

    /// Loads a model and waits for it. For callers without a window; `notes` gets what the engine
    /// says on the way, such as a GPU that failed.
    ///
    /// # Errors
    /// One line for the user.
    pub fn load(
        &self,
        model: &ModelRequest,
        notes: &mut dyn FnMut(&str),
    ) -> Result<Arc<ModelInfo>, EngineError> {
        let job = JobId(u64::MAX);
        self.send(Request::Load { job, model: model.clone() });
        self.wait(notes, |event| match event {
            Event::ModelReady { model, .. } => Some(model),
            _ => None,
        })
    }

    /// Explains a picture and waits for it, as [`Self::load`] does.
    ///
    /// # Errors
    /// One line for the user.
    pub fn explain(
        &self,
        picture: PictureSource,
        model: &ModelRequest,
        notes: &mut dyn FnMut(&str),
    ) -> Result<Arc<Explanation>, EngineError> {
        let job = JobId(u64::MAX);
        self.send(Request::Explain { job, picture, model: model.clone() });
        self.wait(notes, |event| match event {
            Event::Explained { explanation, .. } => Some(explanation),
            _ => None,
        })
    }

    /// Runs a network again without a part of the photo and waits for it, as [`Self::load`] does.
    ///
    /// # Errors
    /// One line for the user.
    pub fn rerun(
        &self,
        rerun: Rerun,
        notes: &mut dyn FnMut(&str),
    ) -> Result<Arc<Explanation>, EngineError> {
        let (job, wanted) = (JobId(u64::MAX), Arc::new(()));
        self.send(Request::Rerun { job, rerun, wanted: Arc::downgrade(&wanted) });
        self.wait(notes, |event| match event {
            Event::Rerun { explanation, .. } => Some(explanation),
            _ => None,
        })
    }

    /// Shows a network changed inputs and waits for all answers, as [`Self::load`] does; `progress`
    /// gets the answers so far, how many there will be, and about how long that will take.
    ///
    /// # Errors
    /// One line for the user.
    pub fn probe(
        &self,
        probe: Arc<dyn Probe>,
        model: &ModelRequest,
        notes: &mut dyn FnMut(&str),
        progress: &mut dyn FnMut(&Answers, usize, Duration),
    ) -> Result<Answers, EngineError> {
        let (job, wanted) = (JobId(u64::MAX), Arc::new(()));
        let (model, token) = (model.clone(), Arc::downgrade(&wanted));
        self.send(Request::Probe { job, model, probe, wanted: token });
        self.wait(notes, |event| match event {
            Event::Probed { answers, total, .. } if answers.len() >= total => Some(answers),
            Event::Probed { answers, total, left, .. } => {
                progress(&answers, total, left);
                None
            }
            _ => None,
        })
    }

    /// Measures a model and waits for it, as [`Self::load`] does; `progress` gets how many pictures
    /// are done, of how many.
    ///
    /// # Errors
    /// One line for the user, also when no picture could be read.
    pub fn evaluate(
        &self,
        pictures: Arc<[LabelledPicture]>,
        others: Arc<[PathBuf]>,
        options: PhotoOptions,
        model: &ModelRequest,
        notes: &mut dyn FnMut(&str),
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<Arc<Evaluation>, EngineError> {
        let job = JobId(u64::MAX);
        self.send(Request::Evaluate { job, model: model.clone(), pictures, others, options });
        self.wait(notes, |event| match event {
            Event::Evaluated { evaluation, .. } => Some(evaluation),
            Event::Evaluating { done, total, .. } => {
                progress(done, total);
                None
            }
            _ => None,
        })
    }

    /// What a model's linear layer reads of pictures, as [`Self::evaluate`] runs them.
    ///
    /// # Errors
    /// One line for the user, also when no picture could be read or the model has no such features.
    pub fn features(
        &self,
        pictures: Arc<[PathBuf]>,
        options: PhotoOptions,
        model: &ModelRequest,
        notes: &mut dyn FnMut(&str),
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<Arc<PooledFeatures>, EngineError> {
        let job = JobId(u64::MAX);
        self.send(Request::Features { job, model: model.clone(), pictures, options });
        self.wait(notes, |event| match event {
            Event::Features { features, .. } => Some(features),
            Event::Evaluating { done, total, .. } => {
                progress(done, total);
                None
            }
            _ => None,
        })
    }

    fn wait<T>(
        &self,
        notes: &mut dyn FnMut(&str),
        mut wanted: impl FnMut(Event) -> Option<T>,
    ) -> Result<T, EngineError> {
        loop {
            match self.events.recv() {
                Ok(Event::Failed { error, .. }) => return Err(EngineError(error)),
                Ok(Event::Device { note: Some(note), .. }) => notes(&note),
                Ok(Event::Stopped { reason }) => return Err(EngineError(reason)),
                Ok(event) => {
                    if let Some(answer) = wanted(event) {
                        return Ok(answer);
                    }
                }
                Err(_) => return Err(EngineError("The engine has stopped".to_owned())),
            }
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.cancel_before(JobId(u64::MAX));
        self.requests = None;
        let deadline = Instant::now() + ENDING;
        let left = || deadline.saturating_duration_since(Instant::now());
        // The thread's end of the channel goes last.
        let ended = loop {
            match self.events.recv_timeout(left()) {
                Ok(_) => {}
                Err(end) => break end == RecvTimeoutError::Disconnected,
            }
        };
        if let Some(thread) = self.thread.take().filter(|_| ended) {
            thread.join().ok();
        }
    }
}
