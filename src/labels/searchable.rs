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

    /// Whether one of the names begins with a folded query.
    pub fn begins_with(&self, folded: &str) -> bool {
        self.text.contains(&format!("\n{folded}"))
    }
}
