//! Results as files: made here as bytes, written whole or not at all.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use image::{ImageFormat, RgbImage};
use serde_json::{Value, json};

use crate::caption::Caption;
use crate::explain::{Cam, Paint, Rule, overlay};
use crate::explanation::{CamTarget, Explanation, ModelInfo};
use crate::preprocess::RectTransform;
use crate::{npy, output};

/// A photo, with its cover on if it has one, and the map that is shown on it.
#[derive(Debug, Clone)]
pub struct Painted {
    pub explanation: Arc<Explanation>,
    pub map: Cam,
    /// Where the map lies, if that is not where the network looked.
    pub photo_from_map: Option<RectTransform>,
    pub paint: Paint,
}

/// What can be saved, with all it takes; plain data, so that any thread can do it.
#[derive(Debug, Clone)]
pub enum Export {
    /// The photo at its full resolution with the map on it, as PNG.
    Overlay(Painted),
    /// The same with a caption, as PNG or SVG by the extension of the file. The method is named
    /// unless it is the plain map.
    Figure { painted: Painted, target: CamTarget, method: Option<&'static str> },
    /// The values of a map, as a NumPy array.
    Map(Cam),
    /// Probabilities of the classifier, decisions of the tree model, as JSON.
    Json { classifier: Option<Arc<Explanation>>, tree: Option<Arc<Explanation>>, rule: Rule },
    /// The hierarchy that lies in a model's linear layer, in nbdt's format.
    Hierarchy(Arc<ModelInfo>),
    /// Text that is there already, such as a drawing.
    Text { text: String, extension: &'static str },
}

impl Export {
    pub fn extension(&self) -> &'static str {
        match self {
            Self::Overlay(_) | Self::Figure { .. } => "png",
            Self::Map(_) => "npy",
            Self::Json { .. } | Self::Hierarchy(_) => "json",
            Self::Text { extension, .. } => extension,
        }
    }

    /// The content of the file, whose name may decide about the format.
    ///
    /// # Errors
    /// When a picture cannot be encoded, or a model has too many classes for a hierarchy.
    pub fn bytes(&self, path: &Path) -> anyhow::Result<Vec<u8>> {
        match self {
            Self::Overlay(painted) => png(&painted.picture()),
            Self::Figure { painted, target, method } => {
                let Painted { explanation, map, paint, .. } = painted;
                let caption = Caption::new(explanation, *target, map, paint, *method)
                    .context("There is nothing to caption")?;
                match path.extension().is_some_and(|it| it.eq_ignore_ascii_case("svg")) {
                    true => Ok(caption.svg(&painted.picture())?.into_bytes()),
                    false => png(&caption.picture(&painted.picture())),
                }
            }
            Self::Map(map) => Ok(npy::to_bytes(&[map.height, map.width], &map.data)?),
            Self::Json { classifier, tree, rule } => {
                let value = to_json(classifier.as_deref(), tree.as_deref(), *rule);
                Ok(serde_json::to_string_pretty(&value)?.into_bytes())
            }
            Self::Hierarchy(model) => Ok(model.induced_hierarchy()?.to_json().into_bytes()),
            Self::Text { text, .. } => Ok(text.clone().into_bytes()),
        }
    }

    /// Writes the file.
    ///
    /// # Errors
    /// One line for the user.
    pub fn write(&self, path: &Path) -> anyhow::Result<()> {
        output::write(path, &self.bytes(path)?)
    }
}

impl Painted {
    /// The photo at its full resolution with the map on it.
    pub fn picture(&self) -> RgbImage {
        let Self { explanation, map, photo_from_map, paint } = self;
        let input = &explanation.input;
        let side = input.crop.width();
        let place = photo_from_map.unwrap_or(input.photo_from_input);
        overlay(&explanation.photo.rgb, map, place, side, paint)
    }
}

fn png(picture: &RgbImage) -> anyhow::Result<Vec<u8>> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png)?;
    Ok(bytes.into_inner())
}

fn to_json(classifier: Option<&Explanation>, tree: Option<&Explanation>, rule: Rule) -> Value {
    let picture = classifier.or(tree).map(|explanation| explanation.photo.name.clone());
    json!({
        "picture": picture,
        "classifier": classifier.map(predictions),
        "tree_model": tree.map(|explanation| decisions(explanation, rule)),
    })
}

fn predictions(explanation: &Explanation) -> Value {
    let class = |class| {
        json!({
            "index": class,
            "label": explanation.model.label(class),
            "wnid": explanation.model.wnid(class),
            "logit": explanation.forward.logits[class],
            "probability": explanation.probabilities[class],
        })
    };
    let all = explanation.top(explanation.forward.logits.len());
    json!({
        "model": explanation.model.source.name(),
        "device": explanation.device,
        "milliseconds": explanation.took.as_secs_f64() * 1e3,
        "classes": all.into_iter().map(class).collect::<Vec<_>>(),
    })
}

fn decisions(explanation: &Explanation, rule: Rule) -> Value {
    let model = explanation.model.source.name();
    let tree = explanation.model.tree();
    let (Ok(tree), Ok(decision)) = (tree, explanation.decision(rule)) else {
        return json!({ "model": model, "error": tree.err() });
    };
    json!({
        "model": model,
        "hierarchy": tree.name,
        "rule": rule.to_string(),
        "prediction": explanation.model.label(decision.class),
        "decisions": decision.steps(&tree.hierarchy),
        "likeliest": explanation.model.label(decision.likeliest),
        "class_probabilities": decision.class_prob,
        "agreement": explanation.agreement().ok(),
    })
}
