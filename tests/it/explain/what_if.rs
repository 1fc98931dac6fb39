//! Other paths, and what it takes to change one.

use glasstree::explain::{Decision, FlipError, NodeId, Region, Rule, flip};
use proptest::prelude::*;

use super::evidence::{Case, case};
use super::properties::{numbers, tree};

/// A lead below this is a tie: see `flip`.
const CLEARLY: f32 = 1e-3;

/// Whether another child of `node` leads by a clear margin without the cells of the bit set.
fn flips_without(case: &Case, node: NodeId, from: NodeId, cells: u32) -> bool {
    let cells: Vec<usize> = (0..6).filter(|cell| cells >> cell & 1 == 1).collect();
    let region = Region::of_cells(2, 3, &cells);
    let logits = case.logits(&region.removed_from(case.features()));
    let decision = Decision::new(&case.tree, &logits, Rule::Hard);
    // Twice the margin that counts as a tie: 32 bits may put the other side of it here.
    let children = &case.tree.node(node).children;
    children.iter().any(|&id| decision.logit[id] > decision.logit[from] + 2.0 * CLEARLY)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn forcing_the_chosen_branch_changes_nothing((h, _) in tree(2..50), seed in numbers(50, 8.0)) {
        for rule in [Rule::Hard, Rule::Soft] {
            let decision = Decision::new(&h, &seed[..h.classes()], rule);
            for &node in &decision.path {
                let forced = decision.force(&h, node);
                prop_assert_eq!(&forced.path, &decision.path);
                prop_assert_eq!(forced.class, decision.class);
                prop_assert_eq!((forced.price, forced.gap, forced.parting), (0.0, 0.0, None));
            }
        }
    }

    #[test]
    fn a_forced_branch_ends_at_its_best_leaf((h, _) in tree(2..50), seed in numbers(50, 8.0)) {
        for rule in [Rule::Hard, Rule::Soft] {
            let decision = Decision::new(&h, &seed[..h.classes()], rule);
            let soft = Decision::new(&h, &seed[..h.classes()], Rule::Soft);
            for id in 0..h.nodes().len() {
                let forced = decision.force(&h, id);
                prop_assert!(forced.path.contains(&id) && h.node(id).leaves.contains(&forced.class));
                let leaf = h.leaf(forced.class).unwrap();
                prop_assert_eq!(&forced.path, &h.path_to(leaf));
                // ln of a product of up to 50 probabilities in 32 bits.
                prop_assert!((forced.log_prob.exp() - decision.reach_prob[leaf]).abs() < 1e-5);
                let predicted = h.leaf(decision.class).unwrap();
                let log = decision.log_reach(&h);
                prop_assert!((f64::from(forced.price) - (log[predicted] - log[leaf])).abs() < 1e-4);
                if rule == Rule::Soft {
                    prop_assert!(forced.price > -1e-5);
                    let leaves = &h.node(id).leaves;
                    let best = leaves.iter().map(|&c| soft.class_prob[c]).fold(0.0, f32::max);
                    prop_assert_eq!(soft.class_prob[forced.class], best);
                }
                if let Some(parting) = forced.parting {
                    prop_assert!(decision.path.contains(&parting) && forced.path.contains(&parting));
                    prop_assert!(rule == Rule::Soft || forced.gap >= 0.0);
                }
            }
        }
    }

    #[test]
    fn the_costs_of_a_walk_add_up((h, _) in tree(1..50), seed in numbers(50, 8.0)) {
        let decision = Decision::new(&h, &seed[..h.classes()], Rule::Hard);
        let walk = decision.walk(&h);
        prop_assert_eq!(walk.steps.len() + 1, decision.path.len());
        let cost: f32 = walk.steps.iter().map(|step| step.cost).sum();
        prop_assert!((cost + walk.log_prob).abs() < 1e-4);
        let leaf = h.leaf(decision.class).unwrap();
        prop_assert!((walk.log_prob.exp() - decision.reach_prob[leaf]).abs() < 1e-5);
        prop_assert!((0.0..=1.0).contains(&walk.doubt) && walk.entropy >= 0.0);
        let most = walk.steps.iter().map(|step| step.cost).fold(f32::NEG_INFINITY, f32::max);
        prop_assert!(walk.weak_point().is_none_or(|at| walk.weakest == Some(at)));
        match walk.weakest {
            Some(weakest) => prop_assert_eq!(walk.steps[weakest].cost, most),
            None => prop_assert!(walk.steps.is_empty()),
        }
        for step in &walk.steps {
            let siblings = h.node(h.node(step.node).parent.unwrap()).children.len() - 1;
            prop_assert_eq!(step.runner_up.is_some(), siblings > 0);
            if let Some(runner_up) = step.runner_up {
                prop_assert!(decision.branch_prob[runner_up] <= step.probability);
            }
        }
    }

    /// Against every subset of six cells.
    #[test]
    fn a_flip_flips_and_no_smaller_set_does(case in case(2, 3)) {
        let maps = case.class_maps();
        let decision = case.decision(Rule::Hard);
        for (id, node) in case.tree.nodes().iter().enumerate() {
            let found = match flip(&case.tree, &decision, &maps, id) {
                Ok(found) => found,
                Err(FlipError::Leaf(_)) => { prop_assert!(node.is_leaf()); continue }
                Err(FlipError::SingleBranch(_)) => { prop_assert_eq!(node.children.len(), 1); continue }
                Err(error @ FlipError::NoMaps(_)) => panic!("{error}"),
            };
            let smaller: Vec<u32> =
                (0..64).filter(|set: &u32| !found.flips || (set.count_ones() as usize) < found.cells.len()).collect();
            for set in smaller {
                prop_assert!(!flips_without(&case, id, found.from, set), "{found:?} {set:b}");
            }
            let region = Region::of_cells(2, 3, &found.cells);
            let logits = case.logits(&region.removed_from(case.features()));
            let after = Decision::new(&case.tree, &logits, Rule::Hard);
            let margin = after.logit[found.from] - after.logit[found.to];
            prop_assert!((margin - found.margin_without).abs() < 2e-4, "{found:?} {margin}");
            prop_assert!((after.branch_prob[found.from] - found.probability_without).abs() < 1e-4);
            // So close to the border the rounding above may fall on either side.
            if (margin + CLEARLY).abs() > 2e-4 {
                prop_assert_eq!(found.flips, margin < -CLEARLY, "{:?}", found);
            }
            if found.flips {
                let best = node.children.iter().map(|&c| after.logit[c]).fold(f32::MIN, f32::max);
                prop_assert!((after.logit[found.to] - best).abs() < 2e-4);
            }
        }
    }
}

/// Probabilities that are rounded to zero still have an order, and prices are numbers.
#[test]
fn vanishing_probabilities_still_have_a_price() {
    let text = r#"{"nodes":[{"id":"r"},{"id":"x"},{"id":"a"},{"id":"b"},{"id":"c"}],
        "links":[{"source":"r","target":"c"},{"source":"r","target":"x"},
                 {"source":"x","target":"a"},{"source":"x","target":"b"}]}"#;
    let wnids = ["a", "b", "c"].map(str::to_owned);
    let h = glasstree::explain::Hierarchy::from_json(text, &wnids, &|_| None).unwrap();
    let decision = Decision::new(&h, &[-505.0, -495.0, 500.0], Rule::Soft);
    let forced = decision.force(&h, h.find_node("x").unwrap());
    assert_eq!(decision.class_prob[1], 0.0);
    assert_eq!((decision.class, forced.class), (2, 1));
    assert!((forced.price - 1000.0).abs() < 1e-3, "{forced:?}");
}

/// A tree of two decisions, the first with `shares[0]` for the branch that is taken.
fn weak_point(shares: [f32; 2]) -> Option<usize> {
    let text = r#"{"nodes":[{"id":"r"},{"id":"x"},{"id":"a"},{"id":"b"},{"id":"c"}],
        "links":[{"source":"r","target":"c"},{"source":"r","target":"x"},
                 {"source":"x","target":"a"},{"source":"x","target":"b"}]}"#;
    let wnids = ["a", "b", "c"].map(str::to_owned);
    let h = glasstree::explain::Hierarchy::from_json(text, &wnids, &|_| None).unwrap();
    // By the hard rule, the logit of x is the mean of a's and b's.
    let [first, second] = shares.map(|share| (share / (1.0 - share)).ln());
    let logits = [first + second / 2.0, first - second / 2.0, 0.0];
    let walk = Decision::new(&h, &logits, Rule::Hard).walk(&h);
    for (step, share) in walk.steps.iter().zip(shares) {
        assert!((step.probability - share).abs() < 1e-4, "{step:?}");
    }
    walk.weak_point()
}

#[test]
fn no_step_is_called_weak_where_all_are_nearly_certain() {
    assert_eq!(weak_point([0.999, 0.9995]), None);
    assert_eq!(weak_point([0.999, 0.96]), None);
    assert_eq!(weak_point([0.999, 0.94]), Some(1));
    assert_eq!(weak_point([0.6, 0.7]), Some(0));
}

#[test]
fn the_only_step_is_not_the_weakest() {
    let text = r#"{"nodes":[{"id":"r"},{"id":"a"},{"id":"b"}],
        "links":[{"source":"r","target":"a"},{"source":"r","target":"b"}]}"#;
    let wnids = ["a", "b"].map(str::to_owned);
    let h = glasstree::explain::Hierarchy::from_json(text, &wnids, &|_| None).unwrap();
    let walk = Decision::new(&h, &[0.1, 0.0], Rule::Hard).walk(&h);
    assert_eq!((walk.weakest, walk.weak_point()), (Some(0), None));
}
