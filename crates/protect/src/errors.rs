base::errors! {
    MASK_UNKNOWN = 422 "protect.mask_unknown",
        "没有名为“{name}”的脱敏方式", "there is no mask named “{name}”",
        "请从脱敏方式清单中选择", "choose one from the list of masks";
    MASK_INVALID = 422 "protect.mask_invalid",
        "脱敏方式的参数有误：{detail}", "the mask's parameters are wrong: {detail}",
        "请按脱敏方式说明修改", "correct it as the mask's description says";
    PLAN_INVALID = 422 "protect.plan_invalid",
        "授权内容不能形成访问计划：{detail}", "the grant does not make an access plan: {detail}",
        "请补全数据项、脱敏和行范围后重试", "complete items, masks and rows, then try again";
    ITEM_NOT_GRANTED = 403 "protect.item_not_granted",
        "数据项“{item}”不在授权范围内", "the item “{item}” is not granted",
        "请只请求授权的数据项，或另行申请", "ask for granted items only, or apply for it";
    MASK_KEY_MISSING = 500 "protect.mask_key_missing",
        "脱敏密钥未配置", "the key of a mask is not configured",
        "请平台管理员检查密钥配置", "the administrator must check the configuration of keys";
    COLUMN_MISSING = 500 "protect.column_missing",
        "数据表中没有数据项“{item}”", "the table has no item “{item}”",
        "请核对目录与数据表的数据项是否一致", "compare the catalog entry's items with the table's";
    VALUE_UNREADABLE = 500 "protect.value_unreadable",
        "数据项“{item}”的值无法读取", "the values of “{item}” cannot be read",
        "请平台管理员检查该数据项的类型", "the administrator must check the item's type";
}
