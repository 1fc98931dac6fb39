//! What to do with the files and folders that somebody drops.

use crate::text::Shown as _;
use std::cmp::Ordering;
use std::path::{Path, PathBuf};

/// Sorted by what they are.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Intake {
    /// In the order of the folder.
    pub pictures: Vec<PathBuf>,
    /// Which of the pictures to show.
    pub first: usize,
    /// Whether the user named this very picture.
    pub is_named: bool,
    /// Weights of a model.
    pub weights: Option<PathBuf>,
    /// Names of its classes, or of those of the model at hand.
    pub labels: Option<PathBuf>,
    /// What is left over: one line for the user.
    pub note: Option<String>,
}

const PICTURES: [&str; 8] = ["png", "jpg", "jpeg", "jpe", "jfif", "webp", "bmp", "gif"];
const WEIGHTS: [&str; 5] = ["safetensors", "pth", "pt", "zip", "onnx"];
/// What the Hugging Face hub calls the weights in the folder of a model; the better format first.
const HUB: [&str; 2] = ["model.safetensors", "pytorch_model.bin"];
/// Files of the hub that are read where they lie beside weights.
const BESIDE: [&str; 2] = ["config.json", "preprocessor_config.json"];
/// Lists of class names.
const LABELS: [&str; 1] = ["txt"];
/// Files that belong to a model and are chosen beside it.
const LISTS: [&str; 2] = ["json", "csv"];
/// Most entries of a folder that are looked at.
const MOST: usize = 20_000;

/// For dialogs.
pub fn picture_extensions() -> &'static [&'static str] {
    &PICTURES
}

/// For dialogs.
pub fn weight_extensions() -> &'static [&'static str] {
    &WEIGHTS
}

fn has(path: &Path, extensions: &[&str]) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|own| extensions.iter().any(|other| own.eq_ignore_ascii_case(other)))
}

/// The weights of the model that a folder is for: those that the Hugging Face hub names so, else the
/// only ones.
pub fn weights_in(folder: &Path) -> Option<PathBuf> {
    let named = HUB.iter().map(|name| folder.join(name)).find(|path| path.is_file());
    let only = || {
        let entries = std::fs::read_dir(folder).ok()?.take(MOST).filter_map(Result::ok);
        let mut weights = entries.map(|entry| entry.path()).filter(|path| has(path, &WEIGHTS));
        weights.next().filter(|_| weights.next().is_none())
    };
    named.or_else(only)
}

/// Looks at the paths: folders are opened (not those in them), files are told by their extension.
/// A single file of unknown kind counts as a picture, so that its content decides.
pub fn sort_out(paths: &[PathBuf]) -> Intake {
    let mut intake = Intake::default();
    let mut left_over = Vec::new();
    for path in paths {
        if path.is_dir() {
            match pictures_of(path) {
                Ok(pictures) if pictures.is_empty() && weights_in(path).is_some() => {
                    intake.weights = weights_in(path);
                }
                Ok(pictures) if pictures.is_empty() => {
                    intake.note = Some(format!("There are no pictures in {}", path.shown()));
                }
                Ok(pictures) => intake.pictures.extend(pictures),
                Err(error) => {
                    let note = format!("Could not open the folder {}: {error}", path.shown());
                    intake.note = Some(note);
                }
            }
        } else if has(path, &WEIGHTS) {
            intake.weights = Some(path.clone());
        } else if paths.iter().any(|path| has(path, &WEIGHTS)) && is_beside(path) {
            // It is read with the weights.
        } else if has(path, &LABELS)
            && !paths.iter().any(|path| path.is_dir() || has(path, &PICTURES))
        {
            // Among pictures it would be a note about them.
            intake.labels = Some(path.clone());
        } else if has(path, &LISTS) {
            intake.note = Some(format!(
                "{} is not a picture; choose labels and hierarchies under File, Models",
                path.shown()
            ));
        } else if has(path, &PICTURES) || paths.len() == 1 {
            intake.pictures.push(path.clone());
        } else {
            left_over.push(path);
        }
    }
    if let [only] = left_over.as_slice() {
        intake.note = Some(format!("Skipped, not a picture: {}", only.shown()));
    } else if !left_over.is_empty() {
        let count = left_over.len();
        intake.note = Some(format!("Skipped {count} files that are not pictures"));
    }
    if let [path] = intake.pictures.as_slice()
        && paths.len() == 1
        && let Some(siblings) = siblings(path)
    {
        (intake.pictures, intake.first) = siblings;
        intake.is_named = true;
    }
    intake
}

fn is_beside(path: &Path) -> bool {
    path.file_name().is_some_and(|name| BESIDE.iter().any(|own| name == *own))
}

/// The pictures beside a file, and its place among them.
fn siblings(path: &Path) -> Option<(Vec<PathBuf>, usize)> {
    let folder = path.parent()?;
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let name = path.file_name()?;
    let mut pictures = pictures_of(folder).ok()?;
    let at = pictures.iter().position(|other| other.file_name() == Some(name))?;
    // As it was given: the same file must be found again under the same path.
    pictures[at] = path.to_owned();
    Some((pictures, at))
}

fn pictures_of(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder)?.take(MOST).filter_map(Result::ok);
    let mut pictures: Vec<PathBuf> =
        entries.map(|entry| entry.path()).filter(|path| has(path, &PICTURES)).collect();
    pictures.sort_by(|a, b| natural(&file_name(a), &file_name(b)));
    Ok(pictures)
}

fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().to_lowercase())
}

/// Numbers in names by their value: `photo 9` before `photo 10`.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a, b);
    while let (Some(x), Some(y)) = (a.chars().next(), b.chars().next()) {
        let order = if x.is_ascii_digit() && y.is_ascii_digit() {
            let number =
                |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
            let (digits_a, digits_b) = (&a[..number(a)], &b[..number(b)]);
            a = &a[digits_a.len()..];
            b = &b[digits_b.len()..];
            let (x, y) = (digits_a.trim_start_matches('0'), digits_b.trim_start_matches('0'));
            x.len().cmp(&y.len()).then_with(|| x.cmp(y))
        } else {
            a = &a[x.len_utf8()..];
            b = &b[y.len_utf8()..];
            x.cmp(&y)
        };
        if order.is_ne() {
            return order;
        }
    }
    a.len().cmp(&b.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(names: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            std::fs::write(folder.path().join(name), "x").unwrap();
        }
        folder
    }

    #[test]
    fn one_picture_brings_its_folder() {
        let folder = folder(&["b10.png", "b9.JPG", "note.txt", "a.webp"]);
        let path = folder.path().join("b10.png");
        let intake = sort_out(std::slice::from_ref(&path));
        let names: Vec<String> = intake.pictures.iter().map(|path| file_name(path)).collect();
        assert_eq!(names, ["a.webp", "b9.jpg", "b10.png"]);
        assert_eq!((intake.first, &intake.pictures[2]), (2, &path));
    }

    #[test]
    fn a_mixed_drop_is_sorted() {
        let folder = folder(&["1.png", "2.png", "model.PTH", "readme.txt"]);
        let all: Vec<PathBuf> = ["2.png", "readme.txt", "1.png", "model.PTH"]
            .map(|name| folder.path().join(name))
            .into();
        let intake = sort_out(&all);
        assert_eq!(intake.pictures, [all[0].clone(), all[2].clone()]);
        assert_eq!(intake.weights.as_ref(), Some(&all[3]));
        assert!(intake.note.unwrap().contains("readme.txt"));
    }

    #[test]
    fn a_folder_of_a_model_is_its_weights() {
        let hub = folder(&["config.json", "pytorch_model.bin", "model.safetensors", "README.md"]);
        let intake = sort_out(&[hub.path().to_owned()]);
        assert_eq!(intake.weights, Some(hub.path().join("model.safetensors")));
        assert_eq!((intake.note, intake.pictures), (None, Vec::new()));
        // Dropped file by file.
        let both = ["model.safetensors", "config.json"].map(|name| hub.path().join(name));
        let intake = sort_out(&both);
        assert_eq!((intake.weights.as_ref(), intake.note), (Some(&both[0]), None));
        let two = folder(&["a.pth", "b.pth"]);
        assert_eq!((weights_in(two.path()), weights_in(&two.path().join("a.pth"))), (None, None));
    }

    #[test]
    fn a_folder_without_pictures_is_named_and_an_unknown_file_is_tried() {
        let empty = folder(&["readme.txt"]);
        let intake = sort_out(&[empty.path().to_owned()]);
        assert!(intake.pictures.is_empty() && intake.note.unwrap().contains("no pictures"));
        let list = empty.path().join("readme.txt");
        assert_eq!(sort_out(std::slice::from_ref(&list)).labels, Some(list));
        let file = empty.path().join("picture.scan");
        assert_eq!(sort_out(std::slice::from_ref(&file)).pictures, [file]);
    }
}
