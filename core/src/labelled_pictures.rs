//! Pictures whose class is known, to measure a model on: found in folders or in a list.

mod coco;
mod list;
mod voc;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::eval::Rect;
use crate::explain::ClassId;
use crate::input::{self, ReadError};
use crate::labels::ClassList;
use crate::text::{CleanText, Shown as _};

/// Largest list that is read, in bytes.
const MAX_BYTES: u64 = 256 << 20;

/// So many unknown names without a known one, and the columns are mixed up or the model is another.
const HOPELESS: usize = 1000;

/// Where lists of boxes without classes have them.
const CLASS_LABELS: &str = "class_labels.txt";

/// Names of files that are taken for pictures.
const EXTENSIONS: [&str; 6] = ["jpg", "jpeg", "png", "webp", "bmp", "gif"];

/// A picture and what is known about it.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelledPicture {
    pub path: PathBuf,
    pub class: ClassId,
    /// Where in the picture things of the class are; often nothing is known.
    pub boxes: Vec<Rect>,
    /// Whether something of another class is known to be in it, too.
    pub has_others: bool,
}

/// The pictures that a model can be measured on, in the order of the list or of the names.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LabelledPictures {
    pub pictures: Vec<LabelledPicture>,
    /// Names that are no class of the model, in the order they were met.
    pub unknown: Vec<UnknownClass>,
}

/// A folder or a name that is no class of the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownClass {
    pub name: CleanText,
    /// Pictures that are left out for that.
    pub pictures: usize,
    /// One line for the user.
    pub reason: String,
}

/// Why there are no pictures to measure a model on. One line for the user.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    #[error("Could not read {}: {source}", path.shown())]
    Read { path: PathBuf, source: ReadError },
    #[error("{} is not a list of pictures: it is larger than {} MiB", .0.shown(), MAX_BYTES >> 20)]
    TooLarge(PathBuf),
    #[error("{} is not UTF-8 text; save it as UTF-8, one picture in each line", .0.shown())]
    NotUtf8(PathBuf),
    #[error("{}, line {line}: {reason}", path.shown())]
    Line { path: PathBuf, line: usize, reason: CleanText },
    #[error("{}: there is no class for {file:?} in {CLASS_LABELS} beside it", path.shown())]
    NoClass { path: PathBuf, file: String },
    #[error("{}: {reason}", path.shown())]
    Annotation { path: PathBuf, reason: CleanText },
    #[error("{} lists its own boxes; give a folder to use a file of boxes", .0.shown())]
    TwoLists(PathBuf),
    #[error(
        "There are no pictures in {}; it needs a folder for each class with pictures in it, \
         or a list of pictures", .0.shown()
    )]
    NoPictures(PathBuf),
    #[error("No picture of {} has a class of this model; {reason}", path.shown())]
    NoKnownClass { path: PathBuf, reason: String },
}

impl LabelledPictures {
    /// Finds the pictures and their classes; the pictures themselves are not opened. `data` is
    ///
    /// - a folder of folders, each named after a class as [`ClassList::find`] knows it, with the
    ///   pictures inside or in a folder `images` inside;
    /// - a list, as CSV or with tabs: `path,class` or `path,class,x0,y0,x1,y1`, with paths that
    ///   start at the list's own folder and an optional line of titles;
    ///   A list of boxes without classes, `path,x0,y0,x1,y1`, takes them from `class_labels.txt` beside
    ///   it: the form of the WSOL benchmark (Choe et al. 2020);
    /// - with `boxes`: the folder of the pictures that are in this list, itself, in `images`, or in
    ///   folders of the classes;
    /// - with `boxes` in the form of a detection benchmark: a folder of XML files as PASCAL VOC's
    ///   `Annotations` (of pictures that are not in the folder nothing is read; a class of which all
    ///   things are marked as difficult is left out), or a `.json` as COCO's `instances_val2014.json`.
    ///   Each class of a picture makes an entry of its own.
    ///
    /// A box goes from pixel (x0, y0) up to and including pixel (x1, y1), counted from 0. A picture
    /// with several boxes of a class has a line for each.
    ///
    /// # Errors
    /// What cannot be read, the first line of a list that makes no sense, or that nothing is left.
    pub fn read(data: &Path, boxes: Option<&Path>, classes: &ClassList) -> Result<Self, DataError> {
        let metadata = fs::metadata(data).map_err(read_error(data))?;
        let mut collector = Collector::new(classes);
        match (metadata.is_dir(), boxes) {
            (true, None) => collector.folders(data)?,
            (true, Some(list)) if list.is_dir() => collector.voc(list, data)?,
            (true, Some(list)) if is_json(list) => collector.coco(list, data)?,
            (true, Some(list)) => collector.list(list, data)?,
            (false, None) => collector.list(data, data.parent().unwrap_or(Path::new("")))?,
            (false, Some(_)) => return Err(DataError::TwoLists(data.to_owned())),
        }
        collector.note_others();
        let found = collector.found;
        match found.unknown.first() {
            _ if !found.pictures.is_empty() => Ok(found),
            None => Err(DataError::NoPictures(data.to_owned())),
            Some(unknown) => Err(no_known_class(data, unknown)),
        }
    }

    /// Keeps at most so many pictures, spread evenly over all, so that every class keeps its share.
    pub fn limit(&mut self, most: usize) {
        limit_evenly(&mut self.pictures, most);
    }
}

/// Keeps at most so many, spread evenly over all.
pub fn limit_evenly<T>(all: &mut Vec<T>, most: usize) {
    let count = all.len();
    if count > most {
        // Entry i is kept if a multiple of count/most falls on it.
        let is_kept = |i: usize| (i * most) % count < most;
        let kept = std::mem::take(all).into_iter().enumerate().filter(|&(i, _)| is_kept(i));
        *all = kept.map(|(_, picture)| picture).collect();
    }
}

/// All pictures in a folder and the folders in it, in the order of the names; links to folders are
/// not followed.
///
/// # Errors
/// When a folder cannot be read, or there are no pictures.
pub fn pictures_below(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let mut open = vec![folder.to_owned()];
    let mut found = Vec::new();
    while let Some(folder) = open.pop() {
        found.extend(pictures_in(&folder)?);
        let is_folder =
            |path: &PathBuf| path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir());
        open.extend(entries(&folder)?.into_iter().filter(is_folder));
    }
    found.sort();
    if found.is_empty() { Err(DataError::NoPictures(folder.to_owned())) } else { Ok(found) }
}

/// Gathers pictures, and remembers what names mean.
struct Collector<'a> {
    classes: &'a ClassList,
    /// A class, or an index of the unknown names.
    names: HashMap<String, Result<ClassId, usize>>,
    /// Which picture is of a file and a class.
    known: HashMap<(String, ClassId), usize>,
    /// The file of each picture of a list.
    files: Vec<String>,
    /// The only class that a file has things of; `None` for several.
    first: HashMap<String, Option<String>>,
    found: LabelledPictures,
}

impl LabelledPicture {
    /// Nothing is known but its class.
    pub fn new(path: PathBuf, class: ClassId) -> Self {
        Self { path, class, boxes: Vec::new(), has_others: false }
    }
}

fn is_json(path: &Path) -> bool {
    path.extension().is_some_and(|it| it.eq_ignore_ascii_case("json"))
}

impl<'a> Collector<'a> {
    fn new(classes: &'a ClassList) -> Self {
        let (names, known, first) = (HashMap::new(), HashMap::new(), HashMap::new());
        let (files, found) = (Vec::new(), LabelledPictures::default());
        Self { classes, names, known, files, first, found }
    }

    fn folders(&mut self, data: &Path) -> Result<(), DataError> {
        for folder in entries(data)?.into_iter().filter(|path| path.is_dir()) {
            let mut paths = pictures_in(&folder)?;
            let images = folder.join("images");
            if images.is_dir() {
                paths.extend(pictures_in(&images)?);
            }
            let name = folder.file_name().unwrap_or_default().to_string_lossy();
            if let Some(class) = self.class(&name, paths.len()) {
                let labelled = |path| LabelledPicture::new(path, class);
                self.found.pictures.extend(paths.into_iter().map(labelled));
            }
            self.check(data)?;
        }
        Ok(())
    }

    /// Pictures of the list at `path`, which are somewhere in `folder`.
    fn list(&mut self, path: &Path, folder: &Path) -> Result<(), DataError> {
        let text = read_text(path)?;
        let mut labels = None;
        for entry in list::parse(&text) {
            let entry = entry.map_err(at_line(path))?;
            let name = match entry.class {
                Some(name) => name,
                None => {
                    let labels = match &labels {
                        Some(labels) => labels,
                        None => labels.insert(class_labels(path)?),
                    };
                    labels.get(&entry.file).cloned().ok_or_else(|| DataError::NoClass {
                        path: path.to_owned(),
                        file: entry.file.clone(),
                    })?
                }
            };
            self.thing(folder, &entry.file, &name, entry.bounds);
            self.check(path)?;
        }
        Ok(())
    }

    /// Pictures of the XML files in a folder, which are somewhere in `folder`.
    fn voc(&mut self, annotations: &Path, folder: &Path) -> Result<(), DataError> {
        let is_xml =
            |path: &PathBuf| path.extension().is_some_and(|it| it.eq_ignore_ascii_case("xml"));
        for path in entries(annotations)?.into_iter().filter(is_xml) {
            let voc::Annotation { file, things } =
                voc::parse(&read_text(&path)?).map_err(|reason| DataError::Annotation {
                    path: path.clone(),
                    reason: reason.into(),
                })?;
            if things.first().is_none_or(|it| !locate(folder, &file, &it.class).exists()) {
                continue;
            }
            for thing in &things {
                let mut same = things.iter().filter(|it| it.class == thing.class);
                if same.all(|it| it.is_difficult) {
                    self.note_thing(&file, &thing.class);
                } else {
                    self.thing(folder, &file, &thing.class, Some(thing.bounds));
                }
            }
            self.check(&path)?;
        }
        Ok(())
    }

    /// Pictures of COCO's JSON, which are somewhere in `folder`.
    fn coco(&mut self, path: &Path, folder: &Path) -> Result<(), DataError> {
        let things = coco::parse(&read_text(path)?).map_err(|reason| DataError::Annotation {
            path: path.to_owned(),
            reason: reason.into(),
        })?;
        for coco::Thing { file, class, bounds } in things {
            self.thing(folder, &file, &class, Some(bounds));
            self.check(path)?;
        }
        Ok(())
    }

    /// A thing of a class is in a picture.
    fn thing(&mut self, folder: &Path, file: &str, name: &str, bounds: Option<Rect>) {
        self.note_thing(file, name);
        let Some(class) = self.class(name, 1) else { return };
        let pictures = &mut self.found.pictures;
        let at = *self.known.entry((file.to_owned(), class)).or_insert_with(|| {
            pictures.push(LabelledPicture::new(locate(folder, file, name), class));
            self.files.push(file.to_owned());
            pictures.len() - 1
        });
        pictures[at].boxes.extend(bounds);
    }

    /// The same, also if nothing is asked about it.
    fn note_thing(&mut self, file: &str, name: &str) {
        match self.first.get_mut(file) {
            None => {
                self.first.insert(file.to_owned(), Some(name.to_owned()));
            }
            Some(first) if first.as_deref().is_some_and(|first| first != name) => *first = None,
            Some(_) => {}
        }
    }

    /// Notes in which pictures there are things of several classes.
    fn note_others(&mut self) {
        for (picture, file) in self.found.pictures.iter_mut().zip(&self.files) {
            picture.has_others = self.first.get(file).is_some_and(Option::is_none);
        }
    }

    /// The class that a name means; an unknown one is noted with its pictures.
    fn class(&mut self, name: &str, pictures: usize) -> Option<ClassId> {
        let unknown = &mut self.found.unknown;
        let meaning = match self.names.get(name) {
            Some(&meaning) => meaning,
            None => {
                let meaning = self.classes.find(name).map_err(|error| {
                    let reason = error.to_string();
                    unknown.push(UnknownClass { name: name.into(), pictures: 0, reason });
                    unknown.len() - 1
                });
                self.names.insert(name.to_owned(), meaning);
                meaning
            }
        };
        if let Err(at) = meaning {
            unknown[at].pictures += pictures;
        }
        meaning.ok()
    }

    /// Gives up where nothing fits: looking for names that are alike takes time.
    fn check(&self, path: &Path) -> Result<(), DataError> {
        match self.found.unknown.get(HOPELESS) {
            Some(unknown) if self.found.pictures.is_empty() => Err(no_known_class(path, unknown)),
            _ => Ok(()),
        }
    }
}

/// What is wrong with a line of a list.
fn at_line(path: &Path) -> impl Fn((usize, String)) -> DataError {
    |(line, reason)| DataError::Line { path: path.to_owned(), line, reason: reason.into() }
}

/// The class of each file from `class_labels.txt` beside a list of boxes.
fn class_labels(boxes: &Path) -> Result<HashMap<String, String>, DataError> {
    let path = boxes.with_file_name(CLASS_LABELS);
    let text = read_text(&path)?;
    let entry = |entry: Result<list::Entry, _>| {
        let list::Entry { file, class, .. } = entry.map_err(at_line(&path))?;
        Ok(class.map(|class| (file, class)))
    };
    list::parse(&text).filter_map(|line| entry(line).transpose()).collect()
}

/// The picture of a line: in the folder itself, in `images`, or in the class's folder.
fn locate(folder: &Path, file: &str, class: &str) -> PathBuf {
    let direct = folder.join(file);
    let own = folder.join(class);
    let elsewhere = [folder.join("images"), own.join("images"), own].map(|place| place.join(file));
    if direct.exists() {
        return direct;
    }
    elsewhere.into_iter().find(|path| path.exists()).unwrap_or(direct)
}

/// What is in a folder, in the order of the names, without hidden files.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let read = || -> std::io::Result<Vec<PathBuf>> {
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect()
    };
    let mut paths = read().map_err(read_error(folder))?;
    let name = |path: &PathBuf| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    paths.retain(|path| !name(path).starts_with('.'));
    paths.sort();
    Ok(paths)
}

fn pictures_in(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let mut paths = entries(folder)?;
    paths.retain(|path| {
        let extension = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        EXTENSIONS.contains(&extension.as_str())
    });
    Ok(paths)
}

fn read_text(path: &Path) -> Result<String, DataError> {
    let bytes = input::read(path, MAX_BYTES).map_err(|error| match error {
        ReadError::TooLarge(_) => DataError::TooLarge(path.to_owned()),
        source => DataError::Read { path: path.to_owned(), source },
    })?;
    String::from_utf8(bytes).map_err(|_| DataError::NotUtf8(path.to_owned()))
}

fn read_error(path: &Path) -> impl Fn(std::io::Error) -> DataError {
    |source| DataError::Read { path: path.to_owned(), source: source.into() }
}

fn no_known_class(path: &Path, unknown: &UnknownClass) -> DataError {
    DataError::NoKnownClass { path: path.to_owned(), reason: unknown.reason.clone() }
}
