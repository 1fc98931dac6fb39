//! What an evaluation counts of a tree: against a reference in NumPy, and against what must hold.

use std::collections::BTreeMap;
use std::fs;

use glasstree::eval::{Calibration, Certainty, Scores, Severity, fold};
use glasstree::explain::{ClassId, Decision, Hierarchy, NodeId, Rule};
use proptest::prelude::*;
use serde::Deserialize;

use crate::explain::properties::tree;

/// See `tests/golden/eval/generate.py`.
#[derive(Deserialize)]
struct Case {
    parents: Vec<Option<usize>>,
    classes: usize,
    truths: Vec<ClassId>,
    logits: Vec<Vec<f32>>,
    /// Right, single class, sum of depths, sum of classes left open.
    points: Vec<[usize; 4]>,
    promises: Vec<(f64, Option<f64>)>,
    /// Right, of, sum of confidences.
    bins: Vec<(usize, usize, f64)>,
    error: f64,
    heights: Vec<(usize, usize)>,
    levels: Vec<usize>,
    branches: Vec<usize>,
    folded: Vec<Vec<usize>>,
}

impl Case {
    fn all() -> Vec<Self> {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/eval/cases.json");
        serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
    }

    fn hierarchy(&self) -> Hierarchy {
        let nodes: Vec<_> =
            (0..self.parents.len()).map(|id| serde_json::json!({ "id": id.to_string() })).collect();
        let edge = |(child, parent): (usize, &Option<usize>)| {
            let parent = (*parent)?.to_string();
            Some(serde_json::json!({ "source": parent, "target": child.to_string() }))
        };
        let links: Vec<_> = self.parents.iter().enumerate().filter_map(edge).collect();
        let json = serde_json::json!({ "nodes": nodes, "links": links }).to_string();
        let wnids: Vec<_> = (0..self.classes).map(|class| class.to_string()).collect();
        Hierarchy::from_json(&json, &wnids, &|_| None).unwrap()
    }

    fn scores(&self, hierarchy: &Hierarchy) -> Scores {
        let mut scores = Scores::new(self.classes, Some(hierarchy));
        for (&truth, logits) in self.truths.iter().zip(&self.logits) {
            scores.add(truth, logits, Some(hierarchy));
        }
        scores
    }
}

#[test]
fn answers_at_a_certainty_are_those_of_the_reference() {
    for case in Case::all() {
        let hierarchy = case.hierarchy();
        let certainty = case.scores(&hierarchy).tree.unwrap().certainty;
        let pictures = case.truths.len();
        for (point, [right, single, depth, classes]) in certainty.points.iter().zip(&case.points) {
            assert_eq!((point.right.right, point.right.of), (*right, pictures));
            assert_eq!((point.is_class.right, point.depth), (*single, *depth));
            assert_eq!(point.classes, *classes);
            assert_eq!(point.mean_depth(), Some(*depth as f64 / pictures as f64));
        }
        for &(accuracy, expected) in &case.promises {
            let threshold = certainty.promise(accuracy).map(|promise| promise.threshold);
            assert_eq!(threshold.is_some(), expected.is_some(), "{accuracy}");
            let (ours, reference) = (threshold.unwrap_or_default(), expected.unwrap_or_default());
            // Probabilities are kept with 24 bits.
            assert!((f64::from(ours) - reference).abs() < 1e-6, "{ours} {reference}");
        }
    }
}

#[test]
fn calibration_is_that_of_the_reference() {
    for case in Case::all() {
        let calibration = case.scores(&case.hierarchy()).calibration;
        for (bin, &(right, of, confidence)) in calibration.bins.iter().zip(&case.bins) {
            assert_eq!((bin.right.right, bin.right.of), (right, of));
            // At most eighty numbers with 24 bits.
            assert!((bin.confidence - confidence).abs() < 1e-5);
        }
        assert!((calibration.error().unwrap() - case.error).abs() < 1e-6);
    }
}

#[test]
fn mistakes_are_as_wrong_as_in_the_reference() {
    for case in Case::all() {
        let hierarchy = case.hierarchy();
        let scores = case.scores(&hierarchy);
        let Severity { heights, levels, .. } = &scores.tree.as_ref().unwrap().severity;
        assert_eq!(heights, &case.heights.iter().copied().collect::<BTreeMap<_, _>>());
        let right: Vec<usize> = levels.iter().map(|level| level.right).collect();
        assert_eq!(right, case.levels);
        let folded = fold(&scores.confusion, &hierarchy, hierarchy.root());
        let name = |id: &NodeId| hierarchy.node(*id).wnid.parse::<usize>().unwrap();
        assert_eq!(folded.branches.iter().map(name).collect::<Vec<_>>(), case.branches);
        for (row, expected) in folded.counts.iter().zip(&case.folded) {
            assert_eq!(row.split_last(), Some((&0, &expected[..])), "nothing is outside the root");
        }
    }
}

#[test]
fn what_is_outside_of_a_folded_node_has_a_column() {
    let case = &Case::all()[1];
    let hierarchy = case.hierarchy();
    let scores = case.scores(&hierarchy);
    for (id, node) in hierarchy.nodes().iter().enumerate().filter(|(_, node)| !node.is_leaf()) {
        let folded = fold(&scores.confusion, &hierarchy, id);
        let below = |class: &ClassId| node.leaves.contains(class);
        let all = case.truths.iter().filter(|truth| below(truth)).count();
        assert_eq!(folded.counts.iter().flatten().sum::<usize>(), all);
        let leaves = scores.confusion.iter().filter(|((a, b), _)| below(a) && !below(b));
        let outside: usize = folded.counts.iter().filter_map(|row| row.last()).sum();
        assert_eq!(outside, leaves.map(|(_, count)| count).sum::<usize>());
    }
}

#[test]
fn nothing_is_promised_without_pictures() {
    let certainty = Certainty::default();
    assert_eq!(certainty.promise(0.5), None);
    assert_eq!(certainty.points[0].mean_depth(), None);
    assert_eq!(Calibration::default().error(), None);
    let mut odd = Calibration::default();
    odd.add(f32::NAN, false);
    odd.add(2.0, true);
    assert_eq!((odd.bins[0].right.of, odd.bins[14].right.of), (1, 1));
    assert_eq!(odd.error(), Some(0.0));
}

proptest! {
    /// Split conformal prediction promises: of n + 1 pictures that could have come in any order, if
    /// each in turn is answered with the threshold of the others, a share of at least `accuracy` is
    /// answered rightly. That is no matter of chance, and holds for any network and any tree.
    #[test]
    fn the_promise_is_kept_over_all_pictures_in_turn(
        (hierarchy, _) in tree(3..25),
        pictures in prop::collection::vec(
            (any::<prop::sample::Index>(), prop::collection::vec(-6.0..6.0_f32, 25)), 2..40,
        ),
        accuracy in 0.05..0.99_f64,
    ) {
        let classes = hierarchy.classes();
        let pictures: Vec<(ClassId, Decision)> = pictures
            .iter()
            .map(|(truth, logits)| {
                let decision = Decision::new(&hierarchy, &logits[..classes], Rule::Marginal);
                (truth.index(classes), decision)
            })
            .collect();
        let is_right = |i: usize| {
            let mut others = Certainty::default();
            for (j, (truth, decision)) in pictures.iter().enumerate() {
                if j != i {
                    others.add(*truth, decision, &hierarchy);
                }
            }
            // With too few pictures nothing is promised: the answer is the root.
            let Some(promise) = others.promise(accuracy) else { return true };
            let (truth, decision) = &pictures[i];
            let sure = decision.sure(&hierarchy, promise.threshold.next_up());
            hierarchy.node(sure.node).leaves.contains(truth)
        };
        let right = (0..pictures.len()).filter(|&i| is_right(i)).count();
        prop_assert!(right as f64 >= accuracy * pictures.len() as f64, "{right} {accuracy}");
    }

    #[test]
    fn a_higher_certainty_says_less_and_levels_lose_with_depth(
        (hierarchy, _) in tree(3..25),
        pictures in prop::collection::vec(
            (any::<prop::sample::Index>(), prop::collection::vec(-6.0..6.0_f32, 25)), 1..20,
        ),
    ) {
        let classes = hierarchy.classes();
        let mut scores = Scores::new(classes, Some(&hierarchy));
        for (truth, logits) in &pictures {
            scores.add(truth.index(classes), &logits[..classes], Some(&hierarchy));
        }
        let tree = scores.tree.unwrap();
        let points = &tree.certainty.points;
        prop_assert!(points.is_sorted_by(|a, b| a.depth >= b.depth && a.classes <= b.classes));
        prop_assert!(points.is_sorted_by(|a, b| a.right.right <= b.right.right));
        // Deeper levels tell more apart, and the deepest one is the class itself.
        let levels = &tree.severity.levels;
        prop_assert!(levels.is_sorted_by(|a, b| a.right >= b.right));
        prop_assert!(levels.last().is_none_or(|level| level.right == scores.top1.right));
        let heights = &tree.severity.heights;
        prop_assert_eq!(heights.values().sum::<usize>(), pictures.len());
        prop_assert_eq!(heights.get(&0).copied().unwrap_or_default(), scores.top1.right);
    }
}
