//! What the user is told: toasts over the lower right corner, and the log of all of them.

use eframe::egui::{
    self, Align, Align2, Area, Color32, Context, Frame, Id, Label, Layout, Order, RichText,
    ScrollArea, Ui, Vec2, WidgetInfo, vec2,
};

use crate::command::{Command, MenuCommand};
use crate::state::{AppState, Notice};
use crate::ui::output::UiOutput;
use crate::ui::text::cut;
use crate::ui::theme;

/// Between a toast and the edge of the window, in points.
const EDGE: f32 = 12.0;
/// A longer line would be hard to read.
const WIDEST: f32 = 860.0;
/// How many characters a point has room for, with some left for the buttons beside the text.
const LETTERS_PER_POINT: f32 = 0.13;

/// What toasts may take of the window.
struct Bounds {
    /// More at a time would hide the window.
    most: usize,
    /// Of the widest one, in points.
    width: f32,
    /// Of a text, in characters; the log has all of it.
    letters: usize,
    /// Whether they lie on the status bar, which a small window can spare more easily than the tree.
    on_bar: bool,
}

impl Bounds {
    /// A line or two along the bottom of a window of this size in points, if it is small, or else
    /// a few in the corner.
    fn of(window: Vec2) -> Self {
        match window.x < 900.0 || window.y < 600.0 {
            true => {
                let width = (window.x - 2.0 * EDGE).min(WIDEST);
                let letters = (2.0 * LETTERS_PER_POINT * width) as usize;
                Self { most: 1, width, letters, on_bar: true }
            }
            false => Self { most: 3, width: 380.0, letters: 220, on_bar: false },
        }
    }

    /// From the lower right corner of the window.
    fn offset(&self) -> Vec2 {
        match self.on_bar {
            true => vec2(-EDGE, -4.0),
            false => vec2(-EDGE, -(theme::BAR_HEIGHT + 8.0)),
        }
    }
}

/// The newest notices over the panels: whatever they say, the panels stay as they are.
pub fn toasts_ui(ui: &Ui, state: &AppState, out: &mut UiOutput) {
    let notices = state.notices.shown();
    if notices.is_empty() {
        return;
    }
    let bounds = Bounds::of(ui.ctx().content_rect().size());
    let area = Area::new(toasts_id())
        .order(Order::Foreground)
        .anchor(Align2::RIGHT_BOTTOM, bounds.offset());
    let before = ui.ctx().memory(|memory| memory.area_rect(toasts_id()));
    let shown = area.show(ui.ctx(), |ui| {
        ui.set_max_width(bounds.width);
        let hidden = notices.len().saturating_sub(bounds.most);
        if !bounds.on_bar {
            more_ui(ui, hidden, out);
        }
        for notice in &notices[hidden..] {
            toast_ui(ui, notice, hidden, &bounds, out);
        }
    });
    // The area was placed by its size of the frame before. A button must not be elsewhere for the one
    // frame in which somebody presses it.
    if before.is_none_or(|before| before.size() != shown.response.rect.size()) {
        ui.ctx().request_discard("a toast has come or gone");
    }
}

fn toasts_id() -> Id {
    Id::unique("toasts")
}

/// Whether the pointer is where the last frame drew the toasts.
pub fn are_pointed_at(ctx: &Context) -> bool {
    let place = ctx.memory(|memory| memory.area_rect(toasts_id()));
    place.zip(ctx.pointer_latest_pos()).is_some_and(|(place, pointer)| place.contains(pointer))
}

/// The way to the notices that have no room.
fn more_ui(ui: &mut Ui, hidden: usize, out: &mut UiOutput) {
    let text = match hidden {
        0 => return,
        1 => "1 more notice".to_owned(),
        _ => format!("{hidden} more notices"),
    };
    if ui.button(text).clicked() {
        out.push(MenuCommand::Notices);
    }
}

fn toast_ui(ui: &mut Ui, notice: &Notice, hidden: usize, bounds: &Bounds, out: &mut UiOutput) {
    let frame = Frame::popup(ui.style()).stroke((1.0, color(ui, notice)));
    frame.show(ui, |ui| {
        ui.set_width(bounds.width - 24.0);
        ui.with_layout(Layout::right_to_left(Align::TOP), |ui| {
            let close = ui.small_button("\u{d7}").on_hover_text("Dismiss");
            close.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, "Dismiss notice"));
            if close.clicked() {
                out.push(Command::Dismiss(notice.id));
            }
            if bounds.on_bar {
                more_ui(ui, hidden, out);
            }
            ui.with_layout(Layout::top_down(Align::Min), |ui| {
                let shown = cut(&notice.text, bounds.letters);
                let is_cut = shown != notice.text;
                let text = RichText::new(shown).color(color(ui, notice));
                let label = ui.add(Label::new(text).wrap());
                if is_cut {
                    label.on_hover_text(&notice.text);
                }
                if let Some(remedy) = notice.remedy
                    && ui.button(remedy.text()).clicked()
                {
                    out.push(remedy.action());
                    out.push(Command::Dismiss(notice.id));
                }
            });
        });
    });
}

fn color(ui: &Ui, notice: &Notice) -> Color32 {
    theme::notice_color(ui.visuals(), notice.kind)
}

/// The window with everything that was said since the start.
pub fn log_ui(ui: &Ui, open: &mut bool, state: &AppState, out: &mut UiOutput) {
    let window = egui::Window::new("Notices")
        .open(open)
        .default_pos(theme::WINDOW_AT)
        .default_size([420.0, 260.0])
        .collapsible(false);
    window.show(ui.ctx(), |ui| {
        if !state.notices.shown().is_empty() && ui.button("Dismiss all").clicked() {
            out.push(Command::DismissAll);
        }
        ScrollArea::vertical().auto_shrink([false, true]).show(ui, |ui| {
            if state.notices.log().next().is_none() {
                ui.weak("No notices yet");
            }
            for notice in state.notices.log() {
                let text = RichText::new(&notice.text).color(color(ui, notice));
                ui.add(Label::new(text).wrap().selectable(true));
            }
        });
    });
}
