//! Damaged and random files: nothing may panic, hang or take memory without bound.

use proptest::prelude::*;

use glasstree::checkpoint::StateDict;

use super::build::{self, Object};
use super::golden;
use super::hostile::{containers, dict, net};

/// Opens and reads everything; only the absence of panics and of memory beyond reason is asked.
fn exercise(bytes: Vec<u8>) {
    let len = bytes.len();
    let Ok(state_dict) = StateDict::from_bytes("file", bytes) else {
        return;
    };
    let mut weights = state_dict.weights();
    for name in state_dict.names() {
        let shape = state_dict.shape(name).unwrap_or_default();
        if let Ok(values) = weights.take(name, shape) {
            // Views may repeat what a file holds up to 64 MiB.
            assert!(values.len() * 4 <= (2 * len).max(64 << 20));
        }
    }
    state_dict.dtype_summary();
    state_dict.parameter_count();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn damaged_files_never_panic(
        which in 0..5usize,
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = match which {
            0 => std::fs::read(golden("odd_tensors.zip.pth")).unwrap(),
            1 => std::fs::read(golden("odd_tensors.legacy.pth")).unwrap(),
            2 => build::safetensors(&[("a", safetensors::Dtype::F16, &[2, 2], &[1.0; 4])]),
            3 => build::torch_tar(&dict(vec![("net", net())])),
            _ => build::torch_legacy(&dict(vec![("net", net())])),
        };
        for (index, byte) in flips {
            let index = index.index(bytes.len());
            bytes[index] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        exercise(bytes);
    }

    #[test]
    fn random_opcodes_never_panic(opcodes in prop::collection::vec(opcode(), 0..60)) {
        let object = dict(vec![("net", net()), ("x", Object::Raw(opcodes.concat()))]);
        for file in containers(&object) {
            exercise(file);
        }
    }

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        exercise(bytes);
    }
}

/// An opcode with plausible arguments.
fn opcode() -> impl Strategy<Value = Vec<u8>> {
    let plain = b"N)]}\x88\x89\x8f(tld\x85\x86\x87aesu012\x94R\x81\x92boQ.".to_vec();
    prop_oneof![
        prop::sample::select(plain).prop_map(|op| vec![op]),
        (prop::sample::select(b"hqKj".to_vec()), 0..4u8).prop_map(|(op, slot)| match op {
            b'j' => vec![b'j', slot, 0, 0, 0],
            op => vec![op, slot],
        }),
        "[a-z]{0,3}".prop_map(|word| build::text(&word)),
        Just(b"ctorch._utils\n_rebuild_tensor_v2\n".to_vec()),
        Just(b"ccollections\nOrderedDict\n".to_vec()),
        any::<Vec<u8>>(),
    ]
}
