//! Annotations of COCO: one JSON file for all pictures, with the boxes of the things in them.
//!
//! The outlines that it also has are not read: where TorchRay asks for the outline of a thing, a box
//! around it is asked for here, which is larger.

use std::collections::HashMap;

use serde::Deserialize;

use crate::eval::Rect;

/// One thing in a picture: its file, its class, and where it is.
#[derive(Debug, PartialEq)]
pub struct Thing {
    pub file: String,
    pub class: String,
    pub bounds: Rect,
}

#[derive(Deserialize)]
struct Instances {
    images: Vec<Image>,
    annotations: Vec<Annotation>,
    categories: Vec<Category>,
}

#[derive(Deserialize)]
struct Image {
    id: u64,
    file_name: String,
}

#[derive(Deserialize)]
struct Annotation {
    image_id: u64,
    category_id: u64,
    /// Left, top, width and height, in pixels.
    bbox: [f64; 4],
}

#[derive(Deserialize)]
struct Category {
    id: u64,
    name: String,
}

/// Reads all things, in the order of the file.
///
/// # Errors
/// What is wrong with the file, for the user.
pub fn parse(text: &str) -> Result<Vec<Thing>, String> {
    let Instances { images, annotations, categories } =
        serde_json::from_str(text).map_err(|error| error.to_string())?;
    let images: HashMap<u64, String> =
        images.into_iter().map(|image| (image.id, image.file_name)).collect();
    let names: HashMap<u64, String> =
        categories.into_iter().map(|category| (category.id, category.name)).collect();
    let thing = |Annotation { image_id, category_id, bbox: [left, top, width, height] }| {
        let file = images.get(&image_id).ok_or_else(|| format!("there is no image {image_id}"))?;
        let class =
            names.get(&category_id).ok_or_else(|| format!("there is no category {category_id}"))?;
        if !(width >= 0.0
            && height >= 0.0
            && [left, top, width, height].iter().all(|it| it.is_finite()))
        {
            return Err(format!("a box of image {image_id} makes no sense"));
        }
        let bounds = Rect { left, top, right: left + width, bottom: top + height };
        Ok(Thing { file: file.clone(), class: class.clone(), bounds })
    };
    annotations.into_iter().map(thing).collect()
}
