//! The sensor's samples, and what the guest must make of them, from rust/guests/data.

const SAMPLES: &str = include_str!("../../../rust/guests/data/sensor_samples.inc");
const EXPECTED: &str = include_str!("../../../rust/guests/data/sensor_filter_v1.inc");

/// Batches that the samples form.
pub const BATCHES: i32 = 6;

/// The samples; -1 ends a batch.
pub fn samples() -> impl Iterator<Item = i32> {
    let list = SAMPLES.split_once("*/").map_or("", |(_comment, list)| list);
    list.split(',').filter_map(|number| number.trim().parse().ok())
}

/// The values that the guest emits, with their flags.
pub fn expected() -> impl Iterator<Item = (i32, i32)> {
    EXPECTED.split('{').filter_map(|pair| {
        let (value, flags) = pair.split_once('}')?.0.split_once(", ")?;
        Some((value.parse().ok()?, flags.parse().ok()?))
    })
}
