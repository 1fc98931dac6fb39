//! Names and shapes of the tensors of each network, as PyTorch saves them.

use safetensors::{Dtype, View};

use crate::synth;

pub type Keys = Vec<(String, Vec<usize>)>;

/// The tensors of a network by its name in the golden files.
pub fn of(network: &str, classes: usize) -> Keys {
    let mut keys = Builder::default();
    match network {
        "resnet18" | "resnet18-37classes" => keys.resnet([2, 2, 2, 2], None, classes),
        "resnet34" => keys.resnet([3, 4, 6, 3], None, classes),
        "resnet50" => keys.resnet([3, 4, 6, 3], Some((64, 1)), classes),
        "resnet101" => keys.resnet([3, 4, 23, 3], Some((64, 1)), classes),
        "wide_resnet50_2" => keys.resnet([3, 4, 6, 3], Some((128, 1)), classes),
        "resnext50_32x4d" => keys.resnet([3, 4, 6, 3], Some((128, 32)), classes),
        "cifar_resnet10" => keys.cifar_resnet([1, 1, 1, 1], false, classes),
        "cifar_resnet18" => keys.cifar_resnet([2, 2, 2, 2], false, classes),
        "cifar_resnet34" => keys.cifar_resnet([3, 4, 6, 3], false, classes),
        "cifar_resnet50" => keys.cifar_resnet([3, 4, 6, 3], true, classes),
        "efficientnet-lite0" => keys.efficientnet([1, 2, 2, 3, 3, 4, 1], LITE0, classes),
        "efficientnet-lite1" => keys.efficientnet([1, 3, 3, 4, 4, 5, 1], LITE0, classes),
        "efficientnet-lite2" => keys.efficientnet([1, 3, 3, 4, 4, 5, 1], LITE2, classes),
        wide => {
            let mut numbers = wide.trim_start_matches("wrn").split(['_', '-']);
            let mut next = || numbers.next().unwrap().parse::<usize>().unwrap();
            let (depth, factor) = (next(), next());
            keys.wide_resnet((depth - 4) / 6, 16 * factor, classes);
        }
    }
    keys.0
}

/// A weights file with made-up numbers.
pub fn safetensors(keys: &Keys, seed: u64) -> Vec<u8> {
    struct Tensor(Vec<usize>, Vec<u8>);
    impl View for Tensor {
        fn dtype(&self) -> Dtype {
            Dtype::F32
        }
        fn shape(&self) -> &[usize] {
            &self.0
        }
        fn data(&self) -> std::borrow::Cow<'_, [u8]> {
            self.1.as_slice().into()
        }
        fn data_len(&self) -> usize {
            self.1.len()
        }
    }
    let tensors = keys.iter().map(|(name, shape)| {
        let values = synth::tensor(name, shape, seed);
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        (name.clone(), Tensor(shape.clone(), bytes))
    });
    safetensors::serialize(tensors, None).unwrap()
}

const LITE0: [usize; 7] = [16, 24, 40, 80, 112, 192, 320];
const LITE2: [usize; 7] = [16, 24, 48, 88, 120, 208, 352];

#[derive(Default)]
struct Builder(Keys);

impl Builder {
    fn add(&mut self, name: String, shape: &[usize]) {
        self.0.push((name, shape.to_vec()));
    }

    fn conv(&mut self, name: &str, out: usize, inputs: usize, kernel: usize) {
        self.add(format!("{name}.weight"), &[out, inputs, kernel, kernel]);
    }

    fn norm(&mut self, name: &str, channels: usize) {
        for part in ["weight", "bias", "running_mean", "running_var"] {
            self.add(format!("{name}.{part}"), &[channels]);
        }
    }

    fn linear(&mut self, name: &str, classes: usize, inputs: usize) {
        self.add(format!("{name}.weight"), &[classes, inputs]);
        self.add(format!("{name}.bias"), &[classes]);
    }

    /// `bottleneck`: channels of the first 3×3 convolution, and its groups.
    fn resnet(&mut self, blocks: [usize; 4], bottleneck: Option<(usize, usize)>, classes: usize) {
        self.conv("conv1", 64, 3, 7);
        let out = self.stages(blocks, bottleneck, "downsample");
        self.linear("fc", classes, out);
    }

    fn cifar_resnet(&mut self, blocks: [usize; 4], bottleneck: bool, classes: usize) {
        self.conv("conv1", 64, 3, 3);
        let out = self.stages(blocks, bottleneck.then_some((64, 1)), "shortcut");
        self.linear("linear", classes, out);
    }

    fn stages(
        &mut self,
        blocks: [usize; 4],
        bottleneck: Option<(usize, usize)>,
        shortcut: &str,
    ) -> usize {
        self.norm("bn1", 64);
        let mut inputs = 64;
        for (stage, count) in blocks.into_iter().enumerate() {
            for block in 0..count {
                let name = format!("layer{}.{block}", stage + 1);
                let plain = 64 << stage;
                let (width, out, groups) = match bottleneck {
                    Some((width, groups)) => (width << stage, 4 * plain, groups),
                    None => (plain, plain, 1),
                };
                let kernels: &[(usize, usize, usize)] = if bottleneck.is_some() {
                    &[(width, inputs, 1), (width, width / groups, 3), (out, width, 1)]
                } else {
                    &[(out, inputs, 3), (out, out, 3)]
                };
                for (i, &(out, inputs, kernel)) in kernels.iter().enumerate() {
                    self.conv(&format!("{name}.conv{}", i + 1), out, inputs, kernel);
                    self.norm(&format!("{name}.bn{}", i + 1), out);
                }
                if inputs != out || (stage > 0 && block == 0) {
                    self.conv(&format!("{name}.{shortcut}.0"), out, inputs, 1);
                    self.norm(&format!("{name}.{shortcut}.1"), out);
                }
                inputs = out;
            }
        }
        inputs
    }

    fn wide_resnet(&mut self, units: usize, width: usize, classes: usize) {
        self.conv("features.init_block", 16, 3, 3);
        let mut inputs = 16;
        for stage in 1..=3 {
            let out = width << (stage - 1);
            for unit in 1..=units {
                let name = format!("features.stage{stage}.unit{unit}");
                self.norm(&format!("{name}.body.conv1.bn"), inputs);
                self.conv(&format!("{name}.body.conv1.conv"), out, inputs, 3);
                self.norm(&format!("{name}.body.conv2.bn"), out);
                self.conv(&format!("{name}.body.conv2.conv"), out, out, 3);
                if inputs != out || (stage > 1 && unit == 1) {
                    self.conv(&format!("{name}.identity_conv"), out, inputs, 1);
                }
                inputs = out;
            }
        }
        self.norm("features.post_activ.bn", inputs);
        self.linear("output", classes, inputs);
    }

    fn efficientnet(&mut self, repeats: [usize; 7], widths: [usize; 7], classes: usize) {
        const KERNELS: [usize; 7] = [3, 3, 5, 3, 5, 5, 3];
        self.conv("_conv_stem", 32, 3, 3);
        self.norm("_bn0", 32);
        let mut inputs = 32;
        let mut index = 0;
        for stage in 0..7 {
            for _ in 0..repeats[stage] {
                let name = format!("_blocks.{index}");
                let width = if stage == 0 { inputs } else { 6 * inputs };
                if stage > 0 {
                    self.conv(&format!("{name}._expand_conv"), width, inputs, 1);
                    self.norm(&format!("{name}._bn0"), width);
                }
                self.conv(&format!("{name}._depthwise_conv"), width, 1, KERNELS[stage]);
                self.norm(&format!("{name}._bn1"), width);
                self.conv(&format!("{name}._project_conv"), widths[stage], width, 1);
                self.norm(&format!("{name}._bn2"), widths[stage]);
                inputs = widths[stage];
                index += 1;
            }
        }
        self.conv("_conv_head", 1280, inputs, 1);
        self.norm("_bn1", 1280);
        self.linear("_fc", classes, 1280);
    }
}
