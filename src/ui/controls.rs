//! The bar above the picture: how the map is shown.

use eframe::egui::{self, Color32, ComboBox, Mesh, Rect, Sense, Slider, Ui, Vec2, pos2, vec2};
use strum::IntoEnumIterator as _;

use crate::command::{Command, MenuCommand};
use crate::explain::Colormap;
use crate::look::{OverlayOptions, ScaleMode};
use crate::numbers::percent_to;
use crate::state::AppState;
use crate::ui::methods::{list_ui, methods_ui};
use crate::ui::output::UiOutput;
use crate::ui::versus::versus_ui;

const STRIP: Vec2 = vec2(72.0, 12.0);
/// Width of a choice, in points.
const COMBO: f32 = 92.0;
const SHORT_SLIDER: f32 = 64.0;
/// Width of what the map is of, in points.
const SHORT_TARGET: f32 = 120.0;
const TINY_TARGET: f32 = 90.0;
/// It takes what the bar has to spare, up to so much more: most names are not longer.
const SPARE: f32 = 110.0;
/// Width of how the map is made, in points.
const METHOD: f32 = 96.0;
/// Of which the button that keeps it takes so much.
const KEEP: f32 = 48.0;

/// With less room, in points, the bar does without words that only repeat something.
const ROOMY: f32 = 1070.0;
/// With less room, the choice of colours is a menu.
const ENOUGH: f32 = 930.0;
/// With less room, so is the opacity.
const LITTLE: f32 = 515.0;
/// With less room, how the map is made is a menu, too.
const WITH_METHOD: f32 = 610.0;
/// With less room, there is the menu, and what the map is of.
const TINY: f32 = 310.0;

pub fn controls_ui(
    ui: &mut Ui,
    state: &AppState,
    options: &mut OverlayOptions,
    out: &mut UiOutput,
) {
    let room = ui.available_width();
    ui.horizontal(|ui| {
        if room >= TINY {
            button_ui(ui, MenuCommand::Fit, "Fit", out);
        }
        if room < LITTLE {
            map_ui(ui, state, options, target_width(room), out);
            ui.menu_button("Colours", |ui| {
                opacity_ui(ui, options, true);
                ui.separator();
                colors_menu_ui(ui, options);
            });
            if room >= TINY {
                methods_menu_ui(ui, state, options);
            }
            return;
        }
        if room >= WITH_METHOD {
            button_ui(ui, MenuCommand::ActualSize, "100%", out);
        }
        ui.separator();
        map_ui(ui, state, options, target_width(room), out);
        if room >= WITH_METHOD {
            methods_ui(ui, state, options, METHOD);
        } else {
            methods_menu_ui(ui, state, options);
        }
        opacity_ui(ui, options, room >= ROOMY);
        if room < ENOUGH {
            ui.menu_button("Colours", |ui| colors_menu_ui(ui, options));
            return;
        }
        colors_ui(ui, options, state.target().is_some_and(|(_, target)| target.is_comparison()));
        scale_ui(ui, options);
        smooth_ui(ui, options);
    });
}

/// How wide the choice of what the map is of may be, in points, together with the button that keeps
/// it: the bar is laid out for the least room at which it looks the same, and the rest is to spare.
fn target_width(room: f32) -> f32 {
    // What the bar takes with the narrowest choice and without the button to keep it.
    const TINY_BAR: f32 = 345.0;
    if room < LITTLE {
        return TINY_TARGET + (room - TINY_BAR).clamp(0.0, SHORT_TARGET - TINY_TARGET - 1.0);
    }
    let least = [ROOMY, ENOUGH, WITH_METHOD].into_iter().find(|&least| room >= least);
    SHORT_TARGET + (room - least.unwrap_or(LITTLE)).clamp(0.0, SPARE)
}

/// How the map is made, where there is little room.
fn methods_menu_ui(ui: &mut Ui, state: &AppState, options: &mut OverlayOptions) {
    let explained = state.target().and_then(|(role, _)| state.explanation(role));
    ui.menu_button("Method", |ui| {
        if let Some(explanation) = explained {
            list_ui(ui, explanation, options);
        }
    });
}

fn button_ui(ui: &mut Ui, command: MenuCommand, text: &str, out: &mut UiOutput) {
    if ui.button(text).on_hover_text(command.entry().tooltip).clicked() {
        out.push(command);
    }
}

/// The switch, and what the map is of; without a map, there is nothing to be said about its colours.
fn map_ui(
    ui: &mut Ui,
    state: &AppState,
    options: &mut OverlayOptions,
    width: f32,
    out: &mut UiOutput,
) {
    let map = ui.checkbox(&mut options.visible, "Map of");
    map.on_hover_text(MenuCommand::ToggleOverlay.entry().tooltip);
    // Where there is little room, there is only a way to let go.
    if width >= SHORT_TARGET || state.selection().keeps_target {
        versus_ui(ui, state, width - KEEP, out);
        keep_ui(ui, state, out);
    } else {
        versus_ui(ui, state, width, out);
    }
    if !options.visible {
        ui.disable();
    }
}

/// The button that keeps what the map is of; one click lets go of it.
fn keep_ui(ui: &mut Ui, state: &AppState, out: &mut UiOutput) {
    let keeps = state.selection().keeps_target;
    let entry = MenuCommand::KeepTarget.entry();
    let pin = egui::Button::new("Keep").selected(keeps);
    let pin = ui.add_enabled(state.can_keep_target() || keeps, pin);
    pin.widget_info(|| egui::WidgetInfo::selected(egui::Role::CheckBox, true, keeps, entry.text));
    let hint = if keeps {
        "Kept for all pictures; click to follow the prediction again (K)"
    } else {
        entry.tooltip
    };
    if pin.on_hover_text(hint).clicked() {
        out.push(Command::KeepTarget(!keeps));
    }
}

/// The slider, with its name if there is room for it.
fn opacity_ui(ui: &mut Ui, options: &mut OverlayOptions, is_roomy: bool) {
    let slider = Slider::new(&mut options.opacity, 0.0..=1.0)
        .custom_formatter(|value, _| percent_to(value as f32, 0))
        .custom_parser(|text| {
            let number: f64 = text.trim_end_matches('%').trim().parse().ok()?;
            Some(number / 100.0)
        });
    let response = if is_roomy {
        let label = ui.label("Opacity");
        ui.add(slider).labelled_by(label.id)
    } else {
        ui.spacing_mut().slider_width = SHORT_SLIDER;
        let slider = ui.add(slider);
        let (opacity, enabled) = (f64::from(options.opacity), slider.enabled());
        slider.widget_info(|| egui::WidgetInfo::slider(enabled, opacity, "Opacity"));
        slider
    };
    response.on_hover_text("Opacity of the map; keys [ and ]");
}

fn smooth_ui(ui: &mut Ui, options: &mut OverlayOptions) {
    let smooth = ui.checkbox(&mut options.smooth, "Smooth");
    smooth.on_hover_text(MenuCommand::ToggleSmooth.entry().tooltip);
    let contours = egui::Checkbox::new(&mut options.contours, "Contours");
    let contours = ui.add_enabled(options.smooth, contours);
    contours.on_hover_text(
        "Lines at half and three quarters of the range, as marked on the colour bar",
    );
}

/// Everything about the colours, one below the other.
fn colors_menu_ui(ui: &mut Ui, options: &mut OverlayOptions) {
    colormaps_ui(ui, options);
    ui.separator();
    scales_ui(ui, options);
    ui.separator();
    smooth_ui(ui, options);
}

/// For the user.
pub fn colormap_name(colormap: Colormap) -> &'static str {
    match colormap {
        Colormap::Jet => "Jet",
        Colormap::Turbo => "Turbo",
        Colormap::Viridis => "Viridis",
        Colormap::Inferno => "Inferno",
        Colormap::Diverging => "Blue to red",
    }
}

fn colormap_hint(colormap: Colormap) -> &'static str {
    match colormap {
        Colormap::Jet => "The colours of most papers; exaggerates some differences",
        Colormap::Turbo => "A smoother rainbow",
        Colormap::Viridis => "Perceptually uniform, in greyscale and for colour-blind readers too",
        Colormap::Inferno => "Perceptually uniform; dark where there is little evidence",
        Colormap::Diverging => "Blue is evidence against, red evidence for; the middle is zero",
    }
}

fn colors_ui(ui: &mut Ui, options: &mut OverlayOptions, is_comparison: bool) {
    let is_fixed = is_comparison && !options.colormap.is_signed();
    let name = colormap_name(if is_fixed { Colormap::Diverging } else { options.colormap });
    let combo = ComboBox::from_id_salt("colors").selected_text(name).width(COMBO);
    let response = combo.show_ui(ui, |ui| colormaps_ui(ui, options)).response;
    let info = || egui::WidgetInfo::labeled(egui::Role::ComboBox, true, format!("Colours: {name}"));
    response.widget_info(info);
    response.on_hover_text(if is_fixed {
        "Comparisons have two sides with a colour each, whatever is chosen for other maps"
    } else {
        "Colour map"
    });
}

/// The colour maps to choose from, with their strips.
fn colormaps_ui(ui: &mut Ui, options: &mut OverlayOptions) {
    for colormap in Colormap::iter() {
        ui.horizontal(|ui| {
            strip_ui(ui, colormap);
            let chosen = options.colormap == colormap;
            let choice = ui.selectable_label(chosen, colormap_name(colormap));
            if choice.on_hover_text(colormap_hint(colormap)).clicked() {
                options.colormap = colormap;
                ui.close();
            }
        });
    }
}

/// Name and tooltip.
fn scale_text(scale: ScaleMode) -> [&'static str; 2] {
    match scale {
        ScaleMode::PerMap => ["This map", "The last colour is the largest value of this map"],
        ScaleMode::SharedOverClasses => [
            "All maps",
            "The same colour means the same value on every map, so weak evidence looks weak",
        ],
        ScaleMode::LowestToHighest => [
            "Lowest to highest",
            "The first colour is the smallest value of this map, whatever it is, as in most papers",
        ],
    }
}

fn scale_ui(ui: &mut Ui, options: &mut OverlayOptions) {
    let [name, _] = scale_text(options.scale);
    let combo = ComboBox::from_id_salt("scale").selected_text(name).width(COMBO);
    let response = combo.show_ui(ui, |ui| scales_ui(ui, options)).response;
    let info = || egui::WidgetInfo::labeled(egui::Role::ComboBox, true, format!("Range: {name}"));
    response.widget_info(info);
    response.on_hover_text("Range: which values get the first and the last colour");
}

/// The ranges of values to choose from.
fn scales_ui(ui: &mut Ui, options: &mut OverlayOptions) {
    for scale in [ScaleMode::PerMap, ScaleMode::SharedOverClasses, ScaleMode::LowestToHighest] {
        let [name, hint] = scale_text(scale);
        ui.selectable_value(&mut options.scale, scale, name).on_hover_text(hint);
    }
}

/// A colour map as a strip.
fn strip_ui(ui: &mut Ui, colormap: Colormap) {
    let (rect, _) = ui.allocate_exact_size(STRIP, Sense::hover());
    ui.painter().add(strip(rect, colormap));
}

fn strip(rect: Rect, colormap: Colormap) -> Mesh {
    const STEPS: u32 = 32;
    let mut mesh = Mesh::default();
    for i in 0..=STEPS {
        let t = i as f32 / STEPS as f32;
        let ([r, g, b], strength) = colormap.layer(t);
        let color = Color32::from_rgba_unmultiplied(r, g, b, (strength * 255.0).round() as u8);
        let x = rect.left() + t * rect.width();
        mesh.colored_vertex(pos2(x, rect.top()), color);
        mesh.colored_vertex(pos2(x, rect.bottom()), color);
        if i > 0 {
            let at = 2 * i;
            mesh.add_triangle(at - 2, at - 1, at);
            mesh.add_triangle(at - 1, at, at + 1);
        }
    }
    mesh
}
