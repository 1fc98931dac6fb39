//! Measures a model on pictures whose class is known, batch by batch.

use std::path::PathBuf;
use std::sync::Arc;

use strum::IntoEnumIterator as _;

use super::batches::{Batches, Prepared};
use crate::eval::{Measure, Place, Scores, Separation};
use crate::explain::{Cam, Forward, Hierarchy, argmax};
use crate::explanation::ModelInfo;
use crate::labelled_pictures::LabelledPicture;
use crate::model::{Classifier, ModelError};
use crate::photo::PhotoOptions;
use crate::protocol::Unreadable;

/// An evaluation under way.
pub struct Evaluator<'a> {
    /// First the pictures whose class is known, then those of other things, with `None`.
    batches: Batches<'a, Option<&'a LabelledPicture>>,
    counts: Counts,
}

/// What is counted.
struct Counts {
    info: Arc<ModelInfo>,
    scores: Scores,
    /// By measure, of the pictures whose class is known and of the others.
    familiarity: Vec<(Measure, [Vec<f32>; 2])>,
}

impl<'a> Evaluator<'a> {
    /// Nothing is read yet. The model's tree is made here, if it has one.
    pub fn new(
        info: Arc<ModelInfo>,
        pictures: &'a [LabelledPicture],
        others: &'a [PathBuf],
        options: PhotoOptions,
    ) -> Self {
        let scores = Scores::new(info.class_count(), hierarchy(&info));
        let known = pictures.iter().map(|label| (label.path.as_path(), Some(label)));
        let others = others.iter().map(|path| (path.as_path(), None));
        let batches = Batches::new(known.chain(others).collect(), options);
        let familiarity = Measure::iter().map(|measure| (measure, Default::default())).collect();
        Self { batches, counts: Counts { info, scores, familiarity } }
    }

    /// Runs one batch; the number of pictures that are done, or `None` if all were done before.
    ///
    /// # Errors
    /// When the device fails, or the network's numbers are not finite.
    pub fn step(&mut self, classifier: &Classifier) -> Result<Option<usize>, ModelError> {
        let Self { batches, counts } = self;
        let info = Arc::clone(&counts.info);
        batches.step(&info, classifier, |prepared, forward| counts.add(prepared, forward))
    }

    /// What was counted.
    pub fn finish(self) -> (Scores, Vec<(Measure, Separation)>, Unreadable) {
        let separate = |(measure, [known, other]): (_, [Vec<f32>; 2])| {
            Some((measure, Separation::of(&known, &other)?))
        };
        let Self { batches, counts: Counts { scores, familiarity, .. } } = self;
        let separations = familiarity.into_iter().filter_map(separate).collect();
        (scores, separations, batches.unreadable)
    }
}

impl Counts {
    fn add(&mut self, prepared: &Prepared<Option<&LabelledPicture>>, forward: &Forward) {
        let features = forward.features.as_ref();
        let head = self.info.ending.head_for(features).ok();
        for (measure, values) in &mut self.familiarity {
            let side = usize::from(prepared.known.is_none());
            values[side].push(measure.of(forward, head.as_deref()));
        }
        let Some(LabelledPicture { class, boxes, has_others, .. }) = prepared.known else { return };
        self.scores.add(*class, &forward.logits, hierarchy(&self.info));
        if boxes.is_empty() {
            return;
        }
        let (Some(features), Some(head)) = (features, head) else { return };
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
            self.scores.pointing.add(*class, truth.peak, boxes, prepared.size, *has_others);
        }
    }
}

fn hierarchy(info: &ModelInfo) -> Option<&Hierarchy> {
    info.tree().ok().map(|tree| &tree.hierarchy)
}
