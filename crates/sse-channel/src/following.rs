//! What a subscription follows: one channel, or several. Depends on `follower` and `several`.

use std::task::{Context, Poll};

use crate::follower::{Filter, Follower, Step};
use crate::several::Several;
use crate::voice::{Said, Voice};
use crate::{Batch, Entry, Gap, Log};

pub(crate) enum Following {
    One(Follower),
    Several(Box<Several>),
}

impl Following {
    /// The next to be said, of about `max_bytes`. Without a context nobody is woken when there is something.
    #[inline]
    pub(crate) fn poll(
        &mut self,
        voice: &mut Voice,
        cx: Option<&mut Context<'_>>,
        max_bytes: usize,
    ) -> Poll<Said> {
        match self {
            Self::One(follower) => match follower.common(cx.as_deref(), max_bytes, voice.framing) {
                Some(common) => common.map(|batch| say_batch(follower, batch)),
                None => follower.poll(cx, max_bytes).map(|step| say(follower, voice, step)),
            },
            Self::Several(several) => several.poll(voice, cx, max_bytes),
        }
    }

    /// Where the client stands; `None` if it should keep the ID that it has, or none.
    pub(crate) fn cursor(&self) -> Option<String> {
        match self {
            Self::One(follower) => follower.cursor().map(|id| id.to_string()),
            Self::Several(several) => several.cursor(),
        }
    }

    /// What tells of a gap in one of the channels.
    pub(crate) fn gap(&self, channel: usize, gap: Gap, cursor: Option<&str>) -> Entry {
        match self {
            Self::One(follower) => follower.log.gap_entry(gap, cursor),
            Self::Several(several) => several.gap(channel, gap, cursor),
        }
    }

    /// The log and the position in it, if all who stand there get the same.
    pub(crate) fn place(&self) -> Option<(&Log, u64)> {
        match self {
            Self::One(follower) => Some((&follower.log, follower.common_position()?)),
            Self::Several(_) => None,
        }
    }

    pub(crate) fn seek(&mut self, position: u64) {
        if let Self::One(follower) = self {
            follower.seek(position);
        }
    }

    pub(crate) fn add_filter(&mut self, wanted: Filter) {
        match self {
            Self::One(follower) => follower.add_filter(wanted),
            Self::Several(several) => several.add_filter(wanted.into()),
        }
    }

    /// Waits no longer.
    pub(crate) fn leave(&mut self) {
        self.followers_mut().for_each(Follower::leave);
    }

    pub(crate) fn logs(&self) -> impl Iterator<Item = &Log> {
        let (one, several) = match self {
            Self::One(follower) => (Some(follower), None),
            Self::Several(several) => (None, Some(several.followers())),
        };
        one.into_iter().chain(several.into_iter().flatten()).map(|follower| &follower.log)
    }

    fn followers_mut(&mut self) -> impl Iterator<Item = &mut Follower> {
        let (one, several) = match self {
            Self::One(follower) => (Some(follower), None),
            Self::Several(several) => (None, Some(several.followers_mut())),
        };
        one.into_iter().chain(several.into_iter().flatten())
    }
}

fn say_batch(follower: &Follower, batch: Batch) -> Said {
    follower.log.count_delivered(&batch, 1);
    batch.block.map_or(Said::Nothing, Said::Block)
}

/// What a step in the one channel says to the client.
fn say(follower: &Follower, voice: &mut Voice, step: Step) -> Said {
    match step {
        Step::Entries(entries, position) => {
            let first = position.unwrap_or_default();
            let batch = Batch::wanted(first, &entries, voice.framing, |it| follower.wants(it));
            voice.is_behind |= batch.events() < entries.len() as u64;
            say_batch(follower, batch)
        }
        Step::Gap(gap, cursor) => {
            voice.is_behind = false;
            Said::Block(follower.log.gap_entry(gap, Some(&cursor)).framed(voice.framing))
        }
        Step::State(picture) => {
            voice.is_behind = false;
            let (before, mut bytes) = (picture.is_anew.then_some(""), Vec::new());
            voice.state(&picture.entries, before, &picture.cursor, &mut bytes);
            Said::Block(bytes.into())
        }
        Step::Closed => Said::Over,
        Step::Cut(cut) => Said::Cut(cut),
    }
}
