//! Plots as SVG, drawn so that they can be read on a light page as well as on a dark one, and
//! without telling colours apart: the background is left out, text and colours are of middle
//! brightness, rows and lines carry their names, and series have marks of their own.
//! Draws with `plotters`; where things stand is decided here.

mod axis;
mod bars;
mod dots;
mod lines;
mod marks;

use anyhow::anyhow;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

pub use axis::number;
pub use bars::{Bar, Bars, Group};
pub use dots::Dots;
pub use lines::{Lines, Point};

const WIDTH: u32 = 860;
/// Where the title and the words below it end.
const HEAD: i32 = 62;
const MARGIN: i32 = 16;
const TEXT: RGBColor = RGBColor(122, 122, 122);
const GRID: RGBAColor = RGBAColor(122, 122, 122, 0.28);

/// Whose numbers they are: decides colour and weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Ours,
    Peer,
    /// What nobody can beat.
    Limit,
}

/// One colour and mark of a plot, with its name.
pub struct Series<V> {
    pub name: String,
    pub role: Role,
    pub values: V,
}

/// How an axis is divided.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    Linear,
    Logarithmic,
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// A drawing that is begun with a title and a line on what is shown.
fn draw(
    height: i32,
    title: &str,
    about: &str,
    inner: impl FnOnce(&Canvas<'_, '_>) -> anyhow::Result<()>,
) -> anyhow::Result<String> {
    let mut svg = String::new();
    {
        let size = (WIDTH, height.unsigned_abs());
        let root = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        let canvas = Canvas { area: &root };
        canvas.text(title, (MARGIN, 20), Words { size: 18, is_bold: true, ..Words::default() })?;
        canvas.text(about, (MARGIN, 43), Words::default())?;
        inner(&canvas)?;
        root.present().map_err(failed)?;
    }
    Ok(svg)
}

/// How words are set.
#[derive(Clone, Copy)]
struct Words {
    size: u32,
    colour: RGBColor,
    is_bold: bool,
    anchor: HPos,
}

impl Default for Words {
    fn default() -> Words {
        Words { size: 14, colour: TEXT, is_bold: false, anchor: HPos::Left }
    }
}

impl Words {
    fn of(role: Role) -> Words {
        match role {
            Role::Ours => Words { colour: marks::OURS, is_bold: true, ..Words::default() },
            _ => Words::default(),
        }
    }

    fn anchored(self, anchor: HPos) -> Words {
        Words { anchor, ..self }
    }
}

struct Canvas<'a, 'b> {
    area: &'a Area<'b>,
}

impl Canvas<'_, '_> {
    /// Words whose middle line is at the height of the position.
    fn text(&self, text: &str, position: (i32, i32), words: Words) -> anyhow::Result<()> {
        let weight = if words.is_bold { FontStyle::Bold } else { FontStyle::Normal };
        let font = ("sans-serif", words.size).into_font().style(weight);
        let style = font.color(&words.colour).pos(Pos::new(words.anchor, VPos::Center));
        self.area.draw_text(text, &style, position).map_err(failed)
    }

    fn line(
        &self,
        from: (i32, i32),
        to: (i32, i32),
        stroke: impl Into<ShapeStyle>,
    ) -> anyhow::Result<()> {
        self.area.draw(&PathElement::new(vec![from, to], stroke)).map_err(failed)
    }

    fn path(&self, points: Vec<(i32, i32)>, stroke: ShapeStyle) -> anyhow::Result<()> {
        self.area.draw(&PathElement::new(points, stroke)).map_err(failed)
    }

    fn bar(
        &self,
        from: (i32, i32),
        to: (i32, i32),
        fill: impl Into<ShapeStyle>,
    ) -> anyhow::Result<()> {
        self.area.draw(&Rectangle::new([from, to], fill)).map_err(failed)
    }
}

fn failed(error: impl std::fmt::Display) -> anyhow::Error {
    anyhow!("cannot draw: {error}")
}
