//! Encodes a frame with every field for each piece of the stream: what the encoder takes.

#![no_std]
#![no_main]
#![forbid(unsafe_code)]

use core::hint::black_box;
use core::time::Duration;

use cortex_m_rt::entry;
use embed::board::{Host, end};
use embed::{PIECE, STREAM, receive};
use sse_proto::{Frame, FrameError};

#[entry]
fn main() -> ! {
    let mut host = Host::open();
    let mut stream = STREAM;
    let mut chunk = [0; PIECE];
    let mut buffer = [0; 512];
    while receive(&mut stream, &mut chunk) > 0 {
        // So it has to be received: the routine for copying memory is here as in `empty.rs`.
        black_box(&chunk);
        let length = every_field(black_box("21.5 °C")).map(|frame| frame.encode_into(&mut buffer));
        let Ok(Ok(length)) = length else {
            end(false);
        };
        host.print(&buffer[..length]);
    }
    end(true)
}

/// A frame that has every field there is, each checked as a program has to.
fn every_field(text: &str) -> Result<Frame<'_>, FrameError> {
    Frame::message(text)
        .with_comment(text)
        .with_reconnection_time(Duration::from_secs(5))
        .with_event_type(text)?
        .with_id("41")
}
