//! The CPU answers at once while a GPU gets ready behind it, which then takes over.
//!
//! A GPU needs seconds before its first answer: its driver starts, weights are copied, shaders are
//! compiled. So there are two engines, each with a thread and a device of its own. What the CPU said
//! about a picture is asked of the GPU, too. If it says the same, it does all further work with that
//! model. If it fails, hangs or says something else, the work stays on the CPU, or comes back to
//! it, and one line says why.

mod agreement;
mod books;

use std::cell::RefCell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Engine, EngineError, EnginePort, Wake};
use crate::model::DeviceChoice;
use crate::protocol::{Event, JobId, PictureSource, Request};
use books::{Books, Gpu, Lane, Readiness};

/// Longer than a slow driver needs to compile all shaders of a large network.
const PATIENCE: Duration = Duration::from_secs(60);

/// The job in which the GPU shows what it can; later than all jobs of the asker, who never hears of
/// it.
const REHEARSAL: JobId = JobId(u64::MAX - 1);

/// Two engines that look like one.
pub struct Handover {
    cpu: Box<dyn EnginePort>,
    gpu: Box<dyn EnginePort>,
    /// How long the GPU may be silent while something is asked of it.
    timeouts: Duration,
    books: RefCell<Books>,
}

impl Handover {
    /// Starts both engines; `gpu` says which adapters count.
    ///
    /// # Errors
    /// When the operating system grants no thread.
    pub fn spawn(gpu: DeviceChoice, wake: Wake) -> Result<Self, EngineError> {
        let cpu = Engine::spawn(DeviceChoice::Cpu, Arc::clone(&wake))?;
        let gpu = Engine::spawn(gpu, wake)?;
        Ok(Self::new(Box::new(cpu), Box::new(gpu), PATIENCE))
    }

    /// Joins two engines that run already.
    pub fn new(cpu: Box<dyn EnginePort>, gpu: Box<dyn EnginePort>, timeouts: Duration) -> Self {
        Self { cpu, gpu, timeouts, books: RefCell::new(Books::new()) }
    }

    fn lane(&self, lane: Lane) -> &dyn EnginePort {
        match lane {
            Lane::Cpu => &*self.cpu,
            Lane::Gpu => &*self.gpu,
        }
    }

    fn hear_gpu(&self, books: &mut Books, event: Event, out: &mut Vec<Event>) {
        if books.gpu == Gpu::Off {
            return;
        }
        books.heard = Instant::now();
        match event {
            Event::Device { name, is_gpu: true, .. } => {
                let text = format!("CPU, while {name} gets ready");
                books.gpu = Gpu::There(name);
                out.push(Event::Device { name: text, is_gpu: false, note: None });
            }
            // There is none, or it has failed.
            Event::Device { note, .. } => self.turn_off(books, note, out),
            Event::Stopped { reason } => self.give_up(books, &reason, out),
            Event::Failed { job: REHEARSAL, error } => self.give_up(books, &error, out),
            Event::Explained { job: REHEARSAL, explanation } => {
                match books.rehearsed(&explanation) {
                    Ok(()) => {
                        let name = explanation.device.clone();
                        out.push(Event::Device { name, is_gpu: true, note: None });
                    }
                    Err(reason) => self.give_up(books, &reason, out),
                }
            }
            Event::Progress { job: REHEARSAL, .. } | Event::PhotoReady { job: REHEARSAL, .. } => {}
            Event::Explained { job, explanation } => {
                let explanation = books.adopt(job, explanation);
                books.answer(Event::Explained { job, explanation }, out);
            }
            Event::Rerun { job, explanation } => {
                let explanation = books.adopt(job, explanation);
                books.answer(Event::Rerun { job, explanation }, out);
            }
            event => books.answer(event, out),
        }
    }

    /// The GPU is to be used no more.
    fn give_up(&self, books: &mut Books, reason: &str, out: &mut Vec<Event>) {
        let note = match &books.gpu {
            Gpu::There(name) => format!("Using the CPU instead of {name}: {reason}"),
            _ => format!("Using the CPU: {reason}"),
        };
        self.turn_off(books, Some(note), out);
    }

    /// Everything is done on the CPU from now on, also what the GPU has not answered.
    fn turn_off(&self, books: &mut Books, note: Option<String>, out: &mut Vec<Event>) {
        books.gpu = Gpu::Off;
        books.models.clear();
        self.gpu.cancel_before(JobId(u64::MAX));
        for (request, lane) in &mut books.open {
            if std::mem::replace(lane, Lane::Cpu) == Lane::Gpu {
                self.cpu.send(request.clone());
            }
        }
        out.push(Event::Device { name: "CPU".to_owned(), is_gpu: false, note });
    }

    /// Whether the GPU is still with us.
    fn check(&self, books: &mut Books, out: &mut Vec<Event>) {
        if books.gpu == Gpu::Off {
            return;
        }
        let is_asked = books.gpu == Gpu::Starting || books.is_gpu_asked();
        if !self.gpu.is_alive() {
            self.give_up(books, "it stopped unexpectedly", out);
        } else if is_asked && books.heard.elapsed() > self.timeouts {
            let reason = format!("no answer for {} s", self.timeouts.as_secs());
            self.give_up(books, &reason, out);
        }
    }

    /// One model after the other, so that the answers can be told apart.
    fn rehearse(&self, books: &mut Books) {
        if !matches!(books.gpu, Gpu::There(_)) || books.is_rehearsing() {
            return;
        }
        for (model, readiness) in &mut books.models {
            let Readiness::Waiting(reference) = readiness else { continue };
            let (reference, model) = (Arc::clone(reference), model.clone());
            let picture = PictureSource::Photo(Arc::clone(&reference.photo));
            *readiness = Readiness::Rehearsing(reference);
            books.heard = Instant::now();
            self.gpu.send(Request::Explain { job: REHEARSAL, picture, model });
            return;
        }
    }
}

impl EnginePort for Handover {
    fn send(&self, request: Request) {
        let mut books = self.books.borrow_mut();
        let lane = books.lane_for(&request);
        if lane == Lane::Gpu && !books.is_gpu_asked() {
            books.heard = Instant::now();
        }
        books.open.push((request.clone(), lane));
        self.lane(lane).send(request);
    }

    fn drain(&self) -> Vec<Event> {
        let (mut out, mut books) = (Vec::new(), self.books.borrow_mut());
        books.forget_unwanted();
        for event in self.cpu.drain() {
            books.learn(&event);
            books.answer(event, &mut out);
        }
        for event in self.gpu.drain() {
            self.hear_gpu(&mut books, event, &mut out);
        }
        self.check(&mut books, &mut out);
        self.rehearse(&mut books);
        out
    }

    fn cancel_before(&self, job: JobId) {
        self.books.borrow_mut().open.retain(|(request, _)| request.job() >= job);
        self.cpu.cancel_before(job);
        self.gpu.cancel_before(job);
    }

    fn is_alive(&self) -> bool {
        self.cpu.is_alive()
    }
}
