//! The tree as nodes and edges, to pan, zoom, expand and click.

use std::sync::Arc;

use eframe::egui::{Painter, Pos2, Rect, Response, Role, Sense, Ui, Vec2, WidgetInfo, vec2};

use crate::explain::{NodeId, Rule};
use crate::settings::TreeSettings;
use crate::tree_layout::{Card, Cards, OpenNodes, Orientation, TreeLayout};

use super::camera::{Aim, Camera, card_rect, point, ports};
use super::card::{Flow, paint_edge};
use super::keyboard::{Arrows, keyboard};
use super::motion::Motion;
use super::nodes::{Toggle, cards_ui};
use super::regroup::regroup_ui;
use super::rename::rename_ui;
use super::rows::Step;
use super::{Scene, TreeAction, TreeViewState};

/// How wide a flow of probability 1 is, in points at zoom 1.
const FLOW: f32 = 26.0;

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
    /// Likely nodes come first.
    decision: (u64, Rule),
    revision: u64,
    chosen: Option<Orientation>,
    cards: Cards,
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

    /// Another tree: what was laid out is not to be moved, but what is seen stays.
    pub fn forget_layout(&mut self) {
        self.layout = None;
        self.motion = Motion::default();
    }

    /// Lays the tree out if anything has changed.
    fn layout(&mut self, scene: &Scene<'_>, state: &LayoutInput<'_>, now: f64) -> Arc<TreeLayout> {
        let automatic = state.chosen.is_none() && self.aim == Aim::Home;
        let key = LayoutKey {
            tree_id: scene.tree_id,
            decision: (scene.result_id, scene.decision.rule),
            revision: state.open.revision(),
            chosen: state.chosen,
            cards: state.cards,
            canvas: automatic.then_some(state.canvas),
        };
        if let Some((old, layout)) = &self.layout
            && *old == key
        {
            return layout.clone();
        }
        let Scene { hierarchy, decision, .. } = *scene;
        let new = |orientation| {
            TreeLayout::new(hierarchy, decision, state.open, orientation, state.cards)
        };
        let mut layout = new(state.chosen.unwrap_or(self.automatic));
        if automatic {
            let other = new(self.automatic.other());
            let value = |layout| Camera::legibility(layout, scene.way(), state.canvas);
            // Not for a little, or it would flip back and forth while the panel is resized.
            if value(&other) > 1.1 * value(&layout) {
                self.automatic = other.orientation;
                layout = other;
            }
        }
        if let Some((old_key, old)) = &self.layout
            && (old_key.revision, old_key.decision) != (key.revision, key.decision)
            && old.orientation == layout.orientation
        {
            let shift = self.motion.begin(scene.hierarchy, old, &layout, now);
            if let Aim::Free(camera) | Aim::Shown(camera) = &mut self.aim {
                camera.offset -= camera.scale() * shift;
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
    open: &'a OpenNodes,
    chosen: Option<Orientation>,
    cards: Cards,
    canvas: Vec2,
}

pub(super) fn diagram_ui(
    ui: &mut Ui,
    scene: &Scene<'_>,
    settings: &TreeSettings,
    state: &mut TreeViewState,
    actions: &mut Vec<TreeAction>,
) {
    let size = ui.available_size().max(Vec2::splat(1.0));
    let (canvas, painter) = ui.allocate_painter(size, Sense::click_and_drag());
    canvas.widget_info(|| WidgetInfo::labeled(Role::Tree, true, "Tree diagram"));
    painter.rect_filled(canvas.rect, 4.0, scene.palette.canvas);

    let arrows = arrows(state.orientation(settings));
    let toggled_by_key = keyboard(ui, scene, state, arrows, Some(canvas.id), actions);
    let (now, duration) = (ui.input(|i| i.time), 2.0 * f64::from(ui.style().animation_time));
    let TreeViewState { diagram, open, reveal, arrived, .. } = state;
    let arrived = std::mem::take(arrived);
    if arrived && scene.selected.is_none() && matches!(diagram.aim, Aim::Shown(_)) {
        // Nobody asked to stay where the selected node of the picture before was.
        diagram.aim = Aim::Home;
    }
    if let (Some(id), Some((_, layout))) = (toggled_by_key, &diagram.layout) {
        let camera = diagram.aim.camera(layout, scene.way(), canvas.rect.size());
        diagram.hold(camera, id);
    }
    let input = LayoutInput {
        open,
        chosen: settings.orientation,
        cards: scene.cards(settings.cards),
        canvas: canvas.rect.size(),
    };
    let layout = diagram.layout(scene, &input, now);
    let mut camera = diagram.aim.camera(&layout, scene.way(), canvas.rect.size());
    if let Some(card) = layout.find(scene.cursor())
        && std::mem::take(reveal)
        && scene.selected.is_some()
    {
        let card = card_rect(card);
        let old = camera;
        camera.reveal(canvas.rect, card);
        if camera != old {
            diagram.aim = match diagram.aim {
                Aim::Free(_) => Aim::Free(camera),
                Aim::Home | Aim::Fit | Aim::Shown(_) => Aim::Shown(camera),
            };
        }
    }
    if arrived
        && let Aim::Free(_) = diagram.aim
        && let Some(card) = layout.find(scene.cursor())
    {
        let on_screen = camera.card_on_screen(canvas.rect, point(card.centre), card.size.into());
        if !canvas.rect.expand(1.0).contains_rect(on_screen) {
            camera.reveal(canvas.rect, card_rect(card));
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
        let rect = camera.card_on_screen(canvas.rect, centre, layout.metrics.card.into());
        painter.rect_filled(rect, 4.0, scene.palette.card.gamma_multiply(fade));
    }
    let toggled = cards_ui(ui, &painter, scene, &view, state, &canvas, actions);
    regroup_ui(ui, &painter, scene, &view, &mut state.dragged, actions);
    if let Some(renaming) = &state.renaming {
        let card = view.layout.find(renaming.node);
        let rect = card.map(|card| view.card_at(card, point(card.centre)));
        rename_ui(ui, scene, rect.map(|rect| (rect, canvas.rect)), &mut state.renaming, actions);
    }
    if let Some(toggle) = toggled {
        state.diagram.hold(camera, toggle.node());
        match toggle {
            Toggle::Children(id) => state.open.set(id, !state.open.is_open(id)),
            Toggle::Others(parent) => state.open.show_others(parent),
        }
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
pub(super) struct View<'a> {
    pub canvas: Rect,
    pub camera: Camera,
    pub layout: &'a TreeLayout,
    /// By card; on its way to where the layout has it.
    pub centres: &'a [Pos2],
}

impl View<'_> {
    /// Where a card is on the screen when its centre is here in the drawing.
    pub fn card_at(&self, card: &Card, centre: Pos2) -> Rect {
        self.camera.card_on_screen(self.canvas, centre, card.size.into())
    }
}

/// The visible edges, as wide as the probability that flows along them; those of the path last, so
/// that nothing covers them.
fn paint_edges(painter: &Painter, scene: &Scene<'_>, view: &View<'_>) {
    let orientation = view.layout.orientation;
    let zoom = view.camera.zoom;
    let flows = view.layout.flows(scene.decision, zoom * FLOW);
    for on_path in [false, true] {
        for (i, (card, &centre)) in view.layout.cards.iter().zip(view.centres).enumerate() {
            let Some(at) = card.parent.filter(|_| scene.is_on_path(card.shown) == on_path) else {
                continue;
            };
            let parent = &view.layout.cards[at];
            let [from, _] = ports(orientation, view.card_at(parent, view.centres[at]));
            let [_, to] = ports(orientation, view.card_at(card, centre));
            let [begin, width] = flows[i];
            let aside = begin - flows[at][1] / 2.0;
            let from = match orientation {
                Orientation::LeftToRight => from + vec2(0.0, aside),
                Orientation::TopDown => from + vec2(aside, 0.0),
            };
            if Rect::from_two_pos(from, to).expand(width + 4.0).intersects(view.canvas) {
                let flow = Flow { ends: [from, to], width, orientation };
                paint_edge(painter, scene, card.shown, &flow, zoom);
            }
        }
    }
}
