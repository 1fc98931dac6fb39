//! A line to type a path in: always there, and the way out where the system has no file dialog.

use std::path::PathBuf;

use eframe::egui::{self, Align, Key, Layout, RichText};

use crate::command::{Action, Purpose};
use crate::ui::output::UiOutput;

/// The line, while it is shown.
#[derive(Debug, Clone)]
pub struct PathPrompt {
    pub purpose: Purpose,
    pub text: String,
    /// Why it is here, if the user did not ask for it.
    pub hint: Option<&'static str>,
    /// Whether it was shown before.
    asked_for_focus: bool,
    /// A file that is there already, and was asked about.
    overwrites: Option<PathBuf>,
}

impl PathPrompt {
    pub fn new(purpose: Purpose, text: String, hint: Option<&'static str>) -> Self {
        Self { purpose, text, hint, asked_for_focus: false, overwrites: None }
    }

    /// What the path says, once it needs no second confirmation.
    fn accept(&mut self) -> Option<PathBuf> {
        let path = path_from(&self.text);
        if self.purpose.saves() && path.exists() && self.overwrites.as_ref() != Some(&path) {
            self.overwrites = Some(path);
            self.asked_for_focus = false;
            return None;
        }
        Some(path)
    }

    /// Whether the file that the path names was asked about.
    fn is_asked(&self) -> bool {
        self.overwrites.as_ref().is_some_and(|path| *path == path_from(&self.text))
    }
}

pub fn path_prompt_ui(ui: &mut egui::Ui, prompt: &mut PathPrompt, out: &mut UiOutput) {
    let mut answer = None;
    ui.horizontal(|ui| {
        let title = ui.label(RichText::new(prompt.purpose.title()).strong());
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let verb = match (prompt.purpose.saves(), prompt.is_asked()) {
                (true, true) => "Overwrite",
                (true, false) => "Save",
                (false, _) => "Open",
            };
            if ui.button("Cancel").clicked() {
                answer = Some(None);
            }
            let accepted = ui.add_enabled(!prompt.text.trim().is_empty(), egui::Button::new(verb));
            let field = egui::TextEdit::singleline(&mut prompt.text)
                .hint_text("Path")
                .desired_width(ui.available_width());
            let field = ui.add(field).labelled_by(title.id);
            if !prompt.asked_for_focus {
                prompt.asked_for_focus = true;
                field.request_focus();
                // What lies below makes room for the line in the next frame.
                ui.ctx().request_repaint();
            }
            let enter = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
            if (accepted.clicked() || enter) && !prompt.text.trim().is_empty() {
                answer = prompt.accept().map(Some);
            } else if ui.input(|input| input.key_pressed(Key::Escape)) {
                answer = Some(None);
            }
        });
    });
    if prompt.is_asked() {
        ui.label("This file exists. Press Enter once more to overwrite it");
    } else if let Some(hint) = prompt.hint {
        ui.label(RichText::new(hint).weak());
    }
    if let Some(path) = answer {
        out.push(Action::AnswerPrompt(prompt.purpose, path));
    }
}

/// A path as people paste it: in quotes, as a `file:` address, or beginning with `~`.
pub fn path_from(text: &str) -> PathBuf {
    let text = text.trim().trim_matches(['"', '\'']);
    if let Some(address) = text.strip_prefix("file://") {
        return PathBuf::from(decoded(address));
    }
    if let (Some(rest), Some(home)) = (text.strip_prefix("~/"), std::env::var_os("HOME")) {
        return PathBuf::from(home).join(rest);
    }
    PathBuf::from(text)
}

/// `%20` and the like; what is no such code stays.
fn decoded(address: &str) -> String {
    let bytes = address.as_bytes();
    let mut result = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let code = address.get(at + 1..at + 3).filter(|_| byte == b'%');
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(value) => {
                result.push(value);
                at += 3;
            }
            None => {
                result.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&result).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pasted_paths() {
        assert_eq!(path_from(" \"/a b.png\"\n"), PathBuf::from("/a b.png"));
        assert_eq!(path_from("file:///tmp/a%20b%C3%A4.png"), PathBuf::from("/tmp/a bä.png"));
        assert_eq!(path_from("file:///tmp/100%.png"), PathBuf::from("/tmp/100%.png"));
    }
}
