//! What a part of the picture contributes, by plain sums: exact at the level of the feature map.
//!
//! A logit is the bias plus the mean over the cells of a map, so every part of the picture has a
//! share of it, and the parts add up to the whole. "Without a region" means that the features of
//! its cells count as zero; a network that sees a painted-over photo answers a little differently,
//! because one cell of its features sees much of the picture.

use serde::Serialize;
use thiserror::Error;

use super::area::Area;
use super::cam_set::CamSet;
use super::decision::Decision;
use super::ending::NoMaps;
use super::evidence::Evidence;
use super::feature_map::FeatureMap;
use super::hierarchy::{Hierarchy, NodeId};
use super::rect::Rect;
use crate::preprocess::RectTransform;

/// Most corners of a lasso.
const MAX_CORNERS: usize = 10_000;
/// Lines per row of cells by which the area of a lasso is measured.
const LINES: usize = 16;

/// A part of the picture: how much of each cell of the map it covers.
#[derive(Clone, Debug, PartialEq)]
pub struct Region {
    pub height: usize,
    pub width: usize,
    /// `[height, width]`, row-major, 0 (outside) to 1 (inside).
    pub covered: Vec<f64>,
}

/// A region that has no part of what the network saw.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum RegionError {
    #[error(transparent)]
    NoMaps(#[from] NoMaps),
    #[error("The region has coordinates that are not numbers; give pixels of the photo")]
    NotANumber,
    #[error("The region is empty; give it a width and a height above 0 (in pixels)")]
    Empty,
    #[error("A lasso needs three corners or more; draw around something")]
    TooFewCorners,
    #[error("The region has {0} corners; at most {MAX_CORNERS} are possible")]
    TooManyCorners(usize),
    #[error("The region lies outside of the photo, which has {width} x {height} pixels")]
    OutsidePhoto { width: u32, height: u32 },
    #[error(
        "The network did not see this region: of this photo it sees x {:.0} to {:.0} and y {:.0} \
         to {:.0}", .0.min[0], .0.max[0], .0.min[1], .0.max[1]
    )]
    NotSeen(Rect),
}

/// The two parts of a logit or a lead, in logits: `region + rest + bias = total`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Account {
    pub region: f32,
    pub rest: f32,
    pub bias: f32,
    pub total: f32,
}

impl Account {
    /// What would be left without the region.
    pub fn without(&self) -> f32 {
        self.rest + self.bias
    }
}

/// What a region does for one decision of a path.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct BranchAccount {
    /// The branch that was chosen.
    pub node: NodeId,
    /// Its log-odds against all siblings together.
    pub log_odds: f32,
    pub log_odds_without: f32,
    /// What the region gives: `log_odds - log_odds_without`.
    pub region: f32,
    /// P(node | parent).
    pub probability: f32,
    pub probability_without: f32,
}

impl Region {
    /// Everything.
    pub fn whole(height: usize, width: usize) -> Self {
        Self { height, width, covered: vec![1.0; height * width] }
    }

    /// Some cells, row-major; others are ignored.
    pub fn of_cells(height: usize, width: usize, cells: &[usize]) -> Self {
        let mut covered = vec![0.0; height * width];
        for &cell in cells {
            if let Some(covered) = covered.get_mut(cell) {
                *covered = 1.0;
            }
        }
        Self { height, width, covered }
    }

    /// A box in pixels of the network's input, whose sides are `side` pixels long. What lies
    /// outside of the input is cut off.
    pub fn of_rect(height: usize, width: usize, side: f64, rect: &Rect) -> Self {
        let axis = |cells: usize, i: usize| -> Vec<f64> {
            let unit = cells as f64 / side;
            (0..cells).map(|cell| overlap(cell, rect.min[i] * unit, rect.max[i] * unit)).collect()
        };
        let (columns, rows) = (axis(width, 0), axis(height, 1));
        let covered = rows.iter().flat_map(|y| columns.iter().map(move |x| x * y)).collect();
        Self { height, width, covered }
    }

    /// A part of the photo; what the network did not see is cut off.
    ///
    /// Cells of a map count as they are, also where they stick out of a photo that is smaller than
    /// the input.
    ///
    /// # Errors
    /// When nothing is left of it.
    pub fn of_area(
        [height, width]: [usize; 2],
        side: f64,
        photo_from_input: RectTransform,
        photo: (u32, u32),
        area: &Area,
    ) -> Result<Self, RegionError> {
        check(area)?;
        let bounds = area.bounds().filter(|bounds| !bounds.is_empty()).ok_or(RegionError::Empty)?;
        let whole = Rect::of_size(f64::from(photo.0), f64::from(photo.1));
        let input = Rect::of_size(side, side).through(photo_from_input);
        let seen = input.intersection(&whole);
        let input_from_photo = photo_from_input.inverse();
        let region = match area {
            _ if bounds.intersection(&whole).is_empty() && !matches!(area, Area::Cells(_)) => {
                return Err(RegionError::OutsidePhoto { width: photo.0, height: photo.1 });
            }
            Area::Cells(rects) => {
                let parts = rects.iter().map(|rect| rect.through(input_from_photo));
                Self::union(
                    height,
                    width,
                    parts.map(|rect| Self::of_rect(height, width, side, &rect)),
                )
            }
            Area::Box(rect) => {
                let part = rect.intersection(&seen).through(input_from_photo);
                Self::of_rect(height, width, side, &part)
            }
            Area::Lasso(_) => {
                let clip = seen.through(input_from_photo);
                Self::of_line(height, width, side, &area.through(input_from_photo), &clip)
            }
        };
        // A thousandth of a pixel is what rounding makes of nothing.
        match (region.share() > 1e-9, bounds.intersection(&seen).is_empty()) {
            (true, _) => Ok(region),
            (false, true) => Err(RegionError::NotSeen(seen)),
            (false, false) => Err(RegionError::Empty),
        }
    }

    /// The inside of a lasso: corners `[x, y]` in pixels of the network's input. Where it crosses
    /// itself, what is surrounded twice is outside. Areas are exact along x and measured on 16
    /// lines per cell along y.
    ///
    /// # Errors
    /// With fewer than three corners, too many, or corners that are no numbers.
    pub fn of_lasso(
        height: usize,
        width: usize,
        side: f64,
        corners: &[[f64; 2]],
    ) -> Result<Self, RegionError> {
        let lasso = Area::Lasso(corners.to_vec());
        check(&lasso)?;
        Ok(Self::of_line(height, width, side, &lasso, &Rect::of_size(side, side)))
    }

    /// What of `area` lies in `clip`, both in pixels of the input.
    fn of_line(height: usize, width: usize, side: f64, area: &Area, clip: &Rect) -> Self {
        let unit = [width as f64 / side, height as f64 / side];
        let mut covered = vec![0.0; height * width];
        for (y, row) in covered.chunks_exact_mut(width.max(1)).enumerate() {
            for line in 0..LINES {
                let y = (y as f64 + (line as f64 + 0.5) / LINES as f64) / unit[1];
                if !(clip.min[1]..clip.max[1]).contains(&y) {
                    continue;
                }
                for [from, to] in area.spans(y) {
                    let span = [from.max(clip.min[0]) * unit[0], to.min(clip.max[0]) * unit[0]];
                    for (cell, covered) in row.iter_mut().enumerate() {
                        *covered += overlap(cell, span[0], span[1]) / LINES as f64;
                    }
                }
            }
        }
        Self { height, width, covered }
    }

    /// All of the parts, which do not overlap but for rounding.
    fn union(height: usize, width: usize, parts: impl Iterator<Item = Self>) -> Self {
        let mut covered = vec![0.0_f64; height * width];
        for part in parts {
            for (sum, share) in covered.iter_mut().zip(part.covered) {
                *sum = (*sum + share).min(1.0);
            }
        }
        Self { height, width, covered }
    }

    /// The rest of the picture.
    pub fn complement(&self) -> Self {
        let covered = self.covered.iter().map(|share| 1.0 - share).collect();
        Self { covered, ..*self }
    }

    /// The share of the map's area that it covers, 0 to 1.
    pub fn share(&self) -> f64 {
        self.covered.iter().sum::<f64>() / self.covered.len().max(1) as f64
    }

    /// What it gives to the mean of a map of the same size, in the unit of the map.
    pub fn contribution(&self, map: &[f32]) -> f64 {
        let product = |(share, &v): (&f64, &f32)| share * f64::from(v);
        let sum: f64 = self.covered.iter().zip(map).map(product).sum();
        sum / self.covered.len().max(1) as f64
    }

    /// How a logit or a lead splits into what the region gives and the rest. `logits_without` are
    /// those of [`Self::logits_without`].
    ///
    /// The question is asked again of the logits that are left, so this is exact also where the
    /// answer is no plain sum over the picture; the entropy then counts as part of the bias.
    ///
    /// # Panics
    /// If the logits are not those of the question's classes.
    pub fn account(&self, evidence: &Evidence, logits_without: &[f32]) -> Account {
        let Evidence { question, bias, entropy, total, map, .. } = evidence;
        let bias = bias + entropy;
        if question.is_linear() {
            let region = self.contribution(&map.data) as f32;
            let rest = self.complement().contribution(&map.data) as f32;
            return Account { region, rest, bias, total: *total };
        }
        let left = question.ask(logits_without).total;
        Account { region: total - left, rest: left - bias, bias, total: *total }
    }

    /// The logits of all classes without the region, from their maps.
    pub fn logits_without(&self, logits: &[f32], class_maps: &CamSet) -> Vec<f32> {
        let lost = |class| class_maps.values(class).map_or(0.0, |map| self.contribution(map));
        let left = |(class, &logit): (usize, &f32)| (f64::from(logit) - lost(class)) as f32;
        logits.iter().enumerate().map(left).collect()
    }

    /// The features with the region's share of each cell taken away.
    pub fn removed_from(&self, features: &FeatureMap) -> FeatureMap {
        let left = |plane: &[f32]| -> Vec<f32> {
            let left = |(&v, share): (&f32, &f64)| (f64::from(v) * (1.0 - share)) as f32;
            plane.iter().zip(&self.covered).map(left).collect()
        };
        let data = features.planes().flat_map(left).collect();
        FeatureMap { data, ..*features }
    }
}

/// What the difference between two decisions of one tree is, for each decision of `path` that had
/// more than one choice: with the whole picture and without a region (see
/// [`Region::logits_without`]).
///
/// # Panics
/// If a decision was made by another hierarchy.
pub fn branch_accounts(
    hierarchy: &Hierarchy,
    with: &Decision,
    without: &Decision,
    path: &[NodeId],
) -> Vec<BranchAccount> {
    let is_choice = |id: &NodeId| {
        let parent = hierarchy.node(*id).parent;
        parent.is_some_and(|parent| hierarchy.node(parent).children.len() > 1)
    };
    let account = |&node: &NodeId| BranchAccount {
        node,
        log_odds: with.log_odds[node],
        log_odds_without: without.log_odds[node],
        region: with.log_odds[node] - without.log_odds[node],
        probability: with.branch_prob[node],
        probability_without: without.branch_prob[node],
    };
    path.iter().filter(|id| is_choice(id)).map(account).collect()
}

/// How much of cell `cell`, which is one unit long, lies between `from` and `to`.
fn overlap(cell: usize, from: f64, to: f64) -> f64 {
    let start = cell as f64;
    (to.min(start + 1.0) - from.max(start)).max(0.0)
}

/// Whether an area can be one at all.
fn check(area: &Area) -> Result<(), RegionError> {
    match area {
        Area::Lasso(corners) if corners.len() < 3 => Err(RegionError::TooFewCorners),
        Area::Lasso(corners) if corners.len() > MAX_CORNERS => {
            Err(RegionError::TooManyCorners(corners.len()))
        }
        area if !area.is_finite() => Err(RegionError::NotANumber),
        _ => Ok(()),
    }
}
