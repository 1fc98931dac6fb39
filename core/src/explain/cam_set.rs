//! The maps of all classes, or of all nodes of a tree, in one go.

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::cam::Cam;
use super::decision::{Decision, Pooling};
use super::feature_map::{FeatureMap, Head};
use super::hierarchy::Hierarchy;

/// Places computed together: one 256-bit register of floats.
const LANES: usize = 8;
/// Classes computed together: as many sums as keep two multipliers busy without spilling.
const ROWS: usize = 8;
/// Classes per task: small enough to spread 10 classes over two cores, large enough to be worth it.
const ROWS_PER_TASK: usize = 4 * ROWS;

/// Many maps of one picture, as one matrix.
#[derive(Clone, Debug, PartialEq)]
pub struct CamSet {
    pub height: usize,
    pub width: usize,
    /// `[len, height, width]`, in logits.
    pub data: Vec<f32>,
}

impl CamSet {
    /// The maps of all classes of `head`, in class order.
    ///
    /// # Panics
    /// If the head does not belong to these features.
    pub fn of_classes(features: &FeatureMap, head: &Head) -> Self {
        Self::of_rows(features, &head.weight)
    }

    /// One map for each row of `rows`, `[n, channels]`: the matrix product `rows · F`.
    ///
    /// Sums run in 32 bits in the order of the channels, without fused multiply-add, so that every
    /// machine gets the same bits.
    ///
    /// # Panics
    /// If `rows` is no whole number of rows.
    pub fn of_rows(features: &FeatureMap, rows: &[f32]) -> Self {
        let (channels, places) = (features.channels, features.height * features.width);
        let (height, width) = (features.height, features.width);
        if channels == 0 || places == 0 {
            return Self { height, width, data: Vec::new() };
        }
        assert_eq!(rows.len() % channels, 0, "whole rows of one weight per channel");
        let strips = pack(features);
        let mut data = vec![0.0; rows.len() / channels * places];
        data.par_chunks_mut(ROWS_PER_TASK * places)
            .zip(rows.par_chunks(ROWS_PER_TASK * channels))
            .for_each(|(maps, rows)| {
                Arch::new().dispatch(Product { rows, channels, strips: &strips, maps, places });
            });
        Self { height, width, data }
    }

    /// The maps of all nodes of the tree of `decision`, by node: the mean of the leaves' maps, or
    /// by the marginal rule their mean with the weights of a softmax inside the node.
    ///
    /// `self` holds the maps of the classes. The maps of the children are reused by the parents, so
    /// a tree costs one multiplication per node and place.
    ///
    /// # Panics
    /// If the hierarchy is another one than that of the decision, or has more classes than there
    /// are maps.
    pub fn of_nodes(&self, hierarchy: &Hierarchy, decision: &Decision) -> Self {
        let places = self.height * self.width;
        let nodes = hierarchy.nodes();
        let leaves = |id: usize| nodes[id].leaves.len().max(1) as f32;
        // What a node counts in the mean over its parent's children.
        let share = |id: usize, parent: usize| match decision.rule.pooling() {
            Pooling::Mean => leaves(id) / leaves(parent),
            Pooling::LogSumExp => decision.branch_prob[id],
        };
        let mut data = vec![0.0; nodes.len() * places];
        // Children come after their parents: backwards, each map is complete before it is used.
        for (id, node) in nodes.iter().enumerate().rev() {
            let (before, from_here) = data.split_at_mut(id * places);
            let map = &mut from_here[..places];
            if let Some(class) = node.class {
                map.copy_from_slice(&self.data[class * places..][..places]);
            }
            if let Some(parent) = node.parent {
                let share = share(id, parent);
                if share == 0.0 {
                    // Where nothing is likely, the map may be NaN, and none of it counts.
                    continue;
                }
                let sum = &mut before[parent * places..][..places];
                sum.iter_mut().zip(map).for_each(|(sum, value)| *sum += share * *value);
            }
        }
        Self { data, ..*self }
    }

    /// How many maps there are.
    pub fn len(&self) -> usize {
        self.data.len() / (self.height * self.width).max(1)
    }

    /// Whether there is no map.
    pub fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    /// The values of map `i`, `[height, width]`; `None` if there is no such map.
    pub fn values(&self, i: usize) -> Option<&[f32]> {
        self.data.chunks_exact((self.height * self.width).max(1)).nth(i)
    }

    /// A copy of map `i`; `None` if there is no such map.
    pub fn get(&self, i: usize) -> Option<Cam> {
        let data = self.values(i)?.to_vec();
        Some(Cam { height: self.height, width: self.width, data })
    }

    /// Map `i` against a weighted mean of other maps, given as pairs of map and weight; `None` if
    /// there is no such map, or nothing to compare it with.
    pub fn lead(&self, i: usize, others: &[(usize, f32)]) -> Option<Cam> {
        let mut lead = self.get(i)?;
        for &(other, share) in others {
            for (value, other) in lead.data.iter_mut().zip(self.values(other)?) {
                *value -= share * other;
            }
        }
        (!others.is_empty()).then_some(lead)
    }
}

impl Cam {
    /// The maps of all classes of `head`: [`CamSet::of_classes`].
    pub fn all(features: &FeatureMap, head: &Head) -> CamSet {
        CamSet::of_classes(features, head)
    }
}

/// One strip per [`LANES`] places, each `[channels]` of neighbouring places; the last one is padded.
fn pack(features: &FeatureMap) -> Vec<Vec<[f32; LANES]>> {
    let places = features.height * features.width;
    (0..places)
        .step_by(LANES)
        .map(|first| {
            let count = LANES.min(places - first);
            let strip = features.planes().map(|plane| {
                let mut lanes = [0.0; LANES];
                lanes[..count].copy_from_slice(&plane[first..first + count]);
                lanes
            });
            strip.collect()
        })
        .collect()
}

/// `maps = rows · strips` for the rows of one task; `pulp` compiles it once per instruction set.
struct Product<'a> {
    rows: &'a [f32],
    channels: usize,
    strips: &'a [Vec<[f32; LANES]>],
    maps: &'a mut [f32],
    places: usize,
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { rows, channels, strips, maps, places } = self;
        let blocks = rows.chunks(ROWS * channels).zip(maps.chunks_mut(ROWS * places));
        for (rows, maps) in blocks {
            // A last block with fewer rows computes the first one again in the idle lanes.
            let row = |r: usize| rows.chunks_exact(channels).nth(r).unwrap_or(&rows[..channels]);
            let block: [&[f32]; ROWS] = std::array::from_fn(row);
            for (s, strip) in strips.iter().enumerate() {
                let sums = multiply(block, strip);
                for (map, sums) in maps.chunks_exact_mut(places).zip(sums) {
                    let target = &mut map[s * LANES..];
                    let count = target.len().min(LANES);
                    target[..count].copy_from_slice(&sums[..count]);
                }
            }
        }
    }
}

/// [`ROWS`] x [`LANES`] sums over the channels, all of them kept in registers.
#[inline(always)]
fn multiply(rows: [&[f32]; ROWS], strip: &[[f32; LANES]]) -> [[f32; LANES]; ROWS] {
    let rows = rows.map(|row| &row[..strip.len()]);
    let mut sums = [[0.0; LANES]; ROWS];
    // By index: `zip` is compiled on its own where the compiler divides the crate, and would be
    // called for each pair of rows.
    for (k, features) in strip.iter().enumerate() {
        for r in 0..ROWS {
            for l in 0..LANES {
                sums[r][l] += rows[r][k] * features[l];
            }
        }
    }
    sums
}
