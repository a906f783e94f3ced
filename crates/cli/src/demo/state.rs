//! How far the demo has come: so that loading it again goes on where it ended,
//! and changes nothing once all is done.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

#[derive(Default, Serialize, Deserialize)]
pub struct State {
    done: BTreeSet<String>,
    /// Ids that later steps need: `resource.insurance`, `person.rst-bm` …
    values: BTreeMap<String, String>,
    #[serde(skip)]
    path: PathBuf,
}

impl State {
    pub fn read(path: &Path) -> Result<Self> {
        let mut state: State = match std::fs::read(path) {
            Ok(bytes) => serde_json::from_slice(&bytes).with_context(|| path.display().to_string())?,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => State::default(),
            Err(e) => return Err(e).with_context(|| path.display().to_string()),
        };
        state.path = path.to_owned();
        Ok(state)
    }
    pub fn is_done(&self, step: &str) -> bool {
        self.done.contains(step)
    }
    pub fn finish(&mut self, step: &str) -> Result<()> {
        self.done.insert(step.to_owned());
        self.save()
    }
    pub fn put(&mut self, name: &str, value: &str) -> Result<()> {
        self.values.insert(name.to_owned(), value.to_owned());
        self.save()
    }
    pub fn get(&self, name: &str) -> Result<String> {
        self.values
            .get(name)
            .cloned()
            .with_context(|| format!("an earlier step should have left `{name}`"))
    }
    pub fn find(&self, name: &str) -> Option<String> {
        self.values.get(name).cloned()
    }
    /// Written beside and renamed: a kill in between leaves the former one.
    fn save(&self) -> Result<()> {
        let beside = self.path.with_extension("new");
        std::fs::write(&beside, serde_json::to_vec_pretty(self)?)?;
        std::fs::rename(&beside, &self.path).with_context(|| self.path.display().to_string())
    }
}
