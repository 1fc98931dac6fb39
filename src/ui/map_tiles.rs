//! Small maps on the photo by the hundred: for the cards of a tree, and side by side.
//!
//! All of them share one texture, which is filled as maps come into view: a frame never waits.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use eframe::egui::{
    Color32, ColorImage, Context, Mesh, Painter, Rect, Shape, TextureFilter, TextureHandle,
    TextureOptions, pos2, vec2,
};

use crate::explain::{Cam, Colormap, NodeId, Rule};
use crate::explanation::{CamTarget, Explanation};
use crate::look::{OverlayOptions, ScaleMode, SharedRange, color_range};
use crate::photo::Photo;
use crate::ui::legend::Finding;
use crate::ui::overlay::{colored, crop_in_photo};

/// Side of a map, in texels: finer than its cells, coarser than what is behind it.
const TILE: usize = 32;
/// Tiles along each side of the texture; more of them than cards that can be read at once.
const TILES: usize = 32;
/// Side of the photo behind the maps, in texels.
const PHOTO: usize = 128;
/// Among more siblings, the scale is that of all decisions: finding theirs takes the square of their
/// number.
const MOST_SIBLINGS: usize = 200;
/// How long a frame may make maps.
const BUDGET: Duration = Duration::from_millis(2);

/// What the maps are made of.
#[derive(Clone, Copy)]
pub struct MapSource<'a> {
    pub explanation: &'a Arc<Explanation>,
    pub options: &'a OverlayOptions,
    /// By which rule the decisions of the tree are read that share the scale; the tree must be
    /// there. `None`: no decisions do.
    pub decisions: Option<Rule>,
}

/// Everything that all maps depend on. Opacity is not among it: it is a tint.
#[derive(Clone)]
struct Key {
    explanation: Weak<Explanation>,
    decisions: Option<Rule>,
    colormap: Colormap,
    smooth: bool,
    scale: ScaleMode,
}

impl Key {
    fn new(source: MapSource<'_>) -> Self {
        let MapSource { explanation, options, decisions } = source;
        let OverlayOptions { colormap, smooth, scale, .. } = *options;
        let explanation = Arc::downgrade(explanation);
        Self { explanation, decisions, colormap, smooth, scale }
    }

    fn has_same_maps(&self, other: &Self) -> bool {
        self.explanation.ptr_eq(&other.explanation) && self.decisions == other.decisions
    }

    fn is(&self, other: &Self) -> bool {
        self.has_same_maps(other)
            && (self.colormap, self.smooth, self.scale)
                == (other.colormap, other.smooth, other.scale)
    }
}

/// A map in the texture.
#[derive(Clone, Copy)]
struct Tile {
    /// Where it is; `None` for a constant map, whose colours would show what is not there.
    place: Option<usize>,
    last_seen: u64,
}

/// The maps of one picture, in the colours and with the range of the large one.
#[derive(Clone, Default)]
pub struct MapTiles {
    key: Option<Key>,
    shared: Option<SharedRange>,
    photo: Option<TextureHandle>,
    atlas: Option<TextureHandle>,
    tiles: HashMap<CamTarget, Tile>,
    /// The largest magnitude among the children of a node: of their own maps, or of those of the
    /// decisions between them.
    among_siblings: HashMap<(NodeId, bool), f32>,
    /// Places of the texture.
    free: Vec<usize>,
    frame: u64,
    deadline: Option<Instant>,
}

impl MapTiles {
    /// Paints maps at places of the screen: the photo where the network saw it, and over it the
    /// map, if there is one. What does not fit into a frame's time follows in the next ones.
    pub fn paint(
        &mut self,
        painter: &Painter,
        source: MapSource<'_>,
        places: &[(Option<CamTarget>, Rect)],
    ) {
        if places.is_empty() {
            return;
        }
        let ctx = painter.ctx();
        self.follow(ctx, source);
        let MapSource { explanation, options, .. } = source;
        let photo = self.photo.get_or_insert_with(|| {
            let image = thumbnail(&explanation.photo, crop_in_photo(&explanation.input), PHOTO);
            ctx.load_texture("photo behind small maps", image, TextureOptions::LINEAR)
        });
        let mut photos = Mesh::with_texture(photo.id());
        let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
        for &(_, place) in places {
            photos.add_rect_with_uv(place, whole, Color32::WHITE);
        }
        painter.add(Shape::mesh(photos));

        let tint = Color32::WHITE.gamma_multiply(options.opacity.clamp(0.0, 1.0));
        let mut maps = Mesh::default();
        for &(target, place) in places {
            if let Some(at) = target.and_then(|target| self.tile(ctx, source, target)) {
                maps.add_rect_with_uv(place, uv(at), tint);
            }
        }
        if let Some(atlas) = &self.atlas {
            maps.texture_id = atlas.id();
            painter.add(Shape::mesh(maps));
        }
    }

    /// How many maps are ready.
    pub fn ready(&self) -> usize {
        self.tiles.len()
    }

    /// Forgets what belongs to another picture or to other colours.
    fn follow(&mut self, ctx: &Context, source: MapSource<'_>) {
        let key = Key::new(source);
        let frame = ctx.cumulative_frame_nr();
        if self.frame != frame {
            (self.frame, self.deadline) = (frame, None);
        }
        let Some(old) = &self.key else {
            self.free = (0..TILES * TILES).rev().collect();
            self.key = Some(key);
            return;
        };
        if old.is(&key) {
            return;
        }
        if !old.explanation.ptr_eq(&key.explanation) {
            self.photo = None;
        }
        if !old.has_same_maps(&key) {
            self.shared = None;
        }
        if old.smooth != key.smooth {
            self.atlas = None;
        }
        self.tiles.clear();
        self.among_siblings.clear();
        self.free = (0..TILES * TILES).rev().collect();
        self.key = Some(key);
    }

    /// The place of a map in the texture; made now if there is time.
    fn tile(&mut self, ctx: &Context, source: MapSource<'_>, target: CamTarget) -> Option<usize> {
        if let Some(tile) = self.tiles.get_mut(&target) {
            tile.last_seen = self.frame;
            return tile.place;
        }
        let deadline = *self.deadline.get_or_insert_with(|| Instant::now() + BUDGET);
        if Instant::now() > deadline {
            ctx.request_repaint();
            return None;
        }
        let image = self.image(source, target);
        let place = match image {
            None => None,
            Some(image) => {
                let place = self.free.pop().or_else(|| self.vacate())?;
                self.upload(ctx, place, image, source.options.smooth);
                Some(place)
            }
        };
        self.tiles.insert(target, Tile { place, last_seen: self.frame });
        place
    }

    /// The place of the map that was not seen for the longest time; `None` if all are in view.
    fn vacate(&mut self) -> Option<usize> {
        let old = self.tiles.iter().filter(|(_, tile)| tile.last_seen < self.frame);
        let old = old.filter_map(|(&target, tile)| Some((tile.last_seen, target, tile.place?)));
        let (_, target, place) = old.min_by_key(|&(last_seen, ..)| last_seen)?;
        self.tiles.remove(&target);
        Some(place)
    }

    fn upload(&mut self, ctx: &Context, place: usize, image: ColorImage, smooth: bool) {
        let filter = if smooth { TextureFilter::Linear } else { TextureFilter::Nearest };
        let options = TextureOptions { magnification: filter, ..TextureOptions::LINEAR };
        let atlas = self.atlas.get_or_insert_with(|| {
            let empty = ColorImage::filled([TILES * TILE; 2], Color32::TRANSPARENT);
            ctx.load_texture("small maps", empty, options)
        });
        atlas.set_partial([place % TILES * TILE, place / TILES * TILE], image, options);
    }

    /// The largest magnitude in the maps of a node and its siblings, in logits: the scale of the
    /// small maps of a tree. On that of all decisions, those far down would all look alike. `None` for
    /// maps of classes.
    pub fn among_siblings(&mut self, source: MapSource<'_>, target: CamTarget) -> Option<f32> {
        let explanation = source.explanation;
        let most = |target: CamTarget| {
            let [lo, hi] = explanation.quick_cam(target)?.range();
            Some(hi.max(-lo))
        };
        let (node, rule) = match target {
            CamTarget::Class(_) | CamTarget::Difference(..) => return None,
            CamTarget::Against(..) => return most(target),
            CamTarget::Node(node, rule) | CamTarget::Decision(node, rule) => (node, rule),
        };
        let of = |node| match target.is_comparison() {
            true => CamTarget::Decision(node, rule),
            false => CamTarget::Node(node, rule),
        };
        let hierarchy = &explanation.model.tree().ok()?.hierarchy;
        let parent = hierarchy.nodes().get(node)?.parent?;
        let children = &hierarchy.node(parent).children;
        if children.len() > MOST_SIBLINGS {
            return None;
        }
        let key = (parent, target.is_comparison());
        let largest = || children.iter().filter_map(|&child| most(of(child))).fold(0.0, f32::max);
        Some(*self.among_siblings.entry(key).or_insert_with(largest))
    }

    /// The colours of a map; `None` if there is none, or nothing to be seen on it.
    fn image(&mut self, source: MapSource<'_>, target: CamTarget) -> Option<ColorImage> {
        let MapSource { explanation, options, decisions } = source;
        let cam = explanation.quick_cam(target)?;
        if cam.data.is_empty() || matches!(Finding::of(&cam), Finding::Constant(_)) {
            return None;
        }
        let range = match self.among_siblings(source, target) {
            Some(most) => {
                color_range(&cam, options.colormap_of(target), ScaleMode::SharedOverClasses, || {
                    [-most, most]
                })
            }
            None => {
                let shared = || SharedRange::of(explanation, decisions);
                options.range_of(target, &cam, || *self.shared.get_or_insert_with(shared))
            }
        };
        let map = if options.smooth { cam.upsampled(TILE, TILE) } else { enlarged(&cam, TILE) };
        Some(colored(&map, range, options.colormap_of(target), false))
    }
}

impl fmt::Debug for MapTiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MapTiles").field("tiles", &self.tiles.len()).finish_non_exhaustive()
    }
}

/// Where a tile is in the texture, without the half texel at its edge that filtering would mix with
/// its neighbours.
fn uv(place: usize) -> Rect {
    let side = (TILES * TILE) as f32;
    let corner = pos2((place % TILES * TILE) as f32, (place / TILES * TILE) as f32);
    let tile = Rect::from_min_size(corner, vec2(TILE as f32, TILE as f32)).shrink(0.5);
    Rect::from_min_max(
        pos2(tile.min.x / side, tile.min.y / side),
        pos2(tile.max.x / side, tile.max.y / side),
    )
}

/// The cells as they are, `[side, side]`.
fn enlarged(cam: &Cam, side: usize) -> Cam {
    let cell = |i: usize, cells: usize| i * cells / side;
    let value = |i: usize| {
        let (row, column) = (cell(i / side, cam.height), cell(i % side, cam.width));
        cam.data[row * cam.width + column]
    };
    Cam { height: side, width: side, data: (0..side * side).map(value).collect() }
}

/// A square part of the photo, `[side, side]`; black beyond its edges. Each texel is the mean of a
/// few pixels, so that it takes no longer for a large photo.
fn thumbnail(photo: &Photo, part: Rect, side: usize) -> ColorImage {
    const TAPS: usize = 4;
    let fine = side * TAPS;
    let pixel = |x: usize, y: usize| {
        let at = |from: f32, length: f32, i: usize| from + (i as f32 + 0.5) / fine as f32 * length;
        let (x, y) = (at(part.left(), part.width(), x), at(part.top(), part.height(), y));
        let inside = x >= 0.0 && y >= 0.0;
        photo.rgb.get_pixel_checked(x as u32, y as u32).filter(|_| inside).map_or([0; 3], |p| p.0)
    };
    let texel = |i: usize| {
        let mut sum = [0_usize; 3];
        for tap in 0..TAPS * TAPS {
            let (x, y) = (i % side * TAPS + tap % TAPS, i / side * TAPS + tap / TAPS);
            for (sum, level) in sum.iter_mut().zip(pixel(x, y)) {
                *sum += usize::from(level);
            }
        }
        let [r, g, b] = sum.map(|sum| (sum / (TAPS * TAPS)) as u8);
        Color32::from_rgb(r, g, b)
    };
    ColorImage::new([side, side], (0..side * side).map(texel).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_stay_as_they_are() {
        let cam = Cam { height: 2, width: 3, data: vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0] };
        let large = enlarged(&cam, 6);
        assert_eq!(large.data[..6], [0.0, 0.0, 1.0, 1.0, 2.0, 2.0]);
        assert_eq!(large.data[18..24], [3.0, 3.0, 4.0, 4.0, 5.0, 5.0]);
    }

    #[test]
    fn the_photo_is_cut_where_the_network_saw_it() {
        let color = |x: u32, _| image::Rgb(if x < 40 { [200, 0, 0] } else { [0, 100, 0] });
        let rgb = image::RgbImage::from_fn(80, 20, color);
        let photo = Photo { name: "test".into(), rgb };
        let part = Rect::from_min_max(pos2(30.0, 0.0), pos2(50.0, 20.0));
        let image = thumbnail(&photo, part, 8);
        assert_eq!(image.pixels[0], Color32::from_rgb(200, 0, 0));
        assert_eq!(image.pixels[7], Color32::from_rgb(0, 100, 0));
        let beyond = Rect::from_min_max(pos2(-20.0, 0.0), pos2(20.0, 40.0));
        assert_eq!(thumbnail(&photo, beyond, 8).pixels[0], Color32::BLACK);
    }
}
