//! Errors of the catalog.

base::errors! {
    REVISION_CONFLICT = 409 "catalog.revision_conflict",
        "该条目在您编辑期间已被他人修改，您的内容没有丢失，也没有覆盖他人的修改", "somebody changed this entry while you edited; neither text is lost",
        "请对照 current 与 submitted 两份内容合并后，以新的 revision 重新保存", "merge `current` and `submitted`, then save with the new revision";
    WRONG_STATE = 409 "catalog.wrong_state",
        "条目目前是“{state}”状态，不能{step}", "an entry that is {state} cannot {step}",
        "请刷新后查看条目可以进行的操作", "reload and see which actions the entry allows";
    DECIDED_BEFORE = 409 "catalog.decided_before",
        "该条目已被他人审核或修改", "somebody has decided on or changed this entry",
        "请刷新后查看审核结果", "reload and see the decision";
    TOO_MANY_ROWS = 422 "catalog.too_many_rows",
        "符合条件的条目有 {count} 条，超过一次导出上限 {limit} 条", "{count} entries match, more than the {limit} that one export holds",
        "请增加筛选条件后分批导出", "filter further and export in parts";
}
