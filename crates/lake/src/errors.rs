use datafusion::error::DataFusionError;
use deltalake::DeltaTableError;

base::errors! {
    NO_TABLE = 404 "lake.no_table",
        "该资源还没有归集数据", "no data has been collected for this resource yet",
        "请先在“归集”中加载数据", "load data under Collection first";
    NO_VERSION = 404 "lake.no_version",
        "数据表没有版本 {version}", "the table has no version {version}",
        "请查看版本列表后重试", "look at the list of versions and try again";
    NO_COLUMN = 422 "lake.no_column",
        "数据项 {column} 不在授权范围内或不存在", "item {column} does not exist or is not granted",
        "请只使用授权的数据项", "use the granted items only";
    TYPE_CHANGED = 409 "lake.type_changed",
        "数据项 {column} 的类型已由 {from} 变为 {to}，与已有数据不一致", "item {column} changed its type from {from} to {to}, unlike the data that is there",
        "请恢复原类型，或改用新的数据项名", "restore the type or use a new item name";
    DISK_FULL = 507 "lake.disk_full",
        "数据存储空间不足", "the data store is full",
        "请联系平台管理员扩容后重试；文件已保留", "ask the administrator for space, then retry; the file is kept";
    STORE = 503 "lake.store",
        "数据存储暂时不可用", "the data store is unavailable",
        "请稍后重试；数据没有丢失", "try again later; nothing was lost";
    TOO_BIG = 413 "lake.too_big",
        "查询超出内存和临时空间上限", "the query needs more than the memory and temporary space allowed",
        "请缩小范围后重试", "narrow the query and try again";
}

/// What can go wrong below a table, before it is told to a person.
#[derive(Debug, thiserror::Error)]
pub enum LakeError {
    #[error("{0}")]
    Told(#[from] base::Error),
    #[error("delta: {0}")]
    Delta(#[from] DeltaTableError),
    #[error("engine: {0}")]
    Engine(#[from] DataFusionError),
    #[error("object store: {0}")]
    Store(#[from] object_store::Error),
    #[error("arrow: {0}")]
    Arrow(#[from] arrow::error::ArrowError),
}

impl LakeError {
    /// True where the cause is a full disk or an exhausted quota. The layers
    /// below wrap the system's error several times, each in its own way.
    pub fn is_disk_full(&self) -> bool {
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(self);
        while let Some(error) = cause {
            if let Some(io) = error.downcast_ref::<std::io::Error>()
                && matches!(
                    io.kind(),
                    std::io::ErrorKind::StorageFull
                        | std::io::ErrorKind::QuotaExceeded
                        | std::io::ErrorKind::FileTooLarge
                )
            {
                return true;
            }
            cause = error.source();
        }
        // Some wrappers keep only the text of the system's error.
        let text = self.to_string();
        ["os error 28", "os error 27", "os error 122"]
            .iter()
            .any(|code| text.contains(code))
    }
}

impl From<LakeError> for base::Error {
    fn from(e: LakeError) -> Self {
        if e.is_disk_full() {
            return base::Error::new(&DISK_FULL).because(e);
        }
        match e {
            LakeError::Told(told) => told,
            LakeError::Engine(DataFusionError::ResourcesExhausted(why)) => base::Error::new(&TOO_BIG).because(why),
            LakeError::Store(store) => base::Error::new(&STORE).because(store),
            other => base::Error::internal(other),
        }
    }
}
