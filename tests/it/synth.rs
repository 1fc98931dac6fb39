//! Synthetic weights that any implementation can make: a hash of the tensor's name seeds a
//! SplitMix64 stream, whose upper 24 bits are exact as `f32`.
//!
//! The reference figures in `tests/golden` were computed by PyTorch on these very weights, so that
//! no large files are needed.

/// FNV-1a, 64 bits.
fn fnv1a64(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// `n` values in [0, 1).
pub fn uniform(key: &str, seed: u64, n: usize) -> Vec<f32> {
    let start = fnv1a64(key) ^ seed;
    (1..=n as u64)
        .map(|i| {
            let mut z = start.wrapping_add(i.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^= z >> 31;
            (z >> 40) as f32 / (1u64 << 24) as f32
        })
        .collect()
}

/// `n` values in [−1, 1).
pub fn signed(key: &str, seed: u64, n: usize) -> Vec<f32> {
    uniform(key, seed, n).into_iter().map(|u| 2.0 * u - 1.0).collect()
}

/// `n` nearly normal values: twelve uniform ones, summed, less six.
pub fn normal(key: &str, seed: u64, n: usize) -> Vec<f32> {
    let values = uniform(key, seed, 12 * n);
    let sum = |twelve: &[f32]| twelve.iter().map(|&u| f64::from(u)).sum::<f64>() - 6.0;
    values.chunks_exact(12).map(|twelve| sum(twelve) as f32).collect()
}

/// The weights of the tensor `key`: bounds that keep activations well scaled.
pub fn tensor(key: &str, shape: &[usize], seed: u64) -> Vec<f32> {
    let values = signed(key, seed, shape.iter().product());
    let last = key.rsplit('.').next().unwrap_or_default();
    let bound = |fan: usize, gain: f64| (gain / fan as f64).sqrt() as f32;
    let (shift, scale) = match (last, shape) {
        ("running_mean", _) | ("bias", _) => (0.0, 0.1),
        ("running_var", _) => (1.0, 0.3),
        ("weight", [_, cin, kh, kw]) => (0.0, bound(cin * kh * kw, 6.0)),
        ("weight", [_, inputs]) => (0.0, bound(*inputs, 3.0)),
        ("weight", [_]) | ("layer_scale" | "gamma", _) => (0.6, 0.2),
        _ => panic!("no rule for {key}"),
    };
    // One multiplication, one addition: a fused operation would round differently.
    values.into_iter().map(|value| shift + scale * value).collect()
}
