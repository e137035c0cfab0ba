//! Where scenarios are played: a server that carries them, or a way to it. Depends on `served`.

use sse_scenarios::Scenario;

use super::served::Own;

/// A server that carries the scenarios, or a way to it.
pub(super) struct Carrier {
    /// The URL before the path of a scenario.
    pub(super) base: String,
    /// The URL before the path at which it lists requests: its own, where it stands behind a proxy.
    pub(super) requests: String,
    /// Why it cannot carry a scenario.
    pub(super) refuses: Refuses,
    /// Starts another of its kind, for a scenario that takes its server down.
    pub(super) own: fn() -> anyhow::Result<Own>,
}

/// Why a scenario cannot be carried, if it cannot.
pub(super) type Refuses = fn(&Scenario) -> Option<&'static str>;

impl Carrier {
    /// One that is asked directly.
    pub(super) fn direct(
        base: String,
        refuses: Refuses,
        own: fn() -> anyhow::Result<Own>,
    ) -> Carrier {
        Carrier { requests: base.clone(), base, refuses, own }
    }

    /// Plays a scenario with a carrier that it may take down.
    pub(super) fn with_own<T>(
        &self,
        scenario: &Scenario,
        play: impl FnOnce(&Carrier) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        if !scenario.restarts() {
            return play(self);
        }
        let own = (self.own)()?;
        play(&Carrier::direct(own.base(), self.refuses, self.own))
    }
}
