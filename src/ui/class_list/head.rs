//! What stands above the lines: the search, how many classes there are, and their order.

use eframe::egui::{
    Align, ComboBox, EventFilter, Id, Key, Label, Layout, Modifiers, RichText, TextEdit, TextStyle,
    Ui, vec2,
};
use strum::IntoEnumIterator as _;

use super::{ClassListState, SortOrder, arrows};
use crate::explanation::Explanation;
use crate::ui::text::thousands;

/// The search field; whether Enter was pressed in it.
pub(super) fn search_ui(ui: &mut Ui, id: Id, state: &mut ClassListState) -> bool {
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

/// How many classes there are, and what comes first; whether two of them shall be compared.
pub(super) fn head_ui(ui: &mut Ui, explanation: &Explanation, state: &mut ClassListState) -> bool {
    let (all, shown) = (explanation.forward.logits.len(), state.rows().len());
    let [shown_text, all_text] = [shown, all].map(thousands);
    // A number that is cut would be another number: with less room, less is said.
    let counts = match shown == all {
        true => vec![format!("{all_text} classes")],
        false => vec![format!("{shown_text} of {all_text}"), format!("{shown_text} found")],
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

pub(super) fn nothing_ui(ui: &mut Ui, query: &mut String) {
    ui.add_space(12.0);
    ui.vertical_centered(|ui| {
        ui.label(format!("No class matches \u{201c}{}\u{201d}", query.trim()));
        if ui.button("Show all classes").clicked() {
            query.clear();
        }
    });
}
