//! Colours, heatmaps and overlays.

use std::collections::HashMap;

use glasstree::explain::{
    Cam, Colormap, NAN_COLOR, Paint, Scale, Variant, blend, heatmap, overlay, tutorial_heatmap,
    tutorial_rgb,
};
use glasstree::preprocess::RectTransform;
use image::{Rgb, RgbImage};

use super::cam::Case;
use super::{golden_json, golden_png};

fn levels(a: &RgbImage, b: &RgbImage) -> Vec<u8> {
    assert_eq!(a.dimensions(), b.dimensions());
    a.iter().zip(b.iter()).map(|(a, b)| a.abs_diff(*b)).collect()
}

#[test]
fn jet_is_matplotlibs() {
    let tables: HashMap<String, Vec<[u8; 3]>> = golden_json("cam/colormaps.json");
    let pairs = tables["jet"].iter().zip(&tables["tutorial"]);
    assert_eq!(pairs.len(), 256);
    for (i, (&jet, &tutorial)) in pairs.enumerate() {
        for t in [i as f32 / 256.0, (i as f32 + 0.99) / 256.0] {
            assert_eq!(Colormap::Jet.rgb(t), jet, "jet {i}");
            assert_eq!(tutorial_rgb(t), tutorial, "tutorial {i}");
        }
    }
}

#[test]
fn colours_of_odd_values() {
    for map in [Colormap::Jet, Colormap::Turbo, Colormap::Viridis, Colormap::Diverging] {
        let table = map.table();
        assert_eq!(map.rgb(1.0), table[255]);
        assert_eq!(map.rgb(f32::INFINITY), table[255]);
        assert_eq!(map.rgb(-3.0), table[0]);
        assert_eq!(map.rgb(f32::NEG_INFINITY), table[0]);
        assert_eq!(map.rgb(f32::NAN), NAN_COLOR);
        assert_eq!(map.to_string().to_uppercase().parse(), Ok(map));
    }
    assert_eq!(tutorial_rgb(f32::NAN), [0, 0, 0]);
    assert!("magenta".parse::<Colormap>().is_err());
}

/// The end colours of matplotlib's viridis and inferno. Two levels are allowed, because the same
/// table is rounded or truncated to 8 bits by different programs.
#[test]
fn known_colours() {
    for (map, first, last) in [
        (Colormap::Viridis, [68, 1, 84], [253, 231, 37]),
        (Colormap::Inferno, [0, 0, 4], [252, 255, 164]),
    ] {
        for (ours, known) in [(map.rgb(0.0), first), (map.rgb(1.0), last)] {
            assert!(ours.iter().zip(known).all(|(&a, b)| a.abs_diff(b) <= 2), "{map} {ours:?}");
        }
    }
}

#[test]
fn the_diverging_map_is_symmetric_and_loud_at_its_ends() {
    let table = Colormap::Diverging.table();
    assert!(Colormap::Diverging.is_signed() && !Colormap::Jet.is_signed());
    let luminance = |[r, g, b]: [u8; 3]| {
        0.2126 * f64::from(r).powf(2.2)
            + 0.7152 * f64::from(g).powf(2.2)
            + 0.0722 * f64::from(b).powf(2.2)
    };
    for i in 0..128 {
        let (against, support) = (table[i], table[255 - i]);
        let ratio = luminance(against) / luminance(support);
        // OKLab lightness is not exactly luminance: saturated blue and red differ by a quarter.
        assert!((0.7..1.4).contains(&ratio), "{i}: {against:?} {support:?} {ratio}");
        assert!(luminance(table[i]) < luminance(table[i + 1]) + 1.0, "{i}: not rising");
    }
    let [r, g, b] = table[127];
    assert!(r.abs_diff(g) <= 4 && g.abs_diff(b) <= 4, "the middle is grey: {r} {g} {b}");
    assert!(table[0][2] > table[0][0] + 100 && table[255][0] > table[255][2] + 100);
}

#[test]
fn tutorial_pictures_equal_the_tutorials() {
    for case in Case::all() {
        let picture = |kind: &str| golden_png(&format!("cam/{}.{kind}.png", case.name));
        let cam = case.raw(Variant::Tutorial, case.class);
        assert_eq!(tutorial_heatmap(&cam, 7, 7), picture("tutorial_heatmap_7x7"), "{}", case.name);
        let large = Variant::Tutorial.heatmap(&cam, 224, 224, &Paint::default());
        assert_eq!(large, picture("tutorial_heatmap"), "{}", case.name);
        let both = blend(&picture("raw224"), &large, 0.5);
        assert_eq!(both, picture("tutorial_combined"), "{}", case.name);
    }
}

#[test]
fn paper_pictures_equal_the_reference() {
    for case in Case::all() {
        let picture = |kind: &str| golden_png(&format!("cam/{}.{kind}.png", case.name));
        let cam = case.raw(Variant::Paper, case.class);
        let large = Variant::Paper.heatmap(&cam, 224, 224, &Paint::default());
        let both = blend(&picture("raw224"), &large, 0.5);
        for (ours, kind) in [(&large, "paper_heatmap"), (&both, "paper_combined")] {
            let off = levels(ours, &picture(kind));
            // A value within 1e-6 of the edge between two of 256 colours may fall on either side;
            // neighbouring colours of jet are at most 5 levels apart.
            assert!(off.iter().all(|&d| d <= 5), "{} {kind}", case.name);
            let flipped = off.iter().filter(|&&d| d > 1).count();
            assert!(flipped * 1000 <= off.len(), "{} {kind}: {flipped} levels", case.name);
        }
    }
}

#[test]
fn a_constant_map_is_black_for_the_tutorial_and_cold_otherwise() {
    let cam = Cam { height: 7, width: 7, data: vec![3.0; 49] };
    assert!(tutorial_heatmap(&cam, 20, 20).iter().all(|&level| level == 0));
    let cold = Colormap::Jet.rgb(0.0);
    assert!(heatmap(&cam, 20, 20, &Paint::default()).pixels().all(|p| p.0 == cold));
}

#[test]
fn scales_choose_the_range() {
    let cam = Cam { height: 1, width: 3, data: vec![-1.0, 0.5, 3.0] };
    assert_eq!(Scale::PerMap.range(&cam), [-1.0, 3.0]);
    assert_eq!(Scale::Symmetric.range(&cam), [-3.0, 3.0]);
    assert_eq!(Scale::Shared([0.0, 9.0]).range(&cam), [0.0, 9.0]);
    assert_eq!(Scale::for_colormap(Colormap::Diverging), Scale::Symmetric);
    assert_eq!(Scale::for_colormap(Colormap::Turbo), Scale::PerMap);
    let zero = Cam { height: 1, width: 1, data: vec![0.0] };
    let colormap = Colormap::Diverging;
    let paint = Paint { colormap, scale: Scale::Symmetric, ..Paint::default() };
    assert_eq!(heatmap(&zero, 1, 1, &paint).get_pixel(0, 0).0, colormap.rgb(0.5));
}

/// A photo of 50 x 20 pixels in which the network saw the square from x = 15 to 35.
#[test]
fn an_overlay_paints_the_crop_alone() {
    let photo = RgbImage::from_fn(50, 20, |x, y| Rgb([x as u8, y as u8, 99]));
    let cam = Cam { height: 2, width: 2, data: vec![0.0, 1.0, 1.0, 0.0] };
    let photo_from_input = RectTransform { scale: [2.5, 2.5], offset: [15.0, 0.0] };
    let opaque = Paint { alpha: 1.0, smooth: false, ..Paint::default() };
    let painted = overlay(&photo, &cam, photo_from_input, 8, &opaque);
    for (x, y, pixel) in painted.enumerate_pixels() {
        let hot = (x < 25) != (y < 10);
        let expected = match x {
            15..35 => Colormap::Jet.rgb(if hot { 1.0 } else { 0.0 }),
            _ => photo.get_pixel(x, y).0,
        };
        assert_eq!(pixel.0, expected, "{x} {y}");
    }
    // Fading: zero lets the photo through, the two sides cover it.
    let signed = Cam { height: 1, width: 3, data: vec![-2.0, 0.0, 2.0] };
    let (colormap, scale) = (Colormap::Diverging, Scale::Symmetric);
    let fading = Paint { colormap, scale, fades: true, ..opaque };
    let painted = overlay(&photo, &signed, photo_from_input, 8, &fading);
    assert_eq!(painted.get_pixel(16, 3).0, colormap.rgb(0.0));
    assert_eq!(painted.get_pixel(25, 3), photo.get_pixel(25, 3));
    assert_eq!(painted.get_pixel(34, 3).0, colormap.rgb(1.0));
    let invisible = Paint { alpha: 0.0, ..opaque };
    assert_eq!(overlay(&photo, &cam, photo_from_input, 8, &invisible), photo);
}

#[test]
fn contours_are_drawn_where_the_map_passes_their_levels() {
    let photo = RgbImage::from_pixel(200, 200, Rgb([90, 90, 90]));
    let cam = Cam { height: 1, width: 2, data: vec![0.0, 1.0] };
    let photo_from_input = RectTransform { scale: [1.0; 2], offset: [0.0; 2] };
    let plain = Paint { colormap: Colormap::Turbo, fades: true, ..Paint::default() };
    let without = overlay(&photo, &cam, photo_from_input, 200, &plain);
    let with = overlay(&photo, &cam, photo_from_input, 200, &Paint { contours: true, ..plain });
    // The map rises from 0 at x = 50 to 1 at x = 150: its levels are at 100 and 125.
    for (x, y, pixel) in with.enumerate_pixels() {
        let near = [100.0, 125.0].iter().any(|line| (x as f32 + 0.5 - line).abs() < 2.0);
        let changed = pixel != without.get_pixel(x, y);
        assert!(near || !changed, "{x} {y}");
        if x == 100 || x == 125 {
            assert!(pixel.0.iter().all(|&level| level > 200), "a light line: {x} {y} {pixel:?}");
        }
    }
}

#[test]
fn an_overlay_on_the_crop_itself_is_the_blended_heatmap() {
    let [case, _] = Case::all();
    let crop = golden_png("cam/chelsea.raw224.png");
    let cam = case.raw(Variant::Paper, case.class);
    let photo_from_input = RectTransform { scale: [1.0; 2], offset: [0.0; 2] };
    for alpha in [0.0, 0.3, 0.5, 1.0] {
        let paint = Paint { alpha, ..Paint::default() };
        let blended = blend(&crop, &heatmap(&cam, 224, 224, &paint), alpha);
        assert_eq!(overlay(&crop, &cam, photo_from_input, 224, &paint), blended);
    }
}

#[test]
fn odd_rectangles_leave_the_photo_alone() {
    let photo = RgbImage::from_pixel(9, 9, Rgb([1, 2, 3]));
    let cam = Cam { height: 1, width: 1, data: vec![1.0] };
    for (scale, offset) in [
        ([0.0; 2], [4.0; 2]),
        ([-1.0; 2], [8.0; 2]),
        ([f64::NAN; 2], [0.0; 2]),
        ([1.0; 2], [9.0, 0.0]),
        ([1.0; 2], [-1e300; 2]),
        ([1.0; 2], [f64::INFINITY; 2]),
    ] {
        let transform = RectTransform { scale, offset };
        assert_eq!(overlay(&photo, &cam, transform, 5, &Paint::default()), photo);
    }
    let empty = Cam { height: 0, width: 0, data: Vec::new() };
    let whole = RectTransform { scale: [9.0; 2], offset: [0.0; 2] };
    assert_eq!(overlay(&photo, &empty, whole, 1, &Paint::default()), photo);
}

#[test]
fn a_rectangle_that_sticks_out_is_cut() {
    let photo = RgbImage::new(10, 10);
    let cam = Cam { height: 1, width: 1, data: vec![1.0] };
    let transform = RectTransform { scale: [3.0; 2], offset: [-10.0; 2] };
    let paint = Paint { alpha: 1.0, ..Paint::default() };
    let painted = overlay(&photo, &cam, transform, 5, &paint);
    let count = painted.pixels().filter(|p| p.0 != [0; 3]).count();
    assert_eq!(count, 25, "pixels with their centre inside of -10..5");
}
