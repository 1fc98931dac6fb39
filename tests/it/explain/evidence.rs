//! Comparisons, their maps and the sums that must come out.

use glasstree::explain::{
    Agreement, CamSet, Decision, Evidence, FeatureMap, Forward, Head, Hierarchy, Question,
    QuestionError, Rule, Tendency,
};
use glasstree::words;
use proptest::prelude::*;

use super::assert_close;
use super::properties::{numbers, tree};

/// A tree, and a network of its classes that has just run.
#[derive(Debug)]
pub struct Case {
    pub tree: Hierarchy,
    pub head: Head,
    pub forward: Forward,
}

impl Case {
    pub fn class_maps(&self) -> CamSet {
        CamSet::of_classes(self.features(), &self.head)
    }

    pub fn features(&self) -> &FeatureMap {
        self.forward.features.as_ref().unwrap()
    }

    /// The linear layer on other features.
    pub fn logits(&self, features: &FeatureMap) -> Vec<f32> {
        logits(&self.head, features)
    }

    pub fn evidence(&self, question: Question) -> Evidence {
        Evidence::new(question, self.features(), &self.forward.logits, &self.head)
    }

    pub fn decision(&self, rule: Rule) -> Decision {
        Decision::new(&self.tree, &self.forward.logits, rule)
    }
}

fn logits(head: &Head, features: &FeatureMap) -> Vec<f32> {
    let pooled = features.pooled();
    let dot = |row: &[f32]| row.iter().zip(&pooled).map(|(w, f)| w * f).sum::<f32>();
    (0..head.classes).map(|class| dot(head.row(class)) + head.bias[class]).collect()
}

/// Trees with chains and wide nodes, maps of few cells.
pub fn case(height: usize, width: usize) -> impl Strategy<Value = Case> {
    (tree(2..30), 1..8_usize).prop_flat_map(move |((tree, _), channels)| {
        let classes = tree.classes();
        let weights = (numbers(classes * channels, 2.0), numbers(classes, 1.0));
        (Just(tree), numbers(channels * height * width, 3.0), weights).prop_map(
            move |(tree, data, (weight, bias))| {
                let features = FeatureMap { channels, height, width, data };
                let head = Head { classes, channels, weight, bias };
                let logits = logits(&head, &features);
                Case {
                    tree,
                    head,
                    forward: Forward { logits, features: Some(features), conv2: None },
                }
            },
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_map_of_a_decision_is_its_lead(case in case(2, 3)) {
        let maps = case.class_maps().of_nodes(&case.tree, &case.decision(Rule::Hard));
        let decision = case.decision(Rule::Hard);
        for (id, node) in case.tree.nodes().iter().enumerate() {
            let siblings: Vec<_> = node.parent.map_or(Vec::new(), |parent| {
                let children = case.tree.node(parent).children.iter().copied();
                children.filter(|&child| child != id).collect()
            });
            let evidence = match Question::decision(&case.tree, id, Rule::Hard) {
                Ok(question) => case.evidence(question),
                Err(QuestionError::Root(_)) => { prop_assert!(node.parent.is_none()); continue }
                Err(QuestionError::NoSibling(_)) => { prop_assert!(siblings.is_empty()); continue }
                Err(error) => panic!("{error}"),
            };
            // Up to 8 products of size 6 for each of up to 30 classes, in 32 bits.
            prop_assert!(evidence.check.residual.abs() < 1e-4, "{:?}", evidence.check);
            let mean = siblings.iter().map(|&s| decision.logit[s]).sum::<f32>() / siblings.len() as f32;
            prop_assert!((evidence.total - (decision.logit[id] - mean)).abs() < 1e-4);
            let expected: Vec<f32> = (0..6).map(|cell| {
                let of = |id: usize| maps.values(id).unwrap()[cell];
                of(id) - siblings.iter().map(|&s| of(s)).sum::<f32>() / siblings.len() as f32
            }).collect();
            assert_close(&evidence.map.data, &expected, 1e-4, "difference of the nodes' maps");
            let quick = maps.lead(id, &decision.sibling_shares(&case.tree, id)).unwrap();
            assert_close(&quick.data, &evidence.map.data, 1e-4, "from the maps of all nodes");
            prop_assert!(maps.lead(id, &[]).is_none() && maps.lead(id, &[(1_000, 1.0)]).is_none());
            if let [only] = siblings[..] {
                prop_assert!((evidence.total - decision.log_odds[id]).abs() < 1e-4);
                let one = case.evidence(Question::against(&case.tree, id, only, Rule::Hard).unwrap());
                assert_close(&one.map.data, &evidence.map.data, 1e-5, "the only sibling");
            }
            for &sibling in &siblings {
                let there = case.evidence(Question::against(&case.tree, id, sibling, Rule::Hard).unwrap());
                let back = case.evidence(Question::against(&case.tree, sibling, id, Rule::Hard).unwrap());
                assert_close(&there.map.data, &back.map.map(|v| -v).data, 1e-5, "the other side");
                prop_assert!(there.check.residual.abs() < 1e-4);
            }
        }
    }

    #[test]
    fn predictions_part_where_their_ways_do(case in case(1, 1)) {
        let agreement = Agreement::new(&case.tree, &case.forward.logits);
        let partings = agreement.partings(&case.tree, Rule::Hard);
        prop_assert_eq!(partings.is_empty(), agreement.is_unanimous(Rule::Hard));
        prop_assert!(partings.len() < 3 && partings.is_sorted());
        let classes = [agreement.plain, agreement.hard, agreement.soft];
        for node in partings {
            // No branch holds all of those that come here.
            let here: Vec<_> = classes.into_iter()
                .filter(|class| case.tree.node(node).leaves.contains(class)).collect();
            let holds_all = |&child: &usize| {
                here.iter().all(|class| case.tree.node(child).leaves.contains(class))
            };
            prop_assert!(here.len() > 1 && !case.tree.node(node).children.iter().any(holds_all));
        }
    }

    #[test]
    fn two_classes_part_where_their_branches_do(case in case(1, 2), a: usize, b: usize) {
        let (a, b) = (a % case.tree.classes(), b % case.tree.classes());
        let question = Question::classes((a, "a"), (b, "b"));
        if a == b {
            prop_assert_eq!(question, Err(QuestionError::Itself("a".to_owned())));
            prop_assert!(Question::parting(&case.tree, a, b, Rule::Hard).is_none());
            return Ok(());
        }
        let evidence = case.evidence(question.unwrap());
        prop_assert!(evidence.check.residual.abs() < 1e-4);
        let lead = case.forward.logits[a] - case.forward.logits[b];
        prop_assert!((evidence.total - lead).abs() < 1e-5);
        let (node, _) = Question::parting(&case.tree, a, b, Rule::Hard).unwrap();
        let node = case.tree.node(node);
        prop_assert!(node.leaves.contains(&a) && node.leaves.contains(&b));
        let both = |&child: &usize| {
            let leaves = &case.tree.node(child).leaves;
            leaves.contains(&a) && leaves.contains(&b)
        };
        prop_assert!(!node.children.iter().any(both));
    }
}

fn toy() -> Hierarchy {
    let text = r#"{"nodes":[{"id":"r"},{"id":"x","label":"animal"},{"id":"a"},{"id":"b"},{"id":"c"}],
        "links":[{"source":"r","target":"x"},{"source":"r","target":"c"},
                 {"source":"x","target":"a"},{"source":"x","target":"b"}]}"#;
    Hierarchy::from_json(text, &["a", "b", "c"].map(str::to_owned), &|_| None).unwrap()
}

#[test]
fn comparisons_without_sense_are_told_in_words() {
    let h = toy();
    let node = |name: &str| h.find_node(name).unwrap();
    let message = |result: Result<Question, QuestionError>| result.unwrap_err().to_string();
    assert!(message(Question::decision(&h, h.root(), Rule::Hard)).contains("root"));
    let other = message(Question::against(&h, node("a"), node("c"), Rule::Hard));
    assert!(other.contains("\"c\" is not a sibling of \"a\"; choose among b"), "{other}");
    assert!(message(Question::against(&h, node("a"), node("a"), Rule::Hard)).contains("itself"));
}

#[test]
fn words_say_what_the_map_shows() {
    let evidence = |map: [f32; 2], total: f32| {
        let features = FeatureMap { channels: 1, height: 1, width: 2, data: map.to_vec() };
        let head = Head { classes: 1, channels: 1, weight: vec![1.0], bias: vec![0.25] };
        Evidence::new(Question::class(0, "cat"), &features, &[total], &head)
    };
    let mixed = evidence([3.0, -1.0], 1.25);
    assert_eq!(words::sum(&mixed), "map mean +1.00 + bias +0.25 = logit +1.25");
    assert_eq!((mixed.tendency(), mixed.peaks()), (Tendency::Mixed, [Some(0), Some(1)]));
    assert_eq!(words::story(&mixed), "Evidence for cat in some places, against it in others");
    let against = evidence([-3.0, -1.0], -1.75);
    assert_eq!((against.tendency(), against.peaks()), (Tendency::AllAgainst, [None, Some(0)]));
    assert_eq!(evidence([3.0, 1.0], 2.25).tendency(), Tendency::AllFor);
    let flat = evidence([2.0, 2.0], 2.25);
    assert_eq!((flat.tendency(), flat.map.range()), (Tendency::Constant, [2.0, 2.0]));
    assert_eq!(evidence([0.0, 0.0], 0.25).tendency(), Tendency::Constant);
    let wrong = evidence([3.0, -1.0], 5.0);
    assert!(!wrong.check.holds() && words::sum(&wrong).contains("does not hold"));
}
