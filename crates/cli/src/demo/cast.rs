//! The demo's institutions, people and accounts.

/// One password for all accounts of the demo. It is printed at the end: the
/// demo is no place for secrets.
pub const PASSWORD: &str = "shuqiao-demo-2026";
pub const ADMINISTRATOR: &str = "admin";
pub const AUTHORITY: &str = "浙江省大数据发展管理局";

/// (key, full name, short name, kind)
pub const INSTITUTIONS: &[(&str, &str, &str, &str)] = &[
    ("rst", "浙江省人力资源和社会保障厅", "省人社厅", "state_organ"),
    ("scjg", "浙江省市场监督管理局", "省市场监管局", "state_organ"),
    ("ybj", "浙江省医疗保障局", "省医保局", "state_organ"),
    ("hszh", "浙江省红十字会", "省红十字会", "authorised_organisation"),
    (
        "sdgs",
        "国网浙江省电力有限公司",
        "省电力公司",
        "public_service_operator",
    ),
    ("swj", "国家税务总局浙江省税务局", "省税务局", "national_agency"),
    ("zhongxin", "浙江省大数据管理中心", "省大数据中心", "working_body"),
    ("szf", "浙江省人民政府", "省政府", "government"),
    ("zjwyh", "浙江省公共数据专家委员会", "专家委员会", "expert_committee"),
    ("wxb", "浙江省互联网信息办公室", "省网信办", "regulator"),
];

/// (login, name, institution, roles, what the person does in the story)
pub const PEOPLE: &[(&str, &str, &str, &[&str], &str)] = &[
    (
        "dsj-shenhe",
        "陈立",
        "dsj",
        &["reviewer"],
        "省大数据局审核员：审核目录，决定共享",
    ),
    ("dsj-shenhe2", "周敏", "dsj", &["reviewer"], "省大数据局审核员(第二人)"),
    (
        "dsj-bianmu",
        "何静",
        "dsj",
        &["cataloguer", "data_manager", "approver"],
        "省大数据局：编制并开放本单位数据",
    ),
    (
        "dsj-shenji",
        "吴桐",
        "dsj",
        &["auditor"],
        "审计员：查看存证账本和调用记录",
    ),
    ("rst-bianmu", "林晓", "rst", &["cataloguer"], "省人社厅编目员"),
    (
        "rst-shuju",
        "王海",
        "rst",
        &["data_manager"],
        "省人社厅数据管理员：归集与质量",
    ),
    (
        "rst-shenpi",
        "赵岚",
        "rst",
        &["approver"],
        "省人社厅审批人：答复共享申请",
    ),
    ("scjg-bianmu", "沈青", "scjg", &["cataloguer"], "省市场监管局编目员"),
    (
        "scjg-shuju",
        "徐然",
        "scjg",
        &["data_manager"],
        "省市场监管局数据管理员",
    ),
    (
        "scjg-shenpi",
        "冯越",
        "scjg",
        &["approver"],
        "省市场监管局审批人：开放与撤回",
    ),
    ("ybj-yongshu", "孙宁", "ybj", &["applicant"], "省医保局用数申请人"),
    ("szf-jueding", "郑岩", "szf", &["decider"], "省政府：裁决争议"),
    ("zjwyh-zhuanjia", "钱伯安", "zjwyh", &["expert"], "专家委员会专家"),
];

/// The citizen and the firm; the numbers are invented and pass their check digits.
pub const CITIZEN: (&str, &str, &str) = ("shimin", "李明", "11010519491231002X");
pub const FIRM: (&str, &str) = ("qiye", "杭州示例电梯有限公司");
