//! The engine as a window uses it: requests in, events out.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use glasstree::catalog::ModelSource;
use glasstree::engine::Engine;
use glasstree::explain::{
    Area, CamSet, Decision, Question, Rect, Region, Removal, Rule, branch_accounts, flip,
};
use glasstree::explanation::{CamTarget, Explanation};
use glasstree::labelled_pictures::LabelledPicture;
use glasstree::model::DeviceChoice;
use glasstree::photo::PhotoOptions;
use glasstree::protocol::{
    Change, Event, JobId, ModelRequest, PictureSource, Request, Rerun, Stage,
};
use strum::IntoEnumIterator as _;

fn cat() -> PictureSource {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/photos/chelsea.png");
    PictureSource::File(path, PhotoOptions::default())
}

fn engine() -> Engine {
    Engine::spawn(DeviceChoice::Cpu, Arc::new(|| {})).unwrap()
}

fn explain(source: ModelSource) -> Arc<Explanation> {
    engine().explain(cat(), &source.into(), &mut |note| panic!("{note}")).unwrap()
}

/// Events until `last` says so, or a minute has passed.
fn events_until(engine: &Engine, last: impl Fn(&Event) -> bool) -> Vec<Event> {
    let started = Instant::now();
    let mut events = Vec::new();
    while started.elapsed() < Duration::from_secs(60) {
        events.extend(engine.drain());
        if events.iter().any(&last) {
            return events;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    panic!("the engine did not answer; so far {events:?}");
}

#[test]
fn the_photo_comes_before_the_explanation() {
    let woken = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&woken);
    let wake = Arc::new(move || {
        count.fetch_add(1, Ordering::Relaxed);
    });
    let engine = Engine::spawn(DeviceChoice::Cpu, wake).unwrap();
    let model = ModelRequest::from(ModelSource::default_tree_model());
    engine.send(Request::Explain { job: JobId(7), picture: cat(), model });
    let events = events_until(&engine, |event| matches!(event, Event::Explained { .. }));
    let at = |wanted: &dyn Fn(&Event) -> bool| events.iter().position(wanted).unwrap();
    let photo = at(&|event| matches!(event, Event::PhotoReady { job: JobId(7), .. }));
    let explained = at(&|event| matches!(event, Event::Explained { job: JobId(7), .. }));
    assert!(photo < explained);
    assert_eq!(woken.load(Ordering::Relaxed), events.len());
}

#[test]
fn given_up_jobs_are_not_done_and_errors_do_not_end_the_engine() {
    let engine = engine();
    let model = ModelRequest::from(ModelSource::default_tree_model());
    let missing = PictureSource::File("missing.png".into(), PhotoOptions::default());
    engine.cancel_before(JobId(5));
    engine.send(Request::Explain { job: JobId(4), picture: cat(), model: model.clone() });
    engine.send(Request::Explain { job: JobId(5), picture: missing, model: model.clone() });
    engine.send(Request::Explain { job: JobId(6), picture: cat(), model });
    let events = events_until(&engine, |event| matches!(event, Event::Explained { .. }));
    let of = |job: u64, events: &[Event]| {
        events.iter().any(|event| match event {
            Event::Explained { job: found, .. } | Event::Failed { job: found, .. } => {
                *found == JobId(job)
            }
            _ => false,
        })
    };
    assert!(!of(4, &events) && of(5, &events) && of(6, &events), "{events:?}");
}

/// Class maps, node maps and logits of the real networks fit together.
#[test]
fn maps_add_up_to_logits_for_every_class_and_node() {
    for source in [ModelSource::default_classifier(), ModelSource::default_tree_model()] {
        let explanation = explain(source);
        let hierarchy = &explanation.model.tree().unwrap().hierarchy;
        for class in 0..explanation.forward.logits.len() {
            let check = explanation.check(CamTarget::Class(class)).unwrap();
            assert!(check.holds(), "class {class}: {check:?}");
        }
        let (features, head) = (&explanation.forward.features, explanation.head.as_ref());
        let class_maps = CamSet::of_classes(features.as_ref().unwrap(), head.unwrap());
        for rule in [Rule::Soft, Rule::Marginal] {
            let decision = explanation.decision(rule).unwrap();
            let maps = class_maps.of_nodes(hierarchy, decision);
            for node in 0..hierarchy.nodes().len() {
                let target = CamTarget::Node(node, rule);
                let evidence = explanation.evidence(explanation.question(target).unwrap()).unwrap();
                let map = maps.get(node).unwrap();
                let check = map.check(evidence.bias + evidence.entropy, decision.logit[node]);
                assert!(check.holds(), "node {node}: {check:?}");
                assert!(explanation.check(target).unwrap().holds(), "node {node}");
            }
        }
    }
}

/// Every decision of the real trees: the map adds up, regions add up, and flips flip.
#[test]
fn every_decision_of_the_real_networks_adds_up() {
    for source in [ModelSource::default_classifier(), ModelSource::default_tree_model()] {
        let explanation = explain(source);
        let h = &explanation.model.tree().unwrap().hierarchy;
        let region = explanation.region(&Area::Box(Rect::new(77.7, 55.5, 111.1, 99.9))).unwrap();
        let [height, width] = explanation.cells().unwrap();
        let class_maps = explanation.class_maps().unwrap();
        let left = region.logits_without(&explanation.forward.logits, class_maps);
        for rule in Rule::iter() {
            let decision = explanation.decision(rule).unwrap();
            for node in 1..h.nodes().len() {
                let question = Question::decision(h, node, rule).unwrap();
                let evidence = explanation.evidence(question).unwrap();
                let account = region.account(&evidence, &left);
                // The head multiplies up to 1280 channels in 32 bits.
                assert!(evidence.check.residual.abs() < 1e-4, "{node}: {:?}", evidence.check);
                let sum = account.region + account.rest + account.bias;
                assert!((sum - account.total).abs() < 1e-4, "{node}: {account:?}");
            }
            let without = explanation.decision_without(&region, rule).unwrap();
            let accounts = branch_accounts(h, decision, &without, &decision.path);
            assert_eq!(accounts.len() + 1, decision.path.len());
            for account in &accounts {
                let question = Question::decision(h, account.node, rule).unwrap();
                let evidence = explanation.evidence(question).unwrap();
                let same = region.account(&evidence, &left).region;
                // Against the mean of several siblings it is another sum than the log-odds.
                if rule == Rule::Marginal || h.siblings(account.node).len() == 1 {
                    assert!((account.region - same).abs() < 1e-4, "{account:?} {same}");
                }
            }
            for &node in &decision.path[..decision.path.len() - 1] {
                let found = flip(h, decision, class_maps, node).unwrap();
                let cells = Region::of_cells(height, width, &found.cells);
                let features = cells.removed_from(explanation.forward.features.as_ref().unwrap());
                let (pooled, head) = (features.pooled(), explanation.head.as_ref().unwrap());
                let logits: Vec<f32> = (0..head.classes)
                    .map(|class| {
                        let products = head.row(class).iter().zip(&pooled);
                        let sum: f64 = products.map(|(w, f)| f64::from(*w) * f64::from(*f)).sum();
                        sum as f32 + head.bias[class]
                    })
                    .collect();
                let after = Decision::new(h, &logits, rule);
                let first = h
                    .node(node)
                    .children
                    .iter()
                    .all(|&c| after.logit[c] <= after.logit[found.from]);
                assert_eq!(first, !found.flips, "{found:?}");
            }
        }
        let decision = explanation.decision(Rule::Hard).unwrap();
        for &node in &decision.path {
            assert_eq!(decision.force(h, node).path, decision.path);
        }
    }
}

#[test]
fn a_cat_is_a_cat() {
    let seen = explain(ModelSource::default_classifier());
    assert!(seen.model.label(seen.prediction()).contains("cat"));
    let decided = explain(ModelSource::default_tree_model());
    for rule in Rule::iter() {
        assert_eq!(decided.model.label(decided.decision(rule).unwrap().class), "cat");
    }
}

/// A model with more classes than a tree can be induced for still classifies.
#[test]
fn a_hierarchy_that_cannot_be_used_is_told_and_nothing_else_fails() {
    let mut request = ModelRequest::from(ModelSource::default_tree_model());
    request.hierarchy = glasstree::protocol::HierarchyChoice::Named("nonsense".to_owned());
    let explanation = engine().explain(cat(), &request, &mut |_| {}).unwrap();
    assert!(explanation.decision(Rule::Hard).unwrap_err().contains("nonsense"));
    assert_eq!(explanation.model.label(explanation.prediction()), "cat");
}

/// Progress is told, and a job that is not wanted any more ends before its last picture.
#[test]
fn an_evaluation_can_be_given_up() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/photos/coffee.jpg");
    let picture = LabelledPicture::new(path, 3);
    let evaluate = |job: u64, count: usize| Request::Evaluate {
        job: JobId(job),
        model: ModelSource::default_tree_model().into(),
        pictures: vec![picture.clone(); count].into(),
        others: Arc::default(),
        options: PhotoOptions::default(),
    };
    let engine = engine();
    engine.send(evaluate(1, 100_000));
    engine.send(evaluate(2, 40));
    events_until(&engine, |event| matches!(event, Event::Evaluating { job: JobId(1), .. }));
    engine.cancel_before(JobId(2));
    let events = events_until(&engine, |event| matches!(event, Event::Evaluated { .. }));
    let done: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::Evaluating { job: JobId(2), done, total: 40 } => Some(*done),
            _ => None,
        })
        .collect();
    assert!(done.is_sorted() && done.last() == Some(&40), "{done:?}");
    let Some(Event::Evaluated { job, evaluation }) = events.last() else {
        panic!("{events:?}");
    };
    assert_eq!((*job, evaluation.scores.top1.of), (JobId(2), 40));
    assert_eq!(evaluation.scores.confusion.len(), 1, "one picture has one answer");
}

#[test]
fn a_class_that_the_model_does_not_have_is_refused() {
    let picture = LabelledPicture::new("x.png".into(), 10);
    let model = ModelSource::default_tree_model().into();
    let options = PhotoOptions::default();
    let evaluate = |pictures: Vec<LabelledPicture>| {
        let progress = &mut |_, _| {};
        let (pictures, others) = (pictures.into(), Arc::default());
        engine().evaluate(pictures, others, options, &model, &mut |_| {}, progress).unwrap_err().0
    };
    assert!(evaluate(vec![picture]).contains("10 classes"));
    assert!(evaluate(Vec::new()).contains("no pictures"));
}

#[test]
fn loading_says_how_much_is_read() {
    let engine = engine();
    let model = ModelRequest::from(ModelSource::default_classifier());
    engine.send(Request::Load { job: JobId(3), model });
    let events = events_until(&engine, |event| matches!(event, Event::ModelReady { .. }));
    let read: Vec<(u64, u64)> = events
        .iter()
        .filter_map(|event| match event {
            Event::Progress { stage: Stage::LoadingModel { read, total }, .. } => {
                Some((*read, *total))
            }
            _ => None,
        })
        .collect();
    assert!(read.is_sorted() && read.len() > 10 && read.len() <= 101, "{read:?}");
    // 4.65 million numbers of two bytes each.
    let (last, total) = read[read.len() - 1];
    assert!(last == total && (9_000_000..9_500_000).contains(&total), "{last} of {total}");
}

/// The part is really gone, the same by hand and by the engine; what nobody waits for is not done.
#[test]
fn a_network_runs_again_without_a_part_of_the_photo() {
    let engine = engine();
    let model = ModelRequest::from(ModelSource::default_tree_model());
    let seen = engine.explain(cat(), &model, &mut |_| {}).unwrap();
    let area = Arc::new(Area::Box(Rect::new(100.0, 20.0, 230.0, 160.0)));
    for how in [Removal::MeanColor, Removal::Blur] {
        let rerun = |area: &Arc<Area>| {
            let (seen, area) = (Arc::clone(&seen), Arc::clone(area));
            Rerun { seen, model: model.clone(), change: Change::Without(area, how) }
        };
        let again = engine.rerun(rerun(&area), &mut |_| {}).unwrap();
        let photo = Arc::new(seen.photo_without(&area, how));
        assert_eq!(again.photo.rgb, photo.rgb);
        let by_hand = engine.explain(PictureSource::Photo(photo), &model, &mut |_| {}).unwrap();
        assert_eq!(again.forward.logits, by_hand.forward.logits);
        assert_ne!(again.forward.logits, seen.forward.logits);

        let (kept, dropped) = (Arc::new(()), Arc::new(()));
        let wanted = Arc::downgrade(&dropped);
        drop(dropped);
        engine.send(Request::Rerun { job: JobId(1), rerun: rerun(&area), wanted });
        let wanted = Arc::downgrade(&kept);
        engine.send(Request::Rerun { job: JobId(2), rerun: rerun(&area), wanted });
        let events = events_until(&engine, |event| matches!(event, Event::Rerun { .. }));
        let Some(Event::Rerun { job: JobId(2), .. }) = events.last() else { panic!("{events:?}") };
    }
}

/// Masks without end, of the bundled tree model's input.
fn endless() -> Arc<dyn glasstree::explain::Probe> {
    let canvas =
        glasstree::explain::Canvas { side: 32, shown: vec![0.5; 3072], hidden: vec![0.0; 3072] };
    let options =
        glasstree::explain::RiseOptions { masks: 100_000, cells: 4, visible: 0.5, seed: 1 };
    Arc::new(glasstree::explain::Rise::new(canvas, &options))
}

/// A long run gives its first answers, lets others go first, and ends when nobody wants it.
#[test]
fn a_long_probe_stands_in_nobodys_way() {
    let engine = engine();
    let model = ModelRequest::from(ModelSource::default_tree_model());
    let wanted = Arc::new(());
    let (probe, token) = (endless(), Arc::downgrade(&wanted));
    engine.send(Request::Probe { job: JobId(1), model: model.clone(), probe, wanted: token });
    let events = events_until(&engine, |event| matches!(event, Event::Probed { .. }));
    let Some(Event::Probed { job: JobId(1), answers, total: 100_000, .. }) = events.last() else {
        panic!("{events:?}")
    };
    assert!(!answers.is_empty() && answers.len() < 100_000);
    assert!(answers.0.iter().all(|answer| answer.logits.len() == 10 && answer.features.is_none()));
    // Others come in between; given up by number, a probe goes on.
    engine.cancel_before(JobId(2));
    engine.send(Request::Explain { job: JobId(2), picture: cat(), model: model.clone() });
    events_until(&engine, |event| matches!(event, Event::Explained { job: JobId(2), .. }));
    events_until(&engine, |event| matches!(event, Event::Probed { job: JobId(1), .. }));
    // Given up, nothing more is said of it once something else was answered.
    drop(wanted);
    engine.send(Request::Explain { job: JobId(3), picture: cat(), model: model.clone() });
    events_until(&engine, |event| matches!(event, Event::Explained { job: JobId(3), .. }));
    engine.send(Request::Explain { job: JobId(4), picture: cat(), model });
    let events =
        events_until(&engine, |event| matches!(event, Event::Explained { job: JobId(4), .. }));
    assert!(!events.iter().any(|event| matches!(event, Event::Probed { .. })), "{events:?}");
}

/// What was asked for is what comes, in the order of the inputs.
#[test]
fn all_answers_of_a_probe_come_in_order() {
    use glasstree::explain::{Canvas, Fill, Occlusion};
    let engine = engine();
    let model = ModelRequest::from(ModelSource::default_tree_model());
    let seen = engine.explain(cat(), &model, &mut |note| panic!("{note}")).unwrap();
    let canvas = Canvas::new(&seen.input, &seen.model.recipe, Fill::Neutral);
    let occlusion = Arc::new(Occlusion::new(canvas, 16, 8));
    let count = glasstree::explain::Probe::count(&*occlusion);
    let probe: Arc<dyn glasstree::explain::Probe> = Arc::<Occlusion>::clone(&occlusion);
    let answers = engine.probe(probe, &model, &mut |note| panic!("{note}"), &mut |_, _, _| {});
    let answers = answers.unwrap();
    assert_eq!((count, answers.len()), (9, 9));
    // One by one, as the network alone says it.
    let alone = engine.probe(
        Arc::new(Occlusion::new(
            Canvas::new(&seen.input, &seen.model.recipe, Fill::Neutral),
            16,
            8,
        )),
        &model,
        &mut |note| panic!("{note}"),
        &mut |_, _, _| {},
    );
    for (answer, alone) in answers.0.iter().zip(&alone.unwrap().0) {
        // How many inputs go together depends on the time they take, and with it the order of sums.
        let pairs = answer.logits.iter().zip(&alone.logits);
        assert!(pairs.into_iter().all(|(a, b)| (a - b).abs() < 1e-4), "{answer:?} {alone:?}");
    }
    let target = CamTarget::Class(3);
    let scorer = seen.scorer(target, glasstree::explanation::Score::Logit).unwrap();
    let map = occlusion.map(scorer(&seen.forward.logits), &answers.scores(scorer));
    assert!(map.data.iter().all(|v| v.is_finite()));
}

/// Every method makes a map for every kind of target, from the same answers unless it needs a
/// gradient.
#[test]
fn every_method_serves_every_target() {
    use glasstree::explain::{Method, RiseOptions};
    use glasstree::explanation::{PlanOptions, Score};
    use strum::IntoEnumIterator as _;
    let engine = engine();
    let model = ModelRequest::from(ModelSource::default_tree_model());
    let seen = engine.explain(cat(), &model, &mut |note| panic!("{note}")).unwrap();
    let targets = [
        CamTarget::Class(5),
        CamTarget::Node(1, Rule::Hard),
        CamTarget::Decision(1, Rule::Marginal),
        CamTarget::Difference(3, 5),
    ];
    let rise = RiseOptions { masks: 40, ..RiseOptions::default() };
    let options = PlanOptions { rise, ..PlanOptions::default() };
    let ask = |method, target| {
        let plan = seen.plan(method, target, &options).unwrap();
        let answers = plan.probe().map(|probe| {
            engine.probe(probe, &model, &mut |note| panic!("{note}"), &mut |_, _, _| {}).unwrap()
        });
        let answers = answers.unwrap_or_default();
        assert_eq!(answers.len(), plan.runs());
        assert_eq!(seen.cost(method, &options).runs, plan.runs(), "{method}");
        (plan, answers)
    };
    for method in Method::iter() {
        if let Err(error) = seen.model.check_method(method) {
            // 8 by 8 cells of 32 by 32 pixels.
            assert_eq!(method, Method::LayerCam8, "{error}");
            continue;
        }
        let (plan, answers) = ask(method, targets[0]);
        let asks_again = plan.question().is_some();
        assert!(method.kind().is_of_one_target() || !asks_again, "{method}");
        for target in targets {
            let (plan, answers) = match asks_again && target != targets[0] {
                true => {
                    assert!(plan.map(&seen, &answers, target, Score::Logit).is_none());
                    &ask(method, target)
                }
                false => &(plan.clone(), answers.clone()),
            };
            let made = plan.map(&seen, answers, target, Score::Probability).unwrap();
            assert!(made.map.data.iter().all(|v| v.is_finite()), "{method} of {target:?}");
            assert_eq!(made.check().is_some(), method.kind().is_exact(), "{method}");
            assert!(made.check().is_none_or(|check| check.holds()), "{method} of {target:?}");
            assert_eq!(made.standard_error.is_some(), method == Method::Rise);
            let is_integral = method == Method::IntegratedGradients;
            assert_eq!(made.completeness.is_some(), is_integral);
            let holds = made.completeness.is_none_or(|it| it.holds());
            assert!(holds, "{target:?} {:?}", made.completeness);
        }
        assert!(plan.map(&seen, &answers, CamTarget::Class(10), Score::Logit).is_none());
    }
}
