//! All classes of the model with their probabilities: search, sort, select, pin.

mod head;
mod row;
pub mod rows;
mod table;

use std::ops::Range;
use std::sync::{Arc, Weak};

use eframe::egui::{EventFilter, Id, Key, Ui};

use crate::explain::ClassId;
use crate::explanation::{Explanation, ModelInfo};
use crate::selection::PinSlot;
use crate::ui::keys::{leave_free, take_presses};
use crate::ui::pins::{pair, pressed_slot};
use head::{head_ui, nothing_ui, search_ui};
use rows::{Move, SearchIndex, moved, ranks};
use table::{scroll_goal, table_ui};

pub use rows::SortOrder;

/// Lines that Page up and Page down skip.
const PAGE: isize = 10;

/// What the user asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClassAction {
    Select(ClassId),
    /// Pin the class, or unpin it if it is pinned there.
    Pin(PinSlot, ClassId),
    /// The first class against the second.
    Compare(ClassId, ClassId),
}

/// What the list remembers from frame to frame.
#[derive(Default)]
pub struct ClassListState {
    /// What is searched for.
    pub query: String,
    pub order: SortOrder,
    wants_focus: bool,
    memo: Option<Memo>,
    /// Counts how often the rows were made.
    generation: u64,
    /// What was in view: when it changes, the selected line is brought into view again.
    seen: Option<(Option<ClassId>, u64)>,
    /// The rows that could be seen in the last frame.
    in_view: Range<usize>,
}

impl ClassListState {
    /// Puts the keyboard into the search field.
    pub fn focus_search(&mut self) {
        self.wants_focus = true;
    }

    /// The classes of the last frame, from top to bottom.
    pub fn rows(&self) -> &[ClassId] {
        self.memo.as_ref().map_or(&[], |memo| &memo.rows)
    }
}

/// The rows, and what they were made from.
struct Memo {
    model: Weak<ModelInfo>,
    logits: Vec<f32>,
    query: String,
    order: SortOrder,
    index: SearchIndex,
    ranks: Vec<usize>,
    rows: Vec<ClassId>,
}

/// The list; takes all the space there is.
pub fn class_list_ui(
    ui: &mut Ui,
    explanation: &Explanation,
    selected: Option<ClassId>,
    pins: [Option<ClassId>; 2],
    state: &mut ClassListState,
) -> Vec<ClassAction> {
    let [search, list] = ["class search", "class list"].map(|name| ui.make_persistent_id(name));
    // Before the search field is shown, which would take the keys for itself.
    let steps = pressed_steps(ui, search, list);
    let is_chosen = search_ui(ui, search, state);
    update_rows(explanation, state);
    let compares = head_ui(ui, explanation, state);
    let rows = state.memo.as_ref().map_or(&[][..], |memo| &memo.rows);
    if rows.is_empty() {
        nothing_ui(ui, &mut state.query);
        return Vec::new();
    }

    let is_shown = selected.is_some_and(|class| rows.contains(&class));
    let stepped = steps.iter().try_fold(selected, |at, &step| moved(rows, at, step).map(Some));
    let wanted = match steps[..] {
        [] if is_chosen && !is_shown => rows.first().copied(),
        [] => None,
        [..] => stepped.flatten(),
    };
    let step = steps.last().copied();
    let mut actions: Vec<ClassAction> = wanted.map(ClassAction::Select).into_iter().collect();
    let has_list = ui.memory(|memory| memory.has_focus(list));
    if let Some(class) = selected.filter(|_| has_list) {
        actions.extend(pressed_slot(ui).map(|slot| ClassAction::Pin(slot, class)));
    }
    if compares {
        let [a, b] = pins;
        let [a, b] = pair(explanation, [a.or(selected.filter(|_| selected != b)), b]);
        actions.push(ClassAction::Compare(a, b));
    }
    // What is asked for counts at once: the list need not wait for the next frame.
    let selected = wanted.or(selected);
    let now = Some((selected, state.generation));
    let is_changed = state.seen != now;
    state.seen = now;
    let goal = is_changed.then(|| scroll_goal(rows, selected, step, &state.in_view)).flatten();
    let (asked, in_view) = table_ui(ui, list, explanation, selected, pins, state, goal);
    actions.extend(asked);
    state.in_view = in_view;
    if actions.iter().any(|action| matches!(action, ClassAction::Select(_))) && !is_chosen {
        let has_search = ui.memory(|memory| memory.has_focus(search));
        if !has_search {
            ui.memory_mut(|memory| memory.request_focus(list));
        }
    }
    actions
}

/// The steps that keys ask for, if the list or its search field has the keyboard.
fn pressed_steps(ui: &Ui, search: Id, list: Id) -> Vec<Move> {
    let focused = ui.memory(|memory| memory.focused());
    let in_list = focused == Some(list);
    if in_list {
        leave_free(ui, list, &[Key::Space, Key::ArrowLeft, Key::ArrowRight]);
    }
    if !in_list && focused != Some(search) {
        return Vec::new();
    }
    let rows = [Key::ArrowDown, Key::ArrowUp, Key::PageDown, Key::PageUp];
    // In the search field, these two belong to the text.
    let ends = [Key::Home, Key::End];
    let keys: Vec<Key> = rows.into_iter().chain(ends.into_iter().filter(|_| in_list)).collect();
    let step = |key: Key| match key {
        Key::ArrowDown => Some(Move::By(1)),
        Key::ArrowUp => Some(Move::By(-1)),
        Key::PageDown => Some(Move::By(PAGE)),
        Key::PageUp => Some(Move::By(-PAGE)),
        Key::Home => Some(Move::First),
        Key::End => Some(Move::Last),
        _ => None,
    };
    take_presses(ui, &keys).into_iter().filter_map(step).collect()
}

/// Arrow keys do not move the focus.
fn arrows() -> EventFilter {
    EventFilter { vertical_arrows: true, horizontal_arrows: true, ..Default::default() }
}

/// Makes the rows if something has changed that they depend on.
fn update_rows(explanation: &Explanation, state: &mut ClassListState) {
    let logits = &explanation.forward.logits;
    let model = Arc::downgrade(&explanation.model);
    let bits = |logits: &[f32]| logits.iter().map(|z| z.to_bits()).collect::<Vec<_>>();
    let (index, ranked) = match state.memo.take() {
        Some(memo) if memo.model.ptr_eq(&model) => {
            let is_same = memo.logits.len() == logits.len() && bits(&memo.logits) == bits(logits);
            if is_same && memo.query == state.query && memo.order == state.order {
                state.memo = Some(memo);
                return;
            }
            (memo.index, if is_same { memo.ranks } else { ranks(logits) })
        }
        _ => (SearchIndex::new(&explanation.model.classes), ranks(logits)),
    };
    state.generation += 1;
    let rows = index.rows(&state.query, state.order, &ranked);
    let (query, order) = (state.query.clone(), state.order);
    let logits = logits.clone();
    state.memo = Some(Memo { model, logits, query, order, index, ranks: ranked, rows });
}
