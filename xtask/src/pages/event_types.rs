//! Two events of different types, each with a listener of its own.

use anyhow::ensure;

use super::Case;

pub(super) const PAGE: Case = Case {
    name: "event-types",
    about: "two events of different types reach their listeners",
    check: |stage| {
        let server = stage.start("event-types")?;
        stage.open(&server.url("/"))?;
        stage.wait_for_text("#age", |text| text == "24")?;
        let name = stage.text("#name")?;
        ensure!(name == "Alice", "the name is {name:?}");
        server.wait_for_open_streams(1)?;
        ensure!(server.streams().len() == 1, "the stream was opened more than once");
        stage.no_errors()
    },
};
