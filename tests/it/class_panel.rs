//! The list of classes in the window: rows, keys, clicks.

use std::sync::Arc;

use eframe::egui::{self, Key};
use egui_kittest::Harness;
use egui_kittest::kittest::{AccessKitNode, NodeT as _, Queryable as _};
use glasstree::explain::ClassId;
use glasstree::explanation::Explanation;
use glasstree::labels::ClassList;
use glasstree::selection::PinSlot;
use glasstree::ui::class_list::rows::{Move, SearchIndex, moved, names_of, percent, ranks};
use glasstree::ui::class_list::{ClassAction, ClassListState, SortOrder, class_list_ui};

use crate::ui_fixture::{LABELS, gradient, hand_made, real};

fn index() -> SearchIndex {
    let wnids = ["n02123045", "n07609407", "n02391049", "n02958343", "x5"];
    SearchIndex::new(&ClassList {
        labels: LABELS.map(Into::into).to_vec(),
        wnids: Some(wnids.map(Into::into).to_vec()),
    })
}

#[test]
fn classes_are_found_by_whatever_people_type() {
    let index = index();
    let ranks = [0, 1, 2, 3, 4];
    let found = |query: &str| index.rows(query, SortOrder::Probability, &ranks);
    assert_eq!(found(""), [0, 1, 2, 3, 4]);
    assert_eq!(found("  "), [0, 1, 2, 3, 4]);
    assert_eq!(found("TABBY"), [0]);
    assert_eq!(found("cat tab"), [0], "all words, in any order");
    assert_eq!(found("eclair"), [1]);
    assert_eq!(found("ÉCL"), [1]);
    assert_eq!(found("aquarium fish"), [3]);
    assert_eq!(found("aquarium_f"), [3]);
    assert_eq!(found("automobile"), [3], "WordNet's synonym of its wnid");
    assert_eq!(found("n02391049"), [2]);
    assert!(found("4").contains(&4), "a class number");
    assert_eq!(found("index:2"), [2]);
    assert!(found("no such thing").is_empty());
    assert!(found("index:9").is_empty());
    assert!(index.matches(0, "Tabby") && !index.matches(7, "tabby"));
}

#[test]
fn rows_can_be_in_three_orders() {
    let index = index();
    let ranks = ranks(&[0.0, 3.0, -1.0, 3.0, f32::NEG_INFINITY]);
    assert_eq!(ranks, [2, 0, 3, 1, 4]);
    assert_eq!(index.rows("", SortOrder::Probability, &ranks), [1, 3, 0, 2, 4]);
    assert_eq!(index.rows("", SortOrder::Name, &ranks), [4, 3, 1, 0, 2]);
    assert_eq!(index.rows("", SortOrder::Index, &ranks), [0, 1, 2, 3, 4]);
    assert_eq!(
        index.rows("e", SortOrder::Probability, &ranks[..2]),
        [1],
        "fewer logits than names"
    );
}

#[test]
fn names_and_numbers_are_short() {
    assert_eq!(names_of("tabby, tabby cat"), ("tabby".to_owned(), "tabby cat".to_owned()));
    assert_eq!(names_of("aquarium_fish"), ("aquarium fish".to_owned(), String::new()));
    let texts = [1.0, 0.999_99, 0.9994, 0.5, 0.001, 0.000_9, 0.0, f32::NAN].map(percent);
    let expected = ["100.0%", ">99.9%", "99.9%", "50.0%", "0.1%", "<0.1%", "0.0%", "?"];
    assert_eq!(texts, expected);
}

#[test]
fn steps_stay_in_the_list() {
    let rows = [7, 3, 9];
    assert_eq!(moved(&rows, Some(3), Move::By(1)), Some(9));
    assert_eq!(moved(&rows, Some(9), Move::By(1)), Some(9));
    assert_eq!(moved(&rows, Some(3), Move::By(-10)), Some(7));
    assert_eq!(moved(&rows, Some(4), Move::By(1)), Some(7), "from outside to the first");
    assert_eq!(moved(&rows, None, Move::Last), Some(9));
    assert_eq!(moved(&[], Some(3), Move::By(1)), None);
}

struct Shown {
    explanation: Arc<Explanation>,
    selected: Option<ClassId>,
    pins: [Option<ClassId>; 2],
    state: ClassListState,
    actions: Vec<ClassAction>,
}

fn harness(explanation: Arc<Explanation>) -> Harness<'static, Shown> {
    let selected = Some(explanation.prediction());
    let state = ClassListState::default();
    let shown = Shown { explanation, selected, pins: [None; 2], state, actions: Vec::new() };
    let ui = |ui: &mut egui::Ui, shown: &mut Shown| {
        let Shown { explanation, selected, pins, state, actions } = shown;
        let new = class_list_ui(ui, explanation, *selected, *pins, state);
        for action in &new {
            match *action {
                ClassAction::Select(class) => *selected = Some(class),
                ClassAction::Pin(slot, class) => pins[slot as usize] = Some(class),
                ClassAction::Compare(..) => {}
            }
        }
        actions.extend(new);
    };
    Harness::builder().with_size([320.0, 400.0]).with_max_steps(16).build_ui_state(ui, shown)
}

/// Whether a screen reader calls the line selected.
fn is_marked(node: &AccessKitNode<'_>) -> bool {
    node.role() == egui::Role::ListBoxOption
        && node.toggled() == Some(egui::accesskit::Toggled::True)
}

#[test]
fn clicks_select_and_pin() {
    let mut harness = harness(hand_made(gradient(40, 30)));
    harness.run();
    harness.get_by_label_contains("5 classes");
    harness.get_by_label("zebra, 3.9%, rank 3").click();
    harness.run();
    assert_eq!(harness.state().actions, [ClassAction::Select(2)]);
    assert!(is_marked(&harness.get_by_label_contains("zebra, ").accesskit_node()));
    harness.get_by_label_contains("aquarium_fish, ").hover();
    harness.run();
    harness.get_by_label("Pin as B: aquarium_fish").click();
    harness.run();
    assert_eq!(harness.state().actions.last(), Some(&ClassAction::Pin(PinSlot::B, 3)));
    assert_eq!(harness.state().selected, Some(2), "pinning does not select");
    harness.get_by_label_contains("tabby, tabby cat, ").hover();
    harness.run();
    harness.get_by_label("Unpin B: aquarium_fish");
    assert!(harness.query_by_label("Pin as A: aquarium_fish").is_none());
}

#[test]
fn keys_move_the_selection() {
    let mut harness = harness(hand_made(gradient(40, 30)));
    harness.run();
    // Until the list has the keyboard, keys are not its own.
    harness.key_press(Key::ArrowDown);
    harness.run();
    assert!(harness.state().actions.is_empty());
    harness.get_by_label_contains("tabby, ").click();
    harness.run();
    // Likeliest first: aquarium fish, tabby, zebra, éclair, absent.
    for (key, class) in [
        (Key::ArrowDown, 2),
        (Key::ArrowDown, 1),
        (Key::ArrowUp, 2),
        (Key::End, 4),
        (Key::Home, 3),
        (Key::PageDown, 4),
        (Key::PageUp, 3),
    ] {
        harness.key_press(key);
        harness.run();
        assert_eq!(harness.state().selected, Some(class), "{key:?}");
    }
}

#[test]
fn typing_filters_and_enter_takes_the_first() {
    let mut harness = harness(hand_made(gradient(40, 30)));
    harness.state_mut().state.focus_search();
    harness.run();
    harness.event(egui::Event::Text("eCLA".to_owned()));
    harness.run();
    assert_eq!(harness.state().state.rows(), [1]);
    harness.get_by_label_contains("1 of 5");
    harness.key_press(Key::Enter);
    harness.run();
    assert_eq!(harness.state().actions, [ClassAction::Select(1)]);
    harness.state_mut().state.query = "unicorn".to_owned();
    harness.run();
    harness.get_by_label_contains("No class matches \u{201c}unicorn\u{201d}");
    harness.get_by_label("Show all classes").click();
    harness.run();
    assert_eq!(harness.state().state.rows().len(), 5);
}

#[test]
fn arrows_work_from_the_search_field_and_escape_clears_it() {
    let mut harness = harness(hand_made(gradient(40, 30)));
    harness.state_mut().state.focus_search();
    harness.run();
    harness.event(egui::Event::Text("a".to_owned()));
    harness.run();
    harness.key_press(Key::ArrowDown);
    harness.run();
    assert_eq!(harness.state().selected, Some(0), "the next line after the fish");
    harness.key_press(Key::Enter);
    harness.run();
    assert_eq!(harness.state().selected, Some(0), "Enter keeps what is selected in sight");
    harness.state_mut().state.focus_search();
    harness.run();
    harness.key_press(Key::Escape);
    harness.run();
    assert_eq!(harness.state().state.query, "");
}

#[test]
fn the_selected_class_is_kept_in_sight() {
    let mut harness = harness(real());
    harness.run();
    harness.get_by_label_contains("1,000 classes");
    let rows = harness.state().state.rows().to_vec();
    assert_eq!(rows.len(), 1000);
    assert_eq!(rows[..5], harness.state().explanation.top(5)[..]);
    for class in [rows[999], rows[0], rows[500]] {
        harness.state_mut().selected = Some(class);
        harness.run();
        let explanation = Arc::clone(&harness.state().explanation);
        let label = format!("{}, ", explanation.model.label(class));
        let screen = egui::Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(320.0, 400.0));
        let node = harness.get_by(|node| {
            node.label().is_some_and(|text| text.starts_with(&label) && text.contains("rank"))
                && is_marked(node)
        });
        assert!(screen.contains_rect(node.rect()), "{label} {:?}", node.rect());
    }
    // Another order moves the selected line; it is followed.
    harness.state_mut().state.order = SortOrder::Name;
    harness.run();
    assert!(harness.query_by(is_marked).is_some());
}

/// How long a frame takes: `cargo test --release -- --ignored --nocapture class_frames`.
#[test]
#[ignore = "measures"]
fn times_of_class_frames() {
    let mut harness = harness(real());
    harness.run();
    let mut times: Vec<_> = (0..60)
        .map(|i| {
            harness.state_mut().selected = Some(i * 16);
            let start = std::time::Instant::now();
            harness.step();
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    eprintln!("class list: median {:?}, worst {:?}", times[30], times[59]);
    harness.state_mut().state.query = "cat".to_owned();
    let start = std::time::Instant::now();
    harness.step();
    eprintln!("a new search: {:?}", start.elapsed());
}
