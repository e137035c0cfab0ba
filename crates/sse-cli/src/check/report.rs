//! Findings, for a reader or for a program. Pure, but for what is written to.

use super::evidence::Evidence;
use super::finding::{Entry, Finding, Severity, entry};
use crate::terminal::{Paint, Style, Visible};
use serde_json::json;
use std::io::{self, Write};

/// Where the explanations stand; a heading for each code.
const README: &str = "crates/sse-cli/README.md";

/// What was found about a URL.
pub(super) struct Report<'a> {
    pub(super) url: &'a str,
    pub(super) evidence: &'a Evidence,
    pub(super) findings: &'a [Finding],
}

impl Report<'_> {
    /// For a reader.
    pub(super) fn write(&self, out: &mut dyn Write, paint: Paint, quiet: bool) -> io::Result<()> {
        writeln!(out, "{}", Visible(self.url))?;
        if self.evidence.main.is_event_stream() {
            let (stream, main) = (&self.evidence.stream, &self.evidence.main);
            let seconds = self.evidence.watched().as_secs_f64();
            let (events, comments, bytes) =
                (stream.events().count(), stream.comments, main.body.len());
            writeln!(
                out,
                "watched for {seconds:.1} s: {events} events, {comments} comments, {bytes} bytes"
            )?;
        }
        for finding in self.findings {
            if finding.severity != Severity::Good {
                self.one(out, paint, finding)?;
            }
        }
        let good = || self.findings.iter().filter(|it| it.severity == Severity::Good);
        if !quiet && good().next().is_some() {
            writeln!(out)?;
            for finding in good() {
                let name = paint.paint(Style::Good, "good");
                writeln!(out, "{name}     {:<16} {}", finding.code, Visible(&finding.what))?;
            }
        }
        let count = |severity| self.findings.iter().filter(|it| it.severity == severity).count();
        let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
        let notes = count(Severity::Note);
        let told =
            |count: usize, name| format!("{count} {name}{}", if count == 1 { "" } else { "s" });
        let (errors, warnings) = (told(errors, "error"), told(warnings, "warning"));
        writeln!(out, "\n{errors}, {warnings}, {}", told(notes, "note"))?;
        writeln!(out, "What each means: sse check --explain CODE, or {README}#CODE")
    }

    fn one(&self, out: &mut dyn Write, paint: Paint, finding: &Finding) -> io::Result<()> {
        let style = match finding.severity {
            Severity::Error => Style::Bad,
            Severity::Warning => Style::Doubtful,
            _ => Style::Aside,
        };
        let name = finding.severity.name();
        let gap = " ".repeat(9 - name.len());
        let name = paint.paint(style, name);
        writeln!(out, "\n{name}{gap}{:<16} {}", finding.code, Visible(&finding.what))?;
        let Entry { clause, remedy, .. } = self.entry(finding);
        writeln!(out, "{:26}{remedy} ({clause})", "")
    }

    fn entry(&self, finding: &Finding) -> &'static Entry {
        static NONE: Entry = Entry { code: "", clause: "", remedy: "" };
        entry(finding.code).unwrap_or(&NONE)
    }

    /// For a program: one object.
    pub(super) fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        let findings = self.findings.iter().map(|finding| {
            let Entry { clause, remedy, .. } = self.entry(finding);
            json!({
                "severity": finding.severity.name(),
                "code": finding.code,
                "what": finding.what,
                "clause": clause,
                "remedy": remedy,
                "explanation": format!("{README}#{}", finding.code),
            })
        });
        let verdict = self.findings.iter().map(|it| it.severity).min().unwrap_or(Severity::Good);
        let report = json!({
            "url": self.url,
            "verdict": verdict.name(),
            "status": self.evidence.main.status(),
            "watched_ms": self.evidence.watched().as_millis() as u64,
            "events": self.evidence.stream.events().count(),
            "comments": self.evidence.stream.comments,
            "bytes": self.evidence.main.body.len(),
            "findings": findings.collect::<Vec<_>>(),
        });
        writeln!(out, "{report}")
    }
}

/// What the README says about a code.
pub(super) fn explanation(code: &str) -> Option<String> {
    let readme = include_str!("../../README.md");
    let Entry { code, clause, remedy } = entry(code)?;
    let (_, rest) = readme.split_once(&format!("\n### {code}\n"))?;
    let text = rest.split("\n## ").next()?.split("\n### ").next()?;
    Some(format!("{code} ({clause})\n\n{}\n\nWhat to do: {remedy}.\n", text.trim()))
}
