//! Whether the map names what matters: curves of the picture taken apart in its order, and checks.

mod checks;
mod curves;
mod plot;

use eframe::egui::{Label, RichText, ScrollArea, Sense, Ui, Vec2};
use strum::IntoEnumIterator as _;

use crate::command::{Command, MenuCommand};
use crate::explain::{Curve, Method};
use crate::explanation::{CamTarget, Explanation};
use crate::state::{AppState, Inquiry, InquiryProgress, Order, Role, Topic};
use crate::ui::output::UiOutput;
use crate::ui::text::{target_name, thousands};
use checks::{ChecksMemo, checks_ui};
use curves::{CurvesMemo, Line};
use plot::{Hovered, PictureMemo, picture_ui, plot_ui};

/// With less room than this, in points, the checks are below the curves.
const TWO_COLUMNS: f32 = 760.0;
/// Share of the curves where both are side by side.
const LEFT: f32 = 0.6;

/// What the tab remembers.
pub struct TrustState {
    curve: Curve,
    /// What the networks are to be asked for it, as of this frame.
    pub topics: Vec<(Role, Topic)>,
    lines: CurvesMemo,
    checks: ChecksMemo,
    picture: PictureMemo,
    /// The place of the curves that the pointer was over last.
    hovered: Option<Hovered>,
}

impl Default for TrustState {
    fn default() -> Self {
        Self {
            curve: Curve::Deletion,
            topics: Vec::new(),
            lines: CurvesMemo::default(),
            checks: ChecksMemo::default(),
            picture: PictureMemo::default(),
            hovered: None,
        }
    }
}

/// Name and tooltip.
fn curve_text(curve: Curve) -> [&'static str; 2] {
    match curve {
        Curve::Deletion => [
            "Deletion",
            "The places that matter most are hidden first: the curve should fall fast (Petsiuk et \
             al. 2018)",
        ],
        Curve::Insertion => [
            "Insertion",
            "The places that matter most are shown first: the curve should rise fast (Petsiuk et \
             al. 2018)",
        ],
        Curve::Road => [
            "ROAD",
            "The places that matter most are filled in from their surroundings, so that not even \
             their shape remains: the curve should fall fast (Rong et al. 2022)",
        ],
    }
}

/// The tab; `method` is that of the map on the picture.
pub fn trust_ui(
    ui: &mut Ui,
    state: &AppState,
    method: Method,
    memory: &mut TrustState,
    out: &mut UiOutput,
) {
    let shown = state.target().and_then(|(role, target)| {
        let explanation = state.explanation(role)?;
        explanation.question(target)?;
        Some((role, target, explanation))
    });
    let Some((role, target, explanation)) = shown else {
        ui.weak("Waiting for the network");
        return;
    };
    if let Err(error) = explanation.model.check_method(method) {
        ui.add(Label::new(format!("There is no map to test. {error}")).wrap());
        return;
    }
    let orders = [Order::Map(method, target), Order::CentreFirst, Order::Random];
    let topics = orders.map(|order| Topic::Curve(memory.curve, order));
    let mut all = topics.to_vec();
    all.extend(explanation.head.is_ok().then_some(Topic::Checks));
    memory.topics.extend(all.iter().map(|&topic| (role, topic)));
    let inquiries = |topics: &[Topic]| -> Vec<Option<&Inquiry>> {
        topics.iter().map(|&topic| state.inquiry(role, topic)).collect()
    };
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        ui.horizontal_wrapped(|ui| {
            for curve in Curve::iter() {
                let [name, hint] = curve_text(curve);
                ui.radio_value(&mut memory.curve, curve, name).on_hover_text(hint);
            }
            progress_ui(ui, &inquiries(&all), out);
        });
        let width = ui.available_width();
        let curves = inquiries(&topics);
        if width >= TWO_COLUMNS {
            ui.horizontal_top(|ui| {
                ui.vertical(|ui| {
                    ui.set_width((width * LEFT).floor());
                    curves_ui(ui, explanation, target, &curves, memory);
                });
                ui.vertical(|ui| {
                    checks_ui(ui, state, role, explanation, target, &mut memory.checks);
                });
            });
        } else {
            curves_ui(ui, explanation, target, &curves, memory);
            ui.separator();
            checks_ui(ui, state, role, explanation, target, &mut memory.checks);
        }
    });
}

/// How far the network is, and a way to stop it, or to go on.
fn progress_ui(ui: &mut Ui, inquiries: &[Option<&Inquiry>], out: &mut UiOutput) {
    let known = || inquiries.iter().flatten();
    if let Some(error) = known().find_map(|inquiry| inquiry.error()) {
        ui.colored_label(ui.visuals().error_fg_color, error);
    }
    let is_over = |inquiry: &&&Inquiry| match inquiry.progress {
        InquiryProgress::Stopped | InquiryProgress::Failed(_) => true,
        InquiryProgress::Running(..) | InquiryProgress::Done => false,
    };
    if known().any(|inquiry| inquiry.is_running()) {
        let [done, total] = known().fold([0, 0], |[done, total], inquiry| {
            [done + inquiry.answers.len(), total + inquiry.total]
        });
        ui.spinner();
        ui.weak(format!("{} of {} runs", thousands(done), thousands(total)));
        let cancel = MenuCommand::Cancel.entry();
        if ui.small_button("Stop").on_hover_text(cancel.tooltip).clicked() {
            out.push(MenuCommand::Cancel);
        }
    } else if known().any(|inquiry| is_over(&inquiry)) && ui.small_button("Run again").clicked() {
        out.push(Command::InquireAgain);
    }
}

/// The plot, the picture at the place of the pointer, and the areas in numbers.
fn curves_ui(
    ui: &mut Ui,
    explanation: &std::sync::Arc<Explanation>,
    target: CamTarget,
    inquiries: &[Option<&Inquiry>],
    memory: &mut TrustState,
) {
    let name = target_name(explanation, target);
    let lines = memory.lines.get(explanation, target, memory.curve, inquiries);
    let side = (ui.available_height() - 44.0).clamp(90.0, 240.0);
    ui.horizontal_top(|ui| {
        let width = (ui.available_width() - side - 12.0).max(120.0);
        let hovered = plot_ui(ui, [width, side], &name, memory.curve, lines);
        memory.hovered = hovered.or(memory.hovered.take());
        picture_ui(ui, side, explanation, inquiries, memory.hovered, &mut memory.picture);
    });
    ui.horizontal_wrapped(|ui| {
        for line in lines {
            let (dot, _) = ui.allocate_exact_size(Vec2::splat(10.0), Sense::hover());
            ui.painter().circle_filled(dot.center(), 4.0, line.color(ui));
            ui.label(line.words()).on_hover_text(
                "Area under the curve, from 0 to 1: the mean probability along the way",
            );
        }
    });
    ui.add(Label::new(RichText::new(verdict(memory.curve, lines)).weak()).wrap());
}

/// What the areas say together, in a sentence.
fn verdict(curve: Curve, lines: &[Line]) -> String {
    let areas: Option<Vec<f64>> = lines.iter().map(|line| line.area).collect();
    let Some([own, rest @ ..]) = areas.as_deref() else { return String::new() };
    let is_better = |other: &f64| if curve.is_low_good() { own < other } else { own > other };
    let way = if curve.is_low_good() { "lower" } else { "higher" };
    match rest.iter().filter(|other| is_better(other)).count() {
        2 => format!("The {way}, the better: the map beats both uninformed orders."),
        1 => format!("The {way}, the better: the map beats one of the uninformed orders."),
        _ => format!(
            "The {way}, the better: by this measure, the map is no better than an uninformed order."
        ),
    }
}
