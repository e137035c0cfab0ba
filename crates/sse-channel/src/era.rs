//! The epochs that a log has had: one, unless it came back from a snapshot that something may have followed. Depends
//! on `id`.

use crate::id::Number;

/// From which position on IDs are of which epoch, oldest first. There is one at least.
#[derive(Clone, Debug)]
pub(crate) struct Eras(Vec<Era>);

/// An epoch, from a position until that of the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Era {
    pub(crate) start: u64,
    pub(crate) epoch: u64,
}

impl Eras {
    /// The place before the first entry has an ID too.
    pub(crate) fn new(epoch: u64) -> Self {
        Self(vec![Era { start: 0, epoch }])
    }

    /// Those that have been written down; `None` if there cannot have been such.
    pub(crate) fn of(eras: Vec<Era>, first: u64) -> Option<Self> {
        let is_sorted = eras.is_sorted_by(|one, next| one.start < next.start);
        let is_early = eras.first().is_some_and(|era| era.start < first);
        (is_sorted && is_early).then_some(Self(eras))
    }

    pub(crate) fn number(&self, position: u64) -> Number {
        let era = self.0.iter().rfind(|era| era.start <= position).or(self.0.first());
        Number { epoch: era.map_or(0, |era| era.epoch), position }
    }

    /// Positions at `end` and later, of which none has been given, are of an epoch of their own.
    pub(crate) fn begin(&mut self, end: u64, epoch: u64) {
        self.0 = self.begun(end).collect();
        self.0.push(Era { start: end, epoch });
    }

    /// Those of the positions before `end`.
    pub(crate) fn begun(&self, end: u64) -> impl Iterator<Item = Era> {
        self.0.iter().copied().filter(move |era| era.start < end)
    }

    /// Where an epoch begins, and where the next one does.
    pub(crate) fn find(&self, epoch: u64) -> Option<(u64, Option<u64>)> {
        let index = self.0.iter().rposition(|era| era.epoch == epoch)?;
        let start = |index: usize| self.0.get(index).map(|era| era.start);
        Some((start(index)?, start(index + 1)))
    }

    /// Forgets those that ended before `first`, the entry that tells of their end being gone too.
    pub(crate) fn forget(&mut self, first: u64) {
        while self.0.get(1).is_some_and(|next| next.start < first) {
            self.0.remove(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::EventId;

    #[test]
    fn each_position_is_of_one_epoch() {
        let mut eras = Eras::new(7);
        eras.begin(5, 8);
        eras.begin(9, 9);
        let ids: Vec<_> =
            [0, 4, 5, 8, 9, 100].map(|it| EventId::from(eras.number(it)).to_string()).into();
        assert_eq!(ids, ["7-0", "7-4", "8-5", "8-8", "9-9", "9-100"]);
        assert_eq!(eras.find(8), Some((5, Some(9))));
        assert_eq!((eras.find(9), eras.find(6)), (Some((9, None)), None));
        eras.forget(5);
        assert_eq!(eras.find(7), Some((0, Some(5))), "who has seen all of it misses nothing");
        eras.forget(6);
        assert_eq!(eras.find(7), None);
        eras.begin(9, 10);
        assert_eq!((eras.find(9), eras.find(10)), (None, Some((9, None))), "none was given");
    }

    #[test]
    fn what_cannot_have_been_is_none() {
        let of = |starts: &[u64], first| {
            let eras = starts.iter().map(|start| Era { start: *start, epoch: 1 }).collect();
            Eras::of(eras, first).is_some()
        };
        assert!(of(&[0], 1) && of(&[0, 5, 9], 1) && of(&[3, 9], 4));
        assert!(!of(&[], 1) && !of(&[1], 1) && !of(&[0, 5, 5], 1) && !of(&[0, 9, 5], 1));
    }
}
