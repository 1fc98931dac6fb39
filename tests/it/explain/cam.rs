//! Class activation maps of a torchvision ResNet18 with synthetic weights, computed by PyTorch.

use glasstree::explain::{Cam, CamSet, FeatureMap, Forward, Head, Variant, argmax};

use super::{assert_close, golden_json, golden_tensors};

/// The maps are normalised to 0..1 or in logits of about 1; 512 products in 32 bits differ by about
/// 1e-6 with the order of summation, and a wrong layer, class or axis by more than 0.1.
const MAP_TOLERANCE: f32 = 1e-5;

#[derive(serde::Deserialize)]
struct Info {
    seed: u64,
    class: usize,
    /// A class whose map is negative in about half of the places.
    mixed_class: usize,
}

/// A photo with what PyTorch computed for it.
pub struct Case {
    pub name: &'static str,
    pub forward: Forward,
    pub head: Head,
    pub class: usize,
    mixed_class: usize,
    tensors: std::collections::HashMap<String, Vec<f32>>,
}

impl Case {
    pub fn all() -> [Self; 2] {
        ["chelsea", "coffee"].map(|name| {
            let info: Info = golden_json(&format!("cam/{name}.json"));
            let tensors = golden_tensors(&format!("cam/{name}.safetensors"));
            let features = |data: &Vec<f32>| FeatureMap {
                channels: 512,
                height: 7,
                width: 7,
                data: data.clone(),
            };
            let head = Head {
                classes: 1000,
                channels: 512,
                weight: synthetic("fc.weight", info.seed, 1000 * 512, (3.0_f64 / 512.0).sqrt()),
                bias: synthetic("fc.bias", info.seed, 1000, 0.1),
            };
            assert_eq!(head.row(info.class), tensors["fc_weight_row_pred"], "the weights' rule");
            assert_eq!(head.bias, tensors["fc_bias"], "the weights' rule");
            let forward = Forward {
                logits: tensors["logits"].clone(),
                features: Some(features(&tensors["layer4_out"])),
                conv2: Some(features(&tensors["conv2_out"])),
            };
            let Info { class, mixed_class, .. } = info;
            Self { name, forward, head, class, mixed_class, tensors }
        })
    }

    pub fn raw(&self, variant: Variant, class: usize) -> Cam {
        variant.raw(&self.forward, self.head.row(class)).unwrap()
    }
}

/// The weights of the reference networks: `scale * v`, v uniform in -1..1 from splitmix64 seeded by
/// the FNV-1a hash of the tensor's name.
fn synthetic(key: &str, seed: u64, count: u64, scale: f64) -> Vec<f32> {
    let fnv = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
    let state = key.bytes().fold(0xcbf2_9ce4_8422_2325, fnv) ^ seed;
    let value = |i: u64| {
        let z = state.wrapping_add((i + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let unit = ((z ^ (z >> 31)) >> 40) as f32 / (1 << 24) as f32;
        scale as f32 * (2.0 * unit - 1.0)
    };
    (0..count).map(value).collect()
}

#[test]
fn paper_maps_equal_pytorch() {
    for case in Case::all() {
        assert_eq!(argmax(&case.forward.logits), case.class);
        let t = &case.tensors;
        let cam = case.raw(Variant::Paper, case.class);
        assert_close(&cam.data, &t["paper_cam_raw_HxW"], MAP_TOLERANCE, case.name);
        let unit = cam.normalized();
        assert_close(&unit.data, &t["paper_cam_norm_HxW"], MAP_TOLERANCE, case.name);
        let large = unit.upsampled(224, 224);
        assert_close(&large.data, &t["paper_cam_224_bilinear"], MAP_TOLERANCE, case.name);
        let relu = cam.positive().normalized();
        assert_close(&relu.data, &t["relu_paper_norm_HxW"], MAP_TOLERANCE, case.name);
        let mixed = case.raw(Variant::Paper, case.mixed_class);
        assert_close(&mixed.data, &t["mixed_paper_cam_raw_HxW"], MAP_TOLERANCE, case.name);
    }
}

#[test]
fn gradcam_equals_pytorch_grad_cam() {
    for case in Case::all() {
        let large = |class| case.raw(Variant::GradCam, class).gradcam_picture(224, 224);
        let t = &case.tensors;
        assert_close(&large(case.class).data, &t["gradcam_layer4_224"], MAP_TOLERANCE, case.name);
        let mixed = large(case.mixed_class);
        assert_close(&mixed.data, &t["mixed_gradcam_layer4_224"], MAP_TOLERANCE, case.name);
        assert!(mixed.data.contains(&0.0), "{}: no cold region", case.name);
    }
}

#[test]
fn tutorial_maps_equal_the_tutorial() {
    for case in Case::all() {
        let t = &case.tensors;
        let cam = case.raw(Variant::Tutorial, case.class).normalized();
        assert_close(&cam.data, &t["tutorial_cam_WxH"], MAP_TOLERANCE, case.name);
        let fixed = case.raw(Variant::TutorialFixed, case.class).normalized();
        let name = "tutorial_cam_untransposed_HxW";
        assert_close(&fixed.data, &t[name], MAP_TOLERANCE, case.name);
        assert_eq!(fixed.transposed(), cam);
    }
}

#[test]
fn mean_plus_bias_is_the_logit_for_every_class() {
    for case in Case::all() {
        let maps = CamSet::of_classes(case.forward.features.as_ref().unwrap(), &case.head);
        assert_eq!(maps.len(), 1000);
        for class in 0..1000 {
            let (bias, logit) = (case.head.bias[class], case.forward.logits[class]);
            let check = maps.get(class).unwrap().check(bias, logit);
            assert!(check.holds(), "{} {class}: {check:?}", case.name);
            // Both sums run in 32 bits over 512 products: a few units in the sixth digit.
            assert!(check.residual.abs() < 2e-6, "{} {class}: {check:?}", case.name);
        }
    }
}

#[test]
fn the_check_refuses_a_map_of_another_layer_or_class() {
    for case in Case::all() {
        let (bias, logit) = (case.head.bias[case.class], case.forward.logits[case.class]);
        assert!(case.raw(Variant::Paper, case.class).check(bias, logit).holds());
        for wrong in [
            case.raw(Variant::TutorialFixed, case.class),
            case.raw(Variant::Paper, case.mixed_class),
        ] {
            assert!(!wrong.check(bias, logit).holds());
        }
        let not_a_number = case.raw(Variant::Paper, case.class).map(|_| f32::NAN);
        assert!(!not_a_number.check(bias, logit).holds());
    }
}

#[test]
fn tutorial_maps_need_conv2() {
    let [case, _] = Case::all();
    let forward = Forward { conv2: None, ..case.forward };
    let error = Variant::TutorialFixed.raw(&forward, case.head.row(0)).unwrap_err();
    let message = error.to_string();
    assert!(message.contains("\"tutorial-fixed\"") && message.contains("\"paper\""), "{message}");
}

#[test]
fn variants_parse_as_they_print() {
    for (name, variant) in [
        ("paper", Variant::Paper),
        ("tutorial", Variant::Tutorial),
        ("tutorial-fixed", Variant::TutorialFixed),
        ("gradcam", Variant::GradCam),
    ] {
        assert_eq!(name.parse(), Ok(variant));
        assert_eq!(variant.to_string(), name);
        assert_eq!(serde_json::to_value(variant).unwrap(), name);
    }
    assert!("grad-cam++".parse::<Variant>().is_err());
}
