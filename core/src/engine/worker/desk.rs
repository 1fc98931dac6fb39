//! What a job needs of the engine besides its device: somebody to tell, whether it is still wanted,
//! and its picture. Several threads may have it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Sender;

use super::Stop;
use crate::budget::Wanted;
use crate::decoder;
use crate::engine::Wake;
use crate::photo::Photo;
use crate::protocol::{Event, JobId, PictureSource, Stage};

#[derive(Clone)]
pub struct Desk {
    outbox: Sender<Event>,
    wake: Wake,
    oldest_wanted: Arc<AtomicU64>,
}

impl Desk {
    /// Jobs before the `oldest_wanted` one are given up.
    pub fn new(outbox: Sender<Event>, wake: Wake, oldest_wanted: Arc<AtomicU64>) -> Self {
        Self { outbox, wake, oldest_wanted }
    }

    pub fn say(&self, event: Event) {
        // Nobody listening is no reason to fail: the program is closing.
        self.outbox.send(event).ok();
        (self.wake)();
    }

    pub(super) fn check_wanted(&self, job: JobId) -> Result<(), Stop> {
        let is_wanted = job.0 >= self.oldest_wanted.load(Ordering::Relaxed);
        if is_wanted { Ok(()) } else { Err(Stop::Cancelled) }
    }

    /// The same question, for readers of files.
    pub fn wanted(&self, job: JobId) -> Wanted {
        let oldest_wanted = Arc::clone(&self.oldest_wanted);
        Wanted::new(move || job.0 >= oldest_wanted.load(Ordering::Relaxed))
    }

    /// Announces a stage, unless the job is not wanted any more.
    pub(super) fn stage(&self, job: JobId, stage: Stage) -> Result<(), Stop> {
        self.check_wanted(job)?;
        self.say(Event::Progress { job, stage });
        Ok(())
    }

    pub(super) fn picture(&self, job: JobId, picture: &PictureSource) -> Result<Arc<Photo>, Stop> {
        self.stage(job, Stage::Decoding)?;
        let wanted = self.wanted(job);
        let decode = || match picture {
            PictureSource::Photo(photo) => Ok(Arc::clone(photo)),
            PictureSource::File(path, options) => {
                decoder::photo(path, options, &wanted).map(Arc::new)
            }
            PictureSource::Bytes(name, bytes, options) => {
                Photo::decode(name, bytes, options).map(Arc::new)
            }
        };
        // A decoder that crashes says nothing about the device.
        let photo = catch_unwind(AssertUnwindSafe(decode))
            .map_err(|_| Stop::Failed("The picture could not be decoded".to_owned()))?
            .map_err(|error| Stop::Failed(error.to_string()));
        self.check_wanted(job)?;
        let photo = photo?;
        self.say(Event::PhotoReady { job, photo: Arc::clone(&photo) });
        Ok(photo)
    }

    /// Announces how much of a file of weights is read, a hundred times at most.
    pub fn loading(&self, job: JobId) -> impl Fn(u64, u64) + Send + Sync + 'static {
        let desk = self.clone();
        let told = AtomicU64::new(0);
        move |read, total| {
            let percent = read * 100 / total.max(1);
            if told.swap(percent, Ordering::Relaxed) != percent {
                desk.say(Event::Progress { job, stage: Stage::LoadingModel { read, total } });
            }
        }
    }
}
