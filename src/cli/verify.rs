//! Asking the network itself: the photo is changed, and the network runs again.

use std::sync::Arc;

use strum::IntoEnumIterator as _;

use super::Client;
use crate::explain::{Rect, Removal};
use crate::explanation::Explanation;
use crate::photo::Photo;
use crate::protocol::{ModelRequest, PictureSource};

/// What the network says with parts of the photo taken out, for each way of doing so.
pub type Reruns = Vec<(Removal, Arc<Explanation>)>;

/// Runs the network again without `rects` (pixels of the photo).
pub fn without(
    client: &Client,
    seen: &Explanation,
    request: &ModelRequest,
    rects: &[Rect],
) -> anyhow::Result<Reruns> {
    let cell = seen.cell_in_photo(0);
    let sigma = cell.max[0] - cell.min[0];
    let run = |how: Removal| {
        let rgb = how.apply(&seen.photo.rgb, rects, sigma);
        let photo = Photo { name: seen.photo.name.clone(), rgb };
        let picture = PictureSource::Photo(Arc::new(photo));
        Ok((how, client.engine.explain(picture, request, &mut super::warn)?))
    };
    Removal::iter().map(run).collect()
}

/// How a removal is called in a sentence.
pub fn words(how: Removal) -> &'static str {
    match how {
        Removal::MeanColor => "painted over with the photo's mean colour",
        Removal::Blur => "blurred",
    }
}
