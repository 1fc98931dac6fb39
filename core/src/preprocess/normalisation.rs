//! The ways in which pixels become the numbers of an input, and which published networks use which.

use serde::{Deserialize, Serialize};

/// Mean and standard deviation by which colours of 0 to 1 are normalised.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumIter,
    strum::EnumString,
    strum::VariantNames,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case", ascii_case_insensitive)]
pub enum Normalisation {
    /// The mean and deviation of ImageNet's colours: torchvision, most of timm.
    Imagenet,
    /// -1 to 1: Inception, vision transformers of Google, most of Keras.
    Inception,
    /// 0 to 1, nothing else.
    Unit,
    /// 0 to 255, nothing else: networks that normalise by themselves.
    Bytes,
    /// The mean and deviation of the pictures that CLIP was trained on.
    Clip,
}

/// Beginnings of names that timm and torchvision give their networks, the longer ones first.
const KNOWN: [(&str, Normalisation); 44] = {
    use Normalisation::{Clip, Imagenet, Inception, Unit};
    [
        // torchvision's transformers; those of timm say how large a patch is.
        ("vit_b_16", Imagenet),
        ("vit_b_32", Imagenet),
        ("vit_l_16", Imagenet),
        ("vit_l_32", Imagenet),
        ("vit_h_14", Imagenet),
        ("vit_", Inception),
        ("beit", Inception),
        ("mixer", Inception),
        ("inception_v3", Inception),
        ("inception_v4", Inception),
        ("inception_resnet", Inception),
        ("xception", Inception),
        ("tf_efficientnetv2", Inception),
        ("nasnetalarge", Inception),
        ("pnasnet", Inception),
        ("mobilevit", Unit),
        ("clip", Clip),
        ("resnet", Imagenet),
        ("resnext", Imagenet),
        ("wide_resnet", Imagenet),
        ("seresnet", Imagenet),
        ("ecaresnet", Imagenet),
        ("regnet", Imagenet),
        ("densenet", Imagenet),
        ("mobilenet_v", Imagenet),
        ("mobilenetv", Imagenet),
        ("mnasnet", Imagenet),
        ("efficientnet", Imagenet),
        ("tf_efficientnet", Imagenet),
        ("convnext", Imagenet),
        ("swin", Imagenet),
        ("deit", Imagenet),
        ("cait", Imagenet),
        ("maxvit", Imagenet),
        ("vgg", Imagenet),
        ("alexnet", Imagenet),
        ("squeezenet", Imagenet),
        ("shufflenet", Imagenet),
        ("googlenet", Imagenet),
        ("ghostnet", Imagenet),
        ("edgenext", Imagenet),
        ("poolformer", Imagenet),
        ("repvgg", Imagenet),
        ("hrnet", Imagenet),
    ]
};

impl Normalisation {
    /// Of red, green and blue, where a channel lies in 0..=1.
    pub const fn mean(self) -> [f32; 3] {
        match self {
            Self::Imagenet => [0.485, 0.456, 0.406],
            Self::Inception => [0.5; 3],
            Self::Unit | Self::Bytes => [0.0; 3],
            Self::Clip => [0.481_454_66, 0.457_827_5, 0.408_210_73],
        }
    }

    /// In the unit of the mean.
    pub const fn std(self) -> [f32; 3] {
        match self {
            Self::Imagenet => [0.229, 0.224, 0.225],
            Self::Inception => [0.5; 3],
            Self::Unit => [1.0; 3],
            Self::Bytes => [1.0 / 255.0; 3],
            Self::Clip => [0.268_629_54, 0.261_302_6, 0.275_777_1],
        }
    }

    /// That of published weights, where a file or model is named like a network of timm or
    /// torchvision.
    pub fn of_name(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase().replace('-', "_");
        let name = name.strip_prefix("timm_").unwrap_or(&name);
        KNOWN.iter().find(|(start, _)| name.starts_with(start)).map(|&(_, known)| known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_published_networks_are_known() {
        let of = Normalisation::of_name;
        assert_eq!(of("vit_b_16.onnx"), Some(Normalisation::Imagenet));
        assert_eq!(of("vit_base_patch16_224.augreg_in21k"), Some(Normalisation::Inception));
        assert_eq!(of("ResNet-50.onnx"), Some(Normalisation::Imagenet));
        assert_eq!(of("mobilenetv3_small_100.lamb_in1k"), Some(Normalisation::Imagenet));
        assert_eq!(of("mine"), None);
    }
}
