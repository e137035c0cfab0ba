//! The scenarios, grouped by what of the standard they try.

mod connection;
mod cors;
mod events;
mod heads;
mod ids;
mod lines;
mod sizes;
mod text;

use crate::scenario::Scenario;

/// A group of scenarios.
#[derive(Clone, Debug)]
pub struct Group {
    /// Its name, for people.
    pub name: &'static str,
    /// Its scenarios.
    pub scenarios: Vec<Scenario>,
}

/// All scenarios, in groups.
///
/// ```
/// let groups = sse_scenarios::groups();
/// assert!(groups.iter().any(|group| group.name == "line endings"));
/// ```
#[must_use]
pub fn groups() -> Vec<Group> {
    let group = |name, scenarios| Group { name, scenarios };
    vec![
        group("events and fields", events::all()),
        group("line endings", lines::all()),
        group("text", text::all()),
        group("sizes", sizes::all()),
        group("last event ID", ids::all()),
        group("end and return", connection::all()),
        group("response head", heads::all()),
        group("other origins", cors::all()),
    ]
}

/// All scenarios, in the order of their groups.
#[must_use]
pub fn all() -> Vec<Scenario> {
    groups().into_iter().flat_map(|group| group.scenarios).collect()
}

/// The scenario with this name.
#[must_use]
pub fn find(name: &str) -> Option<Scenario> {
    all().into_iter().find(|scenario| scenario.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique_and_fit_a_url() {
        let all = all();
        let names: BTreeSet<_> = all.iter().map(|scenario| scenario.name).collect();
        assert_eq!(names.len(), all.len());
        let fits = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '-';
        assert!(names.iter().all(|name| name.chars().all(fits)), "{names:?}");
    }

    #[test]
    fn each_has_an_answer_to_every_request_that_it_expects() {
        for scenario in all() {
            assert!(scenario.answers.len() >= scenario.last_event_ids().len(), "{}", scenario.name);
        }
    }
}
