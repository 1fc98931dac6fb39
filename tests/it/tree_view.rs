//! The tree view, driven through its accessible names.

use std::time::Instant;

use eframe::egui;
use eframe::egui::{Key, Modifiers, Theme, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use glasstree::assets::Dataset;
use glasstree::explain::{Agreement, Decision, Decisions, Hierarchy, NodeId, Rule};
use glasstree::settings::{TreeMode, TreeSettings};
use glasstree::tree_layout::{
    Cards, Item, Metrics, OpenNodes, Orientation, TreeLayout, WORTH, rows, tidy,
};
use glasstree::tree_svg::{SvgOptions, tree_svg};
use glasstree::tree_text::{disagreement, doubt_in_words, name_on_photo, percent, rule_sentence};
use glasstree::ui::tree_view::{
    Effect, Index, Step, TreeAction, TreeInput, TreeViewState, take_step, tree_view_ui,
};
use glasstree::wordnet;
use proptest::prelude::*;

use crate::synth;

/// A tree, what was decided, and what the app would keep.
struct Shown {
    hierarchy: Hierarchy,
    decisions: Decisions,
    agreement: Agreement,
    rule: Rule,
    selected: Option<NodeId>,
    pins: [Option<usize>; 2],
    settings: TreeSettings,
    state: TreeViewState,
    actions: Vec<TreeAction>,
}

fn tree_of(dataset: Dataset) -> Hierarchy {
    let asset = &dataset.hierarchies()[0];
    let names = |wnid: &str| wordnet::name_of(wnid).map(str::to_owned);
    let mut hierarchy = Hierarchy::from_json(asset.json, dataset.leaf_ids(), &names).unwrap();
    hierarchy.set_labels(dataset.labels()).unwrap();
    hierarchy
}

impl Shown {
    fn new(hierarchy: Hierarchy, logits: &[f32]) -> Self {
        Self {
            decisions: Decisions::new(&hierarchy, logits),
            agreement: Agreement::new(&hierarchy, logits),
            hierarchy,
            rule: Rule::Hard,
            selected: None,
            pins: [None; 2],
            settings: TreeSettings::default(),
            state: TreeViewState::default(),
            actions: Vec::new(),
        }
    }

    /// CIFAR10 with a cat: airplane, automobile, bird, cat, deer, dog, frog, horse, ship, truck.
    fn cat() -> Self {
        let logits = [0.5, -1.0, 1.5, 9.0, 2.0, 5.5, 2.5, 3.0, -0.5, -1.5];
        Self::new(tree_of(Dataset::Cifar10), &logits)
    }

    fn thousand() -> Self {
        let hierarchy = tree_of(Dataset::Imagenet1000);
        let logits: Vec<f32> =
            synth::normal("tree view", 7, 1000).iter().map(|z| 2.0 * z).collect();
        Self::new(hierarchy, &logits)
    }

    fn ui(&mut self, ui: &mut egui::Ui) {
        let hierarchy = &self.hierarchy;
        let input = TreeInput {
            tree_id: hierarchy.nodes().len() as u64,
            result_id: 1,
            hierarchy,
            trained: true,
            decisions: &self.decisions,
            rule: self.rule,
            agreement: self.agreement,
            probabilities: &self.decisions.soft.class_prob,
            pins: self.pins,
            maps: None,
            selected: self.selected,
            forced: None,
            walks: false,
            label: &|class| {
                hierarchy
                    .leaf(class)
                    .map_or_else(String::new, |id| hierarchy.node(id).name.to_string())
            },
        };
        let actions = tree_view_ui(ui, &input, &mut self.settings, &mut self.state);
        for action in &actions {
            match *action {
                TreeAction::Select(id) => self.selected = Some(id),
                TreeAction::SetRule(rule) => self.rule = rule,
                TreeAction::Pin(slot, class) => self.pins[slot as usize] = Some(class),
                _ => {}
            }
        }
        self.actions.extend(actions);
    }

    fn node(&self, name: &str) -> NodeId {
        self.hierarchy.find_node(name).unwrap()
    }

    fn is_open(&self, id: NodeId) -> bool {
        self.state.open_nodes().is_open(id)
    }

    /// The nodes that have cards.
    fn shown_nodes(&self) -> Vec<NodeId> {
        let rows = rows(&self.hierarchy, self.decisions.by(self.rule), self.state.open_nodes());
        rows.iter().filter_map(|row| row.shown.node()).collect()
    }
}

fn harness(shown: Shown, size: [f32; 2], theme: Theme) -> Harness<'static, Shown> {
    Harness::builder()
        .with_size(size)
        .with_theme(theme)
        .with_max_steps(20)
        .wgpu()
        .build_ui_state(|ui, shown: &mut Shown| shown.ui(ui), shown)
}

/// The card or row of the node with this name.
fn item<'a>(harness: &'a Harness<'_, Shown>, name: &str) -> egui_kittest::Node<'a> {
    let start = format!("{name}, ");
    harness.get_by(move |node| {
        node.role() == egui::Role::TreeItem
            && node.label().is_some_and(|label| label.starts_with(&start))
    })
}

#[test]
fn starts_with_the_path_and_what_is_likely() {
    let mut harness = harness(Shown::cat(), [1100.0, 500.0], Theme::Dark);
    harness.run();
    let shown = harness.state();
    let ids = shown.shown_nodes();
    for id in 0..shown.hierarchy.nodes().len() {
        let Decision { path, reach_prob, .. } = &shown.decisions.hard;
        let is_open = |id: NodeId| {
            let children = &shown.hierarchy.node(id).children;
            path.contains(&id) || children.iter().any(|&child| reach_prob[child] >= WORTH)
        };
        // Every node has two children here, so that none is folded.
        let expected = shown.hierarchy.node(id).parent.is_none_or(is_open);
        assert_eq!(ids.contains(&id), expected, "node {id}");
    }
    for &id in &shown.decisions.hard.path {
        item(&harness, &shown.hierarchy.node(id).name);
    }
}

#[test]
fn a_click_selects_and_the_toggle_expands() {
    for mode in [TreeMode::Diagram, TreeMode::Outline] {
        let mut shown = Shown::cat();
        shown.settings.mode = mode;
        let mut harness = harness(shown, [1100.0, 500.0], Theme::Dark);
        harness.run();
        let label = {
            let shown = harness.state();
            let [branch, reach] =
                [&shown.decisions.hard.branch_prob, &shown.decisions.hard.reach_prob]
                    .map(|p| percent(p[shown.node("cat")]));
            let parent = shown.hierarchy.node(shown.node("cat")).parent.unwrap();
            let parent = &shown.hierarchy.node(parent).name;
            format!("cat, {branch} of {parent}, {reach} overall, leaf, on the path")
        };
        harness.get_by_label(&label).click();
        harness.run();
        let cat = harness.state().node("cat");
        assert_eq!(harness.state().actions, [TreeAction::Select(cat)], "{mode:?}");

        let closed = harness.state().decisions.hard.path[1];
        let closed =
            *harness.state().hierarchy.node(0).children.iter().find(|&&id| id != closed).unwrap();
        let name = harness.state().hierarchy.node(closed).name.clone();
        assert!(!harness.state().is_open(closed));
        harness.get_by_label(&format!("Expand {name}")).click();
        harness.run();
        assert!(harness.state().is_open(closed), "{mode:?}");
        harness.get_by_label(&format!("Collapse {name}")).click();
        harness.run();
        assert!(!harness.state().is_open(closed), "{mode:?}");
    }
}

#[test]
fn the_keyboard_walks_through_the_outline() {
    let mut shown = Shown::cat();
    shown.settings.mode = TreeMode::Outline;
    shown.selected = Some(0);
    let mut harness = harness(shown, [500.0, 400.0], Theme::Light);
    harness.run();
    harness.get_by_label_contains("root").click();
    harness.run();
    let mut press = |key| {
        harness.key_press(key);
        harness.step();
        (harness.state().selected.unwrap(), harness.state().state.open_nodes().clone())
    };
    let (selected, _) = press(Key::ArrowRight);
    assert_eq!(selected, 1, "right: the first child");
    let (selected, state) = press(Key::ArrowLeft);
    assert!(selected == 1 && !state.is_open(1), "left: collapse first");
    let (selected, _) = press(Key::ArrowLeft);
    assert_eq!(selected, 0, "left: the parent");
    assert!(!press(Key::Enter).1.is_open(0), "enter: collapse");
    assert!(press(Key::ArrowRight).1.is_open(0), "right: expand first");
    let (selected, _) = press(Key::ArrowDown);
    assert_eq!(selected, 1);
    let (last, _) = press(Key::End);
    let (selected, _) = press(Key::ArrowDown);
    assert_eq!(selected, last, "the end is the end");
    let (selected, state) = press(Key::Home);
    assert_eq!(selected, 0);
    assert!(state.is_open(0));
    press(Key::Enter);
    assert!(press(Key::E).1.is_open(0), "E: expand the path");
}

#[test]
fn a_class_is_found_and_revealed() {
    for mode in [TreeMode::Diagram, TreeMode::Outline] {
        let mut shown = Shown::thousand();
        shown.settings.mode = mode;
        let mut harness = harness(shown, [900.0, 600.0], Theme::Dark);
        harness.run();
        harness.state_mut().state.focus_search();
        harness.run_steps(2);
        harness.event(egui::Event::Text("espresso".to_owned()));
        harness.run_steps(2);
        harness.key_press(Key::ArrowDown);
        harness.key_press(Key::ArrowUp);
        harness.key_press(Key::Enter);
        harness.run_steps(4);
        let shown = harness.state();
        let found = shown.selected.expect("Enter takes the first match");
        assert!(shown.hierarchy.node(found).name.starts_with("espresso"));
        let hierarchy = &shown.hierarchy;
        assert!(shown.shown_nodes().contains(&found));
        let name = hierarchy.node(found).name.clone();
        let row = item(&harness, &name);
        let window = egui::Rect::from_min_size(egui::Pos2::ZERO, vec2(900.0, 600.0));
        assert!(window.contains_rect(row.rect()), "{mode:?}: brought into view");
        assert!(row.is_focused(), "{mode:?}: the keyboard goes on from there");
    }
}

#[test]
fn hard_and_soft_can_be_switched_and_their_difference_is_said() {
    let mut shown = Shown::cat();
    shown.agreement.soft = 5;
    let mut harness = harness(shown, [900.0, 500.0], Theme::Dark);
    harness.run();
    harness.get_by_label(
        "The network alone and the hard tree predict cat; the soft tree predicts dog",
    );
    harness.get_by_label_contains("Hard tree cat ");
    harness.get_by_label_contains("Soft tree dog ");
    let node = harness.get_by_label_contains("predictions diverge here").accesskit_node();
    assert!(node.label().unwrap().starts_with("carnivore, "));
    harness.get_by_label("Compare").click();
    harness.run();
    harness.get_by_label("Where they diverge").click();
    harness.run();
    let cat = harness.state().node("cat");
    harness.get_by_label("Soft").click();
    harness.run();
    assert_eq!(
        harness.state().actions,
        [TreeAction::Compare(3, 5), TreeAction::Select(cat), TreeAction::SetRule(Rule::Soft)]
    );
}

/// What a screen reader says about a node.
fn spoken(harness: &Harness<'_, Shown>, name: &str) -> String {
    item(harness, name).accesskit_node().label().unwrap()
}

#[test]
fn leaves_are_pinned_by_key_and_by_menu() {
    for mode in [TreeMode::Diagram, TreeMode::Outline] {
        let mut shown = Shown::cat();
        shown.settings.mode = mode;
        let mut harness = harness(shown, [1100.0, 500.0], Theme::Light);
        harness.run();
        item(&harness, "cat").click();
        harness.run();
        harness.key_press_modifiers(Modifiers::SHIFT, Key::A);
        harness.run();
        assert_eq!(harness.state().pins, [Some(3), None], "{mode:?}");
        item(&harness, "dog").click_secondary();
        harness.run();
        harness.get_by_label("Pin as A");
        harness.get_by_label("Pin as B").click();
        harness.run();
        assert_eq!(harness.state().pins, [Some(3), Some(5)], "{mode:?}");
        assert!(spoken(&harness, "cat").ends_with(", pinned as A"));
        assert!(spoken(&harness, "dog").ends_with(", pinned as B"));
        item(&harness, "dog").click_secondary();
        harness.run();
        harness.get_by_label("Compare with cat").click();
        harness.run();
        assert_eq!(harness.state().actions.last(), Some(&TreeAction::Compare(5, 3)), "{mode:?}");
        // Branches are no classes.
        harness.state_mut().actions.clear();
        item(&harness, "carnivore").click();
        harness.run();
        harness.key_press_modifiers(Modifiers::SHIFT, Key::A);
        harness.run();
        let carnivore = harness.state().node("carnivore");
        assert_eq!(harness.state().actions, [TreeAction::Select(carnivore)], "{mode:?}");
    }
}

#[test]
fn doubt_is_said_where_it_is_marked() {
    let tree = tree_of(Dataset::Cifar10);
    let mut unsure = harness(Shown::new(tree, &[0.1; 10]), [1100.0, 500.0], Theme::Dark);
    unsure.run();
    assert!(spoken(&unsure, "animal").contains(", close decision"));
    let shown = unsure.state();
    let words = |id| doubt_in_words(&shown.hierarchy, &shown.decisions.hard, id);
    assert!(words(0).unwrap().starts_with("Undecided: "));
    assert_eq!(words(shown.node("cat")), None, "a class decides nothing");
    let cat = Shown::cat();
    let words = doubt_in_words(&cat.hierarchy, &cat.decisions.hard, 0).unwrap();
    // The branches are called by their names, the likeliest first.
    assert!(words.starts_with("Clear: animal "), "{words}");
}

/// How close a decision is in the tooltip, and whether a screen reader calls it close, agree.
#[test]
fn a_decision_is_called_close_only_where_it_is() {
    for (share, word) in [
        (0.999, "Clear"),
        (0.99, "Clear"),
        (0.98, "Fairly clear"),
        (0.9, "Fairly clear"),
        (0.88, "Close"),
        (0.7, "Close"),
        (0.6, "Undecided"),
    ] {
        let tree = tree_of(Dataset::Cifar10);
        let animal = tree.find_node("animal").unwrap();
        // By the hard rule, a branch has the mean logit of its classes.
        let lead = f32::ln(share / (1.0 - share));
        let logit = |class| if tree.node(animal).leaves.contains(&class) { lead } else { 0.0 };
        let logits: Vec<f32> = (0..10).map(logit).collect();
        let mut harness = harness(Shown::new(tree, &logits), [1100.0, 500.0], Theme::Dark);
        harness.run();
        let shown = harness.state();
        let words = doubt_in_words(&shown.hierarchy, &shown.decisions.hard, 0).unwrap();
        let start = format!("{word}: animal {}, ", percent(share));
        assert!(words.starts_with(&start), "{share}: {words}");
        let name = shown.hierarchy.node(0).name.clone();
        let is_close = matches!(word, "Close" | "Undecided");
        assert_eq!(spoken(&harness, &name).contains(", close decision"), is_close, "{share}");
    }
}

#[test]
fn a_drag_moves_and_the_wheel_zooms_at_the_pointer() {
    let mut harness = harness(Shown::cat(), [1100.0, 500.0], Theme::Dark);
    harness.run();
    let root = harness.state().hierarchy.node(0).name.clone();
    let rect = |harness: &Harness<'_, Shown>| item(harness, &root).rect();
    let before = rect(&harness);
    let corner = egui::pos2(30.0, 470.0);
    harness.drag_at(corner);
    harness.step();
    harness.hover_at(corner + vec2(40.0, -25.0));
    harness.step();
    harness.drop_at(corner + vec2(40.0, -25.0));
    harness.step();
    let moved = rect(&harness);
    assert!((moved.min - before.min - vec2(40.0, -25.0)).length() < 1.0, "{before} -> {moved}");

    // The point under the pointer stays: the centre of the root.
    harness.hover_at(moved.center());
    harness.step();
    harness.event(egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Point,
        delta: vec2(0.0, -60.0),
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Unknown,
        modifiers: Modifiers::NONE,
    });
    harness.run_steps(8);
    let zoomed = rect(&harness);
    assert!(zoomed.width() < 0.95 * moved.width(), "{moved} -> {zoomed}");
    assert!((zoomed.center() - moved.center()).length() < 1.0, "{moved} -> {zoomed}");
}

#[test]
fn a_thousand_classes_are_drawn() {
    let mut harness = harness(Shown::thousand(), [1400.0, 900.0], Theme::Dark);
    harness.run();
    let path = harness.state().decisions.hard.path.clone();
    let shown = harness.state();
    let name = name_on_photo(&shown.hierarchy, &shown.decisions.hard, path[1]);
    item(&harness, &name);
    harness.state_mut().state.expand_all();
    harness.run();
    let shown = harness.state_mut();
    shown.state.fit(&mut shown.settings);
    harness.run();
    assert_eq!(harness.state().shown_nodes().len(), 1999);
    harness.state_mut().settings.mode = TreeMode::Outline;
    harness.run();
    let rows = harness.query_all_by_label_contains(" overall, ").count();
    assert!((20..60).contains(&rows), "only the visible rows are there, not {rows}");
}

#[test]
fn the_view_opens_with_the_end_of_the_path_in_it() {
    for size in [[300.0, 360.0], [600.0, 750.0], [1100.0, 500.0]] {
        let mut harness = harness(Shown::thousand(), size, Theme::Dark);
        harness.run();
        let end = *harness.state().decisions.hard.path.last().unwrap();
        let name = harness.state().hierarchy.node(end).name.clone();
        // What lies outside of the canvas is cut off.
        let seen = item(&harness, &name).rect();
        let metrics = Metrics::new(Orientation::TopDown, Cards::Plain);
        // Text can be read from two thirds of the full size on.
        assert!(seen.width() > 0.6 * metrics.card[0], "{size:?}: {seen:?}");
        assert!(seen.height() > 0.6 * 42.0, "{size:?}: {seen:?}");
    }
}

#[test]
fn others_are_unfolded_by_a_click() {
    for mode in [TreeMode::Diagram, TreeMode::Outline] {
        let mut shown = Shown::thousand();
        shown.settings.mode = mode;
        shown.rule = Rule::Marginal;
        // One class is sure, so that whole branches are folded below every node.
        let logits: Vec<f32> = (0..1000).map(|class| if class == 7 { 30.0 } else { 0.0 }).collect();
        let hierarchy = tree_of_children();
        shown.decisions = Decisions::new(&hierarchy, &logits);
        shown.hierarchy = hierarchy;
        let mut harness = harness(shown, [1100.0, 700.0], Theme::Light);
        harness.run();
        let before = harness.state().shown_nodes().len();
        harness.get_by_label_contains("Unfold 900 others of ").click();
        harness.run();
        assert_eq!(harness.state().shown_nodes().len(), before + 9, "{mode:?}");
        assert!(harness.query_by_label_contains("Unfold 900 others of ").is_none(), "{mode:?}");
        // Nothing was selected by it.
        assert_eq!(harness.state().actions, []);
    }
}

/// Ten branches of a hundred classes each.
fn tree_of_children() -> Hierarchy {
    let name = |id: usize| format!("node {id}");
    let nodes: Vec<_> = (0..1011).map(|id| serde_json::json!({ "id": name(id) })).collect();
    let parent = |id: usize| if id <= 10 { 0 } else { 1 + (id - 11) / 100 };
    let links: Vec<_> = (1..1011)
        .map(|id| serde_json::json!({ "source": name(parent(id)), "target": name(id) }))
        .collect();
    let json = serde_json::json!({ "nodes": nodes, "links": links }).to_string();
    let wnids: Vec<String> = (11..1011).map(name).collect();
    Hierarchy::from_json(&json, &wnids, &|_| None).unwrap()
}

#[test]
fn how_trees_are_shown_is_kept_in_the_settings() {
    let mut settings = TreeSettings::default();
    let mut state = TreeViewState::default();
    state.toggle_mode(&mut settings);
    state.toggle_orientation(&mut settings);
    let json = serde_json::to_string(&settings).unwrap();
    let back: TreeSettings = serde_json::from_str(&json).unwrap();
    assert_eq!((back.mode, back.orientation), (TreeMode::Outline, Some(Orientation::TopDown)));
    let empty: TreeSettings = serde_json::from_str("{}").unwrap();
    assert_eq!((empty.mode, empty.orientation), (TreeMode::Diagram, None));
}

#[test]
fn the_svg_has_what_is_open_and_is_escaped() {
    let mut shown = Shown::cat();
    let labels: Vec<String> = (0..10).map(|i| format!("<b>&\"{i}\u{1}")).collect();
    shown.hierarchy.set_labels(&labels).unwrap();
    for orientation in [Orientation::LeftToRight, Orientation::TopDown] {
        let options = SvgOptions { orientation, dark: true, title: "a < b" };
        let mut open = OpenNodes::new(&shown.hierarchy, &shown.decisions.hard);
        open.expand_all();
        let svg = tree_svg(&shown.hierarchy, &shown.decisions.hard, &open, &options);
        let edges = |svg: &str| svg.matches("<g fill=\"none\"").count();
        assert_eq!(svg.matches("<g>").count(), shown.hierarchy.nodes().len());
        assert_eq!(edges(&svg), shown.hierarchy.nodes().len() - 1);
        assert!(svg.contains("&lt;b&gt;&amp;&quot;3") && !svg.contains("<b>"));
        assert!(!svg.contains('\u{1}') && svg.contains("<title>a &lt; b</title>"));
        open.collapse_all();
        let path_only = tree_svg(&shown.hierarchy, &shown.decisions.hard, &open, &options);
        assert_eq!((path_only.matches("<g>").count(), edges(&path_only)), (3, 2));
    }
}

#[test]
fn search_prefers_classes_that_begin_with_the_query() {
    let hierarchy = tree_of(Dataset::Imagenet1000);
    let index = Index::new(&hierarchy);
    let found = index.matches(" TABBY ");
    assert!(hierarchy.node(found[0]).name.starts_with("tabby"));
    assert!(index.matches("").is_empty() && index.matches("qqq").is_empty());
    let tabby = hierarchy.find_node("n02123045").unwrap();
    assert_eq!(index.matches("N02123045"), [tabby]);
    // As in the list of classes: by number, by a synonym that the label lacks, without accents.
    assert_eq!(index.matches("index:281"), [tabby]);
    assert_eq!(index.matches("281")[0], tabby);
    let tree = tree_of(Dataset::Cifar10);
    let car = Index::new(&tree).matches("Mótorcar");
    assert_eq!(tree.node(car[0]).name, "automobile");
}

#[test]
fn steps_stay_within_the_tree() {
    let hierarchy = tree_of(Dataset::Cifar10);
    let all: Vec<NodeId> = (0..hierarchy.nodes().len()).collect();
    let step = |id, step| take_step(&hierarchy, &all, &|_| true, id, step);
    assert_eq!(step(0, Step::Out), None);
    assert_eq!(step(0, Step::Up), None);
    assert_eq!(step(0, Step::Before), None);
    let first = hierarchy.node(0).children[0];
    let second = hierarchy.node(0).children[1];
    assert_eq!(step(first, Step::After), Some(Effect::Select(second)));
    assert_eq!(step(second, Step::Before), Some(Effect::Select(first)));
    let leaf = hierarchy.leaf(3).unwrap();
    assert_eq!(step(leaf, Step::In), None);
    assert_eq!(step(leaf, Step::Toggle), None);
}

#[test]
fn percentages_hide_nothing() {
    let texts = [0.0, 1e-6, 0.004, 0.05, 0.5, 0.97, 0.99, 0.9961, 0.99999, 1.0].map(percent);
    let expected = ["0%", "<0.1%", "0.4%", "5%", "50%", "97%", "99%", "99.6%", "100%", "100%"];
    assert_eq!(texts, expected);
    assert_eq!(percent(f32::NAN), "?");
}

#[test]
fn disagreements_are_one_line() {
    let label = |class: usize| ["cat", "dog", "frog"][class].to_owned();
    let line = |plain, hard, soft| {
        disagreement(Agreement { plain, hard, soft, marginal: plain }, Rule::Hard, &label)
    };
    assert_eq!(line(1, 1, 1), None);
    assert_eq!(
        line(0, 1, 1).unwrap(),
        "The network alone predicts cat; the hard and soft trees predict dog"
    );
    assert_eq!(
        line(0, 1, 2).unwrap(),
        "The network alone predicts cat, the hard tree dog, the soft tree frog"
    );
}

/// Trees as `tidy` gets them: items in depth-first order with sizes.
fn any_items() -> impl Strategy<Value = Vec<Item>> {
    proptest::collection::vec((any::<prop::sample::Index>(), 1.0_f32..50.0), 1..60).prop_map(
        |raw| {
            // An item's parent is one of the ancestors of the item before it, or that item itself:
            // that keeps the order depth-first.
            let mut open = Vec::new();
            let mut items = Vec::new();
            for (i, (index, size)) in raw.into_iter().enumerate() {
                let parent = (i > 0).then(|| {
                    open.truncate(index.index(open.len()) + 1);
                    open[open.len() - 1]
                });
                open.push(i);
                items.push(Item { parent, size });
            }
            items
        },
    )
}

proptest! {
    #[test]
    fn tidy_trees_do_not_overlap(items in any_items()) {
        let centres = tidy(&items, 4.0);
        prop_assert_eq!(&centres, &tidy(&items, 4.0));
        let mut depth = vec![0; items.len()];
        let mut children = vec![Vec::new(); items.len()];
        for (i, item) in items.iter().enumerate() {
            if let Some(parent) = item.parent {
                depth[i] = depth[parent] + 1;
                children[parent].push(i);
            }
        }
        // Sums of at most 60 sizes below 54 in f32 are exact to far less than this.
        const EPSILON: f32 = 0.01;
        for (i, item) in items.iter().enumerate() {
            prop_assert!(centres[i] - item.size / 2.0 >= -EPSILON);
            // In depth-first order, the next one of the same depth is the right neighbour.
            if let Some(next) = (i + 1..items.len()).find(|&next| depth[next] == depth[i]) {
                let free = centres[next] - centres[i] - (item.size + items[next].size) / 2.0;
                prop_assert!(free >= 4.0 - EPSILON, "{} and {}: {}", i, next, free);
            }
            if let Some(&first) = children[i].first() {
                prop_assert!((centres[i] - centres[first]).abs() < EPSILON);
            }
        }
    }
}

#[test]
fn long_chains_and_wide_stars_are_laid_out() {
    let chain: Vec<Item> =
        (0..100_000_usize).map(|i| Item { parent: i.checked_sub(1), size: 10.0 }).collect();
    assert!(tidy(&chain, 4.0).iter().all(|&centre| centre == 5.0));
    let star: Vec<Item> =
        (0..10_001).map(|i| Item { parent: (i > 0).then_some(0), size: 10.0 }).collect();
    let centres = tidy(&star, 4.0);
    assert_eq!([centres[0], centres[1], centres[10_000]], [5.0, 5.0, 139_991.0]);
    assert!(tidy(&[], 4.0).is_empty());
}

/// Median time of one frame (ui code, and triangles from shapes) in milliseconds.
fn frame_ms(shown: Shown, fit: bool) -> f64 {
    let mut shown = shown;
    let context = egui::Context::default();
    context.enable_accesskit(); // As with a screen reader, which is the most work.
    let mut times = Vec::new();
    for frame in 0..30 {
        let input = egui::RawInput {
            screen_rect: Some(egui::Rect::from_min_size(egui::Pos2::ZERO, vec2(1400.0, 900.0))),
            time: Some(f64::from(frame) * 0.1),
            ..Default::default()
        };
        if frame == 2 {
            shown.state.expand_all();
            if fit {
                shown.state.fit(&mut shown.settings);
            } else {
                // Brings it into view, where the cards are dense and all text is drawn.
                shown.selected = shown.hierarchy.leaf(500);
            }
        }
        let start = Instant::now();
        let mut output = context.run_ui(input, |ui| shown.ui(ui));
        context.tessellate(output.shapes, output.pixels_per_point);
        output.textures_delta.clear();
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    let mut times = times.split_off(10);
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

#[test]
#[ignore = "measures"]
fn times_of_a_thousand_classes_expanded() {
    let hierarchy = tree_of(Dataset::Imagenet1000);
    let decision = Shown::thousand().decisions.hard;
    let mut open = OpenNodes::new(&hierarchy, &decision);
    open.expand_all();
    let orientation = Orientation::LeftToRight;
    let start = Instant::now();
    let layout = TreeLayout::new(&hierarchy, &decision, &open, orientation, Cards::WithMap);
    let layout_ms = start.elapsed().as_secs_f64() * 1e3;
    assert_eq!(layout.cards.len(), 1999);
    let near = frame_ms(Shown::thousand(), false);
    let far = frame_ms(Shown::thousand(), true);
    let mut outline = Shown::thousand();
    outline.settings.mode = TreeMode::Outline;
    let outline = frame_ms(outline, false);
    eprintln!(
        "1,999 nodes: layout {layout_ms:.2} ms, frame {near:.2} ms near, {far:.2} ms far, {outline:.2} ms as outline"
    );
}

#[test]
#[ignore = "writes pictures to look at"]
fn pictures() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("tree_view");
    std::fs::create_dir_all(&folder).unwrap();
    type Make = fn() -> Shown;
    let trees: [(&str, Make); 2] = [("cifar10", Shown::cat), ("imagenet", Shown::thousand)];
    let save = |harness: &mut Harness<'_, Shown>, name: String| {
        harness.run_steps(6);
        harness.render().unwrap().save(folder.join(name + ".png")).unwrap();
    };
    for (name, shown) in trees {
        for (theme, dark) in [(Theme::Dark, "dark"), (Theme::Light, "light")] {
            for size in [[400.0, 700.0], [900.0, 600.0], [1400.0, 900.0]] {
                let mut shown = shown();
                shown.agreement.soft = 5;
                let mut harness = harness(shown, size, theme);
                let base = format!("{name}-{dark}-{}", size[0]);
                save(&mut harness, format!("{base}-start"));
                let path = harness.state().decisions.hard.path.clone();
                harness.state_mut().selected = Some(path[path.len() - 2]);
                harness.run_steps(2);
                harness.state_mut().state.expand_all();
                let shown = harness.state_mut();
                shown.state.fit(&mut shown.settings);
                save(&mut harness, format!("{base}-all"));
                harness.state_mut().state.collapse_all();
                let hard = harness.state().decisions.hard.clone();
                harness.state_mut().state.expand_path(&hard);
                let shown = harness.state_mut();
                shown.state.toggle_mode(&mut shown.settings);
                save(&mut harness, format!("{base}-outline"));
            }
        }
    }
}

#[test]
fn two_readings_stand_side_by_side() {
    let mut harness = harness(Shown::cat(), [1100.0, 500.0], Theme::Dark);
    harness.run();
    harness.get_by_label("Two readings").click();
    harness.run();
    // The button of the rule, and the head of the column.
    assert_eq!(harness.query_all_by_label("Marginal").count(), 2);
    harness.get_by_label("nbdt, hard");
    for rule in [Rule::Marginal, Rule::Hard] {
        harness.get_by_label_contains(rule_sentence(rule));
        let reach = &harness.state().decisions.by(rule).reach_prob;
        let overall = percent(reach[harness.state().node("cat")]);
        let end = format!(", {overall} overall");
        let is_end = |node: &egui_kittest::Node<'_>| {
            let text = node.accesskit_node().value().unwrap_or_default();
            text.starts_with("cat ") && text.ends_with(&end)
        };
        assert!(harness.query_all_by(|_| true).any(|node| is_end(&node)), "{rule}: {end}");
    }
}
