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
    /// `share` of the largest number may be missing from each, and of what a product of random
    /// numbers adds up to from each product.
    fn check(&self, name: &str, map: &FeatureMap, share: f64) {
        assert_eq!(self.shape, [map.channels, map.height, map.width], "{name}: shape");
        for (&at, &reference) in self.probe_index.iter().zip(&self.probe_value) {
            let difference = (f64::from(map.data[at]) - reference).abs();
            // Written so that NaN fails.
            assert!(
                difference <= share * self.max_abs,
                "{name} {at}: {} here, {reference} in PyTorch, of {}",
                map.data[at],
                self.max_abs
            );
        }
        for (i, &reference) in self.products.iter().enumerate() {
            let direction = synth::signed(&format!("direction {i}"), 1, map.data.len());
            let product = dot(&direction, &map.data);
            let difference = (product - reference).abs();
            assert!(
                difference <= share * self.norm,
                "{name} direction {i}: {product} here, {reference} in PyTorch, of {}",
                self.norm
            );
        }
    }
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum()
}

/// PyTorch's figures are in 64 bits. In 32, a few of the millions of units that are cut off at zero
/// lie on the other side of it, and a maximum among equals may be another one; each changes the
/// gradient by what goes through that unit. A thousandth of the largest number is some ten times what
/// was seen; a wrong stride, mask or norm changes the first digit.
#[test]
fn gradients_equal_pytorch() {
    for (case, sites) in figures() {
        let golden = networks::golden(&case, 1);
        let classifier = networks::load(&golden, &Compute::cpu());
        let input = synth::signed("input", 1, golden.input_shape.iter().product());
        let mut sites_checked = 0;
        for site in &sites {
            let at = site.stage.map_or(Site::Input, Site::Stage);
            let found = slope(&classifier, &input, golden.input_shape[3], 1, at);
            let name = format!("{case} {at:?}");
            if let Some(values) = &site.values {
                values.check(&format!("{name} value"), &found.values, 1e-4);
            }
            site.gradient.check(&name, &found.gradient, 1e-3);
            sites_checked += 1;
        }
        assert_eq!(sites_checked, sites.len());
    }
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
/// as the network is smooth: the step is large enough for 32 bits and small enough that few units are
/// cut off in between. What those change is allowed for with 2% of what a random direction gives.
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
        for seed in 0..4 {
            let direction = synth::signed("direction", seed, input.len());
            let step = 3e-4;
            let moved = [step, -step].map(|step| -> Vec<f32> {
                input.iter().zip(&direction).map(|(x, d)| x + step * d).collect()
            });
            let moved = [&moved[0][..], &moved[1]];
            let logits = classifier.forward(&moved, side).unwrap();
            let rise = f64::from(logits[0].logits[1]) - f64::from(logits[1].logits[1]);
            let difference = rise / f64::from(2.0 * step);
            let product = dot(&found.gradient.data, &direction);
            assert!(
                (difference - product).abs() <= 0.02 * norm,
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
