//! The map on the screen with everything that follows from it, made anew only when it must be.

use std::sync::{Arc, Weak};

use eframe::egui::{Context, TextureFilter, TextureHandle, TextureOptions};

use crate::explain::{Cam, Colormap, Evidence, Question, Segment, contour};
use crate::explanation::{CamTarget, Explanation};
use crate::ui::legend::{Finding, Identity, Total};
use crate::ui::overlay::{OverlayOptions, ScaleMode, SharedRange, colored};

/// Everything that the colours depend on. Opacity is not among it: it is a tint.
#[derive(Clone)]
struct Key {
    explanation: Weak<Explanation>,
    target: CamTarget,
    colormap: Colormap,
    smooth: bool,
    scale: ScaleMode,
    contours: bool,
}

impl Key {
    fn is(&self, other: &Self) -> bool {
        let Self { explanation, target, colormap, smooth, scale, contours } = self;
        explanation.ptr_eq(&other.explanation)
            && (*target, *colormap, *smooth, *scale, *contours)
                == (other.target, other.colormap, other.smooth, other.scale, other.contours)
    }
}

/// A map, its colours, and its numbers.
pub struct ShownMap {
    key: Key,
    pub cam: Cam,
    pub question: Question,
    pub colormap: Colormap,
    /// The values of the first and the last colour.
    pub range: [f32; 2],
    /// Lines on the map, in units of its sides; none if they are not wanted.
    pub contours: Vec<Segment>,
    pub finding: Finding,
    pub identity: Identity,
    /// `None` for a constant map: colours would show what is not there.
    pub texture: Option<TextureHandle>,
}

/// The map shown last, and the range of all classes' maps, which takes longer.
#[derive(Default)]
pub struct MapMemo {
    shown: Option<ShownMap>,
    shared: Option<(Weak<Explanation>, bool, SharedRange)>,
}

impl MapMemo {
    /// The map of `target`; `None` if there is no such target.
    pub fn get(
        &mut self,
        ctx: &Context,
        explanation: &Arc<Explanation>,
        target: CamTarget,
        options: &OverlayOptions,
    ) -> Option<&ShownMap> {
        let OverlayOptions { smooth, scale, contours, .. } = *options;
        let colormap = options.colormap_of(target);
        let explanation_ = Arc::downgrade(explanation);
        let key = Key { explanation: explanation_, target, colormap, smooth, scale, contours };
        let Self { shown, shared } = self;
        if !shown.as_ref().is_some_and(|shown| shown.key.is(&key)) {
            *shown = None;
        }
        if shown.is_none() {
            let with_decisions = target.is_decision();
            let shared_range = || match shared {
                Some((of, has, range)) if of.ptr_eq(&key.explanation) && *has >= with_decisions => {
                    *range
                }
                _ => {
                    let range = SharedRange::of(explanation, with_decisions);
                    *shared = Some((key.explanation.clone(), with_decisions, range));
                    range
                }
            };
            *shown = make(ctx, explanation, key.clone(), options, shared_range);
        }
        shown.as_ref()
    }

    pub fn clear(&mut self) {
        self.shown = None;
    }
}

fn make(
    ctx: &Context,
    explanation: &Explanation,
    key: Key,
    options: &OverlayOptions,
    shared: impl FnOnce() -> SharedRange,
) -> Option<ShownMap> {
    let evidence = explanation.evidence(explanation.question(key.target)?);
    let identity = Identity::of(&evidence, total_of(explanation, key.target));
    let Evidence { question, map: cam, .. } = evidence;
    let range = options.range_of(key.target, &cam, shared);
    let finding = Finding::of(&cam).on_scale(&cam, range);
    let is_flat = cam.data.is_empty() || matches!(finding, Finding::Constant(_));
    let texture = (!is_flat).then(|| {
        let filter = if key.smooth { TextureFilter::Linear } else { TextureFilter::Nearest };
        let options = TextureOptions { magnification: filter, ..TextureOptions::LINEAR };
        ctx.load_texture("map", colored(&cam, range, key.colormap, key.smooth), options)
    });
    let colormap = key.colormap;
    let [lo, hi] = range;
    let levels = colormap.contour_levels().map(|t| lo + (hi - lo) * t);
    let has_lines = key.contours && key.smooth && !is_flat;
    let contours =
        levels.into_iter().filter(|_| has_lines).flat_map(|at| contour(&cam, at)).collect();
    Some(ShownMap { key, cam, question, colormap, range, contours, finding, identity, texture })
}

/// What the map of a target adds up to.
fn total_of(explanation: &Explanation, target: CamTarget) -> Total {
    match target {
        CamTarget::Class(_) | CamTarget::Node(_) => Total::Logit,
        CamTarget::Against(..) | CamTarget::Difference(..) => Total::LogOdds,
        CamTarget::Decision(node) => {
            let tree = explanation.model.tree().ok();
            let siblings = tree.map_or_else(Vec::new, |tree| tree.hierarchy.siblings(node));
            if siblings.len() == 1 { Total::LogOdds } else { Total::Lead }
        }
    }
}
