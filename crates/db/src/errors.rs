//! What the ledger's storage refuses.

base::errors! {
    LEDGER_ALTERED = 500 "ledger.altered",
        "账本与已封存的记录不符，已停止签发检查点", "the ledger contradicts what was sealed; no checkpoint is signed",
        "请运行 shuqiao ledger verify --in-store 查明被改动之处，并保全现场", "run shuqiao ledger verify --in-store to find what was altered, and preserve the store";
    NOT_COVERED = 404 "ledger.not_covered",
        "检查点尚未覆盖该范围", "no checkpoint covers this range yet",
        "请以最新检查点的条数为界重新查询", "ask again within the size of the latest checkpoint";
}
