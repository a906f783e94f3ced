//! 版本比较: what one version says that another does not, field by field and
//! item by item. Items are matched by their id, so a renamed item is a change
//! and not a removal and an addition.

use std::collections::BTreeMap;

use base::{Lang, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::{Document, Item};

/// One field that differs. Values are JSON; `null` where the side has none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = CatalogFieldChange)]
pub struct FieldChange {
    /// JSON path within the document or the item: `sharing.condition`.
    pub path: String,
    /// Name of the field in the reader's language.
    pub title: String,
    pub from: Value,
    pub to: Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CatalogChangeKind)]
pub enum Change {
    Added,
    Removed,
    Changed,
}

/// One item that differs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = CatalogItemChange)]
pub struct ItemChange {
    pub id: Option<String>,
    pub name: String,
    pub title: String,
    pub change: Change,
    pub fields: Vec<FieldChange>,
}

/// The difference between two versions; empty lists where they say the same.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = CatalogComparison)]
pub struct Comparison {
    pub fields: Vec<FieldChange>,
    pub items: Vec<ItemChange>,
}

impl Comparison {
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.items.is_empty()
    }
}

/// What changes on the way from `from` to `to`.
pub fn compare(from: &Document, to: &Document, lang: Lang) -> Result<Comparison> {
    let head = |d: &Document| {
        flat(&Document {
            items: vec![],
            ..d.clone()
        })
    };
    Ok(Comparison {
        fields: field_changes(&head(from)?, &head(to)?, lang),
        items: item_changes(&from.items, &to.items, lang)?,
    })
}

fn item_changes(from: &[Item], to: &[Item], lang: Lang) -> Result<Vec<ItemChange>> {
    let describe = |item: &Item, change, fields| ItemChange {
        id: item.id.as_ref().map(|id| id.0.clone()),
        name: item.name.clone(),
        title: item.title.clone(),
        change,
        fields,
    };
    let mut changes = vec![];
    for old in from.iter().filter(|old| !to.iter().any(|new| same(old, new))) {
        changes.push(describe(old, Change::Removed, vec![]));
    }
    for (position, new) in to.iter().enumerate() {
        let Some((old_position, old)) = from.iter().enumerate().find(|(_, old)| same(old, new)) else {
            changes.push(describe(new, Change::Added, vec![]));
            continue;
        };
        let mut fields = field_changes(&flat(old)?, &flat(new)?, lang);
        if moved(from, to, old_position, position) {
            fields.push(FieldChange {
                path: "position".into(),
                title: title_of("position", lang),
                from: (old_position + 1).into(),
                to: (position + 1).into(),
            });
        }
        if !fields.is_empty() {
            changes.push(describe(new, Change::Changed, fields));
        }
    }
    Ok(changes)
}

/// The same item: by id where both have one, else by column name.
fn same(a: &Item, b: &Item) -> bool {
    match (&a.id, &b.id) {
        (Some(a), Some(b)) => a == b,
        _ => a.name == b.name,
    }
}

/// Whether an item stands elsewhere among those that both sides have. Only the
/// order of survivors counts: an insertion moves nobody.
fn moved(from: &[Item], to: &[Item], old_position: usize, position: usize) -> bool {
    let before_old = from[..old_position]
        .iter()
        .filter(|o| to.iter().any(|n| same(o, n)))
        .count();
    let before_new = to[..position]
        .iter()
        .filter(|n| from.iter().any(|o| same(o, n)))
        .count();
    before_old != before_new
}

/// Paths and values of a JSON tree; arrays are values, objects are walked.
fn flat(value: &impl Serialize) -> Result<BTreeMap<String, Value>> {
    fn walk(prefix: &str, value: Value, out: &mut BTreeMap<String, Value>) {
        match value {
            Value::Object(map) => {
                for (name, inner) in map {
                    let path = if prefix.is_empty() {
                        name
                    } else {
                        format!("{prefix}.{name}")
                    };
                    walk(&path, inner, out);
                }
            }
            other => {
                out.insert(prefix.to_owned(), other);
            }
        }
    }
    let mut out = BTreeMap::new();
    walk(
        "",
        serde_json::to_value(value).map_err(base::Error::internal)?,
        &mut out,
    );
    out.remove("id");
    out.remove("items");
    Ok(out)
}

fn field_changes(from: &BTreeMap<String, Value>, to: &BTreeMap<String, Value>, lang: Lang) -> Vec<FieldChange> {
    let mut paths: Vec<&String> = from.keys().chain(to.keys()).collect();
    paths.sort_unstable_by(|a, b| order_of(a).cmp(&order_of(b)).then_with(|| a.cmp(b)));
    paths.dedup();
    let of = |side: &BTreeMap<String, Value>, path: &str| side.get(path).cloned().unwrap_or(Value::Null);
    paths
        .into_iter()
        .map(|path| (path, of(from, path), of(to, path)))
        .filter(|(_, from, to)| from != to)
        .map(|(path, from, to)| FieldChange {
            path: path.clone(),
            title: title_of(path, lang),
            from,
            to,
        })
        .collect()
}

/// Names of fields, in the order in which the compiling guide lists them.
const FIELDS: &[(&str, &str, &str)] = &[
    ("title", "名称", "title"),
    ("summary", "摘要", "summary"),
    ("responsible_id", "责任单位", "responsible institution"),
    ("division_code", "行政区划", "division"),
    ("subject", "主题领域", "subject"),
    ("format", "格式", "format"),
    ("data_type", "数据类型", "data type"),
    ("libraries", "所属库", "libraries"),
    ("name", "英文名", "column name"),
    ("meaning", "含义", "meaning"),
    ("type", "类型", "type"),
    ("length", "长度", "length"),
    ("scale", "小数位数", "digits after the point"),
    ("code_set", "代码集", "code set"),
    ("data_element", "数据元", "data element"),
    ("identifier", "标识类型", "identifier"),
    ("key", "主键", "key"),
    ("nullable", "可为空", "may be empty"),
    ("grade", "数据分级", "grade"),
    ("sharing", "共享属性", "sharing attribute"),
    ("sharing.attribute", "共享属性", "sharing attribute"),
    ("sharing.condition", "共享条件", "sharing condition"),
    ("sharing.reason", "受限理由", "reason for the restriction"),
    ("sharing.grounds", "不共享情形", "grounds for not sharing"),
    ("sharing.basis", "共享属性依据", "basis of the sharing attribute"),
    ("sharing.modes", "共享方式", "modes of sharing"),
    ("opening", "开放属性", "opening attribute"),
    ("opening.attribute", "开放属性", "opening attribute"),
    ("opening.condition", "开放条件", "opening condition"),
    ("opening.grounds", "开放属性情形", "grounds of the opening attribute"),
    ("opening.reason", "开放属性理由", "reason of the opening attribute"),
    ("opening.treatment", "处理方式", "treatment"),
    ("opening.basis", "开放属性依据", "basis of the opening attribute"),
    ("update_frequency", "更新频率", "update frequency"),
    ("time_span.from", "时间范围起", "time span from"),
    ("time_span.to", "时间范围止", "time span to"),
    ("volume", "数据量", "volume"),
    ("collection_state", "归集状态", "collection state"),
    ("channels", "提供渠道", "channels"),
    ("related", "关联资源", "related resources"),
    ("position", "位置", "position"),
];

fn order_of(path: &str) -> usize {
    FIELDS.iter().position(|(p, ..)| *p == path).unwrap_or(FIELDS.len())
}

/// Name of a field; the path itself where the table has none.
pub fn title_of(path: &str, lang: Lang) -> String {
    FIELDS
        .iter()
        .find(|(p, ..)| *p == path)
        .map(|(_, zh, en)| if lang == Lang::En { *en } else { *zh })
        .unwrap_or(path)
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Grade, Sharing, SharingAttribute};

    fn item(id: &str, name: &str) -> Item {
        Item {
            id: Some(id.into()),
            name: name.into(),
            title: name.into(),
            ..Item::default()
        }
    }

    #[test]
    fn cat_4_a_comparison_names_each_field_and_item_that_differs_and_nothing_else() {
        let old = Document {
            title: "参保信息".into(),
            items: vec![item("a", "cert_no"), item("b", "full_name"), item("c", "division")],
            ..Document::default()
        };
        let mut new = old.clone();
        new.title = "社会保险个人参保信息".into();
        new.sharing = Sharing {
            attribute: Some(SharingAttribute::Restricted),
            ..Sharing::default()
        };
        new.items[1].name = "name".into();
        new.items[1].grade = Some(Grade::L3);
        new.items.remove(2);
        new.items.insert(0, item("d", "employer"));

        let found = compare(&old, &new, Lang::Zh).expect("documents compare");
        let fields: Vec<&str> = found.fields.iter().map(|f| f.path.as_str()).collect();
        assert_eq!(fields, ["title", "sharing.attribute"]);
        assert_eq!(found.fields[0].title, "名称");
        let items: Vec<(&str, Change)> = found.items.iter().map(|i| (i.name.as_str(), i.change)).collect();
        assert_eq!(
            items,
            [
                ("division", Change::Removed),
                ("employer", Change::Added),
                ("name", Change::Changed)
            ]
        );
        let renamed: Vec<&str> = found.items[2].fields.iter().map(|f| f.path.as_str()).collect();
        assert_eq!(
            renamed,
            ["name", "grade"],
            "an insertion before it does not count as a move"
        );
        assert!(compare(&new, &new, Lang::Zh).expect("documents compare").is_empty());
    }

    #[test]
    fn cat_4_items_that_changed_places_are_told() {
        let old = Document {
            items: vec![item("a", "x"), item("b", "y")],
            ..Document::default()
        };
        let new = Document {
            items: vec![item("b", "y"), item("a", "x")],
            ..Document::default()
        };
        let found = compare(&old, &new, Lang::En).expect("documents compare");
        assert_eq!(found.items.len(), 2);
        assert_eq!(found.items[0].fields[0].title, "position");
    }
}
