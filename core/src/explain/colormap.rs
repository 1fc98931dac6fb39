//! Colours for values from 0 to 1, from tables of 256 entries.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

/// What NaN looks like: matplotlib's "bad" colour, black.
pub const NAN_COLOR: [u8; 3] = [0, 0, 0];

/// A named scale of colours.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumIter,
    strum::VariantNames,
    strum::EnumString,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase", ascii_case_insensitive)]
pub enum Colormap {
    /// Blue, cyan, yellow, red: matplotlib's `jet`, the colours of the CAM papers.
    #[default]
    Jet,
    /// A smoother rainbow (Mikhailov 2019).
    Turbo,
    /// Violet to yellow, perceptually even (van der Walt and Smith 2015).
    Viridis,
    /// Black to pale yellow, perceptually even (van der Walt and Smith 2015).
    Inferno,
    /// Blue, light grey, red: against, neutral, for. Both halves are equally strong and even.
    Diverging,
}

type Table = [[u8; 3]; 256];

impl Colormap {
    /// The colour at `t`, 0 to 1. Values outside get the end colours, NaN gets [`NAN_COLOR`].
    pub fn rgb(self, t: f32) -> [u8; 3] {
        look_up(self.table(), t)
    }

    /// Whether the middle stands for zero, so that the range should be symmetric around it.
    pub fn is_signed(self) -> bool {
        self == Self::Diverging
    }

    /// The colour to lay over a photo, and how opaque it is, 0 to 1: the photo shows through where
    /// there is little evidence. Signed scales have one colour for each side and nothing at zero;
    /// others have nothing at their beginning. NaN is opaque.
    pub fn layer(self, t: f32) -> ([u8; 3], f32) {
        if t.is_nan() {
            return (self.rgb(t), 1.0);
        }
        if !self.is_signed() {
            return (self.rgb(t), t.clamp(0.0, 1.0));
        }
        let strength = (2.0 * t.clamp(0.0, 1.0) - 1.0).abs();
        // Slightly more than in proportion: weak evidence is to be seen over a busy photo.
        (self.rgb(if t < 0.5 { 0.0 } else { 1.0 }), strength.powf(0.75))
    }

    /// Where contour lines are drawn: halfway from nothing to the strongest colour and, on a scale
    /// with one side, at three quarters.
    pub fn contour_levels(self) -> [f32; 2] {
        if self.is_signed() { [0.25, 0.75] } else { [0.5, 0.75] }
    }

    /// The whole scale, from `t = 0` to `t = 1`.
    pub fn table(self) -> &'static [[u8; 3]; 256] {
        static TABLES: LazyLock<[Table; 5]> = LazyLock::new(|| {
            [
                jet(false),
                sampled(|t| colorous::TURBO.eval_continuous(t).into_array()),
                sampled(|t| colorous::VIRIDIS.eval_continuous(t).into_array()),
                sampled(|t| colorous::INFERNO.eval_continuous(t).into_array()),
                sampled(diverging),
            ]
        });
        let [jet, turbo, viridis, inferno, diverging] = &*TABLES;
        match self {
            Self::Jet => jet,
            Self::Turbo => turbo,
            Self::Viridis => viridis,
            Self::Inferno => inferno,
            Self::Diverging => diverging,
        }
    }
}

/// The colours of the 2020 tutorial: matplotlib's `jet_r` with red and blue swapped.
///
/// That is nearly `jet`, but its green ramps are not symmetric, so green is off by up to 33 levels.
pub fn tutorial_rgb(t: f32) -> [u8; 3] {
    static TABLE: LazyLock<Table> = LazyLock::new(|| jet(true).map(|[r, g, b]| [b, g, r]));
    look_up(&TABLE, t)
}

/// matplotlib's rule: entry `trunc(256 t)`, and 1 still belongs to the last entry.
fn look_up(table: &Table, t: f32) -> [u8; 3] {
    if t.is_nan() {
        return NAN_COLOR;
    }
    // The cast saturates: everything below 0 is entry 0.
    table[((t * 256.0) as usize).min(255)]
}

fn sampled(color: impl Fn(f64) -> [u8; 3]) -> Table {
    std::array::from_fn(|i| color(i as f64 / 255.0))
}

/// matplotlib's `jet` (or `jet_r`): each channel is piecewise linear through (position, level).
fn jet(reversed: bool) -> Table {
    const RED: &[[f64; 2]] = &[[0.0, 0.0], [0.35, 0.0], [0.66, 1.0], [0.89, 1.0], [1.0, 0.5]];
    const GREEN: &[[f64; 2]] =
        &[[0.0, 0.0], [0.125, 0.0], [0.375, 1.0], [0.64, 1.0], [0.91, 0.0], [1.0, 0.0]];
    const BLUE: &[[f64; 2]] = &[[0.0, 0.5], [0.11, 1.0], [0.34, 1.0], [0.65, 0.0], [1.0, 0.0]];
    let channels = [RED, GREEN, BLUE].map(|points| piecewise(points, reversed));
    std::array::from_fn(|i| channels.each_ref().map(|levels| levels[i]))
}

/// 256 levels along the line through `points`, in the order of operations of matplotlib's
/// `_create_lookup_table`, because its result is truncated to 8 bits.
fn piecewise(points: &[[f64; 2]], reversed: bool) -> [u8; 256] {
    let mut points = points.to_vec();
    if reversed {
        points.reverse();
        points.iter_mut().for_each(|point| point[0] = 1.0 - point[0]);
    }
    points.iter_mut().for_each(|point| point[0] *= 255.0);
    std::array::from_fn(|i| {
        let x = i as f64;
        let piece = points.windows(2).find(|ends| x <= ends[1][0]);
        let level = match piece {
            Some(&[from, to]) => (x - from[0]) / (to[0] - from[0]) * (to[1] - from[1]) + from[1],
            _ => 0.0,
        };
        (level * 255.0) as u8
    })
}

/// Two straight lines in the OKLab space (Ottosson 2020) from a light grey to a blue and a red of
/// the same lightness and chroma: equal steps look equal, and equal evidence for and against too.
fn diverging(t: f64) -> [u8; 3] {
    const GREY: f64 = 0.94;
    const DARK: f64 = 0.54;
    const CHROMA: f64 = 0.19;
    const BLUE_HUE: f64 = 260.0;
    const RED_HUE: f64 = 8.0;
    let strength = (2.0 * t - 1.0).abs();
    let hue = if t < 0.5 { BLUE_HUE } else { RED_HUE };
    let (sin, cos) = hue.to_radians().sin_cos();
    let lightness = GREY + (DARK - GREY) * strength;
    srgb_from_oklab(lightness, CHROMA * strength * cos, CHROMA * strength * sin)
}

fn srgb_from_oklab(lightness: f64, a: f64, b: f64) -> [u8; 3] {
    let l = (lightness + 0.3963377774 * a + 0.2158037573 * b).powi(3);
    let m = (lightness - 0.1055613458 * a - 0.0638541728 * b).powi(3);
    let s = (lightness - 0.0894841775 * a - 1.2914855480 * b).powi(3);
    [
        4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
        -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
        -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s,
    ]
    .map(|linear| {
        let level = if linear <= 0.0031308 {
            12.92 * linear
        } else {
            1.055 * linear.powf(1.0 / 2.4) - 0.055
        };
        (level * 255.0).round().clamp(0.0, 255.0) as u8
    })
}
