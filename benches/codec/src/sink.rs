//! Takes the events of a decoder: counts them, and when asked hashes all that is in them.

use std::hint::black_box;

/// What a decoder hands its events to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sink {
    pub(crate) events: u64,
    pub(crate) data_bytes: u64,
    digest: Option<u64>,
}

impl Sink {
    /// Counts only: for the time that is taken.
    pub(crate) fn counting() -> Sink {
        Sink::default()
    }

    /// Counts and hashes (FNV-1a): for the comparison.
    pub(crate) fn hashing() -> Sink {
        Sink { digest: Some(0xcbf2_9ce4_8422_2325), ..Sink::default() }
    }

    /// One event. The type may be given as `message` or as nothing.
    #[inline]
    pub(crate) fn event(&mut self, event_type: &str, data: &str, last_event_id: &str) {
        self.events += 1;
        self.data_bytes += data.len() as u64;
        if self.digest.is_some() {
            let event_type = if event_type == "message" { "" } else { event_type };
            self.hash(event_type);
            self.hash(data);
            self.hash(last_event_id);
        } else {
            black_box((event_type, data, last_event_id));
        }
    }

    fn hash(&mut self, text: &str) {
        let Some(digest) = &mut self.digest else {
            return;
        };
        // 0xFF is in no text: it marks where one ends.
        for byte in text.bytes().chain([0xFF]) {
            *digest = (*digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}
