//! Work that would hold up the window, each on a thread of its own: dialogs, folders, files, trees.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use image::RgbImage;

use crate::assets::SAMPLE_PHOTOS;
use crate::catalog::CatalogEntry;
use crate::command::Purpose;
use crate::engine::{self, Wake};
use crate::explanation::{ModelInfo, Tree};
use crate::export::{Export, Painted};
use crate::fetch::{Cancel, Download, FetchError, Fetched, Order, Progress, Timeouts};
use crate::intake::{Intake, sort_out};
use crate::photo::{Photo, PhotoOptions};
use crate::preprocess::resample::{Filter, resize};
use crate::state::Role;

/// What a thread has to tell.
#[derive(Debug)]
pub enum Message {
    /// The user chose these in a dialog.
    Chosen(Purpose, Vec<PathBuf>),
    /// There is no dialog on this system.
    NoDialog(Purpose),
    /// The user chose nothing.
    Cancelled,
    /// With the number of the drop.
    SortedOut(u64, Intake),
    /// A tree can be used now.
    TreeReady,
    /// A hierarchy for a role's model, or why it is none.
    TreeRead(Role, Arc<ModelInfo>, Result<Tree, String>),
    /// Models of the catalogue that are in the folder of fetched models.
    Found(Vec<&'static str>),
    /// A piece of a model has arrived.
    Fetching(&'static str, Progress),
    Fetched(&'static str, Result<Fetched, String>),
    /// Small pictures of the samples.
    Thumbnails(Vec<Photo>),
    Saved(Result<PathBuf, String>),
    /// For the clipboard.
    Painted(RgbImage),
}

/// A dialog that closes sooner than this was never there.
const NOBODY_IS_THAT_FAST: Duration = Duration::from_millis(350);
/// Time between two reports about a download.
const REPORT: Duration = Duration::from_millis(100);
/// Longest side of a small picture.
const THUMBNAIL: u32 = 320;

/// Starts threads and collects what they say.
pub struct Tasks {
    outbox: Sender<Message>,
    inbox: Receiver<Message>,
    wake: Wake,
    /// Downloads that have been started, by id.
    downloads: HashMap<&'static str, Cancel>,
    /// How often files were given to the window.
    drops: u64,
}

impl Tasks {
    pub fn new(wake: Wake) -> Self {
        let (outbox, inbox) = channel();
        Self { outbox, inbox, wake, downloads: HashMap::new(), drops: 0 }
    }

    /// Everything that has arrived; never waits.
    pub fn drain(&self) -> Vec<Message> {
        self.inbox.try_iter().collect()
    }

    /// Runs `work` on a thread of this name. Without a thread nothing happens; the log says so.
    fn spawn(&self, name: &str, work: impl FnOnce() -> Option<Message> + Send + 'static) {
        let (outbox, wake) = (self.outbox.clone(), Arc::clone(&self.wake));
        let thread = std::thread::Builder::new().name(format!("glasstree-{name}"));
        let spawned = thread.spawn(move || {
            if let Some(message) = work() {
                outbox.send(message).ok();
                wake();
            }
        });
        if let Err(error) = spawned {
            log::error!("Could not start the thread {name}: {error}");
        }
    }

    /// A large folder takes longer than a file: the answers may come in another order.
    pub fn sort_out(&mut self, paths: Vec<PathBuf>) {
        self.drops += 1;
        let number = self.drops;
        self.spawn("files", move || Some(Message::SortedOut(number, sort_out(&paths))));
    }

    pub fn prepare_tree(&self, model: Arc<ModelInfo>) {
        self.spawn("tree", move || {
            // Made by asking for it; an error is asked for again where it is shown.
            model.tree().ok();
            Some(Message::TreeReady)
        });
    }

    pub fn read_tree(&self, role: Role, model: Arc<ModelInfo>, path: PathBuf) {
        self.spawn("hierarchy", move || {
            let tree = engine::read_tree(&path, &model).map_err(|error| error.to_string());
            Some(Message::TreeRead(role, model, tree))
        });
    }

    /// Looks which models are in the folder.
    pub fn look_for_models(&self, entries: &[&'static CatalogEntry], folder: PathBuf) {
        let entries = entries.to_vec();
        self.spawn("models", move || {
            let is_here = |entry: &&&CatalogEntry| entry.is_here(&folder);
            Some(Message::Found(entries.iter().filter(is_here).map(|entry| entry.id).collect()))
        });
    }

    pub fn fetch(&mut self, entry: &'static CatalogEntry, folder: &Path, timeouts: Timeouts) {
        let Some(order) = Order::of(entry, folder) else { return };
        let download = Download::new(order, timeouts);
        self.downloads.insert(entry.id, download.canceller());
        let (outbox, wake) = (self.outbox.clone(), Arc::clone(&self.wake));
        self.spawn("fetch", move || {
            let mut reported = Instant::now();
            let result = download.run(&mut |progress| {
                let is_last = progress.total == Some(progress.done);
                if reported.elapsed() >= REPORT || is_last {
                    reported = Instant::now();
                    outbox.send(Message::Fetching(entry.id, progress)).ok();
                    wake();
                }
            });
            // Whoever cancelled it knows.
            let result = match result {
                Err(FetchError::Cancelled) => return None,
                result => result.map_err(|error| error.to_string()),
            };
            Some(Message::Fetched(entry.id, result))
        });
    }

    pub fn cancel_fetch(&mut self, id: &str) {
        if let Some(cancel) = self.downloads.remove(id) {
            cancel.cancel();
        }
    }

    pub fn thumbnails(&self) {
        self.spawn("samples", || {
            let small = |sample: &crate::assets::SamplePhoto| {
                let photo =
                    Photo::decode(sample.name, sample.bytes, &PhotoOptions::default()).ok()?;
                let (width, height) = photo.rgb.dimensions();
                let scale = f64::from(THUMBNAIL) / f64::from(width.max(height));
                let side = |side: u32| ((f64::from(side) * scale).round() as u32).max(1);
                let rgb = resize(&photo.rgb, side(width), side(height), Filter::Bilinear);
                Some(Photo { rgb, ..photo })
            };
            Some(Message::Thumbnails(SAMPLE_PHOTOS.iter().filter_map(small).collect()))
        });
    }

    pub fn save(&self, export: Export, path: PathBuf) {
        self.spawn("save", move || {
            let saved = export.write(&path).map_err(|error| format!("{error:#}"));
            Some(Message::Saved(saved.map(|()| path)))
        });
    }

    pub fn paint(&self, painted: Painted) {
        self.spawn("copy", move || Some(Message::Painted(painted.picture())));
    }

    /// Shows the system's dialog; the answer comes later.
    pub fn dialog(&self, purpose: Purpose, folder: Option<&Path>, file: Option<&str>) {
        let mut dialog = rfd::AsyncFileDialog::new().set_title(purpose.title());
        if let Some(folder) = folder {
            dialog = dialog.set_directory(folder);
        }
        if let Some(file) = file {
            dialog = dialog.set_file_name(file);
        }
        for (name, extensions) in purpose.filters() {
            dialog = dialog.add_filter(name, extensions);
        }
        let started = Instant::now();
        // Made here, since a Mac wants that on the main thread; waited for elsewhere.
        let paths: std::pin::Pin<Box<dyn Future<Output = Option<Vec<PathBuf>>> + Send>> =
            if purpose.saves() {
                let file = dialog.save_file();
                Box::pin(async move { file.await.map(|file| vec![file.path().to_owned()]) })
            } else {
                let files = dialog.pick_files();
                Box::pin(async move {
                    let paths = |files: Vec<rfd::FileHandle>| {
                        files.iter().map(|file| file.path().to_owned()).collect()
                    };
                    files.await.map(paths)
                })
            };
        self.spawn("dialog", move || {
            // Without a screen to open on, a dialog returns an empty list.
            Some(match pollster::block_on(paths).filter(|paths| !paths.is_empty()) {
                Some(paths) => Message::Chosen(purpose, paths),
                None if started.elapsed() < NOBODY_IS_THAT_FAST => Message::NoDialog(purpose),
                None => Message::Cancelled,
            })
        });
    }
}
