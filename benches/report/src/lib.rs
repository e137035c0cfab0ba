//! What every benchmark writes: the machine, the tables, the plots.
//!
//! A benchmark fills a [`Report`]; a whole run is written as JSON, Markdown and SVG into a folder,
//! a part of a run is only printed.

mod chart;
mod condense;
mod machine;
mod spread;
mod table;
mod versions;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context;
use serde::Serialize;

pub use chart::{Bar, Bars, Dots, Group, Lines, Point, Role, Scale, Series, number};
pub use machine::Machine;
pub use spread::Spread;
pub use table::{Cell, Table};
pub use versions::version;

/// One run of one benchmark.
#[derive(Serialize)]
pub struct Report {
    name: &'static str,
    /// The command that repeats this run.
    command: String,
    machine: Machine,
    seconds: f64,
    notes: Vec<String>,
    #[serde(skip)]
    tables: Vec<Table>,
    #[serde(skip)]
    plots: Vec<(String, String)>,
    #[serde(skip)]
    started: Instant,
}

impl Report {
    /// Begins a report; the load of the machine is noted now.
    pub fn new(name: &'static str, command: impl Into<String>) -> Report {
        Report {
            name,
            command: command.into(),
            machine: Machine::observe(),
            seconds: 0.0,
            notes: Vec::new(),
            tables: Vec::new(),
            plots: Vec::new(),
            started: Instant::now(),
        }
    }

    /// Adds a sentence on how the numbers came about, and prints it.
    pub fn note(&mut self, note: impl Into<String>) {
        let note = note.into();
        println!("{note}\n");
        self.notes.push(note);
    }

    /// Adds a table, and prints it at once so that a long run can be followed.
    pub fn table(&mut self, table: Table) {
        println!("{}", table.plain());
        self.tables.push(table);
    }

    /// Adds a plot, an SVG document, under the name of its file without the ending.
    pub fn plot(&mut self, file: impl Into<String>, svg: String) {
        self.plots.push((file.into(), svg));
    }

    /// Writes a whole run into the folder of results, and any run into `folder` if there is one.
    pub fn finish(mut self, is_whole: bool, folder: Option<PathBuf>) -> anyhow::Result<()> {
        match folder.or_else(|| is_whole.then(results)) {
            Some(folder) => self.write(&folder),
            None => Ok(()),
        }
    }

    /// Writes everything into `folder`: `NAME.json`, `NAME.md` and the plots.
    fn write(&mut self, folder: &Path) -> anyhow::Result<()> {
        self.seconds = self.elapsed().as_secs_f64();
        self.machine.observe_end();
        let cannot = || format!("cannot write the results into {}", folder.display());
        fs::create_dir_all(folder).with_context(cannot)?;
        let json = self.json()?;
        let file = |ending: &str| folder.join(format!("{}.{ending}", self.name));
        fs::write(file("json"), json).with_context(cannot)?;
        fs::write(file("md"), self.markdown()).with_context(cannot)?;
        for (name, svg) in &self.plots {
            fs::write(folder.join(format!("{name}.svg")), svg).with_context(cannot)?;
        }
        println!("written: {}, {}, plots", file("json").display(), file("md").display());
        Ok(())
    }

    /// How long the run has taken so far.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Each row of a table is one line, so that a new record shows in a review what has changed.
    fn json(&self) -> serde_json::Result<String> {
        let head = serde_json::to_string_pretty(self)?;
        let tables: Vec<String> = self.tables.iter().map(Table::json).collect::<Result<_, _>>()?;
        let head = head.trim_end_matches("\n}");
        Ok(format!("{head},\n  \"tables\": [\n{}\n  ]\n}}\n", tables.join(",\n")))
    }

    fn markdown(&self) -> String {
        let mut text = format!(
            "# {}\n\n    {}\n\n{}\nThe run took {:.0} s.\n",
            self.name,
            self.command,
            self.machine.markdown(),
            self.seconds
        );
        for note in &self.notes {
            text += &format!("\n{note}\n");
        }
        for (name, _) in &self.plots {
            text += &format!("\n![{name}]({name}.svg)\n");
        }
        for table in &self.tables {
            text += &format!("\n{}", table.markdown());
        }
        text
    }
}

/// The folder that whole runs write to: `results` beside the benchmarks.
fn results() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).join("results")
}
