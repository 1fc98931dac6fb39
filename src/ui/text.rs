//! Names and numbers as the panels write them.

use std::sync::Arc;

use eframe::egui::text::{LayoutJob, TextWrapping};
use eframe::egui::{Color32, FontId, Galley, Painter, Ui};

use crate::explanation::{CamTarget, Explanation};
pub use crate::numbers::{number, signed, thousands};
use crate::tree_text::first_synonym;

/// The first of several synonyms, as people write it.
pub fn short(label: &str) -> String {
    first_synonym(label).replace('_', " ")
}

/// The beginning of a text that has more characters than these, with … in place of the rest.
pub fn cut(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        Some((end, _)) => format!("{}\u{2026}", &text[..end]),
        None => text.to_owned(),
    }
}

/// Adds what would take more room for a long name than it may have, in points.
pub fn at_most<R>(ui: &mut Ui, width: f32, add: impl FnOnce(&mut Ui) -> R) -> R {
    ui.scope(|ui| {
        ui.set_max_width(width);
        add(ui)
    })
    .inner
}

/// What a map speaks for, in words.
pub fn target_name(explanation: &Explanation, target: CamTarget) -> String {
    let Some(question) = explanation.question(target) else { return String::new() };
    let pro = short(&question.pro);
    match &question.contra {
        Some(contra) => format!("{pro} against {}", short(contra)),
        None => pro,
    }
}

/// As few decimals (2 to 4) as make rounded parts add up to their rounded total; 2 if none do.
pub fn decimals_that_add_up(parts: &[f32], total: f32) -> usize {
    let rounded = |value: f32, decimals: usize| -> i64 {
        (f64::from(value) * 10.0_f64.powi(decimals as i32)).round() as i64
    };
    let adds_up = |&decimals: &usize| {
        let sum = parts.iter().map(|&part| rounded(part, decimals));
        sum.fold(0, i64::saturating_add) == rounded(total, decimals)
    };
    (2..=4).find(adds_up).unwrap_or(2)
}

/// Text on one line, with … where it is cut.
pub fn elided(
    painter: &Painter,
    text: &str,
    font: FontId,
    color: Color32,
    width: f32,
) -> Arc<Galley> {
    let mut job = LayoutJob::simple_singleline(text.to_owned(), font, color);
    job.wrap = TextWrapping::truncate_at_width(width);
    painter.layout_job(job)
}
