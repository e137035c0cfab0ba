//! What an event source does when it is polled: connects, delivers, waits, and connects again.

use super::EventSource;
use crate::error::{Error, Failure, Then};
use crate::establish::{Established, establish};
use crate::item::{Item, ItemRef, Open};
use crate::live::Live;
use crate::net::{self, Alarm, Watchdog};
use crate::schedule::Next;
use futures_core::Stream;
use sse_proto::Found;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

type Attempt = Pin<Box<dyn Future<Output = Result<Established, Failure>> + Send>>;

pub(super) enum Phase {
    /// The next poll begins to connect.
    Idle,
    Connecting(Attempt),
    Open(Box<Live>),
    Waiting(Alarm),
    Closed,
}

/// What a poll found, without a borrow.
pub(super) enum Step {
    Open(Box<Open>),
    /// The decoder has found what the caller wants.
    Decoded(Found),
    Error(Error),
}

impl Step {
    /// What the decoder has found, or else what there is to hand out.
    pub(super) fn decoded(self) -> Result<Found, ItemRef<'static>> {
        match self {
            Self::Open(open) => Err(ItemRef::Open(*open)),
            Self::Error(error) => Err(ItemRef::Error(error)),
            Self::Decoded(found) => Ok(found),
        }
    }
}

impl EventSource {
    #[inline]
    pub(super) fn poll_owned(&mut self, cx: &mut Context<'_>) -> Poll<Option<Item>> {
        let found = match self.next_at_hand() {
            Some(found) => found,
            None => match ready!(self.poll_step(cx)).map(Step::decoded) {
                None => return Poll::Ready(None),
                Some(Err(other)) => return Poll::Ready(Some(other.into_owned())),
                Some(Ok(found)) => found,
            },
        };
        Poll::Ready(Some(self.decoded(found).into_owned()))
    }

    /// What the decoder finds that the caller wants, in what has been read already: of a stream at full
    /// speed that is nearly every event. If it is `None`, [`poll_step`](Self::poll_step) goes on.
    pub(super) fn next_at_hand(&mut self) -> Option<Found> {
        let Phase::Open(live) = &mut self.phase else {
            return None;
        };
        live.advance(&mut self.decoder).filter(|found| self.is_wanted(found))
    }

    /// Whether the caller wants to see it: an event, an error, or with details anything.
    #[inline]
    fn is_wanted(&self, found: &Found) -> bool {
        matches!(found, Found::Event | Found::Limit) || self.config.details
    }

    /// The item that the decoder has found, with the borrow of the buffers that it lies in.
    ///
    /// Inlined, so that an event is put together where it is used.
    #[inline(always)]
    pub(super) fn decoded(&mut self, found: Found) -> ItemRef<'_> {
        let chunk = match &self.phase {
            Phase::Open(live) => live.chunk(),
            _ => &[],
        };
        self.decoder.item(found, chunk).map_or_else(ItemRef::too_large, ItemRef::from)
    }

    pub(super) fn poll_step(&mut self, cx: &mut Context<'_>) -> Poll<Option<Step>> {
        loop {
            match &mut self.phase {
                Phase::Closed => return Poll::Ready(None),
                Phase::Idle => self.phase = Phase::Connecting(self.attempt()),
                Phase::Waiting(alarm) => {
                    ready!(alarm.poll(cx));
                    self.phase = Phase::Idle;
                }
                Phase::Connecting(attempt) => {
                    let step = match ready!(attempt.as_mut().poll(cx)) {
                        Ok(established) => self.opened(established),
                        Err(failure) => self.lost(failure),
                    };
                    return Poll::Ready(Some(step));
                }
                Phase::Open(live) => match ready!(live.poll_found(&mut self.decoder, cx)) {
                    Ok(found) if self.is_wanted(&found) => {
                        return Poll::Ready(Some(Step::Decoded(found)));
                    }
                    Ok(_) => {}
                    Err(failure) => {
                        return Poll::Ready(Some(self.lost(failure.after_request())));
                    }
                },
            }
        }
    }

    fn attempt(&self) -> Attempt {
        let config = Arc::clone(&self.config);
        let last_event_id = self.decoder.last_event_id().to_owned();
        Box::pin(async move { establish(&config, &last_event_id).await })
    }

    fn opened(&mut self, established: Established) -> Step {
        let Established { url, head, io, buffer, content } = established;
        let watchdog = self.config.timeouts.silence.map(Watchdog::new);
        self.decoder.reset();
        self.schedule.opened(net::now());
        self.phase = Phase::Open(Box::new(Live::new(io, buffer, content, watchdog)));
        Step::Open(Box::new(Open { url, head }))
    }

    fn lost(&mut self, failure: Failure) -> Step {
        let next = self.schedule.lost(
            &failure,
            &self.config.policy,
            self.decoder.reconnection_time(),
            net::now(),
            net::random(),
        );
        let then = match next {
            Next::Retry(delay) => {
                self.phase = Phase::Waiting(Alarm::after(delay));
                Then::Retry(delay)
            }
            Next::Fail => {
                self.phase = Phase::Closed;
                Then::Close
            }
        };
        Step::Error(Error::new(failure, then))
    }
}

impl Stream for EventSource {
    type Item = Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Item>> {
        self.poll_owned(cx)
    }
}
