//! Where the nodes of a tree go in a drawing: plain geometry, without a screen.
//!
//! [`tidy`] packs subtrees as closely as their outlines allow (Reingold and Tilford 1981, "Tidier
//! drawings of trees"), with every parent beside its first child: the likeliest branches, which come
//! first, are one straight line. [`TreeLayout`] applies it to the part of a [`Hierarchy`] that is
//! worth showing: `fold` says which that is, `open_nodes` what the user has to say about it.

mod fold;
mod open_nodes;

use serde::{Deserialize, Serialize};

use crate::explain::{Decision, Hierarchy, NodeId};
pub use fold::{Others, Row, Shown, WORTH, by_probability, children, rows};
pub use open_nodes::OpenNodes;

/// Which way the tree grows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Orientation {
    #[default]
    LeftToRight,
    TopDown,
}

/// What is on a node beside its text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cards {
    /// A small map.
    #[default]
    WithMap,
    Plain,
}

/// Sizes of the parts of a drawing, in points at zoom 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Metrics {
    /// Width and height of a node.
    pub card: [f32; 2],
    /// Width and height of the card that several improbable nodes share.
    pub others: [f32; 2],
    /// Side of the square at the left edge of a node that is kept for its map; 0 without one.
    pub map: f32,
    /// Between neighbours of the same depth.
    pub sibling_gap: f32,
    /// Between a parent and its children.
    pub level_gap: f32,
}

impl Metrics {
    pub fn new(orientation: Orientation, cards: Cards) -> Self {
        let ([width, height], sibling_gap, level_gap): ([f32; 2], _, _) = match orientation {
            Orientation::LeftToRight => ([176.0, 42.0], 8.0, 52.0),
            Orientation::TopDown => ([130.0, 57.0], 10.0, 38.0),
        };
        let (card, map) = match cards {
            Cards::Plain => ([width, height], 0.0),
            Cards::WithMap => {
                // As high as the text, but never so small that the map is a mere spot.
                let map = height.max(54.0);
                ([width + map - 6.0, map], map)
            }
        };
        // Two words in a line or below each other, and as long as a card in the direction of growth.
        let others = match orientation {
            Orientation::LeftToRight => [card[0], 24.0],
            Orientation::TopDown => [96.0, card[1]],
        };
        Self { card, others, map, sibling_gap, level_gap }
    }

    /// Width and height of a card.
    pub fn size(&self, shown: Shown) -> [f32; 2] {
        match shown {
            Shown::Node(_) => self.card,
            Shown::Others(_) => self.others,
        }
    }
}

impl Orientation {
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::LeftToRight => Self::TopDown,
            Self::TopDown => Self::LeftToRight,
        }
    }
}

/// A node for [`tidy`].
#[derive(Clone, Copy, Debug)]
pub struct Item {
    /// An earlier item; `None` for the first item alone.
    pub parent: Option<usize>,
    /// Extent across the direction in which the tree grows.
    pub size: f32,
}

/// The centre of each item across the direction of growth; the smallest edge is at 0.
///
/// Siblings keep their order. Items of the same depth are at least `gap` apart, and a parent is
/// beside its first child. Takes time proportional to the items.
pub fn tidy(items: &[Item], gap: f32) -> Vec<f32> {
    let mut children = vec![Vec::new(); items.len()];
    for (i, item) in items.iter().enumerate() {
        if let Some(parent) = item.parent {
            children[parent].push(i);
        }
    }
    // From the bottom up: how far each item is from its parent's centre.
    let mut offset = vec![0.0; items.len()];
    let mut outlines: Vec<Option<Outline>> = items.iter().map(|_| None).collect();
    for (i, item) in items.iter().enumerate().rev() {
        let mut row: Option<Outline> = None;
        for &child in &children[i] {
            let Some(mut outline) = outlines[child].take() else { continue };
            row = Some(match row {
                None => outline,
                Some(left) => {
                    offset[child] = left.clearance(&outline) + gap;
                    outline.shift += offset[child];
                    left.beside(outline)
                }
            });
        }
        // The first child is at 0, and so is the item itself.
        let mut outline = row.unwrap_or_default();
        outline.push_level(item.size);
        outlines[i] = Some(outline);
    }
    // From the top down: where that is.
    let mut centre = vec![0.0; items.len()];
    for (i, item) in items.iter().enumerate() {
        centre[i] = item.parent.map_or(0.0, |parent| centre[parent] + offset[i]);
    }
    let edge = |(item, centre): (&Item, &f32)| centre - item.size / 2.0;
    let least = items.iter().zip(&centre).map(edge).fold(f32::INFINITY, f32::min);
    centre.iter().map(|centre| centre - least).collect()
}

/// The least and largest edge of a subtree at each of its levels.
#[derive(Default)]
struct Outline {
    /// The deepest level first, so that a parent is pushed; without `shift`.
    levels: Vec<[f32; 2]>,
    /// To be added to all levels.
    shift: f32,
}

impl Outline {
    fn push_level(&mut self, size: f32) {
        self.levels.push([-size / 2.0 - self.shift, size / 2.0 - self.shift]);
    }

    /// How far `right` must move so that it touches `self`.
    fn clearance(&self, right: &Self) -> f32 {
        let pairs = self.levels.iter().rev().zip(right.levels.iter().rev());
        pairs
            .map(|(a, b)| (a[1] + self.shift) - (b[0] + right.shift))
            .fold(f32::NEG_INFINITY, f32::max)
    }

    /// Both together. Only the levels of the lower one are visited, which makes [`tidy`] linear.
    fn beside(mut self, mut right: Self) -> Self {
        if self.levels.len() >= right.levels.len() {
            let shift = right.shift - self.shift;
            for (a, b) in self.levels.iter_mut().rev().zip(right.levels.iter().rev()) {
                a[1] = b[1] + shift;
            }
            self
        } else {
            let shift = self.shift - right.shift;
            for (a, b) in self.levels.iter().rev().zip(right.levels.iter_mut().rev()) {
                b[0] = a[0] + shift;
            }
            right
        }
    }
}

/// A card in a drawing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Card {
    pub shown: Shown,
    /// Index of the parent's card; `None` for the root.
    pub parent: Option<usize>,
    /// In points at zoom 1, y down.
    pub centre: [f32; 2],
    /// Width and height, likewise.
    pub size: [f32; 2],
    /// Whether its children are shown. Always `false` for leaves and others.
    pub open: bool,
}

/// The shown part of a tree, laid out.
#[derive(Clone, Debug)]
pub struct TreeLayout {
    pub orientation: Orientation,
    pub metrics: Metrics,
    /// In depth-first order, parents before children, the likeliest child first.
    pub cards: Vec<Card>,
    /// Width and height; the drawing begins at the origin.
    pub size: [f32; 2],
    /// By node.
    card_of_node: Vec<Option<usize>>,
}

impl TreeLayout {
    /// Lays out what [`rows`] says is shown.
    pub fn new(
        hierarchy: &Hierarchy,
        decision: &Decision,
        open: &OpenNodes,
        orientation: Orientation,
        cards: Cards,
    ) -> Self {
        let metrics = Metrics::new(orientation, cards);
        let (across, along) = match orientation {
            Orientation::LeftToRight => (1, 0),
            Orientation::TopDown => (0, 1),
        };
        let rows = rows(hierarchy, decision, open);
        let item = |row: &Row| Item { parent: row.parent, size: metrics.size(row.shown)[across] };
        let items: Vec<Item> = rows.iter().map(item).collect();
        let mut size = metrics.card;
        let mut card_of_node = vec![None; hierarchy.nodes().len()];
        let mut cards = Vec::with_capacity(rows.len());
        for (row, position) in rows.iter().zip(tidy(&items, metrics.sibling_gap)) {
            let (depth, own) = match row.shown {
                Shown::Node(id) => {
                    card_of_node[id] = Some(cards.len());
                    (hierarchy.node(id).depth, metrics.card)
                }
                Shown::Others(others) => (hierarchy.node(others.parent).depth + 1, metrics.others),
            };
            let step = metrics.card[along] + metrics.level_gap;
            let mut centre = [0.0; 2];
            centre[across] = position;
            centre[along] = metrics.card[along] / 2.0 + depth as f32 * step;
            for axis in [0, 1] {
                size[axis] = size[axis].max(centre[axis] + own[axis] / 2.0);
            }
            let Row { shown, parent, open } = *row;
            cards.push(Card { shown, parent, centre, size: own, open });
        }
        Self { orientation, metrics, cards, size, card_of_node }
    }

    /// The card of a node, if it has one.
    pub fn find(&self, id: NodeId) -> Option<&Card> {
        self.cards.get((*self.card_of_node.get(id)?)?)
    }

    /// For each card, where the flow of probability to it leaves the parent's card: the distance of
    /// its middle from the beginning of the parent's side, when all flows to the parent's children
    /// lie side by side there and the whole of 1 is `width` wide; and how wide it is itself.
    pub fn flows(&self, decision: &Decision, width: f32) -> Vec<[f32; 2]> {
        let mut used = vec![0.0; self.cards.len()];
        let flow = |card: &Card| {
            let reach = match card.shown {
                Shown::Node(id) => decision.reach_prob.get(id).copied().unwrap_or(f32::NAN),
                Shown::Others(others) => others.reach,
            };
            let own = width * if reach.is_nan() { 0.0 } else { reach.clamp(0.0, 1.0) };
            let begin = card.parent.map_or(0.0, |parent| {
                used[parent] += own;
                used[parent] - own
            });
            [begin + own / 2.0, own]
        };
        self.cards.iter().map(flow).collect()
    }
}
