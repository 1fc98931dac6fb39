//! The choice of how the map is made: what each method shows, what it cannot, and what it takes.

use eframe::egui::{
    Button, ComboBox, Label, PopupCloseBehavior, RichText, Role as Kind, ScrollArea, Slider, Ui,
    WidgetInfo,
};
use strum::IntoEnumIterator as _;

use crate::explain::{Method, MethodKind};
use crate::explanation::{Cost, Explanation, ModelInfo, PlanOptions};
use crate::look::OverlayOptions;
use crate::state::AppState;
use crate::ui::text::thousands;

/// Width of the list, in points.
const LIST: f32 = 430.0;
/// Its largest height.
const HIGHEST: f32 = 460.0;

/// Exact maps from coarse to fine, with strides left out where the network allows it, else on
/// shifted pictures.
const DENSE: [Method; 4] = [Method::Cam, Method::Dense2, Method::Dense4, Method::DenseShift];
const SHIFTED: [Method; 3] = [Method::Cam, Method::Shift2, Method::Shift4];

/// The name where there is little room.
fn short_name(method: Method) -> String {
    let finer = |name: &str| match method.kind().factor() {
        Some(factor) if factor > 1 => format!("{name}, {factor}\u{d7} finer"),
        Some(_) | None => name.to_owned(),
    };
    match method.kind() {
        MethodKind::Dense(_) | MethodKind::DenseShifted(..) => finer(Method::Cam.name()),
        MethodKind::Shifted(shifts) => format!("Shifts, {shifts} \u{d7} {shifts}"),
        MethodKind::MultiScale => "Three sizes".to_owned(),
        MethodKind::Tiles => "Tiles".to_owned(),
        MethodKind::Stage(kind, _) => finer(kind.name()),
        MethodKind::Cam
        | MethodKind::IntegratedGradients
        | MethodKind::SmoothGrad
        | MethodKind::Occlusion
        | MethodKind::Rise => method.name().to_owned(),
    }
}

/// How much a map takes, in words.
pub fn cost_words(Cost { runs, time }: Cost) -> String {
    let seconds = time.as_secs_f64();
    let time = match seconds {
        ..0.095 => "under 0.1 s".to_owned(),
        ..9.5 => format!("about {seconds:.1} s"),
        ..90.0 => format!("about {seconds:.0} s"),
        _ => format!("about {:.0} min", seconds / 60.0),
    };
    match runs {
        0 => "at once".to_owned(),
        1 => format!("1 run, {time}"),
        _ => format!("{} runs, {time}", thousands(runs)),
    }
}

/// The list of methods, which opens with a click; `width` in points.
pub fn methods_ui(ui: &mut Ui, state: &AppState, options: &mut OverlayOptions, width: f32) {
    let explanation = state.target().and_then(|(role, _)| state.role(role).explanation());
    let name = options.method.name();
    let text = match options.beside {
        None => short_name(options.method),
        Some(other) => format!("{} | {}", short_name(options.method), short_name(other)),
    };
    let combo = ComboBox::from_id_salt("method").selected_text(&text).width(width).truncate();
    let combo = combo.close_behavior(PopupCloseBehavior::CloseOnClickOutside).height(HIGHEST);
    let response = combo.show_ui(ui, |ui| {
        if let Some(explanation) = explanation {
            list_ui(ui, explanation, options);
        }
    });
    let info = || WidgetInfo::labeled(Kind::ComboBox, true, format!("Method: {name}"));
    response.response.widget_info(info);
    response.response.on_hover_text(format!(
        "Method: {name}. Click for other methods, finer maps, or two maps side by side"
    ));
}

/// All methods, those first that need nothing of the network where it has no maps.
pub fn list_ui(ui: &mut Ui, explanation: &Explanation, options: &mut OverlayOptions) {
    let model = &explanation.model;
    ui.set_width(LIST.min(ui.ctx().content_rect().width() - 40.0));
    ui.label("How the map is made");
    if model.check_method(Method::Cam).is_ok() {
        finer_ui(ui, explanation, options);
    }
    ui.separator();
    let mut methods: Vec<Method> = Method::iter().filter(|&it| is_listed(model, it)).collect();
    // Stable: the order of the table stays within both groups.
    methods.sort_by_key(|&method| model.check_method(method).is_err());
    ScrollArea::vertical().max_height(HIGHEST - 90.0).show(ui, |ui| {
        for method in methods {
            method_ui(ui, explanation, method, options);
        }
    });
}

/// Whether a method has words of its own; the finer maps of the slider have none, nor those of
/// earlier stages, which stand below their method.
fn is_listed(model: &ModelInfo, method: Method) -> bool {
    let is_below = Method::iter().any(|other| is_earlier_stage(method, other));
    method == Method::Cam || !(is_below || levels(model).contains(&method))
}

/// Whether a method is another one on the feature map of an earlier stage.
fn is_earlier_stage(method: Method, of: Method) -> bool {
    match (method.kind(), of.kind()) {
        (MethodKind::Stage(kind, strides), MethodKind::Stage(other, fewer)) => {
            kind == other && strides > fewer
        }
        _ => false,
    }
}

/// The maps of the slider.
fn levels(model: &ModelInfo) -> &'static [Method] {
    if model.takes_densities { &DENSE } else { &SHIFTED }
}

/// The slider from the cells of the network to finer ones.
fn finer_ui(ui: &mut Ui, explanation: &Explanation, options: &mut OverlayOptions) {
    let levels = levels(&explanation.model);
    let [height, width] = explanation.usual_cells();
    let cells = |level: usize| {
        let factor = levels.get(level).and_then(|method| method.kind().factor()).unwrap_or(1);
        format!("{} \u{d7} {} cells", height * factor, width * factor)
    };
    let chosen = levels.iter().position(|&method| method == options.method);
    let mut level = chosen.unwrap_or(0);
    ui.horizontal(|ui| {
        let slider = Slider::new(&mut level, 0..=levels.len() - 1)
            .custom_formatter(|level, _| cells(level as usize));
        let response = ui.add(slider);
        response.widget_info(|| WidgetInfo::slider(true, level as f64, "Cells of the map"));
        if response.changed() {
            options.method = levels[level];
        }
        let cost = explanation.cost(levels[level], &PlanOptions::default());
        ui.weak(cost_words(cost));
        response.on_hover_text("Finer exact maps, by leaving out strides or shifting the picture");
    });
}

fn method_ui(ui: &mut Ui, explanation: &Explanation, method: Method, options: &mut OverlayOptions) {
    let why_not = explanation.model.check_method(method).err();
    ui.add_enabled_ui(why_not.is_none(), |ui| {
        choice_ui(ui, explanation, method, method.name(), options);
        let words = match &why_not {
            Some(why) => why.to_string(),
            None => format!("{}. {}.", method.kind().shows(), method.kind().limits()),
        };
        // Menus let their lines run on.
        ui.add(Label::new(RichText::new(words).weak().small()).wrap());
    });
    for finer in Method::iter().filter(|&it| is_earlier_stage(it, method)) {
        if explanation.model.check_method(finer).is_err() {
            continue;
        }
        let [height, width] = explanation.usual_cells();
        let factor = finer.kind().factor().unwrap_or(1);
        let name = format!("{} \u{d7} {} cells", height * factor, width * factor);
        ui.horizontal(|ui| {
            ui.add_space(INDENT);
            choice_ui(ui, explanation, finer, &name, options);
        });
    }
    ui.add_space(2.0);
}

/// How far maps of earlier stages stand to the right of their method, in points.
const INDENT: f32 = 16.0;

/// A method that can be chosen, what it takes, and whether it stands beside the map.
fn choice_ui(
    ui: &mut Ui,
    explanation: &Explanation,
    method: Method,
    name: &str,
    options: &mut OverlayOptions,
) {
    let cost = explanation.cost(method, &PlanOptions::default());
    ui.horizontal(|ui| {
        let is_chosen = options.method == method;
        let button = ui.add(Button::selectable(is_chosen, name));
        button.widget_info(|| WidgetInfo::selected(Kind::CheckBox, true, is_chosen, method.name()));
        let button = match name == method.name() {
            true => button,
            false => button.on_hover_text(format!(
                "{}. {}.",
                method.kind().shows(),
                method.kind().limits()
            )),
        };
        if button.clicked() {
            options.method = method;
            ui.close();
        }
        ui.weak(cost_words(cost));
        let is_beside = options.beside == Some(method);
        let beside = ui.add(Button::selectable(is_beside, "Beside").small());
        let label = format!("{} beside the map", method.name());
        beside.widget_info(|| WidgetInfo::selected(Kind::CheckBox, true, is_beside, &label));
        let hint = "Show it on a second picture next to the first";
        if beside.on_hover_text(hint).clicked() {
            options.beside = (!is_beside).then_some(method);
        }
    });
}
