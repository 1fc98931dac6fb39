//! Colours, spacing and radii of the whole window, for dark and for light.

pub mod picture;
pub mod tree;

use std::sync::Arc;

use eframe::egui::style::{ScrollStyle, WidgetVisuals};
use eframe::egui::{
    self, Color32, Context, CornerRadius, FontFamily, FontId, Margin, Stroke, TextStyle, Ui,
    Visuals, vec2,
};

use crate::settings::Theme;
use crate::state::NoticeKind;

/// Space around the content of panels.
pub const PANEL_MARGIN: i8 = 8;
/// Height of the bars at the top and the bottom.
pub const BAR_HEIGHT: f32 = 28.0;
/// Where windows open: below the bars.
pub const WINDOW_AT: [f32; 2] = [48.0, 80.0];
/// Width and height of the window with the models, where there is room.
pub const MODELS_SIZE: egui::Vec2 = vec2(660.0, 620.0);
const RADIUS: u8 = 4;

/// The shades of one theme, from the back to the front.
struct Shades {
    /// Behind pictures, and in fields to type in.
    deep: u32,
    panel: u32,
    /// Every other row.
    faint: u32,
    border: u32,
    button: u32,
    hovered: u32,
    pressed: u32,
    weak_text: u32,
    text: u32,
    strong_text: u32,
    selected: u32,
    selected_text: u32,
    accent: u32,
    warning: u32,
    error: u32,
}

const DARK: Shades = Shades {
    deep: 0x0d_10_11,
    panel: 0x14_18_1b,
    faint: 0x1a_1f_23,
    border: 0x2b_33_38,
    button: 0x26_2d_31,
    hovered: 0x33_3c_42,
    pressed: 0x40_4b_52,
    weak_text: 0x8f_9b_a2,
    text: 0xca_d3_d8,
    strong_text: 0xf4_f7_f9,
    selected: 0x0f_48_77,
    selected_text: 0xe3_f2_ff,
    accent: 0x4a_a8_f0,
    warning: 0xe8_b3_4b,
    error: 0xf0_7a_6e,
};

const LIGHT: Shades = Shades {
    deep: 0xff_ff_ff,
    panel: 0xf6_f7_f8,
    faint: 0xed_f0_f2,
    border: 0xd0_d7_dc,
    button: 0xe4_e8_eb,
    hovered: 0xd7_dd_e2,
    pressed: 0xc8_d1_d7,
    weak_text: 0x5a_66_6e,
    text: 0x2b_33_38,
    strong_text: 0x0b_10_14,
    selected: 0xbf_df_fa,
    selected_text: 0x07_32_57,
    accent: 0x0b_6b_bd,
    warning: 0x96_60_00,
    error: 0xb3_2a_1e,
};

fn color(rgb: u32) -> Color32 {
    let [_, r, g, b] = rgb.to_be_bytes();
    Color32::from_rgb(r, g, b)
}

/// Sets both themes up; done once.
pub fn install(ctx: &Context) {
    for theme in [egui::Theme::Dark, egui::Theme::Light] {
        ctx.style_mut_of(theme, |style| {
            style.visuals = match theme {
                egui::Theme::Dark => visuals(&DARK, Visuals::dark()),
                egui::Theme::Light => visuals(&LIGHT, Visuals::light()),
            };
            let font = |size| FontId::new(size, FontFamily::Proportional);
            style.text_styles = [
                (TextStyle::Small, font(10.5)),
                (TextStyle::Body, font(12.5)),
                (TextStyle::Button, font(12.5)),
                (TextStyle::Heading, font(14.0)),
                (TextStyle::Monospace, FontId::new(12.0, FontFamily::Monospace)),
            ]
            .into();
            let spacing = &mut style.spacing;
            spacing.item_spacing = vec2(8.0, 5.0);
            spacing.button_padding = vec2(7.0, 2.0);
            spacing.interact_size = vec2(24.0, 20.0);
            spacing.menu_margin = Margin::same(6);
            spacing.window_margin = Margin::same(12);
            spacing.slider_width = 110.0;
            spacing.icon_width = 15.0;
            spacing.scroll = ScrollStyle { bar_width: 6.0, ..ScrollStyle::solid() };
            spacing.tooltip_width = 360.0;
        });
    }
}

/// Follows the user's choice.
pub fn set(ctx: &Context, theme: Theme) {
    ctx.set_theme(match theme {
        Theme::System => egui::ThemePreference::System,
        Theme::Light => egui::ThemePreference::Light,
        Theme::Dark => egui::ThemePreference::Dark,
    });
}

fn visuals(shades: &Shades, base: Visuals) -> Visuals {
    let radius = CornerRadius::same(RADIUS);
    let widget = |fill: u32, edge: Stroke, text: u32| WidgetVisuals {
        bg_fill: color(fill),
        weak_bg_fill: color(fill),
        bg_stroke: edge,
        corner_radius: radius,
        fg_stroke: Stroke::new(1.0, color(text)),
        expansion: 0.0,
    };
    let edge = Stroke::new(1.0, color(shades.border));
    let mut visuals = base;
    visuals.weak_text_color = Some(color(shades.weak_text));
    visuals.widgets.noninteractive = widget(shades.panel, edge, shades.text);
    visuals.widgets.inactive = widget(shades.button, Stroke::NONE, shades.text);
    visuals.widgets.hovered = widget(shades.hovered, edge, shades.strong_text);
    visuals.widgets.active = widget(shades.pressed, edge, shades.strong_text);
    visuals.widgets.open = widget(shades.hovered, edge, shades.strong_text);
    visuals.selection.bg_fill = color(shades.selected);
    visuals.selection.stroke = Stroke::new(1.0, color(shades.selected_text));
    visuals.hyperlink_color = color(shades.accent);
    visuals.faint_bg_color = color(shades.faint);
    visuals.extreme_bg_color = color(shades.deep);
    visuals.code_bg_color = color(shades.faint);
    visuals.warn_fg_color = color(shades.warning);
    visuals.error_fg_color = color(shades.error);
    visuals.window_fill = color(shades.panel);
    visuals.window_stroke = edge;
    visuals.window_corner_radius = CornerRadius::same(8);
    visuals.menu_corner_radius = CornerRadius::same(6);
    visuals.panel_fill = color(shades.panel);
    visuals.slider_trailing_fill = true;
    visuals
}

/// Colour of a notice's text.
pub fn notice_color(visuals: &Visuals, kind: NoticeKind) -> Color32 {
    match kind {
        NoticeKind::Info => visuals.text_color(),
        NoticeKind::Warning => visuals.warn_fg_color,
        NoticeKind::Error => visuals.error_fg_color,
    }
}

/// A veil over the window while something is dragged over it.
pub fn veil(visuals: &Visuals) -> Color32 {
    visuals.panel_fill.gamma_multiply(0.85)
}

/// A panel's frame.
pub fn panel(visuals: &Visuals) -> egui::Frame {
    egui::Frame::new().fill(visuals.panel_fill).inner_margin(Margin::same(PANEL_MARGIN))
}

/// Shows a panel whose edge is a hairline, which lights up where it can be dragged.
///
/// egui paints it as bold as the text of a button under the pointer.
pub fn resizable_panel_ui<R>(
    ui: &mut Ui,
    panel: egui::Panel,
    add_contents: impl FnOnce(&mut Ui) -> R,
) -> egui::InnerResponse<R> {
    let style = Arc::clone(ui.style());
    let edge = Stroke::new(1.0, ui.visuals().hyperlink_color);
    let widgets = &mut ui.visuals_mut().widgets;
    (widgets.hovered.fg_stroke, widgets.active.fg_stroke) = (edge, edge);
    let shown = panel.show(ui, |ui| {
        ui.set_style(Arc::clone(&style));
        add_contents(ui)
    });
    ui.set_style(style);
    shown
}

/// A bar's frame: as a panel, but lower.
pub fn bar(visuals: &Visuals) -> egui::Frame {
    egui::Frame::new().fill(visuals.panel_fill).inner_margin(Margin::symmetric(PANEL_MARGIN, 3))
}
