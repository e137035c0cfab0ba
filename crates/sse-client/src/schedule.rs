//! What follows an outcome: the next try and its delay, or the end. Pure; time and randomness come
//! as arguments.

use crate::failure::Failure;
use crate::kind::ErrorKind;
use crate::policy::Policy;
use crate::resend::Resend;
use std::time::{Duration, Instant};

/// A `Retry-After` counts up to this long.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    Retry(Duration),
    Fail,
}

/// What the stream had done when its connection was lost.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Service {
    /// The stream's reconnection time, if it has set one.
    pub(crate) reconnection_time: Option<Duration>,
    /// On this connection an event came, or the last event ID was set.
    pub(crate) delivered: bool,
    /// The next request only goes on reading, whatever the first one did.
    pub(crate) resumes: bool,
}

/// The memory between one connection and the next.
#[derive(Debug, Default)]
pub(crate) struct Schedule {
    /// Failures in a row.
    failures: u32,
    opened_at: Option<Instant>,
    /// Something has been delivered, on whatever connection.
    delivered: bool,
    /// The credentials were refused since the last connection that served.
    unauthorized: bool,
}

impl Schedule {
    pub(crate) fn opened(&mut self, now: Instant) {
        self.opened_at = Some(now);
    }

    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }

    /// The connection was not made, was refused, or is gone. `random` is in `0.0..1.0`.
    pub(crate) fn lost(
        &mut self,
        failure: &Failure,
        policy: &Policy,
        service: Service,
        now: Instant,
        random: f64,
    ) -> Next {
        let open_for = self.opened_at.take().map(|at| now.saturating_duration_since(at));
        let healthy = open_for.is_some_and(|time| time >= policy.healthy_after);
        // An end that the server announced is no failure, and neither is one after long service. One
        // that delivered nothing is, however politely it ended.
        if healthy || failure.kind == ErrorKind::Ended && service.delivered {
            self.failures = 0;
        }
        self.unauthorized &= !(healthy || service.delivered);
        self.delivered |= service.delivered;
        let refresh = policy.refreshes
            && failure.kind == ErrorKind::Status(401)
            && !std::mem::replace(&mut self.unauthorized, true);
        // Who has fresh credentials need not wait for the server's sake.
        let time = if refresh { Duration::ZERO } else { reconnection_time(policy, service) };
        let delay = self.delay(policy, time.max(policy.min_delay), random);
        self.failures = self.failures.saturating_add(1);
        let exhausted = policy.max_failures.is_some_and(|max| self.failures >= max);
        if exhausted || !(refresh || self.may_retry(failure, policy, service)) {
            return Next::Fail;
        }
        let asked = failure.retry_after.unwrap_or_default().min(MAX_RETRY_AFTER);
        Next::Retry(delay.max(asked))
    }

    /// "Wait a delay equal to the reconnection time of the event source. Optionally, wait some
    /// more." The reconnection time is never undercut. What is added is drawn from all of a window
    /// that is half of it at first and doubles with each failure, up to the cap; without jitter the
    /// delay itself doubles with each.
    fn delay(&self, policy: &Policy, time: Duration, random: f64) -> Duration {
        let doublings = self.failures.min(30);
        let cap = policy.max_delay.saturating_sub(time);
        if !policy.jitter {
            let more = time.saturating_mul((1 << doublings) - 1);
            return time.saturating_add(more.min(cap));
        }
        let window = (time / 2).saturating_mul(1 << doublings).min(cap);
        time.saturating_add(window.mul_f64(random.clamp(0.0, 1.0)))
    }

    /// "If the user agent knows that to be futile", it does not reestablish the connection: what a
    /// server said in a well-formed response it would say again, what a network did it may not do
    /// again.
    fn may_retry(&self, failure: &Failure, policy: &Policy, service: Service) -> bool {
        match failure.kind {
            // "a client can be told to stop reconnecting using the HTTP 204 No Content response code."
            ErrorKind::Status(204) => false,
            ErrorKind::Status(status) => policy.retry_statuses.contains(&status),
            ErrorKind::ContentType => {
                let response = failure.response.as_ref();
                let came = response.and_then(|it| it.head().content_type()).unwrap_or_default();
                policy.retry_types.iter().any(|it| it.eq_ignore_ascii_case(came))
            }
            ErrorKind::ContentEncoding
            | ErrorKind::TransferEncoding
            | ErrorKind::HeadTooLarge
            | ErrorKind::BodyTooLarge
            | ErrorKind::Redirect(_)
            | ErrorKind::Limit => false,
            _ if !failure.request_sent || service.resumes => true,
            _ => match policy.resend {
                Resend::Always => true,
                Resend::UntilEvent => !self.delivered,
                Resend::Never => false,
            },
        }
    }
}

fn reconnection_time(policy: &Policy, service: Service) -> Duration {
    let streams = service.reconnection_time.map(|time| time.min(policy.max_reconnection_time));
    streams.unwrap_or(policy.reconnection_time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::head::Head;
    use crate::kind::RedirectError;
    use crate::response::Response;

    const SECOND: Duration = Duration::from_secs(1);
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    const NOTHING: Service = Service { reconnection_time: None, delivered: false, resumes: false };
    const SOMETHING: Service = Service { delivered: true, ..NOTHING };

    fn policy() -> Policy {
        Policy {
            reconnection_time: 3 * SECOND,
            min_delay: SECOND / 2,
            max_reconnection_time: DAY,
            max_delay: 60 * SECOND,
            jitter: true,
            healthy_after: 5 * SECOND,
            retry_statuses: vec![204, 503],
            retry_types: Vec::new(),
            refreshes: false,
            resend: Resend::Always,
            max_failures: None,
        }
    }

    fn set(reconnection_time: Duration) -> Service {
        Service { reconnection_time: Some(reconnection_time), ..NOTHING }
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
                    schedule.lost(&failure(ErrorKind::Connect), &policy(), NOTHING, now, random);
                assert_eq!(next, Next::Retry(Duration::from_millis(expected)), "{random}");
            }
        }
    }

    #[test]
    fn the_streams_reconnection_time_counts_above_the_floor_even_over_the_cap() {
        let now = Instant::now();
        for (retry, expected) in [(0, 500), (499, 500), (700, 700), (90_000, 90_000)] {
            let retry = set(Duration::from_millis(retry));
            let mut schedule = Schedule::default();
            let next = schedule.lost(&failure(ErrorKind::Broken), &policy(), retry, now, 0.0);
            assert_eq!(next, Next::Retry(Duration::from_millis(expected)));
            for _ in 0..100 {
                schedule.lost(&failure(ErrorKind::Broken), &policy(), retry, now, 1.0);
            }
            let next = schedule.lost(&failure(ErrorKind::Broken), &policy(), retry, now, 1.0);
            assert_eq!(next, Next::Retry(Duration::from_millis(expected).max(60 * SECOND)));
        }
        let huge = set(Duration::MAX);
        let next = Schedule::default().lost(&failure(ErrorKind::Broken), &policy(), huge, now, 1.0);
        assert_eq!(next, Next::Retry(DAY));
        let policy = Policy { max_reconnection_time: SECOND, ..policy() };
        let next = Schedule::default().lost(&failure(ErrorKind::Broken), &policy, huge, now, 0.0);
        assert_eq!(next, Next::Retry(SECOND));
    }

    #[test]
    fn service_resets_the_backoff_and_politeness_does_not() {
        let start = Instant::now();
        for (kind, service, open_for, expected) in [
            (ErrorKind::Broken, NOTHING, 5 * SECOND, 4500),
            (ErrorKind::Broken, NOTHING, 5 * SECOND - Duration::from_nanos(1), 9000),
            (ErrorKind::Broken, SOMETHING, Duration::ZERO, 9000),
            (ErrorKind::Ended, SOMETHING, Duration::ZERO, 4500),
            (ErrorKind::Ended, NOTHING, Duration::ZERO, 9000),
            (ErrorKind::Ended, NOTHING, 5 * SECOND, 4500),
        ] {
            let mut schedule = Schedule::default();
            for _ in 0..2 {
                schedule.lost(&failure(ErrorKind::Connect), &policy(), NOTHING, start, 0.0);
            }
            schedule.opened(start);
            let next = schedule.lost(&failure(kind), &policy(), service, start + open_for, 1.0);
            assert_eq!(next, Next::Retry(Duration::from_millis(expected)), "{kind:?}");
        }
    }

    #[test]
    fn without_jitter_the_delay_itself_doubles() {
        let now = Instant::now();
        let policy = Policy { jitter: false, ..policy() };
        let mut schedule = Schedule::default();
        for expected in [3, 6, 12, 24, 48, 60, 60] {
            let next = schedule.lost(&failure(ErrorKind::Connect), &policy, NOTHING, now, 0.7);
            assert_eq!(next, Next::Retry(expected * SECOND));
        }
    }

    #[test]
    fn fresh_credentials_are_tried_once_until_they_have_served() {
        let now = Instant::now();
        let refused = failure(ErrorKind::Status(401));
        let policy = Policy { refreshes: true, ..policy() };
        let mut schedule = Schedule::default();
        let mut lost =
            |failure: &Failure, service| schedule.lost(failure, &policy, service, now, 0.0);
        assert_eq!(lost(&refused, NOTHING), Next::Retry(SECOND / 2));
        assert_eq!(lost(&failure(ErrorKind::Connect), NOTHING), Next::Retry(3 * SECOND));
        assert_eq!(lost(&failure(ErrorKind::Ended), NOTHING), Next::Retry(3 * SECOND));
        assert_eq!(lost(&refused, NOTHING), Next::Fail);
        assert_eq!(lost(&failure(ErrorKind::Ended), SOMETHING), Next::Retry(3 * SECOND));
        assert_eq!(lost(&refused, NOTHING), Next::Retry(SECOND / 2));
        let next = Schedule::default().lost(&refused, &self::policy(), NOTHING, now, 0.0);
        assert_eq!(next, Next::Fail);
    }

    #[test]
    fn types_that_are_named_are_tried_again() {
        let now = Instant::now();
        let policy = Policy { retry_types: vec!["text/html".to_owned()], ..policy() };
        for (field, retried) in [
            ("Content-Type: Text/HTML; charset=utf-8\r\n", true),
            ("Content-Type: application/json\r\n", false),
            ("", false),
        ] {
            let head = format!("HTTP/1.1 200 OK\r\n{field}\r\n");
            let head = Head::parse(head.as_bytes()).expect(field);
            let response = Some(Box::new(Response { head, body: Vec::new(), cut: None }));
            let failure = Failure { response, ..failure(ErrorKind::ContentType) };
            let next = Schedule::default().lost(&failure, &policy, NOTHING, now, 0.0);
            assert_eq!(next != Next::Fail, retried, "{field}");
        }
    }

    #[test]
    fn one_connections_health_is_not_the_nexts() {
        let now = Instant::now();
        let mut schedule = Schedule::default();
        schedule.opened(now);
        schedule.lost(&failure(ErrorKind::Broken), &policy(), NOTHING, now + 9 * SECOND, 1.0);
        let later = now + 100 * SECOND;
        let next = schedule.lost(&failure(ErrorKind::Connect), &policy(), NOTHING, later, 1.0);
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
            (ErrorKind::EventTimeout, true),
            (ErrorKind::Attempt, true),
            (ErrorKind::ContentEncoding, false),
            (ErrorKind::TransferEncoding, false),
            (ErrorKind::HeadTooLarge, false),
            (ErrorKind::Redirect(RedirectError::Loop), false),
        ] {
            let now = Instant::now();
            let next = Schedule::default().lost(&failure(kind), &policy(), NOTHING, now, 0.0);
            assert_eq!(next != Next::Fail, retried, "{kind:?}");
        }
    }

    #[test]
    fn a_request_that_must_not_be_repeated_is_not() {
        let now = Instant::now();
        let resumed = Service { resumes: true, ..SOMETHING };
        for (resend, kind, sent, service, retried) in [
            (Resend::Never, ErrorKind::Connect, false, NOTHING, true),
            (Resend::Never, ErrorKind::Broken, true, NOTHING, false),
            (Resend::Never, ErrorKind::Ended, true, NOTHING, false),
            (Resend::Never, ErrorKind::Status(503), true, NOTHING, true),
            (Resend::Never, ErrorKind::Ended, true, resumed, true),
            (Resend::UntilEvent, ErrorKind::Ended, true, NOTHING, true),
            (Resend::UntilEvent, ErrorKind::Ended, true, SOMETHING, false),
            (Resend::Always, ErrorKind::Ended, true, SOMETHING, true),
        ] {
            let policy = Policy { resend, ..policy() };
            let failure = Failure { request_sent: sent, ..failure(kind) };
            let next = Schedule::default().lost(&failure, &policy, service, now, 0.0);
            assert_eq!(next != Next::Fail, retried, "{resend:?} {kind:?}");
        }
        let policy = Policy { resend: Resend::UntilEvent, ..policy() };
        let lost = failure(ErrorKind::Broken).after_request();
        let mut schedule = Schedule::default();
        schedule.lost(&lost, &policy, resumed, now, 0.0);
        assert_eq!(schedule.lost(&lost, &policy, NOTHING, now, 0.0), Next::Fail);
    }

    #[test]
    fn retry_after_prolongs_the_delay() {
        let now = Instant::now();
        for (seconds, expected) in [(1, 3), (10, 10), (u64::MAX, 24 * 60 * 60)] {
            let retry_after = Some(Duration::from_secs(seconds));
            let failure = Failure { retry_after, ..failure(ErrorKind::Status(503)) };
            let next = Schedule::default().lost(&failure, &policy(), NOTHING, now, 0.0);
            assert_eq!(next, Next::Retry(Duration::from_secs(expected)));
        }
    }

    #[test]
    fn gives_up_after_the_stated_number_of_failures() {
        let now = Instant::now();
        let policy = Policy { max_failures: Some(2), ..policy() };
        let mut schedule = Schedule::default();
        for _ in 0..3 {
            let next = schedule.lost(&failure(ErrorKind::Ended), &policy, SOMETHING, now, 0.0);
            assert_ne!(next, Next::Fail);
        }
        let next = schedule.lost(&failure(ErrorKind::Ended), &policy, NOTHING, now, 0.0);
        assert_eq!(next, Next::Fail);
    }
}
