//! One client's places in several logs. Depends on `follower`, `joint_id` and `voice`.

use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::cut::Cut;
use crate::follower::{Follower, Step};
use crate::joint_id::JointId;
use crate::voice::{Said, Voice};
use crate::{Entry, EventId, Gap, Log};

pub(crate) struct Several {
    members: Vec<Member>,
    id: JointId,
    /// Whose turn it is to be asked first.
    next: usize,
    /// To be said next: something else had to be said before.
    cut: Option<Cut>,
}

pub(crate) struct Member {
    pub(crate) name: Arc<str>,
    pub(crate) follower: Follower,
    /// Nothing more comes.
    is_over: bool,
}

impl Several {
    /// Follows these channels, to whose names `id` belongs.
    pub(crate) fn new(followers: Vec<(Arc<str>, Follower)>, id: JointId) -> Self {
        let member = |(name, follower)| Member { name, follower, is_over: false };
        let members: Vec<Member> = followers.into_iter().map(member).collect();
        let mut several = Self { members, id, next: 0, cut: None };
        for index in 0..several.members.len() {
            let cursor = several.followers().nth(index).and_then(Follower::cursor);
            let moved = cursor.map_or(Ok(()), |cursor| several.move_to(index, &cursor));
            several.cut = several.cut.or(moved.err());
        }
        several
    }

    /// Says what has come, in turn, as much as goes into about `max_bytes`.
    pub(crate) fn poll(
        &mut self,
        voice: &mut Voice,
        mut cx: Option<&mut Context<'_>>,
        max_bytes: usize,
    ) -> Poll<Said> {
        if let Some(cut) = self.cut.take() {
            return Poll::Ready(Said::Cut(cut));
        }
        let (count, first) = (self.members.len(), self.next);
        let (mut bytes, mut is_pending) = (Vec::new(), true);
        for index in (first..count).chain(0..first) {
            let Some(member) = self.members.get_mut(index).filter(|it| !it.is_over) else {
                continue;
            };
            let room = max_bytes.saturating_sub(bytes.len());
            if room == 0 {
                break;
            }
            let Poll::Ready(step) = member.follower.poll(cx.as_deref_mut(), room) else { continue };
            (self.next, is_pending) = ((index + 1) % count, false);
            if let Err(cut) = self.say(index, step, voice, &mut bytes) {
                self.cut = Some(cut);
                break;
            }
        }
        if !bytes.is_empty() {
            return Poll::Ready(Said::Block(bytes.into()));
        }
        match self.cut.take() {
            Some(cut) => Poll::Ready(Said::Cut(cut)),
            None if self.members.iter().all(|member| member.is_over) => Poll::Ready(Said::Over),
            None if is_pending => Poll::Pending,
            None => Poll::Ready(Said::Nothing),
        }
    }

    /// Appends what a step in one of the channels says to the client.
    fn say(
        &mut self,
        index: usize,
        step: Step,
        voice: &mut Voice,
        bytes: &mut Vec<u8>,
    ) -> Result<(), Cut> {
        let Some(member) = self.members.get_mut(index) else { return Ok(()) };
        match step {
            Step::Entries(entries, position) => {
                return self.say_entries(index, &entries, position, voice, bytes);
            }
            Step::Gap(gap, cursor) => {
                self.move_to(index, &cursor)?;
                let told = self.gap(index, gap, self.cursor().as_deref());
                bytes.extend_from_slice(&told.framed(voice.framing));
                voice.is_behind = false;
            }
            Step::State(picture) => {
                let before = picture.is_anew.then(|| {
                    self.id.set(index, None);
                    self.cursor().unwrap_or_default()
                });
                self.move_to(index, &picture.cursor)?;
                let cursor = self.cursor().unwrap_or_default();
                voice.state(&picture.entries, before.as_deref(), &cursor, bytes);
                voice.is_behind = false;
            }
            Step::Closed => member.is_over = true,
            Step::Cut(cut) => return Err(cut),
        }
        Ok(())
    }

    /// Appends those of the entries that are wanted, each with the joint ID of the place after it.
    fn say_entries(
        &mut self,
        index: usize,
        entries: &[Entry],
        position: Option<u64>,
        voice: &mut Voice,
        bytes: &mut Vec<u8>,
    ) -> Result<(), Cut> {
        let Self { members, id, .. } = self;
        let Some(member) = members.get(index) else { return Ok(()) };
        let mut joint = id.moving(index);
        let mut has_moved = false;
        let (start, mut events, mut outcome) = (bytes.len(), 0, Ok(()));
        for (number, entry) in (0..).zip(entries) {
            let own = entry.id();
            let is_wanted = member.follower.wants(entry);
            if let Some(own) = own {
                let stands_for = |first: u64| member.number(first + number + 1);
                if !joint.to(own) && !position.is_some_and(|it| joint.to(&stands_for(it))) {
                    // The client keeps the ID that it was told last.
                    (outcome, voice.is_behind) = (Err(too_long()), false);
                    break;
                }
                (has_moved, voice.is_behind) = (true, !is_wanted);
            }
            if is_wanted {
                let named = entry.is_gap.then(|| entry.gap_of(&member.name));
                let joint = own.map(|_| joint.text());
                named.as_ref().unwrap_or(entry).append_with_id(joint, voice.framing, bytes);
                events += 1;
            }
        }
        member.follower.log.count_sent(events, (bytes.len() - start) as u64);
        if has_moved && outcome.is_ok() {
            id.set(index, joint.place());
        }
        outcome
    }

    /// The place in one channel is after the event with this ID.
    fn move_to(&mut self, index: usize, cursor: &EventId) -> Result<(), Cut> {
        let Some(member) = self.members.get(index) else { return Ok(()) };
        let number = || self.id.place(&member.number(member.follower.position()?));
        let place = self.id.place(cursor).or_else(number).ok_or_else(too_long)?;
        self.id.set(index, Some(place));
        Ok(())
    }

    pub(crate) fn cursor(&self) -> Option<String> {
        self.id.text()
    }

    pub(crate) fn gap(&self, index: usize, gap: Gap, cursor: Option<&str>) -> Entry {
        let Some(member) = self.members.get(index) else { return Entry::gap(gap, cursor, "gap") };
        member.follower.log.gap_entry(gap, cursor).gap_of(&member.name)
    }

    pub(crate) fn add_filter(&mut self, wanted: Arc<dyn Fn(&Entry) -> bool + Send + Sync>) {
        for follower in self.followers_mut() {
            let wanted = wanted.clone();
            follower.add_filter(Box::new(move |entry| wanted(entry)));
        }
    }

    pub(crate) fn followers(&self) -> impl Iterator<Item = &Follower> {
        self.members.iter().map(|member| &member.follower)
    }

    pub(crate) fn followers_mut(&mut self) -> impl Iterator<Item = &mut Follower> {
        self.members.iter_mut().map(|member| &mut member.follower)
    }
}

impl Member {
    /// What stands for an ID that is too long: the log's own number of the place before `position`.
    fn number(&self, position: u64) -> EventId {
        let log: &Log = &self.follower.log;
        log.with_ring(|ring| ring.numbered(position.saturating_sub(1)))
    }
}

fn too_long() -> Cut {
    Cut::Source(io::Error::new(
        io::ErrorKind::InvalidData,
        "an ID of the source is too long to stand beside those of other channels",
    ))
}
