//! SqueezeNet 1.0 and 1.1 of torchvision (Iandola et al. 2016). Its last convolution makes a map for
//! each class, and the mean of that is the logit.

use super::Names;
use crate::model::ModelError;
use crate::model::architecture::unknown;
use crate::model::convolution::Padding;
use crate::model::plan::{Layer, Plan, PlannedEnding};
use crate::model::pointwise::Nonlinearity;
use crate::model::pool::{Pool, PoolKind};
use crate::preprocess::Filter;

/// 3×3 with stride 2 without padding, where a rest counts.
const POOL: Layer =
    Layer::Pool(Pool { kind: PoolKind::Max, kernel: 3, stride: 2, padding: 0, is_ceiled: true });

pub fn recognise(names: &Names<'_>) -> Option<Result<Plan, ModelError>> {
    let is_squeezenet = names.has("features.0") && names.has("features.3.squeeze");
    is_squeezenet.then(|| squeezenet(names))
}

fn squeezenet(names: &Names<'_>) -> Result<Plan, ModelError> {
    let stem = names.conv("features.0", 3, 2)?.padded(Padding::Fixed(0)).then(Nonlinearity::Relu);
    let version = match stem.shape.kernel {
        7 => "1.0",
        3 => "1.1",
        side => return Err(unknown(format!("a SqueezeNet with a {side}×{side} stem"))),
    };
    let mut channels = stem.channels_out();
    let mut layers = vec![stem.into(), POOL];
    let mut at = 3;
    loop {
        let part = |name: &str| format!("features.{at}.{name}");
        if names.has(&part("squeeze")) {
            let conv = |name: &str, channels: usize| {
                let conv = names.conv(&part(name), channels, 1)?;
                Ok::<_, ModelError>(conv.then(Nonlinearity::Relu))
            };
            let squeeze = conv("squeeze", channels)?;
            let narrow = squeeze.channels_out();
            let (point, square) = (conv("expand1x1", narrow)?, conv("expand3x3", narrow)?);
            channels = point.channels_out() + square.channels_out();
            layers.push(squeeze.into());
            layers.push(Layer::Concat(vec![vec![point.into()], vec![square.into()]]));
        } else if names.has(&format!("features.{}.squeeze", at + 1)) {
            // A number without tensors among those of blocks is a pooling.
            layers.push(POOL);
        } else {
            break;
        }
        at += 1;
    }
    let maps = names.conv("classifier.1", channels, 1)?.then(Nonlinearity::Relu);
    let classes = maps.channels_out();
    layers.push(maps.into());
    Ok(Plan {
        name: format!("SqueezeNet {version}"),
        layers,
        ending: PlannedEnding::ClassMaps { classes },
        parts: &["features.", "classifier."],
        sides: [256, 224],
        filter: Filter::Bilinear,
    })
}
