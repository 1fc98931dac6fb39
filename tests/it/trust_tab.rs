//! Curves and checks below the picture.

use eframe::egui::Role as Kind;
use egui_kittest::kittest::Queryable as _;
use glasstree::command::{Command, MenuCommand};
use glasstree::explain::{Curve, Method};
use glasstree::protocol::Request;
use glasstree::state::{CURVE_STEPS, Order, Role, Topic};

use crate::ui::{
    FakeEngine, Window, asset, drop_files, is_explained, menu, real_window, step_until, window,
};

/// The label of the plot.
fn plot(window: &Window) -> String {
    use egui_kittest::kittest::NodeT as _;
    let is_plot = |label: &str| label.contains(" curves of ");
    let node = window.get_by(|node| {
        node.role() == Kind::Image && node.label().is_some_and(|label| is_plot(&label))
    });
    node.accesskit_node().label().unwrap_or_default()
}

#[test]
fn the_map_stands_beside_orders_that_know_nothing() {
    let mut window = real_window([1440.0, 900.0], |options| {
        options.paths = vec![asset("chelsea.png")];
        options.one_model = true;
    });
    step_until(&mut window, "the photo is explained", is_explained);
    menu(&mut window, MenuCommand::ShowTrust);
    window.run_steps(3);
    assert!(window.state().state.is_busy(), "it begins by itself");
    step_until(&mut window, "curves and checks are there", |app| !app.state.is_busy());
    let state = &window.state().state;
    let (role, target) = state.target().unwrap();
    for order in [Order::Map(Method::Cam, target), Order::CentreFirst, Order::Random] {
        let inquiry = state.inquiry(role, Topic::Curve(Curve::Deletion, order)).unwrap();
        assert!(inquiry.is_done() && inquiry.answers.len() == CURVE_STEPS + 1, "{order:?}");
        // All curves begin with the picture itself.
        let whole = &state.explanation(role).unwrap().forward.logits;
        let first = &inquiry.answers.0[0].logits;
        // Batches of other sizes may sum in another order.
        assert!(first.iter().zip(whole).all(|(a, b)| (a - b).abs() < 1e-3), "{order:?}");
    }
    let text = plot(&window);
    assert!(text.contains("this map 0.") && text.contains("random order 0."), "{text}");
    window.get_by_label_contains("with the weights shuffled");
    window.get_by_label_contains("when each is hidden");

    // A decision of the tree: the same pictures of the two orders serve it, only its own are new.
    let count = |window: &Window| {
        let state = &window.state().state;
        let orders = [Order::CentreFirst, Order::Random];
        let of = |order| state.inquiry(Role::Classifier, Topic::Curve(Curve::Deletion, order));
        orders.into_iter().filter_map(of).filter(|inquiry| inquiry.is_done()).count()
    };
    let ctx = window.ctx.clone();
    let tree = window.state().state.explained_tree(Role::Classifier).unwrap().clone();
    let node = tree.model.tree().unwrap().hierarchy.find_node("carnivore").unwrap();
    window.state_mut().dispatch(&ctx, Command::SelectNode(Role::Classifier, node));
    window.run_steps(2);
    assert_eq!(count(&window), 2);
    step_until(&mut window, "the curve of the decision is there", |app| !app.state.is_busy());
    assert!(plot(&window).contains("carnivore"), "{}", plot(&window));
}

#[test]
fn curves_end_with_their_tab_and_can_be_stopped() {
    let engine = FakeEngine::default();
    let mut window = window(engine.start(), [1440.0, 900.0], |_| {});
    drop_files(&mut window, &[asset("chelsea.png")]);
    step_until(&mut window, "the picture is asked for", |app| app.state.wanted.is_some());
    engine.explain(&mut window);
    menu(&mut window, MenuCommand::ShowTrust);
    window.run_steps(3);
    let wanted = || {
        let requests = &engine.0.borrow().requests;
        let of = |request: &Request| match request {
            Request::Probe { probe, wanted, .. } if probe.count() > 1 => {
                Some(wanted.strong_count() > 0)
            }
            _ => None,
        };
        requests.iter().filter_map(of).collect::<Vec<bool>>()
    };
    assert_eq!(wanted(), [true; 4], "three curves and the checks");
    window.get_by_label("Stop").click();
    window.run_steps(3);
    assert_eq!(wanted(), [false; 4]);
    window.get_by_label("Run again").click();
    window.run_steps(3);
    assert_eq!(wanted()[4..], [true; 4]);
    menu(&mut window, MenuCommand::ShowTrust);
    window.run_steps(3);
    assert_eq!(wanted(), [false; 8]);
}
