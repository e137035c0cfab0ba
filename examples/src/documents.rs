//! The servers of the five tutorial documents, one module each.

#[path = "../documents/counter/server.rs"]
pub mod counter;
#[path = "../documents/event-types/server.rs"]
pub mod event_types;
#[path = "../documents/finite-stream/server.rs"]
pub mod finite_stream;
#[path = "../documents/hello-clock/server.rs"]
pub mod hello_clock;
#[path = "../documents/identified-stream/server.rs"]
pub mod identified_stream;
#[path = "../documents/start-and-stop/server.rs"]
pub mod start_and_stop;
