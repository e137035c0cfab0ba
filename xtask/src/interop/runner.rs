//! Fills columns, several at once, and shows how it goes.

use std::collections::VecDeque;
use std::io::{IsTerminal, Write};
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use anstream::println;

use super::faults::Faults;
use super::matrix::{Cell, Column, Sheet, Verdict};

/// How often the line of the progress is written anew on a terminal.
const REFRESH: Duration = Duration::from_millis(500);

/// What a thread tells while it works.
enum News {
    Cell(Verdict),
    Column(Box<Sheet>, Duration),
}

/// Fills all columns with `jobs` threads; returns them in their order.
pub(super) fn fill(columns: Vec<Column>, jobs: usize, faults: &Faults) -> Vec<Sheet> {
    let order: Vec<(&str, String)> =
        columns.iter().map(|column| (column.section, column.name.clone())).collect();
    let total: usize = columns.iter().map(|column| column.rows.len()).sum();
    let queue = Mutex::new(VecDeque::from(columns));
    let (sender, news) = mpsc::channel();
    let mut sheets = thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            let (sender, queue) = (sender.clone(), &queue);
            scope.spawn(move || {
                let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                while let Some(column) = next() {
                    let began = Instant::now();
                    let sheet = Box::new(run(column, faults, sender.clone()));
                    let _ = sender.send(News::Column(sheet, began.elapsed()));
                }
            });
        }
        drop(sender);
        follow(&news, total)
    });
    let place =
        |sheet: &Sheet| order.iter().position(|it| *it == (sheet.section, sheet.column.clone()));
    sheets.sort_by_key(place);
    sheets
}

fn run(column: Column, faults: &Faults, news: mpsc::Sender<News>) -> Sheet {
    let mut sheet = Sheet {
        section: column.section,
        column: column.name,
        version: String::new(),
        rows: column.rows,
        cells: Vec::new(),
        progress: Box::new(move |cell| drop(news.send(News::Cell(cell.verdict.clone())))),
    };
    let result = (column.run)(&mut sheet);
    let reason = result.err().map_or("it ended early".to_owned(), |error| format!("{error:#}"));
    for row in sheet.rows.clone() {
        if !sheet.cells.iter().any(|cell| cell.row == row.name) {
            sheet.put_verdict(&row.name, Verdict::NotRun(reason.clone()));
        }
    }
    // It holds the way to whoever shows the progress, and would keep that open.
    sheet.progress = Box::new(|_| ());
    for cell in &mut sheet.cells {
        faults.explain(sheet.section, &sheet.column, cell);
    }
    sheet
}

/// Shows what comes in, until all threads are done.
fn follow(news: &mpsc::Receiver<News>, total: usize) -> Vec<Sheet> {
    let is_terminal = std::io::stdout().is_terminal();
    let (began, mut done, mut failed) = (Instant::now(), 0, 0);
    let mut sheets = Vec::new();
    loop {
        match news.recv_timeout(REFRESH) {
            Ok(News::Cell(verdict)) => {
                done += 1;
                failed += usize::from(matches!(verdict, Verdict::Failed(_)));
                continue;
            }
            Ok(News::Column(sheet, elapsed)) => {
                if is_terminal {
                    print("\r\x1b[2K");
                }
                tell(&sheet, elapsed);
                sheets.push(*sheet);
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                if is_terminal {
                    print("\r\x1b[2K");
                }
                return sheets;
            }
            Err(mpsc::RecvTimeoutError::Timeout) => {}
        }
        if is_terminal {
            let seconds = began.elapsed().as_secs();
            print(&format!(
                "\r\x1b[2K{done} of {total} cells, {failed} not as expected, {seconds} s"
            ));
        }
    }
}

fn tell(sheet: &Sheet, elapsed: Duration) {
    let count = |word: &str| sheet.cells.iter().filter(|it| it.verdict.word() == word).count();
    let mut text = format!("\x1b[32m{} passed\x1b[0m", count("passed"));
    for (word, colour) in [("failed", "1;31"), ("explained", "33"), ("not-run", "35")] {
        if count(word) > 0 {
            text.push_str(&format!(", \x1b[{colour}m{} {word}\x1b[0m", count(word)));
        }
    }
    if count("not-applicable") > 0 {
        text.push_str(&format!(", {} n/a", count("not-applicable")));
    }
    let name = format!("{}: {}", sheet.section, sheet.column);
    println!("{name:<52} {text}  {:.1} s", elapsed.as_secs_f32());
    for Cell { row, verdict, .. } in &sheet.cells {
        if let Verdict::Failed(what) = verdict {
            println!("    \x1b[31m{row}\x1b[0m: {}", what.replace('\n', "\n        "));
        }
    }
}

/// Writes a part of a line. A terminal that has gone away is no reason to fail.
fn print(text: &str) {
    let mut stdout = std::io::stdout().lock();
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}
