//! Ctrl+Z in the whole window: zoom, map and selection come back in turn.

use eframe::egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable as _;
use glasstree::state::Selected;
use glasstree::ui::image_view::View;

use crate::ui::{FakeEngine, Window, asset, drop_files, step_until};
use crate::ui_fixture::wheel;

/// One Ctrl+Z, or with Shift the way back.
fn undo(window: &mut Window, redo: bool) {
    let modifiers = Modifiers { shift: redo, ..Modifiers::COMMAND };
    window.key_press_modifiers(modifiers, Key::Z);
    window.run_steps(3);
}

#[test]
fn zoom_map_and_selection_come_back_in_turn() {
    let engine = FakeEngine::default();
    let mut window = engine.window();
    drop_files(&mut window, &[asset("chelsea.png")]);
    step_until(&mut window, "the picture is asked for", |app| app.state.wanted.is_some());
    engine.explain(&mut window);
    let before = window.state().settings.overlay;

    // A turn of the wheel takes several frames and several events.
    let photo = window.get_by_label_contains("Photo chelsea.png").rect();
    window.hover_at(photo.center());
    window.run_steps(2);
    for _ in 0..3 {
        window.event(wheel(60.0, Modifiers::NONE));
        window.run_steps(4);
    }
    let zoomed = window.state().panels.image.view();
    assert!(matches!(zoomed, View::Free { .. }));
    window.key_press(Key::C);
    window.run_steps(2);
    let colors = window.state().settings.overlay;
    assert_ne!(colors, before);
    window.get_by(|node| node.label().is_some_and(|label| label.ends_with("rank 3"))).click();
    window.run_steps(3);
    let selected = window.state().state.selection().target;
    assert!(matches!(selected, Selected::Class(_)));
    for _ in 0..2 {
        window.key_press(Key::CloseBracket);
        window.run_steps(2);
    }

    undo(&mut window, false);
    assert_eq!(window.state().settings.overlay, colors, "both steps of the opacity");
    assert_eq!(window.state().state.selection().target, selected);
    undo(&mut window, false);
    assert_eq!(window.state().state.selection().target, Selected::Prediction);
    assert_eq!(window.state().settings.overlay, colors);
    undo(&mut window, false);
    assert_eq!(window.state().settings.overlay, before);
    assert_eq!(window.state().panels.image.view(), zoomed);
    undo(&mut window, false);
    assert_eq!(window.state().panels.image.view(), View::Fit);
    undo(&mut window, true);
    assert_eq!(window.state().panels.image.view(), zoomed);
    undo(&mut window, true);
    undo(&mut window, true);
    assert_eq!(window.state().settings.overlay, colors);
    assert_eq!(window.state().state.selection().target, selected);
}
