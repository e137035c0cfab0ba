//! The display and the document on a Cortex-M.

#![no_std]
#![no_main]
#![forbid(unsafe_code)]

use cortex_m_rt::entry;
use embed::board::{Host, end};

#[entry]
fn main() -> ! {
    let mut host = Host::open();
    let runs = embed::run(&mut |text| host.print(text.as_bytes()));
    end(runs && embed::document::arrives())
}
