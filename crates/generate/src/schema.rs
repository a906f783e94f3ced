//! The items of the generated tables: column names, Chinese titles, and what a
//! catalog entry needs to say of them. The demo's entries are made from here,
//! so that catalog and data cannot drift apart.
//!
//! 社会保险个人参保信息 ([`INSURANCE`]), key `cert_no` + `insurance_type`; a
//! person has up to three rows, one a kind of insurance:
//!
//! | column | title |
//! |---|---|
//! | `social_security_no` | 社会保障号码 |
//! | `name` | 姓名 |
//! | `cert_type` | 证件类型 |
//! | `cert_no` | 证件号码 |
//! | `employer` | 参保单位 |
//! | `uscc` | 统一社会信用代码 |
//! | `insurance_type` | 参保类型 |
//! | `participation_state` | 人员参保状态 |
//! | `payment_state` | 人员缴费状态 |
//! | `division_code` | 行政区划代码 |
//! | `updated_at` | 更新时间 |
//!
//! 特种设备使用登记证 ([`EQUIPMENT`]), key `certificate_no`:
//!
//! | column | title |
//! |---|---|
//! | `certificate_no` | 使用登记证编号 |
//! | `equipment_code` | 设备代码 |
//! | `equipment_kind` | 设备种类 |
//! | `equipment_name` | 设备名称 |
//! | `user_unit` | 使用单位 |
//! | `uscc` | 统一社会信用代码 |
//! | `location` | 设备使用地点 |
//! | `division_code` | 行政区划代码 |
//! | `registered_on` | 登记日期 |
//! | `next_inspection_on` | 下次检验日期 |
//! | `authority` | 登记机关 |
//! | `state` | 使用状态 |
//! | `updated_at` | 更新时间 |

use serde::Serialize;

/// A column, in the words of a catalog item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Item {
    /// Column name.
    pub name: &'static str,
    /// 中文名
    pub title: &'static str,
    pub meaning: &'static str,
    /// `string`, `date` or `datetime`.
    pub r#type: &'static str,
    /// Characters at most; 0 for dates and times.
    pub length: u32,
    /// `rules/code-sets/NAME.toml`.
    pub code_set: Option<&'static str>,
    /// What identifies in it: `citizen_id`, `uscc`, `division`, `name`, `address`.
    pub identifier: Option<&'static str>,
    pub key: bool,
    pub nullable: bool,
    /// L1 to L4.
    pub grade: &'static str,
}

const fn item(name: &'static str, title: &'static str, meaning: &'static str, length: u32) -> Item {
    Item {
        name,
        title,
        meaning,
        r#type: "string",
        length,
        code_set: None,
        identifier: None,
        key: false,
        nullable: false,
        grade: "L1",
    }
}

impl Item {
    const fn of(self, r#type: &'static str) -> Self {
        Self {
            r#type,
            length: 0,
            ..self
        }
    }
    const fn coded(self, code_set: &'static str) -> Self {
        Self {
            code_set: Some(code_set),
            ..self
        }
    }
    const fn identifies(self, identifier: &'static str) -> Self {
        Self {
            identifier: Some(identifier),
            ..self
        }
    }
    const fn key(self) -> Self {
        Self { key: true, ..self }
    }
    const fn nullable(self) -> Self {
        Self { nullable: true, ..self }
    }
    const fn grade(self, grade: &'static str) -> Self {
        Self { grade, ..self }
    }
}

pub static INSURANCE: [Item; 11] = [
    item(
        "social_security_no",
        "社会保障号码",
        "参保人的社会保障号码，即公民身份号码",
        18,
    )
    .identifies("citizen_id")
    .grade("L3"),
    item("name", "姓名", "参保人姓名", 50).identifies("name").grade("L3"),
    item("cert_type", "证件类型", "参保登记所用证件的类型", 3)
        .coded("cert_type")
        .grade("L2"),
    item("cert_no", "证件号码", "参保登记所用证件的号码", 20)
        .key()
        .grade("L3"),
    item("employer", "参保单位", "为其参保的单位；城乡居民参保没有单位", 100)
        .nullable()
        .grade("L2"),
    item("uscc", "统一社会信用代码", "参保单位的统一社会信用代码", 18)
        .identifies("uscc")
        .nullable()
        .grade("L2"),
    item("insurance_type", "参保类型", "参加的社会保险险种", 3)
        .coded("insurance_type")
        .key()
        .grade("L2"),
    item("participation_state", "人员参保状态", "参保关系的当前状态", 1)
        .coded("participation_state")
        .grade("L2"),
    item("payment_state", "人员缴费状态", "缴费的当前状态", 1)
        .coded("payment_state")
        .grade("L3"),
    item(
        "division_code",
        "行政区划代码",
        "参保关系所在地的行政区划(GB/T 2260)",
        6,
    )
    .identifies("division")
    .grade("L1"),
    item("updated_at", "更新时间", "本条记录最近一次变更的时间", 0)
        .of("datetime")
        .grade("L1"),
];

pub static EQUIPMENT: [Item; 13] = [
    item("certificate_no", "使用登记证编号", "特种设备使用登记证的编号", 24).key(),
    item("equipment_code", "设备代码", "设备出厂时赋予的代码", 17),
    item("equipment_kind", "设备种类", "《特种设备目录》中的种类", 4).coded("equipment_kind"),
    item("equipment_name", "设备名称", "《特种设备目录》中的品种名称", 50),
    item("user_unit", "使用单位", "设备的使用单位", 100),
    item("uscc", "统一社会信用代码", "使用单位的统一社会信用代码", 18).identifies("uscc"),
    item("location", "设备使用地点", "设备所在的地址", 200).identifies("address"),
    item("division_code", "行政区划代码", "设备所在地的行政区划(GB/T 2260)", 6).identifies("division"),
    item("registered_on", "登记日期", "使用登记的日期", 0).of("date"),
    item("next_inspection_on", "下次检验日期", "下一次定期检验的日期", 0).of("date"),
    item("authority", "登记机关", "办理使用登记的机关", 100),
    item("state", "使用状态", "设备的使用状态", 1).coded("equipment_state"),
    item("updated_at", "更新时间", "本条记录最近一次变更的时间", 0).of("datetime"),
];
