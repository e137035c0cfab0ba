//! Bars that lie, each with its name before it and its number behind it.

use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::axis::{self, Axis};
use super::{Canvas, GRID, HEAD, MARGIN, Role, Scale, TEXT, WIDTH, Words, draw, marks};

/// Groups of bars; each group has a scale of its own, from 0.
pub struct Bars {
    pub title: String,
    /// The unit, and which direction is better.
    pub about: String,
    /// Names for the parts of a bar; one part needs none.
    pub parts: Vec<String>,
    pub groups: Vec<Group>,
}

/// Bars of one case.
pub struct Group {
    /// Nothing if there is only one.
    pub name: String,
    pub bars: Vec<Bar>,
}

/// One bar.
pub struct Bar {
    pub name: String,
    pub role: Role,
    /// Stacked from left to right.
    pub parts: Vec<f64>,
    /// The quartiles of the sum.
    pub quartiles: Option<(f64, f64)>,
}

const ROW: i32 = 27;
const GROUP_NAME: i32 = 30;
const LEFT: i32 = 210;
const RIGHT: i32 = WIDTH as i32 - 90;

impl Bars {
    /// The plot as an SVG document.
    pub fn svg(&self) -> anyhow::Result<String> {
        let rows: usize = self.groups.iter().map(|it| it.bars.len()).sum();
        let named = self.groups.iter().filter(|it| !it.name.is_empty()).count();
        let legend = if self.parts.is_empty() { 0 } else { 34 };
        let height = HEAD + ROW * rows as i32 + GROUP_NAME * named as i32 + legend + 10;
        draw(height, &self.title, &self.about, |canvas| {
            let mut y = HEAD;
            for group in &self.groups {
                y = group.draw(canvas, y)?;
            }
            self.legend(canvas, y + 18)
        })
    }

    fn legend(&self, canvas: &Canvas<'_, '_>, y: i32) -> anyhow::Result<()> {
        let mut x = LEFT;
        for (index, part) in self.parts.iter().enumerate() {
            canvas.bar((x, y - 6), (x + 14, y + 6), shade(marks::PEER, index).filled())?;
            canvas.text(part, (x + 20, y), Words::default())?;
            x += 50 + 8 * part.len() as i32;
        }
        Ok(())
    }
}

impl Group {
    /// Draws the group from `y` down, and returns where the next one begins.
    fn draw(&self, canvas: &Canvas<'_, '_>, mut y: i32) -> anyhow::Result<i32> {
        if !self.name.is_empty() {
            let words = Words { is_bold: true, ..Words::default() };
            canvas.text(&self.name, (MARGIN, y + GROUP_NAME / 2), words)?;
            y += GROUP_NAME;
        }
        let ends = self.bars.iter().map(|it| it.quartiles.map_or(it.sum(), |q| q.1.max(it.sum())));
        let axis = Axis::over(ends, Scale::Linear, (LEFT, RIGHT));
        let rows = ROW * self.bars.len() as i32;
        canvas.line((LEFT, y), (LEFT, y + rows), GRID)?;
        for bar in &self.bars {
            bar.draw(canvas, &axis, y + ROW / 2)?;
            y += ROW;
        }
        Ok(y)
    }
}

impl Bar {
    fn sum(&self) -> f64 {
        self.parts.iter().sum()
    }

    fn draw(&self, canvas: &Canvas<'_, '_>, axis: &Axis, y: i32) -> anyhow::Result<()> {
        let words = Words::of(self.role);
        canvas.text(&self.name, (LEFT - 10, y), words.anchored(HPos::Right))?;
        if self.parts.is_empty() {
            return canvas.text("not measured", (LEFT + 8, y), Words::default());
        }
        let colour = match self.role {
            Role::Ours => marks::OURS,
            Role::Peer => marks::PEER,
            Role::Limit => marks::LIMIT,
        };
        let (mut sum, mut x) = (0.0, LEFT);
        for (index, part) in self.parts.iter().enumerate() {
            sum += part;
            let end = axis.pixel(sum).max(x + 1);
            canvas.bar((x, y - 9), (end, y + 9), shade(colour, index).filled())?;
            x = end;
        }
        if let Some((lower, upper)) = self.quartiles {
            let (lower, upper) = (axis.pixel(lower), axis.pixel(upper));
            canvas.line((lower, y), (upper, y), TEXT.stroke_width(2))?;
            canvas.line((lower, y - 4), (lower, y + 4), TEXT.stroke_width(2))?;
            canvas.line((upper, y - 4), (upper, y + 4), TEXT.stroke_width(2))?;
            x = x.max(upper);
        }
        canvas.text(&digits(sum), (x + 8, y), words)
    }
}

/// The first part of a bar is drawn full, those behind it lighter.
fn shade(colour: RGBColor, index: usize) -> RGBAColor {
    colour.mix(if index == 0 { 1.0 } else { 0.55 })
}

/// Three digits, or all before the point.
fn digits(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => axis::number(value.round()),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}
