//! What holds for every stream and every frame, tried on very many of them.
//!
//! A failure names the stream and its cuts, which say all there is to know. The seeds are fixed:
//! what fails once fails again.

mod adapters;
mod chunked;
mod corpus;
mod decoding;
mod frames;
mod http;
mod limits;
mod lines;
