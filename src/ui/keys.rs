//! Keys, as the command table writes them.

use eframe::egui::{self, Context, Id, Key, KeyboardShortcut, Modifiers, Ui};
use strum::IntoEnumIterator as _;

use crate::command::MenuCommand;

/// `Ctrl+Shift+Z` as egui knows it.
pub fn parse(text: &str) -> Option<KeyboardShortcut> {
    let mut modifiers = Modifiers::NONE;
    let mut key = text;
    while let Some((modifier, rest)) = key.split_once('+') {
        modifiers |= match modifier {
            "Ctrl" => Modifiers::COMMAND,
            "Shift" => Modifiers::SHIFT,
            "Alt" => Modifiers::ALT,
            _ => return None,
        };
        key = rest;
    }
    Some(KeyboardShortcut::new(modifiers, Key::from_name(key)?))
}

/// A key for people: `[` instead of `OpenBracket`.
pub fn readable(ctx: &Context, text: &str) -> String {
    if text == "?" {
        return text.to_owned();
    }
    parse(text).map_or_else(|| text.to_owned(), |shortcut| ctx.format_shortcut(&shortcut))
}

/// The keys of a command for people, the first one only.
pub fn first(ctx: &Context, command: MenuCommand) -> Option<String> {
    command.entry().keys.first().map(|key| readable(ctx, key))
}

/// The commands whose keys were pressed. Plain keys belong to a text field while one has the focus,
/// and to a list or a tree that walks with the arrows; Space presses the button that has the focus.
pub fn pressed(ctx: &Context) -> Vec<MenuCommand> {
    let typing = ctx.text_edit_focused();
    let focused = ctx.memory(|memory| memory.focused().is_some());
    let is_no_button =
        ctx.memory(|memory| memory.focused()) == ctx.data(|data| data.get_temp(no_button()));
    let mut commands = Vec::new();
    let mut keys: Vec<(MenuCommand, KeyboardShortcut)> = MenuCommand::iter()
        .flat_map(|command| command.entry().keys.iter().map(move |key| (command, *key)))
        .filter_map(|(command, key)| Some((command, parse(key)?)))
        .collect();
    // `Ctrl+Shift+Z` before `Ctrl+Z`, which would take it.
    keys.sort_by_key(|(_, shortcut)| !shortcut.modifiers.shift);
    ctx.input_mut(|input| {
        for (command, shortcut) in keys {
            let plain = !shortcut.modifiers.command && !is_function_key(shortcut.logical_key);
            let walks = matches!(
                shortcut.logical_key,
                Key::ArrowLeft | Key::ArrowRight | Key::Home | Key::End
            );
            let presses = shortcut.logical_key == Key::Space && focused && !is_no_button;
            if (plain && typing) || (walks && focused) || presses {
                continue;
            }
            // `Undo` of what was typed is the field's own.
            let undo = matches!(command, MenuCommand::Undo | MenuCommand::Redo);
            if !(undo && typing) && take(input, &shortcut) {
                commands.push(command);
            }
        }
    });
    commands
}

/// Says that the widget with the keyboard, a list or a tree, is not pressed with Space, so that the
/// key is free for a command.
pub fn leave_space(ui: &Ui, focused: Id) {
    ui.data_mut(|data| data.insert_temp(no_button(), focused));
}

fn no_button() -> Id {
    Id::unique("has the keyboard, but is no button")
}

fn is_function_key(key: Key) -> bool {
    matches!(key, Key::F1 | Key::F5 | Key::F11)
}

/// Signs that need Shift on some keyboards (`+`, `?`, `[`) count with it as well.
fn take(input: &mut egui::InputState, shortcut: &KeyboardShortcut) -> bool {
    let signs = [Key::Plus, Key::Questionmark, Key::OpenBracket, Key::CloseBracket, Key::Minus];
    if signs.contains(&shortcut.logical_key) && shortcut.modifiers.is_none() {
        let free = !input.modifiers.command && !input.modifiers.ctrl;
        return free && input.consume_key(input.modifiers, shortcut.logical_key);
    }
    let wanted = shortcut.modifiers;
    let exact = input.modifiers.shift == wanted.shift || wanted.command;
    exact && input.consume_shortcut(shortcut)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_the_table_exists() {
        for command in MenuCommand::iter() {
            for key in command.entry().keys {
                assert!(parse(key).is_some(), "{key} of {command:?}");
            }
        }
    }
}
