//! From values to pixels, and which values are written beside an axis.

use std::ops::Range;

use super::Scale;

/// An axis: the values that it shows, and the pixels that they are shown at.
pub(super) struct Axis {
    scale: Scale,
    values: Range<f64>,
    pixels: (i32, i32),
}

impl Axis {
    /// An axis on which all values have room; a linear one begins at 0.
    pub(super) fn over(
        values: impl Iterator<Item = f64>,
        scale: Scale,
        pixels: (i32, i32),
    ) -> Axis {
        let (mut least, mut most) = (f64::INFINITY, 0.0_f64);
        for value in values.filter(|it| *it > 0.0) {
            least = least.min(value);
            most = most.max(value);
        }
        if most == 0.0 {
            (least, most) = (0.1, 1.0);
        }
        let values = match scale {
            Scale::Linear => 0.0..most * 1.08,
            Scale::Logarithmic => least * 0.85..most * 1.18,
        };
        Axis { scale, values, pixels }
    }

    pub(super) fn pixel(&self, value: f64) -> i32 {
        let (start, end) = (self.map(self.values.start), self.map(self.values.end));
        let part = (self.map(value) - start) / (end - start);
        let (first, last) = (f64::from(self.pixels.0), f64::from(self.pixels.1));
        (first + part * (last - first)).round() as i32
    }

    fn map(&self, value: f64) -> f64 {
        match self.scale {
            Scale::Linear => value,
            Scale::Logarithmic => value.max(f64::MIN_POSITIVE).log10(),
        }
    }

    /// Round values within the axis, at least two if there are such.
    pub(super) fn ticks(&self) -> Vec<f64> {
        match self.scale {
            Scale::Linear => self.even_ticks(),
            Scale::Logarithmic => {
                let decades = self.decades(&[1.0]);
                let finer = if decades.len() < 3 { &[1.0, 2.0, 5.0][..] } else { &[1.0] };
                self.decades(finer)
            }
        }
    }

    fn even_ticks(&self) -> Vec<f64> {
        let rough = self.values.end / 5.0;
        let decade = 10_f64.powf(rough.log10().floor());
        let steps = [1.0, 2.0, 5.0, 10.0].map(|it| it * decade);
        let step = steps.into_iter().find(|it| *it >= rough).unwrap_or(rough);
        let ticks = (0..10).map(|it| f64::from(it) * step);
        ticks.take_while(|it| *it <= self.values.end).collect()
    }

    fn decades(&self, digits: &[f64]) -> Vec<f64> {
        let exponents = -9..12;
        let values = exponents.flat_map(|it| digits.iter().map(move |d| d * 10_f64.powi(it)));
        values.filter(|it| self.values.contains(it)).collect()
    }
}

/// A number with thousands set apart, as short as it is exact.
pub fn number(value: f64) -> String {
    if value.abs() < 1000.0 {
        return format!("{}", (value * 1e4).round() / 1e4);
    }
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (index, digit) in digits.char_indices() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of bytes in the largest unit in which it is whole.
pub(super) fn bytes(value: f64) -> String {
    match value as u64 {
        size if size >= 1 << 20 && size % (1 << 20) == 0 => format!("{} MiB", size >> 20),
        size if size >= 1 << 10 && size % (1 << 10) == 0 => format!("{} KiB", size >> 10),
        size => format!("{size} B"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_stand_on_narrow_axes_too() {
        let axis = Axis::over([3.5, 7.6].into_iter(), Scale::Logarithmic, (0, 100));
        assert_eq!(axis.ticks(), [5.0]);
        let axis = Axis::over([3.5, 17.6].into_iter(), Scale::Logarithmic, (0, 100));
        assert_eq!(axis.ticks(), [5.0, 10.0, 20.0]);
        let axis = Axis::over([3.5, 7.6].into_iter(), Scale::Linear, (0, 100));
        assert_eq!(axis.ticks(), [0.0, 2.0, 4.0, 6.0, 8.0]);
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!([number(0.2), number(19_000.0), number(1e6)], ["0.2", "19,000", "1,000,000"]);
        assert_eq!([bytes(64.0), bytes(1024.0), bytes(1_048_576.0)], ["64 B", "1 KiB", "1 MiB"]);
    }
}
