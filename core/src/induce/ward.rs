//! Ward's agglomerative clustering, merge for merge the one of scipy
//! (`scipy.cluster.hierarchy.ward`).
//!
//! Source of the method: Müllner, "Modern hierarchical, agglomerative clustering algorithms", 2011,
//! nearest-neighbour chains. The order of the additions and the rules for ties are part of the
//! result: heads with equal or evenly spaced rows would otherwise get another tree than nbdt gives
//! them.

use super::{InduceError, MAX_CLASSES};

/// Two clusters that become one.
///
/// Rows are the clusters `0..n`; merge number `k` makes cluster `n + k`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Merge {
    /// Cluster with the smaller number.
    pub a: usize,
    /// Cluster with the larger number.
    pub b: usize,
    /// `sqrt(2 |A| |B| / (|A| + |B|))` times the distance of the two centroids; never falls from
    /// merge to merge.
    pub distance: f64,
}

/// Merges `n` rows of `d` numbers, nearest clusters first, until one is left: `n - 1` merges.
///
/// Takes about `n² d` multiplications and `4 n²` bytes. Works in `f64`.
///
/// # Errors
/// No rows or columns, `rows.len() != n * d`, a number that is not finite, more than
/// [`MAX_CLASSES`] rows.
pub fn ward(rows: &[f32], n: usize, d: usize) -> Result<Vec<Merge>, InduceError> {
    if n == 0 || d == 0 {
        return Err(InduceError::Empty { classes: n, channels: d });
    }
    if n > MAX_CLASSES {
        return Err(InduceError::TooManyClasses { classes: n });
    }
    if n.checked_mul(d) != Some(rows.len()) {
        return Err(InduceError::Shape { len: rows.len(), classes: n, channels: d });
    }
    if let Some(position) = rows.iter().position(|x| !x.is_finite()) {
        return Err(InduceError::NotFinite { class: position / d });
    }
    Ok(numbered(nearest_neighbour_chain(Distances::between(rows, n, d)), n))
}

/// Distances of all pairs of `n` clusters; one number for each pair.
struct Distances {
    n: usize,
    /// Pairs (0,1), (0,2), … (0,n-1), (1,2), …
    pairs: Vec<f64>,
}

/// Number of rows whose distances are summed up side by side: enough to fill vector registers.
const LANES: usize = 8;

impl Distances {
    /// Euclidean distances of the rows.
    ///
    /// Each sum runs over the columns in order, like scipy's, so that pairs that tie there tie
    /// here. The speed comes from summing up [`LANES`] pairs at a time.
    fn between(rows: &[f32], n: usize, d: usize) -> Distances {
        let mut distances = Distances { n, pairs: vec![0.0; n * (n - 1) / 2] };
        let mut lanes = vec![[0.0; LANES]; d];
        for first in (0..n).step_by(LANES) {
            let end = n.min(first + LANES);
            for (lane, row) in rows[first * d..end * d].chunks_exact(d).enumerate() {
                lanes.iter_mut().zip(row).for_each(|(column, &x)| column[lane] = f64::from(x));
            }
            for (i, row) in rows[..end * d].chunks_exact(d).enumerate() {
                let mut sums = [0.0; LANES];
                for (column, &x) in lanes.iter().zip(row) {
                    let x = f64::from(x);
                    for (sum, y) in sums.iter_mut().zip(column) {
                        *sum += (y - x) * (y - x);
                    }
                }
                for j in first.max(i + 1)..end {
                    *distances.get_mut(i, j) = sums[j - first].sqrt();
                }
            }
        }
        distances
    }

    /// Place of a pair of different clusters, in either order.
    fn index(&self, i: usize, j: usize) -> usize {
        let (i, j) = (i.min(j), i.max(j));
        i * self.n - i * (i + 1) / 2 + (j - i - 1)
    }

    fn get(&self, i: usize, j: usize) -> f64 {
        self.pairs[self.index(i, j)]
    }

    fn get_mut(&mut self, i: usize, j: usize) -> &mut f64 {
        let index = self.index(i, j);
        &mut self.pairs[index]
    }
}

/// Merges in the order in which the chain finds them. A merged cluster goes on in the place of its
/// larger member, and the merges name places.
fn nearest_neighbour_chain(mut distances: Distances) -> Vec<Merge> {
    let n = distances.n;
    let mut size = vec![1_usize; n];
    let mut live: Vec<usize> = (0..n).collect();
    let mut chain: Vec<usize> = Vec::new();
    let mut merges = Vec::with_capacity(n - 1);
    while live.len() > 1 {
        let (x, y, distance) = nearest_pair(&distances, &live, &mut chain);
        let (x, y) = (x.min(y), x.max(y));
        merges.push(Merge { a: x, b: y, distance });
        let (nx, ny) = (size[x] as f64, size[y] as f64);
        size[y] += size[x];
        live.retain(|&i| i != x);
        // Normally both are off the chain by now. Rounding can, in rare ties, have put a cluster
        // there twice.
        chain.retain(|&i| i != x);
        chain.dedup();
        for &i in live.iter().filter(|&&i| i != y) {
            let (ni, xi, yi) = (size[i] as f64, distances.get(i, x), distances.get(i, y));
            // Lance and Williams 1967; the order of the operations is scipy's.
            let t = 1.0 / (nx + ny + ni);
            let squared =
                (ni + nx) * t * xi * xi + (ni + ny) * t * yi * yi - ni * t * distance * distance;
            *distances.get_mut(i, y) = squared.max(0.0).sqrt();
        }
    }
    merges
}

/// Follows the chain of nearest neighbours to two clusters that are each other's nearest, and takes
/// them off the chain.
///
/// Among equally near clusters the previous one of the chain wins, then the one with the lowest
/// number. Distances along the chain fall strictly, so that it ends.
fn nearest_pair(
    distances: &Distances,
    live: &[usize],
    chain: &mut Vec<usize>,
) -> (usize, usize, f64) {
    let mut x = chain.pop().unwrap_or(live[0]);
    loop {
        let previous = chain.last().copied();
        let mut nearest = previous.unwrap_or(x);
        let mut shortest = previous.map_or(f64::INFINITY, |y| distances.get(x, y));
        for &i in live.iter().filter(|&&i| i != x) {
            let distance = distances.get(x, i);
            if distance < shortest {
                (nearest, shortest) = (i, distance);
            }
        }
        if previous == Some(nearest) {
            chain.pop();
            return (x, nearest, shortest);
        }
        chain.push(x);
        x = nearest;
    }
}

/// Sorts merges of places by distance and gives the clusters their final numbers.
fn numbered(mut merges: Vec<Merge>, n: usize) -> Vec<Merge> {
    // A stable sort: equal distances stay in the order of the chain.
    merges.sort_by(|a, b| a.distance.total_cmp(&b.distance));
    let mut parent: Vec<usize> = (0..2 * n - 1).collect();
    for (k, merge) in merges.iter_mut().enumerate() {
        let (a, b) = (root_of(&mut parent, merge.a), root_of(&mut parent, merge.b));
        (merge.a, merge.b) = (a.min(b), a.max(b));
        (parent[a], parent[b]) = (n + k, n + k);
    }
    merges
}

/// The newest cluster that contains cluster `i`; shortens the way for the next time.
fn root_of(parent: &mut [usize], mut i: usize) -> usize {
    while parent[i] != i {
        parent[i] = parent[parent[i]];
        i = parent[i];
    }
    i
}
