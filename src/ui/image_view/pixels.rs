//! The photo on the graphics card: only what can be seen, only as fine as it can be seen.
//!
//! Halving the photo again and again gives *levels*; each is cut into tiles that become textures
//! when they come into view. So photos larger than any texture work, and a frame never waits: the
//! levels of a large photo are made on a thread of their own, tiles within a few milliseconds for
//! each frame, and a coarse preview shows meanwhile.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, Instant};

use eframe::egui::{
    Color32, ColorImage, Context, Painter, Pos2, Rect, TextureFilter, TextureHandle,
    TextureOptions, pos2,
};
use image::RgbImage;

use super::transform::{ScreenFromPhoto, size_of};
use crate::photo::Photo;

/// Side of a tile without its border, in pixels of its level.
const TILE: u32 = 512;
/// The coarsest level has no side longer than this.
const COARSEST: u32 = 512;
/// Longest side of the preview.
const PREVIEW: u32 = 256;
/// Photos up to this many pixels are halved on the spot, in a millisecond or two.
const SMALL: u64 = 1 << 20;
/// How long a frame may cut tiles.
const BUDGET: Duration = Duration::from_millis(3);
/// Tiles out of sight that are kept for coming back.
const SPARE_TILES: usize = 48;
/// More tiles in sight than any screen needs: only a photo whose levels could not be made has them.
const MOST_TILES: usize = 320;
/// From this many screen pixels on, a photo pixel is shown as a square.
const CRISP: f32 = 4.0;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct TileKey {
    level: u32,
    column: u32,
    row: u32,
    crisp: bool,
}

struct Tile {
    texture: TextureHandle,
    /// The whole texture with its border, in pixels of its level.
    texels: Rect,
    last_seen: u64,
}

/// The levels from 1 on, once they are made; level 0 is the photo itself.
type Levels = Arc<OnceLock<Vec<RgbImage>>>;

/// The textures of one photo.
pub struct PhotoPixels {
    photo: Weak<Photo>,
    levels: Levels,
    preview: TextureHandle,
    tiles: HashMap<TileKey, Tile>,
    frame: u64,
    /// Whether everything in sight was as fine as it should be.
    pub sharp: bool,
}

impl PhotoPixels {
    pub fn new(ctx: &Context, photo: &Arc<Photo>) -> Self {
        let preview =
            ctx.load_texture("photo preview", preview(&photo.rgb), TextureOptions::LINEAR);
        Self {
            photo: Arc::downgrade(photo),
            levels: start_halving(photo, ctx),
            preview,
            tiles: HashMap::new(),
            frame: 0,
            sharp: false,
        }
    }

    pub fn is_of(&self, photo: &Arc<Photo>) -> bool {
        std::ptr::eq(self.photo.as_ptr(), Arc::as_ptr(photo))
    }

    /// Paints what lies in the painter's clip rectangle, cutting the tiles that are missing.
    pub fn paint(&mut self, painter: &Painter, photo: &Arc<Photo>, to_screen: ScreenFromPhoto) {
        self.frame += 1;
        let ctx = painter.ctx().clone();
        let size = size_of(photo.rgb.dimensions().into());
        let whole = Rect::from_min_size(Pos2::ZERO, size);
        let zoom = to_screen.scale * painter.pixels_per_point();
        let max_side = ctx.input(|input| input.max_texture_side) as u32;
        let side = TILE.min(max_side.saturating_sub(2)).max(1);

        let finer_levels = self.levels.get();
        let most = finer_levels.map_or(0, Vec::len) as u32;
        let wanted = level_for(zoom);
        let level = wanted.min(most);
        // While the levels are made, a level that is too fine would be too much.
        let is_ready = finer_levels.is_some() || wanted == 0;
        let source = match level.checked_sub(1) {
            None => &photo.rgb,
            Some(i) => finer_levels.and_then(|levels| levels.get(i as usize)).unwrap_or(&photo.rgb),
        };
        let visible = Rect::from_min_max(
            to_screen.inverse(painter.clip_rect().min),
            to_screen.inverse(painter.clip_rect().max),
        )
        .intersect(whole);
        let step = (1_u32 << level) as f32;
        let mut keys = Vec::new();
        if is_ready && visible.is_positive() {
            keys = keys_in(visible, step, side, level, zoom >= CRISP);
        }
        if keys.len() > MOST_TILES {
            keys.clear();
        }

        let start = Instant::now();
        self.sharp = !keys.is_empty();
        for &key in &keys {
            if self.tiles.contains_key(&key) {
                continue;
            }
            if start.elapsed() > BUDGET {
                self.sharp = false;
                ctx.request_repaint();
                break;
            }
            let tile = cut(&ctx, source, key, side);
            self.tiles.insert(key, tile);
        }
        if !self.sharp {
            let uv = Rect::from_min_max(Pos2::ZERO, pos2(1.0, 1.0));
            painter.image(self.preview.id(), to_screen.rect(whole), uv, Color32::WHITE);
        }
        for key in keys {
            let Some(tile) = self.tiles.get_mut(&key) else { continue };
            tile.last_seen = self.frame;
            let core = core_of(key, side, source);
            let place = Rect::from_min_max((core.min.to_vec2() * step).to_pos2(), {
                // The last pixel of a level may stand for less than its full square.
                (core.max.to_vec2() * step).min(size).to_pos2()
            });
            let texel = |place: Pos2| {
                ((place.to_vec2() / step - tile.texels.min.to_vec2()) / tile.texels.size())
                    .to_pos2()
            };
            let uv = Rect::from_min_max(texel(place.min), texel(place.max));
            painter.image(tile.texture.id(), to_screen.rect(place), uv, Color32::WHITE);
        }
        self.forget_old_tiles();
    }

    fn forget_old_tiles(&mut self) {
        let spare = self.tiles.values().filter(|tile| tile.last_seen < self.frame).count();
        if spare > SPARE_TILES {
            let mut ages: Vec<u64> = self.tiles.values().map(|tile| tile.last_seen).collect();
            ages.sort_unstable();
            let oldest = ages.get(spare - SPARE_TILES).copied().unwrap_or(0).min(self.frame);
            self.tiles.retain(|_, tile| tile.last_seen >= oldest);
        }
    }
}

/// The coarsest level that still has a pixel for each screen pixel; `zoom` is in screen pixels for
/// each photo pixel.
fn level_for(zoom: f32) -> u32 {
    (1.0 / zoom).log2().floor().clamp(0.0, 16.0) as u32
}

/// The tiles of a level that touch `visible`, a rectangle of the photo.
fn keys_in(visible: Rect, step: f32, side: u32, level: u32, crisp: bool) -> Vec<TileKey> {
    let first = |place: f32| (place / step) as u32 / side;
    let last = |place: f32| (((place / step).ceil() as u32).max(1) - 1) / side;
    let rows = first(visible.min.y)..=last(visible.max.y);
    rows.flat_map(|row| {
        let columns = first(visible.min.x)..=last(visible.max.x);
        columns.map(move |column| TileKey { level, column, row, crisp })
    })
    .collect()
}

/// The tile without its border, in pixels of its level.
fn core_of(key: TileKey, side: u32, source: &RgbImage) -> Rect {
    let corner = |column: u32, row: u32| {
        let (x, y) = (column.saturating_mul(side), row.saturating_mul(side));
        pos2(x.min(source.width()) as f32, y.min(source.height()) as f32)
    };
    Rect::from_min_max(corner(key.column, key.row), corner(key.column + 1, key.row + 1))
}

/// Makes the texture of a tile, with one pixel of its neighbours around it: without them, filtering
/// would leave seams.
fn cut(ctx: &Context, source: &RgbImage, key: TileKey, side: u32) -> Tile {
    let core = core_of(key, side, source);
    let before = |edge: f32| (edge as u32).saturating_sub(1);
    let after = |edge: f32, most: u32| (edge as u32 + 1).min(most);
    let (left, top) = (before(core.min.x), before(core.min.y));
    let (right, bottom) = (after(core.max.x, source.width()), after(core.max.y, source.height()));
    let (width, height) = ((right - left) as usize, (bottom - top) as usize);

    let mut pixels = Vec::with_capacity(width * height);
    let stride = source.width() as usize * 3;
    let rows = source.as_raw().chunks_exact(stride.max(1)).skip(top as usize).take(height);
    for row in rows {
        let row = &row[left as usize * 3..][..width * 3];
        pixels.extend(row.as_chunks::<3>().0.iter().map(|&[r, g, b]| Color32::from_rgb(r, g, b)));
    }
    let magnification = if key.crisp { TextureFilter::Nearest } else { TextureFilter::Linear };
    let options = TextureOptions { magnification, ..TextureOptions::LINEAR };
    let texture = ctx.load_texture("photo tile", ColorImage::new([width, height], pixels), options);
    let min = pos2(left as f32, top as f32);
    let texels = Rect::from_min_max(min, pos2(right as f32, bottom as f32));
    Tile { texture, texels, last_seen: 0 }
}

/// Every so many pixels one: coarse, but at once.
fn preview(rgb: &RgbImage) -> ColorImage {
    let (width, height) = (rgb.width().max(1), rgb.height().max(1));
    let step = width.max(height).div_ceil(PREVIEW).max(1);
    let (columns, rows) = (width.div_ceil(step), height.div_ceil(step));
    let pixel = |column: u32, row: u32| {
        let (x, y) = (column * step + step / 2, row * step + step / 2);
        let [r, g, b] = rgb.get_pixel_checked(x.min(width - 1), y.min(height - 1))?.0;
        Some(Color32::from_rgb(r, g, b))
    };
    let pixels = (0..rows)
        .flat_map(|row| (0..columns).map(move |column| (column, row)))
        .map(|(column, row)| pixel(column, row).unwrap_or(Color32::BLACK))
        .collect();
    ColorImage::new([columns as usize, rows as usize], pixels)
}

/// Makes the levels: at once for a small photo, else on a thread that wakes the window when it is
/// done, and that gives up when nobody waits any more.
fn start_halving(photo: &Arc<Photo>, ctx: &Context) -> Levels {
    let levels = Levels::default();
    let work = {
        let (wanted, photo, ctx) = (Arc::downgrade(&levels), Arc::clone(photo), ctx.clone());
        move || {
            let made = halvings(&photo.rgb, || wanted.strong_count() > 0);
            if let Some(levels) = wanted.upgrade() {
                levels.set(made).ok();
                ctx.request_repaint();
            }
        }
    };
    let pixels = u64::from(photo.rgb.width()) * u64::from(photo.rgb.height());
    if pixels <= SMALL {
        work();
    } else if let Err(error) =
        std::thread::Builder::new().name("glasstree-photo".to_owned()).spawn(work)
    {
        log::warn!("Could not start the thread that makes the photo smaller: {error}");
        levels.set(Vec::new()).ok();
    }
    levels
}

/// The photo at half the size, a quarter, and so on.
fn halvings(photo: &RgbImage, is_wanted: impl Fn() -> bool) -> Vec<RgbImage> {
    let mut levels: Vec<RgbImage> = Vec::new();
    loop {
        let last = levels.last().unwrap_or(photo);
        if last.width().max(last.height()) <= COARSEST || !is_wanted() {
            return levels;
        }
        levels.push(halved(last));
    }
}

/// Means of 2 x 2 pixels; at an odd edge, of those that there are.
pub fn halved(source: &RgbImage) -> RgbImage {
    let (width, height) = (source.width().div_ceil(2), source.height().div_ceil(2));
    let stride = source.width() as usize * 3;
    let mut raw = Vec::with_capacity(width as usize * height as usize * 3);
    for pair in source.as_raw().chunks(2 * stride.max(1)) {
        let (upper, lower) = pair.split_at(stride.min(pair.len()));
        let lower = if lower.is_empty() { upper } else { lower };
        for (a, b) in upper.chunks(6).zip(lower.chunks(6)) {
            let next = a.len() - 3;
            for channel in 0..3 {
                let sum = |row: &[u8]| u16::from(row[channel]) + u16::from(row[next + channel]);
                raw.push(((sum(a) + sum(b) + 2) / 4) as u8);
            }
        }
    }
    RgbImage::from_raw(width, height, raw).unwrap_or_default()
}
