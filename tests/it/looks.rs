//! The window in all sizes: nothing is cut off, no bar wraps, no button lies on another.
//!
//! `GLASSTREE_LOOKS=folder cargo test --release looks` writes what it looks like.

use std::path::Path;

use eframe::egui::{Rect, Role as Kind};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use glasstree::app::port::real_engine;
use glasstree::app::{App, AppOptions};
use glasstree::catalog::ModelSource;
use glasstree::command::MenuCommand;
use glasstree::explain::Colormap;
use glasstree::look::{OverlayOptions, ScaleMode};
use glasstree::model::DeviceChoice;
use glasstree::protocol::ModelRequest;
use glasstree::settings::Theme;

use crate::cli::root;
use crate::ui::{Window, asset, builder, is_explained, step_until};

/// Width, height, pixels per point.
const SIZES: [(f32, f32, f32); 5] = [
    (640.0, 480.0, 1.0),
    (800.0, 600.0, 1.0),
    (1280.0, 800.0, 1.0),
    (1920.0, 1080.0, 1.0),
    (800.0, 600.0, 2.0),
];

fn open(size: (f32, f32, f32), theme: Theme, photo: &str) -> Window {
    open_with(size, theme, |options| options.paths = vec![asset(photo)])
}

fn open_with(size: (f32, f32, f32), theme: Theme, change: impl FnOnce(&mut AppOptions)) -> Window {
    let (width, height, scale) = size;
    let mut options = AppOptions::new(real_engine(DeviceChoice::Cpu));
    change(&mut options);
    let builder = builder([width, height]).with_pixels_per_point(scale);
    let mut window = builder.build_eframe(move |cc| App::new(&cc.egui_ctx, options));
    let dark = theme == Theme::Dark;
    run(&mut window, if dark { MenuCommand::ThemeDark } else { MenuCommand::ThemeLight });
    step_until(&mut window, "the photo is explained", is_explained);
    window.run_steps(20);
    window
}

fn run(window: &mut Window, command: MenuCommand) {
    let ctx = window.ctx.clone();
    window.state_mut().dispatch(&ctx, command);
    window.run_steps(20);
}

/// Writes a picture if somebody wants to look at it.
pub fn show(window: &mut Window, name: &str) {
    if let Some(folder) = std::env::var_os("GLASSTREE_LOOKS") {
        let path = Path::new(&folder).join(format!("{name}.png"));
        window.render().unwrap().save(path).unwrap();
    }
}

/// Names and places of everything that can be clicked, save what scrolls.
fn controls(window: &Window) -> Vec<(String, Rect)> {
    let is_control = |kind| {
        matches!(
            kind,
            Kind::Label
                | Kind::Button
                | Kind::CheckBox
                | Kind::ComboBox
                | Kind::Slider
                | Kind::TextInput
        )
    };
    window
        .query_all_by(|node| is_control(node.role()) && !node.is_hidden())
        .map(|node| {
            let accesskit = node.accesskit_node();
            let name = accesskit.label().or_else(|| accesskit.value()).unwrap_or_default();
            (name, node.rect())
        })
        .filter(|(name, _)| {
            // The pictures of a folder are cut off at its ends, where they go on.
            let many = ["Expand ", "Collapse ", "Unfold ", "Pin ", "Unpin ", "Picture "];
            many.iter().all(|verb| !name.starts_with(verb))
        })
        .collect()
}

fn is_sound(window: &Window, size: (f32, f32, f32), what: &str) {
    let (width, height, _) = size;
    let all = Rect::from_min_max([0.0, 0.0].into(), [width, height].into());
    let controls = controls(window);
    assert!(controls.len() > 10, "{what}: only {} controls", controls.len());
    for (i, (name, rect)) in controls.iter().enumerate() {
        assert!(all.expand(1.0).contains_rect(*rect), "{what}: {name} is cut off, {rect:?}");
        for (other, place) in &controls[..i] {
            let common = rect.shrink(1.0).intersect(*place);
            let is_inside =
                rect.expand(1.0).contains_rect(*place) || place.expand(1.0).contains_rect(*rect);
            assert!(
                !common.is_positive() || is_inside,
                "{what}: {name} lies on {other}, {rect:?} {place:?}"
            );
        }
    }
}

/// Whether two controls are in one line.
fn in_line(window: &Window, what: &str, [first, last]: [&str; 2]) {
    let place = |name: &str| {
        let controls = controls(window);
        let found = controls.iter().find(|(own, _)| own == name);
        found.unwrap_or_else(|| panic!("{what}: no {name} in {controls:?}")).1
    };
    let (first, last) = (place(first), place(last));
    assert!((first.center().y - last.center().y).abs() < 4.0, "{what}: {first:?} {last:?}");
    assert!(first.right() <= last.left() + 1.0, "{what}: {first:?} {last:?}");
}

#[test]
fn nothing_is_cut_off_in_any_size() {
    for (i, size) in SIZES.into_iter().enumerate() {
        let theme = if i % 2 == 0 { Theme::Dark } else { Theme::Light };
        let what = format!("{}x{}@{}", size.0, size.1, size.2);
        let mut window = open(size, theme, "cat_and_coffee.jpg");
        is_sound(&window, size, &what);
        let last = if size.0 < 1400.0 { "Colours" } else { "Smooth" };
        in_line(&window, &what, ["File", "Help"]);
        in_line(&window, &what, ["Fit", last]);
        show(&mut window, &format!("{what}-cat"));
        run(&mut window, MenuCommand::SwitchTree);
        step_until(&mut window, "the large tree is there", is_explained);
        run(&mut window, MenuCommand::Outline);
        is_sound(&window, size, &format!("{what} outline"));
        show(&mut window, &format!("{what}-outline"));
        run(&mut window, MenuCommand::Outline);
        run(&mut window, MenuCommand::TreeOnly);
        is_sound(&window, size, &format!("{what} tree"));
        show(&mut window, &format!("{what}-tree"));
        run(&mut window, MenuCommand::TreeOnly);
        run(&mut window, MenuCommand::ShowPath);
        show(&mut window, &format!("{what}-path"));
    }
}

/// Names as long as file systems allow, of pictures, weights and classes, are cut short.
#[test]
fn long_names_push_nothing_off_the_bars() {
    let folder = tempfile::tempdir().unwrap();
    let photo = folder.path().join(format!("{}.png", "n".repeat(200)));
    std::fs::copy(asset("chelsea.png"), &photo).unwrap();
    let weights = folder.path().join(format!("{}.safetensors", "w".repeat(200)));
    std::fs::copy(root().join("weights/wrn16-2-cifar10.f16.safetensors"), &weights).unwrap();
    let labels = folder.path().join("labels.txt");
    let names: Vec<String> = (0..10).map(|i| format!("{i}{}", "class".repeat(40))).collect();
    std::fs::write(&labels, names.join("\n")).unwrap();
    for one_model in [true, false] {
        let mut window = open_with(SIZES[0], Theme::Dark, |options| {
            let labels = Some(labels.clone());
            let source = ModelSource::File(weights.clone());
            options.classifier = ModelRequest { labels, ..source.into() };
            options.one_model = one_model;
            options.paths = vec![photo.clone()];
        });
        let what = format!("long names, one model: {one_model}");
        is_sound(&window, SIZES[0], &what);
        in_line(&window, &what, ["File", "Help"]);
        in_line(&window, &what, ["Fit", "Colours"]);
        show(&mut window, &format!("long-names-{one_model}"));
    }
}

/// Where there is no room for them, the choices of the map are in a menu.
#[test]
fn the_colours_can_be_chosen_in_a_menu() {
    let mut window = open(SIZES[0], Theme::Dark, "coffee.jpg");
    let overlay = |window: &Window| window.state().settings.overlay;
    type IsChosen = fn(OverlayOptions) -> bool;
    let choices: [(&str, IsChosen); 3] = [
        ("Viridis", |it| it.colormap == Colormap::Viridis),
        ("This map", |it| it.scale == ScaleMode::PerMap),
        ("Smooth", |it| !it.smooth),
    ];
    for (choice, is_chosen) in choices {
        assert!(!is_chosen(overlay(&window)), "{choice} is chosen from the start");
        if window.query_by_label(choice).is_none() {
            window.get_by_label("Colours").click();
            window.run_steps(5);
        }
        is_sound(&window, SIZES[0], "640x480 menu");
        window.get_by_label(choice).click();
        window.run_steps(5);
        assert!(is_chosen(overlay(&window)), "{choice} is not chosen");
    }
    show(&mut window, "menu");
}

/// The line between picture and lists is thin, and shows where it can be dragged.
#[test]
fn the_divider_is_a_hairline_that_lights_up() {
    let mut window = open(SIZES[2], Theme::Dark, "coffee.jpg");
    let search = window.query_all_by_role(Kind::TextInput).next().unwrap().rect();
    let edge = search.left() - 8.0;
    // In a row without anything else.
    let across = |window: &mut Window| -> Vec<[u8; 3]> {
        let picture = window.render().unwrap();
        let (from, to) = (edge as u32 - 4, edge as u32 + 4);
        (from..to)
            .map(|x| {
                let [r, g, b, _] = picture.get_pixel(x, 360).0;
                [r, g, b]
            })
            .collect()
    };
    let is_border = |color: &&[u8; 3]| **color == [0x2b, 0x33, 0x38];
    // Half of the accent colour on each of two pixels, or all of it on one.
    let is_accent = |[r, _, b]: &&[u8; 3]| *b > 0x70 && *b - *r > 0x40;
    let quiet = across(&mut window);
    assert_eq!(quiet.iter().filter(is_border).count(), 1, "{quiet:?}");
    window.hover_at([edge, 300.0].into());
    window.run_steps(20);
    let lit = across(&mut window);
    assert!((1..=2).contains(&lit.iter().filter(is_accent).count()), "{lit:?}");
    assert!(lit.iter().all(|[r, ..]| *r < 0x80), "no white: {lit:?}");
}
