//! The tree as nodes and edges, to pan, zoom, expand and click.

use std::sync::Arc;

use eframe::egui;
use eframe::egui::{Pos2, Rect, Response, Role, Sense, Ui, Vec2, WidgetInfo};

use crate::explain::NodeId;
use crate::tree_layout::{Orientation, TreeLayout};
use crate::tree_text::short_name;

use super::camera::{Aim, Camera, card_rect, point, ports};
use super::card::{Look, elided, paint_card, paint_edge, paint_toggle, toggle_rect};
use super::keyboard::{Arrows, keyboard};
use super::motion::Motion;
use super::rows::Step;
use super::tooltip::tooltip_ui;
use super::{Scene, TreeAction, TreeViewState};

/// Below this zoom nodes have neither toggles nor widgets of their own.
const TOGGLES: f32 = 0.3;

/// More cards than this at once are too small to need own widgets.
const MOST_WIDGETS: usize = 400;

/// How the diagram is looked at.
#[derive(Clone, Debug, Default)]
pub struct DiagramState {
    aim: Aim,
    automatic: Orientation,
    layout: Option<(LayoutKey, Arc<TreeLayout>)>,
    motion: Motion,
}

/// What a layout depends on.
#[derive(Clone, Copy, Debug, PartialEq)]
struct LayoutKey {
    tree_id: u64,
    revision: u64,
    chosen: Option<Orientation>,
    /// The canvas, if it decides about the orientation.
    canvas: Option<Vec2>,
}

impl DiagramState {
    pub fn reset_view(&mut self) {
        self.aim = Aim::Home;
    }

    pub fn fit(&mut self) {
        self.aim = Aim::Fit;
    }

    pub fn automatic_orientation(&self) -> Orientation {
        self.automatic
    }

    /// Lays the tree out if anything has changed.
    fn layout(&mut self, scene: &Scene<'_>, state: &LayoutInput<'_>, now: f64) -> Arc<TreeLayout> {
        let automatic = state.chosen.is_none() && self.aim == Aim::Home;
        let key = LayoutKey {
            tree_id: scene.tree_id,
            revision: state.revision,
            chosen: state.chosen,
            canvas: automatic.then_some(state.canvas),
        };
        if let Some((old, layout)) = &self.layout
            && *old == key
        {
            return layout.clone();
        }
        let new = |orientation| TreeLayout::new(scene.hierarchy, state.is_open, orientation);
        let mut layout = new(state.chosen.unwrap_or(self.automatic));
        if automatic {
            let other = new(self.automatic.other());
            let zoom = |layout| Camera::fit(layout, state.canvas).zoom;
            // Not for a little, or it would flip back and forth while the panel is resized.
            if zoom(&other) > 1.1 * zoom(&layout) {
                self.automatic = other.orientation;
                layout = other;
            }
        }
        if let Some((old_key, old)) = &self.layout
            && old_key.revision != key.revision
            && old.orientation == layout.orientation
        {
            let shift = self.motion.begin(scene.hierarchy, old, &layout, now);
            if let Aim::Free(camera) = &mut self.aim {
                camera.offset -= camera.zoom * shift;
            }
        }
        let layout = Arc::new(layout);
        self.layout = Some((key, layout.clone()));
        layout
    }

    /// From now on the user decides what is seen; `id` stays where it is when the layout changes.
    fn hold(&mut self, camera: Camera, id: NodeId) {
        self.aim = Aim::Free(camera);
        self.motion.hold(id);
    }
}

/// What decides about a layout, besides the tree.
struct LayoutInput<'a> {
    is_open: &'a dyn Fn(NodeId) -> bool,
    revision: u64,
    chosen: Option<Orientation>,
    canvas: Vec2,
}

pub(super) fn diagram_ui(
    ui: &mut Ui,
    scene: &Scene<'_>,
    state: &mut TreeViewState,
    actions: &mut Vec<TreeAction>,
) {
    let size = ui.available_size().max(Vec2::splat(1.0));
    let (canvas, painter) = ui.allocate_painter(size, Sense::click_and_drag());
    canvas.widget_info(|| WidgetInfo::labeled(Role::Tree, true, "Tree diagram"));
    painter.rect_filled(canvas.rect, 4.0, scene.palette.canvas);

    let toggled_by_key =
        keyboard(ui, scene, state, arrows(state.orientation()), Some(canvas.id), actions);
    let (now, duration) = (ui.input(|i| i.time), 2.0 * f64::from(ui.style().animation_time));
    let TreeViewState { diagram, open, orientation: chosen, reveal, .. } = state;
    if let (Some(id), Some((_, layout))) = (toggled_by_key, &diagram.layout) {
        let camera = diagram.aim.camera(layout, canvas.rect.size());
        diagram.hold(camera, id);
    }
    let is_open = |id| open.is_open(id);
    let input = LayoutInput {
        is_open: &is_open,
        revision: open.revision(),
        chosen: *chosen,
        canvas: canvas.rect.size(),
    };
    let layout = diagram.layout(scene, &input, now);
    let mut camera = diagram.aim.camera(&layout, canvas.rect.size());
    if let Some(card) = layout.find(scene.cursor())
        && std::mem::take(reveal)
        && scene.selected.is_some()
    {
        let card = card_rect(layout.orientation, point(card.centre));
        let old = camera;
        camera.reveal(canvas.rect, card);
        if camera != old {
            diagram.aim = Aim::Free(camera);
        }
    }
    if move_camera(ui, &canvas, &mut camera) {
        diagram.aim = Aim::Free(camera);
    }
    let moving = diagram.motion.positions(&layout, now, duration);
    if moving.unfinished {
        ui.ctx().request_repaint();
    }
    let view = View { canvas: canvas.rect, camera, layout: &layout, centres: &moving.centres };
    let painter = painter.with_clip_rect(canvas.rect.intersect(ui.clip_rect()));
    paint_edges(&painter, scene, &view);
    for &(centre, fade) in &moving.ghosts {
        let rect = view.card_at(centre);
        painter.rect_filled(rect, 4.0, scene.palette.card.gamma_multiply(fade));
    }
    let toggled = cards_ui(ui, &painter, scene, &view, state, &canvas, actions);
    if let Some(id) = toggled {
        let open = state.open.is_open(id);
        state.diagram.hold(camera, id);
        state.open.set(id, !open);
        ui.ctx().request_repaint();
    }
}

/// In the diagram the arrows point to where the nodes are.
fn arrows(orientation: Orientation) -> Arrows {
    match orientation {
        Orientation::LeftToRight => [Step::Out, Step::In, Step::Before, Step::After],
        Orientation::TopDown => [Step::Before, Step::After, Step::Out, Step::In],
    }
}

/// Drag and wheel; whether they have moved the camera.
fn move_camera(ui: &Ui, canvas: &Response, camera: &mut Camera) -> bool {
    let old = *camera;
    camera.offset += canvas.drag_delta();
    let pointer = ui.input(|input| input.pointer.hover_pos());
    if let Some(pointer) = pointer
        && ui.rect_contains_pointer(canvas.rect)
    {
        let (scroll, pinch) = ui.input_mut(|input| {
            (std::mem::take(&mut input.smooth_scroll_delta), input.zoom_delta())
        });
        camera.offset.x += scroll.x;
        camera.zoom_about(canvas.rect, pointer, pinch * (scroll.y / 240.0).exp());
    }
    *camera != old
}

/// The diagram as it is seen now.
struct View<'a> {
    canvas: Rect,
    camera: Camera,
    layout: &'a TreeLayout,
    /// By card; on its way to where the layout has it.
    centres: &'a [Pos2],
}

impl View<'_> {
    fn card_at(&self, centre: Pos2) -> Rect {
        let rect = card_rect(self.layout.orientation, centre);
        let screen = |point| self.camera.screen(self.canvas, point);
        Rect::from_min_max(screen(rect.min), screen(rect.max))
    }
}

/// The visible edges; those of the path last, so that nothing covers them.
fn paint_edges(painter: &egui::Painter, scene: &Scene<'_>, view: &View<'_>) {
    let orientation = view.layout.orientation;
    for on_path in [false, true] {
        for (card, &centre) in view.layout.cards.iter().zip(view.centres) {
            let Some(parent) = card.parent else { continue };
            if scene.on_path[card.id] != on_path {
                continue;
            }
            let [from, _] = ports(orientation, view.card_at(view.centres[parent]));
            let [_, to] = ports(orientation, view.card_at(centre));
            if Rect::from_two_pos(from, to).expand(4.0).intersects(view.canvas) {
                paint_edge(painter, scene, card.id, [from, to], orientation, view.camera.zoom);
            }
        }
    }
}

/// The visible cards with all that can be done with them. Returns the node to expand or collapse.
fn cards_ui(
    ui: &Ui,
    painter: &egui::Painter,
    scene: &Scene<'_>,
    view: &View<'_>,
    state: &mut TreeViewState,
    canvas: &Response,
    actions: &mut Vec<TreeAction>,
) -> Option<NodeId> {
    let zoom = view.camera.zoom;
    let visible: Vec<_> = view
        .layout
        .cards
        .iter()
        .zip(view.centres)
        .map(|(card, &centre)| (*card, view.card_at(centre)))
        .filter(|(_, rect)| rect.intersects(view.canvas))
        .collect();
    let with_widgets = zoom >= TOGGLES && visible.len() <= MOST_WIDGETS;
    let pointer = canvas.hover_pos().filter(|_| !with_widgets);
    let under = |rect: &Rect| pointer.is_some_and(|pointer| rect.expand(2.0).contains(pointer));
    let hit = visible.iter().rev().find(|(_, rect)| under(rect)).map(|(card, _)| card.id);
    let mut toggled = None;
    // Those of the path last: where cards are mere dots, they overlap.
    for on_path in [false, true] {
        for &(card, rect) in visible.iter().filter(|(card, _)| scene.on_path[card.id] == on_path) {
            let mut look = Look { open: card.open, hovered: hit == Some(card.id), focused: false };
            if with_widgets {
                let (response, toggle) = node_ui(ui, scene, view, card.id, rect, card.open);
                if response.clicked() {
                    response.request_focus();
                    actions.push(TreeAction::Select(card.id));
                }
                if scene.cursor() == card.id && state.focus == Some(card.id) {
                    state.focus = None;
                    response.request_focus();
                }
                let leaf = scene.hierarchy.node(card.id).is_leaf();
                if response.double_clicked() && !leaf {
                    toggled = Some(card.id);
                }
                look.hovered = response.hovered();
                look.focused = response.has_focus();
                paint_card(painter, scene, card.id, rect, zoom, look);
                if let Some(toggle) = toggle {
                    if toggle.clicked() {
                        toggled = Some(card.id);
                    }
                    let look = Look { hovered: toggle.hovered(), ..look };
                    paint_toggle(painter, scene, card.id, toggle.rect, zoom, look);
                }
                response.on_hover_ui(|ui| tooltip_ui(ui, scene, card.id));
            } else {
                paint_card(painter, scene, card.id, rect, zoom, look);
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
    let sense = if scene.cursor() == id { Sense::click() } else { Sense::CLICK };
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
    });
    let orientation = view.layout.orientation;
    let rect = toggle_rect(orientation, rect, open, node.leaves.len(), view.camera.zoom);
    let toggle = (!node.is_leaf() && rect.intersects(view.canvas)).then(|| {
        let button = ui.interact(clip(rect.expand(2.0)), scene.id(id).with("toggle"), Sense::CLICK);
        let verb = if open { "Collapse" } else { "Expand" };
        button.widget_info(|| {
            WidgetInfo::labeled(Role::Button, true, format!("{verb} {}", node.name))
        });
        button.with_new_rect(rect)
    });
    (response, toggle)
}

/// Clicks beside the nodes, and on nodes without widgets. Returns the node to expand or collapse.
fn background_ui(
    scene: &Scene<'_>,
    state: &mut TreeViewState,
    canvas: &Response,
    hit: Option<NodeId>,
    actions: &mut Vec<TreeAction>,
) -> Option<NodeId> {
    if canvas.clicked() {
        canvas.request_focus();
    }
    let Some(id) = hit else {
        if canvas.double_clicked() {
            state.diagram.fit();
        }
        return None;
    };
    canvas.clone().on_hover_ui_at_pointer(|ui| tooltip_ui(ui, scene, id));
    if canvas.clicked() {
        actions.push(TreeAction::Select(id));
    }
    let toggles = canvas.double_clicked() && !scene.hierarchy.node(id).is_leaf();
    toggles.then_some(id)
}

/// Where cards are too small for text, the predicted class is still named.
fn name_prediction(painter: &egui::Painter, scene: &Scene<'_>, view: &View<'_>) {
    let Some(&id) = scene.decision.path.last() else { return };
    let Some(card) = view.layout.find(id) else { return };
    let rect = view.card_at(point(card.centre));
    let font = egui::FontId::proportional(13.0);
    let text = short_name(scene.hierarchy, id);
    let text = elided(painter, text, font, scene.palette.text, 200.0);
    let place = rect.right_center() + egui::vec2(8.0, -text.size().y / 2.0);
    let back = Rect::from_min_size(place, text.size()).expand2(egui::vec2(4.0, 1.0));
    if back.intersects(view.canvas) {
        painter.rect_filled(back, 3.0, scene.palette.card_on_path);
        painter.galley(place, text, scene.palette.text);
    }
}
