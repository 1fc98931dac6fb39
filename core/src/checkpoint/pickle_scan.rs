//! Reads a pickle without running anything, to learn what it would make Python do.
//!
//! A pickle is a program for a small stack machine (Python's `pickletools` documents every
//! opcode). The walker below follows the stack just closely enough to know which classes and
//! functions are named (`STACK_GLOBAL` takes the names from the stack) and how much work and
//! memory a real reader would need. It builds no objects, and stops at anything out of bounds.

use std::collections::HashMap;
use std::io::{self, BufRead, Read};
use std::rc::Rc;

use super::pickle_policy::Findings;
use crate::budget::{Budget, Exceeded, NODE};

/// Most bytes in one pickle. That of a 1000-tensor network has about 0.2 MB: the numbers of the
/// tensors lie outside it.
pub(super) const MAX_PICKLE_BYTES: u64 = 32 << 20;
/// Most opcodes in one pickle; a reader needs about 100 bytes of memory for each.
const MAX_OPCODES: u64 = 1_000_000;
/// Most bytes in all dotted names (`net.layer1.0.conv1.weight`) together, generously counted.
const MAX_NAME_BYTES: u64 = 64 << 20;
/// Longest text that may be the name of a module or a class.
const MAX_NAME: u64 = 512;

/// Why a pickle could not be followed to its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum ScanError {
    #[error("its pickle ends too early")]
    Truncated,
    #[error("its pickle makes no sense: {0}")]
    Malformed(&'static str),
    #[error("its pickle has the unknown opcode 0x{0:02x}")]
    Opcode(u8),
    #[error("its pickle is too large: {0}")]
    TooLarge(&'static str),
    #[error("reading its pickle failed: {0}")]
    Io(io::Error),
    #[error(transparent)]
    Budget(#[from] Exceeded),
}

impl From<io::Error> for ScanError {
    fn from(error: io::Error) -> Self {
        if let Some(exceeded) = Exceeded::cause_of(&error) {
            return Self::Budget(exceeded);
        }
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Truncated,
            _ => Self::Io(error),
        }
    }
}

type Result<T> = std::result::Result<T, ScanError>;

/// Walks one pickle, leaving `reader` just behind it, and reports the classes and functions it
/// names to `findings` (also those found before an error).
pub(super) fn scan<'a>(
    reader: &'a mut (dyn BufRead + 'a),
    findings: &'a mut Findings,
    budget: &'a Budget,
) -> Result<()> {
    let mut walker = Walker {
        reader: reader.take(MAX_PICKLE_BYTES),
        stack: Vec::new(),
        marks: Vec::new(),
        memo: HashMap::new(),
        findings,
        budget,
    };
    for _ in 0..MAX_OPCODES {
        budget.charge_nodes(1)?;
        if walker.step()? {
            return Ok(());
        }
    }
    Err(ScanError::TooLarge("more than a million opcodes"))
}

/// What the walker remembers of a value.
#[derive(Clone)]
struct Item {
    /// The text of a short string.
    text: Option<Rc<str>>,
    /// Length of the value as a key of a dictionary.
    key_bytes: u64,
    /// The number of values inside, itself included, and the bytes of all their dotted names.
    values: u64,
    name_bytes: u64,
    /// Memory that a reader needs for a copy of all of it.
    copy_bytes: u64,
    /// Where the memo holds a copy.
    memo: Option<u32>,
}

impl Item {
    const VALUE: Self =
        Self { text: None, key_bytes: 20, values: 1, name_bytes: 0, copy_bytes: NODE, memo: None };

    /// Puts `child` inside, under a key of `key_bytes`.
    fn absorb(&mut self, child: &Self, key_bytes: u64) -> Result<()> {
        let keys = child.values.saturating_mul(key_bytes.saturating_add(1));
        self.values = self.values.saturating_add(child.values);
        self.copy_bytes = self.copy_bytes.saturating_add(child.copy_bytes);
        self.name_bytes = (self.name_bytes).saturating_add(child.name_bytes).saturating_add(keys);
        if self.name_bytes > MAX_NAME_BYTES {
            return Err(ScanError::TooLarge("its names would fill the memory"));
        }
        Ok(())
    }

    fn absorb_items(&mut self, items: &[Self]) -> Result<()> {
        items.iter().try_for_each(|item| self.absorb(item, 8))
    }

    fn absorb_pairs(&mut self, items: &[Self]) -> Result<()> {
        let (pairs, []) = items.as_chunks::<2>() else {
            return Err(ScanError::Malformed("a dictionary key without a value"));
        };
        for [key, value] in pairs {
            self.copy_bytes = self.copy_bytes.saturating_add(key.copy_bytes);
            self.absorb(value, key.key_bytes)?;
        }
        Ok(())
    }
}

struct Walker<'a> {
    reader: io::Take<&'a mut dyn BufRead>,
    stack: Vec<Item>,
    /// Height of the stack at each open `MARK`.
    marks: Vec<usize>,
    memo: HashMap<u32, Item>,
    findings: &'a mut Findings,
    budget: &'a Budget,
}

impl Walker<'_> {
    /// Follows one opcode; true at the end of the pickle.
    fn step(&mut self) -> Result<bool> {
        let op = self.number(1)? as u8;
        match op {
            // STOP; PROTO and FRAME, which say nothing of interest.
            b'.' => return Ok(true),
            0x80 => self.skip(1)?,
            0x95 => self.skip(8)?,

            // None, booleans, empty containers; numbers; byte strings.
            b'N' | 0x88 | 0x89 | b')' | b']' | b'}' | 0x8f => self.push_skipping(0)?,
            b'K' => self.push_skipping(1)?,
            b'M' => self.push_skipping(2)?,
            b'J' => self.push_skipping(4)?,
            b'G' => self.push_skipping(8)?,
            b'I' | b'L' | b'F' => self.line().map(|_| self.stack.push(Item::VALUE))?,
            0x8a | b'C' => self.number(1).and_then(|n| self.push_skipping(n))?,
            0x8b | b'B' => self.number(4).and_then(|n| self.push_skipping(n))?,
            0x8e | 0x96 => self.number(8).and_then(|n| self.push_skipping(n))?,

            // Text.
            b'S' => self.line().map(|text| self.push_text(text.trim_matches(['\'', '"'])))?,
            b'V' => self.line().map(|text| self.push_text(&text))?,
            b'U' | 0x8c => self.number(1).and_then(|n| self.counted_text(n))?,
            b'T' | b'X' => self.number(4).and_then(|n| self.counted_text(n))?,
            0x8d => self.number(8).and_then(|n| self.counted_text(n))?,

            // Containers.
            b'(' => self.marks.push(self.stack.len()),
            b't' | b'l' | 0x91 => {
                let items = self.pop_to_mark()?;
                self.push_holding(&items)?;
            }
            b'd' => {
                let items = self.pop_to_mark()?;
                self.stack.push(Item::VALUE);
                self.top()?.absorb_pairs(&items)?;
            }
            0x85..=0x87 => {
                let items = self.pop(usize::from(op - 0x84))?;
                self.push_holding(&items)?;
            }
            b'a' => self.pop(1).and_then(|items| self.top()?.absorb_items(&items))?,
            b'e' | 0x90 => {
                (self.pop_to_mark()).and_then(|items| self.top()?.absorb_items(&items))?
            }
            b's' => self.pop(2).and_then(|items| self.top()?.absorb_pairs(&items))?,
            b'u' => (self.pop_to_mark()).and_then(|items| self.top()?.absorb_pairs(&items))?,

            // Stack and memo.
            b'0' if self.marks.last() == Some(&self.stack.len()) => drop(self.marks.pop()),
            b'0' => drop(self.pop(1)?),
            b'1' => drop(self.pop_to_mark()?),
            b'2' => {
                let item = self.top()?.clone();
                self.copy(item)?;
            }
            b'g' => self.line_number().and_then(|slot| self.recall(slot))?,
            b'h' => self.number(1).and_then(|slot| self.recall(slot as u32))?,
            b'j' => self.number(4).and_then(|slot| self.recall(slot as u32))?,
            b'p' => self.line_number().and_then(|slot| self.memorise(slot))?,
            b'q' => self.number(1).and_then(|slot| self.memorise(slot as u32))?,
            b'r' => self.number(4).and_then(|slot| self.memorise(slot as u32))?,
            0x94 => self.memorise(self.memo.len() as u32)?,

            // Classes and functions: GLOBAL, INST, STACK_GLOBAL.
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                self.report(&module, &name);
                self.stack.push(Item::VALUE);
            }
            b'i' => {
                let (module, name) = (self.line()?, self.line()?);
                let items = self.pop_to_mark()?;
                self.report(&module, &name);
                self.push_holding(&items)?;
            }
            0x93 => {
                let (name, module) = (self.pop_text()?, self.pop_text()?);
                self.report(&module, &name);
                self.stack.push(Item::VALUE);
            }

            // Objects: OBJ, PERSID, BINPERSID, REDUCE and NEWOBJ, NEWOBJ_EX, BUILD.
            b'o' => (self.pop_to_mark()).and_then(|items| self.push_holding(&items))?,
            b'P' => self.line().map(|_| self.stack.push(Item::VALUE))?,
            b'Q' => self.pop(1).map(|_| self.stack.push(Item::VALUE))?,
            b'R' | 0x81 => self.pop(2).and_then(|items| self.push_holding(&items))?,
            0x92 => self.pop(3).and_then(|items| self.push_holding(&items))?,
            b'b' => {
                let state = self.pop(1)?;
                let object = self.top()?;
                object.absorb_items(&state)?;
                if let Some(slot) = object.memo {
                    let object = object.clone();
                    self.budget.charge(object.copy_bytes)?;
                    self.memo.insert(slot, object);
                }
            }
            _ => return Err(ScanError::Opcode(op)),
        }
        Ok(false)
    }

    fn report(&mut self, module: &str, name: &str) {
        // Old files put the class of a whole model into a tuple ("module", class, …).
        let is_root = match self.stack.as_slice() {
            [] => true,
            [only] => only.text.as_deref() == Some("module"),
            _ => false,
        };
        self.findings.add(module, name, is_root);
    }

    fn top(&mut self) -> Result<&mut Item> {
        (self.stack.last_mut()).ok_or(ScanError::Malformed("its stack is empty"))
    }

    /// The topmost `count` values, deepest first.
    fn pop(&mut self, count: usize) -> Result<Vec<Item>> {
        let floor = self.marks.last().copied().unwrap_or(0);
        match self.stack.len().checked_sub(count) {
            Some(start) if start >= floor => Ok(self.stack.split_off(start)),
            _ => Err(ScanError::Malformed("its stack is empty")),
        }
    }

    fn pop_text(&mut self) -> Result<Rc<str>> {
        let item = self.pop(1)?.pop();
        (item.and_then(|item| item.text)).ok_or(ScanError::Malformed("it computes a class name"))
    }

    fn pop_to_mark(&mut self) -> Result<Vec<Item>> {
        let mark = (self.marks.pop()).ok_or(ScanError::Malformed("a mark is missing"))?;
        if mark > self.stack.len() {
            return Err(ScanError::Malformed("its stack is empty"));
        }
        Ok(self.stack.split_off(mark))
    }

    fn push_holding(&mut self, items: &[Item]) -> Result<()> {
        let mut item = Item::VALUE;
        item.absorb_items(items)?;
        self.stack.push(item);
        Ok(())
    }

    fn push_skipping(&mut self, bytes: u64) -> Result<()> {
        self.budget.charge(bytes)?;
        self.stack.push(Item { copy_bytes: bytes.saturating_add(NODE), ..Item::VALUE });
        self.skip(bytes)
    }

    fn push_text(&mut self, text: &str) {
        self.stack.push(Item {
            text: Some(text.into()),
            key_bytes: text.len() as u64,
            copy_bytes: NODE + text.len() as u64,
            ..Item::VALUE
        });
    }

    fn counted_text(&mut self, bytes: u64) -> Result<()> {
        if bytes > MAX_NAME {
            self.budget.charge(bytes)?;
            let copy_bytes = bytes.saturating_add(NODE);
            self.stack.push(Item { key_bytes: bytes, copy_bytes, ..Item::VALUE });
            return self.skip(bytes);
        }
        let mut text = vec![0; bytes as usize];
        self.reader.read_exact(&mut text)?;
        self.push_text(&String::from_utf8_lossy(&text));
        Ok(())
    }

    fn memorise(&mut self, slot: u32) -> Result<()> {
        let top = self.top()?;
        top.memo = Some(slot);
        let copy = top.clone();
        self.budget.charge(copy.copy_bytes)?;
        self.memo.insert(slot, copy);
        Ok(())
    }

    fn recall(&mut self, slot: u32) -> Result<()> {
        let item = self.memo.get(&slot).cloned();
        self.copy(item.ok_or(ScanError::Malformed("an unknown memo entry"))?)
    }

    /// Readers of pickles copy what they take from the memo, with all that is in it.
    fn copy(&mut self, item: Item) -> Result<()> {
        self.budget.charge(item.copy_bytes)?;
        self.stack.push(item);
        Ok(())
    }

    /// A little-endian number of `bytes` (at most 8).
    fn number(&mut self, bytes: usize) -> Result<u64> {
        let mut number = [0; 8];
        self.reader.read_exact(&mut number[..bytes])?;
        Ok(u64::from_le_bytes(number))
    }

    /// The text up to the end of the line, without it.
    fn line(&mut self) -> Result<String> {
        let mut line = Vec::new();
        self.reader.read_until(b'\n', &mut line)?;
        self.budget.charge(line.len() as u64)?;
        if line.pop() != Some(b'\n') {
            return Err(ScanError::Truncated);
        }
        Ok(String::from_utf8_lossy(&line).trim_end_matches('\r').to_owned())
    }

    fn line_number(&mut self) -> Result<u32> {
        let line = self.line()?;
        line.parse().map_err(|_| ScanError::Malformed("a memo entry that is no number"))
    }

    fn skip(&mut self, bytes: u64) -> Result<()> {
        let skipped = io::copy(&mut (&mut self.reader).take(bytes), &mut io::sink())?;
        if skipped < bytes {
            return Err(ScanError::Truncated);
        }
        Ok(())
    }
}
