//! What is known about the two engines: who was asked what, and which models a GPU is ready for.

use std::sync::Arc;
use std::time::Instant;

use super::agreement::disagreement;
use crate::explanation::{Explanation, ModelInfo};
use crate::protocol::{Event, JobId, ModelRequest, Request};

pub struct Books {
    pub gpu: Gpu,
    /// When it said something last, or was asked after a rest.
    pub heard: Instant,
    /// Requests that are not answered yet.
    pub open: Vec<(Request, Lane)>,
    pub models: Vec<(ModelRequest, Readiness)>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Gpu {
    Starting,
    /// Its name.
    There(String),
    /// It is not there, or not to be used any more.
    Off,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    Cpu,
    Gpu,
}

/// How far the GPU is with a model.
pub enum Readiness {
    /// It will be asked what the CPU was asked.
    Waiting(Arc<Explanation>),
    Rehearsing(Arc<Explanation>),
    /// It does the work. The model is known to the asker as the one that the CPU loaded.
    Ready(Arc<ModelInfo>),
}

impl Books {
    pub fn new() -> Self {
        let (open, models) = (Vec::new(), Vec::new());
        Self { gpu: Gpu::Starting, heard: Instant::now(), open, models }
    }

    /// What was given up without a word will not be answered.
    pub fn forget_unwanted(&mut self) {
        self.open.retain(|(request, _)| match request {
            Request::Rerun { wanted, .. } | Request::Probe { wanted, .. } => {
                wanted.strong_count() > 0
            }
            _ => true,
        });
    }

    pub fn lane_for(&self, request: &Request) -> Lane {
        let model = model_of(request);
        match self.models.iter().find(|(known, _)| Some(known) == model) {
            Some((_, Readiness::Ready(_))) => Lane::Gpu,
            _ => Lane::Cpu,
        }
    }

    /// The CPU has explained something: what the GPU can be measured on.
    pub fn learn(&mut self, event: &Event) {
        let Event::Explained { job, explanation } = event else { return };
        let asked = self.open.iter().find_map(|(request, _)| match request {
            Request::Explain { job: own, model, .. } if own == job => Some(model.clone()),
            _ => None,
        });
        if let Some(model) = asked.filter(|_| self.gpu != Gpu::Off)
            && self.models.iter().all(|(known, _)| *known != model)
        {
            self.models.push((model, Readiness::Waiting(Arc::clone(explanation))));
        }
    }

    /// The GPU has explained what the CPU had explained.
    pub fn rehearsed(&mut self, explanation: &Explanation) -> Result<(), String> {
        for (_, readiness) in &mut self.models {
            let Readiness::Rehearsing(reference) = readiness else { continue };
            if let Some(reason) = disagreement(&reference.forward, &explanation.forward) {
                return Err(reason);
            }
            *readiness = Readiness::Ready(Arc::clone(&reference.model));
        }
        Ok(())
    }

    /// An answer of the GPU, with the model as the CPU loaded it.
    pub fn adopt(&self, job: JobId, mut explanation: Arc<Explanation>) -> Arc<Explanation> {
        let asked = self.open.iter().find(|(request, _)| request.job() == job);
        let model = asked.and_then(|(request, _)| model_of(request));
        let known = self.models.iter().find_map(|(known, readiness)| match readiness {
            Readiness::Ready(info) if Some(known) == model => Some(Arc::clone(info)),
            _ => None,
        });
        if let (Some(own), Some(known)) = (Arc::get_mut(&mut explanation), known) {
            own.model = known;
        }
        explanation
    }

    /// Passes something on, and strikes out what it answers.
    pub fn answer(&mut self, event: Event, out: &mut Vec<Event>) {
        let is_partial =
            matches!(&event, Event::Probed { answers, total, .. } if answers.len() < *total);
        if let Event::Explained { job, .. }
        | Event::Rerun { job, .. }
        | Event::ModelReady { job, .. }
        | Event::Probed { job, .. }
        | Event::Evaluated { job, .. }
        | Event::Features { job, .. }
        | Event::Failed { job, .. } = &event
            && !is_partial
        {
            self.open.retain(|(request, _)| request.job() != *job);
        }
        out.push(event);
    }

    pub fn is_rehearsing(&self) -> bool {
        self.models.iter().any(|(_, readiness)| matches!(readiness, Readiness::Rehearsing(_)))
    }

    pub fn is_gpu_asked(&self) -> bool {
        self.is_rehearsing() || self.open.iter().any(|(_, lane)| *lane == Lane::Gpu)
    }
}

/// Of requests that a GPU may answer.
fn model_of(request: &Request) -> Option<&ModelRequest> {
    match request {
        Request::Explain { model, .. } | Request::Probe { model, .. } => Some(model),
        Request::Rerun { rerun, .. } => Some(&rerun.model),
        Request::Load { .. } | Request::Evaluate { .. } | Request::Features { .. } => None,
    }
}
