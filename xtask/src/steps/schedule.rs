//! Which step starts next. Pure: it is told what has ended, and starts nothing itself.

use super::{Load, Step};

/// The steps of a task, and how each stands.
pub(super) struct Schedule<'a> {
    steps: &'a [Step],
    states: Vec<State>,
    /// How much may be loaded at a time.
    capacity: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Waiting,
    Running,
    Ended { passed: bool },
}

/// What is to be done now.
#[derive(Debug, PartialEq)]
pub(super) enum Next {
    /// Start this step, and ask again.
    Start(usize),
    /// Count this step as ended, because the one named has failed, and ask again.
    NotRun(usize, String),
    /// Ask again when a step has ended.
    Wait,
    Over,
}

impl Load {
    /// In halves of a core.
    fn amount(self) -> usize {
        match self {
            Load::Works => 2,
            Load::Waits => 1,
        }
    }
}

impl<'a> Schedule<'a> {
    /// On a machine with so many cores; with none, one step runs at a time. Beside one that computes on each core there is room
    /// for one that waits: a compiler downloads, links, and ends on one core.
    pub(super) fn new(steps: &'a [Step], cores: usize) -> Schedule<'a> {
        let capacity =
            if cores == 0 { 0 } else { cores * Load::Works.amount() + Load::Waits.amount() };
        Schedule { steps, states: vec![State::Waiting; steps.len()], capacity }
    }

    /// Says what to do, and takes it for done.
    pub(super) fn next(&mut self) -> Next {
        let waiting = |it: &usize| self.states[*it] == State::Waiting;
        let waiting: Vec<usize> = (0..self.steps.len()).filter(waiting).collect();
        for &index in &waiting {
            if let Some(failed) = self.before(index).find(|&it| self.has_failed(it)) {
                return Next::NotRun(index, self.steps[failed].name.clone());
            }
        }
        let is_ready = |it: &usize| self.is_free(*it) && self.is_next(*it);
        let mut ready: Vec<usize> = waiting.into_iter().filter(is_ready).collect();
        // Steps that wait leave room for one that computes, where there is room for both: beside them alone cores are idle.
        let works = |it: &usize| self.steps[*it].load == Load::Works;
        let is_idle = self.running().all(|it| it.load == Load::Waits);
        if is_idle && self.capacity > Load::Works.amount() && ready.iter().any(works) {
            ready.retain(works);
        }
        if let Some(index) = ready.into_iter().find(|&it| self.fits(it)) {
            self.states[index] = State::Running;
            return Next::Start(index);
        }
        // Those without a step before them can always start, and they are the first of the rest.
        if self.running().next().is_some() { Next::Wait } else { Next::Over }
    }

    pub(super) fn ended(&mut self, index: usize, passed: bool) {
        self.states[index] = State::Ended { passed };
    }

    fn fits(&self, index: usize) -> bool {
        let load: usize = self.running().map(|it| it.load.amount()).sum();
        load == 0 || load + self.steps[index].load.amount() <= self.capacity
    }

    /// Nobody uses what it uses.
    fn is_free(&self, index: usize) -> bool {
        let uses = self.steps[index].uses;
        uses.is_none_or(|it| self.running().all(|other| other.uses != Some(it)))
    }

    /// Those that it comes after have ended.
    fn is_next(&self, index: usize) -> bool {
        self.before(index).all(|it| matches!(self.states[it], State::Ended { .. }))
    }

    fn has_failed(&self, index: usize) -> bool {
        self.states[index] == State::Ended { passed: false }
    }

    fn running(&self) -> impl Iterator<Item = &Step> {
        let states = self.steps.iter().zip(&self.states);
        states.filter(|(_, state)| **state == State::Running).map(|(step, _)| step)
    }

    /// The steps that a step comes after. They stand before it, so that nobody waits in a circle.
    fn before(&self, index: usize) -> impl Iterator<Item = usize> {
        let names = &self.steps[index].after;
        (0..index).filter(|&it| names.iter().any(|name| self.steps[it].is_called(name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(name: &str) -> Step {
        Step::new(name, "", |_| Ok(()))
    }

    /// All that starts before something has to end.
    fn started(schedule: &mut Schedule<'_>) -> Vec<usize> {
        std::iter::from_fn(|| match schedule.next() {
            Next::Start(index) => Some(index),
            _ => None,
        })
        .collect()
    }

    #[test]
    fn a_machine_is_loaded_up_to_its_cores() {
        let steps = [step("a"), step("b").waiting(), step("c"), step("d").waiting(), step("e")];
        assert_eq!(started(&mut Schedule::new(&steps, 2)), [0, 1, 2]);
        assert_eq!(started(&mut Schedule::new(&steps, 1)), [0, 1]);
        let mut one_by_one = Schedule::new(&steps, 0);
        for index in 0..steps.len() {
            assert_eq!(started(&mut one_by_one), [index]);
            assert_eq!(one_by_one.next(), Next::Wait);
            one_by_one.ended(index, true);
        }
        assert_eq!(one_by_one.next(), Next::Over);
    }

    #[test]
    fn one_that_computes_runs_beside_those_that_wait() {
        let steps = [
            step("a").waiting(),
            step("b").waiting(),
            step("c").waiting(),
            step("d").uses("x"),
            step("e").uses("x"),
            step("f").waiting(),
        ];
        let mut schedule = Schedule::new(&steps, 2);
        assert_eq!(started(&mut schedule), [3, 0, 1, 2]);
        schedule.ended(0, true);
        assert_eq!(started(&mut schedule), [5]);
        schedule.ended(3, true);
        assert_eq!(started(&mut schedule), [4]);
    }

    #[test]
    fn no_two_steps_use_the_same() {
        let steps = [step("a").uses("x"), step("b").uses("x"), step("c").uses("y"), step("d")];
        let mut schedule = Schedule::new(&steps, 8);
        assert_eq!(started(&mut schedule), [0, 2, 3]);
        schedule.ended(0, false);
        assert_eq!(started(&mut schedule), [1]);
    }

    #[test]
    fn a_step_waits_for_those_before_it() {
        let steps = [step("programs/x"), step("programs/y"), step("z").after("programs")];
        let mut schedule = Schedule::new(&steps, 8);
        assert_eq!(started(&mut schedule), [0, 1]);
        schedule.ended(1, true);
        assert_eq!(schedule.next(), Next::Wait);
        schedule.ended(0, true);
        assert_eq!(started(&mut schedule), [2]);
    }

    #[test]
    fn a_step_is_not_run_when_one_before_it_has_failed() {
        let steps = [step("a"), step("b").after("a"), step("c").after("b"), step("d")];
        let mut schedule = Schedule::new(&steps, 1);
        assert_eq!(started(&mut schedule), [0]);
        schedule.ended(0, false);
        assert_eq!(schedule.next(), Next::NotRun(1, "a".to_owned()));
        schedule.ended(1, false);
        assert_eq!(schedule.next(), Next::NotRun(2, "b".to_owned()));
        schedule.ended(2, false);
        assert_eq!(started(&mut schedule), [3]);
        schedule.ended(3, true);
        assert_eq!(schedule.next(), Next::Over);
    }

    #[test]
    fn what_is_not_selected_or_stands_behind_is_not_waited_for() {
        let steps = [step("a").after("b").after("nobody"), step("b")];
        assert_eq!(started(&mut Schedule::new(&steps, 8)), [0, 1]);
    }
}
