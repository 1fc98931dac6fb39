//! What can be switched, above the tree. What does not fit into one line goes into a menu.

use eframe::egui::{Button, TextStyle, Ui};

use crate::explain::Rule;
use crate::settings::{TreeMode, TreeSettings};
use crate::tree_layout::{Cards, Orientation};

use super::{Scene, TreeAction, TreeInput, TreeViewState, search};

/// With less room, in points, the choice between diagram and outline is in the menu, too.
pub(super) const NARROW: f32 = 430.0;
/// Least room for the search field, in points.
const SEARCH: f32 = 110.0;

pub(super) fn toolbar_ui(
    ui: &mut Ui,
    input: &TreeInput<'_>,
    scene: &Scene<'_>,
    settings: &mut TreeSettings,
    state: &mut TreeViewState,
    actions: &mut Vec<TreeAction>,
) {
    let is_narrow = ui.available_width() < NARROW;
    ui.horizontal(|ui| {
        if !is_narrow {
            mode_ui(ui, settings, state);
            ui.separator();
        }
        rule_ui(ui, input.rule, is_narrow, actions);
        ui.separator();
        tools_ui(ui, scene, settings, state, is_narrow);
        if let Some(id) = search::search_ui(ui, scene.hierarchy, scene.decision, &mut state.search)
        {
            state.open.reveal(scene.hierarchy, id);
            state.reveal = true;
            state.focus = Some(id);
            actions.push(TreeAction::Select(id));
        }
    });
    ui.add_space(2.0);
}

fn mode_ui(ui: &mut Ui, settings: &mut TreeSettings, state: &mut TreeViewState) {
    for (own, text, hint) in [
        (TreeMode::Diagram, "Diagram", "Nodes and edges; drag to move, scroll to zoom"),
        (TreeMode::Outline, "Outline", "A list for the arrow keys"),
    ] {
        let chosen = settings.mode == own;
        if ui.selectable_label(chosen, text).on_hover_text(hint).clicked() && !chosen {
            state.toggle_mode(settings);
        }
    }
}

/// The readings of a tree, with what each means.
const RULES: [(Rule, &str, &str); 3] = [
    (Rule::Hard, "Hard", "Follow the likeliest child from the root down"),
    (Rule::Soft, "Soft", "Take the class with the largest product of probabilities along its path"),
    (
        Rule::Marginal,
        "Marginal",
        "A branch is as likely as all its classes together; follow the likeliest",
    ),
];

/// Side by side, or in a menu where there is little room.
fn rule_ui(ui: &mut Ui, rule: Rule, is_narrow: bool, actions: &mut Vec<TreeAction>) {
    let mut choose = |ui: &mut Ui| {
        for (own, text, hint) in RULES {
            let chosen = rule == own;
            if ui.selectable_label(chosen, text).on_hover_text(hint).clicked() && !chosen {
                actions.push(TreeAction::SetRule(own));
            }
        }
    };
    if is_narrow {
        let name = RULES.iter().find(|(own, ..)| *own == rule).map_or("", |(_, text, _)| text);
        ui.menu_button(name, choose).response.on_hover_text("How the tree is read");
    } else {
        choose(ui);
    }
}

/// What can be done with the nodes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tool {
    Path,
    Maps,
    ExpandAll,
    CollapseAll,
    Fit,
    Turn,
    SwitchMode,
}

impl Tool {
    fn text(self, settings: &TreeSettings, state: &TreeViewState) -> &'static str {
        match self {
            Self::Path => "Path",
            Self::Maps => "Maps",
            Self::ExpandAll => "Expand all",
            Self::CollapseAll => "Collapse all",
            Self::Fit => "Fit",
            Self::Turn => match state.orientation(settings).other() {
                Orientation::LeftToRight => "Left to right",
                Orientation::TopDown => "Top down",
            },
            Self::SwitchMode => match settings.mode {
                TreeMode::Diagram => "Outline",
                TreeMode::Outline => "Diagram",
            },
        }
    }

    fn hint(self) -> &'static str {
        match self {
            Self::Path => "Show only the path and the alternatives at each step",
            Self::Maps => "A small map on each node: where is the evidence for it? (M)",
            Self::ExpandAll => "Show every node",
            Self::CollapseAll => "Show only the first decision",
            Self::Fit => "Show the whole diagram (or double-click next to the nodes)",
            Self::Turn => "Draw the tree in the other direction",
            Self::SwitchMode => "List the nodes, or draw them",
        }
    }

    /// Whether it is a switch that is on.
    fn is_on(self, settings: &TreeSettings) -> bool {
        self == Self::Maps && settings.cards == Cards::WithMap
    }

    fn run(self, scene: &Scene<'_>, settings: &mut TreeSettings, state: &mut TreeViewState) {
        match self {
            Self::Path => state.show_path_only(scene.hierarchy, scene.decision),
            Self::Maps => state.toggle_maps(settings),
            Self::ExpandAll => state.expand_all(),
            Self::CollapseAll => state.collapse_all(),
            Self::Fit => state.fit(settings),
            Self::Turn => state.toggle_orientation(settings),
            Self::SwitchMode => state.toggle_mode(settings),
        }
    }
}

/// As many buttons as there is room for beside the search field, the others in a menu.
fn tools_ui(
    ui: &mut Ui,
    scene: &Scene<'_>,
    settings: &mut TreeSettings,
    state: &mut TreeViewState,
    is_narrow: bool,
) {
    let mut tools = vec![Tool::Path, Tool::ExpandAll, Tool::CollapseAll];
    if settings.mode == TreeMode::Diagram {
        tools.insert(0, Tool::Maps);
        tools.extend([Tool::Fit, Tool::Turn]);
    }
    if is_narrow {
        tools.push(Tool::SwitchMode);
    }
    let width = |tool: &Tool| button_width(ui, tool.text(settings, state));
    let widths: Vec<f32> = tools.iter().map(width).collect();
    let room = ui.available_width() - SEARCH;
    let shown = if widths.iter().sum::<f32>() <= room {
        tools.len()
    } else {
        let mut room = room - button_width(ui, MORE);
        let fits = |width: &&f32| {
            room -= **width;
            room >= 0.0
        };
        widths.iter().take_while(fits).count()
    };
    let mut chosen = None;
    for &tool in &tools[..shown] {
        if tool_ui(ui, tool, settings, state) {
            chosen = Some(tool);
        }
    }
    if shown < tools.len() {
        ui.menu_button(MORE, |ui| {
            for &tool in &tools[shown..] {
                if tool_ui(ui, tool, settings, state) {
                    chosen = Some(tool);
                    ui.close();
                }
            }
        });
    }
    if let Some(tool) = chosen {
        tool.run(scene, settings, state);
    }
}

fn tool_ui(ui: &mut Ui, tool: Tool, settings: &TreeSettings, state: &TreeViewState) -> bool {
    let button = Button::new(tool.text(settings, state)).selected(tool.is_on(settings));
    ui.add(button).on_hover_text(tool.hint()).clicked()
}

const MORE: &str = "More";

/// With the space beside it.
fn button_width(ui: &Ui, text: &str) -> f32 {
    let font = TextStyle::Button.resolve(ui.style());
    let text = ui.painter().layout_no_wrap(text.to_owned(), font, ui.visuals().text_color());
    let spacing = ui.spacing();
    text.size().x + 2.0 * spacing.button_padding.x + spacing.item_spacing.x
}
