//! The command palette: any command, and any method for the map, by a few letters of its name.

use eframe::egui::{self, Align2, Context, Key, Modifiers, ScrollArea, Ui};
use strum::IntoEnumIterator as _;

use crate::command::{Action, MenuCommand};
use crate::explain::Method;
use crate::state::AppState;
use crate::ui::keys;
use crate::ui::output::UiOutput;

#[derive(Debug, Default)]
pub struct Palette {
    pub open: bool,
    text: String,
    at: usize,
}

impl Palette {
    pub fn show(&mut self) {
        *self = Self { open: true, ..Self::default() };
    }
}

/// What can be chosen.
#[derive(Clone, Copy)]
enum Choice {
    Command(MenuCommand),
    Method(Method),
}

impl Choice {
    /// Everything that can be done now.
    fn all(state: &AppState) -> impl Iterator<Item = Self> {
        let commands = MenuCommand::iter()
            .filter(|&command| command != MenuCommand::Palette && state.is_enabled(command));
        let seen = state.target().and_then(|(role, _)| state.explanation(role));
        let methods = Method::iter()
            .filter(move |&method| seen.is_some_and(|it| it.model.check_method(method).is_ok()));
        commands.map(Self::Command).chain(methods.map(Self::Method))
    }

    fn text(self) -> String {
        match self {
            Self::Command(command) => {
                let entry = command.entry();
                format!("{}: {}", entry.menu, entry.text)
            }
            Self::Method(method) => format!("Map by: {}", method.name()),
        }
    }

    fn tooltip(self) -> &'static str {
        match self {
            Self::Command(command) => command.entry().tooltip,
            Self::Method(method) => method.kind().shows(),
        }
    }

    fn keys(self, ctx: &Context) -> Option<String> {
        match self {
            Self::Command(command) => keys::first(ctx, command),
            Self::Method(_) => None,
        }
    }

    fn action(self) -> Action {
        match self {
            Self::Command(command) => command.into(),
            Self::Method(method) => Action::ShowMethod(method),
        }
    }
}

/// Choices whose words begin with, or contain, what was typed; best first.
fn matches(state: &AppState, text: &str) -> Vec<Choice> {
    let wanted: Vec<String> = text.to_lowercase().split_whitespace().map(str::to_owned).collect();
    let mut found: Vec<(bool, Choice)> = Choice::all(state)
        .filter_map(|choice| {
            let name = choice.text().to_lowercase();
            let all = wanted.iter().all(|word| name.contains(word));
            let starts = wanted.iter().all(|word| name.split(' ').any(|own| own.starts_with(word)));
            all.then_some((!starts, choice))
        })
        .collect();
    found.sort_by_key(|(later, _)| *later);
    found.into_iter().map(|(_, choice)| choice).collect()
}

pub fn palette_ui(ui: &Ui, palette: &mut Palette, state: &AppState, out: &mut UiOutput) {
    if !palette.open {
        return;
    }
    let found = matches(state, &palette.text);
    let (mut chosen, mut close) = (None, false);
    ui.input_mut(|input| {
        if input.consume_key(Modifiers::NONE, Key::ArrowDown) {
            palette.at += 1;
        }
        if input.consume_key(Modifiers::NONE, Key::ArrowUp) {
            palette.at = palette.at.saturating_sub(1);
        }
        if input.consume_key(Modifiers::NONE, Key::Enter) {
            chosen = found.get(palette.at).copied();
        }
        close = input.consume_key(Modifiers::NONE, Key::Escape);
    });
    palette.at = palette.at.min(found.len().saturating_sub(1));
    let window = egui::Window::new("Commands")
        .title_bar(false)
        .resizable(false)
        .anchor(Align2::CENTER_TOP, [0.0, 60.0])
        .fixed_size([420.0, 360.0]);
    window.show(ui.ctx(), |ui| {
        let field = egui::TextEdit::singleline(&mut palette.text)
            .hint_text("Type a command")
            .desired_width(f32::INFINITY);
        let field = ui.add(field);
        field.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Command"));
        if field.changed() {
            palette.at = 0;
        }
        field.request_focus();
        ScrollArea::vertical().auto_shrink([false, true]).show(ui, |ui| {
            for (i, &choice) in found.iter().enumerate() {
                let mut button = egui::Button::new(choice.text())
                    .selected(i == palette.at)
                    .frame_when_inactive(i == palette.at)
                    .min_size(egui::vec2(ui.available_width(), 0.0));
                button = button.shortcut_text(choice.keys(ui.ctx()).unwrap_or_default());
                let response = ui.add(button).on_hover_text(choice.tooltip());
                if i == palette.at {
                    response.scroll_to_me(None);
                }
                if response.clicked() {
                    chosen = Some(choice);
                }
            }
            if found.is_empty() {
                ui.weak("No matching command");
            }
        });
    });
    if let Some(choice) = chosen {
        out.push(choice.action());
    }
    if close || chosen.is_some() {
        palette.open = false;
    }
}
