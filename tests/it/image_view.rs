//! The picture: geometry, colours, words, and the widget itself.

use std::sync::Arc;

use eframe::egui::{self, Key, Modifiers, Pos2, Rect, Shape, TextureId, Vec2, pos2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use glasstree::explain::{Cam, Colormap, Rule};
use glasstree::explanation::{CamTarget, Explanation};
use glasstree::look::{OverlayOptions, ScaleMode};
use glasstree::look::{SharedRange, color_range};
use glasstree::ui::image_view::pixels::halved;
use glasstree::ui::image_view::shown_map::MapInput;
use glasstree::ui::image_view::transform::{Canvas, pixel_at};
use glasstree::ui::image_view::{ImageInput, ImageViewState, View, image_view_ui};
use glasstree::ui::legend::{Finding, Identity, Total, end_words, exactness, nice_ticks};
use glasstree::ui::overlay::{colored, crop_in_photo, read};
use glasstree::ui::text::number;
use proptest::prelude::*;

use crate::ui_fixture::{CELLS, gradient, hand_made, real, real_tree, wheel};

struct Shown {
    explanation: Arc<Explanation>,
    has_map: bool,
    target: CamTarget,
    options: OverlayOptions,
    state: ImageViewState,
}

fn harness(explanation: Arc<Explanation>, size: Vec2) -> Harness<'static, Shown> {
    let shown = Shown {
        explanation,
        has_map: true,
        target: CamTarget::Class(0),
        options: OverlayOptions::default(),
        state: ImageViewState::default(),
    };
    let ui = |ui: &mut egui::Ui, shown: &mut Shown| {
        let Shown { explanation, has_map, target, options, state } = shown;
        let input = ImageInput {
            square: None,
            waiting: &[],
            photo: &explanation.photo,
            explanation: has_map.then_some(explanation),
            target: Some(*target),
            map: MapInput::default(),
            beside: None,
            target_name: "cat",
            highlight_crop: false,
            walking: None,
            busy: false,
            region: None,
            cover: None,
            cover_kind: Default::default(),
            cells: &[],
        };
        image_view_ui(ui, &input, options, state);
    };
    Harness::builder()
        .with_size(size)
        .with_max_steps(256)
        .with_step_dt(0.03)
        .build_ui_state(ui, shown)
}

/// Where a texture was painted, from what goes to the graphics card.
fn painted(harness: &Harness<'_, Shown>, texture: TextureId) -> Option<Rect> {
    let of_shape = |shape: &Shape| match shape {
        Shape::Mesh(mesh) if mesh.texture_id == texture => Some(mesh.calc_bounds()),
        Shape::Rect(rect) if rect.fill_texture_id() == texture => Some(rect.rect),
        _ => None,
    };
    harness.output().shapes.iter().find_map(|clipped| of_shape(&clipped.shape))
}

fn canvas(width: f32, height: f32, photo: Vec2) -> Canvas {
    let rect = Rect::from_min_size(pos2(10.0, 20.0), vec2(width, height));
    Canvas { rect, photo, pixels_per_point: 2.0 }
}

fn cells() -> Cam {
    Cam { height: 2, width: 3, data: CELLS.to_vec() }
}

proptest! {
    /// What lies under the pointer stays there, unless an edge of the photo is in the way.
    #[test]
    fn zooming_keeps_the_place_under_the_pointer(
        factor in 1.0_f32..4.0, x in 0.3_f32..0.7, y in 0.3_f32..0.7,
    ) {
        let canvas = canvas(600.0, 400.0, vec2(3000.0, 2000.0));
        let start = View::Fit.zoomed(&canvas, 3.0, canvas.rect.center());
        let anchor = canvas.rect.lerp_inside(vec2(x, y));
        let before = start.screen_from_photo(&canvas).inverse(anchor);
        let after = start.zoomed(&canvas, factor, anchor).screen_from_photo(&canvas).inverse(anchor);
        // Rounding of 32-bit floats at places of some thousand pixels.
        prop_assert!((before - after).length() < 0.05, "{before} {after}");
    }

    /// However one zooms and drags, there is no empty space where there could be photo.
    #[test]
    fn the_photo_never_leaves(
        steps in prop::collection::vec((0.2_f32..5.0, -900.0_f32..900.0, -900.0_f32..900.0), 1..12),
    ) {
        let canvas = canvas(600.0, 400.0, vec2(800.0, 3000.0));
        let mut view = View::Fit;
        for (factor, x, y) in steps {
            view = view.zoomed(&canvas, factor, pos2(x, y)).panned(&canvas, vec2(x, y));
            let photo = Rect::from_min_size(Pos2::ZERO, canvas.photo);
            let place = view.screen_from_photo(&canvas).rect(photo);
            let covers = place.expand(0.1).contains_rect(canvas.rect.intersect(Rect::from_x_y_ranges(
                place.x_range().intersection(canvas.rect.x_range()), canvas.rect.y_range())));
            prop_assert!(place.height() < canvas.rect.height() || covers, "{place}");
        }
    }

    /// Ticks are few, in order, inside, and evenly spaced.
    #[test]
    fn ticks_are_nice(lo in -1e4_f32..1e4, span in 1e-3_f32..1e4, most in 2_usize..12) {
        let hi = lo + span;
        let ticks = nice_ticks([lo, hi], most);
        prop_assert!(ticks.len() <= most && ticks.len() * 6 >= most, "{ticks:?}");
        let slack = 1e-5 * (lo.abs() + hi.abs()) + 1e-5 * span;
        prop_assert!(ticks.iter().all(|tick| tick.value >= lo - slack && tick.value <= hi + slack));
        prop_assert!(ticks.windows(2).all(|pair| pair[0].value < pair[1].value));
    }
}

#[test]
fn fit_shows_all_and_is_where_zooming_out_ends() {
    let canvas = canvas(616.0, 416.0, vec2(1200.0, 400.0));
    let photo = Rect::from_min_size(Pos2::ZERO, canvas.photo);
    let place = View::Fit.screen_from_photo(&canvas).rect(photo);
    assert_eq!(place.width(), 600.0);
    assert_eq!(place.center(), canvas.rect.center());
    let near = View::Fit.zoomed(&canvas, 5.0, canvas.rect.min);
    assert!(near.can_pan(&canvas) && !View::Fit.can_pan(&canvas));
    assert_eq!(near.zoomed(&canvas, 1e-9, canvas.rect.min), View::Fit);
    let actual = View::Fit.actual_size(&canvas).screen_from_photo(&canvas);
    assert_eq!(actual.scale, 0.5, "one photo pixel on one of two screen pixels for a point");
}

#[test]
fn places_belong_to_pixels() {
    assert_eq!(pixel_at(pos2(0.0, 0.0), [2, 2]), Some([0, 0]));
    assert_eq!(pixel_at(pos2(1.99, 1.0), [2, 2]), Some([1, 1]));
    assert_eq!(pixel_at(pos2(2.0, 1.0), [2, 2]), None);
    assert_eq!(pixel_at(pos2(-0.1, 1.0), [2, 2]), None);
}

#[test]
fn numbers_and_ticks_are_written_as_people_do() {
    let texts =
        |range, most| nice_ticks(range, most).into_iter().map(|tick| tick.text).collect::<Vec<_>>();
    assert_eq!(texts([-4.0, 4.0], 5), ["\u{2212}4", "\u{2212}2", "0", "2", "4"]);
    assert_eq!(texts([0.0, 0.31], 4), ["0.0", "0.1", "0.2", "0.3"]);
    assert_eq!(texts([-1200.0, 900.0], 5), ["\u{2212}1,000", "\u{2212}500", "0", "500"]);
    assert!(texts([1.0, 1.0], 5).is_empty() && texts([f32::NAN, 1.0], 5).is_empty());
    assert_eq!(number(-0.001, 2), "0.00");
    assert_eq!(number(-1.5, 1), "\u{2212}1.5");
}

#[test]
fn words_fit_the_range() {
    assert_eq!(end_words([-1.0, 2.0], "cat", None), ["evidence against cat", "evidence for cat"]);
    assert_eq!(end_words([1.0, 2.0], "cat", None), ["weaker", "evidence for cat"]);
    assert_eq!(end_words([-2.0, 0.0], "cat", None), ["evidence against cat", "neutral"]);
}

#[test]
fn maps_without_a_message_of_their_own_are_said_in_words() {
    let finding =
        |data: &[f32]| Finding::of(&Cam { height: 1, width: data.len(), data: data.to_vec() });
    assert_eq!(finding(&CELLS), Finding::Varied);
    assert_eq!(finding(&[3.0, 3.000_001]), Finding::Constant(3.000_001), "rounding errors");
    assert_eq!(finding(&[0.0, 0.0]), Finding::Constant(0.0));
    assert_eq!(finding(&[-3.0, -1.0]), Finding::OnlyAgainst);
    assert_eq!(finding(&[-3.0, f32::NAN]), Finding::NotNumbers);
    assert_eq!(finding(&[-3.0, f32::INFINITY]), Finding::NotNumbers);
    assert_eq!(Finding::Varied.sentence("cat", None), None);
    assert_eq!(
        Finding::OnlyAgainst.sentence("cat", None).unwrap(),
        "All the evidence is against cat"
    );
    assert!(Finding::Constant(0.0).sentence("cat", None).unwrap().contains("zero everywhere"));
    assert!(Finding::Constant(7.191).sentence("cat", None).unwrap().contains("7.19 everywhere"));
}

#[test]
fn the_range_of_the_colours_is_honest() {
    let none = || panic!("only the shared scale needs it");
    let range = |cam: &Cam, colormap, mode| color_range(cam, colormap, mode, none);
    let cam = cells();
    assert_eq!(range(&cam, Colormap::Viridis, ScaleMode::PerMap), [0.0, 4.0]);
    let lopsided = cam.map(|v| v + 2.0);
    assert_eq!(range(&lopsided, Colormap::Viridis, ScaleMode::PerMap), [0.0, 6.0]);
    assert_eq!(range(&lopsided, Colormap::Viridis, ScaleMode::LowestToHighest), [-2.0, 6.0]);
    assert_eq!(range(&lopsided, Colormap::Diverging, ScaleMode::LowestToHighest), [-6.0, 6.0]);
    assert_eq!(range(&lopsided, Colormap::Diverging, ScaleMode::PerMap), [-6.0, 6.0]);
    let against = cam.map(|v| v - 10.0);
    assert_eq!(range(&against, Colormap::Turbo, ScaleMode::PerMap), [0.0, 14.0]);
    let painted = colored(&against, [0.0, 14.0], Colormap::Turbo, true);
    assert!(painted.pixels.iter().all(|color| color.a() == 0), "nothing looks like support");
    let zero = cam.map(|_| 0.0);
    assert_eq!(range(&zero, Colormap::Turbo, ScaleMode::PerMap), [0.0, 1.0]);
    assert_eq!(range(&zero, Colormap::Diverging, ScaleMode::PerMap), [-1.0, 1.0]);
    let support = cam.map(|v| v + 10.0);
    assert_eq!(range(&support, Colormap::Turbo, ScaleMode::PerMap), [0.0, 14.0]);
    let shared = || [-1.0, 9.0];
    let of = |colormap| color_range(&cam, colormap, ScaleMode::SharedOverClasses, shared);
    assert_eq!(of(Colormap::Turbo), [0.0, 9.0]);
    assert_eq!(of(Colormap::Diverging), [-9.0, 9.0]);
    // Maps -14 to -6 (the last class), 6 to 14 (the last but one), and between.
    let shared = SharedRange::of(&hand_made(gradient(40, 30)), None);
    assert_eq!((shared.classes, shared.differences), ([-14.0, 14.0], 20.0));
}

#[test]
fn cells_are_coloured_each_and_smooth_maps_between_them() {
    let cam = cells();
    let flat = colored(&cam, [-4.0, 4.0], Colormap::Viridis, false);
    assert_eq!(flat.size, [3, 2]);
    let [r, g, b] = Colormap::Viridis.rgb(1.0);
    assert_eq!(flat.pixels[4], egui::Color32::from_rgb(r, g, b));
    let smooth = colored(&cam, [-4.0, 4.0], Colormap::Viridis, true);
    assert_eq!(smooth.size, [96, 64]);
    let large = Cam { height: 40, width: 20, data: vec![0.0; 800] };
    assert_eq!(colored(&large, [0.0, 1.0], Colormap::Jet, true).size, [256, 512]);
    let constant = colored(&large, [0.0, 0.0], Colormap::Jet, false);
    assert_eq!(constant.size, [20, 40]);
}

#[test]
fn the_map_is_read_where_it_is_painted() {
    let crop = Rect::from_min_size(pos2(100.0, 50.0), vec2(60.0, 40.0));
    let value = |x, y, smooth| read(&cells(), crop, pos2(x, y), smooth);
    let reading = value(150.0, 60.0, false).unwrap();
    assert_eq!((reading.value, reading.row, reading.column), (2.0, 0, 2));
    assert_eq!(value(150.0, 60.0, true).unwrap().value, 2.0, "the middle of a cell is the cell");
    assert_eq!(value(120.0, 60.0, true).unwrap().value, 0.5, "between two cells is between them");
    assert_eq!(value(150.0, 70.0, true).unwrap().value, -1.0);
    assert_eq!(value(99.0, 60.0, true), None);
    assert_eq!(value(160.0, 60.0, true), None);
    // The smooth picture shows what is read.
    let up = cells().upsampled(64, 96);
    for (x, y) in [(3, 3), (40, 10), (95, 63), (50, 33)] {
        let place = crop.min + vec2((x as f32 + 0.5) / 96.0 * 60.0, (y as f32 + 0.5) / 64.0 * 40.0);
        let reading = read(&cells(), crop, place, true).unwrap();
        // Rounding of 32-bit places.
        assert!((reading.value - up.data[y * 96 + x]).abs() < 1e-3);
    }
}

#[test]
fn the_sum_is_said_and_its_failure_too() {
    let check = |residual| glasstree::explain::IdentityCheck { residual, tolerance: 1e-3 };
    let sum = Identity {
        mean: 7.31,
        bias: -0.12,
        entropy: 0.0,
        total: 7.19,
        kind: Total::Logit,
        check: check(0.0),
        is_frozen: false,
    };
    let good = "Exact at feature level: map mean 7.31 + bias \u{2212}0.12 = logit 7.19";
    assert_eq!(sum.sentence(false), good);
    assert_eq!(sum.sentence(true), "mean 7.31 + bias \u{2212}0.12 = logit 7.19");
    // 1.23 + 4.56 would not be 5.80.
    let rounded = Identity {
        mean: 1.234,
        bias: 4.564,
        entropy: 0.0,
        total: 5.798,
        kind: Total::Logit,
        check: check(0.0),
        is_frozen: false,
    };
    assert!(rounded.sentence(false).contains("1.234 + bias 4.564 = logit 5.798"));
    let frozen = Identity { is_frozen: true, ..sum };
    assert!(frozen.sentence(false).starts_with("Exact with the norm frozen: map mean 7.31"));
    let bad = Identity { total: 8.0, check: check(0.81), ..sum };
    assert!(bad.sentence(false).starts_with("Does not add up"));
}

/// The same network with another logit, which its maps do not explain.
fn with_logit(good: &Explanation, class: usize, logit: f32) -> Arc<Explanation> {
    let mut forward = good.forward.as_ref().clone();
    forward.logits[class] = logit;
    Arc::new(Explanation::new(
        Arc::clone(&good.photo),
        Arc::clone(&good.model),
        good.input.clone(),
        forward,
        good.took,
        good.device.clone(),
    ))
}

#[test]
fn comparisons_add_up_on_the_screen_and_their_failure_is_told() {
    let good = hand_made(gradient(80, 60));
    let mut harness = harness(Arc::clone(&good), vec2(700.0, 500.0));
    harness.state_mut().target = CamTarget::Difference(0, 1);
    harness.run();
    harness.get_by_label_contains("map mean 2.00 + bias difference 0.50 = log-odds 2.50");
    harness.get_by_label_contains("evidence for Éclair to evidence for tabby");
    let color = |harness: &Harness<'_, Shown>, text: &str| {
        let shapes = &harness.output().shapes;
        let galley = shapes.iter().find_map(|clipped| match &clipped.shape {
            Shape::Text(shape) if shape.galley.text().contains(text) => Some(&shape.galley),
            _ => None,
        });
        galley.unwrap().job.sections[0].format.color
    };
    let visuals = harness.ctx.global_style().visuals.clone();
    assert_ne!(color(&harness, "log-odds"), visuals.error_fg_color);
    harness.state_mut().explanation = with_logit(&good, 1, 1.0);
    harness.run();
    harness.get_by_label_contains("Does not add up");
    assert_eq!(color(&harness, "Does not add up"), visuals.error_fg_color);
}

#[test]
fn decisions_add_up_on_the_screen() {
    let explanation = real_tree();
    let tree = &explanation.model.tree().unwrap().hierarchy;
    let mut harness = harness(Arc::clone(&explanation), vec2(900.0, 700.0));
    for (id, node) in tree.nodes().iter().enumerate() {
        harness.state_mut().target = CamTarget::Decision(id, Rule::Hard);
        harness.run();
        if node.parent.is_none() {
            assert!(harness.state().state.painted_overlay().is_none(), "nothing was decided");
            continue;
        }
        harness.get_by_label_contains("Exact at feature level");
        harness.get_by_label_contains("log-odds");
    }
    harness.state_mut().target = CamTarget::Node(0, Rule::Hard);
    harness.run();
    harness.get_by_label_contains("= logit");
}

#[test]
fn weak_evidence_looks_weak_and_is_said_to_be() {
    let cam = cells();
    assert_eq!(Finding::of(&cam).on_scale(&cam, [-20.0, 20.0]), Finding::Varied);
    let weak = cam.map(|v| v / 100.0);
    let finding = Finding::of(&weak).on_scale(&weak, [-20.0, 20.0]);
    assert_eq!(finding, Finding::Faint([-0.04, 0.04]));
    let sentence = finding.sentence("cat", Some("dog")).unwrap();
    assert!(sentence.contains("from \u{2212}0.04 to 0.04"), "{sentence}");
    // What was to be said anyway is more important.
    let against = weak.map(|v| v - 1.0);
    let finding = Finding::of(&against).on_scale(&against, [-20.0, 20.0]);
    assert_eq!(finding, Finding::OnlyAgainst);
    assert_eq!(
        finding.sentence("cat", Some("dog")).unwrap(),
        "All the evidence is for dog, none for cat"
    );
    // On the shared scale the colours of a weak map hardly differ, on its own they do.
    let spread = |range| {
        let image = colored(&weak, range, Colormap::Viridis, false);
        let levels: Vec<u8> = image.pixels.iter().map(|color| color.g()).collect();
        levels.iter().max().unwrap() - levels.iter().min().unwrap()
    };
    assert!(spread([-20.0, 20.0]) < 8 && spread([-0.04, 0.04]) > 150);
}

#[test]
fn the_words_for_a_sum_say_what_it_is() {
    let words = |kind: Total, total| kind.in_words(total, "cat", Some("dog"));
    assert!(words(Total::LogOdds, 2.3).contains("cat is 10 times as likely as dog"));
    assert!(words(Total::LogOdds, -4.83).contains("dog is 125 times as likely as cat"));
    assert!(words(Total::LogOdds, 99.0).contains("more than a million"));
    assert!(words(Total::Lead, 1.0).contains("minus the mean logit of dog"));
    assert!(Total::Logit.in_words(1.0, "cat", None).contains("raw score of cat"));
}

#[test]
fn what_a_cell_can_see_is_told_of_each_network() {
    // (53 + 1) / 2 of 32 pixels in both directions.
    let text = exactness(&real_tree().model);
    assert!(text.contains("4 \u{d7} 4 of the 32 \u{d7} 32 pixels"), "{text}");
    assert!(text.contains("53 \u{d7} 53") && text.contains("71% of the picture"), "{text}");
    let text = exactness(&real().model);
    assert!(text.contains("851 \u{d7} 851") && text.contains("all of the picture"), "{text}");
}

#[test]
fn halving_keeps_the_mean_and_odd_edges() {
    let photo =
        image::RgbImage::from_fn(5, 3, |x, y| image::Rgb([(10 * x) as u8, (10 * y) as u8, 7]));
    let half = halved(&photo);
    assert_eq!(half.dimensions(), (3, 2));
    assert_eq!(half.get_pixel(0, 0).0, [5, 5, 7]);
    assert_eq!(half.get_pixel(2, 1).0, [40, 20, 7]);
}

#[test]
fn the_overlay_lies_exactly_on_the_crop() {
    for (width, height) in [(900, 300), (120, 500), (64, 64)] {
        let explanation = hand_made(gradient(width, height));
        let mut harness = harness(Arc::clone(&explanation), vec2(700.0, 500.0));
        harness.run();
        for zoom in [1.0, 2.5] {
            harness.state_mut().state.zoom_by(zoom);
            harness.run();
            let state = &harness.state().state;
            let (texture, _) = state.painted_overlay().unwrap();
            let transform = explanation.input.photo_from_input;
            let side = f64::from(explanation.input.crop.width());
            let [from, to] = [[0.0; 2], [side; 2]].map(|corner| {
                let [x, y] = transform.apply(corner);
                state.screen_from_photo().unwrap().apply(pos2(x as f32, y as f32))
            });
            let place = painted(&harness, texture).unwrap();
            // Rounding of 32-bit places on the screen.
            assert!((place.min - from).length() < 1e-2, "{place} {from}");
            assert!((place.max - to).length() < 1e-2, "{place} {to}");
        }
    }
}

#[test]
fn a_new_target_shows_in_the_same_frame_and_opacity_is_free() {
    let mut harness = harness(hand_made(gradient(80, 60)), vec2(600.0, 500.0));
    harness.run();
    let texture =
        |harness: &Harness<'_, Shown>| harness.state().state.painted_overlay().map(|o| o.0);
    let first = texture(&harness).unwrap();
    harness.state_mut().options.opacity = 0.2;
    harness.step();
    assert_eq!(texture(&harness), Some(first), "the same texture, another tint");
    harness.state_mut().target = CamTarget::Class(1);
    harness.step();
    let second = texture(&harness).unwrap();
    assert_ne!(second, first);
    assert!(painted(&harness, second).is_some());
    harness.state_mut().options.visible = false;
    harness.step();
    assert_eq!(texture(&harness), None);
}

#[test]
fn what_cannot_be_coloured_is_said() {
    let mut harness = harness(hand_made(gradient(80, 60)), vec2(600.0, 500.0));
    harness.state_mut().target = CamTarget::Class(2);
    harness.run();
    assert!(harness.state().state.painted_overlay().is_none());
    harness.get_by_label_contains("zero everywhere");
    harness.state_mut().target = CamTarget::Class(4);
    harness.run();
    harness.get_by_label_contains("All the evidence is against Absent");
    // Classes and nodes that do not exist are ignored.
    for target in [CamTarget::Class(5), CamTarget::Node(1_000_000, Rule::Hard)] {
        harness.state_mut().target = target;
        harness.run();
        assert!(harness.state().state.painted_overlay().is_none());
    }
}

#[test]
fn sums_that_fail_are_told() {
    let good = hand_made(gradient(80, 60));
    let mut harness = harness(Arc::clone(&good), vec2(600.0, 500.0));
    harness.run();
    harness.get_by_label_contains("map mean 1.00 + bias 0.50 = logit 1.50");
    harness.state_mut().explanation = with_logit(&good, 0, 9.0);
    harness.run();
    harness.get_by_label_contains("Does not add up");
}

#[test]
fn holding_o_shows_the_bare_photo() {
    let mut harness = harness(hand_made(gradient(80, 60)), vec2(600.0, 500.0));
    harness.run();
    harness.key_down(Key::O);
    harness.step();
    assert!(harness.state().state.painted_overlay().is_none());
    harness.key_up(Key::O);
    harness.step();
    assert!(harness.state().state.painted_overlay().is_some());
    harness.key_down_modifiers(Modifiers::COMMAND, Key::O);
    harness.step();
}

#[test]
fn wheel_drag_and_double_click_move_the_photo() {
    let mut harness = harness(hand_made(gradient(800, 600)), vec2(600.0, 500.0));
    harness.run();
    let at = pos2(200.0, 150.0);
    let place = |harness: &Harness<'_, Shown>, at| {
        harness.state().state.screen_from_photo().unwrap().inverse(at)
    };
    let before = place(&harness, at);
    harness.hover_at(at);
    for modifiers in [Modifiers::NONE, Modifiers::COMMAND] {
        let scale = harness.state().state.screen_from_photo().unwrap().scale;
        harness.event_modifiers(wheel(150.0, modifiers), modifiers);
        harness.run();
        assert!(harness.state().state.screen_from_photo().unwrap().scale > 1.2 * scale);
    }
    let after = place(&harness, at);
    // Rounding of 32-bit places over a dozen frames.
    assert!((before - after).length() < 0.5, "{before} {after}");
    harness.drag_at(at);
    harness.step();
    harness.hover_at(at + vec2(-60.0, -40.0));
    harness.step();
    let dragged = place(&harness, at + vec2(-60.0, -40.0));
    assert!((dragged - after).length() < 0.5, "{dragged} {after}");
    harness.drop_at(at);
    harness.run();
    assert_ne!(harness.state().state.view(), View::Fit);
    harness.hover_at(at);
    for _ in 0..2 {
        harness.drag_at(at);
        harness.event(egui::Event::PointerButton {
            pos: at,
            button: egui::PointerButton::Primary,
            pressed: false,
            modifiers: Modifiers::NONE,
        });
    }
    harness.run();
    assert_eq!(harness.state().state.view(), View::Fit);
}

#[test]
fn the_pointer_reads_pixel_map_and_cell() {
    let mut harness = harness(hand_made(gradient(90, 30)), vec2(700.0, 500.0));
    harness.run();
    harness.get_by_label_contains("gradient \u{b7} 90 \u{d7} 30");
    harness.get_by_label_contains("Photo gradient, 90 by 30 pixels, with the map of cat");
    let to_screen = harness.state().state.screen_from_photo().unwrap();
    harness.state_mut().options.smooth = false;
    // The crop is the middle third: 30 to 60. Its last cell of the first row has the value 2.
    harness.hover_at(to_screen.apply(pos2(58.5, 4.5)));
    harness.run();
    harness
        .get_by_label_contains("x 58, y 4 \u{b7} RGB 58, 4, 40 \u{b7} map 2.00 \u{b7} cell 2, 0");
    harness.hover_at(to_screen.apply(pos2(3.5, 4.5)));
    harness.run();
    harness.get_by_label_contains("outside what the model saw");
    harness.state_mut().has_map = false;
    harness.run();
    assert!(harness.query_by_label_contains("outside what the model saw").is_none());
    assert!(harness.query_by_label_contains("logits").is_none());
}

#[test]
fn the_input_can_be_shown_and_hidden() {
    let mut harness = harness(hand_made(gradient(90, 30)), vec2(700.0, 500.0));
    harness.run();
    assert!(harness.query_by_label_contains("What the model saw, 32").is_none());
    harness.get_by_label("Model input").click();
    harness.run();
    harness.get_by_label_contains("What the model saw, 32 \u{d7} 32 pixels");
    assert!(harness.state().options.show_input);
}

#[test]
fn large_photos_stay_below_the_texture_limit_and_become_sharp() {
    let mut harness = harness(hand_made(gradient(9000, 1500)), vec2(800.0, 500.0));
    harness.input_mut().max_texture_side = Some(1024);
    for scale in [None, Some(1.0), Some(8.0)] {
        if scale.is_some() {
            harness.state_mut().state.actual_size();
            harness.step();
            harness.state_mut().state.zoom_by(scale.unwrap_or(1.0));
        }
        let start = std::time::Instant::now();
        loop {
            harness.step();
            let sent = &harness.output().textures_delta.set;
            for delta in sent.values().flatten() {
                assert!(delta.image.size().iter().all(|&side| side <= 1024));
            }
            if harness.state().state.is_sharp() {
                break;
            }
            assert!(start.elapsed().as_secs() < 60, "never sharp at {scale:?}");
        }
    }
}

#[test]
fn odd_sizes_do_no_harm() {
    for (width, height) in [(1, 1), (1, 4000), (3000, 2)] {
        for size in [vec2(40.0, 30.0), vec2(300.0, 180.0), vec2(900.0, 700.0)] {
            let mut harness = harness(hand_made(gradient(width, height)), size);
            harness.state_mut().options.show_input = true;
            harness.run();
            harness.state_mut().state.zoom_by(1e6);
            harness.run();
            harness.state_mut().state.zoom_by(1e-6);
            harness.run();
        }
    }
}

#[test]
fn a_real_explanation_adds_up_on_the_screen() {
    let explanation = real();
    let prediction = explanation.prediction();
    let mut harness = harness(Arc::clone(&explanation), vec2(900.0, 700.0));
    for target in [prediction, 0, 999] {
        for scale in [ScaleMode::PerMap, ScaleMode::SharedOverClasses, ScaleMode::LowestToHighest] {
            harness.state_mut().target = CamTarget::Class(target);
            harness.state_mut().options.scale = scale;
            harness.run();
            harness.get_by_label_contains("Exact at feature level");
            let (_, place) = harness.state().state.painted_overlay().unwrap();
            let to_screen = harness.state().state.screen_from_photo().unwrap();
            assert_eq!(place, to_screen.rect(crop_in_photo(&explanation.input)));
        }
    }
}

/// How long a click on another class takes: `cargo test --release -- --ignored --nocapture times`.
#[test]
#[ignore = "measures"]
fn times_of_targets_and_frames() {
    let mut harness = harness(real(), vec2(1400.0, 900.0));
    harness.run();
    let mut time = |name: &str, change: &mut dyn FnMut(&mut Shown, usize)| {
        let mut times: Vec<_> = (0..60)
            .map(|i| {
                change(harness.state_mut(), i);
                let start = std::time::Instant::now();
                harness.step();
                start.elapsed()
            })
            .collect();
        times.sort_unstable();
        eprintln!("{name}: median {:?}, worst {:?}", times[30], times[59]);
    };
    time("nothing changes", &mut |_, _| {});
    time("another class, smooth", &mut |shown, i| shown.target = CamTarget::Class(i));
    time("opacity", &mut |shown, i| shown.options.opacity = i as f32 / 60.0);
    time("shared scale", &mut |shown, i| {
        shown.options.scale = ScaleMode::SharedOverClasses;
        shown.target = CamTarget::Class(i);
    });
    let photo = gradient(16_000, 12_500);
    let mut large = self::harness(hand_made(Arc::clone(&photo)), vec2(1400.0, 900.0));
    // A photo without its textures: the first frame shows the preview.
    large.state_mut().state = ImageViewState::default();
    let start = std::time::Instant::now();
    large.step();
    eprintln!("200 megapixels: first frame {:?}", start.elapsed());
    let mut worst = std::time::Duration::ZERO;
    while !large.state().state.is_sharp() {
        let frame = std::time::Instant::now();
        large.step();
        worst = worst.max(frame.elapsed());
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    eprintln!("200 megapixels: sharp after {:?}, worst frame {worst:?}", start.elapsed());
    let explanation = real();
    let start = std::time::Instant::now();
    SharedRange::of(&explanation, None);
    eprintln!("range over all classes, once for each picture: {:?}", start.elapsed());
}
