//! The switch between moving the picture and marking parts of it, in a corner of the picture.

use eframe::egui::{
    self, Color32, Id, Painter, Pos2, Rect, Role, Sense, Shape, Stroke, StrokeKind, Ui, Vec2,
    WidgetInfo, vec2,
};

use super::Tool;
use crate::command::MenuCommand;
use crate::ui::keys;
use crate::ui::theme::picture::Palette;

/// Side of a button, in points.
const SIDE: f32 = 26.0;
/// Where they begin: below the sign that the network is at work.
const CORNER: Vec2 = vec2(8.0, 44.0);
/// So many columns are the most: more would lie on what the picture shows.
const MOST_COLUMNS: usize = 2;

impl Tool {
    const ALL: [Self; 6] =
        [Self::Pan, Self::Box, Self::Lasso, Self::Brush, Self::Eraser, Self::CoverLasso];

    fn text(self) -> [&'static str; 2] {
        let of = |command: MenuCommand| [command.entry().text, command.entry().tooltip];
        match self {
            Self::Pan => ["Move the picture", "Drag to move the picture when it is zoomed in"],
            Self::Box => ["Draw a box", MenuCommand::DrawBox.entry().tooltip],
            Self::Lasso => ["Draw a lasso", MenuCommand::DrawLasso.entry().tooltip],
            Self::Brush => of(MenuCommand::PaintOver),
            Self::Eraser => of(MenuCommand::Uncover),
            Self::CoverLasso => of(MenuCommand::CoverLasso),
        }
    }

    fn key(self, ui: &Ui) -> String {
        let of = |command| keys::first(ui.ctx(), command).unwrap_or_default();
        match self {
            Self::Pan => "Esc".to_owned(),
            Self::Box => of(MenuCommand::DrawBox),
            Self::Lasso => of(MenuCommand::DrawLasso),
            Self::Brush => of(MenuCommand::PaintOver),
            Self::Eraser => of(MenuCommand::Uncover),
            Self::CoverLasso => of(MenuCommand::CoverLasso),
        }
    }
}

/// Buttons at the left of the canvas; returns the one that was clicked.
pub fn tools_ui(ui: &Ui, id: Id, canvas: Rect, colors: &Palette, tool: Tool) -> Option<Tool> {
    // A low picture has them in two columns, a lower one has no room for them.
    let rows = ((canvas.height() - CORNER.y) / SIDE).max(0.0) as usize;
    let columns = Tool::ALL.len().div_ceil(rows.max(1));
    if columns > MOST_COLUMNS {
        return None;
    }
    let rows = Tool::ALL.len().div_ceil(columns);
    let size = vec2(SIDE * columns as f32, SIDE * rows as f32);
    let plate = Rect::from_min_size(canvas.min + CORNER, size);
    let painter = ui.painter_at(canvas);
    painter.rect(plate, 4.0, colors.plate, ui.visuals().window_stroke, StrokeKind::Outside);
    let mut chosen = None;
    for (i, each) in Tool::ALL.into_iter().enumerate() {
        let corner = plate.min + SIDE * vec2((i / rows) as f32, (i % rows) as f32);
        let place = Rect::from_min_size(corner, Vec2::splat(SIDE));
        let response = ui.interact(place, id.with(i), Sense::click());
        let [name, tooltip] = each.text();
        let is_on = each == tool;
        response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, is_on, name));
        let visuals = if is_on {
            (ui.visuals().selection.bg_fill, ui.visuals().selection.stroke.color)
        } else if response.hovered() || response.has_focus() {
            let style = &ui.visuals().widgets.hovered;
            (style.weak_bg_fill, style.fg_stroke.color)
        } else {
            (Color32::TRANSPARENT, ui.visuals().text_color())
        };
        painter.rect_filled(place.shrink(2.0), 3.0, visuals.0);
        icon(&painter, place.center(), each, visuals.1);
        let response = response.on_hover_ui(|ui| {
            ui.label(format!("{name} ({})", each.key(ui)));
            ui.weak(tooltip);
        });
        let response = response.on_hover_cursor(egui::CursorIcon::Default);
        if response.clicked() {
            chosen = Some(each);
        }
    }
    chosen
}

fn icon(painter: &Painter, middle: Pos2, tool: Tool, color: Color32) {
    let stroke = Stroke::new(1.5, color);
    let at = |x: f32, y: f32| middle + vec2(x, y);
    match tool {
        Tool::Pan => {
            for way in [vec2(1.0, 0.0), vec2(-1.0, 0.0), vec2(0.0, 1.0), vec2(0.0, -1.0)] {
                let tip = middle + 7.5 * way;
                painter.line_segment([middle, tip], stroke);
                for side in [way.rot90(), -way.rot90()] {
                    painter.line_segment([tip, tip - 3.0 * way + 3.0 * side], stroke);
                }
            }
        }
        Tool::Box => {
            let rect = Rect::from_center_size(middle, vec2(14.0, 11.0));
            painter.rect_stroke(rect, 0.0, stroke, StrokeKind::Middle);
            for corner in [rect.left_top(), rect.right_bottom()] {
                painter.rect_filled(Rect::from_center_size(corner, Vec2::splat(4.5)), 0.0, color);
            }
        }
        Tool::Brush => {
            painter.line_segment([at(6.5, -7.0), at(-1.0, 1.5)], Stroke::new(2.5, color));
            painter.circle_filled(at(-3.5, 4.0), 3.8, color);
        }
        Tool::Eraser => {
            let corners = vec![at(-2.0, -6.5), at(7.0, -1.0), at(2.5, 6.5), at(-6.5, 1.0)];
            painter.add(Shape::closed_line(corners, stroke));
            painter.line_segment([at(2.5, -3.8), at(-2.0, 3.8)], stroke);
        }
        Tool::CoverLasso => {
            let loop_points: Vec<Pos2> = (0..24)
                .map(|i| {
                    let angle = i as f32 / 24.0 * std::f32::consts::TAU;
                    at(7.0 * angle.cos(), 5.0 * angle.sin())
                })
                .collect();
            painter.add(Shape::convex_polygon(loop_points, color.gamma_multiply(0.6), stroke));
        }
        Tool::Lasso => {
            let loop_points: Vec<Pos2> = (0..24)
                .map(|i| {
                    let angle = i as f32 / 24.0 * std::f32::consts::TAU;
                    at(7.5 * angle.cos(), -1.5 + 5.0 * angle.sin())
                })
                .collect();
            painter.add(Shape::closed_line(loop_points, stroke));
            painter.line(vec![at(-3.0, 3.0), at(-5.0, 5.5), at(-3.5, 8.0)], stroke);
        }
    }
}
