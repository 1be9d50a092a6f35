//! What the device is told to measure.

pub const MAX_CHANNELS: usize = 4;

pub struct Config {
    pub device: &'static str,
    pub interval_ms: u32,
    pub oversampling: u16,
    pub channels: [Channel; MAX_CHANNELS],
}

pub struct Channel {
    pub name: &'static str,
    pub unit: &'static str,
    pub mode: Mode,
    pub offset: i32,
    /// Millionths of a unit for a step of the converter.
    pub gain_ppm: i64,
    /// A single point is no limit.
    pub limits: (i64, i64),
    pub enabled: bool,
}

#[derive(Clone, Copy)]
pub enum Mode {
    Average,
    Peak,
    Last,
}

/// In a static, so that the compiler does not work out the reports by itself.
pub static CONFIG: Config = Config {
    device: "pump-07",
    interval_ms: 250,
    oversampling: 4,
    channels: [
        Channel {
            name: "inlet",
            unit: "mbar",
            mode: Mode::Average,
            offset: -410,
            gain_ppm: 1_250_000,
            limits: (0, 4_000),
            enabled: true,
        },
        Channel {
            name: "outlet",
            unit: "mbar",
            mode: Mode::Peak,
            offset: -395,
            gain_ppm: 2_500_000,
            limits: (100, 9_000),
            enabled: true,
        },
        Channel {
            name: "motor",
            unit: "\u{b0}C",
            mode: Mode::Last,
            offset: -1_024,
            gain_ppm: 48_828,
            limits: (-20, 85),
            enabled: true,
        },
        Channel {
            name: "spare",
            unit: "",
            mode: Mode::Average,
            offset: 0,
            gain_ppm: 1_000_000,
            limits: (0, 0),
            enabled: false,
        },
    ],
};
