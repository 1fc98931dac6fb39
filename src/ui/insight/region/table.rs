//! What a region does for each decision of the path, line by line.

use eframe::egui::{
    Button, Grid, Rect, RichText, Role, ScrollArea, Sense, Stroke, TextWrapMode, Ui, WidgetInfo,
    pos2, vec2,
};

use super::numbers::{Row, TreeNumbers};
use super::words::{self, EXACT, LOG_ODDS};
use crate::command::Command;
use crate::explain::Decision;
use crate::output::percent;
use crate::ui::insight::Insight;
use crate::ui::output::UiOutput;
use crate::ui::text::short;
use crate::ui::text::signed;
use crate::ui::theme::picture::{palette, small_font};

/// Of a bar, in points.
const BAR: [f32; 2] = [46.0, 11.0];

/// The decisions of the path; `network` is what the network itself decides without the region.
pub fn table_ui(
    ui: &mut Ui,
    insight: &Insight<'_>,
    numbers: &TreeNumbers,
    network: Option<&Decision>,
    out: &mut UiOutput,
) {
    let rows = &numbers.rows;
    let most = rows.iter().map(|row| row.account.region.abs()).fold(0.0, f32::max);
    ScrollArea::horizontal().id_salt("decisions").show(ui, |ui| {
        Grid::new("decisions").striped(true).spacing([8.0, 3.0]).show(ui, |ui| {
            ui.style_mut().wrap_mode = Some(TextWrapMode::Extend);
            let head = |ui: &mut Ui, text: &str, hint: &str| {
                ui.label(RichText::new(text).weak()).on_hover_text(hint);
            };
            head(ui, "Decision", "The branch that is taken; click for its map");
            head(ui, "Log-odds", LOG_ODDS);
            head(ui, "Contribution", EXACT);
            let hint = "The log-odds with the features of the region set to zero";
            head(ui, "Log-odds without", hint);
            head(ui, "Probability", "Probability of the branch among its siblings");
            head(ui, "Probability without", "The probability without the region");
            if network.is_some() {
                head(
                    ui,
                    "Network",
                    "The probability when the network itself runs without the \
                                     region",
                );
            }
            ui.end_row();
            for row in rows {
                row_ui(ui, insight, row, most, network, out);
                ui.end_row();
            }
        });
    });
}

fn row_ui(
    ui: &mut Ui,
    insight: &Insight<'_>,
    row: &Row,
    most: f32,
    network: Option<&Decision>,
    out: &mut UiOutput,
) {
    let account = row.account;
    let name = |node| short(&insight.hierarchy.node(node).name);
    let instead = row.instead.map(|node| format!("then {}", name(node)));
    let says = instead.as_ref().map_or_else(String::new, |instead| format!(", {instead}"));
    let probabilities = words::change([account.probability, account.probability_without]);
    let [with, gives, without] =
        [account.log_odds, account.region, account.log_odds_without].map(|value| signed(value, 2));

    let is_selected = insight.state.selected_node(insight.role) == Some(account.node);
    let text = name(account.node);
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        let response = ui.add(Button::selectable(is_selected, text.as_str()));
        response.widget_info(|| {
            let label = format!(
                "{text}: log-odds {with}, region contributes {gives}, without it {without}, \
                 {probabilities}{says}"
            );
            WidgetInfo::selected(Role::Button, true, is_selected, label)
        });
        if response.on_hover_text("Show its map").clicked() {
            out.push(Command::SelectNode(insight.role, account.node));
        }
        if let Some(instead) = instead {
            let text = RichText::new(format!("  {instead}")).font(small_font(ui)).strong();
            ui.label(text).on_hover_text("Without the region, the tree takes another branch here");
        }
    });
    ui.monospace(with);
    ui.horizontal(|ui| {
        bar_ui(ui, account.region, most);
        ui.monospace(gives);
    });
    ui.monospace(without);
    ui.monospace(percent(account.probability));
    ui.monospace(percent(account.probability_without));
    if let Some(network) = network {
        let off = network.log_odds[account.node] - account.log_odds_without;
        let p = percent(network.branch_prob[account.node]);
        ui.monospace(p).on_hover_text(format!("{} log-odds off", signed(off, 2)));
    }
}

/// To the right of the line what speaks for the branch, to the left what speaks against it.
fn bar_ui(ui: &mut Ui, value: f32, most: f32) {
    let (rect, _) = ui.allocate_exact_size(BAR.into(), Sense::hover());
    let middle = rect.center();
    let reach = rect.width() / 2.0;
    let length = if most > 0.0 { value / most * reach } else { 0.0 };
    let [against, for_it] = palette(ui.visuals()).against_for;
    let painter = ui.painter();
    if length.is_finite() {
        let end = pos2(middle.x + length, middle.y);
        let bar = Rect::from_two_pos(middle, end).expand2(vec2(0.0, rect.height() / 2.0 - 1.0));
        painter.rect_filled(bar, 1.0, if length < 0.0 { against } else { for_it });
    }
    let line = Stroke::new(1.0, ui.visuals().weak_text_color());
    painter.vline(middle.x, rect.y_range(), line);
}
