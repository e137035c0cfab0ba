//! What came of a client's scenarios, for a reader or for a program. Pure, but for what is written to.

use super::trial::{Outcome, Verdict};
use crate::terminal::{Paint, Style, Visible};
use serde_json::json;
use std::io::{self, Write};

pub(super) struct Report<'a> {
    pub(super) results: &'a [Outcome<'a>],
}

impl Report<'_> {
    pub(super) fn is_conforming(&self) -> bool {
        self.results.iter().all(|it| !matches!(it.verdict, Verdict::Deviating(_)))
    }

    /// How many conform, deviate, are not applicable.
    fn counts(&self) -> [usize; 3] {
        let count = |is: fn(&Verdict) -> bool| {
            self.results.iter().filter(|outcome| is(&outcome.verdict)).count()
        };
        [
            count(|it| matches!(it, Verdict::Conforming)),
            count(|it| matches!(it, Verdict::Deviating(_))),
            count(|it| matches!(it, Verdict::NotApplicable(_))),
        ]
    }

    /// A line for each scenario; under one that is not as it should be, why, and what decides it.
    pub(super) fn write(&self, out: &mut dyn Write, paint: Paint) -> io::Result<()> {
        for Outcome { scenario, verdict } in self.results {
            let (style, word) = match verdict {
                Verdict::Conforming => (Style::Good, "ok  "),
                Verdict::Deviating(_) => (Style::Bad, "FAIL"),
                Verdict::NotApplicable(_) => (Style::Aside, "n/a "),
            };
            let word = paint.paint(style, word);
            writeln!(out, "{word} {:<32} {}", scenario.name, scenario.about)?;
            match verdict {
                Verdict::Conforming => {}
                Verdict::NotApplicable(why) => writeln!(out, "{:38}{why}", "")?,
                Verdict::Deviating(wrong) => {
                    for why in wrong {
                        writeln!(out, "{:38}{}", "", Visible(why))?;
                    }
                    let clause = paint.paint(Style::Aside, scenario.clause);
                    writeln!(out, "{:38}{clause}", "")?;
                }
            }
        }
        let [conforming, deviating, rest] = self.counts();
        writeln!(out, "\n{conforming} conform, {deviating} deviate, {rest} not applicable")
    }

    /// One object.
    pub(super) fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        let results = self.results.iter().map(|Outcome { scenario, verdict }| {
            let (name, why) = match verdict {
                Verdict::Conforming => ("conforming", Vec::new()),
                Verdict::Deviating(wrong) => ("deviating", wrong.clone()),
                Verdict::NotApplicable(why) => ("not applicable", vec![(*why).to_owned()]),
            };
            json!({
                "name": scenario.name,
                "about": scenario.about,
                "clause": scenario.clause,
                "verdict": name,
                "why": why,
            })
        });
        let results: Vec<_> = results.collect();
        let [conforming, deviating, rest] = self.counts();
        let report = json!({
            "conforming": conforming,
            "deviating": deviating,
            "not_applicable": rest,
            "results": results,
        });
        writeln!(out, "{report}")
    }
}
