//! The list that the rules write to. Pure.

use super::finding::{Finding, Severity};

/// What has been found up to now.
#[derive(Debug, Default)]
pub(super) struct Findings(pub(super) Vec<Finding>);

impl Findings {
    pub(super) fn add(&mut self, severity: Severity, code: &'static str, what: impl Into<String>) {
        self.0.push(Finding { severity, code, what: what.into() });
    }
}
