//! What must hold for any features, head, tree and logits.

use glasstree::explain::{Cam, CamSet, Decision, FeatureMap, Head, Hierarchy, Rule, softmax};
use proptest::prelude::*;

use super::assert_close;

pub(super) fn numbers(count: usize, size: f32) -> impl Strategy<Value = Vec<f32>> {
    prop::collection::vec(-size..size, count)
}

/// Features and a head for them, of sizes around those at which the matrix product is cut.
fn network() -> impl Strategy<Value = (FeatureMap, Head)> {
    (1..40_usize, 1..70_usize, 1..6_usize, 1..12_usize).prop_flat_map(
        |(channels, classes, height, width)| {
            (
                numbers(channels * height * width, 2.0),
                numbers(classes * channels, 1.0),
                numbers(classes, 1.0),
            )
                .prop_map(move |(data, weight, bias)| {
                    (
                        FeatureMap { channels, height, width, data },
                        Head { classes, channels, weight, bias },
                    )
                })
        },
    )
}

/// A random tree: node 0 is the root, and every later node hangs on an earlier one. Leaves are the
/// classes, in a shuffled order.
pub(crate) fn tree(
    nodes: std::ops::Range<usize>,
) -> impl Strategy<Value = (Hierarchy, Vec<String>)> {
    let parents = nodes.prop_flat_map(|count| (1..count).map(|node| 0..node).collect::<Vec<_>>());
    (parents, any::<u64>()).prop_map(|(parents, salt)| {
        let links: Vec<_> = parents
            .iter()
            .enumerate()
            .map(|(i, parent)| serde_json::json!({ "source": parent, "target": i + 1 }))
            .collect();
        let nodes: Vec<_> = (0..=parents.len()).map(|id| serde_json::json!({ "id": id })).collect();
        let leaves = (0..=parents.len()).filter(|id| !parents.contains(id));
        let mut wnids: Vec<_> = leaves.map(|id| id.to_string()).collect();
        let middle = salt as usize % wnids.len();
        wnids.rotate_left(middle);
        let text = serde_json::json!({ "nodes": nodes, "links": links }).to_string();
        (Hierarchy::from_json(&text, &wnids, &|_| None).unwrap(), wnids)
    })
}

/// Logits that are ordinary, tied, huge, or no numbers at all.
pub(crate) fn any_logit() -> impl Strategy<Value = f32> {
    prop_oneof![
        4 => -10.0..10.0_f32,
        2 => (-2..3).prop_map(|z| z as f32),
        1 => prop::sample::select(vec![1e30, -1e30, f32::MAX, f32::MIN]),
        1 => prop::sample::select(vec![f32::NAN, f32::INFINITY, f32::NEG_INFINITY]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mean_plus_bias_is_the_logit((features, head) in network()) {
        let pooled = features.pooled();
        for class in 0..head.classes {
            let cam = Cam::compute(&features, head.row(class));
            let products = head.row(class).iter().zip(&pooled).map(|(w, f)| w * f);
            let logit = products.sum::<f32>() + head.bias[class];
            let check = cam.check(head.bias[class], logit);
            // 40 products of size 2 in 32 bits.
            prop_assert!(check.residual.abs() < 1e-4, "{check:?}");
            prop_assert!(check.holds());
        }
    }

    #[test]
    fn all_maps_at_once_are_the_single_maps((features, head) in network()) {
        let maps = CamSet::of_classes(&features, &head);
        prop_assert_eq!(maps.len(), head.classes);
        for class in 0..head.classes {
            let single = Cam::compute(&features, head.row(class));
            // 40 products of size 2, in 32 against 64 bits.
            assert_close(maps.values(class).unwrap(), &single.data, 2e-5, "map");
        }
        prop_assert!(maps.get(head.classes).is_none());
    }

    #[test]
    fn the_map_of_a_node_is_the_mean_of_its_leaves((h, _) in tree(1..40), seed in numbers(40, 1.0)) {
        let (channels, height, width) = (3, 2, 2);
        let data = seed[..channels * height * width].to_vec();
        let features = FeatureMap { channels, height, width, data };
        let weight: Vec<f32> =
            (0..h.classes() * channels).map(|i| seed[i % 40] + i as f32 / 64.0).collect();
        let head = Head { classes: h.classes(), channels, weight, bias: vec![0.0; h.classes()] };
        let nodes = CamSet::of_classes(&features, &head).of_nodes(&h, &Decision::new(&h, &seed[..h.classes()], Rule::Hard));
        for (id, node) in h.nodes().iter().enumerate() {
            let (row, _) = head.mean_row(&node.leaves);
            let expected = Cam::compute(&features, &row);
            // Up to 40 maps of size 10 are added in 32 bits.
            assert_close(nodes.values(id).unwrap(), &expected.data, 1e-4, "node");
        }
    }

    #[test]
    fn probabilities_are_probabilities((h, _) in tree(1..60), seed in numbers(60, 30.0)) {
        let logits = &seed[..h.classes()];
        for rule in [Rule::Hard, Rule::Soft] {
            let decision = Decision::new(&h, logits, rule);
            // Each of 60 probabilities is rounded to 32 bits once.
            let sum = |probs: &[f32]| probs.iter().map(|&p| f64::from(p)).sum::<f64>();
            prop_assert!((sum(&decision.class_prob) - 1.0).abs() < 1e-6);
            for (id, node) in h.nodes().iter().enumerate().filter(|(_, node)| !node.is_leaf()) {
                let children: Vec<_> =
                    node.children.iter().map(|&c| decision.branch_prob[c]).collect();
                prop_assert!((sum(&children) - 1.0).abs() < 1e-6);
                let means: Vec<_> = node.children.iter().map(|&c| decision.logit[c]).collect();
                assert_close(&children, &softmax(&means), 1e-5, "softmax of the mean logits");
                prop_assert!((0.0..=(children.len() as f32).ln() + 1e-5).contains(&decision.entropy[id]));
            }
            for (id, node) in h.nodes().iter().enumerate() {
                let Some(parent) = node.parent else { continue };
                let (p, odds) = (f64::from(decision.branch_prob[id]), f64::from(decision.log_odds[id]));
                let reach = decision.reach_prob[parent] * decision.branch_prob[id];
                prop_assert!((reach - decision.reach_prob[id]).abs() < 1e-6);
                prop_assert!((1.0 / (1.0 + (-odds).exp()) - p).abs() < 1e-6, "{p} {odds}");
            }
        }
    }

    #[test]
    fn paths_follow_the_rule((h, _) in tree(1..60), seed in numbers(60, 5.0)) {
        let logits = &seed[..h.classes()];
        let hard = Decision::new(&h, logits, Rule::Hard);
        for pair in hard.path.windows(2) {
            let children = &h.node(pair[0]).children;
            prop_assert!(children.contains(&pair[1]));
            prop_assert!(children.iter().all(|&c| hard.logit[c] <= hard.logit[pair[1]]));
        }
        let soft = Decision::new(&h, logits, Rule::Soft);
        prop_assert!(soft.class_prob.iter().all(|&p| p <= soft.class_prob[soft.class]));
        for decision in [hard, soft] {
            prop_assert_eq!(decision.path[0], h.root());
            prop_assert_eq!(decision.path.last().copied(), h.leaf(decision.class));
            let skipped = usize::from(decision.rule == Rule::Hard);
            prop_assert_eq!(decision.steps(&h).len() + skipped, decision.path.len());
        }
    }

    #[test]
    fn no_logits_are_too_odd(
        (h, _) in tree(1..40),
        logits in prop::collection::vec(any_logit(), 0..40),
    ) {
        for rule in [Rule::Hard, Rule::Soft] {
            let decision = Decision::new(&h, &logits, rule);
            prop_assert_eq!(decision.path.last().copied(), h.leaf(decision.class));
            decision.steps(&h);
        }
    }

    #[test]
    fn writing_and_reading_keeps_any_tree((h, wnids) in tree(1..60)) {
        prop_assert_eq!(Hierarchy::from_json(&h.to_json(), &wnids, &|_| None).unwrap(), h);
    }

    /// Graphs of few nodes, so that cycles, second parents and loose ends are frequent.
    #[test]
    fn any_graph_is_a_tree_or_an_error(
        nodes in prop::collection::vec(0..8_u8, 0..8),
        links in prop::collection::vec((0..8_u8, 0..8_u8), 0..10),
        wnids in prop::collection::vec(0..8_u8, 0..8),
    ) {
        let nodes: Vec<_> = nodes.iter().map(|id| serde_json::json!({ "id": id })).collect();
        let links: Vec<_> =
            links.iter().map(|(a, b)| serde_json::json!({ "source": a, "target": b })).collect();
        let text = serde_json::json!({ "nodes": nodes, "links": links }).to_string();
        let wnids: Vec<_> = wnids.iter().map(u8::to_string).collect();
        match Hierarchy::from_json(&text, &wnids, &|_| None) {
            Ok(h) => {
                prop_assert_eq!(h.nodes().len(), nodes.len());
                prop_assert_eq!(h.nodes().len(), links.len() + 1);
                prop_assert_eq!(h.node(h.root()).leaves.len(), wnids.len());
            }
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }

    #[test]
    fn a_damaged_file_never_panics(at in 0..600_usize, byte: u8, cut in 0..600_usize) {
        let text = r#"{"directed":true,"nodes":[{"id":"a"},{"id":"b"},{"id":"r","label":"x"}],
            "links":[{"source":"r","target":"a"},{"source":"r","target":"b"}]}"#;
        let mut bytes = text.as_bytes().to_vec();
        let length = bytes.len();
        bytes[at % length] = byte;
        bytes.truncate(length - cut % 20);
        let text = String::from_utf8_lossy(&bytes);
        Hierarchy::from_json(&text, &["a".to_owned(), "b".to_owned()], &|_| None).ok();
    }

    #[test]
    fn upsampling_keeps_the_range_and_constants(
        (height, width) in (1..9_usize, 1..9_usize),
        seed in numbers(64, 100.0),
        (tall, wide) in (1..50_usize, 1..50_usize),
    ) {
        let cam = Cam { height, width, data: seed[..height * width].to_vec() };
        let large = cam.upsampled(tall, wide);
        prop_assert_eq!(large.data.len(), tall * wide);
        let ([lo, hi], [from, to]) = (cam.range(), large.range());
        // The interpolation of values of size 100 is rounded in the fifth digit behind the point.
        prop_assert!(from >= lo - 1e-4 && to <= hi + 1e-4);
        prop_assert_eq!(cam.upsampled(height, width), cam.clone());
        let constant = cam.map(|_| 2.5).upsampled(tall, wide);
        prop_assert!(constant.data.iter().all(|&v| v == 2.5));
        let unit = cam.normalized();
        prop_assert!(unit.data.iter().all(|v| (0.0..=1.0).contains(v)));
    }
}

#[test]
fn degenerate_maps_are_harmless() {
    let empty = Cam { height: 0, width: 0, data: Vec::new() };
    assert_eq!((empty.mean(), empty.range()), (0.0, [0.0, 0.0]));
    assert_eq!(empty.upsampled(2, 2).data, [0.0; 4]);
    let nan = Cam { height: 1, width: 2, data: vec![f32::NAN, 1.0] };
    assert_eq!(nan.range(), [1.0, 1.0]);
    assert!(nan.normalized().data[0].is_nan() && nan.positive().data[0].is_nan());
    let negative = Cam { height: 1, width: 2, data: vec![-1.0, -2.0] };
    assert_eq!(negative.gradcam_raw().gradcam_picture(2, 2).data, [0.0; 4]);
    let none = FeatureMap { channels: 3, height: 0, width: 0, data: Vec::new() };
    assert!(CamSet::of_rows(&none, &[1.0; 6]).is_empty());
}
