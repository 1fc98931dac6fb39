//! The photo painted over: its cover, the stroke that is being drawn, what can be chosen about it,
//! and the line between before and after.

use std::sync::Arc;

use eframe::egui::{
    Color32, ColorImage, CursorIcon, Id, Painter, Pos2, Rect, Role as Kind, Sense, Shape, Slider,
    Stroke, TextureHandle, TextureOptions, Ui, WidgetInfo, pos2, vec2,
};
use strum::IntoEnumIterator as _;

use super::region::{RegionAction, RegionTool, Scene};
use super::shown_map::MapMemo;
use crate::command::MenuCommand;
use crate::explain::{Cover, Mark, Marks};
use crate::explanation::Explanation;
use crate::memo::{Memo, Same};
use crate::photo::Photo;
use crate::ui::theme::picture::Palette;

/// Longest side of the picture of the cover, in texels: where it lies on a large photo, and what is
/// seen there, is smooth.
const LONGEST: u32 = 1024;
/// Radii of the brush, in points.
const RADII: std::ops::RangeInclusive<f32> = 4.0..=80.0;
/// Half the width of the handle between before and after, in points.
const REACH: f32 = 6.0;

/// What the photo is painted over with.
#[derive(Clone, Copy)]
pub struct CoverInput<'a> {
    /// With the stroke that is being drawn.
    pub marks: &'a Arc<Marks>,
    /// The photo with its cover, as the network saw it last.
    pub covered: Option<&'a Arc<Photo>>,
    /// What was said of it without the cover.
    pub before: Option<&'a Arc<Explanation>>,
}

/// What was done to the cover.
#[derive(Clone, Debug, PartialEq)]
pub enum CoverAction {
    /// A stroke is being drawn, or is given up.
    Draft(Option<Mark>),
    Add(Mark),
    Set(Cover),
    Clear,
}

/// What the view remembers of it.
pub struct CoverState {
    /// Whether before and after lie side by side.
    pub compares: bool,
    /// Where the line between them is, 0 to 1 of the canvas.
    pub divider: f32,
    texture: Memo<Same<Photo>, TextureHandle>,
    pub(super) before: MapMemo,
}

impl Default for CoverState {
    fn default() -> Self {
        let (texture, before) = Default::default();
        Self { compares: false, divider: 0.5, texture, before }
    }
}

/// The photo where it differs from what it was; nothing elsewhere.
fn difference(photo: &Photo, covered: &Photo) -> ColorImage {
    let (width, height) = photo.rgb.dimensions();
    let step = width.max(height).div_ceil(LONGEST).max(1);
    let (columns, rows) = (width.div_ceil(step), height.div_ceil(step));
    let pixel = |i: u32| {
        // The middle of each square of pixels.
        let at = |i: u32, side: u32| (i * step + step / 2).min(side.saturating_sub(1));
        let (x, y) = (at(i % columns, width), at(i / columns, height));
        let [r, g, b] = covered.rgb.get_pixel(x, y).0;
        let is_same = *photo.rgb.get_pixel(x, y) == *covered.rgb.get_pixel(x, y);
        if is_same { Color32::TRANSPARENT } else { Color32::from_rgb(r, g, b) }
    };
    let size = [columns as usize, rows as usize];
    ColorImage::new(size, (0..columns * rows).map(pixel).collect())
}

impl CoverState {
    /// Paints the cover as the network saw it last, and above it the newest stroke.
    pub fn paint(
        &mut self,
        painter: &Painter,
        colors: &Palette,
        scene: &Scene<'_>,
        photo: &Arc<Photo>,
        input: &CoverInput<'_>,
        is_drawing: bool,
    ) {
        if let Some(covered) = input.covered {
            let texture = self.texture.get_or_make(Same::as_value(covered), |_| {
                let options = TextureOptions::LINEAR;
                painter.ctx().load_texture("cover", difference(photo, covered), options)
            });
            let (width, height) = photo.rgb.dimensions();
            let whole = Rect::from_min_size(Pos2::ZERO, vec2(width as f32, height as f32));
            let uv = Rect::from_min_max(Pos2::ZERO, pos2(1.0, 1.0));
            painter.image(texture.id(), scene.to_screen.rect(whole), uv, Color32::WHITE);
        }
        let newest = input.marks.marks.last().filter(|_| is_drawing);
        let Some(mark) = newest else { return };
        let point = |&[x, y]: &[f64; 2]| scene.to_screen.apply(pos2(x as f32, y as f32));
        let color = colors.mark[0].gamma_multiply(0.35);
        match mark {
            Mark::Brush { line, radius } | Mark::Eraser { line, radius } => {
                let radius = *radius as f32 * scene.to_screen.scale;
                let points: Vec<Pos2> = line.iter().map(point).collect();
                if let Some(&end) = points.last() {
                    painter.circle_stroke(end, radius, Stroke::new(1.5, colors.mark[0]));
                }
                painter.add(Shape::line(points, Stroke::new(2.0 * radius, color)));
            }
            Mark::Lasso(corners) => {
                let points: Vec<Pos2> = corners.iter().map(point).collect();
                painter.add(Shape::line(points, Stroke::new(2.0, colors.mark[0])));
            }
        }
    }

    /// The line between before and after, which can be dragged; returns the part before it.
    pub fn divider_ui(&mut self, ui: &Ui, canvas: Rect, colors: &Palette) -> Rect {
        let x = |share: f32| canvas.left() + share * canvas.width();
        let handle = Rect::from_x_y_ranges(
            x(self.divider) - REACH..=x(self.divider) + REACH,
            canvas.y_range(),
        );
        let response = ui.interact(handle, Id::unique("before and after"), Sense::drag());
        let share = f64::from(self.divider);
        response.widget_info(|| WidgetInfo::slider(true, share, "Before and after"));
        if let Some(pointer) = response.interact_pointer_pos() {
            self.divider = ((pointer.x - canvas.left()) / canvas.width()).clamp(0.0, 1.0);
        }
        let response = response.on_hover_cursor(CursorIcon::ResizeHorizontal);
        let painter = ui.painter_at(canvas);
        let [light, dark] = colors.mark;
        let width = if response.hovered() || response.dragged() { 3.0 } else { 1.5 };
        painter.vline(x(self.divider), canvas.y_range(), Stroke::new(width + 2.0, dark));
        painter.vline(x(self.divider), canvas.y_range(), Stroke::new(width, light));
        canvas.with_max_x(x(self.divider))
    }
}

/// What can be chosen while a tool for it is in hand, or something is covered: a row above the
/// picture, since on it it would hide what is to be painted.
pub fn cover_ui(
    ui: &mut Ui,
    cover: Cover,
    has_marks: bool,
    tool: &mut RegionTool,
    state: &mut CoverState,
) -> Option<RegionAction> {
    if !has_marks && !tool.tool.covers() {
        return None;
    }
    let mut action = None;
    ui.horizontal_wrapped(|ui| {
        for choice in Cover::iter() {
            let [name, hint] = cover_text(choice);
            let radio = ui.radio(choice == cover, name).on_hover_text(hint);
            if radio.clicked() {
                action = Some(CoverAction::Set(choice));
            }
        }
        let slider = Slider::new(&mut tool.radius, RADII).show_value(false);
        let slider = ui.add(slider);
        let radius = f64::from(tool.radius);
        slider.widget_info(|| WidgetInfo::slider(true, radius, "Size of the brush"));
        slider.on_hover_text("Size of the brush");
        if has_marks {
            let entry = MenuCommand::BeforeAfter.entry();
            ui.toggle_value(&mut state.compares, entry.text).on_hover_text(entry.tooltip);
            let entry = MenuCommand::ClearMarks.entry();
            let clear = ui.button("Clear").on_hover_text(entry.tooltip);
            clear.widget_info(|| WidgetInfo::labeled(Kind::Button, true, entry.text));
            if clear.clicked() {
                action = Some(CoverAction::Clear);
            }
        }
    });
    action.map(RegionAction::Cover)
}

/// Name and tooltip.
fn cover_text(cover: Cover) -> [&'static str; 2] {
    match cover {
        Cover::Surroundings => ["Surroundings", "Fill covered places in from their surroundings"],
        Cover::MeanColor => {
            ["Mean colour", "Fill covered places with the mean colour of the photo"]
        }
        Cover::Blur => ["Blur", "Blur covered places until no detail is left"],
    }
}
