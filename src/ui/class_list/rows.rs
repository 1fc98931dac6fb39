//! Which classes the list shows, in which order. Plain data.

use serde::{Deserialize, Serialize};

use crate::explain::ClassId;
use crate::labels::{ClassList, Searchable, fold};
use crate::numbers::percent_to;
use crate::text::CleanText;

/// What comes first.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, strum::EnumIter,
)]
#[serde(rename_all = "snake_case")]
pub enum SortOrder {
    /// The likeliest class.
    #[default]
    Probability,
    /// The first name of the alphabet.
    Name,
    /// Class number 0.
    Index,
}

impl SortOrder {
    /// For the user.
    pub fn title(self) -> &'static str {
        match self {
            Self::Probability => "Likeliest first",
            Self::Name => "By name",
            Self::Index => "By class number",
        }
    }
}

/// What is searched in, made once for each model.
#[derive(Clone, Debug)]
pub struct SearchIndex {
    /// By class.
    classes: Vec<Searchable>,
    /// By class: the label alone, to sort by.
    names: Vec<String>,
}

impl SearchIndex {
    pub fn new(classes: &ClassList) -> Self {
        let wnids = classes.wnids.as_deref().unwrap_or_default();
        let wnid = |class: ClassId| wnids.get(class).map_or("", CleanText::as_str);
        let labels = classes.labels.iter().enumerate();
        let searchable = |(class, label): (ClassId, &CleanText)| {
            Searchable::new(label, wnid(class), Some(class))
        };
        Self {
            classes: labels.map(searchable).collect(),
            names: classes.labels.iter().map(|label| fold(label)).collect(),
        }
    }

    /// Whether the query means the class, see [`Searchable::matches`].
    pub fn matches(&self, class: ClassId, query: &str) -> bool {
        self.classes.get(class).is_some_and(|own| own.matches(&fold(query)))
    }

    /// The classes that match, in order. `ranks` says how many classes are likelier.
    pub fn rows(&self, query: &str, order: SortOrder, ranks: &[usize]) -> Vec<ClassId> {
        let folded = fold(query);
        let classes = 0..self.classes.len().min(ranks.len());
        let mut rows: Vec<ClassId> =
            classes.filter(|&class| self.classes[class].matches(&folded)).collect();
        match order {
            SortOrder::Probability => rows.sort_by_key(|&class| ranks[class]),
            SortOrder::Name => rows.sort_by(|&a, &b| self.names[a].cmp(&self.names[b])),
            SortOrder::Index => {}
        }
        rows
    }
}

/// By class: how many classes are likelier, or equally likely and earlier.
pub fn ranks(logits: &[f32]) -> Vec<usize> {
    let mut order: Vec<ClassId> = (0..logits.len()).collect();
    order.sort_by(|&a, &b| logits[b].total_cmp(&logits[a]));
    let mut ranks = vec![0; logits.len()];
    for (rank, class) in order.into_iter().enumerate() {
        ranks[class] = rank;
    }
    ranks
}

/// The first of a label's names, and the others: `tabby` and `tabby cat` of `tabby, tabby cat`.
pub fn names_of(label: &str) -> (String, String) {
    let (first, others) = label.split_once(',').unwrap_or((label, ""));
    (first.trim().replace('_', " "), others.trim().to_owned())
}

/// A probability as short as a list needs it.
pub fn percent(probability: f32) -> String {
    match 100.0 * probability {
        p if p.is_nan() => "?".to_owned(),
        p if p >= 99.95 && probability < 1.0 => ">99.9%".to_owned(),
        p if p >= 0.1 || p == 0.0 => percent_to(probability, 1),
        _ => "<0.1%".to_owned(),
    }
}

/// A step through the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    By(isize),
    First,
    Last,
}

/// The class that a step from `selected` leads to; from outside of the rows, to the first one.
pub fn moved(rows: &[ClassId], selected: Option<ClassId>, step: Move) -> Option<ClassId> {
    let last = rows.len().checked_sub(1)?;
    let at = rows.iter().position(|&class| Some(class) == selected);
    let row = match (step, at) {
        (Move::Last, _) => last,
        (Move::First, _) | (_, None) => 0,
        (Move::By(by), Some(at)) => at.saturating_add_signed(by).min(last),
    };
    rows.get(row).copied()
}
