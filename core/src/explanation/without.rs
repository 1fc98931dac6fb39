//! What would be said about a picture with a part of it missing.

use super::{CamTarget, Explanation};
use crate::explain::{
    Area, ClassId, Decision, Hierarchy, Rect, Region, RegionError, Removal, Rule, argmax, softmax,
};
use crate::photo::Photo;

/// What a model says once the features of a region count as zero: exact at the level of the
/// feature map.
#[derive(Debug, Clone)]
pub struct Without {
    pub region: Region,
    /// By class.
    pub logits: Vec<f32>,
    /// Softmax of the logits.
    pub probabilities: Vec<f32>,
}

impl Without {
    /// The class with the largest logit, the first one on ties.
    pub fn prediction(&self) -> ClassId {
        argmax(&self.logits)
    }

    /// How a tree decides then.
    pub fn decision(&self, hierarchy: &Hierarchy, rule: Rule) -> Decision {
        Decision::new(hierarchy, &self.logits, rule)
    }
}

impl Explanation {
    /// A part of the photo, in its pixels, as a share of each cell of the maps.
    ///
    /// # Errors
    /// When the network saw nothing of it, or has no maps.
    pub fn region(&self, area: &Area) -> Result<Region, RegionError> {
        let (transform, photo) = (self.input.photo_from_input, self.photo.rgb.dimensions());
        Region::of_area(self.cells()?, self.input_side(), transform, photo, area)
    }

    /// What the model says without a part of the photo.
    ///
    /// # Errors
    /// When the network saw nothing of it, or has no maps.
    pub fn without(&self, area: &Area) -> Result<Without, RegionError> {
        let region = self.region(area)?;
        let logits = region.logits_without(&self.forward.logits, self.class_maps()?);
        let probabilities = softmax(&logits);
        Ok(Without { region, logits, probabilities })
    }

    /// How the tree decides once the features of a region count as zero.
    ///
    /// # Errors
    /// Where there is no tree (see [`super::ModelInfo::tree`]), or the network has no maps.
    pub fn decision_without(&self, region: &Region, rule: Rule) -> Result<Decision, String> {
        let maps = self.class_maps().map_err(|error| error.to_string())?;
        let logits = region.logits_without(&self.forward.logits, maps);
        Ok(Decision::new(&self.model.tree()?.hierarchy, &logits, rule))
    }

    /// The photo with a part really taken out of it. Takes a while for a large one.
    pub fn photo_without(&self, area: &Area, how: Removal) -> Photo {
        // What is blurred over the width of a cell tells the cell nothing.
        let cell = self.cell_in_photo(0);
        let rgb = how.apply(&self.photo.rgb, area, cell.max[0] - cell.min[0]);
        Photo { name: self.photo.name.clone(), rgb }
    }

    /// Where a cell of the maps lies in the photo, in its pixels; row-major. Cells at the border
    /// may stick out. A network without maps has cells of the size that is usual.
    pub fn cell_in_photo(&self, cell: usize) -> Rect {
        Rect::of_cell(self.usual_cells(), self.input_side(), cell)
            .through(self.input.photo_from_input)
    }

    /// Height and width of the maps; those that are usual for a network without maps.
    pub fn usual_cells(&self) -> [usize; 2] {
        self.cells().unwrap_or([7, 7])
    }

    /// How likely the model finds a target with these logits instead of its own: a class among
    /// all, the first of two classes against the second, a branch among its siblings. `None` for
    /// the root, and where there is no such target.
    pub fn probability(&self, target: CamTarget, logits: &[f32]) -> Option<f32> {
        match target {
            CamTarget::Class(class) => softmax(logits).get(class).copied(),
            CamTarget::Difference(a, b) => {
                softmax(&[*logits.get(a)?, *logits.get(b)?]).first().copied()
            }
            CamTarget::Node(node, rule)
            | CamTarget::Decision(node, rule)
            | CamTarget::Against(node, _, rule) => {
                let hierarchy = &self.model.tree().ok()?.hierarchy;
                hierarchy.nodes().get(node)?.parent?;
                let decision = Decision::new(hierarchy, logits, rule);
                decision.branch_prob.get(node).copied()
            }
        }
    }

    /// Side of the square that the network sees, in its own pixels.
    fn input_side(&self) -> f64 {
        f64::from(self.input.crop.width())
    }
}
