//! Below the picture: a line that reads values, the colour bar, and the sum.

use eframe::egui::{self, Pos2, Rect, Ui, vec2};

use super::ImageInput;
use super::color_bar::color_bar_ui;
use super::shown_map::ShownMap;
use super::transform::{ScreenFromPhoto, pixel_at};
use crate::look::OverlayOptions;
use crate::ui::overlay::{crop_in_photo, read};
use crate::ui::text::number;
use crate::ui::theme::picture::small_font;

/// Narrower than this, in points, the line is for the numbers alone.
const BUTTON_WIDTH: f32 = 400.0;

/// One line of fixed height: what is under the pointer, else which photo this is. Returns the value
/// of the map under the pointer.
pub fn status_ui(
    ui: &mut Ui,
    input: &ImageInput<'_>,
    options: &mut OverlayOptions,
    shown: Option<&ShownMap>,
    place: Option<Pos2>,
    to_screen: ScreenFromPhoto,
    height: f32,
) -> Option<f32> {
    let photo = input.photo;
    let (width, height_px) = photo.rgb.dimensions();
    let pixel = place.and_then(|place| Some((place, pixel_at(place, [width, height_px])?)));
    let mut marked = None;
    let text = match pixel {
        None => {
            let zoom = 100.0 * to_screen.scale * ui.pixels_per_point();
            format!("{} \u{b7} {width} \u{d7} {height_px} \u{b7} {zoom:.0}%", photo.name)
        }
        Some((place, [x, y])) => {
            let [r, g, b] = photo.rgb.get_pixel(x, y).0;
            let reading = input.explanation.zip(shown).map(|(explanation, shown)| {
                let crop = crop_in_photo(&explanation.input);
                read(&shown.cam, shown.place.unwrap_or(crop), place, options.smooth)
            });
            let map = match reading {
                None => String::new(),
                Some(None) => " \u{b7} outside what the model saw".to_owned(),
                Some(Some(reading)) => {
                    marked = Some(reading.value);
                    let value = number(reading.value, 2);
                    format!(" \u{b7} map {value} \u{b7} cell {}, {}", reading.column, reading.row)
                }
            };
            format!("x {x}, y {y} \u{b7} RGB {r}, {g}, {b}{map}")
        }
    };
    let size = vec2(ui.available_width(), height);
    let layout = egui::Layout::right_to_left(egui::Align::Center);
    ui.allocate_ui_with_layout(size, layout, |ui| {
        ui.set_min_height(height);
        if input.explanation.is_some() && size.x >= BUTTON_WIDTH {
            ui.toggle_value(&mut options.show_input, "Model input")
                .on_hover_text("What the model saw: the photo, resized and cropped");
        }
        ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
            ui.add(egui::Label::new(egui::RichText::new(text).font(small_font(ui))).truncate());
        });
    });
    marked
}

/// The colour bar and the sum below it, or as much empty space. Returns where the bar is.
pub fn legend_ui(
    ui: &mut Ui,
    input: &ImageInput<'_>,
    shown: Option<&ShownMap>,
    marked: Option<f32>,
    height: f32,
) -> Option<Rect> {
    let Some(shown) = shown.filter(|_| input.explanation.is_some()) else {
        ui.add_space(height);
        return None;
    };
    let bar = color_bar_ui(ui, shown, marked);
    let visuals = ui.visuals();
    let account = &shown.account;
    let color = if account.holds() { visuals.text_color() } else { visuals.error_fg_color };
    let [long, short] = [false, true].map(|is_short| account.line(is_short));
    let font = small_font(ui);
    let width = ui.painter().layout_no_wrap(long.clone(), font.clone(), color).size().x;
    let line = if width <= ui.available_width() { long } else { short };
    let text = egui::RichText::new(line).font(font).color(color);
    ui.add(egui::Label::new(text).truncate()).on_hover_text(account.meaning());
    Some(bar)
}
