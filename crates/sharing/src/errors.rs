//! Errors of sharing.

base::errors! {
    NOT_SHARED = 422 "sharing.not_shared",
        "“{item}”属于不共享数据", "{item} is not shared",
        "请向数源部门或主管部门提出数据需求，或去掉该数据项", "raise a demand with the provider or the authority, or leave the item out";
    MODE_NOT_OFFERED = 422 "sharing.mode_not_offered",
        "该资源不提供“{mode}”方式", "this resource does not offer the mode {mode}",
        "请从目录所列共享方式中选择", "choose one of the modes that the catalog lists";
    BATCH_NOT_AVAILABLE = 422 "sharing.batch_not_available",
        "本节点尚未开通批量共享", "batch sharing is not open on this node",
        "请改用核验或者查询方式；这两种方式优先", "apply for verify or query; they come first";
    OWN_DATA = 422 "sharing.own_data",
        "这是本单位提供的数据，不需要申请", "this is your own institution's data; no request is needed",
        "请从申请中去掉该资源", "leave the resource out of the request";
    NO_KEY = 422 "sharing.no_key",
        "该资源没有可供核验、查询的标识项", "the resource has no item to look up by",
        "请联系数源部门在目录中补充主键或者标识项", "ask the provider to mark a key item in the catalog";
    GRANT_STATE = 409 "sharing.grant_state",
        "该授权当前状态为“{state}”，不能执行此操作", "the grant is {state}; this cannot be done",
        "请刷新后查看授权状态", "reload and look at the grant's state";
    WIDER_TERMS = 422 "sharing.wider_terms",
        "授权条件只能收紧，不能放宽已定条件", "terms can only get tighter than what was fixed before",
        "请保留此前环节确定的脱敏、期限和频次", "keep the masks, the end and the rate fixed before";
    NO_APPLICATION = 422 "sharing.no_application",
        "本单位没有这个应用，或者应用已停用", "your institution has no such application, or it is closed",
        "请先登记应用，或从本单位的应用中选择", "register the application first, or choose one of your institution's";
}
