//! Which part of the diagram is seen, and how large.

use eframe::egui;
use eframe::egui::{Pos2, Rect, Vec2, pos2, vec2};

use crate::tree_layout::{Metrics, Orientation, TreeLayout};

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
    /// Width and height of a card, in the drawing.
    card: Vec2,
}

/// What decides about the camera.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Aim {
    /// Readable, from the root on.
    #[default]
    Home,
    /// Everything.
    Fit,
    /// Where the user has moved it.
    Free(Camera),
}

impl Aim {
    pub fn camera(self, layout: &TreeLayout, canvas: Vec2) -> Camera {
        match self {
            Self::Home => Camera::home(layout, canvas),
            Self::Fit => Camera::fit(layout, canvas),
            Self::Free(camera) => {
                let (orientation, card) = (layout.orientation, layout.metrics.card.into());
                Camera { orientation, card, ..camera }
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
            card: layout.metrics.card.into(),
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

    /// The whole drawing if its text can be read then; else a readable part that shows the root.
    pub fn home(layout: &TreeLayout, canvas: Vec2) -> Self {
        let fit = Self::fit(layout, canvas);
        if fit.zoom >= READABLE {
            return fit;
        }
        let zoom = READABLE.max(fit.zoom);
        let size: Vec2 = zoom * Vec2::from(layout.size);
        let root = layout.cards.first().map_or(Vec2::ZERO, |card| zoom * Vec2::from(card.centre));
        // In the middle if it fits; else with the root in the middle, but no needless empty space.
        let place = |axis: usize, root: f32| {
            if size[axis] + 2.0 * MARGIN <= canvas[axis] {
                (canvas[axis] - size[axis]) / 2.0
            } else {
                (canvas[axis] / 2.0 - root).min(MARGIN).max(canvas[axis] - size[axis] - MARGIN)
            }
        };
        let offset = match layout.orientation {
            Orientation::LeftToRight => vec2(place(0, 0.0), place(1, root.y)),
            Orientation::TopDown => vec2(place(0, root.x), place(1, 0.0)),
        };
        Self { zoom, offset, ..fit }
    }

    pub fn screen(&self, canvas: Rect, point: Pos2) -> Pos2 {
        canvas.min + self.offset + self.scale() * point.to_vec2()
    }

    /// The rectangle of a card on the screen. Where levels are spread, cards are not: they become
    /// dots, not bars.
    pub fn card_on_screen(&self, canvas: Rect, centre: Pos2) -> Rect {
        const DOT: f32 = 6.0;
        let size = (self.zoom * self.card).max(Vec2::splat(DOT)).min(self.scale() * self.card);
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

/// The rectangle of a card around its centre, in the drawing.
pub fn card_rect(metrics: &Metrics, centre: Pos2) -> Rect {
    Rect::from_center_size(centre, Vec2::from(metrics.card))
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
