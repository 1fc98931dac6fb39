//! Contour lines: where a smooth map passes a value.

use super::cam::{Cam, Tap};

/// A straight piece of a line, from one point to the other; each is `[x, y]` in units of the map,
/// 0 to 1 from its left or upper edge to the opposite one.
pub type Segment = [[f32; 2]; 2];

/// Samples along each side of a cell; the lines are straight between them.
const PER_CELL: usize = 8;
/// Samples along a side of the map at most: more of them cannot be seen.
const MOST: usize = 160;

/// The lines along which the smooth map ([`Cam::upsampled`]) has the value `level`, by marching
/// squares (Lorensen and Cline 1987, in two dimensions). Larger values are on the left of a piece
/// when one looks from its first point to its second. Squares with a NaN have no line.
pub fn contour(cam: &Cam, level: f32) -> Vec<Segment> {
    if cam.data.is_empty() || !level.is_finite() {
        return Vec::new();
    }
    let [rows, columns] = [cam.height, cam.width].map(|cells| (cells * PER_CELL).min(MOST));
    let taps: Vec<Tap> =
        (0..=columns).map(|x| Tap::at(x as f64 / columns as f64, cam.width)).collect();
    let mut cells = vec![0.0; cam.width];
    let mut sample = |y: usize| -> Vec<f32> {
        cam.blend_rows(Tap::at(y as f64 / rows as f64, cam.height), &mut cells);
        taps.iter().map(|tap| tap.mix(&cells) - level).collect()
    };
    let mut segments = Vec::new();
    let mut upper = sample(0);
    for y in 0..rows {
        let lower = sample(y + 1);
        for x in 0..columns {
            let corners = [upper[x], upper[x + 1], lower[x + 1], lower[x]];
            let place = |[across, down]: [f32; 2]| {
                [(x as f32 + across) / columns as f32, (y as f32 + down) / rows as f32]
            };
            segments.extend(square(corners).into_iter().flatten().map(|ends| ends.map(place)));
        }
        upper = lower;
    }
    segments
}

/// The line of value 0 in a unit square; corners are clockwise from the upper left one.
fn square(corners: [f32; 4]) -> [Option<Segment>; 2] {
    const PLACES: [[f32; 2]; 4] = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]];
    if corners.iter().any(|value| !value.is_finite()) {
        return [None; 2];
    }
    let above = corners.map(|value| value > 0.0);
    // Where the edge that starts at a corner, clockwise, is crossed; values rise or fall along it.
    let crossing = |from: usize| {
        let to = (from + 1) % 4;
        let t = corners[from] / (corners[from] - corners[to]);
        let ([ax, ay], [bx, by]) = (PLACES[from], PLACES[to]);
        [ax + (bx - ax) * t, ay + (by - ay) * t]
    };
    let edges = |wanted: bool| {
        (0..4).filter(move |&edge| above[edge] != wanted && above[(edge + 1) % 4] == wanted)
    };
    let (rising, falling): (Vec<usize>, Vec<usize>) =
        (edges(true).collect(), edges(false).collect());
    match (&rising[..], &falling[..]) {
        (&[rise], &[fall]) => [Some([crossing(rise), crossing(fall)]), None],
        (&[a, b], _) => {
            // A saddle: its middle tells which pair of corners belongs together.
            let middle = corners.iter().sum::<f32>() > 0.0;
            let step = if middle { 3 } else { 1 };
            [a, b].map(|rise| Some([crossing(rise), crossing((rise + step) % 4)]))
        }
        _ => [None; 2],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cam(height: usize, width: usize, value: impl Fn(f32, f32) -> f32) -> Cam {
        let place = |i: usize, cells: usize| (i as f32 + 0.5) / cells as f32;
        let data = (0..height * width)
            .map(|i| value(place(i % width, width), place(i / width, height)))
            .collect();
        Cam { height, width, data }
    }

    #[test]
    fn a_slope_has_one_straight_line() {
        let lines = contour(&cam(5, 10, |x, _| x), 0.4);
        // Between the centres of cells, interpolation is exact up to the rounding of 32 bits.
        assert!(lines.iter().flatten().all(|[x, _]| (x - 0.4).abs() < 1e-5), "{lines:?}");
        let length: f32 = lines.iter().map(|[a, b]| (a[1] - b[1]).abs()).sum();
        assert!((length - 1.0).abs() < 1e-5, "from the upper edge to the lower one: {length}");
        // Larger values are on the left, seen from the first point to the second.
        assert!(lines.iter().all(|[a, b]| a[1] < b[1]));
    }

    #[test]
    fn a_peak_is_enclosed() {
        let lines = contour(&cam(9, 9, |x, y| -(x - 0.5).hypot(y - 0.5)), -0.25);
        // Each end is another piece's start: the line is closed.
        let key = |[x, y]: [f32; 2]| ((x * 1e4).round() as i32, (y * 1e4).round() as i32);
        let mut starts: Vec<_> = lines.iter().map(|line| key(line[0])).collect();
        let mut ends: Vec<_> = lines.iter().map(|line| key(line[1])).collect();
        starts.sort_unstable();
        ends.sort_unstable();
        assert!(!starts.is_empty());
        assert_eq!(starts, ends);
        // A cone from nine cells a side is flattened a little between their centres.
        let off = |[x, y]: [f32; 2]| ((x - 0.5).hypot(y - 0.5) - 0.25).abs();
        assert!(lines.iter().flatten().all(|&point| off(point) < 0.01));
    }

    #[test]
    fn saddles_do_not_cross() {
        for sign in [1.0, -1.0] {
            let lines = square([sign, -sign * 0.5, sign, -sign * 0.5]);
            let [Some(a), Some(b)] = lines else { panic!("two pieces: {lines:?}") };
            // The larger corners, or the smaller ones, are joined: no piece goes through the middle.
            let passes = |[[ax, ay], [bx, by]]: Segment| {
                ((ax + bx) / 2.0 - 0.5).hypot((ay + by) / 2.0 - 0.5) < 0.1
            };
            assert!(!passes(a) && !passes(b));
        }
    }

    #[test]
    fn odd_maps_have_no_lines() {
        assert!(contour(&Cam { height: 0, width: 0, data: Vec::new() }, 0.0).is_empty());
        assert!(contour(&cam(3, 3, |_, _| f32::NAN), 0.0).is_empty());
        assert!(contour(&cam(3, 3, |_, _| 1.0), 1.0).is_empty());
        assert!(contour(&cam(3, 3, |x, _| x), f32::NAN).is_empty());
        let one = Cam { height: 1, width: 1, data: vec![2.0] };
        assert!(contour(&one, 1.0).is_empty());
    }
}
