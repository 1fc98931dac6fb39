//! The choice of how the map is made: what each method shows, what it cannot, and what it takes.

use eframe::egui::{
    Button, ComboBox, Label, PopupCloseBehavior, RichText, Role as Kind, ScrollArea, Slider, Ui,
    WidgetInfo,
};
use strum::IntoEnumIterator as _;

use crate::explain::Method;
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

/// How many cells a method makes of one, along each axis; `None` for methods without cells.
fn factor(method: Method) -> Option<usize> {
    match method {
        Method::Cam => Some(1),
        Method::Dense2 | Method::Shift2 => Some(2),
        Method::Dense4 | Method::Shift4 => Some(4),
        Method::DenseShift => Some(8),
        Method::GradCam2 | Method::GradCamPlusPlus2 | Method::HiResCam2 | Method::LayerCam2 => {
            Some(2)
        }
        Method::GradCam4 | Method::GradCamPlusPlus4 | Method::HiResCam4 | Method::LayerCam4 => {
            Some(4)
        }
        Method::LayerCam8 => Some(8),
        Method::MultiScale
        | Method::Tiles
        | Method::GradCam
        | Method::GradCamPlusPlus
        | Method::LayerCam
        | Method::IntegratedGradients
        | Method::SmoothGrad
        | Method::Occlusion
        | Method::Rise => None,
    }
}

/// The name where there is little room.
fn short_name(method: Method) -> &'static str {
    match method {
        Method::Cam => "CAM",
        Method::Dense2 => "CAM, 2\u{d7} finer",
        Method::Dense4 => "CAM, 4\u{d7} finer",
        Method::DenseShift => "CAM, 8\u{d7} finer",
        Method::Shift2 => "Shifts, 2 \u{d7} 2",
        Method::Shift4 => "Shifts, 4 \u{d7} 4",
        Method::MultiScale => "Three sizes",
        Method::Tiles => "Tiles",
        Method::GradCam | Method::GradCamPlusPlus | Method::LayerCam => method.name(),
        Method::GradCam2 => "Grad-CAM, 2\u{d7} finer",
        Method::GradCam4 => "Grad-CAM, 4\u{d7} finer",
        Method::GradCamPlusPlus2 => "Grad-CAM++, 2\u{d7} finer",
        Method::GradCamPlusPlus4 => "Grad-CAM++, 4\u{d7} finer",
        Method::HiResCam2 => "HiResCAM, 2\u{d7} finer",
        Method::HiResCam4 => "HiResCAM, 4\u{d7} finer",
        Method::LayerCam2 => "LayerCAM, 2\u{d7} finer",
        Method::LayerCam4 => "LayerCAM, 4\u{d7} finer",
        Method::LayerCam8 => "LayerCAM, 8\u{d7} finer",
        Method::IntegratedGradients | Method::SmoothGrad => method.name(),
        Method::Occlusion | Method::Rise => method.name(),
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
        None => short_name(options.method).to_owned(),
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
    let is_earlier = Method::iter().any(|other| earlier_stages(other).contains(&method));
    method == Method::Cam || !(is_earlier || levels(model).contains(&method))
}

/// The same method on feature maps of earlier stages.
fn earlier_stages(method: Method) -> &'static [Method] {
    match method {
        Method::GradCam => &[Method::GradCam2, Method::GradCam4],
        Method::GradCamPlusPlus => &[Method::GradCamPlusPlus2, Method::GradCamPlusPlus4],
        // On the last feature map it is Grad-CAM.
        Method::HiResCam2 => &[Method::HiResCam4],
        Method::LayerCam => &[Method::LayerCam2, Method::LayerCam4, Method::LayerCam8],
        _ => &[],
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
        let factor = levels.get(level).copied().and_then(factor).unwrap_or(1);
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
            None => format!("{}. {}.", method.shows(), method.limits()),
        };
        // Menus let their lines run on.
        ui.add(Label::new(RichText::new(words).weak().small()).wrap());
    });
    for &finer in earlier_stages(method) {
        if explanation.model.check_method(finer).is_err() {
            continue;
        }
        let [height, width] = explanation.usual_cells();
        let factor = factor(finer).unwrap_or(1);
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
            false => button.on_hover_text(format!("{}. {}.", method.shows(), method.limits())),
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
