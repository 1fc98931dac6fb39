//! The nodes of the diagram: their widgets, and what clicks do.

use eframe::egui::{FontId, Painter, Rect, Response, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use crate::explain::NodeId;
use crate::tree_layout::{Orientation, Others, Shown};
use crate::tree_text::{full_name, others_name, short_name};

use super::camera::point;
use super::card::{
    EVERYTHING, Look, NAMES, map_rect, paint_card, paint_others, paint_toggle, toggle_rect,
};
use super::compare::paint_badges;
use super::diagram::View;
use super::node_menu::node_menu_ui;
use super::tooltip::{others_ui, tooltip_ui};
use super::{NodeMaps, Scene, TreeAction, TreeViewState};
use crate::ui::text::elided;

/// Below this zoom nodes have neither toggles nor widgets of their own.
const TOGGLES: f32 = 0.3;

/// More cards than this at once are too small to need own widgets.
const MOST_WIDGETS: usize = 400;

/// What is to be shown or hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Toggle {
    /// The children of a node.
    Children(NodeId),
    /// The improbable children of a node, which share a card.
    Others(NodeId),
}

impl Toggle {
    /// Whose children it is about.
    pub fn node(self) -> NodeId {
        match self {
            Self::Children(id) | Self::Others(id) => id,
        }
    }
}

/// The visible cards with all that can be done with them. Returns what to show or to hide.
pub(super) fn cards_ui(
    ui: &Ui,
    painter: &Painter,
    scene: &Scene<'_>,
    view: &View<'_>,
    state: &mut TreeViewState,
    canvas: &Response,
    actions: &mut Vec<TreeAction>,
) -> Option<Toggle> {
    let zoom = view.camera.zoom;
    let visible: Vec<_> = view
        .layout
        .cards
        .iter()
        .zip(view.centres)
        .map(|(card, &centre)| (*card, view.card_at(card, centre)))
        .filter(|(_, rect)| rect.intersects(view.canvas))
        .collect();
    let with_widgets = zoom >= TOGGLES && visible.len() <= MOST_WIDGETS;
    let pointer = canvas.hover_pos().filter(|_| !with_widgets);
    let under = |rect: &Rect| pointer.is_some_and(|pointer| rect.expand(2.0).contains(pointer));
    let hit = visible.iter().rev().find(|(_, rect)| under(rect)).map(|(card, _)| card.shown);
    let mut toggled = None;
    let map = view.layout.metrics.map;
    let mut maps = Vec::new();
    // Those of the path last: where cards are mere dots, they overlap.
    for on_path in [false, true] {
        let layer = visible.iter().filter(|(card, _)| scene.is_on_path(card.shown) == on_path);
        for &(card, rect) in layer {
            let hovered = hit == Some(card.shown);
            let mut look = Look { open: card.open, hovered, focused: false, map };
            let id = match card.shown {
                Shown::Node(id) => id,
                Shown::Others(others) => {
                    if with_widgets {
                        let response = others_button(ui, scene, view, &others, rect);
                        if response.clicked() {
                            toggled = Some(Toggle::Others(others.parent));
                        }
                        (look.hovered, look.focused) = (response.hovered(), response.has_focus());
                        response.on_hover_ui(|ui| others_ui(ui, scene, &others, state));
                    }
                    paint_others(painter, scene, &others, rect, zoom, look);
                    continue;
                }
            };
            if map > 0.0 && zoom >= NAMES {
                maps.push((scene.map_of(id), map_rect(rect, map, zoom)));
            }
            if with_widgets {
                let (response, toggle) = node_ui(ui, scene, view, id, rect, card.open);
                if response.clicked() {
                    response.request_focus();
                    actions.push(TreeAction::Select(id));
                }
                if scene.cursor() == id && state.focus == Some(id) {
                    state.focus = None;
                    response.request_focus();
                }
                let leaf = scene.hierarchy.node(id).is_leaf();
                if response.double_clicked() && !leaf {
                    toggled = Some(Toggle::Children(id));
                }
                look.hovered = response.hovered();
                look.focused = response.has_focus();
                if response.drag_started() {
                    state.dragged = Some(id);
                }
                paint_card(painter, scene, id, rect, zoom, look);
                scene.marks.paint(painter, &scene.palette, id, rect, zoom);
                if let Some(toggle) = toggle {
                    if toggle.clicked() {
                        toggled = Some(Toggle::Children(id));
                    }
                    let look = Look { hovered: toggle.hovered(), ..look };
                    paint_toggle(painter, scene, id, toggle.rect, zoom, look);
                }
                node_menu_ui(&response, scene, id, state, actions);
                response.on_hover_ui(|ui| tooltip_ui(ui, scene, id, &mut state.tiles));
            } else {
                paint_card(painter, scene, id, rect, zoom, look);
            }
        }
    }
    if let Some(NodeMaps { source, .. }) = scene.maps {
        state.tiles.paint(painter, source, &maps);
    }
    if zoom >= EVERYTHING {
        for &(card, rect) in &visible {
            if let Some(id) = card.shown.node() {
                paint_badges(painter, scene, id, rect, zoom);
            }
        }
    }
    if !with_widgets {
        name_prediction(painter, scene, view);
    }
    background_ui(scene, state, canvas, hit, actions).or(toggled)
}

/// The widgets of a card: itself, and its toggle unless it is a leaf.
fn node_ui(
    ui: &Ui,
    scene: &Scene<'_>,
    view: &View<'_>,
    id: NodeId,
    rect: Rect,
    open: bool,
) -> (Response, Option<Response>) {
    let node = scene.hierarchy.node(id);
    let selected = scene.selected == Some(id);
    // One node alone is in the tab order; from there the arrows lead on.
    let sense = match scene.cursor() == id {
        // Only this one is dragged; a drag that begins at any other moves the whole drawing.
        true if selected && node.parent.is_some() => Sense::click_and_drag(),
        true => Sense::click(),
        false => Sense::CLICK,
    };
    let clip = |rect: Rect| rect.intersect(view.canvas);
    let response = ui.interact(clip(rect), scene.id(id), sense);
    response.widget_info(|| {
        WidgetInfo::selected(Role::TreeItem, true, selected, scene.accessible_name(id, open))
    });
    ui.ctx().accesskit_node_builder(response.id, |builder| {
        builder.set_level(node.depth + 1);
        if !node.is_leaf() {
            builder.set_expanded(open);
        }
        if view.layout.metrics.map > 0.0 {
            builder.set_description("With a small map of the evidence for it");
        }
    });
    let orientation = view.layout.orientation;
    let rect = toggle_rect(orientation, rect, open, node.leaves.len(), view.camera.zoom);
    let toggle = (!node.is_leaf() && rect.intersects(view.canvas)).then(|| {
        let button = ui.interact(clip(rect.expand(2.0)), scene.id(id).with("toggle"), Sense::CLICK);
        let verb = if open { "Collapse" } else { "Expand" };
        button.widget_info(|| {
            WidgetInfo::labeled(
                Role::Button,
                true,
                format!("{verb} {}", full_name(scene.hierarchy, id)),
            )
        });
        button.with_new_rect(rect)
    });
    (response, toggle)
}

/// Clicks beside the nodes, and on cards without widgets. Returns what to show or to hide.
fn background_ui(
    scene: &Scene<'_>,
    state: &mut TreeViewState,
    canvas: &Response,
    hit: Option<Shown>,
    actions: &mut Vec<TreeAction>,
) -> Option<Toggle> {
    if canvas.clicked() {
        canvas.request_focus();
    }
    let id = match hit {
        Some(Shown::Node(id)) => id,
        Some(Shown::Others(others)) => {
            return canvas.clicked().then_some(Toggle::Others(others.parent));
        }
        None => {
            if canvas.double_clicked() {
                state.diagram.fit();
            }
            return None;
        }
    };
    canvas.clone().on_hover_ui_at_pointer(|ui| tooltip_ui(ui, scene, id, &mut state.tiles));
    if canvas.clicked() {
        actions.push(TreeAction::Select(id));
    }
    let toggles = canvas.double_clicked() && !scene.hierarchy.node(id).is_leaf();
    toggles.then_some(Toggle::Children(id))
}

/// The card that improbable nodes share is a button that shows them.
fn others_button(
    ui: &Ui,
    scene: &Scene<'_>,
    view: &View<'_>,
    others: &Others,
    rect: Rect,
) -> Response {
    let id = scene.id(others.parent).with("others");
    let button = ui.interact(rect.intersect(view.canvas), id, Sense::click());
    button.widget_info(|| {
        let name = others_name(scene.hierarchy, scene.decision, others);
        WidgetInfo::labeled(Role::Button, true, format!("Unfold {name}"))
    });
    button
}

/// Where cards are too small for text, the predicted class is still named.
fn name_prediction(painter: &Painter, scene: &Scene<'_>, view: &View<'_>) {
    let Some(&id) = scene.decision.path.last() else { return };
    let Some(card) = view.layout.find(id) else { return };
    let rect = view.card_at(card, point(card.centre));
    let font = FontId::proportional(13.0);
    let text = short_name(scene.hierarchy, id);
    let text = elided(painter, &text, font, scene.palette.text, 200.0);
    let place = match view.layout.orientation {
        Orientation::LeftToRight => rect.right_center() + vec2(8.0, -text.size().y / 2.0),
        Orientation::TopDown => rect.center_bottom() + vec2(-text.size().x / 2.0, 6.0),
    };
    // At the edge of the canvas, beside its card rather than cut off.
    let room = view.canvas.x_range().shrink(6.0);
    let end = (room.max - text.size().x).max(room.min);
    let place = match view.canvas.intersects(rect) {
        true => pos2(place.x.clamp(room.min, end), place.y),
        false => place,
    };
    let back = Rect::from_min_size(place, text.size()).expand2(vec2(4.0, 1.0));
    if back.intersects(view.canvas) {
        painter.rect_filled(back, 3.0, scene.palette.card_on_path);
        painter.galley(place, text, scene.palette.text);
    }
}
