//! Configuration of a node: a TOML file, every line of which has a default that
//! serves a laptop.

use std::path::{Path, PathBuf};

use base::{Error, Result};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Shown in the top bar.
    pub name: String,
    /// Division of the node (GB/T 2260); its level follows from it.
    pub division: String,
    /// `zhejiang-2022`, `yongjia-2021`, `national-2025`.
    pub rule_set: String,
    /// Where it listens: `127.0.0.1:8100`.
    pub listen: String,
    /// Tables, files, indexes, keys, and the control store unless `store` says
    /// otherwise.
    pub data: PathBuf,
    /// `sqlite:///…` or `postgres://…`; absent: `data/control.db`.
    pub store: Option<String>,
    /// The address under which others reach it, for links in the open catalog.
    pub public_url: Option<String>,
    /// Set behind HTTPS: cookies travel only there.
    pub secure_cookies: bool,
    /// Background jobs at a time.
    pub job_width: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            name: "浙江省公共数据平台".into(),
            division: "330000".into(),
            rule_set: "zhejiang-2022".into(),
            listen: "127.0.0.1:8100".into(),
            data: PathBuf::from("data"),
            store: None,
            public_url: None,
            secure_cookies: false,
            job_width: 2,
        }
    }
}

impl Config {
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|e| Error::bad_request(format!("{}: {e}", path.display())))?;
        toml::from_str(&text).map_err(|e| Error::bad_request(format!("{}: {e}", path.display())))
    }
    pub fn store_url(&self) -> String {
        self.store
            .clone()
            .unwrap_or_else(|| format!("sqlite://{}", self.data.join("control.db").display()))
    }
    /// Without a trailing slash.
    pub fn base_url(&self) -> String {
        let url = self
            .public_url
            .clone()
            .unwrap_or_else(|| format!("http://{}", self.listen));
        url.trim_end_matches('/').to_owned()
    }
    pub fn directory(&self, name: &str) -> Result<PathBuf> {
        let path = self.data.join(name);
        std::fs::create_dir_all(&path)
            .map_err(|e| Error::new(&base::error::UNAVAILABLE).with("what", name).because(e))?;
        Ok(path)
    }
}
