//! The loop on the engine's thread.

mod desk;
mod measure;

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError};
use std::sync::{Arc, Weak};
use std::time::Instant;

use super::EngineError;
use super::load::{self, LoadError, Loaded};
use super::probing::Probing;
use crate::budget::Wanted;
use crate::decoder;
use crate::explanation::Explanation;
use crate::model::{Compute, DeviceChoice, ModelError, Opened, OutOfMemory};
use crate::photo::Photo;
use crate::preprocess::Square;
use crate::protocol::{Event, JobId, ModelRequest, PictureSource, Request, Rerun, Stage};

pub use desk::Desk;

/// Models kept in memory: a classifier and a tree model.
const KEPT_MODELS: usize = 2;

pub struct Worker {
    choice: DeviceChoice,
    compute: Option<Compute>,
    /// Most recently used last.
    models: Vec<(ModelRequest, Loaded)>,
    /// The network whose gradients were asked for last, once more, beside a GPU that computes none.
    on_cpu: Option<(ModelRequest, Loaded)>,
    /// Taken up in turns while nothing else is asked.
    probings: VecDeque<Probing>,
    desk: Desk,
}

/// Why a job ended without a result.
#[derive(Debug, PartialEq)]
enum Stop {
    Cancelled,
    Failed(String),
    /// The device failed; the job is worth trying on another one.
    Device(String),
}

impl Stop {
    fn out_of_memory() -> Self {
        let what = "There is not enough memory for what this network makes of a picture; a smaller \
                    crop takes less";
        Self::Failed(what.to_owned())
    }
}

impl From<LoadError> for Stop {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Model { source, .. } if source.is_device_failure() => {
                Self::Device(source.to_string())
            }
            error => Self::Failed(error.to_string()),
        }
    }
}

impl From<ModelError> for Stop {
    fn from(error: ModelError) -> Self {
        if error.is_device_failure() {
            Self::Device(error.to_string())
        } else {
            Self::Failed(error.to_string())
        }
    }
}

impl Worker {
    pub fn new(choice: DeviceChoice, desk: Desk) -> Self {
        let (models, probings) = (Vec::new(), VecDeque::new());
        let (compute, on_cpu) = (None, None);
        Self { choice, compute, models, on_cpu, probings, desk }
    }

    /// Opens the device, then answers requests until the other end hangs up.
    pub fn run(mut self, inbox: &Receiver<Request>) {
        if let Err(error) = self.open_device() {
            self.desk.say(Event::Stopped { reason: error.0 });
            return;
        }
        loop {
            let request = match self.probings.front() {
                None => {
                    decoder::rest();
                    inbox.recv().map_err(|_| TryRecvError::Disconnected)
                }
                Some(_) => inbox.try_recv(),
            };
            match request {
                Ok(request) => {
                    self.work(request.job(), |worker| worker.answer(&request));
                }
                Err(TryRecvError::Empty) => self.probe(),
                Err(TryRecvError::Disconnected) => break,
            }
        }
        self.desk.say(Event::Stopped { reason: "The engine has stopped".to_owned() });
    }

    /// Does a job, or says why it failed; whether it went well.
    fn work(&mut self, job: JobId, work: impl Fn(&mut Self) -> Result<(), Stop>) -> bool {
        let result = self.with_fallback(work);
        if let Err(Stop::Failed(error) | Stop::Device(error)) = &result {
            self.desk.say(Event::Failed { job, error: error.clone() });
        }
        result.is_ok()
    }

    /// One batch of the probe that has waited longest.
    fn probe(&mut self) {
        let Some(probing) = self.probings.pop_front().filter(Probing::is_wanted) else { return };
        self.work(probing.job, |worker| {
            // A copy, so that another device can begin where this one failed.
            let mut probing = probing.clone();
            if probing.wants_gradients() && worker.compute.as_ref().is_some_and(Compute::is_gpu) {
                probing.step(&worker.model_on_cpu(probing.job, &probing.model)?.classifier)?;
            } else {
                let wanted = worker.desk.wanted(probing.job);
                worker.has_model(probing.job, &probing.model, &wanted)?;
                if !probing.is_done() {
                    probing.step(&worker.model(probing.job, &probing.model)?.classifier)?;
                }
            }
            if let Some(report) = probing.report() {
                worker.desk.say(report);
            }
            if !probing.is_done() {
                worker.probings.push_back(probing);
            }
            Ok(())
        });
    }

    fn open_device(&mut self) -> Result<(), EngineError> {
        if self.compute.is_none() {
            let Opened { compute, note } =
                Compute::open(self.choice).map_err(|error| EngineError(error.to_string()))?;
            self.compute = Some(compute);
            self.say_device(note);
        }
        Ok(())
    }

    fn say_device(&self, note: Option<String>) {
        let Some(compute) = &self.compute else { return };
        let (name, is_gpu) = (compute.name().to_owned(), compute.is_gpu());
        self.desk.say(Event::Device { name, is_gpu, note });
    }

    fn fall_back(&mut self, reason: &str) {
        let failed = self.compute.replace(Compute::cpu());
        let failed = failed.map_or_else(String::new, |compute| compute.name().to_owned());
        self.choice = DeviceChoice::Cpu;
        self.models.clear();
        let note = format!("{failed} failed ({reason}); using the CPU instead");
        self.say_device(Some(note));
    }

    /// Does `work`, and does it again on the CPU if a GPU fails at it.
    fn with_fallback(&mut self, work: impl Fn(&mut Self) -> Result<(), Stop>) -> Result<(), Stop> {
        let result = self.attempt(&work);
        match &result {
            Err(Stop::Device(reason)) if self.compute.as_ref().is_some_and(Compute::is_gpu) => {
                self.fall_back(reason);
                self.attempt(&work)
            }
            _ => result,
        }
    }

    /// A panic inside burn or a driver counts as a failure of the device.
    fn attempt(&mut self, work: &impl Fn(&mut Self) -> Result<(), Stop>) -> Result<(), Stop> {
        let answer = catch_unwind(AssertUnwindSafe(|| work(self)));
        answer.unwrap_or_else(|panic| {
            if panic.is::<OutOfMemory>() {
                return Err(Stop::out_of_memory());
            }
            self.models.clear();
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
            Err(Stop::Device(format!("internal error: {}", text.unwrap_or("unknown"))))
        })
    }

    fn answer(&mut self, request: &Request) -> Result<(), Stop> {
        match request {
            Request::Load { job, model } => {
                let started = Instant::now();
                let loaded = self.model(*job, model)?;
                let info = Arc::clone(&loaded.info);
                self.desk.say(Event::ModelReady {
                    job: *job,
                    model: info,
                    took: started.elapsed(),
                });
            }
            Request::Explain { job, picture, model } => {
                let photo = self.picture_and_model(*job, picture, model)?;
                let explanation = self.explain(*job, photo, None, model)?;
                self.desk.say(Event::Explained { job: *job, explanation: Arc::new(explanation) });
            }
            Request::Rerun { job, rerun, wanted } => {
                let explanation = Arc::new(self.rerun(*job, rerun, wanted)?);
                self.desk.say(Event::Rerun { job: *job, explanation });
            }
            Request::Probe { job, model, probe, wanted } => {
                let (model, probe, wanted) =
                    (model.clone(), Arc::clone(probe), Weak::clone(wanted));
                self.probings.push_back(Probing::new(*job, model, probe, wanted));
            }
            Request::Evaluate { job, model, pictures, others, options } => {
                let evaluation = self.evaluate(*job, pictures, others, *options, model)?;
                self.desk.say(Event::Evaluated { job: *job, evaluation: Arc::new(evaluation) });
            }
            Request::Features { job, model, pictures, options } => {
                let features = self.features(*job, pictures, *options, model)?;
                self.desk.say(Event::Features { job: *job, features: Arc::new(features) });
            }
        }
        Ok(())
    }

    fn explain(
        &mut self,
        job: JobId,
        photo: Arc<Photo>,
        square: Option<Square>,
        model: &ModelRequest,
    ) -> Result<Explanation, Stop> {
        self.model(job, model)?;
        self.desk.stage(job, Stage::Running)?;
        let loaded = self.model(job, model)?;
        let size = loaded.info.recipe.crop as usize;
        // The pixels, the numbers that they become, and their copy for the network; then its maps. What
        // is taken here and there fails without a word, so about as much is asked for first.
        let maps = loaded.classifier.architecture();
        let maps = maps.map_or(0, |it| it.largest_feature_map(loaded.info.recipe.crop));
        let numbers = (3 * 3 * size * size).saturating_add(maps as usize / 8);
        if Vec::<f32>::new().try_reserve_exact(numbers).is_err() {
            return Err(Stop::out_of_memory());
        }
        let input = loaded
            .info
            .recipe
            .apply_to(&photo.rgb, square)
            .map_err(|error| Stop::Failed(format!("{}: {error}", photo.name)))?;
        let started = Instant::now();
        let mut forwards = match loaded.classifier.forward(&[&input.chw], size) {
            // Good weights do not give NaN; a broken driver may.
            Err(error @ ModelError::NotFinite(_)) if loaded.classifier.compute().is_gpu() => {
                return Err(Stop::Device(error.to_string()));
            }
            result => result?,
        };
        let took = started.elapsed();
        let Some(forward) = forwards.pop() else {
            return Err(Stop::Failed("The network returned nothing".to_owned()));
        };
        let device = loaded.classifier.compute().name().to_owned();
        let info = Arc::clone(&loaded.info);
        Ok(Explanation::new(photo, info, input, forward, took, device))
    }

    /// Takes the part out of the photo here, since that may take as long as the network.
    fn rerun(&mut self, job: JobId, rerun: &Rerun, wanted: &Weak<()>) -> Result<Explanation, Stop> {
        let check_wanted = || match wanted.strong_count() {
            0 => Err(Stop::Cancelled),
            _ => self.desk.check_wanted(job),
        };
        check_wanted()?;
        let photo = rerun.photo();
        check_wanted()?;
        self.explain(job, photo, rerun.square(), &rerun.model)
    }

    /// The picture, and meanwhile the model, unless it is in memory: neither needs the other.
    fn picture_and_model(
        &mut self,
        job: JobId,
        picture: &PictureSource,
        model: &ModelRequest,
    ) -> Result<Arc<Photo>, Stop> {
        let desk = self.desk.clone();
        if self.models.iter().any(|(known, _)| known == model) {
            return desk.picture(job, picture);
        }
        // Without the picture nobody needs the model.
        let is_lost = Arc::new(AtomicBool::new(false));
        let (lost, wanted) = (Arc::clone(&is_lost), desk.wanted(job));
        let wanted = Wanted::new(move || wanted.is_wanted() && !lost.load(Ordering::Relaxed));
        std::thread::scope(|scope| {
            let decoding = scope.spawn(|| {
                let photo = desk.picture(job, picture);
                is_lost.store(photo.is_err(), Ordering::Relaxed);
                photo
            });
            let model = self.has_model(job, model, &wanted);
            let photo = decoding.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
            model.map(|()| photo)
        })
    }

    /// Loads the model unless it is in memory.
    fn has_model(
        &mut self,
        job: JobId,
        request: &ModelRequest,
        wanted: &Wanted,
    ) -> Result<(), Stop> {
        if self.models.iter().any(|(known, _)| known == request) {
            return Ok(());
        }
        let stage = Stage::LoadingModel { read: 0, total: 0 };
        self.desk.say(Event::Progress { job, stage });
        let compute = self.compute.clone().unwrap_or_else(Compute::cpu);
        let loaded = load::load(request, &compute, wanted, self.desk.loading(job));
        // Whatever goes wrong with a file that is given up goes wrong because of that.
        if !wanted.is_wanted() {
            return Err(Stop::Cancelled);
        }
        let loaded = loaded?;
        if self.models.len() >= KEPT_MODELS {
            self.models.remove(0);
        }
        self.models.push((request.clone(), loaded));
        Ok(())
    }

    /// The model on the CPU, whatever the device is.
    fn model_on_cpu(&mut self, job: JobId, request: &ModelRequest) -> Result<&Loaded, Stop> {
        let loaded = match self.on_cpu.take().filter(|(known, _)| known == request) {
            Some((_, loaded)) => loaded,
            None => {
                let (wanted, told) = (self.desk.wanted(job), self.desk.loading(job));
                load::load(request, &Compute::cpu(), &wanted, told)?
            }
        };
        let (_, loaded) = self.on_cpu.insert((request.clone(), loaded));
        Ok(loaded)
    }

    /// The model, from memory or from its file.
    fn model(&mut self, job: JobId, request: &ModelRequest) -> Result<&Loaded, Stop> {
        if let Some(at) = self.models.iter().position(|(known, _)| known == request) {
            let model = self.models.remove(at);
            self.models.push(model);
        } else {
            self.desk.check_wanted(job)?;
            self.has_model(job, request, &self.desk.wanted(job))?;
        }
        match self.models.last() {
            Some((_, loaded)) => Ok(loaded),
            None => Err(Stop::Failed("The model is gone".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests;
