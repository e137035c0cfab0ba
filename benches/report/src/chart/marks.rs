//! Colours and marks. The colours are those of Okabe and Ito, which people who do not tell red
//! from green tell apart, made a little darker; every series has a mark of its own besides.

use plotters::prelude::*;

use super::{Canvas, Role, Series};

pub(super) const OURS: RGBColor = RGBColor(207, 88, 0);
pub(super) const PEER: RGBColor = RGBColor(70, 130, 180);
pub(super) const LIMIT: RGBColor = RGBColor(128, 128, 128);
const PEERS: [RGBColor; 6] = [
    RGBColor(0, 114, 178),
    RGBColor(0, 146, 106),
    RGBColor(190, 105, 152),
    RGBColor(60, 152, 205),
    RGBColor(196, 134, 0),
    RGBColor(120, 110, 200),
];

/// How a series is marked.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    pub(super) colour: RGBColor,
    shape: Shape,
    size: i32,
}

#[derive(Clone, Copy)]
enum Shape {
    Diamond,
    EmptyDiamond,
    DottedDiamond,
    CrossedDiamond,
    Bar,
    EmptyBar,
    Dash,
    Circle,
    Square,
    Up,
    Down,
    Cross,
    Ring,
}

/// The marks of all series, in their order.
pub(super) fn of<V>(series: &[Series<V>]) -> Vec<Mark> {
    let shapes = [Shape::Circle, Shape::Square, Shape::Up, Shape::Down, Shape::Cross, Shape::Ring];
    let mut peers = PEERS.into_iter().zip(shapes).cycle();
    let ours = [Shape::Diamond, Shape::EmptyDiamond, Shape::DottedDiamond, Shape::CrossedDiamond];
    let mut ours = ours.into_iter().cycle();
    let mut limits = [Shape::Bar, Shape::EmptyBar, Shape::Dash].into_iter().cycle();
    let mut mark = |role: Role| match role {
        Role::Ours => Mark { colour: OURS, shape: ours.next().unwrap_or(Shape::Diamond), size: 7 },
        Role::Limit => Mark { colour: LIMIT, shape: limits.next().unwrap_or(Shape::Bar), size: 9 },
        Role::Peer => {
            let (colour, shape) = peers.next().unwrap_or((PEER, Shape::Circle));
            Mark { colour, shape, size: 4 }
        }
    };
    series.iter().map(|it| mark(it.role)).collect()
}

impl Mark {
    pub(super) fn draw(self, canvas: &Canvas<'_, '_>, (x, y): (i32, i32)) -> anyhow::Result<()> {
        let (size, fill) = (self.size, self.colour.filled());
        let stroke = self.colour.stroke_width(2);
        let polygon = |corners: &[(i32, i32)]| {
            let corners: Vec<(i32, i32)> = corners.iter().map(|it| (x + it.0, y + it.1)).collect();
            canvas.area.draw(&Polygon::new(corners, fill)).map_err(super::failed)
        };
        let diamond = [(0, -size), (size, 0), (0, size), (-size, 0)];
        let empty_diamond = || {
            let closed = diamond.into_iter().chain([diamond[0]]);
            canvas.path(closed.map(|it| (x + it.0, y + it.1)).collect(), stroke)
        };
        match self.shape {
            Shape::Diamond => polygon(&diamond),
            Shape::EmptyDiamond => empty_diamond(),
            Shape::DottedDiamond => {
                empty_diamond()?;
                canvas.bar((x - 1, y - 1), (x + 2, y + 2), fill)
            }
            Shape::CrossedDiamond => {
                empty_diamond()?;
                canvas.line((x - size, y), (x + size, y), stroke)
            }
            Shape::Bar => canvas.bar((x - 1, y - size), (x + 2, y + size), fill),
            Shape::EmptyBar => {
                let corners = [(-3, -size), (3, -size), (3, size), (-3, size), (-3, -size)];
                canvas.path(corners.map(|it| (x + it.0, y + it.1)).to_vec(), stroke)
            }
            Shape::Dash => canvas.bar((x - size, y - 1), (x + size, y + 2), fill),
            Shape::Square => canvas.bar((x - size, y - size), (x + size, y + size), fill),
            Shape::Up => polygon(&[(0, -size - 1), (size + 1, size), (-size - 1, size)]),
            Shape::Down => polygon(&[(0, size + 1), (size + 1, -size), (-size - 1, -size)]),
            Shape::Circle => {
                canvas.area.draw(&Circle::new((x, y), size, fill)).map_err(super::failed)
            }
            Shape::Ring => {
                canvas.area.draw(&Circle::new((x, y), size, stroke)).map_err(super::failed)
            }
            Shape::Cross => {
                canvas.line((x - size, y - size), (x + size, y + size), stroke)?;
                canvas.line((x - size, y + size), (x + size, y - size), stroke)
            }
        }
    }
}
