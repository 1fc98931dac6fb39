//! Whether two devices compute the same.

use crate::explain::Forward;

/// How far a GPU's numbers may be from the CPU's, as a share of the largest one.
///
/// Two devices that are right differ by the rounding of their sums, which came to less than a
/// thousandth wherever it was measured; a driver that is wrong gives other numbers altogether. A
/// hundredth of the largest logit does not show in a map.
const TOLERANCE: f32 = 0.01;

fn features(forward: &Forward) -> &[f32] {
    forward.features.as_ref().map_or(&[], |features| &features.data)
}

/// What differs, in words for the user; `None` if logits and features are the same.
pub fn disagreement(cpu: &Forward, gpu: &Forward) -> Option<String> {
    let parts =
        [("logits", &cpu.logits[..], &gpu.logits[..]), ("features", features(cpu), features(gpu))];
    parts.into_iter().find_map(|(what, cpu, gpu)| {
        let largest = cpu.iter().fold(1.0_f32, |most, value| most.max(value.abs()));
        let differences = || cpu.iter().zip(gpu).map(|(a, b)| (a - b).abs());
        // Written so that NaN is no agreement.
        let is_same = differences().all(|difference| difference <= TOLERANCE * largest);
        if is_same && cpu.len() == gpu.len() {
            return None;
        }
        let most = differences().fold(0.0, f32::max);
        Some(format!("its {what} differ by up to {most:.2} from the CPU's, of {largest:.2}"))
    })
}
