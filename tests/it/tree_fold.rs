//! What of a tree is shown, and that nothing is lost in what is not.

use std::collections::BTreeMap;
use std::time::Instant;

use eframe::egui::{Role, vec2};
use egui_kittest::kittest::Queryable as _;
use glasstree::explain::{ClassId, Decision, Hierarchy, NodeId, Rule};
use glasstree::tree_layout::{
    Cards, OpenNodes, Orientation, Others, Shown, TreeLayout, WORTH, rows,
};
use glasstree::tree_svg::{SvgOptions, tree_svg};
use glasstree::tree_text::{others_count, others_name};
use proptest::prelude::*;

use crate::explain::properties::{any_logit, tree};
use crate::synth;
use crate::ui::{Window, asset, is_explained, real_window, step_until};

const RULES: [Rule; 3] = [Rule::Hard, Rule::Soft, Rule::Marginal];

/// What a user can do to the tree.
#[derive(Clone, Debug)]
enum Act {
    Set(usize, bool),
    ShowOthers(usize),
    Reveal(usize),
    ExpandAll,
    CollapseAll,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (any::<usize>(), any::<bool>()).prop_map(|(id, open)| Act::Set(id, open)),
        2 => any::<usize>().prop_map(Act::ShowOthers),
        2 => any::<usize>().prop_map(Act::Reveal),
        1 => Just(Act::ExpandAll),
        1 => Just(Act::CollapseAll),
    ]
}

fn carry_out(hierarchy: &Hierarchy, open: &mut OpenNodes, act: &Act) {
    let count = hierarchy.nodes().len();
    match *act {
        Act::Set(id, to) => open.set(id % count, to),
        Act::ShowOthers(id) => open.show_others(id % count),
        Act::Reveal(id) => open.reveal(hierarchy, id % count),
        Act::ExpandAll => open.expand_all(),
        Act::CollapseAll => open.collapse_all(),
    }
}

/// The classes that each card stands for: a leaf its own, a collapsed node all below it, the card of
/// others those of the siblings that have none.
fn classes_of_cards(
    hierarchy: &Hierarchy,
    decision: &Decision,
    open: &OpenNodes,
) -> BTreeMap<ClassId, usize> {
    let rows = rows(hierarchy, decision, open);
    let with_card: Vec<NodeId> = rows.iter().filter_map(|row| row.shown.node()).collect();
    let mut counts = BTreeMap::new();
    for row in &rows {
        let classes: Vec<ClassId> = match row.shown {
            Shown::Node(_) if row.open => continue,
            Shown::Node(id) => hierarchy.node(id).leaves.clone(),
            Shown::Others(others) => {
                let children = &hierarchy.node(others.parent).children;
                let folded = children.iter().filter(|id| !with_card.contains(id));
                let classes: Vec<_> =
                    folded.flat_map(|&id| hierarchy.node(id).leaves.clone()).collect();
                assert_eq!(classes.len(), others.classes);
                classes
            }
        };
        for class in classes {
            *counts.entry(class).or_default() += 1;
        }
    }
    counts
}

proptest! {
    #[test]
    fn every_class_is_in_exactly_one_card(
        (hierarchy, _) in tree(2..60),
        seed in prop::collection::vec(any_logit(), 60),
        rule in prop::sample::select(RULES.to_vec()),
        acts in prop::collection::vec(act(), 0..8),
    ) {
        let decision = Decision::new(&hierarchy, &seed[..hierarchy.classes()], rule);
        let mut open = OpenNodes::new(&hierarchy, &decision);
        for step in 0..=acts.len() {
            let counts = classes_of_cards(&hierarchy, &decision, &open);
            prop_assert_eq!(counts.len(), hierarchy.classes());
            prop_assert!(counts.values().all(|&count| count == 1), "{counts:?}");
            if let Some(act) = acts.get(step) {
                carry_out(&hierarchy, &mut open, act);
            }
        }
    }

    #[test]
    fn probabilities_add_up_and_the_likeliest_come_first(
        (hierarchy, _) in tree(2..60),
        logits in prop::collection::vec(-10.0..10.0_f32, 60),
        rule in prop::sample::select(RULES.to_vec()),
    ) {
        let decision = Decision::new(&hierarchy, &logits[..hierarchy.classes()], rule);
        let open = OpenNodes::new(&hierarchy, &decision);
        let rows = rows(&hierarchy, &decision, &open);
        let reach = |shown: Shown| match shown {
            Shown::Node(id) => decision.reach_prob[id],
            Shown::Others(others) => others.reach,
        };
        for (at, row) in rows.iter().enumerate() {
            let children: Vec<_> = rows.iter().filter(|child| child.parent == Some(at)).collect();
            prop_assert_eq!(row.open, !children.is_empty());
            let sum: f32 = children.iter().map(|child| reach(child.shown)).sum();
            // Up to sixty numbers of 24 bits are added.
            prop_assert!(!row.open || (sum - reach(row.shown)).abs() < 1e-5, "{sum} {row:?}");
            let own: Vec<f32> = children
                .iter()
                .filter(|child| child.shown.node().is_some())
                .map(|child| reach(child.shown))
                .collect();
            prop_assert!(own.is_sorted_by(|a, b| a >= b), "{own:?}");
            for child in &children[..children.len().saturating_sub(1)] {
                prop_assert!(child.shown.node().is_some(), "others come last");
            }
        }
        // All of the path, all that is likely, and little besides: what is not likely is on the
        // path, or an only one, or among the first of nothing but unlikely ones.
        let shown: Vec<NodeId> = rows.iter().filter_map(|row| row.shown.node()).collect();
        prop_assert!(decision.path.iter().all(|id| shown.contains(id)));
        for (id, &p) in decision.reach_prob.iter().enumerate() {
            prop_assert!(p < WORTH || shown.contains(&id), "{id} with {p} is folded");
        }
    }

    #[test]
    fn what_is_sought_is_found(
        (hierarchy, _) in tree(2..60),
        logits in prop::collection::vec(-20.0..20.0_f32, 60),
        node in any::<prop::sample::Index>(),
        acts in prop::collection::vec(act(), 0..6),
    ) {
        let decision = Decision::new(&hierarchy, &logits[..hierarchy.classes()], Rule::Marginal);
        let mut open = OpenNodes::new(&hierarchy, &decision);
        acts.iter().for_each(|act| carry_out(&hierarchy, &mut open, act));
        let node = node.index(hierarchy.nodes().len());
        let before = open.revision();
        open.reveal(&hierarchy, node);
        let shown = rows(&hierarchy, &decision, &open);
        prop_assert!(shown.iter().any(|row| row.shown == Shown::Node(node)));
        let revealed = open.revision();
        open.reveal(&hierarchy, node);
        prop_assert!(revealed >= before && open.revision() == revealed, "nothing more to do");
    }

    #[test]
    fn cards_do_not_overlap_and_flows_lie_side_by_side(
        (hierarchy, _) in tree(2..60),
        logits in prop::collection::vec(-10.0..10.0_f32, 60),
        orientation in prop::sample::select(vec![Orientation::LeftToRight, Orientation::TopDown]),
    ) {
        let decision = Decision::new(&hierarchy, &logits[..hierarchy.classes()], Rule::Marginal);
        let open = OpenNodes::new(&hierarchy, &decision);
        let layout = TreeLayout::new(&hierarchy, &decision, &open, orientation, Cards::Plain);
        // Places are sums of up to sixty sizes in f32.
        const EPSILON: f32 = 0.01;
        for (i, a) in layout.cards.iter().enumerate() {
            for b in &layout.cards[..i] {
                let apart = |axis: usize| {
                    (a.centre[axis] - b.centre[axis]).abs() + EPSILON
                        >= (a.size[axis] + b.size[axis]) / 2.0
                };
                prop_assert!(apart(0) || apart(1), "{a:?} {b:?}");
            }
        }
        // The path of the marginal rule is one straight line.
        let across = if orientation == Orientation::LeftToRight { 1 } else { 0 };
        let ends = decision.path.iter().map(|&id| layout.find(id).unwrap().centre[across]);
        prop_assert!(ends.clone().all(|place| place == layout.cards[0].centre[across]));

        let flows = layout.flows(&decision, 100.0);
        for (at, card) in layout.cards.iter().enumerate() {
            let below = layout.cards.iter().zip(&flows).filter(|(child, _)| child.parent == Some(at));
            let mut edge = 0.0;
            for (_, &[middle, width]) in below {
                prop_assert!((middle - width / 2.0 - edge).abs() < EPSILON);
                edge = middle + width / 2.0;
            }
            // What comes in goes out.
            prop_assert!(!card.open || (edge - flows[at][1]).abs() < EPSILON);
        }
    }
}

/// A root with `count` classes.
fn flat(count: usize) -> Hierarchy {
    let nodes: Vec<_> = (0..=count).map(|id| serde_json::json!({ "id": id })).collect();
    let links: Vec<_> =
        (1..=count).map(|id| serde_json::json!({ "source": 0, "target": id })).collect();
    let json = serde_json::json!({ "nodes": nodes, "links": links }).to_string();
    let wnids: Vec<_> = (1..=count).map(|id| id.to_string()).collect();
    Hierarchy::from_json(&json, &wnids, &|_| None).unwrap()
}

#[test]
fn the_others_are_counted_in_words() {
    let hierarchy = flat(120);
    let mut logits = [0.0; 120];
    (logits[7], logits[3]) = (12.0, 9.0);
    let decision = Decision::new(&hierarchy, &logits, Rule::Marginal);
    let mut open = OpenNodes::new(&hierarchy, &decision);
    let shown = rows(&hierarchy, &decision, &open);
    // The root, both likely classes, and the others.
    let [_, first, second, last] = &shown[..] else { panic!("{shown:?}") };
    assert_eq!((first.shown, second.shown), (Shown::Node(8), Shown::Node(4)));
    let Shown::Others(others) = last.shown else { panic!("{last:?}") };
    assert_eq!(others_count(&others), "+118 others");
    let name = others_name(&hierarchy, &decision, &others);
    assert!(name.starts_with("118 others of ") && name.ends_with(", 0.1% overall"), "{name}");

    // The drawing has the same card.
    let options = SvgOptions { orientation: Orientation::LeftToRight, dark: false, title: "" };
    assert!(tree_svg(&hierarchy, &decision, &open, &options).contains(">+118 others<"));
    open.show_others(0);
    assert!(!tree_svg(&hierarchy, &decision, &open, &options).contains(">+118 others<"));
    assert_eq!(rows(&hierarchy, &decision, &open).len(), 121);
    // Collapsed and expanded again, the improbable ones are folded as before.
    open.set(0, false);
    assert_eq!(rows(&hierarchy, &decision, &open).len(), 1);
    open.set(0, true);
    assert_eq!(rows(&hierarchy, &decision, &open).len(), 4);
}

#[test]
fn a_branch_without_anything_likely_shows_its_likeliest() {
    let hierarchy = flat(5000);
    let decision = Decision::new(&hierarchy, &[0.0; 5000], Rule::Marginal);
    let open = OpenNodes::new(&hierarchy, &decision);
    let shown = rows(&hierarchy, &decision, &open);
    // The path ends at the first class; nothing else is likely.
    assert_eq!(shown.len(), 3);
    let Shown::Others(Others { nodes: 4999, classes: 4999, .. }) = shown[2].shown else {
        panic!("{:?}", shown[2])
    };
}

#[test]
#[ignore = "measures"]
fn times_of_folding_and_layout() {
    let binary = |classes: usize| {
        let links = (1..2 * classes - 1)
            .map(|id| serde_json::json!({ "source": (id - 1) / 2, "target": id }));
        let nodes = (0..2 * classes - 1).map(|id| serde_json::json!({ "id": id }));
        let json = serde_json::json!({
            "nodes": nodes.collect::<Vec<_>>(), "links": links.collect::<Vec<_>>(),
        });
        let wnids: Vec<_> = (classes - 1..2 * classes - 1).map(|id| id.to_string()).collect();
        Hierarchy::from_json(&json.to_string(), &wnids, &|_| None).unwrap()
    };
    for classes in [1000, 8192] {
        let hierarchy = binary(classes);
        let logits: Vec<f32> = synth::normal("fold", 3, classes).iter().map(|z| 3.0 * z).collect();
        let decision = Decision::new(&hierarchy, &logits, Rule::Marginal);
        for all in [false, true] {
            let mut times = Vec::new();
            let mut cards = 0;
            for _ in 0..21 {
                let start = Instant::now();
                let mut open = OpenNodes::new(&hierarchy, &decision);
                if all {
                    open.expand_all();
                }
                let layout = TreeLayout::new(
                    &hierarchy,
                    &decision,
                    &open,
                    Orientation::LeftToRight,
                    Cards::WithMap,
                );
                times.push(start.elapsed().as_secs_f64() * 1e3);
                cards = layout.cards.len();
            }
            times.sort_by(f64::total_cmp);
            eprintln!(
                "{classes} classes, {cards} cards: folded and laid out in {:.2} ms",
                times[times.len() / 2]
            );
        }
    }
}

/// Prints the times of the frames in which the handle of the certainty is dragged.
#[test]
#[ignore = "measures"]
fn times_of_dragging_the_certainty() {
    let path = asset("cat_and_coffee.jpg");
    let mut window = real_window([1440.0, 900.0], |options| {
        options.paths = vec![path];
        options.one_model = true;
    });
    step_until(&mut window, "the picture is explained", is_explained);
    window.run_steps(30);
    let certainty = |window: &Window| window.state().settings.tree.certainty;
    let before = certainty(&window);
    let is_handle = |value: f64| (value - f64::from(before)).abs() < 1e-6;
    let handle = window.get_by(|node| {
        node.role() == Role::SpinButton && node.numeric_value().is_some_and(is_handle)
    });
    let handle = handle.rect().center();
    window.drag_at(handle);
    window.step();
    let mut times: Vec<f64> = (0..60)
        .map(|i| {
            window.hover_at(handle + vec2((i as f32 / 5.0).sin() * 100.0, 0.0));
            let start = Instant::now();
            window.step();
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    eprintln!("dragging the certainty: median {:.2} ms, worst {:.2} ms", times[30], times[59]);
    assert_ne!(certainty(&window), before, "the handle was not dragged");
}
