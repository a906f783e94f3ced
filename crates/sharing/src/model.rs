//! What is asked for, and on which terms it is given.

use std::collections::BTreeMap;

use base::{Error, InstitutionId, ItemId, Moment, Result, limits};
use catalog::PublishedItem;
use protect::{Filter, Mask, Mode, PlanItem};
use serde::{Deserialize, Serialize};

use crate::errors::WIDER_TERMS;

/// An item as it stood in the catalog when it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RequestedItem {
    pub id: ItemId,
    /// Column name.
    pub name: String,
    pub title: String,
    pub r#type: String,
    pub grade: String,
    /// Name of the mask fixed for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mask: Option<String>,
}

impl From<&PublishedItem> for RequestedItem {
    fn from(item: &PublishedItem) -> Self {
        Self {
            id: item.id.clone(),
            name: item.name.clone(),
            title: item.title.clone(),
            r#type: item.data_type.as_str().to_owned(),
            grade: item.grade.as_str().to_owned(),
            mask: None,
        }
    }
}

/// 授权条件. Along a procedure they only get tighter: what one party has fixed,
/// a later one cannot loosen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ShareTerms)]
pub struct Terms {
    /// Item id to the name of a mask of the library.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub masks: BTreeMap<String, String>,
    /// Which rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<Filter>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Moment>,
    /// Calls a second, 1 to 100,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 100_000)]
    pub rate_per_s: Option<u32>,
}

/// Calls a second of one grant at most.
pub const RATE_PER_S_MAX: u32 = 100_000;

impl Terms {
    /// What is wrong with them, for the items asked for.
    pub fn check(&self, items: &[RequestedItem], now: Moment) -> Result<()> {
        let mut wrong = Error::invalid(vec![]);
        for (item, mask) in &self.masks {
            if items.iter().all(|i| i.id.as_str() != item) {
                wrong = wrong.field(format!("masks.{item}"), "unknown_item", "申请中没有这个数据项");
            }
            if protect::named_mask(mask).is_none() {
                wrong = wrong.field(format!("masks.{item}"), "unknown_mask", "脱敏规则库中没有这条规则");
            }
        }
        if self.rate_per_s.is_some_and(|rate| rate == 0 || rate > RATE_PER_S_MAX) {
            wrong = wrong.field("rate_per_s", "out_of_range", "每秒调用次数应为 1 到 100000");
        }
        if self.expires_at.is_some_and(|at| at <= now) {
            wrong = wrong.field("expires_at", "past", "到期时间应晚于现在");
        }
        if wrong.fields.is_empty() { Ok(()) } else { Err(wrong) }
    }

    /// These terms, tightened by later ones.
    pub fn tightened(mut self, later: Terms) -> Result<Self> {
        for (item, mask) in later.masks {
            match self.masks.get(&item) {
                Some(fixed) if *fixed != mask => {
                    return Err(Error::new(&WIDER_TERMS).field(
                        format!("masks.{item}"),
                        "fixed",
                        "该项的脱敏方式已经确定",
                    ));
                }
                _ => {
                    self.masks.insert(item, mask);
                }
            }
        }
        self.rows = match (self.rows, later.rows) {
            (Some(before), Some(further)) => Some(before.and(further)),
            (before, further) => before.or(further),
        };
        if let (Some(fixed), Some(later)) = (self.expires_at, later.expires_at)
            && later > fixed
        {
            return Err(Error::new(&WIDER_TERMS).field("expires_at", "fixed", "不能晚于已定的到期时间"));
        }
        if let (Some(fixed), Some(later)) = (self.rate_per_s, later.rate_per_s)
            && later > fixed
        {
            return Err(Error::new(&WIDER_TERMS).field("rate_per_s", "fixed", "不能高于已定的调用频次"));
        }
        self.expires_at = later.expires_at.or(self.expires_at);
        self.rate_per_s = later.rate_per_s.or(self.rate_per_s);
        Ok(self)
    }

    /// The items of an access plan, each with its mask.
    pub fn plan_items(&self, items: &[RequestedItem]) -> Result<Vec<PlanItem>> {
        let plan = items.iter().map(|item| match self.masks.get(item.id.as_str()) {
            Some(mask) => Ok(PlanItem::masked(&item.name, Mask::named(mask)?)),
            None => Ok(PlanItem::plain(&item.name)),
        });
        plan.collect()
    }

    /// The items with the masks fixed for them, for people.
    pub fn shown(&self, items: Vec<RequestedItem>) -> Vec<RequestedItem> {
        let shown = items.into_iter().map(|item| RequestedItem {
            mask: self.masks.get(item.id.as_str()).cloned(),
            ..item
        });
        shown.collect()
    }
}

/// 一行申请: items of one resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ShareLine)]
pub struct Line {
    #[schema(max_length = 64)]
    pub resource_id: String,
    #[schema(max_items = 500)]
    pub item_ids: Vec<ItemId>,
}

/// Resources of one cart or one submission.
pub const LINES_MAX: usize = 50;

pub fn check_lines(lines: &[Line], mut wrong: Error, empty_items: bool) -> Error {
    if lines.len() > LINES_MAX {
        wrong = wrong.field("lines", "too_many", "一次最多 50 个资源");
    }
    for (n, line) in lines.iter().enumerate() {
        if line.item_ids.len() > limits::ITEMS_MAX {
            wrong = wrong.field(format!("lines[{n}].item_ids"), "too_many", "一个资源最多 500 个数据项");
        }
        if line.item_ids.is_empty() && !empty_items {
            wrong = wrong.field(format!("lines[{n}].item_ids"), "required", "请至少选择一个数据项");
        }
        if lines[..n].iter().any(|other| other.resource_id == line.resource_id) {
            wrong = wrong.field(format!("lines[{n}].resource_id"), "twice", "同一资源出现了两次");
        }
    }
    wrong
}

pub(crate) fn mode_name(mode: Mode) -> &'static str {
    match mode {
        Mode::Verify => "verify",
        Mode::Query => "query",
        Mode::Batch => "batch",
    }
}

pub(crate) fn mode_of(name: &str) -> Result<Mode> {
    match name {
        "verify" => Ok(Mode::Verify),
        "query" => Ok(Mode::Query),
        "batch" => Ok(Mode::Batch),
        other => Err(Error::internal(format!("mode {other}"))),
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = SharingOrgRef)]
pub struct OrgRef {
    pub id: InstitutionId,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub short_name: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = SharedResource)]
pub struct ResourceRef {
    pub id: String,
    pub code: String,
    pub title: String,
    pub provider: OrgRef,
}

/// The application that calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = SharingApplicationRef)]
pub struct ApplicationRef {
    pub id: String,
    pub name: String,
}
