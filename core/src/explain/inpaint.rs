//! Guessing missing pixels from the known ones around them.
//!
//! Every missing pixel is the weighted mean of its eight neighbours, direct ones counted twice as
//! much as diagonal ones (the imputation of "ROAD", Rong et al. 2022, section 4.2): a linear system,
//! symmetric and positive, solved by conjugate gradients (Hestenes and Stiefel 1952).

use rayon::prelude::*;

/// Row and column of each neighbour, and its weight.
const NEIGHBOURS: [(i64, i64, f32); 8] = [
    (-1, 0, 1.0 / 6.0),
    (1, 0, 1.0 / 6.0),
    (0, -1, 1.0 / 6.0),
    (0, 1, 1.0 / 6.0),
    (-1, -1, 1.0 / 12.0),
    (-1, 1, 1.0 / 12.0),
    (1, -1, 1.0 / 12.0),
    (1, 1, 1.0 / 12.0),
];

/// The residual at which the solution counts as found, as a share of the first one: far below the
/// 1/255 that a picture has for a step.
const PRECISION: f64 = 1e-5;

/// Enough for holes of hundreds of pixels; a solution that is not quite found is still a smooth one.
const MOST_ROUNDS: usize = 1000;

/// The planes of `chw`, `[.., side, side]`, with the `missing` pixels guessed. A picture without any
/// known pixel stays as it is.
pub fn inpaint(chw: &[f32], side: usize, missing: &[bool]) -> Vec<f32> {
    let mut filled = chw.to_vec();
    if missing.iter().all(|&missing| missing) {
        return filled;
    }
    let system = System::new(side, missing);
    filled.par_chunks_exact_mut((side * side).max(1)).for_each(|plane| system.solve(plane));
    filled
}

/// Which missing pixel draws on which other ones.
struct System {
    /// The missing pixels.
    pixels: Vec<usize>,
    /// For each: the sum of the weights of its neighbours.
    diagonal: Vec<f32>,
    /// For each: neighbours that are missing too, by their index in `pixels`; the known ones, by
    /// pixel.
    links: Vec<Vec<(usize, f32)>>,
    known: Vec<Vec<(usize, f32)>>,
}

impl System {
    fn new(side: usize, missing: &[bool]) -> Self {
        let pixels: Vec<usize> = (0..missing.len()).filter(|&pixel| missing[pixel]).collect();
        let mut index = vec![usize::MAX; missing.len()];
        pixels.iter().enumerate().for_each(|(i, &pixel)| index[pixel] = i);
        let mut system =
            Self { diagonal: Vec::new(), links: Vec::new(), known: Vec::new(), pixels: Vec::new() };
        for &pixel in &pixels {
            let (y, x) = ((pixel / side) as i64, (pixel % side) as i64);
            let (mut links, mut known, mut sum) = (Vec::new(), Vec::new(), 0.0);
            for (dy, dx, weight) in NEIGHBOURS {
                let inside = 0..side as i64;
                if !inside.contains(&(y + dy)) || !inside.contains(&(x + dx)) {
                    continue;
                }
                let neighbour = (y + dy) as usize * side + (x + dx) as usize;
                sum += weight;
                match index[neighbour] {
                    usize::MAX => known.push((neighbour, weight)),
                    other => links.push((other, weight)),
                }
            }
            system.diagonal.push(sum);
            system.links.push(links);
            system.known.push(known);
        }
        Self { pixels, ..system }
    }

    /// Diagonal times `x` less the missing neighbours.
    fn apply(&self, x: &[f64]) -> Vec<f64> {
        let row = |(i, links): (usize, &Vec<(usize, f32)>)| {
            let others = links.iter().map(|&(j, weight)| f64::from(weight) * x[j]);
            f64::from(self.diagonal[i]) * x[i] - others.sum::<f64>()
        };
        self.links.iter().enumerate().map(row).collect()
    }

    fn solve(&self, plane: &mut [f32]) {
        let known = |links: &Vec<(usize, f32)>| {
            links.iter().map(|&(pixel, w)| f64::from(w) * f64::from(plane[pixel])).sum::<f64>()
        };
        let right: Vec<f64> = self.known.iter().map(known).collect();
        let mut x = vec![0.0; right.len()];
        let mut residual = right;
        let mut direction = residual.clone();
        let mut size = dot(&residual, &residual);
        let enough = size * PRECISION * PRECISION;
        for _ in 0..MOST_ROUNDS {
            if size <= enough || size == 0.0 {
                break;
            }
            let image = self.apply(&direction);
            let step = size / dot(&direction, &image);
            x.iter_mut().zip(&direction).for_each(|(x, d)| *x += step * d);
            residual.iter_mut().zip(&image).for_each(|(r, a)| *r -= step * a);
            let next = dot(&residual, &residual);
            let keep = next / size;
            direction.iter_mut().zip(&residual).for_each(|(d, r)| *d = r + keep * *d);
            size = next;
        }
        for (&pixel, value) in self.pixels.iter().zip(x) {
            plane[pixel] = value as f32;
        }
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
