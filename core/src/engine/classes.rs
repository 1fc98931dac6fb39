//! What the classes of a model are called, and whose classes they are.

use std::path::Path;

use super::LoadError;
use crate::assets::Dataset;
use crate::catalog::ModelSource;
use crate::labels::{self, ClassList};
use crate::protocol::ModelRequest;
use crate::text::Shown as _;
use crate::wordnet;

/// The class list of a model with `count` outputs, and the data set if it is a known one.
///
/// The catalogue knows, and a file with 10, 100, 200 or 1000 outputs is taken for one of the data
/// set with as many, unless the user brings labels or wnids of other classes, or the file has others
/// (`said`).
///
/// # Errors
/// A list that cannot be read or has another length.
pub fn load(
    request: &ModelRequest,
    count: usize,
    said: Option<ClassList>,
) -> Result<(ClassList, Option<Dataset>), LoadError> {
    let check = |path: &Path, found: usize| {
        let (what, model) = (path.shown(), request.source.name());
        if found == count {
            Ok(())
        } else {
            Err(LoadError::Count { what, found, model, classes: count })
        }
    };
    let labels = request.labels.as_deref().map(|path| {
        let list = ClassList::read(path)?;
        check(path, list.labels.len()).map(|()| list)
    });
    let wnids = request.wnids.as_deref().map(|path| {
        let wnids = labels::read_wnids(path)?;
        check(path, wnids.len()).map(|()| wnids)
    });
    let (labels, wnids) = (labels.transpose()?, wnids.transpose()?);
    let said = said.filter(|list| list.labels.len() == count);

    let candidate = match &request.source {
        ModelSource::Known(entry, _) => {
            Some(entry.dataset).filter(|set| set.class_count() == count)
        }
        ModelSource::File(_) => Dataset::from_class_count(count),
    };
    let dataset = candidate.filter(|set| {
        let same_labels = labels.as_ref().is_none_or(|list| list.labels == set.labels());
        // nbdt's own list for Tiny ImageNet names the leaves of its trees, not the classes.
        let same_wnids =
            wnids.as_ref().is_none_or(|ids| ids == set.wnids() || ids == set.leaf_ids());
        let same_said = labels.is_some() || said.as_ref().is_none_or(|list| is_of(list, *set));
        same_labels && same_wnids && same_said
    });
    let labels = labels.or(said);
    let list = match (labels, wnids, dataset) {
        (_, _, Some(dataset)) => dataset.classes().clone(),
        (Some(list), wnids, None) => ClassList { wnids: wnids.or(list.wnids), ..list },
        (None, Some(wnids), None) => {
            let labels = wnids.iter().map(|wnid| wordnet::label_of(wnid).into()).collect();
            ClassList { labels, wnids: Some(wnids) }
        }
        (None, None, None) => {
            let labels = (0..count).map(|class| format!("class {class}").into()).collect();
            ClassList { labels, wnids: None }
        }
    };
    Ok((list, dataset))
}

/// Whether these are a data set's classes under other names: most begin with the same word.
fn is_of(list: &ClassList, set: Dataset) -> bool {
    let first = |label: &str| labels::fold(label.split(',').next().unwrap_or(label));
    let pairs = list.labels.iter().zip(set.labels());
    let same = pairs.filter(|(own, known)| first(own) == first(known)).count();
    same * 10 >= set.class_count() * 9
}
