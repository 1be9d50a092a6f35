//! What the guests share: their panic handler, numbers, a checksum, and a log to work on.
#![no_std]

#[cfg(target_arch = "wasm32")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}

/// Marsaglia's xorshift32.
#[inline]
pub fn next_random(state: &mut u32) -> u32 {
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    *state
}

/// Folds a word into a running checksum; the order of the words matters.
#[inline]
pub fn fold(sum: u32, word: u32) -> u32 {
    sum.rotate_left(5) ^ word
}

/// Fills the buffer with lines as a device logs them: alike, but for their numbers.
pub fn write_log(buffer: &mut [u8]) {
    const LINES: [&[u8]; 4] = [
        b" inlet pressure=XXXX mbar ok\n",
        b" outlet pressure=XXXX mbar ok\n",
        b" motor temperature=XX C, current=XXXX mA\n",
        b" radio: rssi=-XX dBm, XX packets sent\n",
    ];
    let mut random = 0x9E37_79B9;
    let mut seconds = 0;
    let mut slots = buffer.iter_mut();
    let mut put = |byte| slots.next().map(|slot| *slot = byte).is_some();
    loop {
        seconds += next_random(&mut random) % 8;
        let time = [1000, 100, 10, 1].map(|unit| digit(seconds / unit));
        let line = LINES[(next_random(&mut random) % 4) as usize];
        for byte in time.iter().chain(line) {
            let byte = if *byte == b'X' { digit(next_random(&mut random) >> 8) } else { *byte };
            if !put(byte) {
                return;
            }
        }
    }
}

fn digit(number: u32) -> u8 {
    b'0' + (number % 10) as u8
}
