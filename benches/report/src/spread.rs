//! Best, median and quartiles of the same measurement taken several times.

use serde::Serialize;

/// A sample of at least one value.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Spread {
    pub least: f64,
    pub lower_quartile: f64,
    pub median: f64,
    pub upper_quartile: f64,
    pub most: f64,
}

impl Spread {
    /// The spread of `values`; `None` if there are none.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Spread> {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let at = |part: f64| {
            let last = values.len().checked_sub(1)?;
            values.get((part * last as f64).round() as usize).copied()
        };
        Some(Spread {
            least: at(0.0)?,
            lower_quartile: at(0.25)?,
            median: at(0.5)?,
            upper_quartile: at(0.75)?,
            most: at(1.0)?,
        })
    }
}
