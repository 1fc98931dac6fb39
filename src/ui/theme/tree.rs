//! The colours of the tree, in one place.

use eframe::egui::{Color32, Visuals, lerp};

/// What the tree is painted with.
#[derive(Clone, Copy, Debug)]
pub struct Palette {
    /// Behind the diagram.
    pub canvas: Color32,
    pub card: Color32,
    pub card_on_path: Color32,
    pub outline: Color32,
    pub text: Color32,
    pub weak_text: Color32,
    /// The winning path.
    pub path: Color32,
    /// The selected and the hovered node.
    pub selection: Color32,
    pub bar_track: Color32,
    /// Probability 0 and 1.
    pub ramp: [Color32; 2],
}

/// Blue for probabilities and orange for the path: told apart by all kinds of colour vision.
pub fn palette(visuals: &Visuals) -> Palette {
    if visuals.dark_mode {
        Palette {
            canvas: Color32::from_rgb(22, 24, 27),
            card: Color32::from_rgb(37, 41, 46),
            card_on_path: Color32::from_rgb(62, 48, 30),
            outline: Color32::from_rgb(70, 77, 86),
            text: Color32::from_rgb(226, 230, 235),
            weak_text: Color32::from_rgb(158, 167, 178),
            path: Color32::from_rgb(245, 166, 66),
            selection: Color32::from_rgb(240, 244, 250),
            bar_track: Color32::from_rgb(55, 61, 69),
            ramp: [Color32::from_rgb(66, 73, 82), Color32::from_rgb(84, 168, 255)],
        }
    } else {
        Palette {
            canvas: Color32::from_rgb(246, 247, 249),
            card: Color32::from_rgb(255, 255, 255),
            card_on_path: Color32::from_rgb(255, 241, 220),
            outline: Color32::from_rgb(196, 203, 212),
            text: Color32::from_rgb(28, 33, 40),
            weak_text: Color32::from_rgb(94, 104, 117),
            path: Color32::from_rgb(201, 108, 0),
            selection: Color32::from_rgb(20, 24, 32),
            bar_track: Color32::from_rgb(226, 230, 236),
            ramp: [Color32::from_rgb(203, 209, 217), Color32::from_rgb(28, 110, 214)],
        }
    }
}

impl Palette {
    /// The colour of a probability; grey for NaN.
    pub fn probability(&self, p: f32) -> Color32 {
        let t = if p.is_nan() { 0.0 } else { p.clamp(0.0, 1.0) };
        let [from, to] = self.ramp;
        let mix = |a: u8, b: u8| lerp(f32::from(a)..=f32::from(b), t) as u8;
        Color32::from_rgb(mix(from.r(), to.r()), mix(from.g(), to.g()), mix(from.b(), to.b()))
    }
}
