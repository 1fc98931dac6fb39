//! What reading one file may cost: memory and time, whatever lies inside whatever.
//!
//! Every reader of a file charges the same [`Budget`] before it takes memory or makes a copy, so
//! that a small file cannot become a large one in a way that its reader did not think of. Charging
//! also asks whether anybody still waits for the file, so that a user who cancels is heard in the
//! middle of it.

use std::cell::Cell;
use std::fmt;
use std::io::{self, BufRead, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What a value costs that is read from a file – a number, a list, an entry of a dictionary – in
/// bytes, beside its text.
pub const NODE: u64 = 96;

/// Charges between two looks at the clock, in bytes of memory or of the file.
const LOOK: u64 = 1 << 16;

/// Why a file is not read any further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Exceeded {
    #[error("reading it would need more memory than its size allows")]
    Memory,
    #[error("reading it takes too long")]
    Time,
    #[error("it was cancelled")]
    Cancelled,
}

/// Whether somebody still waits for a file; asked from time to time while it is read.
#[derive(Clone)]
pub struct Wanted(Arc<dyn Fn() -> bool + Send + Sync>);

impl Wanted {
    pub fn new(is_wanted: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(is_wanted))
    }

    pub fn is_wanted(&self) -> bool {
        (self.0)()
    }
}

impl Default for Wanted {
    /// Until it is read.
    fn default() -> Self {
        Self::new(|| true)
    }
}

impl fmt::Debug for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Wanted({})", self.is_wanted())
    }
}

/// What is left for one file.
#[derive(Debug)]
pub struct Budget {
    memory: Cell<u64>,
    since_look: Cell<u64>,
    end: Instant,
    wanted: Wanted,
}

impl Budget {
    /// So many bytes of memory, for so long, as long as it is wanted.
    pub fn new(memory: u64, time: Duration, wanted: Wanted) -> Self {
        let end = Instant::now() + time;
        Self { memory: Cell::new(memory), since_look: Cell::new(0), end, wanted }
    }

    /// To be called before so many bytes are taken, copied or read.
    ///
    /// # Errors
    /// When that is too much, too late, or not wanted any more.
    pub fn charge(&self, bytes: u64) -> Result<(), Exceeded> {
        let left = self.memory.get().checked_sub(bytes).ok_or(Exceeded::Memory)?;
        self.memory.set(left);
        self.pass(bytes)
    }

    /// The same for values, see [`NODE`].
    ///
    /// # Errors
    /// As [`Budget::charge`].
    pub fn charge_nodes(&self, count: u64) -> Result<(), Exceeded> {
        self.charge(count.saturating_mul(NODE))
    }

    /// To be called for so many bytes that are looked at but not kept.
    ///
    /// # Errors
    /// When it is too late, or not wanted any more.
    pub fn pass(&self, bytes: u64) -> Result<(), Exceeded> {
        let since = self.since_look.get().saturating_add(bytes);
        self.since_look.set(since);
        if since < LOOK { Ok(()) } else { self.look() }
    }

    /// Whether there is still time and somebody who waits.
    ///
    /// # Errors
    /// When it is too late, or not wanted any more.
    pub fn look(&self) -> Result<(), Exceeded> {
        self.since_look.set(0);
        if !self.wanted.is_wanted() {
            return Err(Exceeded::Cancelled);
        }
        if Instant::now() > self.end { Err(Exceeded::Time) } else { Ok(()) }
    }

    /// A reader that fails when it is too late, or not wanted any more.
    pub fn watch<R>(&self, reader: R) -> Watched<'_, R> {
        Watched { reader, budget: self }
    }
}

/// Carries the reason through readers that know nothing of budgets; see [`Exceeded::cause_of`].
impl From<Exceeded> for io::Error {
    fn from(exceeded: Exceeded) -> Self {
        Self::other(exceeded)
    }
}

impl Exceeded {
    /// The budget that ran out, if an error of reading is about that.
    pub fn cause_of(error: &io::Error) -> Option<Self> {
        error.get_ref()?.downcast_ref().copied()
    }
}

/// See [`Budget::watch`].
pub struct Watched<'a, R> {
    reader: R,
    budget: &'a Budget,
}

impl<R: Read> Read for Watched<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.budget.pass(count as u64)?;
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Watched<'_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.budget.pass(LOOK / 16)?;
        self.reader.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.reader.consume(count);
    }
}

impl<R: Seek> Seek for Watched<'_, R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.budget.pass(LOOK / 16)?;
        self.reader.seek(to)
    }

    fn seek_relative(&mut self, by: i64) -> io::Result<()> {
        self.budget.pass(LOOK / 16)?;
        // A buffered reader keeps what it has read that way.
        self.reader.seek_relative(by)
    }
}
/// What became of a process that was to read a file and gave no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    #[error("reading it took more memory or time than a valid file needs, and was stopped")]
    Ended,
    #[error("reading it failed because of a fault in this program; nothing else is affected")]
    Crashed,
    #[error(transparent)]
    Exceeded(#[from] Exceeded),
}
