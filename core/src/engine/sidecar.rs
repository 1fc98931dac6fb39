//! What a file of weights, or one beside it, says about its model: names of the classes, and how
//! pictures are prepared.
//!
//! Read are the entries that `training/export_onnx.py` writes into ONNX files, and the files that
//! the Hugging Face hub keeps beside `model.safetensors`: `config.json` of timm and of transformers,
//! and `preprocessor_config.json` of the latter. What is not understood is left out.

use std::path::Path;

use serde::Deserialize;

use crate::input;
use crate::labels::ClassList;
use crate::preprocess::{Filter, Normalisation, Recipe};
use crate::text::CleanText;

/// Largest such file that is read, in bytes.
const MAX_BYTES: u64 = 8 << 20;

/// What was found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Said {
    pub labels: Option<ClassList>,
    pub recipe: Option<Recipe>,
    /// Which network it is, by the name that timm gives it.
    pub network: Option<CleanText>,
}

impl Said {
    /// From the entries of an ONNX file.
    pub fn in_onnx<'a>(entry: impl Fn(&str) -> Option<&'a str>) -> Self {
        let labels = ["glasstree.labels", "labels", "names", "classes"];
        let labels = labels.iter().filter_map(|key| entry(key));
        Self {
            labels: labels.filter_map(|text| ClassList::parse(text.as_bytes()).ok()).next(),
            recipe: entry("glasstree.recipe").and_then(|text| serde_json::from_str(text).ok()),
            network: entry("glasstree.network").map(CleanText::new),
        }
    }

    /// From the files of the Hugging Face hub in the folder of `weights`.
    pub fn beside(weights: &Path) -> Self {
        let folder = weights.parent().unwrap_or(Path::new(""));
        let config = read(&folder.join("config.json"));
        let preprocessor = read(&folder.join("preprocessor_config.json"));
        let timm = config.as_deref().and_then(|text| serde_json::from_slice::<Timm>(text).ok());
        let of_preprocessor = || {
            let text = preprocessor.as_deref()?;
            serde_json::from_slice::<Preprocessor>(text).ok()?.recipe()
        };
        let labels = match &timm {
            Some(Timm { label_names: Some(labels), .. }) => {
                Some(ClassList { labels: labels.clone(), wnids: None })
            }
            _ => config.as_deref().and_then(|text| ClassList::parse(text).ok()),
        };
        // What transformers writes where nobody has named the classes.
        let is_named = |list: &ClassList| !list.labels.iter().all(|it| it.starts_with("LABEL_"));
        Self {
            labels: labels.filter(is_named),
            recipe: timm.as_ref().and_then(Timm::recipe).or_else(of_preprocessor),
            network: timm.and_then(Timm::name),
        }
    }

    /// Nothing but a name, if there is one.
    pub fn named(network: String) -> Self {
        let network = (!network.is_empty()).then(|| network.into());
        Self { network, ..Self::default() }
    }

    /// What is said here, else what is said there.
    pub fn or(self, other: Self) -> Self {
        Self {
            labels: self.labels.or(other.labels),
            recipe: self.recipe.or(other.recipe),
            network: self.network.or(other.network),
        }
    }
}

/// What the network in a file of weights is called: by the file, or by its folder where files of all
/// networks have the same name, as on the Hugging Face hub and in its cache.
pub fn network_name(weights: &Path) -> String {
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut own = name(weights);
    if let Some((stem, extension)) = own.rsplit_once('.')
        && ["safetensors", "pth", "pt", "bin", "onnx", "zip"].contains(&extension)
    {
        own = stem.to_owned();
    }
    if ["model", "pytorch_model"].contains(&own.as_str()) {
        let folders = weights.ancestors().skip(1).map(name);
        // The cache has `models--timm--NAME/snapshots/COMMIT/model.safetensors`.
        let cached = folders.clone().find(|folder| folder.starts_with("models--"));
        own = cached.or_else(|| folders.clone().next()).unwrap_or_default();
    }
    let own = own.rsplit("--").next().unwrap_or_default();
    own.strip_prefix("timm_").unwrap_or(own).to_owned()
}

fn read(path: &Path) -> Option<Vec<u8>> {
    input::read(path, MAX_BYTES).ok()
}

/// `config.json` of timm.
#[derive(Deserialize)]
struct Timm {
    architecture: Option<CleanText>,
    label_names: Option<Vec<CleanText>>,
    pretrained_cfg: Option<Pretrained>,
}

#[derive(Deserialize)]
struct Pretrained {
    tag: Option<CleanText>,
    input_size: [u32; 3],
    crop_pct: Option<f64>,
    interpolation: Option<String>,
    mean: Option<[f32; 3]>,
    std: Option<[f32; 3]>,
}

impl Timm {
    /// As timm writes it: `resnet18.a1_in1k`.
    fn name(self) -> Option<CleanText> {
        let architecture = self.architecture?;
        let tag = self.pretrained_cfg.and_then(|config| config.tag);
        let tag = tag.filter(|tag| !tag.is_empty());
        Some(tag.map_or(architecture.clone(), |tag| format!("{architecture}.{tag}").into()))
    }

    fn recipe(&self) -> Option<Recipe> {
        let Pretrained { input_size: [_, side, _], crop_pct, interpolation, mean, std, .. } =
            self.pretrained_cfg.as_ref()?;
        let filter = match interpolation.as_deref() {
            Some("bilinear") => Filter::Bilinear,
            _ => Filter::Bicubic,
        };
        let usual = Normalisation::Imagenet;
        usable(Recipe {
            mean: mean.unwrap_or(usual.mean()),
            std: std.unwrap_or(usual.std()),
            ..Recipe::of_share(*side, crop_pct.unwrap_or(0.875), filter)
        })
    }
}

/// `preprocessor_config.json` of transformers.
#[derive(Deserialize)]
struct Preprocessor {
    size: Size,
    crop_size: Option<Size>,
    do_center_crop: Option<bool>,
    crop_pct: Option<f64>,
    image_mean: Option<[f32; 3]>,
    image_std: Option<[f32; 3]>,
    do_normalize: Option<bool>,
    /// Pillow's number: 2 is bilinear, 3 bicubic.
    resample: Option<u32>,
}

/// Sizes are written in three ways.
#[derive(Deserialize)]
#[serde(untagged)]
enum Size {
    Side(u32),
    Shortest { shortest_edge: u32 },
    Both { height: u32 },
}

impl Size {
    fn side(&self) -> u32 {
        match *self {
            Self::Side(side) | Self::Shortest { shortest_edge: side } => side,
            Self::Both { height } => height,
        }
    }
}

impl Preprocessor {
    fn recipe(&self) -> Option<Recipe> {
        let size = self.size.side();
        let cut = self.crop_size.as_ref().filter(|_| self.do_center_crop != Some(false));
        let (resize, crop) = match (cut, self.crop_pct) {
            (Some(cut), _) => (size, cut.side()),
            // ConvNeXt's: the size is that of the crop.
            (None, Some(share)) => ((f64::from(size) / share).floor() as u32, size),
            (None, None) => (size, size),
        };
        let is_normalised = self.do_normalize != Some(false);
        let usual = if is_normalised { Normalisation::Imagenet } else { Normalisation::Unit };
        let constants = |own: Option<[f32; 3]>| own.filter(|_| is_normalised);
        usable(Recipe {
            resize: Some(resize),
            crop,
            filter: if self.resample == Some(3) { Filter::Bicubic } else { Filter::Bilinear },
            mean: constants(self.image_mean).unwrap_or(usual.mean()),
            std: constants(self.image_std).unwrap_or(usual.std()),
        })
    }
}

fn usable(recipe: Recipe) -> Option<Recipe> {
    recipe.check().is_ok().then_some(recipe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_called_after_their_file_or_folder() {
        for (path, name) in [
            ("a/resnet18.a1_in1k.safetensors", "resnet18.a1_in1k"),
            ("a/tf_efficientnet_b0_aa-827b6e33.pth", "tf_efficientnet_b0_aa-827b6e33"),
            ("a/resnet18.a1_in1k/model.safetensors", "resnet18.a1_in1k"),
            ("a/timm_resnet18.a1_in1k/pytorch_model.bin", "resnet18.a1_in1k"),
            (
                "hub/models--timm--resnet18.a1_in1k/snapshots/491b427/model.safetensors",
                "resnet18.a1_in1k",
            ),
            ("model.safetensors", ""),
        ] {
            assert_eq!(network_name(Path::new(path)), name, "{path}");
        }
    }
}
