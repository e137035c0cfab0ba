//! What is said to a client: how it is framed, and whether the client knows where it stands. Depends on `cut` and `entry`.

use std::time::Duration;

use sse_proto::Frame;

use crate::cut::Cut;
use crate::{Block, Entry, Framing};

#[derive(Debug, Default)]
pub(crate) struct Voice {
    pub(crate) framing: Framing,
    /// Whether the client's last event ID may stand for less than its place.
    pub(crate) is_behind: bool,
}

/// What comes next for a client.
pub(crate) enum Said {
    Block(Block),
    /// It did not want what came: others may have a turn before the next look.
    Nothing,
    /// Everything has come.
    Over,
    Cut(Cut),
}

impl Voice {
    /// The block that moves the client's last event ID, sets its reconnection time, or both; `None` if it does neither.
    pub(crate) fn place(&self, cursor: Option<&str>, time: Option<Duration>) -> Option<Block> {
        let frame = cursor.and_then(|cursor| Frame::cursor(cursor).ok());
        let frame = match time {
            Some(time) => {
                Some(frame.map_or(Frame::retry(time), |it| it.with_reconnection_time(time)))
            }
            None => frame,
        };
        frame.map(|frame| Entry::new(&frame).framed(self.framing))
    }

    /// Appends the events that give a state. The last of them moves the client's last event ID to `cursor`, the first of
    /// several to `before`: who has not had all of them gets all of them anew.
    pub(crate) fn state(
        &self,
        entries: &[Entry],
        before: Option<&str>,
        cursor: &str,
        bytes: &mut Vec<u8>,
    ) {
        let Some((last, others)) = entries.split_last() else {
            let place = self.place(Some(cursor), None);
            return bytes.extend_from_slice(place.as_deref().unwrap_or_default());
        };
        for (index, entry) in others.iter().enumerate() {
            entry.append_with_id(before.filter(|_| index == 0), self.framing, bytes);
        }
        last.append_with_id(Some(cursor), self.framing, bytes);
    }
}
