//! Annotations of PASCAL VOC: an XML file for each picture, with the boxes of the things in it.

use crate::eval::Rect;

/// What one file says.
#[derive(Debug, Default, PartialEq)]
pub struct Annotation {
    pub file: String,
    pub things: Vec<Thing>,
}

/// One thing in a picture.
#[derive(Debug, PartialEq)]
pub struct Thing {
    pub class: String,
    pub bounds: Rect,
    /// Marked as hard to recognise: a class of which all things are so is not asked about.
    pub is_difficult: bool,
}

/// Reads an annotation. Boxes there count pixels from 1, the last one included.
///
/// # Errors
/// What is missing, for the user.
pub fn parse(text: &str) -> Result<Annotation, String> {
    let head = text.split("<object>").next().unwrap_or_default();
    let file = element(head, "filename").ok_or("there is no <filename>")?.to_owned();
    let mut things = Vec::new();
    for object in text.split("<object>").skip(1) {
        let object = object.split("</object>").next().unwrap_or_default();
        // Parts of a thing, such as the head of a person, have boxes of their own.
        let own = object.split("<part>").next().unwrap_or_default();
        let class = element(own, "name").ok_or("an <object> has no <name>")?.to_owned();
        let bounds = element(own, "bndbox")
            .and_then(bounds)
            .ok_or_else(|| format!("the box of an object {class:?} makes no sense"))?;
        let is_difficult = element(own, "difficult").is_some_and(|flag| flag != "0");
        things.push(Thing { class, bounds, is_difficult });
    }
    Ok(Annotation { file, things })
}

fn bounds(text: &str) -> Option<Rect> {
    let pixel = |name| element(text, name)?.parse::<f64>().ok().filter(|it| it.is_finite());
    let [x0, y0, x1, y1] = [pixel("xmin")?, pixel("ymin")?, pixel("xmax")?, pixel("ymax")?];
    let rect = Rect { left: x0 - 1.0, top: y0 - 1.0, right: x1, bottom: y1 };
    (rect.area() > 0.0).then_some(rect)
}

/// What is between the tags of the first element of a name, without spaces around it.
fn element<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    let (content, _) = rest.split_once(&format!("</{name}>"))?;
    Some(content.trim())
}
