//! Many pictures through a network: to measure it, or for what its last layer reads.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use super::{Stop, Worker};
use crate::engine::batches::Batches;
use crate::engine::eval::Evaluator;
use crate::explain::{Ending, FeatureMap};
use crate::labelled_pictures::LabelledPicture;
use crate::photo::PhotoOptions;
use crate::protocol::{Evaluation, Event, JobId, ModelRequest, PooledFeatures, Stage, Unreadable};
use crate::text::Shown as _;

impl Worker {
    pub(super) fn evaluate(
        &mut self,
        job: JobId,
        pictures: &[LabelledPicture],
        others: &[PathBuf],
        options: PhotoOptions,
        model: &ModelRequest,
    ) -> Result<Evaluation, Stop> {
        let info = Arc::clone(&self.model(job, model)?.info);
        let classes = info.class_count();
        if let Some(picture) = pictures.iter().find(|picture| picture.class >= classes) {
            let (path, class) = (picture.path.shown(), picture.class);
            let text = format!("{path} is of class {class}, but the model has {classes} classes");
            return Err(Stop::Failed(text));
        }
        self.desk.stage(job, Stage::Running)?;
        let started = Instant::now();
        let total = pictures.len() + others.len();
        let mut evaluator = Evaluator::new(Arc::clone(&info), pictures, others, options);
        while let Some(done) = evaluator.step(&self.model(job, model)?.classifier)? {
            self.desk.check_wanted(job)?;
            self.desk.say(Event::Evaluating { job, done, total });
        }
        let (scores, separations, unreadable) = evaluator.finish();
        if scores.top1.of == 0 {
            return Err(Stop::Failed(nothing_to_measure(&unreadable)));
        }
        let device = self.compute.as_ref().map_or_else(String::new, |c| c.name().to_owned());
        let took = started.elapsed();
        Ok(Evaluation { model: info, device, scores, separations, unreadable, took })
    }

    pub(super) fn features(
        &mut self,
        job: JobId,
        pictures: &[PathBuf],
        options: PhotoOptions,
        model: &ModelRequest,
    ) -> Result<PooledFeatures, Stop> {
        let info = Arc::clone(&self.model(job, model)?.info);
        if let Ending::Other { why, .. } = &info.ending {
            return Err(Stop::Failed(why.to_string()));
        }
        self.desk.stage(job, Stage::Running)?;
        let items = pictures.iter().enumerate().map(|(at, path)| (path.as_path(), at));
        let mut batches = Batches::new(items.collect(), options);
        let mut pooled = PooledFeatures::default();
        while let Some(done) =
            batches.step(&info, &self.model(job, model)?.classifier, |prepared, forward| {
                let features = forward.features.as_ref();
                pooled.pictures.push(prepared.known);
                pooled.features.extend(features.map(FeatureMap::pooled).unwrap_or_default());
                pooled.logits.extend(&forward.logits);
            })?
        {
            self.desk.check_wanted(job)?;
            self.desk.say(Event::Evaluating { job, done, total: pictures.len() });
        }
        pooled.unreadable = batches.unreadable;
        if pooled.pictures.is_empty() {
            return Err(Stop::Failed(nothing_to_measure(&pooled.unreadable)));
        }
        Ok(pooled)
    }
}

fn nothing_to_measure(unreadable: &Unreadable) -> String {
    match (unreadable.count, unreadable.first.first()) {
        (0, _) | (_, None) => "There are no pictures to evaluate the model on".to_owned(),
        (1, Some(error)) => error.clone(),
        (count, Some(error)) => format!("None of the {count} pictures can be read: {error}"),
    }
}
