//! Explanations for the tests of the window's panels: a hand-made one whose numbers can be checked
//! in one's head, and real ones.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use eframe::egui::{Event, Modifiers, MouseWheelSource, MouseWheelUnit, TouchPhase, Vec2};
use glasstree::catalog::ModelSource;
use glasstree::engine::Engine;
use glasstree::explain::{Ending, Forward, Head};
use glasstree::explanation::{Explanation, ModelInfo};
use glasstree::labels::ClassList;
use glasstree::model::DeviceChoice;
use glasstree::photo::{Photo, PhotoOptions};
use glasstree::protocol::{ModelRequest, PictureSource};
use image::{Rgb, RgbImage};

pub const LABELS: [&str; 5] =
    ["tabby, tabby cat", "Éclair, cream puff", "zebra", "aquarium_fish", "Absent"];

/// 2 x 3 cells; the classes see them as they are, negated, as nothing, shifted up, shifted down.
pub const CELLS: [f32; 6] = [0.0, 1.0, 2.0, 3.0, 4.0, -4.0];

fn engine() -> Engine {
    Engine::spawn(DeviceChoice::Cpu, Arc::new(|| {})).unwrap()
}

/// A photo where each pixel has its own colour.
pub fn gradient(width: u32, height: u32) -> Arc<Photo> {
    let color = |x: u32, y: u32| Rgb([(x % 256) as u8, (y % 256) as u8, 40]);
    Arc::new(Photo { name: "gradient".into(), rgb: RgbImage::from_fn(width, height, color) })
}

/// Two channels: the cells, and a constant 1.
pub fn hand_made(photo: Arc<Photo>) -> Arc<Explanation> {
    let engine = engine();
    let request = ModelRequest::from(ModelSource::default_tree_model());
    let model = engine.load(&request, &mut |_| {}).unwrap();
    drop(engine);
    let mut model: ModelInfo = Arc::try_unwrap(model).unwrap();
    let classes = ClassList { labels: LABELS.map(Into::into).to_vec(), wnids: None };
    model.classes = Arc::new(classes);
    model.ending = Ending::Linear(Arc::new(Head {
        classes: 5,
        channels: 2,
        weight: vec![1.0, 0.0, -1.0, 0.0, 0.0, 0.0, 1.0, 10.0, 1.0, -10.0],
        bias: vec![0.5, 0.0, 0.0, -8.0, 0.0],
    }));
    let mut data = CELLS.to_vec();
    data.extend([1.0; 6]);
    let features = glasstree::explain::FeatureMap { channels: 2, height: 2, width: 3, data };
    let logits = vec![1.5, -1.0, 0.0, 3.0, -9.0];
    let input = model.recipe.apply(&photo.rgb).unwrap();
    let forward = Forward { logits, features: Some(features), conv2: None };
    let (took, device) = (Duration::from_millis(1), "test".to_owned());
    Arc::new(Explanation::new(photo, Arc::new(model), input, forward, took, device))
}

fn explained(source: ModelSource, path: &str) -> Arc<Explanation> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let picture = PictureSource::File(path, PhotoOptions::default());
    engine().explain(picture, &source.into(), &mut |_| {}).unwrap()
}

/// The bundled classifier on a sample picture.
pub fn real() -> Arc<Explanation> {
    static REAL: LazyLock<Arc<Explanation>> =
        LazyLock::new(|| explained(ModelSource::default_classifier(), "assets/photos/chelsea.png"));
    Arc::clone(&REAL)
}

/// The bundled tree model on the same picture.
pub fn real_tree() -> Arc<Explanation> {
    static REAL: LazyLock<Arc<Explanation>> =
        LazyLock::new(|| explained(ModelSource::default_tree_model(), "assets/photos/chelsea.png"));
    Arc::clone(&REAL)
}

/// A turn of the wheel by so many points.
pub fn wheel(points: f32, modifiers: Modifiers) -> Event {
    Event::MouseWheel {
        unit: MouseWheelUnit::Point,
        delta: Vec2::new(0.0, points),
        phase: TouchPhase::Move,
        source: MouseWheelSource::Wheel,
        modifiers,
    }
}
