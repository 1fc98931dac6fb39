//! What might have been: the way that a what-if leaves, and the branch that came second.

use eframe::egui::{Align2, FontId, Painter, Pos2, Rect, Shape, Stroke, pos2, vec2};

use crate::explain::{Decision, NodeId};

use super::TreeInput;
use super::card::NAMES;
use crate::ui::theme::tree::Palette;

/// Nodes that are marked, and why.
pub struct Marks {
    /// The way that is shown instead of the decided one.
    forced: Option<Vec<NodeId>>,
    /// Nodes of the decided way that the forced one leaves out.
    left: Vec<NodeId>,
    /// The likeliest sibling of where a walk is.
    runner_up: Option<NodeId>,
}

impl Marks {
    pub fn new(input: &TreeInput<'_>, decision: &Decision) -> Self {
        let forced = input.forced.map(|forced| forced.path.clone());
        let left = forced.as_ref().map_or_else(Vec::new, |forced| {
            decision.path.iter().copied().filter(|id| !forced.contains(id)).collect()
        });
        let at = input.selected.filter(|_| input.walks);
        let runner_up = at.and_then(|id| {
            let parent = input.hierarchy.node(id).parent?;
            decision.walk_along(input.hierarchy, &[parent, id]).steps.first()?.runner_up
        });
        Self { forced, left, runner_up }
    }

    /// The way that is shown: the forced one, or else the decided one.
    pub fn way<'a>(&'a self, decision: &'a Decision) -> &'a [NodeId] {
        self.forced.as_deref().unwrap_or(&decision.path)
    }

    pub fn has_left(&self, node: NodeId) -> bool {
        self.left.contains(&node)
    }

    /// Appended to the name of a node for screen readers.
    pub fn words(&self, node: NodeId) -> &'static str {
        if self.has_left(node) {
            ", the tree's own choice, left by the what-if"
        } else if self.runner_up == Some(node) {
            ", runner-up"
        } else if self.forced.as_ref().is_some_and(|way| way.contains(&node)) {
            ", on the what-if path"
        } else {
            ""
        }
    }

    /// In a tooltip.
    pub fn sentence(&self, node: NodeId, on_path: bool) -> Option<&'static str> {
        if self.has_left(node) {
            Some("The tree's own choice")
        } else if self.runner_up == Some(node) {
            Some("The runner-up at this decision")
        } else if on_path && self.forced.is_some() {
            Some("On the what-if path")
        } else {
            on_path.then_some("On the decision path")
        }
    }

    /// In one word.
    pub fn tag(&self, node: NodeId) -> Option<&'static str> {
        if self.has_left(node) {
            Some("decided")
        } else {
            (self.runner_up == Some(node)).then_some("runner-up")
        }
    }

    /// Dashes around a card and a word above it.
    pub fn paint(&self, painter: &Painter, palette: &Palette, id: NodeId, card: Rect, zoom: f32) {
        let Some(text) = self.tag(id) else { return };
        let color = if self.has_left(id) { palette.weak_text } else { palette.text };
        let rect = card.expand(3.0 * zoom);
        let corners =
            [rect.left_top(), rect.right_top(), rect.right_bottom(), rect.left_bottom(), rect.min];
        painter.extend(dashes(&corners, Stroke::new((1.5 * zoom).max(1.0), color)));
        if zoom >= NAMES {
            let font = FontId::proportional((10.0 * zoom * 4.0).round() / 4.0);
            let text = painter.layout_no_wrap(text.to_owned(), font, color);
            let place = Align2::RIGHT_BOTTOM
                .anchor_size(pos2(rect.right() - 4.0 * zoom, rect.top() + 1.0), text.size());
            painter.rect_filled(place.expand2(vec2(3.0, 0.0)), 2.0, palette.canvas);
            painter.galley(place.min, text, color);
        }
    }
}

/// A line of dashes through these points.
pub fn dashes(points: &[Pos2], stroke: Stroke) -> Vec<Shape> {
    Shape::dashed_line(points, stroke, 5.0, 4.0)
}
