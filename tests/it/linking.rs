//! What belongs together is chosen together: the list, the tree and the map; and what was asked for
//! is in view.

use std::sync::Arc;

use eframe::egui::{Rect, Role as Kind, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use glasstree::catalog;
use glasstree::command::{Command, MenuCommand};
use glasstree::explain::{Area, Colormap, Rect as Box};
use glasstree::explanation::{CamTarget, Explanation};
use glasstree::look::{OverlayOptions, SharedRange};
use glasstree::role::Role;
use glasstree::selection::Selected;
use glasstree::ui::map_tiles::{MapSource, MapTiles};
use glasstree::ui::models::Page;
use glasstree::ui::models::catalogue::variants;
use glasstree::ui::overlay::crop_in_photo;
use image::{Rgba, RgbaImage};

use crate::ui::{Window, asset, is_explained, menu, real_window, step_until};
use crate::ui_fixture::{gradient, hand_made, real};

/// The classifier alone, with its own tree of a thousand classes.
fn open(size: [f32; 2], photo: &str) -> Window {
    let path = asset(photo);
    let mut window = real_window(size, |options| {
        options.paths = vec![path];
        options.one_model = true;
    });
    step_until(&mut window, "the photo is explained", is_explained);
    window.run_steps(5);
    window
}

fn dispatch(window: &mut Window, command: Command) {
    let ctx = window.ctx.clone();
    window.state_mut().dispatch(&ctx, command);
    window.run_steps(5);
}

/// Name and place of the widget of a kind that is selected.
fn selected(window: &Window, kind: Kind) -> (String, Rect) {
    let is_it = |node: &egui_kittest::kittest::AccessKitNode<'_>| {
        node.role() == kind && node.toggled() == Some(eframe::egui::accesskit::Toggled::True)
    };
    let node = window.get_by(is_it);
    (node.accesskit_node().label().unwrap(), node.rect())
}

#[test]
fn a_class_is_shown_in_the_tree_and_a_leaf_in_the_list() {
    let mut window = open([1280.0, 800.0], "cat_and_coffee.jpg");
    let explanation = window.state().state.explanation(Role::Classifier).cloned().unwrap();
    let hierarchy = &explanation.model.tree().unwrap().hierarchy;
    let ranked = explanation.top(300);
    // A class of another branch than the path, and one far down the list.
    for class in [ranked[299], ranked[5]] {
        dispatch(&mut window, Command::SelectClass(class));
        let label = explanation.model.label(class);
        let (node, place) = selected(&window, Kind::TreeItem);
        assert!(node.starts_with(label), "{node} is not {label}");
        let canvas = window.get_by_label("Tree diagram").rect();
        assert!(canvas.expand(1.0).contains_rect(place), "{label}: {place:?} not in {canvas:?}");
        assert!(selected(&window, Kind::ListBoxOption).0.starts_with(label));
        assert_eq!(window.state().state.selection().target, Selected::Class(class));
    }
    for rank in [250, 3] {
        let leaf = hierarchy.leaf(ranked[rank]).unwrap();
        dispatch(&mut window, Command::SelectNode(Role::Classifier, leaf));
        let (row, place) = selected(&window, Kind::ListBoxOption);
        assert!(row.ends_with(&format!("rank {}", rank + 1)), "{row}");
        let is_list = |kind| kind == Kind::ListBox;
        let list = window.get_by(move |node| is_list(node.role())).rect();
        assert!(list.expand(1.0).contains_rect(place), "{place:?} is out of sight of {list:?}");
    }
    // A branch has no line in the list.
    let branch = hierarchy.node(hierarchy.leaf(ranked[0]).unwrap()).parent.unwrap();
    dispatch(&mut window, Command::SelectNode(Role::Classifier, branch));
    assert_eq!(window.state().state.linked_class(), None);
}

#[test]
fn the_photo_is_not_the_smallest_thing_in_a_small_window() {
    let window = open([900.0, 600.0], "chelsea.png");
    let photo = window.state().state.photo.clone().unwrap();
    let scale = window.state().panels.image.screen_from_photo().unwrap().scale;
    let (width, height) = photo.rgb.dimensions();
    let photo = width as f32 * scale * height as f32 * scale;
    let area = |rect: Rect| rect.area();
    let is_list = |kind| kind == Kind::ListBox;
    let list = area(window.get_by(move |node| is_list(node.role())).rect());
    let tree = area(window.get_by_label("Tree diagram").rect());
    assert!(photo > list.max(tree), "photo {photo}, list {list}, tree {tree}");
}

#[test]
fn the_frame_says_what_it_is() {
    let mut window = open([1280.0, 800.0], "chelsea.png");
    let text = "The network sees only what is inside this frame. Drag its line to move it, a corner to \
                resize it; double-click it for the usual crop";
    let app = window.state();
    let crop = crop_in_photo(&app.state.explanation(Role::Classifier).unwrap().input);
    let frame = app.panels.image.screen_from_photo().unwrap().rect(crop);
    window.hover_at(frame.left_center());
    window.run_steps(60);
    window.get_by_label(text);
    window.hover_at(frame.center());
    window.run_steps(60);
    assert!(window.query_by_label(text).is_none(), "only on the frame");
}

#[test]
fn what_the_network_says_without_the_region_is_in_view() {
    let mut window = open([1000.0, 700.0], "chelsea.png");
    window.state_mut().settings.panels.insight_height = 120.0;
    menu(&mut window, MenuCommand::ShowRegion);
    let area = Area::Box(Box::new(100.0, 20.0, 230.0, 160.0));
    dispatch(&mut window, Command::SetRegion(Some(Arc::new(area))));
    window.get_by_label("Run the network without it").click_accesskit();
    window.step();
    step_until(&mut window, "the network has answered", |app| !app.state.is_busy());
    window.run_steps(30);
    let is_answer = |label: &str| label.starts_with("With the region painted over");
    let answer = window.get_by(move |node| {
        node.role() == Kind::Label && node.value().is_some_and(|value| is_answer(&value))
    });
    // Between the tabs and the line at the bottom.
    let top = window.get_by_role_and_label(Kind::Button, "Region").rect().bottom();
    let bottom = window.get_by_label_contains("chelsea.png  451").rect().top();
    let place = answer.rect();
    assert!(place.top() >= top && place.bottom() <= bottom, "{place:?}: {top} to {bottom}");
    let button = window.get_by_label("Run the network without it").rect();
    assert!(button.top() < top, "without scrolling, there is no room for it: {button:?}");
}

/// A small map is on the scale of its siblings': weak decisions far down are to be seen, too.
#[test]
fn small_maps_of_a_tree_are_on_the_scale_of_their_siblings() {
    let explanation = real();
    let tree = explanation.model.tree().unwrap();
    let rule = tree.default_rule();
    let options = OverlayOptions::default();
    let source = MapSource { explanation: &explanation, options: &options, decisions: Some(rule) };
    let mut tiles = MapTiles::default();
    let most = |node| {
        let [lo, hi] = explanation.quick_cam(CamTarget::Decision(node, rule)).unwrap().range();
        hi.max(-lo)
    };
    let all = SharedRange::of(&explanation, Some(rule)).decisions;
    let mut smallest = f32::INFINITY;
    for node in 1..200 {
        let parent = tree.hierarchy.node(node).parent.unwrap();
        let children = &tree.hierarchy.node(parent).children;
        let Some(scale) = tiles.among_siblings(source, CamTarget::Decision(node, rule)) else {
            continue;
        };
        let expected = children.iter().map(|&child| most(child)).fold(0.0, f32::max);
        assert_eq!(scale, expected, "{node}");
        smallest = smallest.min(scale);
    }
    assert!(smallest < all / 4.0, "on one scale from {smallest} to {all} some look flat");
    assert_eq!(tiles.among_siblings(source, CamTarget::Class(0)), None);
}

/// A small map over its photo, in full opacity, as the cards of a tree show it.
fn small_map(explanation: &Arc<Explanation>, target: Option<CamTarget>) -> RgbaImage {
    let explanation = Arc::clone(explanation);
    let decisions = target.and_then(CamTarget::decided_by);
    let options = OverlayOptions { opacity: 1.0, ..OverlayOptions::default() };
    let mut tiles = MapTiles::default();
    let builder = Harness::builder().with_size(vec2(64.0, 64.0)).wgpu();
    let mut harness = builder.build_ui(move |ui| {
        let source = MapSource { explanation: &explanation, options: &options, decisions };
        tiles.paint(ui.painter(), source, &[(target, ui.max_rect())]);
    });
    harness.run_steps(5);
    harness.render().unwrap()
}

/// The decisions that have the weakest maps of all are coloured as strongly as others.
#[test]
fn weak_small_maps_have_strong_colours() {
    let explanation = real();
    let tree = explanation.model.tree().unwrap();
    let decision = |node| CamTarget::Decision(node, tree.default_rule());
    let most = |node| {
        let [lo, hi] = explanation.quick_cam(decision(node)).unwrap().range();
        hi.max(-lo)
    };
    // The child with the strongest map below the parent whose children all have weak ones.
    let strongest =
        |children: &[usize]| children.iter().copied().max_by(|&a, &b| most(a).total_cmp(&most(b)));
    let nodes = tree.hierarchy.nodes()[..200].iter().filter(|node| node.children.len() > 1);
    let strongest = nodes.filter_map(|node| strongest(&node.children));
    let weak = strongest.min_by(|&a, &b| most(a).total_cmp(&most(b))).unwrap();
    // How near, in levels, any pixel comes to the colours of the ends of the scale.
    let nearest = |picture: &RgbaImage| {
        let ends = [0.0, 1.0].map(|t| Colormap::Diverging.rgb(t));
        let distance = |pixel: &Rgba<u8>, end: [u8; 3]| {
            pixel.0.iter().zip(end).map(|(&a, b)| a.abs_diff(b)).max().unwrap()
        };
        let distances = picture.pixels().flat_map(|pixel| ends.map(|end| distance(pixel, end)));
        distances.min().unwrap()
    };
    let [plain, map] = [None, Some(decision(weak))].map(|it| nearest(&small_map(&explanation, it)));
    // The strongest cell has the last colour, less what smoothing takes. On the scale of all maps, it
    // would have a third of its opacity at most, and be nearly as far from it as the photo.
    assert!(map < plain / 3, "{map} of {plain} levels from the last colour");
}

/// Where a map is the same everywhere, its colour would say that all of the photo is evidence.
#[test]
fn a_small_map_without_differences_is_not_drawn() {
    let explanation = hand_made(gradient(64, 64));
    let plain = small_map(&explanation, None);
    assert!(small_map(&explanation, Some(CamTarget::Class(0))) != plain, "this one has some");
    // The two classes see the cells alike, and the first one has ten more everywhere.
    assert!(small_map(&explanation, Some(CamTarget::Difference(3, 0))) == plain);
}

/// The same network is one line, however often it was published.
#[test]
fn the_catalogue_has_one_line_for_each_network() {
    let entries: Vec<_> = catalog::all().collect();
    let groups = variants(&entries);
    assert_eq!(groups.iter().map(Vec::len).sum::<usize>(), entries.len(), "none is lost");
    let of = |id: &str| groups.iter().find(|group| group.iter().any(|it| it.id == id)).unwrap();
    let ids = |id: &str| of(id).iter().map(|entry| entry.id).collect::<Vec<_>>();
    assert_eq!(ids("resnet18"), ["resnet18", "resnet18-2017"]);
    assert_eq!(ids("resnet50"), ["resnet50", "resnet50-v2", "resnet50-2017"]);
    assert_eq!(ids("nbdt-cifar10-resnet18"), ["nbdt-cifar10-resnet18"], "other data: not the same");

    let none = tempfile::tempdir().unwrap();
    let mut window = real_window([1280.0, 800.0], |options| {
        options.models = Some(none.path().to_owned());
    });
    menu(&mut window, MenuCommand::Models);
    window.state_mut().panels.models.page = Page::Catalogue;
    window.run_steps(5);
    assert!(window.query_by_label("Download resnet18-2017").is_none());
    window.get_by_label("Download resnet18");
    window.get_by_label("Variants of ResNet-18").click();
    window.run_steps(3);
    window.get_by_label("ResNet-18, ImageNet, file of 2017").click();
    window.run_steps(3);
    window.get_by_label("Download resnet18-2017");
    assert!(window.query_by_label("Download resnet18").is_none());
}
