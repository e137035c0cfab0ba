//! One attempt, from the hook to the answer: what an event source and a single request do alike.

use crate::attempt::History;
use crate::config::Config;
use crate::exchange::{Exchanged, exchange};
use crate::failure::Failure;
use crate::outgoing::Outgoing;
use crate::refusal::refused;

/// Whatever the server answers.
pub(crate) async fn ask(
    config: &Config,
    history: History,
    last_event_id: &str,
) -> Result<Exchanged, Failure> {
    let outgoing = Outgoing::prepare(config, history, last_event_id).await?;
    exchange(config, &outgoing).await
}

/// An answer that is an event stream.
pub(crate) async fn open(
    config: &Config,
    history: History,
    last_event_id: &str,
) -> Result<Exchanged, Failure> {
    let exchanged = ask(config, history, last_event_id).await?;
    match config.types.refuse(&exchanged.head) {
        None => Ok(exchanged),
        // Boxed: no stream that opens pays for its room.
        Some(why) => Err(Box::pin(refused(why, exchanged)).await),
    }
}
