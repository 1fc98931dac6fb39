//! Small pictures of a folder's files, made on a thread of their own, those in view first.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use image::RgbImage;

use crate::budget::Wanted;
use crate::decoder;
use crate::engine::Wake;
use crate::photo::PhotoOptions;
use crate::preprocess::resample::{Filter, resize};
use crate::preprocess::{ModelInput, Recipe};

/// Longest side of a small picture, in pixels: sharp on screens with two pixels for each point.
const SIDE: u32 = 192;

/// A picture that has been looked at.
pub struct Thumbnail {
    pub path: PathBuf,
    /// `None` if it cannot be read.
    pub small: Option<RgbImage>,
    /// As the network would get it, where that was asked for.
    pub input: Option<ModelInput>,
}

/// A picture to be looked at.
#[derive(Clone, PartialEq)]
pub struct Order {
    pub path: PathBuf,
    /// How the network wants it, if it shall be asked about it.
    pub recipe: Option<Recipe>,
}

/// Orders that the thread has not begun; `None`: it may go.
type Orders = Arc<(Mutex<Option<Vec<Order>>>, Condvar)>;

/// The thread's other end.
pub struct Thumbnails {
    orders: Orders,
    inbox: Receiver<Thumbnail>,
}

impl Thumbnails {
    /// Without a thread there are no small pictures; the log says so.
    pub fn start(wake: Wake) -> Self {
        let orders: Orders = Arc::new((Mutex::new(Some(Vec::new())), Condvar::new()));
        let (outbox, inbox) = channel();
        let theirs = Arc::clone(&orders);
        let thread = std::thread::Builder::new().name("glasstree-thumbnails".to_owned());
        let spawned = thread.spawn(move || work(&theirs, &outbox, &wake));
        if let Err(error) = spawned {
            log::error!("Could not start the thread of the thumbnails: {error}");
        }
        Self { orders, inbox }
    }

    /// Replaces what is to be done, first things first.
    pub fn order(&self, orders: Vec<Order>) {
        let mut waiting = lock(&self.orders);
        if waiting.as_ref() != Some(&orders) {
            *waiting = Some(orders);
            self.orders.1.notify_one();
        }
    }

    /// Everything that is ready; never waits.
    pub fn drain(&self) -> Vec<Thumbnail> {
        self.inbox.try_iter().collect()
    }
}

impl Drop for Thumbnails {
    fn drop(&mut self) {
        *lock(&self.orders) = None;
        self.orders.1.notify_one();
    }
}

fn lock(orders: &Orders) -> MutexGuard<'_, Option<Vec<Order>>> {
    // What is inside is whole whatever happened to another thread.
    orders.0.lock().unwrap_or_else(PoisonError::into_inner)
}

fn work(orders: &Orders, outbox: &Sender<Thumbnail>, wake: &Wake) {
    while let Some(order) = next(orders) {
        let thumbnail = look_at(order);
        if outbox.send(thumbnail).is_err() {
            return;
        }
        wake();
        decoder::rest();
    }
}

/// Waits for something to do.
fn next(orders: &Orders) -> Option<Order> {
    let mut waiting = lock(orders);
    loop {
        match waiting.as_mut() {
            None => return None,
            Some(list) if !list.is_empty() => return Some(list.remove(0)),
            Some(_) => {
                waiting = orders.1.wait(waiting).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }
}

fn look_at(Order { path, recipe }: Order) -> Thumbnail {
    // Nobody chose to open these files: they are read as carefully as any other.
    let Ok(photo) = decoder::photo(&path, &PhotoOptions::default(), &Wanted::default()) else {
        return Thumbnail { path, small: None, input: None };
    };
    let input = recipe.and_then(|recipe| recipe.apply(&photo.rgb).ok());
    Thumbnail { path, small: Some(small(&photo.rgb)), input }
}

/// At most [`SIDE`] pixels long.
fn small(rgb: &RgbImage) -> RgbImage {
    let (width, height) = rgb.dimensions();
    let scale = (f64::from(SIDE) / f64::from(width.max(height).max(1))).min(1.0);
    let side = |side: u32| ((f64::from(side) * scale).round() as u32).max(1);
    resize(rgb, side(width), side(height), Filter::Bilinear)
}
