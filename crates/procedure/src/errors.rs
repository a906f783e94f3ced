//! Errors of running procedures.

base::errors! {
    STEP_CLOSED = 409 "procedure.step_closed",
        "该环节已经办理", "this step has been decided",
        "请刷新页面，查看他人作出的决定", "reload to see what somebody else decided";
    NOT_YOUR_TURN = 403 "procedure.not_your_turn",
        "该环节应由{party}办理", "this step is for the {party} to decide",
        "请由相应机构中具有办理权限的人员办理", "somebody with that role in that institution decides";
    OUTCOME_NOT_ALLOWED = 422 "procedure.outcome_not_allowed",
        "该环节没有“{outcome}”这一办理结果", "this step has no outcome \"{outcome}\"",
        "请从页面列出的办理结果中选择", "choose one of the outcomes listed";
    REASON_REQUIRED = 422 "procedure.reason_required",
        "请说明理由", "a reason is required",
        "填写理由后重新提交", "state the reason and submit again";
    REASON_TOO_LONG = 422 "procedure.reason_too_long",
        "理由超过 {limit} 字", "the reason is longer than {limit} characters",
        "请精简理由，详细材料另附", "shorten it; attach details elsewhere";
    PARTY_MISSING = 422 "procedure.party_missing",
        "本节点尚未登记办理所需的机构：{party}", "an institution that the procedure needs is not filed: {party}",
        "请平台管理员先登记该机构", "ask the administrator to file it first";
    KIND_UNKNOWN = 422 "procedure.kind_unknown",
        "现行规则集没有“{kind}”流程", "the rule set in force has no procedure \"{kind}\"",
        "请核对节点配置的规则集", "check the rule set that the node is configured with";
}
