//! The pictures of a map, as files.

use std::path::{Path, PathBuf};

use image::RgbImage;
use serde_json::{Value, json};

use super::Out;
use crate::caption::Caption;
use crate::explain::{Cam, Paint, Variant};
use crate::explanation::Explanation;
use crate::output;
use crate::preprocess::RectTransform;
use crate::text::Shown as _;

/// The pictures of one map.
pub struct Pictures {
    /// The map alone, as large as the crop.
    pub heatmap: PathBuf,
    /// Over what the network saw.
    pub combined: PathBuf,
    /// Over the whole photo.
    pub overlay: PathBuf,
}

impl Pictures {
    pub fn to_json(&self) -> Value {
        json!({ "heatmap": self.heatmap, "combined": self.combined, "overlay": self.overlay })
    }
}

/// Writes heatmap.png, combined.png and overlay.png.
pub fn write(
    folder: &Path,
    explanation: &Explanation,
    variant: Variant,
    map: &Cam,
    paint: &Paint,
) -> anyhow::Result<Pictures> {
    let place = explanation.input.photo_from_input;
    write_at(folder, explanation, variant, [map, map], place, paint)
}

/// The same for a map that covers another part of the photo than the network saw: first that over
/// what it saw, then all of it and its place.
pub fn write_at(
    folder: &Path,
    explanation: &Explanation,
    variant: Variant,
    [seen, all]: [&Cam; 2],
    place: RectTransform,
    paint: &Paint,
) -> anyhow::Result<Pictures> {
    output::make_folder(folder)?;
    let crop = &explanation.input.crop;
    let files = Pictures {
        heatmap: folder.join("heatmap.png"),
        combined: folder.join("combined.png"),
        overlay: folder.join("overlay.png"),
    };
    let heatmap = variant.heatmap(seen, crop.width(), crop.height(), paint);
    output::write_png(&files.heatmap, &heatmap)?;
    let over = |picture, map, place| variant.overlay(picture, map, place, crop.width(), paint);
    output::write_png(&files.combined, &over(crop, seen, RectTransform::IDENTITY))?;
    let whole = over(&explanation.photo.rgb, all, place);
    output::write_png(&files.overlay, &whole)?;
    Ok(files)
}

/// A picture with a caption, in two formats.
pub struct Figure {
    pub png: PathBuf,
    pub svg: PathBuf,
}

/// Writes figure.png and figure.svg.
pub fn write_figure(
    folder: &Path,
    picture: &RgbImage,
    caption: &Caption,
) -> anyhow::Result<Figure> {
    let [png, svg] = ["figure.png", "figure.svg"].map(|name| folder.join(name));
    output::write_png(&png, &caption.picture(picture))?;
    output::write(&svg, caption.svg(picture)?.as_bytes())?;
    Ok(Figure { png, svg })
}

/// The two lines of the tutorial.
pub fn print(files: &Pictures, out: Out<'_>) -> anyhow::Result<()> {
    writeln!(out, " * Wrote heatmap to {}", files.heatmap.shown())?;
    writeln!(out, " * Wrote heatmap on image to {}", files.combined.shown())?;
    Ok(())
}
