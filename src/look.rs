//! How picture and map are looked at: plain data that is remembered and can be undone.

mod range;

use serde::{Deserialize, Serialize};

use crate::explain::{Colormap, Method};

pub use range::{SharedRange, color_range};

/// What undo brings back beside the selection.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Look {
    pub overlay: OverlayOptions,
    /// Points for each photo pixel, and the photo pixel in the middle; `None`: all of the photo.
    pub zoom: Option<(f32, [f32; 2])>,
}

/// Changes that come many in a row and count as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gesture {
    Zoom,
    Opacity,
}

impl Look {
    /// The gesture that leads from one look to another; `None` if it takes more, or a click.
    pub fn gesture_to(&self, other: &Self) -> Option<Gesture> {
        let Self { overlay: OverlayOptions { opacity, .. }, zoom } = *other;
        let zoomed = Self { zoom, ..*self };
        let faded = Self { overlay: OverlayOptions { opacity, ..self.overlay }, ..*self };
        match *other {
            other if other == zoomed => Some(Gesture::Zoom),
            other if other == faded => Some(Gesture::Opacity),
            _ => None,
        }
    }
}

/// Which values get the first and the last colour.
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
    strum::VariantNames,
    strum::EnumString,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "kebab-case", ascii_case_insensitive)]
pub enum ScaleMode {
    /// From zero to the largest value of the map that is shown.
    #[serde(alias = "symmetric")]
    #[strum(serialize = "this-map")]
    PerMap,
    /// From zero to the largest value in the maps of all classes, or of all decisions, so that maps
    /// can be compared.
    #[default]
    #[strum(serialize = "all-maps")]
    SharedOverClasses,
    /// From the smallest to the largest value of the map that is shown, as in most papers: every
    /// map looks equally strong.
    LowestToHighest,
}

/// How a map is shown over the photo. The default is that of the window and of the command line.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct OverlayOptions {
    pub visible: bool,
    /// How the map is made.
    pub method: Method,
    /// Of a second map beside it.
    pub beside: Option<Method>,
    /// 0 to 1.
    pub opacity: f32,
    pub colormap: Colormap,
    /// Interpolate between the cells.
    pub smooth: bool,
    pub scale: ScaleMode,
    /// Lines at fixed shares of the range.
    pub contours: bool,
    /// Show the picture that the network got, in a corner.
    pub show_input: bool,
}

impl Default for OverlayOptions {
    fn default() -> Self {
        Self {
            visible: true,
            method: Method::Cam,
            beside: None,
            opacity: 0.7,
            colormap: Colormap::Turbo,
            smooth: true,
            scale: ScaleMode::default(),
            contours: true,
            show_input: false,
        }
    }
}
