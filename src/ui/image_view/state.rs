//! What the view remembers from frame to frame.

use std::sync::Arc;

use eframe::egui::{self, Rect};

use super::cover::CoverState;
use super::crop_frame::CropFrame;
use super::fade::Fade;
use super::inset::Inset;
use super::pixels::PhotoPixels;
use super::region::RegionTool;
use super::shown_map::{MapMemo, MapRequest, ShownMap};
use super::transform::{Canvas, ScreenFromPhoto};
use super::{ImageInput, View};
use crate::explain::Method;
use crate::explanation::Explanation;
use crate::look::OverlayOptions;

/// What the view remembers from frame to frame.
#[derive(Default)]
pub struct ImageViewState {
    pub(super) view: View,
    pub region: RegionTool,
    pub cover: CoverState,
    pub(super) frame: CropFrame,
    /// A map that somebody asked for in the last frame.
    pub asked: Option<Method>,
    pub(super) canvas: Option<Canvas>,
    pub(super) pixels: Option<PhotoPixels>,
    pub(super) maps: [MapMemo; 2],
    pub(super) inset: Inset,
    pub(super) fades: [Fade; 2],
    pub(super) overlay: Option<(egui::TextureId, Rect)>,
    pub(super) colour_bar: Option<Rect>,
}

impl ImageViewState {
    /// Shows all of the photo.
    pub fn fit(&mut self) {
        self.view = View::Fit;
    }

    /// Shows one photo pixel on one screen pixel.
    pub fn actual_size(&mut self) {
        if let Some(canvas) = &self.canvas {
            self.view = self.view.actual_size(canvas);
        }
    }

    /// Zooms in (above 1) or out about the middle.
    pub fn zoom_by(&mut self, factor: f32) {
        if let Some(canvas) = &self.canvas {
            self.view = self.view.zoomed(canvas, factor, canvas.rect.center());
        }
    }

    pub fn view(&self) -> View {
        self.view
    }

    pub fn set_view(&mut self, view: View) {
        self.view = view;
    }

    /// Where the photo is on the screen; `None` before the first frame.
    pub fn screen_from_photo(&self) -> Option<ScreenFromPhoto> {
        self.canvas.as_ref().map(|canvas| self.view.screen_from_photo(canvas))
    }

    /// The map's texture and where it was painted in the last frame, in points; `None` if it was
    /// not.
    pub fn painted_overlay(&self) -> Option<(egui::TextureId, Rect)> {
        self.overlay
    }

    /// The map that was shown in the last frame.
    pub fn shown_map(&self) -> Option<&ShownMap> {
        self.maps[0].last()
    }

    /// The same, if it is of this answer.
    pub fn shown_map_of(&self, explanation: &Arc<Explanation>) -> Option<&ShownMap> {
        self.maps[0].last_of(explanation)
    }

    /// The one beside it, if there were two.
    pub fn map_beside(&self) -> Option<&ShownMap> {
        self.maps[1].last()
    }

    /// Where the colour bar is on the screen, if there was one in the last frame.
    pub fn colour_bar(&self) -> Option<Rect> {
        self.colour_bar
    }

    /// Whether the photo was painted as fine as the screen allows in the last frame.
    pub fn is_sharp(&self) -> bool {
        self.pixels.as_ref().is_some_and(|pixels| pixels.sharp)
    }
}

impl ImageViewState {
    /// The maps of what is shown. Two exact ones share a scale; others mean different things.
    pub(super) fn make_maps(
        &mut self,
        ctx: &egui::Context,
        input: &ImageInput<'_>,
        options: &OverlayOptions,
    ) {
        let [first, second] = &mut self.maps;
        let (Some(explanation), Some(target)) = (input.explanation, input.target) else {
            first.clear();
            second.clear();
            return;
        };
        let request = |map| MapRequest { explanation, target, input: map, options };
        let own = request(input.map);
        let Some(other) = input.beside.map(request) else {
            second.clear();
            first.get(ctx, &own, None);
            return;
        };
        let ranges = first.exact_range(&own).zip(second.exact_range(&other));
        first.get(ctx, &own, ranges.map(|(_, of_other)| of_other));
        second.get(ctx, &other, ranges.map(|(of_own, _)| of_own));
    }
}
