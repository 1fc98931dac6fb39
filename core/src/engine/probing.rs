//! A probe under way: changed inputs go through a network a few at a time.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use rayon::prelude::*;

use crate::explain::{Answers, Forward, Probe, ProbeAnswer, ProbeInput};
use crate::model::{Classifier, ModelError};
use crate::protocol::{Event, JobId, ModelRequest};

/// How long one batch should take: whoever gives up a run, or wants something else in between, waits
/// no longer than this.
const BATCH_TIME: Duration = Duration::from_millis(30);

/// Most inputs that are made at once, whatever the device: a hundred of 224² are 60 MB.
const MOST: usize = 64;

/// At least so much time passes between two reports.
const PAUSE: Duration = Duration::from_millis(100);

/// Cheap to copy, so that a batch on which a device fails is as if it had never begun.
#[derive(Debug, Clone)]
pub struct Probing {
    pub job: JobId,
    pub model: ModelRequest,
    pub wanted: Weak<()>,
    probe: Arc<dyn Probe>,
    answers: Answers,
    /// Inputs of the next batch.
    batch: usize,
    /// Spent on batches so far; another job may have come in between.
    spent: Duration,
    reported: Option<Instant>,
}

impl Probing {
    pub fn new(job: JobId, model: ModelRequest, probe: Arc<dyn Probe>, wanted: Weak<()>) -> Self {
        let (answers, spent) = (Answers::default(), Duration::ZERO);
        Self { job, model, wanted, probe, answers, batch: 1, spent, reported: None }
    }

    pub fn is_wanted(&self) -> bool {
        self.wanted.strong_count() > 0
    }

    pub fn is_done(&self) -> bool {
        self.answers.len() >= self.probe.count()
    }

    /// Runs one batch.
    ///
    /// # Errors
    /// When the device fails, or the network's numbers are not finite.
    pub fn step(&mut self, classifier: &Classifier) -> Result<(), ModelError> {
        let started = Instant::now();
        let first = self.answers.len();
        let end = (first + self.batch).min(self.probe.count());
        let inputs: Vec<(usize, ProbeInput)> =
            (first..end).into_par_iter().map(|i| (i, self.probe.input(i))).collect();
        let kind =
            |(i, input): &(usize, ProbeInput)| (input.side, self.probe.gradient(*i).is_some());
        let mut answers = Vec::with_capacity(inputs.len());
        for inputs in inputs.chunk_by(|a, b| kind(a) == kind(b)) {
            self.answer(classifier, inputs, &mut answers)?;
        }
        self.answers.0.extend(answers.into_iter().map(Arc::new));
        let took = started.elapsed();
        self.spent += took;
        let fitting = self.batch as f64 * BATCH_TIME.as_secs_f64() / took.as_secs_f64().max(1e-6);
        self.batch = (fitting as usize).clamp(1, MOST).min(2 * self.batch);
        Ok(())
    }

    /// Inputs of one size, all of which want a gradient, or none.
    fn answer(
        &self,
        classifier: &Classifier,
        inputs: &[(usize, ProbeInput)],
        answers: &mut Vec<ProbeAnswer>,
    ) -> Result<(), ModelError> {
        let Some((first, ProbeInput { side, .. })) = inputs.first() else { return Ok(()) };
        let pictures: Vec<&[f32]> = inputs.iter().map(|(_, input)| &input.chw[..]).collect();
        if let Some(wanted) = self.probe.gradient(*first) {
            let slopes = classifier.gradients(&pictures, *side, wanted)?;
            answers.extend(slopes.into_iter().zip(inputs).map(|(mut slope, (i, _))| {
                let logits = std::mem::take(&mut slope.logits);
                ProbeAnswer { logits, features: Some(self.probe.keep(*i, slope)) }
            }));
            return Ok(());
        }
        let forwards = classifier.forward_dense(&pictures, *side, self.probe.density())?;
        let keeps_features = self.probe.keeps_features();
        answers.extend(forwards.into_iter().map(|Forward { logits, features, .. }| ProbeAnswer {
            logits,
            features: features.filter(|_| keeps_features),
        }));
        Ok(())
    }

    /// Whether gradients are wanted, which are there on the CPU alone.
    pub fn wants_gradients(&self) -> bool {
        // First inputs may be there for comparison.
        (0..self.probe.count().min(2)).any(|i| self.probe.gradient(i).is_some())
    }

    /// What to say now: the first answers at once, later ones every now and then, all at the end.
    pub fn report(&mut self) -> Option<Event> {
        let is_time = self.reported.is_none_or(|reported| reported.elapsed() >= PAUSE);
        if !is_time && !self.is_done() {
            return None;
        }
        self.reported = Some(Instant::now());
        let (done, total) = (self.answers.len(), self.probe.count());
        let rest = (total - done) as f64 / done.max(1) as f64;
        let left = self.spent.mul_f64(rest);
        Some(Event::Probed { job: self.job, answers: self.answers.clone(), total, left })
    }
}
