//! Decodes the stream and encodes all that it finds: as little as a program can do that uses the whole codec. What it
//! takes more than `empty.rs`, which copies the same stream to the same place, is the flash of the codec.

#![no_std]
#![no_main]
#![forbid(unsafe_code)]

use core::time::Duration;

use cortex_m_rt::entry;
use embed::board::{Host, end};
use embed::{PIECE, Receiver, STREAM, receive};
use sse_proto::{Event, Frame, FrameError, Item};

#[entry]
fn main() -> ! {
    let mut host = Host::open();
    let mut decoder = Receiver::default();
    let mut buffer = [0; 512];
    let mut stream = STREAM;
    let mut chunk = [0; PIECE];
    loop {
        let length = receive(&mut stream, &mut chunk);
        if length == 0 {
            end(true);
        }
        let mut rest = &chunk[..length];
        while let Some(item) = decoder.next(&mut rest) {
            let frame = match item {
                Ok(Item::Event(event)) => every_field(&event),
                Ok(item) => item.to_frame(),
                Err(_) => end(false),
            };
            let length = frame.map(|frame| frame.encode_into(&mut buffer));
            let Ok(Ok(length)) = length else {
                end(false);
            };
            host.print(&buffer[..length]);
        }
    }
}

/// A frame that has every field there is, each checked as a program has to.
fn every_field<'a>(event: &Event<'a>) -> Result<Frame<'a>, FrameError> {
    Frame::message(event.data())
        .with_comment("relayed")
        .with_reconnection_time(Duration::from_secs(5))
        .with_event_type(event.event_type())?
        .with_id(event.last_event_id())
}
