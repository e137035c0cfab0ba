//! Several channels over one connection.

mod blocks;
mod gaps;
mod laws;
mod pasts;
mod places;
mod support;
