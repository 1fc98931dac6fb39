//! Ward clustering against its definition.

use glasstree::induce::{Merge, ward};
use proptest::prelude::*;

/// Distances by recurrence and distances of centroids are sums of some hundred terms each in `f64`;
/// distances that differ by less than this count as equal.
const TOLERANCE: f64 = 1e-9;

/// The definition: merge the two clusters that are nearest by `sqrt(2|A||B|/(|A|+|B|)) · ‖centroid
/// difference‖`.
fn naive_ward(rows: &[Vec<f64>]) -> Vec<Merge> {
    let mut clusters: Vec<(usize, Vec<usize>)> = (0..rows.len()).map(|i| (i, vec![i])).collect();
    let mut merges = Vec::new();
    while clusters.len() > 1 {
        let mut best = (f64::INFINITY, 0, 0);
        for i in 0..clusters.len() {
            for j in i + 1..clusters.len() {
                let distance = ward_distance(rows, &clusters[i].1, &clusters[j].1);
                if distance < best.0 {
                    best = (distance, i, j);
                }
            }
        }
        let (distance, i, j) = best;
        let (second, first) = (clusters.remove(j), clusters.remove(i));
        merges.push(Merge { a: first.0.min(second.0), b: first.0.max(second.0), distance });
        clusters.push((rows.len() + merges.len() - 1, [first.1, second.1].concat()));
    }
    merges
}

fn ward_distance(rows: &[Vec<f64>], a: &[usize], b: &[usize]) -> f64 {
    let (na, nb) = (a.len() as f64, b.len() as f64);
    let mean =
        |of: &[usize], k: usize| of.iter().map(|&i| rows[i][k]).sum::<f64>() / of.len() as f64;
    let squared: f64 = (0..rows[0].len()).map(|k| (mean(a, k) - mean(b, k)).powi(2)).sum();
    (2.0 * na * nb / (na + nb) * squared).sqrt()
}

/// Rows below the merges: cluster `n + k` for each `k`.
fn members(merges: &[Merge], n: usize) -> Vec<Vec<usize>> {
    let mut members: Vec<Vec<usize>> = (0..n).map(|i| vec![i]).collect();
    for merge in merges {
        members.push([members[merge.a].clone(), members[merge.b].clone()].concat());
    }
    members
}

fn rows_of(values: &[f32], d: usize) -> Vec<Vec<f64>> {
    values.chunks_exact(d).map(|row| row.iter().map(|&x| f64::from(x)).collect()).collect()
}

fn matrix(value: impl Strategy<Value = f32> + Clone) -> impl Strategy<Value = (Vec<f32>, usize)> {
    (1..25_usize, 1..6_usize)
        .prop_flat_map(move |(n, d)| (prop::collection::vec(value.clone(), n * d), Just(d)))
}

proptest! {
    /// With rows in general position there is only one answer.
    #[test]
    fn merges_follow_the_definition((values, d) in matrix(-1.0..1.0_f32)) {
        let n = values.len() / d;
        let (ours, expected) = (ward(&values, n, d).unwrap(), naive_ward(&rows_of(&values, d)));
        // Two distances so close that rounding decides between them would be a tie after all.
        let gaps = expected.windows(2).map(|pair| pair[1].distance - pair[0].distance);
        prop_assume!(gaps.fold(f64::INFINITY, f64::min) > TOLERANCE);
        for (ours, expected) in ours.iter().zip(&expected) {
            prop_assert_eq!((ours.a, ours.b), (expected.a, expected.b));
            prop_assert!((ours.distance - expected.distance).abs() < TOLERANCE);
        }
        prop_assert_eq!(ours.len(), n - 1);
    }

    /// With many equal rows several trees are right; every one has these properties.
    #[test]
    fn tied_merges_are_a_tree_of_ward_distances((values, d) in matrix((-2..3_i8).prop_map(f32::from))) {
        let n = values.len() / d;
        let rows = rows_of(&values, d);
        let merges = ward(&values, n, d).unwrap();
        let members = members(&merges, n);
        let mut children: Vec<usize> = merges.iter().flat_map(|merge| [merge.a, merge.b]).collect();
        children.sort_unstable();
        prop_assert_eq!(children, (0..2 * n - 2).collect::<Vec<_>>());
        for (k, merge) in merges.iter().enumerate() {
            prop_assert!(merge.a < merge.b && merge.b < n + k);
            let expected = ward_distance(&rows, &members[merge.a], &members[merge.b]);
            prop_assert!((merge.distance - expected).abs() < TOLERANCE * expected.max(1.0));
        }
        prop_assert!(merges.windows(2).all(|pair| pair[0].distance <= pair[1].distance));
    }
}

#[test]
fn extreme_rows_give_finite_distances() {
    let rows = [f32::MAX, f32::MIN, f32::MIN_POSITIVE, 0.0, -0.0, 1e-45];
    assert!(ward(&rows, 6, 1).unwrap().iter().all(|merge| merge.distance.is_finite()));
}
