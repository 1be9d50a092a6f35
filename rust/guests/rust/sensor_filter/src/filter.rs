//! Median of five against outliers, a low-pass, and an alarm with hysteresis.

const WINDOW: usize = 5;
const FULL_SCALE: i32 = 4095;
/// Further from the median than this, in steps of the converter, is an outlier.
const FAR: i32 = 200;
const EMIT_EVERY: u32 = 8;
const ALARM_ON_ABOVE: i32 = if cfg!(feature = "v2") { 2800 } else { 3000 };
const ALARM_OFF_BELOW: i32 = if cfg!(feature = "v2") { 2600 } else { 2900 };

// The flags of an emitted value.
pub const ALARM_ON: i32 = 1;
pub const ALARM_OFF: i32 = 2;
pub const OUTLIER: i32 = 4;

pub struct Filter {
    window: [i32; WINDOW],
    seen: u32,
    alarm: bool,
    low_pass: LowPass,
}

impl Filter {
    pub const fn new() -> Self {
        Filter { window: [0; WINDOW], seen: 0, alarm: false, low_pass: LowPass::new() }
    }

    /// The filtered value, and what happened.
    pub fn step(&mut self, raw: i32) -> (i32, i32) {
        let mut raw = raw.min(FULL_SCALE);
        let mut flags = 0;
        let first = self.seen == 0;
        if first {
            self.window = [raw; WINDOW];
        }
        self.window[self.seen as usize % WINDOW] = raw;
        let median = self.median();
        if raw.abs_diff(median) > FAR as u32 {
            raw = median;
            flags |= OUTLIER;
        }
        if first {
            self.low_pass.settle(raw);
        }
        let value = self.low_pass.step(raw);
        self.seen += 1;
        if !self.alarm && value > ALARM_ON_ABOVE {
            self.alarm = true;
            flags |= ALARM_ON;
        } else if self.alarm && value < ALARM_OFF_BELOW {
            self.alarm = false;
            flags |= ALARM_OFF;
        }
        (value, flags)
    }

    pub fn is_due(&self) -> bool {
        self.seen.is_multiple_of(EMIT_EVERY)
    }

    fn median(&self) -> i32 {
        let mut sorted = self.window;
        sorted.sort_unstable();
        sorted[WINDOW / 2]
    }
}

/// Second order, Butterworth, cut off at a twentieth of the sample rate; direct form 2, transposed.
#[cfg(not(feature = "v2"))]
struct LowPass {
    s1: f32,
    s2: f32,
}

#[cfg(not(feature = "v2"))]
impl LowPass {
    const B: [f32; 3] = [0.020083366, 0.040166732, 0.020083366];
    const A: [f32; 3] = [1.0, -1.5610181, 0.6413515];

    const fn new() -> Self {
        LowPass { s1: 0.0, s2: 0.0 }
    }

    /// As if it had always been so: no swing at the start.
    fn settle(&mut self, sample: i32) {
        let x = sample as f32;
        self.s2 = (Self::B[2] - Self::A[2]) * x;
        self.s1 = (Self::B[1] - Self::A[1]) * x + self.s2;
    }

    fn step(&mut self, sample: i32) -> i32 {
        let x = sample as f32;
        let y = Self::B[0] * x + self.s1;
        self.s1 = Self::B[1] * x - Self::A[1] * y + self.s2;
        self.s2 = Self::B[2] * x - Self::A[2] * y;
        (y + 0.5) as i32
    }
}

/// The exponential mean, with eight fractional bits.
#[cfg(feature = "v2")]
struct LowPass {
    mean: i32,
}

#[cfg(feature = "v2")]
impl LowPass {
    const fn new() -> Self {
        LowPass { mean: 0 }
    }

    fn settle(&mut self, sample: i32) {
        self.mean = sample << 8;
    }

    fn step(&mut self, sample: i32) -> i32 {
        self.mean += ((sample << 8) - self.mean) >> 3;
        (self.mean + 128) >> 8
    }
}
