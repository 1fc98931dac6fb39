//! Numbers as people read them, the same in every locale: `1,000`, `98%`, `−3.50`.

/// `97%`, with one decimal where a whole number would hide something: `0.3%`, `99.6%`.
pub fn percent(share: f32) -> String {
    let value = f64::from(share) * 100.0;
    if value.is_nan() {
        return "?".to_owned();
    }
    let text = match value {
        _ if value > 0.0 && value < 0.05 => return "<0.1%".to_owned(),
        _ if value < 9.95 || (99.0..99.95).contains(&value) => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    };
    format!("{}%", text.strip_suffix(".0").unwrap_or(&text))
}

/// With a fixed number of decimals, for numbers that are read one below the other: `97.3%`.
pub fn percent_to(share: f32, decimals: usize) -> String {
    format!("{:.decimals$}%", f64::from(share) * 100.0)
}

/// A count with separators: `10,000`.
pub fn thousands(count: usize) -> String {
    grouped(&count.to_string())
}

/// A number with a real minus sign, and without one before zeros alone: `−1,234.50`.
pub fn number(value: f32, decimals: usize) -> String {
    let digits = grouped(&format!("{:.decimals$}", value.abs()));
    let is_zero = digits.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    if value < 0.0 && !is_zero { format!("\u{2212}{digits}") } else { digits }
}

/// A contribution: always with its sign, unless it is nothing.
pub fn signed(value: f32, decimals: usize) -> String {
    let text = number(value, decimals);
    let is_zero = text.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    if value > 0.0 && !is_zero { format!("+{text}") } else { text }
}

/// A number beside a scale.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    pub value: f32,
    pub text: String,
}

/// At most `most` round numbers from `lo` to `hi`, in steps of 1, 2 or 5 times a power of ten.
pub fn nice_ticks([lo, hi]: [f32; 2], most: usize) -> Vec<Tick> {
    let span = f64::from(hi) - f64::from(lo);
    if !(span > 0.0 && span.is_finite()) || most == 0 {
        return Vec::new();
    }
    let rough = span / most as f64;
    let power = 10.0_f64.powi(rough.log10().floor() as i32);
    let candidates = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0].map(|digit| digit * power);
    let ticks_of = |step: f64| {
        // A hair inwards and outwards: an end that is a round number itself belongs to it.
        let first = (f64::from(lo) / step - 1e-6).ceil();
        let last = (f64::from(hi) / step + 1e-6).floor();
        (first, last, step)
    };
    let fits = |&(first, last, _): &(f64, f64, f64)| last - first < most as f64;
    let Some((first, last, step)) = candidates.into_iter().map(ticks_of).find(fits) else {
        return Vec::new();
    };
    let decimals = (-step.log10().floor()).clamp(0.0, 9.0) as usize;
    let count = (last - first).max(-1.0) as i64 + 1;
    (0..count)
        .map(|i| {
            let value = ((first + i as f64) * step) as f32;
            Tick { value, text: number(value, decimals) }
        })
        .collect()
}

/// Commas between the thousands of a number without a sign; what is no number stays as it is.
fn grouped(digits: &str) -> String {
    let whole = digits.bytes().take_while(u8::is_ascii_digit).count();
    let mut text = String::with_capacity(digits.len() + whole / 3);
    for (i, digit) in digits.char_indices() {
        if i > 0 && i < whole && (whole - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_separated_and_nothing_else() {
        let counts = [0, 999, 1_000, 12_345, 1_234_567].map(thousands);
        assert_eq!(counts, ["0", "999", "1,000", "12,345", "1,234,567"]);
        assert_eq!(number(-1234.5, 2), "\u{2212}1,234.50");
        assert_eq!(number(999.123_4, 3), "999.123");
        assert_eq!(signed(1_000_000.0, 0), "+1,000,000");
        assert_eq!([number(f32::NAN, 2), number(f32::INFINITY, 2)], ["NaN", "inf"]);
    }

    #[test]
    fn columns_keep_their_decimals() {
        assert_eq!([percent_to(0.5, 1), percent_to(1.0, 1)], ["50.0%", "100.0%"]);
        assert_eq!(percent_to(f32::NAN, 1), "NaN%");
    }
}
