//! `glasstree features`: what the last, linear layer of a model reads of many pictures.
//!
//! Writes three files in the same order: the features as a NumPy array `[pictures, channels]` of
//! float32, beside it the logits `[pictures, classes]` as `NAME.logits.npy`, and the list of the
//! pictures as `NAME.csv` with a line of titles: `path`, and `class` (the number of the class, from
//! 0) where it is known. Pictures that cannot be read are in none of them.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::Args;

use super::args::{ModelArgs, PictureArgs};
use super::eval::{warn_unknown, warn_unreadable};
use super::progress::Progress;
use super::{Client, Out, warn};
use crate::catalog::ModelSource;
use crate::explain::ClassId;
use crate::labelled_pictures::{DataError, LabelledPictures, limit_evenly, pictures_below};
use crate::labels::ClassList;
use crate::numbers::thousands;
use crate::text::Shown as _;
use crate::{npy, output};

#[derive(Debug, Args)]
pub struct FeaturesArgs {
    /// A folder with a folder of pictures for each class, a list of pictures as for `eval`, or any
    /// folder with pictures.
    #[arg(value_name = "DIR|FILE")]
    pub data: PathBuf,
    /// Where the features go; logits and the list of the pictures are written beside it.
    #[arg(long, value_name = "FILE")]
    pub npy: PathBuf,
    /// List of the pictures in the folder with their classes, as for `eval`.
    #[arg(long, value_name = "FILE")]
    pub boxes: Option<PathBuf>,
    /// A name from `glasstree models`, or a weights file.
    #[arg(long)]
    pub model: Option<String>,
    /// Take only so many pictures, spread evenly over all.
    #[arg(long, value_name = "COUNT")]
    pub limit: Option<NonZeroUsize>,
    #[command(flatten)]
    pub picture: PictureArgs,
    #[command(flatten)]
    pub options: ModelArgs,
}

pub fn run(args: &FeaturesArgs, out: Out<'_>) -> anyhow::Result<()> {
    let request = args.options.request(args.model.as_deref(), ModelSource::default_classifier());
    let most = args.limit.map_or(usize::MAX, NonZeroUsize::get);
    let client = Client::start(args.options.device.for_pictures(most))?;
    let model = client.load(&request)?;
    let mut listed = pictures(&args.data, args.boxes.as_deref(), &model.classes)?;
    limit_evenly(&mut listed, most);
    let paths: Vec<PathBuf> = listed.iter().map(|(path, _)| path.clone()).collect();

    let mut progress = Progress::new();
    let pooled = client.engine.features(
        paths.into(),
        args.picture.options(),
        &request,
        &mut warn,
        &mut |done, total| progress.show(done, total),
    );
    progress.clear();
    let pooled = pooled?;
    warn_unreadable(&pooled.unreadable);

    let count = pooled.pictures.len();
    let [logits, list] = ["logits.npy", "csv"].map(|ending| args.npy.with_extension(ending));
    for (path, numbers) in [(&args.npy, &pooled.features), (&logits, &pooled.logits)] {
        output::write(path, &npy::to_bytes(&[count, numbers.len() / count.max(1)], numbers)?)?;
    }
    let read = pooled.pictures.iter().filter_map(|&at| listed.get(at));
    output::write(&list, csv(read).as_bytes())?;
    let channels = pooled.features.len() / count.max(1);
    let written = [&args.npy, &logits, &list].map(|path| path.shown().to_string()).join(", ");
    let [channels, count] = [channels, count].map(thousands);
    writeln!(out, " * Wrote {channels} features of {count} pictures: {written}")?;
    Ok(())
}

/// The pictures with their classes, as far as those are known: where no folder is named after a
/// class, all pictures below are taken.
fn pictures(
    data: &Path,
    boxes: Option<&Path>,
    classes: &ClassList,
) -> Result<Vec<(PathBuf, Option<ClassId>)>, DataError> {
    match LabelledPictures::read(data, boxes, classes) {
        Ok(found) => {
            warn_unknown(&found.unknown);
            Ok(found.pictures.into_iter().map(|it| (it.path, Some(it.class))).collect())
        }
        Err(DataError::NoPictures(_) | DataError::NoKnownClass { .. })
            if boxes.is_none() && data.is_dir() =>
        {
            Ok(pictures_below(data)?.into_iter().map(|path| (path, None)).collect())
        }
        Err(error) => Err(error),
    }
}

fn csv<'a>(pictures: impl Iterator<Item = &'a (PathBuf, Option<ClassId>)>) -> String {
    let line = |(path, class): &(PathBuf, Option<ClassId>)| {
        let path = path.to_string_lossy().replace('"', "\"\"");
        format!("\"{path}\",{}\n", class.map_or_else(String::new, |class| class.to_string()))
    };
    std::iter::once("path,class\n".to_owned()).chain(pictures.map(line)).collect()
}
