//! Which values get which colours: the same on the screen, in saved pictures and on the command line.

use super::{OverlayOptions, ScaleMode};
use crate::explain::{Cam, CamSet, Colormap, Decision, Hierarchy, Paint, Rule, Scale};
use crate::explanation::{CamTarget, Explanation};

/// Ranges over many maps of one picture, so that weak evidence looks weak.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SharedRange {
    /// The smallest and the largest value in the maps of all classes.
    pub classes: [f32; 2],
    /// The largest difference of any two classes' maps at any place.
    pub differences: f32,
    /// The largest magnitude in the maps of all decisions of the tree; 0 without a tree.
    pub decisions: f32,
}

impl SharedRange {
    /// Looks at all maps; takes milliseconds for a thousand classes. `decisions`, by
    /// a rule, need the model's tree, which may have to be made first.
    pub fn of(explanation: &Explanation, decisions: Option<Rule>) -> Self {
        let largest = |rule: Rule| {
            let hierarchy = &explanation.model.tree().ok()?.hierarchy;
            let decision = explanation.decision(rule).ok()?;
            Some(largest_lead(explanation.node_maps(rule).ok()?, hierarchy, decision))
        };
        let class_maps = explanation.class_maps().ok();
        let classes = class_maps.map_or([0.0; 2], |maps| range(&maps.data));
        let differences = class_maps.map_or(0.0, largest_difference);
        Self { classes, differences, decisions: decisions.and_then(largest).unwrap_or(0.0) }
    }

    fn of_target(self, target: CamTarget) -> [f32; 2] {
        match target {
            CamTarget::Class(_) | CamTarget::Node(..) => self.classes,
            CamTarget::Difference(..) => [-self.differences, self.differences],
            CamTarget::Decision(..) | CamTarget::Against(..) => [-self.decisions, self.decisions],
        }
    }
}

/// The largest difference of any two maps at the same place.
fn largest_difference(maps: &CamSet) -> f32 {
    let places = maps.height * maps.width;
    let mut ends = vec![[f32::INFINITY, f32::NEG_INFINITY]; places];
    for map in maps.data.chunks_exact(places.max(1)) {
        for ([lo, hi], &value) in ends.iter_mut().zip(map) {
            (*lo, *hi) = (lo.min(value), hi.max(value));
        }
    }
    ends.into_iter().map(|[lo, hi]| hi - lo).fold(0.0, f32::max)
}

/// The largest magnitude of any branch's map against that of its siblings.
fn largest_lead(maps: &CamSet, hierarchy: &Hierarchy, decision: &Decision) -> f32 {
    let nodes = (0..hierarchy.nodes().len()).filter(|&id| !hierarchy.siblings(id).is_empty());
    nodes
        .filter_map(|id| maps.lead(id, &decision.sibling_shares(hierarchy, id)))
        .flat_map(|map| map.data)
        .fold(0.0, |most, value| value.abs().max(most))
}

/// The smallest and the largest number; NaN is left out.
fn range(values: &[f32]) -> [f32; 2] {
    values.iter().fold([f32::INFINITY, f32::NEG_INFINITY], |[lo, hi], &v| [lo.min(v), hi.max(v)])
}

/// The values of the first and the last colour. `shared` is that of [`SharedRange`].
///
/// A colour map with a neutral middle has zero there; others begin at zero, so that what speaks
/// against the target has no colour. A map without evidence in favour has no colours at all, or its
/// least bad place would look like support.
pub fn color_range(
    cam: &Cam,
    colormap: Colormap,
    mode: ScaleMode,
    shared: impl FnOnce() -> [f32; 2],
) -> [f32; 2] {
    let [lo, hi] = match mode {
        ScaleMode::SharedOverClasses => shared(),
        ScaleMode::PerMap | ScaleMode::LowestToHighest => cam.range(),
    };
    let most = hi.max(-lo);
    if most <= 0.0 || most.is_nan() {
        return if colormap.is_signed() { [-1.0, 1.0] } else { [0.0, 1.0] };
    }
    if colormap.is_signed() {
        [-most, most]
    } else if mode == ScaleMode::LowestToHighest {
        [lo, hi]
    } else {
        [0.0, if hi > 0.0 { hi } else { most }]
    }
}

impl OverlayOptions {
    /// The colours for a target: comparisons have two sides, so they get two colours.
    pub fn colormap_of(&self, target: CamTarget) -> Colormap {
        if target.is_comparison() && !self.colormap.is_signed() {
            Colormap::Diverging
        } else {
            self.colormap
        }
    }

    /// The values of the first and the last colour for the map of a target.
    pub fn range_of(
        &self,
        target: CamTarget,
        cam: &Cam,
        shared: impl FnOnce() -> SharedRange,
    ) -> [f32; 2] {
        let shared = || shared().of_target(target);
        color_range(cam, self.colormap_of(target), self.scale, shared)
    }

    /// The same colours for a picture in full resolution, as `explain::overlay` paints it.
    ///
    /// Takes milliseconds for a scale shared over a thousand classes.
    pub fn paint(&self, explanation: &Explanation, target: CamTarget, cam: &Cam) -> Paint {
        let shared = || SharedRange::of(explanation, target.decided_by());
        Paint {
            colormap: self.colormap_of(target),
            scale: Scale::Shared(self.range_of(target, cam, shared)),
            alpha: self.opacity.clamp(0.0, 1.0),
            smooth: self.smooth,
            fades: true,
            contours: self.contours && self.smooth,
        }
    }
}
