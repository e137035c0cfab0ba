//! The command line of `cargo xtask`: help, selection of steps, exit status, failures in full.

mod workspace;

use std::process::Output;

use workspace::Workspace;

fn text(output: &Output) -> String {
    let both = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    String::from_utf8(both).expect("the output is UTF-8")
}

#[test]
fn every_command_has_help() {
    let workspace = Workspace::new("help");
    let all = text(&workspace.xtask(&["--help"]).output().expect("xtask runs"));
    let commands: Vec<&str> = all
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect();
    assert!(commands.contains(&"demo") && commands.contains(&"test"), "{all}");
    for command in commands {
        let output = workspace.xtask(&[command, "--help"]).output().expect("xtask runs");
        assert!(output.status.success(), "{command}");
        let help = text(&output);
        assert!(help.contains(&format!("Usage: cargo xtask {command}")), "{help}");
        assert!(help.lines().next().is_some_and(|line| !line.starts_with("Usage")), "{help}");
    }
}

#[test]
fn a_passing_step_hides_its_output_and_a_failing_one_shows_it() {
    let workspace = Workspace::new("output");
    workspace.cargo("echo from cargo; exit 0");
    let output = workspace.xtask(&["test", "--only", "format"]).output().expect("xtask runs");
    assert!(output.status.success(), "{}", text(&output));
    assert!(!text(&output).contains("from cargo\n"), "{}", text(&output));

    let verbose = ["test", "--only", "format", "--verbose"];
    let output = workspace.xtask(&verbose).output().expect("xtask runs");
    assert!(text(&output).contains("from cargo\n"), "{}", text(&output));

    workspace.cargo("echo from cargo; echo a complaint >&2; exit 3");
    let output = workspace.xtask(&["test", "--only", "format"]).output().expect("xtask runs");
    assert_eq!(output.status.code(), Some(1));
    let text = text(&output);
    for part in ["from cargo\n", "a complaint\n", "exit status: 3", "FAILED format"] {
        assert!(text.contains(part), "{part:?} is missing in:\n{text}");
    }
}

#[test]
fn later_steps_run_after_a_failure() {
    let workspace = Workspace::new("later");
    workspace.cargo("exit 1");
    let both = ["test", "--only", "format", "--only", "docs"];
    let output = workspace.xtask(&both).output().expect("xtask runs");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output).contains("2 of 2 steps failed: format, docs"), "{}", text(&output));
}

#[test]
fn a_step_that_does_not_exist_is_an_error() {
    let workspace = Workspace::new("unknown");
    let output = workspace.xtask(&["test", "--skip", "nonsense"]).output().expect("xtask runs");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output).contains("\"nonsense\""), "{}", text(&output));
}

#[test]
fn output_that_is_no_terminal_has_no_control_characters() {
    let workspace = Workspace::new("plain");
    workspace.cargo("exit 1");
    let output = workspace.xtask(&["test", "--only", "format"]).output().expect("xtask runs");
    let text = text(&output);
    assert!(!text.contains(['\r', '\x1b']), "{text:?}");
}

#[test]
fn a_demo_that_does_not_compile_is_an_error() {
    let workspace = Workspace::new("demo");
    workspace.cargo("exit 101");
    let output = workspace.xtask(&["demo"]).output().expect("xtask runs");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output).contains("do not compile"), "{}", text(&output));
}
