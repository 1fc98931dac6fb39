//! Where the nodes of a tree go in a drawing: plain geometry, without a screen.
//!
//! [`tidy`] packs subtrees as closely as their outlines allow and centres parents over their
//! children (Reingold and Tilford 1981, "Tidier drawings of trees"); [`TreeLayout`] applies it to
//! the part of a [`Hierarchy`] that is expanded.

use serde::{Deserialize, Serialize};

use crate::explain::{Hierarchy, NodeId};

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
    /// Side of the square at the left edge of a node that is kept for its map; 0 without one.
    pub map: f32,
    /// Between neighbours of the same depth.
    pub sibling_gap: f32,
    /// Between a parent and its children.
    pub level_gap: f32,
}

impl Metrics {
    pub fn new(orientation: Orientation, cards: Cards) -> Self {
        let ([width, height], sibling_gap, level_gap) = match orientation {
            Orientation::LeftToRight => ([176.0, 42.0], 8.0, 52.0),
            Orientation::TopDown => ([130.0, 57.0], 10.0, 38.0),
        };
        match cards {
            Cards::Plain => Self { card: [width, height], map: 0.0, sibling_gap, level_gap },
            Cards::WithMap => {
                // As high as the text, but never so small that the map is a mere spot.
                let map = height.max(54.0);
                Self { card: [width + map - 6.0, map], map, sibling_gap, level_gap }
            }
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
/// Siblings keep their order. Items of the same depth are at least `gap` apart, and a parent is in
/// the middle between its first and its last child. Takes time proportional to the items.
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
        // The first child is at 0 so far.
        let middle = children[i].last().map_or(0.0, |&last| offset[last] / 2.0);
        for &child in &children[i] {
            offset[child] -= middle;
        }
        let mut outline = row.unwrap_or_default();
        outline.shift -= middle;
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

/// A node in a drawing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Card {
    pub id: NodeId,
    /// Index of the parent's card; `None` for the root.
    pub parent: Option<usize>,
    /// In points at zoom 1, y down.
    pub centre: [f32; 2],
    /// Whether its children are shown. Always `false` for leaves.
    pub open: bool,
}

/// The expanded part of a tree, laid out.
#[derive(Clone, Debug)]
pub struct TreeLayout {
    pub orientation: Orientation,
    pub metrics: Metrics,
    /// In depth-first order, parents before children.
    pub cards: Vec<Card>,
    /// Width and height; the drawing begins at the origin.
    pub size: [f32; 2],
}

impl TreeLayout {
    /// Lays out the nodes whose ancestors all are open.
    pub fn new(
        hierarchy: &Hierarchy,
        is_open: &dyn Fn(NodeId) -> bool,
        orientation: Orientation,
        cards: Cards,
    ) -> Self {
        let metrics = Metrics::new(orientation, cards);
        let Metrics { card, sibling_gap, level_gap, .. } = metrics;
        let (across, along) = match orientation {
            Orientation::LeftToRight => (1, 0),
            Orientation::TopDown => (0, 1),
        };
        let ids = shown_nodes(hierarchy, is_open);
        let mut card_of_node = vec![None; hierarchy.nodes().len()];
        let mut items = Vec::with_capacity(ids.len());
        for (i, &id) in ids.iter().enumerate() {
            card_of_node[id] = Some(i);
            let parent = hierarchy.node(id).parent.and_then(|parent| card_of_node[parent]);
            items.push(Item { parent, size: card[across] });
        }
        let mut size = card;
        let cards = ids.iter().zip(&items).zip(tidy(&items, sibling_gap));
        let cards = cards.map(|((&id, item), position)| {
            let node = hierarchy.node(id);
            let mut centre = [0.0; 2];
            centre[across] = position;
            centre[along] = card[along] / 2.0 + node.depth as f32 * (card[along] + level_gap);
            for axis in [0, 1] {
                size[axis] = size[axis].max(centre[axis] + card[axis] / 2.0);
            }
            Card { id, parent: item.parent, centre, open: !node.is_leaf() && is_open(id) }
        });
        let cards = cards.collect();
        Self { orientation, metrics, cards, size }
    }

    /// The card of a node, if it is shown.
    pub fn find(&self, id: NodeId) -> Option<&Card> {
        // Cards are in the order of the nodes.
        let index = self.cards.binary_search_by_key(&id, |card| card.id).ok()?;
        self.cards.get(index)
    }
}

/// The nodes whose ancestors all are open, in depth-first order.
pub fn shown_nodes(hierarchy: &Hierarchy, is_open: &dyn Fn(NodeId) -> bool) -> Vec<NodeId> {
    let nodes = hierarchy.nodes();
    let mut shows_children = vec![false; nodes.len()];
    let mut shown = Vec::new();
    for (id, node) in nodes.iter().enumerate() {
        if node.parent.is_none_or(|parent| shows_children[parent]) {
            shows_children[id] = is_open(id);
            shown.push(id);
        }
    }
    shown
}
