//! The codec against one conformance vector: whole, byte by byte, and cut everywhere.
//!
//! Depends on the vectors, the oracle and the codec's public API.

use sse_proto::{Decoder, Fixed, Storage};

use crate::chunking::{cut, outcome};
use crate::oracle::{self, Item, Outcome};
use crate::vectors::{ExpectedEvent, Vector};

/// Inputs up to this length are cut at every pair of places, longer ones at every single place.
const PAIRS_UP_TO: usize = 64;

/// Checks a vector with storage on the heap and with storage of a fixed size.
///
/// # Errors
///
/// What was expected, what was seen, and where the input had been cut.
pub fn check(vector: &Vector) -> Result<(), String> {
    check_oracle(vector)?;
    check_with("growable", vector, Decoder::new)?;
    check_with("fixed", vector, || Decoder::with_storage(Fixed::<512, 128>::new()))
}

/// The oracle must say what the vector says; it then says the rest, which vectors leave out.
fn check_oracle(vector: &Vector) -> Result<(), String> {
    let seen = oracle::decode(&vector.input);
    if events(&seen) == vector.events
        && seen.last_event_id == vector.last_event_id
        && seen.reconnection_time == vector.reconnection_time
    {
        return Ok(());
    }
    Err(format!("oracle: expected {vector:?}\nsaw {seen:?}"))
}

fn check_with<S: Storage>(
    storage: &str,
    vector: &Vector,
    decoder: impl Fn() -> Decoder<S>,
) -> Result<(), String> {
    let expected = Ok(oracle::decode(&vector.input));
    let length = vector.input.len();
    let check = |cuts: &[usize]| {
        let seen = outcome(&mut decoder(), cut(&vector.input, cuts));
        if seen == expected {
            return Ok(());
        }
        Err(format!("{storage} storage, cut at {cuts:?}: expected {expected:?}\nsaw {seen:?}"))
    };
    check(&[])?;
    check(&(1..length).collect::<Vec<_>>())?;
    for first in 0..=length {
        check(&[first])?;
        if length <= PAIRS_UP_TO {
            for second in first..=length {
                check(&[first, second])?;
            }
        }
    }
    Ok(())
}

fn events(outcome: &Outcome) -> Vec<ExpectedEvent> {
    let events = outcome.items.iter().filter_map(|dispatched| {
        let Item::Event { event_type, data, last_event_id } = &dispatched.item else {
            return None;
        };
        Some(ExpectedEvent {
            offset: dispatched.offset,
            event_type: event_type.clone(),
            data: data.clone(),
            last_event_id: last_event_id.clone(),
        })
    });
    events.collect()
}
