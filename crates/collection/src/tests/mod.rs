//! Files and loads, without a control store and with one.

mod files;
mod loads;
mod platform;
mod store;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use base::{Moment, ResourceId, Result};
use lake::{Lake, LakeConfig, LoadMode, TableName};

use crate::check::BadRow;
use crate::load::{Load, Progress, Staged};
use crate::read::{self, Hints};
use crate::spec::{Identifier, ItemSpec, ItemType, TableSpec};

/// Two citizen ID numbers whose check characters are right.
pub const GOOD_ID: &str = "11010519491231002X";
pub const OTHER_ID: &str = "440524188001010014";

pub fn persons() -> Arc<TableSpec> {
    Arc::new(TableSpec::from_items(vec![
        ItemSpec::text("cert_no", "证件号码")
            .identified(Identifier::CitizenId)
            .as_key(),
        ItemSpec {
            length: Some(10),
            ..ItemSpec::text("name", "姓名")
        },
        ItemSpec::text("division_code", "行政区划代码").identified(Identifier::Division),
        ItemSpec::text("updated_on", "更新日期").of(ItemType::Date),
    ]))
}

pub struct Bench {
    pub dir: tempfile::TempDir,
    pub lake: Lake,
    pub spec: Arc<TableSpec>,
    pub table: TableName,
}

/// What a load came to.
pub struct Outcome {
    pub staged: Staged,
    pub bad: Vec<BadRow>,
}

impl Bench {
    pub fn new(spec: Arc<TableSpec>) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let lake = Lake::open(LakeConfig::local(dir.path()).expect("a lake")).expect("a lake");
        Self {
            dir,
            lake,
            spec,
            table: TableName::new("res_1").expect("a name"),
        }
    }

    pub fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::write(&path, content).expect("writes");
        path
    }

    pub fn open(&self, name: &str, content: &[u8]) -> Result<read::Input> {
        read::open(&self.file(name, content), name, &Hints::default(), &self.spec)
    }

    pub async fn stage(&self, path: &Path, name: &str, mode: LoadMode, batch: &str) -> Result<Outcome> {
        let input = read::open(path, name, &Hints::default(), &self.spec)?;
        let load = Load {
            lake: self.lake.clone(),
            resource: ResourceId("res_1".into()),
            table: self.table.clone(),
            spec: self.spec.clone(),
            mode,
            batch: batch.into(),
            spool_dir: self.dir.path().to_owned(),
            workers: 2,
            seed: 7,
            progress: Arc::new(Progress::default()),
        };
        let mut staged = load.stage(input).await?;
        let mut bad = vec![];
        for chunk in staged.bad.chunks(100).expect("reads") {
            bad.extend(chunk.expect("reads"));
        }
        bad.sort_by_key(|b| b.row);
        Ok(Outcome { staged, bad })
    }

    /// Stages and commits; the version, and the rows set apart.
    pub async fn load(&self, name: &str, content: &[u8], mode: LoadMode, batch: &str) -> Result<(u64, Vec<BadRow>)> {
        let path = self.file(name, content);
        let Outcome { staged, bad } = self.stage(&path, name, mode, batch).await?;
        assert_eq!(
            staged.rows_read,
            staged.rows_good + staged.rows_bad,
            "every row is somewhere"
        );
        let keys = self.spec.key_names();
        let done = staged
            .staging
            .commit(staged.files, mode, &keys, Moment(0))
            .await
            .expect("commits");
        assert_eq!(done.rows, staged.rows_good);
        Ok((done.version, bad))
    }
}

/// Code of the error that opening a file gives.
pub fn refused(opened: Result<read::Input>) -> &'static str {
    opened.err().map_or("opened", |e| e.code())
}

pub fn codes(bad: &[BadRow]) -> Vec<(u64, Vec<&str>)> {
    bad.iter()
        .map(|b| (b.row, b.reasons.iter().map(|r| r.code.as_str()).collect()))
        .collect()
}
