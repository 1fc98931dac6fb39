//! How cards glide to their places when nodes are expanded or collapsed.

use std::collections::HashMap;

use eframe::egui;
use eframe::egui::{Pos2, Vec2};

use crate::explain::{Hierarchy, NodeId};
use crate::tree_layout::{Card, Shown, TreeLayout};

use super::camera::point;

/// What stays the same card in the next layout: a node's, or that of a node's other children.
type Key = (NodeId, bool);

fn key(card: &Card) -> Key {
    match card.shown {
        Shown::Node(id) => (id, false),
        Shown::Others(others) => (others.parent, true),
    }
}

/// The way from one layout to the next.
#[derive(Clone, Debug, Default)]
pub struct Motion {
    /// Where the cards were; empty if nothing moves.
    from: HashMap<Key, Pos2>,
    /// Cards that are gone, and the node into which they vanish.
    ghosts: Vec<(Pos2, NodeId)>,
    /// When it began, in seconds.
    start: f64,
    /// The node that shall not move.
    held: Option<NodeId>,
}

/// Where everything is at one moment.
pub struct Positions {
    /// By card of the layout.
    pub centres: Vec<Pos2>,
    /// Centre and visibility (0 to 1) of the cards that vanish.
    pub ghosts: Vec<(Pos2, f32)>,
    pub unfinished: bool,
}

impl Motion {
    /// Keeps a node in place at the next change of the layout.
    pub fn hold(&mut self, id: NodeId) {
        self.held = Some(id);
    }

    /// Starts from `old`. Returns how far the held node moves in the drawing: the camera has to
    /// follow by as much.
    pub fn begin(
        &mut self,
        hierarchy: &Hierarchy,
        old: &TreeLayout,
        new: &TreeLayout,
        now: f64,
    ) -> Vec2 {
        let held = self.held.take();
        let place = |layout: &TreeLayout| {
            let card = held.and_then(|id| layout.find(id))?;
            Some(point(card.centre))
        };
        let shift = match (place(old), place(new)) {
            (Some(old), Some(new)) => new - old,
            _ => Vec2::ZERO,
        };
        let old_place = |card: &Card| point(card.centre) + shift;
        self.from = old.cards.iter().map(|card| (key(card), old_place(card))).collect();
        self.start = now;
        self.ghosts.clear();
        for card in &old.cards {
            let up = |&id: &NodeId| hierarchy.nodes().get(id)?.parent;
            let Some(own) = card.shown.node() else { continue };
            let mut ancestors = std::iter::successors(Some(own), up);
            if let Some(shown) = ancestors.find(|&id| new.find(id).is_some())
                && shown != own
            {
                self.ghosts.push((old_place(card), shown));
            }
        }
        shift
    }

    /// Where the cards of `layout` are `duration` seconds long after the start; `now` likewise in
    /// seconds. New cards come out of their parents.
    pub fn positions(&mut self, layout: &TreeLayout, now: f64, duration: f64) -> Positions {
        let t = ((now - self.start) / duration.max(1e-9)) as f32;
        let unfinished = !self.from.is_empty() && t < 1.0;
        if !unfinished {
            self.from.clear();
            self.ghosts.clear();
            let centres = layout.cards.iter().map(|card| point(card.centre)).collect();
            return Positions { centres, ghosts: Vec::new(), unfinished };
        }
        let t = egui::emath::easing::cubic_out(t.clamp(0.0, 1.0));
        let mut start: Vec<Pos2> = Vec::with_capacity(layout.cards.len());
        for card in &layout.cards {
            let parent = card.parent.and_then(|parent| start.get(parent).copied());
            let from = self.from.get(&key(card)).copied().or(parent);
            start.push(from.unwrap_or(point(card.centre)));
        }
        let go = |from: Pos2, to: Pos2| from + t * (to - from);
        let centres = layout.cards.iter().zip(start);
        let centres = centres.map(|(card, from)| go(from, point(card.centre))).collect();
        let ghost = |&(from, into): &(Pos2, NodeId)| {
            let to = layout.find(into)?;
            Some((go(from, point(to.centre)), 1.0 - t))
        };
        Positions { centres, ghosts: self.ghosts.iter().filter_map(ghost).collect(), unfinished }
    }
}
