//! Delivery: from events to a connection's bytes. From the bottom up: `turn` and `queue`; `wire`; `sink`, to which
//! a handler writes; `pump`, `subscriber` and `stream`, which work on what the handler described (`events`).

pub(crate) mod pump;
pub(crate) mod queue;
pub(crate) mod sink;
pub(crate) mod stream;
pub(crate) mod subscriber;
pub(crate) mod turn;
pub(crate) mod wire;
