//! The whole window, without a screen: with an engine that answers when it is told to, and with
//! the real one on the CPU. Everything is found by its accessible name.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use eframe::egui::{self, DroppedFile, Key, Modifiers, Role as Kind};
use egui_kittest::kittest::Queryable as _;
use egui_kittest::{Harness, HarnessBuilder};
use glasstree::app::port::{EnginePort, StartEngine, real_engine};
use glasstree::app::{App, AppOptions};
use glasstree::catalog::ModelSource;
use glasstree::command::MenuCommand;
use glasstree::explain::{Answers, ProbeAnswer};
use glasstree::explanation::{CamTarget, Explanation};
use glasstree::model::DeviceChoice;
use glasstree::photo::Photo;
use glasstree::protocol::{Event, JobId, PictureSource, Request};
use glasstree::state::Role;

pub type Window = Harness<'static, App>;

/// Longer than the slowest machine needs to load and run both models.
const PATIENCE: Duration = Duration::from_secs(120);

pub fn window(start: StartEngine, size: [f32; 2], change: impl FnOnce(&mut AppOptions)) -> Window {
    let mut options = AppOptions::new(start);
    change(&mut options);
    builder(size).build_eframe(move |cc| App::new(&cc.egui_ctx, options))
}

pub fn builder(size: [f32; 2]) -> HarnessBuilder<App> {
    Harness::builder().with_size(size).wgpu()
}

pub fn real_window(size: [f32; 2], change: impl FnOnce(&mut AppOptions)) -> Window {
    window(real_engine(DeviceChoice::Cpu), size, change)
}

/// Draws frames until something is the case.
pub fn step_until(window: &mut Window, what: &str, is_so: impl Fn(&mut App) -> bool) {
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        window.step();
        if is_so(window.state_mut()) {
            window.run_steps(2);
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let notices = window.state().state.notices.shown();
    panic!("never happened: {what}; notices: {notices:?}");
}

pub fn is_explained(app: &mut App) -> bool {
    Role::ALL.iter().all(|&role| app.state.explanation(role).is_some())
        && app.panels.tree.decisions(&app.state, app.state.selection().tree).is_some()
        && !app.state.is_busy()
}

pub fn target(window: &Window) -> Option<(Role, CamTarget)> {
    window.state().state.target()
}

/// What is to be seen of the picture and the map on it.
fn pixels(window: &mut Window) -> Vec<u8> {
    window.run_steps(3);
    window.render().unwrap().into_raw()
}

pub fn menu(window: &mut Window, command: MenuCommand) {
    let ctx = window.ctx.clone();
    window.state_mut().dispatch(&ctx, command);
    window.run_steps(2);
}

#[test]
fn a_sample_is_explained_and_explored() {
    let mut window = real_window([1280.0, 800.0], |_| {});
    window.run_steps(2);
    window.get_by_label("Sample chelsea").click();
    step_until(&mut window, "the sample is explained", is_explained);

    // The list is filled, the likeliest class first.
    let prediction =
        window.state().state.role(Role::Classifier).explanation().unwrap().prediction();
    assert_eq!(target(&window), Some((Role::Classifier, CamTarget::Class(prediction))));
    let before = pixels(&mut window);

    // Another class: another map.
    let second = window.state().state.role(Role::Classifier).explanation().unwrap().top(2)[1];
    window
        .get_by(|node| {
            node.role() == Kind::ListBoxOption
                && node.label().is_some_and(|label| label.ends_with("rank 2"))
        })
        .click();
    window.run_steps(3);
    assert_eq!(target(&window), Some((Role::Classifier, CamTarget::Class(second))));
    let of_class = pixels(&mut window);
    assert_ne!(before, of_class);

    // A node of the tree: its map.
    let node = window.get_by(|node| {
        node.role() == Kind::TreeItem
            && node.label().is_some_and(|label| label.starts_with("animal"))
    });
    node.click();
    window.run_steps(3);
    let Some((Role::Tree, CamTarget::Decision(..))) = target(&window) else {
        panic!("no node is selected: {:?}", target(&window))
    };
    let of_node = pixels(&mut window);
    assert_ne!(of_class, of_node);

    // Fewer nodes after collapsing.
    let items = |window: &Window| window.query_all_by_role(Kind::TreeItem).count();
    let many = items(&window);
    menu(&mut window, MenuCommand::CollapseAll);
    window.run_steps(30);
    assert!(items(&window) < many, "{} nodes of {many} are left", items(&window));

    // The slider changes the picture; undo brings it back, and then the class.
    let slider = window.get_by_role_and_label(Kind::Slider, "Opacity");
    slider.set_value_accesskit(0.0);
    window.run_steps(3);
    assert_eq!(window.state().settings.overlay.opacity, 0.0);
    assert_ne!(of_node, pixels(&mut window));
    window.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    window.run_steps(2);
    assert!(window.state().settings.overlay.opacity > 0.0);
    assert!(matches!(target(&window), Some((Role::Tree, _))));
    window.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    window.run_steps(2);
    assert_eq!(target(&window), Some((Role::Classifier, CamTarget::Class(second))));
    exports(&mut window);
}

/// Saves all four files through the path line.
fn exports(window: &mut Window) {
    let folder = tempfile::tempdir().unwrap();
    for (command, name) in [
        (MenuCommand::ExportOverlay, "overlay.png"),
        (MenuCommand::ExportFigure, "figure.svg"),
        (MenuCommand::ExportMap, "map.npy"),
        (MenuCommand::ExportJson, "explanation.json"),
        (MenuCommand::ExportTree, "tree.svg"),
    ] {
        menu(window, command);
        let path = folder.path().join(name);
        window.state_mut().panels.prompt.as_mut().unwrap().text = path.display().to_string();
        window.run_steps(2);
        window.get_by_role_and_label(Kind::Button, "Save").click();
        step_until(window, name, |_| path.exists());
    }
    let photo = window.state().state.photo.clone().unwrap();
    let overlay = image::open(folder.path().join("overlay.png")).unwrap();
    assert_eq!([overlay.width(), overlay.height()], [photo.rgb.width(), photo.rgb.height()]);
    let json = std::fs::read_to_string(folder.path().join("explanation.json")).unwrap();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["classifier"]["classes"].as_array().unwrap().len(), 1000);
    assert!(json["tree_model"]["decisions"].is_array());
    assert!(std::fs::read(folder.path().join("map.npy")).unwrap().starts_with(b"\x93NUMPY"));
    let svg = std::fs::read_to_string(folder.path().join("tree.svg")).unwrap();
    assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
}

/// Answers with results that were made before, when it is told to.
#[derive(Clone, Default)]
pub struct FakeEngine(pub Rc<RefCell<Fake>>);

#[derive(Default)]
pub struct Fake {
    pub requests: Vec<Request>,
    pub events: Vec<Event>,
    pub cancelled: JobId,
    starts: usize,
    pub is_dead: bool,
}

impl EnginePort for FakeEngine {
    fn send(&self, request: Request) {
        self.0.borrow_mut().requests.push(request);
    }

    fn drain(&self) -> Vec<Event> {
        std::mem::take(&mut self.0.borrow_mut().events)
    }

    fn cancel_before(&self, job: JobId) {
        self.0.borrow_mut().cancelled = job;
    }

    fn is_alive(&self) -> bool {
        !self.0.borrow().is_dead
    }
}

impl FakeEngine {
    pub fn window(&self) -> Window {
        window(self.start(), [1100.0, 700.0], |_| {})
    }

    pub fn start(&self) -> StartEngine {
        let engine = self.clone();
        Box::new(move |_| {
            engine.0.borrow_mut().starts += 1;
            Ok(Box::new(engine.clone()))
        })
    }

    pub fn say(&self, event: Event) {
        self.0.borrow_mut().events.push(event);
    }

    /// The last request, and a result for it.
    fn last(&self) -> (Request, Arc<Explanation>) {
        // Small pictures are asked about whenever they are ready.
        let is_glance = |request: &&Request| matches!(request, Request::Probe { .. });
        let requests = &self.0.borrow().requests;
        let request = requests.iter().rev().find(|it| !is_glance(it)).cloned().unwrap();
        let Request::Explain { model, picture, .. } = &request else { panic!("{request:?}") };
        let known = if model.source == ModelSource::default_classifier() {
            &RESULTS[0]
        } else {
            &RESULTS[1]
        };
        let photo = match picture {
            PictureSource::Photo(photo) => Arc::clone(photo),
            _ => Arc::clone(&known.photo),
        };
        let explanation = Explanation::new(
            photo,
            Arc::clone(&known.model),
            known.input.clone(),
            known.forward.clone(),
            Duration::from_millis(1),
            "fake".to_owned(),
        );
        (request, Arc::new(explanation))
    }

    /// The answer where there is one model.
    pub fn explain_first(&self, window: &mut Window) {
        let (request, result) = self.last();
        self.say(Event::PhotoReady { job: request.job(), photo: Arc::clone(&result.photo) });
        self.say(Event::Explained { job: request.job(), explanation: result });
        step_until(window, "the fake result is shown", |app| {
            app.state.explanation(Role::Classifier).is_some() && !app.state.is_busy()
        });
    }

    /// What the classifier might say of a changed photo: its logits in reverse.
    pub fn other_answer(&self) -> Arc<Explanation> {
        let known = &RESULTS[0];
        let mut forward = (*known.forward).clone();
        forward.logits.reverse();
        let photo = Arc::new((*known.photo).clone());
        let (model, input) = (Arc::clone(&known.model), known.input.clone());
        let took = Duration::from_millis(1);
        Arc::new(Explanation::new(photo, model, input, forward, took, "fake".to_owned()))
    }

    /// What the classifier might say of another photo, of four megabytes, for each number another.
    pub fn large_answer(&self, number: u8) -> Arc<Explanation> {
        let known = &RESULTS[0];
        let rgb = image::RgbImage::from_pixel(1200, 1200, image::Rgb([number; 3]));
        let photo = Arc::new(Photo { name: format!("{number}.png").into(), rgb });
        let mut input = (*known.input).clone();
        input.chw.fill(f32::from(number));
        let (model, forward) = (Arc::clone(&known.model), (*known.forward).clone());
        let took = Duration::from_millis(1);
        Arc::new(Explanation::new(photo, model, input, forward, took, "fake".to_owned()))
    }

    /// Gives this answer to the last request, where there is one model.
    pub fn answer(&self, window: &mut Window, answer: Arc<Explanation>) {
        let job = self.last().0.job();
        self.say(Event::PhotoReady { job, photo: Arc::clone(&answer.photo) });
        self.say(Event::Explained { job, explanation: Arc::clone(&answer) });
        step_until(window, "the answer is shown", |app| {
            app.state.explanation(Role::Classifier).is_some_and(|it| it.is_same_run(&answer))
        });
    }

    /// Answers to all inputs of the last probe that is still wanted.
    pub fn answer_probe(&self, window: &mut Window) {
        let wanted = self.0.borrow().requests.iter().rev().find_map(|request| match request {
            Request::Probe { job, probe, wanted, .. } if wanted.strong_count() > 0 => {
                Some((*job, probe.count()))
            }
            _ => None,
        });
        let Some((job, total)) = wanted else { return };
        let answer = Arc::new(ProbeAnswer { logits: vec![0.0; 1000], features: None });
        let answers = Answers(vec![answer; total]);
        self.say(Event::Probed { job, answers, total, left: Duration::ZERO });
        window.run_steps(3);
    }

    /// What the classifier says, if it takes so long for a picture.
    pub fn slow_answer(&self, took: Duration) -> Arc<Explanation> {
        let known = &RESULTS[0];
        let (photo, model) = (Arc::clone(&known.photo), Arc::clone(&known.model));
        let (input, forward) = (known.input.clone(), known.forward.clone());
        Arc::new(Explanation::new(photo, model, input, forward, took, "fake".to_owned()))
    }

    /// Answers for both models.
    pub fn explain(&self, window: &mut Window) {
        let (first, result) = self.last();
        self.say(Event::PhotoReady { job: first.job(), photo: Arc::clone(&result.photo) });
        window.run_steps(2);
        let (second, other) = self.last();
        self.say(Event::Explained { job: first.job(), explanation: result });
        self.say(Event::Explained { job: second.job(), explanation: other });
        step_until(window, "the fake result is shown", is_explained);
    }
}

/// What the two bundled models say about the cat.
pub static RESULTS: LazyLock<[Arc<Explanation>; 2]> = LazyLock::new(|| {
    let engine = glasstree::engine::Engine::spawn(DeviceChoice::Cpu, Arc::new(|| {})).unwrap();
    [ModelSource::default_classifier(), ModelSource::default_tree_model()].map(|source| {
        let picture = PictureSource::File(asset("chelsea.png"), Default::default());
        engine.explain(picture, &source.into(), &mut |_| {}).unwrap()
    })
});

pub fn asset(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/photos").join(name)
}

pub fn drop_files(window: &mut Window, paths: &[PathBuf]) {
    #[derive(Debug)]
    struct Dropped(PathBuf);
    impl DroppedFile for Dropped {
        fn path(&self) -> &Path {
            &self.0
        }
        fn bytes(&self) -> Result<Vec<u8>, String> {
            Err("not asked for".to_owned())
        }
    }
    for path in paths {
        window.input_mut().dropped_files.push(Arc::new(Dropped(path.clone())));
    }
    window.step();
}

#[test]
fn the_picture_is_there_before_the_network_has_run() {
    let engine = FakeEngine::default();
    let mut window = engine.window();
    drop_files(&mut window, &[asset("chelsea.png")]);
    step_until(&mut window, "the picture is asked for", |app| app.state.wanted.is_some());
    let (request, result) = engine.last();
    engine.say(Event::PhotoReady { job: request.job(), photo: Arc::clone(&result.photo) });
    window.run_steps(3);
    assert!(window.state().state.photo.is_some());
    assert!(window.query_all_by_role(Kind::ListBoxOption).next().is_none(), "no class yet");
    window.get_by_label("Cancel");
    engine.explain_second_half(&mut window, request.job(), result);
    assert!(window.query_all_by_role(Kind::ListBoxOption).next().is_some());
}

impl FakeEngine {
    fn explain_second_half(&self, window: &mut Window, first: JobId, result: Arc<Explanation>) {
        let (second, other) = self.last();
        self.say(Event::Explained { job: first, explanation: result });
        self.say(Event::Explained { job: second.job(), explanation: other });
        step_until(window, "the fake result is shown", is_explained);
    }
}

#[test]
fn errors_are_told_and_the_last_picture_stays() {
    let engine = FakeEngine::default();
    let mut window = engine.window();
    drop_files(&mut window, &[asset("chelsea.png")]);
    step_until(&mut window, "the picture is asked for", |app| app.state.wanted.is_some());
    engine.explain(&mut window);

    drop_files(&mut window, &[asset("gone.png")]);
    step_until(&mut window, "the other is asked for", |app| app.state.wanted.is_some());
    let (request, _) = engine.last();
    engine.say(Event::Failed { job: request.job(), error: "gone.png is not there".to_owned() });
    window.run_steps(3);
    window.get_by_label("gone.png is not there");
    assert!(is_explained(window.state_mut()), "the last result is still there");
    window.get_by_label("Dismiss notice").click();
    window.run_steps(2);
    assert!(window.query_by_label("gone.png is not there").is_none());

    // The engine dies and is started again.
    engine.say(Event::Stopped { reason: "The engine has ended".to_owned() });
    window.run_steps(3);
    window.get_by_label("Restart engine").click();
    window.run_steps(3);
    assert_eq!(engine.0.borrow().starts, 2);
    engine.explain(&mut window);
    assert!(window.state().state.notices.shown().is_empty());
}

#[test]
fn fifty_pictures_are_a_folder_and_weights_are_a_model() {
    let folder = tempfile::tempdir().unwrap();
    let pictures: Vec<PathBuf> = (0..50).map(|i| folder.path().join(format!("{i}.png"))).collect();
    for path in &pictures {
        std::fs::write(path, "no picture").unwrap();
    }
    let engine = FakeEngine::default();
    let mut window = engine.window();
    drop_files(&mut window, &pictures);
    step_until(&mut window, "the first is asked for", |app| app.state.wanted.is_some());
    engine.explain(&mut window);
    assert_eq!(window.state().state.folder.len(), 50);
    window.key_press(Key::ArrowRight);
    window.run_steps(2);
    let (request, _) = engine.last();
    assert_eq!(engine.0.borrow().cancelled, request.job(), "earlier jobs are given up");
    let Request::Explain { picture: PictureSource::File(path, _), .. } = request else { panic!() };
    assert_eq!(path, pictures[1]);

    let weights = folder.path().join("net.pth");
    std::fs::write(&weights, "no weights").unwrap();
    drop_files(&mut window, std::slice::from_ref(&weights));
    step_until(&mut window, "the weights are asked for", |app| {
        app.state.role(Role::Classifier).request.source == ModelSource::File(weights.clone())
    });
    let note = folder.path().join("empty");
    std::fs::create_dir(&note).unwrap();
    drop_files(&mut window, &[note]);
    step_until(&mut window, "the empty folder is named", |app| {
        app.state.notices.shown().iter().any(|notice| notice.text.contains("no pictures"))
    });
}

#[test]
fn a_list_that_is_dropped_names_the_classes() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("mine.txt");
    let names: String = (0..1000).map(|class| format!("thing {class}\n")).collect();
    std::fs::write(&list, names).unwrap();
    let mut window = real_window([900.0, 600.0], |options| {
        options.paths = vec![asset("chelsea.png")];
    });
    step_until(&mut window, "the cat is explained", is_explained);
    drop_files(&mut window, std::slice::from_ref(&list));
    let is_named = |app: &mut App| {
        let explanation = app.state.explanation(Role::Classifier);
        explanation.is_some_and(|it| it.model.label(it.prediction()).starts_with("thing "))
    };
    step_until(&mut window, "the classes have other names", is_named);

    // With weights, the names are theirs.
    let golden = "tests/golden/checkpoints/ckpt-CIFAR10-wrn16_1-nbdtstyle.zip.pth";
    let weights = Path::new(env!("CARGO_MANIFEST_DIR")).join(golden);
    let ten: String = (0..10).map(|class| format!("kind {class}\n")).collect();
    std::fs::write(&list, ten).unwrap();
    drop_files(&mut window, &[weights, list]);
    step_until(&mut window, "another network has its names", |app| {
        let explanation = app.state.explanation(Role::Classifier);
        explanation.is_some_and(|it| it.model.label(it.prediction()).starts_with("kind "))
    });
}

#[test]
fn text_and_broken_files_are_told_by_the_real_engine() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("text.txt");
    std::fs::write(&text, "hello").unwrap();
    let weights = folder.path().join("net.safetensors");
    std::fs::write(&weights, "hello").unwrap();
    let mut window = real_window([900.0, 600.0], |_| {});
    for (path, word) in [(text, "text.txt"), (weights, "net.safetensors")] {
        drop_files(&mut window, &[path]);
        step_until(&mut window, word, |app| {
            app.state.notices.shown().iter().any(|notice| notice.text.contains(word))
                && !app.state.is_busy()
        });
    }
    let state = &window.state().state;
    assert_eq!(state.role(Role::Classifier).request.source, ModelSource::default_classifier());
}

#[test]
fn the_palette_finds_a_command() {
    let mut window = FakeEngine::default().window();
    window.run_steps(2);
    window.key_press_modifiers(Modifiers::COMMAND, Key::K);
    window.run_steps(2);
    window.get_by_label("Command").type_text("dark th");
    window.run_steps(2);
    window.key_press(Key::Enter);
    window.run_steps(3);
    assert_eq!(window.ctx.theme(), egui::Theme::Dark);
    assert!(!window.state().panels.palette.open);
    window.key_press(Key::Questionmark);
    window.run_steps(3);
    window.get_by_label("All commands");
    window.get_by_label("Undo");
}

#[test]
fn a_path_can_be_typed_or_pasted() {
    let engine = FakeEngine::default();
    let mut window = engine.window();
    window.run_steps(2);
    // Without a dialog of the system there is a line to type in.
    window.get_by_label("Open picture…").click();
    window.run_steps(2);
    window.get_by_role_and_label(Kind::TextInput, "Open a picture, folder or weights file");
    window.key_press(Key::Escape);
    window.run_steps(2);
    assert!(window.state().panels.prompt.is_none());
    let path = asset("coffee.jpg").display().to_string();
    window.event(egui::Event::Paste(format!("\"{path}\"\n")));
    step_until(&mut window, "the pasted path is opened", |app| app.state.wanted.is_some());
    let size = [4, 3];
    let image = egui::ColorImage::filled(size, egui::Color32::RED);
    window.event(egui::Event::PasteImage(Arc::new(image)));
    window.run_steps(2);
    let photo = window.state().state.photo.clone().unwrap();
    assert_eq!((photo.rgb.dimensions(), photo.rgb.get_pixel(0, 0).0), ((4, 3), [255, 0, 0]));
}

/// Prints the time for a frame: panels laid out and painted, not yet on a screen.
#[test]
#[ignore = "measures"]
fn times_of_frames() {
    let path = asset("coffee.jpg");
    let mut window = real_window([1440.0, 900.0], |options| options.paths = vec![path]);
    step_until(&mut window, "the picture is explained", is_explained);
    let time = |window: &mut Window, what: &str| {
        window.run_steps(30);
        let started = Instant::now();
        window.run_steps(50);
        eprintln!("{what}: {:.2} ms for a frame", started.elapsed().as_secs_f64() * 1e3 / 50.0);
    };
    time(&mut window, "picture, list and small tree");
    menu(&mut window, MenuCommand::SwitchTree);
    step_until(&mut window, "the tree of 1000 classes is there", is_explained);
    menu(&mut window, MenuCommand::ExpandAll);
    time(&mut window, "picture, list and 1999 nodes");
    menu(&mut window, MenuCommand::ResetTree);
    time(&mut window, "picture, list and 1999 nodes, all in view");
}

#[test]
fn without_a_display_one_line_names_the_way_out() {
    let program = || {
        let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_glasstree"));
        for name in ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"] {
            program.env_remove(name);
        }
        program
    };
    if cfg!(all(unix, not(target_os = "macos"))) {
        let output = program().output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), text.lines().count()), (Some(1), 1), "{text}");
        assert!(text.contains("glasstree explain"), "{text}");
    }
    let output = program().arg("no-such-command").output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), text.lines().count()), (Some(1), 1), "{text}");
    assert!(text.contains("no-such-command"), "{text}");
}
