//! The first minute: three marks that point at what a newcomer should know, until the first click.

use std::sync::Arc;

use eframe::egui::text::LayoutJob;
use eframe::egui::{
    self, Color32, FontId, Galley, Id, LayerId, Modifiers, Order, Painter, Pos2, Rect, Role, Sense,
    Stroke, StrokeKind, Ui, Vec2, WidgetInfo, pos2, vec2,
};

/// What the marks explain, in points of the screen.
#[derive(Clone, Copy, Debug, Default)]
pub struct Places {
    pub classes: Option<Rect>,
    /// A node on the path of the decision.
    pub path: Option<Rect>,
    /// The colours of the bar.
    pub colours: Option<Rect>,
}

/// A mark on the screen.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    /// The words.
    pub bubble: Rect,
    /// The end of the arrow.
    pub tip: Pos2,
    /// What is explained.
    pub target: Rect,
}

/// Where things were in this frame.
#[derive(Debug, Default)]
pub struct Introduction {
    pub places: Places,
    /// The picture, on which the marks lie.
    pub room: Option<Rect>,
    /// Whether the network has no map of a class.
    pub is_without_maps: bool,
    marks: Vec<Mark>,
}

impl Introduction {
    /// To be called before the panels say where they are.
    pub fn begin_frame(&mut self) {
        *self = Self::default();
    }

    /// The marks that are on the screen.
    pub fn marks(&self) -> &[Mark] {
        &self.marks
    }
}

const CLASSES: &str = "Click any class to see its map";
const CLASSES_WITHOUT_MAPS: &str = "Click any class to see its place in the tree";
const PATH: &str = "The highlighted path is the decision, from the root down to one class";
const COLOURS: &str = "Colours mark the evidence for the class; this bar is their scale";
const CLOSE: &str = "Got it";

/// Around the bubbles and between them, in points.
const GAP: f32 = 8.0;
const PADDING: Vec2 = vec2(10.0, 6.0);
/// Height of the words above the colours of the bar, in points.
const WORDS: f32 = 16.0;
/// Widest line of a bubble, in points.
const WIDTH: f32 = 230.0;

/// Draws the marks. Any click and Escape set `open` to false; what is clicked still gets the click.
pub fn introduction_ui(ui: &mut Ui, state: &mut Introduction, open: &mut bool) {
    let Some(room) = state.room.filter(|_| *open) else { return };
    let accent = ui.visuals().hyperlink_color;
    let text = ui.visuals().strong_text_color();
    let width = (room.width() - 2.0 * (GAP + PADDING.x)).clamp(60.0, WIDTH);
    let galley = |text: &str, color: Color32| {
        let font = FontId::proportional(13.0);
        let job = LayoutJob::simple(text.to_owned(), font, color, width);
        ui.painter().layout_job(job)
    };
    let close = galley(CLOSE, accent);
    let of_classes = if state.is_without_maps { CLASSES_WITHOUT_MAPS } else { CLASSES };
    let all = [of_classes, PATH, COLOURS];
    let galleys = all.map(|words| galley(words, text));
    let mut sizes = [0, 1, 2].map(|i: usize| galleys[i].size() + 2.0 * PADDING);
    // The last one ends with the button.
    sizes[2].y += close.size().y + 2.0;
    let Places { classes, path, colours } = state.places;
    let bubbles = arrange(room.shrink(GAP), sizes, [classes, path, colours]);

    let layer = LayerId::new(Order::Middle, Id::unique("introduction"));
    let painter = ui.ctx().layer_painter(layer);
    let targets = [classes, path, colours];
    for (i, (bubble, target)) in bubbles.into_iter().zip(targets).enumerate() {
        let Some((bubble, target)) = bubble.zip(target) else { continue };
        let tip = tip(bubble, target);
        arrow(&painter, bubble, tip, accent);
        paint(&painter, ui, bubble, &galleys[i], accent);
        let words = all[i];
        let response = ui.interact(bubble, Id::unique(("introduction", i)), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, words));
        state.marks.push(Mark { bubble, tip, target });
        if i == 2 {
            let at = pos2(bubble.left() + PADDING.x, bubble.bottom() - PADDING.y - close.size().y);
            let button = Rect::from_min_size(at, close.size());
            let response = ui.interact(button, Id::unique("introduction seen"), Sense::click());
            response.widget_info(|| WidgetInfo::labeled(Role::Button, true, CLOSE));
            let underline = response.hovered() || response.has_focus();
            painter.galley(at, Arc::clone(&close), accent);
            if underline {
                painter.hline(button.x_range(), button.bottom(), Stroke::new(1.0, accent));
            }
            // By the keyboard; a click counts wherever it is.
            *open &= !response.clicked();
        }
    }
    let is_dismissed = ui.input_mut(|input| {
        input.pointer.any_click() || input.consume_key(Modifiers::NONE, egui::Key::Escape)
    });
    *open &= !is_dismissed;
}

/// Where the bubbles go: all of them over the picture, at its right edge beside what they explain;
/// that of the colours at its lower edge.
fn arrange(room: Rect, sizes: [Vec2; 3], targets: [Option<Rect>; 3]) -> [Option<Rect>; 3] {
    let [classes, path, colours] = targets;
    // Above the words of the bar.
    let bottom =
        colours.map_or(room.bottom(), |target| room.bottom().min(target.top() - WORDS - GAP));
    let at_bottom = colours.map(|target| {
        let left = target.left().clamp(room.left(), (room.right() - sizes[2].x).max(room.left()));
        Rect::from_min_size(pos2(left, bottom - sizes[2].y), sizes[2])
    });
    let beside = |size: Vec2, target: Rect, from: f32, to: f32| {
        let left = (room.right() - size.x - 2.0 * GAP).max(room.left());
        let top = (target.center().y - size.y / 2.0).min(to - size.y).max(from);
        Rect::from_min_size(pos2(left, top), size)
    };
    let end = |left: f32| match at_bottom {
        Some(colours) if colours.right() + GAP > left => colours.top() - GAP,
        Some(_) | None => bottom,
    };
    let left = |size: Vec2| room.right() - size.x - 2.0 * GAP;
    // What is below must have its room, too.
    let lower = path.map_or(0.0, |_| sizes[1].y + GAP);
    let last = end(left(sizes[1]).min(left(sizes[0])));
    let classes = classes.map(|target| beside(sizes[0], target, room.top(), last - lower));
    let from = classes.map_or(room.top(), |bubble| bubble.bottom() + GAP);
    let path = path.map(|target| beside(sizes[1], target, from, last));
    [classes, path, at_bottom]
}

/// The point of a target that is nearest to a bubble, a little inside.
fn tip(bubble: Rect, target: Rect) -> Pos2 {
    let inner = target.shrink(4.0_f32.min(target.size().min_elem() / 2.0));
    inner.clamp(bubble.center())
}

fn arrow(painter: &Painter, bubble: Rect, tip: Pos2, color: Color32) {
    let from = bubble.clamp(tip);
    let way = tip - from;
    if way.length() < 1.0 {
        return;
    }
    painter.line_segment([from, tip], Stroke::new(2.0, color));
    let back = 7.0 * way.normalized();
    let side = 0.6 * back.rot90();
    let points = vec![tip, tip - back + side, tip - back - side];
    painter.add(egui::Shape::convex_polygon(points, color, Stroke::NONE));
}

fn paint(painter: &Painter, ui: &Ui, bubble: Rect, galley: &Arc<Galley>, accent: Color32) {
    let fill = ui.visuals().window_fill;
    painter.rect(bubble, 6.0, fill, Stroke::new(1.5, accent), StrokeKind::Inside);
    painter.galley(bubble.min + PADDING, Arc::clone(galley), ui.visuals().strong_text_color());
}
