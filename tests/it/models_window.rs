//! The window with the models: downloads from a server on this computer, files of other people's
//! networks, recipes, trees to train with.

use std::path::{Path, PathBuf};
use std::time::Duration;

use eframe::egui::{OutputCommand, Role as Kind};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use glasstree::assets::Dataset;
use glasstree::catalog::{self, CatalogEntry, ModelSource, Published, Weights};
use glasstree::command::{MenuCommand, Purpose};
use glasstree::explain::Hierarchy;
use glasstree::explanation::CamTarget;
use glasstree::fetch::Timeouts;
use glasstree::preprocess::{Filter, Recipe};
use glasstree::state::{DownloadState, Role};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use crate::checkpoint::build::{self, Object, Tensor};
use crate::networks::keys;
use crate::server::{Reply, Server};
use crate::synth;
use crate::ui::{Window, asset, drop_files, is_explained, menu, real_window, step_until};

const ID: &str = "net-of-the-test";

/// A small network for CIFAR10 that nobody has trained.
fn file() -> Vec<u8> {
    let path = "tests/golden/checkpoints/ckpt-CIFAR10-wrn16_1-nbdtstyle.zip.pth";
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// A model of the catalogue that is to be had from `server`.
fn entry(server: &Server, file: &[u8]) -> &'static CatalogEntry {
    let sum: String = Sha256::digest(file).iter().map(|byte| format!("{byte:02x}")).collect();
    Box::leak(Box::new(CatalogEntry {
        id: ID,
        title: "A network of the test",
        network: "WideResNet-16-1 (CIFAR)",
        dataset: Dataset::Cifar10,
        paper: "none",
        accuracy: None,
        licence: "none",
        file: "net.pth",
        weights: Weights::Published(Published {
            url: server.url.clone().leak(),
            size: Some(file.len() as u64),
            sha256: Some(sum.leak()),
        }),
        recipe: Recipe { filter: Filter::Bicubic, ..Recipe::cifar() },
        hierarchy: Some("wordnet"),
        supervised: false,
    }))
}

struct Shop {
    window: Window,
    entry: &'static CatalogEntry,
    folder: TempDir,
}

impl Shop {
    /// A window on the page with the catalogue, and a server with these answers.
    fn open(script: Vec<Reply>) -> Self {
        let folder = TempDir::new().unwrap();
        let entry = entry(&Server::start(script), &file());
        let models = folder.path().join("models");
        let mut window = real_window([1280.0, 800.0], |options| {
            let bundled = catalog::all().filter(|entry| entry.published().is_none());
            options.catalog = bundled.chain([entry]).collect();
            options.models = Some(models);
            let (connect, silence) = (Duration::from_secs(5), Duration::from_secs(20));
            options.timeouts = Timeouts { connect, silence };
            options.paths = vec![asset("chelsea.png")];
        });
        menu(&mut window, MenuCommand::Models);
        window.run_steps(3);
        window.get_by_label("Catalogue").click();
        window.run_steps(3);
        Self { window, entry, folder }
    }

    fn click(&mut self, what: &str) {
        self.window.get_by_label(&format!("{what} {ID}")).click();
        self.window.run_steps(2);
    }

    fn until(&mut self, what: &str, is_so: impl Fn(&DownloadState) -> bool) {
        let entry = self.entry;
        step_until(&mut self.window, what, |app| is_so(&app.state.library.download_state(entry)));
    }
}

/// How many lines of text like this are to be seen.
fn lines(window: &Window, is_it: impl Fn(&str) -> bool) -> usize {
    let lines = window.query_all_by(|node| {
        node.role() == Kind::Label && node.value().is_some_and(|line| is_it(&line))
    });
    lines.count()
}

#[test]
fn a_model_is_fetched_and_used() {
    let file = file();
    let slow = Reply::file(&file).slowly(file.len() / 8, Duration::from_millis(150));
    let mut shop = Shop::open(vec![slow]);
    shop.click("Download");
    shop.until(
        "a piece has arrived",
        |download| matches!(download, DownloadState::Coming(Some(progress)) if progress.done > 0),
    );
    let bar = shop.window.get_by(|node| {
        node.role() == Kind::ProgressIndicator
            && node.label().is_some_and(|label| label.starts_with(&format!("Downloading {ID}: ")))
    });
    assert!(bar.accesskit_node().label().unwrap().ends_with("0.7 MB"));
    let status = format!("Downloading {ID} ");
    assert_eq!(lines(&shop.window, |line| line.starts_with(&status) && line.ends_with('%')), 1);
    shop.until("it is here", |download| *download == DownloadState::Here);
    assert_eq!(std::fs::read(shop.folder.path().join("models/net.pth")).unwrap(), file);

    // It has another recipe and another tree than a file of unknown origin would get.
    step_until(&mut shop.window, "the bundled models are at rest", is_explained);
    shop.window.get_by_label(&format!("Use {ID} as tree model")).click();
    shop.window.run_steps(2);
    step_until(&mut shop.window, "it has explained the picture", |app| {
        let model = app.state.role(Role::Tree).model.clone();
        is_explained(app) && model.is_some_and(|model| model.source.name() == ID)
    });
    let model = shop.window.state().state.role(Role::Tree).model.clone().unwrap();
    assert_eq!(model.recipe.filter, Filter::Bicubic);
    assert_eq!(model.tree().unwrap().name, "wordnet");
    assert_eq!(model.architecture, shop.entry.network);
}

#[test]
fn a_model_whose_file_is_gone_can_be_fetched_from_the_notice() {
    let file = file();
    let mut shop = Shop::open(vec![Reply::file(&file), Reply::file(&file)]);
    shop.click("Download");
    shop.until("it is here", |download| *download == DownloadState::Here);
    step_until(&mut shop.window, "the bundled models are at rest", is_explained);
    std::fs::remove_file(shop.folder.path().join("models/net.pth")).unwrap();
    shop.window.get_by_label(&format!("Use {ID} as tree model")).click();
    shop.window.run_steps(2);
    let missing = format!("{ID} is not on this computer yet");
    step_until(&mut shop.window, "it is missed", |app| {
        app.state.notices.shown().iter().any(|notice| notice.text.starts_with(&missing))
    });
    let notices = shop.window.state().state.notices.shown();
    assert!(notices.iter().all(|notice| !notice.text.contains('`')), "no command line here");
    shop.window.get_by_label(&format!("Fetch {ID}")).click();
    shop.window.run_steps(2);
    shop.until("it is here again", |download| *download == DownloadState::Here);
    assert!(shop.folder.path().join("models/net.pth").is_file());
    assert!(shop.window.query_by_label(&format!("Fetch {ID}")).is_none());
}

#[test]
fn a_download_that_fails_says_why_and_can_be_tried_again() {
    let file = file();
    let mut shop = Shop::open(vec![Reply::new("404 Not Found", b""), Reply::file(&file)]);
    shop.click("Download");
    shop.until("it has failed", |download| matches!(download, DownloadState::Failed(_)));
    let count = lines(&shop.window, |line| line.contains("no longer exists (404)"));
    assert_eq!(count, 2, "beside the model, and among the notices");
    shop.click("Retry");
    shop.until("it is here", |download| *download == DownloadState::Here);
}

#[test]
fn a_download_can_be_cancelled_and_goes_on_later() {
    let file = file();
    let half = file.len() / 2;
    let mut shop = Shop::open(vec![Reply::file(&file).stall(half), Reply::rest(&file, half)]);
    shop.click("Download");
    let part = shop.folder.path().join("models/net.pth.part");
    let arrived = || std::fs::metadata(&part).map_or(0, |part| part.len());
    step_until(&mut shop.window, "half of it is here", |_| arrived() == half as u64);
    shop.click("Cancel");
    shop.until("it is given up", |download| *download == DownloadState::Absent);
    assert_eq!(arrived(), half as u64);
    shop.click("Download");
    shop.until("it is here", |download| *download == DownloadState::Here);
    let notices = shop.window.state().state.notices.shown();
    assert!(notices.iter().all(|notice| notice.text.contains("was downloaded")), "{notices:?}");
}

/// A fine-tuned ResNet-18 as other people have it, in one of the forms of `torch.save`.
fn fine_tune(folder: &Path, classes: usize, save: fn(&Object) -> Vec<u8>) -> PathBuf {
    let tensors = keys::of("resnet18", classes).into_iter().map(|(name, shape)| {
        let sides: Vec<i64> = shape.iter().map(|side| *side as i64).collect();
        let tensor = Tensor::f32(&sides, &synth::tensor(&name, &shape, 1));
        (format!("module.{name}"), tensor.into())
    });
    let state_dict = Object::Dict(tensors.collect());
    let whole = Object::Dict(vec![
        ("epoch".to_owned(), Object::Int(7)),
        ("state_dict".to_owned(), state_dict),
    ]);
    let path = folder.join(format!("flowers{classes}.pth"));
    std::fs::write(&path, save(&whole)).unwrap();
    path
}

fn list(folder: &Path, name: &str, line: impl Fn(usize) -> String, count: usize) -> PathBuf {
    let lines: String = (0..count).map(|class| line(class) + "\n").collect();
    let path = folder.join(name);
    std::fs::write(&path, lines).unwrap();
    path
}

/// Types a path into the line that asks for it.
fn answer(window: &mut Window, purpose: Purpose, path: &Path) {
    let prompt = window.state_mut().panels.prompt.as_mut().unwrap();
    assert_eq!(prompt.purpose, purpose);
    prompt.text = path.display().to_string();
    window.run_steps(2);
    window.get_by_role_and_label(Kind::Button, "Open").click();
    window.run_steps(2);
}

/// Files of today and of the years before PyTorch 1.6 and 0.1.10, with names of their own classes.
#[test]
fn fine_tunes_open_with_their_own_labels() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let mut window = real_window([1280.0, 800.0], |options| {
        options.paths = vec![asset("chelsea.png")];
    });
    step_until(&mut window, "the bundled models have explained the cat", is_explained);
    menu(&mut window, MenuCommand::Models);
    type Save = fn(&Object) -> Vec<u8>;
    let saves: [(usize, Save, &str); 3] = [
        (37, build::torch_zip, "PyTorch zip"),
        (6, build::torch_legacy, "PyTorch legacy"),
        (5, build::torch_tar, "PyTorch tar"),
    ];
    for (classes, save, format) in saves {
        let path = fine_tune(folder, classes, save);
        drop_files(&mut window, std::slice::from_ref(&path));
        let source = ModelSource::File(path);
        step_until(&mut window, format, |app| {
            let model = app.state.role(Role::Classifier).model.clone();
            is_explained(app) && model.is_some_and(|model| model.source == source)
        });
        let labels = list(folder, "labels.txt", |class| format!("flower {class}"), classes);
        window.get_by_label("Open class names of the classifier").click();
        window.run_steps(2);
        answer(&mut window, Purpose::Labels(Role::Classifier), &labels);
        let wnids =
            list(folder, "wnids.txt", |class| format!("n{:08}", 11_000_000 + class), classes);
        window.get_by_label("Open wordnet ids of the classifier").click();
        window.run_steps(2);
        answer(&mut window, Purpose::Wnids(Role::Classifier), &wnids);
        step_until(&mut window, "the flowers have names", |app| {
            let model = app.state.role(Role::Classifier).model.clone();
            is_explained(app) && model.is_some_and(|model| model.wnid(2) == Some("n11000002"))
        });
        let state = &window.state().state;
        let explanation = state.explanation(Role::Classifier).unwrap();
        let model = &explanation.model;
        assert_eq!((model.format.as_str(), model.class_count()), (format, classes));
        assert_eq!(model.label(4), "flower 4");
        assert!(explanation.check(CamTarget::Class(explanation.prediction())).unwrap().holds());
        assert_eq!(model.tree().unwrap().hierarchy.classes(), classes);
        window.get_by(|node| {
            node.role() == Kind::ListBoxOption
                && node.label().is_some_and(|label| label.starts_with("flower"))
                && node.label().is_some_and(|label| label.ends_with("rank 1"))
        });
        // Without the lists, the classes have numbers again.
        window.get_by_label("Remove class names").click();
        step_until(&mut window, "the names are gone", |app| {
            let model = app.state.role(Role::Classifier).model.clone();
            is_explained(app) && model.is_some_and(|model| model.label(4) != "flower 4")
        });
    }
}

fn set_number(window: &mut Window, name: &str, value: f64) {
    window.get_by_role_and_label(Kind::SpinButton, name).set_value_accesskit(value);
    window.run_steps(3);
}

#[test]
fn a_recipe_is_changed_checked_and_reset() {
    let mut window = real_window([1280.0, 800.0], |options| {
        options.paths = vec![asset("chelsea.png")];
    });
    step_until(&mut window, "the cat is explained", is_explained);
    menu(&mut window, MenuCommand::Models);
    window.run_steps(3);
    window.get_all_by_label("Preprocessing").next().unwrap().click();
    window.run_steps(20);
    let before = window.state().state.role(Role::Classifier).model.clone().unwrap();
    let apply = |window: &Window| {
        let button = window.get_by_role_and_label(Kind::Button, "Apply");
        let can = !button.accesskit_node().is_disabled();
        if can {
            button.click();
        }
        can
    };
    assert!(!apply(&window), "nothing has been changed");

    // A deviation of nothing cannot be divided by.
    set_number(&mut window, "Deviation of green", 0.0);
    assert!(!apply(&window));
    assert_eq!(lines(&window, |line| line.contains("std must be above 0")), 1);
    set_number(&mut window, "Deviation of green", 0.25);
    set_number(&mut window, "Side of the centre crop in pixels", 192.0);
    assert!(apply(&window));
    step_until(&mut window, "the recipe is another one", |app| {
        let model = app.state.role(Role::Classifier).model.clone();
        is_explained(app) && model.is_some_and(|model| model.recipe.crop == 192)
    });
    let state = &window.state().state;
    let model = &state.explanation(Role::Classifier).unwrap().model;
    assert_eq!(model.recipe.std, [before.recipe.std[0], 0.25, before.recipe.std[2]]);
    assert_eq!(state.explanation(Role::Classifier).unwrap().input.crop.width(), 192);

    window.get_by_role_and_label(Kind::Button, "Reset").click();
    step_until(&mut window, "the recipe is the old one", |app| {
        let model = app.state.role(Role::Classifier).model.clone();
        is_explained(app) && model.is_some_and(|model| model.recipe == before.recipe)
    });
}

#[test]
fn the_tree_of_a_model_is_saved_for_training() {
    let folder = TempDir::new().unwrap();
    let mut window = real_window([1280.0, 800.0], |_| {});
    step_until(&mut window, "the models are loaded", |app| !app.state.is_busy());
    menu(&mut window, MenuCommand::Models);
    window.run_steps(3);
    window.get_all_by_label("Train it with a tree").next().unwrap().click();
    window.run_steps(20);
    window.get_by_label("Copy the training command").click();
    window.step();
    let commands = &window.output().platform_output.commands;
    let copied = commands.iter().find_map(|command| match command {
        OutputCommand::CopyText(text) => Some(text.clone()),
        _ => None,
    });
    let copied = copied.unwrap();
    assert!(copied.starts_with("python training/resnet18_tinyimagenet.py "), "{copied}");

    window.get_by_label("Save the tree in its weights…").click();
    window.run_steps(2);
    let name = window.state().panels.prompt.as_ref().unwrap().text.clone();
    assert!(copied.contains(&format!("--hierarchy {name}")), "{name}: {copied}");
    let path = folder.path().join(name);
    window.state_mut().panels.prompt.as_mut().unwrap().text = path.display().to_string();
    window.run_steps(2);
    window.get_by_role_and_label(Kind::Button, "Save").click();
    step_until(&mut window, "the tree is saved", |_| path.exists());
    let wnids = Dataset::Imagenet1000.wnids();
    let json = std::fs::read_to_string(&path).unwrap();
    let tree = Hierarchy::from_json(&json, wnids, &|_| None).unwrap();
    assert_eq!(tree.classes(), 1000);
}
