//! What a client has seen, checked as it comes: the next event, or a gap told. Pure.

use std::fmt;
use std::str::FromStr;

/// Every so many events one has the type [`RARE`].
pub(crate) const RARE_EVERY: u64 = 3;
/// The type of the events that some clients subscribe to alone.
pub(crate) const RARE: &str = "rare";

/// The place of an event: its channel, and its number there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) epoch: u64,
    pub(crate) sequence: u64,
}

impl FromStr for Position {
    type Err = String;

    fn from_str(id: &str) -> Result<Self, String> {
        let parsed = id.split_once('-').and_then(|(epoch, sequence)| {
            let (epoch, sequence) = (epoch.parse().ok()?, sequence.parse().ok()?);
            Some(Self { epoch, sequence })
        });
        parsed.ok_or_else(|| format!("{id:?} is no ID of a channel"))
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.epoch, self.sequence)
    }
}

/// The data of the event at `position`: mostly short, of another length each time.
pub(crate) fn data_of(position: Position) -> String {
    let scattered = position.sequence.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 48;
    let length = match scattered % 16 {
        0 => 8000,
        _ => scattered % 400,
    };
    let filling = "x".repeat(usize::try_from(length).unwrap_or(0));
    format!("{position}\n{filling}")
}

/// What one client has seen, over all its connections.
#[derive(Debug, Default)]
pub(crate) struct Record {
    /// Whether it has asked for the rare events alone.
    only_rare: bool,
    /// The last event ID that it was given.
    at: Option<Position>,
    pub(crate) connections: u64,
    pub(crate) events: u64,
    pub(crate) gaps: u64,
    pub(crate) missed: u64,
    pub(crate) epochs: u64,
}

impl Record {
    pub(crate) fn new(only_rare: bool) -> Self {
        Self { only_rare, ..Self::default() }
    }

    pub(crate) fn at(&self) -> Option<Position> {
        self.at
    }

    /// What the next request says; empty at first.
    pub(crate) fn last_event_id(&self) -> String {
        self.at.map_or_else(String::new, |at| at.to_string())
    }

    /// Takes an event, which has to be the next one that the client asked for, or a gap.
    pub(crate) fn take(&mut self, event_type: &str, data: &str, id: &str) -> Result<(), String> {
        let position: Position = id.parse()?;
        let at = self.at.ok_or_else(|| format!("{id} before its position"))?;
        if event_type == "gap" {
            self.take_gap(at, position, data)?;
        } else {
            let next = self.next_after(at);
            if position != next {
                return Err(format!("after {at} came {position} in the place of {next}"));
            }
            if data != data_of(position) {
                return Err(format!("{position} has the data {data:?}"));
            }
            self.events += 1;
        }
        self.at = Some(position);
        Ok(())
    }

    /// Takes an ID without an event: its position at first, later one past events that it did not
    /// ask for.
    pub(crate) fn move_to(&mut self, id: &str) -> Result<(), String> {
        let position: Position = id.parse()?;
        if let Some(at) = self.at {
            let is_ahead = position.sequence >= at.sequence;
            let passes_none = position.sequence < self.next_after(at).sequence;
            if position.epoch != at.epoch || !is_ahead || !passes_none {
                return Err(format!("moved from {at} to {position} without a word"));
            }
        }
        self.at = Some(position);
        Ok(())
    }

    fn take_gap(&mut self, at: Position, to: Position, data: &str) -> Result<(), String> {
        let told = |reason: &str| {
            let missed = data.strip_prefix(&format!(r#"{{"reason":"{reason}","missed":"#))?;
            missed.strip_suffix('}').map(str::to_owned)
        };
        let is_true = if let Some(missed) = told("evicted").or_else(|| told("lagged")) {
            let missed = missed.parse().unwrap_or(0);
            (self.gaps, self.missed) = (self.gaps + 1, self.missed + missed);
            missed > 0 && to.epoch == at.epoch && to.sequence == at.sequence + missed
        } else if told("other-epoch").as_deref() == Some("null") {
            self.epochs += 1;
            // Epochs are random: another one, neither older nor newer.
            to.epoch != at.epoch
        } else {
            false
        };
        let wrong = || format!("a client at {at} was told of the gap {data} up to {to}");
        is_true.then_some(()).ok_or_else(wrong)
    }

    fn next_after(&self, at: Position) -> Position {
        let step = if self.only_rare { RARE_EVERY } else { 1 };
        let sequence = (at.sequence / step + 1) * step;
        Position { sequence, ..at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(sequence: u64, only_rare: bool) -> Record {
        let at = Some(Position { epoch: 7, sequence });
        Record { only_rare, at, ..Record::default() }
    }

    fn event(record: &mut Record, id: &str) -> Result<(), String> {
        let data = data_of(id.parse().unwrap());
        record.take("message", &data, id)
    }

    #[test]
    fn only_the_next_event_is_taken() {
        for (id, is_next) in [("7-4", true), ("7-5", false), ("7-3", false), ("8-4", false)] {
            assert_eq!(event(&mut at(3, false), id).is_ok(), is_next, "{id}");
        }
        for (id, is_next) in [("7-6", true), ("7-4", false), ("7-9", false)] {
            assert_eq!(event(&mut at(3, true), id).is_ok(), is_next, "{id}");
        }
        assert!(at(3, false).take("message", "else", "7-4").is_err());
        assert!(event(&mut Record::default(), "7-1").is_err());
    }

    #[test]
    fn a_position_passes_no_event_that_was_asked_for() {
        assert!(at(3, true).move_to("7-5").is_ok());
        assert!(at(3, true).move_to("7-6").is_err());
        assert!(at(3, true).move_to("7-2").is_err());
        assert!(at(3, false).move_to("7-4").is_err());
        assert!(at(3, false).move_to("8-3").is_err());
        assert!(Record::default().move_to("7-6").is_ok());
    }

    #[test]
    fn a_gap_is_as_long_as_it_says() {
        let gap = |data: &str, id: &str| at(3, false).take("gap", data, id).is_ok();
        assert!(gap(r#"{"reason":"evicted","missed":2}"#, "7-5"));
        assert!(!gap(r#"{"reason":"evicted","missed":2}"#, "7-6"));
        assert!(!gap(r#"{"reason":"evicted","missed":0}"#, "7-3"));
        assert!(gap(r#"{"reason":"other-epoch","missed":null}"#, "8-0"));
        assert!(!gap(r#"{"reason":"other-epoch","missed":null}"#, "7-3"));
        assert!(!gap(r#"{"reason":"beyond-end","missed":null}"#, "7-3"));
    }
}
