//! Gradients against PyTorch's, against differences, and against what must hold for any network.
//! `tests/golden/gradients/generate.py` wrote the figures.

use std::collections::BTreeMap;

use glasstree::explain::{FeatureMap, Question, Site, Slope};
use glasstree::model::{Classifier, Compute};
use serde::Deserialize;

use crate::networks::{self, keys};
use crate::synth;

#[derive(Deserialize)]
struct GoldenSite {
    stage: Option<usize>,
    values: Option<Probes>,
    gradient: Probes,
}

#[derive(Deserialize)]
struct Probes {
    shape: [usize; 3],
    max_abs: f64,
    norm: f64,
    probe_index: Vec<usize>,
    probe_value: Vec<f64>,
    products: Vec<f64>,
}

fn figures() -> BTreeMap<String, Vec<GoldenSite>> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden/gradients/gradients.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn slope(classifier: &Classifier, input: &[f32], side: usize, class: usize, site: Site) -> Slope {
    let question = Question::class(class, "");
    classifier.gradients(&[input], side, (&question, site)).unwrap().remove(0)
}

impl Probes {
    /// How far a map is from the reference: each number as a share of the largest, and each product
    /// with random numbers as a share of what such a product adds up to.
    fn distance(&self, name: &str, map: &FeatureMap) -> f64 {
        assert_eq!(self.shape, [map.channels, map.height, map.width], "{name}: shape");
        assert!(map.data.iter().all(|v| v.is_finite()), "{name}");
        let numbers = self.probe_index.iter().zip(&self.probe_value);
        let numbers = numbers.map(|(&at, v)| (f64::from(map.data[at]) - v).abs() / self.max_abs);
        let products = self.products.iter().enumerate().map(|(i, v)| {
            let direction = synth::signed(&format!("direction {i}"), 1, map.data.len());
            (dot(&direction, &map.data) - v).abs() / self.norm
        });
        numbers.chain(products).fold(0.0, f64::max)
    }
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum()
}

/// How far gradients may be from PyTorch's in 64 bits.
///
/// In 32, a unit near zero may lie on its other side, which lets through, or cuts off, all that goes
/// through it. Where none does, 1e-5 remains. A few do: a thousandth. In the trained network, whose
/// norms divide by tiny deviations, PyTorch in 32 bits with its norms folded as here differs by 0.021
/// of the largest number, too, and gives the same product 1.45132 where 64 bits give 1.45754. A wrong
/// mask, stride or norm changes the first digit.
fn allowed(case: &str) -> f64 {
    if case == "efficientnet-lite0-trained" { 0.03 } else { 1e-3 }
}

#[test]
fn gradients_equal_pytorch() {
    let mut wrong = Vec::new();
    for (case, sites) in figures() {
        let golden = networks::golden(&case, 1);
        let classifier = networks::load(&golden, &Compute::cpu());
        let input = synth::signed("input", 1, golden.input_shape.iter().product());
        for site in &sites {
            let at = site.stage.map_or(Site::Input, Site::Stage);
            let found = slope(&classifier, &input, golden.input_shape[3], 1, at);
            let name = format!("{case} {at:?}");
            if let Some(values) = &site.values {
                let distance = values.distance(&name, &found.values);
                wrong.extend((distance > 1e-4).then(|| format!("{name} value: {distance:.1e}")));
            }
            let distance = site.gradient.distance(&name, &found.gradient);
            wrong.extend((distance > allowed(&case)).then(|| format!("{name}: {distance:.1e}")));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// At the last feature map the gradient of a logit is its weight over the number of cells, and the
/// logits are those of the pass without a way back; other sums may differ in the last bits.
#[test]
fn the_gradient_at_the_last_map_is_the_head() {
    for network in ["resnet18", "resnet50", "efficientnet-lite0", "wrn16_1", "cifar_resnet10"] {
        let classifier = made_up(network);
        let side = 64;
        let input = synth::signed("input", 1, 3 * side * side);
        let forward = classifier.forward(&[&input], side).unwrap().remove(0);
        let found = slope(&classifier, &input, side, 3, Site::Stage(0));
        let features = forward.features.unwrap();
        let cells = (features.height * features.width) as f32;
        let row = classifier.ending().linear().unwrap().row(3);
        for (gradient, weight) in found.gradient.planes().zip(row) {
            assert!(gradient.iter().all(|g| (g - weight / cells).abs() < 1e-7), "{network}");
        }
        for (ours, plain) in found.logits.iter().zip(&forward.logits) {
            assert!((ours - plain).abs() < 1e-4, "{network}: {ours} {plain}");
        }
    }
}

fn made_up(network: &str) -> Classifier {
    let bytes = keys::safetensors(&keys::of(network, 10), 1);
    let state = glasstree::checkpoint::StateDict::from_bytes("made-up weights", bytes).unwrap();
    Classifier::load(&state, &Compute::cpu()).unwrap()
}

/// Along a direction, the gradient is the difference of two answers over the way between them, as far
/// as the network is smooth. The directions are half random, half that of the gradient, along which
/// most changes; the way is so long that 32 bits tell the answers apart, and some units are cut off on
/// it: for PyTorch's gradients, too, the difference is up to 1.7% of their length. Three times that.
#[test]
fn gradients_are_differences() {
    let cases = [
        ("resnet18", 64),
        ("resnet50", 64),
        ("resnext50_32x4d", 64),
        ("efficientnet-lite0", 64),
        ("wrn16_1", 32),
        ("cifar_resnet10", 32),
    ];
    for (network, side) in cases {
        let classifier = made_up(network);
        let input = synth::signed("input", 2, 3 * side * side);
        let found = slope(&classifier, &input, side, 1, Site::Input);
        let norm = dot(&found.gradient.data, &found.gradient.data).sqrt();
        for seed in 0..2 {
            let random = synth::signed("direction", seed, input.len());
            let size = dot(&random, &random).sqrt();
            let both = random.iter().zip(&found.gradient.data);
            let direction: Vec<f32> =
                both.map(|(r, g)| (f64::from(*r) / size + f64::from(*g) / norm) as f32).collect();
            let step = 0.03;
            let moved = [step, -step].map(|step| -> Vec<f32> {
                input.iter().zip(&direction).map(|(x, d)| x + step * d).collect()
            });
            let moved = [&moved[0][..], &moved[1]];
            let logits = classifier.forward(&moved, side).unwrap();
            let rise = f64::from(logits[0].logits[1]) - f64::from(logits[1].logits[1]);
            let difference = rise / f64::from(2.0 * step);
            let product = dot(&found.gradient.data, &direction);
            assert!(
                (difference - product).abs() <= 0.05 * norm,
                "{network} {seed}: {product} by the gradient, {difference} by the difference; {norm}"
            );
        }
    }
}

/// A picture's gradient is its own, whichever pictures go through with it.
#[test]
fn pictures_that_go_together_are_not_mixed_up() {
    let classifier = made_up("wrn16_1");
    let inputs = [1, 2, 3].map(|seed| synth::signed("input", seed, 3 * 32 * 32));
    let all = inputs.each_ref().map(Vec::as_slice);
    let question = Question::class(4, "");
    for site in [Site::Input, Site::Stage(1)] {
        let together = classifier.gradients(&all, 32, (&question, site)).unwrap();
        for (input, together) in inputs.iter().zip(&together) {
            let alone = slope(&classifier, input, 32, 4, site);
            let size = alone.gradient.data.iter().fold(0.0_f32, |most, v| most.max(v.abs()));
            for (a, b) in alone.gradient.data.iter().zip(&together.gradient.data) {
                assert!((a - b).abs() <= 1e-5 * size, "{site:?}: {a} {b}");
            }
        }
    }
}

#[test]
fn there_are_as_many_stages_as_strides_after_the_first_layer() {
    for (network, stages) in
        [("resnet18", 4), ("wrn16_1", 2), ("cifar_resnet10", 3), ("efficientnet-lite0", 4)]
    {
        let classifier = made_up(network);
        assert_eq!(classifier.gradient_stages(), Ok(stages), "{network}");
        let input = vec![0.1; 3 * 64 * 64];
        let question = Question::class(0, "");
        let past = (&question, Site::Stage(stages + 1));
        let error = classifier.gradients(&[&input], 64, past).unwrap_err().to_string();
        assert!(error.contains("fewer stages"), "{error}");
    }
}
