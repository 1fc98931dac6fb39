//! Measures of accuracy and localisation, against cases made by hand and slower ways to count.

use glasstree::eval::{Localisation, Measure, Place, Rect, Scores, Separation, Tally};
use glasstree::explain::{Cam, FeatureMap, Forward, Head, Hierarchy, argmax};
use glasstree::preprocess::RectTransform;
use proptest::prelude::*;

const SAME: RectTransform = RectTransform { scale: [1.0; 2], offset: [0.0; 2] };

/// root: (left: 0, 1), (right: 2, (deep: 3, 4)). Nodes in this order: root 0, left 1, leaves 2 and
/// 3, right 4, leaf 5, deep 6, leaves 7 and 8.
fn hierarchy() -> Hierarchy {
    let names = ["root", "left", "a", "b", "right", "c", "deep", "d", "e"];
    let edges = [(0, 1), (0, 4), (1, 2), (1, 3), (4, 5), (4, 6), (6, 7), (6, 8)];
    let nodes: Vec<_> = names.iter().map(|name| serde_json::json!({ "id": name })).collect();
    let links: Vec<_> = edges
        .iter()
        .map(|&(a, b)| serde_json::json!({ "source": names[a], "target": names[b] }))
        .collect();
    let json = serde_json::json!({ "directed": true, "nodes": nodes, "links": links });
    let leaves = ["a", "b", "c", "d", "e"].map(str::to_owned);
    Hierarchy::from_json(&json.to_string(), &leaves, &|_| None).unwrap()
}

fn tally(right: usize, of: usize) -> Tally {
    Tally { right, of }
}

#[test]
fn a_few_pictures_are_counted_by_hand() {
    let hierarchy = hierarchy();
    let mut scores = Scores::new(5, Some(&hierarchy));
    assert_eq!((scores.top1.rate(), scores.mean_class()), (None, None));
    // Left means 2, right 1 (3 and 0 = mean of -1 and 1): all say class 1.
    scores.add(1, &[1.0, 3.0, 3.0 - 1e-3, -1.0, 1.0], Some(&hierarchy));
    // The network alone says 3. Left 2 beats right (−3 + 5 + 1)/3 = 1: the tree says 0.
    scores.add(3, &[2.1, 1.9, -3.0, 5.0, 1.0], Some(&hierarchy));
    // Class 4 is the last of five on a tie, so even the fifth guess finds it.
    scores.add(4, &[0.0; 5], Some(&hierarchy));
    assert_eq!((scores.top1, scores.top5), (tally(2, 3), tally(3, 3)));
    let none = tally(0, 0);
    assert_eq!(scores.classes, [none, tally(1, 1), none, tally(1, 1), tally(0, 1)]);
    assert_eq!(scores.mean_class(), Some(2.0 / 3.0));
    assert_eq!(scores.mistakes(), [(4, 0, 1)]);
    let tree = scores.tree.unwrap();
    assert_eq!(tree.hard, tally(1, 3));
    assert_eq!(tree.plain_is_hard, tally(2, 3));
    // Root: 1 goes left rightly, 3 and 4 too. Right: 3 goes to deep, mean 3 > −3; on the tie the
    // first child wins, which is c. Deep: 3 is right, the tie is not.
    let leaf = none;
    let deep = tally(1, 2);
    let expected = [tally(1, 3), tally(1, 1), leaf, leaf, tally(1, 2), leaf, deep, leaf, leaf];
    assert_eq!(tree.nodes, expected);
}

#[test]
fn the_sixth_guess_does_not_count() {
    let mut scores = Scores::new(7, None);
    let logits = [7.0, 6.0, 5.0, 4.0, 3.0, 3.0, 1.0];
    (0..7).for_each(|truth| scores.add(truth, &logits, None));
    assert_eq!((scores.top1, scores.top5), (tally(1, 7), tally(5, 7)));
    assert!(scores.tree.is_none());
}

#[test]
fn frequent_mistakes_come_first() {
    let mut scores = Scores::new(3, None);
    let one_hot = |class: usize| {
        let mut logits = [0.0; 3];
        logits[class] = 1.0;
        logits
    };
    for (truth, prediction) in [(0, 2), (1, 0), (2, 1), (1, 0), (0, 0), (0, 0), (0, 0)] {
        scores.add(truth, &one_hot(prediction), None);
    }
    assert_eq!(scores.mistakes(), [(1, 0, 2), (0, 2, 1), (2, 1, 1)]);
    assert_eq!(scores.confusion[&(0, 0)], 3);
    // 3 of 4, 0 of 2, 0 of 1.
    assert_eq!(scores.mean_class(), Some(0.25));
}

proptest! {
    /// Small whole logits, so that there are ties.
    #[test]
    fn the_counts_fit_together(
        cases in prop::collection::vec((0..5_usize, prop::array::uniform5(-3_i8..4)), 1..40),
    ) {
        let hierarchy = hierarchy();
        let mut scores = Scores::new(5, Some(&hierarchy));
        let mut hard_by_nodes = 0;
        for (truth, logits) in &cases {
            let logits = logits.map(f32::from);
            scores.add(*truth, &logits, Some(&hierarchy));
            let mut one = Scores::new(5, Some(&hierarchy));
            one.add(*truth, &logits, Some(&hierarchy));
            let tree = one.tree.unwrap();
            // The hard tree is right where every decision on the way is.
            let all_right = tree.nodes.iter().all(|node| node.right == node.of);
            prop_assert_eq!(tree.hard.right == 1, all_right);
            prop_assert_eq!(one.top1.right == 1, argmax(&logits) == *truth);
            hard_by_nodes += usize::from(all_right);
        }
        let count = cases.len();
        let tree = scores.tree.as_ref().unwrap();
        prop_assert_eq!(tree.hard.right, hard_by_nodes);
        prop_assert_eq!(scores.top1.of, count);
        // Five classes: the five best are all.
        prop_assert_eq!(scores.top5.right, count);
        prop_assert_eq!(scores.confusion.values().sum::<usize>(), count);
        let on_diagonal = scores.confusion.iter().filter(|((a, b), _)| a == b);
        prop_assert_eq!(on_diagonal.map(|(_, n)| n).sum::<usize>(), scores.top1.right);
        prop_assert_eq!(scores.classes.iter().map(|t| t.right).sum::<usize>(), scores.top1.right);
        prop_assert!(tree.unanimous.right <= tree.plain_is_hard.right.min(tree.hard_is_soft.right));
        for (node, counted) in hierarchy.nodes().iter().zip(&tree.nodes) {
            let below = cases.iter().filter(|(truth, _)| node.leaves.contains(truth)).count();
            prop_assert_eq!(counted.of, if node.is_leaf() { 0 } else { below });
        }
    }

    #[test]
    fn the_largest_part_is_found(
        cells in prop::collection::vec(any::<bool>(), 48),
    ) {
        let map = Cam {
            height: 6,
            width: 8,
            data: cells.iter().map(|&on| f32::from(u8::from(on))).collect(),
        };
        let expected = slow_parts(&cells, 8);
        // As wide as it is high, and as large as the map: nothing is interpolated.
        let square = Cam { height: 8, width: 8, data: [map.data, vec![0.0; 16]].concat() };
        let found = Place::of(&square, 8, SAME).unwrap().bounds;
        match expected.iter().map(|part| part.0).max() {
            None => prop_assert_eq!(found, None),
            Some(largest) => {
                let found = found.unwrap();
                prop_assert!(expected.contains(&(largest, found)), "{found:?} of {expected:?}");
            }
        }
    }

    #[test]
    fn overlap_is_a_share(a in rect(), b in rect(), shift in -50.0..50.0_f64) {
        let iou = a.iou(b);
        prop_assert!((0.0..=1.0).contains(&iou));
        prop_assert_eq!(iou, b.iou(a));
        prop_assert_eq!(a.iou(a), 1.0);
        let moved = |r: Rect| Rect { left: r.left + shift, right: r.right + shift, ..r };
        // Sums of numbers below 200 in 64 bits.
        prop_assert!((moved(a).iou(moved(b)) - iou).abs() < 1e-9);
    }
}

fn rect() -> impl Strategy<Value = Rect> {
    (0.0..50.0_f64, 0.0..50.0_f64, 1.0..50.0_f64, 1.0..50.0_f64)
        .prop_map(|(left, top, w, h)| Rect { left, top, right: left + w, bottom: top + h })
}

/// Size and bounds of every connected part: numbers spread to neighbours until nothing changes.
fn slow_parts(cells: &[bool], width: usize) -> Vec<(usize, Rect)> {
    let mut label: Vec<usize> = (0..cells.len()).collect();
    let place = |i: usize| ((i % width) as i32, (i / width) as i32);
    for _ in 0..cells.len() {
        for i in (0..cells.len()).filter(|&i| cells[i]) {
            for j in (0..cells.len()).filter(|&j| cells[j]) {
                let ((ax, ay), (bx, by)) = (place(i), place(j));
                if (ax - bx).abs() <= 1 && (ay - by).abs() <= 1 {
                    label[i] = label[i].min(label[j]);
                }
            }
        }
    }
    let parts = (0..cells.len()).filter(|&i| cells[i] && label[i] == i).map(|first| {
        let members: Vec<_> =
            (0..cells.len()).filter(|&i| cells[i] && label[i] == first).map(place).collect();
        let ends = |values: Vec<i32>| {
            let (min, max) = (values.iter().min().unwrap(), values.iter().max().unwrap());
            (f64::from(*min), f64::from(max + 1))
        };
        let (left, right) = ends(members.iter().map(|m| m.0).collect());
        let (top, bottom) = ends(members.iter().map(|m| m.1).collect());
        (members.len(), Rect { left, top, right, bottom })
    });
    parts.collect()
}

/// One hot cell of 4 x 4, enlarged to 64 x 64. Along an axis the value falls by 1/16 a pixel from
/// the cell's centre. The largest pixel has (1 − 1/32)² = 0.9385, a fifth of it is 0.1877, and in
/// its row or column that is passed 12.9 pixels from the centre.
#[test]
fn a_hot_cell_has_a_place_in_the_photo() {
    let mut data = vec![0.0; 16];
    data[2 * 4 + 1] = 1.0;
    let map = Cam { height: 4, width: 4, data };
    let place = Place::of(&map, 64, SAME).unwrap();
    assert_eq!(place.peak, [24.0, 40.0]);
    let expected = Rect { left: 11.0, top: 27.0, right: 37.0, bottom: 53.0 };
    assert_eq!(place.bounds, Some(expected));
    let photo_from_input = RectTransform { scale: [2.0, 3.0], offset: [10.0, -20.0] };
    let place = Place::of(&map, 64, photo_from_input).unwrap();
    assert_eq!(place.peak, [58.0, 100.0]);
    let expected = Rect { left: 32.0, top: 61.0, right: 84.0, bottom: 139.0 };
    assert_eq!(place.bounds, Some(expected));
}

#[test]
fn only_what_is_above_a_fifth_belongs_to_the_thing() {
    let map = Cam { height: 2, width: 2, data: vec![10.0, 2.0, 2.1, -9.0] };
    let place = Place::of(&map, 2, SAME).unwrap();
    let expected = Rect { left: 0.0, top: 0.0, right: 1.0, bottom: 2.0 };
    assert_eq!((place.peak, place.bounds), ([0.5, 0.5], Some(expected)));
}

#[test]
fn a_map_without_evidence_finds_nothing() {
    let map = Cam { height: 2, width: 2, data: vec![-3.0, -1.0, -2.0, -4.0] };
    let place = Place::of(&map, 8, SAME).unwrap();
    assert_eq!((place.peak, place.bounds), ([6.0, 2.0], None));
    let everything = Rect { left: 0.0, top: 0.0, right: 8.0, bottom: 8.0 };
    assert_eq!(place.iou(&[everything]), 0.0);
    assert!(Place::of(&Cam { height: 0, width: 0, data: vec![] }, 8, SAME).is_none());
    let nan = Cam { height: 1, width: 1, data: vec![f32::NAN] };
    assert!(Place::of(&nan, 8, SAME).is_none());
}

#[test]
fn localisation_is_counted_by_hand() {
    let square =
        |at: f64, side: f64| Rect { left: at, top: at, right: at + side, bottom: at + side };
    let place = |peak: f64, bounds| Place { peak: [peak; 2], bounds: Some(bounds) };
    let boxes = [square(50.0, 5.0), square(0.0, 10.0)];
    let good = place(3.0, square(0.0, 9.0));
    let bad = place(10.1, square(8.0, 10.0));
    let mut counted = Localisation::default();
    counted.add(true, &good, &good, &boxes);
    counted.add(false, &good, &good, &boxes);
    counted.add(false, &good, &bad, &boxes);
    assert_eq!((counted.truth.pointing, counted.truth.found), (tally(3, 3), tally(3, 3)));
    assert_eq!((counted.predicted.pointing, counted.predicted.found), (tally(2, 3), tally(2, 3)));
    assert_eq!(counted.top1, tally(1, 3));
    assert_eq!(counted.truth.mean_iou(), Some(0.81));
    // 2 x 2 common pixels of 100 + 100 − 4.
    let expected = (0.81 + 0.81 + 4.0 / 196.0) / 3.0;
    assert_eq!(counted.predicted.mean_iou(), Some(expected));
    assert_eq!(Localisation::default().truth.mean_iou(), None);
}

#[test]
fn separations_are_counted_by_hand() {
    let known: Vec<f32> = (1..=20).map(|v| v as f32).collect();
    // The second smallest of twenty is what 95 % reach; 0 and 1 are below it, one of four ties.
    let Separation { auroc, threshold, caught } =
        Separation::of(&known, &[0.0, 1.0, 2.0, 30.0, f32::NAN]).unwrap();
    assert_eq!((threshold, caught), (2.0, 0.5));
    // Wins: 20 against 0, 19 and a tie against 1, 18 and a tie against 2, none against 30.
    assert!((auroc - (20.0 + 19.5 + 18.5) / 80.0).abs() < 1e-12, "a sum of halves: {auroc}");
    assert_eq!(Separation::of(&known, &[]), None);
    assert_eq!(Separation::of(&[f32::NAN], &known), None);
}

proptest! {
    /// The area is a probability over pairs, whatever the scale.
    #[test]
    fn the_area_counts_pairs(
        known in prop::collection::vec(-4i32..4, 1..30),
        other in prop::collection::vec(-4i32..4, 1..30),
    ) {
        let [known, other] = [known, other].map(|side| {
            side.into_iter().map(|v| (v as f32).exp()).collect::<Vec<f32>>()
        });
        let mut wins = 0.0;
        for a in &known {
            wins += other.iter().map(|b| if a > b { 1.0 } else if a == b { 0.5 } else { 0.0 }).sum::<f64>();
        }
        let there = Separation::of(&known, &other).unwrap().auroc;
        // Both are sums of halves, divided once.
        prop_assert!((there - wins / (known.len() * other.len()) as f64).abs() < 1e-12);
        let back = Separation::of(&other, &known).unwrap().auroc;
        prop_assert!((there + back - 1.0).abs() < 1e-12);
    }
}

#[test]
fn measures_are_computed_by_hand() {
    let features = FeatureMap { channels: 2, height: 1, width: 2, data: vec![2.0, 4.0, 5.0, 3.0] };
    let head =
        Head { classes: 2, channels: 2, weight: vec![0.0, 2.0, 1.0, 0.0], bias: vec![0.0; 2] };
    // Pooled features are 3 and 4.
    let forward = Forward { logits: vec![8.0, 3.0], features, conv2: None };
    let near = |measure: Measure, expected: f32| {
        let value = measure.of(&forward, &head);
        // Rounding of 32 bits.
        assert!((value - expected).abs() < 1e-5 * expected, "{measure:?}: {value}");
    };
    near(Measure::MaxSoftmax, 1.0 / (1.0 + (-5.0_f32).exp()));
    near(Measure::MaxLogit, 8.0);
    near(Measure::Energy, 8.0 + (-5.0_f32).exp().ln_1p());
    near(Measure::FeatureNorm, 5.0);
    near(Measure::Cosine, 0.8);
}
