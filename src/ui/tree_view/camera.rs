//! Which part of the diagram is seen, and how large.

use eframe::egui;
use eframe::egui::{Pos2, Rect, Vec2, pos2, vec2};

use crate::explain::NodeId;
use crate::tree_layout::{Card, Orientation, TreeLayout};

/// The zooms that the wheel reaches.
const ZOOMS: std::ops::RangeInclusive<f32> = 0.0005..=3.0;

/// Below this zoom the numbers on the cards cannot be read.
const READABLE: f32 = 0.66;

/// Around the drawing, in points.
const MARGIN: f32 = 16.0;

/// Most that levels are spread in an overview.
const MOST_SPREAD: f32 = 0.35;

/// From the drawing to the canvas: `screen = canvas corner + offset + scale * point`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Camera {
    pub zoom: f32,
    /// The direction of growth is never scaled down further than this. A tree of a thousand classes
    /// is fifty times as wide as deep; all of it at once would be a mere line.
    spread: f32,
    pub offset: Vec2,
    orientation: Orientation,
}

/// What decides about the camera.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Aim {
    /// Readable, with the path in view.
    #[default]
    Home,
    /// Everything.
    Fit,
    /// Where it had to go to show what was selected.
    Shown(Camera),
    /// Where the user has moved it.
    Free(Camera),
}

impl Aim {
    pub fn camera(self, layout: &TreeLayout, way: &[NodeId], canvas: Vec2) -> Camera {
        match self {
            Self::Home => Camera::home(layout, way, canvas),
            Self::Fit => Camera::fit(layout, canvas),
            Self::Shown(camera) | Self::Free(camera) => {
                Camera { orientation: layout.orientation, ..camera }
            }
        }
    }
}

impl Camera {
    /// The whole drawing in the middle of the canvas.
    pub fn fit(layout: &TreeLayout, canvas: Vec2) -> Self {
        let size = Vec2::from(layout.size);
        let room = (canvas - Vec2::splat(2.0 * MARGIN)).max(Vec2::splat(1.0));
        let along = match layout.orientation {
            Orientation::LeftToRight => room.x / size.x,
            Orientation::TopDown => room.y / size.y,
        };
        let mut camera = Self {
            zoom: (room / size).min_elem().clamp(*ZOOMS.start(), 1.15),
            spread: along.min(MOST_SPREAD),
            offset: Vec2::ZERO,
            orientation: layout.orientation,
        };
        camera.offset = (canvas - camera.scale() * size) / 2.0;
        camera
    }

    /// Points of the screen per point of the drawing, in x and y.
    pub fn scale(&self) -> Vec2 {
        let along = self.zoom.max(self.spread);
        match self.orientation {
            Orientation::LeftToRight => vec2(along, self.zoom),
            Orientation::TopDown => vec2(self.zoom, along),
        }
    }

    /// The whole drawing if its text can be read then; else as much as can be read, with all of the
    /// `way` in view, or its end where there is no room for more.
    pub fn home(layout: &TreeLayout, way: &[NodeId], canvas: Vec2) -> Self {
        let fit = Self::fit(layout, canvas);
        if fit.zoom >= READABLE {
            return fit;
        }
        let zoom = zoom_of_way(layout, way, canvas).clamp(READABLE, 1.0).max(fit.zoom);
        let way = bounds(layout, way);
        let place = |drawing: f32, way: egui::Rangef, canvas: f32| {
            if zoom * drawing + 2.0 * MARGIN <= canvas {
                return (canvas - zoom * drawing) / 2.0;
            }
            // No needless empty space before the beginning, and the end of the way is seen.
            (canvas - MARGIN - zoom * way.max).min(MARGIN)
        };
        let offset = vec2(
            place(layout.size[0], way.x_range(), canvas.x),
            place(layout.size[1], way.y_range(), canvas.y),
        );
        Self { zoom, offset, ..fit }
    }

    /// How much of a layout can be read at the start: the zoom at which all of it is in view, or at
    /// least the `way`; more than is needed to read it does not count.
    pub fn legibility(layout: &TreeLayout, way: &[NodeId], canvas: Vec2) -> f32 {
        Self::fit(layout, canvas).zoom.max(zoom_of_way(layout, way, canvas).min(READABLE))
    }

    pub fn screen(&self, canvas: Rect, point: Pos2) -> Pos2 {
        canvas.min + self.offset + self.scale() * point.to_vec2()
    }

    /// The rectangle of a card on the screen. Where levels are spread, cards are not: they become
    /// dots, not bars.
    pub fn card_on_screen(&self, canvas: Rect, centre: Pos2, size: Vec2) -> Rect {
        const DOT: f32 = 6.0;
        let size = (self.zoom * size).max(Vec2::splat(DOT)).min(self.scale() * size);
        Rect::from_center_size(self.screen(canvas, centre), size)
    }

    /// Scales about a point of the screen.
    pub fn zoom_about(&mut self, canvas: Rect, point: Pos2, factor: f32) {
        let old = self.scale();
        self.zoom = (self.zoom * factor).clamp(*ZOOMS.start(), *ZOOMS.end());
        let arm = point - canvas.min;
        self.offset = arm - (self.scale() / old) * (arm - self.offset);
    }

    /// Moves as little as needed to have `card` (in the drawing) on the canvas, text readable.
    pub fn reveal(&mut self, canvas: Rect, card: Rect) {
        if self.zoom < READABLE {
            let middle = self.screen(canvas, card.center());
            self.zoom_about(canvas, middle, READABLE / self.zoom);
        }
        let seen = canvas.shrink(MARGIN.min(canvas.size().min_elem() / 4.0));
        let card = Rect::from_min_max(self.screen(canvas, card.min), self.screen(canvas, card.max));
        let needed = |card: egui::Rangef, seen: egui::Rangef| {
            (seen.min - card.min).max(0.0) - (card.max - seen.max).max(0.0)
        };
        self.offset.x += needed(card.x_range(), seen.x_range());
        self.offset.y += needed(card.y_range(), seen.y_range());
    }
}

/// All cards of the way, in the drawing.
fn bounds(layout: &TreeLayout, way: &[NodeId]) -> Rect {
    let cards = way.iter().filter_map(|&id| Some(card_rect(layout.find(id)?)));
    cards.reduce(Rect::union).unwrap_or(Rect::ZERO)
}

/// The zoom at which all of the way is in view.
fn zoom_of_way(layout: &TreeLayout, way: &[NodeId], canvas: Vec2) -> f32 {
    let room = (canvas - Vec2::splat(2.0 * MARGIN)).max(Vec2::splat(1.0));
    (room / bounds(layout, way).size()).min_elem()
}

/// The rectangle of a card, in the drawing.
pub fn card_rect(card: &Card) -> Rect {
    Rect::from_center_size(point(card.centre), card.size.into())
}

/// Where the edge to the children leaves a card, and where the edge from the parent arrives.
pub fn ports(orientation: Orientation, card: Rect) -> [Pos2; 2] {
    match orientation {
        Orientation::LeftToRight => [card.right_center(), card.left_center()],
        Orientation::TopDown => [card.center_bottom(), card.center_top()],
    }
}

/// A point as the layout writes it.
pub fn point([x, y]: [f32; 2]) -> Pos2 {
    pos2(x, y)
}
