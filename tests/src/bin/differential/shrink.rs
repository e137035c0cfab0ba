//! Makes a disagreement small: pieces are left out as long as it stays one.

use crate::case::{Case, Disagreement};
use crate::engine::Engine;
use crate::known::Known;

/// The smallest case found that still disagrees, and how it does.
pub(crate) fn shrink(
    engine: &Engine,
    known: &Known,
    case: &Case,
    disagreement: &Disagreement,
) -> Result<(Case, Disagreement), String> {
    let mut best = (case.clone(), disagreement.clone());
    // Most disagreements are about bytes, not about packets.
    let whole = Case { cuts: Vec::new(), ..case.clone() };
    if let Some(found) = first(engine, known, vec![whole])? {
        best = found;
    }
    let mut size = best.0.bytes.len().div_ceil(2);
    while size > 0 {
        match first(engine, known, without(&best.0, size))? {
            Some(found) => best = found,
            None => size /= 2,
        }
        size = size.min(best.0.bytes.len());
    }
    Ok(best)
}

/// The first case that disagrees, all of them tried at once.
fn first(
    engine: &Engine,
    known: &Known,
    cases: Vec<Case>,
) -> Result<Option<(Case, Disagreement)>, String> {
    let compared = engine.compare(&cases)?;
    let mut pairs = cases.into_iter().zip(compared);
    Ok(pairs.find_map(|(case, disagreement)| {
        disagreement.filter(|_| known.explains(&case).is_none()).map(|it| (case, it))
    }))
}

/// The case without `size` bytes, from every place that is a multiple of it.
fn without(case: &Case, size: usize) -> Vec<Case> {
    let starts = (0..case.bytes.len()).step_by(size);
    let cases = starts.map(|start| {
        let end = (start + size).min(case.bytes.len());
        let mut bytes = case.bytes.clone();
        bytes.drain(start..end);
        let moved = |&cut: &usize| {
            if cut > start { cut.saturating_sub(end - start).max(start) } else { cut }
        };
        Case { bytes, cuts: case.cuts.iter().map(moved).collect() }
    });
    cases.collect()
}
