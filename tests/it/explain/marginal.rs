//! The marginal rule: against the definitions in NumPy, and what must hold for any input.

use glasstree::explain::{
    CamSet, Decision, Evidence, FeatureMap, Head, Hierarchy, Question, Region, Rule, argmax, flip,
    softmax,
};
use proptest::prelude::*;
use serde::Deserialize;

use super::evidence::case;
use super::properties::{numbers, tree};
use super::{assert_close, golden_json};

#[derive(Deserialize)]
struct Golden {
    size: Size,
    cases: Vec<GoldenCase>,
}

#[derive(Deserialize)]
struct Size {
    channels: usize,
    height: usize,
    width: usize,
}

#[derive(Deserialize)]
struct GoldenCase {
    children: Vec<(usize, Vec<usize>)>,
    weight: Vec<f32>,
    bias: Vec<f32>,
    features: Vec<f32>,
    logits: Vec<f32>,
    probabilities: Vec<f32>,
    path: Vec<usize>,
    likeliest: usize,
    decisions: Vec<GoldenDecision>,
}

#[derive(Deserialize)]
struct GoldenDecision {
    node: usize,
    branch: f32,
    log_odds: f32,
    entropy: f32,
    bias: f32,
    map: Vec<f32>,
}

fn hierarchy(children: &[(usize, Vec<usize>)], classes: usize) -> Hierarchy {
    let count = classes + children.len();
    let nodes: Vec<_> = (0..count).map(|id| serde_json::json!({ "id": id })).collect();
    let links: Vec<_> = children
        .iter()
        .flat_map(|(parent, kids)| {
            kids.iter().map(move |kid| serde_json::json!({ "source": parent, "target": kid }))
        })
        .collect();
    let text = serde_json::json!({ "nodes": nodes, "links": links }).to_string();
    let wnids: Vec<String> = (0..classes).map(|class| class.to_string()).collect();
    Hierarchy::from_json(&text, &wnids, &|_| None).unwrap()
}

#[test]
fn numpy_finds_the_same() {
    let Golden { size: Size { channels, height, width }, cases } =
        golden_json("marginal/cases.json");
    for case in cases {
        let classes = case.bias.len();
        let tree = hierarchy(&case.children, classes);
        let node = |id: usize| tree.find_node(&id.to_string()).unwrap();
        let decision = Decision::new(&tree, &case.logits, Rule::Marginal);
        // Logits in 32 bits move probabilities by a millionth or so.
        for (id, &expected) in case.probabilities.iter().enumerate() {
            assert!((decision.reach_prob[node(id)] - expected).abs() < 2e-6, "P({id})");
        }
        let path: Vec<usize> = case.path.iter().map(|&id| node(id)).collect();
        assert_eq!(decision.path[1..], path[..]);
        assert_eq!(decision.likeliest, case.likeliest);
        let features = FeatureMap { channels, height, width, data: case.features.clone() };
        let head = Head { classes, channels, weight: case.weight.clone(), bias: case.bias.clone() };
        for expected in &case.decisions {
            let id = node(expected.node);
            assert!((decision.branch_prob[id] - expected.branch).abs() < 2e-6);
            let question = Question::decision(&tree, id, Rule::Marginal).unwrap();
            let found = Evidence::new(question, &features, &case.logits, &head);
            // Sums over up to 20 classes of numbers up to 50, in 32 bits.
            assert_close(&found.map.data, &expected.map, 1e-4, "map");
            for (what, ours, theirs) in [
                ("log-odds", found.total, expected.log_odds),
                ("log-odds of the decision", decision.log_odds[id], expected.log_odds),
                ("entropy", found.entropy, expected.entropy),
                ("bias", found.bias, expected.bias),
            ] {
                assert!((ours - theirs).abs() < 1e-4, "{what}: {ours} instead of {theirs}");
            }
            assert!(found.check.residual.abs() < 1e-4, "{:?}", found.check);
        }
    }
}

/// Finite logits, some of them far apart.
fn finite_logits(count: usize) -> impl Strategy<Value = Vec<f32>> {
    let logit = prop_oneof![6 => -10.0..10.0_f32, 1 => -300.0..300.0_f32];
    prop::collection::vec(logit, count)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_node_is_as_likely_as_its_leaves_together((h, _) in tree(1..50), seed in finite_logits(50)) {
        let logits = &seed[..h.classes()];
        let decision = Decision::new(&h, logits, Rule::Marginal);
        // Sums of up to 50 probabilities in 32 bits.
        for (id, node) in h.nodes().iter().enumerate() {
            let leaves: f32 = node.leaves.iter().map(|&class| decision.class_prob[class]).sum();
            prop_assert!((decision.reach_prob[id] - leaves).abs() < 1e-5);
            if !node.is_leaf() {
                let children: f32 = node.children.iter().map(|&c| decision.reach_prob[c]).sum();
                prop_assert!((decision.reach_prob[id] - children).abs() < 1e-5);
                let branches: f32 = node.children.iter().map(|&c| decision.branch_prob[c]).sum();
                prop_assert!((branches - 1.0).abs() < 1e-5);
            }
        }
        assert_close(&decision.class_prob, &softmax(logits), 1e-6, "the network's softmax");
        prop_assert!((decision.reach_prob[h.root()] - 1.0).abs() < 1e-6);
        prop_assert_eq!(decision.likeliest, argmax(logits));
        prop_assert_eq!(decision.path.last().copied(), h.leaf(decision.class));
        for pair in decision.path.windows(2) {
            let best = h.node(pair[0]).children.iter().map(|&c| decision.branch_prob[c]);
            prop_assert!(decision.branch_prob[pair[1]] >= best.fold(0.0, f32::max));
        }
    }

    /// Whatever the logits: no panic, the likeliest class is the network's, and minus infinity is a
    /// probability of 0.
    #[test]
    fn logits_that_are_no_numbers_break_nothing(
        (h, _) in tree(1..30),
        seed in prop::collection::vec(prop_oneof![
            5 => -5.0..5.0_f32,
            1 => prop::sample::select(vec![f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, f32::MIN]),
        ], 30),
    ) {
        let logits = &seed[..h.classes()];
        let decision = Decision::new(&h, logits, Rule::Marginal);
        prop_assert_eq!(decision.likeliest, argmax(logits));
        let is_leaf = decision.path.last().is_some_and(|&id| h.node(id).is_leaf());
        prop_assert!(is_leaf && decision.path[0] == h.root());
        decision.sure(&h, 0.9);
        decision.walk(&h);
        let expected = softmax(logits);
        for (class, &p) in expected.iter().enumerate() {
            let ours = decision.class_prob[class];
            // A single class is certain, whatever its logit.
            prop_assert!(ours.is_nan() == p.is_nan() || h.nodes().len() == 1, "{ours} {p}");
            prop_assert!(p.is_nan() || (ours - p).abs() < 1e-5, "{ours} {p}");
        }
    }

    #[test]
    fn the_map_the_bias_and_the_entropy_are_the_log_odds(case in case(2, 3)) {
        let decision = case.decision(Rule::Marginal);
        let maps = case.class_maps().of_nodes(&case.tree, &decision);
        for id in 0..case.tree.nodes().len() {
            let itself = case.evidence(Question::node(&case.tree, id, Rule::Marginal));
            prop_assert!((itself.total - decision.logit[id]).abs() < 1e-4);
            prop_assert!(itself.check.residual.abs() < 1e-4 * itself.total.abs().max(1.0));
            prop_assert!(itself.entropy >= -1e-6);
            assert_close(maps.values(id).unwrap(), &itself.map.data, 1e-4, "of all nodes");
            let Ok(question) = Question::decision(&case.tree, id, Rule::Marginal) else { continue };
            let found = case.evidence(question);
            prop_assert!((found.total - decision.log_odds[id]).abs() < 1e-4 * found.total.abs().max(1.0));
            // Relative to the numbers that are added.
            let size = found.map.data.iter().fold(1.0_f32, |most, v| most.max(v.abs()));
            prop_assert!(found.check.residual.abs() < 1e-4 * size, "{:?}", found.check);
            let quick = maps.lead(id, &decision.sibling_shares(&case.tree, id)).unwrap();
            assert_close(&quick.data, &found.map.data, 1e-4, "from the maps of all nodes");
        }
    }

    /// The map is the gradient times the features: by finite differences on the features.
    #[test]
    fn the_map_is_the_gradient_times_the_features(case in case(2, 2)) {
        for id in 1..case.tree.nodes().len() {
            let Ok(question) = Question::decision(&case.tree, id, Rule::Marginal) else { continue };
            let found = case.evidence(question.clone());
            let places = 4;
            for place in 0..places {
                // Along the features of this place: d/ds log-odds((1 + s) F) at s = 0.
                let lead = |step: f64| {
                    let pooled: Vec<f64> = case.forward.features.as_ref().unwrap().planes().map(|plane| {
                        let value = |(at, &v): (usize, &f32)| {
                            f64::from(v) * if at == place { 1.0 + step } else { 1.0 }
                        };
                        plane.iter().enumerate().map(value).sum::<f64>() / places as f64
                    }).collect();
                    let logit = |class: usize| {
                        let row = case.head.row(class).iter().zip(&pooled);
                        row.map(|(&w, f)| f64::from(w) * f).sum::<f64>() + f64::from(case.head.bias[class])
                    };
                    let pool = |classes: &[usize]| {
                        let most = classes.iter().map(|&c| logit(c)).fold(f64::MIN, f64::max);
                        most + classes.iter().map(|&c| (logit(c) - most).exp()).sum::<f64>().ln()
                    };
                    let own = &case.tree.node(id).leaves;
                    let parent = case.tree.node(case.tree.node(id).parent.unwrap());
                    let rest: Vec<usize> =
                        parent.leaves.iter().copied().filter(|class| !own.contains(class)).collect();
                    pool(own) - pool(&rest)
                };
                let step = 1e-4;
                let slope = (lead(step) - lead(-step)) / (2.0 * step) * places as f64;
                // The second order of the step, and sums in 32 bits.
                prop_assert!((slope - f64::from(found.map.data[place])).abs() < 1e-3, "{slope} {found:?}");
            }
        }
    }

    /// A region takes exactly what the logits without it say.
    #[test]
    fn a_region_is_no_linear_guess(case in case(2, 3), cells in prop::collection::vec(0..6_usize, 0..6)) {
        let region = Region::of_cells(2, 3, &cells);
        let left = case.logits(&region.removed_from(case.forward.features.as_ref().unwrap()));
        let after = Decision::new(&case.tree, &left, Rule::Marginal);
        for id in 1..case.tree.nodes().len() {
            let Ok(question) = Question::decision(&case.tree, id, Rule::Marginal) else { continue };
            let evidence = case.evidence(question);
            let account = region.account(&evidence, &left);
            let size = account.total.abs().max(after.log_odds[id].abs()).max(1.0);
            prop_assert!((account.without() - after.log_odds[id]).abs() < 1e-4 * size);
            let sum = account.region + account.rest + account.bias;
            prop_assert!((sum - account.total).abs() < 1e-4 * size);
        }
    }

    /// What is found really flips the decision, and no cell of it can be spared.
    #[test]
    fn a_flip_flips_and_nothing_of_it_can_be_spared(case in case(2, 3)) {
        let (maps, decision) = (case.class_maps(), case.decision(Rule::Marginal));
        for id in 0..case.tree.nodes().len() {
            let Ok(found) = flip(&case.tree, &decision, &maps, id) else { continue };
            prop_assert!(!found.smallest && found.rule == Rule::Marginal);
            let lead = |cells: &[usize]| {
                let region = Region::of_cells(2, 3, cells);
                let logits = case.logits(&region.removed_from(case.forward.features.as_ref().unwrap()));
                let after = Decision::new(&case.tree, &logits, Rule::Marginal);
                let children = &case.tree.node(id).children;
                let best = children.iter().map(|&child| after.logit[child]).fold(f32::MIN, f32::max);
                best - after.logit[found.from]
            };
            // A lead of a thousandth is a tie, and 32 bits may fall on either side of it.
            let after = lead(&found.cells);
            prop_assert!(if found.flips { after > 5e-4 } else { after < 2e-3 }, "{found:?} {after}");
            if !found.flips {
                continue;
            }
            for spared in &found.cells {
                let fewer: Vec<usize> =
                    found.cells.iter().copied().filter(|cell| cell != spared).collect();
                // A lead below a thousandth is a tie; again twice that.
                prop_assert!(lead(&fewer) < 2e-3, "{found:?}");
            }
        }
    }

    #[test]
    fn the_answer_at_a_certainty_is_the_deepest_that_is_likely_enough(
        (h, _) in tree(1..40), seed in numbers(40, 6.0), threshold in 0.0..1.0_f32,
    ) {
        let decision = Decision::new(&h, &seed[..h.classes()], Rule::Marginal);
        let sure = decision.sure(&h, threshold);
        prop_assert!(sure.probability >= threshold || sure.node == h.root());
        prop_assert_eq!((sure.depth, sure.probability), (h.node(sure.node).depth, decision.reach_prob[sure.node]));
        for (id, node) in h.nodes().iter().enumerate() {
            let is_elsewhere = threshold <= 0.5 || decision.reach_prob[id] < threshold;
            prop_assert!(node.depth <= sure.depth || is_elsewhere);
        }
        let below = &h.node(sure.node).leaves;
        let most = below.iter().map(|&class| decision.class_prob[class]).fold(0.0, f32::max);
        prop_assert!(below.contains(&sure.class) && decision.class_prob[sure.class] >= most);
        prop_assert_eq!(sure.class_probability, decision.class_prob[sure.class]);
        // Below a half, branches may be as likely as each other but for rounding.
        let is_on_path = h.path_to(sure.node).iter().all(|id| decision.path.contains(id));
        prop_assert!(threshold <= 0.5 || is_on_path);
        // Higher demands are met by what is less special.
        let stricter = decision.sure(&h, threshold.midpoint(1.0));
        prop_assert!(stricter.depth <= sure.depth);
    }
}

#[test]
fn trees_without_choices_are_read() {
    let chain = hierarchy(&[(1, vec![0]), (2, vec![1])], 1);
    let decision = Decision::new(&chain, &[-3.0], Rule::Marginal);
    assert_eq!((decision.class, decision.likeliest), (0, 0));
    assert_eq!(decision.reach_prob, [1.0; 3]);
    assert_eq!(decision.sure(&chain, 1.0).depth, 2);
    let single =
        Hierarchy::from_json(r#"{"nodes":[{"id":"a"}],"links":[]}"#, &["a".to_owned()], &|_| None);
    let decision = Decision::new(&single.unwrap(), &[7.0], Rule::Marginal);
    assert_eq!((decision.class_prob[0], decision.path.len()), (1.0, 1));
}

#[test]
fn a_tree_of_8192_classes_is_read() {
    const CLASSES: usize = 8192;
    let mut children: Vec<(usize, Vec<usize>)> = Vec::new();
    let (mut level, mut next): (Vec<usize>, usize) = ((0..CLASSES).collect(), CLASSES);
    while level.len() > 1 {
        let parents: Vec<usize> = (next..).take(level.len() / 2).collect();
        children.extend(parents.iter().zip(level.chunks(2)).map(|(&p, pair)| (p, pair.to_vec())));
        next += parents.len();
        level = parents;
    }
    let tree = hierarchy(&children, CLASSES);
    let logits: Vec<f32> = (0..CLASSES).map(|i| ((i * 7919) % 2003) as f32 / 200.0).collect();
    let decision = Decision::new(&tree, &logits, Rule::Marginal);
    let sum: f64 = decision.class_prob.iter().map(|&p| f64::from(p)).sum();
    // 8192 numbers that were rounded to 32 bits.
    assert!((sum - 1.0).abs() < 1e-5, "{sum}");
    assert_eq!(decision.likeliest, argmax(&logits));
    let data = vec![1.0; CLASSES];
    let maps = CamSet { height: 1, width: 1, data };
    let nodes = maps.of_nodes(&tree, &decision);
    // A mean of ones, through 13 levels.
    assert!(nodes.data.iter().all(|value| (value - 1.0).abs() < 1e-5));
}
