//! What a newcomer sees: the marks on the first picture, and the help.

use std::path::Path;

use eframe::egui::{Key, Rect, Role as Kind, pos2};
use egui_kittest::kittest::Queryable as _;
use glasstree::app::App;
use glasstree::command::MenuCommand;
use glasstree::state::Selected;
use glasstree::ui::introduction::Mark;

use crate::ui::{Window, asset, is_explained, menu, real_window, step_until};

/// A first start with a photo.
fn first_start(size: [f32; 2], theme: MenuCommand) -> Window {
    let mut window = real_window(size, |options| {
        options.paths = vec![asset("cat_and_coffee.jpg")];
        options.one_model = true;
        options.settings.introduction = true;
    });
    menu(&mut window, theme);
    step_until(&mut window, "the photo is explained", is_explained);
    window.run_steps(20);
    window
}

fn marks(app: &App) -> &[Mark] {
    app.panels.introduction.marks()
}

/// Writes a picture if somebody wants to look at it.
fn show(window: &mut Window, name: &str) {
    if let Some(folder) = std::env::var_os("GLASSTREE_LOOKS") {
        window.render().unwrap().save(Path::new(&folder).join(format!("{name}.png"))).unwrap();
    }
}

#[test]
fn the_marks_point_at_what_they_explain_and_do_not_cover_it() {
    let sizes = [[480.0, 360.0], [640.0, 480.0], [900.0, 600.0], [1440.0, 900.0], [1920.0, 1080.0]];
    for (i, size) in sizes.into_iter().enumerate() {
        let theme = [MenuCommand::ThemeDark, MenuCommand::ThemeLight][i % 2];
        let mut window = first_start(size, theme);
        show(&mut window, &format!("first-{}x{}", size[0], size[1]));
        let all = Rect::from_min_max(pos2(0.0, 0.0), size.into());
        let marks = marks(window.state());
        assert_eq!(marks.len(), 3, "{size:?}");
        for (i, mark) in marks.iter().enumerate() {
            assert!(all.contains_rect(mark.bubble), "{size:?} {i}: {mark:?}");
            assert!(mark.target.expand(1.0).contains(mark.tip), "{size:?} {i}: {mark:?}");
            for (j, other) in marks.iter().enumerate() {
                let covers = mark.bubble.intersect(other.target).is_positive();
                assert!(!covers, "{size:?}: {i} covers what {j} explains, {mark:?} {other:?}");
                let overlaps = i != j && mark.bubble.intersect(other.bubble).is_positive();
                assert!(!overlaps, "{size:?}: {i} lies on {j}, {mark:?} {other:?}");
            }
        }
    }
}

#[test]
fn one_click_dismisses_the_marks_for_good_and_does_what_it_is_for() {
    let mut window = first_start([1280.0, 800.0], MenuCommand::ThemeDark);
    let second = window.get_by(|node| {
        node.role() == Kind::ListBoxOption
            && node.label().is_some_and(|label| label.ends_with("rank 2"))
    });
    second.click();
    window.run_steps(3);
    assert!(marks(window.state()).is_empty());
    assert!(!window.state().settings.introduction, "it would come back at the next start");
    assert!(matches!(window.state().state.selection().target, Selected::Class(_)));

    menu(&mut window, MenuCommand::Introduction);
    window.run_steps(2);
    assert_eq!(marks(window.state()).len(), 3, "the command shows them again");
    window.key_press(Key::Escape);
    window.run_steps(2);
    assert!(marks(window.state()).is_empty() && !window.state().settings.introduction);

    // Not while a window could cover what they point at.
    menu(&mut window, MenuCommand::Introduction);
    menu(&mut window, MenuCommand::Models);
    window.run_steps(2);
    assert!(marks(window.state()).is_empty() && window.state().settings.introduction);
    menu(&mut window, MenuCommand::Models);
    window.run_steps(2);
    window.get_by_label("Got it").focus();
    window.run_steps(2);
    window.key_press(Key::Enter);
    window.run_steps(2);
    assert!(marks(window.state()).is_empty() && !window.state().settings.introduction);
}

#[test]
fn the_help_has_two_columns_where_there_is_room_and_can_be_searched() {
    for (size, columns) in [([1280.0, 800.0], 2), ([480.0, 360.0], 1)] {
        let mut window = real_window(size, |_| {});
        menu(&mut window, MenuCommand::Help);
        window.run_steps(3);
        show(&mut window, &format!("help-{}x{}", size[0], size[1]));
        let left = |window: &Window, label: &str| {
            window.query_all_by_label(label).last().unwrap().rect().left()
        };
        let headings = [left(&window, "Reading the window"), left(&window, "A and B")];
        assert_eq!(headings[0], headings[1], "a row begins where its heading does");
        let is_one = left(&window, "Fit tree") == left(&window, "Undo");
        assert_eq!(is_one, columns == 1, "{size:?}");

        window.get_by_label("Search help").focus();
        window.run_steps(2);
        window.get_by_label("Search help").type_text("numpy");
        window.run_steps(3);
        assert!(window.query_by_label("Save map").is_some(), "commands without keys are found");
        assert!(window.query_by_label("A and B").is_none());
        window.get_by_label("Search help").type_text(" zebra");
        window.run_steps(3);
        assert!(window.query_by_label("No matches").is_some());
    }
}
