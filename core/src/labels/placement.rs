//! Which meaning each class of a model has.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::fold;
use crate::wordnet::{Synset, synset, synsets};

/// The meaning of each class, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Placement {
    /// Wnid by class; `None` where the meaning is not known.
    pub senses: Vec<Option<&'static str>>,
    /// The classes whose meaning was found by their name, because there is no wnid for them.
    pub by_name: Vec<usize>,
}

/// The synsets of the table by each of their words, folded.
static BY_WORD: LazyLock<HashMap<String, Vec<&'static str>>> = LazyLock::new(|| {
    let mut by_word: HashMap<String, Vec<&'static str>> = HashMap::new();
    for Synset { wnid, lemmas, .. } in synsets() {
        for lemma in lemmas {
            by_word.entry(fold(lemma)).or_default().push(wnid);
        }
    }
    by_word
});

impl Placement {
    /// Finds the meaning of classes by their wnids, and of the others by their labels.
    ///
    /// A label may have several synonyms, separated by commas. It means the synset that has most of
    /// them as words, if there is one such synset in the table and no other class means it. The
    /// table holds no more than the classes of the shipped data sets and what is above them, so a
    /// word may have other meanings that are not known here.
    pub fn new<S: AsRef<str>>(labels: &[S], wnids: Option<&[S]>) -> Self {
        let by_wnid = |class: usize| Some(synset(wnids?.get(class)?.as_ref())?.wnid);
        let mut senses: Vec<Option<&'static str>> = (0..labels.len()).map(by_wnid).collect();
        let named: Vec<(usize, &'static str)> = (0..labels.len())
            .filter(|&class| senses[class].is_none())
            .filter_map(|class| Some((class, sense_of(labels[class].as_ref())?)))
            .collect();
        let mut users: HashMap<&'static str, usize> = HashMap::new();
        for sense in senses.iter().flatten().chain(named.iter().map(|(_, sense)| sense)) {
            *users.entry(*sense).or_default() += 1;
        }
        let mut by_name = Vec::new();
        for (class, sense) in named {
            if users.get(sense) == Some(&1) {
                senses[class] = Some(sense);
                by_name.push(class);
            }
        }
        Self { senses, by_name }
    }

    /// How the meanings were found, in words: `3 of 5 classes, 2 of them by their names`.
    pub fn in_words(&self) -> String {
        let (known, all) = (self.known(), self.senses.len());
        match self.by_name.len() {
            0 => format!("{known} of {all} classes"),
            named if named == known => format!("{known} of {all} classes, all by their names"),
            named => format!("{known} of {all} classes, {named} of them by their names"),
        }
    }

    /// A line for each class that was matched by its name: `tabby: tabby, tabby cat (n02123045)`.
    pub fn matches<'a, S: AsRef<str>>(
        &'a self,
        labels: &'a [S],
    ) -> impl Iterator<Item = String> + 'a {
        self.by_name.iter().filter_map(|&class| {
            let found = synset(self.senses.get(class).copied().flatten()?)?;
            let label = labels.get(class)?.as_ref();
            Some(format!("{label}: {} ({})", found.lemmas.join(", "), found.wnid))
        })
    }

    /// How many classes have a known meaning.
    pub fn known(&self) -> usize {
        self.senses.iter().flatten().count()
    }

    /// The classes whose meaning is not known.
    pub fn unknown(&self) -> Vec<usize> {
        (0..self.senses.len()).filter(|&class| self.senses[class].is_none()).collect()
    }
}

/// The only synset that has most of a label's synonyms as words.
fn sense_of(label: &str) -> Option<&'static str> {
    let mut votes: HashMap<&'static str, usize> = HashMap::new();
    let mut words: Vec<String> = label.split(',').map(fold).collect();
    words.sort_unstable();
    words.dedup();
    for word in &words {
        for &wnid in BY_WORD.get(word).into_iter().flatten() {
            *votes.entry(wnid).or_default() += 1;
        }
    }
    let most = votes.values().copied().max()?;
    let mut best = votes.into_iter().filter(|&(_, count)| count == most);
    match (best.next(), best.next()) {
        (Some((wnid, _)), None) => Some(wnid),
        _ => None,
    }
}
