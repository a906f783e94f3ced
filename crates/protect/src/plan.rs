//! The access plan: what a grant comes to, and the only way to a table's rows.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{DataType, Field, Schema};
use base::{Error, GrantId, Moment, ResourceId, Result};
use serde::{Deserialize, Serialize};

use crate::{COLUMN_MISSING, Filter, ITEM_NOT_GRANTED, Mask, MaskKey, PLAN_INVALID, ReadyMask, VALUE_UNREADABLE};

/// 共享方式: what the holder of a plan may do with rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// 核验: yes or no; no value leaves.
    Verify,
    /// 查询: rows of a key.
    Query,
    /// 批量: all rows.
    Batch,
}

/// The platform's own work on a table, named so that lineage and log say why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Internal {
    /// 归集入库: merging a batch into the table that holds it.
    Collection,
    /// 质量检查
    QualityScan,
    /// 建立查询索引
    IndexBuild,
    /// 开放发布: files and rows of an opened dataset.
    OpeningPublication,
    /// 样例数据: a few masked rows for people who may see the entry.
    Sample,
    /// 统计: counts only.
    Statistics,
    /// 封存与备份
    Backup,
}

/// Under what the plan stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Basis {
    Grant { grant: GrantId },
    Internal { purpose: Internal },
}

/// An item that may be seen, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PlanItem {
    /// Column name.
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mask: Option<Mask>,
}

impl PlanItem {
    pub fn plain(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            mask: None,
        }
    }
    pub fn masked(name: impl Into<String>, mask: Mask) -> Self {
        Self {
            name: name.into(),
            mask: Some(mask),
        }
    }
}

/// What the sharing capability tells of a grant; [`AccessPlan::for_grant`]
/// makes the plan of it.
#[derive(Clone, Debug)]
pub struct GrantDescription {
    pub grant: GrantId,
    pub resource: ResourceId,
    /// Table in the lake.
    pub table: String,
    pub items: Vec<PlanItem>,
    pub filter: Option<Filter>,
    pub mode: Mode,
    pub purpose: String,
    pub scenario: String,
    /// Calls a second; absent is without limit.
    pub rate_per_s: Option<u32>,
    pub expires_at: Option<Moment>,
    /// Written into exports, so that a leak names its grant.
    pub watermark: String,
}

/// 访问计划. Fields are private: a plan comes from a grant, from the platform's
/// own named purpose, or from a stored plan, and is checked each time.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct AccessPlan {
    stored: Stored,
    key: Option<MaskKey>,
}

/// What a plan is in the store and on the way to another door.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    basis: Basis,
    resource: ResourceId,
    table: String,
    /// Absent: every column of the table, unmasked (the platform's own work only).
    items: Option<Vec<PlanItem>>,
    filter: Option<Filter>,
    mode: Mode,
    purpose: String,
    scenario: String,
    rate_per_s: Option<u32>,
    expires_at: Option<Moment>,
    watermark: String,
}

impl TryFrom<Stored> for AccessPlan {
    type Error = Error;
    fn try_from(stored: Stored) -> Result<Self> {
        let invalid = |detail: &str| Err(Error::new(&PLAN_INVALID).with("detail", detail));
        match (&stored.basis, &stored.items) {
            (Basis::Grant { .. }, None) => return invalid("items"),
            (_, Some(items)) if items.is_empty() => return invalid("items"),
            (_, Some(items)) => {
                let mut names: Vec<_> = items.iter().map(|i| i.name.as_str()).collect();
                names.sort_unstable();
                if names.windows(2).any(|pair| pair[0] == pair[1]) || names[0].is_empty() {
                    return invalid("items");
                }
            }
            _ => {}
        }
        if stored.table.is_empty() {
            return invalid("table");
        }
        if matches!(stored.basis, Basis::Grant { .. }) && stored.scenario.trim().is_empty() {
            return invalid("scenario");
        }
        if let Some(item) = stored.filter.as_ref().and_then(Filter::fault) {
            return invalid(&format!("filter: {item}"));
        }
        Ok(Self { stored, key: None })
    }
}

impl From<AccessPlan> for Stored {
    fn from(plan: AccessPlan) -> Self {
        plan.stored
    }
}

impl AccessPlan {
    /// Refuses (422 `protect.plan_invalid`) a grant without items, table or
    /// scenario, with an item twice, or with a filter that cannot be read.
    pub fn for_grant(grant: GrantDescription) -> Result<Self> {
        Self::try_from(Stored {
            basis: Basis::Grant { grant: grant.grant },
            resource: grant.resource,
            table: grant.table,
            items: Some(grant.items),
            filter: grant.filter,
            mode: grant.mode,
            purpose: grant.purpose,
            scenario: grant.scenario,
            rate_per_s: grant.rate_per_s,
            expires_at: grant.expires_at,
            watermark: grant.watermark,
        })
    }

    /// The platform's own work: every column and row, until narrowed by
    /// [`Self::with_items`] and [`Self::with_filter`].
    pub fn internal(purpose: Internal, resource: ResourceId, table: impl Into<String>) -> Self {
        let stored = Stored {
            basis: Basis::Internal { purpose },
            resource,
            table: table.into(),
            items: None,
            filter: None,
            mode: Mode::Batch,
            purpose: String::new(),
            scenario: String::new(),
            rate_per_s: None,
            expires_at: None,
            watermark: String::new(),
        };
        Self { stored, key: None }
    }

    /// Only these items, with these masks: the treatment of an opened dataset,
    /// the columns a quality scan reads. For plans of the platform's own work;
    /// a grant's items are fixed (403 `protect.item_not_granted`).
    pub fn with_items(self, items: Vec<PlanItem>) -> Result<Self> {
        if let (Basis::Grant { .. }, Some(item)) = (&self.stored.basis, items.first()) {
            return Err(Error::new(&ITEM_NOT_GRANTED).with("item", &item.name));
        }
        let key = self.key;
        Ok(Self {
            key,
            ..Self::try_from(Stored {
                items: Some(items),
                ..self.stored
            })?
        })
    }

    /// Fewer of the plan's items, in the order asked for, masks as they are.
    pub fn narrowed(&self, names: &[&str]) -> Result<Self> {
        let granted = |name: &&str| match self.item(name) {
            Some(item) => Ok(item.clone()),
            None if self.stored.items.is_none() => Ok(PlanItem::plain(*name)),
            None => Err(Error::new(&ITEM_NOT_GRANTED).with("item", name)),
        };
        let items = names.iter().map(granted).collect::<Result<Vec<_>>>()?;
        let narrowed = Self::try_from(Stored {
            items: Some(items),
            ..self.stored.clone()
        })?;
        Ok(Self {
            key: self.key.clone(),
            ..narrowed
        })
    }

    /// Only rows that pass this too. A plan never gains rows.
    pub fn with_filter(self, filter: Filter) -> Result<Self> {
        let filter = match self.stored.filter {
            Some(before) => before.and(filter),
            None => filter,
        };
        let key = self.key;
        Ok(Self {
            key,
            ..Self::try_from(Stored {
                filter: Some(filter),
                ..self.stored
            })?
        })
    }

    /// For plans with hash masks. The key is never stored with the plan.
    pub fn with_key(self, key: MaskKey) -> Self {
        Self { key: Some(key), ..self }
    }

    pub fn basis(&self) -> &Basis {
        &self.stored.basis
    }
    pub fn grant(&self) -> Option<&GrantId> {
        match &self.stored.basis {
            Basis::Grant { grant } => Some(grant),
            Basis::Internal { .. } => None,
        }
    }
    pub fn resource(&self) -> &ResourceId {
        &self.stored.resource
    }
    pub fn table(&self) -> &str {
        &self.stored.table
    }
    /// Absent: every column (the platform's own work).
    pub fn items(&self) -> Option<&[PlanItem]> {
        self.stored.items.as_deref()
    }
    pub fn item(&self, name: &str) -> Option<&PlanItem> {
        self.items()?.iter().find(|i| i.name == name)
    }
    pub fn filter(&self) -> Option<&Filter> {
        self.stored.filter.as_ref()
    }
    pub fn mode(&self) -> Mode {
        self.stored.mode
    }
    pub fn purpose(&self) -> &str {
        &self.stored.purpose
    }
    pub fn scenario(&self) -> &str {
        &self.stored.scenario
    }
    pub fn rate_per_s(&self) -> Option<u32> {
        self.stored.rate_per_s
    }
    pub fn expires_at(&self) -> Option<Moment> {
        self.stored.expires_at
    }
    pub fn expired(&self, now: Moment) -> bool {
        self.stored.expires_at.is_some_and(|end| now >= end)
    }
    pub fn watermark(&self) -> &str {
        &self.stored.watermark
    }

    /// The columns that a scan must read: the items, and what the filter looks
    /// at. `None` is every column.
    pub fn columns(&self) -> Option<Vec<&str>> {
        let items = self.items()?;
        let mut names: Vec<&str> = items.iter().map(|i| i.name.as_str()).collect();
        for name in self.filter().map(Filter::items).unwrap_or_default() {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        Some(names)
    }

    /// With its masks made ready: keep it where many rows pass one by one.
    pub fn ready(&self) -> Result<ReadyPlan> {
        let ready = |item: &PlanItem| {
            let mask = item.mask.as_ref().map(|m| m.ready(self.key.as_ref())).transpose()?;
            Ok((item.name.clone(), mask))
        };
        let items = self
            .items()
            .map(|items| items.iter().map(ready).collect::<Result<Vec<_>>>())
            .transpose()?;
        Ok(ReadyPlan {
            items,
            filter: self.stored.filter.clone(),
        })
    }

    /// A batch with the plan's rows and items only, masked.
    pub fn apply(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        self.ready()?.apply(batch)
    }
}

/// The granted items of one row, by name; `None` where the value is empty.
pub type ShownRow<'plan, 'row> = Vec<(&'plan str, Option<Cow<'row, str>>)>;

/// A plan at work: the same answers for a batch and for a single row.
#[derive(Clone, Debug)]
pub struct ReadyPlan {
    items: Option<Vec<(String, Option<ReadyMask>)>>,
    filter: Option<Filter>,
}

impl ReadyPlan {
    pub fn apply(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let kept = match &self.filter {
            Some(filter) => filter_record_batch(batch, &filter.rows(batch)?).map_err(Error::internal)?,
            None => batch.clone(),
        };
        let Some(items) = &self.items else { return Ok(kept) };
        let mut fields = Vec::with_capacity(items.len());
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(items.len());
        for (name, mask) in items {
            let missing = || Error::new(&COLUMN_MISSING).with("item", name);
            let (at, field) = kept.schema_ref().column_with_name(name).ok_or_else(missing)?;
            match mask {
                None => {
                    fields.push(field.clone());
                    columns.push(kept.column(at).clone());
                }
                Some(mask) => {
                    let unreadable = |e| Error::new(&VALUE_UNREADABLE).with("item", name).because(e);
                    fields.push(Field::new(name, DataType::Utf8, true));
                    columns.push(Arc::new(mask.column(kept.column(at)).map_err(unreadable)?));
                }
            }
        }
        let rows = RecordBatchOptions::new().with_row_count(Some(kept.num_rows()));
        RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &rows).map_err(Error::internal)
    }

    /// Whether the row filter lets a row through; `get` gives canonical texts.
    pub fn admits<'a>(&self, get: &dyn Fn(&str) -> Option<Cow<'a, str>>) -> bool {
        self.filter.as_ref().is_none_or(|f| f.admits(get))
    }

    /// A single row: its items in the plan's order, masked; `None` where the
    /// filter hides the row. For plans that name their items.
    pub fn row<'a>(&self, get: &dyn Fn(&str) -> Option<Cow<'a, str>>) -> Option<ShownRow<'_, 'a>> {
        if !self.admits(get) {
            return None;
        }
        let masked = |(name, mask): &'_ (String, Option<ReadyMask>)| match (get(name), mask) {
            (None, _) => None,
            (Some(value), None) => Some(value),
            (Some(Cow::Borrowed(value)), Some(mask)) => mask.value(value),
            (Some(Cow::Owned(value)), Some(mask)) => mask.value(&value).map(|v| Cow::Owned(v.into_owned())),
        };
        Some(
            self.items
                .iter()
                .flatten()
                .map(|item| (item.0.as_str(), masked(item)))
                .collect(),
        )
    }

    /// How one item is shown; `None` where the plan does not hold it.
    pub fn mask_of(&self, name: &str) -> Option<Option<&ReadyMask>> {
        self.items
            .iter()
            .flatten()
            .find(|(n, _)| n == name)
            .map(|(_, mask)| mask.as_ref())
    }
}
