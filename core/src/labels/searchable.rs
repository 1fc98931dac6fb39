//! Finds what somebody is typing: parts of names, where [`super::ClassList::find`] wants one class.

use super::fold;
use crate::wordnet;

/// What a class or a node of a tree is found by.
#[derive(Clone, Debug)]
pub struct Searchable {
    /// Name, words of WordNet and wnid, without upper case and accents, each between line ends.
    text: String,
    class: Option<usize>,
}

impl Searchable {
    /// `class` is its number, if it is one. A wnid that WordNet does not know counts as itself.
    pub fn new(name: &str, wnid: &str, class: Option<usize>) -> Self {
        let mut text = format!("\n{}\n{}\n", fold(name), fold(wnid));
        for lemma in wordnet::synset(wnid).map_or(&[][..], |synset| &synset.lemmas) {
            text.push_str(&fold(lemma));
            text.push('\n');
        }
        Self { text, class }
    }

    /// Whether every word of a [folded](fold) query occurs somewhere, or the query is the number
    /// of the class. An empty query means everything.
    pub fn matches(&self, folded: &str) -> bool {
        self.is_number(folded) || folded.split(' ').all(|word| self.text.contains(word))
    }

    /// Whether the query is the number of the class, `281` or `index:281`.
    pub fn is_number(&self, folded: &str) -> bool {
        let digits = folded.strip_prefix("index:").unwrap_or(folded).trim();
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_number && self.class.is_some() && digits.parse().ok() == self.class
    }

    pub fn is_class(&self) -> bool {
        self.class.is_some()
    }

    /// How well the names fit a folded query, which [matches](Self::matches).
    pub fn fit(&self, folded: &str) -> Fit {
        let fit_of = |name: &str| {
            let words: Vec<&str> = name.split(' ').collect();
            let wanted: Vec<&str> = folded.split(' ').collect();
            let begins = |word: &&str| words.iter().any(|own| own.starts_with(word));
            if name == folded {
                Fit::Whole
            } else if words.windows(wanted.len()).any(|own| own == wanted) {
                Fit::Words
            } else if name.starts_with(folded) {
                Fit::Beginning
            } else if wanted.iter().all(begins) {
                Fit::WordBeginnings
            } else {
                Fit::Inside
            }
        };
        let names = self.text.split(['\n', ',']).map(str::trim).filter(|name| !name.is_empty());
        names.map(fit_of).min().unwrap_or(Fit::Inside)
    }
}

/// How a query fits a name, the best first: `cat` is the cat before it is a catamaran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    /// It is one of the names.
    Whole,
    /// It is a word of a name, or several in a row.
    Words,
    /// A name begins with it.
    Beginning,
    /// Words of a name begin with its words.
    WordBeginnings,
    /// It stands somewhere in the names.
    Inside,
}
