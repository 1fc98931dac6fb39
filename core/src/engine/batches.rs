//! Many pictures through a network, batch by batch.

use std::path::Path;

use rayon::prelude::*;

use crate::budget::Wanted;
use crate::decoder;
use crate::explain::Forward;
use crate::explanation::ModelInfo;
use crate::model::{Classifier, ModelError};
use crate::photo::PhotoOptions;
use crate::preprocess::RectTransform;
use crate::protocol::Unreadable;
use crate::text::Shown as _;

/// Pictures that are decoded together and go to the network together.
const BATCH: usize = 16;

/// A run over pictures under way. While the network looks at one batch, the next one is decoded; no
/// more than these two are in memory.
pub struct Batches<'a, T> {
    /// What is to be seen, each with what the caller knows about it.
    items: Vec<(&'a Path, T)>,
    options: PhotoOptions,
    next: usize,
    /// Decoded, not yet seen by the network.
    ready: Vec<Prepared<T>>,
    done: usize,
    pub unreadable: Unreadable,
}

/// A picture as the network gets it.
pub struct Prepared<T> {
    pub known: T,
    pub photo_from_input: RectTransform,
    /// Width and height of the picture, in its pixels.
    pub size: [u32; 2],
    chw: Vec<f32>,
}

impl<'a, T: Copy + Send + Sync> Batches<'a, T> {
    /// Nothing is read yet.
    pub fn new(items: Vec<(&'a Path, T)>, options: PhotoOptions) -> Self {
        let (ready, unreadable) = (Vec::new(), Unreadable::default());
        Self { items, options, next: 0, ready, done: 0, unreadable }
    }

    /// Runs one batch and gives `each` what the network said, in the order of the items; the number
    /// of pictures that are done, or `None` if all were done before.
    ///
    /// # Errors
    /// When the device fails, or the network's numbers are not finite.
    pub fn step(
        &mut self,
        info: &ModelInfo,
        classifier: &Classifier,
        mut each: impl FnMut(&Prepared<T>, &Forward),
    ) -> Result<Option<usize>, ModelError> {
        let ready = std::mem::take(&mut self.ready);
        let next = &self.items[self.next.min(self.items.len())..];
        let next = next[..next.len().min(BATCH)].to_vec();
        self.next += next.len();
        if ready.is_empty() && next.is_empty() {
            return Ok(None);
        }
        let options = &self.options;
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
            self.done += 1;
            each(prepared, forward);
        }
        for result in decoded {
            match result {
                Ok(prepared) => self.ready.push(prepared),
                Err(error) => self.unreadable.add(error),
            }
        }
        Ok(Some(self.done + self.unreadable.count))
    }
}

fn prepare<T>(
    (path, known): (&Path, T),
    info: &ModelInfo,
    options: &PhotoOptions,
) -> Result<Prepared<T>, String> {
    let photo =
        decoder::photo(path, options, &Wanted::default()).map_err(|error| error.to_string())?;
    let input = info.recipe.apply(&photo.rgb);
    let input = input.map_err(|error| format!("{}: {error}", path.shown()))?;
    let (photo_from_input, size) = (input.photo_from_input, photo.rgb.dimensions().into());
    Ok(Prepared { known, chw: input.chw, photo_from_input, size })
}
