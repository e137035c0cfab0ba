//! `cargo xtask embedded`: the codec where there is no operating system and no heap.
//!
//! Builds the programs of `examples/embed`, runs them in an emulator, and measures them.

mod compiler;
mod elf;
mod emulator;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, ensure};

use crate::steps::{Report, Selection, Step};
use crate::workspace::{cargo, workspace};
pub(crate) use compiler::{Compiler, Release};

/// Build and run the codec for microcontrollers and WebAssembly, and print what it takes
///
/// Compiles for a target if rustup has installed it (`rustup target add thumbv7m-none-eabi
/// thumbv6m-none-eabi wasm32-unknown-unknown`), or on Debian with a compiler and its library
/// unpacked below target/. Runs the programs in QEMU and Node.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Take the oldest compiler that is supported; without this the one in use, or the newest to be had
    #[arg(long)]
    oldest: bool,
    #[command(flatten)]
    selection: Selection,
}

impl Args {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        self.selection.run(if self.oldest { by(Release::Oldest) } else { steps() })
    }
}

/// The programs whose flash is measured, what each holds of the codec, and how much it may take more than one that only
/// copies bytes. Half as much again as it takes on the Cortex-M0: only a mistake of kind passes that, since every compiler makes another size.
const MEASURED: [(&str, &str, u64); 6] = [
    ("relay", "decoder and encoder", 5400),
    ("decode_text", "decoder", 3300),
    ("decode_bytes", "decoder that never looks at text", 1900),
    ("encode", "encoder", 1200),
    ("pieces", "encoder by pieces, without a buffer", 1800),
    ("formatted", "encoder of formatted data", 3800),
];

/// The most bytes that the reader of chunked bodies may add, on either machine, the example's framing included.
const MOST_CHUNKED: u64 = 700;

/// A frame with every field, of those that the measured program writes.
const RELAYED: &str = ": relayed\nevent: show\nid: 41\nretry: 5000\ndata: 21.5 °C\n\n";

/// A frame with every field, of those that are sent by pieces.
const ENCODED: &str = ": 21.5 °C\nevent: 21.5 °C\nid: 41\nretry: 5000\ndata: 21.5 °C\n\n: 21.5";

/// The data of the program that formats it.
const FORMATTED: &str = "retry: 5000\ndata: 21.5 °C\ndata: 1013 hPa\n\n: 21.5";

/// A part of the chunked stream, which goes over two chunks.
const PAYLOAD: &str = "event: show\nid: 41\ndata: 21.5 °C\n\nid: 42\rdata: two";

/// Runs the WebAssembly module and prints what it prints.
const WASM_HOST: &str = r#"
const module = new WebAssembly.Module(require("fs").readFileSync(process.argv[1]));
const { printed } = new WebAssembly.Instance(module, {}).exports;
const bytes = [];
let byte;
while ((byte = printed(bytes.length)) >= 0) bytes.push(byte);
process.stdout.write(Buffer.from(bytes));
process.exit(byte === -1 ? 0 : 1);
"#;

/// The first can be taken on any machine; the others where a compiler for the target is to be had.
pub(crate) fn steps() -> Vec<Step> {
    let mut steps = by(Release::Newest);
    steps.insert(0, Step::new("no-heap", "nothing of std or alloc is linked", no_heap));
    steps
}

fn by(release: Release) -> Vec<Step> {
    vec![
        Step::new("thumbv7m", "Cortex-M3, run in QEMU", move |report| {
            cortex_m(report, release, "thumbv7m-none-eabi", "lm3s6965evb")
        }),
        Step::new("thumbv6m", "Cortex-M0, run in QEMU", move |report| {
            cortex_m(report, release, "thumbv6m-none-eabi", "microbit")
        }),
        Step::new("wasm32", "WebAssembly, run in Node", move |report| wasm(report, release)),
    ]
}

/// Compiles the example for this machine and looks for what its libraries want to be linked with.
fn no_heap(report: &mut Report) -> anyhow::Result<()> {
    let target = workspace().join("target/embed/host");
    if target.exists() {
        // Libraries of an earlier build would be looked at too.
        fs::remove_dir_all(&target)?;
    }
    let mut build = cargo(["build", "--release", "--lib"]);
    report.run(
        build
            .current_dir(workspace().join("examples/embed"))
            .env("CARGO_TARGET_DIR", &target)
            // Otherwise the libraries hold no machine code.
            .env("CARGO_PROFILE_RELEASE_LTO", "off"),
    )?;
    let libraries: Vec<PathBuf> = fs::read_dir(target.join("release/deps"))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|it| it == "rlib"))
        .collect();
    let Ok(symbols) = report.quietly(Command::new("nm").args(libraries)) else {
        report.not_checked("`nm`, a part of binutils, makes it checkable");
        return Ok(());
    };
    for part in ["5embed3run", "9sse_proto"] {
        ensure!(symbols.contains(part), "the libraries hold nothing called {part}");
    }
    let heap = ["3std", "5alloc", "__rust_", "__rg_"];
    let found: Vec<&str> =
        (symbols.lines()).filter(|line| heap.iter().any(|it| line.contains(it))).collect();
    ensure!(found.is_empty(), "std or alloc is linked:\n{}", found.join("\n"));
    Ok(())
}

fn cortex_m(
    report: &mut Report,
    release: Release,
    target: &str,
    machine: &str,
) -> anyhow::Result<()> {
    let Some(compiler) = Compiler::of(report, target, release)? else {
        report.not_checked(format_args!("`rustup target add {target}` makes it checkable"));
        return Ok(());
    };
    let version = compiler.version(report)?;
    report.note(format_args!("compiled by {version}"));
    let folder = compiler.build(
        report,
        &[
            "cortex_m",
            "relay",
            "decode_text",
            "decode_bytes",
            "encode",
            "pieces",
            "formatted",
            "empty",
            "chunked",
            "sizes",
        ],
    )?;
    let flash = |program: &str| {
        elf::flash(&folder.join(program)).with_context(|| format!("{program} cannot be measured"))
    };
    let empty = flash("empty")?;
    for (program, what, most) in MEASURED {
        let added = flash(program)? - empty;
        report.note(format_args!("flash: {added} bytes for the {what}"));
        ensure!(added <= most, "the {what} takes {added} bytes of flash, {most} are allowed");
    }
    let chunked = flash("chunked")? - empty;
    report.note(format_args!("flash: {chunked} bytes more for a body that comes in chunks"));
    let Some(emulator) = emulator::Emulator::ensure(report)? else {
        report.not_checked("it compiles; `qemu-system-arm` on the search path makes it run");
        return Ok(());
    };
    let printed = emulator.run(report, machine, &folder.join("cortex_m"))?;
    report.log(&printed);
    let relayed = emulator.run(report, machine, &folder.join("relay"))?;
    ensure!(relayed.contains(RELAYED), "what was measured relays something else:\n{relayed}");
    for (program, what) in [("chunked", PAYLOAD), ("pieces", ENCODED), ("formatted", FORMATTED)] {
        let printed = emulator.run(report, machine, &folder.join(program))?;
        ensure!(printed.contains(what), "{program} prints something else:\n{printed}");
    }
    for line in emulator.run(report, machine, &folder.join("sizes"))?.lines() {
        report.note(format_args!("RAM: {line} bytes"));
        ensure!(is_in_table(line), "the README of sse-proto says another RAM than {line}");
    }
    ensure!(chunked <= MOST_CHUNKED, "chunks take {chunked} bytes, {MOST_CHUNKED} are allowed");
    Ok(())
}

/// Whether the README has this size, as in `Decoder<Fixed<256, 64>>: 584`, in its table. What has no row is not asked for.
fn is_in_table(size: &str) -> bool {
    let readme = include_str!("../../crates/sse-proto/README.md");
    let storage = size.strip_prefix("Decoder<").and_then(|it| it.split_once(">: "));
    let Some((storage, bytes)) = storage else {
        return false;
    };
    let row = readme.lines().find(|line| line.starts_with(&format!("| `{storage}` |")));
    row.is_none_or(|row| row.split('|').nth(2).is_some_and(|cell| cell.trim() == bytes))
}

fn wasm(report: &mut Report, release: Release) -> anyhow::Result<()> {
    let target = "wasm32-unknown-unknown";
    let Some(compiler) = Compiler::of(report, target, release)? else {
        report.not_checked(format_args!("`rustup target add {target}` makes it checkable"));
        return Ok(());
    };
    let module = compiler.build(report, &["wasm"])?.join("wasm.wasm");
    report.note(format_args!("module: {} bytes", module.metadata()?.len()));
    if Command::new("node").arg("--version").output().is_err() {
        report.not_checked("it compiles; `node` on the search path makes it run");
        return Ok(());
    }
    let mut node = Command::new("node");
    report.run(node.args(["-e", WASM_HOST]).arg(module)).map(drop)
}
