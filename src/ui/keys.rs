//! Keys, as the command table writes them.

use eframe::egui::{Context, Event, Id, Key, KeyboardShortcut, ModifierNames, Modifiers, Ui};
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

/// A key for people: `Ctrl+[` instead of `Ctrl+OpenBracket`, and `⌘[` on a Mac.
pub fn readable(ctx: &Context, text: &str) -> String {
    let Some(KeyboardShortcut { modifiers, logical_key }) = parse(text) else {
        return text.to_owned();
    };
    let is_mac = ctx.os().is_mac();
    // Every Mac has a font with these symbols, which those of egui lack.
    let names = if is_mac { ModifierNames::SYMBOLS } else { ModifierNames::NAMES };
    let key = match logical_key {
        Key::ArrowDown | Key::ArrowLeft | Key::ArrowRight | Key::ArrowUp => logical_key.name(),
        Key::Escape => "Esc",
        Key::Delete => "Del",
        other => other.symbol_or_name(),
    };
    match names.format(&modifiers, is_mac) {
        held if held.is_empty() => key.to_owned(),
        held => format!("{held}{}{key}", names.concat),
    }
}

/// The keys of a command for people, the first one only.
pub fn first(ctx: &Context, command: MenuCommand) -> Option<String> {
    command.entry().keys.first().map(|key| readable(ctx, key))
}

/// The commands whose keys were pressed, in the order of the presses: several may come between two
/// frames. Plain keys belong to a text field while one has the focus, and Space and the arrows to
/// whatever has the focus, unless that leaves them free ([`leave_free`]).
pub fn pressed(ctx: &Context) -> Vec<MenuCommand> {
    let typing = ctx.text_edit_focused();
    let focused = ctx.memory(|memory| memory.focused());
    let free = ctx.data(|data| data.get_temp::<FreeKeys>(free_keys()));
    let free = free.filter(|free| Some(free.widget) == focused);
    let table: Vec<(MenuCommand, KeyboardShortcut)> = MenuCommand::iter()
        .flat_map(|command| command.entry().keys.iter().map(move |key| (command, *key)))
        .filter_map(|(command, key)| Some((command, parse(key)?)))
        .collect();
    let is_ours = |command: MenuCommand, shortcut: &KeyboardShortcut| {
        let key = shortcut.logical_key;
        let plain = !shortcut.modifiers.command && !is_function_key(key);
        // `Undo` of what was typed is the field's own.
        let undo = matches!(command, MenuCommand::Undo | MenuCommand::Redo);
        let by_focus = [Key::Space, Key::ArrowLeft, Key::ArrowRight, Key::Home, Key::End];
        let is_free = free.as_ref().is_some_and(|free| free.keys.contains(&key));
        let is_taken = focused.is_some() && by_focus.contains(&key) && !is_free;
        !(typing && (plain || undo)) && !is_taken
    };
    let command_of = |event: &Event| {
        // The modifiers of the press itself: they may be gone when the frame begins.
        let Event::Key { key, pressed: true, modifiers, .. } = event else { return None };
        let mut fitting = table.iter().filter(|(command, shortcut)| {
            is_pressed(shortcut, *key, *modifiers) && is_ours(*command, shortcut)
        });
        fitting.next().map(|(command, _)| *command)
    };
    ctx.input_mut(|input| {
        let mut commands = Vec::new();
        input.events.retain(|event| match command_of(event) {
            Some(command) => {
                commands.push(command);
                false
            }
            None => true,
        });
        commands
    })
}

/// The keys that a widget with the focus does not use itself.
#[derive(Clone)]
struct FreeKeys {
    widget: Id,
    keys: Vec<Key>,
}

/// Says which keys the widget with the keyboard does not use, so that they are free for commands.
pub fn leave_free(ui: &Ui, widget: Id, keys: &[Key]) {
    let free = FreeKeys { widget, keys: keys.to_vec() };
    ui.data_mut(|data| data.insert_temp(free_keys(), free));
}

fn free_keys() -> Id {
    Id::unique("keys that the widget with the focus leaves free")
}

/// How often each of the `keys` was pressed without modifiers since the last frame, in the order of
/// the presses; they are taken away from everything that comes later.
pub fn take_presses(ui: &Ui, keys: &[Key]) -> Vec<Key> {
    ui.input_mut(|input| {
        let mut presses = Vec::new();
        input.events.retain(|event| match event {
            Event::Key { key, pressed: true, modifiers, .. }
                if modifiers.is_none() && keys.contains(key) =>
            {
                presses.push(*key);
                false
            }
            _ => true,
        });
        presses
    })
}

fn is_function_key(key: Key) -> bool {
    matches!(key, Key::F1 | Key::F5 | Key::F11)
}

/// Signs that need Shift on some keyboards (`+`, `?`, `[`) count with it as well.
fn is_pressed(shortcut: &KeyboardShortcut, key: Key, modifiers: Modifiers) -> bool {
    const SIGNS: [Key; 5] =
        [Key::Plus, Key::Questionmark, Key::OpenBracket, Key::CloseBracket, Key::Minus];
    let KeyboardShortcut { modifiers: wanted, logical_key } = *shortcut;
    if key != logical_key || modifiers.alt != wanted.alt {
        return false;
    }
    let shift_counts = !SIGNS.contains(&key);
    let is_command = modifiers.command || modifiers.ctrl;
    is_command == wanted.command && (modifiers.shift == wanted.shift || !shift_counts)
}

#[cfg(test)]
mod tests {
    use eframe::egui::os::OperatingSystem;

    use super::*;

    #[test]
    fn keys_are_written_as_on_the_keyboard_of_the_system() {
        let ctx = Context::default();
        let written = |os, keys: &[&str]| -> Vec<String> {
            ctx.set_os(os);
            keys.iter().map(|key| readable(&ctx, key)).collect()
        };
        let keys = ["OpenBracket", "Ctrl+Shift+Z", "Ctrl+Plus", "?", "Left", "Delete"];
        let elsewhere = written(OperatingSystem::Nix, &keys);
        assert_eq!(elsewhere, ["[", "Ctrl+Shift+Z", "Ctrl++", "?", "Left", "Del"]);
        let mac = written(OperatingSystem::Mac, &keys);
        assert_eq!(mac, ["[", "\u{21e7}\u{2318}Z", "\u{2318}+", "?", "Left", "Del"]);
    }

    #[test]
    fn every_key_of_the_table_exists() {
        for command in MenuCommand::iter() {
            for key in command.entry().keys {
                assert!(parse(key).is_some(), "{key} of {command:?}");
            }
        }
    }
}
