//! A report: what the channels measured, packed in CBOR as a map with small numbers for keys.

use minicbor::data::Type;
use minicbor::encode::write::Cursor;
use minicbor::{Decoder, Encoder, decode, encode};

use crate::config::{Channel, Config, MAX_CHANNELS, Mode};

const DEVICE: u32 = 0;
const SEQUENCE: u32 = 1;
const TIME: u32 = 2;
const VALUES: u32 = 3;

#[derive(PartialEq)]
pub struct Report<'a> {
    device: &'a str,
    sequence: u32,
    time_ms: u64,
    values: [Option<Value<'a>>; MAX_CHANNELS],
}

#[derive(PartialEq, Clone, Copy)]
struct Value<'a> {
    name: &'a str,
    unit: &'a str,
    value: i64,
    /// Outside its limits; nothing if it has none.
    alarm: Option<bool>,
}

impl<'a> Report<'a> {
    /// Measures every enabled channel.
    pub fn collect(config: &'a Config, sequence: u32, mut random: impl FnMut() -> u32) -> Self {
        let mut values = [None; MAX_CHANNELS];
        for (slot, channel) in values.iter_mut().zip(&config.channels) {
            if channel.enabled {
                let raw = measure(channel.mode, config.oversampling, || (random() & 0xFFF) as i32);
                *slot = Some(Value::of(channel, raw));
            }
        }
        Report {
            device: config.device,
            sequence,
            time_ms: u64::from(sequence) * u64::from(config.interval_ms),
            values,
        }
    }

    /// The bytes; nothing if they do not fit.
    pub fn pack<'b>(&self, buffer: &'b mut [u8]) -> Option<&'b [u8]> {
        let mut encoder = Encoder::new(Cursor::new(&mut *buffer));
        self.encode(&mut encoder).ok()?;
        let length = encoder.writer().position();
        buffer.get(..length)
    }

    fn encode<W: encode::Write>(&self, to: &mut Encoder<W>) -> Result<(), encode::Error<W::Error>> {
        to.map(4)?;
        to.u32(DEVICE)?.str(self.device)?;
        to.u32(SEQUENCE)?.u32(self.sequence)?;
        to.u32(TIME)?.u64(self.time_ms)?;
        to.u32(VALUES)?.begin_array()?;
        for value in self.values.iter().flatten() {
            to.array(4)?.str(value.name)?.str(value.unit)?.i64(value.value)?;
            match value.alarm {
                Some(alarm) => to.bool(alarm)?,
                None => to.null()?,
            };
        }
        to.end()?;
        Ok(())
    }

    /// Nothing if the bytes are not a report.
    pub fn unpack(bytes: &'a [u8]) -> Option<Self> {
        Self::decode(&mut Decoder::new(bytes)).ok()
    }

    fn decode(from: &mut Decoder<'a>) -> Result<Self, decode::Error> {
        let mut report = Report { device: "", sequence: 0, time_ms: 0, values: [None; MAX_CHANNELS] };
        for _ in 0..from.map()?.unwrap_or(0) {
            match from.u32()? {
                DEVICE => report.device = from.str()?,
                SEQUENCE => report.sequence = from.u32()?,
                TIME => report.time_ms = from.u64()?,
                VALUES => report.decode_values(from)?,
                _ => return Err(decode::Error::message("unknown key")),
            }
        }
        Ok(report)
    }

    fn decode_values(&mut self, from: &mut Decoder<'a>) -> Result<(), decode::Error> {
        from.array()?;
        let mut slots = self.values.iter_mut();
        while from.datatype()? != Type::Break {
            let slot = slots.next().ok_or(decode::Error::message("too many values"))?;
            *slot = Some(Value::decode(from)?);
        }
        from.set_position(from.position() + 1);
        Ok(())
    }

    /// One bit for each channel that is outside its limits.
    pub fn alarms(&self) -> u32 {
        let mut bits = 0;
        for value in self.values.iter().flatten() {
            bits = bits << 1 | u32::from(value.alarm == Some(true));
        }
        bits
    }
}

impl<'a> Value<'a> {
    fn of(channel: &'a Channel, raw: i32) -> Self {
        let value = i64::from(raw + channel.offset) * channel.gain_ppm / 1_000_000;
        let (low, high) = channel.limits;
        Value {
            name: channel.name,
            unit: channel.unit,
            value,
            alarm: (low != high).then_some(value < low || value > high),
        }
    }

    fn decode(from: &mut Decoder<'a>) -> Result<Self, decode::Error> {
        from.array()?;
        Ok(Value {
            name: from.str()?,
            unit: from.str()?,
            value: from.i64()?,
            alarm: if from.datatype()? == Type::Null {
                from.null()?;
                None
            } else {
                Some(from.bool()?)
            },
        })
    }
}

fn measure(mode: Mode, oversampling: u16, mut sample: impl FnMut() -> i32) -> i32 {
    let mut result = sample();
    for _ in 1..oversampling {
        let next = sample();
        result = match mode {
            Mode::Average => result + next,
            Mode::Peak => result.max(next),
            Mode::Last => next,
        };
    }
    match mode {
        Mode::Average => result / i32::from(oversampling.max(1)),
        Mode::Peak | Mode::Last => result,
    }
}
