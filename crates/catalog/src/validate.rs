//! What an entry must say, a message per field (CAT-2, CAT-5, CAT-6).
//!
//! Two depths: a draft may be incomplete, so saving only refuses what can never
//! be right ([`Depth::Draft`]); going to the authority everything is asked for
//! ([`Depth::Complete`]).

use std::collections::HashSet;

use base::{FieldError, Lang, codes, limits};
use law::RuleSet;

use crate::model::{
    CollectionState, DataType, Document, Grade, IDENTIFIERS, Item, Opening, OpeningAttribute, Sharing,
    SharingAttribute, TimeSpan,
};
use crate::vocabulary::{Term, Vocabulary, find};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    Draft,
    Complete,
}

/// What the document is held against.
pub struct Rules<'a> {
    pub vocabulary: &'a Vocabulary,
    /// Its grounds support the attributes.
    pub rule_set: &'a RuleSet,
    pub lang: Lang,
}

/// All mistakes of a document; none where it may pass.
pub fn validate(document: &Document, depth: Depth, rules: &Rules<'_>) -> Vec<FieldError> {
    let mut check = Check {
        found: vec![],
        depth,
        lang: rules.lang,
    };
    check.head(document, rules.vocabulary);
    check.items(&document.items);
    check.sharing(&document.sharing, rules.rule_set);
    check.opening(&document.opening, rules.rule_set);
    check.agreement(document);
    check.found
}

struct Check {
    found: Vec<FieldError>,
    depth: Depth,
    lang: Lang,
}

impl Check {
    fn fail(&mut self, field: impl Into<String>, code: &str, zh: impl Into<String>, en: impl Into<String>) {
        let message = if self.lang == Lang::En { en.into() } else { zh.into() };
        self.found.push(FieldError {
            field: field.into(),
            code: code.into(),
            message,
        });
    }
    fn required(&mut self, field: &str, present: bool, zh: &str, en: &str) {
        if !present && self.depth == Depth::Complete {
            self.fail(field, "required", format!("请填写{zh}"), format!("{en} is required"));
        }
    }
    fn text(&mut self, field: &str, value: &str, chars_max: usize) {
        let chars = value.chars().count();
        if chars > chars_max {
            self.fail(
                field,
                "too_long",
                format!("不能超过 {chars_max} 个字，现有 {chars} 个"),
                format!("at most {chars_max} characters, has {chars}"),
            );
        }
        if value
            .chars()
            .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
        {
            self.fail(
                field,
                "control_character",
                "含有不可见的控制字符，请删除",
                "contains control characters; remove them",
            );
        }
    }
    fn word(&mut self, field: &str, value: &str, terms: &[Term], zh: &str, en: &str) {
        self.required(field, !value.is_empty(), zh, en);
        if !value.is_empty() && find(terms, value).is_none() {
            self.unknown(field, value);
        }
    }
    fn words(&mut self, field: &str, values: &[String], known: impl Fn(&str) -> bool) {
        let mut seen = HashSet::new();
        for (i, value) in values.iter().enumerate() {
            let field = format!("{field}[{i}]");
            if !known(value) {
                self.unknown(&field, value);
            } else if !seen.insert(value) {
                self.fail(field, "duplicate", "重复选择", "chosen twice");
            }
        }
    }
    fn unknown(&mut self, field: &str, value: &str) {
        let shown: String = value.chars().take(40).collect();
        self.fail(
            field,
            "unknown",
            format!("词表中没有“{shown}”，请从列表中选择"),
            format!("\"{shown}\" is not in the vocabulary; choose from the list"),
        );
    }

    fn head(&mut self, d: &Document, v: &Vocabulary) {
        // Even a draft needs a name by which its author finds it again.
        if d.title.trim().is_empty() {
            self.fail("title", "required", "请填写资源名称", "the title is required");
        }
        self.text("title", &d.title, limits::SHORT_TEXT_CHARS_MAX);
        self.required("summary", !d.summary.trim().is_empty(), "摘要", "the summary");
        self.text("summary", &d.summary, limits::LONG_TEXT_CHARS_MAX);
        self.word("subject", &d.subject, &v.subjects, "主题领域", "the subject");
        self.word("format", &d.format, &v.formats, "资源格式", "the format");
        self.word("data_type", &d.data_type, &v.data_types, "数据类型", "the data type");
        self.word(
            "update_frequency",
            &d.update_frequency,
            &v.frequencies,
            "更新频率",
            "the update frequency",
        );
        if let Some(code) = &d.division_code
            && codes::division(code).is_none()
        {
            self.unknown("division_code", code);
        }
        self.words("libraries", &d.libraries, |code| v.library(code).is_some());
        self.words("channels", &d.channels, |code| find(&v.channels, code).is_some());
        self.required("channels", !d.channels.is_empty(), "提供渠道", "a channel");
        self.required("grade", d.grade.is_some(), "数据分级", "the grade");
        self.time_span(d.time_span.as_ref());
        if d.volume.is_some_and(|rows| i64::try_from(rows).is_err()) {
            self.fail("volume", "out_of_range", "数据量过大", "the volume is out of range");
        }
        if d.related.len() > RELATED_MAX {
            self.fail(
                "related",
                "too_many",
                format!("关联资源最多 {RELATED_MAX} 个"),
                format!("at most {RELATED_MAX} related resources"),
            );
        }
    }

    fn time_span(&mut self, span: Option<&TimeSpan>) {
        let from = span.and_then(|s| s.from);
        if let (Some(from), Some(to)) = (from, span.and_then(|s| s.to))
            && to < from
        {
            self.fail(
                "time_span.to",
                "before_begin",
                "结束日期早于起始日期",
                "the end is before the begin",
            );
        }
    }

    fn items(&mut self, items: &[Item]) {
        self.required("items", !items.is_empty(), "至少一个信息项", "at least one item");
        if items.len() > limits::ITEMS_MAX {
            let max = limits::ITEMS_MAX;
            self.fail(
                "items",
                "too_many",
                format!("信息项最多 {max} 个"),
                format!("at most {max} items"),
            );
            return;
        }
        let mut names = HashSet::new();
        let mut titles = HashSet::new();
        for (i, item) in items.iter().enumerate() {
            self.item(&format!("items[{i}]"), item);
            if !item.name.is_empty() && !names.insert(item.name.as_str()) {
                self.fail(
                    format!("items[{i}].name"),
                    "duplicate",
                    "英文名与其他信息项重复",
                    "another item has this name",
                );
            }
            if !item.title.trim().is_empty() && !titles.insert(item.title.trim()) {
                self.fail(
                    format!("items[{i}].title"),
                    "duplicate",
                    "中文名与其他信息项重复",
                    "another item has this title",
                );
            }
        }
        if !items.is_empty() && !items.iter().any(|i| i.key) {
            self.required(
                "items",
                false,
                "主键：至少标明一个主键信息项",
                "a key: mark at least one item as key",
            );
        }
    }

    fn item(&mut self, at: &str, item: &Item) {
        let field = |name: &str| format!("{at}.{name}");
        self.required(&field("name"), !item.name.is_empty(), "英文名", "the column name");
        if !item.name.is_empty() && !is_column_name(&item.name) {
            self.fail(
                field("name"),
                "format",
                "英文名须以小写字母开头，只含小写字母、数字和下划线，不超过 60 个字符",
                "begins with a lower-case letter, holds lower-case letters, digits and underscores, at most 60",
            );
        }
        self.required(&field("title"), !item.title.trim().is_empty(), "中文名", "the title");
        self.text(&field("title"), &item.title, limits::SHORT_TEXT_CHARS_MAX);
        self.text(&field("meaning"), &item.meaning, limits::LONG_TEXT_CHARS_MAX);
        for (name, value) in [
            ("format", &item.format),
            ("code_set", &item.code_set),
            ("data_element", &item.data_element),
        ] {
            self.text(
                &field(name),
                value.as_deref().unwrap_or_default(),
                limits::SHORT_TEXT_CHARS_MAX,
            );
        }
        self.required(&field("type"), item.data_type.is_some(), "类型", "the type");
        self.required(&field("grade"), item.grade.is_some(), "数据分级", "the grade");
        if item.length == Some(0) || item.length.is_some_and(|n| n > ITEM_LENGTH_MAX) {
            self.fail(
                field("length"),
                "out_of_range",
                format!("长度应在 1 到 {ITEM_LENGTH_MAX} 之间"),
                format!("between 1 and {ITEM_LENGTH_MAX}"),
            );
        }
        if item.scale.is_some_and(|n| n > 18) {
            self.fail(field("scale"), "out_of_range", "小数位数不能超过 18", "at most 18");
        }
        if item.scale.is_some() && item.data_type.is_some_and(|t| t != DataType::Decimal) {
            self.fail(
                field("scale"),
                "not_decimal",
                "只有小数类型才有小数位数",
                "only a decimal has a scale",
            );
        }
        if item.key && item.nullable {
            self.fail(
                field("nullable"),
                "key",
                "主键不能为空，请取消“可为空”",
                "a key cannot be empty",
            );
        }
        if let Some(identifier) = &item.identifier
            && !IDENTIFIERS.contains(&identifier.as_str())
        {
            self.unknown(&field("identifier"), identifier);
        }
    }

    /// CAT-5, 《浙江省公共数据条例》第二十三条.
    fn sharing(&mut self, s: &Sharing, rule_set: &RuleSet) {
        self.required(
            "sharing.attribute",
            s.attribute.is_some(),
            "共享属性",
            "the sharing attribute",
        );
        for (name, text) in [("condition", &s.condition), ("reason", &s.reason), ("basis", &s.basis)] {
            self.text(
                &format!("sharing.{name}"),
                text.as_deref().unwrap_or_default(),
                limits::LONG_TEXT_CHARS_MAX,
            );
        }
        match s.attribute {
            Some(SharingAttribute::Restricted) => {
                self.required(
                    "sharing.reason",
                    has_text(&s.reason),
                    "列为受限共享的理由",
                    "the reason for the restriction",
                );
                self.required(
                    "sharing.condition",
                    has_text(&s.condition),
                    "共享条件",
                    "the sharing condition",
                );
            }
            Some(SharingAttribute::NotShared) => {
                self.required(
                    "sharing.grounds",
                    !s.grounds.is_empty(),
                    "不共享的情形",
                    "the grounds for not sharing",
                );
                if !s.basis.as_deref().is_some_and(names_a_law) {
                    let (zh, en) = (
                        "依据：写明法律、法规、规章的名称和条款，如《…法》第…条",
                        "the law by its name, as 《…》",
                    );
                    self.required("sharing.basis", false, zh, en);
                }
            }
            _ => {}
        }
        if let Some(attribute) = s.attribute {
            let known = |code: &str| rule_set.ground("sharing", attribute.as_str(), code).is_some();
            self.words("sharing.grounds", &s.grounds, known);
        }
        if matches!(
            s.attribute,
            Some(SharingAttribute::Unconditional | SharingAttribute::Restricted)
        ) {
            self.required(
                "sharing.modes",
                !s.modes.is_empty(),
                "至少一种共享方式",
                "at least one mode of sharing",
            );
        }
    }

    /// CAT-6, 《浙江省公共数据条例》第三十条.
    fn opening(&mut self, o: &Opening, rule_set: &RuleSet) {
        self.required(
            "opening.attribute",
            o.attribute.is_some(),
            "开放属性",
            "the opening attribute",
        );
        for (name, text) in [
            ("condition", &o.condition),
            ("reason", &o.reason),
            ("basis", &o.basis),
            ("treatment", &o.treatment),
        ] {
            self.text(
                &format!("opening.{name}"),
                text.as_deref().unwrap_or_default(),
                limits::LONG_TEXT_CHARS_MAX,
            );
        }
        let Some(attribute) = o.attribute else { return };
        if attribute != OpeningAttribute::Unconditional {
            self.required(
                "opening.grounds",
                !o.grounds.is_empty(),
                "开放属性的情形",
                "the grounds of the attribute",
            );
        }
        let ground = |code: &str| rule_set.ground("opening", attribute.as_str(), code);
        self.words("opening.grounds", &o.grounds, |code| ground(code).is_some());
        let stated = [
            ("reason", &o.reason, "理由", "the reason"),
            ("condition", &o.condition, "开放条件", "the opening condition"),
            ("basis", &o.basis, "依据", "the basis"),
            (
                "treatment",
                &o.treatment,
                "匿名化、脱敏或者脱密的处理方式",
                "how the data was treated",
            ),
        ];
        for (name, text, zh, en) in stated {
            let asked = o
                .grounds
                .iter()
                .filter_map(|code| ground(code))
                .any(|g| g.requires.iter().any(|r| r == name));
            let restricted = name == "condition" && attribute == OpeningAttribute::Restricted;
            if asked || restricted {
                self.required(&format!("opening.{name}"), has_text(text), zh, en);
            }
        }
    }

    /// Fields that cannot both be as they are.
    fn agreement(&mut self, d: &Document) {
        let highest = d.items.iter().filter_map(|i| i.grade).max();
        if let (Some(grade), Some(highest)) = (d.grade, highest)
            && grade < highest
        {
            let (g, h) = (grade.as_str(), highest.as_str());
            self.fail(
                "grade",
                "below_items",
                format!("资源分级 {g} 低于信息项的最高分级 {h}"),
                format!("grade {g} is below the highest grade of its items, {h}"),
            );
        }
        if self.depth == Depth::Complete && d.opening.attribute == Some(OpeningAttribute::Unconditional) {
            let grave: Vec<usize> = (0..d.items.len())
                .filter(|&i| d.items[i].opening.is_none() && d.items[i].grade.is_some_and(|g| g >= Grade::L3))
                .collect();
            for i in grave {
                self.fail(
                    format!("items[{i}].opening"),
                    "grade_too_high",
                    "L3、L4 级信息项不能随资源无条件开放，请单独设为受限或禁止开放",
                    "an item of grade L3 or L4 is not opened unconditionally; give it an attribute of its own",
                );
            }
        }
        if d.collection_state == Some(CollectionState::Collected) && d.volume == Some(0) {
            self.fail(
                "volume",
                "collected",
                "已归集的资源数据量不应为 0",
                "a collected resource has rows",
            );
        }
    }
}

/// Characters or digits of an item at most.
pub const ITEM_LENGTH_MAX: u32 = 100_000;
/// Related resources of one entry.
pub const RELATED_MAX: usize = 100;

fn has_text(value: &Option<String>) -> bool {
    value.as_deref().is_some_and(|t| !t.trim().is_empty())
}

/// A law is named in title marks: `《浙江省公共数据条例》第二十三条`.
fn names_a_law(text: &str) -> bool {
    text.split_once('《')
        .and_then(|(_, rest)| rest.split_once('》'))
        .is_some_and(|(name, _)| name.chars().count() >= 2)
}

fn is_column_name(name: &str) -> bool {
    name.len() <= 60
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::model::SharingMode;

    /// 社会保险个人参保信息, complete.
    pub(crate) fn complete() -> Document {
        let item = |name: &str, title: &str, key: bool| Item {
            name: name.into(),
            title: title.into(),
            data_type: Some(DataType::String),
            length: Some(18),
            grade: Some(Grade::L3),
            key,
            ..Item::default()
        };
        Document {
            title: "社会保险个人参保信息".into(),
            summary: "全省参加社会保险的个人的参保登记信息".into(),
            subject: "social_security".into(),
            format: "database".into(),
            data_type: "structured".into(),
            libraries: vec!["theme_social_security".into()],
            items: vec![
                item("social_security_no", "社会保障号码", true),
                item("name", "姓名", false),
            ],
            sharing: Sharing {
                attribute: Some(SharingAttribute::Restricted),
                reason: Some("含个人敏感信息".into()),
                condition: Some("因履行法定职责确需使用".into()),
                modes: vec![SharingMode::Verify, SharingMode::Query],
                ..Sharing::default()
            },
            opening: Opening {
                attribute: Some(OpeningAttribute::Restricted),
                condition: Some("经个人授权".into()),
                grounds: vec!["anonymised".into()],
                treatment: Some("隐去姓名，证件号码哈希化".into()),
                ..Opening::default()
            },
            update_frequency: "daily".into(),
            time_span: Some(TimeSpan {
                from: chrono::NaiveDate::from_ymd_opt(2016, 1, 1),
                to: None,
            }),
            volume: Some(156_425_382),
            grade: Some(Grade::L3),
            collection_state: Some(CollectionState::Collected),
            channels: vec!["interface".into()],
            ..Document::default()
        }
    }

    fn mistakes(document: &Document, depth: Depth) -> Vec<(String, String)> {
        let law = law::Law::embedded("zhejiang-2022").expect("the rule sets parse");
        let rules = Rules {
            vocabulary: Vocabulary::shipped().expect("the vocabulary parses"),
            rule_set: law.rules(),
            lang: Lang::Zh,
        };
        validate(document, depth, &rules)
            .into_iter()
            .map(|f| (f.field, f.code))
            .collect()
    }
    fn check(document: &Document, expect: &[(&str, &str)]) {
        let found = mistakes(document, Depth::Complete);
        let found: Vec<(&str, &str)> = found.iter().map(|(f, c)| (f.as_str(), c.as_str())).collect();
        assert_eq!(found, expect);
    }

    #[test]
    fn cat_2_a_complete_entry_passes_and_an_empty_one_is_told_every_missing_field() {
        check(&complete(), &[]);
        let found = mistakes(&Document::default(), Depth::Complete);
        for field in [
            "title",
            "summary",
            "subject",
            "format",
            "data_type",
            "update_frequency",
            "channels",
            "grade",
            "items",
            "sharing.attribute",
            "opening.attribute",
        ] {
            assert!(
                found.contains(&(field.into(), "required".into())),
                "{field} is missing from {found:?}"
            );
        }
    }

    #[test]
    fn cat_2_a_draft_may_be_incomplete_but_not_wrong() {
        let mut draft = Document {
            title: "草稿".into(),
            ..Document::default()
        };
        assert_eq!(mistakes(&draft, Depth::Draft), []);
        draft.subject = "'; DROP TABLE catalog_resource; --".into();
        draft.items = vec![Item {
            name: "Cert No".into(),
            ..Item::default()
        }];
        let found = mistakes(&draft, Depth::Draft);
        assert_eq!(
            found,
            [
                ("subject".into(), "unknown".into()),
                ("items[0].name".into(), "format".into())
            ]
        );
    }

    #[test]
    fn cat_2_items_are_checked_one_by_one() {
        let mut d = complete();
        d.items[1].name = "social_security_no".into();
        d.items[1].scale = Some(2);
        d.items[0].nullable = true;
        check(
            &d,
            &[
                ("items[0].nullable", "key"),
                ("items[1].scale", "not_decimal"),
                ("items[1].name", "duplicate"),
            ],
        );
        d = complete();
        d.items[0].key = false;
        d.grade = Some(Grade::L1);
        check(&d, &[("items", "required"), ("grade", "below_items")]);
    }

    #[test]
    fn cat_5_restricted_needs_reason_and_condition() {
        let mut d = complete();
        d.sharing.reason = None;
        d.sharing.condition = Some("  ".into());
        check(&d, &[("sharing.reason", "required"), ("sharing.condition", "required")]);
    }

    #[test]
    fn cat_5_not_shared_needs_a_ground_of_the_rule_set_and_a_named_law() {
        let mut d = complete();
        d.sharing = Sharing {
            attribute: Some(SharingAttribute::NotShared),
            ..Sharing::default()
        };
        check(&d, &[("sharing.grounds", "required"), ("sharing.basis", "required")]);
        d.sharing.basis = Some("有关规定".into());
        d.sharing.grounds = vec!["we_prefer_not_to".into()];
        check(&d, &[("sharing.basis", "required"), ("sharing.grounds[0]", "unknown")]);
        d.sharing.basis = Some("《中华人民共和国保守国家秘密法》第九条".into());
        d.sharing.grounds = vec!["named_law".into()];
        check(&d, &[]);
    }

    #[test]
    fn cat_6_an_opening_attribute_stands_on_grounds_of_its_own_kind() {
        let mut d = complete();
        d.opening.grounds = vec!["public_interest".into()];
        check(&d, &[("opening.grounds[0]", "unknown")]);
        d.opening = Opening {
            attribute: Some(OpeningAttribute::Prohibited),
            ..Opening::default()
        };
        check(&d, &[("opening.grounds", "required")]);
        d.opening.grounds = vec!["named_law".into()];
        check(&d, &[("opening.basis", "required")]);
        d.opening = Opening::default();
        d.opening.attribute = Some(OpeningAttribute::Unconditional);
        check(
            &d,
            &[
                ("items[0].opening", "grade_too_high"),
                ("items[1].opening", "grade_too_high"),
            ],
        );
    }

    #[test]
    fn cat_2_markup_is_kept_as_text_and_control_characters_are_refused() {
        let mut d = complete();
        d.title = "<script>alert(1)</script>".into();
        check(&d, &[]);
        d.summary = "a\u{0}b".into();
        d.title = "长".repeat(201);
        check(&d, &[("title", "too_long"), ("summary", "control_character")]);
    }
}
