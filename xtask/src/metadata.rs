//! The packages of the workspace, as `cargo metadata` lists them.

use anyhow::Context;
use serde_json::Value;

use crate::steps::Report;
use crate::workspace::cargo;

/// A member of the workspace.
pub(crate) struct Package {
    pub(crate) name: String,
    /// All features other than `default`.
    pub(crate) features: Vec<String>,
    /// Some of them are on unless one says otherwise.
    pub(crate) has_default_features: bool,
    pub(crate) dependencies: Vec<Dependency>,
    /// Other packages can use it; otherwise it is a program.
    pub(crate) has_library: bool,
    /// It is meant for others, not for this workspace alone.
    pub(crate) is_published: bool,
}

pub(crate) struct Dependency {
    pub(crate) name: String,
    /// Needed by the tests and examples of the package only.
    pub(crate) for_development: bool,
    /// It is a folder of this workspace.
    pub(crate) is_sibling: bool,
}

/// Lists the members of the workspace.
pub(crate) fn packages(report: &mut Report) -> anyhow::Result<Vec<Package>> {
    let listing = report.quietly(&mut cargo(["metadata", "--no-deps", "--format-version", "1"]))?;
    let listing: Value = serde_json::from_str(&listing).context("cargo metadata is not JSON")?;
    let packages = listing["packages"].as_array().context("cargo metadata lists no packages")?;
    packages
        .iter()
        .map(|value| package(value).context("cargo metadata has an unknown form"))
        .collect()
}

fn package(value: &Value) -> Option<Package> {
    let features = value["features"].as_object()?.keys();
    let default = value["features"]["default"].as_array();
    let dependencies = value["dependencies"].as_array()?.iter().map(|dependency| {
        let name = dependency["name"].as_str()?.to_owned();
        Some(Dependency {
            name,
            for_development: dependency["kind"] == "dev",
            is_sibling: !dependency["path"].is_null(),
        })
    });
    let mut targets = value["targets"].as_array()?.iter();
    Some(Package {
        name: value["name"].as_str()?.to_owned(),
        features: features.filter(|name| *name != "default").cloned().collect(),
        has_default_features: default.is_some_and(|features| !features.is_empty()),
        dependencies: dependencies.collect::<Option<_>>()?,
        has_library: targets.any(|target| target["kind"][0] == "lib"),
        is_published: value["publish"].is_null(),
    })
}
