//! What of a table is opened: the published entry's items that are for
//! unconditional opening, less what a treatment took away.

use base::{Error, ResourceId, Result};
use catalog::model::{OpeningAttribute, PublishedEntry};
use protect::{AccessPlan, Filter, Internal, Mask, PlanItem};

use crate::errors::{NO_KEY, NOTHING_TO_OPEN};
use crate::model::{Dataset, DictionaryItem, Treatment, Word};

/// The dictionary of a publication. Refuses an entry with no item left.
pub fn dictionary(entry: &PublishedEntry, treatment: &Treatment) -> Result<Vec<DictionaryItem>> {
    let items: Vec<DictionaryItem> = entry
        .items
        .iter()
        .filter(|i| i.opening == OpeningAttribute::Unconditional)
        .filter(|i| !treatment.of(i.id.as_str()).is_some_and(|t| t.drop))
        .map(|i| {
            let mask = treatment.of(i.id.as_str()).and_then(|t| t.mask.clone());
            DictionaryItem {
                id: i.id.0.clone(),
                name: i.name.clone(),
                title: i.title.clone(),
                meaning: i.meaning.clone(),
                // a masked value is a text, whatever it was
                r#type: if mask.is_some() {
                    "string".to_owned()
                } else {
                    i.data_type.as_str().to_owned()
                },
                length: i.length,
                code_set: i.code_set.clone(),
                codes: i.code_set.as_deref().map(codes).unwrap_or_default(),
                data_element: i.data_element.clone(),
                key: i.key,
                nullable: i.nullable,
                mask,
            }
        })
        .collect();
    if items.is_empty() {
        Err(Error::new(&NOTHING_TO_OPEN))
    } else {
        Ok(items)
    }
}

fn codes(set: &str) -> Vec<Word> {
    let set = base::code_sets::code_set(set);
    set.into_iter()
        .flat_map(|set| &set.codes)
        .map(|(code, (title, title_en))| Word {
            code: code.clone(),
            title: title.clone(),
            title_en: title_en.clone(),
        })
        .collect()
}

/// The column whose value names a record, where one column does.
pub fn single_key(entry: &PublishedEntry) -> Option<String> {
    let mut keys = entry.keys();
    match (keys.next(), keys.next()) {
        (Some(key), None) => Some(key.name.clone()),
        _ => None,
    }
}

/// Is the treatment one that can be carried out on this entry?
pub fn check(entry: &PublishedEntry, treatment: &Treatment) -> Result<()> {
    let mut wrong = Error::invalid(vec![]);
    for (i, t) in treatment.items.iter().enumerate() {
        let field = |name: &str| format!("treatment.items[{i}].{name}");
        if entry.item(&t.item_id.as_str().into()).is_none() {
            wrong = wrong.field(field("item_id"), "unknown", "该数据集没有这个数据项");
        }
        match &t.mask {
            Some(mask) if !t.drop && opening_mask(mask).is_err() => {
                wrong = wrong.field(field("mask"), "unknown", "没有这种脱敏方式，或它不适用于公开数据");
            }
            None if !t.drop => wrong = wrong.field(field("mask"), "required", "请选择去除该数据项或一种脱敏方式"),
            _ => {}
        }
    }
    if !wrong.fields.is_empty() {
        return Err(wrong);
    }
    if !treatment.rows.is_empty() && single_key(entry).is_none() {
        return Err(Error::new(&NO_KEY));
    }
    dictionary(entry, treatment).map(|_| ())
}

/// Keyed hashes need a grant's secret; opened data has no grant.
fn opening_mask(name: &str) -> Result<Mask> {
    let mask = Mask::named(name)?;
    mask.ready(None)?;
    Ok(mask)
}

/// Under which all doors of the dataset read.
pub fn access(d: &Dataset) -> Result<AccessPlan> {
    of(&d.id, &d.items, &d.treatment, d.key.as_deref())
}

pub fn of(resource: &str, items: &[DictionaryItem], treatment: &Treatment, key: Option<&str>) -> Result<AccessPlan> {
    let shown = items
        .iter()
        .map(|i| {
            Ok(match &i.mask {
                Some(mask) => PlanItem::masked(&i.name, opening_mask(mask)?),
                None => PlanItem::plain(&i.name),
            })
        })
        .collect::<Result<Vec<_>>>()?;
    let plan =
        AccessPlan::internal(Internal::OpeningPublication, ResourceId::from(resource), resource).with_items(shown)?;
    match key {
        Some(key) if !treatment.rows.is_empty() => plan.with_filter(Filter::Test {
            item: key.to_owned(),
            op: protect::Op::NotIn,
            value: None,
            values: treatment.rows.iter().cloned().map(protect::Value::Text).collect(),
        }),
        _ => Ok(plan),
    }
}
