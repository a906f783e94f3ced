//! What can go wrong in opening.

base::errors! {
    SUSPENDED = 410 "opening.suspended",
        "该数据集已中止开放", "this dataset is suspended",
        "请查看数据集页面上的说明，恢复后再获取", "see the note on the dataset's page and come back after it is restored";
    WITHDRAWN = 410 "opening.withdrawn",
        "该数据集已撤回", "this dataset was withdrawn",
        "请在数据目录中查找其他数据集", "look for another dataset in the catalog";
    NOT_UNCONDITIONAL = 422 "opening.not_unconditional",
        "该条目的开放属性不是无条件开放，不能提供下载", "this entry is not for unconditional opening and cannot be offered for download",
        "受限开放的数据请走受限开放申请；如属性有误，请先修改目录", "restricted data is applied for; where the attribute is wrong, revise the catalog entry first";
    NOT_PUBLISHED = 422 "opening.not_published",
        "该目录条目尚未发布", "this catalog entry is not published",
        "请先提交目录审核，发布后再开放", "have the entry reviewed and published first";
    NOTHING_TO_OPEN = 422 "opening.nothing_to_open",
        "按现有处理方式，没有可以开放的数据项", "under this treatment no item is left to open",
        "请至少保留一个数据项", "keep at least one item";
    NO_DATA = 409 "opening.no_data",
        "该资源还没有归集数据", "no data has been collected for this resource",
        "请先归集数据，再开放", "load data first, then open it";
    WRONG_STATE = 409 "opening.wrong_state",
        "数据集当前状态为“{state}”，不能{action}", "the dataset is {state}; it cannot be {action}",
        "请刷新页面，按当前状态办理", "reload the page and act on the present state";
    CHANGED = 409 "opening.changed",
        "数据在翻页期间已更新", "the data was updated between two pages",
        "请从第一页重新读取", "start again from the first page";
    NO_ITEM = 422 "opening.no_item",
        "没有数据项“{item}”", "there is no item {item}",
        "请对照数据字典填写数据项名称", "use the names of the data dictionary";
    BAD_FILTER = 422 "opening.bad_filter",
        "筛选条件“{filter}”无法识别", "the filter {filter} cannot be read",
        "格式为 数据项：比较：值，例如 qty:ge:10", "write item:operator:value, for example qty:ge:10";
    TOO_DEEP = 422 "opening.too_deep",
        "翻页超过第{limit}行", "paging beyond row {limit}",
        "请加筛选条件，或下载完整文件", "narrow the filter, or download the whole file";
    NO_KEY = 422 "opening.no_key",
        "该数据集没有单一主键，不能按主键去除记录", "this dataset has no single key item, so records cannot be left out by key",
        "请改用去除或脱敏数据项", "drop or mask items instead";
    REVIEWED = 409 "opening.review_running",
        "该事项的复核正在进行或已经完成", "a review of this matter runs or has ended",
        "请在“我的事项”查看进度", "see its progress under My matters";
    HELD = 409 "opening.held",
        "另有撤回申请正在核实，数据集不能恢复开放", "another request for withdrawal is being checked, so the dataset cannot be opened again",
        "请先办结该数据集的其他撤回申请", "decide the other requests about this dataset first";
    NO_TREATMENT = 422 "opening.no_treatment",
        "没有说明如何处理数据", "it is not said how the data is to be treated",
        "请选择要去除或脱敏的数据项，或要去除的记录", "choose items to drop or mask, or records to leave out";
    NOT_OFFERED = 404 "opening.no_such_format",
        "该数据集没有这种格式的文件", "this dataset is not offered in that format",
        "请选择页面上列出的格式", "choose a format that its page lists";
}
