base::errors! {
    UNKNOWN_FORMAT = 422 "collection.unknown_format",
        "无法识别文件格式：{name}", "the format of the file cannot be recognised: {name}",
        "请上传 CSV、XLSX、JSON Lines 或 Parquet 文件", "upload a CSV, XLSX, JSON Lines or Parquet file";
    TYPE_MISMATCH = 422 "collection.type_mismatch",
        "文件名表示 {named}，但内容是 {found}", "the name says {named}, but the content is {found}",
        "请改正扩展名，或重新导出为 {named} 后上传", "correct the extension, or export again as {named}";
    EMPTY_FILE = 422 "collection.empty_file",
        "文件没有数据行", "the file has no rows",
        "请检查导出结果后重新上传", "check the export and upload again";
    BROKEN_FILE = 422 "collection.broken_file",
        "文件已损坏或不完整：{detail}", "the file is damaged or cut short: {detail}",
        "请重新导出后上传", "export it again and upload";
    ENCODING_MIXED = 422 "collection.encoding_mixed",
        "文件混用两种编码：第 {utf8_line} 行是 UTF-8,第 {gb_line} 行是 GB18030(字节 {offset})",
        "the file mixes two encodings: line {utf8_line} is UTF-8, line {gb_line} is GB18030 (byte {offset})",
        "请统一转为 UTF-8 后上传", "convert all of it to UTF-8 and upload";
    ENCODING_UNKNOWN = 422 "collection.encoding_unknown",
        "第 {line} 行(字节 {offset})既不是 UTF-8 也不是 GB18030", "line {line} (byte {offset}) is neither UTF-8 nor GB18030",
        "请另存为 UTF-8 后上传", "save it as UTF-8 and upload";
    LINE_TOO_LONG = 422 "collection.line_too_long",
        "第 {line} 行(字节 {offset} 起)超过一行的上限 {limit} 字节", "line {line} (from byte {offset}) is longer than {limit} bytes",
        "请检查换行符与引号是否完整", "check line ends and closing quotes";
    ZIP_BOMB = 422 "collection.zip_bomb",
        "XLSX 解压后过大({member}),可能是压缩炸弹", "the XLSX unpacks to too much ({member}); it may be a bomb",
        "请另存为 CSV 后上传", "save it as CSV and upload";
    SHEET_MISSING = 422 "collection.sheet_missing",
        "工作簿中没有工作表“{sheet}”，现有：{sheets}", "the workbook has no sheet “{sheet}”; it has: {sheets}",
        "请选择现有的工作表", "choose one that is there";
    NO_HEADER = 422 "collection.no_header",
        "第一行不是表头：没有一列与目录的信息项对应", "the first line is no header: no column matches the catalog's items",
        "第一行请写信息项的名称或列名：{expected}", "put the items' titles or names into the first line: {expected}";
    MISSING_COLUMNS = 422 "collection.missing_columns",
        "文件缺少必填的信息项：{columns}", "the file lacks required items: {columns}",
        "请补齐这些列后上传", "add these columns and upload";
    DOUBLE_COLUMN = 422 "collection.double_column",
        "有两列都对应信息项“{item}”", "two columns match the item “{item}”",
        "请删去多余的一列", "remove one of them";
    JSON_NOT_LINES = 422 "collection.json_not_lines",
        "文件是 JSON 数组，不是每行一个对象", "the file is a JSON array, not one object a line",
        "请转为 JSON Lines(每行一个对象)后上传", "convert it to JSON Lines (one object a line)";
    TOO_MANY_BAD_ROWS = 422 "collection.too_many_bad_rows",
        "问题行超过 {limit} 行，整批退回；最多的问题：{most}", "more than {limit} rows have problems, the batch is refused whole; most often: {most}",
        "请按问题清单修正源数据后重新上传", "correct the source by the list of problems and upload again";
    UPLOAD_CUT = 400 "collection.upload_cut",
        "上传中断，没有留下任何内容", "the upload was cut; nothing of it was kept",
        "请重新上传", "upload again";
    NO_FILE = 400 "collection.no_file",
        "请求中没有文件", "the request has no file",
        "请在 file 字段中上传一个文件", "send one file in the field `file`";
    DISK_FULL = 507 "collection.disk_full",
        "存储空间不足，本批没有写入任何数据，文件已保留", "the disk is full; nothing of this batch was loaded, the file is kept",
        "请联系平台管理员扩容，然后在本页重试", "ask the administrator for space, then retry on this page";
    NOT_COLLECTABLE = 409 "collection.not_collectable",
        "该资源尚未发布，不能归集数据", "the resource is not published; no data can be collected for it",
        "请先完成编目和审核", "complete cataloguing and review first";
    BASIS_REQUIRED = 422 "collection.basis_required",
        "归集必须写明法律依据、目的和范围", "a collection names its legal basis, purpose and scope",
        "请补充缺少的内容", "add what is missing";
    IDENTIFIER_REQUIRED = 422 "collection.identifier_required",
        "{subject}数据必须包含必要标识：{identifier}", "{subject} data must carry its necessary identifier: {identifier}",
        "请在目录中为该资源补充标识信息项", "add the identifier item to the resource's catalog entry";
    KEY_REQUIRED = 422 "collection.key_required",
        "按主键更新需要目录中至少有一个主键信息项", "loading by key needs at least one key item in the catalog",
        "请先在目录中指定主键，或改用追加方式", "name the key in the catalog first, or choose append";
    BAD_CONFIG = 422 "collection.bad_config",
        "数据源配置有误：{detail}", "the source's configuration is wrong: {detail}",
        "请按说明修改配置", "correct the configuration";
    SOURCE_UNREACHABLE = 422 "collection.source_unreachable",
        "读取源数据库失败：{detail}", "the source database cannot be read: {detail}",
        "请检查地址、账号和表名后重试", "check address, account and table, then retry";
    SOURCE_PAUSED = 409 "collection.source_paused",
        "该数据源已停用", "the source is paused",
        "请先启用数据源", "resume the source first";
    NOT_CANCELLABLE = 409 "collection.not_cancellable",
        "该批次已经结束，不能取消", "the batch has ended and cannot be cancelled",
        "如需撤回数据，请加载更正后的批次", "load a corrected batch to change the data";
    NOT_RETRYABLE = 409 "collection.not_retryable",
        "只有失败或已取消的批次可以重试", "only a failed or cancelled batch can be retried",
        "请上传新的文件", "upload a new file";
    BATCH_OPEN = 409 "collection.batch_open",
        "该批次尚未结束", "the batch has not ended yet",
        "请等它完成后再处理问题行", "wait for its end, then work on its rows";
    ROW_CLOSED = 409 "collection.row_closed",
        "该问题行已重新加载或已作废，不能再修改", "the row was loaded or discarded already",
        "请刷新列表", "reload the list";
    REVISION_CONFLICT = 409 "collection.revision_conflict",
        "该内容已被他人修改", "this was changed by somebody else",
        "请刷新后重试", "reload and try again";
    NOTHING_TO_REPLAY = 409 "collection.nothing_to_replay",
        "没有已更正、待重新加载的行", "no corrected row waits to be loaded",
        "请先更正问题行", "correct rows first";
    CANCELLED = 409 "collection.cancelled",
        "批次已取消", "the batch was cancelled",
        "如需继续，请重试", "retry to go on";
}
