//! The windows with help, and about the program.

use eframe::egui::{self, Grid, Label, RichText, ScrollArea, TextEdit, Ui, WidgetInfo, vec2};
use strum::IntoEnumIterator as _;

use crate::assets::NOTICES;
use crate::command::{Menu, MenuCommand};
use crate::state::AppState;
use crate::ui::{keys, theme};

/// How to read the window.
const READING: [(&str, &str); 7] = [
    (
        "Colours",
        "Where the evidence for the class is; the bar below the photo is their scale, in logits",
    ),
    (
        "Headline",
        "The prediction, its probability, and the path through the tree; click a step for its map",
    ),
    (
        "Certainty",
        "Drag \u{201c}At 90%\u{201d}: the most specific answer that is at least that likely",
    ),
    (
        "A and B",
        "Point at a class in the list and click its A or B button; Compare sets A against B",
    ),
    ("Keep", "Stay with a class for all pictures instead of following each prediction"),
    ("Node", "Click a node for the map of its decision: red is evidence for it, blue against it"),
    ("Link", "The wider a link, the likelier the node it leads to"),
];

/// Keys and gestures that are not commands; `Ctrl+V` is written as the system writes it.
const GESTURES: [(&str, &str); 11] = [
    ("Scroll", "Zoom at the pointer"),
    ("Drag", "Move the picture or the tree"),
    ("Shift+drag", "Draw a box on the picture"),
    ("Drag a selected node", "Move it, with everything below it, to another branch"),
    ("Right-click a node", "Show everything that can be done with it"),
    ("Double-click", "Fit the picture or the tree"),
    ("Hold O", "Hide the map"),
    ("Ctrl+V", "Open a picture or path from the clipboard"),
    ("Arrow keys", "Move through the list or the tree that was clicked last"),
    ("Esc", "Cancel a drag, end a walk, stop drawing, or remove the region"),
    ("Enter", "Expand or collapse the selected node of the tree"),
];

/// Narrower than this, in points, there is one column.
const TWO_COLUMNS: f32 = 560.0;
/// Of the column with the keys, in points.
const KEYS: f32 = 118.0;

/// The help window.
#[derive(Debug, Default)]
pub struct Help {
    pub open: bool,
    query: String,
}

/// A heading, and what is below it: keys, what they do, and more about it.
struct Section {
    title: String,
    rows: Vec<[String; 3]>,
}

/// Everything that matches the query. Commands without keys are found, but not listed.
fn sections(ctx: &egui::Context, query: &str) -> Vec<Section> {
    let wanted: Vec<String> = query.to_lowercase().split_whitespace().map(str::to_owned).collect();
    let section = |title: &str, rows: Vec<[String; 3]>| {
        let is_wanted = |row: &[String; 3]| {
            let text = format!("{title} {}", row.join(" ")).to_lowercase();
            wanted.iter().all(|word| text.contains(word))
        };
        let rows = rows.into_iter().filter(is_wanted).collect();
        Section { title: title.to_owned(), rows }
    };
    let pair = |(name, text): (&str, &str)| [keys::readable(ctx, name), text.into(), String::new()];
    let mut all = vec![
        section("Reading the window", READING.map(pair).to_vec()),
        section("Mouse and keyboard", GESTURES.map(pair).to_vec()),
    ];
    all.extend(Menu::iter().map(|menu| {
        let entries = MenuCommand::iter().map(MenuCommand::entry);
        let listed = |entry: &crate::command::Entry| {
            entry.menu == menu && (!entry.keys.is_empty() || !wanted.is_empty())
        };
        let row = |entry: crate::command::Entry| {
            let keys = entry.keys.iter().map(|key| keys::readable(ctx, key));
            let keys = keys.collect::<Vec<_>>().join(", ");
            [keys, entry.text.trim_end_matches('…').to_owned(), entry.tooltip.to_owned()]
        };
        section(&menu.to_string(), entries.filter(listed).map(row).collect())
    }));
    all.retain(|section| !section.rows.is_empty());
    all
}

/// In two columns of about the same height.
fn columns(sections: Vec<Section>) -> [Vec<Section>; 2] {
    let height = |section: &Section| section.rows.len() + 2;
    let all: usize = sections.iter().map(height).sum();
    let mut above = 0;
    let is_left = |section: &Section| {
        let is_left = 2 * above + height(section) <= all;
        above += height(section);
        is_left
    };
    let (left, right) = sections.into_iter().partition(is_left);
    [left, right]
}

pub fn help_ui(ui: &Ui, help: &mut Help) {
    let screen = ui.ctx().content_rect().size();
    let most = screen - vec2(2.0 * theme::WINDOW_AT[0], theme::WINDOW_AT[1] + 90.0);
    let Help { open, query } = help;
    let window = egui::Window::new("Help")
        .open(open)
        .default_pos(theme::WINDOW_AT)
        .default_size(vec2(780.0, 560.0).min(most))
        .max_size(most)
        .collapsible(false);
    window.show(ui.ctx(), |ui| {
        let field = TextEdit::singleline(query).hint_text("Search").desired_width(f32::INFINITY);
        let field = ui.add(field);
        field.widget_info(|| WidgetInfo::labeled(egui::Role::TextInput, true, "Search help"));
        let found = sections(ui.ctx(), query);
        ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
            if found.is_empty() {
                ui.weak("No matches");
            } else if ui.available_width() < TWO_COLUMNS {
                sections_ui(ui, &found);
            } else {
                let [left, right] = columns(found);
                ui.columns(2, |columns| {
                    sections_ui(&mut columns[0], &left);
                    sections_ui(&mut columns[1], &right);
                });
            }
        });
    });
}

fn sections_ui(ui: &mut Ui, sections: &[Section]) {
    for Section { title, rows } in sections {
        ui.add_space(4.0);
        ui.label(RichText::new(title).strong());
        let width = (ui.available_width() - KEYS - 12.0).max(80.0);
        Grid::new(title).num_columns(2).min_col_width(KEYS).spacing([8.0, 3.0]).show(ui, |ui| {
            for [keys, text, hint] in rows {
                ui.scope(|ui| {
                    ui.set_max_width(KEYS);
                    ui.add(Label::new(RichText::new(keys).strong()).wrap());
                });
                ui.scope(|ui| {
                    ui.set_max_width(width);
                    let text = ui.add(Label::new(text).wrap());
                    if !hint.is_empty() {
                        text.on_hover_text(hint);
                    }
                });
                ui.end_row();
            }
        });
    }
}

pub fn about_ui(ui: &Ui, open: &mut bool, state: &AppState) {
    let window = egui::Window::new("About glasstree")
        .open(open)
        .default_pos(theme::WINDOW_AT)
        .collapsible(false)
        .resizable(true);
    window.default_size([520.0, 420.0]).show(ui.ctx(), |ui| {
        ui.label(format!(
            "glasstree {} shows what an image classifier looked at and how it decided",
            env!("CARGO_PKG_VERSION")
        ));
        ui.add_space(6.0);
        for entry in state.library.usable() {
            ui.label(RichText::new(entry.title).strong());
            let accuracy = entry.accuracy.unwrap_or("no published accuracy");
            ui.weak(format!("{}; {accuracy}; {}", entry.paper, entry.licence));
        }
        ui.add_space(6.0);
        ui.label(RichText::new("Notices").strong());
        ScrollArea::vertical().show(ui, |ui| {
            ui.label(RichText::new(NOTICES).monospace().small());
        });
    });
}
