//! Measures a model on pictures whose class is known, batch by batch.

use std::sync::Arc;

use rayon::prelude::*;

use crate::eval::{Place, Scores};
use crate::explain::{Cam, Forward, Hierarchy, argmax};
use crate::explanation::ModelInfo;
use crate::labelled_pictures::LabelledPicture;
use crate::model::{Classifier, ModelError};
use crate::photo::{Photo, PhotoOptions};
use crate::preprocess::RectTransform;
use crate::protocol::Unreadable;

/// Pictures that are decoded together and go to the network together.
const BATCH: usize = 16;

/// An evaluation under way. While the network looks at one batch, the next one is decoded; no more
/// than these two are in memory.
pub struct Evaluator<'a> {
    info: Arc<ModelInfo>,
    options: PhotoOptions,
    batches: std::slice::Chunks<'a, LabelledPicture>,
    /// Decoded, not yet seen by the network.
    ready: Vec<Prepared<'a>>,
    scores: Scores,
    unreadable: Unreadable,
}

/// A picture as the network gets it.
struct Prepared<'a> {
    picture: &'a LabelledPicture,
    chw: Vec<f32>,
    photo_from_input: RectTransform,
}

impl<'a> Evaluator<'a> {
    /// Nothing is read yet. The model's tree is made here, if it has one.
    pub fn new(
        info: Arc<ModelInfo>,
        pictures: &'a [LabelledPicture],
        options: PhotoOptions,
    ) -> Self {
        let scores = Scores::new(info.class_count(), hierarchy(&info));
        let batches = pictures.chunks(BATCH);
        let unreadable = Unreadable::default();
        Self { info, options, batches, ready: Vec::new(), scores, unreadable }
    }

    /// Runs one batch; the number of pictures that are done, or `None` if all were done before.
    ///
    /// # Errors
    /// When the device fails, or the network's numbers are not finite.
    pub fn step(&mut self, classifier: &Classifier) -> Result<Option<usize>, ModelError> {
        let ready = std::mem::take(&mut self.ready);
        let next = self.batches.next();
        if ready.is_empty() && next.is_none() {
            return Ok(None);
        }
        let (info, options) = (&self.info, &self.options);
        let inputs: Vec<&[f32]> = ready.iter().map(|prepared| &prepared.chw[..]).collect();
        let mut decoded = Vec::new();
        // In place: the network must not leave this thread.
        let forwards = rayon::in_place_scope(|scope| {
            scope.spawn(|_| {
                let pictures = next.unwrap_or_default().par_iter();
                decoded = pictures.map(|picture| prepare(picture, info, options)).collect();
            });
            if inputs.is_empty() {
                return Ok(Vec::new());
            }
            classifier.forward(&inputs, info.recipe.crop as usize)
        })?;
        for (prepared, forward) in ready.iter().zip(&forwards) {
            self.score(prepared, forward);
        }
        for result in decoded {
            match result {
                Ok(prepared) => self.ready.push(prepared),
                Err(error) => self.unreadable.add(error),
            }
        }
        Ok(Some(self.scores.top1.of + self.unreadable.count))
    }

    /// What was counted.
    pub fn finish(self) -> (Scores, Unreadable) {
        (self.scores, self.unreadable)
    }

    fn score(&mut self, prepared: &Prepared<'_>, forward: &Forward) {
        let LabelledPicture { class, boxes, .. } = prepared.picture;
        self.scores.add(*class, &forward.logits, hierarchy(&self.info));
        if boxes.is_empty() {
            return;
        }
        let features = forward.features.as_ref();
        let (Some(features), Ok(head)) = (features, self.info.ending.head_for(features)) else {
            return;
        };
        let place = |class| {
            let map = Cam::compute(features, head.row(class));
            Place::of(&map, self.info.recipe.crop, prepared.photo_from_input)
        };
        let prediction = argmax(&forward.logits);
        let is_right = prediction == *class;
        let truth = place(*class);
        let predicted = if is_right { truth } else { place(prediction) };
        if let (Some(truth), Some(predicted)) = (truth, predicted) {
            self.scores.localisation.add(is_right, &truth, &predicted, boxes);
        }
    }
}

fn hierarchy(info: &ModelInfo) -> Option<&Hierarchy> {
    info.tree().ok().map(|tree| &tree.hierarchy)
}

fn prepare<'a>(
    picture: &'a LabelledPicture,
    info: &ModelInfo,
    options: &PhotoOptions,
) -> Result<Prepared<'a>, String> {
    let photo = Photo::open(&picture.path, options).map_err(|error| error.to_string())?;
    let input = info.recipe.apply(&photo.rgb);
    let input = input.map_err(|error| format!("{}: {error}", picture.path.display()))?;
    Ok(Prepared { picture, chw: input.chw, photo_from_input: input.photo_from_input })
}
