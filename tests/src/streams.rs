//! Random streams that love the places where event stream decoders break.
//!
//! Depends on `std` alone. The same seed gives the same streams on every machine.

/// A small generator of numbers (SplitMix64): reproducible, and good enough to pick with.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// A generator that starts from `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A generator that starts from what `bytes` are, so that an input says all there is to know.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(
            bytes
                .iter()
                .fold(0, |seed: u64, &byte| seed.wrapping_mul(0x0100_0000_01B3) ^ u64::from(byte)),
        )
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    }

    /// A number below `bound`.
    ///
    /// # Panics
    ///
    /// If `bound` is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.bits() % bound as u64).expect("less than a usize")
    }

    /// One of `choices`.
    ///
    /// # Panics
    ///
    /// If there are none.
    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }
}

const NAMES: [&[u8]; 19] = [
    b"data", b"data", b"data", b"data", b"id", b"id", b"event", b"event", b"retry", b"dat",
    b"dataa", b"even", b"events", b"i", b"idd", b"retr", b"retryy", b"Data", b"x",
];
const ENDINGS: [&[u8]; 5] = [b"\n", b"\n", b"\r", b"\r\n", b"\n\r"];
const COLONS: [&[u8]; 7] = [b":", b":", b": ", b": ", b":  ", b"::", b" :"];
/// The longer ones reach what is done for many bytes at once.
const TEXTS: [&[u8]; 15] = [
    b"a",
    b"1",
    b"20",
    b"0",
    b" ",
    b":",
    b"\t",
    b"\0",
    b"data: a",
    b"[DONE]",
    "更新".as_bytes(),
    "😀".as_bytes(),
    b"01234567",
    b"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0",
    "逐字逐句地检查编码和解码".as_bytes(),
];
/// A BOM, its pieces, what begins like it; sequences cut short, overlong, of surrogates, past the
/// last code point; bytes that never occur.
const BROKEN: [&[u8]; 17] = [
    b"\xEF\xBB\xBF",
    b"\xEF\xBB",
    b"\xEF",
    b"\xBB\xBF",
    b"\xBF",
    b"\xEF\xBB\x80",
    b"\x80",
    b"\xC3",
    b"\xE4\xBD",
    b"\xF0\x9F\x98",
    b"\xC0\x8A",
    b"\xE0\x80\x8A",
    b"\xED\xA0\x80",
    b"\xF4\x90\x80\x80",
    b"\xF0\x80",
    b"\xFF",
    b"\xC2",
];

/// A random stream: lines that follow the grammar, lines that nearly do, and rubbish.
#[must_use]
pub fn stream(random: &mut Random) -> Vec<u8> {
    let mut bytes = Vec::new();
    if random.below(6) == 0 {
        bytes.extend_from_slice(random.pick(&BROKEN));
    }
    for _ in 0..random.below(14) {
        match random.below(10) {
            0..=4 => field(random, &mut bytes),
            5 | 6 => bytes.extend_from_slice(random.pick(&ENDINGS)),
            7 => {
                bytes.push(b':');
                text(random, &mut bytes);
                bytes.extend_from_slice(random.pick(&ENDINGS));
            }
            8 => {
                field(random, &mut bytes);
                bytes.extend_from_slice(random.pick(&ENDINGS));
            }
            _ => rubbish(random, &mut bytes),
        }
    }
    bytes
}

fn field(random: &mut Random, bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(random.pick(&NAMES));
    if random.below(8) != 0 {
        bytes.extend_from_slice(random.pick(&COLONS));
        text(random, bytes);
    }
    bytes.extend_from_slice(random.pick(&ENDINGS));
}

fn text(random: &mut Random, bytes: &mut Vec<u8>) {
    for _ in 0..random.below(4) {
        let kinds: &[&[u8]] = if random.below(6) == 0 { &BROKEN } else { &TEXTS };
        bytes.extend_from_slice(random.pick(kinds));
    }
}

fn rubbish(random: &mut Random, bytes: &mut Vec<u8>) {
    for _ in 0..random.below(5) {
        let kinds: [&[&[u8]]; 5] = [&NAMES, &ENDINGS, &COLONS, &TEXTS, &BROKEN];
        let kind = kinds[random.below(kinds.len())];
        bytes.extend_from_slice(random.pick(kind));
    }
}

/// Ascending places at which to cut `length` bytes: none, few or many, and some of them twice.
#[must_use]
pub fn cuts(random: &mut Random, length: usize) -> Vec<usize> {
    let most = random.pick(&[1, 4, length + 1]);
    let mut cuts: Vec<usize> = (0..random.below(most)).map(|_| random.below(length + 1)).collect();
    cuts.sort_unstable();
    cuts
}
