//! What follows an outcome: the next try and its delay, or the end. Pure; time and randomness come
//! as arguments.

use crate::error::{ErrorKind, Failure};
use std::time::{Duration, Instant};

/// The caller's choices.
#[derive(Debug, Clone)]
pub(crate) struct Policy {
    /// Until the stream says otherwise by `retry`.
    pub(crate) reconnection_time: Duration,
    /// No delay is shorter, whatever the stream says.
    pub(crate) min_delay: Duration,
    /// Backing off does not make a delay longer than this.
    pub(crate) max_delay: Duration,
    /// A connection that was open this long was not a failure.
    pub(crate) healthy_after: Duration,
    /// Statuses that are tried again.
    pub(crate) retry_statuses: Vec<u16>,
    /// Whether a request that a server may have acted on is sent again.
    pub(crate) resend: bool,
    /// So many failures in a row are the end.
    pub(crate) max_failures: Option<u32>,
}

/// A `Retry-After` counts up to this long.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    Retry(Duration),
    Fail,
}

/// The memory between one connection and the next.
#[derive(Debug, Default)]
pub(crate) struct Schedule {
    /// Failures in a row.
    failures: u32,
    opened_at: Option<Instant>,
}

impl Schedule {
    pub(crate) fn opened(&mut self, now: Instant) {
        self.opened_at = Some(now);
    }

    /// The connection was not made, was refused, or is gone. `reconnection_time` is the stream's if
    /// it has set one; `random` is in `0.0..1.0`.
    pub(crate) fn lost(
        &mut self,
        failure: &Failure,
        policy: &Policy,
        reconnection_time: Option<Duration>,
        now: Instant,
        random: f64,
    ) -> Next {
        let open_for = self.opened_at.take().map(|at| now.saturating_duration_since(at));
        // An end that the server announced is not a failure, and neither is one after long service.
        let healthy = open_for.is_some_and(|time| time >= policy.healthy_after);
        if failure.kind == ErrorKind::Ended || healthy {
            self.failures = 0;
        }
        let delay = self.delay(policy, reconnection_time, random);
        self.failures = self.failures.saturating_add(1);
        let exhausted = policy.max_failures.is_some_and(|max| self.failures >= max);
        if exhausted || !may_retry(failure, policy) {
            return Next::Fail;
        }
        let asked = failure.retry_after.unwrap_or_default().min(MAX_RETRY_AFTER);
        Next::Retry(delay.max(asked))
    }

    /// "Wait a delay equal to the reconnection time of the event source. Optionally, wait some
    /// more." The reconnection time is never undercut; what is added is drawn from all of a window
    /// that is half of it at first and doubles with each failure, up to the cap.
    fn delay(&self, policy: &Policy, reconnection_time: Option<Duration>, random: f64) -> Duration {
        let time = reconnection_time.unwrap_or(policy.reconnection_time).max(policy.min_delay);
        let window = (time / 2).saturating_mul(1 << self.failures.min(30));
        let window = window.min(policy.max_delay.saturating_sub(time));
        time.saturating_add(window.mul_f64(random.clamp(0.0, 1.0)))
    }
}

/// "If the user agent knows that to be futile", it does not reestablish the connection: what a
/// server said in a well-formed response it would say again, what a network did it may not do again.
fn may_retry(failure: &Failure, policy: &Policy) -> bool {
    match failure.kind {
        // "a client can be told to stop reconnecting using the HTTP 204 No Content response code."
        ErrorKind::Status(204) => false,
        ErrorKind::Status(status) => policy.retry_statuses.contains(&status),
        ErrorKind::ContentType
        | ErrorKind::ContentEncoding
        | ErrorKind::HeadTooLarge
        | ErrorKind::Redirect(_)
        | ErrorKind::Limit => false,
        _ => policy.resend || !failure.request_sent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::RedirectError;

    const SECOND: Duration = Duration::from_secs(1);

    fn policy() -> Policy {
        Policy {
            reconnection_time: 3 * SECOND,
            min_delay: SECOND / 2,
            max_delay: 60 * SECOND,
            healthy_after: 5 * SECOND,
            retry_statuses: vec![204, 503],
            resend: true,
            max_failures: None,
        }
    }

    fn failure(kind: ErrorKind) -> Failure {
        Failure::new(kind)
    }

    #[test]
    fn delay_grows_to_the_cap_and_never_undercuts_the_reconnection_time() {
        let now = Instant::now();
        for (random, expected) in [
            (0.0, [3000, 3000, 3000, 3000, 3000, 3000, 3000, 3000]),
            (0.5, [3750, 4500, 6000, 9000, 15000, 27000, 31500, 31500]),
            (1.0, [4500, 6000, 9000, 15000, 27000, 51000, 60000, 60000]),
        ] {
            let mut schedule = Schedule::default();
            for expected in expected {
                let next =
                    schedule.lost(&failure(ErrorKind::Connect), &policy(), None, now, random);
                assert_eq!(next, Next::Retry(Duration::from_millis(expected)), "{random}");
            }
        }
    }

    #[test]
    fn the_streams_reconnection_time_counts_above_the_floor_even_over_the_cap() {
        let now = Instant::now();
        for (retry, expected) in [(0, 500), (499, 500), (700, 700), (90_000, 90_000)] {
            let retry = Some(Duration::from_millis(retry));
            let mut schedule = Schedule::default();
            let next = schedule.lost(&failure(ErrorKind::Broken), &policy(), retry, now, 0.0);
            assert_eq!(next, Next::Retry(Duration::from_millis(expected)));
            for _ in 0..100 {
                schedule.lost(&failure(ErrorKind::Broken), &policy(), retry, now, 1.0);
            }
            let next = schedule.lost(&failure(ErrorKind::Broken), &policy(), retry, now, 1.0);
            assert_eq!(next, Next::Retry(Duration::from_millis(expected).max(60 * SECOND)));
        }
        let huge = Some(Duration::MAX);
        let next = Schedule::default().lost(&failure(ErrorKind::Broken), &policy(), huge, now, 1.0);
        assert_eq!(next, Next::Retry(Duration::MAX));
    }

    #[test]
    fn health_resets_the_backoff() {
        let start = Instant::now();
        for (kind, open_for, expected) in [
            (ErrorKind::Broken, 5 * SECOND, 4500),
            (ErrorKind::Broken, 5 * SECOND - Duration::from_nanos(1), 9000),
            (ErrorKind::Ended, Duration::ZERO, 4500),
        ] {
            let mut schedule = Schedule::default();
            for _ in 0..2 {
                schedule.lost(&failure(ErrorKind::Connect), &policy(), None, start, 0.0);
            }
            schedule.opened(start);
            let next = schedule.lost(&failure(kind), &policy(), None, start + open_for, 1.0);
            assert_eq!(next, Next::Retry(Duration::from_millis(expected)), "{kind:?}");
        }
    }

    #[test]
    fn one_connections_health_is_not_the_nexts() {
        let now = Instant::now();
        let mut schedule = Schedule::default();
        schedule.opened(now);
        schedule.lost(&failure(ErrorKind::Broken), &policy(), None, now + 9 * SECOND, 1.0);
        let later = now + 100 * SECOND;
        let next = schedule.lost(&failure(ErrorKind::Connect), &policy(), None, later, 1.0);
        assert_eq!(next, Next::Retry(6 * SECOND));
    }

    #[test]
    fn what_is_tried_again() {
        for (kind, retried) in [
            (ErrorKind::Resolve, true),
            (ErrorKind::Connect, true),
            (ErrorKind::Tls, true),
            (ErrorKind::Proxy, true),
            (ErrorKind::ConnectTimeout, true),
            (ErrorKind::HeadTimeout, true),
            (ErrorKind::SilenceTimeout, true),
            (ErrorKind::Broken, true),
            (ErrorKind::Truncated, true),
            (ErrorKind::Malformed, true),
            (ErrorKind::Ended, true),
            (ErrorKind::Status(503), true),
            (ErrorKind::Status(500), false),
            (ErrorKind::Status(204), false),
            (ErrorKind::ContentType, false),
            (ErrorKind::ContentEncoding, false),
            (ErrorKind::HeadTooLarge, false),
            (ErrorKind::Redirect(RedirectError::Loop), false),
        ] {
            let now = Instant::now();
            let next = Schedule::default().lost(&failure(kind), &policy(), None, now, 0.0);
            assert_eq!(next != Next::Fail, retried, "{kind:?}");
        }
    }

    #[test]
    fn a_request_that_must_not_be_repeated_is_not() {
        let now = Instant::now();
        let policy = Policy { resend: false, ..policy() };
        for (kind, sent, retried) in [
            (ErrorKind::Connect, false, true),
            (ErrorKind::Broken, true, false),
            (ErrorKind::Ended, true, false),
            (ErrorKind::Status(503), true, true),
        ] {
            let failure = Failure { request_sent: sent, ..failure(kind) };
            let next = Schedule::default().lost(&failure, &policy, None, now, 0.0);
            assert_eq!(next != Next::Fail, retried, "{kind:?}");
        }
    }

    #[test]
    fn retry_after_prolongs_the_delay() {
        let now = Instant::now();
        for (seconds, expected) in [(1, 3), (10, 10), (u64::MAX, 24 * 60 * 60)] {
            let retry_after = Some(Duration::from_secs(seconds));
            let failure = Failure { retry_after, ..failure(ErrorKind::Status(503)) };
            let next = Schedule::default().lost(&failure, &policy(), None, now, 0.0);
            assert_eq!(next, Next::Retry(Duration::from_secs(expected)));
        }
    }

    #[test]
    fn gives_up_after_the_stated_number_of_failures() {
        let now = Instant::now();
        let policy = Policy { max_failures: Some(2), ..policy() };
        let mut schedule = Schedule::default();
        for _ in 0..3 {
            let next = schedule.lost(&failure(ErrorKind::Ended), &policy, None, now, 0.0);
            assert_ne!(next, Next::Fail);
        }
        let next = schedule.lost(&failure(ErrorKind::Connect), &policy, None, now, 0.0);
        assert_eq!(next, Next::Fail);
    }
}
