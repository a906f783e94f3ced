base::errors! {
    NO_DATA = 409 "quality.no_data",
        "该数据资源还没有归集数据", "nothing has been collected for this resource yet",
        "请先归集数据，再执行质量检查", "collect data first, then run the check";
    RULE_CHANGED = 409 "quality.rule_changed",
        "该规则已被他人修改", "this rule was changed by somebody else",
        "请刷新后重新修改", "reload, then change it again";
    NOTHING_ENABLED = 409 "quality.nothing_enabled",
        "没有启用的质量规则", "no quality rule is enabled",
        "请至少启用一条规则", "enable at least one rule";
    WRONG_STATE = 409 "quality.work_order_state",
        "工单当前状态不能执行该操作", "the work order's state does not allow this",
        "请刷新后查看工单的办理环节", "reload and look at the order's open step";
    EXPLANATION_REQUIRED = 422 "quality.explanation_required",
        "办结未通过复检的工单须说明情况", "closing an order without a passed re-check needs an explanation",
        "请填写情况说明后重新提交", "write the explanation and submit again";
}
