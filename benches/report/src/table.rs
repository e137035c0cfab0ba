//! A table of results: for the eye as Markdown or plain text, for programs as JSON.

use serde::Serialize;

use crate::Spread;
use crate::condense::condense;

/// Rows with a name, columns with a unit.
pub struct Table {
    title: String,
    columns: Vec<String>,
    rows: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    name: String,
    cells: Vec<Cell>,
}

/// What stands in one place of a table.
#[derive(Clone, Debug, Serialize)]
pub struct Cell {
    text: String,
    /// The number behind the text, in the unit of the column.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<f64>,
    /// What was measured for this place; of several rounds, their spread.
    #[serde(skip_serializing_if = "serde_json::Value::is_null")]
    detail: serde_json::Value,
}

impl Cell {
    /// A number, shown with three significant digits.
    pub fn number(value: f64) -> Cell {
        Cell { text: three_digits(value), value: Some(value), detail: serde_json::Value::Null }
    }

    /// The median of several measurements with their quartiles, `1.06 (1.05–1.07)`.
    pub fn spread(spread: Option<Spread>) -> Cell {
        let Some(it) = spread else {
            return Cell::none();
        };
        let [median, lower, upper] =
            [it.median, it.lower_quartile, it.upper_quartile].map(three_digits);
        Cell::number(it.median).with_detail(it).shown_as(format!("{median} ({lower}–{upper})"))
    }

    /// Words instead of a number.
    pub fn text(text: impl Into<String>) -> Cell {
        Cell { text: text.into(), value: None, detail: serde_json::Value::Null }
    }

    /// What could not be measured here.
    pub fn none() -> Cell {
        Cell::text("–")
    }

    /// This cell, with other words for its number.
    pub fn shown_as(mut self, text: impl Into<String>) -> Cell {
        self.text = text.into();
        self
    }

    /// What is shown.
    pub fn words(&self) -> &str {
        &self.text
    }

    /// This cell, with the measurements behind it for the JSON file. A list of rounds is kept as the
    /// spread of each figure.
    pub fn with_detail(mut self, detail: impl Serialize) -> Cell {
        self.detail = condense(serde_json::to_value(detail).unwrap_or_default());
        self
    }
}

impl From<Option<f64>> for Cell {
    fn from(value: Option<f64>) -> Cell {
        value.map_or_else(Cell::none, Cell::number)
    }
}

impl Table {
    pub fn new<C: Into<String>>(
        title: impl Into<String>,
        columns: impl IntoIterator<Item = C>,
    ) -> Table {
        Table {
            title: title.into(),
            columns: columns.into_iter().map(Into::into).collect(),
            rows: Vec::new(),
        }
    }

    pub fn row(&mut self, name: impl Into<String>, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(Row { name: name.into(), cells: cells.into_iter().collect() });
    }

    pub(crate) fn json(&self) -> serde_json::Result<String> {
        let title = serde_json::to_string(&self.title)?;
        let columns = serde_json::to_string(&self.columns)?;
        let rows: Vec<String> =
            self.rows.iter().map(serde_json::to_string).collect::<Result<_, _>>()?;
        let rows = rows.join(",\n        ");
        Ok(format!(
            "    {{\n      \"title\": {title},\n      \"columns\": {columns},\n      \"rows\": [\n        {rows}\n      ]\n    }}"
        ))
    }

    pub(crate) fn markdown(&self) -> String {
        let line = |first: &str, rest: &mut dyn Iterator<Item = &str>| {
            let rest: Vec<&str> = rest.collect();
            format!("| {first} | {} |\n", rest.join(" | "))
        };
        let mut text = format!("## {}\n\n", self.title);
        text += &line("", &mut self.columns.iter().map(String::as_str));
        text += &line("---", &mut self.columns.iter().map(|_| "---:"));
        for row in &self.rows {
            text += &line(&row.name, &mut row.cells.iter().map(|it| it.text.as_str()));
        }
        text
    }

    pub(crate) fn plain(&self) -> String {
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.cells.get(column));
            let widest = cells.map(|cell| cell.text.chars().count()).max();
            let head = self.columns.get(column).map(|it| it.chars().count());
            widest.max(head).unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.columns.len()).map(width).collect();
        let names = self.rows.iter().map(|row| row.name.chars().count());
        let first = names.max().unwrap_or(0);
        let line = |name: &str, cells: &mut dyn Iterator<Item = &str>| {
            let cells = cells.zip(&widths).map(|(cell, width)| format!("  {cell:>width$}"));
            format!("{name:first$}{}\n", cells.collect::<String>())
        };
        let mut text = format!("{}\n", self.title);
        text += &line("", &mut self.columns.iter().map(String::as_str));
        for row in &self.rows {
            text += &line(&row.name, &mut row.cells.iter().map(|it| it.text.as_str()));
        }
        text
    }
}

fn three_digits(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        size if size >= 0.001 => format!("{value:.3}"),
        _ => format!("{value:.1e}"),
    }
}
