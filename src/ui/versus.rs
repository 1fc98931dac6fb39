//! What the map is of: a class or a node by itself, or against something.

use eframe::egui::{ComboBox, Role as Kind, Ui, WidgetInfo};

use crate::command::Command;
use crate::explain::{ClassId, Hierarchy, NodeId, Rule};
use crate::explanation::{CamTarget, Explanation};
use crate::state::{AppState, Role, Versus};
use crate::tree_text::short_name;
use crate::ui::output::UiOutput;
use crate::ui::pins::pair;
use crate::ui::text::target_name;
use crate::ui::text::{at_most, short};

/// An entry of the list.
#[derive(Debug)]
pub struct Choice {
    pub text: String,
    pub hint: String,
    pub is_chosen: bool,
    pub commands: Vec<Command>,
}

/// The list of everything that what is selected can be compared with; `width` in points.
pub fn versus_ui(ui: &mut Ui, state: &AppState, width: f32, out: &mut UiOutput) {
    let (name, choices) = match shown(state) {
        Some((role, explanation, target)) => {
            (target_name(explanation, target), choices(state, role, explanation, target))
        }
        None => ("nothing yet".to_owned(), Vec::new()),
    };
    let combo = ComboBox::from_id_salt("map of").selected_text(&name).width(width).truncate();
    let choices_ui = |ui: &mut Ui| {
        for choice in choices {
            let label = ui.selectable_label(choice.is_chosen, choice.text);
            if label.on_hover_text(choice.hint).clicked() && !choice.is_chosen {
                out.extend(choice.commands);
            }
        }
    };
    let response = at_most(ui, width, |ui| combo.show_ui(ui, choices_ui));
    let info = || WidgetInfo::labeled(Kind::ComboBox, true, format!("Map of {name}"));
    response.response.widget_info(info);
    response.response.on_hover_text(format!(
        "Map of {name}. Click to choose what it is compared with; click a class or a node of the \
         tree to see its map"
    ));
}

fn shown(state: &AppState) -> Option<(Role, &Explanation, CamTarget)> {
    let (role, target) = state.target()?;
    Some((role, state.role(role).explanation()?, target))
}

/// All that the target can be compared with.
pub fn choices(
    state: &AppState,
    role: Role,
    explanation: &Explanation,
    target: CamTarget,
) -> Vec<Choice> {
    let tree = || explanation.model.tree().ok().map(|tree| &tree.hierarchy);
    match target {
        CamTarget::Class(class) => of_class(role, explanation, class),
        CamTarget::Difference(a, b) => of_pair(state, role, explanation, [a, b]),
        CamTarget::Node(node, rule)
        | CamTarget::Decision(node, rule)
        | CamTarget::Against(node, _, rule) => {
            tree().map_or_else(Vec::new, |tree| of_node(tree, node, rule, target))
        }
    }
}

fn of_node(tree: &Hierarchy, node: NodeId, rule: Rule, target: CamTarget) -> Vec<Choice> {
    let name = short_name(tree, node);
    let choice = |text: String, hint: String, own: CamTarget, versus: Versus| Choice {
        text,
        hint,
        is_chosen: target == own,
        commands: vec![Command::SetVersus(versus)],
    };
    let siblings = tree.siblings(node);
    let mut choices = vec![choice(
        format!("{name} itself"),
        match rule {
            Rule::Hard | Rule::Soft => {
                "Its own score: the mean over its classes, without a comparison"
            }
            Rule::Marginal => "Its own score: all its classes together",
        }
        .to_owned(),
        CamTarget::Node(node, rule),
        Versus::Nothing,
    )];
    match siblings[..] {
        [] => {}
        [only] => choices.push(choice(
            format!("{name} against {}", short_name(tree, only)),
            "The decision between the two branches, in log-odds".to_owned(),
            CamTarget::Decision(node, rule),
            Versus::Siblings,
        )),
        _ => choices.push(choice(
            format!("{name} against its {} siblings", siblings.len()),
            match rule {
                Rule::Hard | Rule::Soft => "Its lead over the mean of all other branches",
                Rule::Marginal => "The decision against all other branches, in log-odds",
            }
            .to_owned(),
            CamTarget::Decision(node, rule),
            Versus::Siblings,
        )),
    }
    if siblings.len() > 1 {
        choices.extend(siblings.into_iter().map(|sibling| {
            choice(
                format!("{name} against {}", short_name(tree, sibling)),
                "The decision between these two branches, in log-odds".to_owned(),
                CamTarget::Against(node, sibling, rule),
                Versus::Sibling(sibling),
            )
        }));
    }
    choices
}

fn of_class(role: Role, explanation: &Explanation, class: ClassId) -> Vec<Choice> {
    let name = short(explanation.model.label(class));
    let itself = Choice {
        text: format!("{name} itself"),
        hint: "The evidence for and against this class".to_owned(),
        is_chosen: true,
        commands: Vec::new(),
    };
    let [_, rival] = pair(explanation, [Some(class), None]);
    let mut choices = vec![itself];
    if rival != class {
        choices.push(Choice {
            text: format!("{name} against {}", short(explanation.model.label(rival))),
            hint: "Against the likeliest of the other classes".to_owned(),
            is_chosen: false,
            commands: vec![Command::Compare(role, class, rival)],
        });
    }
    choices
}

fn of_pair(
    state: &AppState,
    role: Role,
    explanation: &Explanation,
    [a, b]: [ClassId; 2],
) -> Vec<Choice> {
    let [name_a, name_b] = [a, b].map(|class| short(explanation.model.label(class)));
    let versus = |is_chosen, text, commands| Choice {
        text,
        hint: "Red is evidence for the first class, blue for the second".to_owned(),
        is_chosen,
        commands,
    };
    let itself = |class: ClassId, name: &str| Choice {
        text: format!("{name} itself"),
        hint: "The evidence for and against this class".to_owned(),
        is_chosen: false,
        commands: select_class(state, role, explanation, class),
    };
    vec![
        versus(true, format!("{name_a} against {name_b}"), Vec::new()),
        versus(false, format!("{name_b} against {name_a}"), vec![Command::Compare(role, b, a)]),
        itself(a, &name_a),
        itself(b, &name_b),
    ]
}

/// A class of the classifier is selected in its list, one of the tree model in its tree.
fn select_class(
    state: &AppState,
    role: Role,
    explanation: &Explanation,
    class: ClassId,
) -> Vec<Command> {
    let leaf = || explanation.model.tree().ok()?.hierarchy.leaf(class);
    match state.own(role) {
        Role::Classifier => vec![Command::SelectClass(class)],
        Role::Tree => leaf().map_or_else(Vec::new, |leaf| {
            vec![Command::SelectNode(role, leaf), Command::SetVersus(Versus::Nothing)]
        }),
    }
}
