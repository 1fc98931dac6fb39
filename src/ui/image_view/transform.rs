//! Where the photo lies on the screen: fit, zoom at a point, pan. Plain geometry.

use eframe::egui::{Pos2, Rect, Vec2, vec2};

/// Free space around a photo that is fit, in points: room for its outline.
const MARGIN: f32 = 8.0;
/// Largest zoom, in screen pixels for each photo pixel.
const MAX_ZOOM: f32 = 64.0;
/// A zoom this close to that of "fit" is meant to be it.
const SAME: f32 = 1e-3;

/// What the user wants to see of the photo.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum View {
    /// All of it, whatever the size of the window.
    #[default]
    Fit,
    Free {
        /// Points for each photo pixel.
        scale: f32,
        /// The place in the middle of the canvas, in photo pixels.
        center: Pos2,
    },
}

/// Where the photo is shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Canvas {
    /// In points.
    pub rect: Rect,
    /// Width and height of the photo, in pixels.
    pub photo: Vec2,
    /// Screen pixels for each point.
    pub pixels_per_point: f32,
}

/// Moves places of the photo (pixels, y down, corner of the first pixel at 0) to the screen (points).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScreenFromPhoto {
    /// Points for each photo pixel.
    pub scale: f32,
    /// Where the photo's upper left corner goes.
    pub origin: Pos2,
}

impl ScreenFromPhoto {
    pub fn apply(self, place: Pos2) -> Pos2 {
        self.origin + place.to_vec2() * self.scale
    }

    /// The way back.
    pub fn inverse(self, point: Pos2) -> Pos2 {
        ((point - self.origin) / self.scale).to_pos2()
    }

    pub fn rect(self, rect: Rect) -> Rect {
        Rect::from_min_max(self.apply(rect.min), self.apply(rect.max))
    }
}

impl Canvas {
    /// Points for each photo pixel so that the whole photo can be seen.
    pub fn fit_scale(&self) -> f32 {
        let space = (self.rect.size() - Vec2::splat(2.0 * MARGIN)).max(Vec2::splat(1.0));
        let photo = self.photo.max(Vec2::splat(1.0));
        (space.x / photo.x).min(space.y / photo.y)
    }

    /// The scale where one photo pixel is one screen pixel.
    pub fn actual_scale(&self) -> f32 {
        1.0 / self.pixels_per_point
    }

    /// The smallest and the largest scale.
    fn limits(&self) -> [f32; 2] {
        let (fit, actual) = (self.fit_scale(), self.actual_scale());
        [fit.min(actual), (MAX_ZOOM * actual).max(2.0 * fit)]
    }

    /// The centre nearest to `center` that shows no empty space where there could be photo.
    fn clamp_center(&self, center: Pos2, scale: f32) -> Pos2 {
        let half = self.rect.size() / (2.0 * scale);
        let axis = |center: f32, half: f32, photo: f32| {
            if 2.0 * half >= photo { photo / 2.0 } else { center.clamp(half, photo - half) }
        };
        Pos2::new(axis(center.x, half.x, self.photo.x), axis(center.y, half.y, self.photo.y))
    }
}

impl View {
    /// Scale and centre, as they are remembered; `None` for all of the photo.
    pub fn plain(self) -> Option<(f32, [f32; 2])> {
        match self {
            Self::Fit => None,
            Self::Free { scale, center } => Some((scale, center.into())),
        }
    }

    /// The way back.
    pub fn from_plain(plain: Option<(f32, [f32; 2])>) -> Self {
        plain.map_or(Self::Fit, |(scale, center)| Self::Free { scale, center: center.into() })
    }

    pub fn screen_from_photo(self, canvas: &Canvas) -> ScreenFromPhoto {
        let (scale, center) = match self {
            Self::Fit => (canvas.fit_scale(), (canvas.photo / 2.0).to_pos2()),
            Self::Free { scale, center } => (scale, canvas.clamp_center(center, scale)),
        };
        ScreenFromPhoto { scale, origin: canvas.rect.center() - center.to_vec2() * scale }
    }

    /// `factor` times larger; what lies under `anchor` (a point of the screen) stays there as far as
    /// the photo's edges allow it.
    pub fn zoomed(self, canvas: &Canvas, factor: f32, anchor: Pos2) -> Self {
        let before = self.screen_from_photo(canvas);
        let [least, most] = canvas.limits();
        let scale = (before.scale * factor).clamp(least, most);
        let fit = canvas.fit_scale();
        if !scale.is_finite() || (scale - fit).abs() <= SAME * fit {
            return Self::Fit;
        }
        let center = before.inverse(anchor) - (anchor - canvas.rect.center()) / scale;
        Self::Free { scale, center: canvas.clamp_center(center, scale) }
    }

    /// Moved by `delta` points, as if the photo were a sheet under the pointer.
    pub fn panned(self, canvas: &Canvas, delta: Vec2) -> Self {
        match self {
            // Nothing to move: all of it can be seen.
            Self::Fit => Self::Fit,
            Self::Free { scale, center } => {
                let center = canvas.clamp_center(center - delta / scale, scale);
                Self::Free { scale, center }
            }
        }
    }

    /// One photo pixel for each screen pixel, with the same place in the middle.
    pub fn actual_size(self, canvas: &Canvas) -> Self {
        let center = self.screen_from_photo(canvas).inverse(canvas.rect.center());
        Self::Free { scale: canvas.actual_scale(), center }
    }

    /// Whether there is more of the photo than can be seen.
    pub fn can_pan(self, canvas: &Canvas) -> bool {
        match self {
            Self::Fit => false,
            Self::Free { scale, .. } => {
                let photo = canvas.photo * scale;
                photo.x > canvas.rect.width() + 0.5 || photo.y > canvas.rect.height() + 0.5
            }
        }
    }
}

/// The photo's pixel under a point of the photo, if there is one.
pub fn pixel_at(place: Pos2, [width, height]: [u32; 2]) -> Option<[u32; 2]> {
    let inside = place.x >= 0.0 && place.y >= 0.0;
    // The casts round down, as pixels are counted by their upper left corner.
    let [x, y] = [place.x as u32, place.y as u32];
    (inside && x < width && y < height).then_some([x, y])
}

/// A size in pixels as a vector.
pub fn size_of([width, height]: [u32; 2]) -> Vec2 {
    vec2(width as f32, height as f32)
}
