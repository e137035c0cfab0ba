//! The matrix as data: columns of cells, each with what was sent and what was seen. Depends on nothing.

/// A column, before it is filled: somebody who is tried on some rows.
pub(crate) struct Column {
    /// The table that it stands in.
    pub(crate) section: &'static str,
    /// Who is tried.
    pub(crate) name: String,
    /// Whether it belongs to the quick part.
    pub(crate) is_quick: bool,
    /// What it is tried on.
    pub(crate) rows: Vec<Row>,
    /// Fills the sheet; rows without a cell afterwards were not run, for the reason that it returns.
    pub(crate) run: Fill,
}

/// Fills a sheet, or says why it could not.
pub(crate) type Fill = Box<dyn FnOnce(&mut Sheet) -> anyhow::Result<()> + Send>;

/// What is tried in a cell.
#[derive(Clone)]
pub(crate) struct Row {
    pub(crate) group: String,
    pub(crate) name: String,
    pub(crate) about: String,
    /// Where the standard decides it; empty if it does not.
    pub(crate) clause: String,
    /// What is sent, for people.
    pub(crate) sent: String,
}

/// A column that is being filled.
pub(crate) struct Sheet {
    pub(crate) section: &'static str,
    pub(crate) column: String,
    /// The version of who is tried.
    pub(crate) version: String,
    pub(crate) rows: Vec<Row>,
    pub(crate) cells: Vec<Cell>,
    /// Called after each cell.
    pub(crate) progress: Box<dyn Fn(&Cell) + Send>,
}

/// One meeting of a column and a row.
#[derive(Clone)]
pub(crate) struct Cell {
    pub(crate) row: String,
    pub(crate) verdict: Verdict,
    /// What was seen, for people.
    pub(crate) seen: String,
    /// A picture of the page, as PNG in Base64.
    pub(crate) picture: Option<String>,
    pub(crate) milliseconds: u128,
}

/// What came of it.
#[derive(Clone, PartialEq)]
pub(crate) enum Verdict {
    Passed,
    /// What is wrong.
    Failed(String),
    /// What is wrong, and why it is the peer's fault or choice.
    Explained(String, String),
    /// Why nothing is asked.
    NotApplicable(String),
    /// Why it could not be tried.
    NotRun(String),
}

impl Verdict {
    /// A word for programs, and the class of the cell in the page.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Verdict::Passed => "passed",
            Verdict::Failed(_) => "failed",
            Verdict::Explained(..) => "explained",
            Verdict::NotApplicable(_) => "not-applicable",
            Verdict::NotRun(_) => "not-run",
        }
    }

    /// What it says besides.
    pub(crate) fn text(&self) -> String {
        match self {
            Verdict::Passed => String::new(),
            Verdict::Failed(what) => what.clone(),
            Verdict::Explained(what, why) => format!("{what}\n{why}"),
            Verdict::NotApplicable(why) | Verdict::NotRun(why) => why.clone(),
        }
    }
}

impl Sheet {
    /// Adds a cell.
    pub(crate) fn put(&mut self, cell: Cell) {
        (self.progress)(&cell);
        self.cells.push(cell);
    }

    /// Adds a cell of which nothing was seen.
    pub(crate) fn put_verdict(&mut self, row: &str, verdict: Verdict) {
        let row = row.to_owned();
        self.put(Cell { row, verdict, seen: String::new(), picture: None, milliseconds: 0 });
    }

    /// Whether the row is among those that are wanted.
    pub(crate) fn wants(&self, row: &str) -> bool {
        self.rows.iter().any(|it| it.name == row)
    }
}
