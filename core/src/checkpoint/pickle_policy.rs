//! Which Python classes and functions a checkpoint may name.
//!
//! Nothing a pickle names is ever run here; the list only decides what can be read. It holds what
//! PyTorch needs to rebuild tensors, and plain data that training scripts like to save beside
//! them. Whole models and anything else would be guesswork, and code is refused on principle: a
//! file that runs something in Python deserves a warning, not a friendly reader.

use super::{FileProblem, Origin};
use crate::text::CleanText;

/// Containers and values that carry data only; the names of each module, separated by spaces.
const DATA: &[(&str, &str)] = &[
    ("collections", "OrderedDict Counter"),
    (
        "builtins",
        "set frozenset slice complex bytearray list dict tuple int float bool str bytes object range",
    ),
    ("argparse", "Namespace"),
    ("types", "SimpleNamespace"),
    ("pathlib", "Path PosixPath WindowsPath PurePath PurePosixPath PureWindowsPath"),
    ("pathlib._local", "Path PosixPath WindowsPath"),
    ("datetime", "datetime date time timedelta timezone"),
    ("_codecs", "encode"),
    ("copyreg", "_reconstructor"),
    ("numpy", "dtype ndarray"),
    ("numpy.core.multiarray", "scalar _reconstruct"),
    ("numpy._core.multiarray", "scalar _reconstruct"),
    ("torch", "Size device Tensor"),
    ("torch.nn.parameter", "Parameter Buffer"),
    (
        "torch._utils",
        "_rebuild_tensor _rebuild_tensor_v2 _rebuild_tensor_v3 _rebuild_parameter \
         _rebuild_parameter_with_state",
    ),
    ("torch._tensor", "_rebuild_from_type_v2"),
    ("torch.serialization", "_get_layout"),
];

/// Element types, as attributes of the module `torch`.
const TORCH_DTYPES: &str = "float float16 float32 float64 double half bfloat16 int int8 int16 \
    int32 int64 long short uint8 uint16 uint32 uint64 bool complex32 complex64 complex128";

/// Modules whose classes run things (`subprocess.Popen`). Functions count as run anywhere.
const RUNNING: &str = "asyncio builtins code codeop ctypes functools importlib marshal \
    multiprocessing nt operator os pickle posix pty runpy shutil socket subprocess sys threading \
    webbrowser";

/// The first names in a file that are not allowed, by kind.
#[derive(Default)]
pub(super) struct Findings {
    running: Option<String>,
    foreign: Option<(String, Origin)>,
}

impl Findings {
    /// Judges `module.name`; `is_root`: it stands for the saved object itself, not for a part.
    pub fn add(&mut self, module: &str, name: &str, is_root: bool) {
        let python3 = match module {
            "__builtin__" => "builtins",
            "copy_reg" => "copyreg",
            other => other,
        };
        if is_allowed(python3, name) {
            return;
        }
        let class = String::from(CleanText::short(&format!("{module}.{name}")));
        if is_running(python3, name) {
            self.running.get_or_insert(class);
        } else {
            let origin = if is_root { Origin::WholeModel } else { Origin::Part };
            self.foreign.get_or_insert((class, origin));
        }
    }

    /// An error if something was found. `in_checkpoint`: the file was written by `torch.save`.
    pub fn verdict(self, in_checkpoint: bool) -> Result<(), FileProblem> {
        if let Some(function) = self.running {
            return Err(FileProblem::WouldRun(function));
        }
        let Some((class, origin)) = self.foreign else {
            return Ok(());
        };
        let origin = if in_checkpoint { origin } else { Origin::OtherPickle };
        Err(FileProblem::PickledObject { class, origin })
    }
}

fn has_word(words: &str, word: &str) -> bool {
    words.split_whitespace().any(|other| other == word)
}

fn is_allowed(module: &str, name: &str) -> bool {
    let is_storage = matches!(module, "torch" | "torch.cuda" | "torch.storage")
        && (name.ends_with("Storage") || name.ends_with("Tensor"))
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_storage
        || (module == "torch" && (has_word(TORCH_DTYPES, name) || name.starts_with("float8_")))
        || (module == "numpy.dtypes" && name.ends_with("DType"))
        || DATA.iter().any(|(allowed, names)| *allowed == module && has_word(names, name))
}

/// A name that begins with a small letter is a function by Python's conventions.
fn is_running(module: &str, name: &str) -> bool {
    // Data after all: defaultdict and deque; sparse, quantised and other special tensors.
    if module == "collections" || (module == "torch._utils" && name.starts_with("_rebuild_")) {
        return false;
    }
    let package = module.split('.').next().unwrap_or(module);
    let first = name.trim_start_matches('_').chars().next();
    has_word(RUNNING, package) || first.is_none_or(|letter| !letter.is_uppercase())
}
