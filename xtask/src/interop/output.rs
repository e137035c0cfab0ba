//! What remains of a run: a table in the terminal, a page, and JSON.

mod page;
mod table;

use std::fs;

use anyhow::Context;
use serde_json::{Value, json};

use super::matrix::{Cell, Sheet};
use crate::workspace::workspace;

pub(super) use table::print;

/// Writes `target/interop/index.html` and `matrix.json`.
pub(super) fn write(sheets: &[Sheet]) -> anyhow::Result<()> {
    let folder = workspace().join("target/interop");
    fs::create_dir_all(&folder)?;
    let matrix = as_json(sheets);
    let write = |name: &str, text: &str| {
        fs::write(folder.join(name), text).with_context(|| format!("writing target/interop/{name}"))
    };
    write("matrix.json", &serde_json::to_string_pretty(&matrix)?)?;
    write("index.html", &page::page(&matrix))
}

/// The sections in their order, each with its sheets.
fn sections(sheets: &[Sheet]) -> Vec<(&'static str, Vec<&Sheet>)> {
    let mut sections: Vec<(&str, Vec<&Sheet>)> = Vec::new();
    for sheet in sheets {
        match sections.iter_mut().find(|(name, _)| *name == sheet.section) {
            Some((_, members)) => members.push(sheet),
            None => sections.push((sheet.section, vec![sheet])),
        }
    }
    sections
}

/// Cells of one batch share a picture: it is written once, and each cell has its number.
fn as_json(sheets: &[Sheet]) -> Value {
    let mut pictures: Vec<&str> = Vec::new();
    let cells = sheets.iter().flat_map(|sheet| &sheet.cells);
    for picture in cells.filter_map(|cell| cell.picture.as_deref()) {
        if !pictures.contains(&picture) {
            pictures.push(picture);
        }
    }
    let number = |cell: &Cell| pictures.iter().position(|it| Some(*it) == cell.picture.as_deref());
    let sections = sections(sheets).into_iter().map(|(name, sheets)| {
        let mut rows: Vec<Value> = Vec::new();
        for row in sheets.iter().flat_map(|sheet| &sheet.rows) {
            if !rows.iter().any(|it| it["name"] == row.name) {
                rows.push(json!({
                    "group": row.group, "name": row.name, "about": row.about,
                    "clause": row.clause, "sent": row.sent,
                }));
            }
        }
        let columns = sheets.iter().map(|sheet| {
            let cells = sheet.cells.iter().map(|cell| {
                let value = json!({
                    "verdict": cell.verdict.word(), "why": cell.verdict.text(), "seen": cell.seen,
                    "milliseconds": cell.milliseconds, "picture": number(cell),
                });
                (cell.row.clone(), value)
            });
            json!({
                "name": sheet.column, "version": sheet.version,
                "cells": cells.collect::<serde_json::Map<_, _>>(),
            })
        });
        json!({ "name": name, "rows": rows, "columns": columns.collect::<Vec<_>>() })
    });
    let sections: Vec<Value> = sections.collect();
    json!({ "sections": sections, "pictures": pictures })
}
