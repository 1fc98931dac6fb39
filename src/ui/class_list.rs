//! All classes of the model with their probabilities: search, sort, select, pin.

mod row;
pub mod rows;

use std::ops::Range;
use std::sync::{Arc, Weak};

use eframe::egui::{
    Align, ComboBox, EventFilter, Id, Key, Label, Layout, Modifiers, RichText, Role, Sense,
    TextEdit, TextStyle, Ui, WidgetInfo, vec2,
};
use egui_extras::{Column, TableBuilder};
use strum::IntoEnumIterator as _;

use crate::explain::ClassId;
use crate::explanation::{Explanation, ModelInfo};
use crate::selection::PinSlot;
use crate::ui::keys::{leave_free, take_presses};
use crate::ui::pins::{pair, pressed_slot};
use crate::ui::text::thousands;
use row::{HEIGHT, Row, row_ui};
use rows::{Move, SearchIndex, moved, ranks};

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

/// The search field; whether Enter was pressed in it.
fn search_ui(ui: &mut Ui, id: Id, state: &mut ClassListState) -> bool {
    let has_focus = ui.memory(|memory| memory.has_focus(id));
    // The first Escape empties the field, the next one leaves it.
    if has_focus && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape)) {
        if state.query.is_empty() {
            ui.memory_mut(|memory| memory.surrender_focus(id));
        }
        state.query.clear();
    }
    let size = vec2(ui.available_width(), ui.spacing().interact_size.y);
    let layout = Layout::right_to_left(Align::Center);
    let response = ui
        .allocate_ui_with_layout(size, layout, |ui| {
            if !state.query.is_empty()
                && ui.button("\u{d7}").on_hover_text("Clear the search").clicked()
            {
                state.query.clear();
            }
            let field = TextEdit::singleline(&mut state.query)
                .id(id)
                .hint_text("Search classes")
                .event_filter(EventFilter { escape: true, ..arrows() })
                .desired_width(f32::INFINITY);
            ui.add(field)
        })
        .inner
        .on_hover_text("Part of a name or synonym, a WordNet id, or a class number");
    if std::mem::take(&mut state.wants_focus) {
        response.request_focus();
        // The field claims its keys in the frame after.
        ui.ctx().request_repaint();
    }
    has_focus && ui.input(|input| input.key_pressed(Key::Enter))
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

/// How many classes there are, and what comes first; whether two of them shall be compared.
fn head_ui(ui: &mut Ui, explanation: &Explanation, state: &mut ClassListState) -> bool {
    let (all, shown) = (explanation.forward.logits.len(), state.rows().len());
    let [shown_text, all_text] = [shown, all].map(thousands);
    // A number that is cut would be another number: with less room, less is said.
    let counts = if shown == all {
        [format!("{all_text} classes"), all_text]
    } else {
        [format!("{shown_text} of {all_text}"), shown_text]
    };
    let size = vec2(ui.available_width(), ui.spacing().interact_size.y);
    let layout = Layout::right_to_left(Align::Center);
    let head = ui.allocate_ui_with_layout(size, layout, |ui| {
        ComboBox::from_id_salt("class order")
            .selected_text(state.order.title())
            .width(120.0_f32.min(0.6 * size.x))
            .show_ui(ui, |ui| {
                for order in SortOrder::iter() {
                    ui.selectable_value(&mut state.order, order, order.title());
                }
            })
            .response
            .on_hover_text("Order of the classes");
        let hint = "One class against another: those pinned as A and B (point at a class and \
                    click its A or B button), or the selected class and its strongest rival";
        let compares = ui.button("Compare").on_hover_text(hint).clicked();
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            let font = TextStyle::Body.resolve(ui.style());
            let width = |text: &String| {
                let (text, color) = (text.clone(), ui.visuals().weak_text_color());
                ui.painter().layout_no_wrap(text, font.clone(), color).size().x
            };
            if let Some(count) = counts.iter().find(|it| width(it) <= ui.available_width()) {
                ui.add(Label::new(RichText::new(count).weak())).on_hover_text(&counts[0]);
            }
        });
        compares
    });
    head.inner
}

fn nothing_ui(ui: &mut Ui, query: &mut String) {
    ui.add_space(12.0);
    ui.vertical_centered(|ui| {
        ui.label(format!("No class matches \u{201c}{}\u{201d}", query.trim()));
        if ui.button("Show all classes").clicked() {
            query.clear();
        }
    });
}

/// Where to scroll to after a change: steps keep one more line in view, what comes from outside is
/// put into the middle unless it can be seen already.
fn scroll_goal(
    rows: &[ClassId],
    selected: Option<ClassId>,
    step: Option<Move>,
    in_view: &Range<usize>,
) -> Option<(usize, Option<Align>)> {
    let Some(row) = rows.iter().position(|&class| Some(class) == selected) else {
        return Some((0, None));
    };
    match step {
        Some(Move::First) => Some((0, None)),
        Some(Move::By(by)) if by < 0 => Some((row.saturating_sub(1), None)),
        Some(_) => Some(((row + 1).min(rows.len() - 1), None)),
        None if in_view.contains(&row) => None,
        None => Some((row, Some(Align::Center))),
    }
}

/// The lines that are in view, which are returned, too; `goal` is the row to bring into view.
fn table_ui(
    ui: &mut Ui,
    list: Id,
    explanation: &Explanation,
    selected: Option<ClassId>,
    pins: [Option<ClassId>; 2],
    state: &ClassListState,
    goal: Option<(usize, Option<Align>)>,
) -> (Vec<ClassAction>, Range<usize>) {
    let Some(Memo { rows, ranks, .. }) = &state.memo else {
        return (Vec::new(), 0..0);
    };
    let view = ui.available_rect_before_wrap();
    let mut in_view = 0..0;
    let response = ui.interact(view, list, Sense::FOCUSABLE);
    let label = match selected {
        Some(class) => format!("Classes, {} selected", explanation.model.label(class)),
        None => "Classes".to_owned(),
    };
    response.widget_info(|| WidgetInfo::labeled(Role::ListBox, true, &label));
    let is_focused = response.has_focus();
    if is_focused {
        ui.memory_mut(|memory| memory.set_focus_lock_filter(list, arrows()));
    }

    let mut actions = Vec::new();
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing = vec2(0.0, 0.0);
        let mut table = TableBuilder::new(ui)
            .id_salt("classes")
            .column(Column::remainder().clip(true))
            .auto_shrink(false)
            .min_scrolled_height(0.0)
            .animate_scrolling(false);
        if let Some(goal) = goal {
            table = table.scroll_to_row(goal.0, goal.1);
        }
        table.body(|body| {
            body.rows(HEIGHT, rows.len(), |mut table_row| {
                let Some(&class) = rows.get(table_row.index()) else { return };
                let row = Row {
                    explanation,
                    class,
                    rank: ranks.get(class).map_or(0, |rank| rank + 1),
                    is_selected: selected == Some(class),
                    is_focused,
                    pins,
                };
                let index = table_row.index();
                table_row.col(|ui| {
                    if view.contains_rect(ui.max_rect()) {
                        let first = if in_view.is_empty() { index } else { in_view.start };
                        in_view = first..index + 1;
                    }
                    actions.extend(row_ui(ui, list, &row));
                });
            });
        });
    });
    (actions, in_view)
}
