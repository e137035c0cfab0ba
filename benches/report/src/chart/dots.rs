//! A row for each case, a mark for each series, on one logarithmic axis.

use plotters::style::text_anchor::HPos;

use super::axis::{self, Axis};
use super::{Canvas, GRID, HEAD, Role, Scale, Series, WIDTH, Words, draw, marks};

/// Rows of marks.
pub struct Dots {
    pub title: String,
    /// The unit, and which direction is better.
    pub about: String,
    pub rows: Vec<String>,
    /// One value for each row.
    pub series: Vec<Series<Vec<Option<f64>>>>,
}

const ROW: i32 = 38;
const LEFT: i32 = 130;
const RIGHT: i32 = WIDTH as i32 - 190;
const LEGEND_LINE: i32 = 24;

impl Dots {
    /// The plot as an SVG document.
    pub fn svg(&self) -> anyhow::Result<String> {
        let legend = LEGEND_LINE * self.series.len() as i32;
        let bottom = HEAD + (ROW * self.rows.len() as i32).max(legend);
        draw(bottom + 34, &self.title, &self.about, |canvas| {
            self.rows(canvas)?;
            self.marks(canvas)
        })
    }

    fn axis(&self) -> Axis {
        let values = self.series.iter().flat_map(|it| it.values.iter().flatten());
        Axis::over(values.copied(), Scale::Logarithmic, (LEFT, RIGHT))
    }

    fn rows(&self, canvas: &Canvas<'_, '_>) -> anyhow::Result<()> {
        let (axis, bottom) = (self.axis(), HEAD + ROW * self.rows.len() as i32);
        for tick in axis.ticks() {
            let x = axis.pixel(tick);
            canvas.line((x, HEAD), (x, bottom), GRID)?;
            let words = Words::default().anchored(HPos::Center);
            canvas.text(&axis::number(tick), (x, bottom + 14), words)?;
        }
        for (index, name) in self.rows.iter().enumerate() {
            let y = HEAD + ROW * index as i32;
            canvas.line((LEFT, y), (RIGHT, y), GRID)?;
            let words = Words::default().anchored(HPos::Right);
            canvas.text(name, (LEFT - 10, y + ROW / 2), words)?;
        }
        canvas.line((LEFT, bottom), (RIGHT, bottom), GRID)
    }

    /// Marks of one row stand at different heights, so that none hides another.
    fn marks(&self, canvas: &Canvas<'_, '_>) -> anyhow::Result<()> {
        let axis = self.axis();
        let peers = self.series.iter().filter(|it| it.role == Role::Peer).count().max(2) as i32;
        let mut peer = 0;
        for (index, (series, mark)) in self.series.iter().zip(marks::of(&self.series)).enumerate() {
            let shift = match series.role {
                Role::Peer => {
                    peer += 1;
                    (ROW - 16) * (peer - 1) / (peers - 1) - (ROW - 16) / 2
                }
                _ => 0,
            };
            for (row, value) in series.values.iter().enumerate() {
                let y = HEAD + ROW * row as i32 + ROW / 2 + shift;
                if let Some(value) = value {
                    mark.draw(canvas, (axis.pixel(*value), y))?;
                }
            }
            let y = HEAD + 12 + LEGEND_LINE * index as i32;
            mark.draw(canvas, (RIGHT + 28, y))?;
            canvas.text(&series.name, (RIGHT + 44, y), Words::of(series.role))?;
        }
        Ok(())
    }
}
