//! Plots as SVG. The background is left out and all colours are of middle brightness, so that a
//! plot can be read on a light page as well as on a dark one.

use std::ops::Range;

use anyhow::anyhow;
use plotters::coord::ranged1d::{Ranged, ValueFormatter};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

const WIDTH: u32 = 960;
const HEIGHT: u32 = 440;
/// Where the names of the series stand.
const LEGEND_WIDTH: u32 = 210;
const TEXT: RGBColor = RGBColor(118, 118, 118);
const GRID: RGBAColor = RGBAColor(118, 118, 118, 0.3);
const COLOURS: [RGBColor; 10] = [
    RGBColor(214, 69, 65),
    RGBColor(31, 136, 201),
    RGBColor(38, 150, 90),
    RGBColor(202, 128, 20),
    RGBColor(145, 98, 196),
    RGBColor(18, 148, 155),
    RGBColor(205, 84, 150),
    RGBColor(128, 128, 50),
    RGBColor(140, 110, 90),
    RGBColor(118, 118, 118),
];

/// How the vertical axis, and for lines the horizontal one, is divided.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    Linear,
    Logarithmic,
}

/// One colour of a plot.
pub struct Series<V> {
    pub name: String,
    pub values: V,
}

/// Bars in groups: one group per case, in it one bar per series.
pub struct Bars {
    pub title: String,
    pub unit: String,
    pub groups: Vec<String>,
    pub series: Vec<Series<Vec<Option<f64>>>>,
    pub scale: Scale,
}

/// Lines through points.
pub struct Lines {
    pub title: String,
    pub horizontal: String,
    pub vertical: String,
    pub series: Vec<Series<Vec<(f64, f64)>>>,
    pub scale: Scale,
}

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

impl Bars {
    /// The plot as an SVG document.
    pub fn svg(&self) -> anyhow::Result<String> {
        let values = || self.series.iter().flat_map(|it| it.values.iter().flatten());
        let range = range(values().copied(), self.scale);
        draw(&self.title, &self.names(), |area| match self.scale {
            Scale::Linear => self.draw(area, 0.0..range.end, 0.0),
            Scale::Logarithmic => self.draw(area, range.clone().log_scale(), range.start),
        })
    }

    fn names(&self) -> Vec<&str> {
        self.series.iter().map(|it| it.name.as_str()).collect()
    }

    fn draw<Y>(&self, area: &Area<'_>, vertical: Y, floor: f64) -> anyhow::Result<()>
    where
        Y: plotters::coord::ranged1d::AsRangedCoord<Value = f64>,
        Y::CoordDescType: ValueFormatter<f64> + Ranged<ValueType = f64>,
    {
        let horizontal = 0.0..self.groups.len() as f64;
        let mut chart = ChartBuilder::on(area)
            .margin(10)
            .x_label_area_size(20)
            .y_label_area_size(70)
            .build_cartesian_2d(horizontal, vertical)
            .map_err(failed)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .x_labels(0)
            .y_desc(&self.unit)
            .y_label_formatter(&|value| short(*value))
            .axis_style(TEXT)
            .label_style(("sans-serif", 13, &TEXT))
            .bold_line_style(GRID)
            .light_line_style(TRANSPARENT)
            .draw()
            .map_err(failed)?;
        let width = 0.86 / self.series.len().max(1) as f64;
        for (index, series) in self.series.iter().enumerate() {
            let bars = series.values.iter().enumerate().filter_map(|(group, value)| {
                let left = group as f64 + 0.07 + index as f64 * width;
                let corners = [(left, floor), (left + width * 0.92, (*value)?)];
                Some(Rectangle::new(corners, colour(index).filled()))
            });
            chart.draw_series(bars).map_err(failed)?;
        }
        let style = text(13).pos(Pos::new(HPos::Center, VPos::Top));
        for (group, name) in self.groups.iter().enumerate() {
            let (x, y) = chart.backend_coord(&(group as f64 + 0.5, floor));
            let (left, top) = area.get_base_pixel();
            area.draw_text(name, &style, (x - left, y - top + 6)).map_err(failed)?;
        }
        Ok(())
    }
}

impl Lines {
    /// The plot as an SVG document.
    pub fn svg(&self) -> anyhow::Result<String> {
        let points = || self.series.iter().flat_map(|it| &it.values);
        let x = range(points().map(|it| it.0), self.scale);
        let y = range(points().map(|it| it.1), self.scale);
        let names: Vec<&str> = self.series.iter().map(|it| it.name.as_str()).collect();
        draw(&self.title, &names, |area| match self.scale {
            Scale::Linear => self.draw(area, 0.0..x.end, 0.0..y.end),
            Scale::Logarithmic => self.draw(area, x.clone().log_scale(), y.clone().log_scale()),
        })
    }

    fn draw<X, Y>(&self, area: &Area<'_>, horizontal: X, vertical: Y) -> anyhow::Result<()>
    where
        X: plotters::coord::ranged1d::AsRangedCoord<Value = f64>,
        X::CoordDescType: ValueFormatter<f64> + Ranged<ValueType = f64>,
        Y: plotters::coord::ranged1d::AsRangedCoord<Value = f64>,
        Y::CoordDescType: ValueFormatter<f64> + Ranged<ValueType = f64>,
    {
        let mut chart = ChartBuilder::on(area)
            .margin(10)
            .x_label_area_size(45)
            .y_label_area_size(70)
            .build_cartesian_2d(horizontal, vertical)
            .map_err(failed)?;
        chart
            .configure_mesh()
            .x_desc(&self.horizontal)
            .y_desc(&self.vertical)
            .x_label_formatter(&|value| short(*value))
            .y_label_formatter(&|value| short(*value))
            .axis_style(TEXT)
            .label_style(("sans-serif", 13, &TEXT))
            .bold_line_style(GRID)
            .light_line_style(TRANSPARENT)
            .draw()
            .map_err(failed)?;
        for (index, series) in self.series.iter().enumerate() {
            let stroke = colour(index).stroke_width(2);
            let points = series.values.iter().copied();
            chart.draw_series(LineSeries::new(points.clone(), stroke)).map_err(failed)?;
            let dots = points.map(|point| Circle::new(point, 3, colour(index).filled()));
            chart.draw_series(dots).map_err(failed)?;
        }
        Ok(())
    }
}

/// Draws the title and the names of the series around what `inner` draws.
fn draw(
    title: &str,
    names: &[&str],
    inner: impl FnOnce(&Area<'_>) -> anyhow::Result<()>,
) -> anyhow::Result<String> {
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (WIDTH, HEIGHT)).into_drawing_area();
        root.draw_text(title, &text(18), (14, 10)).map_err(failed)?;
        let (_, below) = root.split_vertically(34);
        let (plot, legend) = below.split_horizontally(WIDTH - LEGEND_WIDTH);
        inner(&plot)?;
        for (index, name) in names.iter().enumerate() {
            let y = 14 + 22 * index as i32;
            let mark = Rectangle::new([(6, y), (20, y + 12)], colour(index).filled());
            legend.draw(&mark).map_err(failed)?;
            legend.draw_text(name, &text(14), (28, y)).map_err(failed)?;
        }
        root.present().map_err(failed)?;
    }
    Ok(svg)
}

fn text(size: u32) -> TextStyle<'static> {
    ("sans-serif", size).into_font().color(&TEXT)
}

fn colour(index: usize) -> RGBColor {
    COLOURS.get(index % COLOURS.len()).copied().unwrap_or(TEXT)
}

/// A range that holds all values, with room above.
fn range(values: impl Iterator<Item = f64>, scale: Scale) -> Range<f64> {
    let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
    for value in values.filter(|value| *value > 0.0) {
        least = least.min(value);
        most = most.max(value);
    }
    if least > most {
        return 0.1..1.0;
    }
    match scale {
        Scale::Linear => 0.0..most * 1.08,
        Scale::Logarithmic => least * 0.8..most * 1.25,
    }
}

fn short(value: f64) -> String {
    match value.abs() {
        size if size >= 1e6 => format!("{}M", value / 1e6),
        size if size >= 1e3 => format!("{}k", value / 1e3),
        _ => format!("{}", (value * 1e4).round() / 1e4),
    }
}

fn failed(error: impl std::fmt::Display) -> anyhow::Error {
    anyhow!("cannot draw: {error}")
}
