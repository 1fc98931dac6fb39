//! Which meaning fits a group of classes best.

use std::collections::HashMap;

use super::{hypernym_closure, synset};

/// A meaning that fits a group of classes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Meaning {
    pub wnid: &'static str,
    /// How many classes are both in the group and below the meaning, as a share of those that are
    /// in one of the two (the Jaccard index), 0 to 1.
    pub overlap: f32,
}

/// What is above each class of a model.
#[derive(Clone, Debug)]
pub struct Meanings {
    above: Vec<Vec<&'static str>>,
    /// How many classes are at or below each meaning.
    below: HashMap<&'static str, usize>,
}

impl Meanings {
    /// `senses` are wnids by class, as far as they are known.
    pub fn new(senses: &[Option<&'static str>]) -> Self {
        let above: Vec<Vec<&'static str>> = senses
            .iter()
            .map(|sense| {
                sense.map_or_else(Vec::new, |it| hypernym_closure(it).into_iter().collect())
            })
            .collect();
        let mut below = HashMap::new();
        for wnid in above.iter().flatten() {
            *below.entry(*wnid).or_default() += 1;
        }
        Self { above, below }
    }

    /// The meaning whose classes overlap best with `classes`; of equally good ones the most special
    /// one, then the smallest wnid. `None` if no class has a known meaning.
    pub fn best(&self, classes: &[usize]) -> Option<Meaning> {
        let mut shared: HashMap<&'static str, usize> = HashMap::new();
        for wnid in classes.iter().filter_map(|&class| self.above.get(class)).flatten() {
            *shared.entry(*wnid).or_default() += 1;
        }
        let meaning = |(&wnid, &both): (&&'static str, &usize)| {
            let either = classes.len() + self.below.get(wnid).copied().unwrap_or_default() - both;
            Meaning { wnid, overlap: both as f32 / either.max(1) as f32 }
        };
        let depth = |wnid: &str| synset(wnid).map_or(0, |synset| synset.max_depth);
        shared.iter().map(meaning).max_by(|a, b| {
            let order = a.overlap.total_cmp(&b.overlap);
            order.then(depth(a.wnid).cmp(&depth(b.wnid))).then(b.wnid.cmp(a.wnid))
        })
    }
}
