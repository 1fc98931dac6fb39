//! From the names in a file to the names of a network: finds the state dict inside a training
//! checkpoint and strips what wrappers put in front of every name.

use std::collections::{BTreeMap, HashMap};

use pytorch_reader::PickleValue;

/// Keys under which training scripts keep the state dict, best first. The averaged weights
/// (`ema`) are taken only where there are no plain ones.
const WRAPPERS: [&str; 8] = [
    "net",
    "state_dict",
    "model_state_dict",
    "model_state",
    "model",
    "network",
    "state_dict_ema",
    "model_ema",
];

/// Parts of keys whose dictionaries hold tensors, but no network.
const NOT_A_NETWORK: [&str; 7] = ["optim", "sched", "scaler", "ema", "rng", "loss", "criterion"];

/// What wrappers such as DataParallel, torch.compile and Lightning modules put before each name.
const PREFIXES: [&str; 8] =
    ["module.", "_orig_mod.", "_module.", "model.", "net.", "network.", "backbone.", "encoder."];

/// The dotted prefix (`"net."`, or `""`) of the state dict within the saved object.
pub(super) fn state_dict_prefix(root: &HashMap<String, PickleValue>) -> String {
    let mut prefix = String::new();
    let mut dict = root;
    // Real files nest once or twice.
    for _ in 0..4 {
        let Some((key, inner)) = wrapped_dict(dict) else {
            break;
        };
        prefix.push_str(key);
        prefix.push('.');
        dict = inner;
    }
    prefix
}

type Dict = HashMap<String, PickleValue>;

/// The dictionary in `dict` that holds the network, if `dict` is only a wrapper.
fn wrapped_dict(dict: &Dict) -> Option<(&str, &Dict)> {
    let with_tensors = |key: &str| match dict.get_key_value(key) {
        Some((key, PickleValue::Dict(inner))) if has_tensors(inner) => Some((key.as_str(), inner)),
        _ => None,
    };
    if let Some(found) = WRAPPERS.iter().find_map(|key| with_tensors(key)) {
        return Some(found);
    }
    // An unknown key will do if there is no choice. Dotted names are a state dict's own.
    if dict.iter().any(|(key, value)| key.contains('.') && is_tensor(value)) {
        return None;
    }
    let is_network = |key: &&String| !NOT_A_NETWORK.iter().any(|part| key.contains(part));
    let mut found = dict.keys().filter(is_network).filter_map(|key| with_tensors(key));
    match (found.next(), found.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    }
}

fn is_tensor(value: &PickleValue) -> bool {
    matches!(value, PickleValue::Unsupported(class) if class == "torch.Tensor")
}

fn has_tensors(dict: &Dict) -> bool {
    dict.values().any(|value| match value {
        PickleValue::Dict(inner) => has_tensors(inner),
        value => is_tensor(value),
    })
}

/// Strips the prefixes that all names have in common.
pub(super) fn strip_prefixes<T>(mut entries: BTreeMap<String, T>) -> BTreeMap<String, T> {
    // The counter of torch.optim.swa_utils.AveragedModel stands beside the prefixed names.
    entries.remove("n_averaged");
    for _ in 0..8 {
        let is_common = |prefix: &&&str| entries.keys().all(|name| name.starts_with(**prefix));
        let Some(prefix) = PREFIXES.iter().find(is_common) else {
            break;
        };
        let bare = |(name, entry): (String, T)| (name[prefix.len()..].to_owned(), entry);
        entries = entries.into_iter().map(bare).collect();
    }
    entries
}
