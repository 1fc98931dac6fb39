//! The caption as an SVG file: its words stay words.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use image::{ImageFormat, RgbImage};

use super::{Anchor, Caption, INK, Layout, PAPER};
use crate::tree_svg::escape;

/// Colours that the gradient is made of.
const STOPS: usize = 32;

pub fn write(picture: &RgbImage, layout: &Layout, caption: &Caption) -> anyhow::Result<String> {
    let mut png = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut png, ImageFormat::Png)?;
    let png = BASE64_STANDARD.encode(png.into_inner());
    let Layout { size: [width, height], left: picture_left, bar, hair, .. } = layout;
    let [left, top, right, bottom] = bar;
    let (paper, ink) = (hex(PAPER), hex(INK));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"Ubuntu, sans-serif\">\n\
         <title>{}</title>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"{paper}\"/>\n\
         <image x=\"{picture_left}\" y=\"0\" width=\"{}\" height=\"{}\" \
         href=\"data:image/png;base64,{png}\"/>\n\
         <linearGradient id=\"scale\">\n",
        escape(&caption.title),
        picture.width(),
        picture.height(),
    );
    for i in 0..=STOPS {
        let t = i as f32 / STOPS as f32;
        let color = hex(caption.color(t));
        writeln!(svg, "<stop offset=\"{t:.4}\" stop-color=\"{color}\"/>")?;
    }
    writeln!(
        svg,
        "</linearGradient>\n<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{:.1}\" \
         fill=\"url(#scale)\" stroke=\"{ink}\" stroke-width=\"{hair:.1}\"/>",
        right - left,
        bottom - top,
    )?;
    for [x, top, bottom] in &layout.ticks {
        writeln!(
            svg,
            "<path d=\"M{x:.1} {top:.1}V{bottom:.1}\" stroke=\"{ink}\" stroke-width=\"{hair:.1}\"/>"
        )?;
    }
    for text in &layout.texts {
        let anchor = match text.anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" font-size=\"{:.1}\" text-anchor=\"{anchor}\" \
             fill=\"{}\">{}</text>",
            text.at[0],
            text.at[1],
            text.size,
            hex(text.color),
            escape(&text.text)
        )?;
    }
    svg += "</svg>\n";
    Ok(svg)
}

fn hex([r, g, b]: [u8; 3]) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}
