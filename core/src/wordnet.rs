//! The part of Princeton WordNet 3.0 that the shipped class lists need: every class and everything
//! above it.
//!
//! A synset is a set of words with one meaning. ImageNet, nbdt and torchvision identify it by its
//! *wnid*: `n` and the eight-digit offset of the noun in WordNet's own file, for example
//! `n02123045` for a tabby cat. The table is `assets/wordnet/nouns.tsv` with 2106 synsets; its
//! licence lies beside it.

mod meaning;

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

pub use meaning::{Meaning, Meanings};

/// One meaning of a noun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Synset {
    /// Identifier, for example `n02958343`.
    pub wnid: &'static str,
    /// Name that is unique among the synsets: first word, part of speech, number of the sense.
    /// Example: `car.n.01`.
    pub sense: &'static str,
    /// Length of the longest chain of hypernyms up to `entity.n.01`, which has 0 itself.
    pub max_depth: u32,
    /// Wnids of the next more general meanings; a few synsets have several, `entity.n.01` has none.
    pub hypernyms: Vec<&'static str>,
    /// Words of this meaning, most frequent first, `_` for a space. Example: `car`, `auto`,
    /// `automobile`.
    pub lemmas: Vec<&'static str>,
    /// Definition.
    pub gloss: &'static str,
}

impl Synset {
    /// First word in lower case, `_` for a space: the name that nbdt shows, for example
    /// `egyptian_cat`.
    pub fn name(&self) -> &'static str {
        self.sense.split('.').next().unwrap_or(self.sense)
    }

    /// Reads one line of the table: wnid, sense, depth, hypernyms, lemmas, gloss, separated by
    /// tabs.
    fn from_line(line: &'static str) -> Option<Synset> {
        let mut fields = line.split('\t');
        let mut next = || fields.next();
        let list = |field: &'static str| field.split(',').filter(|part| !part.is_empty()).collect();
        Some(Synset {
            wnid: next()?,
            sense: next()?,
            max_depth: next()?.parse().ok()?,
            hypernyms: list(next()?),
            lemmas: list(next()?),
            gloss: next()?,
        })
    }
}

static TABLE: LazyLock<HashMap<&'static str, Synset>> = LazyLock::new(|| {
    let lines = include_str!("../../assets/wordnet/nouns.tsv").lines();
    lines.filter_map(Synset::from_line).map(|synset| (synset.wnid, synset)).collect()
});

/// The synset with this wnid, or `None` if the table does not have it.
pub fn synset(wnid: &str) -> Option<&'static Synset> {
    TABLE.get(wnid)
}

/// All synsets of the table, by wnid.
pub fn synsets() -> Vec<&'static Synset> {
    let mut all: Vec<_> = TABLE.values().collect();
    all.sort_unstable_by_key(|synset| synset.wnid);
    all
}

/// The name as one would write it, with spaces; the wnid itself where it is not known.
pub fn label_of(wnid: &str) -> String {
    name_of(wnid).map_or_else(|| wnid.to_owned(), |name| name.replace('_', " "))
}

/// [`Synset::name`] of a wnid, for example `car` for `n02958343`.
pub fn name_of(wnid: &str) -> Option<&'static str> {
    synset(wnid).map(Synset::name)
}

/// The synset itself and everything that is more general; empty for an unknown wnid.
pub fn hypernym_closure(wnid: &str) -> BTreeSet<&'static str> {
    let mut seen = BTreeSet::new();
    let mut open: Vec<_> = synset(wnid).into_iter().collect();
    while let Some(synset_) = open.pop() {
        if seen.insert(synset_.wnid) {
            open.extend(synset_.hypernyms.iter().filter_map(|wnid| synset(wnid)));
        }
    }
    seen
}
