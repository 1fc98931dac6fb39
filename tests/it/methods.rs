//! Maps of other methods, against Captum, pytorch-grad-cam and NumPy, and against what must hold
//! for any input. `tests/golden/methods/generate.py` wrote the figures.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use glasstree::checkpoint::StateDict;
use glasstree::explain::{
    Answers, Cam, Canvas, Curve, Density, Erasure, FeatureMap, Finer, Forward, Head,
    IntegratedGradients, Occlusion, Probe, ProbeAnswer, ProbeInput, Question, Rise, RiseMask,
    RiseOptions, SmoothGrad, StageCam, StageProbe, area_below, inpaint, interleave,
    rank_correlation, softmax, sub_grid, with_shuffled_head,
};
use glasstree::model::{Classifier, Compute};
use glasstree::preprocess::{ModelInput, RectTransform};
use proptest::prelude::*;

use crate::networks::keys;
use crate::synth;

const CLASS: usize = 3;

fn golden() -> HashMap<String, Vec<f32>> {
    crate::explain::golden_tensors("methods/wrn16_2.safetensors")
}

fn bundled() -> Classifier {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let state = StateDict::open(&root.join("weights/wrn16-2-cifar10.f16.safetensors")).unwrap();
    Classifier::load(&state, &Compute::cpu()).unwrap()
}

fn made_up(network: &str) -> Classifier {
    let bytes = keys::safetensors(&keys::of(network, 10), 1);
    let state = StateDict::from_bytes("made-up weights", bytes).unwrap();
    Classifier::load(&state, &Compute::cpu()).unwrap()
}

fn head(classifier: &Classifier) -> &Head {
    classifier.ending().linear().unwrap()
}

/// All answers, without the engine.
fn ask(classifier: &Classifier, probe: &dyn Probe) -> Answers {
    let answer = |i| {
        let input = probe.input(i);
        if let Some(wanted) = probe.gradient(i) {
            let slope = classifier.gradients(&[&input.chw], input.side, wanted).unwrap().remove(0);
            let logits = slope.logits.clone();
            return Arc::new(ProbeAnswer { logits, features: Some(probe.keep(i, slope)) });
        }
        let forwards = classifier.forward_dense(&[&input.chw], input.side, probe.density());
        let Forward { logits, features, .. } = forwards.unwrap().remove(0);
        Arc::new(ProbeAnswer { logits, features })
    };
    Answers((0..probe.count()).map(answer).collect())
}

fn canvas(shown: Vec<f32>, side: usize) -> Canvas {
    let hidden = vec![0.0; shown.len()];
    Canvas { side, shown, hidden }
}

fn made_up_input(side: usize) -> ModelInput {
    let photo_from_input = RectTransform { scale: [1.0; 2], offset: [0.0; 2] };
    let crop = image::RgbImage::new(side as u32, side as u32);
    ModelInput {
        chw: synth::signed("input", 1, 3 * side * side),
        crop,
        photo_from_input,
        square: None,
    }
}

#[track_caller]
fn close(ours: &[f32], reference: &[f32], tolerance: f32, what: &str) {
    crate::explain::assert_close(ours, reference, tolerance, what);
}

/// Logits are within 1e-4 of PyTorch's; a drop is the difference of two.
#[test]
fn occlusion_equals_captum() {
    let (golden, classifier) = (golden(), bundled());
    let occlusion = Occlusion::new(canvas(golden["input"].clone(), 32), 9, 4);
    let answers = ask(&classifier, &occlusion);
    let scores = answers.scores(|logits| logits[CLASS]);
    let map = occlusion.map(golden["logits"][CLASS], &scores);
    close(&map.data, &golden["occlusion"], 2e-4, "occlusion");
}

/// A partial map is the same sum over fewer patches, and has no holes.
#[test]
fn a_partial_occlusion_map_has_a_value_everywhere() {
    let occlusion = Occlusion::new(canvas(vec![0.5; 3 * 64], 8), 4, 2);
    assert_eq!(occlusion.count(), 9);
    let none = occlusion.map(1.0, &[]);
    assert!(none.data.iter().all(|&v| v == 0.0));
    let one = occlusion.map(1.0, &[0.25]);
    assert!(one.data.iter().all(|&v| v == 0.75));
}

/// Masks are made in 32 bits here and in 64 there: a difference of 1e-6 where cells are enlarged.
/// Scores are probabilities of logits within 1e-4; the map divides by the visible half.
#[test]
fn rise_equals_numpy() {
    let (golden, classifier) = (golden(), bundled());
    let cells = golden["rise_cells"].chunks_exact(49);
    let masks =
        cells.zip(golden["rise_shifts"].as_chunks().0).map(|(cells, &[x, y]): (_, &[f32; 2])| {
            let cells = Cam { height: 7, width: 7, data: cells.to_vec() };
            RiseMask { cells, shift: [x as usize, y as usize] }
        });
    let rise = Rise::with_masks(canvas(golden["input"].clone(), 32), 0.5, masks.collect());
    let first: Vec<f32> = (0..2).flat_map(|i| rise.mask(i).data).collect();
    close(&first, &golden["rise_masks"], 2e-6, "mask");
    let map = rise.map(&golden["rise_scores"], 32);
    close(&map.mean.data, &golden["rise_map"], 1e-5, "RISE");
    close(&map.standard_error.data, &golden["rise_error"], 1e-5, "standard error");
    let scores = ask(&classifier, &rise).scores(|logits| softmax(logits)[CLASS]);
    close(&scores, &golden["rise_scores"], 1e-4, "score behind a mask");
}

#[test]
fn masks_are_random_but_the_same_for_a_seed() {
    let options = RiseOptions { masks: 400, cells: 5, visible: 0.3, seed: 7 };
    let rise = |seed| Rise::new(canvas(vec![0.0; 3 * 400], 20), &RiseOptions { seed, ..options });
    assert_eq!(rise(7), rise(7));
    assert_ne!(rise(7), rise(8));
    let rise = rise(7);
    let means = (0..400).map(|i| f64::from(rise.mask(i).mean()));
    let mean = means.sum::<f64>() / 400.0;
    // 400 masks of 25 cells: a standard deviation of 0.0046, of which this is more than six.
    assert!((mean - 0.3).abs() < 0.03, "{mean}");
    let inside = |v: &f32| (0.0..=1.0).contains(v);
    assert!((0..400).all(|i| rise.mask(i).data.iter().all(inside)));
}

/// The package enlarges with OpenCV, which rounds weights to 1/2048 at most.
#[test]
fn gradcam_and_its_relatives_equal_the_package() {
    let (golden, classifier) = (golden(), bundled());
    let forward = classifier.forward(&[&golden["input"]], 32).unwrap().remove(0);
    let (features, row) = (forward.features.as_ref().unwrap(), head(&classifier).row(CLASS));
    let gradcam = Cam::compute(features, row).gradcam_raw();
    for (name, raw) in [
        ("gradcam", &gradcam),
        ("hirescam", &gradcam),
        ("gradcam_plus_plus", &Cam::gradcam_plus_plus(features, row)),
        ("layercam", &Cam::layercam(features, row)),
    ] {
        close(&raw.gradcam_picture(32, 32).data, &golden[name], 1e-3, name);
    }
}

/// As on the last feature map; what 32 bits do to a gradient is less than what OpenCV rounds.
#[test]
fn maps_of_earlier_stages_equal_the_package() {
    let (golden, classifier) = (golden(), bundled());
    let gradients = crate::explain::golden_tensors("methods/wrn16_2_gradients.safetensors");
    let input = ProbeInput { side: 32, chw: golden["input"].clone() };
    for (name, kind) in [
        ("gradcam", StageCam::GradCam),
        ("gradcam_plus_plus", StageCam::GradCamPlusPlus),
        ("hirescam", StageCam::HiResCam),
        ("layercam", StageCam::LayerCam),
    ] {
        for stage in [1, 2] {
            let (input, question) = (input.clone(), Question::class(CLASS, ""));
            let probe = StageProbe { input, question, kind, stage };
            let map = probe.map(&ask(&classifier, &probe)).unwrap();
            assert_eq!([map.height, map.width], [8 << stage; 2]);
            let name = format!("{name}_{stage}");
            close(&map.gradcam_picture(32, 32).data, &gradients[&name], 1e-3, &name);
        }
    }
}

/// On the last feature map, what is computed from gradients is what follows without any: 1e-5 of the
/// largest value is what 32 bits leave of a sum of a hundred channels.
#[test]
fn maps_of_the_last_stage_need_no_gradient() {
    let (golden, classifier) = (golden(), bundled());
    let forward = classifier.forward(&[&golden["input"]], 32).unwrap().remove(0);
    let (features, row) = (forward.features.as_ref().unwrap(), head(&classifier).row(CLASS));
    let gradcam = Cam::compute(features, row).gradcam_raw();
    for (kind, plain) in [
        (StageCam::GradCam, &gradcam),
        (StageCam::HiResCam, &gradcam),
        (StageCam::GradCamPlusPlus, &Cam::gradcam_plus_plus(features, row)),
        (StageCam::LayerCam, &Cam::layercam(features, row)),
    ] {
        let input = ProbeInput { side: 32, chw: golden["input"].clone() };
        let probe = StageProbe { input, question: Question::class(CLASS, ""), kind, stage: 0 };
        let map = probe.map(&ask(&classifier, &probe)).unwrap();
        close(&map.data, &plain.data, 1e-5 * plain.range()[1], &format!("{kind:?}"));
    }
}

/// Gradients in 32 bits differ from those in 64 by up to a thousandth of the largest, where a unit
/// lies on the other side of zero; so does what is made of them.
#[test]
fn integrated_gradients_equal_captum() {
    let (golden, classifier) = (golden(), bundled());
    let reference =
        &crate::explain::golden_tensors("methods/wrn16_2_gradients.safetensors")["integrated"];
    let question = Question::class(CLASS, "");
    let integrated = IntegratedGradients::new(canvas(golden["input"].clone(), 32), question, 16);
    let answers = ask(&classifier, &integrated);
    let map = integrated.map(&answers).unwrap();
    let largest = reference.iter().fold(0.0_f32, |most, v| most.max(v.abs()));
    close(&map.data, reference, 1e-3 * largest, "integrated gradients");
    let completeness = integrated.completeness(&answers, golden["logits"][CLASS]).unwrap();
    assert!(completeness.holds(), "{completeness:?}");
}

#[test]
fn smooth_grad_equals_pytorch() {
    let (golden, classifier) = (golden(), bundled());
    let gradients = crate::explain::golden_tensors("methods/wrn16_2_gradients.safetensors");
    let noise = gradients["noise"].chunks_exact(3 * 32 * 32).map(<[f32]>::to_vec).collect();
    let input = ProbeInput { side: 32, chw: golden["input"].clone() };
    let smooth = SmoothGrad::with_noise(input, Question::class(CLASS, ""), noise);
    let map = smooth.map(&ask(&classifier, &smooth)).unwrap();
    let largest = map.range()[1];
    close(&map.data, &gradients["smooth"], 1e-3 * largest, "SmoothGrad");
}

/// For any network and target the pixels add up to the difference, the better the more steps, and the
/// first steps already say what all of them do.
#[test]
fn integrated_gradients_are_complete() {
    for (network, side) in [("resnet18", 64), ("efficientnet-lite0", 64), ("wrn16_1", 32)] {
        let classifier = made_up(network);
        let shown = synth::signed("input", 1, 3 * side * side);
        let whole = classifier.forward(&[&shown], side).unwrap().remove(0).logits;
        let question = Question::classes((1, "a"), (2, "b")).unwrap();
        let canvas = canvas(shown, side);
        let integrated = IntegratedGradients::new(canvas, question.clone(), 64);
        let answers = ask(&classifier, &integrated);
        let whole = question.ask(&whole).total;
        let all = integrated.completeness(&answers, whole).unwrap();
        let difference = (all.whole - all.baseline).abs();
        // The sum of 64 midpoints; what is left is a few percent at most for these networks.
        assert!(all.residual().abs() < 0.05 * difference, "{network}: {all:?}");
        let first = Answers(answers.0[..17].to_vec());
        let first = integrated.completeness(&first, whole).unwrap();
        assert!(first.residual().abs() < 0.2 * difference, "{network}: {first:?}");
    }
}

/// The map with strides left out, against PyTorch with dilated convolutions; as a share of the
/// largest value, what networks may differ by.
#[test]
fn dense_maps_equal_dilated_convolutions() {
    let (golden, classifier) = (golden(), bundled());
    for (name, density) in [("dense2", Density::Double), ("dense4", Density::Quadruple)] {
        let forwards = classifier.forward_dense(&[&golden["input"]], 32, density).unwrap();
        let map =
            Cam::compute(forwards[0].features.as_ref().unwrap(), head(&classifier).row(CLASS));
        let largest = map.range()[1];
        close(&map.data, &golden[name], 1e-4 * largest, name);
        close(&forwards[0].logits, &golden[&format!("{name}_logits")], 1e-4, "logit");
    }
}

/// The native cells are among the finer ones, unchanged: in the corner that the padding leaves.
/// Other sums over patches than those of one picture may differ in the last bits.
#[test]
fn every_network_has_its_native_cells_among_the_dense_ones() {
    for (network, side, corner) in [
        ("resnet18", 64, 0),
        ("resnet50", 64, 0),
        ("resnext50_32x4d", 64, 0),
        ("cifar_resnet10", 32, 0),
        ("wrn16_1", 32, 0),
        ("efficientnet-lite0", 64, 1),
    ] {
        let classifier = made_up(network);
        let inputs = [1, 2].map(|seed| synth::signed("input", seed, 3 * side * side));
        let inputs = inputs.each_ref().map(Vec::as_slice);
        let native = classifier.forward(&inputs, side).unwrap();
        for density in [Density::Double, Density::Quadruple] {
            let n = density.factor();
            let fine = classifier.forward_dense(&inputs, side, density).unwrap();
            for (native, fine) in native.iter().zip(&fine) {
                let [whole, features] =
                    [native, fine].map(|forward| forward.features.as_ref().unwrap());
                let cells = sub_grid(features, n, [corner * (n - 1); 2]);
                let size = whole.data.iter().fold(1.0_f32, |most, v| most.max(v.abs()));
                close(&cells.data, &whole.data, 1e-5 * size, network);
                let logits = head(&classifier).logits(&features.pooled());
                close(&logits, &fine.logits, 0.0, "logits of the fine map");
            }
        }
    }
}

/// Mean of the map + bias = mean logit over the shifts, for every class.
#[test]
fn maps_of_shifted_inputs_add_up() {
    let classifier = made_up("efficientnet-lite0");
    let finer = Finer::shifted(&made_up_input(64), 32, 2);
    let answers = ask(&classifier, &finer);
    let forward = finer.forward(&answers).unwrap();
    let (features, head) = (forward.features.unwrap(), head(&classifier));
    assert_eq!([features.height, features.width], [4, 4]);
    for class in 0..10 {
        let mean = answers.0.iter().map(|a| f64::from(a.logits[class])).sum::<f64>() / 4.0;
        let map = Cam::compute(&features, head.row(class));
        let bias = head.bias[class];
        assert!(map.check(bias, mean as f32).holds(), "class {class}");
    }
    assert!(finer.forward(&Answers(answers.0[..3].to_vec())).is_none());
}

/// A shifted network sees at (0, 0) what lies one shift to the right and below.
#[test]
fn shifts_go_to_the_centres_of_the_fine_cells() {
    let side = 8;
    let mut input = made_up_input(side);
    input.chw = (0..3 * side * side).map(|i| (i % (side * side)) as f32).collect();
    let finer = Finer::shifted(&input, 4, 2);
    let corners: Vec<f32> = (0..4).map(|i| finer.input(i).chw[side * 3 + 3]).collect();
    // Pixel (3, 3) is 27; one pixel up or down is 8, one to the side 1.
    assert_eq!(corners, [18.0, 20.0, 34.0, 36.0]);
    assert_eq!(finer.input(0).chw[0], 0.0);
}

/// What the reference solves with a sparse direct method in 64 bits is found to a hundred-thousandth
/// of the residual.
#[test]
fn imputation_equals_the_package() {
    let golden = golden();
    let missing: Vec<bool> = golden["missing"].iter().map(|&v| v > 0.5).collect();
    assert!(missing.contains(&true) && missing.contains(&false));
    let imputed = inpaint(&golden["input"], 32, &missing);
    close(&imputed, &golden["imputed"], 1e-3, "imputed pixel");
    let known = missing.iter().cycle().zip(&imputed).zip(&golden["input"]);
    assert!(known.filter(|((missing, _), _)| !**missing).all(|((_, a), b)| a == b));
}

#[test]
fn a_picture_without_a_known_pixel_stays() {
    assert_eq!(inpaint(&[1.0; 12], 2, &[true; 4]), [1.0; 12]);
    assert_eq!(inpaint(&[1.0; 12], 2, &[false; 4]), [1.0; 12]);
}

#[test]
fn curves_begin_with_the_picture_and_end_without_it() {
    let shown: Vec<f32> = (0..48).map(|i| i as f32).collect();
    let canvas = Canvas { side: 4, shown: shown.clone(), hidden: vec![-1.0; 48] };
    let map = Cam { height: 2, width: 2, data: vec![1.0, 3.0, 2.0, 0.0] };
    let deletion = Erasure::new(canvas.clone(), Curve::Deletion, &map, 4);
    let insertion = Erasure::new(canvas.clone(), Curve::Insertion, &map, 4);
    assert_eq!(deletion.count(), 5);
    assert_eq!(deletion.input(0).chw, shown);
    assert_eq!(deletion.input(4).chw, vec![-1.0; 48]);
    assert_eq!(insertion.input(0).chw, vec![-1.0; 48]);
    assert_eq!(insertion.input(4).chw, shown);
    // The upper right corner is the most important pixel.
    assert!(deletion.changed(1)[3] && !deletion.changed(3)[15]);
    for step in 0..4 {
        let count = |i: usize| deletion.changed(i).iter().filter(|&&changed| changed).count();
        assert_eq!(count(step), 4 * step);
        assert!(
            deletion.changed(step).iter().zip(deletion.changed(step + 1)).all(|(a, b)| b || !a)
        );
    }
    // A tenth of the picture is left to guess from.
    let road = Erasure::new(canvas, Curve::Road, &map, 3);
    assert!((road.fraction(3) - 0.9).abs() < 1e-12);
    assert_eq!(road.input(0).chw, shown);
    assert!(road.input(3).chw.iter().all(|v| v.is_finite()));
}

#[test]
fn areas_and_ranks_by_hand() {
    assert_eq!(area_below(&[]), None);
    assert_eq!(area_below(&[0.3]), Some(f64::from(0.3_f32)));
    assert_eq!(area_below(&[1.0, 0.5, 0.0]), Some(0.5));
    assert_eq!(area_below(&[1.0, 0.0, 0.0]), Some(0.25));
    assert_eq!(rank_correlation(&[1.0, 2.0, 9.0], &[-3.0, 0.0, 0.1]), Some(1.0));
    assert_eq!(rank_correlation(&[1.0, 2.0, 9.0], &[3.0, 2.0, 1.0]), Some(-1.0));
    // Ranks 1, 2.5, 2.5, 4 and 1, 2, 3, 4: 4.5 / sqrt(4.5 · 5).
    let tied = rank_correlation(&[1.0, 2.0, 2.0, 4.0], &[1.0, 2.0, 3.0, 4.0]).unwrap();
    assert!((tied - 4.5 / (4.5_f64 * 5.0).sqrt()).abs() < 1e-12, "{tied}");
    assert_eq!(rank_correlation(&[1.0, 1.0], &[1.0, 2.0]), None);
}

/// A map in which all channels look alike cannot change with the head; one in which they differ
/// does.
#[test]
fn a_shuffled_head_tells_features_from_classes() {
    let (channels, cells) = (16, 9);
    let same: Vec<f32> = (0..channels * cells).map(|i| (i % cells) as f32).collect();
    let features = |data| FeatureMap { channels, height: 3, width: 3, data };
    let row: Vec<f32> = synth::uniform("row", 1, channels);
    let alike = with_shuffled_head(&features(same), &row, 1).unwrap();
    assert!((alike - 1.0).abs() < 1e-9, "{alike}");
    let different = features(synth::signed("features", 1, channels * cells));
    let row = synth::signed("row", 2, channels);
    let alike = with_shuffled_head(&different, &row, 1).unwrap();
    assert!(alike.abs() < 0.7, "{alike}");
}

proptest! {
    #[test]
    fn interleaving_is_undone_by_sub_grids(
        n in 1_usize..4, channels in 1_usize..4, height in 1_usize..5, width in 1_usize..5,
        seed in 0_u64..1000,
    ) {
        let size = channels * height * width;
        let map = |i: usize| FeatureMap {
            channels, height, width, data: synth::signed("map", seed + i as u64, size),
        };
        let maps: Vec<FeatureMap> = (0..n * n).map(map).collect();
        let fine = interleave(&maps.iter().collect::<Vec<_>>(), n);
        for (i, map) in maps.iter().enumerate() {
            prop_assert_eq!(&sub_grid(&fine, n, [i / n, i % n]), map);
        }
        // Nothing is lost or counted twice.
        let mean = |k: usize| maps.iter().map(|map| map.pooled()[k]).sum::<f32>() / (n * n) as f32;
        for (k, pooled) in fine.pooled().into_iter().enumerate() {
            prop_assert!((pooled - mean(k)).abs() < 1e-5);
        }
    }

    /// The running sums give what the definition gives.
    #[test]
    fn rise_maps_equal_their_definition(
        side in 4_usize..20, cells in 2_usize..6, masks in 2_usize..9, seed in 0_u64..100,
    ) {
        let options = RiseOptions { masks, cells, visible: 0.5, seed };
        let rise = Rise::new(canvas(vec![0.0; 3 * side * side], side), &options);
        let scores = synth::uniform("scores", seed, masks);
        let map = rise.map(&scores, side);
        for place in 0..side * side {
            let values: Vec<f64> = (0..masks)
                .map(|i| f64::from(scores[i]) * f64::from(rise.mask(i).data[place]) / 0.5)
                .collect();
            let mean = values.iter().sum::<f64>() / masks as f64;
            let squares = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>();
            let error = (squares / (masks - 1) as f64 / masks as f64).sqrt();
            prop_assert!((f64::from(map.mean.data[place]) - mean).abs() < 1e-5);
            // A difference of squares in 64 bits, of numbers that have 24.
            prop_assert!((f64::from(map.standard_error.data[place]) - error).abs() < 1e-3);
        }
    }

    /// What a linear network loses is what a patch hides, so patches side by side add up.
    #[test]
    fn occlusion_of_a_linear_network_is_what_is_hidden(side in 2_usize..12, patch in 1_usize..6) {
        let weights = synth::signed("weights", 1, 3 * side * side);
        let score = |chw: &[f32]| chw.iter().zip(&weights).map(|(x, w)| x * w).sum::<f32>();
        let shown = synth::signed("shown", 2, 3 * side * side);
        let occlusion = Occlusion::new(canvas(shown.clone(), side), patch, patch);
        let scores: Vec<f32> =
            (0..occlusion.count()).map(|i| score(&occlusion.input(i).chw)).collect();
        let map = occlusion.map(score(&shown), &scores);
        let patch = patch.min(side);
        let at = |y: usize, x: usize| {
            let inside = |p: usize| p / side / patch == y / patch && p % side / patch == x / patch;
            let terms = (0..3 * side * side).filter(|p| inside(p % (side * side)));
            terms.map(|p| shown[p] * weights[p]).sum::<f32>()
        };
        for (place, value) in map.data.iter().enumerate() {
            prop_assert!((value - at(place / side, place % side)).abs() < 1e-3);
        }
    }
}
