//! Lines through points, each with its name where it ends.

use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::axis::{self, Axis};
use super::{Canvas, GRID, HEAD, Role, Scale, Series, TEXT, WIDTH, Words, draw, marks};

/// Lines; the horizontal axis is logarithmic.
pub struct Lines {
    pub title: String,
    /// The unit of the vertical axis, and which direction is better.
    pub about: String,
    pub horizontal: String,
    /// Whether the horizontal axis counts bytes.
    pub is_bytes: bool,
    pub vertical: Scale,
    pub series: Vec<Series<Vec<Point>>>,
}

/// One point of a line.
#[derive(Clone, Copy)]
pub struct Point {
    pub x: f64,
    pub y: f64,
    pub quartiles: Option<(f64, f64)>,
}

const HEIGHT: i32 = 430;
const BOTTOM: i32 = HEIGHT - 52;
const LEFT: i32 = 76;
const RIGHT: i32 = WIDTH as i32 - 185;
/// The least distance of two names.
const NAME: i32 = 18;

impl Lines {
    /// The plot as an SVG document.
    pub fn svg(&self) -> anyhow::Result<String> {
        let points = || self.series.iter().flat_map(|it| &it.values);
        let x = Axis::over(points().map(|it| it.x), Scale::Logarithmic, (LEFT, RIGHT));
        let y = Axis::over(points().map(|it| it.y), self.vertical, (BOTTOM, HEAD));
        draw(HEIGHT, &self.title, &self.about, |canvas| {
            self.grid(canvas, &x, &y)?;
            self.lines(canvas, &x, &y)?;
            self.names(canvas, &x, &y)
        })
    }

    fn grid(&self, canvas: &Canvas<'_, '_>, x: &Axis, y: &Axis) -> anyhow::Result<()> {
        for tick in y.ticks() {
            let at = y.pixel(tick);
            canvas.line((LEFT, at), (RIGHT, at), GRID)?;
            let words = Words::default().anchored(HPos::Right);
            canvas.text(&axis::number(tick), (LEFT - 8, at), words)?;
        }
        let mut positions: Vec<f64> =
            self.series.iter().flat_map(|it| it.values.iter().map(|it| it.x)).collect();
        positions.sort_by(f64::total_cmp);
        positions.dedup();
        let centred = Words::default().anchored(HPos::Center);
        for position in positions {
            let at = x.pixel(position);
            canvas.line((at, BOTTOM), (at, BOTTOM + 5), TEXT)?;
            let name = if self.is_bytes { axis::bytes } else { axis::number };
            canvas.text(&name(position), (at, BOTTOM + 17), centred)?;
        }
        canvas.line((LEFT, BOTTOM), (RIGHT, BOTTOM), TEXT)?;
        canvas.text(&self.horizontal, ((LEFT + RIGHT) / 2, HEIGHT - 14), centred)
    }

    fn lines(&self, canvas: &Canvas<'_, '_>, x: &Axis, y: &Axis) -> anyhow::Result<()> {
        // Ours is drawn last, above the others.
        let mut all: Vec<_> = self.series.iter().zip(marks::of(&self.series)).collect();
        all.sort_by_key(|(series, _)| series.role == Role::Ours);
        for (series, mark) in all {
            let width = if series.role == Role::Ours { 3 } else { 2 };
            let at = |it: &Point| (x.pixel(it.x), y.pixel(it.y));
            let stroke = mark.colour.stroke_width(width);
            canvas.path(series.values.iter().map(at).collect(), stroke)?;
            for point in &series.values {
                let position = at(point);
                if let Some((lower, upper)) = point.quartiles {
                    let (lower, upper) = (y.pixel(lower), y.pixel(upper));
                    canvas.line((position.0, lower), (position.0, upper), mark.colour)?;
                }
                mark.draw(canvas, position)?;
            }
        }
        Ok(())
    }

    /// A name beside the last point of each line, moved apart where they would overlap.
    fn names(&self, canvas: &Canvas<'_, '_>, x: &Axis, y: &Axis) -> anyhow::Result<()> {
        let marks = marks::of(&self.series);
        let ends = self.series.iter().zip(marks).filter_map(|(series, mark)| {
            let last = series.values.last()?;
            Some(((x.pixel(last.x), y.pixel(last.y)), series, mark))
        });
        let mut ends: Vec<_> = ends.collect();
        ends.sort_by_key(|it| it.0.1);
        let mut heights: Vec<i32> = ends.iter().map(|it| it.0.1).collect();
        spread(&mut heights, HEAD, BOTTOM);
        for ((end, series, mark), height) in ends.into_iter().zip(heights) {
            canvas.line((end.0 + 8, end.1), (RIGHT + 18, height), GRID)?;
            mark.draw(canvas, (RIGHT + 28, height))?;
            canvas.text(&series.name, (RIGHT + 42, height), Words::of(series.role))?;
        }
        Ok(())
    }
}

/// Moves sorted heights apart until none is nearer to another than a name is high.
fn spread(heights: &mut [i32], top: i32, bottom: i32) {
    let mut least = top;
    for height in heights.iter_mut() {
        *height = (*height).max(least);
        least = *height + NAME;
    }
    let mut most = bottom;
    for height in heights.iter_mut().rev() {
        *height = (*height).min(most);
        most = *height - NAME;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_do_not_overlap() {
        let mut heights = [100, 101, 390, 395];
        spread(&mut heights, 60, 400);
        assert_eq!(heights, [100, 118, 382, 400]);
    }
}
