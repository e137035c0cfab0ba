//! The conversation with a driver: a program that reads orders and prints what it saw, line by line.
//!
//! Starting and ending the program is up to the caller; here are its two pipes.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use crate::server::now;
use crate::sighting::{Note, Order, Sighting};

/// A running driver, as its pipes.
#[derive(Debug)]
pub struct Driver<W> {
    orders: W,
    lines: Receiver<(Instant, String)>,
}

impl<W: Write> Driver<W> {
    /// Begins to read what a driver prints to `output`; `orders` is its standard input.
    pub fn new(orders: W, output: impl Read + Send + 'static) -> Self {
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
                let line = String::from_utf8_lossy(&line).into_owned();
                if sender.send((now(), line)).is_err() {
                    return;
                }
            }
        });
        Self { orders, lines }
    }

    /// Gives an order and collects what is seen until the client has closed, at most for `limit`.
    ///
    /// A driver whose run is not [over](Sighting::is_over) then must be ended: it is busy.
    ///
    /// # Errors
    ///
    /// The driver has ended, or prints what is not part of the protocol; the message says which.
    pub fn run(&mut self, order: &Order, limit: Duration) -> Result<Sighting, String> {
        let gone = |error: io::Error| format!("the driver takes no orders: {error}");
        let began = now();
        writeln!(self.orders, "{}", order.to_line()).map_err(gone)?;
        self.orders.flush().map_err(gone)?;
        let mut sighting = Sighting::default();
        while !sighting.is_over() {
            let left = limit.saturating_sub(now().duration_since(began));
            let (at, line) = match self.lines.recv_timeout(left) {
                Ok(line) => line,
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => {
                    return Err("the driver has ended".to_owned());
                }
            };
            if !line.trim().is_empty() {
                sighting.notes.push(Note::parse(&line, at.saturating_duration_since(began))?);
            }
        }
        Ok(sighting)
    }
}
