//! The clients under test, one file each.

pub(crate) mod bare;
pub(crate) mod eventsource_client;
pub(crate) mod ours;
pub(crate) mod reqwest_eventsource;
