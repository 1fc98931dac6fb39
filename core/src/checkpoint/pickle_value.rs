//! The values of a small pickle, such as those in PyTorch's tar archives: plain data, numbers of
//! tensors, and names of classes, of which none is ever used.
//!
//! A pickle must have been scanned before (`pickle_scan`): its size and its names are known to be
//! harmless then. What is of no interest becomes [`Value::Other`].

use std::collections::HashMap;
use std::rc::Rc;

use super::FileProblem;
use crate::budget::Budget;

/// Deepest nesting; real files have five levels.
pub(super) const MAX_DEPTH: usize = 50;
/// Most values that wait on the stack; dictionaries are written 1000 pairs at a time.
const MAX_STACK: usize = 20_000;

/// A value; lists and dictionaries lie in the [`Pickle`], so that a value can be shared, as in
/// Python, and is never copied to be changed.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Int(i64),
    Text(Rc<str>),
    /// A class or function: its name, without the module.
    Name(Rc<str>),
    /// A tensor, by the key that the pickle has for it.
    Tensor(Rc<str>),
    /// A storage of a zip archive, by its key and its class.
    Storage(Rc<str>, Rc<str>),
    /// A tensor in one of those.
    View(Rc<View>),
    /// A list or tuple.
    List(Items),
    /// Pairs of key and value, one behind the other.
    Dict(Items),
    Other,
}

/// A part of a storage, in numbers.
#[derive(Debug)]
pub(super) struct View {
    pub storage: Rc<str>,
    /// Class of the storage, such as `FloatStorage`.
    pub kind: Rc<str>,
    pub offset: u64,
    pub shape: Vec<u64>,
    stride: Vec<u64>,
}

impl View {
    /// Whether the numbers lie in a row, in C order.
    pub fn is_contiguous(&self) -> bool {
        let mut step = 1_u64;
        self.shape.len() == self.stride.len()
            && self.shape.iter().zip(&self.stride).rev().all(|(&side, &stride)| {
                // The step along an axis of one place says nothing.
                let fits = side == 1 || stride == step;
                step = step.saturating_mul(side);
                fits
            })
    }
}

/// Where the content of a list or dictionary is in its [`Pickle`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Items(usize);

/// A value with all that it holds. It may hold the same thing many times, and itself.
#[derive(Debug, Default)]
pub(super) struct Pickle {
    pub root: Option<Value>,
    items: Vec<Vec<Value>>,
}

type Result<T> = std::result::Result<T, FileProblem>;

/// The key and the class of a storage, from the tuple that stands for it.
fn storage(tuple: &[Value]) -> Option<(Rc<str>, Rc<str>)> {
    let [Value::Text(what), Value::Name(kind), key, ..] = tuple else { return None };
    let key = key.key().ok().filter(|_| &**what == "storage")?;
    Some((key, Rc::clone(kind)))
}

fn damaged() -> FileProblem {
    FileProblem::Damaged("its pickle makes no sense".to_owned())
}

/// The value of a pickle, which must end with its bytes.
pub(super) fn parse(bytes: &[u8], budget: &Budget) -> Result<Pickle> {
    let mut machine = Machine {
        rest: bytes,
        stack: Vec::new(),
        marks: Vec::new(),
        memo: HashMap::new(),
        made: Pickle::default(),
        budget,
    };
    while machine.step()? {
        if machine.stack.len() > MAX_STACK {
            return Err(FileProblem::TooLarge("its pickle holds too many values".to_owned()));
        }
    }
    let root = Some(machine.pop()?);
    Ok(Pickle { root, ..machine.made })
}

impl Value {
    /// A key as text: PyTorch writes the same one as a number here and as text there.
    pub fn key(&self) -> Result<Rc<str>> {
        match self {
            Self::Int(number) => Ok(number.to_string().into()),
            Self::Text(text) => Ok(Rc::clone(text)),
            _ => Err(damaged()),
        }
    }

    pub fn size(&self) -> Result<u64> {
        match self {
            Self::Int(number) => u64::try_from(*number).map_err(|_| damaged()),
            _ => Err(damaged()),
        }
    }
}

impl Pickle {
    pub fn items(&self, items: Items) -> &[Value] {
        self.items.get(items.0).map_or(&[], Vec::as_slice)
    }

    pub fn root(&self) -> Result<&Value> {
        self.root.as_ref().ok_or_else(damaged)
    }

    /// The items of a list or tuple of this length.
    pub fn fields<const N: usize>(&self, list: &Value) -> Result<&[Value; N]> {
        match list {
            Value::List(items) => self.items(*items).try_into().map_err(|_| damaged()),
            _ => Err(damaged()),
        }
    }

    fn hold(&mut self, items: Vec<Value>) -> Items {
        self.items.push(items);
        Items(self.items.len() - 1)
    }

    fn list(&mut self, items: Vec<Value>) -> Value {
        Value::List(self.hold(items))
    }

    fn dict(&mut self, items: Vec<Value>) -> Value {
        Value::Dict(self.hold(items))
    }

    /// Puts more into a list or dictionary.
    fn extend(&mut self, holder: &Value, items: Vec<Value>) {
        if let Value::List(at) | Value::Dict(at) = holder
            && let Some(own) = self.items.get_mut(at.0)
        {
            own.extend(items);
        }
        // Anything else is the state of something that is of no interest.
    }

    /// The tensor that a tuple begins with.
    fn first_tensor(&self, tuple: &Value) -> Option<Value> {
        match tuple {
            Value::List(items) => {
                let first = self.items(*items).first();
                let is_tensor = |value: &&Value| matches!(value, Value::Tensor(_) | Value::View(_));
                first.filter(is_tensor).cloned()
            }
            _ => None,
        }
    }

    /// What the arguments of `_rebuild_tensor_v2` mean.
    fn view(&self, arguments: &Value) -> Option<Value> {
        let Value::List(arguments) = arguments else { return None };
        let [Value::Storage(storage, kind), offset, shape, stride, ..] = self.items(*arguments)
        else {
            return None;
        };
        let numbers = |list: &Value| match list {
            Value::List(items) => self.items(*items).iter().map(|it| it.size().ok()).collect(),
            _ => None,
        };
        Some(Value::View(Rc::new(View {
            storage: Rc::clone(storage),
            kind: Rc::clone(kind),
            offset: offset.size().ok()?,
            shape: numbers(shape)?,
            stride: numbers(stride)?,
        })))
    }

    /// What a persistent id means: the key of a tensor, or a tuple about a storage.
    fn persistent(&self, id: &Value) -> Result<Value> {
        let Value::List(items) = id else { return Ok(Value::Tensor(id.key()?)) };
        let storage = storage(self.items(*items));
        Ok(storage.map_or(Value::Other, |(key, kind)| Value::Storage(key, kind)))
    }

    /// The classes of all storages by their keys, also of those that belong to no tensor.
    pub fn storages(&self) -> HashMap<Rc<str>, Rc<str>> {
        self.items.iter().filter_map(|items| storage(items)).collect()
    }

    /// What a call makes, of the few that matter: a dictionary, or a tensor in a wrapper.
    fn called(&mut self, callable: &Value, arguments: &Value) -> Result<Value> {
        match callable {
            Value::Name(name) if &**name == "OrderedDict" => self.ordered_dict(arguments),
            Value::Name(name) if &**name == "_rebuild_tensor_v2" => {
                Ok(self.view(arguments).unwrap_or(Value::Other))
            }
            // Some networks keep their weights as Parameters.
            Value::Name(_) => Ok(self.first_tensor(arguments).unwrap_or(Value::Other)),
            _ => Ok(Value::Other),
        }
    }

    /// From nothing, or from a list of pairs.
    fn ordered_dict(&mut self, arguments: &Value) -> Result<Value> {
        let Value::List(arguments) = arguments else { return Err(damaged()) };
        let mut items = Vec::new();
        if let Some(Value::List(pairs)) = self.items(*arguments).first() {
            for pair in self.items(*pairs) {
                items.extend(self.fields::<2>(pair)?.iter().cloned());
            }
        }
        Ok(self.dict(items))
    }
}

struct Machine<'a> {
    rest: &'a [u8],
    stack: Vec<Value>,
    marks: Vec<usize>,
    memo: HashMap<u32, Value>,
    made: Pickle,
    budget: &'a Budget,
}

impl<'a> Machine<'a> {
    /// Follows one opcode; false at the end of the pickle.
    fn step(&mut self) -> Result<bool> {
        self.budget.charge_nodes(1)?;
        let op = self.number(1)? as u8;
        match op {
            b'.' => return Ok(false),
            0x80 => drop(self.take(1)?),
            0x95 => drop(self.take(8)?),
            b'N' | 0x88 | 0x89 => self.stack.push(Value::Other),
            b'K' => self.number(1).map(|n| self.stack.push(Value::Int(n as i64)))?,
            b'M' => self.number(2).map(|n| self.stack.push(Value::Int(n as i64)))?,
            b'J' => self.number(4).map(|n| self.stack.push(Value::Int((n as i32).into())))?,
            b'I' | b'L' => self.line().map(|line| self.push_number(&line))?,
            0x8a => self.long()?,
            b'G' => self.take(8).map(|_| self.stack.push(Value::Other))?,
            b'F' => self.line().map(|_| self.stack.push(Value::Other))?,
            b'S' => self.line().map(|text| self.push_text(text.trim_matches(['\'', '"'])))?,
            b'V' => self.line().map(|text| self.push_text(&text))?,
            b'U' | 0x8c => self.counted_text(1)?,
            b'T' | b'X' => self.counted_text(4)?,
            b'C' => {
                self.number(1).and_then(|n| self.take(n)).map(|_| self.stack.push(Value::Other))?
            }
            b')' | b']' => self.push_list(Vec::new()),
            b'}' => self.push_dict(Vec::new()),
            b'(' => self.marks.push(self.stack.len()),
            b't' | b'l' => {
                let items = self.pop_to_mark()?;
                self.push_list(items);
            }
            b'd' => {
                let items = self.pop_to_mark()?;
                self.push_dict(items);
            }
            0x85..=0x87 => {
                let items = self.pop_some(usize::from(op - 0x84))?;
                self.push_list(items);
            }
            b'a' => self.pop_some(1).and_then(|items| self.extend(items))?,
            b's' => self.pop_some(2).and_then(|items| self.extend(items))?,
            b'e' | b'u' => self.pop_to_mark().and_then(|items| self.extend(items))?,
            b'0' => drop(self.pop()?),
            b'h' => self.number(1).and_then(|slot| self.recall(slot as u32))?,
            b'j' => self.number(4).and_then(|slot| self.recall(slot as u32))?,
            b'g' => self.slot().and_then(|slot| self.recall(slot))?,
            b'q' => self.number(1).and_then(|slot| self.memorise(slot as u32))?,
            b'r' => self.number(4).and_then(|slot| self.memorise(slot as u32))?,
            b'p' => self.slot().and_then(|slot| self.memorise(slot))?,
            b'c' => {
                let (_, name) = (self.line()?, self.line()?);
                self.stack.push(Value::Name(name.into()));
            }
            b'P' => self.line().map(|key| self.stack.push(Value::Tensor(key.into())))?,
            b'Q' => {
                let id = self.pop()?;
                let value = self.made.persistent(&id)?;
                self.stack.push(value);
            }
            b'R' | 0x81 => {
                let (arguments, callable) = (self.pop()?, self.pop()?);
                let made = self.made.called(&callable, &arguments)?;
                self.stack.push(made);
            }
            b'b' => {
                let state = self.pop()?;
                if let (Value::Other, Some(tensor)) =
                    (self.top()?.clone(), self.made.first_tensor(&state))
                {
                    *self.top()? = tensor;
                }
            }
            _ => {
                return Err(FileProblem::Unsupported(format!("a pickle with opcode 0x{op:02x}")));
            }
        }
        Ok(true)
    }

    fn push_list(&mut self, items: Vec<Value>) {
        let list = self.made.list(items);
        self.stack.push(list);
    }

    fn push_dict(&mut self, items: Vec<Value>) {
        let dict = self.made.dict(items);
        self.stack.push(dict);
    }

    fn extend(&mut self, items: Vec<Value>) -> Result<()> {
        let holder = self.stack.last().ok_or_else(damaged)?;
        self.made.extend(holder, items);
        Ok(())
    }

    fn top(&mut self) -> Result<&mut Value> {
        self.stack.last_mut().ok_or_else(damaged)
    }

    fn pop(&mut self) -> Result<Value> {
        self.stack.pop().ok_or_else(damaged)
    }

    fn pop_some(&mut self, count: usize) -> Result<Vec<Value>> {
        let start = self.stack.len().checked_sub(count).ok_or_else(damaged)?;
        Ok(self.stack.split_off(start))
    }

    fn pop_to_mark(&mut self) -> Result<Vec<Value>> {
        let mark = self.marks.pop().filter(|mark| *mark <= self.stack.len());
        Ok(self.stack.split_off(mark.ok_or_else(damaged)?))
    }

    fn recall(&mut self, slot: u32) -> Result<()> {
        let value = self.memo.get(&slot).cloned().ok_or_else(damaged)?;
        self.stack.push(value);
        Ok(())
    }

    fn memorise(&mut self, slot: u32) -> Result<()> {
        let value = self.top()?.clone();
        self.memo.insert(slot, value);
        Ok(())
    }

    fn push_text(&mut self, text: &str) {
        self.stack.push(Value::Text(text.into()));
    }

    fn counted_text(&mut self, width: usize) -> Result<()> {
        let count = self.number(width)?;
        self.budget.charge(count)?;
        let text = String::from_utf8_lossy(self.take(count)?).into_owned();
        self.push_text(&text);
        Ok(())
    }

    /// A number in decimal; `True` is `01`, and a long one ends with L.
    fn push_number(&mut self, line: &str) {
        let number = line.trim_end_matches('L').parse();
        self.stack.push(number.map_or(Value::Other, Value::Int));
    }

    /// A number in two's complement, its length before it.
    fn long(&mut self) -> Result<()> {
        let count = self.number(1)?;
        let bytes = self.take(count)?;
        let is_negative = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
        let mut wide = [if is_negative { 0xff } else { 0 }; 8];
        let value = match wide.get_mut(..bytes.len()) {
            Some(start) => {
                start.copy_from_slice(bytes);
                Value::Int(i64::from_le_bytes(wide))
            }
            None => Value::Other,
        };
        self.stack.push(value);
        Ok(())
    }

    fn take(&mut self, count: u64) -> Result<&'a [u8]> {
        let count = usize::try_from(count).map_err(|_| damaged())?;
        let (taken, rest) = self.rest.split_at_checked(count).ok_or_else(damaged)?;
        self.rest = rest;
        Ok(taken)
    }

    fn number(&mut self, width: usize) -> Result<u64> {
        let mut number = [0; 8];
        number[..width].copy_from_slice(self.take(width as u64)?);
        Ok(u64::from_le_bytes(number))
    }

    fn line(&mut self) -> Result<String> {
        let end = self.rest.iter().position(|byte| *byte == b'\n').ok_or_else(damaged)?;
        self.budget.charge(end as u64)?;
        let line = String::from_utf8_lossy(&self.rest[..end]).into_owned();
        self.rest = &self.rest[end + 1..];
        Ok(line)
    }

    fn slot(&mut self) -> Result<u32> {
        self.line()?.parse().map_err(|_| damaged())
    }
}
