use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::Duration;

use super::*;
use crate::command::{Check, Command, MenuCommand, Turn};
use crate::explain::{Area, Ending, FeatureMap, Forward, Head, Rect, Removal};
use crate::explanation::{CamTarget, Explanation, RecipeOrigin};
use crate::labels::ClassList;
use crate::preprocess::Recipe;
use crate::protocol::Stage;
use crate::state::{Outcome, Selected};

fn state() -> AppState {
    AppState::new(
        ModelSource::default_classifier().into(),
        ModelSource::default_tree_model().into(),
    )
}

fn photo() -> Arc<Photo> {
    Arc::new(Photo { name: "test".into(), rgb: image::RgbImage::new(40, 30) })
}

fn model() -> Arc<ModelInfo> {
    Arc::new(ModelInfo {
        source: ModelSource::default_classifier(),
        architecture: "test".to_owned(),
        cell: Some(8),
        receptive_field: Some(53),
        parameters: 6,
        format: "test".to_owned(),
        takes_densities: true,
        gradient_stages: Ok(2),
        takes_sizes: true,
        dtype: "f32".to_owned(),
        unused: Vec::new(),
        recipe: Recipe::cifar(),
        recipe_origin: RecipeOrigin::Known,
        dataset: None,
        classes: ClassList { labels: vec!["a".into(), "b".into()], wnids: None }.into(),
        ending: Ending::Linear(
            Head { classes: 2, channels: 1, weight: vec![1.0, -1.0], bias: vec![0.0; 2] }.into(),
        ),
        tree: LazyLock::new(Box::new(|| Err("no tree".to_owned()))),
    })
}

fn explanation(photo: &Arc<Photo>, model: &Arc<ModelInfo>) -> Arc<Explanation> {
    let features = FeatureMap { channels: 1, height: 1, width: 1, data: vec![1.0] };
    let forward = Forward { logits: vec![1.0, -1.0], features: Some(features), conv2: None };
    let input = model.recipe.apply(&photo.rgb).unwrap();
    let (photo, model) = (Arc::clone(photo), Arc::clone(model));
    Arc::new(Explanation::new(photo, model, input, forward, Duration::ZERO, "test".to_owned()))
}

/// The jobs that a list of effects starts.
fn jobs(effects: &[Effect]) -> Vec<JobId> {
    let job = |effect: &Effect| match effect {
        Effect::Send(request) => Some(request.job()),
        _ => None,
    };
    effects.iter().filter_map(job).collect()
}

fn open(state: &mut AppState, name: &str) -> JobId {
    let folder = Folder { pictures: vec![name.into()], ..Folder::default() };
    jobs(&state.open_folder(folder))[0]
}

/// Opens a picture and answers for both models.
fn explained(state: &mut AppState, name: &str) -> (Arc<Photo>, Arc<ModelInfo>) {
    let (photo, model) = (photo(), model());
    let first = open(state, name);
    let second =
        jobs(&state.handle_event(Event::PhotoReady { job: first, photo: Arc::clone(&photo) }))[0];
    for job in [first, second] {
        state.handle_event(Event::Explained { job, explanation: explanation(&photo, &model) });
    }
    (photo, model)
}

#[test]
fn the_second_model_gets_the_decoded_picture() {
    let mut state = state();
    let job = open(&mut state, "a.png");
    assert!(state.photo.is_none() && state.is_busy());
    let effects = state.handle_event(Event::PhotoReady { job, photo: photo() });
    let [Effect::Send(Request::Explain { picture, model, .. })] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert!(matches!(picture, PictureSource::Photo(_)));
    assert_eq!(model.source, ModelSource::default_tree_model());
    assert!(state.photo.is_some() && state.explanation(Role::Classifier).is_none());
    assert_eq!(state.recent, [PathBuf::from("a.png")]);
}

#[test]
fn answers_to_a_superseded_job_are_ignored() {
    let mut state = state();
    let old = open(&mut state, "a.png");
    let new = open(&mut state, "b.png");
    assert!(state.handle_event(Event::PhotoReady { job: old, photo: photo() }).is_empty());
    assert!(state.photo.is_none(), "the older picture came too late");
    let (photo, model) = (photo(), model());
    let stale = explanation(&photo, &model);
    state.handle_event(Event::Explained { job: old, explanation: stale });
    state.handle_event(Event::Failed { job: old, error: "too late".to_owned() });
    assert!(
        state.role(Role::Classifier).explanation().is_none() && state.notices.shown().is_empty()
    );
    state.handle_event(Event::Progress { job: new, stage: Stage::Decoding });
    assert_eq!(state.role(Role::Classifier).job().unwrap().stage, Some(Stage::Decoding));
}

#[test]
fn a_picture_that_cannot_be_read_leaves_the_last_one() {
    let mut state = state();
    let (photo, _) = explained(&mut state, "a.png");
    let job = open(&mut state, "broken.png");
    state.handle_event(Event::Failed { job, error: "broken.png is damaged".to_owned() });
    assert!(Arc::ptr_eq(state.photo.as_ref().unwrap(), &photo));
    assert!(state.explanation(Role::Classifier).is_some(), "the last result is still there");
    assert_eq!(state.notices.shown()[0].text, "broken.png is damaged");
    assert!(!state.is_busy() && state.role(Role::Classifier).error().is_none());
    assert_eq!(state.path(), Some(std::path::Path::new("a.png")));
}

#[test]
fn a_model_that_cannot_be_loaded_leaves_the_last_one() {
    let mut state = state();
    explained(&mut state, "a.png");
    let before = state.role(Role::Classifier).request.clone();
    let bad = ModelRequest::from(ModelSource::File("bad.pth".into()));
    let job = jobs(&state.apply(Command::SetModel(Role::Classifier, bad)))[0];
    state.handle_event(Event::Failed { job, error: "bad.pth holds no network".to_owned() });
    assert_eq!(state.role(Role::Classifier).request, before);
    assert!(state.explanation(Role::Classifier).is_some());
    assert_eq!(state.notices.shown().len(), 1);
}

#[test]
fn selections_can_be_undone_and_survive_the_next_picture_of_the_folder() {
    let mut state = state();
    explained(&mut state, "a.png");
    assert_eq!(state.target(), Some((Role::Classifier, CamTarget::Class(0))), "the likeliest");
    state.apply(Command::SelectClass(1));
    state.apply(Command::SelectNode(Role::Tree, 3));
    assert_eq!(state.selected_node(Role::Tree), Some(3));
    assert_eq!(state.selected_node(Role::Classifier), None);
    state.apply(Command::Undo);
    assert_eq!(state.selected_class(), Some(1));
    state.apply(Command::Redo);
    assert_eq!(state.selection().target, Selected::Node(Role::Tree, 3));
    state.apply(Command::Undo);
    state.folder = vec!["a.png".into(), "b.png".into()];
    assert!(state.is_enabled(MenuCommand::Next) && !state.is_enabled(MenuCommand::Previous));
    assert_eq!(jobs(&state.apply(Command::GoTo(Turn::Next))).len(), 1);
    assert_eq!(state.selected_class(), Some(1));
    let job = open(&mut state, "elsewhere.png");
    assert_eq!(state.selected_class(), Some(1), "as long as the picture is the old one");
    state.handle_event(Event::PhotoReady { job, photo: photo() });
    assert_eq!(state.selection().target, Selected::Prediction);
}

#[test]
fn one_model_for_both_is_asked_once() {
    let mut state = state();
    state.apply(Command::ShareModel(true));
    let job = open(&mut state, "a.png");
    assert!(jobs(&state.handle_event(Event::PhotoReady { job, photo: photo() })).is_empty());
    assert_eq!(state.role(Role::Tree).request, state.role(Role::Classifier).request);
    let effects = state.apply(Command::ShareModel(false));
    assert_eq!(jobs(&effects).len(), 1, "now the tree model is wanted");
}

#[test]
fn a_dead_engine_is_told_and_asked_again_after_a_restart() {
    let mut state = state();
    explained(&mut state, "a.png");
    open(&mut state, "b.png");
    state.handle_event(Event::Stopped { reason: "The engine has ended".to_owned() });
    assert!(!state.is_busy() && state.is_enabled(MenuCommand::RestartEngine));
    assert!(matches!(state.notices.shown()[0].remedy, Some(Remedy::RestartEngine)));
    let effects = state.restarted();
    assert_eq!(jobs(&effects).len(), 1);
    assert!(state.notices.shown().is_empty() && state.stopped.is_none());
}

#[test]
fn cancelling_ends_all_jobs() {
    let mut state = state();
    let job = open(&mut state, "a.png");
    let effects = state.apply(Command::Cancel);
    assert!(matches!(effects[..], [Effect::CancelBefore(before)] if before > job));
    assert!(!state.is_busy());
}

#[test]
fn a_broken_picture_does_not_end_the_way_through_a_folder() {
    let mut state = state();
    let names = ["a.png", "broken.png", "c.png"];
    let pictures = names.map(Into::into).to_vec();
    let folder = Folder { pictures, ..Folder::default() };
    let job = jobs(&state.open_folder(folder))[0];
    state.handle_event(Event::PhotoReady { job, photo: photo() });
    let job = jobs(&state.apply(Command::GoTo(Turn::Next)))[0];
    state.handle_event(Event::Failed { job, error: "broken".to_owned() });
    assert_eq!(state.path(), Some(std::path::Path::new("a.png")));
    state.apply(Command::GoTo(Turn::Next));
    assert_eq!(state.wanted.unwrap().picture.path, Some("c.png".into()));
}

fn area() -> Arc<Area> {
    Arc::new(Area::Box(Rect::new(3.0, 4.0, 10.0, 12.0)))
}

#[test]
fn a_region_is_of_one_picture() {
    let mut state = state();
    let (photo, _) = explained(&mut state, "a.png");
    state.apply(Command::SelectClass(1));
    state.apply(Command::SetRegion(Some(area())));
    state.apply(Command::SetRegion(None));
    state.apply(Command::Undo);
    assert_eq!(state.selection().region, Some(area()));
    // The same file once more keeps it; a cut one of the same name does not.
    let again = |state: &mut AppState, photo: Arc<Photo>| {
        let job = jobs(&state.apply(Command::Reload))[0];
        state.handle_event(Event::PhotoReady { job, photo });
    };
    again(&mut state, Arc::new(Photo::clone(&photo)));
    assert_eq!(state.selection().region, Some(area()));
    let cut = Photo { name: photo.name.clone(), rgb: image::RgbImage::new(40, 29) };
    again(&mut state, Arc::new(cut));
    assert_eq!(state.selection().region, None);
    // Undo leads to what was selected, but to no region, and every step changes something.
    assert_eq!(state.selection().target, Selected::Prediction, "the class was of the last picture");
    for target in [Selected::Class(1), Selected::Prediction] {
        state.apply(Command::Undo);
        assert_eq!((state.selection().target, &state.selection().region), (target, &None));
    }
    assert!(!state.is_enabled(MenuCommand::Undo), "there are no empty steps");
}

#[test]
fn a_rerun_disturbs_no_role_and_no_role_disturbs_it() {
    let mut state = state();
    let (photo, model) = explained(&mut state, "a.png");
    let run = |state: &mut AppState, check, role| {
        let effects = state.apply(Command::RunWithout(check, role, area(), Removal::Blur));
        match effects.into_iter().next() {
            Some(Effect::Send(Request::Rerun { job, wanted, .. })) => (job, wanted),
            other => panic!("{other:?}"),
        }
    };
    let (job, wanted) = run(&mut state, Check::Region, Role::Classifier);
    let (flip, of_flip) = run(&mut state, Check::Flip, Role::Tree);
    let (later, of_later) = run(&mut state, Check::Region, Role::Classifier);
    assert!(wanted.upgrade().is_none(), "superseded");
    assert!(of_flip.upgrade().is_some() && of_later.upgrade().is_some(), "each kind by itself");
    let answer = explanation(&photo, &model);
    let before = Arc::clone(state.explanation(Role::Classifier).unwrap());
    state.handle_event(Event::Rerun { job, explanation: Arc::clone(&answer) });
    assert!(state.is_rerunning(), "that was the superseded one");
    state.handle_event(Event::Rerun { job: later, explanation: Arc::clone(&answer) });
    state.handle_event(Event::Failed { job: flip, error: "no luck".to_owned() });
    assert!(!state.is_busy() && state.notices.shown().is_empty());
    assert!(Arc::ptr_eq(state.explanation(Role::Classifier).unwrap(), &before));
    let found = state.rerun(Check::Region, Role::Classifier, &area()).unwrap();
    assert!(found.result().is_some_and(|result| Arc::ptr_eq(result, &answer)));
    let found = state.rerun(Check::Flip, Role::Tree, &area()).unwrap();
    assert!(matches!(&found.outcome, Outcome::Failed(error) if error == "no luck"));
    assert!(state.rerun(Check::Region, Role::Tree, &area()).is_none(), "never asked");

    // Another picture: the answer would be about the one before.
    let (job, wanted) = run(&mut state, Check::Region, Role::Tree);
    open(&mut state, "b.png");
    assert!(wanted.upgrade().is_none() && !state.is_rerunning());
    state.handle_event(Event::Rerun { job, explanation: answer });
    assert!(state.rerun(Check::Region, Role::Tree, &area()).is_none());
}
