//! One subscriber: reads the response, finds the events, and knows what it has missed.

use std::io::{self, Read};

use memchr::memmem;
use mio::net::TcpStream;

/// What an event says of itself.
#[derive(Clone, Copy)]
pub(crate) struct Delivery {
    /// When it was published, in nanoseconds of the monotonic clock.
    pub(crate) published: u64,
    pub(crate) sequence: u64,
}

pub(crate) struct Connection {
    pub(crate) stream: TcpStream,
    /// What came last and is not a whole head or event yet.
    partial: Vec<u8>,
    pub(crate) is_open: bool,
    pub(crate) is_closed: bool,
    /// It does not read while this is set.
    pub(crate) is_stalled: bool,
    /// The number of the last event.
    pub(crate) last: Option<u64>,
    /// Bytes that were read.
    pub(crate) received: u64,
}

impl Connection {
    pub(crate) fn new(stream: TcpStream) -> Connection {
        Connection {
            stream,
            partial: Vec::new(),
            is_open: false,
            is_closed: false,
            is_stalled: false,
            last: None,
            received: 0,
        }
    }

    /// Reads all that is there; calls `deliver` for each event. Whether the stream has ended is
    /// only seen if `to_the_end`: it saves the others a call.
    pub(crate) fn read(
        &mut self,
        buffer: &mut [u8],
        to_the_end: bool,
        mut deliver: impl FnMut(&mut Option<u64>, Delivery),
    ) {
        while !self.is_closed && !self.is_stalled {
            match self.stream.read(buffer) {
                Ok(0) => self.is_closed = true,
                Ok(length) => {
                    self.received += length as u64;
                    self.take(&buffer[..length], &mut deliver);
                    // Less than was asked for: the socket is empty, a new edge will tell of more.
                    if length < buffer.len() && !to_the_end {
                        return;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => self.is_closed = true,
            }
        }
    }

    fn take(&mut self, bytes: &[u8], deliver: &mut impl FnMut(&mut Option<u64>, Delivery)) {
        if self.partial.is_empty() {
            let used = self.scan(bytes, deliver);
            self.partial.extend_from_slice(&bytes[used..]);
        } else {
            let mut all = std::mem::take(&mut self.partial);
            all.extend_from_slice(bytes);
            let used = self.scan(&all, deliver);
            all.drain(..used);
            self.partial = all;
        }
    }

    /// How many bytes belonged to whole events, or can belong to none.
    fn scan(
        &mut self,
        bytes: &[u8],
        deliver: &mut impl FnMut(&mut Option<u64>, Delivery),
    ) -> usize {
        let mut used = 0;
        if !self.is_open {
            let Some(end) = memmem::find(bytes, b"\r\n\r\n") else {
                return 0;
            };
            if !bytes.starts_with(b"HTTP/1.1 200") {
                self.is_closed = true;
                return bytes.len();
            }
            self.is_open = true;
            used = end + 4;
        }
        while let Some(start) = memmem::find(&bytes[used..], b"data: ") {
            let data = used + start + 6;
            let Some(length) = memmem::find(&bytes[data..], b"\n\n") else {
                return used + start;
            };
            if let Some(delivery) = parse(&bytes[data..data + length]) {
                deliver(&mut self.last, delivery);
            }
            used = data + length + 2;
        }
        // The start of "data: " may be the end of what is here.
        used.max(bytes.len().saturating_sub(5))
    }
}

/// Two numbers, each followed by a space.
fn parse(data: &[u8]) -> Option<Delivery> {
    let mut numbers = data.splitn(3, |byte| *byte == b' ').map(|digits| {
        digits.iter().try_fold(0_u64, |number, byte| {
            let digit = byte.checked_sub(b'0').filter(|digit| *digit <= 9)?;
            number.checked_mul(10)?.checked_add(u64::from(digit))
        })
    });
    Some(Delivery { published: numbers.next()??, sequence: numbers.next()?? })
}
