//! A field to choose one of many classes: the likeliest ones, or those that are typed.

use eframe::egui::{ComboBox, Key, PopupCloseBehavior, Role, TextEdit, Ui, WidgetInfo};

use crate::explain::ClassId;
use crate::explanation::{Explanation, ModelInfo};
use crate::memo::{Memo, Same};
use crate::ui::class_list::rows::{SearchIndex, SortOrder, percent, ranks};
use crate::ui::text::{at_most, short, thousands};

/// Most classes in the list.
const LISTED: usize = 40;
/// Of the field, in points.
const WIDTH: f32 = 130.0;

/// What is typed, and what is searched in.
#[derive(Default)]
pub struct ClassPicker {
    query: String,
    index: Memo<Same<ModelInfo>, SearchIndex>,
    was_open: bool,
}

impl ClassPicker {
    /// Shows the field as `name`; returns the class that was chosen.
    pub fn ui(
        &mut self,
        ui: &mut Ui,
        name: &str,
        explanation: &Explanation,
        chosen: ClassId,
    ) -> Option<ClassId> {
        let label = explanation.model.label(chosen);
        let combo = ComboBox::from_id_salt(("class", name))
            .selected_text(short(label))
            .width(WIDTH)
            .truncate()
            .close_behavior(PopupCloseBehavior::CloseOnClickOutside);
        let mut wanted = None;
        let list_ui = |ui: &mut Ui| {
            wanted = self.list_ui(ui, explanation, chosen);
            if wanted.is_some() {
                ui.close();
            }
        };
        let response = at_most(ui, WIDTH, |ui| combo.show_ui(ui, list_ui));
        self.was_open = response.inner.is_some();
        let info = || WidgetInfo::labeled(Role::ComboBox, true, format!("Class {name}: {label}"));
        response.response.widget_info(info);
        response.response.on_hover_text(format!("Class {name}: {label}"));
        wanted
    }

    fn list_ui(
        &mut self,
        ui: &mut Ui,
        explanation: &Explanation,
        chosen: ClassId,
    ) -> Option<ClassId> {
        let field = TextEdit::singleline(&mut self.query).hint_text("Search classes");
        let field = ui.add(field.desired_width(200.0));
        if !self.was_open {
            self.query.clear();
            field.request_focus();
        }
        let rows = self.rows(explanation);
        let mut wanted = None;
        if field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter)) {
            wanted = rows.first().copied();
        }
        for &class in rows.iter().take(LISTED) {
            let probability = explanation.probabilities.get(class).copied().unwrap_or(f32::NAN);
            let text =
                format!("{}  {}", short(explanation.model.label(class)), percent(probability));
            if ui.selectable_label(class == chosen, text).clicked() {
                wanted = Some(class);
            }
        }
        if rows.is_empty() {
            ui.weak("No such class");
        } else if rows.len() > LISTED {
            ui.weak(format!("and {} more; type to find them", thousands(rows.len() - LISTED)));
        }
        wanted
    }

    /// The classes that match, likeliest first.
    fn rows(&mut self, explanation: &Explanation) -> Vec<ClassId> {
        let model = Same::as_value(&explanation.model);
        let classes = &explanation.model.classes;
        let index = self.index.get_or_make(model, |_| SearchIndex::new(classes));
        index.rows(&self.query, SortOrder::Probability, &ranks(&explanation.forward.logits))
    }
}
