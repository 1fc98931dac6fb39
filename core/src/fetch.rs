//! One file from a server into a folder: resumed where it broke off, checked before it gets its
//! name, and only ever when somebody asks for it.
//!
//! What has arrived lies beside its place as `NAME.part`, with a note about where it is from; so
//! the next try goes on from there. A lock makes sure that two programs do not write to it.

mod answer;
mod error;
mod part;

use std::io::Read as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ureq::{Agent, Proxy};

use answer::{Answer, ask};
pub use error::{Arrived, FetchError};
use part::{Part, sum_of};

use crate::catalog::CatalogEntry;

/// Larger files are no weights that this program could use.
const MAX_BYTES: u64 = 4 << 30;
const CHUNK: usize = 1 << 16;

/// Slower than this, in bytes per second, no file of weights ever arrives.
pub const LEAST_SPEED: f64 = 1000.0;

/// What to fetch, and where to.
#[derive(Debug, Clone)]
pub struct Order {
    pub url: String,
    /// The file to write; its folder is made if it is not there.
    pub target: PathBuf,
    /// In bytes, if it is known.
    pub size: Option<u64>,
    /// SHA-256 in hexadecimal digits or its beginning, if it is known.
    pub sha256: Option<String>,
    /// Whether a connection without encryption will do; to this computer itself it always does.
    pub plain_http: bool,
    /// Whether a file that is there already is fetched again.
    pub again: bool,
}

impl Order {
    /// A model of the catalogue, into the folder of fetched models; `None` for a bundled one.
    pub fn of(entry: &CatalogEntry, models: &std::path::Path) -> Option<Self> {
        let published = entry.published()?;
        Some(Self {
            url: published.url.to_owned(),
            target: models.join(entry.file),
            size: published.size,
            sha256: published.sha256.map(str::to_owned),
            plain_http: false,
            again: false,
        })
    }
}

/// How long to wait.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// For the name to be looked up, and for a connection.
    pub connect: Duration,
    /// For an answer, and for each piece of the file; a server that sends less than
    /// [`LEAST_SPEED`] for so long is given up, too.
    pub silence: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(20), silence: Duration::from_secs(30) }
    }
}

/// How much has arrived, in bytes, with what was there before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    pub done: u64,
    pub total: Option<u64>,
}

/// A file that is there now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    pub bytes: u64,
    /// In hexadecimal digits.
    pub sha256: String,
    /// It was there before, and is right.
    pub was_there: bool,
    /// Nobody has published its sum, and it is another one than when it was first fetched.
    pub changed: bool,
}

/// A download that can be given up from another thread.
#[derive(Debug)]
pub struct Download {
    order: Order,
    timeouts: Timeouts,
    agent: Agent,
    cancel: Cancel,
}

/// Gives a download up, even one that waits for its server.
#[derive(Debug, Clone)]
pub struct Cancel {
    asked: Arc<AtomicBool>,
    agent: Agent,
}

impl Cancel {
    /// The download ends soon with [`FetchError::Cancelled`]; what has arrived stays.
    pub fn cancel(&self) {
        self.asked.store(true, Ordering::Relaxed);
        self.agent.clone().shutdown();
    }

    fn was_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }
}

impl Download {
    /// Does nothing yet.
    pub fn new(order: Order, timeouts: Timeouts) -> Self {
        // A proxy has no way to this computer itself.
        let proxy = Proxy::try_from_env().filter(|_| !answer::is_this_computer(&order.url));
        let agent: Agent = Agent::config_builder()
            .proxy(proxy)
            .user_agent(concat!("glasstree/", env!("CARGO_PKG_VERSION")))
            .accept_encoding("identity")
            .http_status_as_error(false)
            // Each of them is looked at first.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_resolve(Some(timeouts.connect))
            .timeout_connect(Some(timeouts.connect))
            .timeout_recv_response(Some(timeouts.silence))
            .timeout_per_read(Some(timeouts.silence))
            .timeout_per_write(Some(timeouts.silence))
            .build()
            .into();
        let cancel = Cancel { asked: Arc::default(), agent: agent.clone() };
        Self { order, timeouts, agent, cancel }
    }

    /// For another thread.
    pub fn canceller(&self) -> Cancel {
        self.cancel.clone()
    }

    /// Fetches the file and waits for it; `progress` hears about every piece.
    ///
    /// # Errors
    /// One line for the user. Unless it was the wrong file, what has arrived stays for the next try.
    pub fn run(&self, progress: &mut dyn FnMut(Progress)) -> Result<Fetched, FetchError> {
        let result = self.attempt(progress);
        // Whatever goes wrong after that goes wrong because of that.
        result.map_err(|error| if self.cancel.was_asked() { FetchError::Cancelled } else { error })
    }

    fn attempt(&self, progress: &mut dyn FnMut(Progress)) -> Result<Fetched, FetchError> {
        let order = &self.order;
        let mut part = Part::open(&order.target)?;
        if !order.again && order.target.is_file() {
            return self.check_what_is_there();
        }
        let is_complete = order.size.is_some_and(|size| part.bytes() == size && size > 0);
        if !(is_complete && order.sha256.is_some()) {
            self.receive(&mut part, progress)?;
        }
        let (bytes, sha256) = part.sum()?;
        if let Some(expected) = order.sha256.as_deref().filter(|start| !sha256.starts_with(*start))
        {
            part.discard();
            let (file, expected) = (order.file_name(), expected.to_owned());
            return Err(FetchError::WrongSum { file, expected, found: sha256 });
        }
        if order.sha256.is_none()
            && let Err(error) = part.recognise()
        {
            part.discard();
            let file = order.file_name();
            return Err(FetchError::NotWeights { file, reason: error.to_string().into() });
        }
        let changed = part.finish(&sha256, order.sha256.is_none())?;
        Ok(Fetched { bytes, sha256, was_there: false, changed })
    }

    fn check_what_is_there(&self) -> Result<Fetched, FetchError> {
        let (bytes, sha256) = sum_of(&self.order.target)?;
        let is_right = self.order.sha256.as_deref().is_none_or(|start| sha256.starts_with(start));
        if !is_right {
            return Err(FetchError::Spoilt { path: self.order.target.clone() });
        }
        Ok(Fetched { bytes, sha256, was_there: true, changed: false })
    }

    /// Asks for what is missing and appends it.
    fn receive(
        &self,
        part: &mut Part,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(), FetchError> {
        let order = &self.order;
        // Two halves of different files must not be put together unnoticed.
        let resume = part.resume(&order.url, order.sha256.is_some());
        let answer = ask(&self.agent, order, self.timeouts, resume)?;
        let Answer { mut body, from, total, validator } = answer;
        if let (Some(expected), Some(found)) = (order.size, total)
            && expected != found
        {
            return Err(FetchError::WrongSize { file: order.file_name(), expected, found });
        }
        let total = total.or(order.size);
        let most = total.unwrap_or(MAX_BYTES);
        if most > MAX_BYTES {
            return Err(FetchError::TooLarge { file: order.file_name(), limit: MAX_BYTES });
        }
        let goes_on = validator.is_some() || order.sha256.is_some();
        part.begin(from, &order.url, validator)?;
        progress(Progress { done: from, total });
        let mut chunk = vec![0; CHUNK];
        let (mut since, mut arrived) = (Instant::now(), 0.0);
        loop {
            let done = part.bytes();
            let so_far = Arrived { done, total, goes_on };
            let count = match body.read(&mut chunk) {
                Ok(count) => count,
                Err(error) => {
                    let (waited, host) = (self.timeouts.silence, order.host());
                    return Err(FetchError::while_receiving(error, host, waited, so_far));
                }
            };
            if self.cancel.was_asked() {
                return Err(FetchError::Cancelled);
            }
            if count == 0 {
                break;
            }
            if done + count as u64 > most {
                part.discard();
                return Err(FetchError::TooMuch { file: order.file_name(), expected: most });
            }
            part.append(&chunk[..count], total)?;
            progress(Progress { done: part.bytes(), total });
            arrived += count as f64;
            let waited = since.elapsed();
            if waited >= self.timeouts.silence {
                if arrived < LEAST_SPEED * waited.as_secs_f64() {
                    let so_far = Arrived { done: part.bytes(), total, goes_on };
                    return Err(FetchError::TooSlow { host: order.host(), so_far });
                }
                (since, arrived) = (Instant::now(), 0.0);
            }
        }
        match total {
            Some(length) if part.bytes() < length => {
                let so_far = Arrived { done: part.bytes(), total, goes_on };
                Err(FetchError::Broken { so_far })
            }
            _ => Ok(()),
        }
    }
}

impl Order {
    fn file_name(&self) -> String {
        let name = self.target.file_name();
        name.map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    }

    fn host(&self) -> String {
        answer::host(&self.url)
    }
}
