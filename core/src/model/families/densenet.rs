//! DenseNet (Huang et al. 2017), as torchvision and timm name its layers.

use super::Names;
use crate::model::ModelError;
use crate::model::plan::{Layer, Plan, PlannedEnding};
use crate::model::pointwise::Nonlinearity;
use crate::model::pool::{Pool, PoolKind};
use crate::preprocess::Filter;

pub fn recognise(names: &Names<'_>) -> Option<Result<Plan, ModelError>> {
    let is_dense =
        names.has("features.conv0") && names.has("features.denseblock1.denselayer1.conv1");
    // torchvision's files of 2017 have names that no attribute of a module can have.
    let is_old = names.has("features.denseblock1.denselayer1.conv.1");
    (is_dense || is_old).then(|| densenet(names, if is_old { "." } else { "" }))
}

fn norm(name: &str, channels: usize) -> Layer {
    Layer::Norm { name: name.to_owned(), channels, nonlinearity: Nonlinearity::Relu }
}

fn densenet(names: &Names<'_>, dot: &str) -> Result<Plan, ModelError> {
    let stem = names.stem("features.conv0", 7, 2)?.norm("features.norm0").then(Nonlinearity::Relu);
    let mut channels = stem.channels_out();
    let mut layers = vec![stem.into(), Layer::Pool(Pool::STEM)];
    let mut count = 0;
    for block in 1.. {
        let layer = |number: usize| format!("features.denseblock{block}.denselayer{number}");
        for number in 1.. {
            let key = |part: &str, i: usize| format!("{}.{part}{dot}{i}", layer(number));
            if !names.has(&key("conv", 1)) {
                break;
            }
            let narrow = names.conv(&key("conv", 1), channels, 1)?;
            let narrow = narrow.norm(key("norm", 2)).then(Nonlinearity::Relu);
            let filter = names.conv(&key("conv", 2), narrow.channels_out(), 1)?;
            let added = filter.channels_out();
            let branch = vec![norm(&key("norm", 1), channels), narrow.into(), filter.into()];
            layers.push(Layer::Concat(vec![Vec::new(), branch]));
            channels += added;
            count += 1;
        }
        let transition = format!("features.transition{block}");
        if !names.has(&format!("{transition}.conv")) {
            break;
        }
        layers.push(norm(&format!("{transition}.norm"), channels));
        let narrow = names.conv(&format!("{transition}.conv"), channels, 1)?;
        channels = narrow.channels_out();
        layers.extend([narrow.into(), Layer::Pool(Pool::halves(PoolKind::Mean))]);
    }
    layers.push(norm("features.norm5", channels));
    Ok(Plan {
        // Two convolutions a layer, the first one, three transitions and the linear layer.
        name: format!("DenseNet-{}", 2 * count + 5),
        layers,
        ending: PlannedEnding::Linear { head: "classifier".to_owned() },
        parts: &["features.", "classifier."],
        sides: [256, 224],
        filter: Filter::Bilinear,
    })
}
