//! Asking the network itself: the photo is changed, and the network runs again.

use std::sync::Arc;

use strum::IntoEnumIterator as _;

use super::Client;
use crate::explain::{Area, Removal};
use crate::explanation::Explanation;
use crate::protocol::{Change, ModelRequest, Rerun};

/// What the network says with a part of the photo taken out, for each way of doing so.
pub type Reruns = Vec<(Removal, Arc<Explanation>)>;

/// Runs the network again without `area`.
pub fn without(
    client: &Client,
    seen: &Arc<Explanation>,
    request: &ModelRequest,
    area: Area,
) -> anyhow::Result<Reruns> {
    let area = Arc::new(area);
    let run = |how: Removal| {
        let (seen, area) = (Arc::clone(seen), Arc::clone(&area));
        let change = Change::Without(area, how);
        let rerun = Rerun { seen, model: request.clone(), change };
        Ok((how, client.engine.rerun(rerun, &mut super::warn)?))
    };
    Removal::iter().map(run).collect()
}
