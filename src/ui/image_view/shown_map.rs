//! The map on the screen with everything that follows from it, made anew only when it must be.

use std::sync::{Arc, Weak};

use eframe::egui::{Context, TextureFilter, TextureHandle, TextureOptions};

use super::legend::{Finding, Identity};
use super::overlay::{OverlayOptions, ScaleMode, color_range, colored, range_over_classes};
use crate::explain::{Cam, Colormap};
use crate::explanation::{CamTarget, Explanation};

/// Everything that the colours depend on. Opacity is not among it: it is a tint.
#[derive(Clone)]
struct Key {
    explanation: Weak<Explanation>,
    target: CamTarget,
    colormap: Colormap,
    smooth: bool,
    scale: ScaleMode,
}

impl Key {
    fn is(&self, other: &Self) -> bool {
        let Self { explanation, target, colormap, smooth, scale } = self;
        explanation.ptr_eq(&other.explanation)
            && (*target, *colormap, *smooth, *scale)
                == (other.target, other.colormap, other.smooth, other.scale)
    }
}

/// A map, its colours, and its numbers.
pub struct ShownMap {
    key: Key,
    pub cam: Cam,
    /// The values of the first and the last colour.
    pub range: [f32; 2],
    pub finding: Finding,
    pub identity: Identity,
    /// `None` for a constant map: colours would show what is not there.
    pub texture: Option<TextureHandle>,
}

/// The map shown last, and the range of all classes' maps, which takes longer.
#[derive(Default)]
pub struct MapMemo {
    shown: Option<ShownMap>,
    shared: Option<(Weak<Explanation>, [f32; 2])>,
}

impl MapMemo {
    /// The map of `target`, which must exist.
    pub fn get(
        &mut self,
        ctx: &Context,
        explanation: &Arc<Explanation>,
        target: CamTarget,
        options: &OverlayOptions,
    ) -> &ShownMap {
        let OverlayOptions { colormap, smooth, scale, .. } = *options;
        let key = Key { explanation: Arc::downgrade(explanation), target, colormap, smooth, scale };
        let Self { shown, shared } = self;
        if !shown.as_ref().is_some_and(|shown| shown.key.is(&key)) {
            *shown = None;
        }
        shown.get_or_insert_with(|| {
            let shared_range = || match shared {
                Some((of, range)) if of.ptr_eq(&key.explanation) => *range,
                _ => {
                    let range = range_over_classes(explanation);
                    *shared = Some((key.explanation.clone(), range));
                    range
                }
            };
            make(ctx, explanation, key.clone(), shared_range)
        })
    }

    pub fn clear(&mut self) {
        self.shown = None;
    }
}

fn make(
    ctx: &Context,
    explanation: &Explanation,
    key: Key,
    shared: impl FnOnce() -> [f32; 2],
) -> ShownMap {
    let (row, bias) = explanation.row(key.target);
    let cam = Cam::compute(&explanation.forward.features, &row);
    let logit = explanation.logit(key.target);
    let identity = Identity { mean: cam.mean(), bias, logit, check: cam.check(bias, logit) };
    let finding = Finding::of(&cam);
    let range = color_range(&cam, key.colormap, key.scale, shared);
    let is_flat = cam.data.is_empty() || matches!(finding, Finding::Constant(_));
    let texture = (!is_flat).then(|| {
        let filter = if key.smooth { TextureFilter::Linear } else { TextureFilter::Nearest };
        let options = TextureOptions { magnification: filter, ..TextureOptions::LINEAR };
        ctx.load_texture("map", colored(&cam, range, key.colormap, key.smooth), options)
    });
    ShownMap { key, cam, range, finding, identity, texture }
}
