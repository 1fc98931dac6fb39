//! Measures a model on pictures whose class is known, batch by batch.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;
use strum::IntoEnumIterator as _;

use crate::budget::Wanted;
use crate::decoder;
use crate::eval::{Measure, Place, Scores, Separation};
use crate::explain::{Cam, Forward, Hierarchy, argmax};
use crate::explanation::ModelInfo;
use crate::labelled_pictures::LabelledPicture;
use crate::model::{Classifier, ModelError};
use crate::photo::PhotoOptions;
use crate::preprocess::RectTransform;
use crate::protocol::Unreadable;
use crate::text::Shown as _;

/// Pictures that are decoded together and go to the network together.
const BATCH: usize = 16;

/// An evaluation under way. While the network looks at one batch, the next one is decoded; no more
/// than these two are in memory.
pub struct Evaluator<'a> {
    info: Arc<ModelInfo>,
    options: PhotoOptions,
    /// First those whose class is known, then the others.
    items: Vec<Item<'a>>,
    next: usize,
    /// Decoded, not yet seen by the network.
    ready: Vec<Prepared<'a>>,
    scores: Scores,
    /// By measure, of the pictures whose class is known and of the others.
    familiarity: Vec<(Measure, [Vec<f32>; 2])>,
    done: usize,
    unreadable: Unreadable,
}

/// A picture file, and what is known about it; `None` for pictures of other things.
#[derive(Clone, Copy)]
struct Item<'a> {
    path: &'a Path,
    label: Option<&'a LabelledPicture>,
}

/// A picture as the network gets it.
struct Prepared<'a> {
    item: Item<'a>,
    chw: Vec<f32>,
    photo_from_input: RectTransform,
}

impl<'a> Evaluator<'a> {
    /// Nothing is read yet. The model's tree is made here, if it has one.
    pub fn new(
        info: Arc<ModelInfo>,
        pictures: &'a [LabelledPicture],
        others: &'a [PathBuf],
        options: PhotoOptions,
    ) -> Self {
        let scores = Scores::new(info.head.classes, hierarchy(&info));
        let known = pictures.iter().map(|label| Item { path: &label.path, label: Some(label) });
        let others = others.iter().map(|path| Item { path, label: None });
        let items = known.chain(others).collect();
        let familiarity = Measure::iter().map(|measure| (measure, Default::default())).collect();
        let (ready, unreadable) = (Vec::new(), Unreadable::default());
        Self { info, options, items, next: 0, ready, scores, familiarity, done: 0, unreadable }
    }

    /// Runs one batch; the number of pictures that are done, or `None` if all were done before.
    ///
    /// # Errors
    /// When the device fails, or the network's numbers are not finite.
    pub fn step(&mut self, classifier: &Classifier) -> Result<Option<usize>, ModelError> {
        let ready = std::mem::take(&mut self.ready);
        let next = &self.items[self.next.min(self.items.len())..];
        let next = next[..next.len().min(BATCH)].to_vec();
        self.next += next.len();
        if ready.is_empty() && next.is_empty() {
            return Ok(None);
        }
        let (info, options) = (&self.info, &self.options);
        let inputs: Vec<&[f32]> = ready.iter().map(|prepared| &prepared.chw[..]).collect();
        let mut decoded = Vec::new();
        // In place: the network must not leave this thread.
        let forwards = rayon::in_place_scope(|scope| {
            scope.spawn(|_| {
                decoded = next.par_iter().map(|&item| prepare(item, info, options)).collect();
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
        Ok(Some(self.done + self.unreadable.count))
    }

    /// What was counted.
    pub fn finish(self) -> (Scores, Vec<(Measure, Separation)>, Unreadable) {
        let separate = |(measure, [known, other]): (_, [Vec<f32>; 2])| {
            Some((measure, Separation::of(&known, &other)?))
        };
        let separations = self.familiarity.into_iter().filter_map(separate).collect();
        (self.scores, separations, self.unreadable)
    }

    fn score(&mut self, prepared: &Prepared<'_>, forward: &Forward) {
        self.done += 1;
        let head = &self.info.head;
        for (measure, values) in &mut self.familiarity {
            let side = usize::from(prepared.item.label.is_none());
            values[side].push(measure.of(forward, head));
        }
        let Some(LabelledPicture { class, boxes, .. }) = prepared.item.label else { return };
        self.scores.add(*class, &forward.logits, hierarchy(&self.info));
        if boxes.is_empty() {
            return;
        }
        let place = |class| {
            let map = Cam::compute(&forward.features, self.info.head.row(class));
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
    item: Item<'a>,
    info: &ModelInfo,
    options: &PhotoOptions,
) -> Result<Prepared<'a>, String> {
    let photo = decoder::photo(item.path, options, &Wanted::default())
        .map_err(|error| error.to_string())?;
    let input = info.recipe.apply(&photo.rgb);
    let input = input.map_err(|error| format!("{}: {error}", item.path.shown()))?;
    Ok(Prepared { item, chw: input.chw, photo_from_input: input.photo_from_input })
}
