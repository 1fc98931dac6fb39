//! The few colours that the picture needs beyond those of the style, and its small print.

use eframe::egui::{Color32, FontId, TextStyle, Ui, Visuals};

use crate::explain::Colormap;

/// Numbers and remarks; never so small that one must lean forward.
pub fn small_font(ui: &Ui) -> FontId {
    let font = TextStyle::Small.resolve(ui.style());
    FontId { size: font.size.max(11.0), ..font }
}

/// Height of a line of [`small_font`], in points.
pub fn small_line(ui: &Ui) -> f32 {
    let font = small_font(ui);
    ui.fonts_mut(|fonts| fonts.row_height(&font))
}

#[derive(Clone, Copy, Debug)]
pub struct Palette {
    /// Behind the photo.
    pub canvas: Color32,
    /// Over the photo where the network did not look, faint and strong.
    pub dim: [Color32; 2],
    /// Around what the network saw; light inside dark, so that it shows on any photo.
    pub outline: [Color32; 2],
    /// The same while it is pointed out.
    pub highlight: Color32,
    /// Lines on the photo: light on dark, so that they show on any photo.
    pub mark: [Color32; 2],
    /// Contour lines: light on dark.
    pub contour: [Color32; 2],
    /// Bars that speak against, and for: the ends of the map of two colours.
    pub against_for: [Color32; 2],
    /// Behind words on the photo.
    pub plate: Color32,
}

pub fn palette(visuals: &Visuals) -> Palette {
    let black = Color32::from_black_alpha;
    let canvas = if visuals.dark_mode { Color32::from_gray(16) } else { Color32::from_gray(222) };
    let side = |t| {
        let [r, g, b] = Colormap::Diverging.rgb(t);
        Color32::from_rgb(r, g, b)
    };
    Palette {
        canvas,
        dim: [black(70), black(150)],
        outline: [Color32::from_white_alpha(190), black(130)],
        mark: [Color32::WHITE, black(210)],
        contour: [Color32::from_white_alpha(220), black(60)],
        against_for: [side(0.0), side(1.0)],
        highlight: visuals.selection.stroke.color,
        plate: visuals.window_fill.gamma_multiply(0.92),
    }
}
